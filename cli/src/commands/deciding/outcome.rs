//! `mutua outcome`: what a round decided, and why.

use std::collections::BTreeMap;

use clap::Args;
use mutua_node::api::types::{OutcomeSummary, OutcomeView, SharesView};
use mutua_protocol::{
    charter::Currency,
    outcome::{Candidate, CandidateResult, ChangeResult},
    records::ProposalId,
};

use crate::{
    amounts,
    client::Client,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    output,
    page::{Page, Table, cut},
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua outcome                    the newest closed round
  mutua outcome 3 --shares         round 3, with what each member's vote paid
  mutua outcome current            what would come out if the round closed now
  mutua outcome --explain          why, loan by loan, and what would have been enough
  mutua outcome 3 --explain 7f31   who supported loan 7f31..., what they paid, what they had left

Every node computes the outcome itself; the digest is what the witnesses have signed.";

/// What `mutua outcome` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// A round's number, 'latest' or 'current'
    #[arg(value_name = "ROUND", default_value = "latest", value_parser = parse_round)]
    round: String,
    /// Show what each member's vote paid
    #[arg(long)]
    shares: bool,
    /// Explain the outcome, or one loan of it
    #[arg(long, value_name = "PROPOSAL", num_args = 0..=1, default_missing_value = "", conflicts_with = "shares")]
    explain: Option<String>,
    /// Show all closed rounds in short instead
    #[arg(long, conflicts_with_all = ["round", "shares", "explain"])]
    list: bool,
}

pub(crate) fn parse_round(text: &str) -> Result<String, String> {
    match text {
        "latest" | "current" => Ok(text.to_owned()),
        _ => match text.parse::<u32>() {
            Ok(round) if round > 0 => Ok(text.to_owned()),
            _ => Err("write a round's number, 'latest' or 'current'".to_owned()),
        },
    }
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let currency = client.charter()?.currency;
        if self.list {
            let rounds: Vec<OutcomeSummary> = client.whole("/v1/outcomes")?;
            return output::show(context.json, &rounds, |page| list(page, &rounds, &currency));
        }
        if let Some(prefix) = &self.explain {
            return match prefix.as_str() {
                "" => super::explain::outcome(context, &client, &self.round, &currency),
                prefix => super::explain::loan(context, &client, &self.round, prefix, &currency),
            };
        }
        if self.shares {
            return shares(context, &client, &self.round, &currency);
        }
        let outcome: OutcomeView = client.get(&format!("/v1/outcomes/{}", self.round))?;
        output::show(context.json, &outcome, |page| tell(page, &outcome, &currency))
    }
}

fn list(page: &mut Page, rounds: &[OutcomeSummary], currency: &Currency) {
    let mut table =
        Table::new(&[">round", "closed", ">seal", ">pool", ">allocated", ">loans funded", "digest"]);
    for round in rounds {
        table.row([
            round.round.to_string(),
            times::show(round.time),
            round.height.to_string(),
            amounts::show(round.pool, currency),
            amounts::show(round.allocated, currency),
            round.funded.to_string(),
            round.digest.short(),
        ]);
    }
    if table.is_empty() {
        page.line("No round has closed yet; 'mutua outcome current' shows how it stands.");
    } else {
        page.table(table);
    }
}

fn tell(page: &mut Page, view: &OutcomeView, currency: &Currency) {
    let outcome = &view.outcome;
    if view.provisional {
        page.line(format!(
            "PROVISIONAL: round {} if it closed now, with records that are not sealed yet",
            outcome.round
        ));
    } else {
        page.line(format!("Round {}, closed by seal {}", outcome.round, outcome.height));
    }
    let turnout = &outcome.turnout;
    page.gap().facts([
        ("close", times::show(outcome.close)),
        ("time", times::show(outcome.time)),
        ("pool", amounts::show(outcome.pool, currency)),
        (
            "allocated",
            format!(
                "{} ({})",
                amounts::show(outcome.allocated(), currency),
                amounts::part_of(outcome.allocated().into(), outcome.pool.into())
            ),
        ),
        (
            "voted",
            format!(
                "{} of {} members, with {} of {} of the weight{}",
                turnout.voters,
                turnout.members,
                turnout.voted,
                turnout.weight,
                match view.delegated.heads {
                    0 => String::new(),
                    heads => format!("; {heads} of them by delegation"),
                }
            ),
        ),
        ("digest", view.digest.to_string()),
    ]);
    tell_loans(page, view, currency);
    let mut motions = Table::new(&["motion", ">yes", ">no", ">abstain", "result", "title"]);
    for motion in &outcome.motions {
        let result = match (motion.change, motion.carried, motion.quorum) {
            (Some(ChangeResult::Adopted), ..) => "carried: the charter changes".to_owned(),
            (Some(ChangeResult::Lapsed { by }), ..) => {
                format!("carried, and lapsed: {} changes the charter first", by.short())
            }
            (Some(ChangeResult::ReplacedKey { key }), ..) => {
                format!("carried, and not adopted: it names {key}, which was replaced")
            }
            (_, true, _) => "carried".to_owned(),
            (_, false, true) => "not carried".to_owned(),
            (_, false, false) => "no quorum".to_owned(),
        };
        motions.row([
            motion.proposal.short(),
            motion.yes.to_string(),
            motion.no.to_string(),
            motion.abstain.to_string(),
            result,
            title(view, &motion.proposal, 70),
        ]);
    }
    if !motions.is_empty() {
        page.gap().line("Motions and changes of the charter").table(motions);
    }
}

fn tell_loans(page: &mut Page, view: &OutcomeView, currency: &Currency) {
    let outcome = &view.outcome;
    let mut funded = Table::new(&[">", "funded", ">amount", ">supporters", "borrower", "title"]);
    for (place, loan) in outcome.funded.iter().enumerate() {
        funded.row([
            (place + 1).to_string(),
            loan.proposal.short(),
            amounts::show(loan.amount, currency),
            loan.supporters.to_string(),
            borrower(view, &loan.proposal),
            title(view, &loan.proposal, 50),
        ]);
    }
    let mut passed_over =
        Table::new(&["not funded", ">amount", ">supporters", ">they have left", "why", "title"]);
    let mut ineligible = Table::new(&["ineligible", ">amount", "why", "title"]);
    for Candidate { proposal, amount, result, .. } in &outcome.candidates {
        let amount = amounts::show(*amount, currency);
        let why = || {
            let name = view.proposals.get(proposal);
            name.and_then(|name| name.reason.clone()).unwrap_or_default()
        };
        match result {
            CandidateResult::Funded(_) => {}
            CandidateResult::PassedOver { supporters, left, .. } => passed_over.row([
                proposal.short(),
                amount,
                supporters.to_string(),
                left.map_or_else(|| "-".to_owned(), |left| amounts::show(left, currency)),
                why(),
                title(view, proposal, 50),
            ]),
            CandidateResult::Ineligible(_) => {
                ineligible.row([proposal.short(), amount, why(), title(view, proposal, 50)]);
            }
        }
    }
    if funded.is_empty() {
        page.gap().line("No loan is funded.");
    }
    for table in [funded, passed_over, ineligible] {
        if !table.is_empty() {
            page.gap().table(table);
        }
    }
}

fn title(view: &OutcomeView, proposal: &ProposalId, width: usize) -> String {
    view.proposals.get(proposal).map(|name| cut(&name.title, width)).unwrap_or_default()
}

fn borrower(view: &OutcomeView, proposal: &ProposalId) -> String {
    let name = view.proposals.get(proposal).and_then(|name| name.borrower.as_deref());
    name.map(|name| cut(name, 28)).unwrap_or_default()
}

fn shares(context: &Context, client: &Client, round: &str, currency: &Currency) -> Done {
    let shares: SharesView = client.get(&format!("/v1/outcomes/{round}/shares"))?;
    if context.json {
        return output::json(&shares);
    }
    let view: OutcomeView = client.get(&format!("/v1/outcomes/{round}"))?;
    if view.digest != shares.digest {
        return Err(Failure::refused("the outcome has just changed; try again"));
    }
    let names: BTreeMap<_, _> =
        client.members()?.into_iter().map(|member| (member.key, member.name)).collect();
    output::show(false, &shares, |page| {
        tell(page, &view, currency);
        for (loan, funded) in shares.loans.iter().zip(&view.outcome.funded) {
            page.gap().line(format!(
                "What members' votes paid for '{}', {}",
                title(&view, &loan.proposal, 60),
                amounts::show(funded.amount, currency)
            ));
            let mut table = Table::new(&["member", ">paid", "name"]);
            for share in &loan.shares {
                table.row([
                    share.member.short(),
                    amounts::show(share.amount, currency),
                    names.get(&share.member).map(|name| cut(name, 50)).unwrap_or_default(),
                ]);
            }
            page.table(table);
        }
    })
}
