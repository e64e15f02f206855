//! The allocation engine from outside: real elections, a plain second implementation, and laws.

// The conformance test finds its files through the environment; no result depends on it.
#![allow(clippy::disallowed_methods)]

mod conformance;
mod exactness;
mod explanations;
mod forecasts;
mod laws;
mod leftovers;
mod pabulib;
mod plain;
mod samples;
