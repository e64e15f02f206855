//! node

pub mod store;
pub mod witness;
