//! Many records of one key at once, in the outbox: all of them are on the disk before the first is handed in.
//!
//! A batch is one file, replaced as a whole: there is no moment at which a part of it is signed and not kept. When it is
//! through, what became of it is noted before the file goes, so that the same table given again is known.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use mutua_protocol::{charter::Community, keys::verify_batch, records::Received};
use serde::{Deserialize, Serialize};

use super::Outbox;
use crate::{
    failure::{Done, Failure},
    files,
};

/// What the files' names end with.
const EXTENSION: &str = "batch";
const PAST: &str = "past";

/// Greatest size of a batch's file: the records of [`crate::signing::ITEMS`] lines, of the usual size, with room to spare. A
/// batch that would be larger is not signed.
pub(crate) const BATCH_BYTES: u64 = 512 << 20;

/// Batches that are remembered when they are through, the newest ones.
const REMEMBERED: usize = 64;

/// Greatest size of what is remembered of them.
const PAST_BYTES: u64 = 16 << 20;

/// Records of one key that were signed together.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// What is known of it beside the records.
    pub note: Note,
    /// The records of which no node has said yet what became of them, each with its line in the table.
    pub records: Vec<(u64, Received)>,
}

/// What is known of a batch beside its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Note {
    /// The words of the command that signed it.
    pub command: Vec<String>,
    /// The hash of the table.
    pub source: String,
    /// When it was signed, in milliseconds since 1970.
    pub time: u64,
    /// How many records the node has taken of it.
    pub taken: u64,
    /// The number of the newest of them in the author's chain; 0 before the first.
    pub last: u64,
    /// Lines that the node has refused.
    pub refused: Vec<RefusedLine>,
}

/// A line that the node has refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedLine {
    /// The line in the table.
    pub line: u64,
    /// The rule.
    pub rule: String,
    /// What the node said.
    pub reason: String,
}

/// The first line of the file; one for each record follows, with its line in the table and its bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    records: usize,
    note: Note,
}

impl Outbox {
    fn batch_path(&self) -> PathBuf {
        self.folder.join(format!("{}.{EXTENSION}", self.author))
    }

    fn past_path(&self) -> PathBuf {
        self.folder.join(format!("{}.{PAST}", self.author))
    }

    /// The batch that is kept, if one is.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or holds something else. Nothing may be signed then.
    pub(crate) fn kept_batch(&self, community: &Community) -> Done<Option<Batch>> {
        let path = self.batch_path();
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::file(&path, format!("cannot be read: {error}"))),
            Ok(file) => file,
        };
        let batch = read(BufReader::new(file.take(BATCH_BYTES + PAST_BYTES)), community).filter(|batch| {
            let is_of = |received: &Received| received.record().author == self.author;
            batch.records.iter().all(|(_, received)| is_of(received)) && follow(&batch.records)
        });
        match batch {
            Some(batch) => Ok(Some(batch)),
            None => Err(Failure::file(
                &path,
                "should hold a batch of records that were signed and may not have reached the node, and is damaged. To \
                 sign others with their numbers could pass for fraud. If you know that the node has taken the whole \
                 batch, remove the file",
            )),
        }
    }

    /// Keeps a batch. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written; then what was kept before still is.
    pub(crate) fn keep_batch(&self, batch: &Batch) -> Done {
        let head = Head { records: batch.records.len(), note: batch.note.clone() };
        let path = self.batch_path();
        self.replace(&path, |file| {
            serde_json::to_writer(&mut *file, &head)?;
            for (line, received) in &batch.records {
                write!(file, "\n{line} {}", hex::encode(&received.bytes))?;
            }
            file.write_all(b"\n")
        })
        .map_err(|error| {
            Failure::file(
                &path,
                format!("cannot be written: {error}. A batch is kept there before any of it is handed in"),
            )
        })
    }

    /// Notes what became of a batch, and forgets it: the node has taken or refused all of it.
    ///
    /// # Errors
    /// When the note cannot be written; then the batch is still kept.
    pub(crate) fn close_batch(&self, note: &Note) -> Done {
        let mut past = self.past_batches()?;
        past.retain(|earlier| earlier.source != note.source);
        past.push(note.clone());
        let surplus = past.len().saturating_sub(REMEMBERED);
        past.drain(..surplus);
        let path = self.past_path();
        self.replace(&path, |file| Ok(serde_json::to_writer(file, &past)?))
            .map_err(|error| Failure::file(&path, format!("cannot be written: {error}")))?;
        self.drop_batch()
    }

    /// Forgets a batch: the node has refused what remains of it for good.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub(crate) fn drop_batch(&self) -> Done {
        let path = self.batch_path();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::file(&path, format!("cannot be removed: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// What became of the batch of this table, if it is through.
    ///
    /// # Errors
    /// When what is remembered cannot be read.
    pub(crate) fn past_batch(&self, source: &str) -> Done<Option<Note>> {
        Ok(self.past_batches()?.into_iter().rfind(|note| note.source == source))
    }

    fn past_batches(&self) -> Done<Vec<Note>> {
        let path = self.past_path();
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            _ => {}
        }
        serde_json::from_str(&files::read_text(&path, PAST_BYTES)?).map_err(|_| {
            Failure::file(
                &path,
                "should say which batches were handed in, and is damaged. Without it a table that is given again is signed \
                 again. If you know that none will be, remove the file",
            )
        })
    }

    /// Writes a file for its owner alone, whole or not at all. When this returns, it is on the disk.
    fn replace(
        &self,
        path: &Path,
        content: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let unfinished = path.with_extension("new");
        let write = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            let mut file = BufWriter::with_capacity(1 << 20, file);
            content(&mut file)?;
            file.flush()?;
            file.get_ref().sync_all()?;
            fs::rename(&unfinished, path)?;
            File::open(&self.folder)?.sync_all()
        };
        write().inspect_err(|_| {
            // Of no use, and perhaps what fills the disk.
            let _ = fs::remove_file(&unfinished);
        })
    }
}

/// How many records the batch in this file has.
pub(super) fn count(path: &Path) -> usize {
    if path.extension().is_none_or(|found| found != EXTENSION) {
        return 0;
    }
    let mut head = String::new();
    let read = File::open(path).and_then(|file| BufReader::new(file.take(PAST_BYTES)).read_line(&mut head));
    read.ok().and_then(|_| serde_json::from_str(&head).ok()).map_or(1, |head: Head| head.records)
}

fn read(mut file: impl BufRead, community: &Community) -> Option<Batch> {
    let mut text = String::new();
    file.read_line(&mut text).ok()?;
    let head: Head = serde_json::from_str(&text).ok()?;
    let mut records = Vec::new();
    loop {
        text.clear();
        if file.read_line(&mut text).ok()? == 0 {
            break;
        }
        let (line, bytes) = text.strip_suffix('\n')?.split_once(' ')?;
        let received = Received::decode(&hex::decode(bytes).ok()?, community).ok()?;
        records.push((line.parse().ok()?, received));
    }
    let claims: Vec<_> = records.iter().map(|(_, received)| received.claim()).collect();
    verify_batch(&claims).ok()?;
    (records.len() == head.records && !records.is_empty()).then_some(Batch { note: head.note, records })
}

/// Are these one chain, and each line there once?
fn follow(records: &[(u64, Received)]) -> bool {
    let lines: BTreeSet<u64> = records.iter().map(|(line, _)| *line).collect();
    let linked = records.windows(2).all(|pair| {
        let (before, after) = (&pair[0].1, &pair[1].1);
        after.record().previous == before.id && after.record().sequence == before.record().sequence + 1
    });
    linked && lines.len() == records.len()
}
