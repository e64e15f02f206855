//! Funded sets against a reference computed by another implementation, and whether a tie explains the
//! difference.

use std::collections::BTreeMap;

use mutua_protocol::allocation::{Completion, GreedyOrder, Instance, InstanceError, Rule, Utility, allocate};
use mutua_protocol::pabulib::{Election, VoteType};

/// For each file's name (without `.pb`) and rule, the ids of the funded projects.
pub(crate) type Reference = BTreeMap<String, BTreeMap<String, Vec<String>>>;

const fn equal_shares(utility: Utility, completion: Completion) -> Rule {
    Rule::EqualShares { utility, completion }
}

/// The rule behind a name in `reference.json`.
pub(crate) fn named(name: &str) -> Option<Rule> {
    Some(match name {
        "mes_cost" => equal_shares(Utility::Cost, Completion::None),
        "mes_card" => equal_shares(Utility::Cardinality, Completion::None),
        "mes_points" | "mes_borda" => equal_shares(Utility::Score, Completion::None),
        "add1u_cost" => equal_shares(Utility::Cost, Completion::AddOneThenGreedy),
        "add1u_card" => equal_shares(Utility::Cardinality, Completion::AddOneThenGreedy),
        "add1u_points" | "add1u_borda" => equal_shares(Utility::Score, Completion::AddOneThenGreedy),
        "greedy_cost" => Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost },
        "phragmen" => Rule::Phragmen,
        _ => return None,
    })
}

/// Every rule that makes sense of the ballots of an election.
pub(crate) fn rules(vote_type: VoteType) -> Vec<Rule> {
    let mut rules = Vec::new();
    for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
        if utility == Utility::Score && vote_type == VoteType::Approval {
            continue;
        }
        for completion in
            [Completion::None, Completion::Greedy, Completion::AddOne, Completion::AddOneThenGreedy]
        {
            rules.push(equal_shares(utility, completion));
        }
        for order in [GreedyOrder::PerCost, GreedyOrder::Total] {
            rules.push(Rule::Greedy { utility, order });
        }
    }
    rules.push(Rule::Phragmen);
    rules
}

/// How a funded set relates to the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// They are the same.
    Agrees,
    /// They would be, if these ties had gone the other way: the place, who won it, and who did in the
    /// reference.
    Tie(Vec<(usize, String, String)>),
    /// No tie explains the difference.
    Differs(Vec<String>),
}

/// Compares with the ids of a reference, which may be in the order of selection or not.
pub(crate) fn compare(
    election: &Election,
    rule: Rule,
    expected: &[String],
) -> Result<Verdict, InstanceError> {
    let id = |project: usize| election.projects()[project].id.clone();
    let instance = election.instance(Election::reading_for(rule))?;
    let ours = winners(&instance, rule, &identity(&instance))?;
    let projects: Option<Vec<usize>> = expected
        .iter()
        .map(|wanted| election.projects().iter().position(|project| project.id == *wanted))
        .collect();
    let verdict = || Verdict::Differs(ours.iter().map(|project| id(*project)).collect());
    let Some(expected) = projects else { return Ok(verdict()) };
    let mut ties = explain(&instance, rule, ours.clone(), &expected, true)?;
    if ties.as_ref().is_none_or(|ties| !ties.is_empty()) {
        ties = explain(&instance, rule, ours.clone(), &expected, false)?.or(ties);
    }
    Ok(match ties {
        None => verdict(),
        Some(ties) if ties.is_empty() => Verdict::Agrees,
        Some(ties) => {
            Verdict::Tie(ties.into_iter().map(|(place, won, lost)| (place, id(won), id(lost))).collect())
        }
    })
}

fn identity(instance: &Instance) -> Vec<usize> {
    (0..instance.projects().len()).collect()
}

/// What a rule funds when ties go by another order, by position in the instance given.
fn winners(instance: &Instance, rule: Rule, order: &[usize]) -> Result<Vec<usize>, InstanceError> {
    let allocation = allocate(&instance.with_projects(order)?, rule);
    Ok(allocation.funded.iter().map(|funded| order[funded.project]).collect())
}

/// A place, who won it, and who would have if a tie had gone the other way.
type Tied = (usize, usize, usize);

/// The ties that would have to go the other way for the reference to be right; none if it is as it stands.
///
/// The order of projects matters in nothing but ties. So at the first place that differs, what the
/// reference has there is moved before what won it, and the rule is run again: if that changes the place,
/// the two were tied.
fn explain(
    instance: &Instance,
    rule: Rule,
    mut ours: Vec<usize>,
    expected: &[usize],
    ordered: bool,
) -> Result<Option<Vec<Tied>>, InstanceError> {
    let mut order = identity(instance);
    let mut ties = Vec::new();
    while !same(&ours, expected, ordered) {
        let place = agreed(&ours, expected, ordered);
        let Some(&won) = ours.get(place) else { return Ok(None) };
        let rivals = if ordered { expected.get(place..=place).unwrap_or(&[]) } else { expected };
        let mut found = None;
        for &rival in rivals.iter().filter(|rival| !ours[..place].contains(rival)) {
            let mut changed: Vec<usize> = order.iter().copied().filter(|other| *other != rival).collect();
            let before = changed.iter().position(|other| *other == won).unwrap_or(0);
            changed.insert(before, rival);
            let then = winners(instance, rule, &changed)?;
            if agreed(&then, expected, ordered) > place {
                found = Some((rival, changed, then));
                break;
            }
        }
        let Some((rival, changed, then)) = found else { return Ok(None) };
        ties.push((place, won, rival));
        (order, ours) = (changed, then);
    }
    Ok(Some(ties))
}

fn same(ours: &[usize], expected: &[usize], ordered: bool) -> bool {
    ours.len() == expected.len() && agreed(ours, expected, ordered) == ours.len()
}

/// For how many places, from the first, both agree.
fn agreed(ours: &[usize], expected: &[usize], ordered: bool) -> usize {
    if ordered {
        ours.iter().zip(expected).take_while(|(ours, expected)| ours == expected).count()
    } else {
        ours.iter().take_while(|project| expected.contains(project)).count()
    }
}
