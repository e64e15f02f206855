//! Elections in Pabulib's format.

pub(crate) mod allocate;
pub(crate) mod import_election;
