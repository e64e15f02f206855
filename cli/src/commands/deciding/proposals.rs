//! `mutua proposals`: what can be voted on.

use std::collections::BTreeMap;

use clap::Args;
use mutua_node::api::types::{Heads, OutcomeView, ProposalView};
use mutua_protocol::{
    charter::Charter,
    outcome::CandidateResult,
    records::{ProposalId, Verdict},
};

use crate::{
    amounts,
    client::Client,
    commands::{deciding::arguments, deciding::propose::tell_subject, operator::respond},
    context::Context,
    failure::Done,
    home::Home,
    named, output,
    page::{Page, Table, cut},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua proposals
  mutua proposals 5b3e90aa

'said' counts the arguments for and against, and the questions that wait for an answer. The votes are those so far, with records that are not sealed yet; what is decided shows 'mutua outcome'.";

/// What `mutua proposals` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Show one proposal in full, by its id or the first digits of it
    #[arg(value_name = "PROPOSAL")]
    proposal: Option<String>,
    /// Show those that are no longer open, too
    #[arg(long)]
    all: bool,
}

/// What would come out now, by proposal: supporters, and a word for it.
type Standing = BTreeMap<ProposalId, (String, &'static str)>;

impl Arguments {
    /// Lists.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let mut proposals = client.proposals()?;
        let charter = client.charter()?;
        if let Some(prefix) = &self.proposal {
            let id = named::proposal(prefix, &proposals)?.id;
            let proposal: ProposalView = client.get(&format!("/v1/proposals/{id}"))?;
            return output::show(context.json, &proposal, |page| tell(page, &proposal, &charter));
        }
        proposals.retain(|proposal| self.all || proposal.status == "open");
        // The figures are for people; they cost the node an allocation.
        let now: Option<OutcomeView> =
            if context.json { None } else { Some(client.get("/v1/outcomes/current")?) };
        let standing = now.as_ref().map(standing).unwrap_or_default();
        output::show(context.json, &proposals, |page| {
            list(page, &proposals, &standing, &charter, self.all);
            if let Some(Heads { heads, weight }) = now.map(|now| now.delegated).filter(|by| by.heads > 0) {
                page.gap().line(format!(
                    "Among the votes are those of {heads} members, of weight {weight}, who have cast none and for whom a delegate's \
                     ballot counts; 'mutua delegate' shows yours."
                ));
            }
        })
    }
}

fn standing(now: &OutcomeView) -> Standing {
    let mut standing = Standing::new();
    for candidate in &now.outcome.candidates {
        let word = match &candidate.result {
            CandidateResult::Funded(_) => "funded",
            CandidateResult::PassedOver { .. } => "not funded",
            CandidateResult::Ineligible(_) => "ineligible",
        };
        let supporters = match &candidate.result {
            CandidateResult::PassedOver { supporters, .. } => supporters.to_string(),
            CandidateResult::Funded(_) | CandidateResult::Ineligible(_) => "-".to_owned(),
        };
        standing.insert(candidate.proposal, (supporters, word));
    }
    for loan in &now.outcome.funded {
        standing.insert(loan.proposal, (loan.supporters.to_string(), "funded"));
    }
    for motion in &now.outcome.motions {
        let word = if motion.carried { "carried" } else { "not carried" };
        standing.insert(motion.proposal, (format!("{}:{}", motion.yes, motion.no), word));
    }
    standing
}

fn list(page: &mut Page, proposals: &[ProposalView], standing: &Standing, charter: &Charter, all: bool) {
    let kind = if all { "Proposals" } else { "Open proposals" };
    page.line(format!("{kind}: {}", proposals.len()));
    let mut loans = Table::new(&[
        "loan", ">amount", ">months", ">rate", "grade", ">votes", "now", "said", "borrower", "title",
    ]);
    let mut motions = Table::new(&["motion", ">yes:no", "now", "said", "title"]);
    for proposal in proposals {
        let none = || ("-".to_owned(), "-");
        let (votes, now) = standing.get(&proposal.id).cloned().unwrap_or_else(none);
        let now = if proposal.status == "open" {
            now.to_owned()
        } else {
            proposal
                .round
                .map_or_else(|| proposal.status.clone(), |round| format!("{} in {round}", proposal.status))
        };
        let title = cut(proposal.subject.title(), 60);
        match proposal.subject.loan() {
            None => motions.row([proposal.id.short(), votes, now, said(proposal), title]),
            Some(loan) => loans.row([
                proposal.id.short(),
                amounts::digits(loan.amount.into(), charter.currency.decimals),
                loan.term.to_string(),
                amounts::percent(loan.rate),
                grade(proposal),
                votes,
                now,
                said(proposal),
                cut(&loan.borrower, 28),
                title,
            ]),
        }
    }
    if !loans.is_empty() {
        page.gap().line(format!("Loans (amounts in {})", charter.currency.code)).table(loans);
    }
    if !motions.is_empty() {
        page.gap().line("Motions and changes of the charter").table(motions);
    }
    let reasons: Vec<(String, &str)> = proposals
        .iter()
        .filter_map(|proposal| {
            let eligibility = proposal.eligibility.as_ref()?;
            Some((proposal.id.short(), eligibility.reason.as_deref()?))
        })
        .collect();
    if !reasons.is_empty() {
        page.gap().line("Ineligible, whatever the votes");
        page.facts(reasons.iter().map(|(id, reason)| (id.as_str(), (*reason).to_owned())));
    }
    let too_large: Vec<(String, &str)> = proposals
        .iter()
        .filter_map(|proposal| {
            let eligibility = proposal.eligibility.as_ref().filter(|eligibility| eligibility.eligible)?;
            Some((proposal.id.short(), eligibility.too_large.first()?.as_str()))
        })
        .collect();
    if !too_large.is_empty() {
        page.gap().line("Too large for the pool, whatever the votes");
        page.facts(too_large.iter().map(|(id, bound)| (id.as_str(), (*bound).to_owned())));
    }
    if proposals.is_empty() && !all {
        page.line("Make one with 'mutua propose', or see earlier ones with --all.");
    }
}

/// How many speak for it and against it, and the questions that wait.
fn said(proposal: &ProposalView) -> String {
    let (tally, waiting) = (&proposal.arguments, proposal.open_questions);
    let waiting = if waiting > 0 { format!(" {waiting}?") } else { String::new() };
    match (tally.in_favour, tally.against) {
        (0, 0) if waiting.is_empty() => "-".to_owned(),
        (in_favour, against) => format!("+{in_favour} -{against}{waiting}"),
    }
}

/// The worst grade among the attestations that hold for the present terms.
fn grade(proposal: &ProposalView) -> String {
    let current = proposal.attestations.iter().filter(|held| held.for_present_terms);
    let worst =
        current.map(|held| (held.assessment.verdict == Verdict::Declined, held.assessment.grade)).max();
    match worst {
        None => "-".to_owned(),
        Some((true, _)) => "declined".to_owned(),
        Some((false, grade)) => grade.to_string(),
    }
}

/// One proposal in full.
fn tell(page: &mut Page, proposal: &ProposalView, charter: &Charter) {
    tell_subject(page, &proposal.subject, charter);
    page.gap();
    let round = proposal.round.map(|round| format!(" in round {round}")).unwrap_or_default();
    let mut facts = vec![
        ("id", proposal.id.to_string()),
        ("proposed by", format!("{} ({})", proposal.owner_name, proposal.owner.short())),
        ("status", format!("{}{round}", proposal.status)),
        ("sealed", format!("in seal {}", proposal.height)),
        ("amended", format!("{} times", proposal.amendments)),
    ];
    if let Some(eligibility) = &proposal.eligibility {
        facts.push(("may be funded", if eligibility.eligible { "yes" } else { "no" }.to_owned()));
        facts.push(("judged for", format!("the close, {}", times::show(eligibility.at))));
        facts.extend(eligibility.reasons.iter().map(|reason| ("excluded as", reason.clone())));
        facts.extend(eligibility.too_large.iter().map(|bound| ("too large as", bound.clone())));
    }
    page.facts(facts);
    if let Some(account) = &proposal.account {
        let show = |amount: u128| amounts::show(amount, &charter.currency);
        page.gap().line("What became of the money");
        page.facts([
            ("not paid out", show(account.undrawn)),
            ("paid out", show(account.sums.disbursed)),
            ("released", show(account.sums.released)),
            ("paid back", show(account.sums.repaid)),
            ("interest", show(account.sums.interest)),
            ("owed", show(account.outstanding)),
            ("lost", show(account.lost)),
        ]);
    }
    for past in proposal.history.iter().flatten() {
        let rating = &past.assessment;
        let verdict = match rating.verdict {
            Verdict::Approved => "approved",
            Verdict::Declined => "declined",
        };
        page.gap().line(format!("Attestation {} by {}", past.id.short(), past.attestor.short()));
        let (default, loss) = (amounts::percent(rating.default), amounts::percent(rating.loss));
        let mut facts = vec![
            ("verdict", format!("{verdict}, grade {}, outlook {}", rating.grade, rating.outlook)),
            ("default", format!("{default}, loss in that case {loss}")),
            ("up to", amounts::show(rating.greatest_amount, &charter.currency)),
            ("sealed", format!("{}, in seal {}", times::show(past.time), past.height)),
            ("holds until", times::show(rating.valid_until)),
        ];
        facts.extend(rating.reasons.iter().map(|reason| ("reason", reason.clone())));
        facts.extend(rating.conditions.iter().map(|condition| ("condition", condition.clone())));
        facts.extend(past.ended.iter().map(|why| ("does not count", why.clone())));
        page.facts(facts);
    }
    let said = arguments::counted(&proposal.arguments, proposal.open_questions);
    page.gap().line(format!("Arguments: {said}. 'mutua arguments {}' shows them", proposal.id.short()));
    if let Some(said) = &proposal.predictions {
        page.gap().line(format!(
            "Members' predictions of default: {}, on average {} (no votes)",
            said.count, said.mean.decimal
        ));
    }
    for said in &proposal.responses {
        page.gap().line(format!("The board, {}: {}", times::show(said.time), respond::word(said.status)));
        page.line(&said.reason);
    }
}
