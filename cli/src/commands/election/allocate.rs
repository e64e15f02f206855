//! `mutua allocate`: a rule alone, on an election from a file.

use std::path::PathBuf;

use clap::Args;
use mutua_protocol::{
    allocation::{
        self, Allocation, CapExcess, Completion, Fraction, Instance, Phase, Rule, Utility, distance,
    },
    ledger::LoanFate,
    pabulib::{Election, Reading, VoteType},
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    amounts,
    context::Context,
    explaining::{self, Case},
    failure::{Done, Failure},
    files, output,
    page::{Page, Table, cut},
    progress::Progress,
    rules::{self, RuleArguments},
};

const EXAMPLE: &str = "\
Example:
  mutua allocate warszawa_2024.pb --rule equal-shares --utility cost
  mutua allocate warszawa_2024.pb --completion add-one+greedy --explain

The file is one of pabulib.org, or has its format. The result is exact. Ties go to the project whose id
sorts first. --json prints {\"funded\": [{\"id\": ..., \"cost\": ..., \"price\": ...}, ...], \"total_cost\": ...} in the
order of selection: amounts with the decimals of the file, prices and shares as exact fractions of its currency in strings.
--explain adds who paid what, and for each project that is not funded, what would have been enough: on a
large election that takes a while.";

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
    /// Say why, and what would have been enough
    #[arg(long)]
    explain: bool,
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
    /// The part of the rule that funded it.
    by: Phase,
    /// What supporters paid: of each unit of cost, each, or for each point; under Phragmén's rule in all.
    price: Option<String>,
    /// Weight of its supporters.
    supporters: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    shares: Option<Vec<ExactShare<'a>>>,
}

#[derive(Serialize)]
struct ExactShare<'a> {
    voter: &'a str,
    share: String,
}

/// A project that is not funded.
#[derive(Serialize)]
struct PassedProject<'a> {
    id: &'a str,
    cost: Exact,
    reason: allocation::Reason,
    supporters: u64,
    /// What its supporters have left together.
    left: Option<String>,
    cap: Option<CapExcess>,
    further_supporters: Option<u64>,
    further_supporters_certain: bool,
    greatest_cost: Option<Exact>,
    greatest_cost_certain: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    funded: Vec<FundedProject<'a>>,
    total_cost: Exact,
    /// How often add-one has raised the endowments.
    #[serde(skip_serializing_if = "Option::is_none")]
    raises: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed_over: Option<Vec<PassedProject<'a>>>,
}

/// An election with what a rule makes of it.
struct Outcome<'a> {
    election: &'a Election,
    rule: Rule,
    instance: &'a Instance,
    allocation: &'a Allocation,
    /// For each project that was passed over, how far it was from being funded.
    distances: Vec<Option<allocation::Distance>>,
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
        let mut distances = Vec::new();
        if self.explain {
            let progress = Progress::new(allocation.passed_over.len() as u64, "Explaining");
            for (done, passed) in (1..).zip(&allocation.passed_over) {
                distances.push(distance(&instance, rule, passed.project));
                progress.set(done);
            }
        }
        let (election, instance, allocation) = (&election, &instance, &allocation);
        let result = Outcome { election, rule, instance, allocation, distances };
        output::show(context.json, &result.answer(self.explain), |page| {
            page.facts([
                ("rule", rules::describe(rule)),
                ("voters", election.voter_count().to_string()),
                ("projects", election.projects().len().to_string()),
                ("budget", election.render(budget)),
            ]);
            if self.explain {
                result.tell_why(page);
            } else {
                tell(page, election, rule, instance, allocation);
            }
        })
    }
}

impl<'a> Outcome<'a> {
    fn answer(&self, explain: bool) -> Answer<'a> {
        let Self { election, instance, allocation, .. } = *self;
        let id = |project: usize| election.projects()[project].id.as_str();
        let cost = |project: usize| Exact(election.render(instance.projects()[project].cost));
        let funded = allocation.funded.iter().enumerate().map(|(place, funded)| FundedProject {
            id: id(funded.project),
            cost: cost(funded.project),
            by: funded.phase,
            price: funded.price.as_ref().and_then(|price| self.price(price)),
            supporters: funded.supporters,
            shares: explain.then(|| self.shares(place)),
        });
        let passed =
            allocation.passed_over.iter().zip(&self.distances).map(|(passed, distance)| PassedProject {
                id: id(passed.project),
                cost: cost(passed.project),
                reason: passed.reason,
                supporters: instance.support(passed.project),
                left: allocation
                    .left_to_supporters(instance, passed.project)
                    .and_then(|left| Some(left.scaled(1, election.unit())?.to_string())),
                cap: allocation.cap_excess(instance, passed.project),
                further_supporters: distance.and_then(|distance| distance.further_supporters),
                further_supporters_certain: distance.is_some_and(|distance| distance.supporters_are_certain),
                greatest_cost: distance
                    .and_then(|distance| Some(Exact(election.render(distance.greatest_cost?)))),
                greatest_cost_certain: distance.is_some_and(|distance| distance.cost_is_certain),
            });
        let adds_one = matches!(
            self.rule,
            Rule::EqualShares { completion: Completion::AddOne | Completion::AddOneThenGreedy, .. }
        );
        Answer {
            funded: funded.collect(),
            total_cost: Exact(election.render(allocation.total_cost)),
            raises: adds_one.then(|| allocation.raises(instance)),
            passed_over: explain.then(|| passed.collect()),
        }
    }

    /// A price in the file's currency, and for each whole point.
    fn price(&self, price: &Fraction) -> Option<String> {
        let unit = self.election.unit();
        let price = match self.rule {
            Rule::EqualShares { utility: Utility::Cost, .. } => price.clone(),
            Rule::EqualShares { utility: Utility::Score, .. } => {
                let points = 10u64.checked_pow(u32::from(self.points_decimals()))?;
                price.scaled(points, unit)?
            }
            _ => price.scaled(1, unit)?,
        };
        Some(price.to_string())
    }

    /// Rankings and approvals are scored in whole points, whatever else stands in the file.
    fn points_decimals(&self) -> u8 {
        match self.election.vote_type() {
            VoteType::Cumulative | VoteType::Scoring
                if matches!(Election::reading_for(self.rule), Reading::Scores) =>
            {
                self.election.points_decimals()
            }
            _ => 0,
        }
    }

    fn shares(&self, place: usize) -> Vec<ExactShare<'a>> {
        let shares = self.allocation.exact_shares(self.instance, place).into_iter();
        shares
            .filter_map(|(voter, share)| {
                let share = share.scaled(1, self.election.unit())?.to_string();
                Some(ExactShare { voter: self.election.voter(voter)?.id, share })
            })
            .collect()
    }

    fn tell_why(&self, page: &mut Page) {
        let Self { election, instance, allocation, .. } = *self;
        let money = |amount: u128| amounts::digits(amount, election.decimals());
        let left = allocation.left(instance);
        let why =
            allocation.idle(instance).map(|idle| format!(": {}", explaining::idle(idle))).unwrap_or_default();
        page.gap().line(format!(
            "Funded: {} of {} projects for {} ({} of the budget); {} is left{why}",
            allocation.funded.len(),
            election.projects().len(),
            election.render(allocation.total_cost),
            amounts::part_of(allocation.total_cost.into(), instance.budget().into()),
            election.render(left),
        ));
        let funded = allocation.funded.iter().map(|funded| (funded.project, None));
        let passed = allocation.passed_over.iter().zip(&self.distances);
        let passed = passed.map(|(passed, distance)| (passed.project, distance.as_ref()));
        for (place, (project, distance)) in funded.chain(passed).enumerate() {
            let shares = allocation.shares(instance, place).into_iter().map(|(_, share)| share);
            let Some(fate) = LoanFate::of(instance, allocation, project, shares) else { continue };
            let about = &election.projects()[project];
            page.gap().line(format!(
                "{}  {}, {}",
                about.id,
                cut(about.name.as_deref().unwrap_or(""), 80),
                election.render(about.cost)
            ));
            let case = Case {
                noun: "project",
                amount: about.cost,
                supporters: (instance.supporters(project) as u64, instance.support(project)),
                fate: &fate,
                distance,
                rule: self.rule,
            };
            for sentence in case.sentences(&money) {
                page.line(format!("  {sentence}"));
            }
        }
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
