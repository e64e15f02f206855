//! Checking a whole archive, from its first byte to its last.

use std::io::Read;

use super::{ArchiveError, ArchiveReader, Auditor, Check, Fault, Frame, SealReport};

/// Why an archive was not found sound.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The source could not be read, which says nothing about the archive.
    #[error("cannot read the archive: {0}")]
    Io(#[from] std::io::Error),
    /// The archive breaks a rule.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl VerifyError {
    /// What it means that the archive cannot be read on, where the seal with this number should stand.
    #[must_use]
    pub fn unreadable(error: ArchiveError, seal: Option<u64>) -> Self {
        let check = match error {
            ArchiveError::Io(error) => return Self::Io(error),
            ArchiveError::Magic => Check::Charter,
            ArchiveError::Truncated(_) | ArchiveError::AfterEnd(_) => Check::End,
            ArchiveError::Frame { .. } | ArchiveError::TooLong(_) => Check::Canonical,
        };
        Self::Fault(Fault { check, seal, record: None, detail: error.to_string() })
    }
}

/// Checks an archive and calls `each` for every seal that holds. The auditor that is handed back holds
/// the ledger and the outcomes. The source should be buffered.
///
/// Everything happens one after the other on this thread. It is the measure for whoever does it faster.
///
/// # Errors
/// [`VerifyError::Fault`] with the first fault, [`VerifyError::Io`] when the source fails.
pub fn verify<R: Read>(source: R, mut each: impl FnMut(&SealReport)) -> Result<Auditor, VerifyError> {
    let mut reader = ArchiveReader::new(source).map_err(|error| VerifyError::unreadable(error, None))?;
    let mut auditor = Auditor::begin(&mut reader)?;
    loop {
        let next = Some(auditor.ledger().height() + 1);
        match reader.frame().map_err(|error| VerifyError::unreadable(error, next))? {
            Some(Frame::Seal(bytes)) => {
                each(&auditor.seal(&bytes)?);
            }
            Some(Frame::Charter(_)) => return Err(auditor.second_charter().into()),
            Some(Frame::End { height, head }) => {
                auditor.end(height, head)?;
                // The reader refuses whatever follows the end.
                reader.frame().map_err(|error| VerifyError::unreadable(error, None))?;
                return Ok(auditor);
            }
            None => {
                let error = ArchiveError::Truncated(reader.position());
                return Err(VerifyError::unreadable(error, next));
            }
        }
    }
}
