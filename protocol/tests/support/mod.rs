//! A small world to test with: a community whose keys follow from names, authors who keep their
//! chains, and witnesses who sign what they are given.
//!
//! Everything that is sealed here goes the way of a node: it is encoded, decoded again, judged, and its
//! signatures and certificate are checked.

#![allow(dead_code, unreachable_pub, reason = "each test program uses another part of it")]

pub mod amended;
pub mod eddsa;
pub mod log;
pub mod mutations;
pub mod proof_vectors;
pub mod proofs;
pub mod rules;
pub mod samples;
pub mod spoiled;
pub mod story;
pub mod town;
pub mod vectors;

use std::{collections::BTreeMap, sync::Arc};

use mutua_protocol::{
    archive::open_batch,
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Community, Completion, Currency, GradeBounds,
        MotionPolicy, PROTOCOL, RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    hash::{DocumentHash, OutcomeDigest, RecordId, derive},
    keys::{PublicKey, Purpose, SecretKey},
    ledger::{Applied, Closing, Inadmissible, Ledger, SealFault, Void},
    outcome::{CandidateResult, CountedAs, Outcome},
    records::{
        About, Answer, Assessment, Ballot, Body, CharterChange, Choice, Direction, Loan, Motion, On,
        ProposalId, Received, Record, Repayment, ResponseStatus, Scope, Score, Stance, Subject, Verdict,
        replacement, succession,
    },
    seals::{Certificate, SealHeader, SealedBatch, Vote, VoteKind, Witness},
};

/// When the first round closes, and how long a round is.
pub const ROUND: u64 = 1_000_000_000;
/// Time between seals.
pub const STEP: u64 = 1_000;
/// Later than anything here.
pub const EVER: u64 = 1 << 50;

/// The key of a person, by name.
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&derive("mutua 1 test keys", name.as_bytes()))
}

/// The public key of a person, by name.
pub fn public(name: &str) -> PublicKey {
    key(name).public()
}

/// Public keys, sorted.
pub fn keys(names: &[&str]) -> Vec<PublicKey> {
    let mut keys: Vec<PublicKey> = names.iter().map(|name| public(name)).collect();
    keys.sort_unstable();
    keys
}

/// A charter with this many witnesses, named `witness 1` and so on.
pub fn charter(witnesses: usize) -> Charter {
    let mut witnesses: Vec<Witness> = (1..=witnesses)
        .map(|number| format!("witness {number}"))
        .map(|name| Witness { key: public(&name), power: 1, name })
        .collect();
    witnesses.sort_by_key(|witness| witness.key);
    let role = |role, names: &[&str]| RoleHolders { role, keys: keys(names), needed: 1 };
    Charter {
        protocol: PROTOCOL,
        name: "Sonnental eG".to_owned(),
        currency: Currency { code: "EUR".to_owned(), decimals: 2 },
        groups: ["customers", "staff"].map(str::to_owned).to_vec(),
        categories: ["homes", "farms", "shops"].map(str::to_owned).to_vec(),
        roles: vec![
            role(Role::Registrar, &["registrar"]),
            role(Role::Attestor, &["attestor a", "attestor b", "attestor c"]),
            role(Role::Treasurer, &["treasurer"]),
        ],
        witnesses,
        schedule: Schedule { first_close: ROUND, period: ROUND },
        sealing: Sealing { patience: 5_000, drift: 60_000 },
        rule: Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
        policy: RiskPolicy {
            worst_grade: 5,
            greatest_default: 1_000,
            greatest_amount: 1_000_000,
            least_outlook: 20,
            grades: Vec::new(),
            caps: Caps::default(),
        },
        motions: MotionPolicy { quorum: 5_000, majority: 5_000, charter: CharterMajority::default() },
        limits: CharterLimits::default(),
    }
}

/// A loan of this amount.
pub fn loan(title: &str, amount: u64) -> Loan {
    Loan {
        borrower: format!("{title} GmbH"),
        title: title.to_owned(),
        purpose: String::new(),
        category: 0,
        amount,
        term: 24,
        rate: 350,
        repayment: Repayment::Annuity,
        documents: vec![DocumentHash::of(title.as_bytes())],
        expires: EVER,
    }
}

/// A motion.
pub fn motion(title: &str) -> Motion {
    Motion { title: title.to_owned(), text: "Shall we?\nPlease answer.".to_owned() }
}

/// A rating that the policy of [`charter`] accepts.
pub fn approved() -> Assessment {
    Assessment {
        verdict: Verdict::Approved,
        grade: 2,
        default: 150,
        loss: 4_000,
        greatest_amount: 1_000_000,
        outlook: 70,
        conditions: Vec::new(),
        reasons: vec!["sound books".to_owned()],
        documents: Vec::new(),
        valid_until: EVER,
    }
}

/// A ballot for a round with these scores.
pub fn ballot(round: u32, scores: &[(ProposalId, u8)]) -> Ballot {
    let mut scores: Vec<Score> = scores.iter().map(|&(proposal, score)| Score { proposal, score }).collect();
    scores.sort_by_key(|score| score.proposal);
    Ballot { round, standing: false, scores, answers: Vec::new() }
}

/// A ballot for a round with one answer.
pub fn answer(round: u32, proposal: ProposalId, choice: Choice) -> Ballot {
    Ballot { round, standing: false, scores: Vec::new(), answers: vec![Answer { proposal, choice }] }
}

/// The same ballot, to be carried over.
pub fn standing(ballot: Ballot) -> Ballot {
    Ballot { standing: true, ..ballot }
}

/// A community with its ledger and its log.
#[derive(Clone)]
pub struct World {
    pub ledger: Ledger,
    pub batches: Vec<SealedBatch>,
    tails: BTreeMap<PublicKey, (u64, RecordId)>,
}

impl World {
    /// A community with one witness.
    pub fn new() -> Self {
        Self::found(charter(1))
    }

    /// A community whose charter differs from [`charter`].
    pub fn with(change: impl FnOnce(&mut Charter)) -> Self {
        let mut charter = charter(1);
        change(&mut charter);
        Self::found(charter)
    }

    /// A community with this charter, whose witnesses are named `witness 1` and so on.
    pub fn found(charter: Charter) -> Self {
        let community = Community::new(charter).expect("a sound charter");
        let ledger = Ledger::new(Arc::new(community));
        Self { ledger, batches: Vec::new(), tails: BTreeMap::new() }
    }

    pub fn community(&self) -> &Community {
        self.ledger.community()
    }

    pub fn round(&self) -> u32 {
        self.ledger.round()
    }

    // Records

    /// The next record in the author's own chain.
    pub fn say(&mut self, name: &str, body: Body) -> Received {
        let author = public(name);
        let head = self.ledger.chain(&author);
        let (sequence, previous) = match self.tails.get(&author) {
            Some(tail) if tail.0 >= head.sequence => *tail,
            _ => (head.sequence, head.id),
        };
        let received = self.sign(name, sequence + 1, previous, body);
        self.tails.insert(author, (sequence + 1, received.id));
        received
    }

    /// A record at any place of the author's chain.
    pub fn sign(&self, name: &str, sequence: u64, previous: RecordId, body: Body) -> Received {
        let record = Record {
            community: self.community().id,
            author: public(name),
            sequence,
            previous,
            clock: self.ledger.time() + 1,
            body,
        };
        let bytes = record.sign(&key(name)).bytes();
        Received::decode(&bytes, self.community()).expect("a well-formed record")
    }

    /// Two records of one author with the number that comes next.
    pub fn fork(&self, name: &str, left: Body, right: Body) -> [Received; 2] {
        let head = self.ledger.chain(&public(name));
        [left, right].map(|body| self.sign(name, head.sequence + 1, head.id, body))
    }

    // Seals

    /// The certificate of all witnesses of the charter in force at that height.
    pub fn certify(&self, header: &SealHeader) -> Certificate {
        let vote = Vote {
            community: header.community,
            height: header.height,
            round: 0,
            kind: VoteKind::Precommit,
            value: Some(header.id()),
        };
        let sign = |witness: &Witness| (witness.key, key(&witness.name).sign(Purpose::Vote, &vote.bytes()));
        let witnesses = self.community().at(header.height).witnesses.witnesses();
        Certificate { round: 0, signatures: witnesses.iter().map(sign).collect() }
    }

    /// A header and records as a sealed batch.
    pub fn batch(&self, header: SealHeader, records: &[Received]) -> SealedBatch {
        let certificate = self.certify(&header);
        SealedBatch {
            header,
            certificate,
            records: records.iter().map(|received| received.bytes.to_vec()).collect(),
        }
    }

    /// Seals records at a time, in their order in a seal. After a failure all authors begin again at
    /// the end of their sealed chains.
    pub fn try_seal_at(&mut self, time: u64, mut records: Vec<Received>) -> Result<Applied, SealFault> {
        records.sort_by_key(Received::order);
        let header = self.ledger.seal(time, &records).inspect_err(|_| self.tails.clear())?;
        let batch = self.batch(header, &records);
        let opened = open_batch(&self.ledger, &batch).expect("an authentic batch");
        assert_eq!(opened, records, "records survive their bytes");
        assert_eq!(self.ledger.judge(&batch.header, &opened), Ok(()), "what can be sealed can be voted for");
        self.refuses_another_outcome(&batch.header, &opened);
        let applied = self.ledger.apply(&batch.header, &opened).expect("what can be sealed can be applied");
        self.batches.push(batch);
        Ok(applied)
    }

    /// A close with an outcome out of thin air leaves no trace of what its seal holds.
    fn refuses_another_outcome(&self, header: &SealHeader, records: &[Received]) {
        if header.closes.is_none() {
            return;
        }
        let header = SealHeader { closes: Some(OutcomeDigest([0xff; 32])), ..header.clone() };
        let mut ledger = self.ledger.clone();
        let refused = ledger.apply(&header, records);
        assert!(matches!(refused, Err(SealFault::Outcome { .. })), "{refused:?}");
        assert_eq!(format!("{ledger:?}"), format!("{:?}", self.ledger), "a refused close changes nothing");
    }

    pub fn seal_at(&mut self, time: u64, records: Vec<Received>) -> Applied {
        self.try_seal_at(time, records).expect("these can be sealed")
    }

    /// Seals records a little after the last seal.
    pub fn seal(&mut self, records: Vec<Received>) -> Applied {
        self.seal_at(self.ledger.time() + STEP, records)
    }

    /// Closes the round at its time, without records.
    pub fn close(&mut self) -> Arc<Closing> {
        self.close_with(Vec::new())
    }

    /// Closes the round at its time, with the last records.
    pub fn close_with(&mut self, records: Vec<Received>) -> Arc<Closing> {
        let applied = self.seal_at(self.ledger.close(), records);
        applied.closing.expect("the round was due")
    }

    // One record, sealed at once

    /// Seals one record; says why it is void, if it is.
    pub fn enact(&mut self, name: &str, body: Body) -> Option<Void> {
        let received = self.say(name, body);
        let applied = self.seal(vec![received]);
        applied.void.first().map(|(_, reason)| *reason)
    }

    /// Tries to seal one record that may not be.
    pub fn refused(&mut self, name: &str, body: Body) -> Inadmissible {
        let received = self.say(name, body);
        match self.try_seal_at(self.ledger.time() + STEP, vec![received.clone()]) {
            Err(SealFault::Inadmissible { id, reason }) => {
                assert_eq!(id, received.id);
                reason
            }
            other => panic!("expected an inadmissible record, got {other:?}"),
        }
    }

    /// Admits people with weight 1.
    pub fn admit(&mut self, names: &[&str]) {
        let records = names.iter().map(|name| self.say("registrar", admission(name, 1))).collect();
        assert!(self.seal(records).void.is_empty());
    }

    /// Puts money into the pool.
    pub fn fund(&mut self, amount: u64) {
        assert_eq!(self.enact("treasurer", payment(Direction::In, amount)), None);
    }

    /// Proposes a loan.
    pub fn propose(&mut self, name: &str, loan: Loan) -> ProposalId {
        self.put(name, Subject::Loan(loan))
    }

    /// Proposes a motion.
    pub fn put_motion(&mut self, name: &str, title: &str) -> ProposalId {
        self.put(name, Subject::Motion(motion(title)))
    }

    /// A change of the charter in force.
    pub fn change(&self, title: &str, change: impl FnOnce(&mut Charter)) -> Subject {
        let mut charter = self.community().charter.clone();
        change(&mut charter);
        Subject::Charter(Box::new(CharterChange {
            title: title.to_owned(),
            purpose: "Times have changed.".to_owned(),
            base: self.community().hash,
            charter,
        }))
    }

    /// Proposes anything.
    pub fn put(&mut self, name: &str, subject: Subject) -> ProposalId {
        let received = self.say(name, Body::Propose(subject));
        assert!(self.seal(vec![received.clone()]).void.is_empty());
        received.id
    }

    /// An attestation of the present terms.
    pub fn attestation(&self, proposal: ProposalId, assessment: Assessment) -> Body {
        let terms = self.ledger.proposals()[&proposal].terms;
        Body::Attest { proposal, terms, assessment }
    }

    /// Rates a loan on its present terms; the record's id.
    pub fn attest(&mut self, name: &str, proposal: ProposalId, assessment: Assessment) -> RecordId {
        let received = self.say(name, self.attestation(proposal, assessment));
        assert!(self.seal(vec![received.clone()]).void.is_empty());
        received.id
    }

    /// A loan with a sound rating by attestor a.
    pub fn rated(&mut self, name: &str, loan: Loan) -> ProposalId {
        let proposal = self.propose(name, loan);
        self.attest("attestor a", proposal, approved());
        proposal
    }

    /// Casts a ballot; the record's id.
    pub fn cast(&mut self, name: &str, ballot: Ballot) -> RecordId {
        let received = self.say(name, Body::Ballot(ballot));
        assert_eq!(self.seal(vec![received.clone()]).void, []);
        received.id
    }

    /// Supports loans in the current round; the record's id.
    pub fn support(&mut self, name: &str, proposals: &[ProposalId]) -> RecordId {
        let scores: Vec<_> = proposals.iter().map(|proposal| (*proposal, 1)).collect();
        self.cast(name, ballot(self.round(), &scores))
    }

    /// Argues; the record's id.
    pub fn argue(&mut self, name: &str, on: On, stance: Stance) -> RecordId {
        let received = self.say(name, argument(on, stance));
        assert_eq!(self.seal(vec![received.clone()]).void, []);
        received.id
    }

    /// A change of key, with the successor's agreement.
    pub fn rotation(&self, old: &str, new: &str) -> Body {
        let agreement = succession(self.community().id, &public(old));
        Body::RotateKey { successor: public(new), proof: key(new).sign(Purpose::Succession, &agreement) }
    }
}

impl World {
    /// A registrar's word that a lost key is replaced, with the new key's consent.
    pub fn replacement(&self, lost: &str, new: &str) -> Body {
        let consent = key(new).sign(Purpose::Replacement, &replacement(self.community().id, &public(lost)));
        let reason = "known in person".to_owned();
        Body::ReplaceKey { lost: public(lost), successor: public(new), consent, reason }
    }
}

pub fn admission(name: &str, weight: u32) -> Body {
    Body::Admit { key: public(name), weight, name: name.to_owned(), group: 0 }
}

pub fn suspension(name: &str) -> Body {
    Body::Suspend { key: public(name), reason: "dues not paid".to_owned() }
}

pub fn readmission(name: &str) -> Body {
    Body::Readmit { key: public(name), reason: "dues paid".to_owned() }
}

pub fn payment(direction: Direction, amount: u64) -> Body {
    Body::Fund { direction, amount, source: "members' deposits".to_owned(), purpose: None }
}

pub fn disbursement(proposal: ProposalId, amount: u64) -> Body {
    Body::Disburse { proposal, amount }
}

pub fn release(proposal: ProposalId, amount: u64) -> Body {
    Body::Release { proposal, amount, reason: "the oven was cheaper".to_owned() }
}

pub fn repayment(proposal: ProposalId, principal: u64, interest: u64) -> Body {
    Body::Repay { proposal, principal, interest }
}

pub fn write_off(proposal: ProposalId, amount: u64) -> Body {
    Body::WriteOff { proposal, amount, reason: "the borrower is bankrupt".to_owned() }
}

pub fn recovery(proposal: ProposalId, amount: u64) -> Body {
    Body::Recover { proposal, amount }
}

pub fn response(about: About, status: ResponseStatus) -> Body {
    Body::Respond { about, status, reason: "it fits our plans".to_owned() }
}

pub fn argument(on: On, stance: Stance) -> Body {
    Body::Argue { on, stance, text: "It is close by,\nand well run.".to_owned() }
}

pub fn endorsement(argument: RecordId, withdrawn: bool) -> Body {
    Body::Endorse { argument, withdrawn }
}

pub fn moderation(argument: RecordId, hidden: bool) -> Body {
    Body::Moderate { argument, hidden, reason: "it names a private person".to_owned() }
}

/// Lets another's ballot count, or nobody's any more.
pub fn delegation(scope: Scope, to: Option<&str>) -> Body {
    Body::Delegate { scope, to: to.map(public) }
}

pub fn withdrawal(proposal: ProposalId) -> Body {
    Body::Withdraw { proposal, reason: "found another lender".to_owned() }
}

pub fn revocation(attestation: RecordId) -> Body {
    Body::RevokeAttestation { attestation, reason: "the books were wrong".to_owned() }
}

// Reading outcomes

/// What an outcome says about a loan.
pub fn result(outcome: &Outcome, proposal: ProposalId) -> &CandidateResult {
    let found = outcome.candidates.iter().find(|candidate| candidate.proposal == proposal);
    &found.expect("the loan was a candidate").result
}

/// The loans that were funded, in order.
pub fn funded(closing: &Closing) -> Vec<ProposalId> {
    closing.outcome.funded.iter().map(|loan| loan.proposal).collect()
}

/// What was counted for a member, if they were in the electorate.
pub fn counted(closing: &Closing, name: &str) -> Option<CountedAs> {
    let member = public(name);
    closing.roll.iter().find(|entry| entry.member == member).map(|entry| entry.counted.clone())
}
