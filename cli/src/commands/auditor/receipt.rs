//! `mutua receipt` and `mutua verify-receipt`: what a member keeps in hand.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use mutua_node::{api::types::BallotView, service::NodeStatus};
use mutua_protocol::{
    charter::Community,
    hash::RecordId,
    keys::PublicKey,
    outcome::{ByDelegation, Delegated},
    receipt::{MAGIC, Proven, QR_CHARACTERS, Receipt, ReceiptCheck, ReceiptFault, TEXT_PREFIX, TextError},
    records::{Body, Choice},
};
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde::Serialize;

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure, Status},
    files,
    home::Home,
    named, output,
    page::Page,
    signing::{self, note},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua receipt --ballot 3
  mutua receipt --ballot 3 --of 8f3a --qr
  mutua receipt 5b3e90aa
  mutua verify-receipt ballot-3-8f3a01c2.receipt

The receipt of a ballot proves that it is sealed and, once the round has closed, what was counted for its author: this ballot,
another one, or none. It also works for somebody who did not vote, and for a key that had no vote.";

const VERIFY_EXAMPLE: &str = "\
Example:
  mutua verify-receipt ballot-3-8f3a01c2.receipt --charter charter.json

FILE is a receipt's file, or its text ('-' reads it from standard input). Nothing but the charter is needed: no node, no network.";

/// What `mutua receipt` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Make {
    /// The record, by its id or the first digits of it
    #[arg(value_name = "RECORD", required_unless_present = "ballot")]
    record: Option<String>,
    /// What was counted in this round, with the ballot
    #[arg(long, value_name = "ROUND", conflicts_with = "record", value_parser = clap::value_parser!(u32).range(1..))]
    ballot: Option<u32>,
    /// In the name of this key, by its first digits, or of a key of this home, by its label [default: the member's here]
    #[arg(long, value_name = "KEY", requires = "ballot")]
    of: Option<String>,
    /// Leave out what the record says
    #[arg(long)]
    without_body: bool,
    /// The file to write [default: named after what it is about]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// Show it as text, too
    #[arg(long)]
    text: bool,
    /// Show it as a QR code, too
    #[arg(long)]
    qr: bool,
}

/// What `mutua verify-receipt` is told.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLE)]
pub(crate) struct Verify {
    /// The receipt
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The community's charter [default: that of the node's home]
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

#[derive(Serialize)]
struct Made {
    file: PathBuf,
    bytes: usize,
    text: String,
    characters: usize,
    fits_qr: bool,
    proves: Proven,
}

impl Make {
    /// Makes a receipt.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let community = home.community()?;
        let client = Client::of(&home)?;
        let (name, receipt) = match (&self.record, self.ballot) {
            (Some(named), _) => {
                let id = named::any_record(named, &client)?;
                (format!("record-{}", id.short()), of_record(&client, &community, id)?)
            }
            (None, Some(round)) => {
                let key = signing::whose(&home, self.of.as_deref(), None, &client)?;
                let receipt = of_ballot(&client, &community, round, key)?;
                (format!("ballot-{round}-{}", key.short()), receipt)
            }
            (None, None) => return Err(Failure::input("name a record, or a round with --ballot")),
        };
        let receipt = if self.without_body { receipt.without_body(&community) } else { receipt };
        // What is handed on is checked like anything that comes from somewhere else.
        let proves = receipt.verify(&community).map_err(|fault| {
            Failure::refused(format!(
                "the node in {} made a receipt that does not hold: {fault}",
                client.name()
            ))
        })?;
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.receipt")));
        let file = receipt.to_file();
        write(&path, &file, self.force)?;
        let text = for_qr(&receipt, &community).to_text();
        let made = Made {
            file: path,
            bytes: file.len(),
            characters: text.len(),
            fits_qr: text.len() <= QR_CHARACTERS,
            text,
            proves,
        };
        let code = if self.qr { Some(qr(&made.text)?) } else { None };
        output::show(context.json, &made, |page| self.tell(page, &made, &community, code.as_deref()))
    }

    fn tell(&self, page: &mut Page, made: &Made, community: &Community, code: Option<&str>) {
        tell(page, &made.proves, community);
        page.gap().line(format!("{} holds it in {} bytes.", made.file.display(), made.bytes));
        page.line(format!(
            "Anybody checks it with: mutua verify-receipt {} --charter charter.json",
            made.file.display()
        ));
        if self.text {
            page.gap().line(&made.text);
        }
        if let Some(code) = code {
            page.gap().line(code);
        }
    }
}

/// A record, and what was counted if it is a ballot of a round that has closed.
fn of_record(client: &Client, community: &Community, id: RecordId) -> Done<Receipt> {
    let receipt = fetch(client, &format!("record={id}"))?;
    let proven = receipt.verify(community).map_err(Failure::refused)?;
    let Some(sealed) = proven.sealed else { return Ok(receipt) };
    let Some(Body::Ballot(ballot)) = sealed.body else { return Ok(receipt) };
    let status: NodeStatus = client.get("/v1/status")?;
    if ballot.round >= status.round {
        return Ok(receipt);
    }
    counted(client, community, ballot.round, sealed.header.author, &format!("record={id}&"))
}

/// What was counted in a round for a key, or else for the one that had taken its place by then.
fn counted(client: &Client, community: &Community, round: u32, key: PublicKey, and: &str) -> Done<Receipt> {
    let of = |key: PublicKey| fetch(client, &format!("{and}round={round}&key={key}"));
    let asked = of(key)?;
    let (mut receipt, mut stands) = (asked.clone(), key);
    loop {
        let proven = receipt.verify(community).map_err(Failure::refused)?;
        if proven.counted.is_some_and(|counted| counted.entry.is_some()) {
            if stands != key {
                note(&format!(
                    "the key {} was replaced by {}, which had the vote",
                    key.short(),
                    stands.short()
                ));
            }
            return Ok(receipt);
        }
        match client.chain(&stands)?.successor {
            Some(successor) => (receipt, stands) = (of(successor)?, successor),
            None => return Ok(asked),
        }
    }
}

/// What was counted for a key in a round; while the round is open, that its newest ballot is sealed.
fn of_ballot(client: &Client, community: &Community, round: u32, mut key: PublicKey) -> Done<Receipt> {
    let status: NodeStatus = client.get("/v1/status")?;
    if round < status.round {
        return counted(client, community, round, key, "");
    }
    if round > status.round {
        return Err(Failure::refused(format!(
            "the current round is {}: there is nothing of round {round}",
            status.round
        )));
    }
    while let Some(successor) = client.chain(&key)?.successor {
        key = successor;
    }
    let held: BallotView = client.get(&format!("/v1/ballots/{key}"))?;
    match held.newest.filter(|cast| cast.sealed) {
        Some(cast) => fetch(client, &format!("record={}", cast.id)),
        None => Err(Failure::refused(format!(
            "no ballot of {} for round {round} is sealed, and the round is open until {}",
            key.short(),
            times::show(status.close)
        ))),
    }
}

fn fetch(client: &Client, query: &str) -> Done<Receipt> {
    let bytes = client.bytes(
        &format!("/v1/receipts?{query}"),
        (MAGIC.len() + mutua_protocol::receipt::RECEIPT_BYTES) as u64,
    )?;
    Receipt::from_file(&bytes)
        .map_err(|error| Failure::node(format!("the node in {} gave no receipt: {error}", client.name())))
}

/// The receipt as text and QR code: whole if it fits a QR code, else without the record's body.
fn for_qr(receipt: &Receipt, community: &Community) -> Receipt {
    if receipt.fits_qr() { receipt.clone() } else { receipt.without_body(community) }
}

fn qr(text: &str) -> Done<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|error| {
        Failure::refused(format!(
            "this receipt has {} characters and does not fit a QR code, which holds {QR_CHARACTERS} at most ({error}): the \
             certificate of so many witnesses is too large. The file was written; hand that on",
            text.len()
        ))
    })?;
    Ok(code.render::<Dense1x2>().build())
}

pub(crate) fn write(path: &Path, bytes: &[u8], force: bool) -> Done {
    files::write_whole(path, force, |file| {
        file.write_all(bytes).map_err(|error| Failure::file(path, format!("cannot be written: {error}")))
    })
}

/// The charter to check against.
pub(super) fn charter(context: &Context, named: Option<&Path>) -> Done<Community> {
    match named {
        Some(path) => files::read_charter(path),
        None => Home::existing(context)
            .map_err(|_| Failure::input("name the community's charter with --charter FILE"))?
            .community(),
    }
}

#[derive(Serialize)]
struct Verdict<'a> {
    verdict: &'static str,
    community: mutua_protocol::hash::CommunityId,
    counted: Option<bool>,
    proves: Option<&'a Proven>,
    fault: Option<&'a ReceiptFault>,
}

impl Verify {
    /// Checks a receipt.
    pub(crate) fn run(self, context: &Context) -> Done {
        let community = charter(context, self.charter.as_deref())?;
        let bytes = files::read_some(&self.file, 2 * mutua_protocol::receipt::RECEIPT_BYTES as u64)?;
        let checked = read(&bytes).and_then(|receipt| receipt.verify(&community));
        let verdict = Verdict {
            verdict: if checked.is_ok() { "valid" } else { "refused" },
            community: community.id,
            counted: checked.as_ref().ok().and_then(Proven::is_counted),
            proves: checked.as_ref().ok(),
            fault: checked.as_ref().err(),
        };
        output::show(context.json, &verdict, |page| match &checked {
            Ok(proven) => {
                tell(page, proven, &community);
                page.gap().line("Verdict: VALID");
            }
            Err(fault) => {
                page.line("This receipt proves nothing.").gap();
                page.facts([
                    ("check", format!("{} ({})", fault.check.number(), fault.check.title())),
                    ("found", fault.detail.clone()),
                ]);
                page.gap().line("Verdict: REFUSED");
            }
        })?;
        checked.map(|_| ()).map_err(|_| Failure::said(Status::Refused))
    }
}

/// A receipt from a file, whether its bytes or its text.
fn read(bytes: &[u8]) -> Result<Receipt, ReceiptFault> {
    let fault = |detail: String| ReceiptFault { check: ReceiptCheck::Canonical, detail };
    if bytes.starts_with(MAGIC) {
        return Receipt::from_file(bytes).map_err(|error| fault(error.to_string()));
    }
    // Mail may have broken its lines anywhere, the prefix included.
    let text = std::str::from_utf8(bytes).map_err(|_| TextError::Prefix);
    text.and_then(Receipt::from_text).map_err(|error| match error {
        TextError::Prefix => {
            fault(format!("it begins neither like a receipt's file nor with '{TEXT_PREFIX}'"))
        }
        other => fault(other.to_string()),
    })
}

/// What a receipt proves, and what not.
fn tell(page: &mut Page, proven: &Proven, community: &Community) {
    page.line(format!(
        "This receipt proves to everybody who has the charter of {} ({}):",
        community.charter.name,
        community.id.short()
    ));
    if let Some(sealed) = &proven.sealed {
        page.gap().line(format!(
            "Record {} was signed by the key {}, as number {} of its records.",
            sealed.record, sealed.header.author, sealed.header.sequence
        ));
        match &sealed.body {
            Some(body) => tell_body(page, body),
            None => {
                page.line(
                    "What it says is not in the receipt; who has the record can show that it is this one.",
                );
            }
        }
        page.line(format!(
            "It is in seal {} of {} (the witnesses' clock).",
            sealed.height,
            times::show(sealed.time)
        ));
    }
    if let Some(counted) = &proven.counted {
        page.gap().line(format!(
            "When round {} closed, with seal {} of {}, {}",
            counted.round,
            counted.height,
            times::show(counted.time),
            match (&counted.entry, counted.ballot(), proven.is_counted()) {
                (Some(entry), ..) if counted.delegated().is_some() => format!(
                    "the key {} had no ballot of its own, and others' counted for it by delegation, with its weight {}:",
                    counted.key, entry.weight
                ),
                (None, ..) => format!(
                    "the key {} was not among the {} keys that had a vote: nothing was counted in its name.",
                    counted.key, counted.turnout.members
                ),
                (Some(_), None, _) =>
                    format!("NO ballot was counted in the name of the key {}.", counted.key),
                (Some(entry), Some(_), Some(true)) => format!(
                    "this very ballot was counted in the name of the key {}, with the weight {}.",
                    counted.key, entry.weight
                ),
                (Some(entry), Some(ballot), _) => format!(
                    "the ballot {ballot} was counted in the name of the key {}, with the weight {}.",
                    counted.key, entry.weight
                ),
            }
        ));
        if let Some(by) = counted.delegated() {
            tell_delegated(page, by, community);
        }
        if proven.is_counted() == Some(false) {
            page.line("The record above is NOT what was counted for it.");
        }
        page.line(format!("The outcome of that round has the digest {}.", counted.digest));
    }
    page.gap().line(
        "All this has been signed by witnesses with more than two thirds of the charter's power. It does not prove who stands behind \
         a key, nor that the outcome was computed by the rules: that shows an audit of the whole log.",
    );
    if proven.counted.is_none() {
        page.line("It does not prove that the record has had any effect.");
    }
}

/// Whose ballots counted, and through whom.
fn tell_delegated(page: &mut Page, by: &ByDelegation, community: &Community) {
    let line = |line: &Delegated| {
        let through = if line.delegate == line.voter {
            "its delegate".to_owned()
        } else {
            format!("to whom its delegate {} leads", line.delegate)
        };
        format!("ballot {} of {}, {through}", line.ballot, line.voter)
    };
    let nothing = || "no ballot".to_owned();
    let named = |category: u16| {
        let name = community.charter.categories.get(usize::from(category));
        name.map_or_else(|| category.to_string(), |name| format!("'{name}'"))
    };
    page.line(format!("  for motions and all loans: {}", by.all.as_ref().map_or_else(nothing, line)));
    for other in &by.categories {
        let what = other.counted.as_ref().map_or_else(nothing, line);
        page.line(format!("  for loans of the category {}: {what}", named(other.category)));
    }
}

fn tell_body(page: &mut Page, body: &Body) {
    let Body::Ballot(ballot) = body else {
        page.line(format!("It is of the kind {:?}.", body.kind()));
        return;
    };
    let kind = if ballot.standing { "a standing ballot" } else { "a ballot" };
    if ballot.is_blank() {
        page.line(format!("It is {kind} for round {} that supports nothing.", ballot.round));
        return;
    }
    page.line(format!("It is {kind} for round {}:", ballot.round));
    for score in &ballot.scores {
        page.line(format!("  proposal {}: {}", score.proposal, score.score));
    }
    for answer in &ballot.answers {
        let word = match answer.choice {
            Choice::Yes => "yes",
            Choice::No => "no",
            Choice::Abstain => "abstain",
        };
        page.line(format!("  motion {}: {word}", answer.proposal));
    }
}
