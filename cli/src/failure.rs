//! How a command fails: what is wrong, where, what to do, and the exit status.

use std::{fmt::Display, io::Write, path::Path, process::ExitCode};

use crate::page::plain;

/// What a command ends in.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Which exit status a failure has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Refused, or a check failed, or results differ.
    Refused = 1,
    /// Wrong usage, or input that cannot be read.
    Input = 2,
    /// No node is running, or it cannot be reached.
    Node = 3,
    /// Wrong passphrase, missing key, or a key file that others may read.
    Keys = 4,
}

/// A failure, told to the person who has to act.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    /// Empty when the command's own output has said it.
    message: String,
}

impl Failure {
    /// Refused, or a check failed.
    pub(crate) fn refused(message: impl Display) -> Self {
        Self { status: Status::Refused, message: message.to_string() }
    }

    /// Wrong usage or unreadable input.
    pub(crate) fn input(message: impl Display) -> Self {
        Self { status: Status::Input, message: message.to_string() }
    }

    /// Unreadable input in a file.
    pub(crate) fn file(path: &Path, message: impl Display) -> Self {
        Self::input(format!("{}: {message}", path.display()))
    }

    /// No node, or none that answers.
    pub(crate) fn node(message: impl Display) -> Self {
        Self { status: Status::Node, message: message.to_string() }
    }

    /// The same, with more to say.
    pub(crate) fn and(mut self, more: impl Display) -> Self {
        self.message = format!("{}. {more}", self.message.trim_end_matches('.'));
        self
    }

    /// Is it for want of a node?
    pub(crate) fn is_of_node(&self) -> bool {
        self.status == Status::Node
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Something about keys.
    pub(crate) fn keys(message: impl Display) -> Self {
        Self { status: Status::Keys, message: message.to_string() }
    }

    /// The output has said already what is wrong.
    pub(crate) fn said(status: Status) -> Self {
        Self { status, message: String::new() }
    }

    /// Tells the person at the terminal, and the calling program by the exit status.
    pub(crate) fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            // With nobody listening there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {}", plain(&self.message, true));
        }
        ExitCode::from(self.status as u8)
    }
}
