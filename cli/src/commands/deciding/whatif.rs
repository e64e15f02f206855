//! `mutua whatif`: the same ballots under other terms.

use std::collections::BTreeSet;

use clap::Args;
use mutua_node::api::types::{WhatIfRequest, WhatIfView};
use mutua_protocol::{
    allocation::{Completion, GreedyOrder, Rule, Utility},
    charter::{Charter, Currency},
    ledger::{Change, WhatIf},
    records::ProposalId,
};
use serde::Serialize;

use crate::{
    amounts,
    client::Client,
    commands::deciding::outcome::parse_round,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    named, output,
    page::{Page, Table, cut},
    rules,
};

const EXAMPLE: &str = "\
Example:
  mutua whatif                         the current round under the other rules
  mutua whatif 3 --budget 50000        round 3 with another pool
  mutua whatif --without 7f31          without a loan
  mutua whatif --without homes         without a category

One column for each variant: x is funded, + is funded and was not, - is not and was. The first column is the outcome as it is; with
--budget or --without the others are for the changed terms.";

/// What `mutua whatif` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// A round's number, 'latest' or 'current'
    #[arg(value_name = "ROUND", default_value = "current", value_parser = parse_round)]
    round: String,
    /// Leave out a loan or a category, again for each
    #[arg(long, value_name = "PROPOSAL|CATEGORY")]
    without: Vec<String>,
    /// Another budget than the pool
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<String>,
}

/// The rules that are held against each other.
const RULES: [Rule; 7] = [
    Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
    Rule::EqualShares { utility: Utility::Cardinality, completion: Completion::None },
    Rule::EqualShares { utility: Utility::Score, completion: Completion::None },
    Rule::EqualShares { utility: Utility::Cost, completion: Completion::Greedy },
    Rule::EqualShares { utility: Utility::Cost, completion: Completion::AddOneThenGreedy },
    Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost },
    Rule::Phragmen,
];

/// Columns of variants, by letter.
const LETTERS: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    view: &'a WhatIfView,
    /// What was changed, in the order of the variants.
    changes: &'a [Change],
}

impl Arguments {
    /// Shows it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let client = Client::of(&Home::existing(context)?)?;
        let charter = client.charter()?;
        let changed = self.changed(&client, &charter)?;
        // Changed terms are shown under the charter's rule first.
        let own = (changed != Change::default()).then_some(charter.rule);
        let others = RULES.into_iter().filter(|rule| *rule != charter.rule);
        let changes: Vec<Change> = own
            .into_iter()
            .chain(others)
            .map(|rule| Change { rule: Some(rule), ..changed.clone() })
            .collect();
        let request = WhatIfRequest { changes };
        let view: WhatIfView = client.post(&format!("/v1/outcomes/{}/what-if", self.round), &request)?;
        let answer = Answer { view: &view, changes: &request.changes };
        output::show(context.json, &answer, |page| tell(page, &view, &charter.currency))
    }

    fn changed(&self, client: &Client, charter: &Charter) -> Done<Change> {
        let mut change = Change::default();
        if let Some(text) = &self.budget {
            change.budget = Some(amounts::parse(text, &charter.currency)?);
        }
        let proposals = if self.without.is_empty() { Vec::new() } else { client.proposals()? };
        for name in &self.without {
            if let Some(position) = (0..).zip(&charter.categories).find(|(_, category)| *category == name) {
                change.without_categories.insert(position.0);
                continue;
            }
            let proposal = named::proposal(name, &proposals).map_err(|_| {
                Failure::input(format!(
                    "'{name}' is neither a category of the charter ({}) nor the beginning of one proposal's id",
                    charter.categories.join(", ")
                ))
            })?;
            change.without.insert(proposal.id);
        }
        Ok(change)
    }
}

fn tell(page: &mut Page, view: &WhatIfView, currency: &Currency) {
    let kind = if view.provisional { "provisional, if it closed now" } else { "as it closed" };
    page.line(format!("Round {} ({kind}), the same ballots under other terms", view.round));
    let columns: Vec<&WhatIf> = std::iter::once(&view.base).chain(&view.variants).collect();
    let mut titles = vec!["loan", ">amount", "now"];
    titles.extend(LETTERS.iter().take(view.variants.len()));
    titles.push("title");
    let mut table = Table::new(&titles);
    let funded: Vec<BTreeSet<ProposalId>> =
        columns.iter().map(|column| column.funded.iter().map(|loan| loan.proposal).collect()).collect();
    for id in &view.loans {
        let name = view.names.get(id);
        let mut row =
            vec![id.short(), name.map(|name| amounts::show(name.amount, currency)).unwrap_or_default()];
        for (column, funded) in columns.iter().zip(&funded) {
            let (was, is) = (columns[0].funded.iter().any(|loan| loan.proposal == *id), funded.contains(id));
            row.push(match (was, is, column.without.contains(id)) {
                (_, _, true) => "out".to_owned(),
                (true, true, _) => "x".to_owned(),
                (false, true, _) => "+".to_owned(),
                (true, false, _) => "-".to_owned(),
                (false, false, _) => ".".to_owned(),
            });
        }
        row.push(name.map(|name| cut(&name.title, 50)).unwrap_or_default());
        table.row(row);
    }
    if table.is_empty() {
        page.gap().line("No loan of this round may be funded.");
        return;
    }
    page.gap().table(table);
    let mut sums =
        Table::new(&["", ">budget", ">allocated", ">loans", ">with a funded loan", "changed", "rule"]);
    for (place, (column, own)) in columns.iter().zip(&funded).enumerate() {
        let more = own.difference(&funded[0]).count();
        let fewer = funded[0].difference(own).count();
        sums.row([
            place.checked_sub(1).map_or("now", |place| LETTERS[place.min(LETTERS.len() - 1)]).to_owned(),
            amounts::show(column.budget, currency),
            amounts::show(column.allocated, currency),
            own.len().to_string(),
            amounts::part_of(column.represented.into(), view.voted.into()),
            if more + fewer == 0 { "nothing".to_owned() } else { format!("+{more} -{fewer}") },
            rules::describe(column.rule),
        ]);
    }
    page.gap().table(sums);
    page.gap()
        .line("x funded   + funded, and is not now   - not funded, and is now   . not funded   out left out");
    page.line("(with a funded loan: weight of the voters who have at least one on their ballots)");
}
