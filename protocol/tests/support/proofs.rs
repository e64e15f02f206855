//! Receipts and evidence about a small world.

use mutua_protocol::{
    evidence::{Contradiction, Evidence, TwoProposals, TwoSeals, TwoVotes},
    hash::{RecordId, SealId},
    keys::{PublicKey, Purpose},
    receipt::{CertifiedSeal, CountedProof, Receipt, SealedProof, Succession},
    records::{Assessment, Body, Fork, Received, Subject, Verdict},
    seals::{ProposalStatement, SealHeader, SealedBatch, Vote, VoteKind},
};

use super::*;

/// The seal of this height, with as few signatures as suffice.
pub fn certified(world: &World, height: u64) -> CertifiedSeal {
    let batch = &world.batches[usize::try_from(height).expect("a small world") - 1];
    CertifiedSeal::new(batch.header.clone(), &batch.certificate, &world.community().at(height).witnesses)
}

/// The records of a batch.
pub fn opened(world: &World, batch: &SealedBatch) -> Vec<Received> {
    let open = |bytes: &Vec<u8>| Received::decode(bytes, world.community()).expect("a sealed record");
    batch.records.iter().map(open).collect()
}

/// The proof that a record is in its seal.
pub fn sealed(world: &World, id: RecordId) -> SealedProof {
    let find = |batch: &SealedBatch| {
        let records = opened(world, batch);
        let ids: Vec<RecordId> = records.iter().map(|received| received.id).collect();
        let record = records.iter().find(|received| received.id == id)?;
        SealedProof::new(record, certified(world, batch.header.height), &ids)
    };
    world.batches.iter().find_map(find).expect("the record is sealed")
}

/// The proof of what was counted for a key in a closed round.
pub fn count(world: &World, round: u32, key: PublicKey) -> CountedProof {
    let closing = &world.ledger.closings()[round as usize - 1];
    CountedProof::new(closing, certified(world, closing.outcome.height), &key)
}

/// How the charter was changed before the seal of this height.
pub fn successions(world: &World, height: u64) -> Vec<Succession> {
    let seal = |height: u64, _: &Community| Ok::<_, std::convert::Infallible>(certified(world, height));
    let Ok(successions) = Succession::up_to(&world.ledger, height, seal);
    successions
}

/// The receipt for a record, and for what was counted for a key.
pub fn receipt(world: &World, record: Option<RecordId>, counted: Option<(u32, PublicKey)>) -> Receipt {
    let sealed = record.map(|id| sealed(world, id));
    let counted = counted.map(|(round, key)| count(world, round, key));
    let heights = [sealed.as_ref().map(|proof| &proof.seal), counted.as_ref().map(|proof| &proof.seal)];
    let height = heights.into_iter().flatten().map(|seal| seal.header.height).max().unwrap_or(0);
    Receipt { successions: successions(world, height), sealed, counted }
}

/// A header certified by all witnesses of this world, whatever it says.
pub fn certify(world: &World, header: SealHeader) -> CertifiedSeal {
    let certificate = world.certify(&header);
    let witnesses = &world.community().at(header.height).witnesses;
    CertifiedSeal::new(header, &certificate, witnesses)
}

/// A community in which everybody does what they should not.
pub struct Crime {
    pub world: World,
    /// Records of attestor a, from the approval to the refusal of the same terms.
    pub chain: Vec<Received>,
}

impl Crime {
    pub fn commit() -> Self {
        let mut world = World::found(charter(4));
        world.admit(&["ana", "ben"]);
        let twice = loan("bakery", 60_000);
        let first = world.propose("ana", twice.clone());
        let second = world.propose("ben", twice);
        let other = world.propose("ben", loan("cinema", 80_000));
        let declined = Assessment { verdict: Verdict::Declined, ..approved() };
        let chain = vec![
            world.say("attestor a", world.attestation(first, approved())),
            world.say("attestor a", world.attestation(other, approved())),
            world.say("attestor a", world.attestation(second, declined)),
        ];
        world.seal(chain.clone());
        Self { world, chain }
    }

    pub fn contradiction(&self) -> Contradiction {
        let later = self.chain.last().expect("an attestation");
        Contradiction {
            records: self.chain.iter().map(|received| received.bytes.to_vec()).collect(),
            sealed: sealed(&self.world, later.id),
        }
    }

    pub fn fork(&self) -> Fork {
        let [left, right] =
            self.world.fork("ana", Body::Leave, Body::Propose(Subject::Motion(motion("Longer hours"))));
        Fork::of(&left, &right)
    }

    /// Two seals of the last height.
    pub fn seals(&self) -> TwoSeals {
        let held = certified(&self.world, self.world.ledger.height());
        let other = SealHeader { time: held.header.time + 1, ..held.header.clone() };
        TwoSeals::new(held, certify(&self.world, other))
    }

    /// A seal, and one after it that names another predecessor.
    pub fn seals_apart(&self) -> TwoSeals {
        let held = certified(&self.world, self.world.ledger.height());
        let next = SealHeader {
            height: held.header.height + 1,
            previous: SealId([7; 32]),
            time: held.header.time + 5,
            ..held.header.clone()
        };
        TwoSeals::new(held, certify(&self.world, next))
    }

    pub fn votes(&self) -> TwoVotes {
        let witness = key("witness 2");
        let cast = |value| {
            let vote = Vote {
                community: self.world.community().id,
                height: 9,
                round: 1,
                kind: VoteKind::Precommit,
                value,
            };
            let signature = witness.sign(Purpose::Vote, &vote.bytes());
            (vote, signature)
        };
        TwoVotes::new(witness.public(), cast(Some(SealId([1; 32]))), cast(None))
    }

    pub fn proposals(&self) -> TwoProposals {
        let witness = key("witness 3");
        let propose = |value| {
            let statement = ProposalStatement {
                community: self.world.community().id,
                height: 9,
                round: 0,
                pol_round: None,
                value: SealId([value; 32]),
            };
            let signature = witness.sign(Purpose::Proposal, &statement.bytes());
            (statement, signature)
        };
        TwoProposals::new(witness.public(), propose(2), propose(1))
    }

    /// One of each kind, named.
    pub fn all(&self) -> Vec<(&'static str, Evidence)> {
        vec![
            ("two records with one number", Evidence::Fork(self.fork())),
            ("two seals of one height", Evidence::Seals(self.seals())),
            ("a seal that does not follow the one before", Evidence::Seals(self.seals_apart())),
            ("two votes in one step", Evidence::Votes(self.votes())),
            ("two proposals in one round", Evidence::Proposals(self.proposals())),
            ("two verdicts on the same terms", Evidence::Attestations(self.contradiction())),
        ]
    }
}
