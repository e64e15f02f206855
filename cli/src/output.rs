//! Where results go: standard output, as text or as JSON.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use crate::{
    failure::{Done, Failure},
    page::Page,
};

/// Writes to standard output. That its reader has gone is no failure: `mutua members | head` is fine.
///
/// # Errors
/// When it cannot be written for another reason.
pub(crate) fn write(text: &str) -> Done {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::input(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Shows a result as JSON.
///
/// # Errors
/// See [`write()`].
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Done {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::input(format!("the result cannot be written as JSON: {error}")))?;
    write(&(text + "\n"))
}

/// Shows a result as JSON where that was asked for, else as text.
///
/// # Errors
/// See [`write()`].
pub(crate) fn show<T: Serialize + ?Sized>(as_json: bool, value: &T, text: impl FnOnce(&mut Page)) -> Done {
    if as_json {
        return json(value);
    }
    let mut page = Page::default();
    text(&mut page);
    write(page.text())
}
