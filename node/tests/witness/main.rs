//! What the witnesses promise, tried with many seeds: `MUTUA_SEEDS=1000 cargo test --test witness` tries
//! more, `MUTUA_SEED=7` only that one. A failure prints its seed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod direct;
mod liar;
mod sim;

use liar::Lie;
use mutua_protocol::seals::VoteKind;
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
            assert!(sim.nodes.iter().all(|node| node.decided + 2 >= 10), "seed {seed}: decided elsewhere");
            assert!(sim.nodes.iter().all(|node| node.greatest_round <= 1), "seed {seed}: too many rounds");
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

/// So many that locks are told to everybody again (from round 10 on).
#[test]
fn after_many_rounds_in_vain_there_is_agreement() {
    for seed in seeds(40) {
        let mut sim = Sim::new(seed, 4, 2, Weather::FAIR);
        sim.no_proposals = true;
        sim.run(60 * MINUTE, |sim| sim.nodes.iter().all(|node| node.round() >= 11));
        sim.no_proposals = false;
        sim.weather = if seed % 2 == 0 { Weather::FOUL } else { Weather::AWFUL };
        sim.run_to_the_end(600 * MINUTE);
        assert!(sim.nodes.iter().any(|node| node.greatest_round >= 11), "seed {seed}");
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

#[test]
fn two_silent_of_four_stop_the_seals_and_lose_nothing() {
    for seed in seeds(40) {
        let mut sim = Sim::new(seed, 4, 6, Weather::ROUGH);
        let silent = [sim.rng.below(4), sim.rng.below(3)].map(|n| usize::try_from(n).unwrap());
        let silent = [silent[0], (silent[0] + 1 + silent[1]) % 4];
        let before = sim.rng.below(4_000);
        sim.run(before, |_| false);
        for at in silent {
            sim.nodes[at].silent = true;
        }
        // What is under way may still end.
        sim.run(MINUTE, |_| false);
        let sealed = sim.nodes.iter().map(|node| node.height()).max().unwrap();
        sim.run(10 * MINUTE, |_| false);
        assert_eq!(sim.nodes.iter().map(|node| node.height()).max().unwrap(), sealed, "seed {seed}");
        sim.check();
        for at in silent {
            sim.nodes[at].silent = false;
        }
        let back = sim.now;
        sim.run_to_the_end(60 * MINUTE);
        assert!(sealed >= 6 || sim.now > back, "seed {seed}");
    }
}

#[test]
fn a_partition_stops_the_seals_and_heals() {
    for seed in seeds(40) {
        let mut sim = Sim::new(seed, 4, 8, Weather::ROUGH);
        for _ in 0..4 {
            let whole = sim.rng.below(6_000);
            sim.run(whole, |_| false);
            for node in &mut sim.nodes {
                node.side = 0;
            }
            let first = usize::try_from(sim.rng.below(4)).unwrap();
            let second = (first + 1 + usize::try_from(sim.rng.below(3)).unwrap()) % 4;
            sim.nodes[first].side = 1;
            sim.nodes[second].side = 1;
            let apart = sim.rng.below(2 * MINUTE);
            sim.run(apart, |_| false);
            for node in &mut sim.nodes {
                node.side = 0;
            }
        }
        sim.run_to_the_end(60 * MINUTE);
    }
}

#[test]
fn crashes_at_random_moments_make_nobody_contradict_itself() {
    for seed in seeds(150) {
        let weather = [Weather::FAIR, Weather::ROUGH, Weather::FOUL][usize::try_from(seed % 3).unwrap()];
        let witnesses = [1, 4, 4, 7][usize::try_from(seed % 4).unwrap()];
        let mut sim = Sim::new(seed, witnesses, 5, weather);
        for _ in 0..8 {
            let at = usize::try_from(sim.rng.below(witnesses as u64)).unwrap();
            sim.nodes[at].crash_in = Some(sim.rng.below(60));
            let pause = sim.rng.below(3_000);
            sim.run(pause, |_| false);
        }
        for node in &mut sim.nodes {
            node.crash_in = None;
        }
        sim.run_to_the_end(60 * MINUTE);
    }
}

/// After each single output that one witness carries out, it crashes, comes back with what its disk
/// then holds, and crashes once more a few outputs later.
#[test]
fn a_crash_after_any_output_is_survived() {
    for seed in seeds(3) {
        for witnesses in [1, 4] {
            for down in [1, 4_000] {
                let mut sim = Sim::new(seed, witnesses, 2, Weather::ROUGH);
                sim.run_to_the_end(60 * MINUTE);
                let outputs = sim.nodes[0].carried_out;
                for first in 0..outputs {
                    let mut sim = Sim::new(seed, witnesses, 2, Weather::ROUGH);
                    sim.down = down;
                    sim.nodes[0].crash_in = Some(first);
                    sim.run(MINUTE, |sim| sim.nodes[0].crash_in.is_none());
                    sim.nodes[0].crash_in = Some(first % 11);
                    sim.run_to_the_end(60 * MINUTE);
                }
            }
        }
    }
}

#[test]
fn crashes_liars_and_foul_weather_together() {
    for seed in seeds(20) {
        let mut sim = Sim::new(seed, 7, 3, Weather::FOUL);
        sim.nodes[usize::try_from(seed % 7).unwrap()].lie = Some(Lie::Everything);
        sim.nodes[usize::try_from((seed + 3) % 7).unwrap()].lie = Some(Lie::Equivocate);
        for _ in 0..6 {
            let at = usize::try_from(sim.rng.below(7)).unwrap();
            sim.nodes[at].crash_in = Some(sim.rng.below(100));
            let pause = sim.rng.below(3_000);
            sim.run(pause, |_| false);
        }
        for node in &mut sim.nodes {
            node.crash_in = None;
        }
        sim.run_to_the_end(120 * MINUTE);
    }
}

#[test]
fn witnesses_of_different_power_agree() {
    for seed in seeds(30) {
        let mut sim = Sim::with_powers(seed, &[1, 5, 2, 3, 2], 5, Weather::ROUGH);
        // 4 of 13: what is left has more than two thirds.
        sim.nodes[2].silent = true;
        sim.nodes[usize::try_from(seed % 2).unwrap() * 4].silent = seed % 3 == 0;
        sim.run_to_the_end(60 * MINUTE);
    }
}

/// One of four dislikes, for reasons of its own, what the others propose. They lock on it, and one of
/// them falls silent for good: without the one that dislikes it there is no quorum, and it is asked again.
#[test]
fn what_two_thirds_accept_is_judged_again() {
    for seed in seeds(40) {
        let weather = if seed % 2 == 0 { Weather::FAIR } else { Weather::ROUGH };
        let mut sim = Sim::new(seed, 4, 3, weather);
        let picky = usize::try_from(seed % 4).unwrap();
        for (at, node) in sim.nodes.iter_mut().enumerate() {
            node.picky = at == picky;
            node.unwelcome = at != picky;
        }
        // Everybody locks on something, and nobody learns that the others did.
        sim.no_votes = Some(VoteKind::Precommit);
        sim.run(20_000, |_| false);
        let silent = (picky + 1 + usize::try_from(sim.rng.below(3)).unwrap()) % 4;
        sim.nodes[silent].silent = true;
        sim.no_votes = None;
        sim.run_to_the_end(60 * MINUTE);
        let tried = seed % 2 == 1 || sim.nodes[picky].rejudged > 0;
        assert!(tried, "seed {seed}: the lock was never put to the test");
    }
}

/// Votes are repeated in bytes that gossip has not seen: a short partition is forgotten at once, not
/// when the duplicate caches are.
#[test]
fn a_short_partition_heals_as_soon_as_votes_are_repeated() {
    for seed in seeds(40) {
        let mut sim = Sim::new(seed, 4, 1, Weather::FAIR);
        sim.nodes[0].side = 1;
        sim.nodes[1].side = 1;
        sim.run(10_000, |_| false);
        sim.nodes[0].side = 0;
        sim.nodes[1].side = 0;
        sim.run_to_the_end(15_000);
    }
}

/// Nobody is left who could wake the others: what was running must be running again after a restart.
#[test]
fn all_witnesses_crash_at_once_and_go_on() {
    for seed in seeds(80) {
        let witnesses = [1, 4][usize::try_from(seed % 2).unwrap()];
        let mut sim = Sim::new(seed, witnesses, 3, Weather::ROUGH);
        for _ in 0..3 {
            let pause = sim.rng.below(1_500);
            sim.run(pause, |_| false);
            for at in 0..witnesses {
                sim.crash(at);
            }
            sim.run(2_000, |_| false);
        }
        sim.run_to_the_end(60 * MINUTE);
    }
}

#[test]
fn equivocation_is_found_and_proven() {
    let mut proofs = 0;
    for seed in seeds(20) {
        let mut sim = Sim::new(seed, 4, 4, Weather::FAIR);
        let liar = usize::try_from(seed % 4).unwrap();
        sim.nodes[liar].lie = Some(Lie::Equivocate);
        sim.run_to_the_end(60 * MINUTE);
        let key = sim.nodes[liar].key.public();
        for node in sim.honest() {
            assert!(node.equivocations.iter().all(|proof| proof.witness() == key), "seed {seed}");
            proofs += node.equivocations.len();
        }
    }
    assert!(proofs > 0);
}

/// A witness whose log is damaged does not vote at that height, and is back at the next one.
#[test]
fn a_damaged_log_is_not_voted_on() {
    for seed in seeds(20) {
        let mut sim = Sim::new(seed, 4, 4, Weather::FAIR);
        sim.run(2_000, |sim| sim.nodes[0].logged() > 3);
        sim.crash(0);
        sim.nodes[0].may_halt = true;
        for entry in sim.nodes[0].log_mut() {
            entry.pop();
        }
        sim.run_to_the_end(10 * MINUTE);
    }
}

/// The same seed gives the same history, to the last message.
#[test]
fn a_simulation_can_be_repeated() {
    let run = |seed| {
        let mut sim = Sim::new(seed, 4, 5, Weather::FOUL);
        sim.nodes[1].lie = Some(Lie::Everything);
        sim.run_to_the_end(60 * MINUTE);
        (sim.now, sim.published, sim.nodes[0].seals().last().map(|sealed| sealed.header.id()))
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
