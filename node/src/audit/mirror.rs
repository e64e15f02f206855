//! The log as a monitor has checked it: an archive of its own, to which checked seals are appended.
//!
//! Two files: the archive, which is whole (with its end mark) whenever the monitor rests, and beside it a small one
//! that says up to where it was checked and synced. What stands behind that point, after a crash in the middle of
//! an append, is cut off, and fetched again.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use mutua_protocol::{
    archive::{ArchiveReader, Auditor, Frame, VerifyError, end_frame, seal_frame_of},
    charter::Community,
    codec,
    hash::{CommunityId, SealId},
    limits,
    seals::SealedBatch,
};
use serde::{Deserialize, Serialize};

use super::{Pipeline, READ_BYTES, Stop};

/// Bytes that may wait for being written: a long catch-up is kept in parts, and goes on from there.
const PENDING_BYTES: usize = 8 << 20;

/// What is appended to the archive's name for the file that says how far it was checked.
const MARK: &str = ".checked";

/// Greatest size of that file.
const MARK_BYTES: u64 = 4 << 10;

/// Why a monitor's state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another monitor uses it.
    #[error("{0} is in use by another monitor")]
    InUse(PathBuf),
    /// It is not what was written.
    #[error(
        "{path} is damaged: {what}. It was sound when it was written, so the disk or somebody has changed it; keep it, and \
         begin anew with another file"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// How far the archive was checked and synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    community: CommunityId,
    height: u64,
    head: SealId,
    /// Where the seals end in the archive.
    bytes: u64,
}

/// The archive of a monitor.
#[derive(Debug)]
pub(super) struct Mirror {
    path: PathBuf,
    file: File,
    /// What was checked and synced.
    mark: Mark,
    /// For each seal its id and where its frame begins; the first is number 1.
    seals: Vec<(SealId, u64)>,
    /// Frames that are not written yet.
    pending: Vec<u8>,
}

impl Mirror {
    /// A new archive with this charter, where [`Self::resume`] has found none.
    pub(super) fn begin(path: &Path, community: &Community) -> Result<Self, MirrorError> {
        let failed = |error| MirrorError::Io { path: path.to_path_buf(), error };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(failed)?;
        lock(&file, path)?;
        let opening = mutua_protocol::archive::opening(&community.at(0).charter);
        let mark = Mark { community: community.id, height: 0, head: SealId([0; 32]), bytes: 0 };
        let mut mirror = Self { path: path.to_path_buf(), file, mark, seals: Vec::new(), pending: opening };
        mirror.commit()?;
        Ok(mirror)
    }

    /// Opens an archive that a monitor has left behind, or that was exported from a node, and checks all of it again.
    /// Nothing if there is no such file. `each` is told the number of each seal.
    pub(super) fn resume(
        path: &Path,
        pipeline: &Pipeline,
        each: &mut dyn FnMut(u64),
    ) -> Result<Option<(Self, Auditor)>, MirrorError> {
        let failed = |error| MirrorError::Io { path: path.to_path_buf(), error };
        let damaged = |what: String| MirrorError::Damaged { path: path.to_path_buf(), what };
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        lock(&file, path)?;
        let length = file.metadata().map_err(failed)?.len();
        let mark = read_mark(path)?;
        if length == 0 && mark.is_none() {
            return Ok(None);
        }
        let source: Box<dyn Read> = match &mark {
            None => Box::new(&file),
            Some(mark) if mark.bytes > length => {
                return Err(damaged(format!("it has {length} bytes, and {} were checked", mark.bytes)));
            }
            Some(mark) => {
                Box::new((&file).take(mark.bytes).chain(io::Cursor::new(end_frame(mark.height, mark.head))))
            }
        };
        let mut reader = ArchiveReader::new(BufReader::with_capacity(READ_BYTES, source))
            .map_err(|error| damaged(error.to_string()))?;
        let mut auditor = Auditor::begin(&mut reader).map_err(|error| match error {
            VerifyError::Io(error) => failed(error),
            VerifyError::Fault(fault) => damaged(fault.to_string()),
        })?;
        let mut begin = reader.position();
        let mut seals = Vec::new();
        let stop = pipeline.replay(&mut auditor, &mut reader, &mut |sealed| {
            seals.push((sealed.report.id, begin));
            begin = sealed.position;
            each(sealed.report.height);
            true
        });
        drop(reader);
        match stop {
            Stop::End | Stop::Asked => {}
            Stop::Io(error) => return Err(failed(error)),
            Stop::Fault(broken) => return Err(damaged(broken.fault.to_string())),
        }
        let ledger = auditor.ledger();
        let found = Mark {
            community: ledger.community().id,
            height: ledger.height(),
            head: ledger.head(),
            bytes: begin,
        };
        if mark.is_some_and(|mark| mark != found) {
            return Err(damaged("it holds another log than was checked".to_owned()));
        }
        file.seek(SeekFrom::Start(begin)).map_err(failed)?;
        let mut mirror = Self { path: path.to_path_buf(), file, mark: found, seals, pending: Vec::new() };
        mirror.commit()?;
        Ok(Some((mirror, auditor)))
    }

    /// The id of the seal with this number, if it was checked; zeros for number 0.
    pub(super) fn id(&self, height: u64) -> Option<SealId> {
        match height.checked_sub(1) {
            None => Some(SealId([0; 32])),
            Some(position) => self.seals.get(usize::try_from(position).ok()?).map(|(id, _)| *id),
        }
    }

    /// The seal with this number.
    pub(super) fn seal(&self, height: u64) -> Result<SealedBatch, MirrorError> {
        let damaged = |what: &str| MirrorError::Damaged { path: self.path.clone(), what: what.to_owned() };
        let failed = |error| MirrorError::Io { path: self.path.clone(), error };
        let position = height
            .checked_sub(1)
            .and_then(|position| self.seals.get(usize::try_from(position).ok()?))
            .ok_or_else(|| damaged("a seal is missing"))?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(position.1)).map_err(failed)?;
        let opening = io::Cursor::new(mutua_protocol::archive::MAGIC);
        let mut reader =
            ArchiveReader::new(opening.chain(file)).map_err(|error| damaged(&error.to_string()))?;
        match reader.frame() {
            Ok(Some(Frame::Seal(bytes))) => codec::decode(&bytes, limits::DECODE_BYTES)
                .map_err(|error| damaged(&format!("seal {height} cannot be read ({error})"))),
            _ => Err(damaged(&format!("seal {height} cannot be read"))),
        }
    }

    /// Appends a seal that was checked. It is kept at the next [`Self::commit`], or earlier.
    pub(super) fn append(&mut self, height: u64, id: SealId, bytes: &[u8]) -> Result<(), MirrorError> {
        self.seals.push((id, self.mark.bytes + self.pending.len() as u64));
        self.pending.extend(seal_frame_of(bytes));
        self.mark.height = height;
        self.mark.head = id;
        if self.pending.len() > PENDING_BYTES { self.commit() } else { Ok(()) }
    }

    /// Writes what was appended, and syncs it before it counts as checked.
    pub(super) fn commit(&mut self) -> Result<(), MirrorError> {
        let at = self.mark.bytes;
        let seals = std::mem::take(&mut self.pending);
        let end = end_frame(self.mark.height, self.mark.head);
        let write = |file: &mut File| {
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&seals)?;
            file.write_all(&end)?;
            file.set_len(at + (seals.len() + end.len()) as u64)?;
            file.sync_data()
        };
        write(&mut self.file).map_err(|error| MirrorError::Io { path: self.path.clone(), error })?;
        self.mark.bytes = at + seals.len() as u64;
        write_mark(&self.path, &self.mark)
    }
}

fn lock(file: &File, path: &Path) -> Result<(), MirrorError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => MirrorError::InUse(path.to_path_buf()),
        TryLockError::Error(error) => MirrorError::Io { path: path.to_path_buf(), error },
    })
}

fn mark_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(MARK);
    name.into()
}

fn read_mark(path: &Path) -> Result<Option<Mark>, MirrorError> {
    let path = mark_path(path);
    let mut text = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(MARK_BYTES).read_to_end(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(MirrorError::Io { path, error }),
        Ok(_) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| MirrorError::Damaged { path, what: error.to_string() }),
    }
}

/// Whole or not at all, even if the machine stops in the middle.
fn write_mark(path: &Path, mark: &Mark) -> Result<(), MirrorError> {
    let path = mark_path(path);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(serde_json::to_string_pretty(mark).map_err(io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|error| MirrorError::Io { path: path.clone(), error })
}
