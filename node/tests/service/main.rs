//! The service in a simulation: real cores and real stores, with a clock and a network that are values.
//! What happens follows from a seed, which a failing test prints.

#![allow(unreachable_pub, dead_code, reason = "each test uses another part of the tools")]
#![allow(clippy::unwrap_used, reason = "tools of tests")]

mod agreement;
mod amended;
mod apart;
mod closing;
mod evidence;
mod forks;
mod garbage;
mod history;
mod liars;
mod load;
mod membership;
mod notices;
mod parking;
mod queue;
mod sim;
mod story;
mod witnesses;
mod world;
