//! The rules as their definitions say, slowly and with a rational for every voter.
//!
//! A voter of weight `w` is taken as `w` voters. Nothing here is shared with the engine, not even the
//! big numbers.

use mutua_protocol::allocation::{BASIS_POINTS, Completion, GreedyOrder, RISK_UNITS, Rule, Utility};
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::samples::{Sample, terms};

type Rational = BigRational;

/// What a rule selected, in order, with prices where Equal Shares bought, and what every voter (of
/// weight one) paid for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plain {
    pub(crate) funded: Vec<usize>,
    pub(crate) prices: Vec<Option<Rational>>,
    pub(crate) paid: Vec<Vec<Rational>>,
}

pub(crate) fn rational(value: u64) -> Rational {
    Rational::from_integer(BigInt::from(value))
}

fn zero() -> Rational {
    rational(0)
}

/// The voters of weight one, and whom each comes from.
pub(crate) fn clones(sample: &Sample) -> Vec<(usize, &[u32])> {
    let voters = sample.voters.iter().enumerate();
    voters
        .flat_map(|(voter, (weight, scores))| (0..*weight).map(move |_| (voter, scores.as_slice())))
        .collect()
}

fn utility_of(utility: Utility, cost: u64, score: u32) -> Rational {
    if score == 0 {
        return zero();
    }
    match utility {
        Utility::Cost => rational(cost),
        Utility::Cardinality => rational(1),
        Utility::Score => rational(u64::from(score)),
    }
}

pub(crate) fn allocate(sample: &Sample, rule: Rule) -> Plain {
    match rule {
        Rule::EqualShares { utility, completion } => {
            let mut result = match completion {
                Completion::None | Completion::Greedy => equal_shares(sample, utility, 0),
                Completion::AddOne | Completion::AddOneThenGreedy => add_one(sample, utility),
            };
            if matches!(completion, Completion::Greedy | Completion::AddOneThenGreedy) {
                greedy(sample, utility, GreedyOrder::PerCost, &mut result);
            }
            result
        }
        Rule::Greedy { utility, order } => {
            let mut result = Plain::default();
            greedy(sample, utility, order, &mut result);
            result
        }
        Rule::Phragmen => phragmen(sample),
    }
}

/// Whether the caps allow a project beside those that are funded.
fn allowed(sample: &Sample, funded: &[usize], project: usize) -> bool {
    let about = |project: usize| terms(u32::try_from(project).unwrap_or(u32::MAX), sample.costs[project]);
    let all: Vec<_> = funded.iter().chain([&project]).map(|project| about(*project)).collect();
    let part = |share: u32| rational(sample.budget) * rational(share.into()) / rational(BASIS_POINTS.into());
    let within = |share: Option<u32>, amount: Rational| share.is_none_or(|share| amount <= part(share));
    let sum = |counts: &dyn Fn(usize) -> bool| -> Rational {
        all.iter().enumerate().filter(|(place, _)| counts(*place)).map(|(_, one)| rational(one.cost)).sum()
    };
    let new = about(project);
    let loss: Rational = all
        .iter()
        .map(|one| rational(one.cost) * rational(one.risk.into()) / rational(RISK_UNITS.into()))
        .sum();
    within(sample.caps.borrower, sum(&|place| all[place].borrower == new.borrower))
        && within(sample.caps.category, sum(&|place| all[place].category == new.category))
        && within(sample.caps.expected_loss, loss)
}

/// Everybody earns at the same rate; who can buy first does.
fn phragmen(sample: &Sample) -> Plain {
    let voters = clones(sample);
    let mut result = Plain::default();
    let mut loads = vec![zero(); voters.len()];
    loop {
        let mut bids: Vec<(Rational, usize)> = Vec::new();
        for (project, cost) in sample.costs.iter().enumerate() {
            let supporters: Vec<usize> =
                (0..voters.len()).filter(|voter| voters[*voter].1[project] > 0).collect();
            let out = *cost > sample.budget || supporters.is_empty() || result.funded.contains(&project);
            if out || !allowed(sample, &result.funded, project) {
                continue;
            }
            let sum: Rational = supporters.iter().map(|voter| &loads[*voter]).sum();
            bids.push(((sum + rational(*cost)) / rational(supporters.len() as u64), project));
        }
        bids.sort();
        let Some((time, winner)) = bids.first().cloned() else { return result };
        let left = sample.budget - total_cost(sample, &result.funded);
        if bids.iter().any(|(other, project)| *other == time && sample.costs[*project] > left) {
            return result;
        }
        let mut paid = vec![zero(); voters.len()];
        for (voter, (_, scores)) in voters.iter().enumerate() {
            if scores[winner] > 0 {
                paid[voter] = &time - &loads[voter];
                loads[voter] = time.clone();
            }
        }
        result.funded.push(winner);
        result.prices.push(Some(time));
        result.paid.push(paid);
    }
}

/// Equal Shares with every endowment raised by `raise` units of currency.
pub(crate) fn equal_shares(sample: &Sample, utility: Utility, raise: u64) -> Plain {
    let voters = clones(sample);
    let mut result = Plain::default();
    if voters.is_empty() {
        return result;
    }
    let endowment =
        rational(sample.budget) / rational(voters.len() as u64) + rational(raise) * rational(sample.unit);
    let mut money = vec![endowment; voters.len()];
    loop {
        let mut best: Option<(Rational, usize)> = None;
        for (project, cost) in sample.costs.iter().enumerate() {
            if result.funded.contains(&project) || !allowed(sample, &result.funded, project) {
                continue;
            }
            let utilities: Vec<Rational> =
                voters.iter().map(|(_, scores)| utility_of(utility, *cost, scores[project])).collect();
            if let Some(price) = price(&money, &utilities, &rational(*cost))
                && best.as_ref().is_none_or(|(lowest, _)| price < *lowest)
            {
                best = Some((price, project));
            }
        }
        let Some((price, project)) = best else { return result };
        let mut paid = vec![zero(); voters.len()];
        for (voter, (_, scores)) in voters.iter().enumerate() {
            let due = &price * utility_of(utility, sample.costs[project], scores[project]);
            paid[voter] = due.min(money[voter].clone());
            money[voter] -= &paid[voter];
        }
        result.funded.push(project);
        result.prices.push(Some(price));
        result.paid.push(paid);
    }
}

/// Raises endowments one by one.
fn add_one(sample: &Sample, utility: Utility) -> Plain {
    let mut result = equal_shares(sample, utility, 0);
    for raise in 1.. {
        let left = sample.budget - total_cost(sample, &result.funded);
        let fits = |project: &usize| {
            let cost = sample.costs[*project];
            let supported = sample.voters.iter().any(|(weight, scores)| *weight > 0 && scores[*project] > 0);
            let open = !result.funded.contains(project) && allowed(sample, &result.funded, *project);
            supported && cost > 0 && cost <= left && open
        };
        if !(0..sample.costs.len()).any(|project| fits(&project)) {
            break;
        }
        let next = equal_shares(sample, utility, raise);
        if total_cost(sample, &next.funded) > sample.budget {
            break;
        }
        result = next;
    }
    result
}

/// The smallest `ρ` with `Σ min(money, ρ * utility) = cost`, if there is one.
fn price(money: &[Rational], utilities: &[Rational], cost: &Rational) -> Option<Rational> {
    let mut supporters: Vec<usize> = (0..money.len()).filter(|voter| utilities[*voter] > zero()).collect();
    if supporters.is_empty() {
        return None;
    }
    supporters.sort_by_key(|voter| &money[*voter] / &utilities[*voter]);
    let mut missing = cost.clone();
    let mut utility: Rational = supporters.iter().map(|voter| &utilities[*voter]).sum();
    for voter in supporters {
        let price = &missing / &utility;
        if &price * &utilities[voter] <= money[voter] {
            return Some(price);
        }
        missing -= &money[voter];
        utility -= &utilities[voter];
    }
    None
}

pub(crate) fn total_cost(sample: &Sample, funded: &[usize]) -> u64 {
    funded.iter().map(|project| sample.costs[*project]).sum()
}

fn greedy(sample: &Sample, utility: Utility, order: GreedyOrder, result: &mut Plain) {
    let voters = clones(sample);
    let mut bids: Vec<(bool, Rational, usize)> = Vec::new();
    for (project, cost) in sample.costs.iter().enumerate() {
        let total: Rational =
            voters.iter().map(|(_, scores)| utility_of(utility, *cost, scores[project])).sum();
        let supported = voters.iter().any(|(_, scores)| scores[project] > 0);
        if result.funded.contains(&project) || !supported {
            continue;
        }
        let per_cost = order == GreedyOrder::PerCost;
        // What costs nothing and is worth something comes before all others.
        let free = per_cost && *cost == 0 && total > zero();
        let gain = if per_cost && *cost > 0 { total / rational(*cost) } else { total };
        bids.push((!free, if free { zero() } else { -gain }, project));
    }
    bids.sort();
    for (_, _, project) in bids {
        let fits = total_cost(sample, &result.funded) + sample.costs[project] <= sample.budget;
        if fits && allowed(sample, &result.funded, project) {
            result.funded.push(project);
            result.prices.push(None);
            result.paid.push(Vec::new());
        }
    }
}
