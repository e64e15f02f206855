//! `mutua outcome --explain`: why an outcome is as it is.

use std::collections::BTreeMap;

use mutua_node::api::types::{ExplanationView, LoanView};
use mutua_protocol::{
    charter::Currency,
    ledger::{Explanation, LoanExplanation, LoanFate},
    records::ProposalId,
};
use serde::Serialize;

use crate::{
    amounts,
    client::Client,
    context::Context,
    explaining::{self, Case, people},
    failure::{Done, Failure},
    named, output,
    page::{Page, Table, cut},
    progress::Progress,
    rules,
};

/// Most supporters of a loan that are shown to people; `--json` has all.
const SHOWN: usize = 200;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    view: &'a ExplanationView,
    /// How far each loan that was passed over was from being funded.
    distances: BTreeMap<ProposalId, mutua_protocol::allocation::Distance>,
}

/// Explains the whole.
///
/// # Errors
/// When the node does not answer, or refuses.
pub(super) fn outcome(context: &Context, client: &Client, round: &str, currency: &Currency) -> Done {
    let view: ExplanationView = client.get(&format!("/v1/outcomes/{round}/explanation"))?;
    let passed: Vec<ProposalId> = view
        .explanation
        .loans
        .iter()
        .filter(|loan| matches!(loan.fate, LoanFate::PassedOver { .. }))
        .map(|loan| loan.proposal)
        .collect();
    let progress = Progress::new(passed.len() as u64, "Explaining");
    let mut distances = BTreeMap::new();
    for (done, proposal) in (1..).zip(&passed) {
        let loan: LoanView = client.get(&format!("/v1/outcomes/{round}/explanation/{proposal}"))?;
        if loan.digest != view.explanation.digest {
            return Err(Failure::refused("the outcome has just changed; try again"));
        }
        distances.extend(loan.distance.map(|distance| (*proposal, distance)));
        progress.set(done);
    }
    drop(progress);
    let answer = Answer { view: &view, distances };
    output::show(context.json, &answer, |page| {
        head(page, &view, currency);
        for loan in &view.explanation.loans {
            let distance = answer.distances.get(&loan.proposal);
            let case = case(loan, distance, &view.explanation);
            page.gap().line(title(&view, loan, currency));
            for sentence in case.sentences(&|amount| amounts::show(amount, currency)) {
                page.line(format!("  {sentence}"));
            }
        }
    })
}

/// Explains one loan, with everybody who supports it.
///
/// # Errors
/// When there is no such loan, or the node does not answer.
pub(super) fn loan(
    context: &Context,
    client: &Client,
    round: &str,
    prefix: &str,
    currency: &Currency,
) -> Done {
    let proposals = client.proposals()?;
    let id = named::proposal(prefix, &proposals)?.id;
    let view: LoanView = client.get(&format!("/v1/outcomes/{round}/explanation/{id}"))?;
    if context.json {
        return output::json(&view);
    }
    let whole: ExplanationView = client.get(&format!("/v1/outcomes/{round}/explanation"))?;
    if whole.explanation.digest != view.digest {
        return Err(Failure::refused("the outcome has just changed; try again"));
    }
    let names: BTreeMap<_, _> =
        client.members()?.into_iter().map(|member| (member.key, member.name)).collect();
    output::show(false, &view, |page| {
        page.line(title(&whole, &view.loan, currency));
        let case = case(&view.loan, view.distance.as_ref(), &whole.explanation);
        for sentence in case.sentences(&|amount| amounts::show(amount, currency)) {
            page.line(format!("  {sentence}"));
        }
        let mut table = Table::new(&["supporter", ">weight", ">score", ">paid", ">has left", "name"]);
        let amount = |amount: Option<u64>| {
            amount.map_or_else(|| "-".to_owned(), |amount| amounts::show(amount, currency))
        };
        for supporter in view.supporters.iter().take(SHOWN) {
            table.row([
                supporter.member.short(),
                supporter.weight.to_string(),
                supporter.score.to_string(),
                amount(supporter.paid),
                amount(supporter.left),
                names.get(&supporter.member).map(|name| cut(name, 50)).unwrap_or_default(),
            ]);
        }
        if !table.is_empty() {
            page.gap().table(table);
        }
        if let Some(more) = view.supporters.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            page.line(format!("and {more} more; --json lists all"));
        }
    })
}

fn case<'a>(
    loan: &'a LoanExplanation,
    distance: Option<&'a mutua_protocol::allocation::Distance>,
    whole: &Explanation,
) -> Case<'a> {
    Case {
        noun: "loan",
        amount: loan.amount,
        supporters: loan.supporters,
        fate: &loan.fate,
        distance,
        rule: whole.rule,
    }
}

fn title(view: &ExplanationView, loan: &LoanExplanation, currency: &Currency) -> String {
    let name = view.names.get(&loan.proposal);
    let name = name.map(|name| format!("{} ({})", cut(&name.title, 60), cut(&name.borrower, 40)));
    format!(
        "{}  {}, {}",
        loan.proposal.short(),
        name.unwrap_or_default(),
        amounts::show(loan.amount, currency)
    )
}

fn head(page: &mut Page, view: &ExplanationView, currency: &Currency) {
    let about = &view.explanation;
    let money = |amount: u64| amounts::show(amount, currency);
    if view.provisional {
        page.line(format!(
            "PROVISIONAL: round {} if it closed now, with records that are not sealed yet",
            about.round
        ));
    } else {
        page.line(format!("Why round {} ended as it did", about.round));
    }
    let share = |part: (u64, u64), whole: (u64, u64)| {
        format!(
            "{}, {} of the weight",
            people(part, "member"),
            amounts::part_of(part.1.into(), whole.1.into())
        )
    };
    let mut facts = vec![
        ("rule", rules::describe(about.rule)),
        ("pool", money(about.pool)),
        (
            "allocated",
            format!(
                "{} ({})",
                money(about.allocated),
                amounts::part_of(about.allocated.into(), about.pool.into())
            ),
        ),
    ];
    let why = about.idle.map(|idle| format!(": {}", explaining::idle(idle))).unwrap_or_default();
    facts.push(("left", format!("{}{why}", money(about.left))));
    if let Some(stopped) = about.stopped_at {
        let name = view.names.get(&stopped).map(|name| cut(&name.title, 60)).unwrap_or_default();
        facts.push(("stopped at", format!("{} {name}", stopped.short())));
    }
    facts.push(("electorate", people(about.electorate, "member")));
    facts.push(("voted", share(about.voted, about.electorate)));
    if let Some(endowment) = about.endowment {
        facts.push(("each began with", format!("{} for each unit of weight", money(endowment))));
    }
    facts.push(("got something", share(about.represented, about.electorate)));
    if let Some(fairness) = about.fairness {
        let held = match fairness.left_out {
            None => {
                "no group of voters is left out that could have paid for a loan with its own shares (EJR+)"
                    .to_owned()
            }
            Some((loan, weight)) => format!(
                "FAULT: supporters of {} with weight {weight} are left out, which this rule does not allow; tell the \
                 developers",
                loan.short()
            ),
        };
        facts.push(("fairness", held));
    }
    page.gap().facts(facts);
}
