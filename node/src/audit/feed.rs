//! Reading frames in chunks that are worth a thread's while.

use std::io::Read;

use mutua_protocol::{
    archive::{ArchiveError, ArchiveReader, Frame},
    hash::SealId,
};

/// Bytes of seals after which a chunk is full. A thousand ballots or so: their signatures in one batch are
/// about as fast as in any larger one, and threads still get work early.
pub(super) const CHUNK_BYTES: usize = 512 << 10;

/// Seals after which a chunk is full, where they hold next to nothing.
const CHUNK_SEALS: usize = 256;

/// The bytes of a seal, as they stood in the archive.
#[derive(Debug)]
pub(super) struct SealBytes {
    pub(super) bytes: Vec<u8>,
    /// Where its frame ends in the archive.
    pub(super) end: u64,
}

impl AsRef<[u8]> for SealBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Seals that stand one after the other, and what follows them if it is no seal.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) seals: Vec<SealBytes>,
    pub(super) tail: Option<Tail>,
}

impl Chunk {
    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.seals.iter().map(|seal| seal.bytes.len()).sum()
    }
}

/// Something that is no seal.
#[derive(Debug)]
pub(super) enum Tail {
    /// The end mark, and what was found after it.
    End { height: u64, head: SealId, after: Result<(), ArchiveError> },
    /// Another charter.
    Charter,
    /// The archive cannot be read here.
    Broken(ArchiveError),
}

impl Tail {
    /// Can there be further seals behind it?
    pub(super) fn goes_on(&self) -> bool {
        match self {
            Self::Charter => true,
            Self::End { .. } => false,
            Self::Broken(error) => Self::can_follow(error),
        }
    }

    /// Can the next frame be found after this error?
    pub(super) fn can_follow(error: &ArchiveError) -> bool {
        matches!(error, ArchiveError::Frame { .. })
    }
}

/// Reads the next chunk: at least this many bytes of seals, if there are as many.
pub(super) fn chunk<R: Read>(reader: &mut ArchiveReader<R>, full: usize) -> Chunk {
    let mut chunk = Chunk { seals: Vec::new(), tail: None };
    let mut bytes = 0;
    while bytes < full && chunk.seals.len() < CHUNK_SEALS {
        match reader.frame() {
            Ok(Some(Frame::Seal(seal))) => {
                bytes += seal.len();
                chunk.seals.push(SealBytes { bytes: seal, end: reader.position() });
            }
            Ok(Some(Frame::End { height, head })) => {
                let after = reader.frame().map(|_| ());
                chunk.tail = Some(Tail::End { height, head, after });
                break;
            }
            Ok(Some(Frame::Charter(_))) => {
                chunk.tail = Some(Tail::Charter);
                break;
            }
            Ok(None) => {
                chunk.tail = Some(Tail::Broken(ArchiveError::Truncated(reader.position())));
                break;
            }
            Err(error) => {
                chunk.tail = Some(Tail::Broken(error));
                break;
            }
        }
    }
    chunk
}
