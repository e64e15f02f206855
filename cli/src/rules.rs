//! The names of rules on the command line.

use clap::{Args, ValueEnum};
use mutua_protocol::charter;

/// How the pool is allocated.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct RuleArguments {
    /// How the pool is allocated
    #[arg(long, value_enum, default_value = "equal-shares")]
    pub rule: Rule,
    /// What a funded loan is worth to a supporter
    #[arg(long, value_enum, default_value = "cost")]
    pub utility: Utility,
    /// What happens to money that Equal Shares leaves
    #[arg(long, value_enum, default_value = "none")]
    pub completion: Completion,
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rule {
    /// Method of Equal Shares: each voter holds an equal share of the pool
    EqualShares,
    /// By support per cost, as long as it fits
    Greedy,
}

/// What a funded loan is worth to a supporter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Utility {
    /// Its amount
    Cost,
    /// One
    Cardinality,
    /// The score on the ballot
    Score,
}

/// What happens to money that Equal Shares leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Completion {
    /// It stays in the pool
    None,
    /// Greedy funds what still fits
    Greedy,
}

impl RuleArguments {
    /// The rule as a charter names it.
    pub(crate) fn rule(self) -> charter::Rule {
        let utility = match self.utility {
            Utility::Cost => charter::Utility::Cost,
            Utility::Cardinality => charter::Utility::Cardinality,
            Utility::Score => charter::Utility::Score,
        };
        match self.rule {
            Rule::EqualShares => charter::Rule::EqualShares {
                utility,
                completion: match self.completion {
                    Completion::None => charter::Completion::None,
                    Completion::Greedy => charter::Completion::Greedy,
                },
            },
            Rule::Greedy => charter::Rule::Greedy { utility },
        }
    }
}

/// A rule in words.
pub(crate) fn describe(rule: charter::Rule) -> String {
    let worth = |utility| match utility {
        charter::Utility::Cost => "a loan is worth its amount",
        charter::Utility::Cardinality => "each loan is worth one",
        charter::Utility::Score => "a loan is worth its score",
    };
    match rule {
        charter::Rule::EqualShares { utility, completion } => {
            let rest = match completion {
                charter::Completion::None => "what is left stays in the pool",
                charter::Completion::Greedy => "what is left goes by support per cost",
            };
            format!("Method of Equal Shares; to its supporters {}; {rest}", worth(utility))
        }
        charter::Rule::Greedy { utility } => format!("greedy by support per cost; {}", worth(utility)),
    }
}
