//! A community whose keys follow from names, and authors who keep their chains.

use std::{collections::BTreeMap, sync::Arc};

use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Community, Completion, Currency, MotionPolicy,
        PROTOCOL, RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    hash::{RecordId, derive},
    keys::{PublicKey, Purpose, SecretKey},
    records::{
        Assessment, Ballot, Body, Direction, Loan, ProposalId, Received, Record, Repayment, Score, Subject,
        Verdict, replacement as replaced, succession,
    },
    seals::Witness,
};

/// The wall clock when a simulation begins.
pub const EPOCH: u64 = 1_700_000_000_000;
/// When the first round closes, after [`EPOCH`].
pub const CLOSE: u64 = 60_000;
/// How long a later round is.
pub const PERIOD: u64 = 60_000;
/// How long a record may be held before seals without it are refused.
pub const PATIENCE: u64 = 2_000;
/// How far a seal's time may be off.
pub const DRIFT: u64 = 10_000;
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

/// The name of a witness, from 0.
pub fn witness(number: usize) -> String {
    format!("witness {number}")
}

/// A charter with this many witnesses.
pub fn charter(witnesses: usize) -> Charter {
    let mut witnesses: Vec<Witness> =
        (0..witnesses).map(witness).map(|name| Witness { key: public(&name), power: 1, name }).collect();
    witnesses.sort_by_key(|witness| witness.key);
    let role = |role, name: &str| RoleHolders { role, keys: vec![public(name)], needed: 1 };
    Charter {
        protocol: PROTOCOL,
        name: "Sonnental eG".to_owned(),
        currency: Currency { code: "EUR".to_owned(), decimals: 2 },
        groups: vec!["customers".to_owned()],
        categories: vec!["homes".to_owned()],
        roles: vec![
            role(Role::Registrar, "registrar"),
            role(Role::Attestor, "attestor"),
            role(Role::Treasurer, "treasurer"),
        ],
        witnesses,
        schedule: Schedule { first_close: EPOCH + CLOSE, period: PERIOD },
        sealing: Sealing { patience: PATIENCE, drift: DRIFT },
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

/// A community with this many witnesses.
pub fn community(witnesses: usize) -> Arc<Community> {
    Arc::new(Community::new(charter(witnesses)).unwrap())
}

/// A loan of this amount.
pub fn loan(title: &str, amount: u64) -> Body {
    Body::Propose(Subject::Loan(Loan {
        borrower: format!("{title} GmbH"),
        title: title.to_owned(),
        purpose: String::new(),
        category: 0,
        amount,
        term: 24,
        rate: 350,
        repayment: Repayment::Annuity,
        documents: Vec::new(),
        expires: EVER,
    }))
}

/// An admission.
pub fn admit(name: &str) -> Body {
    Body::Admit { key: public(name), weight: 1, name: name.to_owned(), group: 0 }
}

/// Money into the pool.
pub fn fund(amount: u64) -> Body {
    Body::Fund { direction: Direction::In, amount, source: "savings".to_owned(), purpose: None }
}

/// A good rating of a loan.
pub fn attest(proposal: &Received) -> Body {
    let Body::Propose(subject) = &proposal.record().body else { panic!("not a proposal") };
    let assessment = Assessment {
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
    };
    Body::Attest { proposal: proposal.id, terms: subject.terms(), assessment }
}

/// A ballot for a round that supports these loans.
pub fn ballot(round: u32, loans: &[ProposalId]) -> Body {
    let mut scores: Vec<Score> = loans.iter().map(|&proposal| Score { proposal, score: 5 }).collect();
    scores.sort_by_key(|score| score.proposal);
    Body::Ballot(Ballot { round, standing: false, scores, answers: Vec::new() })
}

/// A change of key, with the successor's agreement.
pub fn rotation(community: &Community, old: &str, new: &str) -> Body {
    let agreement = succession(community.id, &public(old));
    Body::RotateKey { successor: public(new), proof: key(new).sign(Purpose::Succession, &agreement) }
}

/// A registrar's word that a lost key is replaced, with the new key's consent.
pub fn replacement(community: &Community, lost: &str, new: &str) -> Body {
    Body::ReplaceKey {
        lost: public(lost),
        successor: public(new),
        consent: key(new).sign(Purpose::Replacement, &replaced(community.id, &public(lost))),
        reason: "known in person".to_owned(),
    }
}

/// Authors who know where their chains end.
#[derive(Clone)]
pub struct Authors {
    pub community: Arc<Community>,
    chains: BTreeMap<String, (u64, RecordId)>,
}

impl Authors {
    pub fn new(community: &Arc<Community>) -> Self {
        Self { community: Arc::clone(community), chains: BTreeMap::new() }
    }

    /// The author's next record.
    pub fn say(&mut self, author: &str, body: Body) -> Received {
        let (sequence, previous) = self.chains.get(author).copied().unwrap_or((0, Record::NONE));
        let received = self.record(author, sequence + 1, previous, body);
        self.chains.insert(author.to_owned(), (sequence + 1, received.id));
        received
    }

    /// Another record with the number that the author's next record will have: half a fork.
    pub fn fork(&self, author: &str, body: Body) -> Received {
        let (sequence, previous) = self.chains.get(author).copied().unwrap_or((0, Record::NONE));
        self.record(author, sequence + 1, previous, body)
    }

    /// Goes on after another record, forgetting what the author said since.
    pub fn rebase(&mut self, author: &str, onto: &Received) {
        self.chains.insert(author.to_owned(), (onto.record().sequence, onto.id));
    }

    fn record(&self, author: &str, sequence: u64, previous: RecordId, body: Body) -> Received {
        let record = Record {
            community: self.community.id,
            author: public(author),
            sequence,
            previous,
            clock: EPOCH,
            body,
        };
        Received::own(record.sign(&key(author)))
    }
}
