//! Waiting for what must come, and watching that something does not.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a test waits for what should take a second or two: long enough for a machine that is busy
/// with six other builds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often it looks.
const BEAT: Duration = Duration::from_millis(50);

/// Waits until `probe` gives a value, at most [`PATIENCE`].
///
/// # Panics
/// When the time is up; the message holds what was waited for and what `probe` said last.
#[track_caller]
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Result<T, String>) -> T {
    until(what, PATIENCE, probe)
}

/// Waits until `probe` gives a value, for so long.
///
/// # Panics
/// When the time is up; the message holds what was waited for and what `probe` said last.
#[track_caller]
pub fn until<T>(what: &str, patience: Duration, mut probe: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match probe() {
            Ok(value) => return value,
            Err(state) if began.elapsed() > patience => {
                panic!("waited {} s for: {what}; at last: {state}", patience.as_secs())
            }
            Err(_) => sleep(BEAT),
        }
    }
}

/// Watches for a while that something stays as it is. This is the one place where time passes for its own
/// sake: that nothing happens cannot be waited for.
///
/// # Panics
/// As soon as `probe` says that it is otherwise.
#[track_caller]
pub fn hold_for(what: &str, length: Duration, mut probe: impl FnMut() -> Result<(), String>) {
    let began = Instant::now();
    while began.elapsed() < length {
        if let Err(state) = probe() {
            panic!("this should stay so: {what}; after {} ms: {state}", began.elapsed().as_millis());
        }
        sleep(BEAT);
    }
}
