//! The mutua node: store, network, witnessing, catch-up and the local API around `mutua-protocol`.

pub mod api;
pub mod audit;
pub mod keystore;
pub mod network;
pub mod notices;
pub mod run;
pub mod service;
pub mod store;
pub mod wire;
pub mod witness;
