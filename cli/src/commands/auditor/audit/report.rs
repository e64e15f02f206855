//! What an audit has found, as text and as JSON.

use std::time::Duration;

use mutua_node::audit::Findings;
use mutua_protocol::{
    archive::{Auditor, Check, Fault, Group},
    hash::{CommunityId, OutcomeDigest, RecordId, SealId},
    ledger::{Closing, Ledger},
};
use serde::Serialize;

use crate::{
    amounts,
    page::{Page, Table},
    times,
};

/// What an audit finds.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    verdict: Verdict,
    community: Option<CommunityFacts>,
    seals: u64,
    head: Option<SealId>,
    records: u64,
    void_records: u64,
    signatures: u64,
    bytes: u64,
    seconds: f64,
    rounds: Vec<RoundFacts>,
    checks: Vec<CheckFacts>,
    fault: Option<FaultFacts>,
    /// With `--all`: what else is wrong, as far as it is kept.
    further_faults: Vec<FaultFacts>,
    faults_found: u64,
    /// With `--all`: seals looked at after the first fault.
    surveyed_seals: u64,
    /// With `--all`: the byte from which on nothing could be read.
    lost_at: Option<u64>,
}

/// How a check went.
#[derive(Debug, Serialize)]
struct CheckFacts {
    check: &'static str,
    title: &'static str,
    group: Group,
    /// How often it was made and held, before the first fault.
    held: u64,
    /// How many of the faults that were kept are its.
    failed: usize,
}

impl CheckFacts {
    fn of(check: Check, findings: &Findings) -> Self {
        Self {
            check: check.number(),
            title: check.title(),
            group: check.group(),
            held: findings.tally.of(check),
            failed: findings.faults.iter().filter(|fault| fault.check == check).count(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Valid,
    Faulty,
}

#[derive(Debug, Serialize)]
pub(super) struct CommunityFacts {
    pub(super) id: CommunityId,
    pub(super) name: String,
    pub(super) currency: String,
    pub(super) decimals: u8,
    witnesses: usize,
    members: usize,
    proposals: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct RoundFacts {
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
pub(super) struct FaultFacts {
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

impl Report {
    /// The report on these findings, which took so long.
    pub(super) fn of(findings: &Findings, took: Duration) -> Self {
        let ledger = findings.auditor.as_ref().map(Auditor::ledger);
        Self {
            verdict: if findings.faults.is_empty() { Verdict::Valid } else { Verdict::Faulty },
            community: ledger.map(CommunityFacts::of),
            seals: ledger.map_or(0, Ledger::height),
            head: ledger.map(Ledger::head).filter(|head| head.0 != [0; 32]),
            records: ledger.map_or(0, Ledger::records),
            void_records: findings.void,
            signatures: findings.signatures,
            bytes: findings.bytes,
            seconds: took.as_secs_f64(),
            rounds: ledger
                .map_or(&[][..], Ledger::closings)
                .iter()
                .map(|held| RoundFacts::of(held))
                .collect(),
            checks: Check::ALL.iter().map(|check| CheckFacts::of(*check, findings)).collect(),
            fault: findings.faults.first().map(FaultFacts::of),
            further_faults: findings.faults.iter().skip(1).map(FaultFacts::of).collect(),
            faults_found: findings.found,
            surveyed_seals: findings.surveyed,
            lost_at: findings.lost,
        }
    }

    /// Does everything hold?
    pub(super) fn is_valid(&self) -> bool {
        self.verdict == Verdict::Valid
    }
}

impl CommunityFacts {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let charter = &ledger.community().charter;
        Self {
            id: ledger.community().id,
            name: charter.name.clone(),
            currency: charter.currency.code.clone(),
            decimals: charter.currency.decimals,
            witnesses: charter.witnesses.len(),
            members: ledger.members().len(),
            proposals: ledger.proposals().len(),
        }
    }
}

impl FaultFacts {
    pub(super) fn of(fault: &Fault) -> Self {
        Self {
            check: fault.check.number(),
            title: fault.check.title(),
            group: fault.check.group(),
            seal: fault.seal,
            record: fault.record.map(|(position, id)| RecordPlace { position, id }),
            detail: fault.detail.clone(),
        }
    }

    pub(super) fn tell(&self, page: &mut Page) {
        page.facts([
            ("check", format!("{} ({})", self.check, self.title)),
            ("where", self.place()),
            ("found", self.detail.clone()),
        ]);
    }

    fn place(&self) -> String {
        match (&self.seal, &self.record) {
            (None, _) => "the file as a whole".to_owned(),
            (Some(seal), None) => format!("seal {seal}"),
            (Some(seal), Some(record)) => {
                let id = record.id.map(|id| format!(", {id}")).unwrap_or_default();
                format!("seal {seal}, record {} (counted from 0{id})", record.position)
            }
        }
    }
}

impl RoundFacts {
    pub(super) fn of(closing: &Closing) -> Self {
        let outcome = &closing.outcome;
        Self {
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

    /// In one line, with amounts in a currency of this code and number of decimals.
    pub(super) fn line(&self, currency: &str, decimals: u8) -> String {
        format!(
            "round {} closed with seal {}: {} of {} members voted, {} of {} loans funded with {} of {} {currency}, \
             outcome {}",
            self.round,
            self.seal,
            self.voters,
            self.members,
            self.funded,
            self.candidates,
            amounts::digits(self.allocated.into(), decimals),
            amounts::digits(self.pool.into(), decimals),
            self.digest.short(),
        )
    }
}

impl Report {
    pub(super) fn tell(&self, page: &mut Page) {
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
        self.tell_checks(page);
        page.gap();
        let Some(fault) = &self.fault else {
            page.line(format!(
                "Every one of the {} checks holds, up to seal {}.",
                Check::ALL.len(),
                self.seals
            ));
            page.line("Verdict: VALID");
            return;
        };
        fault.tell(page);
        self.tell_more(page);
        page.gap().line("Verdict: FAULTY");
    }

    /// The checks with how often they were made: those of which none was, the file has given no occasion for.
    fn tell_checks(&self, page: &mut Page) {
        let mut table = Table::new(&["check", ">held", ">failed", "what must hold"]);
        for check in &self.checks {
            let failed = if check.failed == 0 { String::new() } else { check.failed.to_string() };
            table.row([check.check.to_owned(), check.held.to_string(), failed, check.title.to_owned()]);
        }
        page.gap().line("Checks (SPEC section 12)").gap().table(table);
    }

    /// What else is wrong.
    fn tell_more(&self, page: &mut Page) {
        if self.surveyed_seals == 0 && self.further_faults.is_empty() {
            return;
        }
        page.gap().line(format!(
            "{} faults in all. From the first one on there is no ledger: {} seals were looked at by themselves.",
            self.faults_found, self.surveyed_seals
        ));
        if let Some(byte) = self.lost_at {
            page.line(format!(
                "Nothing can be read from byte {byte} on: where the next frame begins is not known."
            ));
        }
        if self.further_faults.is_empty() {
            return;
        }
        let mut table = Table::new(&["check", "where", "found"]);
        for fault in &self.further_faults {
            table.row([fault.check.to_owned(), fault.place(), fault.detail.clone()]);
        }
        page.gap().table(table);
        let shown = self.further_faults.len() as u64 + 1;
        if self.faults_found > shown {
            page.gap().line(format!("{} further faults are not listed.", self.faults_found - shown));
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
