//! What an allocation is computed from: projects, voters and a budget.

use std::fmt;

use super::caps::Caps;
use super::classes::Classes;

/// The most a total of weights may be: sums of money over all voters then fit 128 bits.
pub const MAX_TOTAL_WEIGHT: u64 = 1 << 62;
/// The most voters, projects and entries on all ballots together: positions are held in 32 bits.
pub const MAX_ENTRIES: usize = u32::MAX as usize - 1;

/// Something that can be funded.
///
/// The order of the projects in an [`Instance`] is their order in ties: the lower position wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Project {
    /// What it costs, in the currency's smallest unit.
    pub cost: u64,
    /// The category it belongs to; only equality matters, for the cap by category.
    pub category: u32,
    /// Who gets the money; only equality matters, for the cap by borrower.
    pub borrower: u32,
    /// Expected loss in parts per 100,000,000 of the cost (basis points of default times basis
    /// points of loss given default), for the cap on the portfolio's expected loss.
    pub risk: u32,
}

impl Project {
    /// A project with a cost and nothing that a cap could look at.
    #[must_use]
    pub const fn new(cost: u64) -> Self {
        Self { cost, category: 0, borrower: 0, risk: 0 }
    }
}

/// An instance of participatory budgeting: validated, and laid out for the rules.
///
/// A voter of weight `w` counts as `w` voters of weight one with the same ballot under every rule:
/// under Equal Shares they hold `w` equal endowments and pay at most `w` times the price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    budget: u64,
    unit: u64,
    caps: Caps,
    fund_unsupported: bool,
    projects: Vec<Project>,
    weights: Vec<u64>,
    total_weight: u64,
    class_of: Vec<u32>,
    classes: Classes,
}

/// Why an instance cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceError {
    /// A ballot names a project that does not exist.
    UnknownProject {
        /// Position of the voter.
        voter: usize,
        /// The position named on the ballot.
        project: u32,
    },
    /// A ballot names a project twice.
    RepeatedProject {
        /// Position of the voter.
        voter: usize,
        /// The position named twice.
        project: u32,
    },
    /// The weights add up to more than [`MAX_TOTAL_WEIGHT`].
    TotalWeight,
    /// More projects, voters or ballot entries than [`MAX_ENTRIES`].
    TooLarge,
    /// The smallest units per unit of currency must be at least one.
    ZeroUnit,
}

impl fmt::Display for InstanceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProject { voter, project } => write!(
                formatter,
                "the ballot of voter {voter} names project {project}, which does not exist; \
                 add the project or take it off the ballot"
            ),
            Self::RepeatedProject { voter, project } => {
                write!(formatter, "the ballot of voter {voter} names project {project} twice; name it once")
            }
            Self::TotalWeight => write!(
                formatter,
                "the voters' weights add up to more than {MAX_TOTAL_WEIGHT}; \
                 divide all weights by a common factor"
            ),
            Self::TooLarge => write!(
                formatter,
                "more than {MAX_ENTRIES} projects, voters or ballot entries; split the election"
            ),
            Self::ZeroUnit => {
                write!(formatter, "a unit of currency must hold at least one smallest unit")
            }
        }
    }
}

impl std::error::Error for InstanceError {}

/// Collects an [`Instance`]; [`build`](Self::build) validates it.
#[derive(Clone, Debug)]
pub struct InstanceBuilder {
    budget: u64,
    unit: u64,
    caps: Caps,
    fund_unsupported: bool,
    projects: Vec<Project>,
    weights: Vec<u64>,
    starts: Vec<usize>,
    entries: Vec<(u32, u32)>,
}

impl InstanceBuilder {
    /// Starts an instance with this budget, in the currency's smallest unit, of which a unit of
    /// currency holds `unit` (100 for cents): completion by add-one raises endowments by that.
    #[must_use]
    pub const fn new(budget: u64, unit: u64) -> Self {
        Self {
            budget,
            unit,
            caps: Caps::NONE,
            fund_unsupported: false,
            projects: Vec::new(),
            weights: Vec::new(),
            starts: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Whether greedy and Phragmén, when everything with supporters is decided, go on to projects
    /// that nobody supports, as pabutools does. Without it such projects are never funded.
    #[must_use]
    pub const fn fund_unsupported(mut self, yes: bool) -> Self {
        self.fund_unsupported = yes;
        self
    }

    /// Sets the caps that no funded set may break.
    #[must_use]
    pub const fn caps(mut self, caps: Caps) -> Self {
        self.caps = caps;
        self
    }

    /// Adds a project and returns its position, which is also its rank in ties.
    pub fn add_project(&mut self, project: Project) -> usize {
        self.projects.push(project);
        self.projects.len() - 1
    }

    /// Adds a voter with a weight and the scores for the projects on their ballot; a score of zero
    /// is the same as not naming the project. Returns the voter's position.
    ///
    /// A voter with an empty ballot belongs to the electorate: their share of the budget is spent by
    /// nobody (except in completion). A voter of weight zero has no influence at all.
    pub fn add_voter(&mut self, weight: u64, scores: impl IntoIterator<Item = (u32, u32)>) -> usize {
        self.starts.push(self.entries.len());
        self.entries.extend(scores);
        self.weights.push(weight);
        self.weights.len() - 1
    }

    /// Validates what was collected.
    ///
    /// # Errors
    /// An [`InstanceError`] that names the voter or the sum at fault.
    pub fn build(self) -> Result<Instance, InstanceError> {
        let Self { budget, unit, caps, fund_unsupported, projects, weights, mut starts, mut entries } = self;
        if unit == 0 {
            return Err(InstanceError::ZeroUnit);
        }
        if projects.len() > MAX_ENTRIES || weights.len() > MAX_ENTRIES || entries.len() > MAX_ENTRIES {
            return Err(InstanceError::TooLarge);
        }
        let mut total_weight = 0u64;
        for weight in &weights {
            total_weight = total_weight
                .checked_add(*weight)
                .filter(|total| *total <= MAX_TOTAL_WEIGHT)
                .ok_or(InstanceError::TotalWeight)?;
        }
        starts.push(entries.len());
        for voter in 0..weights.len() {
            let ballot = &mut entries[starts[voter]..starts[voter + 1]];
            if !ballot.is_sorted() {
                ballot.sort_unstable();
            }
            if let Some(pair) = ballot.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(InstanceError::RepeatedProject { voter, project: pair[0].0 });
            }
            if let Some((project, _)) = ballot.last()
                && *project as usize >= projects.len()
            {
                return Err(InstanceError::UnknownProject { voter, project: *project });
            }
        }
        let (classes, class_of) = Classes::group(projects.len(), &weights, &starts, &entries);
        Ok(Instance {
            budget,
            unit,
            caps,
            fund_unsupported,
            projects,
            weights,
            total_weight,
            class_of,
            classes,
        })
    }
}

impl Instance {
    /// The budget, in the currency's smallest unit.
    #[must_use]
    pub const fn budget(&self) -> u64 {
        self.budget
    }

    /// How many smallest units a unit of currency holds.
    #[must_use]
    pub const fn unit(&self) -> u64 {
        self.unit
    }

    /// The caps that no funded set may break.
    #[must_use]
    pub const fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Whether greedy and Phragmén go on to projects that nobody supports.
    #[must_use]
    pub const fn funds_unsupported(&self) -> bool {
        self.fund_unsupported
    }

    /// The projects, in their order in ties.
    #[must_use]
    pub fn projects(&self) -> &[Project] {
        &self.projects
    }

    /// The voters' weights.
    #[must_use]
    pub fn weights(&self) -> &[u64] {
        &self.weights
    }

    /// The sum of the voters' weights.
    #[must_use]
    pub const fn total_weight(&self) -> u64 {
        self.total_weight
    }

    /// The projects on a voter's ballot, by position, with their scores (none is zero).
    ///
    /// An unknown voter has an empty ballot.
    pub fn ballot(&self, voter: usize) -> impl Iterator<Item = (u32, u32)> {
        let class = self.class_of.get(voter);
        let ballot = class.map(|class| self.classes.ballot(*class as usize).iter());
        ballot
            .into_iter()
            .flatten()
            .filter_map(|(project, score)| u32::try_from(project).ok().map(|project| (project, score)))
    }

    /// The same ballots with another budget.
    #[must_use]
    pub fn with_budget(&self, budget: u64) -> Self {
        Self { budget, ..self.clone() }
    }

    /// The same ballots without the projects for which `keep` is false, and for each project that is kept
    /// its position here.
    ///
    /// # Errors
    /// None that the instance did not have: it is built from parts of a valid one.
    pub fn keeping(
        &self,
        mut keep: impl FnMut(usize, &Project) -> bool,
    ) -> Result<(Self, Vec<usize>), InstanceError> {
        let projects = self.projects.iter().enumerate();
        let kept = projects.filter(|(position, project)| keep(*position, project));
        let kept: Vec<usize> = kept.map(|(position, _)| position).collect();
        Ok((self.with_projects(&kept)?, kept))
    }

    /// The same ballots with these projects alone, by position, in this order: it decides ties. A position
    /// that does not exist is left out; the second time, a position is a project that nobody supports.
    ///
    /// # Errors
    /// [`InstanceError::TooLarge`]; none for a selection that names every project at most once.
    pub fn with_projects(&self, order: &[usize]) -> Result<Self, InstanceError> {
        let mut builder = InstanceBuilder::new(self.budget, self.unit)
            .caps(self.caps)
            .fund_unsupported(self.fund_unsupported);
        let mut places = vec![None; self.projects.len()];
        for position in order {
            if let Some(project) = self.projects.get(*position) {
                let place = u32::try_from(builder.add_project(*project)).ok();
                places[*position] = places[*position].or(place);
            }
        }
        for (voter, weight) in self.weights.iter().enumerate() {
            let ballot = self.ballot(voter);
            builder.add_voter(
                *weight,
                ballot.filter_map(|(project, score)| Some((places[project as usize]?, score))),
            );
        }
        builder.build()
    }

    /// The same instance with one more class, for one project alone, that has no weight yet.
    pub(super) fn with_singleton(&self, project: usize) -> Self {
        Self { classes: self.classes.with_singleton(project), ..self.clone() }
    }

    /// Gives the class that [`with_singleton`](Self::with_singleton) added a weight.
    pub(super) fn set_singleton(&mut self, project: usize, weight: u64) -> Result<(), InstanceError> {
        let before = self.classes.set_last_weight(project, weight);
        self.total_weight = (self.total_weight - before)
            .checked_add(weight)
            .filter(|total| *total <= MAX_TOTAL_WEIGHT)
            .ok_or(InstanceError::TotalWeight)?;
        Ok(())
    }

    /// Gives each class another weight; a class that had none before still supports nothing.
    pub(super) fn set_class_weights(&mut self, weights: Vec<u64>) -> Result<(), InstanceError> {
        let mut total = 0u64;
        for weight in &weights {
            total = total
                .checked_add(*weight)
                .filter(|total| *total <= MAX_TOTAL_WEIGHT)
                .ok_or(InstanceError::TotalWeight)?;
        }
        self.total_weight = total;
        self.classes.set_weights(weights);
        Ok(())
    }

    /// How many scores there are on all ballots, those of equal voters counted once.
    pub(super) fn entries(&self) -> usize {
        (0..self.projects.len()).map(|project| self.classes.supporters(project).positions.len()).sum()
    }

    /// How many voters with a weight support a project.
    #[must_use]
    pub fn supporters(&self, project: usize) -> usize {
        if project >= self.projects.len() {
            return 0;
        }
        let mut supports = vec![false; self.classes.len()];
        for (class, _) in self.classes.supporters(project).iter() {
            supports[class] = true;
        }
        let voters = self.class_of.iter().zip(&self.weights);
        voters.filter(|(class, weight)| **weight > 0 && supports[**class as usize]).count()
    }

    /// The weight of the voters who support a project.
    #[must_use]
    pub fn support(&self, project: usize) -> u64 {
        if project < self.projects.len() { self.classes.totals(project).weight } else { 0 }
    }

    pub(super) fn set_cost(&mut self, project: usize, cost: u64) {
        self.projects[project].cost = cost;
    }

    /// Groups of voters with the same ballot.
    pub(crate) const fn classes(&self) -> &Classes {
        &self.classes
    }

    /// For each voter, the group they belong to.
    pub(crate) fn class_of(&self) -> &[u32] {
        &self.class_of
    }
}
