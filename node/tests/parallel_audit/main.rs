//! The audit on all cores finds what the audit on one finds, in bounded memory.

#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../../../protocol/tests/support/mod.rs"]
mod support;

mod memory;
mod survey;
mod verdicts;

use std::num::NonZeroUsize;

use mutua_node::audit::{Depth, Findings, Pipeline, Unreadable};

/// A pipeline with this many threads and chunks of at least this many bytes.
fn pipeline(threads: usize, chunk: usize) -> Pipeline {
    Pipeline::new(NonZeroUsize::new(threads)).unwrap().with_chunks(chunk, 2 * threads + 2)
}

/// Audits to the first fault.
fn first(pipeline: &Pipeline, bytes: &[u8]) -> Result<Findings, Unreadable> {
    pipeline.audit(bytes, Depth::First, &mut |_| {})
}

/// Audits to the end.
fn all(pipeline: &Pipeline, bytes: &[u8], keep: usize) -> Findings {
    pipeline.audit(bytes, Depth::All { keep }, &mut |_| {}).unwrap()
}
