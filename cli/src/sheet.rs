//! Tables as comma-separated values, as spreadsheet programs write and read them.
//!
//! What such programs do to a table on its way (separators and numbers of the country, formulas, quotation marks, other
//! encodings) is either read as it is meant, or refused with the line and what to do: nothing is guessed.

mod quotes;
mod text;

use serde::Serialize;

/// What is wrong with a line of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The line in the file, from 1.
    pub line: u64,
    /// In which column, if it is in one.
    pub column: Option<&'static str>,
    /// What is wrong, and what to do.
    pub problem: String,
}

/// A table.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The lines that are not empty.
    pub rows: Vec<Row>,
    /// What is wrong with the shape of lines; these are not among the rows.
    pub faults: Vec<Fault>,
    columns: Vec<Option<&'static str>>,
}

/// A line of a table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The line in the file, from 1.
    pub line: u64,
    cells: Vec<String>,
}

impl Sheet {
    /// Reads a table with these columns, in any order, the needed ones among them.
    ///
    /// # Errors
    /// When the file as a whole is no such table.
    pub(crate) fn read(
        bytes: &[u8],
        columns: &'static [&'static str],
        needed: &[&'static str],
    ) -> Result<Self, String> {
        let mut text = text::decode(bytes)?;
        let mut lines = text::Lines::new(text);
        // Excel tells its separator, and other programs, in a first line of its own.
        let told = text.strip_prefix("sep=").and_then(|rest| rest.chars().next());
        let begin = told.map_or(0, |_| text.find('\n').map_or(text.len(), |end| end + 1));
        text = &text[begin..];
        let separator = match told.unwrap_or_else(|| text::separator(text)) {
            mark @ (',' | ';' | '\t') => mark as u8,
            other => return Err(format!("it is separated by '{other}'; use commas or semicolons")),
        };
        let faults: Vec<Fault> = quotes::faults(text, separator)
            .into_iter()
            .map(|(at, problem)| Fault {
                line: lines.of(begin + at),
                column: None,
                problem: problem.to_owned(),
            })
            .collect();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut read =
            |record: &mut csv::StringRecord| reader.read_record(record).map_err(|error| error.to_string());
        if !read(&mut record)? {
            return Err("it is empty; its first line names the columns".to_owned());
        }
        let columns = header(&record, columns, needed)?;
        let mut sheet = Self { rows: Vec::new(), faults, columns };
        if !sheet.faults.is_empty() {
            // Where the fields are is a guess then.
            return Ok(sheet);
        }
        let mut lines = text::Lines::new(text);
        let before = u64::from(begin > 0);
        while read(&mut record)? {
            let at = record.position().map_or(0, |position| position.byte());
            let line = before + lines.of(text::skip_breaks(text, usize::try_from(at).unwrap_or(usize::MAX)));
            sheet.row(line, &record);
        }
        Ok(sheet)
    }

    fn row(&mut self, line: u64, record: &csv::StringRecord) {
        let cells: Vec<&str> = record.iter().map(str::trim).collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            return;
        }
        let mut fault = |column, problem: String| self.faults.push(Fault { line, column, problem });
        let wanted = self.columns.len();
        let beyond = cells.iter().skip(wanted).any(|cell| !cell.is_empty());
        if cells.len() < wanted || beyond {
            let found = cells.len();
            return fault(
                None,
                format!(
                    "has {found} fields, and the first line names {wanted} columns: is a separator too many or too few, or \
                     are quotation marks missing around a text with one?"
                ),
            );
        }
        let mut is_sound = true;
        for (cell, column) in cells.iter().zip(&self.columns) {
            if let Some(problem) = text::cell(cell, column.is_some()) {
                fault(*column, problem);
                is_sound = false;
            }
        }
        if is_sound {
            let cells = cells.into_iter().take(wanted).map(str::to_owned).collect();
            self.rows.push(Row { line, cells });
        }
    }

    /// Does the table have this column?
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.iter().flatten().any(|name| *name == column)
    }

    /// What a line says in this column: nothing where the table does not have it.
    pub(crate) fn cell<'a>(&self, row: &'a Row, column: &str) -> &'a str {
        let position = self.columns.iter().position(|name| *name == Some(column));
        position.and_then(|position| row.cells.get(position)).map_or("", String::as_str)
    }
}

/// The columns that the first line names.
fn header(
    record: &csv::StringRecord,
    known: &'static [&'static str],
    needed: &[&'static str],
) -> Result<Vec<Option<&'static str>>, String> {
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    let (mut unknown, mut twice) = (Vec::new(), Vec::new());
    for cell in record {
        let name = cell.trim().to_lowercase();
        let found = known.iter().find(|known| **known == name).copied();
        match found {
            None if name.is_empty() => {}
            None => unknown.push(format!("'{}'", cell.trim())),
            Some(_) if columns.contains(&found) => twice.push(name),
            Some(_) => {}
        }
        columns.push(found);
    }
    let missing: Vec<&str> = needed.iter().filter(|name| !columns.contains(&Some(**name))).copied().collect();
    let mut problems = Vec::new();
    if !missing.is_empty() {
        problems.push(format!("it lacks the columns {}", missing.join(", ")));
    }
    if !unknown.is_empty() {
        problems.push(format!("the columns {} are not known", unknown.join(", ")));
    }
    if !twice.is_empty() {
        problems.push(format!("it has the columns {} twice", twice.join(", ")));
    }
    if problems.is_empty() {
        // What a spreadsheet has left behind the last column.
        columns.truncate(columns.iter().rposition(Option::is_some).map_or(0, |last| last + 1));
        return Ok(columns);
    }
    Err(format!(
        "its first line has to name the columns: {}. The columns are {}",
        problems.join(", and "),
        known.join(", ")
    ))
}

/// A text that somebody wrote, quoted. A spreadsheet takes what begins like a formula for one: it gets an apostrophe.
pub(crate) fn field(text: &str) -> String {
    format!("\"{}{}\"", if is_formula(text) { "'" } else { "" }, text.replace('"', "\"\""))
}

/// The text that [`field`] has written, whatever a spreadsheet has done with the apostrophe.
pub(crate) fn written(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t'])
}

#[cfg(test)]
mod tests;
