//! Checking every signature, and never making two that contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use mutua_protocol::{
    hash::{CommunityId, SealId},
    keys::{Claim, PublicKey, Purpose, SecretKey, Signature, verify_batch},
    seals::{ProposalStatement, Vote, VoteKind, WitnessSet},
};

use super::message::{Fault, Passage, PolkaCertificate, RoundCertificate, check_distinct};

/// How many signatures are remembered as good: those of a few rounds with the greatest number of
/// witnesses. A vote comes alone, in certificates, in repetitions and again after a restart.
const REMEMBERED: usize = 4096;

/// Checks what witnesses sign.
pub(super) struct Checker {
    community: CommunityId,
    witnesses: WitnessSet,
    /// Digests of (message, key, signature) that held.
    good: BTreeSet<[u8; 32]>,
}

impl Checker {
    pub(super) fn new(community: CommunityId, witnesses: WitnessSet) -> Self {
        Self { community, witnesses, good: BTreeSet::new() }
    }

    pub(super) fn community(&self) -> CommunityId {
        self.community
    }

    pub(super) fn witnesses(&self) -> &WitnessSet {
        &self.witnesses
    }

    /// Forgets what was remembered for the heights before.
    pub(super) fn forget(&mut self) {
        self.good.clear();
    }

    /// Does this power contain that of at least one honest witness?
    pub(super) fn is_honest(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.witnesses.total_power())
    }

    fn power(&self, witness: &PublicKey) -> Result<u64, Fault> {
        self.witnesses.get(witness).map(|witness| witness.power).ok_or(Fault::NotAWitness(*witness))
    }

    /// Checks signatures together; those that are remembered cost nothing.
    fn signatures(&mut self, claims: Vec<Claim>) -> Result<(), Fault> {
        let digest = |claim: &Claim| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&claim.key.0).update(&claim.signature.0).update(&claim.message);
            *hasher.finalize().as_bytes()
        };
        let new: Vec<([u8; 32], Claim)> = claims
            .into_iter()
            .map(|claim| (digest(&claim), claim))
            .filter(|(digest, _)| !self.good.contains(digest))
            .collect();
        let (digests, claims): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        verify_batch(&claims).map_err(|bad| Fault::Signature(claims[bad[0]].key))?;
        if self.good.len() + digests.len() <= REMEMBERED {
            self.good.extend(digests);
        }
        Ok(())
    }

    /// Checks one vote.
    pub(super) fn vote(
        &mut self,
        vote: &Vote,
        witness: &PublicKey,
        signature: &Signature,
    ) -> Result<(), Fault> {
        if vote.community != self.community {
            return Err(Fault::Community);
        }
        self.power(witness)?;
        self.signatures(vec![claim(vote, witness, signature)])
    }

    /// Checks the signature of one proposal.
    pub(super) fn proposal(
        &mut self,
        statement: &ProposalStatement,
        proposer: &PublicKey,
        signature: &Signature,
    ) -> Result<(), Fault> {
        self.power(proposer)?;
        let message = Purpose::Proposal.message(&statement.bytes());
        self.signatures(vec![Claim { key: *proposer, signature: *signature, message }])
    }

    /// Checks that more than two thirds prevoted as a certificate says, each counted once.
    pub(super) fn polka(&mut self, polka: &PolkaCertificate) -> Result<(), Fault> {
        check_distinct(polka.signatures.iter().map(|(witness, _)| witness))?;
        let vote = self.said(polka.height, polka.round, VoteKind::Prevote, Some(polka.value));
        let mut have = 0;
        let mut claims = Vec::with_capacity(polka.signatures.len());
        for (witness, signature) in &polka.signatures {
            have += self.power(witness)?;
            claims.push(claim(&vote, witness, signature));
        }
        if !self.witnesses.is_quorum(have) {
            return Err(Fault::Power { have, total: self.witnesses.total_power() });
        }
        self.signatures(claims)
    }

    /// Checks that enough voted, in whatever way, for a round to be entered, each counted once.
    pub(super) fn round(&mut self, round: &RoundCertificate) -> Result<(), Fault> {
        check_distinct(round.votes.iter().map(|vote| &vote.witness))?;
        let mut have = 0;
        let mut claims = Vec::with_capacity(round.votes.len());
        for vote in &round.votes {
            if round.passage == Passage::Ended && vote.kind != VoteKind::Precommit {
                return Err(Fault::Kind(vote.witness));
            }
            have += self.power(&vote.witness)?;
            let said = self.said(round.height, round.round, vote.kind, vote.value);
            claims.push(claim(&said, &vote.witness, &vote.signature));
        }
        let enough = match round.passage {
            Passage::Joined => self.is_honest(have),
            Passage::Ended => self.witnesses.is_quorum(have),
        };
        if !enough {
            return Err(Fault::Power { have, total: self.witnesses.total_power() });
        }
        self.signatures(claims)
    }

    /// The vote with this content, in this community.
    pub(super) fn said(&self, height: u64, round: u32, kind: VoteKind, value: Option<SealId>) -> Vote {
        Vote { community: self.community, height, round, kind, value }
    }
}

fn claim(vote: &Vote, witness: &PublicKey, signature: &Signature) -> Claim {
    Claim { key: *witness, signature: *signature, message: Purpose::Vote.message(&vote.bytes()) }
}

/// A signature was wanted that would contradict an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this witness has already said something else at height {height}, round {round}: nothing is signed")]
pub(super) struct Contradiction {
    height: u64,
    round: u32,
}

/// Signs for this witness, and never twice with different content for one step of one round: the
/// last line of defence behind the state machine, fed from the log and from one's own messages that
/// come back from the network.
pub(super) struct Signer {
    key: SecretKey,
    votes: BTreeMap<(u32, VoteKind), Option<SealId>>,
    proposals: BTreeMap<u32, (Option<u32>, SealId)>,
}

impl Signer {
    pub(super) fn new(key: SecretKey) -> Self {
        Self { key, votes: BTreeMap::new(), proposals: BTreeMap::new() }
    }

    pub(super) fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// Begins another height.
    pub(super) fn start(&mut self) {
        self.votes.clear();
        self.proposals.clear();
    }

    /// Remembers a vote that this witness once signed. The first one counts.
    pub(super) fn remember_vote(&mut self, round: u32, kind: VoteKind, value: Option<SealId>) {
        self.votes.entry((round, kind)).or_insert(value);
    }

    /// Remembers a proposal that this witness once signed. The first one counts.
    pub(super) fn remember_proposal(&mut self, round: u32, pol_round: Option<u32>, value: SealId) {
        self.proposals.entry(round).or_insert((pol_round, value));
    }

    /// Has this witness proposed in this round?
    pub(super) fn has_proposed(&self, round: u32) -> bool {
        self.proposals.contains_key(&round)
    }

    pub(super) fn vote(&mut self, vote: &Vote) -> Result<Signature, Contradiction> {
        if *self.votes.entry((vote.round, vote.kind)).or_insert(vote.value) != vote.value {
            return Err(Contradiction { height: vote.height, round: vote.round });
        }
        Ok(self.key.sign(Purpose::Vote, &vote.bytes()))
    }

    pub(super) fn proposal(&mut self, statement: &ProposalStatement) -> Result<Signature, Contradiction> {
        let said = (statement.pol_round, statement.value);
        if *self.proposals.entry(statement.round).or_insert(said) != said {
            return Err(Contradiction { height: statement.height, round: statement.round });
        }
        Ok(self.key.sign(Purpose::Proposal, &statement.bytes()))
    }
}
