//! `mutua allocate`: a rule alone, on an election from a file.

use std::path::PathBuf;

use clap::Args;
use mutua_protocol::{
    allocation::{self, Allocation, Instance, Rule, Utility},
    pabulib::Election,
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Context;
use crate::{
    Done, amounts,
    failure::Failure,
    files, output,
    page::{Page, Table, cut},
    rules::{self, RuleArguments},
};

const EXAMPLE: &str = "\
Example:
  mutua allocate warszawa_2024.pb --rule equal-shares --utility cost

The file is one of pabulib.org, or has its format. The result is exact. Ties go to the project whose id
sorts first. --json prints {\"funded\": [{\"id\": ..., \"cost\": ...}, ...], \"total_cost\": ...} in the order
of selection, amounts with the decimals of the file.";

/// What `mutua allocate` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// The election, a .pb file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    rule: RuleArguments,
    /// Another budget than the file's
    #[arg(long, value_name = "AMOUNT")]
    budget: Option<String>,
}

/// An amount that is written as an exact JSON number.
struct Exact(String);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

#[derive(Serialize)]
struct FundedProject<'a> {
    id: &'a str,
    cost: Exact,
}

#[derive(Serialize)]
struct Answer<'a> {
    funded: Vec<FundedProject<'a>>,
    total_cost: Exact,
}

impl Arguments {
    /// Allocates.
    pub(crate) fn run(self, context: &Context) -> Done {
        let election =
            Election::read(&files::read(&self.file)?).map_err(|error| Failure::file(&self.file, error))?;
        let rule = self.rule.rule()?;
        let budget = match &self.budget {
            None => election.budget(),
            Some(text) => amounts::parse_units(text, election.decimals())?,
        };
        let instance = election
            .instance_with_budget(Election::reading_for(rule), budget)
            .map_err(|error| Failure::file(&self.file, error))?;
        let allocation = allocation::allocate(&instance, rule);
        let answer = Answer {
            funded: allocation
                .funded
                .iter()
                .map(|funded| FundedProject {
                    id: &election.projects()[funded.project].id,
                    cost: Exact(election.render(funded.cost)),
                })
                .collect(),
            total_cost: Exact(election.render(allocation.total_cost)),
        };
        output::show(context.json, &answer, |page| {
            page.facts([
                ("rule", rules::describe(rule)),
                ("voters", election.voter_count().to_string()),
                ("projects", election.projects().len().to_string()),
                ("budget", election.render(budget)),
            ]);
            tell(page, &election, rule, &instance, &allocation);
        })
    }
}

fn tell(page: &mut Page, election: &Election, rule: Rule, instance: &Instance, allocation: &Allocation) {
    let decimals = election.decimals();
    let amount = |units: u64| amounts::digits(units.into(), decimals);
    let project = |position: usize| {
        let project = &election.projects()[position];
        (project.id.clone(), cut(project.name.as_deref().unwrap_or(""), 60))
    };
    let mut funded = Table::new(&[">", "project", ">cost", ">supporters", ">price", "name"]);
    for (place, entry) in (1..).zip(&allocation.funded) {
        let (id, name) = project(entry.project);
        let price = entry.price.as_ref().and_then(|price| match rule {
            Rule::EqualShares { utility: Utility::Cost, .. } => Some(price.to_decimal(6)),
            // Smallest units for one, for one point, or in all.
            _ => price.floor().map(|units| amounts::digits(units, decimals)),
        });
        funded.row([
            i32::to_string(&place),
            id,
            amount(entry.cost),
            entry.supporters.to_string(),
            price.unwrap_or_else(|| "-".to_owned()),
            name,
        ]);
    }
    let mut passed_over = Table::new(&["project", ">cost", ">left to supporters", "why", "name"]);
    for entry in &allocation.passed_over {
        let (id, name) = project(entry.project);
        let left = allocation
            .left_to_supporters(instance, entry.project)
            .and_then(|left| left.floor())
            .map_or_else(|| "-".to_owned(), |left| amounts::digits(left, decimals));
        let cost = amount(election.projects()[entry.project].cost);
        passed_over.row([id, cost, left, entry.reason.to_string(), name]);
    }
    let left = instance.budget() - allocation.total_cost;
    page.gap().line(format!(
        "Funded: {} of {} projects for {} ({} of the budget); {} is left",
        allocation.funded.len(),
        election.projects().len(),
        election.render(allocation.total_cost),
        amounts::part_of(allocation.total_cost.into(), instance.budget().into()),
        election.render(left),
    ));
    if !funded.is_empty() {
        page.gap().table(funded);
        if allocation.funded.iter().any(|entry| entry.price.is_some()) {
            let per = match rule {
                Rule::EqualShares { utility: Utility::Cost, .. } => {
                    "of each unit of cost, to each supporter who could afford it"
                }
                Rule::EqualShares { utility: Utility::Score, .. } => {
                    "of each point, to each supporter who could afford it"
                }
                Rule::EqualShares { utility: Utility::Cardinality, .. } | Rule::Greedy { .. } => {
                    "to each supporter who could afford it"
                }
                Rule::Phragmen => "what each supporter has paid in all when it was bought",
            };
            page.gap().line(format!("(price: {per})"));
        }
    }
    if !passed_over.is_empty() {
        page.gap().line("Not funded").gap().table(passed_over);
    }
}
