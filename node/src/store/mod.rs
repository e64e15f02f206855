//! The store: what a node must not lose (DESIGN section 8), in sled 0.34.7.
//!
//! One [`Store`] writes, and any number of [`Reader`]s read. A [`Batch`] is gathered, then committed: all of
//! it or, after a crash, nothing of it. [`Store::commit`] returns when the batch is on the disk; until
//! then no reader sees any of it, so that whatever can be read can be told to others.
//!
//! # Why a commit is atomic
//! All tables lie in **one** sled tree, told apart by the first byte of the key, and a commit is one
//! `apply_batch`. sled reserves a manifest in its log before the batch's first write, and fills in
//! the log position of the last one when the batch ends; recovery stops at a manifest whose end it
//! cannot reach (`pin_log` and `LogIter` in its source).
//!
//! # Why a commit is durable
//! sled's `flush` writes its buffers and calls `sync_file_range`, which says nothing to the disk's own
//! cache. So the commit then calls `fdatasync` on the file named `db`, through a handle of its own that has been open since
//! before the first write, so that an error of the kernel's write-back is reported to it. After
//! an error nothing more is written or read: a second `fdatasync` may report success for pages that
//! the kernel has given up.
//!
//! # Why nothing lies outside that file
//! What does not fit a quarter of a segment, sled puts into files of their own, which it never syncs. What is
//! measured is the tree's *node*, up to 17 values and more after a merge, and not one value. With
//! values of at most [`VALUE_BYTES`] and segments of [`SEGMENT_BYTES`] no node can be as large.
//!
//! # How silent loss is found
//! When part of sled's log is damaged, recovery may leave it out and say nothing. Against that each
//! commit has a number: the number of the last acknowledged one is also written to the file
//! `acknowledged`, and a database that has fewer commits is refused. And each commit keeps a
//! fingerprint of everything that no seal vouches for, which [`Store::check`] compares.

mod batch;
mod check;
mod error;
mod fingerprint;
mod folder;
mod open;
mod read;
mod tables;
#[cfg(test)]
mod tests;

pub use batch::Batch;
pub use check::{Checked, Progress};
pub use error::StoreError;
pub use open::{CACHE_BYTES, SEGMENT_BYTES, Store};
pub use read::{Reader, StoredSeal, TailEntry};
pub use tables::VALUE_BYTES;
