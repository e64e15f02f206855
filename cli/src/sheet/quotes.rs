//! Quotation marks, strictly: a field is in them whole, or not at all. A forgotten one would make the lines after it part
//! of one text, and nobody would miss them.

const INSIDE: &str =
    "a quotation mark stands inside a text: put the whole text in quotation marks, and double the one inside";
const AFTER: &str = "a text goes on behind its closing quotation mark: double the marks inside it, or look for a line before \
                     where one was forgotten";
const OPEN: &str = "a quotation mark is never closed: from here on, all lines would be one text";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// At the beginning of a field.
    Begin,
    /// In a field without quotation marks.
    Bare,
    /// In a field with them, which began here.
    Quoted(usize),
    /// Behind a mark in such a field: the end of it, or the first of two.
    Mark(usize),
    /// In the rest of a field that was found wrong.
    Wrong,
}

/// Where quotation marks are wrong, and how.
pub(super) fn faults(text: &str, separator: u8) -> Vec<(usize, &'static str)> {
    let mut faults = Vec::new();
    let mut place = Where::Begin;
    for (at, byte) in text.bytes().enumerate() {
        let ends = byte == separator || matches!(byte, b'\r' | b'\n');
        place = match (place, byte) {
            (Where::Quoted(from), b'"') => Where::Mark(from),
            (Where::Quoted(_), _) => continue,
            (Where::Mark(from), b'"') => Where::Quoted(from),
            (_, _) if ends => Where::Begin,
            (Where::Begin, b'"') => Where::Quoted(at),
            (Where::Bare, b'"') => {
                faults.push((at, INSIDE));
                Where::Wrong
            }
            (Where::Mark(_), _) => {
                faults.push((at, AFTER));
                Where::Wrong
            }
            (Where::Wrong, _) => Where::Wrong,
            (Where::Begin | Where::Bare, _) => Where::Bare,
        };
    }
    if let Where::Quoted(from) = place {
        faults.push((from, OPEN));
    }
    faults
}
