//! The names of rules on the command line.

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use mutua_protocol::allocation::{Completion, GreedyOrder, Rule, Utility};

use crate::failure::{Done, Failure};

/// What people write, what it means, and what the engine calls it.
type Names<T> = [(&'static str, &'static str, T)];

/// A rule in its simplest form; the other options fill it in.
const RULES: &Names<Rule> = &[
    (
        "equal-shares",
        "Method of Equal Shares: each voter holds an equal share of the pool",
        Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
    ),
    (
        "greedy",
        "What has most support comes first, as long as it fits",
        Rule::Greedy { utility: Utility::Cost, order: GreedyOrder::PerCost },
    ),
    (
        "phragmen",
        "Sequential Phragmén: voters earn at the same rate, and buy as soon as they can",
        Rule::Phragmen,
    ),
];

const UTILITIES: &Names<Utility> = &[
    ("cost", "Its amount", Utility::Cost),
    ("cardinality", "One", Utility::Cardinality),
    ("score", "The score on the ballot", Utility::Score),
];

const COMPLETIONS: &Names<Completion> = &[
    ("none", "It stays in the pool", Completion::None),
    ("greedy", "Greedy funds what still fits", Completion::Greedy),
    (
        "add-one",
        "Everybody's share grows, one unit of currency at a time, as long as the pool holds it",
        Completion::AddOne,
    ),
    ("add-one+greedy", "Add-one, and then greedy", Completion::AddOneThenGreedy),
];

const ORDERS: &Names<GreedyOrder> = &[
    ("per-cost", "By support per unit of cost", GreedyOrder::PerCost),
    ("total", "By support alone", GreedyOrder::Total),
];

/// Reads one of these names.
fn one_of<T: Copy + Send + Sync + 'static>(names: &'static Names<T>) -> impl TypedValueParser<Value = T> {
    let values = names.iter().map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(values).try_map(|text| {
        let found = names.iter().find(|(name, ..)| *name == text);
        found.map(|(.., value)| *value).ok_or("is not one of the names")
    })
}

/// How the pool is allocated.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RuleArguments {
    /// How the pool is allocated
    #[arg(long, value_parser = one_of(RULES), default_value = "equal-shares")]
    rule: Rule,
    /// What a funded loan is worth to a supporter (to Phragmén's rule only support matters)
    #[arg(long, value_parser = one_of(UTILITIES), default_value = "cost")]
    utility: Utility,
    /// What happens to money that Equal Shares leaves
    #[arg(long, value_parser = one_of(COMPLETIONS), default_value = "none")]
    completion: Completion,
    /// In which order greedy goes [default: per-cost]
    #[arg(long, value_parser = one_of(ORDERS))]
    order: Option<GreedyOrder>,
}

impl RuleArguments {
    /// The rule that is meant.
    ///
    /// # Errors
    /// When an option is given that says nothing under this rule.
    pub(crate) fn rule(self) -> Done<Rule> {
        let Self { utility, completion, .. } = self;
        if !matches!(self.rule, Rule::EqualShares { .. }) && completion != Completion::None {
            return Err(Failure::input("--completion is for --rule equal-shares: other rules leave it out"));
        }
        if !matches!(self.rule, Rule::Greedy { .. }) && self.order.is_some() {
            return Err(Failure::input("--order is for --rule greedy: other rules leave it out"));
        }
        Ok(match self.rule {
            Rule::EqualShares { .. } => Rule::EqualShares { utility, completion },
            Rule::Greedy { order, .. } => Rule::Greedy { utility, order: self.order.unwrap_or(order) },
            Rule::Phragmen => Rule::Phragmen,
        })
    }
}

/// A rule in words.
pub(crate) fn describe(rule: Rule) -> String {
    let worth = |utility| match utility {
        Utility::Cost => "a loan is worth its amount",
        Utility::Cardinality => "each loan is worth one",
        Utility::Score => "a loan is worth its score",
    };
    match rule {
        Rule::EqualShares { utility, completion } => {
            let rest = match completion {
                Completion::None => "what is left stays in the pool",
                Completion::Greedy => "what is left goes by support per cost",
                Completion::AddOne => "shares grow by whole units as long as the pool holds it (add-one)",
                Completion::AddOneThenGreedy => {
                    "shares grow by whole units as long as the pool holds it (add-one), and what is left then \
                     goes by support per cost"
                }
            };
            format!("Method of Equal Shares; to its supporters {}; {rest}", worth(utility))
        }
        Rule::Greedy { utility, order } => {
            let by = match order {
                GreedyOrder::PerCost => "support per cost",
                GreedyOrder::Total => "support",
            };
            format!("greedy by {by}; {}", worth(utility))
        }
        Rule::Phragmen => {
            "sequential Phragmén: voters earn at the same rate, and buy as soon as they can".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that a charter has in JSON are those of the command line.
    #[test]
    fn names_are_those_of_a_charter() {
        fn same<T: serde::Serialize + Copy>(names: &Names<T>) {
            for (name, _, value) in names {
                let written = serde_json::to_value(value).unwrap();
                assert_eq!(written, serde_json::json!(name.replace('+', "-then-")));
            }
        }
        same(UTILITIES);
        same(COMPLETIONS);
        same(ORDERS);
    }
}
