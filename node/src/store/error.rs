//! What can go wrong with the store, told to the person who has to act.

use std::{io, path::PathBuf};

/// Why the store cannot be opened, read or written. Every one of them but [`StoreError::Refused`] ends the
/// node: what was acknowledged before is safe, and nothing can be acknowledged any more.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder open.
    #[error(
        "another mutua node ({}) is using the folder {}; stop it first, or give this node a folder of its own",
        pid.map_or("process unknown".to_owned(), |pid| format!("process {pid}")), path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, where its number could be read.
        pid: Option<u32>,
    },
    /// The folder was written by another version.
    #[error("the store in {} cannot be read by this version of mutua: {found}; use the version that wrote it, or set the folder aside and rebuild it: from an archive with 'mutua log import', or from peers by starting the node again", path.display())]
    Format {
        /// The folder.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// No space is left.
    #[error("no space is left for the store in {} (while {doing}: {source}); free some space and start the node again: nothing that was acknowledged is lost", path.display())]
    Full {
        /// The folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The folder may not be written.
    #[error("the store in {} cannot be written (while {doing}: {source}); check the owner and the permissions of the folder, and that its disk is not mounted read-only", path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Any other failure of the disk or the system.
    #[error("the store in {} failed (while {doing}: {source}); look at the system's log for a failing disk, then start the node again", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Something is missing or wrong in the store.
    #[error(
        "the store in {0} is damaged: {what}. Set it aside as {0}.damaged-<n>, then rebuild it: from an archive with 'mutua log import', or from peers by starting the node again",
        path.display()
    )]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// The first damage found.
        what: String,
    },
    /// An earlier error stopped the store.
    #[error("the store in {} has stopped after an error, and the node must be started again; the error was: {first}", path.display())]
    Stopped {
        /// The folder.
        path: PathBuf,
        /// The error that stopped it.
        first: String,
    },
    /// The batch asks for what may not be. Nothing was written, and the store goes on.
    #[error("the store refuses this batch, and has written nothing of it: {0}")]
    Refused(String),
}

impl StoreError {
    pub(super) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }

    pub(super) fn io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        use io::ErrorKind as Kind;
        let path = path.into();
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
                Self::Full { path, doing, source }
            }
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::NotWritable { path, doing, source },
            Kind::UnexpectedEof => Self::damaged(path, format!("a file is too short (while {doing})")),
            _ => Self::Io { path, doing, source },
        }
    }

    pub(super) fn sled(path: impl Into<PathBuf>, doing: &'static str, error: sled::Error) -> Self {
        let path = path.into();
        match error {
            sled::Error::Io(source) => Self::io(path, doing, source),
            sled::Error::Unsupported(found) => Self::Format { path, found },
            sled::Error::Corruption { at, .. } => {
                let place = at.map_or(String::new(), |at| format!(" at {at:?}"));
                Self::damaged(path, format!("a checksum does not hold{place} (while {doing})"))
            }
            sled::Error::ReportableBug(what) => Self::damaged(path, format!("{what} (while {doing})")),
            sled::Error::CollectionNotFound(_) => {
                Self::damaged(path, format!("a table is missing (while {doing})"))
            }
        }
    }
}
