//! Archives of a large community over five rounds.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::PathBuf,
    sync::Arc,
};

use mutua_protocol::{
    archive::{end_frame, opening, seal_frame},
    charter::{Community, Completion, Rule, Utility},
    hash::RecordId,
    keys::{PublicKey, Purpose, SecretKey},
    ledger::Ledger,
    limits,
    records::{Answer, Ballot, Body, Choice, Direction, ProposalId, Received, Record, Score, Subject},
    seals::{Certificate, SealedBatch, Vote, VoteKind},
};
use rayon::prelude::*;

use super::support::{admission, approved, charter, key, loan, motion, payment};

/// Rounds, and what each of them brings.
const ROUNDS: u64 = 5;
const LOANS: usize = 60;
const MOTIONS: usize = 4;
/// Scores of a ballot.
const SCORES: usize = 8;

/// The archive with about this many ballots, made if it is not there yet.
pub(crate) fn archive(ballots: u64) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("audit");
    fs::create_dir_all(&folder).unwrap();
    // Another protocol makes another charter, and so another name.
    let community = Community::new(terms()).unwrap();
    let path = folder.join(format!("{ballots}-{}.archive", community.id.short()));
    if !path.exists() {
        eprintln!("making {} (once)", path.display());
        let part = path.with_extension("part");
        let mut town = Town::found(community, BufWriter::new(File::create(&part).unwrap()));
        town.live(ballots);
        fs::rename(part, &path).unwrap();
    }
    path
}

fn terms() -> mutua_protocol::charter::Charter {
    let mut terms = charter(4);
    terms.rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::Greedy };
    terms
}

struct Town {
    ledger: Ledger,
    out: BufWriter<File>,
    witnesses: Vec<SecretKey>,
    officers: BTreeMap<&'static str, SecretKey>,
    members: Vec<SecretKey>,
    /// The newest record of each author, sealed or not.
    tails: BTreeMap<PublicKey, (u64, RecordId)>,
    state: u64,
}

impl Town {
    fn found(community: Community, mut out: BufWriter<File>) -> Self {
        out.write_all(&opening(&community.charter)).unwrap();
        let witnesses = community.charter.witnesses.iter().map(|witness| key(&witness.name)).collect();
        let names = ["registrar", "treasurer", "attestor a", "attestor b"];
        Self {
            ledger: Ledger::new(Arc::new(community)),
            out,
            witnesses,
            officers: names.into_iter().map(|name| (name, key(name))).collect(),
            members: Vec::new(),
            tails: BTreeMap::new(),
            state: 0x2545_f491_4f6c_dd1d,
        }
    }

    fn live(&mut self, ballots: u64) {
        let members = usize::try_from(ballots / ROUNDS).unwrap();
        self.admit(members);
        for round in 1..=ROUNDS {
            self.open_round(round);
            let cast = ballots / ROUNDS;
            self.vote(round, cast);
            let close = self.ledger.close();
            self.seal(close, Vec::new());
        }
        let end = end_frame(self.ledger.height(), self.ledger.head());
        self.out.write_all(&end).unwrap();
        self.out.flush().unwrap();
    }

    /// A number below this one.
    fn dice(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % below
    }

    fn admit(&mut self, members: usize) {
        let names: Vec<String> = (0..members).map(|number| format!("member {number}")).collect();
        self.members = names.par_iter().map(|name| key(name)).collect();
        for names in names.chunks(limits::SEAL_RECORDS) {
            let records = names
                .iter()
                .map(|name| {
                    let weight = u32::try_from(1 + self.dice(3)).unwrap();
                    self.say_as("registrar", admission(name, weight))
                })
                .collect();
            self.seal_next(records);
        }
    }

    /// Money, proposals, amendments and attestations.
    fn open_round(&mut self, round: u64) {
        let money = self.say_as("treasurer", payment(Direction::In, 10_000_000));
        let mut records = vec![money];
        for number in 0..LOANS + MOTIONS {
            let member = self.dice(self.members.len());
            let subject = if number < LOANS {
                let amount = 100_000 + 100 * self.dice(5_000) as u64;
                Subject::Loan(loan(&format!("loan {round}.{number}"), amount))
            } else {
                Subject::Motion(motion(&format!("motion {round}.{number}")))
            };
            records.push(self.say(member, Body::Propose(subject)));
        }
        self.seal_next(records);
        let loans = self.open(true);
        let mut records = Vec::new();
        for loan in &loans {
            for attestor in ["attestor a", "attestor b"] {
                let terms = self.ledger.proposals()[loan].terms;
                let body = Body::Attest { proposal: *loan, terms, assessment: approved() };
                records.push(self.say_as(attestor, body));
            }
        }
        self.seal_next(records);
    }

    fn open(&self, loans: bool) -> Vec<ProposalId> {
        use mutua_protocol::ledger::ProposalStatus;
        self.ledger
            .proposals()
            .values()
            .filter(|held| held.status == ProposalStatus::Open && held.subject.loan().is_some() == loans)
            .map(|held| held.id)
            .collect()
    }

    /// Ballots, a seal full at a time: most members vote once, some change their minds.
    fn vote(&mut self, round: u64, ballots: u64) {
        let (loans, motions) = (self.open(true), self.open(false));
        let round = u32::try_from(round).unwrap();
        let mut left = usize::try_from(ballots).unwrap();
        let mut next = 0;
        while left > 0 {
            let mut votes = BTreeMap::new();
            while votes.len() < left.min(limits::SEAL_RECORDS) {
                let member = if self.dice(50) == 0 { self.dice(self.members.len()) } else { next };
                next = (next + 1) % self.members.len();
                let ballot = self.ballot(round, &loans, &motions);
                votes.insert(member, ballot);
            }
            left -= votes.len();
            let unsigned: Vec<(usize, Record)> = votes
                .into_iter()
                .map(|(member, ballot)| {
                    (member, self.record(self.members[member].public(), Body::Ballot(ballot)))
                })
                .collect();
            let members = &self.members;
            let records: Vec<Received> = unsigned
                .into_par_iter()
                .map(|(member, record)| Received::own(record.sign(&members[member])))
                .collect();
            self.note(&records);
            self.seal_next(records);
        }
    }

    fn ballot(&mut self, round: u32, loans: &[ProposalId], motions: &[ProposalId]) -> Ballot {
        let mut scores = BTreeMap::new();
        while scores.len() < SCORES.min(loans.len()) {
            // Some loans are more popular than others.
            let loan = self.dice(loans.len()).min(self.dice(loans.len()));
            scores.insert(loans[loan], u8::try_from(1 + self.dice(10)).unwrap());
        }
        let choice = [Choice::Yes, Choice::No, Choice::Abstain][self.dice(3)];
        let motion = motions[self.dice(motions.len())];
        Ballot {
            round,
            standing: self.dice(10) == 0,
            scores: scores.into_iter().map(|(proposal, score)| Score { proposal, score }).collect(),
            answers: vec![Answer { proposal: motion, choice }],
        }
    }

    fn record(&self, author: PublicKey, body: Body) -> Record {
        let (sequence, previous) = self.tails.get(&author).copied().unwrap_or((0, Record::NONE));
        Record {
            community: self.ledger.community().id,
            author,
            sequence: sequence + 1,
            previous,
            clock: self.ledger.time(),
            body,
        }
    }

    fn note(&mut self, records: &[Received]) {
        for received in records {
            self.tails.insert(received.record().author, (received.record().sequence, received.id));
        }
    }

    fn say(&mut self, member: usize, body: Body) -> Received {
        let key = self.members[member].clone();
        self.say_with(&key, body)
    }

    fn say_as(&mut self, officer: &'static str, body: Body) -> Received {
        let key = self.officers[officer].clone();
        self.say_with(&key, body)
    }

    fn say_with(&mut self, key: &SecretKey, body: Body) -> Received {
        let received = Received::own(self.record(key.public(), body).sign(key));
        self.note(std::slice::from_ref(&received));
        received
    }

    fn seal_next(&mut self, records: Vec<Received>) {
        self.seal(self.ledger.time() + 1_000, records);
    }

    fn seal(&mut self, time: u64, mut records: Vec<Received>) {
        records.sort_by_key(Received::order);
        let header = self.ledger.seal(time, &records).unwrap();
        let vote = Vote {
            community: header.community,
            height: header.height,
            round: 0,
            kind: VoteKind::Precommit,
            value: Some(header.id()),
        };
        let sign = |key: &SecretKey| (key.public(), key.sign(Purpose::Vote, &vote.bytes()));
        let certificate = Certificate { round: 0, signatures: self.witnesses.iter().map(sign).collect() };
        self.ledger.apply(&header, &records).unwrap();
        let records = records.iter().map(|received| received.bytes.to_vec()).collect();
        self.out.write_all(&seal_frame(&SealedBatch { header, certificate, records })).unwrap();
    }
}
