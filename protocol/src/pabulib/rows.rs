//! Rows of fields: semicolons between them, double quotes around those that hold semicolons, double
//! quotes inside doubled. A quoted field may span lines.

use std::borrow::Cow;

/// Splits a text into rows.
#[derive(Clone)]
pub(super) struct Rows<'a> {
    rest: &'a str,
    /// The line of the row read last, counted from one.
    pub(super) line: usize,
    next_line: usize,
    /// The fields of the row read last, without white space around them.
    pub(super) fields: Vec<Cow<'a, str>>,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text, line: 0, next_line: 1, fields: Vec::new() }
    }

    /// Reads the next row that is not blank into [`fields`](Self::fields); false at the end.
    pub(super) fn next(&mut self) -> bool {
        while !self.rest.is_empty() {
            self.line = self.next_line;
            self.fields.clear();
            self.read_row();
            if self.fields.len() > 1 || self.fields.first().is_some_and(|field| !field.is_empty()) {
                return true;
            }
        }
        self.line = self.next_line;
        false
    }

    /// A field of the row, empty if the row is shorter.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field)
    }

    fn read_row(&mut self) {
        let text = self.rest;
        let mut start = 0;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b';' => {
                    self.fields.push(Cow::Borrowed(text[start..at].trim()));
                    start = at + 1;
                }
                b'\n' => {
                    self.fields.push(Cow::Borrowed(text[start..at].trim()));
                    self.rest = &text[at + 1..];
                    self.next_line += 1;
                    return;
                }
                b'"' if text[start..at].trim().is_empty() => {
                    self.read_quoted(start);
                    return;
                }
                _ => {}
            }
        }
        self.fields.push(Cow::Borrowed(text[start..].trim()));
        self.rest = "";
    }

    /// Goes on, slowly, from the start of a field that is quoted.
    fn read_quoted(&mut self, start: usize) {
        let mut field = String::new();
        let mut quoted = false;
        let mut characters = self.rest[start..].char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' if quoted && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                    field.push('"');
                    characters.next();
                }
                '"' if quoted => quoted = false,
                '"' if field.trim().is_empty() => {
                    field.clear();
                    quoted = true;
                }
                ';' if !quoted => self.fields.push(Cow::Owned(trimmed(&mut field))),
                '\n' => {
                    self.next_line += 1;
                    if !quoted {
                        self.fields.push(Cow::Owned(trimmed(&mut field)));
                        self.rest = &self.rest[start + at + 1..];
                        return;
                    }
                    field.push(character);
                }
                _ => field.push(character),
            }
        }
        self.fields.push(Cow::Owned(trimmed(&mut field)));
        self.rest = "";
    }
}

/// The field without white space around it; leaves an empty one.
fn trimmed(field: &mut String) -> String {
    let done = field.trim().to_owned();
    field.clear();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
        let mut rows = Rows::new(text);
        let mut all = Vec::new();
        while rows.next() {
            all.push((rows.line, rows.fields.iter().map(|field| field.to_string()).collect()));
        }
        all
    }

    #[test]
    fn fields_quotes_and_line_numbers() {
        let text = "a; b ;c\r\n\n1;\"x; \"\"y\"\"\";2\n\"two\nlines\";3\nlast;\"open";
        let expected = [
            (1, vec!["a", "b", "c"]),
            (3, vec!["1", "x; \"y\"", "2"]),
            (4, vec!["two\nlines", "3"]),
            (6, vec!["last", "open"]),
        ];
        let expected: Vec<(usize, Vec<String>)> =
            expected.map(|(line, row)| (line, row.into_iter().map(str::to_owned).collect())).into();
        assert_eq!(rows(text), expected);
    }

    #[test]
    fn a_quote_inside_a_field_is_a_character() {
        assert_eq!(rows("5\" pipe;x"), [(1, vec!["5\" pipe".to_owned(), "x".to_owned()])]);
        assert!(rows("\n \r\n").is_empty());
    }
}
