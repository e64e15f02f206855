//! Opening the store and committing to it.

use std::{
    fs::{File, OpenOptions},
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    thread,
    time::{Duration, Instant},
};

use mutua_protocol::codec;

use super::{
    Batch, Reader, StoreError,
    fingerprint::State,
    folder::{self, Acknowledged, Lock},
    read::{Shared, panic_text},
    tables,
};

/// What sled may keep in memory, where the settings do not say otherwise; its own default is a GiB.
pub const CACHE_BYTES: u64 = 64 << 20;

/// Size of a segment of sled's log: four times the largest node that its tree can have with values of at
/// most [`tables::VALUE_BYTES`], and half as much again. Written into the database when it is made: it
/// cannot change later.
pub const SEGMENT_BYTES: usize = 8 << 20;

/// How long to wait for sled to let go of the file after an earlier store in this process was dropped.
const LET_GO: Duration = Duration::from_secs(10);

/// The store, opened for writing. It reads through [`Reader`], of which it can give out any number.
#[derive(Debug)]
pub struct Store {
    reader: Reader,
    /// The file named `db`, for `fdatasync`.
    file: File,
    acknowledged: Acknowledged,
    _lock: Lock,
}

impl Deref for Store {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the store in a folder, and makes it if it is not there. `cache_bytes` is what the
    /// database may keep in memory; [`CACHE_BYTES`] suits a member's node.
    ///
    /// # Errors
    /// [`StoreError`], written for the person at the node.
    pub fn open(path: impl AsRef<Path>, cache_bytes: u64) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let lock = Lock::take(&path)?;
        let acknowledged = Acknowledged::open(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => {
                StoreError::damaged(&path, "the file 'acknowledged' is not whole")
            }
            _ => StoreError::io(&path, "reading the file 'acknowledged'", error),
        })?;
        let db = open_sled(&path, cache_bytes)?;
        let failed = |error| StoreError::io(&path, "opening the file 'db'", error);
        let file = OpenOptions::new().read(true).write(true).open(path.join("db")).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        if let Ok(conf) = File::open(path.join("conf")) {
            conf.sync_all().map_err(failed)?;
        }
        let shared = Arc::new(RwLock::new(Shared { state: State::EMPTY, failed: None }));
        let reader = Reader { path: Arc::new(path.clone()), db, shared };
        match read_state(&reader)? {
            Some(state) => {
                let Some((acknowledged, number)) = acknowledged else {
                    return Err(reader.damaged("the file 'acknowledged' is missing"));
                };
                check_commits(&reader, state.commit, number)?;
                reader.exclusive().state = state;
                Ok(Self { reader, file, acknowledged, _lock: lock })
            }
            None => {
                if let Some((_, number @ 1..)) = acknowledged {
                    check_commits(&reader, 0, number)?;
                }
                let acknowledged = Acknowledged::create(&path).map_err(failed)?;
                folder::sync_folder(&path).map_err(failed)?;
                if let Some(parent) = path.parent() {
                    folder::sync_folder(parent).map_err(failed)?;
                }
                let mut store = Self { reader, file, acknowledged, _lock: lock };
                let mut first = sled::Batch::default();
                let state = State { commit: 1, ..State::EMPTY };
                first.insert(vec![tables::FORMAT], tables::FORMAT_NUMBER.to_be_bytes().to_vec());
                first.insert(vec![tables::STATE], codec::encode(&state));
                store.write(first, &state)?;
                store.reader.exclusive().state = state;
                Ok(store)
            }
        }
    }

    /// A handle for reading, for any thread.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Writes a batch. When this returns, all of it is on the disk; when the node crashes
    /// before, all of it is there after the restart or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] leaves everything as it was. After any other error the store takes and gives
    /// nothing more, and the node has to stop: whether the batch is kept shows after the restart.
    pub fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let reader = self.reader.clone();
        let state = reader.shared()?.state.clone();
        if batch.is_empty() {
            return Ok(());
        }
        let mut shared = reader.exclusive();
        let result = batch.prepare(&reader, &state).and_then(|(writes, next)| {
            self.write(writes, &next)?;
            Ok(next)
        });
        match result {
            Ok(next) => {
                shared.state = next;
                Ok(())
            }
            Err(refused @ StoreError::Refused(_)) => Err(refused),
            Err(error) => {
                shared.failed = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Puts a damaged store out of the way: its folder becomes `<path>.damaged-<n>`, and the new name is
    /// returned. Nothing is deleted.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a node uses it; others when it cannot be renamed.
    pub fn set_aside(path: impl AsRef<Path>) -> Result<PathBuf, StoreError> {
        folder::set_aside(path.as_ref())
    }

    fn write(&mut self, writes: sled::Batch, state: &State) -> Result<(), StoreError> {
        let reader = &self.reader;
        reader.attempt("writing", || reader.db.apply_batch(writes))?;
        reader.attempt("flushing", || reader.db.flush())?;
        self.file.sync_data().map_err(|error| StoreError::io(&*reader.path, "syncing", error))?;
        self.acknowledged
            .write(state.commit)
            .map_err(|error| StoreError::io(&*reader.path, "writing the file 'acknowledged'", error))
    }
}

/// Opens the database. We hold the folder's lock, so that a lock on the file is one that an earlier store of
/// this process is about to release.
fn open_sled(path: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let config =
        || sled::Config::new().path(path).cache_capacity(cache_bytes).segment_size(SEGMENT_BYTES).open();
    let start = Instant::now();
    loop {
        match catch_unwind(AssertUnwindSafe(config)) {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
                if start.elapsed() > LET_GO {
                    return Err(StoreError::InUse { path: path.to_path_buf(), pid: None });
                }
                thread::sleep(Duration::from_millis(10));
            }
            Ok(Err(error)) => return Err(StoreError::sled(path, "opening the database", error)),
            Err(panic) => {
                let what = format!("{} (while opening the database)", panic_text(&*panic));
                return Err(StoreError::damaged(path, what));
            }
        }
    }
}

/// The state that the last commit left; none in a new database.
fn read_state(reader: &Reader) -> Result<Option<State>, StoreError> {
    match (reader.get(&[tables::FORMAT])?, reader.get(&[tables::STATE])?) {
        (None, None) if reader.prefix(Vec::new()).next().is_none() => Ok(None),
        (Some(number), Some(state)) if *number == tables::FORMAT_NUMBER.to_be_bytes() => {
            codec::decode(&state, State::BYTES)
                .map(Some)
                .map_err(|error| reader.damaged(format!("its state cannot be read: {error}")))
        }
        (Some(number), _) if number.len() == 4 && *number != tables::FORMAT_NUMBER.to_be_bytes() => {
            let number = number.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
            let found =
                format!("its layout has number {number}, and this version reads {}", tables::FORMAT_NUMBER);
            Err(StoreError::Format { path: reader.path.to_path_buf(), found })
        }
        _ => Err(reader.damaged("its layout's number or its state is missing")),
    }
}

/// A database with fewer commits than were acknowledged has lost some.
fn check_commits(reader: &Reader, held: u64, acknowledged: u64) -> Result<(), StoreError> {
    if held < acknowledged {
        Err(reader.damaged(format!("it acknowledged {acknowledged} commits, and holds {held}")))
    } else {
        Ok(())
    }
}
