//! node

pub mod keystore;
pub mod store;
pub mod witness;
