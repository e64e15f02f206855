//! `mutua evidence` and `mutua verify-evidence`: misbehaviour that anybody can check.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use mutua_node::{audit::READ_BYTES, service::Sightings};
use mutua_protocol::{
    archive::{self, ArchiveReader, Check, Frame, VerifyError},
    charter::Community,
    evidence::{Convicted, EVIDENCE_FILE_BYTES, EvidenceCheck, EvidenceFile, MAGIC, Misdeed},
    keys::PublicKey,
    records::Verdict,
};
use serde::Serialize;

use crate::{
    client::Client,
    commands::auditor::receipt::{charter, write},
    context::Context,
    failure::{Done, Failure, Status},
    files,
    home::Home,
    output,
    page::{Page, Table},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua evidence list
  mutua evidence export evidence-folder
  mutua verify-evidence evidence-folder/votes-8f3a01c2d4e5f607-19.evidence --charter charter.json";

const LIST_EXAMPLE: &str = "\
Example:
  mutua evidence list";

const EXPORT_EXAMPLE: &str = "\
Example:
  mutua evidence export evidence-folder";

const VERIFY_EXAMPLE: &str = "\
Example:
  mutua verify-evidence fork-8f3a01c2d4e5f607-7.evidence --charter charter.json

Nothing but the charter is needed: no node, no network. FILE may also be an archive whose last seal the witnesses have
certified with an outcome that does not follow from it.";

/// What `mutua evidence` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what this node has seen
    #[command(after_help = LIST_EXAMPLE)]
    List,
    /// Write it to files that anybody can check
    #[command(after_help = EXPORT_EXAMPLE)]
    Export {
        /// The folder to write to
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// Only these, by name [default: all]
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Replace files that are there
        #[arg(long)]
        force: bool,
    },
}

/// What `mutua verify-evidence` is told.
#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLE)]
pub(crate) struct Verify {
    /// The evidence
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The community's charter [default: that of the node's home]
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let client = Client::of(&home)?;
        let sightings = client.sightings()?;
        match self.action {
            Action::List => output::show(context.json, &sightings, |page| list(page, &sightings)),
            Action::Export { folder, names, force } => {
                let known: Vec<String> = sightings.proved.into_iter().map(|sighting| sighting.name).collect();
                if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
                    return Err(Failure::refused(format!(
                        "there is no evidence '{unknown}'; 'mutua evidence list' names what there is"
                    )));
                }
                let names = if names.is_empty() { known } else { names };
                // Names become file names: nothing that leads out of the folder.
                let plain =
                    |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                if let Some(strange) = names.iter().find(|name| !plain(name)) {
                    return Err(Failure::node(format!(
                        "the node in {} names evidence '{strange}'",
                        client.name()
                    )));
                }
                std::fs::create_dir_all(&folder)
                    .map_err(|error| Failure::file(&folder, format!("cannot be made: {error}")))?;
                let written = names
                    .iter()
                    .map(|name| export(&client, &folder, name, force))
                    .collect::<Done<Vec<PathBuf>>>()?;
                output::show(context.json, &written, |page| {
                    for path in &written {
                        page.line(format!("{} (check it with 'mutua verify-evidence')", path.display()));
                    }
                    if written.is_empty() {
                        page.line("This node has seen no misbehaviour.");
                    }
                })
            }
        }
    }
}

fn list(page: &mut Page, sightings: &Sightings) {
    let mut table = Table::new(&["name", "whose", "what", "seen"]);
    for sighting in &sightings.proved {
        let keys: Vec<String> = sighting.keys.iter().map(PublicKey::short).collect();
        let seen = sighting.seen.map_or_else(|| "-".to_owned(), times::show);
        table.row([sighting.name.clone(), keys.join(" "), sighting.about.clone(), seen]);
    }
    if table.is_empty() {
        page.line("This node has seen no misbehaviour that can be proved.");
    } else {
        page.table(table);
        page.gap().line("'mutua evidence export FOLDER' writes files that anybody can check.");
    }
    if !sightings.unproved.is_empty() {
        page.gap().line("Seen, but signed by nobody, so that no file can prove it:");
        for line in &sightings.unproved {
            page.line(format!("  {line}"));
        }
        page.line("Compare the logs: 'mutua log export' on both sides, and 'mutua audit'.");
    }
}

fn export(client: &Client, folder: &Path, name: &str, force: bool) -> Done<PathBuf> {
    let mut source = client.stream(&format!("/v1/evidence/{name}"))?;
    let mut bytes = Vec::new();
    source
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::node(format!("the node in {} broke off: {error}", client.name())))?;
    let ending = if bytes.starts_with(archive::MAGIC) { "archive" } else { "evidence" };
    let path = folder.join(format!("{name}.{ending}"));
    write(&path, &bytes, force)?;
    Ok(path)
}

/// A check that fails: of the evidence itself, or of the log that is the evidence.
#[derive(Serialize)]
struct Fault {
    check: &'static str,
    title: &'static str,
    detail: String,
}

/// What was found in a file.
enum Found {
    Convicted(Convicted),
    /// The witnesses certified a seal of this height with an outcome that does not follow.
    Outcome {
        height: u64,
        detail: String,
    },
}

#[derive(Serialize)]
struct Report<'a> {
    verdict: &'static str,
    community: mutua_protocol::hash::CommunityId,
    #[serde(skip_serializing_if = "Option::is_none")]
    proves: Option<&'a Convicted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a Fault>,
}

impl Verify {
    /// Checks evidence.
    pub(crate) fn run(self, context: &Context) -> Done {
        let community = charter(context, self.charter.as_deref())?;
        let found = self.check(&community)?;
        let report = Report {
            verdict: if found.is_ok() { "proved" } else { "refused" },
            community: community.id,
            proves: match &found {
                Ok(Found::Convicted(convicted)) => Some(convicted),
                _ => None,
            },
            outcome: match &found {
                Ok(Found::Outcome { height, .. }) => Some(*height),
                _ => None,
            },
            fault: found.as_ref().err(),
        };
        output::show(context.json, &report, |page| match &found {
            Ok(found) => {
                tell(page, found, &community);
                page.gap().line("Verdict: PROVED");
            }
            Err(fault) => {
                page.line("This file proves nothing against anybody.").gap();
                page.facts([
                    ("check", format!("{} ({})", fault.check, fault.title)),
                    ("found", fault.detail.clone()),
                ]);
                page.gap().line("Verdict: REFUSED");
            }
        })?;
        found.map(|_| ()).map_err(|_| Failure::said(Status::Refused))
    }

    fn check(&self, community: &Community) -> Done<Result<Found, Fault>> {
        let mut magic = Vec::new();
        File::open(&self.file)
            .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut magic))
            .map_err(|error| Failure::file(&self.file, format!("cannot be read: {error}")))?;
        if magic == *archive::MAGIC {
            return self.check_log(community);
        }
        let bytes = files::read_some(&self.file, (MAGIC.len() + EVIDENCE_FILE_BYTES) as u64)?;
        let fault = |check: EvidenceCheck, detail: String| Fault {
            check: check.number(),
            title: check.title(),
            detail,
        };
        Ok(match EvidenceFile::from_file(&bytes) {
            Err(error) => Err(fault(EvidenceCheck::Canonical, error.to_string())),
            Ok(file) => {
                file.verify(community).map(Found::Convicted).map_err(|error| fault(error.check, error.detail))
            }
        })
    }

    /// The log up to a seal whose outcome does not follow from it.
    fn check_log(&self, community: &Community) -> Done<Result<Found, Fault>> {
        let open = || {
            File::open(&self.file)
                .map(|file| BufReader::with_capacity(READ_BYTES, file))
                .map_err(|error| Failure::file(&self.file, format!("cannot be read: {error}")))
        };
        let title = "the log's last seal is certified, and its outcome does not follow from the log";
        let refused = |check, detail: String| Ok(Err(Fault { check, title, detail }));
        let first = ArchiveReader::new(open()?).and_then(|mut reader| reader.frame());
        match first {
            Ok(Some(Frame::Charter(bytes)))
                if Community::decode(&bytes).is_ok_and(|founded| founded.id == community.id) => {}
            _ => return refused("7.2", "the log is that of another community, or of none".to_owned()),
        }
        match archive::verify(open()?, |_| {}) {
            Ok(_) => refused("4.5", "every check of the log holds".to_owned()),
            Err(VerifyError::Fault(fault)) if fault.check == Check::Outcome => {
                Ok(Ok(Found::Outcome { height: fault.seal.unwrap_or_default(), detail: fault.detail }))
            }
            Err(VerifyError::Fault(fault)) => refused(fault.check.number(), fault.to_string()),
            Err(VerifyError::Io(error)) => Err(Failure::file(&self.file, format!("cannot be read: {error}"))),
        }
    }
}

/// Who did what, in plain words.
fn tell(page: &mut Page, found: &Found, community: &Community) {
    page.line(format!(
        "This file proves to everybody who has the charter of {} ({}):",
        community.charter.name,
        community.id.short()
    ));
    let convicted = match found {
        Found::Convicted(convicted) => convicted,
        Found::Outcome { height, detail } => {
            page.gap().line(format!(
                "Witnesses with more than two thirds of the power have certified seal {height}, which closes a round with an \
                 outcome that does not follow from the log: {detail}."
            ));
            page.line(
                "It does not prove that they meant to: the seal's signers may all run one faulty program.",
            );
            return;
        }
    };
    page.gap();
    match &convicted.what {
        Misdeed::Fork { sequence } => {
            page.line(format!("This key signed two different records as its number {sequence}:"));
        }
        Misdeed::Seals(split) => {
            page.line(format!(
                "There are two certified histories: at height {}, {} and {}.",
                split.height, split.first, split.second
            ));
            page.line("Witnesses with more than a third of the power broke the rules. These signed both, as far as the file shows:");
        }
        Misdeed::Votes { height, round } => {
            page.line(format!(
                "This witness cast two different votes in one step of round {round} on seal {height}:"
            ));
        }
        Misdeed::Proposals { height, round } => {
            page.line(format!(
                "This witness made two different proposals in round {round} for seal {height}:"
            ));
        }
        Misdeed::Attestations { first, second, moment } => {
            let verdict = |verdict| match verdict {
                Verdict::Approved => "approved",
                Verdict::Declined => "declined",
            };
            page.line(format!(
                "On {} this attestor let two verdicts on the same terms {} stand: {} in proposal {} and {} in proposal {}:",
                times::show(*moment),
                first.terms,
                verdict(first.verdict),
                first.proposal,
                verdict(second.verdict),
                second.proposal
            ));
        }
    }
    for key in &convicted.keys {
        page.line(format!("  {key}{}", name(key, community)));
    }
    page.gap().line("It does not prove who stands behind a key, nor why it happened: a stolen key or two copies of one node do the same.");
}

/// What the charter calls a key.
fn name(key: &PublicKey, community: &Community) -> String {
    community.witnesses.get(key).map(|witness| format!("  {}", witness.name)).unwrap_or_default()
}
