//! node

pub mod keystore;
pub mod network;
pub mod store;
pub mod witness;
