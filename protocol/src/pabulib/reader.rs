//! From the text of a `.pb` file to an [`Election`].

use std::str;

use super::amounts::{Decimal, NotDecimal};
use super::rows::Rows;
use super::{Election, ElectionProject, ReadError, VoteType};

/// Reads a file.
pub(super) fn read(content: &[u8]) -> Result<Election, ReadError> {
    let text = str::from_utf8(content).map_err(|error| {
        let before = &content[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        fault(line, "the text is not UTF-8; save the file with this encoding")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::new(text);
    let mut next = Some(reader.first_section()?);
    let mut seen = Vec::new();
    // Where the ballots begin, if they come before what they name.
    let mut early: Option<Rows<'_>> = None;
    while let Some(section) = next {
        if seen.contains(&section) {
            let message = format!("a second section {}; join the two", section.title());
            return Err(reader.fault(message));
        }
        seen.push(section);
        next = match section {
            Section::Meta => reader.read_meta()?,
            Section::Projects => reader.read_projects()?,
            Section::Votes if seen.len() < 3 => {
                early = Some(reader.rows.clone());
                reader.skip_section()
            }
            Section::Votes => reader.read_votes()?,
        };
    }
    for missing in [Section::Meta, Section::Projects, Section::Votes] {
        if !seen.contains(&missing) {
            let message = format!("the file ends without a section {}", missing.title());
            return Err(reader.fault(message));
        }
    }
    if let Some(rows) = early {
        reader.rows = rows;
        reader.read_votes()?;
    }
    Ok(reader.election)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Meta,
    Projects,
    Votes,
}

impl Section {
    const fn title(self) -> &'static str {
        match self {
            Self::Meta => "META",
            Self::Projects => "PROJECTS",
            Self::Votes => "VOTES",
        }
    }

    /// The section that a row opens, if it is a title.
    fn opened_by(rows: &Rows<'_>) -> Option<Self> {
        let first = rows.field(0);
        if first.len() > 8 || rows.fields[1..].iter().any(|field| !field.is_empty()) {
            return None;
        }
        [Self::Meta, Self::Projects, Self::Votes]
            .into_iter()
            .find(|section| first.eq_ignore_ascii_case(section.title()))
    }
}

fn fault(line: usize, message: impl Into<String>) -> ReadError {
    ReadError { line, message: message.into() }
}

struct Reader<'a> {
    rows: Rows<'a>,
    election: Election,
    ids: Ids,
    /// For each project, the ballot that named it last (one more than where that begins), and at which place.
    named: Vec<(usize, usize)>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rows: Rows::new(text),
            election: Election {
                meta: Vec::new(),
                vote_type: VoteType::Approval,
                budget: 0,
                decimals: 0,
                points_decimals: 0,
                projects: Vec::new(),
                voter_ids: String::new(),
                voter_id_ends: Vec::new(),
                weights: Vec::new(),
                ballot_ends: Vec::new(),
                on_ballots: Vec::new(),
                points: Vec::new(),
            },
            ids: Ids { sorted: Vec::new() },
            named: Vec::new(),
        }
    }

    fn fault(&self, message: impl Into<String>) -> ReadError {
        fault(self.rows.line, message)
    }

    fn first_section(&mut self) -> Result<Section, ReadError> {
        if !self.rows.next() {
            return Err(self.fault("the file is empty"));
        }
        Section::opened_by(&self.rows)
            .ok_or_else(|| self.fault("a .pb file begins with the title META on a line of its own"))
    }

    /// Goes on to the next title.
    fn skip_section(&mut self) -> Option<Section> {
        while self.rows.next() {
            let next = Section::opened_by(&self.rows);
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Reads the line of column names and finds the wanted ones.
    fn columns<const N: usize>(
        &mut self,
        section: Section,
        wanted: [&str; N],
    ) -> Result<[Option<usize>; N], ReadError> {
        if !self.rows.next() {
            let message = format!("the section {} ends before its column names", section.title());
            return Err(self.fault(message));
        }
        let fields = &self.rows.fields;
        Ok(wanted.map(|name| fields.iter().position(|field| field.eq_ignore_ascii_case(name))))
    }

    fn required(&self, column: Option<usize>, name: &str, section: Section) -> Result<usize, ReadError> {
        column.ok_or_else(|| {
            self.fault(format!("the section {} needs a column {name}; name it in this line", section.title()))
        })
    }

    fn read_meta(&mut self) -> Result<Option<Section>, ReadError> {
        let [key, value] = self.columns(Section::Meta, ["key", "value"])?;
        // Some files have no line of column names here: then it is an entry.
        let mut is_entry = key.is_none();
        let (key, value) = (key.unwrap_or(0), value.unwrap_or(1));
        let mut budget = None;
        let mut vote_type = None;
        let mut next = None;
        while is_entry || self.rows.next() {
            is_entry = false;
            next = Section::opened_by(&self.rows);
            if next.is_some() {
                break;
            }
            let (name, text) = (self.rows.field(key), self.rows.field(value));
            if name.eq_ignore_ascii_case("budget") {
                budget = Some(self.amount(text, "budget")?);
            } else if name.eq_ignore_ascii_case("vote_type") {
                vote_type = Some(self.vote_type(text)?);
            }
            self.election.meta.push((name.to_owned(), text.to_owned()));
        }
        let missing = |name: &str| {
            self.fault(format!("the section META, which ends here, has no {name}; add a line for it"))
        };
        let budget = budget.ok_or_else(|| missing("budget"))?;
        self.election.vote_type = vote_type.ok_or_else(|| missing("vote_type"))?;
        self.election.budget = self.in_smallest_units(budget)?;
        Ok(next)
    }

    fn vote_type(&self, text: &str) -> Result<VoteType, ReadError> {
        match text.to_ascii_lowercase().as_str() {
            // A knapsack is a set of projects that fits the budget.
            "approval" | "choose-1" | "knapsack" => Ok(VoteType::Approval),
            "cumulative" => Ok(VoteType::Cumulative),
            "scoring" => Ok(VoteType::Scoring),
            "ordinal" => Ok(VoteType::Ordinal),
            _ => Err(self.fault(format!(
                "vote_type \"{text}\" is unknown; it can be approval, choose-1, knapsack, cumulative, \
                 scoring or ordinal"
            ))),
        }
    }

    /// An amount that is not negative.
    fn amount(&self, text: &str, name: &str) -> Result<Decimal, ReadError> {
        match Decimal::parse(text) {
            Ok(amount) if amount.mantissa >= 0 => Ok(amount),
            Ok(_) => Err(self.fault(format!("the {name} is negative: \"{text}\""))),
            Err(NotDecimal::Syntax) => Err(self.fault(format!(
                "the {name} \"{text}\" is not a number; write digits, and a point before decimals"
            ))),
            Err(NotDecimal::Range) => Err(self.too_many_digits(name)),
        }
    }

    fn too_many_digits(&self, name: &str) -> ReadError {
        self.fault(format!(
            "the {name} has too many digits: with the most precise amount of the file as the \
             smallest unit, amounts have to stay below 2^63; use a larger unit of currency"
        ))
    }

    /// Makes the smallest unit small enough for an amount, and counts the amount in it.
    fn in_smallest_units(&mut self, amount: Decimal) -> Result<u64, ReadError> {
        let too_many = self.too_many_digits("amount");
        if amount.decimals > self.election.decimals {
            let factor = 10u64.pow(u32::from(amount.decimals - self.election.decimals));
            let election = &mut self.election;
            let costs = election.projects.iter_mut().map(|project| &mut project.cost);
            for known in costs.chain([&mut election.budget]) {
                *known = known
                    .checked_mul(factor)
                    .filter(|scaled| i64::try_from(*scaled).is_ok())
                    .ok_or_else(|| too_many.clone())?;
            }
            election.decimals = amount.decimals;
        }
        amount.scaled(self.election.decimals).and_then(|scaled| u64::try_from(scaled).ok()).ok_or(too_many)
    }

    fn read_projects(&mut self) -> Result<Option<Section>, ReadError> {
        let section = Section::Projects;
        let [id, cost, name, category, categories] =
            self.columns(section, ["project_id", "cost", "name", "category", "categories"])?;
        let category = category.or(categories);
        let id = self.required(id, "project_id", section)?;
        let cost = self.required(cost, "cost", section)?;
        let optional = |rows: &Rows<'_>, column: Option<usize>| {
            column
                .map(|column| rows.field(column))
                .filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("none"))
                .map(str::to_owned)
        };
        let mut next = None;
        let mut lines = Vec::new();
        while self.rows.next() {
            next = Section::opened_by(&self.rows);
            if next.is_some() {
                break;
            }
            if self.rows.field(id).is_empty() {
                return Err(self.fault("the project has no project_id"));
            }
            let amount = self.amount(self.rows.field(cost), "cost")?;
            let amount = self.in_smallest_units(amount)?;
            self.election.projects.push(ElectionProject {
                id: self.rows.field(id).to_owned(),
                cost: amount,
                name: optional(&self.rows, name),
                category: optional(&self.rows, category),
            });
            lines.push(self.rows.line);
        }
        let mut order: Vec<usize> = (0..lines.len()).collect();
        let projects = &self.election.projects;
        order.sort_by(|a, b| projects[*a].id.cmp(&projects[*b].id));
        if let Some(pair) = order.windows(2).find(|pair| projects[pair[0]].id == projects[pair[1]].id) {
            return Err(fault(
                lines[pair[1]],
                format!(
                    "the project_id {} is that of line {} already; ids have to differ",
                    projects[pair[1]].id, lines[pair[0]]
                ),
            ));
        }
        self.election.projects.sort_by(|a, b| a.id.cmp(&b.id));
        self.ids = Ids::new(&self.election.projects);
        self.named = vec![(0, 0); self.election.projects.len()];
        Ok(next)
    }

    fn read_votes(&mut self) -> Result<Option<Section>, ReadError> {
        let section = Section::Votes;
        let [id, vote, points, weight] = self.columns(section, ["voter_id", "vote", "points", "weight"])?;
        let vote = self.required(vote, "vote", section)?;
        let with_points = matches!(self.election.vote_type, VoteType::Cumulative | VoteType::Scoring);
        let points = if with_points { Some(self.required(points, "points", section)?) } else { None };
        while self.rows.next() {
            let next = Section::opened_by(&self.rows);
            if next.is_some() {
                return Ok(next);
            }
            self.election.voter_ids.push_str(id.map_or("", |id| self.rows.field(id)));
            self.election.voter_id_ends.push(self.election.voter_ids.len());
            let weight = match weight {
                Some(column) => self.weight(self.rows.field(column))?,
                None => 1,
            };
            self.election.weights.push(weight);
            self.read_ballot(vote, points)?;
            self.election.ballot_ends.push(self.election.on_ballots.len());
        }
        Ok(None)
    }

    /// A weight: `3`, and `3.0` or `3,00` as spreadsheets write it.
    fn weight(&self, text: &str) -> Result<u64, ReadError> {
        if let Ok(weight) = text.parse() {
            return Ok(weight);
        }
        match Decimal::parse(text) {
            Ok(Decimal { mantissa: weight @ 0.., decimals: 0 }) => Ok(weight.unsigned_abs()),
            Ok(Decimal { mantissa: 0.., .. }) => Err(self.fault(format!(
                "the weight \"{text}\" is not whole; multiply all weights of the file by the same number until \
                 they are (only completion by add-one, which raises by a unit of currency for each unit of weight, \
                 depends on it)"
            ))),
            _ => Err(self.fault(format!("the weight \"{text}\" is not a whole number from 0 to 2^64 - 1"))),
        }
    }

    fn read_ballot(&mut self, vote: usize, points: Option<usize>) -> Result<(), ReadError> {
        let start = self.election.on_ballots.len();
        let list = self.rows.field(vote);
        let nothing = |text: &str| text.is_empty() || text.eq_ignore_ascii_case("none");
        let unrated = points.is_some_and(|column| self.rows.field(column).eq_ignore_ascii_case("none"));
        if nothing(list) || unrated {
            return Ok(());
        }
        let mut given = points.map(|column| self.rows.field(column).split(','));
        let mut new_points = Vec::new();
        for name in list.split(',') {
            let name = name.trim();
            let given = match &mut given {
                Some(given) => {
                    let Some(text) = given.next().filter(|text| !text.trim().is_empty()) else {
                        return Err(self.fault(
                            "there are fewer points than projects on the ballot; give each project \
                             its points, separated by commas",
                        ));
                    };
                    Some(self.points(text.trim())?)
                }
                None => None,
            };
            if name.is_empty() {
                continue;
            }
            let Some(project) = self.ids.find(name, &self.election.projects) else {
                return Err(self.fault(format!(
                    "the ballot names project {name}, which the section PROJECTS does not have"
                )));
            };
            let named = &mut self.named[project as usize];
            if named.0 == start + 1 {
                // It happens in real files. To approve of something twice is to approve of it, and of
                // points for the same project the last ones count (as in pabutools).
                if let (Some(points), Some(given)) = (new_points.get_mut(named.1), given) {
                    *points = given;
                }
                continue;
            }
            *named = (start + 1, self.election.on_ballots.len() - start);
            self.election.on_ballots.push(project);
            new_points.extend(given);
        }
        if given.is_some_and(|mut given| given.next().is_some()) {
            return Err(self.fault("there are more points than projects on the ballot"));
        }
        for given in new_points {
            self.add_points(given)?;
        }
        Ok(())
    }

    fn points(&self, text: &str) -> Result<Decimal, ReadError> {
        Decimal::parse(text)
            .map_err(|_| self.fault(format!("the points \"{text}\" are not a number that can be read")))
    }

    /// Adds points, in the smallest unit of all points so far.
    fn add_points(&mut self, given: Decimal) -> Result<(), ReadError> {
        // A score of an instance is a u32.
        let fits = |points: &i64| points.abs() <= i64::from(u32::MAX);
        let too_large = self.fault(
            "points have too many digits: in units of the most precise ones of the file they have to \
             stay below 2^32; round them",
        );
        if given.decimals > self.election.points_decimals {
            let factor = 10i64.pow(u32::from(given.decimals - self.election.points_decimals));
            for known in &mut self.election.points {
                *known = known.checked_mul(factor).filter(fits).ok_or_else(|| too_large.clone())?;
            }
            self.election.points_decimals = given.decimals;
        }
        let points = given.scaled(self.election.points_decimals).filter(fits).ok_or(too_large)?;
        self.election.points.push(points);
        Ok(())
    }
}

/// Project ids, found by a mix of their bytes.
struct Ids {
    sorted: Vec<(u64, u32)>,
}

impl Ids {
    fn new(projects: &[ElectionProject]) -> Self {
        let mut sorted: Vec<(u64, u32)> =
            projects.iter().zip(0..).map(|(project, at)| (mix(&project.id), at)).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    fn find(&self, name: &str, projects: &[ElectionProject]) -> Option<u32> {
        let key = mix(name);
        let first = self.sorted.partition_point(|(mixed, _)| *mixed < key);
        self.sorted[first..]
            .iter()
            .take_while(|(mixed, _)| *mixed == key)
            .find(|(_, at)| projects[*at as usize].id == name)
            .map(|(_, at)| *at)
    }
}

/// Mixes bytes into 64 bits. Only speed depends on its quality, no result does.
fn mix(text: &str) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 32;
    }
    state ^ text.len() as u64
}
