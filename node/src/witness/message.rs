//! What witnesses say to each other, and how it is checked.
//!
//! A message is checked completely from its own bytes and the charter: signatures, who may say it,
//! and that a proposed seal's header, count and Merkle root fit its record ids. So a node that is no
//! witness can tell what to pass on, and an engine knows that what it acts on was really said.

use std::collections::BTreeSet;

use mutua_protocol::{
    codec::{self, CodecError},
    hash::{CommunityId, RecordId, SealId},
    keys::{PublicKey, Signature},
    limits,
    seals::{ProposalStatement, SealHeader, Vote, VoteKind, Witness, WitnessSet},
};
use serde::{Deserialize, Serialize};

use super::{context::turn, signing::Checker};

/// Greatest size of a message: a proposal with [`limits::SEAL_RECORDS`] ids of 32 bytes, and its frame.
pub const MESSAGE_BYTES: usize = limits::SEAL_RECORDS * 32 + 1024;

/// Greatest round of a height. Rounds follow one another by timeouts of seconds, so that no height
/// comes near it; it keeps `round + 1` inside 32 bits whatever a peer writes.
pub const ROUNDS: u32 = 1 << 24;

/// A seal as it is proposed: what is to be signed, and the ids of the records in it, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedSeal {
    /// What the witnesses sign.
    pub header: SealHeader,
    /// The records, sorted by author and sequence number.
    pub ids: Vec<RecordId>,
}

impl ProposedSeal {
    /// Checks what can be checked without the records: community, height, number and Merkle root.
    ///
    /// # Errors
    /// [`Fault`] that names what does not fit.
    pub fn check(&self, community: CommunityId, height: u64) -> Result<SealId, Fault> {
        if self.header.community != community {
            return Err(Fault::Community);
        }
        if self.header.height != height {
            return Err(Fault::Height { said: height, header: self.header.height });
        }
        if self.ids.len() > limits::SEAL_RECORDS {
            return Err(Fault::TooMany { what: "record ids", limit: limits::SEAL_RECORDS });
        }
        if usize::try_from(self.header.count) != Ok(self.ids.len()) {
            return Err(Fault::Count { said: self.header.count, ids: self.ids.len() });
        }
        if SealHeader::root_of(&self.ids) != self.header.root {
            return Err(Fault::Root);
        }
        Ok(self.header.id())
    }
}

/// A proposal with the whole seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedProposal {
    /// Height proposed for.
    pub height: u64,
    /// Round proposed in.
    pub round: u32,
    /// When the value was proposed before: the round in which more than two thirds prevoted for it.
    pub pol_round: Option<u32>,
    /// The seal.
    pub seal: ProposedSeal,
    /// The witness whose turn it is.
    pub proposer: PublicKey,
    /// Its signature over the [`ProposalStatement`].
    pub signature: Signature,
}

impl SignedProposal {
    /// What the signature is over.
    #[must_use]
    pub fn statement(&self, community: CommunityId) -> ProposalStatement {
        ProposalStatement {
            community,
            height: self.height,
            round: self.round,
            pol_round: self.pol_round,
            value: self.seal.header.id(),
        }
    }
}

/// A vote with its voter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVote {
    /// What is said.
    pub vote: Vote,
    /// By whom.
    pub witness: PublicKey,
    /// The signature over [`Vote::bytes`]; of a precommit, it can stand in a seal's certificate.
    pub signature: Signature,
}

/// Proof that more than two thirds prevoted for one seal in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolkaCertificate {
    /// Height voted on.
    pub height: u64,
    /// Round voted in.
    pub round: u32,
    /// The seal.
    pub value: SealId,
    /// The prevotes' signatures, each witness once.
    pub signatures: Vec<(PublicKey, Signature)>,
}

/// Why a round may be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Passage {
    /// More than a third have voted in this round: at least one honest witness is there.
    Joined,
    /// More than two thirds precommitted in this round without agreeing: the next one begins.
    Ended,
}

/// One of the votes in a [`RoundCertificate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundVote {
    /// Which step.
    pub kind: VoteKind,
    /// The seal voted for, or none.
    pub value: Option<SealId>,
    /// By whom.
    pub witness: PublicKey,
    /// The signature over [`Vote::bytes`].
    pub signature: Signature,
}

/// Proof that a round may be entered, so that those left behind can follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundCertificate {
    /// Height voted on.
    pub height: u64,
    /// Round of the votes.
    pub round: u32,
    /// What the votes prove.
    pub passage: Passage,
    /// The votes, each witness once.
    pub votes: Vec<RoundVote>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// A seal is proposed.
    Proposal(SignedProposal),
    /// A vote.
    Vote(SignedVote),
    /// More than two thirds prevoted for a seal.
    Polka(PolkaCertificate),
    /// A round may be entered.
    Round(RoundCertificate),
}

/// A message between witnesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessMessage {
    /// What it says.
    pub body: Body,
    /// Tells repetitions apart, and means nothing else: gossip knows messages by their content and
    /// would swallow a repetition with the same bytes. One byte, so that nobody can make more than 256
    /// messages out of one signature.
    pub copy: u8,
}

impl WitnessMessage {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes of at most [`MESSAGE_BYTES`].
    ///
    /// # Errors
    /// [`CodecError`] for any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes, MESSAGE_BYTES)
    }

    /// The height that it is about.
    #[must_use]
    pub fn height(&self) -> u64 {
        match &self.body {
            Body::Proposal(proposal) => proposal.height,
            Body::Vote(vote) => vote.vote.height,
            Body::Polka(polka) => polka.height,
            Body::Round(round) => round.height,
        }
    }

    /// The round that it is about.
    #[must_use]
    pub fn round(&self) -> u32 {
        match &self.body {
            Body::Proposal(proposal) => proposal.round,
            Body::Vote(vote) => vote.vote.round,
            Body::Polka(polka) => polka.round,
            Body::Round(round) => round.round,
        }
    }

    /// The witness that signed it, if it is one witness's statement.
    #[must_use]
    pub fn witness(&self) -> Option<PublicKey> {
        match &self.body {
            Body::Proposal(proposal) => Some(proposal.proposer),
            Body::Vote(vote) => Some(vote.witness),
            Body::Polka(_) | Body::Round(_) => None,
        }
    }

    /// Checks everything that does not depend on what this node knows: for nodes that pass messages
    /// on without being witnesses. An [`super::Engine`] checks for itself.
    ///
    /// # Errors
    /// [`Fault`] of whoever sent it.
    pub fn check(&self, community: CommunityId, witnesses: &WitnessSet) -> Result<(), Fault> {
        self.check_with(&mut Checker::new(community, witnesses.clone()))
    }

    pub(super) fn check_with(&self, checker: &mut Checker) -> Result<(), Fault> {
        if self.round() >= ROUNDS {
            return Err(Fault::Round(self.round()));
        }
        match &self.body {
            Body::Proposal(proposal) => check_proposal(proposal, checker),
            Body::Vote(vote) => checker.vote(&vote.vote, &vote.witness, &vote.signature),
            Body::Polka(polka) => checker.polka(polka),
            Body::Round(round) => checker.round(round),
        }
    }
}

/// Cheap checks first: whose turn, the signature, and only then the hashes over the ids.
fn check_proposal(proposal: &SignedProposal, checker: &mut Checker) -> Result<(), Fault> {
    let turn = proposer(checker.witnesses(), proposal.height, proposal.round);
    if turn.map(|witness| witness.key) != Some(proposal.proposer) {
        return Err(Fault::Turn { height: proposal.height, round: proposal.round });
    }
    if proposal.pol_round.is_some_and(|pol_round| pol_round >= proposal.round) {
        return Err(Fault::PolRound);
    }
    let statement = proposal.statement(checker.community());
    checker.proposal(&statement, &proposal.proposer, &proposal.signature)?;
    proposal.seal.check(checker.community(), proposal.height).map(|_| ())
}

/// Whose turn it is to propose: plain rotation by height and round over the witnesses sorted by key.
#[must_use]
pub fn proposer(witnesses: &WitnessSet, height: u64, round: u32) -> Option<&Witness> {
    let witnesses = witnesses.witnesses();
    witnesses.get(turn(witnesses.len(), height, round))
}

/// What is wrong with a message, by the fault of whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The signer is no witness.
    #[error("{0} is not a witness")]
    NotAWitness(PublicKey),
    /// A signature does not hold.
    #[error("the signature of witness {0} does not hold")]
    Signature(PublicKey),
    /// It is not the proposer's turn.
    #[error("it is another witness's turn to propose at height {height}, round {round}")]
    Turn {
        /// Height of the proposal.
        height: u64,
        /// Round of the proposal.
        round: u32,
    },
    /// The seal is one of another community.
    #[error("this is about another community")]
    Community,
    /// The header has another height than the proposal.
    #[error("a proposal for height {said} holds a seal of height {header}")]
    Height {
        /// Height of the proposal.
        said: u64,
        /// Height in the header.
        header: u64,
    },
    /// The header's count is not the number of ids.
    #[error("the header counts {said} records, and {ids} ids are given")]
    Count {
        /// The header's count.
        said: u32,
        /// Ids given.
        ids: usize,
    },
    /// The Merkle root is not that of the ids.
    #[error("the Merkle root in the header is not that of the record ids")]
    Root,
    /// The round in which the value was agreeable to most is not before the proposal's own.
    #[error("a proposal refers to prevotes of its own or a later round")]
    PolRound,
    /// No height has so many rounds.
    #[error("there is no round {0}")]
    Round(u32),
    /// More of something than is allowed.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// One witness stands twice in a certificate.
    #[error("witness {0} stands twice in one certificate")]
    Twice(PublicKey),
    /// A certificate of precommits holds a prevote.
    #[error("a certificate of precommits holds a prevote of {0}")]
    Kind(PublicKey),
    /// The signers of a certificate have too little power.
    #[error("the signers have {have} of {total} of the voting power, which proves nothing")]
    Power {
        /// Power of those who signed.
        have: u64,
        /// Power of all.
        total: u64,
    },
}

impl Fault {
    /// Could it be no fault under a charter with other witnesses?
    #[must_use]
    pub fn is_about_the_set(&self) -> bool {
        matches!(self, Self::NotAWitness(_) | Self::Turn { .. } | Self::Power { .. })
    }
}

/// Is no witness there twice?
pub(super) fn check_distinct<'a>(
    mut witnesses: impl ExactSizeIterator<Item = &'a PublicKey>,
) -> Result<(), Fault> {
    if witnesses.len() > limits::WITNESSES {
        return Err(Fault::TooMany { what: "signatures", limit: limits::WITNESSES });
    }
    let mut seen = BTreeSet::new();
    match witnesses.find(|witness| !seen.insert(**witness)) {
        Some(twice) => Err(Fault::Twice(*twice)),
        None => Ok(()),
    }
}
