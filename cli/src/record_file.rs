//! A file of signed records that wait to be handed in: magic, then each record with its length.

use std::{
    fs,
    io::{BufReader, BufWriter, ErrorKind, Read, Write},
    path::Path,
};

use mutua_protocol::limits::EVIDENCE_BYTES;

use crate::{Done, failure::Failure};

/// The first bytes; the last one is the version.
const MAGIC: &[u8; 16] = b"mutua records \0\x01";

/// Writes records.
pub(crate) struct RecordWriter {
    file: BufWriter<fs::File>,
    path: std::path::PathBuf,
}

impl RecordWriter {
    /// Begins a new file; one that is there is not overwritten.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn create(path: &Path) -> Done<Self> {
        let file = fs::File::create_new(path)
            .map_err(|error| Failure::file(path, format!("cannot be made: {error}")))?;
        let mut writer = Self { file: BufWriter::new(file), path: path.to_path_buf() };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Adds the canonical bytes of a signed record.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn record(&mut self, bytes: &[u8]) -> Done {
        let length = u32::try_from(bytes.len()).map_err(|_| Failure::input("a record is too long"))?;
        self.put(&length.to_be_bytes())?;
        self.put(bytes)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self) -> Done {
        self.file.flush().map_err(|error| Failure::file(&self.path, format!("cannot be written: {error}")))
    }

    fn put(&mut self, bytes: &[u8]) -> Done {
        self.file
            .write_all(bytes)
            .map_err(|error| Failure::file(&self.path, format!("cannot be written: {error}")))
    }
}

/// Reads all records of a file.
///
/// # Errors
/// When it cannot be read, is no such file, or is truncated.
pub(crate) fn read(path: &Path) -> Done<Vec<Vec<u8>>> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => Failure::file(path, "is truncated: it ends in the middle of a record"),
        _ => Failure::file(path, format!("cannot be read: {error}")),
    };
    let mut file = BufReader::new(fs::File::open(path).map_err(failed)?);
    let mut magic = [0; MAGIC.len()];
    if file.read_exact(&mut magic).is_err() || magic != *MAGIC {
        return Err(Failure::file(path, "is no file of signed records"));
    }
    let mut records = Vec::new();
    loop {
        let mut length = [0; 4];
        match file.read_exact(&mut length[..1]) {
            Ok(()) => file.read_exact(&mut length[1..]).map_err(failed)?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(records),
            Err(error) => return Err(failed(error)),
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > EVIDENCE_BYTES {
            let number = records.len();
            return Err(Failure::file(path, format!("is damaged: record {number} claims {length} bytes")));
        }
        let mut record = vec![0; length];
        file.read_exact(&mut record).map_err(failed)?;
        records.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_cut_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let mut writer = RecordWriter::create(&path).unwrap();
        writer.record(b"one").unwrap();
        writer.record(b"").unwrap();
        writer.finish().unwrap();
        assert_eq!(read(&path).unwrap(), [b"one".to_vec(), Vec::new()]);
        let bytes = fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let whole = [MAGIC.len(), MAGIC.len() + 7, bytes.len()].contains(&length);
            assert_eq!(read(&path).is_ok(), whole, "{length} bytes");
        }
        assert!(RecordWriter::create(&path).is_err());
    }
}
