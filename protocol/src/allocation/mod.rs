//! Which projects a pool funds: exact rules of participatory budgeting, with what explains them.
//!
//! An [`Instance`] (projects, voters with ballots and weights, a budget, caps) goes in, an
//! [`Allocation`] comes out. Nothing here knows about records, nodes or loans, so that auditors and
//! researchers can use it on its own, for instance on [Pabulib](crate::pabulib) files.
//!
//! Every result is that of the textbook definition in exact rationals: there is no float and no
//! rounding that could decide anything. Ties go to the project with the lower position.
//!
//! ```
//! use mutua_protocol::allocation::*;
//!
//! let mut builder = InstanceBuilder::new(1_000, 1);
//! let bakery = builder.add_project(Project::new(600));
//! builder.add_project(Project::new(700));
//! builder.add_voter(1, [(0, 1)]);
//! builder.add_voter(1, [(0, 1), (1, 1)]);
//! let instance = builder.build()?;
//! let rule = Rule::EqualShares { utility: Utility::Cost, completion: Completion::None };
//! let allocation = allocate(&instance, rule);
//! assert_eq!(allocation.funded[0].project, bakery);
//! assert_eq!(allocation.shares(&instance, 0), [(0, 300), (1, 300)]);
//! # Ok::<(), InstanceError>(())
//! ```

mod accounts;
mod caps;
mod caps_used;
mod classes;
mod completion;
mod descent;
mod equal_shares;
mod explain;
mod fairness;
mod fraction;
mod greedy;
mod instance;
mod leftover;
mod phragmen;
mod prices;
mod purse;
mod resample;
#[cfg(test)]
mod samples;
mod shares;
mod till;
mod waterline;

use std::fmt;

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

pub use caps::{BASIS_POINTS, Cap, Caps, RISK_UNITS};
pub use explain::{Distance, distance};
pub use fairness::{LeftOut, left_out, represented};
pub use fraction::{Fraction, NotAFraction};
pub use instance::{Instance, InstanceBuilder, InstanceError, MAX_ENTRIES, MAX_TOTAL_WEIGHT, Project};
pub use leftover::{CapExcess, Idle};
pub use resample::{FULL_DRAWS, LEAST_DRAWS, draws_for, resample};

use equal_shares::Bought;
use phragmen::Timed;

/// What a funded project on the ballot is worth to a voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Utility {
    /// Its cost: a member is served by the money spent on what they support.
    Cost,
    /// One: a member is served by the number of projects they support.
    Cardinality,
    /// The score on the ballot.
    Score,
}

/// What to do with money that Equal Shares leaves. Later ways are appended: charters name them by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// Keep it.
    None,
    /// Fund by greedy what still fits.
    Greedy,
    /// Raise every endowment by one unit of currency for each unit of weight, again and again; take the
    /// last result that does not overspend, or the first after which nothing that is supported fits.
    AddOne,
    /// Add-one, and then greedy.
    AddOneThenGreedy,
}

/// How greedy orders projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GreedyOrder {
    /// By total utility per cost.
    PerCost,
    /// By total utility.
    Total,
}

/// A rule for allocating the budget. A charter names one: its number and fields are canonical bytes
/// (SPEC section 5), and later rules are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// The Method of Equal Shares (Peters, Pierczyński, Skowron 2021).
    EqualShares {
        /// What a project is worth to its supporters.
        utility: Utility,
        /// What happens to the money left.
        completion: Completion,
    },
    /// The greedy rule.
    Greedy {
        /// What a project is worth to its supporters.
        utility: Utility,
        /// Whether cost matters.
        order: GreedyOrder,
    },
    /// Phragmén's sequential rule, on approvals: scores do not matter.
    Phragmen,
}

/// The part of a rule that funded a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Bought by its supporters under Equal Shares.
    EqualShares,
    /// Taken by greedy.
    Greedy,
    /// Bought by its supporters under Phragmén's rule.
    Phragmen,
}

/// A funded project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funded {
    /// Its position in the instance.
    pub project: usize,
    /// Its cost, in the currency's smallest unit.
    pub cost: u64,
    /// The part of the rule that funded it.
    pub phase: Phase,
    /// Under Equal Shares, the price that supporters paid per unit of their utility (smallest units of
    /// currency per unit of utility, and utility `cost` counts smallest units): `ρ` of the definition.
    /// Under Phragmén's rule, the load of its supporters afterwards: what each unit of weight among them
    /// has paid in all, in smallest units.
    pub price: Option<Fraction>,
    /// The weight of its supporters.
    pub supporters: u64,
}

/// Why a project is not funded, as it is when everything is decided: under Equal Shares and Phragmén's
/// rule, the first cap that it would break beside all that is funded, and otherwise what else it lacks; in
/// greedy, what it met at its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Nobody with a weight supports it.
    NoSupporters,
    /// It is worth nothing to those who support it (a cost of zero under utility `cost`).
    NoUtility,
    /// Its supporters together have less left than it costs.
    SupportersLackMoney,
    /// What is left of the budget is less than it costs.
    BudgetSpent,
    /// It would break a cap.
    Cap(Cap),
    /// Phragmén's rule stopped before its turn.
    Stopped,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSupporters => formatter.write_str("nobody supports it"),
            Self::NoUtility => formatter.write_str("it is worth nothing to its supporters"),
            Self::SupportersLackMoney => {
                formatter.write_str("its supporters together have less left than it costs")
            }
            Self::BudgetSpent => formatter.write_str("it costs more than is left of the budget"),
            Self::Cap(cap) => write!(formatter, "it would break {cap}"),
            Self::Stopped => formatter.write_str("the rule stopped before its turn"),
        }
    }
}

/// A project that is not funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its position in the instance.
    pub project: usize,
    /// Why.
    pub reason: Reason,
}

/// The result of a rule.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The funded projects, in the order of their selection.
    pub funded: Vec<Funded>,
    /// The other projects, by position.
    pub passed_over: Vec<PassedOver>,
    /// What the funded projects cost together; never more than the budget.
    pub total_cost: u64,
    trace: Trace,
}

/// What it takes to say who paid what.
#[derive(Clone, Debug)]
enum Trace {
    /// Only the weights of supporters matter.
    Weights,
    /// Equal Shares.
    EqualShares(Bought),
    /// Phragmén's rule.
    Phragmen(Timed),
}

/// Applies a rule to an instance.
#[must_use]
pub fn allocate(instance: &Instance, rule: Rule) -> Allocation {
    match rule {
        Rule::EqualShares { utility, completion } => {
            let bought = match completion {
                Completion::None | Completion::Greedy => {
                    equal_shares::run(instance, utility, UBig::from(instance.budget()))
                }
                Completion::AddOne | Completion::AddOneThenGreedy => completion::add_one(instance, utility),
            };
            let mut allocation = Allocation::of_purchases(instance, utility, bought);
            if matches!(completion, Completion::Greedy | Completion::AddOneThenGreedy) {
                allocation.complete_greedily(instance, utility, GreedyOrder::PerCost);
            }
            allocation
        }
        Rule::Greedy { utility, order } => {
            let mut allocation = Allocation {
                funded: Vec::new(),
                passed_over: Vec::new(),
                total_cost: 0,
                trace: Trace::Weights,
            };
            allocation.complete_greedily(instance, utility, order);
            allocation
        }
        Rule::Phragmen => Allocation::of_times(instance, phragmen::run(instance)),
    }
}

impl Allocation {
    /// How often completion by add-one has raised the endowments: each unit of weight began with its part
    /// of the budget and as many whole units of currency. Zero under every other rule.
    #[must_use]
    pub fn raises(&self, instance: &Instance) -> u64 {
        let Trace::EqualShares(bought) = &self.trace else { return 0 };
        let raise = UBig::from(instance.total_weight()) * instance.unit();
        let budget = UBig::from(instance.budget());
        if raise.is_zero() || *bought.prices.endowments() <= budget {
            return 0;
        }
        // The richest supporter of a project that fits and is not bought has less than the budget, so this
        // fits: the endowments of the last raise are at most the budget for each unit of weight.
        u64::try_from((bought.prices.endowments() - budget) / raise).unwrap_or(u64::MAX)
    }

    /// What Equal Shares bought.
    fn of_purchases(instance: &Instance, utility: Utility, bought: Bought) -> Self {
        let projects = instance.projects();
        let mut prices = bought.prices.iter();
        let mut funded = Vec::with_capacity(bought.projects.len());
        let mut total_cost = 0u64;
        for (order, &project) in bought.projects.iter().enumerate() {
            let cost = projects[project].cost;
            let price = if order < bought.free {
                Some(Fraction::zero())
            } else {
                prices.next().and_then(|(numerator, denominator)| {
                    let denominator = if utility == Utility::Cost { denominator * cost } else { denominator };
                    Fraction::reduce(numerator.clone(), denominator)
                })
            };
            total_cost = total_cost.saturating_add(cost);
            funded.push(Funded {
                project,
                cost,
                phase: Phase::EqualShares,
                price,
                supporters: instance.classes().totals(project).weight,
            });
        }
        let passed_over = passed_over(&bought.reasons);
        drop(prices);
        Self { funded, passed_over, total_cost, trace: Trace::EqualShares(bought) }
    }

    /// What Phragmén's rule bought.
    fn of_times(instance: &Instance, timed: Timed) -> Self {
        let mut times = timed.times.iter();
        let mut total_cost = 0u64;
        let funded = timed.projects.iter().map(|&project| {
            let cost = instance.projects()[project].cost;
            total_cost = total_cost.saturating_add(cost);
            let time = times
                .next()
                .and_then(|(numerator, denominator)| Fraction::reduce(numerator.clone(), denominator));
            let supporters = instance.classes().totals(project).weight;
            Funded { project, cost, phase: Phase::Phragmen, price: time, supporters }
        });
        let funded = funded.collect();
        let passed_over = passed_over(&timed.reasons);
        drop(times);
        Self { funded, passed_over, total_cost, trace: Trace::Phragmen(timed) }
    }

    /// Goes on with greedy.
    fn complete_greedily(&mut self, instance: &Instance, utility: Utility, order: GreedyOrder) {
        let funded: Vec<usize> = self.funded.iter().map(|funded| funded.project).collect();
        self.passed_over.clear();
        for turn in greedy::run(instance, utility, order, &funded) {
            let project = turn.project;
            if let Some(reason) = turn.reason {
                self.passed_over.push(PassedOver { project, reason });
                continue;
            }
            let cost = instance.projects()[project].cost;
            self.total_cost = self.total_cost.saturating_add(cost);
            self.funded.push(Funded {
                project,
                cost,
                phase: Phase::Greedy,
                price: None,
                supporters: instance.classes().totals(project).weight,
            });
        }
        self.passed_over.sort_unstable_by_key(|passed| passed.project);
    }
}

/// The projects that have a reason not to be funded.
fn passed_over(reasons: &[Option<Reason>]) -> Vec<PassedOver> {
    let reasons = reasons.iter().enumerate();
    reasons.filter_map(|(project, reason)| reason.map(|reason| PassedOver { project, reason })).collect()
}
