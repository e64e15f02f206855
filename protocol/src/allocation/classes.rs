//! Voters with the same ballot act as one: the rules work on classes, not on voters.
//!
//! Real elections have far fewer different ballots than voters, and every rule here treats equal
//! ballots equally, so a class with the sum of its members' weights stands for all of them. Ballots
//! are held as compressed rows both ways: class to projects, and project to classes.

/// A project on the ballot of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) project: u32,
    pub(crate) score: u32,
}

/// A class among the supporters of a project.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Support {
    pub(crate) class: u32,
    pub(crate) score: u32,
}

/// The classes of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    /// Sum of the members' weights.
    weights: Vec<u64>,
    ballot_starts: Vec<u32>,
    ballots: Vec<Entry>,
    support_starts: Vec<u32>,
    supports: Vec<Support>,
    /// For each project, the weight of its supporters and their scores times weights.
    totals: Vec<Totals>,
    has_scores: bool,
}

/// Sums over the supporters of a project.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) weight: u64,
    pub(crate) points: u128,
}

impl Classes {
    /// Groups voters by ballot. `starts` has one more item than there are voters; ballots are sorted
    /// by project. Scores of zero count as absent. Classes come in the order of their first voter.
    pub(crate) fn group(
        projects: usize,
        weights: &[u64],
        starts: &[usize],
        entries: &[(u32, u32)],
    ) -> (Self, Vec<u32>) {
        let row = |voter: u32| &entries[starts[voter as usize]..starts[voter as usize + 1]];
        let class_of = group_equal(weights.len(), row);
        let mut classes = Self {
            weights: Vec::new(),
            ballot_starts: vec![0],
            ballots: Vec::new(),
            support_starts: Vec::new(),
            supports: Vec::new(),
            totals: vec![Totals::default(); projects],
            has_scores: false,
        };
        for (voter, class) in (0u32..).zip(&class_of) {
            let class = *class as usize;
            if class == classes.weights.len() {
                classes.weights.push(0);
                let ballot = row(voter).iter().filter(|(_, score)| *score > 0);
                classes.ballots.extend(ballot.map(|&(project, score)| Entry { project, score }));
                classes.ballot_starts.push(position(classes.ballots.len()));
            }
            classes.weights[class] += weights[voter as usize];
        }
        classes.transpose(projects);
        (classes, class_of)
    }

    /// Fills the rows project to classes; classes without weight support nothing.
    fn transpose(&mut self, projects: usize) {
        let mut ends = vec![0u32; projects + 1];
        for class in 0..self.len() {
            let weight = self.weights[class];
            if weight == 0 {
                continue;
            }
            let (start, end) = (self.ballot_starts[class], self.ballot_starts[class + 1]);
            for entry in &self.ballots[start as usize..end as usize] {
                ends[entry.project as usize + 1] += 1;
                let totals = &mut self.totals[entry.project as usize];
                totals.weight += weight;
                totals.points += u128::from(weight) * u128::from(entry.score);
                self.has_scores |= entry.score != 1;
            }
        }
        for project in 0..projects {
            ends[project + 1] += ends[project];
        }
        self.support_starts.clone_from(&ends);
        let mut supports = vec![Support { class: 0, score: 0 }; ends.last().copied().unwrap_or(0) as usize];
        for class in 0..self.len() {
            if self.weights[class] > 0 {
                for entry in self.ballot(class) {
                    let next = &mut ends[entry.project as usize];
                    supports[*next as usize] = Support { class: position(class), score: entry.score };
                    *next += 1;
                }
            }
        }
        self.supports = supports;
    }

    /// Whether any score differs from one.
    pub(crate) const fn has_scores(&self) -> bool {
        self.has_scores
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

    /// The projects a class supports, by position.
    pub(crate) fn ballot(&self, class: usize) -> &[Entry] {
        &self.ballots[self.ballot_starts[class] as usize..self.ballot_starts[class + 1] as usize]
    }

    /// The classes (with weight) that support a project, by position.
    pub(crate) fn supporters(&self, project: usize) -> &[Support] {
        let starts = &self.support_starts;
        &self.supports[starts[project] as usize..starts[project + 1] as usize]
    }
}

/// A position as it is stored; the builder has checked that all of them fit.
fn position(value: usize) -> u32 {
    u32::try_from(value).expect("the builder refuses more than MAX_ENTRIES positions")
}

/// Numbers the groups of equal rows in the order of their first member.
///
/// Rows are sorted by a mix of their content, which is quick, and then by the content itself among
/// those that mix alike: correct for every input, and never worse than sorting outright.
fn group_equal<'a>(count: usize, row: impl Fn(u32) -> &'a [(u32, u32)]) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = (0..position(count)).map(|index| (mix(row(index)), index)).collect();
    order.sort_unstable();
    let mut group = vec![0u32; count];
    let mut start = 0;
    while start < order.len() {
        let alike = order[start..].iter().take_while(|(key, _)| *key == order[start].0).count();
        let bucket = &mut order[start..start + alike];
        let first = row(bucket[0].1);
        if bucket.iter().any(|(_, index)| row(*index) != first) {
            bucket.sort_unstable_by(|a, b| row(a.1).cmp(row(b.1)).then(a.1.cmp(&b.1)));
        }
        let mut leader = bucket[0].1;
        for &(_, index) in bucket.iter() {
            if row(index) != row(leader) {
                leader = index;
            }
            group[index as usize] = leader;
        }
        start += alike;
    }
    // A leader is the first member of its group, so it is numbered before the others ask.
    let mut next = 0;
    for index in 0..position(count) {
        let leader = group[index as usize];
        if leader == index {
            group[index as usize] = next;
            next += 1;
        } else {
            group[index as usize] = group[leader as usize];
        }
    }
    group
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
