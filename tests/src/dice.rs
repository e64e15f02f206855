//! Chance that can be repeated.

use std::time::Duration;

/// A small generator (SplitMix64) whose seed is printed, so that a run that failed can be tried again with
/// `MUTUA_SEED`.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// With the seed in `MUTUA_SEED`, or one taken from the clock; prints it.
    #[must_use]
    pub fn from_environment() -> Self {
        let given = std::env::var("MUTUA_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(crate::now);
        println!("seed {seed} (repeat with MUTUA_SEED={seed})");
        Self(seed)
    }

    /// With this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound.max(1) as u64).unwrap_or(0)
    }

    /// A time of at most so many milliseconds.
    pub fn pause(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.roll() % most.max(1))
    }
}
