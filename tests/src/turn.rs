//! One system test at a time.

use std::fs::File;

/// Held while a test runs its nodes. Works between the threads of one test binary and between binaries:
/// each takes a lock of its own on one file in the target folder.
#[derive(Debug)]
pub struct Turn(#[allow(dead_code, reason = "held for its lock")] File);

impl Turn {
    /// Waits for the turn of the caller.
    ///
    /// # Panics
    /// When the lock file beside the test binaries cannot be opened.
    #[must_use]
    pub fn take() -> Self {
        let path = crate::binary::target_folder().join("mutua-system-test.lock");
        let file = File::create(&path).expect("the target folder can be written");
        file.lock().expect("a file can be locked");
        Self(file)
    }
}
