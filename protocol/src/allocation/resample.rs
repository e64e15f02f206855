//! How an election may still go: the rule on ballots that have come and ballots that may come.
//!
//! The ballots so far are kept. Those still to come are drawn from them, and two things that nobody knows are counted in.
//! Those who have voted are only some of all: so what share of those to come will vote like whom is drawn as
//! well (the Bayesian bootstrap: D. Rubin, 1981). And people who vote at about the same time are alike (one branch on one
//! day, one call by one group): so these shares are drawn for [`BLOCKS`] blocks of the ballots in the order in which they came,
//! and not for every ballot by itself (blocks as in H. Künsch: *The Jackknife and the Bootstrap for General
//! Stationary Observations*, 1989). Where the order means nothing, the spread of the forecasts is the same with and without blocks;
//! where it means something, it is wider. What no earlier ballot shows, no forecast can know.
//!
//! All of it is whole numbers out of BLAKE3: whoever has the ballots and the seed draws the same.

use std::ops::Range;

use super::instance::Instance;
use super::{Rule, allocate};
use crate::hash::{Draws, context};

/// Blocks of ballots that come one after the other. Held against real elections (`examples/calibration.rs`).
const BLOCKS: usize = 8;

/// Draws the ballots still to come and applies the rule, once for each number in `draws`; counts for each
/// project how often it is funded.
///
/// `arrival` has the positions of the voters in the order in which their ballots came; `expected` voters are there at
/// the end, at least those. Each draw depends on the seed and its own number alone: the sum over several ranges is
/// that over all of them.
#[must_use]
pub fn resample(
    instance: &Instance,
    rule: Rule,
    arrival: &[usize],
    expected: usize,
    seed: &[u8; 32],
    draws: Range<u32>,
) -> Vec<u32> {
    let mut funded = vec![0u32; instance.projects().len()];
    let voters: Vec<(u32, u64)> = arrival
        .iter()
        .filter_map(|voter| Some((*instance.class_of().get(*voter)?, *instance.weights().get(*voter)?)))
        .filter(|(_, weight)| *weight > 0)
        .collect();
    let blocks = BLOCKS.min(voters.len());
    let size = |block: usize| voters.len() * (block + 1) / blocks - voters.len() * block / blocks;
    let mut changed = instance.clone();
    for number in draws {
        if blocks > 0 {
            let mut random = Draws::new(context::FORECAST, seed, number);
            // The gaps between points that are drawn evenly are shares of which every combination is equally likely.
            let mut ends: Vec<u32> = (1..blocks).map(|_| random.next()).collect();
            ends.sort_unstable();
            let mut weights = instance.classes().weights().to_vec();
            for _ in voters.len()..expected {
                let point = random.next();
                let block = ends.partition_point(|end| *end <= point);
                let within = random.below(u32::try_from(size(block)).unwrap_or(u32::MAX)) as usize;
                let (class, weight) = voters[voters.len() * block / blocks + within];
                weights[class as usize] = weights[class as usize].saturating_add(weight);
            }
            if changed.set_class_weights(weights).is_err() {
                continue;
            }
        }
        for project in allocate(&changed, rule).funded {
            funded[project.project] += 1;
        }
    }
    funded
}
