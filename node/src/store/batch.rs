//! A batch: what is committed together.

use std::collections::BTreeMap;

use mutua_protocol::{
    codec,
    hash::RecordId,
    keys::PublicKey,
    seals::{Certificate, SealHeader},
};

use super::{Reader, StoreError, fingerprint::State, tables};

/// What one commit writes: all of it or nothing. Later entries of a key replace earlier ones.
#[derive(Debug, Default)]
pub struct Batch {
    records: BTreeMap<RecordId, Vec<u8>>,
    /// Entries of the tables under the fingerprint: `Some` is put, `None` is removed.
    unsealed: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    seals: Vec<Seal>,
    log: Vec<(u64, Vec<u8>)>,
    clear_log_below: u64,
    refused: Option<String>,
}

#[derive(Debug)]
struct Seal {
    height: u64,
    count: u32,
    bytes: Vec<u8>,
    ids: Vec<RecordId>,
}

impl Batch {
    /// Nothing to write?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
            && self.unsealed.is_empty()
            && self.seals.is_empty()
            && self.log.is_empty()
            && self.clear_log_below == 0
    }

    /// Keeps the canonical bytes of a signed record. That they are the record's is for the caller to know.
    pub fn put_record(&mut self, id: RecordId, bytes: Vec<u8>) -> &mut Self {
        self.size("a record", bytes.len(), tables::VALUE_BYTES);
        self.records.insert(id, bytes);
        self
    }

    /// A record that is put by this batch.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> Option<&[u8]> {
        self.records.get(id).map(Vec::as_slice)
    }

    /// Header and certificate of a seal that is put by this batch.
    #[must_use]
    pub fn seal(&self, height: u64) -> Option<(SealHeader, Certificate)> {
        let seal = self.seals.iter().find(|seal| seal.height == height)?;
        codec::decode(&seal.bytes, tables::VALUE_BYTES).ok()
    }

    /// Lists a record as held and not sealed, with the time at which it came: milliseconds since 1970. The
    /// record itself is put beside it, or was before.
    pub fn add_tail(&mut self, author: PublicKey, sequence: u64, id: RecordId, arrived: u64) -> &mut Self {
        let value = [&id.0[..], &arrived.to_be_bytes()].concat();
        self.unsealed.insert(tables::tail(&author, sequence), Some(value));
        self
    }

    /// Takes a record off the list of those not sealed; the record stays.
    pub fn remove_tail(&mut self, author: PublicKey, sequence: u64) -> &mut Self {
        self.unsealed.insert(tables::tail(&author, sequence), None);
        self
    }

    /// Appends a seal, which becomes the head. Its height must be the one after the head's.
    pub fn put_seal(
        &mut self,
        header: &SealHeader,
        certificate: &Certificate,
        ids: &[RecordId],
    ) -> &mut Self {
        let bytes = codec::encode(&(header, certificate));
        self.size("a seal's header and certificate", bytes.len(), tables::VALUE_BYTES);
        self.seals.push(Seal { height: header.height, count: header.count, bytes, ids: ids.to_vec() });
        self
    }

    /// Appends an entry to the witness's write-ahead log of a height.
    pub fn append_log(&mut self, height: u64, entry: Vec<u8>) -> &mut Self {
        self.size("a log entry", entry.len(), tables::LOG_ENTRY_BYTES);
        self.log.push((height, entry));
        self
    }

    /// Removes what the log held, before this batch, of the heights below this one.
    pub fn clear_log_below(&mut self, height: u64) -> &mut Self {
        self.clear_log_below = self.clear_log_below.max(height);
        self
    }

    /// Keeps a fork: two records of one author with one sequence number.
    pub fn put_fork(&mut self, author: PublicKey, sequence: u64, a: RecordId, b: RecordId) -> &mut Self {
        let value = [a.min(b).0, a.max(b).0].concat();
        self.unsealed.insert(tables::fork(&author, sequence), Some(value));
        self
    }

    /// Keeps evidence, once for what it is about.
    pub fn put_evidence(&mut self, matter: &[u8], bytes: Vec<u8>) -> &mut Self {
        self.size("what evidence is about", matter.len(), tables::NAME_BYTES);
        self.size("evidence", bytes.len(), tables::VALUE_BYTES);
        self.unsealed.insert(tables::evidence(matter), Some(bytes));
        self
    }

    /// Keeps bytes under a name, such as the charter's.
    pub fn put_meta(&mut self, name: &str, bytes: Vec<u8>) -> &mut Self {
        self.size("the name of a meta value", name.len(), tables::NAME_BYTES);
        self.size("a meta value", bytes.len(), tables::VALUE_BYTES);
        self.unsealed.insert(tables::meta(name), Some(bytes));
        self
    }

    fn size(&mut self, what: &str, bytes: usize, limit: usize) {
        if bytes > limit {
            self.refused
                .get_or_insert(format!("{what} has {bytes} bytes, where at most {limit} are allowed"));
        }
    }

    /// The writes of this batch on top of a store in this state, and the state that they leave.
    pub(super) fn prepare(self, reader: &Reader, state: &State) -> Result<(sled::Batch, State), StoreError> {
        if let Some(why) = self.refused {
            return Err(StoreError::Refused(why));
        }
        let mut next = State { commit: state.commit + 1, ..state.clone() };
        let mut unsealed = self.unsealed;
        if self.clear_log_below > 0 {
            for entry in reader.range(vec![tables::LOG], tables::log_of(self.clear_log_below)) {
                unsealed.insert(entry?.0.to_vec(), None);
            }
        }
        let mut next_entry = BTreeMap::new();
        for (height, entry) in self.log {
            let number = match next_entry.get(&height) {
                Some(number) => *number,
                None => reader.log_length(height)?,
            };
            next_entry.insert(height, number + 1);
            put_log_entry(&mut unsealed, height, number, &entry);
        }

        let mut writes = sled::Batch::default();
        for (id, bytes) in self.records {
            writes.insert(tables::record(&id), bytes);
        }
        for seal in self.seals {
            next.head = put_seal(&mut writes, next.head, seal)?;
        }
        for (key, value) in unsealed {
            if let Some(old) = reader.get(&key)? {
                next.unsealed.remove(&key, &old);
            }
            match value {
                Some(value) => {
                    next.unsealed.add(&key, &value);
                    writes.insert(key, value);
                }
                None => writes.remove(key),
            }
        }
        writes.insert(vec![tables::STATE], codec::encode(&next));
        Ok((writes, next))
    }
}

/// Writes a seal after the head, and returns its height.
fn put_seal(writes: &mut sled::Batch, head: u64, seal: Seal) -> Result<u64, StoreError> {
    let Seal { height, count, bytes, ids } = seal;
    if head.checked_add(1) != Some(height) {
        return Err(StoreError::Refused(format!("seal {height} does not follow seal {head}")));
    }
    if usize::try_from(count) != Ok(ids.len()) {
        return Err(StoreError::Refused(format!(
            "the header of seal {height} counts {count} records, and {} ids came with it",
            ids.len()
        )));
    }
    writes.insert(tables::seal(height), bytes);
    for (part, ids) in (0..).zip(ids.chunks(tables::IDS_PER_PART)) {
        let value: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
        writes.insert(tables::ids(height, part), value);
    }
    Ok(height)
}

/// Writes a log entry in parts, the last of which says so.
fn put_log_entry(entries: &mut BTreeMap<Vec<u8>, Option<Vec<u8>>>, height: u64, number: u32, entry: &[u8]) {
    let parts: Vec<&[u8]> =
        if entry.is_empty() { vec![entry] } else { entry.chunks(tables::LOG_PART_BYTES).collect() };
    let count = parts.len();
    for (position, part) in parts.into_iter().enumerate() {
        let last = u8::from(position + 1 == count);
        let number_of_part = u32::try_from(position).expect("a log entry has at most 128 parts");
        let value = [&[last], part].concat();
        entries.insert(tables::log(height, number, number_of_part), Some(value));
    }
}
