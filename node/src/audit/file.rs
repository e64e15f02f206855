//! A file as the source of a log: an archive that grows, or is replaced by a longer one.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use mutua_protocol::archive::{MAGIC, SEAL_FRAME};

use super::{Source, SourceError};

/// Greatest size of a frame's payload that is read here: that of a charter, with room to spare.
const CHARTER_FRAME: u64 = 1 << 20;

/// An archive on the disk.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
}

impl FileSource {
    /// The file at this path, which need not be whole.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    fn open(&self, from: u64) -> io::Result<(Vec<u8>, File)> {
        let mut file = File::open(&self.path)?;
        let mut opening = vec![0; MAGIC.len()];
        file.read_exact(&mut opening)?;
        let charter = head(&mut file)?.filter(|(_, length)| u64::from(*length) <= CHARTER_FRAME);
        let (kind, length) = charter.ok_or(io::ErrorKind::UnexpectedEof)?;
        opening.push(kind);
        opening.extend(length.to_be_bytes());
        let read = (&mut file).take(length.into()).read_to_end(&mut opening)?;
        if read < length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // What stands before was checked: here it is only passed, without reading it.
        for _ in 1..from {
            let at = file.stream_position()?;
            match head(&mut file)? {
                Some((kind, length)) if kind == SEAL_FRAME => {
                    file.seek(SeekFrom::Current(length.into()))?;
                }
                _ => {
                    file.seek(SeekFrom::Start(at))?;
                    break;
                }
            }
        }
        Ok((opening, file))
    }
}

/// Kind and length of the frame that begins here, if there is one.
fn head(file: &mut impl Read) -> io::Result<Option<(u8, u32)>> {
    let mut head = [0; 5];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(Some((head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]])))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

impl Source for FileSource {
    fn part(&mut self, from: u64, _: u64) -> Result<Box<dyn Read + '_>, SourceError> {
        let (opening, file) = self.open(from).map_err(|error| {
            SourceError::Unreachable(format!("{}: cannot be read: {error}", self.path.display()))
        })?;
        Ok(Box::new(Cursor::new(opening).chain(file)))
    }
}
