//! Locks, so that two processes do not sign with one key at once.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::KeystoreError;

/// The right to sign with a key, or to change the folder; given back when dropped, and when the process ends.
///
/// Whoever signs takes it before asking for the sequence number and keeps it until the record is on the
/// disk; so no number is used twice.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as this is dropped"]
pub struct KeyLock {
    _file: File,
}

impl KeyLock {
    /// Takes the lock with this file, which is never renamed or removed, waiting for it as long as this.
    pub(super) fn take(path: &Path, label: &str, wait: Duration) -> Result<Self, KeystoreError> {
        let failed = |error| KeystoreError::io(path, "locked", error);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(path).map_err(failed)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if start.elapsed() < wait => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => return Err(KeystoreError::Busy(label.to_owned())),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}
