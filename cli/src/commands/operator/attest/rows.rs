//! The lines of a batch: from what stands in the cells to a rating.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::{civil::Date, tz::TimeZone};
use mutua_protocol::{
    charter::Currency,
    hash::{DocumentHash, TermsHash},
    records::{Assessment, ProposalId, Verdict},
};

use crate::{
    amounts,
    commands::operator::document::hash_of,
    sheet::{Fault, Row, Sheet, written},
    times::When,
};

/// The columns of a batch. Those behind `documents` are what the queue's table tells; all but two of them are for people.
pub(super) const COLUMNS: &[&str] = &[
    "proposal",
    "terms",
    "verdict",
    "grade",
    "default",
    "loss",
    "greatest",
    "outlook",
    "valid",
    "conditions",
    "reasons",
    "documents",
    "title",
    "borrower",
    "task",
    "due",
    "category",
    "amount",
    "attested",
    "missing",
];

/// Those that a batch has to have.
pub(super) const NEEDED: &[&str] =
    &["proposal", "verdict", "grade", "default", "loss", "greatest", "outlook", "valid"];

/// What a line has to fill in if it fills in anything.
const RATING: [&str; 10] = [
    "verdict",
    "grade",
    "default",
    "loss",
    "greatest",
    "outlook",
    "valid",
    "conditions",
    "reasons",
    "documents",
];

/// A rating as a line states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub line: u64,
    pub proposal: ProposalId,
    pub terms: Option<TermsHash>,
    /// As the line names them, if it does: a table that was sorted by halves shows by that.
    pub title: Option<String>,
    pub borrower: Option<String>,
    pub assessment: Assessment,
    /// The documents as the line names them.
    pub files: Vec<String>,
}

/// What the lines of a batch come to.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    pub drafts: Vec<Draft>,
    pub faults: Vec<Fault>,
    /// Lines in which nothing of a rating is filled in.
    pub blank: Vec<u64>,
}

/// Reads cells.
pub(super) struct Reader<'a> {
    pub sheet: &'a Sheet,
    pub currency: &'a Currency,
    pub now: u64,
    /// Where the files lie that are named: beside the table.
    pub folder: &'a Path,
}

impl Reader<'_> {
    /// Reads all lines.
    pub(super) fn drafts(&self) -> Drafts {
        let mut found = Drafts { faults: self.sheet.faults.clone(), ..Drafts::default() };
        let mut known = BTreeMap::new();
        for row in &self.sheet.rows {
            if RATING.iter().all(|column| self.sheet.cell(row, column).is_empty()) {
                found.blank.push(row.line);
                continue;
            }
            let before = found.faults.len();
            let draft = self.draft(row, &mut found.faults, &mut known);
            if found.faults.len() == before {
                found.drafts.extend(draft);
            }
        }
        found
    }

    fn draft(
        &self,
        row: &Row,
        faults: &mut Vec<Fault>,
        known: &mut BTreeMap<PathBuf, Result<DocumentHash, String>>,
    ) -> Option<Draft> {
        let proposal = self.take(row, "proposal", faults, id);
        let terms = self.optional(row, "terms", faults, |text| {
            text.parse::<TermsHash>().map_err(|_| "no hash of terms: 64 hexadecimal digits".to_owned())
        });
        let verdict = self.take(row, "verdict", faults, verdict);
        let grade = self.take(row, "grade", faults, |text| {
            whole(text, 255).and_then(|grade| {
                if grade == 0 { Err("too small: grades begin at 1".to_owned()) } else { Ok(grade) }
            })
        });
        let default = self.take(row, "default", faults, rate);
        let loss = self.take(row, "loss", faults, rate);
        let greatest = self.take(row, "greatest", faults, |text| amount(text, self.currency));
        let outlook = self.take(row, "outlook", faults, |text| whole(text, 100));
        let valid = self.take(row, "valid", faults, |text| until(text, self.now));
        let files = list(self.sheet.cell(row, "documents"));
        let mut documents = Vec::new();
        for name in &files {
            match document(name, self.folder, known) {
                Ok(hash) => documents.push(hash),
                Err(problem) => faults.push(Fault { line: row.line, column: Some("documents"), problem }),
            }
        }
        let told =
            |column| Some(written(self.sheet.cell(row, column)).to_owned()).filter(|text| !text.is_empty());
        Some(Draft {
            line: row.line,
            proposal: proposal?,
            terms: terms?,
            title: told("title"),
            borrower: told("borrower"),
            assessment: Assessment {
                verdict: verdict?,
                grade: grade?,
                default: default?,
                loss: loss?,
                greatest_amount: greatest?,
                outlook: outlook?,
                conditions: list(self.sheet.cell(row, "conditions")),
                reasons: list(self.sheet.cell(row, "reasons")),
                documents,
                valid_until: valid?,
            },
            files,
        })
    }

    /// What a cell says that must say something.
    fn take<T>(
        &self,
        row: &Row,
        column: &'static str,
        faults: &mut Vec<Fault>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.sheet.cell(row, column);
        let read = if text.is_empty() {
            Err("is empty".to_owned())
        } else {
            parse(text).map_err(|problem| format!("'{text}' is {problem}"))
        };
        read.map_err(|problem| faults.push(Fault { line: row.line, column: Some(column), problem })).ok()
    }

    /// What a cell says, if it says something; nothing at all if that is wrong.
    fn optional<T>(
        &self,
        row: &Row,
        column: &'static str,
        faults: &mut Vec<Fault>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        if self.sheet.cell(row, column).is_empty() {
            return Some(None);
        }
        self.take(row, column, faults, parse).map(Some)
    }
}

/// A whole id: a spreadsheet takes some beginnings for numbers, and changes them.
fn id(text: &str) -> Result<ProposalId, String> {
    text.to_ascii_lowercase().parse().map_err(|_| {
        "not a whole id of 64 hexadecimal digits, as 'mutua attest --queue --csv' gives it; a spreadsheet can spoil \
         shorter ones"
            .to_owned()
    })
}

fn verdict(text: &str) -> Result<Verdict, String> {
    match text.to_lowercase().as_str() {
        "approved" => Ok(Verdict::Approved),
        "declined" => Ok(Verdict::Declined),
        _ => Err("no verdict: write approved or declined".to_owned()),
    }
}

/// A whole number from 0 to this.
fn whole(text: &str, greatest: u8) -> Result<u8, String> {
    let number = text.parse::<u8>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.filter(|number| *number <= greatest).ok_or_else(|| format!("no whole number up to {greatest}"))
}

/// A rate with its unit. Without one it could be a percentage or a part of 1.
fn rate(text: &str) -> Result<u16, String> {
    if text.contains(',') {
        return Err("no rate that can be read: write a point before decimals, such as 2.5%".to_owned());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err("without a unit: write 2.5% or 250bp (a spreadsheet shows 2.5% when the cell is formatted as a percentage)".to_owned());
    }
    amounts::parse_rate(text).map_err(|why| format!("no rate: {why}"))
}

/// An amount, without anything that means one thing here and another there.
pub(super) fn amount(text: &str, currency: &Currency) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(part) && part.len() > usize::from(currency.decimals) {
        return Err(if part.len() == 3 {
            format!(
                "ambiguous: it could be thousands or decimals. Write 1000 or 1.00, with at most {} decimals",
                currency.decimals
            )
        } else {
            format!("too exact: {} has {} decimals", currency.code, currency.decimals)
        });
    }
    if text.contains([',', '\'', '\u{2019}', ' ', '\u{a0}', '\u{202f}']) {
        return Err("no amount that can be read: write digits with a point before decimals and nothing between thousands, such as 28000.00".to_owned());
    }
    if text.contains(['e', 'E']) && text.bytes().all(|byte| byte.is_ascii_digit() || b"eE.+-".contains(&byte))
    {
        return Err("shortened by a spreadsheet: format the cell as a number with decimals".to_owned());
    }
    amounts::parse(text, currency)
        .map_err(|_| format!("no amount in {}: write digits alone, such as 28000.00", currency.code))
}

/// Until when it holds: a time, a day (to its end, in UTC), or a duration from now.
fn until(text: &str, now: u64) -> Result<u64, String> {
    let time = match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-12-24".len() => day
            .tomorrow()
            .and_then(|next| next.to_zoned(TimeZone::UTC))
            .ok()
            .and_then(|end| u64::try_from(end.timestamp().as_millisecond()).ok())
            .ok_or_else(|| "no time that can be counted".to_owned())?,
        _ => When::parse(text).map_err(|_| when_not(text))?.resolve(now),
    };
    if time <= now { Err("past: it would hold no more".to_owned()) } else { Ok(time) }
}

fn when_not(text: &str) -> String {
    let write = "write 2026-12-24, 2026-12-24T18:00:00Z or +180d";
    if text.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte)) && text.len() == 5 {
        return format!("a spreadsheet's number for a day: format the cell as text, and {write}");
    }
    if text.contains(['.', '/']) && text.bytes().filter(u8::is_ascii_digit).count() >= 4 {
        return format!("ambiguous: day and month come in another order elsewhere; {write}");
    }
    if text.starts_with(|first: char| first.is_ascii_digit()) && text.contains(':') {
        return format!("without its time zone; {write}");
    }
    format!("no time; {write}")
}

/// Several texts in one cell: a line each, or with | between them.
fn list(text: &str) -> Vec<String> {
    text.split(['|', '\n', '\r']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// A document: by its hash, or by the name of a file beside the table.
fn document(
    name: &str,
    folder: &Path,
    known: &mut BTreeMap<PathBuf, Result<DocumentHash, String>>,
) -> Result<DocumentHash, String> {
    if let Ok(hash) = name.to_ascii_lowercase().parse() {
        return Ok(hash);
    }
    let path = folder.join(name);
    known
        .entry(path)
        .or_insert_with_key(|path| {
            hash_of(path).map_err(|failure| {
                format!("{}; name a file, or a hash of 64 hexadecimal digits", failure.message())
            })
        })
        .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn euro() -> Currency {
        Currency { code: "EUR".to_owned(), decimals: 2 }
    }

    fn header() -> String {
        "proposal,verdict,grade,default,loss,greatest,outlook,valid,conditions,reasons,documents\n".to_owned()
    }

    fn drafts(lines: &str) -> Drafts {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("books.pdf"), "assets").unwrap();
        let sheet = Sheet::read((header() + lines).as_bytes(), COLUMNS, NEEDED).unwrap();
        Reader { sheet: &sheet, currency: &euro(), now: NOW, folder: folder.path() }.drafts()
    }

    #[test]
    fn a_line_becomes_a_rating() {
        let id = "ab".repeat(32);
        let found = drafts(&format!(
            "{id},Approved,2,1.50 %,4000bp,28000.00,75,+1d,\"one|two\nthree\",,books.pdf | {}\n{id},,,,,,,,,,\n",
            "CD".repeat(32)
        ));
        assert_eq!((found.faults, found.blank), (Vec::new(), vec![4]));
        let draft = &found.drafts[0];
        assert_eq!((draft.line, draft.proposal.to_string()), (2, id));
        assert_eq!(
            draft.assessment,
            Assessment {
                verdict: Verdict::Approved,
                grade: 2,
                default: 150,
                loss: 4_000,
                greatest_amount: 2_800_000,
                outlook: 75,
                conditions: ["one", "two", "three"].map(str::to_owned).to_vec(),
                reasons: Vec::new(),
                documents: vec![DocumentHash::of(b"assets"), DocumentHash([0xcd; 32])],
                valid_until: NOW + 86_400_000,
            }
        );
    }

    #[test]
    fn every_fault_of_every_line_is_told() {
        let id = "ab".repeat(32);
        let found = drafts(&format!(
            "0671,yes,2.0,2.5,\"2,5%\",1'000.00,101,24.12.2026,,,gone.pdf\n{id},approved,2,1%,,5,5,+1d,,,\n{id},approved,0,1%,1%,5,5,+1d,,,\n"
        ));
        let told: Vec<(u64, &str)> =
            found.faults.iter().map(|fault| (fault.line, fault.column.unwrap())).collect();
        let first =
            ["proposal", "verdict", "grade", "default", "loss", "greatest", "outlook", "valid", "documents"];
        let mut expected: Vec<(u64, &str)> = first.map(|column| (2, column)).to_vec();
        expected.extend([(3, "loss"), (4, "grade")]);
        assert_eq!(told, expected);
        assert!(found.drafts.is_empty());
    }

    #[test]
    fn rates_have_units_and_points() {
        for (text, points) in [("2.5%", 250), ("2.50 %", 250), ("250bp", 250), ("0%", 0), ("100%", 10_000)] {
            assert_eq!(rate(text), Ok(points), "{text}");
        }
        for (text, says) in [
            ("2.5", "without a unit"),
            ("0.025", "without a unit"),
            ("250", "without a unit"),
            ("2,5%", "a point before decimals"),
            ("2,50 %", "a point before decimals"),
            ("101%", "more than 100%"),
            ("2.555%", "no rate"),
            ("-1%", "no rate"),
            ("2.5E-02", "no rate"),
            ("low", "no rate"),
        ] {
            let problem = rate(text).unwrap_err();
            assert!(problem.contains(says), "{text}: {problem}");
        }
    }

    #[test]
    fn amounts_mean_one_thing_everywhere() {
        for (text, units) in [("28000", 2_800_000), ("28000.5", 2_800_050), ("28000.00", 2_800_000), ("0", 0)]
        {
            assert_eq!(amount(text, &euro()), Ok(units), "{text}");
        }
        for (text, says) in [
            ("1.000", "ambiguous"),
            ("28.000", "ambiguous"),
            ("1.0000", "too exact"),
            ("1'000.00", "nothing between thousands"),
            ("1\u{2019}000.00", "nothing between thousands"),
            ("1,000.00", "nothing between thousands"),
            ("1.000,00", "nothing between thousands"),
            ("1000,00", "nothing between thousands"),
            ("1\u{a0}000", "nothing between thousands"),
            ("1\u{202f}000", "nothing between thousands"),
            ("28000.00 EUR", "nothing between thousands"),
            ("2.8E+04", "shortened by a spreadsheet"),
            ("-5", "no amount in EUR"),
            ("28000€", "no amount in EUR"),
            ("5.", "no amount in EUR"),
        ] {
            let problem = amount(text, &euro()).unwrap_err();
            assert!(problem.contains(says), "{text}: {problem}");
        }
        let dinar = Currency { code: "KWD".to_owned(), decimals: 3 };
        assert_eq!(amount("1.000", &dinar), Ok(1_000));
        let yen = Currency { code: "JPY".to_owned(), decimals: 0 };
        assert!(amount("1.000", &yen).unwrap_err().contains("ambiguous"));
    }

    #[test]
    fn days_and_times_are_those_of_one_calendar() {
        // 21 September 2026.
        for (text, time) in [
            ("+1d", NOW + 86_400_000),
            ("2027-01-01T00:00:00Z", 1_798_761_600_000),
            ("2026-12-31", 1_798_761_600_000),
        ] {
            assert_eq!(until(text, NOW), Ok(time), "{text}");
        }
        for (text, says) in [
            ("31.12.2026", "ambiguous"),
            ("12/31/2026", "ambiguous"),
            ("46387", "number for a day"),
            ("2026-12-31 18:00", "without its time zone"),
            ("2026-12-31T18:00:00", "without its time zone"),
            ("2026-01-01", "past"),
            ("2026-02-30", "no time"),
            ("+0s", "past"),
            ("180d", "no time"),
            ("+1y", "no time"),
            ("soon", "no time"),
        ] {
            let problem = until(text, NOW).unwrap_err();
            assert!(problem.contains(says), "{text}: {problem}");
        }
    }
}
