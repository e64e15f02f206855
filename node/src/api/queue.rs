//! What waits for an attestor: loans that lack the attestor's word, or whose attestation no longer holds.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use mutua_protocol::{
    charter::{Charter, Role},
    hash::{RecordId, TermsHash},
    keys::PublicKey,
    ledger::{Attestation, AttestationEnd, Ledger, Proposal, ProposalStatus},
    records::{Assessment, Body, Loan, ProposalId, Received, Verdict},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Shared,
    named::{ByKey, Named},
    problem::Problem,
};
use crate::service::Core;

/// What waits for an attestor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Queue {
    /// For whom.
    pub attestor: PublicKey,
    /// The name, if the key is a member's.
    pub name: Option<String>,
    /// Why the attestor is suspended, if so: then nothing that they sign counts.
    pub suspended: Option<String>,
    /// When this was asked, in milliseconds since 1970.
    pub time: u64,
    /// The close for which attestations are judged.
    pub close: u64,
    /// How many attestors have to agree on a loan.
    pub needed: usize,
    /// All attestors of the charter.
    pub attestors: usize,
    /// The loans, the most urgent first.
    pub entries: Vec<QueueEntry>,
    /// What the attestor has handed in and no seal holds yet.
    pub pending: Vec<PendingAttestation>,
}

/// Why a loan is in the queue. The order is that of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// It was amended since: the attestor's word was for other terms, and is void.
    Amended,
    /// The attestor's word has run out, or will before the close.
    RunsOut,
    /// Others have attested it, and not enough of them.
    Missing,
    /// The attestor has taken their word back, and it is not said yet what holds instead.
    Revoked,
    /// Nobody has attested it.
    New,
    /// The attestor's word runs out soon, after the close.
    Renew,
    /// The attestor's word stands, and another attestor says the opposite.
    Disagreement,
    /// Enough others have attested it.
    Enough,
    /// The attestor's word is handed in, and will be sealed.
    Pending,
    /// The attestor's word stands.
    Stands,
    /// It lapses before the close.
    Lapses,
}

impl Task {
    /// Is there anything to do?
    #[must_use]
    pub const fn waits(self) -> bool {
        !matches!(self, Self::Enough | Self::Pending | Self::Stands | Self::Lapses)
    }
}

/// A loan, and what is to be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueueEntry {
    /// What is to be done.
    pub task: Task,
    /// Until when: the close, or when the attestor's word runs out.
    pub due: u64,
    /// Which loan.
    pub proposal: ProposalId,
    /// What it is called.
    pub title: String,
    /// Who borrows.
    pub borrower: String,
    /// The category's name.
    pub category: String,
    /// Smallest units.
    pub amount: u64,
    /// The hash of the present terms.
    pub terms: TermsHash,
    /// How often it was amended.
    pub amendments: usize,
    /// The newest that the attestor has said about it, if there is anything.
    pub mine: Option<OwnAttestation>,
    /// Whose word holds at the close.
    pub attested: Vec<GivenAttestation>,
    /// Attestors of the charter whose word does not.
    pub without: Vec<AttestorName>,
    /// How many more have to attest it.
    pub missing: usize,
    /// Do some approve what others decline?
    pub disagree: bool,
}

/// An attestor's own newest word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnAttestation {
    /// The record.
    pub id: RecordId,
    /// For which terms.
    pub terms: TermsHash,
    /// The time of its seal.
    pub time: u64,
    /// What it says.
    pub assessment: Assessment,
    /// The reason with which it was taken back, if it was.
    pub revoked: Option<String>,
}

/// The word of an attestor that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenAttestation {
    /// The record.
    pub id: RecordId,
    /// By whom.
    pub attestor: AttestorName,
    /// The verdict.
    pub verdict: Verdict,
    /// 1 is the best.
    pub grade: u8,
    /// Until when it holds.
    pub valid_until: u64,
}

/// An attestor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttestorName {
    /// The key.
    pub key: PublicKey,
    /// The name, if the key is a member's.
    pub name: Option<String>,
}

/// An attestation that is not sealed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingAttestation {
    /// The record.
    pub id: RecordId,
    /// Of which loan.
    pub proposal: ProposalId,
    /// For which terms.
    pub terms: TermsHash,
    /// What it says.
    pub assessment: Assessment,
}

/// What is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Wanted {
    /// How far ahead to look for what runs out, in milliseconds.
    #[serde(default)]
    within: u64,
    /// List the loans for which there is nothing to do, too.
    #[serde(default)]
    all: bool,
}

pub(super) async fn show(
    State(shared): State<Shared>,
    Named(ByKey { key: attestor }): Named<ByKey>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Queue>, Problem> {
    let Query(Wanted { within, all }) = wanted?;
    let found = shared.ask(move |core| queue(core, attestor, within, all)).await?;
    found.map(Json).ok_or_else(|| {
        Problem::not_found(format!("{attestor} is no attestor's key in this community's charter"))
    })
}

/// What waits for this attestor, and what runs out within this many milliseconds; nothing when the key is no attestor's.
/// With `all`, the loans for which there is nothing to do as well.
#[must_use]
pub fn queue(core: &Core, attestor: PublicKey, within: u64, all: bool) -> Option<Queue> {
    let ledger = core.ledger();
    let charter = &ledger.community().charter;
    if !charter.holds(&attestor, Role::Attestor) {
        return None;
    }
    let pending: Vec<PendingAttestation> =
        core.tail().filter(|received| received.record().author == attestor).filter_map(pending).collect();
    let handed_in: BTreeSet<(ProposalId, TermsHash)> =
        pending.iter().map(|said| (said.proposal, said.terms)).collect();
    let time = core.now().wall;
    let question = Question {
        ledger,
        charter,
        attestor,
        close: ledger.close().max(time),
        soon: time.saturating_add(within),
    };
    let mut entries: Vec<((u64, u32), QueueEntry)> = ledger
        .proposals()
        .values()
        .filter(|proposal| proposal.status == ProposalStatus::Open)
        .filter_map(|proposal| {
            let loan = proposal.subject.loan()?;
            let is_pending = handed_in.contains(&(proposal.id, proposal.terms));
            Some((proposal.sealed, question.entry(proposal, loan, is_pending)))
        })
        .filter(|(_, entry)| all || entry.task.waits())
        .collect();
    entries.sort_by_key(|(sealed, entry)| (entry.task, entry.due, *sealed));
    Some(Queue {
        attestor,
        name: name(ledger, &attestor).name,
        suspended: ledger.suspension(&attestor).map(str::to_owned),
        time,
        close: question.close,
        needed: charter.attestations_needed(),
        attestors: attestors(charter).count(),
        entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        pending,
    })
}

fn pending(received: &Received) -> Option<PendingAttestation> {
    match &received.record().body {
        Body::Attest { proposal, terms, assessment } => Some(PendingAttestation {
            id: received.id,
            proposal: *proposal,
            terms: *terms,
            assessment: assessment.clone(),
        }),
        _ => None,
    }
}

fn attestors(charter: &Charter) -> impl Iterator<Item = &PublicKey> {
    charter.roles.iter().filter(|held| held.role == Role::Attestor).flat_map(|held| &held.keys)
}

fn name(ledger: &Ledger, key: &PublicKey) -> AttestorName {
    AttestorName { key: *key, name: ledger.members().get(key).map(|member| member.name.to_string()) }
}

/// For whom, and for when.
struct Question<'a> {
    ledger: &'a Ledger,
    charter: &'a Charter,
    attestor: PublicKey,
    close: u64,
    soon: u64,
}

impl Question<'_> {
    fn entry(&self, proposal: &Proposal, loan: &Loan, is_pending: bool) -> QueueEntry {
        let valid: Vec<&Attestation> = proposal
            .attestations
            .values()
            .filter(|held| self.ledger.valid(proposal, held, self.close))
            .collect();
        let declined = valid.iter().filter(|held| held.assessment.verdict == Verdict::Declined).count();
        let disagree = declined > 0 && declined < valid.len();
        let missing = self.charter.attestations_needed().saturating_sub(valid.len());
        let mine = proposal.history.iter().rev().find(|entry| {
            entry.attestation.attestor == self.attestor
                && !matches!(entry.end, Some(AttestationEnd::Void { .. }))
        });
        let revoked = mine.and_then(|entry| match &entry.end {
            Some(AttestationEnd::Revoked { reason, .. }) => Some(reason.clone()),
            _ => None,
        });
        let others = valid.iter().any(|held| held.attestor != self.attestor);
        let standing = proposal.attestations.get(&self.attestor);
        let task = match standing {
            _ if loan.expires <= self.close => Task::Lapses,
            _ if is_pending => Task::Pending,
            Some(held) if held.terms != proposal.terms => Task::Amended,
            Some(held) if held.assessment.valid_until <= self.close => Task::RunsOut,
            Some(held) if held.assessment.valid_until <= self.soon => Task::Renew,
            Some(_) if disagree => Task::Disagreement,
            Some(_) => Task::Stands,
            None if missing == 0 => Task::Enough,
            None if revoked.is_some() => Task::Revoked,
            None if others => Task::Missing,
            None => Task::New,
        };
        let due = match (task, standing) {
            (Task::Renew, Some(held)) => held.assessment.valid_until,
            _ => self.close,
        };
        QueueEntry {
            task,
            due,
            proposal: proposal.id,
            title: loan.title.clone(),
            borrower: loan.borrower.clone(),
            category: self.charter.categories.get(usize::from(loan.category)).cloned().unwrap_or_default(),
            amount: loan.amount,
            terms: proposal.terms,
            amendments: proposal.former.len(),
            mine: mine.map(|entry| OwnAttestation {
                id: entry.attestation.id,
                terms: entry.attestation.terms,
                time: entry.time,
                assessment: (*entry.attestation.assessment).clone(),
                revoked,
            }),
            without: attestors(self.charter)
                .filter(|key| valid.iter().all(|held| held.attestor != **key))
                .map(|key| name(self.ledger, key))
                .collect(),
            attested: valid
                .iter()
                .map(|held| GivenAttestation {
                    id: held.id,
                    attestor: name(self.ledger, &held.attestor),
                    verdict: held.assessment.verdict,
                    grade: held.assessment.grade,
                    valid_until: held.assessment.valid_until,
                })
                .collect(),
            missing,
            disagree,
        }
    }
}
