//! The text of a table: its encoding, separator, lines and cells.

/// How many lines are named that are in another encoding.
const NAMED: usize = 10;

/// The text, if it is one in UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, String> {
    let save = "save it as 'CSV UTF-8'";
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(format!("it is a spreadsheet program's own file; {save}"));
    }
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(1000).any(|byte| *byte == 0)
    {
        return Err(format!("it is in UTF-16, or no text; {save}"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| {
        let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
        let bad: Vec<String> = lines
            .filter(|(line, _)| std::str::from_utf8(line).is_err())
            .map(|(_, number): (_, u64)| number.to_string())
            .collect();
        let more = if bad.len() > NAMED { format!(" and {} more", bad.len() - NAMED) } else { String::new() };
        format!(
            "the lines {}{more} are in another encoding than UTF-8; {save}",
            bad[..bad.len().min(NAMED)].join(", ")
        )
    })
}

/// The mark that separates the names in the first line.
pub(super) fn separator(text: &str) -> char {
    let first = text.lines().next().unwrap_or("");
    let count = |mark: char| first.chars().filter(|character| *character == mark).count();
    // Of as many, the comma.
    [';', '\t', ','].into_iter().max_by_key(|mark| count(*mark)).unwrap_or(',')
}

/// The position at or after this one at which a line with content begins.
pub(super) fn skip_breaks(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or(&[]);
    from + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Numbers of lines, for positions that only rise. Lines end with LF, CR, or both.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of this position, from 1.
    pub(super) fn of(&mut self, position: usize) -> u64 {
        while self.at < position.min(self.bytes.len()) {
            let is_end = match self.bytes[self.at] {
                b'\n' => true,
                b'\r' => self.bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(is_end);
            self.at += 1;
        }
        self.line
    }
}

/// What is wrong with a cell, whatever its column means.
pub(super) fn cell(cell: &str, has_name: bool) -> Option<String> {
    if cell.is_empty() {
        return None;
    }
    if !has_name {
        return Some(format!("'{cell}' stands in a column without a name"));
    }
    if cell.starts_with(['=', '@']) {
        return Some(format!("'{cell}' is a formula: write what it comes to"));
    }
    let is_error = cell.starts_with('#')
        && cell.len() <= 12
        && cell.bytes().skip(1).all(|byte| byte.is_ascii_uppercase() || b"#/!?0".contains(&byte));
    is_error.then(|| format!("'{cell}' is what a spreadsheet shows for an error"))
}
