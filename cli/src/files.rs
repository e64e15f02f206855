//! Reading and writing files.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

use mutua_protocol::charter::{Charter, CharterError, Community};

use crate::{Done, failure::Failure};

/// Greatest size of a charter's JSON: four times what its canonical bytes may have.
const CHARTER_JSON_BYTES: u64 = 128 << 10;

/// Reads a whole file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path) -> Done<Vec<u8>> {
    fs::read(path).map_err(|error| Failure::file(path, format!("cannot be read: {error}")))
}

/// Reads a file of at most this many bytes; `-` is standard input.
///
/// # Errors
/// When it cannot be read, or is longer.
pub(crate) fn read_some(path: &Path, limit: u64) -> Done<Vec<u8>> {
    let mut bytes = Vec::new();
    let taken = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
    };
    taken.map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::file(
            path,
            format!("is longer than {limit} bytes: this is another kind of file"),
        ));
    }
    Ok(bytes)
}

/// Reads a text of at most this many bytes.
///
/// # Errors
/// When it cannot be read, is longer, or is no text.
pub(crate) fn read_text(path: &Path, limit: u64) -> Done<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::file(
            path,
            format!("is longer than {limit} bytes: this is another kind of file"),
        ));
    }
    String::from_utf8(bytes).map_err(|_| Failure::file(path, "is not a text in UTF-8"))
}

/// Reads a charter and checks it.
///
/// # Errors
/// When it cannot be read, or breaks a bound.
pub(crate) fn read_charter(path: &Path) -> Done<Community> {
    let text = read_text(path, CHARTER_JSON_BYTES)?;
    let charter: Charter = serde_json::from_str(&text)
        .map_err(|error| Failure::file(path, format!("this is not a charter: {error}")))?;
    Community::new(charter).map_err(|error: CharterError| Failure::file(path, error))
}

/// Writes a value as JSON into a file that is not there yet.
///
/// # Errors
/// When it is there, or cannot be written.
pub(crate) fn write_new_json<T: serde::Serialize>(path: &Path, value: &T) -> Done {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::file(path, format!("cannot be written: {error}")))?;
    fs::File::create_new(path)
        .and_then(|mut file| file.write_all((text + "\n").as_bytes()))
        .map_err(|error| Failure::file(path, format!("cannot be written: {error}")))
}
