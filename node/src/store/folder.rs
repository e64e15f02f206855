//! The folder around the database: who may use it, and what it has acknowledged.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::StoreError;

/// Name of the file that the process using the folder holds locked, and has its number in.
const LOCK: &str = "lock";

/// Name of the file with the number of the last acknowledged commit.
const ACKNOWLEDGED: &str = "acknowledged";

/// The right to use a folder, until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the folder, which is made if it does not exist.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io(path, "taking the folder", error);
        fs::create_dir_all(path).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(StoreError::InUse { path: path.to_path_buf(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// Renames a folder that nobody uses to the first free name of the form `<path>.damaged-<n>`.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let _lock = Lock::take(path)?;
    let failed = |error| StoreError::io(path, "setting the folder aside", error);
    for number in 1u32.. {
        let mut name: OsString = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let aside = PathBuf::from(name);
        if fs::symlink_metadata(&aside).is_err() {
            fs::rename(path, &aside).map_err(failed)?;
            if let Some(parent) = path.parent() {
                sync_folder(parent).map_err(failed)?;
            }
            return Ok(aside);
        }
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// The number of the last acknowledged commit, beside the database. It is written when the
/// database has been synced, and not synced itself: it may lag after a loss of power, but is
/// never ahead.
#[derive(Debug)]
pub(super) struct Acknowledged {
    file: File,
}

impl Acknowledged {
    /// Makes the file, for a database without commits.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path.join(ACKNOWLEDGED))?;
        let mut acknowledged = Self { file };
        acknowledged.write(0)?;
        acknowledged.file.sync_all()?;
        Ok(acknowledged)
    }

    /// Opens the file and reads the number: none when the file is not there, `InvalidData` when it is not whole.
    pub(super) fn open(path: &Path) -> io::Result<Option<(Self, u64)>> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path.join(ACKNOWLEDGED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let mut bytes = Vec::new();
        (&mut file).take(64).read_to_end(&mut bytes)?;
        let number = bytes.first_chunk().map(|number| u64::from_be_bytes(*number));
        match number {
            Some(number) if bytes == Self::bytes(number) => Ok(Some((Self { file }, number))),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Notes that this commit was acknowledged: 16 bytes in place, which no file system tears.
    pub(super) fn write(&mut self, number: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&Self::bytes(number))
    }

    fn bytes(number: u64) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (left, right) = bytes.split_at_mut(8);
        left.copy_from_slice(&number.to_be_bytes());
        right.copy_from_slice(&blake3::hash(&number.to_be_bytes()).as_bytes()[..8]);
        bytes
    }
}
