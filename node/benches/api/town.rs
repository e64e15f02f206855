//! A large community in the middle of a round.

use mutua_protocol::{
    charter::{Completion, Rule, Utility},
    keys::PublicKey,
    limits,
    records::{Ballot, Body, Direction, ProposalId, Received, Score, Subject},
};

use super::support::{EVER, World, admission, approved, charter, loan, payment, public};

/// Scores of a ballot.
const SCORES: usize = 8;

pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) loans: Vec<ProposalId>,
    members: Vec<String>,
    state: u64,
}

impl Town {
    pub(crate) fn with(members: usize, proposals: usize, ballots: usize) -> Self {
        let mut terms = charter(1);
        // Not while anything here is measured.
        terms.schedule.first_close = EVER / 2;
        terms.rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::Greedy };
        let members = (0..members).map(|number| format!("member {number}")).collect();
        let mut town =
            Self { world: World::found(terms), loans: Vec::new(), members, state: 0x2545_f491_4f6c_dd1d };
        town.admit();
        town.propose(proposals);
        town.vote(ballots);
        town
    }

    /// A number below this one.
    fn dice(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % below
    }

    fn seal_all(&mut self, records: Vec<Received>) {
        for part in records.chunks(limits::SEAL_RECORDS) {
            self.world.seal(part.to_vec());
        }
    }

    fn admit(&mut self) {
        let names = self.members.clone();
        let records = names
            .iter()
            .map(|name| {
                let weight = u32::try_from(1 + self.dice(3)).unwrap();
                self.world.say("registrar", admission(name, weight))
            })
            .collect();
        self.seal_all(records);
    }

    /// Money, loans, and two attestations of each.
    fn propose(&mut self, proposals: usize) {
        let mut records = vec![self.world.say("treasurer", payment(Direction::In, 30_000_000))];
        for number in 0..proposals {
            let amount = 100_000 + 100 * self.dice(5_000) as u64;
            let mut subject = loan(&format!("loan {number}"), amount);
            subject.purpose = "An oven that bakes twice as many loaves with half of the wood. ".repeat(8);
            subject.category = u16::try_from(number % 3).unwrap();
            let owner = self.members[number % self.members.len()].clone();
            let record = self.world.say(&owner, Body::Propose(Subject::Loan(subject)));
            self.loans.push(record.id);
            records.push(record);
        }
        self.seal_all(records);
        let mut records = Vec::new();
        for loan in self.loans.clone() {
            let terms = self.world.ledger.proposals()[&loan].terms;
            for attestor in ["attestor a", "attestor b"] {
                let body = Body::Attest { proposal: loan, terms, assessment: approved() };
                records.push(self.world.say(attestor, body));
            }
        }
        self.seal_all(records);
    }

    fn ballot(&mut self) -> Ballot {
        let mut scores: Vec<Score> = Vec::new();
        while scores.len() < SCORES.min(self.loans.len()) {
            // Some loans are more popular than others.
            let position = self.dice(self.loans.len()).min(self.dice(self.loans.len()));
            let proposal = self.loans[position];
            if scores.iter().all(|held| held.proposal != proposal) {
                scores.push(Score { proposal, score: u8::try_from(1 + self.dice(10)).unwrap() });
            }
        }
        scores.sort_by_key(|score| score.proposal);
        Ballot { round: self.world.round(), standing: false, scores, answers: Vec::new() }
    }

    fn vote(&mut self, ballots: usize) {
        let mut records = Vec::new();
        for number in 0..ballots {
            let voter = self.members[number % self.members.len()].clone();
            let ballot = self.ballot();
            records.push(self.world.say(&voter, Body::Ballot(ballot)));
        }
        self.seal_all(records);
    }

    /// Ballots that members think of casting.
    pub(crate) fn previews(&self, count: usize) -> Vec<(PublicKey, Ballot)> {
        let mut other = Self {
            world: self.world.clone(),
            loans: self.loans.clone(),
            members: self.members.clone(),
            state: 0x9e37_79b9_7f4a_7c15,
        };
        (0..count)
            .map(|_| {
                let voter = other.dice(other.members.len());
                (public(&other.members[voter]), other.ballot())
            })
            .collect()
    }
}
