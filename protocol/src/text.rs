//! What text in a record or a charter may be (SPEC section 6).

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space, where something is needed.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// Too many bytes.
    #[error("{field} has {actual} bytes, at most {limit} are allowed")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Bytes given.
        actual: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A control character: it could hide or rearrange what people see.
    #[error("{field} holds the control character U+{code:04X}; remove it")]
    Control {
        /// The field.
        field: &'static str,
        /// The character's code point.
        code: u32,
    },
    /// Too many entries in a list.
    #[error("{field} has {actual} entries, at most {limit} are allowed")]
    TooMany {
        /// The field.
        field: &'static str,
        /// Entries given.
        actual: usize,
        /// Entries allowed.
        limit: usize,
    },
}

/// Control characters, and the marks that reorder text (Unicode TR 36, section 2.9).
fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Checks one line of text that must say something.
///
/// # Errors
/// [`TextError`] that names the field.
pub fn line(field: &'static str, text: &str, limit: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty(field));
    }
    bounded(field, text, limit, is_forbidden)
}

/// Checks a text of several lines, which may be empty.
///
/// # Errors
/// [`TextError`] that names the field.
pub fn paragraphs(field: &'static str, text: &str, limit: usize) -> Result<(), TextError> {
    bounded(field, text, limit, |character| character != '\n' && is_forbidden(character))
}

/// Checks a text of several lines that must say something.
///
/// # Errors
/// [`TextError`] that names the field.
pub fn passage(field: &'static str, text: &str, limit: usize) -> Result<(), TextError> {
    if text.trim().is_empty() {
        return Err(TextError::Empty(field));
    }
    paragraphs(field, text, limit)
}

/// Checks the length of a list.
///
/// # Errors
/// [`TextError::TooMany`].
pub fn count(field: &'static str, actual: usize, limit: usize) -> Result<(), TextError> {
    if actual > limit { Err(TextError::TooMany { field, actual, limit }) } else { Ok(()) }
}

fn bounded(
    field: &'static str,
    text: &str,
    limit: usize,
    forbidden: impl Fn(char) -> bool,
) -> Result<(), TextError> {
    if text.len() > limit {
        return Err(TextError::TooLong { field, actual: text.len(), limit });
    }
    match text.chars().find(|character| forbidden(*character)) {
        Some(character) => Err(TextError::Control { field, code: u32::from(character) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_something_and_hides_nothing() {
        assert!(line("t", "Solar roof für alle", 30).is_ok());
        assert_eq!(line("t", " \t", 30), Err(TextError::Empty("t")));
        assert!(matches!(line("t", "a\nb", 30), Err(TextError::Control { code: 10, .. })));
        assert!(matches!(line("t", "a\u{202e}b", 30), Err(TextError::Control { .. })));
        assert!(matches!(line("t", "aaaa", 3), Err(TextError::TooLong { .. })));
        assert!(paragraphs("t", "a\nb", 30).is_ok());
        assert!(paragraphs("t", "", 30).is_ok());
        assert!(passage("t", "a\nb", 30).is_ok());
        assert_eq!(passage("t", "\n ", 30), Err(TextError::Empty("t")));
        assert!(matches!(passage("t", "a\tb", 30), Err(TextError::Control { code: 9, .. })));
    }
}
