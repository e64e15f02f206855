//! The mutua node: store, network, witnessing, catch-up and the local API around `mutua-protocol`.

pub mod keystore;
pub mod network;
pub mod service;
pub mod store;
pub mod wire;
pub mod witness;
