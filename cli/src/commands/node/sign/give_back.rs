//! `mutua sign --give-back`: numbers of records that no node takes are free again, and the records gone.
//!
//! Two records with one number convict their author as soon as anybody shows both. So the file that holds the refused ones is
//! destroyed before its numbers are forgotten, and a node that runs in this home is asked whether it has taken any.

use std::{fs, path::Path};

use mutua_protocol::{
    charter::Community,
    codec,
    keys::PublicKey,
    limits,
    records::{Received, SignedRecord},
};
use serde::Serialize;

use crate::{
    client::Client,
    confirm::confirm,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    numbers::Numbers,
    output,
    page::Page,
    record_file::{Entry, RecordReader},
    signing::LOCK_TIME,
};

/// Records of which the node is asked at once.
const ASKED: usize = 1_000;

#[derive(Serialize)]
struct GivenBack {
    author: PublicKey,
    /// The first number that is free again.
    first: u64,
    records: usize,
}

/// Destroys the file, and forgets the numbers from the first one on.
pub(super) fn run(file: &Path, first: u64, named: Option<&str>, yes: bool, context: &Context) -> Done {
    let home = Home::existing(context)?;
    let community = home.community()?;
    let records = read(file, &community)?;
    let Some(author) = records.first().map(|received| received.record().author) else {
        return Err(Failure::file(file, "holds no record"));
    };
    let keystore = home.keystore()?;
    let label = super::label(&keystore, author, named)?;
    let _lock = keystore.lock(&label, LOCK_TIME).map_err(Failure::keys)?;
    let mut numbers = Numbers::of(home.path(), author)?;
    let missing = numbers.from(first).find(|(_, id)| records.iter().all(|received| received.id != *id));
    if let Some((number, id)) = missing {
        return Err(Failure::refused(format!(
            "number {number} was signed here for the record {}, which this file does not hold: give back the file that holds it first",
            id.short()
        )));
    }
    let freed = numbers.from(first).count();
    if freed == 0 {
        return Err(Failure::refused(format!("this key has signed no number {first} or greater here")));
    }
    let mut page = Page::default();
    page.line(format!("{} and {freed} records of the key '{label}' are to be destroyed,", file.display()));
    page.line(format!("and their numbers, from {first} on, to be free for others. Only do so if"));
    page.line(
        "  - 'mutua submit' has said that number is refused for good, and the file went to no other node,",
    );
    page.line("  - every copy of the file is destroyed: whoever has one can convict this key when another record has its number.");
    page.line("If you cannot be sure, let a registrar replace the key ('mutua key replace'), or the charter if it names it.");
    confirm(yes, &page, "Destroy the file, and give the numbers back?")?;
    let_go(&home, &records, first)?;
    destroy(file)?;
    let begin = records.first().map_or(first, |received| received.record().sequence);
    for copy in [numbers.copy(first), numbers.copy(begin)] {
        if copy.exists() {
            destroy(&copy)?;
        }
    }
    numbers.give_back(first)?;
    output::show(context.json, &GivenBack { author, first, records: freed }, |page| {
        page.line(format!("{freed} records are gone. The next number of this key is {first}: write it down anew (--unsigned)."));
    })
}

fn read(file: &Path, community: &Community) -> Done<Vec<Received>> {
    let mut reader = RecordReader::open(file)?;
    if reader.community != community.id {
        return Err(Failure::file(file, "holds records of another community"));
    }
    let mut records: Vec<Received> = Vec::new();
    while let Some(entry) = reader.next()? {
        let Entry::Record(bytes) = entry else { continue };
        let signed = codec::decode::<SignedRecord>(&bytes, limits::RECORD_BYTES)
            .map_err(|error| Failure::file(file, format!("holds something that is no record: {error}")))?;
        let received = Received::own(signed);
        if records.first().is_some_and(|first| first.record().author != received.record().author) {
            return Err(Failure::file(file, "holds records of several keys: 'mutua sign' did not write it"));
        }
        records.push(received);
    }
    Ok(records)
}

/// A node that runs in this home has told nobody of any of these, and lets go of them.
fn let_go(home: &Home, records: &[Received], first: u64) -> Done {
    if !home.has_store() {
        return Ok(());
    }
    let client = Client::of(home).map_err(|failure| {
        failure.and("Its node knows which records it has taken: start it, and try again")
    })?;
    let freed = records.iter().filter(|received| received.record().sequence >= first);
    // The first ones decide: what comes after a record that waits has told nobody, either.
    let ids: Vec<_> = freed.map(|received| received.id).collect();
    for ids in ids.chunks(ASKED) {
        if let Some(known) = client.let_go(ids)? {
            let number = records
                .iter()
                .find(|received| received.id == known)
                .map_or(first, |received| received.record().sequence);
            return Err(Failure::refused(format!(
                "the node has taken number {number} of this key, and others may know it: it stays signed"
            )));
        }
    }
    Ok(())
}

fn destroy(path: &Path) -> Done {
    let gone = fs::remove_file(path).and_then(|()| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()
    });
    gone.map_err(|error| {
        Failure::file(path, format!("cannot be destroyed: {error}. No number is given back"))
    })
}
