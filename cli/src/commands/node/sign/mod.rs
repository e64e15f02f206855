//! `mutua sign`: signs what was written elsewhere, where the key is and no node need be.

mod give_back;
mod summary;

use std::path::PathBuf;

use clap::Args;
use mutua_node::keystore::Keystore;
use mutua_protocol::{charter::Community, keys::PublicKey, records::Record};
use serde::Serialize;

use crate::{
    client::Client,
    confirm::confirm,
    context::Context,
    draft::Draft,
    failure::{Done, Failure},
    files,
    home::{Home, passphrase},
    numbers::Numbers,
    outbox::Outbox,
    output,
    page::Page,
    record_file::RecordWriter,
    signing::LOCK_TIME,
    spelled,
};

const EXAMPLE: &str = "\
Example:
  mutua fund 10000 --source \"members' savings\" --as 3f1c8a21 --unsigned fund.json    # where the node runs
  mutua sign fund.json                                                         # where the key is
  mutua submit fund.json.signed                                                # where the node runs

Every command that signs takes --unsigned. The machine with the key needs the community's charter ('mutua join') and no network. What
will be signed is shown from the records' bytes, and asked for. Which numbers were signed is remembered in the home: no number is
ever signed for two records.

While a number that was signed has not reached the node, the key signs nothing else there. Ways on:
  the signed file is lost         sign it again: the same records. If what was written is lost, too, a copy lies in the folder
                                  'signed' of the home: mutua sign HOME/signed/KEY-NUMBER.json
  the node knows of less          it was restored, or has fallen behind: hand the newest files in again, or let it catch up
  it would have no effect         hand it in all the same: it is sealed as void, and the next number is free
  the node refuses it for good    or it waits for what never comes, or its number was used elsewhere: mutua sign FILE.signed
                                  --give-back NUMBER destroys it and those after it; every other copy has to be destroyed, too
  a copy may be in other hands    let a registrar replace the key ('mutua key replace')";

/// Up to this many records are shown one by one before they are signed.
const SHOWN: usize = 20;

/// What `mutua sign` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The records, as --unsigned writes them; with --give-back the signed ones
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Refuse any other key than this one: its label, or the first digits of its public key
    #[arg(long = "as", alias = "key", value_name = "LABEL")]
    label: Option<String>,
    /// The file to write [default: FILE.signed]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Read the records by this charter, and refuse a file that was written under another [default: the one that the file brings]
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// Show every record, and sign nothing
    #[arg(long, conflicts_with_all = ["yes", "out"])]
    show: bool,
    /// Destroy a signed file that no node takes, and free its numbers from this one on
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["out", "show", "charter"])]
    give_back: Option<u64>,
}

#[derive(Serialize)]
struct Signed {
    file: PathBuf,
    author: PublicKey,
    records: Vec<SignedRecord>,
}

#[derive(Serialize)]
struct SignedRecord {
    id: mutua_protocol::hash::RecordId,
    kind: mutua_protocol::records::Kind,
    sequence: u64,
}

impl Arguments {
    /// Signs.
    pub(crate) fn run(self, context: &Context) -> Done {
        if let Some(first) = self.give_back {
            return give_back::run(&self.file, first, self.label.as_deref(), self.yes, context);
        }
        let home = Home::existing(context)?;
        let (draft, community) = Draft::read(&self.file, home.community()?)?;
        self.check_charter(&community)?;
        if self.show {
            let mut page = Page::default();
            tell(&mut page, &draft, &community, true);
            return output::show(context.json, &draft.records, |shown| *shown = page);
        }
        let keystore = home.keystore()?;
        let author = draft.author;
        let label = label(&keystore, author, self.label.as_deref())?;
        let out = self.out.unwrap_or_else(|| {
            let mut name = self.file.clone().into_os_string();
            name.push(".signed");
            PathBuf::from(name)
        });
        if out.exists() {
            return Err(Failure::file(
                &out,
                "is there already; choose another name with --out, or remove it",
            ));
        }
        let _lock = keystore.lock(&label, LOCK_TIME).map_err(Failure::keys)?;
        let mut numbers = Numbers::of(home.path(), author)?;
        for record in &draft.records {
            numbers.admit(record)?;
        }
        unused(&home, author, &draft.records, &numbers)?;
        let mut page = Page::default();
        page.line(format!("To be signed with the key '{label}', {author}:"));
        tell(&mut page, &draft, &community, false);
        let question = match draft.records.len() {
            1 => "Sign this?".to_owned(),
            several => format!("Sign these {several} records?"),
        };
        confirm(self.yes, &page, &question)?;
        let passphrase = passphrase(context, &format!("Passphrase of the key '{label}': "))?;
        let key = keystore.unlock(&label, &passphrase).map_err(Failure::keys)?;
        // On the disk before there is a signature.
        if let Some(copy) = draft.records.first().map(|first| numbers.copy(first.sequence)) {
            numbers.make_folder()?;
            draft.rewrite(&copy, &community)?;
        }
        numbers.add(&draft.records)?;
        numbers.tidy();
        let records = draft.records;
        let mut writer = RecordWriter::create(&out, community.id)?;
        writer.stage()?;
        let mut shown = Vec::with_capacity(records.len());
        for record in records {
            shown.push(SignedRecord { id: record.id(), kind: record.body.kind(), sequence: record.sequence });
            writer.record(&record.sign(&key).bytes())?;
        }
        writer.finish()?;
        let signed = Signed { file: out, author, records: shown };
        output::show(context.json, &signed, |page| {
            page.line(format!("{} holds {} signed records.", signed.file.display(), signed.records.len()));
            page.line(format!(
                "Hand them in where a node runs: mutua submit {}",
                signed.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
            ));
        })
    }
}

impl Arguments {
    /// The charter by which the file is read is the one that is meant.
    fn check_charter(&self, community: &Community) -> Done {
        let Some(path) = &self.charter else { return Ok(()) };
        let meant = files::read_charter(path)?;
        if meant.hash == community.hash {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "{} was written under the charter {}, and {} is {}. If the charter was amended, write the file anew (--unsigned)",
            self.file.display(),
            community.hash.short(),
            path.display(),
            meant.hash.short()
        )))
    }
}

/// What would be signed: each record, or what many come to.
fn tell(page: &mut Page, draft: &Draft, community: &Community, all: bool) {
    let amendments = community.history().count() - 1;
    if amendments > 0 {
        page.gap().line(format!(
            "The file brings the charter by which it is read: {}, after {amendments} amendments. Nothing here can tell whether it is in \
             force: compare it with 'mutua charter show' of a node that you trust, or name the one you have with --charter.",
            community.hash
        ));
    }
    if draft.records.len() > SHOWN && !all {
        page.gap();
        summary::tell(page, &draft.records, &community.charter);
        page.line("The first and the last of them follow; 'mutua sign --show' shows all.");
    }
    let last = draft.records.len() - 1;
    for (position, record) in draft.records.iter().enumerate() {
        if !all && last >= SHOWN && position != 0 && position != last {
            continue;
        }
        let (title, mut facts) = spelled::record(record, &community.charter);
        spelled::entitle(&mut facts, &draft.titles);
        page.gap().line(title).facts(facts);
    }
    if !draft.titles.is_empty() {
        page.gap()
            .line("What something is called is said by whoever wrote the file; what is signed is the id.");
    }
}

/// The label of this author's key.
fn label(keystore: &Keystore, author: PublicKey, named: Option<&str>) -> Done<String> {
    let held = keystore.list().map_err(Failure::keys)?;
    let Some(found) = held.iter().find(|key| key.public == author && key.keyring.is_none()) else {
        let labels: Vec<&str> = held.iter().map(|key| key.label.as_str()).collect();
        return Err(Failure::keys(format!(
            "the file is for the key {author}, which is not in this home; there are: {}",
            if labels.is_empty() { "none".to_owned() } else { labels.join(", ") }
        )));
    };
    if let Some(named) = named {
        let meant = keystore.find(named).map_err(Failure::keys)?;
        if meant.public != author {
            return Err(Failure::keys(format!(
                "the file is for the key '{}', and not for '{named}'",
                found.label
            )));
        }
    }
    Ok(found.label.clone())
}

/// A home in which a node runs signs by itself, too: what it has signed there is known to its node, or in its outbox.
fn unused(home: &Home, author: PublicKey, records: &[Record], numbers: &Numbers) -> Done {
    let community = home.community()?;
    if let Some(kept) = Outbox::of(home.path(), author).kept(&community)? {
        return Err(Failure::refused(format!(
            "this home keeps record number {} of this key, from 'mutua {}', which no node has answered for. Give that \
             command again first",
            kept.received.record().sequence,
            kept.command.join(" ")
        )));
    }
    if let Some(batch) = Outbox::of(home.path(), author).kept_batch(&community)? {
        return Err(Failure::refused(format!(
            "this home keeps {} records of this key, from 'mutua {}', which no node has answered for. Give that command \
             again first",
            batch.records.len(),
            batch.note.command.join(" ")
        )));
    }
    if !home.has_store() {
        return Ok(());
    }
    let chain = Client::of(home).and_then(|client| client.chain(&author)).map_err(|failure| {
        failure.and("Its node knows which numbers this key has used: start it, and sign then")
    })?;
    match records.iter().find(|record| record.sequence <= chain.sequence && !numbers.holds(record)) {
        Some(record) => Err(Failure::refused(format!(
            "number {} of this key is used: the node knows of {} records. Write it anew (--unsigned)",
            record.sequence, chain.sequence
        ))),
        None => Ok(()),
    }
}
