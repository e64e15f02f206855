//! Voters with the same ballot act as one: the rules work on classes, not on voters.
//!
//! Real elections have far fewer different ballots than voters, and every rule here treats equal
//! ballots equally, so a class with the sum of its members' weights stands for all of them. Ballots
//! are held as compressed rows both ways: class to projects, and project to classes. Classes are
//! numbered by the first projects on their ballots, so that the supporters of a project lie close to each
//! other in memory.

/// The classes of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classes {
    /// Sum of the members' weights.
    weights: Vec<u64>,
    ballots: Rows,
    supporters: Rows,
    /// For each project, sums over its supporters.
    totals: Vec<Totals>,
}

/// Sums over the supporters of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) weight: u64,
    /// Scores times weights.
    pub(crate) points: u128,
}

/// Compressed rows: positions, with a score for each unless all scores are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rows {
    starts: Vec<u32>,
    positions: Vec<u32>,
    scores: Vec<u32>,
}

/// One compressed row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) positions: &'a [u32],
    scores: &'a [u32],
}

impl<'a> Row<'a> {
    /// The positions with their scores.
    pub(crate) fn iter(self) -> impl Iterator<Item = (usize, u32)> + 'a {
        let score = move |place: usize| self.scores.get(place).copied().unwrap_or(1);
        let places = self.positions.iter().enumerate();
        places.map(move |(place, position)| (*position as usize, score(place)))
    }
}

impl Rows {
    #[inline]
    fn row(&self, row: usize) -> Row<'_> {
        let range = self.starts[row] as usize..self.starts[row + 1] as usize;
        let scores = if self.scores.is_empty() { &[] } else { &self.scores[range.clone()] };
        Row { positions: &self.positions[range], scores }
    }
}

impl Classes {
    /// Groups voters by ballot. `starts` has one more item than there are voters; ballots are sorted
    /// by project. Scores of zero count as absent.
    pub(crate) fn group(
        projects: usize,
        weights: &[u64],
        starts: &[usize],
        entries: &[(u32, u32)],
    ) -> (Self, Vec<u32>) {
        let row = |voter: u32| &entries[starts[voter as usize]..starts[voter as usize + 1]];
        let (class_of, leaders) = group_equal(weights.len(), row);
        let mut class_weights = vec![0u64; leaders.len()];
        for (class, weight) in class_of.iter().zip(weights) {
            class_weights[*class as usize] += weight;
        }
        let has_scores = entries.iter().any(|(_, score)| *score > 1);
        let mut ballots = Rows { starts: vec![0], ..Rows::default() };
        for leader in leaders {
            for &(project, score) in row(leader).iter().filter(|(_, score)| *score > 0) {
                ballots.positions.push(project);
                if has_scores {
                    ballots.scores.push(score);
                }
            }
            ballots.starts.push(position(ballots.positions.len()));
        }
        let (supporters, totals) = transpose(projects, &class_weights, &ballots);
        (Self { weights: class_weights, ballots, supporters, totals }, class_of)
    }

    /// The same classes and one more, without weight yet, that supports one project with the highest score
    /// that anybody gives it.
    pub(crate) fn with_singleton(&self, project: usize) -> Self {
        let best = self.supporters(project).iter().map(|(_, score)| score).max().unwrap_or(1);
        let mut changed = self.clone();
        changed.weights.push(0);
        changed.ballots.starts.push(position(self.ballots.positions.len() + 1));
        changed.ballots.positions.push(position(project));
        let rows = &mut changed.supporters;
        let end = rows.starts[project + 1] as usize;
        rows.positions.insert(end, position(self.len()));
        for start in &mut rows.starts[project + 1..] {
            *start += 1;
        }
        if self.has_scores() {
            changed.ballots.scores.push(best);
            changed.supporters.scores.insert(end, best);
        }
        changed
    }

    /// Gives the last class, which supports one project alone, another weight; yields the one before.
    pub(crate) fn set_last_weight(&mut self, project: usize, weight: u64) -> u64 {
        let Some(last) = self.len().checked_sub(1) else { return 0 };
        let before = std::mem::replace(&mut self.weights[last], weight);
        let score = self.ballot(last).iter().map(|(_, score)| score).next().unwrap_or(1);
        let totals = &mut self.totals[project];
        totals.weight = totals.weight - before + weight;
        totals.points =
            totals.points - u128::from(before) * u128::from(score) + u128::from(weight) * u128::from(score);
        before
    }

    /// Gives each class another weight.
    pub(crate) fn set_weights(&mut self, weights: Vec<u64>) {
        self.weights = weights;
        for (project, totals) in self.totals.iter_mut().enumerate() {
            *totals = Totals::default();
            for (class, score) in self.supporters.row(project).iter() {
                let weight = self.weights[class];
                totals.weight += weight;
                totals.points += u128::from(weight) * u128::from(score);
            }
        }
    }

    /// Whether any score differs from one.
    pub(crate) fn has_scores(&self) -> bool {
        !self.ballots.scores.is_empty()
    }

    /// The highest score on any ballot; one if there is none.
    pub(crate) fn highest_score(&self) -> u32 {
        self.ballots.scores.iter().copied().max().unwrap_or(1)
    }

    /// Sums over the supporters of a project.
    pub(crate) fn totals(&self, project: usize) -> Totals {
        self.totals[project]
    }

    /// How many classes there are.
    pub(crate) fn len(&self) -> usize {
        self.weights.len()
    }

    /// The weight of all members of a class.
    pub(crate) fn weight(&self, class: usize) -> u64 {
        self.weights[class]
    }

    /// The weights of all classes.
    pub(crate) fn weights(&self) -> &[u64] {
        &self.weights
    }

    /// The projects a class supports, by position.
    #[inline]
    pub(crate) fn ballot(&self, class: usize) -> Row<'_> {
        self.ballots.row(class)
    }

    /// The classes (with weight) that support a project, by position.
    pub(crate) fn supporters(&self, project: usize) -> Row<'_> {
        self.supporters.row(project)
    }
}

/// Turns rows class to projects into rows project to classes; classes without weight support nothing.
fn transpose(projects: usize, weights: &[u64], ballots: &Rows) -> (Rows, Vec<Totals>) {
    let mut totals = vec![Totals::default(); projects];
    let mut ends = vec![0u32; projects + 1];
    let voting = || weights.iter().enumerate().filter(|(_, weight)| **weight > 0);
    for (class, weight) in voting() {
        for (project, score) in ballots.row(class).iter() {
            ends[project + 1] += 1;
            totals[project].weight += weight;
            totals[project].points += u128::from(*weight) * u128::from(score);
        }
    }
    for project in 0..projects {
        ends[project + 1] += ends[project];
    }
    let size = ends[projects] as usize;
    let mut rows = Rows {
        starts: ends.clone(),
        positions: vec![0; size],
        scores: vec![0; if ballots.scores.is_empty() { 0 } else { size }],
    };
    for (class, _) in voting() {
        for (project, score) in ballots.row(class).iter() {
            let next = ends[project] as usize;
            rows.positions[next] = position(class);
            if let Some(place) = rows.scores.get_mut(next) {
                *place = score;
            }
            ends[project] += 1;
        }
    }
    (rows, totals)
}

/// A position as it is stored; the builder has checked that all of them fit.
fn position(value: usize) -> u32 {
    u32::try_from(value).expect("the builder refuses more than MAX_ENTRIES positions")
}

/// Numbers the groups of equal rows; yields each member's group and each group's first member.
///
/// Rows are sorted by their first projects and a mix of all their content, which is quick, and then by
/// the content itself among those that are alike: correct for every input, and never worse than
/// sorting outright.
fn group_equal<'a>(count: usize, row: impl Fn(u32) -> &'a [(u32, u32)]) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<(u64, u64, u32)> =
        (0..position(count)).map(|index| (lead(row(index)), mix(row(index)), index)).collect();
    order.sort_unstable();
    let mut group = vec![0u32; count];
    let mut leaders: Vec<u32> = Vec::new();
    let mut rest = order.as_mut_slice();
    while let Some(&(lead, mix, first)) = rest.first() {
        let alike = rest.iter().take_while(|next| (next.0, next.1) == (lead, mix)).count();
        let (bucket, others) = rest.split_at_mut(alike);
        if bucket.iter().any(|next| row(next.2) != row(first)) {
            bucket.sort_unstable_by(|a, b| row(a.2).cmp(row(b.2)).then(a.2.cmp(&b.2)));
        }
        let mut leader = None;
        for &(_, _, index) in bucket.iter() {
            if leader.is_none_or(|leader| row(leader) != row(index)) {
                leader = Some(index);
                leaders.push(index);
            }
            group[index as usize] = position(leaders.len() - 1);
        }
        rest = others;
    }
    (group, leaders)
}

/// The first four projects of a row, as far as 16 bits each can tell.
fn lead(row: &[(u32, u32)]) -> u64 {
    (0..4).fold(0, |lead, place| {
        let project =
            row.get(place).map_or(u16::MAX, |(project, _)| u16::try_from(*project).unwrap_or(u16::MAX));
        lead << 16 | u64::from(project)
    })
}

/// Mixes a row into 64 bits. Only speed depends on its quality, no result does.
fn mix(row: &[(u32, u32)]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for &(project, score) in row {
        let word = u64::from(project) << 32 | u64::from(score);
        state = (state ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    }
    state
}
