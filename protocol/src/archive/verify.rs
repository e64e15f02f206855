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

/// Checks an archive and calls `each` for every seal that holds. The auditor that is handed back holds
/// the ledger and the outcomes. The source should be buffered.
///
/// # Errors
/// [`VerifyError::Fault`] with the first fault, [`VerifyError::Io`] when the source fails.
pub fn verify<R: Read>(source: R, mut each: impl FnMut(&SealReport)) -> Result<Auditor, VerifyError> {
    let mut reader = ArchiveReader::new(source).map_err(|error| broken(error, None))?;
    let mut auditor = match reader.frame() {
        Ok(Some(Frame::Charter(bytes))) => Auditor::new(&bytes)?,
        Ok(_) | Err(ArchiveError::Frame { .. }) => {
            return Err(misplaced(Check::Charter, None, "another frame stands before the charter").into());
        }
        Err(error) => return Err(broken(error, None)),
    };
    loop {
        let next = Some(auditor.ledger().height() + 1);
        match reader.frame().map_err(|error| broken(error, next))? {
            Some(Frame::Seal(bytes)) => each(&auditor.seal(&bytes)?),
            Some(Frame::Charter(_)) => {
                return Err(
                    misplaced(Check::Canonical, next, "a second charter stands among the seals").into()
                );
            }
            Some(Frame::End { height, head }) => {
                auditor.end(height, head)?;
                // The reader refuses whatever follows the end.
                reader.frame().map_err(|error| broken(error, None))?;
                return Ok(auditor);
            }
            None => return Err(misplaced(Check::End, next, "the end mark is missing").into()),
        }
    }
}

/// The check that a damaged frame fails.
fn broken(error: ArchiveError, seal: Option<u64>) -> VerifyError {
    let check = match error {
        ArchiveError::Io(error) => return VerifyError::Io(error),
        ArchiveError::Magic => Check::Charter,
        ArchiveError::Truncated(_) | ArchiveError::AfterEnd(_) => Check::End,
        ArchiveError::Frame { .. } => Check::Canonical,
    };
    VerifyError::Fault(Fault { check, seal, record: None, detail: error.to_string() })
}

fn misplaced(check: Check, seal: Option<u64>, detail: &str) -> Fault {
    Fault { check, seal, record: None, detail: detail.to_owned() }
}
