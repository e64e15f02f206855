//! Records that are to be signed elsewhere: written where a node runs, signed where the key is.
//!
//! The file holds each record's canonical bytes. What stands beside them is for people who open the file, and read by
//! nobody: `mutua sign` shows what the bytes say.

use std::{collections::BTreeMap, io::Write, path::Path, sync::Arc};

use mutua_protocol::{
    charter::{Charter, Community},
    codec,
    hash::{CommunityId, RecordId},
    keys::{PublicKey, Signature},
    records::Record,
};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Done, Failure},
    files, spelled,
};

/// What such a file says it is.
const WHAT: &str = "mutua: records to be signed, version 1";

/// Greatest size of a file: a batch of the greatest size in hexadecimal, and what it reads.
const FILE_BYTES: u64 = 1 << 30;

/// Records of one author that follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    /// Who is to sign them.
    pub author: PublicKey,
    /// At least one.
    pub records: Vec<Record>,
    /// What the proposals and ratings that they name are called, as far as whoever wrote them down knows.
    pub titles: Titles,
}

/// What records are called.
pub(crate) type Titles = BTreeMap<RecordId, String>;

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    what: String,
    community: CommunityId,
    author: PublicKey,
    /// The charters adopted since the founding, in their order: by the last of them the records are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    charters: Vec<Charter>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    titles: Titles,
    /// In hexadecimal.
    records: Vec<String>,
    reads: Vec<String>,
}

impl Draft {
    /// Writes a new file, with the charters since the founding.
    ///
    /// # Errors
    /// When it is there, or cannot be written.
    pub(crate) fn write(&self, path: &Path, community: &Community) -> Done {
        self.put(path, community, false)
    }

    /// The same, in the place of a file that is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn rewrite(&self, path: &Path, community: &Community) -> Done {
        self.put(path, community, true)
    }

    fn put(&self, path: &Path, community: &Community, replace: bool) -> Done {
        let mut charters: Vec<Charter> = community.history().map(|each| each.charter.clone()).collect();
        charters.pop();
        charters.reverse();
        let written = Written {
            what: WHAT.to_owned(),
            community: community.id,
            author: self.author,
            charters,
            titles: self.titles.clone(),
            records: self.records.iter().map(|record| hex::encode(codec::encode(record))).collect(),
            reads: self.records.iter().map(|record| spelled::line(record, &community.charter)).collect(),
        };
        let text = serde_json::to_string_pretty(&written)
            .map_err(|error| Failure::file(path, format!("cannot be written: {error}")))?;
        files::write_whole(path, replace, |file| {
            file.write_all((text + "\n").as_bytes())
                .map_err(|error| Failure::file(path, format!("cannot be written: {error}")))
        })
    }

    /// Reads a file and checks everything that can be checked without the ledger. With it, the community under the charter
    /// that was in force where it was written, as the file says.
    ///
    /// # Errors
    /// When it is no such file, is for another community, or holds what cannot be signed.
    pub(crate) fn read(path: &Path, community: Community) -> Done<(Self, Community)> {
        let text = files::read_text(path, FILE_BYTES)?;
        let written: Written = serde_json::from_str(&text).map_err(|error| {
            Failure::file(path, format!("holds no records to be signed ('--unsigned' writes them): {error}"))
        })?;
        if written.what != WHAT {
            return Err(Failure::file(path, "is of another version"));
        }
        if written.community != community.id {
            return Err(Failure::file(
                path,
                format!(
                    "is for the community {}, and this home belongs to {} ({})",
                    written.community.short(),
                    community.charter.name,
                    community.id.short()
                ),
            ));
        }
        let mut community = Arc::new(community);
        for (charter, height) in written.charters.into_iter().zip(1..) {
            let amended = community.amended(charter, height).map_err(|error| {
                Failure::file(path, format!("brings a charter that cannot follow the one before it: {error}"))
            })?;
            community = Arc::new(amended);
        }
        let community = Arc::unwrap_or_clone(community);
        let mut records: Vec<Record> = Vec::with_capacity(written.records.len());
        for (digits, number) in written.records.iter().zip(1..) {
            let record = read(digits, &community, written.author, records.last()).map_err(|problem| {
                Failure::file(path, format!("record {number} of {}: {problem}", written.records.len()))
            })?;
            records.push(record);
        }
        if records.is_empty() {
            return Err(Failure::file(path, "holds no record"));
        }
        let titles = written.titles;
        Ok((Self { author: written.author, records, titles }, community))
    }
}

fn read(
    digits: &str,
    community: &Community,
    author: PublicKey,
    before: Option<&Record>,
) -> Result<Record, String> {
    let bytes = hex::decode(digits).map_err(|_| "it is not in hexadecimal digits".to_owned())?;
    let room = (community.widest.record_bytes as usize).saturating_sub(Signature::LENGTH);
    let record: Record =
        codec::decode(&bytes, room).map_err(|error| format!("its bytes are no record: {error}"))?;
    if record.community != community.id || record.author != author {
        return Err("its bytes name another community or author than the file".to_owned());
    }
    if record.sequence == 0 || (record.sequence == 1) != (record.previous == Record::NONE) {
        return Err(format!("its number {} does not fit its predecessor", record.sequence));
    }
    if before.is_some_and(|before| (before.sequence + 1, before.id()) != (record.sequence, record.previous)) {
        return Err("it does not follow the one before it".to_owned());
    }
    record.body.check(community, &author).map_err(|error| error.to_string())?;
    Ok(record)
}

#[cfg(test)]
mod tests;
