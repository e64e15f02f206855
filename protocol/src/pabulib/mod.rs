//! Real elections in the format of [Pabulib](https://pabulib.org/format), read exactly.
//!
//! Stolicki, Szufa, Talmon: *Pabulib: A Participatory Budgeting Library* (2020); Faliszewski et al.:
//! *Participatory Budgeting: Data, Tools, and Analysis* (2023). A file has three sections, `META`,
//! `PROJECTS` and `VOTES`, each a table with semicolons between its columns.
//!
//! What the format asks of ballots (`min_length`, `max_sum_cost` and the like) is kept in
//! [`Election::meta`] and not enforced: the city has counted these ballots. Columns may come in any order, and
//! those that no rule needs are passed over; so may sections.
//!
//! Amounts may have decimals; they are read into whole numbers of the smallest unit that holds all of
//! them ([`Election::unit`]). Projects are in the order of their ids as strings (by bytes), which is
//! their order in ties.
//!
//! The format has no weights; a column `weight` in the section `VOTES` is read where there is one. Weights are whole
//! numbers, which may be written as `3.0`. Others are refused, with a word on what to do: what a unit of weight is decides how far
//! one raise of completion by add-one goes, and the reader will not choose one.

mod amounts;
mod reader;
mod rows;

use std::fmt;

pub use amounts::MAX_DECIMALS;

use crate::allocation::{Instance, InstanceBuilder, InstanceError, Project, Rule, Utility};
use amounts::render;

/// How voters expressed themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoteType {
    /// A set of projects (`approval`; `choose-1` for sets of one; `knapsack` for sets that fit the budget).
    Approval,
    /// Projects with points, of which a voter has a number to give away.
    Cumulative,
    /// Projects with points, each in a range.
    Scoring,
    /// Projects in order of preference, best first.
    Ordinal,
}

/// What of a ballot goes into an [`Instance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// A project is approved when it is on the ballot, with points above zero where there are points.
    Approvals,
    /// Points where there are points (none and negative ones count zero); for rankings, the Borda
    /// score: the number of projects ranked below it on the same ballot, so that the last one has zero;
    /// for approvals, one.
    Scores,
}

/// A project of an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElectionProject {
    /// Its id in the file.
    pub id: String,
    /// Its cost, in smallest units.
    pub cost: u64,
    /// Its name, if the file has names.
    pub name: Option<String>,
    /// Its category, if the file has categories; several are separated by commas.
    pub category: Option<String>,
}

/// A voter of an election, with the ballot as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter<'a> {
    /// The voter's id in the file; empty if the file has none.
    pub id: &'a str,
    /// The weight: one, unless the file has a column `weight`.
    pub weight: u64,
    /// Positions of the projects on the ballot, in the order of the ballot.
    pub projects: &'a [u32],
    /// Points for these projects, in units of `10^-points_decimals`; empty if the file has no points.
    pub points: &'a [i64],
}

/// An election as a file describes it.
#[derive(Clone, Debug)]
pub struct Election {
    meta: Vec<(String, String)>,
    vote_type: VoteType,
    budget: u64,
    decimals: u8,
    points_decimals: u8,
    projects: Vec<ElectionProject>,
    voter_ids: String,
    voter_id_ends: Vec<usize>,
    weights: Vec<u64>,
    ballot_ends: Vec<usize>,
    on_ballots: Vec<u32>,
    points: Vec<i64>,
}

/// Why a file cannot be read: a line and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ReadError {}

impl Election {
    /// Reads the content of a `.pb` file.
    ///
    /// # Errors
    /// The first line that is not as the format says, and what to do about it.
    pub fn read(content: &[u8]) -> Result<Self, ReadError> {
        reader::read(content)
    }

    /// The value of a key in the section `META`.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<&str> {
        self.meta.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All keys and values of the section `META`, in the order of the file.
    #[must_use]
    pub fn meta_entries(&self) -> &[(String, String)] {
        &self.meta
    }

    /// How voters expressed themselves.
    #[must_use]
    pub const fn vote_type(&self) -> VoteType {
        self.vote_type
    }

    /// The budget, in smallest units.
    #[must_use]
    pub const fn budget(&self) -> u64 {
        self.budget
    }

    /// How many decimals amounts of this file have; a smallest unit is `10^-decimals` of currency.
    #[must_use]
    pub const fn decimals(&self) -> u8 {
        self.decimals
    }

    /// How many decimals points of this file have.
    #[must_use]
    pub const fn points_decimals(&self) -> u8 {
        self.points_decimals
    }

    /// Smallest units in a unit of currency.
    #[must_use]
    pub const fn unit(&self) -> u64 {
        10u64.pow(self.decimals as u32)
    }

    /// The projects, by id; positions are those of the [`Instance`].
    #[must_use]
    pub fn projects(&self) -> &[ElectionProject] {
        &self.projects
    }

    /// How many voters there are, those with empty ballots included.
    #[must_use]
    pub fn voter_count(&self) -> usize {
        self.weights.len()
    }

    /// A voter by position in the file; nothing if there are not so many.
    #[must_use]
    pub fn voter(&self, position: usize) -> Option<Voter<'_>> {
        let weight = *self.weights.get(position)?;
        let start = |ends: &[usize]| position.checked_sub(1).map_or(0, |before| ends[before]);
        let ballot = start(&self.ballot_ends)..self.ballot_ends[position];
        let id = start(&self.voter_id_ends)..self.voter_id_ends[position];
        Some(Voter {
            id: &self.voter_ids[id],
            weight,
            projects: &self.on_ballots[ballot.clone()],
            points: self.points.get(ballot).unwrap_or(&[]),
        })
    }

    /// The voters in the order of the file.
    pub fn voters(&self) -> impl Iterator<Item = Voter<'_>> {
        (0..self.voter_count()).filter_map(|position| self.voter(position))
    }

    /// An amount as an exact decimal of the file's currency, without trailing zeros.
    #[must_use]
    pub fn render(&self, amount: u64) -> String {
        render(amount, self.decimals)
    }

    /// How the ballots have to be read for a rule.
    #[must_use]
    pub const fn reading_for(rule: Rule) -> Reading {
        match rule {
            Rule::EqualShares { utility: Utility::Score, .. }
            | Rule::Greedy { utility: Utility::Score, .. } => Reading::Scores,
            _ => Reading::Approvals,
        }
    }

    /// The election as an instance with the file's budget.
    ///
    /// Greedy and Phragmén may fund projects that nobody supports, if they fit when all others are decided: cities
    /// do so, and pabutools does. (The rounds of a community never do.)
    ///
    /// # Errors
    /// An [`InstanceError`] if the election is too large.
    pub fn instance(&self, reading: Reading) -> Result<Instance, InstanceError> {
        self.instance_with_budget(reading, self.budget)
    }

    /// The election as an instance with another budget, in smallest units.
    ///
    /// # Errors
    /// An [`InstanceError`] if the election is too large.
    pub fn instance_with_budget(&self, reading: Reading, budget: u64) -> Result<Instance, InstanceError> {
        let mut builder = InstanceBuilder::new(budget, self.unit()).fund_unsupported(true);
        let categories = self.categories();
        for (project, borrower) in self.projects.iter().zip(0..) {
            let category = categories.binary_search(&project.category.as_deref()).unwrap_or(0);
            builder.add_project(Project {
                cost: project.cost,
                category: u32::try_from(category).unwrap_or(u32::MAX),
                borrower,
                risk: 0,
            });
        }
        for voter in self.voters() {
            let length = voter.projects.len();
            let score = |place: usize| match (reading, voter.points.get(place)) {
                (Reading::Approvals, None) => 1,
                (Reading::Approvals, Some(points)) => u32::from(*points > 0),
                (Reading::Scores, Some(points)) => u32::try_from((*points).max(0)).unwrap_or(u32::MAX),
                (Reading::Scores, None) if self.vote_type == VoteType::Ordinal => {
                    u32::try_from(length - 1 - place).unwrap_or(u32::MAX)
                }
                (Reading::Scores, None) => 1,
            };
            let scores = voter.projects.iter().enumerate();
            builder.add_voter(voter.weight, scores.map(|(place, project)| (*project, score(place))));
        }
        builder.build()
    }

    /// The different categories, sorted.
    fn categories(&self) -> Vec<Option<&str>> {
        let mut categories: Vec<_> =
            self.projects.iter().map(|project| project.category.as_deref()).collect();
        categories.sort_unstable();
        categories.dedup();
        categories
    }
}
