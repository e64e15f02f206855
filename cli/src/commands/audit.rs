//! `mutua audit`: checks everything from nothing but a file.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use clap::Args;
use mutua_protocol::{
    archive::{ArchiveError, ArchiveReader, Auditor, Check, Fault, Frame, Group, SealReport},
    hash::{CommunityId, OutcomeDigest, RecordId, SealId},
    ledger::Closing,
};
use serde::Serialize;

use super::Context;
use crate::{
    Done, amounts,
    failure::{Failure, Status},
    output,
    page::{Page, Table},
    progress::Progress,
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua audit community.archive

The file is one that 'mutua log export' wrote. Everything in it is checked from nothing but the file: bytes,
signatures, chains, roles, seals, and each round's outcome, computed anew. The exit status is 0 when all
holds, 1 when a check fails (its number is that of SPEC section 12), and 2 when the file is no archive.";

/// What `mutua audit` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The archive
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// What an audit finds.
#[derive(Debug, Serialize)]
struct Report {
    verdict: Verdict,
    community: Option<CommunityFacts>,
    seals: u64,
    head: Option<SealId>,
    records: u64,
    void_records: usize,
    signatures: u64,
    bytes: u64,
    rounds: Vec<RoundFacts>,
    fault: Option<FaultFacts>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Faulty,
}

#[derive(Debug, Serialize)]
struct CommunityFacts {
    id: CommunityId,
    name: String,
    currency: String,
    decimals: u8,
    witnesses: usize,
    members: usize,
    proposals: usize,
}

#[derive(Debug, Serialize)]
struct RoundFacts {
    round: u32,
    digest: OutcomeDigest,
    seal: u64,
    close: u64,
    time: u64,
    members: u64,
    voters: u64,
    pool: u64,
    allocated: u64,
    candidates: usize,
    funded: usize,
}

#[derive(Debug, Serialize)]
struct FaultFacts {
    check: &'static str,
    title: &'static str,
    group: Group,
    seal: Option<u64>,
    record: Option<RecordPlace>,
    detail: String,
}

#[derive(Debug, Serialize)]
struct RecordPlace {
    position: usize,
    id: Option<RecordId>,
}

impl Arguments {
    /// Audits.
    pub(crate) fn run(self, context: &Context) -> Done {
        let report = audit(&self.file)?;
        output::show(context.json, &report, |page| report.tell(page))?;
        match report.verdict {
            Verdict::Valid => Ok(()),
            Verdict::Faulty => Err(Failure::said(Status::Refused)),
        }
    }
}

/// Reads the archive to its end or its first fault.
fn audit(path: &Path) -> Done<Report> {
    let file = File::open(path).map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut reader = ArchiveReader::new(BufReader::with_capacity(1 << 20, file))
        .map_err(|error| Failure::file(path, error))?;
    let progress = Progress::bytes(size, "auditing");
    let mut audit = Audit { auditor: None, signatures: 0, void: 0 };
    let fault = loop {
        let step = match reader.frame() {
            Ok(None) => break None,
            Ok(Some(frame)) => audit.step(frame),
            Err(error @ (ArchiveError::Io(_) | ArchiveError::Magic)) => {
                return Err(Failure::file(path, error));
            }
            Err(error) => Err(audit.broken(&error)),
        };
        if let Err(fault) = step {
            break Some(fault);
        }
        progress.set(reader.position());
    };
    drop(progress);
    Ok(audit.report(reader.position(), fault))
}

/// An audit under way.
struct Audit {
    /// None before the charter.
    auditor: Option<Auditor>,
    signatures: u64,
    void: usize,
}

impl Audit {
    fn step(&mut self, frame: Frame) -> Result<(), Fault> {
        match (frame, &mut self.auditor) {
            (Frame::Charter(bytes), None) => {
                self.auditor = Some(Auditor::new(&bytes)?);
                Ok(())
            }
            (Frame::Charter(_), Some(_)) => {
                Err(self.fault(Check::Charter, "a second charter stands in the middle"))
            }
            (Frame::Seal(_) | Frame::End { .. }, None) => {
                Err(self.fault(Check::Charter, "something else stands where the charter should be"))
            }
            (Frame::Seal(bytes), Some(auditor)) => {
                let SealReport { signatures, applied, .. } = auditor.seal(&bytes)?;
                self.signatures += signatures as u64;
                self.void += applied.void.len();
                Ok(())
            }
            (Frame::End { height, head }, Some(auditor)) => auditor.end(height, head),
        }
    }

    /// A file that breaks off or cannot be parsed is faulty, too.
    fn broken(&self, error: &ArchiveError) -> Fault {
        let check = match (error, &self.auditor) {
            (_, None) => Check::Charter,
            (ArchiveError::Truncated(_) | ArchiveError::AfterEnd(_), Some(_)) => Check::End,
            (_, Some(_)) => Check::Canonical,
        };
        self.fault(check, &error.to_string())
    }

    fn fault(&self, check: Check, detail: &str) -> Fault {
        let seal = self.auditor.as_ref().map(|auditor| auditor.ledger().height() + 1);
        Fault { check, seal, record: None, detail: detail.to_owned() }
    }

    fn report(self, bytes: u64, fault: Option<Fault>) -> Report {
        let ledger = self.auditor.as_ref().map(Auditor::ledger);
        let community = ledger.map(|ledger| {
            let charter = &ledger.community().charter;
            CommunityFacts {
                id: ledger.community().id,
                name: charter.name.clone(),
                currency: charter.currency.code.clone(),
                decimals: charter.currency.decimals,
                witnesses: charter.witnesses.len(),
                members: ledger.members().len(),
                proposals: ledger.proposals().len(),
            }
        });
        Report {
            verdict: if fault.is_none() { Verdict::Valid } else { Verdict::Faulty },
            community,
            seals: ledger.map_or(0, |ledger| ledger.height()),
            head: ledger.map(|ledger| ledger.head()).filter(|head| head.0 != [0; 32]),
            records: ledger.map_or(0, |ledger| ledger.records()),
            void_records: self.void,
            signatures: self.signatures,
            bytes,
            rounds: ledger
                .map_or(&[][..], |ledger| ledger.closings())
                .iter()
                .map(|held| round(held))
                .collect(),
            fault: fault.map(|fault| FaultFacts {
                check: fault.check.number(),
                title: fault.check.title(),
                group: fault.check.group(),
                seal: fault.seal,
                record: fault.record.map(|(position, id)| RecordPlace { position, id }),
                detail: fault.detail,
            }),
        }
    }
}

fn round(closing: &Closing) -> RoundFacts {
    let outcome = &closing.outcome;
    RoundFacts {
        round: outcome.round,
        digest: closing.digest,
        seal: outcome.height,
        close: outcome.close,
        time: outcome.time,
        members: outcome.turnout.members,
        voters: outcome.turnout.voters,
        pool: outcome.pool,
        allocated: outcome.allocated(),
        candidates: outcome.candidates.len(),
        funded: outcome.funded.len(),
    }
}

impl Report {
    fn tell(&self, page: &mut Page) {
        if let Some(community) = &self.community {
            let void = match self.void_records {
                0 => String::new(),
                void => format!(", {void} of them without effect"),
            };
            page.facts([
                ("community", format!("{} ({})", community.name, community.id)),
                ("members", community.members.to_string()),
                ("proposals", community.proposals.to_string()),
                ("witnesses", community.witnesses.to_string()),
                ("seals", self.seals.to_string()),
                ("records", format!("{}{void}", self.records)),
                ("signatures", self.signatures.to_string()),
            ]);
            self.tell_rounds(page, community);
        }
        page.gap();
        match &self.fault {
            None => {
                page.line(format!(
                    "Every one of the {} checks holds, up to seal {}.",
                    Check::ALL.len(),
                    self.seals
                ));
                page.line("Verdict: VALID");
            }
            Some(fault) => {
                let place = match (&fault.seal, &fault.record) {
                    (None, _) => "the beginning of the file".to_owned(),
                    (Some(seal), None) => format!("seal {seal}"),
                    (Some(seal), Some(record)) => {
                        let id = record.id.map(|id| format!(", {id}")).unwrap_or_default();
                        format!("seal {seal}, record {} (counted from 0{id})", record.position)
                    }
                };
                page.facts([
                    ("check", format!("{} ({})", fault.check, fault.title)),
                    ("where", place),
                    ("found", fault.detail.clone()),
                ]);
                page.gap().line("Verdict: FAULTY");
            }
        }
    }

    fn tell_rounds(&self, page: &mut Page, community: &CommunityFacts) {
        let mut table = Table::new(&[
            ">round",
            "closed",
            ">seal",
            ">members",
            ">voted",
            ">pool",
            ">allocated",
            ">funded",
            "digest",
        ]);
        for round in &self.rounds {
            table.row([
                round.round.to_string(),
                times::show(round.time),
                round.seal.to_string(),
                round.members.to_string(),
                round.voters.to_string(),
                amounts::digits(round.pool.into(), community.decimals),
                amounts::digits(round.allocated.into(), community.decimals),
                format!("{}/{}", round.funded, round.candidates),
                round.digest.short(),
            ]);
        }
        if table.is_empty() {
            page.gap().line("No round has closed yet.");
        } else {
            page.gap().line(format!("Rounds (amounts in {})", community.currency)).gap().table(table);
        }
    }
}
