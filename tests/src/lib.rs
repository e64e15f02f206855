//! Whole-system tests of mutua: real processes on loopback, crashes, partitions, liars.
//!
//! A test makes a [`Community`], starts some of its [`NodeProcess`]es, lets [`Author`]s speak through their local
//! APIs, and waits for what must hold. Nothing here looks inside a node: what a test knows, it knows from
//! the files in a home, the HTTP API, the network and the archive.
//!
//! * No fixed sleeps: [`eventually`] asks again and again until a generous deadline.
//! * One system test at a time ([`Turn`]): seven nodes beside another seven measure the machine.
//! * Children never outlive their test, however it ends: a guard stands beside each.
//! * The folder of a test that fails is kept, and its path printed.

mod agreement;
mod api;
mod author;
mod binary;
mod community;
mod dice;
mod folder;
mod guard;
mod homes;
mod hostile;
mod isolated;
mod liar;
mod log;
mod node;
mod ports;
mod statements;
mod turn;
mod waiting;

pub use agreement::{digests, wait_sealed};
pub use api::{Api, ApiError, Reception, Status};
pub use author::Author;
pub use binary::{Mutua, PASSPHRASE, Printed};
pub use community::{Community, Founding, OPERATOR_SEED, member};
pub use dice::Dice;
pub use folder::Folder;
pub use homes::write_node_toml;
pub use hostile::HostilePeer;
pub use isolated::Isolated;
pub use liar::{Lie, LyingWitness};
pub use log::{AuditedLog, audited};
pub use node::NodeProcess;
pub use ports::free as free_port;
pub use statements::{approval, ballot, loan, motion, now, yes};
pub use turn::Turn;
pub use waiting::{PATIENCE, eventually, hold_for, until};
