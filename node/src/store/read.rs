//! Reading the store.

use std::{
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use mutua_protocol::{
    codec,
    hash::RecordId,
    keys::PublicKey,
    seals::{Certificate, SealHeader},
};
use sled::IVec;

use super::{
    StoreError,
    fingerprint::{Fingerprint, State},
    tables,
};

/// A record that is held and not sealed: author, sequence number, record id, time of arrival.
pub type TailEntry = (PublicKey, u64, RecordId, u64);

/// A seal as the store keeps it. Its records are read by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSeal {
    /// What was agreed.
    pub header: SealHeader,
    /// By whom.
    pub certificate: Certificate,
    /// The seal's records, sorted by author and sequence number.
    pub ids: Vec<RecordId>,
}

/// Reads the store, from any thread. It sees what is on the disk, and no commit that is still
/// under way: a read waits for it, a few milliseconds. An iterator sees commits that end while it runs.
#[derive(Clone)]
pub struct Reader {
    pub(super) path: Arc<PathBuf>,
    pub(super) db: sled::Db,
    pub(super) shared: Arc<RwLock<Shared>>,
}

/// What the writer tells the readers; locked for writing while a commit is under way.
pub(super) struct Shared {
    pub state: State,
    /// The error that stopped the store.
    pub failed: Option<String>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({})", self.path.display())
    }
}

impl Reader {
    /// The canonical bytes of a signed record.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; so for every method here.
    pub fn record(&self, id: &RecordId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.shared_get(&tables::record(id))?.map(|bytes| bytes.to_vec()))
    }

    /// Is this record held?
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn has_record(&self, id: &RecordId) -> Result<bool, StoreError> {
        Ok(self.shared_get(&tables::record(id))?.is_some())
    }

    /// Ids of records that are held, sealed or not, and begin with these hexadecimal digits: as many as there are,
    /// but at most `most`.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn records_beginning(&self, digits: &str, most: usize) -> Result<Vec<RecordId>, StoreError> {
        let digits = digits.to_ascii_lowercase();
        // Two digits are a byte; of an odd number, the last one is compared afterwards.
        let Ok(whole) = hex::decode(digits.get(..digits.len() / 2 * 2).unwrap_or_default()) else {
            return Ok(Vec::new());
        };
        let ids = self.shared_prefix(tables::records(&whole)).map(|entry| {
            let (key, _) = entry?;
            tables::record_id(&key).ok_or_else(|| self.damaged("the id of a record cannot be read"))
        });
        ids.filter(|id| id.as_ref().map_or(true, |id| id.to_string().starts_with(&digits)))
            .take(most)
            .collect()
    }

    /// The records that are held and not sealed, by author and sequence number.
    pub fn tail(&self) -> impl Iterator<Item = Result<TailEntry, StoreError>> + use<> {
        self.tail_within(vec![tables::TAIL])
    }

    /// The records of one author that are held and not sealed, by sequence number.
    pub fn tail_of(&self, author: &PublicKey) -> impl Iterator<Item = Result<TailEntry, StoreError>> + use<> {
        self.tail_within(tables::tail_of(author))
    }

    fn tail_within(&self, prefix: Vec<u8>) -> impl Iterator<Item = Result<TailEntry, StoreError>> + use<> {
        let reader = self.clone();
        self.shared_prefix(prefix).map(move |entry| {
            let (key, value) = entry?;
            let place = tables::author_and_sequence(&key);
            let (id, arrived) = value.split_at_checked(32).unwrap_or_default();
            match (place, id.try_into(), arrived.try_into()) {
                (Some((author, sequence)), Ok(id), Ok(arrived)) => {
                    Ok((author, sequence, RecordId(id), u64::from_be_bytes(arrived)))
                }
                _ => Err(reader.damaged("an entry of the tail cannot be read")),
            }
        })
    }

    /// Height of the newest seal; none before the first.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn head(&self) -> Result<Option<u64>, StoreError> {
        let head = self.shared()?.state.head;
        Ok((head > 0).then_some(head))
    }

    /// The seal at a height.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn seal(&self, height: u64) -> Result<Option<StoredSeal>, StoreError> {
        let shared = self.shared()?;
        if height == 0 || height > shared.state.head {
            return Ok(None);
        }
        let bytes = self
            .get(&tables::seal(height))?
            .ok_or_else(|| self.damaged(format!("seal {height} is missing")))?;
        let (header, certificate): (SealHeader, Certificate) = codec::decode(&bytes, tables::VALUE_BYTES)
            .map_err(|error| self.damaged(format!("seal {height} cannot be read: {error}")))?;
        let mut ids = Vec::new();
        for (part, entry) in (0..).zip(self.prefix(tables::ids_of(height))) {
            let (key, value) = entry?;
            match tables::split_ids(&value) {
                Some(more) if key == tables::ids(height, part) => ids.extend(more),
                _ => return Err(self.damaged(format!("the record ids of seal {height} cannot be read"))),
            }
        }
        if header.height != height || usize::try_from(header.count) != Ok(ids.len()) {
            return Err(self.damaged(format!(
                "under seal {height} lies the header of seal {} with {} records, and {} record ids",
                header.height,
                header.count,
                ids.len()
            )));
        }
        Ok(Some(StoredSeal { header, certificate, ids }))
    }

    /// The seals from this height on, up to the head.
    pub fn seals_from(&self, height: u64) -> impl Iterator<Item = Result<StoredSeal, StoreError>> + use<> {
        let reader = self.clone();
        (height.max(1)..).map_while(move |height| reader.seal(height).transpose())
    }

    /// The seal that holds this record: looked for from the newest one back.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn seal_of(&self, id: &RecordId) -> Result<Option<StoredSeal>, StoreError> {
        for height in (1..=self.head()?.unwrap_or(0)).rev() {
            let Some(seal) = self.seal(height)? else { return Ok(None) };
            if seal.ids.contains(id) {
                return Ok(Some(seal));
            }
        }
        Ok(None)
    }

    /// The evidence that is kept.
    pub fn evidence(&self) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + use<> {
        self.shared_prefix(vec![tables::EVIDENCE]).map(|entry| Ok(entry?.1.to_vec()))
    }

    /// The entries of the witness's write-ahead log of a height, in the order of writing.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn log(&self, height: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let _shared = self.shared()?;
        let mut entries = Vec::new();
        let mut unfinished: Option<Vec<u8>> = None;
        let (mut entry, mut part) = (0, 0);
        let broken = || self.damaged(format!("the log of height {height} has a gap"));
        for item in self.prefix(tables::log_of(height)) {
            let (key, value) = item?;
            let (last, bytes) = value.split_first().ok_or_else(broken)?;
            if key != tables::log(height, entry, part) {
                return Err(broken());
            }
            let mut whole = unfinished.take().unwrap_or_default();
            whole.extend_from_slice(bytes);
            if *last == 1 {
                entries.push(whole);
                (entry, part) = (entry + 1, 0);
            } else {
                unfinished = Some(whole);
                part += 1;
            }
        }
        if unfinished.is_some() { Err(broken()) } else { Ok(entries) }
    }

    /// The forks that were found: author, sequence number, and the two records, the smaller id first.
    pub fn forks(
        &self,
    ) -> impl Iterator<Item = Result<(PublicKey, u64, RecordId, RecordId), StoreError>> + use<> {
        let reader = self.clone();
        self.shared_prefix(vec![tables::FORK]).map(move |entry| {
            let (key, value) = entry?;
            let ids = tables::split_ids(&value);
            match (tables::author_and_sequence(&key), ids.as_deref()) {
                (Some((author, sequence)), Some([a, b])) => Ok((author, sequence, *a, *b)),
                _ => Err(reader.damaged("an entry of the forks cannot be read")),
            }
        })
    }

    /// The bytes kept under a name.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.shared_get(&tables::meta(name))?.map(|bytes| bytes.to_vec()))
    }

    /// Bytes that the database has on the disk.
    ///
    /// # Errors
    /// See [`Reader::record`].
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        let _shared = self.shared()?;
        self.attempt("measuring its size", || self.db.size_on_disk())
    }

    // What follows is the only way to the database.

    /// Runs a call into sled. A panic there means that it met what it never wrote.
    pub(super) fn attempt<T>(
        &self,
        doing: &'static str,
        call: impl FnOnce() -> Result<T, sled::Error>,
    ) -> Result<T, StoreError> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => result.map_err(|error| StoreError::sled(&*self.path, doing, error)),
            Err(panic) => Err(self.damaged(format!("{} (while {doing})", panic_text(&*panic)))),
        }
    }

    pub(super) fn damaged(&self, what: impl Into<String>) -> StoreError {
        StoreError::damaged(&*self.path, what)
    }

    /// Waits for a commit that is under way.
    pub(super) fn shared(&self) -> Result<RwLockReadGuard<'_, Shared>, StoreError> {
        let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
        match &shared.failed {
            Some(first) => Err(StoreError::Stopped { path: self.path.to_path_buf(), first: first.clone() }),
            None => Ok(shared),
        }
    }

    pub(super) fn exclusive(&self) -> RwLockWriteGuard<'_, Shared> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared_get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        let _shared = self.shared()?;
        self.get(key)
    }

    /// Reads without waiting for a commit: for the writer, and for those who have waited.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.attempt("reading", || self.db.get(key))
    }

    fn shared_prefix(
        &self,
        prefix: Vec<u8>,
    ) -> impl Iterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        let reader = self.clone();
        let mut entries = self.prefix(prefix);
        std::iter::from_fn(move || match reader.shared() {
            Ok(_shared) => entries.next(),
            Err(error) => Some(Err(error)),
        })
    }

    /// The entries whose keys begin with these bytes.
    pub(super) fn prefix(
        &self,
        prefix: Vec<u8>,
    ) -> impl Iterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        self.walk(self.db.scan_prefix(prefix))
    }

    /// The entries whose keys lie between these, without the last.
    pub(super) fn range(
        &self,
        from: Vec<u8>,
        to: Vec<u8>,
    ) -> impl Iterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        self.walk(self.db.range((Bound::Included(from), Bound::Excluded(to))))
    }

    fn walk(
        &self,
        mut entries: sled::Iter,
    ) -> impl Iterator<Item = Result<(IVec, IVec), StoreError>> + use<> {
        let reader = self.clone();
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let next = reader.attempt("reading", || entries.next().transpose()).transpose();
            ended = !matches!(next, Some(Ok(_)));
            next
        })
    }

    /// Number of entries in the log of a height.
    pub(super) fn log_length(&self, height: u64) -> Result<u32, StoreError> {
        let last =
            self.attempt("reading", || self.db.scan_prefix(tables::log_of(height)).next_back().transpose())?;
        match last {
            None => Ok(0),
            Some((key, _)) => tables::log_position(&key)
                .and_then(|(_, entry, _)| entry.checked_add(1))
                .ok_or_else(|| self.damaged(format!("the log of height {height} cannot be read"))),
        }
    }

    /// The fingerprint of the tables that no seal vouches for, computed anew.
    pub(super) fn unsealed_fingerprint(&self) -> Result<Fingerprint, StoreError> {
        let mut fingerprint = Fingerprint::EMPTY;
        for table in [tables::META, tables::TAIL, tables::LOG, tables::FORK, tables::EVIDENCE] {
            for entry in self.prefix(vec![table]) {
                let (key, value) = entry?;
                fingerprint.add(&key, &value);
            }
        }
        Ok(fingerprint)
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "the database gave up".to_owned())
}
