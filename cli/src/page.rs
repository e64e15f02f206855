//! Text for people: aligned facts and tables, safe to show on a terminal.

use std::fmt::Display;

use unicode_width::UnicodeWidthStr;

/// Text without what could control a terminal or rearrange what people see: control characters and
/// marks that reorder text become `\u{FFFD}`. Text of several lines keeps its line ends.
pub(crate) fn plain(text: &str, lines: bool) -> String {
    text.chars()
        .map(|character| match character {
            '\n' if lines => '\n',
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                char::REPLACEMENT_CHARACTER
            }
            other if other.is_control() => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect()
}

/// The text, cut to a width in columns.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for character in text.chars() {
        short.push(character);
        if short.width() >= width {
            short.pop();
            break;
        }
    }
    short + "…"
}

/// The text in lines of at most this many columns, broken between words where there are some.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in plain(text, true).lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for character in word.chars() {
                line.push(character);
                if line.width() > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        lines.push(line);
    }
    lines
}

/// Two columns of lines, each of this many columns, side by side.
pub(crate) fn beside(left: &[String], right: &[String], width: usize) -> Vec<String> {
    let empty = String::new();
    (0..left.len().max(right.len()))
        .map(|row| {
            let (left, right) = (left.get(row).unwrap_or(&empty), right.get(row).unwrap_or(&empty));
            format!("{left}{} | {right}", " ".repeat(width.saturating_sub(left.width())))
        })
        .collect()
}

/// Text under construction.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// A line.
    pub(crate) fn line(&mut self, text: impl Display) -> &mut Self {
        self.0.push_str(plain(&text.to_string(), true).trim_end());
        self.0.push('\n');
        self
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self
    }

    /// Names and values, one a line, the values below one another.
    pub(crate) fn facts<'a>(&mut self, facts: impl IntoIterator<Item = (&'a str, String)>) -> &mut Self {
        let facts: Vec<(&str, String)> = facts.into_iter().collect();
        let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
        for (name, value) in facts {
            let fill = " ".repeat(width - name.width());
            let value = plain(&value, true).replace('\n', &format!("\n{}", " ".repeat(width + 2)));
            self.0.push_str(format!("{name}{fill}  {value}").trim_end());
            self.0.push('\n');
        }
        self
    }

    /// A table.
    pub(crate) fn table(&mut self, table: Table) -> &mut Self {
        self.0.push_str(&table.render());
        self
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A table with a line of titles.
#[derive(Debug)]
pub(crate) struct Table {
    titles: Vec<&'static str>,
    /// Which columns stand at the right: numbers.
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these titles; those that begin with `>` head columns of numbers.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        let right = titles.iter().map(|title| title.starts_with('>')).collect();
        let titles = titles.iter().map(|title| title.trim_start_matches('>')).collect();
        Self { titles, right, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cell, false)).collect());
    }

    /// Are there rows?
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn render(&self) -> String {
        let titles: Vec<String> = self.titles.iter().map(|title| (*title).to_owned()).collect();
        let lines = || std::iter::once(&titles).chain(&self.rows);
        let width = |column: usize| lines().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..titles.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in lines() {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(&widths).zip(&self.right) {
                let fill = " ".repeat(width.saturating_sub(cell.width()));
                line += &if *right { fill + cell } else { cell.clone() + &fill };
                line += "  ";
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_controls_a_terminal_gets_through() {
        assert_eq!(plain("a\u{1b}[2Jb\r\u{202e}c\td", false), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
        assert_eq!(plain("a\nb", true), "a\nb");
        assert_eq!(plain("a\nb", false), "a\u{fffd}b");
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(&["name", ">cost"]);
        table.row(["信用".to_owned(), "5".to_owned()]);
        table.row(["a".to_owned(), "1200".to_owned()]);
        assert_eq!(table.render(), "name  cost\n信用     5\na     1200\n");
    }

    #[test]
    fn a_text_is_broken_between_words_and_long_words_anywhere() {
        assert_eq!(wrap("It is close by,\nand well run.", 9), ["It is", "close by,", "and well", "run."]);
        assert_eq!(wrap("abcdefgh ij", 5), ["abcde", "fgh", "ij"]);
        assert_eq!(wrap("信用組合です", 5), ["信用", "組合", "です"]);
        assert_eq!(wrap("a\n\nb\u{1b}[2J", 9), ["a", "", "b\u{fffd}[2J"]);
        assert!(wrap("", 9).is_empty());
        let sides = beside(&["信用".to_owned(), "b".to_owned()], &["c".to_owned()], 5);
        assert_eq!(sides, ["信用  | c", "b     | "]);
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("信用組合", 5), "信用…");
    }
}
