//! The end of both stories: what was decided and why, and the auditor.

use std::{fs, path::Path, process::Command};

use mutua_protocol::{
    keys::PublicKey,
    ledger::{Closing, Ineligible, Ledger},
    outcome::{Candidate, CandidateResult, FundedLoan, PassedOver, Share},
    records::ProposalId,
};
use mutua_tests::Mutua;
use serde_json::Value;

use crate::{
    stage::Stage,
    telling::{Teller, count, cut, money},
};

/// How wide a title may be.
const TITLE: usize = 46;

/// A loan that lacks less than this part of its amount has just missed.
const NEAR: u64 = 20;

/// Tells who got what, and why the others did not.
pub(crate) struct Telling<'a> {
    pub(crate) teller: &'a Teller,
    pub(crate) ledger: &'a Ledger,
    pub(crate) closing: &'a Closing,
    /// At most so many lines of each kind.
    pub(crate) lines: usize,
}

impl Telling<'_> {
    fn amount(&self, units: u64) -> String {
        money(units, self.ledger.community().charter.currency.decimals)
    }

    fn title(&self, id: &ProposalId) -> String {
        let title = self.ledger.proposals().get(id).map_or("?", |proposal| proposal.subject.title());
        cut(title, TITLE)
    }

    fn name(&self, key: &PublicKey) -> String {
        self.ledger.members().get(key).map_or_else(|| key.short(), |member| member.name.to_string())
    }

    /// All of it.
    pub(crate) fn tell(&self) {
        let outcome = &self.closing.outcome;
        let turnout = outcome.turnout;
        let currency = &self.ledger.community().charter.currency.code;
        self.teller.say(format!(
            "{} of {} voted. The pool held {} {currency}; {} are lent, {} stay for the next round.",
            turnout.voters,
            count(turnout.members, "member", "members"),
            self.amount(outcome.pool),
            self.amount(outcome.allocated()),
            self.amount(outcome.pool - outcome.allocated()),
        ));
        self.tell_funded();
        self.tell_missed();
        self.tell_ineligible();
        for motion in &outcome.motions {
            let word =
                if motion.carried { self.teller.good("carried") } else { self.teller.bad("not carried") };
            self.teller.say(format!(
                "Motion '{}': {} yes, {} no, {} abstained: {word}",
                self.title(&motion.proposal),
                motion.yes,
                motion.no,
                motion.abstain
            ));
        }
    }

    fn tell_funded(&self) {
        let funded = &self.closing.outcome.funded;
        self.teller.say("");
        self.teller.say(self.teller.strong(format!("Funded ({}):", funded.len())));
        for (loan, shares) in funded.iter().zip(&self.closing.shares).take(self.lines) {
            self.teller.say(format!(
                "{} {:>14}  {:<TITLE$}  {}",
                self.teller.good("+"),
                self.amount(loan.amount),
                self.title(&loan.proposal),
                self.who_paid(loan, shares)
            ));
        }
        self.more(funded.len());
    }

    fn who_paid(&self, loan: &FundedLoan, shares: &[Share]) -> String {
        let least = shares.iter().map(|share| share.amount).min().unwrap_or(0);
        let most = shares.iter().map(|share| share.amount).max().unwrap_or(0);
        let each = if least == most {
            self.amount(most)
        } else {
            format!("{} to {}", self.amount(least), self.amount(most))
        };
        let paid: u64 = shares.iter().map(|share| share.amount).sum();
        assert_eq!(paid, loan.amount, "the shares of a loan add up to it");
        format!("{} pay {each} each", count(shares.len() as u64, "member", "members"))
    }

    /// Those that could have been funded, the nearest miss first.
    fn tell_missed(&self) {
        let mut missed: Vec<(u64, &Candidate, PassedOver, u64, Option<u64>)> = self
            .closing
            .outcome
            .candidates
            .iter()
            .filter_map(|candidate| match &candidate.result {
                CandidateResult::PassedOver { reason, supporters, left, .. } => {
                    let lacks = candidate.amount.saturating_sub(left.unwrap_or(0));
                    Some((lacks, candidate, *reason, *supporters, *left))
                }
                _ => None,
            })
            .collect();
        if missed.is_empty() {
            return;
        }
        missed.sort_by_key(|(lacks, candidate, ..)| (*lacks, candidate.proposal));
        self.teller.say("");
        self.teller
            .say(self.teller.strong(format!("Could have been funded, and was not ({}):", missed.len())));
        for (place, (lacks, candidate, reason, supporters, left)) in
            missed.iter().enumerate().take(self.lines)
        {
            let why = match (reason, left) {
                (PassedOver::SupportersLackMoney, Some(left)) => format!(
                    "{} {} left: {} too little",
                    count(*supporters, "supporter has", "supporters have"),
                    self.amount(*left),
                    self.amount(*lacks)
                ),
                _ => reason.to_string(),
            };
            let near = if place > 0 || *reason != PassedOver::SupportersLackMoney {
                String::new()
            } else if lacks * NEAR <= candidate.amount {
                self.teller.strong("  <- just missed")
            } else {
                self.teller.strong("  <- came nearest")
            };
            let title = self.title(&candidate.proposal);
            self.teller.say(format!("o {:>14}  {title:<TITLE$}  {why}{near}", self.amount(candidate.amount)));
        }
        self.more(missed.len());
    }

    fn tell_ineligible(&self) {
        let out: Vec<(&Candidate, &Ineligible)> = self
            .closing
            .outcome
            .candidates
            .iter()
            .filter_map(|candidate| match &candidate.result {
                CandidateResult::Ineligible(reason) => Some((candidate, reason)),
                _ => None,
            })
            .collect();
        if out.is_empty() {
            return;
        }
        self.teller.say("");
        self.teller
            .say(self.teller.strong(format!("Could not be funded, whatever the votes ({}):", out.len())));
        for (candidate, reason) in out.iter().take(self.lines) {
            let title = self.title(&candidate.proposal);
            let why = self.why_not(candidate, reason);
            let sign = self.teller.bad("-");
            self.teller.say(format!("{sign} {:>14}  {title:<TITLE$}  {why}", self.amount(candidate.amount)));
        }
        self.more(out.len());
        self.teller.say("");
    }

    fn why_not(&self, candidate: &Candidate, reason: &Ineligible) -> String {
        let proposal = self.ledger.proposals().get(&candidate.proposal);
        let amended = proposal.is_some_and(|proposal| !proposal.former.is_empty());
        let owner = proposal.map(|proposal| self.name(&proposal.owner)).unwrap_or_default();
        match reason {
            Ineligible::Attestations { have: 0, .. } if amended => {
                format!(
                    "{owner} amended it after the operator had rated it: the rating holds for the old terms"
                )
            }
            Ineligible::Attestations { have: 0, .. } => "the operator has not rated it".to_owned(),
            Ineligible::Declined => "the operator has declined it".to_owned(),
            Ineligible::Amount { greatest } => {
                format!("more than {}, the most that policy and rating allow", self.amount(*greatest))
            }
            other => other.to_string(),
        }
    }

    fn more(&self, all: usize) {
        if all > self.lines {
            self.teller.aside(format!("  ... and {} more: 'mutua outcome 1' shows all", all - self.lines));
        }
    }
}

/// Exports the log, lets the real program audit it, and then a copy in which one byte is changed.
pub(crate) fn audit(teller: &Teller, stage: &Stage) -> Result<(), String> {
    let archive = stage.folder.join("log.archive");
    let (file, show) = (archive.to_string_lossy().into_owned(), "log.archive");
    teller.command("member-2", format!("mutua log export {show}"));
    stage.nodes[5].mutua().ok(["log", "export", &file]);
    teller.command("auditor", format!("mutua audit {show}"));
    let printed = Mutua::offline().run(["audit", &file]);
    let verdict =
        printed.out.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim().to_owned();
    if printed.code != Some(0) {
        return Err(format!("the audit refuses the log of an honest run:\n{printed}"));
    }
    teller.say(format!(
        "{} bytes, checked from nothing but the file: {}",
        Stage::size(&archive),
        teller.good(verdict)
    ));
    second_opinion(teller, &archive)?;
    tampered(teller, &archive)
}

/// The same file in the hands of a program that shares no code with the first, if `MUTUA_PYTHON` names a Python that can run
/// it (`scripts/verifier/python` does).
fn second_opinion(teller: &Teller, archive: &Path) -> Result<(), String> {
    let Some(python) = std::env::var_os("MUTUA_PYTHON") else { return Ok(()) };
    teller.command("auditor", "python3 scripts/verify.py log.archive");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify.py");
    let output = Command::new(&python)
        .arg(program)
        .arg("--json")
        .arg(archive)
        .output()
        .map_err(|error| format!("{} cannot be started: {error}", Path::new(&python).display()))?;
    let found: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        format!("scripts/verify.py: {error}\n{}", String::from_utf8_lossy(&output.stderr))
    })?;
    let first = Mutua::offline().json(["audit", &archive.to_string_lossy()]);
    if !output.status.success() || found["rounds"] != first["rounds"] || found["head"] != first["head"] {
        return Err(format!("the second verifier finds something else:\n{found}\nand the first:\n{first}"));
    }
    teller.say(format!(
        "Written from the specification alone, in another language, it finds {} of the last seal and every outcome.",
        teller.good("the same digests")
    ));
    Ok(())
}

/// One bit of one byte, in the middle of the log.
fn tampered(teller: &Teller, archive: &Path) -> Result<(), String> {
    let mut bytes = fs::read(archive).map_err(|error| error.to_string())?;
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    let copy = archive.with_file_name("tampered.archive");
    fs::write(&copy, bytes).map_err(|error| error.to_string())?;
    teller.say(format!("Now one bit of byte {place} is turned in a copy:"));
    teller.command("auditor", "mutua audit tampered.archive");
    let printed = Mutua::offline().run(["audit", &copy.to_string_lossy()]);
    if printed.code != Some(1) {
        return Err(format!("the audit should refuse a log in which a bit was turned:\n{printed}"));
    }
    for line in printed.out.lines().rev().take(6).collect::<Vec<_>>().into_iter().rev() {
        if !line.trim().is_empty() {
            teller.say(teller.bad(line));
        }
    }
    Ok(())
}
