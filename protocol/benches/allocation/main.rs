//! How long allocations take and how much memory: on real elections, on a generated one with a million
//! voters, and as elections grow; beside other implementations where they are at hand.
//!
//! Times are processor time of this process, so that what else the machine does is (nearly) no part of
//! them; each is the median of runs in several rounds, with the least and the greatest round. Peers run
//! between the rounds. Environment:
//!
//! * `MUTUA_PABULIB`: a folder of `.pb` files from <https://pabulib.org>; the largest are measured;
//! * `MUTUA_PEER_PABUMEASURES`: the program that `scripts/bench` builds from `pabumeasures`;
//! * `MUTUA_PEER_PABUTOOLS`: a Python with `pabutools` and `gmpy2`;
//! * `MUTUA_PEER_SECONDS`: pabutools is given up after so many seconds of wall time a rule (600).

// Benchmarks find their files and peers through the environment; no result depends on it.
#![allow(clippy::disallowed_methods)]

mod elections;
mod measure;
mod peers;
mod tables;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, election, rule] = arguments.as_slice()
        && flag == "--peak"
    {
        return tables::peak(election, rule);
    }
    // Cargo passes `--bench`, and a word to look for.
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    tables::all(wanted);
    ExitCode::SUCCESS
}
