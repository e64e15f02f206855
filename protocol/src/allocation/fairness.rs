//! Whom an allocation serves, and whether it leaves a group out that deserves better.

use super::Utility;
use super::instance::Instance;
use super::waterline::wide_less;

/// A group that could have paid for a project with its own part of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The project that the group supports and that is not funded.
    pub project: usize,
    /// The group's weight.
    pub weight: u64,
}

/// The weight of the voters with at least one funded project on their ballots.
#[must_use]
pub fn represented(instance: &Instance, funded: &[usize]) -> u64 {
    let is_funded = marks(instance, funded);
    let classes = instance.classes();
    (0..classes.len())
        .filter(|class| classes.ballot(*class).iter().any(|(project, _)| is_funded[project]))
        .map(|class| classes.weight(class))
        .sum()
}

/// Looks for a group that is left out in the sense of EJR+ (M. Brill, J. Peters: *Robust and Verifiable
/// Proportionality Axioms for Multiwinner Voting*, 2023), for additive utilities and up to one project.
///
/// A group `S` of supporters of a project `c` that is not funded is left out if every member could have
/// paid their part of `c` at the price `cost(c) / utility of c to S`, and the same price for all the
/// utility they got, out of an equal endowment. Equal Shares without caps never leaves a group out: the
/// first time that a member pays more than this price per unit, `c` would have been cheaper. The completions
/// keep this: greedy only adds to what members got, and add-one leaves nobody out by its raised endowments, so
/// all the less by those that everybody had at first. For greedy and Phragmén's rule alone there is no such promise.
#[must_use]
pub fn left_out(instance: &Instance, utility: Utility, funded: &[usize]) -> Option<LeftOut> {
    let is_funded = marks(instance, funded);
    let classes = instance.classes();
    let worth = |project: usize, score: u32| match utility {
        Utility::Cost => u128::from(instance.projects()[project].cost),
        Utility::Cardinality => 1,
        Utility::Score => u128::from(score),
    };
    let got: Vec<u128> = (0..classes.len())
        .map(|class| {
            let ballot = classes.ballot(class).iter();
            ballot
                .filter(|(project, _)| is_funded[*project])
                .map(|(project, score)| worth(project, score))
                .sum()
        })
        .collect();
    for (project, about) in instance.projects().iter().enumerate() {
        if is_funded[project] || (utility == Utility::Cost && about.cost == 0) {
            continue;
        }
        // What each would have at the price in question; those who have least are the easiest to serve.
        let mut members: Vec<(u128, u128, usize)> = classes
            .supporters(project)
            .iter()
            .map(|(class, score)| (got[class] + worth(project, score), worth(project, score), class))
            .collect();
        members.sort_unstable();
        let price = u128::from(about.cost) * u128::from(instance.total_weight());
        let (mut weight, mut worth) = (0u64, 0u128);
        for (place, (has, utility, class)) in members.iter().enumerate() {
            weight += classes.weight(*class);
            worth += u128::from(classes.weight(*class)) * utility;
            let last = members.get(place + 1).is_none_or(|next| next.0 > *has);
            if last && !wide_less(u128::from(instance.budget()), worth, *has, price) {
                return Some(LeftOut { project, weight });
            }
        }
    }
    None
}

fn marks(instance: &Instance, funded: &[usize]) -> Vec<bool> {
    let mut marks = vec![false; instance.projects().len()];
    for project in funded {
        if let Some(mark) = marks.get_mut(*project) {
            *mark = true;
        }
    }
    marks
}
