//! The witness engine: how the witnesses come to agree on the next seal.
//!
//! It embeds the core of Malachite (Tendermint: Buchman, Kwon, Milosevic 2018) without network,
//! clock or disk: [`Input`]s go in, [`Output`]s come out, and the node carries them out.
//!
//! # The protocol in prose
//!
//! The number of the seal is the height. A height has rounds; in each, one witness in turn
//! ([`proposer`]) proposes a seal. Who finds it acceptable prevotes for it, otherwise for none. Who has
//! seen more than two thirds (by power) prevote for it precommits, and from then on votes for nothing
//! else at this height unless two thirds have moved on. More than two thirds of precommits in one round
//! decide; these signatures are the seal's [`Certificate`]. What is missing when a [`Timing`] runs out
//! is taken for absent, and the next round comes with longer timeouts.
//!
//! # What the node owes the engine
//!
//! * **Order.** Outputs are carried out in the order given. All [`Output::Log`] entries of a batch are
//!   on disk, synced, before any [`Output::Publish`] of that batch leaves. If the log cannot be
//!   written, nothing more is published and no input given.
//! * **After a restart**, [`Engine::start_height`] gets the log of that height, all of it and in order. The
//!   log of a height can go once its seal is stored.
//! * **Judgement.** [`Output::Judge`] is answered with what this node itself finds. Rules that depend on
//!   its own clock and on what it has held for how long are for fresh proposals: when
//!   `quorum` is `Some`, more than two thirds have already prevoted for the seal, at least one honest
//!   witness among every third, and only rules on which all nodes must agree may refuse it. Otherwise
//!   witnesses that are locked on it and those that dislike it could wait for each other for ever.
//! * **Catch-up.** A height that others have finished is not repeated here: the node fetches the seal
//!   ([`Output::Ahead`] says when) and calls [`Engine::start_height`] for the next one or [`Engine::sealed`].

mod context;
mod convert;
mod desk;
mod engine;
mod equivocation;
mod log;
mod message;
mod signing;
mod timing;
mod waiting;

use mutua_protocol::{
    hash::{RecordId, SealId},
    keys::PublicKey,
    seals::{Certificate, SealHeader},
};

pub use mutua_protocol::seals::ProposalStatement;

pub use engine::{Engine, NotAWitness, Status};
pub use equivocation::Equivocation;
pub use log::LogError;
pub use message::{
    Body, Fault, MESSAGE_BYTES, Passage, PolkaCertificate, ProposedSeal, ROUNDS, RoundCertificate, RoundVote,
    SignedProposal, SignedVote, WitnessMessage, proposer,
};
pub use timing::{Step, TimeoutId, Timing};

/// Something that happened, to be handed to [`Engine::handle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A message came from the network, decoded and unchecked.
    Message(WitnessMessage),
    /// A scheduled timeout has run out. One that was cancelled or replaced meanwhile is ignored at
    /// worst one round too late, so a race does no harm.
    Timeout(TimeoutId),
    /// The answer to [`Output::NeedValue`].
    Propose {
        /// Height asked for.
        height: u64,
        /// Round asked for.
        round: u32,
        /// The seal that this node proposes.
        seal: ProposedSeal,
    },
    /// The answer to [`Output::Judge`].
    Judged {
        /// Height asked for.
        height: u64,
        /// The seal asked about.
        value: SealId,
        /// Is it acceptable?
        valid: bool,
    },
}

/// Something to be done, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Append to the log of the running height; synced before any later `Publish` of this batch leaves.
    Log(Vec<u8>),
    /// Tell the other witnesses. The engine has already heard it itself.
    Publish(WitnessMessage),
    /// Give [`Input::Timeout`] with this id after so many milliseconds. Replaces a timeout with
    /// the same id.
    Schedule {
        /// Which.
        id: TimeoutId,
        /// When, from now.
        after_ms: u64,
    },
    /// That timeout is no longer wanted.
    Cancel(TimeoutId),
    /// No timeout is wanted any more.
    CancelAll,
    /// It is this witness's turn: build a seal and answer with [`Input::Propose`]. Without an answer
    /// the round passes when its timeout runs out.
    NeedValue {
        /// For this height.
        height: u64,
        /// In this round.
        round: u32,
    },
    /// Is this seal acceptable? Answer with [`Input::Judged`], now or later, at most once for each
    /// question. Its header, count and root already fit its ids.
    Judge {
        /// The running height.
        height: u64,
        /// Round it was first proposed in.
        round: u32,
        /// If more than two thirds have voted for it already: the round. Then only rules
        /// that do not depend on this node's clock and arrival times may refuse it. A seal that was
        /// refused is asked about again when this becomes known.
        quorum: Option<u32>,
        /// Who proposed it.
        proposer: PublicKey,
        /// The seal's name.
        value: SealId,
        /// The seal.
        seal: ProposedSeal,
    },
    /// The witnesses have agreed. Comes once a height, last in its batch but for `CancelAll`; the
    /// certificate has been checked.
    Decided {
        /// The height that is finished.
        height: u64,
        /// The round in which the precommits were cast.
        round: u32,
        /// The seal.
        header: SealHeader,
        /// Its records.
        ids: Vec<RecordId>,
        /// The precommits that decided it.
        certificate: Certificate,
    },
    /// A witness has contradicted itself: a proof, once a round and step.
    Equivocation(Box<Equivocation>),
    /// A witness speaks of a height after the running or last sealed one. If that is the next one and
    /// none is running, start it; otherwise fetch the seals before it. Comes with every such message.
    Ahead {
        /// The height it speaks of.
        height: u64,
        /// Which witness.
        witness: PublicKey,
        /// Have witnesses with more than a third of the power spoken of it, so at least an honest one?
        backed: bool,
    },
    /// The message just given is at fault by itself: reject it, and count it against its sender.
    Misbehaved(Fault),
    /// The input just given changed nothing, by nobody's fault: do not pass a message on.
    Ignored(Ignored),
    /// This height is given up, for the safety of all: nothing is signed for it any more. The node
    /// goes on when it learns the seal from others.
    Halted {
        /// Which height.
        height: u64,
        /// For the operator of this node.
        reason: String,
    },
}

/// Why an input changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// It is about a height that is finished, or given up.
    Past,
    /// It is about a height that is too far ahead to be kept, or the place for its sender is full.
    Early,
    /// Nothing of the kind is wanted at this point.
    Unwanted,
    /// The seal that this node proposed itself does not fit together.
    Unfit,
}
