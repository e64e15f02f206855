//! The outbox: a signed record stays in the home until a node has said what became of it.
//!
//! Were it lost together with the node's answer, its author would sign another one with the same number,
//! and two records with one number prove misbehaviour, whoever is to blame. So the record is on the disk
//! before it is handed in, and goes only when the node has taken or refused it. Until then nothing else is
//! signed with its key. There is one file for each key, or one for a whole [batch], used only by the process that has locked the key.

mod batch;

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use mutua_protocol::{
    charter::Community,
    keys::PublicKey,
    records::{Received, SignedRecord},
};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Done, Failure},
    files,
};
pub(crate) use batch::{BATCH_BYTES, Batch, Note, RefusedLine};

/// The folder in the home.
const FOLDER: &str = "outbox";

/// What the files' names end with.
const EXTENSION: &str = "json";

/// Greatest size of a file: the largest record in hexadecimal, and the words of the command.
const FILE_BYTES: u64 = 1 << 20;

/// The place for one key's record.
#[derive(Debug)]
pub(crate) struct Outbox {
    folder: PathBuf,
    author: PublicKey,
}

/// A record that was signed, and of which no node has said yet what became of it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The record.
    pub received: Received,
    /// The words of the command that signed it.
    pub command: Vec<String>,
}

/// A file in the outbox.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    command: Vec<String>,
    record: String,
}

impl Outbox {
    /// The place for this key's record in the home at this path.
    pub(crate) fn of(home: &Path, author: PublicKey) -> Self {
        Self { folder: home.join(FOLDER), author }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.{EXTENSION}", self.author))
    }

    /// The record that is kept, if one is.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or holds something else. Nothing may be signed then.
    pub(crate) fn kept(&self, community: &Community) -> Done<Option<Kept>> {
        let path = self.path();
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        let text = files::read_text(&path, FILE_BYTES)?;
        let damaged = |what: &str| {
            Failure::file(
                &path,
                format!(
                    "should hold a record that was signed and may not have reached the node, and {what}. To sign \
                     another one with its number could pass for fraud. If you know that this key's last command \
                     was taken by the node, remove the file"
                ),
            )
        };
        let entry: Entry = serde_json::from_str(&text).map_err(|_| damaged("cannot be read"))?;
        let received = hex::decode(&entry.record)
            .ok()
            .and_then(|bytes| Received::decode(&bytes, community).ok())
            .filter(|received| received.record().author == self.author)
            .filter(|received| received.signed_header().check().is_ok())
            .ok_or_else(|| damaged("holds no record of this key for this community"))?;
        Ok(Some(Kept { received, command: entry.command }))
    }

    /// Keeps a record. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written; then what was kept before still is.
    pub(crate) fn keep(&self, signed: &SignedRecord, command: &[String]) -> Done {
        let entry = Entry { command: command.to_vec(), record: hex::encode(signed.bytes()) };
        let path = self.path();
        let unfinished = path.with_extension("new");
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            serde_json::to_writer(&mut file, &entry)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error: std::io::Error| {
            // Of no use, and perhaps what fills the disk.
            let _ = fs::remove_file(&unfinished);
            Failure::file(
                &path,
                format!("cannot be written: {error}. Nothing was handed in: a record is kept there until the node has it"),
            )
        })
    }

    /// Forgets the record: a node has taken or refused it.
    ///
    /// # Errors
    /// When its file cannot be removed: to be told, and no reason to stop. The next command hands the record in once
    /// more, and hears that the node has it.
    pub(crate) fn clear(&self) -> Result<(), String> {
        let path = self.path();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("{} is of no use any more, and cannot be removed: {error}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// How many records are kept in the home at this path.
    pub(crate) fn count(home: &Path) -> usize {
        let entries = fs::read_dir(home.join(FOLDER)).into_iter().flatten().flatten();
        let kept = |path: PathBuf| {
            usize::from(path.extension().is_some_and(|found| found == EXTENSION)) + batch::count(&path)
        };
        entries.map(|entry| kept(entry.path())).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use clap::Parser;
    use mutua_protocol::{
        charter::{Role, RoleHolders},
        keys::SecretKey,
        records::{Body, Record},
        seals::Witness,
    };

    use super::*;
    use crate::founding::Terms;

    #[derive(Parser)]
    struct Founding {
        #[command(flatten)]
        terms: Terms,
    }

    fn community(key: &SecretKey) -> Community {
        let key = key.public();
        let roles = vec![RoleHolders { role: Role::Registrar, keys: vec![key], needed: 1 }];
        let witnesses = vec![Witness { key, power: 1, name: "one".to_owned() }];
        let terms = Founding::parse_from(["found"]).terms;
        Community::new(terms.charter("Test", roles, witnesses).unwrap()).unwrap()
    }

    fn record(community: &Community, key: &SecretKey, clock: u64) -> SignedRecord {
        let record = Record {
            community: community.id,
            author: key.public(),
            sequence: 1,
            previous: Record::NONE,
            clock,
            body: Body::Leave,
        };
        record.sign(key)
    }

    #[test]
    fn a_record_is_kept_for_its_owner_alone_until_it_is_cleared() {
        let home = tempfile::tempdir().unwrap();
        let keys = [SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32])];
        let community = community(&keys[0]);
        let [one, other] = keys.each_ref().map(|key| Outbox::of(home.path(), key.public()));
        assert!(one.kept(&community).unwrap().is_none());
        one.clear().unwrap();
        let words = ["leave".to_owned()];
        for clock in [5, 6] {
            one.keep(&record(&community, &keys[0], clock), &words).unwrap();
        }
        assert!(other.kept(&community).unwrap().is_none(), "each key has its own");
        other.keep(&record(&community, &keys[1], 7), &[]).unwrap();
        assert_eq!(Outbox::count(home.path()), 2);
        let kept = one.kept(&community).unwrap().unwrap();
        assert_eq!((kept.received.record().clock, &kept.command[..]), (6, &words[..]));
        for (path, mode) in [(one.folder.clone(), 0o700), (one.path(), 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        one.clear().unwrap();
        assert!(one.kept(&community).unwrap().is_none());
        assert_eq!(Outbox::count(home.path()), 1);
    }

    #[test]
    fn a_file_that_is_damaged_stops_its_key() {
        let home = tempfile::tempdir().unwrap();
        let keys = [SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32])];
        let community = community(&keys[0]);
        let [one, other] = keys.each_ref().map(|key| Outbox::of(home.path(), key.public()));
        one.keep(&record(&community, &keys[0], 5), &[]).unwrap();
        let whole = fs::read(one.path()).unwrap();
        for length in 0..whole.len() - 1 {
            fs::write(one.path(), &whole[..length]).unwrap();
            assert!(one.kept(&community).is_err(), "cut at {length}");
        }
        fs::write(other.path(), &whole).unwrap();
        assert!(other.kept(&community).is_err(), "another's record");
        let text = String::from_utf8(whole).unwrap();
        let end = text.rfind('"').unwrap();
        let digit = if text.as_bytes()[end - 1] == b'0' { "1" } else { "0" };
        fs::write(one.path(), [&text[..end - 1], digit, &text[end..]].concat()).unwrap();
        assert!(one.kept(&community).is_err(), "a changed signature");
    }
}
