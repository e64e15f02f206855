//! What an allocation leaves behind: money, and projects that it stopped at.

use std::collections::BTreeMap;

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

use super::accounts::NEVER;
use super::caps::{BASIS_POINTS, Cap, RISK_UNITS};
use super::fraction::Fraction;
use super::instance::{Instance, Project};
use super::{Allocation, Reason, Trace};

/// By how much a project would break a cap beside all that is funded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapExcess {
    /// The first cap that it would break.
    pub cap: Cap,
    /// What would count against the cap with the project, in smallest units, rounded up.
    pub with: u64,
    /// What the cap allows, in smallest units, rounded down: less than [`with`](Self::with).
    pub allowed: u64,
}

/// Why money is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Idle {
    /// Nobody supports anything that is not funded.
    NoSupporters,
    /// Everything else that is supported costs more than is left.
    TooDear,
    /// What would still fit would break a cap.
    Caps,
    /// There is something that would fit, but its supporters have spent their share of the budget.
    SupportersLackMoney,
    /// Phragmén's rule stopped at a project that did not fit, and something smaller would.
    Stopped,
}

impl Allocation {
    /// What is left of the budget.
    #[must_use]
    pub fn left(&self, instance: &Instance) -> u64 {
        instance.budget().saturating_sub(self.total_cost)
    }

    /// Why money is left; nothing if none is.
    #[must_use]
    pub fn idle(&self, instance: &Instance) -> Option<Idle> {
        let left = self.left(instance);
        if left == 0 {
            return None;
        }
        let supported = |project: usize| instance.classes().totals(project).weight > 0;
        let mut rest: Vec<usize> = self
            .passed_over
            .iter()
            .filter(|passed| passed.reason != Reason::NoUtility)
            .map(|passed| passed.project)
            .filter(|project| supported(*project))
            .collect();
        if rest.is_empty() {
            return Some(Idle::NoSupporters);
        }
        rest.retain(|project| instance.projects()[*project].cost <= left);
        if rest.is_empty() {
            return Some(Idle::TooDear);
        }
        rest.retain(|project| self.cap_excess(instance, *project).is_none());
        Some(match self.trace {
            _ if rest.is_empty() => Idle::Caps,
            Trace::Phragmen(_) => Idle::Stopped,
            Trace::EqualShares(_) | Trace::Weights => Idle::SupportersLackMoney,
        })
    }

    /// The first cap that a project would break beside all that is funded, and by how much.
    #[must_use]
    pub fn cap_excess(&self, instance: &Instance, project: usize) -> Option<CapExcess> {
        let about = instance.projects().get(project)?;
        let caps = instance.caps();
        let beside = || {
            let funded = self.funded.iter().filter(|funded| funded.project != project);
            funded.filter_map(|funded| instance.projects().get(funded.project)).chain([about])
        };
        let cost = |counts: &dyn Fn(&Project) -> bool| -> u128 {
            beside().filter(|other| counts(other)).map(|other| u128::from(other.cost)).sum()
        };
        let excess = |cap: Cap, share: Option<u32>, with: u128, parts: u128| {
            let allowed = u128::from(instance.budget()) * u128::from(share?) / u128::from(BASIS_POINTS);
            let with_parts = with * u128::from(BASIS_POINTS);
            let broken = with_parts > u128::from(instance.budget()) * u128::from(share?) * parts;
            let clamp = |amount: u128| u64::try_from(amount).unwrap_or(u64::MAX);
            broken.then(|| CapExcess { cap, with: clamp(with.div_ceil(parts)), allowed: clamp(allowed) })
        };
        let loss = beside().map(|other| u128::from(other.cost) * u128::from(other.risk)).sum();
        excess(Cap::Borrower, caps.borrower, cost(&|other| other.borrower == about.borrower), 1)
            .or_else(|| {
                excess(Cap::Category, caps.category, cost(&|other| other.category == about.category), 1)
            })
            .or_else(|| excess(Cap::ExpectedLoss, caps.expected_loss, loss, u128::from(RISK_UNITS)))
    }

    /// What each supporter of a project has left after the last purchase of Equal Shares, exactly, by voter
    /// position; nothing under other rules or for an unknown project.
    #[must_use]
    pub fn left_to_each(&self, instance: &Instance, project: usize) -> Option<Vec<(usize, Fraction)>> {
        let Trace::EqualShares(bought) = &self.trace else { return None };
        if project >= instance.projects().len() {
            return None;
        }
        let classes = instance.classes();
        let mut left: BTreeMap<usize, UBig> = BTreeMap::new();
        for (class, _) in classes.supporters(project).iter() {
            let mut amounts = vec![0u128; bought.prices.len()];
            for (project, score) in classes.ballot(class).iter() {
                if let Some(amount) = amounts.get_mut(bought.bought_at[project] as usize) {
                    *amount = if bought.scores { u128::from(score) } else { 1 };
                }
            }
            let is_empty = bought.emptied_at[class] != NEVER;
            left.insert(class, if is_empty { UBig::ZERO } else { bought.prices.money(1, &amounts) });
        }
        let voters = instance.class_of().iter().zip(instance.weights()).enumerate();
        let voters = voters.filter(|(_, (_, weight))| **weight > 0);
        let each = voters.filter_map(|(voter, (class, weight))| {
            let left = left.get(&(*class as usize))? * *weight;
            Some((voter, Fraction::reduce(left, bought.prices.denominator().clone())?))
        });
        Some(each.collect())
    }

    /// Under Phragmén's rule, what each unit of weight among a project's supporters would have to have paid in
    /// all for it to be bought next after all that was bought; nothing under other rules, for a project
    /// that is funded, or for one that nobody supports.
    #[must_use]
    pub fn time_of(&self, instance: &Instance, project: usize) -> Option<Fraction> {
        let Trace::Phragmen(timed) = &self.trace else { return None };
        let about = instance.projects().get(project)?;
        let classes = instance.classes();
        let weight = classes.totals(project).weight;
        if weight == 0 || self.funded.iter().any(|funded| funded.project == project) {
            return None;
        }
        let mut places = vec![NEVER; instance.projects().len()];
        for (place, project) in (0..).zip(timed.projects.iter().take(timed.times.len())) {
            places[*project] = place;
        }
        let mut amounts = vec![0u128; timed.times.len()];
        for (class, _) in classes.supporters(project).iter() {
            let bought = classes.ballot(class).iter().map(|(project, _)| places[project]);
            if let Some(last) = bought.filter(|place| *place != NEVER).max() {
                amounts[last as usize] += u128::from(classes.weight(class));
            }
        }
        let denominator = timed.times.denominator();
        let sum = denominator * about.cost + timed.times.total(&amounts);
        Fraction::reduce(sum, denominator * weight)
    }

    /// The project that Phragmén's rule stopped at: the first, of those whose turn came next, that did not fit.
    #[must_use]
    pub fn stopped_at(&self, instance: &Instance) -> Option<usize> {
        let left = self.left(instance);
        let mut next: Option<(Fraction, usize)> = None;
        for passed in &self.passed_over {
            let cost = instance.projects()[passed.project].cost;
            if cost > instance.budget() || self.cap_excess(instance, passed.project).is_some() {
                continue;
            }
            let Some(time) = self.time_of(instance, passed.project) else { continue };
            let sooner = next.as_ref().is_none_or(|(other, project)| {
                time < *other || (time == *other && instance.projects()[*project].cost <= left)
            });
            if sooner {
                next = Some((time, passed.project));
            }
        }
        next.map(|(_, project)| project).filter(|project| instance.projects()[*project].cost > left)
    }
}
