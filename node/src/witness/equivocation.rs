//! Proof that a witness said two things where it may say one.

use std::collections::BTreeSet;

use arc_malachitebft_core_types::{DoubleProposal, DoubleVote, SignedProposal as CoreProposal};
use mutua_protocol::{
    evidence::{Evidence, TwoProposals, TwoVotes},
    hash::CommunityId,
    keys::{PublicKey, Signature},
    seals::ProposalStatement,
};
use serde::{Deserialize, Serialize};

use super::{
    context::Ctx,
    convert::{number, signed_vote},
    message::SignedVote,
};

/// Two signed statements of one witness that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Equivocation {
    /// Two different votes in one step of one round.
    Votes(SignedVote, SignedVote),
    /// Two different proposals in one round.
    Proposals {
        /// Whose.
        proposer: PublicKey,
        /// One of them.
        first: (ProposalStatement, Signature),
        /// The other.
        second: (ProposalStatement, Signature),
    },
}

impl Equivocation {
    /// The witness at fault.
    #[must_use]
    pub fn witness(&self) -> PublicKey {
        match self {
            Self::Votes(first, _) => first.witness,
            Self::Proposals { proposer, .. } => *proposer,
        }
    }

    /// The proof as anybody can check it with the charter alone.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        match self {
            Self::Votes(first, second) => {
                let side = |signed: &SignedVote| (signed.vote.clone(), signed.signature);
                Evidence::Votes(TwoVotes::new(first.witness, side(first), side(second)))
            }
            Self::Proposals { proposer, first, second } => {
                Evidence::Proposals(TwoProposals::new(*proposer, first.clone(), second.clone()))
            }
        }
    }
}

/// Reports each contradiction once a height: one a witness, round and kind of statement is enough.
#[derive(Default)]
pub(super) struct Reported(BTreeSet<(PublicKey, u32, u8)>);

impl Reported {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The proof in two votes, if it is news.
    pub(super) fn votes(&mut self, community: CommunityId, pair: &DoubleVote<Ctx>) -> Option<Equivocation> {
        let (first, second) = (signed_vote(community, &pair.0), signed_vote(community, &pair.1));
        let kind = first.vote.kind as u8;
        let news = self.0.insert((first.witness, first.vote.round, kind));
        news.then_some(Equivocation::Votes(first, second))
    }

    /// The proof in two proposals, if it is news.
    pub(super) fn proposals(
        &mut self,
        community: CommunityId,
        pair: &DoubleProposal<Ctx>,
    ) -> Option<Equivocation> {
        let side = |signed: &CoreProposal<Ctx>| {
            let statement = ProposalStatement {
                community,
                height: signed.message.height.0,
                round: number(signed.message.round),
                pol_round: signed.message.pol_round.as_u32(),
                value: signed.message.value.0,
            };
            (statement, signed.signature)
        };
        let proposer = pair.0.message.proposer.0;
        let (first, second) = (side(&pair.0), side(&pair.1));
        let news = self.0.insert((proposer, first.0.round, u8::MAX));
        news.then_some(Equivocation::Proposals { proposer, first, second })
    }
}
