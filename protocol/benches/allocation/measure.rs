//! Processor time and memory of this process.

use std::hint::black_box;

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of processor time so far.
fn now() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// A round of runs lasts about so long, and has at most so many.
const ROUND: u64 = 300_000_000;
const MOST: usize = 100;

/// Runs that take less are timed together: asking the system for the time takes a good part of a microsecond.
const SHORT: u64 = 100_000;

/// The median time of a round of runs, in nanoseconds.
pub(crate) fn round<T>(mut run: impl FnMut() -> T) -> u64 {
    let start = now();
    black_box(run());
    let first = now() - start;
    let together = (SHORT / first.max(1)).max(1);
    let mut times = Vec::new();
    while now() - start < ROUND && times.len() < MOST {
        let before = now();
        for _ in 0..together {
            black_box(run());
        }
        times.push((now() - before) / together);
    }
    if times.is_empty() {
        times.push(first);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// The times of several rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds(Vec<u64>);

impl Rounds {
    pub(crate) fn push(&mut self, time: u64) {
        self.0.push(time);
        self.0.sort_unstable();
    }

    pub(crate) fn median(&self) -> Option<u64> {
        self.0.get(self.0.len() / 2).copied()
    }

    /// The median, with the least and the greatest.
    pub(crate) fn show(&self) -> String {
        match (self.median(), self.0.first(), self.0.last()) {
            (Some(median), Some(least), Some(most)) if self.0.len() > 1 => {
                format!("{} ({}-{})", duration(median), duration(*least), duration(*most))
            }
            (Some(median), ..) => duration(median),
            _ => "-".to_owned(),
        }
    }
}

/// Nanoseconds in a unit that suits them, with three digits or so.
pub(crate) fn duration(nanoseconds: u64) -> String {
    match nanoseconds {
        0..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{}.{:03} ms", nanoseconds / 1_000_000, nanoseconds / 1_000 % 1_000),
        10_000_000..10_000_000_000 => {
            format!("{}.{} ms", nanoseconds / 1_000_000, nanoseconds / 100_000 % 10)
        }
        _ => format!("{}.{} s", nanoseconds / 1_000_000_000, nanoseconds / 100_000_000 % 10),
    }
}

/// How many times as long one time is as another.
pub(crate) fn ratio(long: Option<u64>, short: Option<u64>) -> String {
    match (long, short) {
        (Some(long), Some(short)) if short > 0 => {
            let tenths = u128::from(long) * 10 / u128::from(short);
            if tenths >= 1_000 {
                format!("{}x", tenths / 10)
            } else {
                format!("{}.{}x", tenths / 10, tenths % 10)
            }
        }
        _ => "-".to_owned(),
    }
}

/// The most memory that this process has held so far, in KiB; nothing where the system does not say.
pub(crate) fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
