//! The frames of an archive: magic, charter, one frame a seal, end.

use std::io::{ErrorKind, Read};

use crate::{charter::Charter, codec, hash::SealId, limits, seals::SealedBatch};

/// The first bytes of every archive; the last one is the version of the format.
pub const MAGIC: &[u8; 16] = b"mutua archive \0\x01";

/// Greatest size of one frame's payload.
pub(super) const FRAME_BYTES: usize = limits::DECODE_BYTES;

const CHARTER: u8 = 1;
/// The kind of a frame with a seal, for those who only pass over it.
pub const SEAL_FRAME: u8 = 2;
const END: u8 = 3;

/// A part of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The canonical bytes of the charter.
    Charter(Vec<u8>),
    /// The canonical bytes of a [`SealedBatch`].
    Seal(Vec<u8>),
    /// The end: number and id of the last seal. An archive without it is truncated.
    End {
        /// Number of the last seal; 0 if there is none.
        height: u64,
        /// Its id; zeros if there is none.
        head: SealId,
    },
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file could not be read.
    #[error("cannot read the archive: {0}")]
    Io(#[from] std::io::Error),
    /// It does not begin like an archive.
    #[error("this is not a mutua archive (or one of another version); 'mutua log export FILE' writes one")]
    Magic,
    /// It ends in the middle.
    #[error("the archive is truncated: it ends at byte {0}, before its end mark")]
    Truncated(u64),
    /// A frame is longer than any may be: where the next one begins is not known.
    #[error("the frame at byte {0} is damaged: its length is greater than a frame may have")]
    TooLong(u64),
    /// A frame is not what it should be; the next one may be sound.
    #[error("the frame at byte {at} is damaged: {what}")]
    Frame {
        /// Where it begins.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Something follows the end mark.
    #[error("bytes follow the end mark at byte {0}")]
    AfterEnd(u64),
}

/// The beginning of an archive: magic and charter.
#[must_use]
pub fn opening(charter: &Charter) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(frame(CHARTER, &codec::encode(charter)));
    bytes
}

/// A seal's frame.
#[must_use]
pub fn seal_frame(batch: &SealedBatch) -> Vec<u8> {
    frame(SEAL_FRAME, &codec::encode(batch))
}

/// The frame of a seal whose canonical bytes these are.
#[must_use]
pub fn seal_frame_of(bytes: &[u8]) -> Vec<u8> {
    frame(SEAL_FRAME, bytes)
}

/// The end of an archive.
#[must_use]
pub fn end_frame(height: u64, head: SealId) -> Vec<u8> {
    frame(END, &codec::encode(&(height, head)))
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a payload is at most FRAME_BYTES long");
    let mut bytes = Vec::with_capacity(payload.len() + 5);
    bytes.push(kind);
    bytes.extend(length.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Reads an archive frame by frame, in memory bounded by one frame.
#[derive(Debug)]
pub struct ArchiveReader<R> {
    source: R,
    position: u64,
    ended: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read. The source should be buffered.
    ///
    /// # Errors
    /// [`ArchiveError::Magic`] when it is no archive.
    pub fn new(mut source: R) -> Result<Self, ArchiveError> {
        let mut magic = [0; MAGIC.len()];
        match source.read_exact(&mut magic) {
            Ok(()) if magic == *MAGIC => Ok(Self { source, position: MAGIC.len() as u64, ended: false }),
            Ok(()) => Err(ArchiveError::Magic),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(ArchiveError::Magic),
            Err(error) => Err(error.into()),
        }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next frame, or nothing after the end.
    ///
    /// # Errors
    /// [`ArchiveError`] that says where.
    pub fn frame(&mut self) -> Result<Option<Frame>, ArchiveError> {
        let at = self.position;
        let mut head = [0; 5];
        let first = self.fill(&mut head[..1])?;
        if self.ended {
            return if first { Err(ArchiveError::AfterEnd(at)) } else { Ok(None) };
        }
        if !first || !self.fill(&mut head[1..])? {
            return Err(ArchiveError::Truncated(self.position));
        }
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > FRAME_BYTES {
            return Err(ArchiveError::TooLong(at));
        }
        let mut payload = Vec::with_capacity(length);
        let read = self.source.by_ref().take(length as u64).read_to_end(&mut payload)?;
        self.position += read as u64;
        if read < length {
            return Err(ArchiveError::Truncated(self.position));
        }
        match head[0] {
            CHARTER => Ok(Some(Frame::Charter(payload))),
            SEAL_FRAME => Ok(Some(Frame::Seal(payload))),
            END => {
                self.ended = true;
                let (height, head) = codec::decode(&payload, FRAME_BYTES)
                    .map_err(|_| ArchiveError::Frame { at, what: "the end mark does not decode" })?;
                Ok(Some(Frame::End { height, head }))
            }
            _ => Err(ArchiveError::Frame { at, what: "its kind is unknown" }),
        }
    }

    /// Fills the buffer; false if the source ends before.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<bool, ArchiveError> {
        match self.source.read_exact(buffer) {
            Ok(()) => {
                self.position += buffer.len() as u64;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
