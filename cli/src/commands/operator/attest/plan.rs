//! What a batch would sign: its ratings beside the loans as they stand.

use std::collections::BTreeMap;

use mutua_node::api::{queue::Queue, types::ProposalView};
use mutua_protocol::{
    charter::Community,
    codec,
    hash::{DocumentHash, RecordId, TermsHash},
    keys::{PublicKey, Signature},
    records::{Assessment, Body, Loan, ProposalId, Record, Verdict},
};
use serde::Serialize;

use super::{
    rows::{Draft, Drafts},
    verdict,
};
use crate::{amounts, sheet::Fault};

/// What a batch would sign, and what is wrong with it.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    /// What would be signed, in the order of the lines.
    pub lines: Vec<Planned>,
    /// What is wrong: if there is anything, nothing is signed.
    pub faults: Vec<Fault>,
    /// Lines in which no rating is filled in.
    pub blank: Vec<u64>,
    /// Lines that say what their author's attestation says already.
    pub stands: Vec<u64>,
}

/// A rating that would be signed.
#[derive(Debug, Serialize)]
pub(super) struct Planned {
    pub line: u64,
    pub proposal: ProposalId,
    pub title: String,
    pub borrower: String,
    pub terms: TermsHash,
    pub assessment: Assessment,
    pub documents: Vec<NamedDocument>,
    /// What whoever signs should know, and that keeps nobody from signing.
    pub notes: Vec<String>,
}

/// A document, as the table names it.
#[derive(Debug, Serialize)]
pub(super) struct NamedDocument {
    pub name: String,
    pub hash: DocumentHash,
}

impl Planned {
    /// What is signed.
    pub(super) fn body(&self) -> Body {
        Body::Attest { proposal: self.proposal, terms: self.terms, assessment: self.assessment.clone() }
    }
}

/// For whom, and how things stand.
pub(super) struct Standing<'a> {
    pub community: &'a Community,
    pub attestor: PublicKey,
    pub proposals: &'a [ProposalView],
    pub queue: &'a Queue,
}

/// What an attestor says of some terms, and where.
#[derive(Debug, Clone, Copy)]
struct Word {
    proposal: ProposalId,
    verdict: Verdict,
    line: Option<u64>,
}

impl Standing<'_> {
    /// Holds the ratings against the loans.
    pub(super) fn plan(&self, drafts: Drafts) -> Plan {
        let Drafts { drafts, faults, blank } = drafts;
        let mut plan = Plan { lines: Vec::new(), faults, blank, stands: Vec::new() };
        let proposals: BTreeMap<ProposalId, &ProposalView> =
            self.proposals.iter().map(|proposal| (proposal.id, proposal)).collect();
        let mut words = self.words();
        let mut lines: BTreeMap<ProposalId, u64> = BTreeMap::new();
        for draft in drafts {
            let mut problems = Vec::new();
            if let Some(before) = lines.insert(draft.proposal, draft.line) {
                problems
                    .push((Some("proposal"), format!("is in line {before} already: one line for each loan")));
            }
            let planned = proposals.get(&draft.proposal).copied().map_or_else(
                || Err(vec![(Some("proposal"), self.unknown(draft.proposal))]),
                |proposal| self.line(&draft, proposal, &mut words),
            );
            match planned {
                Ok(None) if problems.is_empty() => plan.stands.push(draft.line),
                Ok(Some(planned)) if problems.is_empty() => plan.lines.push(planned),
                Ok(_) => {}
                Err(more) => problems.extend(more),
            }
            let faults =
                problems.into_iter().map(|(column, problem)| Fault { line: draft.line, column, problem });
            plan.faults.extend(faults);
        }
        plan.faults.sort_by_key(|fault| fault.line);
        plan
    }

    fn unknown(&self, proposal: ProposalId) -> String {
        format!(
            "{} is no sealed proposal of {}; is the table another community's?",
            proposal.short(),
            self.community.charter.name
        )
    }

    /// What this attestor says of which terms, as it stands.
    fn words(&self) -> BTreeMap<TermsHash, Vec<Word>> {
        let mut words: BTreeMap<TermsHash, Vec<Word>> = BTreeMap::new();
        let mut say = |terms, proposal, verdict| {
            words.entry(terms).or_default().push(Word { proposal, verdict, line: None });
        };
        for proposal in self.proposals {
            let mine = proposal.attestations.iter().filter(|held| held.attestor == self.attestor);
            for held in mine.filter(|held| held.assessment.valid_until > self.queue.time) {
                say(held.terms, proposal.id, held.assessment.verdict);
            }
        }
        for said in &self.queue.pending {
            say(said.terms, said.proposal, said.assessment.verdict);
        }
        words
    }

    /// One rating; nothing if it stands already.
    fn line(
        &self,
        draft: &Draft,
        proposal: &ProposalView,
        words: &mut BTreeMap<TermsHash, Vec<Word>>,
    ) -> Result<Option<Planned>, Vec<(Option<&'static str>, String)>> {
        let Some(loan) = proposal.subject.loan() else {
            return Err(vec![(Some("proposal"), "is a motion; only loans are rated".to_owned())]);
        };
        let mut problems = Vec::new();
        let mut object = |column: &'static str, problem: String| problems.push((Some(column), problem));
        if proposal.status != "open" {
            let round = proposal.round.map(|round| format!(" in round {round}")).unwrap_or_default();
            object("proposal", format!("is no longer open: {}{round}", proposal.status));
        }
        if let Some(terms) = draft.terms.filter(|terms| *terms != proposal.terms) {
            let present = proposal.terms;
            object(
                "terms",
                if proposal.amendments > 0 {
                    format!(
                        "{} are not the present terms: the loan was amended. Look at it again; its terms are {present} now",
                        terms.short()
                    )
                } else {
                    format!("{} are not the terms of this loan, which are {present}", terms.short())
                },
            );
        }
        for (column, told, is) in
            [("title", &draft.title, &loan.title), ("borrower", &draft.borrower, &loan.borrower)]
        {
            if let Some(told) = told.as_ref().filter(|told| told.as_str() != is.trim()) {
                object(
                    column,
                    format!(
                        "'{told}' is another loan's: that of this id is '{is}'. Was a part of the table sorted by itself?"
                    ),
                );
            }
        }
        let body = Body::Attest {
            proposal: proposal.id,
            terms: proposal.terms,
            assessment: draft.assessment.clone(),
        };
        let fits = body
            .check(self.community, &self.attestor)
            .map_err(|error| error.to_string())
            .and_then(|()| self.size(body));
        if let Err(problem) = fits {
            problems.push((None, problem));
        }
        if let Some(problem) = contradiction(draft, proposal, words) {
            problems.push((Some("verdict"), problem));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mine = proposal.attestations.iter().find(|held| held.attestor == self.attestor);
        let pending = self.queue.pending.iter().rfind(|said| said.proposal == proposal.id);
        let newest = pending
            .map(|said| (said.terms, &said.assessment))
            .or_else(|| mine.map(|held| (held.terms, &held.assessment)));
        if newest == Some((proposal.terms, &draft.assessment)) {
            return Ok(None);
        }
        let mut notes = self.notes(&draft.assessment, loan);
        if let Some((_, before)) = newest.filter(|(terms, _)| *terms == proposal.terms) {
            notes.push(format!(
                "replaces what you have said: {}, grade {}",
                verdict(before.verdict),
                before.grade
            ));
        }
        Ok(Some(Planned {
            line: draft.line,
            proposal: proposal.id,
            title: loan.title.clone(),
            borrower: loan.borrower.clone(),
            terms: proposal.terms,
            assessment: draft.assessment.clone(),
            documents: draft
                .files
                .iter()
                .cloned()
                .zip(draft.assessment.documents.iter().copied())
                .map(|(name, hash)| NamedDocument { name, hash })
                .collect(),
            notes,
        }))
    }

    /// Is its record within the charter's bound?
    fn size(&self, body: Body) -> Result<(), String> {
        let record = Record {
            community: self.community.id,
            author: self.attestor,
            sequence: 1,
            previous: RecordId([0; 32]),
            clock: 0,
            body,
        };
        let (size, limit) = (
            codec::encode(&record).len() + Signature::LENGTH,
            self.community.charter.limits.record_bytes as usize,
        );
        if size <= limit {
            return Ok(());
        }
        Err(format!(
            "conditions and reasons are too long: the record has {size} bytes, and the charter allows {limit}"
        ))
    }

    /// What the charter makes of it.
    fn notes(&self, said: &Assessment, loan: &Loan) -> Vec<String> {
        let charter = &self.community.charter;
        let (policy, bounds) = (&charter.policy, charter.policy.bounds(said.grade));
        let show = |amount: u64| amounts::show(amount, &charter.currency);
        let mut notes = Vec::new();
        let mut note = |holds: bool, text: &dyn Fn() -> String| {
            if holds {
                notes.push(text());
            }
        };
        note(said.valid_until <= self.queue.close, &|| {
            "runs out before the close, and does not count then".to_owned()
        });
        if said.verdict == Verdict::Declined {
            note(said.reasons.is_empty(), &|| "declines without a reason".to_owned());
            return notes;
        }
        note(said.grade > policy.worst_grade, &|| {
            format!(
                "approves what the policy excludes: grade {} is worse than {}",
                said.grade, policy.worst_grade
            )
        });
        note(said.default > bounds.greatest_default, &|| {
            format!(
                "approves what the policy excludes: a probability of default greater than {} for this grade",
                amounts::percent(bounds.greatest_default)
            )
        });
        note(said.outlook < policy.least_outlook, &|| {
            format!("approves what the policy excludes: an outlook below {}", policy.least_outlook)
        });
        note(loan.amount > said.greatest_amount.min(bounds.greatest_amount), &|| {
            format!(
                "keeps the loan from being funded: its amount is {}, and the bound {}",
                show(loan.amount),
                show(said.greatest_amount.min(bounds.greatest_amount))
            )
        });
        notes
    }
}

/// Whoever approves some terms in one proposal and declines them in another at the same time can be convicted of it.
fn contradiction(
    draft: &Draft,
    proposal: &ProposalView,
    words: &mut BTreeMap<TermsHash, Vec<Word>>,
) -> Option<String> {
    let said = words.entry(proposal.terms).or_default();
    // What stands counts for other proposals even where this table changes it: until that line is sealed, or should the node
    // refuse it, both would stand.
    let other = said
        .iter()
        .find(|word| word.proposal != proposal.id && word.verdict != draft.assessment.verdict)
        .copied();
    said.push(Word { proposal: proposal.id, verdict: draft.assessment.verdict, line: Some(draft.line) });
    other.map(|word| {
        let place = word.line.map_or_else(|| "as it stands".to_owned(), |line| format!("in line {line}"));
        format!(
            "contradicts what you say of the same terms in the proposal {} {place}: {}. Both at once would be evidence against \
             you; revoke the one first, or say the same",
            word.proposal.short(),
            verdict(word.verdict)
        )
    })
}
