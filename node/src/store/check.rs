//! Checking the whole store.

use mutua_protocol::{hash::RecordId, hash::SealId, seals::SealHeader};

use super::{Store, StoreError};

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Seals checked.
    pub height: u64,
    /// Seals there are.
    pub head: u64,
    /// Records checked.
    pub records: u64,
}

/// What a check went through, and found whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Seals.
    pub seals: u64,
    /// Records in seals.
    pub sealed_records: u64,
    /// Records in no seal yet.
    pub tail_records: u64,
}

impl Store {
    /// Goes through the store from the first seal to the head: that each seal names the one before it,
    /// its Merkle root is that of its record ids, and every record, sealed or not, is there and is the one that its id names;
    /// that tail, log, forks, evidence and meta values are those of the last commit. `id_of` computes a record's id from its
    /// bytes; `progress` is called after each seal. Signatures, certificates and rules are not checked here.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first damage.
    pub fn check(
        &self,
        id_of: impl Fn(&[u8]) -> Option<RecordId>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Checked, StoreError> {
        let record = |id: &RecordId, place: &dyn Fn() -> String| match self.record(id)? {
            None => Err(self.damaged(format!("record {id} {} is missing", place()))),
            Some(bytes) if id_of(&bytes) != Some(*id) => {
                Err(self.damaged(format!("the bytes kept as record {id} {} are another's", place())))
            }
            Some(_) => Ok(()),
        };
        let head = self.head()?.unwrap_or(0);
        let mut previous: Option<SealHeader> = None;
        let mut sealed_records = 0;
        for height in 1..=head {
            let seal = self.seal(height)?.ok_or_else(|| self.damaged(format!("seal {height} is missing")))?;
            let expected = previous.as_ref().map_or(SealId([0; 32]), SealHeader::id);
            if seal.header.previous != expected {
                return Err(
                    self.damaged(format!("seal {height} does not name seal {} before it", height - 1))
                );
            }
            if previous.is_some_and(|previous| previous.community != seal.header.community) {
                return Err(self.damaged(format!("seal {height} is of another community")));
            }
            if SealHeader::root_of(&seal.ids) != seal.header.root {
                return Err(
                    self.damaged(format!("the record ids of seal {height} are not those of its root"))
                );
            }
            for id in &seal.ids {
                record(id, &|| format!("of seal {height}"))?;
                sealed_records += 1;
            }
            previous = Some(seal.header);
            progress(Progress { height, head, records: sealed_records });
        }
        let mut tail_records = 0;
        for entry in self.tail() {
            let (author, sequence, id, _) = entry?;
            record(&id, &|| format!("(number {sequence} of author {author}, not sealed)"))?;
            tail_records += 1;
        }
        if self.unsealed_fingerprint()? != self.shared()?.state.unsealed {
            return Err(
                self.damaged("tail, log, forks, evidence or meta values are not those of the last commit")
            );
        }
        Ok(Checked { seals: head, sealed_records, tail_records })
    }
}
