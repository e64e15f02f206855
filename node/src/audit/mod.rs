//! Auditing at the speed of the machine: an archive of any size, in bounded memory, on all cores.
//!
//! A seal is *opened* first: decoded, hashed, its signatures checked. That needs nothing but the charter, the
//! seal's number and its bytes, so many seals are opened side by side on a pool of threads, in chunks whose
//! signatures are checked in one batch. Then it is *applied* to the ledger, which happens one after
//! the other, in the order of the seals, on the thread that called. Chunks are handed out and taken back in order,
//! so that verdict and first fault are exactly those of `mutua_protocol::archive::verify`, whatever the
//! threads do: a fault counts only when every seal before it has been applied.
//!
//! Memory is bounded by what is handed out at a time ([`Pipeline::new`]) and by the ledger.

mod feed;
mod file;
mod mirror;
mod monitor;
mod ordered;
mod replay;
mod survey;

use std::io::{self, Read};

use mutua_protocol::archive::{ArchiveError, ArchiveReader, Auditor, Check, Fault, Tally, VerifyError};

pub use file::FileSource;
pub use mirror::MirrorError;
pub use monitor::{Conflict, Halt, Monitor, Source, SourceError};
pub use replay::{BYTES_UNDER_WAY, Broken, KNOWN_KEYS, Pipeline, Sealed, Stop};

/// Room for reading ahead in an archive. A full seal is larger, and so is read to where it stays.
pub const READ_BYTES: usize = 64 << 10;

/// What an audit has found.
#[derive(Debug, Default)]
pub struct Findings {
    /// The ledger after the last seal that holds; none if the archive does not begin with a charter.
    pub auditor: Option<Auditor>,
    /// How often each check was made and held, up to the first fault.
    pub tally: Tally,
    /// Signatures checked, up to the first fault.
    pub signatures: u64,
    /// Sealed records that changed nothing.
    pub void: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What is wrong, the first fault first. Empty if the archive is valid.
    pub faults: Vec<Fault>,
    /// How many faults there are, those included that were not kept.
    pub found: u64,
    /// Seals looked at after the first fault, without the ledger.
    pub surveyed: u64,
    /// Where the archive could not be read on, if the search for further faults ended there.
    pub lost: Option<u64>,
}

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// To the first fault.
    First,
    /// To the end of the file, keeping at most this many faults.
    All {
        /// How many to keep.
        keep: usize,
    },
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// Bytes of the archive that have been checked.
    pub bytes: u64,
    /// The seal that was checked last.
    pub height: u64,
    /// Records checked so far.
    pub records: u64,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It does not begin like an archive.
    #[error(transparent)]
    Magic(ArchiveError),
    /// The source failed.
    #[error("cannot read the archive: {0}")]
    Io(#[from] io::Error),
}

impl Pipeline {
    /// Audits an archive from its first byte to its last, or to its first fault. The source should be
    /// buffered. `advance` is told after each seal.
    ///
    /// # Errors
    /// [`Unreadable`] when there is no archive to speak of.
    pub fn audit<R: Read>(
        &self,
        source: R,
        depth: Depth,
        advance: &mut dyn FnMut(Advance),
    ) -> Result<Findings, Unreadable> {
        let mut reader = ArchiveReader::new(source).map_err(|error| match error {
            ArchiveError::Io(error) => Unreadable::Io(error),
            error => Unreadable::Magic(error),
        })?;
        let mut findings = Findings::default();
        let mut auditor = match Auditor::begin(&mut reader) {
            Ok(auditor) => auditor,
            Err(VerifyError::Io(error)) => return Err(error.into()),
            Err(VerifyError::Fault(fault)) => {
                findings.bytes = reader.position();
                findings.found = 1;
                findings.faults = vec![fault];
                return Ok(findings);
            }
        };
        findings.tally.holds(Check::Charter);
        let mut records = 0;
        let stopped = self.replay(&mut auditor, &mut reader, &mut |sealed| {
            let report = sealed.report;
            findings.tally.seal(report);
            findings.signatures += report.signatures as u64;
            findings.void += report.applied.void.len() as u64;
            records += report.records as u64;
            advance(Advance { bytes: sealed.position, height: report.height, records });
            true
        });
        match stopped {
            Stop::End => findings.tally.holds(Check::End),
            Stop::Asked => {}
            Stop::Io(error) => return Err(error.into()),
            Stop::Fault(broken) => {
                findings.found = 1;
                match depth {
                    Depth::First => findings.faults = vec![broken.fault],
                    Depth::All { keep } => {
                        self.survey(&auditor, &mut reader, *broken, keep, &mut findings, advance)?;
                    }
                }
            }
        }
        findings.bytes = reader.position();
        findings.auditor = Some(auditor);
        Ok(findings)
    }
}
