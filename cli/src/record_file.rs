//! A file of signed records, in stages: what a stage says refers to what the one before it has said.
//!
//! Sixteen bytes of magic, the community's id, the number of records (8 bytes, big-endian), then frames: a byte for
//! the kind (1 begins a stage, 2 is a record, 3 is the end), the length of what follows (4 bytes, big-endian), and
//! for a record its canonical bytes.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use mutua_protocol::{hash::CommunityId, limits};

use crate::failure::{Done, Failure};

const MAGIC: &[u8; 16] = b"mutua records \0\x01";

const STAGE: u8 = 1;
const RECORD: u8 = 2;
const END: u8 = 3;

/// A file that is being written.
pub(crate) struct RecordWriter {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
}

impl RecordWriter {
    /// Begins a file, which must not be there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn create(path: &Path, community: CommunityId) -> Done<Self> {
        let file = File::create_new(path).map_err(|error| failed(path, &error))?;
        let mut writer =
            Self { path: path.to_path_buf(), file: BufWriter::with_capacity(1 << 20, file), count: 0 };
        writer.write(MAGIC)?;
        writer.write(&community.0)?;
        writer.write(&[0; 8])?;
        Ok(writer)
    }

    /// Begins a stage.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn stage(&mut self) -> Done {
        self.frame(STAGE, &[])
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn record(&mut self, bytes: &[u8]) -> Done {
        self.count += 1;
        self.frame(RECORD, bytes)
    }

    /// Ends the file. Returns how many records it holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self) -> Done<u64> {
        self.frame(END, &[])?;
        let Self { path, file, count } = self;
        let mut file = file.into_inner().map_err(|error| failed(&path, error.error()))?;
        file.seek(SeekFrom::Start(MAGIC.len() as u64 + CommunityId::LENGTH as u64))
            .and_then(|_| file.write_all(&count.to_be_bytes()))
            .and_then(|()| file.sync_all())
            .map_err(|error| failed(&path, &error))?;
        Ok(count)
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) -> Done {
        let length = u32::try_from(payload.len())
            .map_err(|_| Failure::file(&self.path, "cannot hold a record of this size"))?;
        self.write(&[kind])?;
        self.write(&length.to_be_bytes())?;
        self.write(payload)
    }

    fn write(&mut self, bytes: &[u8]) -> Done {
        self.file.write_all(bytes).map_err(|error| failed(&self.path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::file(path, format!("cannot be written: {error}"))
}

/// A part of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A stage begins.
    Stage,
    /// The canonical bytes of a signed record.
    Record(Vec<u8>),
}

/// A file that is being read, a record at a time.
pub(crate) struct RecordReader {
    path: PathBuf,
    source: BufReader<File>,
    /// Whose records.
    pub community: CommunityId,
    /// How many.
    pub count: u64,
}

impl RecordReader {
    /// Begins to read.
    ///
    /// # Errors
    /// When the file cannot be read, or is another kind of file.
    pub(crate) fn open(path: &Path) -> Done<Self> {
        let file =
            File::open(path).map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
        let mut source = BufReader::with_capacity(1 << 20, file);
        let (mut magic, mut community, mut count) = ([0; MAGIC.len()], [0; 32], [0; 8]);
        let head = source
            .read_exact(&mut magic)
            .and_then(|()| source.read_exact(&mut community))
            .and_then(|()| source.read_exact(&mut count));
        if head.is_err() || magic != *MAGIC {
            return Err(Failure::file(
                path,
                "is no file of records (or one of another version); 'mutua sign' and 'mutua import-election' write them",
            ));
        }
        let (community, count) = (CommunityId(community), u64::from_be_bytes(count));
        Ok(Self { path: path.to_path_buf(), source, community, count })
    }

    /// The next part; nothing after the end.
    ///
    /// # Errors
    /// When the file ends early, or is damaged.
    pub(crate) fn next(&mut self) -> Done<Option<Entry>> {
        let truncated = |_| Failure::file(&self.path, "ends in the middle: write it again");
        let mut head = [0; 5];
        self.source.read_exact(&mut head).map_err(truncated)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > limits::RECORD_BYTES {
            return Err(Failure::file(&self.path, "is damaged: a record in it is longer than records are"));
        }
        let mut payload = vec![0; length];
        self.source.read_exact(&mut payload).map_err(truncated)?;
        match head[0] {
            STAGE => Ok(Some(Entry::Stage)),
            RECORD => Ok(Some(Entry::Record(payload))),
            END => Ok(None),
            _ => Err(Failure::file(&self.path, "is damaged: it holds something that is no record")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let mut writer = RecordWriter::create(&path, CommunityId([7; 32])).unwrap();
        writer.stage().unwrap();
        writer.record(b"one").unwrap();
        writer.record(b"two").unwrap();
        assert_eq!(writer.finish().unwrap(), 2);
        let mut reader = RecordReader::open(&path).unwrap();
        assert_eq!((reader.community, reader.count), (CommunityId([7; 32]), 2));
        assert_eq!(reader.next().unwrap(), Some(Entry::Stage));
        assert_eq!(reader.next().unwrap(), Some(Entry::Record(b"one".to_vec())));
        assert_eq!(reader.next().unwrap(), Some(Entry::Record(b"two".to_vec())));
        assert_eq!(reader.next().unwrap(), None);
        assert!(RecordWriter::create(&path, CommunityId([7; 32])).is_err(), "nothing is overwritten");
    }

    #[test]
    fn a_file_that_was_cut_is_not_taken_for_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let mut writer = RecordWriter::create(&path, CommunityId([7; 32])).unwrap();
        writer.record(b"one").unwrap();
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let read = RecordReader::open(&path).and_then(|mut reader| {
                while reader.next()?.is_some() {}
                Ok(())
            });
            assert!(read.is_err(), "cut at {length}");
        }
    }
}
