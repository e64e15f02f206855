//! The node's service: everything it knows and decides, apart from the tasks that carry it out.
//!
//! [`Core`] takes [`Input`]s and the time as a value, and gathers [`Output`]s and a batch for the store.
//! [`Core::commit`] makes the batch durable and only then hands the outputs out: nothing is
//! acknowledged, voted or told to others before it is on the disk. The driver runs it on one
//! blocking thread, takes many inputs at a time, and so many records share one sync.

mod answers;
mod catchup;
mod core;
mod driver;
mod evidence;
mod feed;
mod intake;
mod limits;
mod parked;
mod reasons;
mod sealing;
mod status;
mod tail;
mod witnessing;

use libp2p::PeerId;
use mutua_protocol::hash::RecordId;
use serde::{Deserialize, Serialize};

pub use self::core::{Core, CoreError};
pub use driver::{Clock, ServiceHandle, Stopped, start};
pub use evidence::{EvidenceFile, Matter, MatterKind, Sighting, Sightings};
pub use feed::{Event, Feed, Health, Mark, TakenRecord};
pub use reasons::meaning;
pub use status::{NodeStatus, PeerStatus, WaitingAnswer, WaitingQuestion, WitnessStatus};

use crate::network::{Topic, Verdict};

/// The time, as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The clock on the wall: milliseconds since 1970. Seals and closes go by it.
    pub wall: u64,
    /// Milliseconds since the node started, never going back. Waiting goes by it.
    pub elapsed: u64,
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// A peer is connected.
    Connected(PeerId, String),
    /// A peer is gone.
    Disconnected(PeerId),
    /// A gossip message; the token stands for the verdict it waits for.
    Gossip {
        /// What about.
        topic: Topic,
        /// Who brought it.
        source: PeerId,
        /// The message.
        data: Vec<u8>,
        /// For the verdict.
        token: u64,
    },
    /// A peer asks; the token stands for the answer it waits for.
    Request {
        /// Who.
        peer: PeerId,
        /// The request.
        data: Vec<u8>,
        /// For the answer.
        token: u64,
    },
    /// The end of a request of this node.
    Response {
        /// Which ([`Output::Request`]).
        request: u64,
        /// The answer, or nothing.
        data: Option<Vec<u8>>,
    },
}

/// Something to be done.
#[derive(Debug)]
pub enum Output {
    /// Tell everybody.
    Publish(Topic, Vec<u8>),
    /// The verdict on a gossip message.
    Verdict(u64, Verdict),
    /// Ask a peer; the number comes back with [`Input::Response`].
    Request {
        /// Names the request.
        request: u64,
        /// Whom.
        peer: PeerId,
        /// What.
        data: Vec<u8>,
    },
    /// Answer a peer.
    Respond(u64, Vec<u8>),
    /// Do not answer a peer.
    Decline(u64),
    /// Have nothing to do with a peer for a while.
    Ban(PeerId),
    /// Tell those who watch this node.
    Tell(Event),
}

/// What became of a record that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reception {
    /// Its id, where the bytes have one.
    pub id: Option<RecordId>,
    /// What became of it.
    #[serde(flatten)]
    pub status: ReceptionStatus,
    /// It is taken, and would have no effect if it were sealed now: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_effect: Option<String>,
}

/// Where records that are handed in were signed, and so whether their author can still take them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// By the command that hands them in: what would have no effect is refused, and its number is free again.
    Here,
    /// On another machine, which has given the number away for good: what would have no effect is taken, and sealed as void.
    Apart,
}

/// What became of a record that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum ReceptionStatus {
    /// It is on the disk and will be sealed.
    Accepted,
    /// It was held already.
    Held,
    /// It cannot be sealed yet. It is kept in memory, not on the disk: hand it in again later.
    Parked {
        /// What it waits for.
        reason: String,
    },
    /// It is refused.
    Refused {
        /// The rule, as a short name.
        rule: String,
        /// What is wrong, and where.
        reason: String,
    },
}

/// The height after an import, or what is wrong with the seal.
pub type Imported = Result<u64, String>;
