//! Children that do not outlive their parent.
//!
//! A test that is killed, by hand or by a test runner's time limit, runs no destructor. So beside each child
//! stands a shell that reads from a pipe of this process: when the pipe ends, for whatever reason, it
//! kills the child. It needs no privilege, no unsafe code, and no help from the child.

use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

/// Kills a process when this one ends or drops the guard.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// Guards the process with this id.
    ///
    /// # Panics
    /// When no shell can be started.
    #[must_use]
    pub(crate) fn over(pid: u32) -> Self {
        let guard = Command::new("sh")
            .args(["-c", "read -r _; kill -KILL \"$0\"", &pid.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Not in the terminal's group: Ctrl-C must reach the one who decides, and not the guard.
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        Self(guard)
    }

    /// Ends the watch before the process id can belong to somebody else.
    pub(crate) fn dismiss(mut self) {
        // It may have ended by itself; either way it is gone after this.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
