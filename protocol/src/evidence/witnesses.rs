//! What a witness may sign only once.

use serde::{Deserialize, Serialize};

use super::{Convicted, EvidenceCheck, EvidenceFault, Misdeed};
use crate::{
    charter::Community,
    codec,
    hash::SealId,
    keys::{PublicKey, Purpose, Signature},
    receipt::CertifiedSeal,
    seals::{ProposalStatement, Vote},
};

/// Two certified seals that cannot be in one log: two of one height, the one with the smaller id first, or one, and the
/// next one, which names another predecessor. More than a third of the witnesses' power broke the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoSeals {
    /// One of them.
    pub first: CertifiedSeal,
    /// The other.
    pub second: CertifiedSeal,
}

/// Two histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Split {
    /// The height at which there are two.
    pub height: u64,
    /// The one seal of this height.
    pub first: SealId,
    /// The other one. Where the evidence holds the seal after it, this is the predecessor that it names.
    pub second: SealId,
    /// Did those who signed both do so in one round of the consensus? Then each of them signed two precommits in one
    /// step; otherwise at least a third of all power did, or forgot what it had promised.
    pub one_round: bool,
}

/// Two votes of one witness in one step of one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoVotes {
    /// Whose.
    pub witness: PublicKey,
    /// The one whose bytes sort first.
    pub first: (Vote, Signature),
    /// The other.
    pub second: (Vote, Signature),
}

/// Two proposals of one witness in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwoProposals {
    /// Whose.
    pub witness: PublicKey,
    /// The one whose bytes sort first.
    pub first: (ProposalStatement, Signature),
    /// The other.
    pub second: (ProposalStatement, Signature),
}

impl TwoSeals {
    /// The evidence that two certified seals make, in its order, whether it proves anything or not.
    #[must_use]
    pub fn new(a: CertifiedSeal, b: CertifiedSeal) -> Self {
        let order = |seal: &CertifiedSeal| (seal.header.height, seal.header.id());
        let (first, second) = if order(&a) <= order(&b) { (a, b) } else { (b, a) };
        Self { first, second }
    }

    pub(super) fn verify(&self, community: &Community) -> Result<Convicted, EvidenceFault> {
        let (first, second) = (&self.first.header, &self.second.header);
        if first.community != community.id || second.community != community.id {
            return Err(EvidenceCheck::Community.fault("a seal belongs to another community"));
        }
        let other = if first.height == second.height && first.id() < second.id() {
            second.id()
        } else if first.height.checked_add(1) == Some(second.height) && second.previous != first.id() {
            second.previous
        } else {
            return Err(EvidenceCheck::Contradiction
                .fault("the seals are no two of one height in order, and the second does follow the first"));
        };
        for seal in [&self.first, &self.second] {
            seal.check(community).map_err(|error| EvidenceCheck::Signature.fault(error))?;
        }
        // The charter may have changed between the two.
        let [signers, others] = [&self.first, &self.second].map(|seal| {
            let witnesses = community.at(seal.header.height).witnesses.witnesses();
            let key = |(position, _): &(u8, Signature)| Some(witnesses.get(usize::from(*position))?.key);
            seal.signatures.iter().filter_map(key).collect::<Vec<PublicKey>>()
        });
        let keys = signers.into_iter().filter(|key| others.contains(key)).collect();
        let split = Split {
            height: first.height,
            first: first.id(),
            second: other,
            one_round: first.height == second.height && self.first.round == self.second.round,
        };
        Ok(Convicted { keys, what: Misdeed::Seals(split) })
    }
}

/// Puts two signed statements into the order of their bytes.
fn ordered<T: Serialize>(a: (T, Signature), b: (T, Signature)) -> [(T, Signature); 2] {
    if codec::encode(&a.0) <= codec::encode(&b.0) { [a, b] } else { [b, a] }
}

impl TwoVotes {
    /// The evidence that two votes make, in its order, whether it proves anything or not.
    #[must_use]
    pub fn new(witness: PublicKey, a: (Vote, Signature), b: (Vote, Signature)) -> Self {
        let [first, second] = ordered(a, b);
        Self { witness, first, second }
    }

    pub(super) fn verify(&self, community: &Community) -> Result<Convicted, EvidenceFault> {
        let (a, b) = (&self.first.0, &self.second.0);
        if a.community != community.id || b.community != community.id {
            return Err(EvidenceCheck::Community.fault("a vote belongs to another community"));
        }
        let one_step = (a.height, a.round, a.kind) == (b.height, b.round, b.kind);
        if !one_step || a.bytes() >= b.bytes() {
            return Err(EvidenceCheck::Contradiction
                .fault("the votes are no two different ones of one height, round and kind, in order"));
        }
        let signed = [(a.bytes(), self.first.1), (b.bytes(), self.second.1)];
        signed_both(community, &self.witness, a.height, Purpose::Vote, &signed)?;
        Ok(Convicted { keys: vec![self.witness], what: Misdeed::Votes { height: a.height, round: a.round } })
    }
}

impl TwoProposals {
    /// The evidence that two proposals make, in its order, whether it proves anything or not.
    #[must_use]
    pub fn new(
        witness: PublicKey,
        a: (ProposalStatement, Signature),
        b: (ProposalStatement, Signature),
    ) -> Self {
        let [first, second] = ordered(a, b);
        Self { witness, first, second }
    }

    pub(super) fn verify(&self, community: &Community) -> Result<Convicted, EvidenceFault> {
        let (a, b) = (&self.first.0, &self.second.0);
        if a.community != community.id || b.community != community.id {
            return Err(EvidenceCheck::Community.fault("a proposal belongs to another community"));
        }
        if (a.height, a.round) != (b.height, b.round) || a.bytes() >= b.bytes() {
            return Err(EvidenceCheck::Contradiction
                .fault("the proposals are no two different ones of one height and round, in order"));
        }
        let signed = [(a.bytes(), self.first.1), (b.bytes(), self.second.1)];
        signed_both(community, &self.witness, a.height, Purpose::Proposal, &signed)?;
        Ok(Convicted {
            keys: vec![self.witness],
            what: Misdeed::Proposals { height: a.height, round: a.round },
        })
    }
}

fn signed_both(
    community: &Community,
    witness: &PublicKey,
    height: u64,
    purpose: Purpose,
    signed: &[(Vec<u8>, Signature); 2],
) -> Result<(), EvidenceFault> {
    if community.at(height).witnesses.get(witness).is_none() {
        return Err(EvidenceCheck::Office.fault(format!("{witness} is no witness of seal {height}")));
    }
    for (bytes, signature) in signed {
        witness.verify(purpose, bytes, signature).map_err(|error| EvidenceCheck::Signature.fault(error))?;
    }
    Ok(())
}
