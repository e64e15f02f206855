//! Saying something: a record is signed here, with a key of this home, and handed to the node.
//!
//! Between the two it is kept in the [outbox](crate::outbox). A record that is found there is handed in before
//! anything else is signed with its key.

mod batch;

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use mutua_node::{
    api::types::ChainView,
    keystore::{KeyInfo, KeyLock, Keystore},
    service::ReceptionStatus,
};
use mutua_protocol::{
    charter::{Charter, Community, Role},
    hash::RecordId,
    keys::{PublicKey, SecretKey},
    records::{Body, Kind, Received, Record},
};
use serde::Serialize;

use crate::{
    client::{Client, patiently},
    context::Context,
    draft::{Draft, Titles},
    failure::{Done, Failure},
    home::{Home, passphrase},
    named,
    numbers::Numbers,
    outbox::{Kept, Outbox},
    output,
    page::{Page, plain},
    spelled, times,
};

pub(crate) use batch::{ITEMS, Item};

/// How long to wait for another process that signs with the same key: on a slow machine, a batch of some thousand
/// records takes most of a minute.
pub(crate) const LOCK_TIME: Duration = Duration::from_secs(60);

/// How long to wait for what a record depends on: a seal takes a second or so.
const PARKED_TIME: Duration = Duration::from_secs(10);

/// With which key.
#[derive(Debug, Args)]
pub(crate) struct SignerArguments {
    /// Sign with this key: its label, or the first digits of its public key [default: the one that fits]
    #[arg(long = "as", value_name = "LABEL")]
    pub label: Option<String>,
    /// Sign nothing: write what would be signed to this file, for 'mutua sign' where the key is
    #[arg(long, value_name = "FILE")]
    pub unsigned: Option<PathBuf>,
}

/// A key that is unlocked and locked against other processes, and where its chain ends.
pub(crate) struct Signer {
    pub client: Client,
    pub community: Community,
    pub chain: ChainView,
    pen: Pen,
    label: String,
    outbox: Outbox,
    before: Option<Before>,
}

/// With what it signs.
enum Pen {
    /// A key of this home, locked against other processes.
    Key(SecretKey, #[allow(dead_code, reason = "it is held")] KeyLock),
    /// None: a file, for the machine that has the key.
    File(PathBuf, PublicKey),
}

/// A record that was kept by a command before this one, and what the node says of it now.
struct Before {
    kept: Kept,
    /// What it waits for; nothing if the node has taken it.
    waits_for: Option<String>,
}

/// What was said.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    /// The record.
    pub id: RecordId,
    /// What kind of record.
    pub kind: Kind,
    /// By whom.
    pub author: PublicKey,
    /// Its number in their chain.
    pub sequence: u64,
    /// Was it signed by a command before this one, whose answer was lost?
    pub kept: bool,
    /// The file that it was written to, if it is not signed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<PathBuf>,
    /// What the record says, where a command before this one has signed it: the same words may mean something else by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<Meant>,
}

/// What a record says, in the words of people.
#[derive(Debug, Serialize)]
pub(crate) struct Meant {
    what: &'static str,
    facts: Vec<(&'static str, String)>,
}

impl Said {
    fn of(received: &Received, kept: bool) -> Self {
        let record = received.record();
        let (kind, author, sequence) = (record.body.kind(), record.author, record.sequence);
        Self { id: received.id, kind, author, sequence, kept, unsigned: None, says: None }
    }
}

impl Signer {
    /// Takes the key that fits, or the one that was named, for something that needs this role.
    ///
    /// # Errors
    /// When no node is running, no key fits, or the passphrase is wrong.
    pub(crate) fn take(context: &Context, arguments: &SignerArguments, role: Option<Role>) -> Done<Self> {
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let community = client.community(home.community()?)?;
        let keystore = home.keystore()?;
        if let Some(path) = &arguments.unsigned {
            let author = elsewhere(&keystore, arguments.label.as_deref(), role, &community.charter, &client)?;
            return Self::writing(path, author, &home, community, client);
        }
        let label = fitting(&keystore, arguments.label.as_deref(), role, &community.charter, &client)?;
        // Locked before the chain is asked for, until the record is on the node's disk.
        let lock = keystore.lock(&label, LOCK_TIME).map_err(Failure::keys)?;
        let passphrase = passphrase(context, &format!("Passphrase of the key '{label}': "))?;
        let key = keystore.unlock(&label, &passphrase).map_err(Failure::keys)?;
        let chain = client.chain(&key.public())?;
        let outbox = Outbox::of(home.path(), key.public());
        let pen = Pen::Key(key, lock);
        let mut signer = Self { client, community, chain, pen, label, outbox, before: None };
        let numbers = Numbers::of(home.path(), signer.author())?;
        if let Some(newest) = numbers.newest().filter(|newest| *newest > signer.chain.sequence) {
            return Err(Failure::refused(format!(
                "number {newest} of this key was signed here with 'mutua sign', and the node knows of {} only: hand that file \
                 in first ('mutua submit'), so that no number is signed twice. If the file is lost or refused: 'mutua sign --help'",
                signer.chain.sequence
            )));
        }
        if let Some(kept) = signer.outbox.kept(&signer.community)? {
            signer.hand_in_again(kept)?;
        }
        if let Some(batch) = signer.outbox.kept_batch(&signer.community)? {
            signer.hand_in_batch_again(batch)?;
        }
        Ok(signer)
    }

    /// For a key that is on another machine.
    fn writing(
        path: &Path,
        author: PublicKey,
        home: &Home,
        community: Community,
        client: Client,
    ) -> Done<Self> {
        if path.exists() {
            return Err(Failure::file(path, "is there already: name another file, or remove it"));
        }
        let outbox = Outbox::of(home.path(), author);
        if let Some(kept) = outbox.kept(&community)? {
            return Err(Failure::refused(format!(
                "{}, kept from 'mutua {}', has not reached the node. Give that command again first",
                name_of(&kept.received),
                kept.command.join(" ")
            )));
        }
        if let Some(batch) = outbox.kept_batch(&community)? {
            return Err(Failure::refused(format!(
                "{} records, kept from 'mutua {}', have not reached the node. Give that command again first",
                batch.records.len(),
                batch.note.command.join(" ")
            )));
        }
        let chain = client.chain(&author)?;
        let pen = Pen::File(path.to_path_buf(), author);
        Ok(Self { client, community, chain, pen, label: author.short(), outbox, before: None })
    }

    /// Writes these to the file that was named, if one was; then nothing is signed here. Returns what the first of them is.
    ///
    /// # Errors
    /// When one breaks a bound, or the file cannot be written.
    pub(crate) fn write_down(&self, bodies: impl IntoIterator<Item = Body>) -> Done<Option<Said>> {
        let Pen::File(path, author) = &self.pen else { return Ok(None) };
        let (mut sequence, mut previous) = (self.chain.sequence, self.chain.id);
        let mut records = Vec::new();
        for body in bodies {
            body.check(&self.community, author).map_err(Failure::input)?;
            let record = Record {
                community: self.community.id,
                author: *author,
                sequence: sequence + 1,
                previous,
                clock: times::now(),
                body,
            };
            (sequence, previous) = (record.sequence, record.id());
            records.push(record);
        }
        let Some(first) = records.first() else {
            return Err(Failure::input("there is nothing to be signed"));
        };
        let said = Said {
            id: first.id(),
            kind: first.body.kind(),
            author: *author,
            sequence: first.sequence,
            kept: false,
            unsigned: Some(path.clone()),
            says: None,
        };
        let titles = self.titles(&records)?;
        Draft { author: *author, records, titles }.write(path, &self.community)?;
        Ok(Some(said))
    }

    /// What the proposals and ratings that these name are called.
    fn titles(&self, records: &[Record]) -> Done<Titles> {
        let named: BTreeSet<RecordId> = records
            .iter()
            .flat_map(|record| spelled::mentioned(&record.body, &self.community.charter))
            .collect();
        if named.is_empty() {
            return Ok(Titles::new());
        }
        let mut titles = Titles::new();
        for proposal in self.client.proposals()? {
            let title = proposal.subject.title();
            let ratings = proposal.attestations.iter().map(|held| (held.id, format!("rating of {title}")));
            let all = std::iter::once((proposal.id, title.to_owned())).chain(ratings);
            titles.extend(all.filter(|(id, _)| named.contains(id)));
        }
        Ok(titles)
    }

    /// Hands in what was kept by a command before this one.
    fn hand_in_again(&mut self, kept: Kept) -> Done {
        let what = name_of(&kept.received);
        match self.hand_in(&kept.received)? {
            ReceptionStatus::Accepted => {
                self.forget();
                note(&format!("{what}, kept from 'mutua {}', is handed in now", kept.command.join(" ")));
                self.before = Some(Before { kept, waits_for: None });
            }
            ReceptionStatus::Held => {
                self.forget();
                note(&format!("{what}, kept from 'mutua {}', had reached the node", kept.command.join(" ")));
                self.before = Some(Before { kept, waits_for: None });
            }
            ReceptionStatus::Refused { rule, reason } => {
                self.forget();
                note(&format!(
                    "{what}, kept from 'mutua {}', is refused by the node ({rule}): {reason}. It is dropped",
                    kept.command.join(" ")
                ));
            }
            ReceptionStatus::Parked { reason } => {
                self.not_behind(&kept.received, self.chain.sequence)?;
                self.before = Some(Before { kept, waits_for: Some(reason) });
            }
        }
        self.chain = self.client.chain(&self.author())?;
        Ok(())
    }

    /// Does the node know of this many records of the key, and so of all before this one? If it lacks some, and perhaps more,
    /// its word on the next number is worth nothing.
    fn not_behind(&self, kept: &Received, known: u64) -> Done {
        if kept.record().sequence <= known + 1 {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "this home keeps {}, and its node knows of {known} only: it has fallen behind what this key has signed. Nothing \
             is signed until it has caught up with the others; 'mutua status' shows its peers",
            name_of(kept)
        )))
    }

    /// The node has said what became of the record in the outbox.
    fn forget(&self) {
        if let Err(problem) = self.outbox.clear() {
            note(&problem);
        }
    }

    /// Hands a record in once.
    fn hand_in(&self, received: &Received) -> Done<ReceptionStatus> {
        let answer = self.client.submit(&[received.bytes.to_vec()], false).and_then(|answer| {
            let reception = answer.records.into_iter().next();
            reception.ok_or_else(|| Failure::node("the node did not say what became of the record"))
        });
        answer.map(|reception| reception.status).map_err(|failure| {
            failure.and(format!(
                "{} is signed and kept in this home. Give the command again, or another one with this key: the \
                 record is handed in first",
                name_of(received)
            ))
        })
    }

    /// Who signs.
    pub(crate) fn author(&self) -> PublicKey {
        match &self.pen {
            Pen::Key(key, _) => key.public(),
            Pen::File(_, author) => *author,
        }
    }

    /// The key that signs.
    fn key(&self) -> Done<&SecretKey> {
        match &self.pen {
            Pen::Key(key, _) => Ok(key),
            Pen::File(path, _) => {
                Err(Failure::file(path, "is to be written, and nothing signed: this command cannot do that"))
            }
        }
    }

    /// The key's label.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Signs a record and hands it in. When this returns, it is on the node's disk.
    ///
    /// The same words, or the same statement, as those of a record that was kept are that record, and nothing
    /// more is signed.
    ///
    /// # Errors
    /// When the body breaks a bound, or the node does not take it.
    pub(crate) fn say(&self, body: Body) -> Done<Said> {
        let author = self.author();
        body.check(&self.community, &author).map_err(Failure::input)?;
        if let Pen::File(..) = &self.pen {
            let said = self.write_down([body])?;
            return said.ok_or_else(|| Failure::input("there is nothing to sign with"));
        }
        let key = self.key()?;
        let command = words();
        if let Some(Before { kept, waits_for }) = &self.before {
            let is_same = kept.command == command || kept.received.record().body == body;
            match (is_same, waits_for) {
                (true, None) => {
                    note(
                        "that was this very command: nothing more is signed. If you mean it twice, give it once more",
                    );
                    return Ok(self.said_before(&kept.received));
                }
                (true, Some(_)) => {
                    note("a record kept in this home is this very command: it is handed in again");
                    self.wait_until_taken(&kept.received)?;
                    return Ok(self.said_before(&kept.received));
                }
                (false, None) => {}
                // The node has told it to nobody, and lets go of it for the next one with its number.
                (false, Some(reason)) => note(&format!(
                    "{}, kept from 'mutua {}', cannot be sealed yet ({reason}). This takes its place",
                    name_of(&kept.received),
                    kept.command.join(" ")
                )),
            }
        }
        let record = Record {
            community: self.community.id,
            author,
            sequence: self.chain.sequence + 1,
            previous: self.chain.id,
            clock: times::now(),
            body,
        };
        let received = Received::own(record.sign(key));
        self.outbox.keep(&received.signed, &command)?;
        self.wait_until_taken(&received)?;
        Ok(Said::of(&received, false))
    }

    /// A record that a command before this one has signed: shown is what it says, and not what the same words mean by now.
    fn said_before(&self, kept: &Received) -> Said {
        let (what, facts) = spelled::body(&kept.record().body, &self.community.charter);
        Said { says: Some(Meant { what, facts }), ..Said::of(kept, true) }
    }

    /// Hands in a record, which is in the outbox, until the node takes or refuses it.
    fn wait_until_taken(&self, received: &Received) -> Done {
        let mut waiting_for = String::new();
        // The very same bytes each time: another record with this number would be a fork.
        let taken = patiently(PARKED_TIME, || match self.hand_in(received)? {
            ReceptionStatus::Accepted | ReceptionStatus::Held => Ok(Some(())),
            ReceptionStatus::Parked { reason } => {
                waiting_for = reason;
                Ok(None)
            }
            ReceptionStatus::Refused { rule, reason } => {
                self.forget();
                Err(Failure::refused(format!("the node refuses the record ({rule}): {reason}")))
            }
        })?;
        if taken.is_some() {
            self.forget();
            return Ok(());
        }
        Err(Failure::refused(format!(
            "the record cannot be sealed yet: {waiting_for}. It is kept in this home. Give the command again when that \
             has changed, or another one with this key, which takes its place"
        )))
    }
}

/// The words of this command, by which it is known when it is given again. Names of files among them need not be text.
fn words() -> Vec<String> {
    std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// What to call a record.
fn name_of(received: &Received) -> String {
    let record = received.record();
    format!("number {} of {} ({:?})", record.sequence, record.author.short(), record.body.kind())
}

/// Tells the person at the terminal what they did not ask for.
pub(crate) fn note(text: &str) {
    // With nobody listening there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "note: {}", plain(text, true));
}

/// Tells what was said.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn tell(context: &Context, said: &Said, more: impl FnOnce(&mut Page)) -> Done {
    output::show(context.json, said, |page| {
        if let Some(path) = &said.unsigned {
            let file = path.display();
            page.line(format!(
                "Nothing is signed. {file} holds what is to be signed with the key {}.",
                said.author
            ));
            page.line(format!("Where that key is: mutua sign {file}"));
            page.line(format!("Then here again:   mutua submit {file}.signed"));
            return;
        }
        match &said.says {
            Some(Meant { what, facts }) => {
                page.line("Nothing new is signed. The record that was signed before says:").gap();
                page.line(*what).facts(facts.clone()).gap();
                page.line(
                    "If the same words mean something else by now, because terms have changed or time has passed, give the command \
                     once more.",
                );
            }
            None => more(page),
        }
        page.line(format!(
            "(record {}, number {} of its author's; the witnesses seal it within seconds)",
            said.id.short(),
            said.sequence
        ));
    })
}

/// The key that is meant: by its label in this home, or by the first digits of a member's key; otherwise the one that would
/// sign here, for something that needs this role.
///
/// # Errors
/// When none is, or several could be.
pub(crate) fn whose(
    home: &Home,
    named: Option<&str>,
    role: Option<Role>,
    client: &Client,
) -> Done<PublicKey> {
    let keystore = home.keystore()?;
    if let Some(name) = named {
        if let Ok(found) = keystore.find(name) {
            return Ok(found.public);
        }
        if let Ok(key) = name.parse() {
            return Ok(key);
        }
        let keys: Vec<PublicKey> = client.members()?.iter().map(|member| member.key).collect();
        return named::key(name, &keys);
    }
    let label = fitting(&keystore, None, role, &client.charter()?, client)?;
    Ok(keystore.find(&label).map_err(Failure::keys)?.public)
}

/// The key for which something is written down, which may be on another machine.
fn elsewhere(
    keystore: &Keystore,
    named: Option<&str>,
    role: Option<Role>,
    charter: &Charter,
    client: &Client,
) -> Done<PublicKey> {
    let holders: Vec<PublicKey> = charter
        .roles
        .iter()
        .filter(|held| role.is_none_or(|role| held.role == role))
        .flat_map(|held| held.keys.iter().copied())
        .collect();
    match (named, role, &holders[..]) {
        (Some(name), ..) => {
            if let Ok(found) = keystore.find(name) {
                return Ok(found.public);
            }
            let members = client.members()?;
            let mut keys: Vec<PublicKey> =
                holders.iter().copied().chain(members.iter().map(|member| member.key)).collect();
            keys.sort_unstable();
            keys.dedup();
            named::key(name, &keys)
        }
        (None, Some(_), [only]) => Ok(*only),
        _ => fitting(keystore, None, role, charter, client)
            .and_then(|label| Ok(keystore.find(&label).map_err(Failure::keys)?.public))
            .map_err(|failure| {
                failure.and("To write it down for a key on another machine, name that key with --as")
            }),
    }
}

/// The label of the key to sign with.
fn fitting(
    keystore: &Keystore,
    named: Option<&str>,
    role: Option<Role>,
    charter: &Charter,
    client: &Client,
) -> Done<String> {
    if let Some(name) = named {
        return Ok(keystore.find(name).map_err(Failure::keys)?.label);
    }
    let keys: Vec<KeyInfo> =
        keystore.list().map_err(Failure::keys)?.into_iter().filter(|key| key.keyring.is_none()).collect();
    let holders: Vec<&KeyInfo> =
        keys.iter().filter(|key| role.is_none_or(|role| charter.holds(&key.public, role))).collect();
    if keys.is_empty() {
        return Err(Failure::keys("there is no key in this home; make one with 'mutua key new LABEL'"));
    }
    match (&holders[..], role) {
        ([only], _) => Ok(only.label.clone()),
        ([], Some(role)) => Err(Failure::keys(format!(
            "none of the keys in this home ({}) is the charter's {}; name the home that has it with --home",
            labels(&keys.iter().collect::<Vec<_>>()),
            format!("{role:?}").to_lowercase()
        ))),
        (several, _) => among(several, client),
    }
}

/// The only one of several keys that is a member's; else the one that `join` or `init` made.
fn among(several: &[&KeyInfo], client: &Client) -> Done<String> {
    let mut members = Vec::new();
    for key in several {
        if client.chain(&key.public)?.member.is_some() {
            members.push(*key);
        }
    }
    if let [only] = members[..] {
        return Ok(only.label.clone());
    }
    ["me", "founder"]
        .iter()
        .find(|usual| several.iter().any(|key| key.label == **usual))
        .map(|label| (*label).to_owned())
        .ok_or_else(|| {
            Failure::keys(format!("several keys fit ({}); choose one with --as LABEL", labels(several)))
        })
}

fn labels(keys: &[&KeyInfo]) -> String {
    keys.iter().map(|key| key.label.as_str()).collect::<Vec<_>>().join(", ")
}
