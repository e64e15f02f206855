//! What the witnesses promise, tried with many seeds: `MUTUA_SEEDS=1000 cargo test --test witness` tries
//! more, `MUTUA_SEED=7` only that one. A failure prints its seed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod liar;
mod sim;

use liar::Lie;
use sim::{Sim, Weather};

/// The seeds to try: so many, unless the environment says otherwise.
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("MUTUA_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MUTUA_SEEDS").unwrap_or(count),
    }
}

const MINUTE: u64 = 60_000;

#[test]
fn one_witness_decides_alone() {
    for seed in seeds(20) {
        let mut sim = Sim::new(seed, 1, 50, Weather::FAIR);
        sim.run_to_the_end(10 * MINUTE);
    }
}

#[test]
fn four_and_seven_witnesses_hold_the_same_seals() {
    for seed in seeds(20) {
        for witnesses in [2, 3, 4, 7] {
            let mut sim = Sim::new(seed, witnesses, 10, Weather::FAIR);
            sim.run_to_the_end(10 * MINUTE);
        }
    }
}

#[test]
fn loss_duplication_and_delay_change_nothing() {
    for seed in seeds(60) {
        for weather in [Weather::ROUGH, Weather::FOUL] {
            let mut sim = Sim::new(seed, 4, 5, weather);
            sim.run_to_the_end(60 * MINUTE);
        }
    }
}

#[test]
fn a_silent_witness_stops_nothing() {
    for seed in seeds(40) {
        let mut sim = Sim::new(seed, 4, 6, Weather::ROUGH);
        let silent = usize::try_from(sim.rng.below(4)).unwrap();
        sim.nodes[silent].silent = true;
        sim.run_to_the_end(60 * MINUTE);
    }
}

#[test]
fn a_liar_stops_and_changes_nothing() {
    for seed in seeds(20) {
        for lie in Lie::ALL {
            let mut sim = Sim::new(seed, 4, 5, Weather::ROUGH);
            let at = usize::try_from(sim.rng.below(4)).unwrap();
            sim.nodes[at].lie = Some(lie);
            sim.run_to_the_end(60 * MINUTE);
        }
    }
}
