//! What the same ballots would have come to under other terms.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Count;
use crate::{
    allocation::{self, InstanceError, Rule, allocate},
    records::ProposalId,
};

/// What is changed; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// Another rule.
    pub rule: Option<Rule>,
    /// Another budget, in smallest units.
    pub budget: Option<u64>,
    /// Loans that are left out.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ProposalId>"))]
    pub without: BTreeSet<ProposalId>,
    /// Categories, by position in the charter, whose loans are left out.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<u16>"))]
    pub without_categories: BTreeSet<u16>,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhatIf {
    /// The rule.
    pub rule: Rule,
    /// The budget, in smallest units.
    pub budget: u64,
    /// What is funded, in the order of selection.
    pub funded: Vec<WhatIfLoan>,
    /// Eligible loans that are left out.
    pub without: Vec<ProposalId>,
    /// What is allocated, in smallest units.
    pub allocated: u64,
    /// Weight of the voters with at least one funded loan on their ballots.
    pub represented: u64,
}

/// A loan that would be funded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WhatIfLoan {
    /// Which.
    pub proposal: ProposalId,
    /// Smallest units.
    pub amount: u64,
}

impl Count {
    /// Applies the rule, or another, to the same ballots under changed terms. Caps are shares of the budget that is
    /// used here.
    ///
    /// # Errors
    /// None that counting did not have: see [`Instance::keeping`](allocation::Instance::keeping).
    pub fn what_if(&self, change: &Change) -> Result<WhatIf, InstanceError> {
        let is_out = |project: usize| {
            self.loan(project).is_some_and(|counted| {
                let category = counted.subject.loan().map(|loan| loan.category);
                change.without.contains(&counted.proposal)
                    || category.is_some_and(|category| change.without_categories.contains(&category))
            })
        };
        let (mut instance, kept) = self.instance().keeping(|project, _| !is_out(project))?;
        if let Some(budget) = change.budget {
            instance = instance.with_budget(budget);
        }
        let rule = change.rule.unwrap_or(self.rule());
        let allocation = allocate(&instance, rule);
        let funded: Vec<usize> = allocation.funded.iter().map(|funded| funded.project).collect();
        let loans = allocation.funded.iter().filter_map(|funded| {
            let counted = self.loan(*kept.get(funded.project)?)?;
            Some(WhatIfLoan { proposal: counted.proposal, amount: funded.cost })
        });
        Ok(WhatIf {
            rule,
            budget: instance.budget(),
            funded: loans.collect(),
            without: (0..self.instance().projects().len())
                .filter(|project| is_out(*project))
                .filter_map(|project| Some(self.loan(project)?.proposal))
                .collect(),
            allocated: allocation.total_cost,
            represented: allocation::represented(&instance, &funded),
        })
    }
}
