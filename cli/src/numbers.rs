//! The numbers that keys of this home have signed with `mutua sign`, where no node can be asked.
//!
//! Two records with one number convict their author, whoever made the mistake. So what was signed is on the disk,
//! number by number, before a signature leaves this program, and a number is signed a second time only for the very same
//! record. There is one file for each key: lines of a number and a record's id, to which lines are added.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use mutua_protocol::{hash::RecordId, keys::PublicKey, records::Record};

use crate::failure::{Done, Failure};

/// The folder in the home.
const FOLDER: &str = "signed";

/// Copies that are kept of what was signed, the newest: a draft is only written when the one before it has arrived.
const COPIES: usize = 4;

/// What a key has signed here.
#[derive(Debug)]
pub(crate) struct Numbers {
    path: PathBuf,
    known: BTreeMap<u64, RecordId>,
    /// Where the line of each number begins.
    begins: BTreeMap<u64, u64>,
    /// Bytes of whole lines. What stands behind them was being written when the machine stopped, and no signature of it
    /// has left.
    whole: u64,
}

impl Numbers {
    /// What this key has signed in the home at this path.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged. Nothing may be signed then.
    pub(crate) fn of(home: &Path, author: PublicKey) -> Done<Self> {
        let path = home.join(FOLDER).join(author.to_string());
        let mut text = String::new();
        match File::open(&path).and_then(|mut file| file.read_to_string(&mut text)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::file(&path, format!("cannot be read: {error}"))),
            Ok(_) => {}
        }
        let (mut known, mut begins) = (BTreeMap::new(), BTreeMap::new());
        let mut whole = 0;
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let Some(said) = line.strip_suffix('\n') else { break };
            let entry = said.split_once(' ').and_then(|(sequence, id)| {
                Some((sequence.parse::<u64>().ok()?, id.parse::<RecordId>().ok()?))
            });
            let Some((sequence, id)) = entry else {
                return Err(Failure::file(
                    &path,
                    format!(
                        "should tell which numbers this key has signed, and its line {number} is damaged. To sign one of \
                         them again could pass for fraud. Hand in everything that was signed ('mutua submit'), and compare with the node's chain: \
                         only then put a copy in the file's place whose last number is that of the chain, or a greater one"
                    ),
                ));
            };
            known.insert(sequence, id);
            begins.insert(sequence, whole);
            whole += line.len() as u64;
        }
        Ok(Self { path, known, begins, whole })
    }

    /// The greatest number, if there is one.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.known.last_key_value().map(|(sequence, _)| *sequence)
    }

    /// The numbers from this one on, each with its record.
    pub(crate) fn from(&self, first: u64) -> impl Iterator<Item = (u64, RecordId)> + '_ {
        self.known.range(first..).map(|(number, id)| (*number, *id))
    }

    /// Forgets the numbers from this one on. Only for records that exist nowhere any more.
    ///
    /// # Errors
    /// When that cannot be written; then they are remembered.
    pub(crate) fn give_back(&mut self, first: u64) -> Done {
        let Some(whole) = self.begins.range(first..).map(|(_, begin)| *begin).min() else { return Ok(()) };
        OpenOptions::new()
            .write(true)
            .open(&self.path)
            .and_then(|file| file.set_len(whole).and_then(|()| file.sync_all()))
            .map_err(|error| Failure::file(&self.path, format!("cannot be written: {error}")))?;
        self.whole = whole;
        self.known.split_off(&first);
        self.begins.split_off(&first);
        Ok(())
    }

    /// The place for a copy of what is signed under the numbers from this one on. To sign the copy makes the very same records,
    /// should the signed file be lost.
    pub(crate) fn copy(&self, first: u64) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!("-{first}.json"));
        PathBuf::from(name)
    }

    /// Makes the folder of all this, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn make_folder(&self) -> Done {
        let Some(folder) = self.path.parent() else { return Ok(()) };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Failure::file(folder, format!("cannot be made: {error}. Nothing is signed")))
    }

    /// Removes all copies but the newest ones.
    pub(crate) fn tidy(&self) {
        let mut firsts: Vec<u64> =
            self.known.keys().copied().filter(|first| self.copy(*first).exists()).collect();
        firsts.truncate(firsts.len().saturating_sub(COPIES));
        for first in firsts {
            // Of no use any more; the next one tries again.
            let _ = std::fs::remove_file(self.copy(first));
        }
    }

    /// Was this very record signed here?
    pub(crate) fn holds(&self, record: &Record) -> bool {
        self.known.get(&record.sequence) == Some(&record.id())
    }

    /// May this record be signed, as far as this home knows?
    ///
    /// # Errors
    /// When its number was used for another one, or it does not follow what was signed before.
    pub(crate) fn admit(&self, record: &Record) -> Done {
        let (sequence, id) = (record.sequence, record.id());
        let refused = |why: String| {
            Err(Failure::refused(format!(
                "{why}. Two records with one number convict their author. Hand in what was signed before ('mutua submit'), \
                 and write this one anew (--unsigned) when it has arrived. If that file is lost or refused, see \
                 'mutua sign --help'"
            )))
        };
        match self.known.get(&sequence) {
            Some(known) if *known == id => return Ok(()),
            Some(known) => {
                return refused(format!(
                    "number {sequence} of this key was signed here with other content (record {})",
                    known.short()
                ));
            }
            None => {}
        }
        if let Some(newest) = self.newest().filter(|newest| *newest > sequence) {
            return refused(format!(
                "number {sequence} comes before number {newest}, which this key has signed here: it was used elsewhere"
            ));
        }
        match self.known.get(&(sequence - 1)) {
            Some(known) if *known != record.previous => refused(format!(
                "number {sequence} goes on from record {}, and number {} that was signed here is record {}",
                record.previous.short(),
                sequence - 1,
                known.short()
            )),
            _ => Ok(()),
        }
    }

    /// Remembers records. When this returns, they are on the disk, and may be signed.
    ///
    /// # Errors
    /// When that cannot be written; then nothing may be signed.
    pub(crate) fn add(&mut self, records: &[Record]) -> Done {
        let new: Vec<(u64, RecordId)> = records
            .iter()
            .map(|record| (record.sequence, record.id()))
            .filter(|(sequence, _)| !self.known.contains_key(sequence))
            .collect();
        let mut text = String::new();
        for (sequence, id) in &new {
            self.begins.insert(*sequence, self.whole + text.len() as u64);
            text += &format!("{sequence} {id}\n");
        }
        let write = || {
            if let Some(folder) = self.path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
            file.set_len(self.whole)?;
            file.seek(SeekFrom::Start(self.whole))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            match self.path.parent() {
                Some(folder) => File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        };
        write().map_err(|error: std::io::Error| {
            Failure::file(&self.path, format!("cannot be written: {error}. Nothing is signed"))
        })?;
        self.whole += text.len() as u64;
        self.known.extend(new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use mutua_protocol::{hash::CommunityId, records::Body};

    use super::*;

    const AUTHOR: PublicKey = PublicKey([7; 32]);

    fn record(sequence: u64, previous: RecordId, clock: u64) -> Record {
        let (community, author) = (CommunityId([1; 32]), AUTHOR);
        Record { community, author, sequence, previous, clock, body: Body::Leave }
    }

    #[test]
    fn a_number_is_signed_for_one_record_only() {
        let home = tempfile::tempdir().unwrap();
        let mut numbers = Numbers::of(home.path(), AUTHOR).unwrap();
        assert_eq!(numbers.newest(), None);
        let fifth = record(5, RecordId([4; 32]), 0);
        let sixth = record(6, fifth.id(), 0);
        numbers.admit(&fifth).unwrap();
        numbers.add(&[fifth.clone(), sixth.clone()]).unwrap();
        let other = Numbers::of(home.path(), PublicKey([8; 32])).unwrap();
        assert_eq!(other.newest(), None, "each key has its own");
        // In this process, and in the next one.
        for numbers in [numbers, Numbers::of(home.path(), AUTHOR).unwrap()] {
            assert_eq!(numbers.newest(), Some(6));
            for same in [&fifth, &sixth] {
                numbers.admit(same).unwrap();
                assert!(numbers.holds(same));
            }
            for (other, says) in [
                (record(5, RecordId([4; 32]), 1), "was signed here with other content"),
                (record(6, fifth.id(), 1), "was signed here with other content"),
                (record(4, RecordId([3; 32]), 0), "comes before number 6"),
                (record(7, RecordId([6; 32]), 0), "goes on from record"),
            ] {
                let refused = numbers.admit(&other).unwrap_err();
                assert!(refused.message().contains(says), "{}", refused.message());
                assert!(!numbers.holds(&other));
            }
            numbers.admit(&record(7, sixth.id(), 0)).unwrap();
            numbers.admit(&record(9, RecordId([8; 32]), 0)).unwrap();
        }
        let path = home.path().join(FOLDER).join(AUTHOR.to_string());
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_given_back_is_free_and_what_comes_before_it_is_not() {
        let home = tempfile::tempdir().unwrap();
        let first = record(1, Record::NONE, 0);
        let second = record(2, first.id(), 0);
        let third = record(3, second.id(), 0);
        let mut numbers = Numbers::of(home.path(), AUTHOR).unwrap();
        numbers.add(std::slice::from_ref(&first)).unwrap();
        numbers.add(&[second.clone(), third.clone()]).unwrap();
        numbers.give_back(4).unwrap();
        assert_eq!(numbers.newest(), Some(3), "there is no such number");
        numbers.give_back(2).unwrap();
        for mut numbers in [numbers, Numbers::of(home.path(), AUTHOR).unwrap()] {
            assert_eq!(numbers.from(0).collect::<Vec<_>>(), [(1, first.id())]);
            let other = record(2, first.id(), 1);
            numbers.admit(&other).unwrap();
            numbers.add(std::slice::from_ref(&other)).unwrap();
            assert!(numbers.admit(&second).is_err());
            assert!(numbers.holds(&other));
            numbers.give_back(2).unwrap();
        }
    }

    /// A machine that stops while a line is written has signed nothing for it.
    #[test]
    fn a_line_that_is_not_whole_is_written_anew_and_a_damaged_one_stops_the_key() {
        let home = tempfile::tempdir().unwrap();
        let first = record(1, Record::NONE, 0);
        let second = record(2, first.id(), 0);
        Numbers::of(home.path(), AUTHOR).unwrap().add(&[first.clone(), second.clone()]).unwrap();
        let path = home.path().join(FOLDER).join(AUTHOR.to_string());
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let mut numbers = Numbers::of(home.path(), AUTHOR).unwrap();
            assert_eq!(
                numbers.newest(),
                [None, Some(1)][usize::from(length > whole.len() / 2 - 1)],
                "{length}"
            );
            numbers.add(&[first.clone(), second.clone()]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        let mut damaged = whole.clone();
        damaged[3] = b'x';
        fs::write(&path, damaged).unwrap();
        assert!(Numbers::of(home.path(), AUTHOR).unwrap_err().message().contains("line 1 is damaged"));
    }
}
