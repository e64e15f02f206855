//! Reading and writing files.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use mutua_protocol::charter::{Charter, CharterError, Community};

use crate::failure::{Done, Failure};

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

/// Writes a file whole or not at all. `fill` writes it beside its place, under a name that nothing has, and it takes its
/// place when it is on the disk; what it replaces stays until then.
///
/// # Errors
/// When there is such a file and it is not to be replaced, and those of `fill` and of writing.
pub(crate) fn write_whole<T>(
    path: &Path,
    replace: bool,
    fill: impl FnOnce(&mut fs::File) -> Done<T>,
) -> Done<T> {
    let there = || Failure::file(path, "is there already; choose another name, or replace it with --force");
    if !replace && path.symlink_metadata().is_ok() {
        return Err(there());
    }
    let failed = |error: std::io::Error| Failure::file(path, format!("cannot be written: {error}"));
    // Where a link leads to; a device is not to be replaced by a file.
    let place = match fs::canonicalize(path) {
        Ok(place) if place.is_file() => place,
        Ok(_) => return Err(Failure::file(path, "is no file that could be replaced; choose another name")),
        Err(_) => path.to_path_buf(),
    };
    let path = &place;
    let (beside, mut file) = new_beside(path).map_err(failed)?;
    let done = fill(&mut file).and_then(|filled| {
        file.sync_all().map_err(failed)?;
        let placed = if replace { fs::rename(&beside, path) } else { place_new(&beside, path) };
        placed.map_err(
            |error| if error.kind() == ErrorKind::AlreadyExists { there() } else { failed(error) },
        )?;
        Ok(filled)
    });
    // Gone already, unless something went wrong.
    let _ = fs::remove_file(&beside);
    done
}

/// Gives a file its name, unless something else has it.
fn place_new(beside: &Path, path: &Path) -> std::io::Result<()> {
    match fs::hard_link(beside, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // Not every file system has links; what others do in this moment cannot be seen there.
            if path.symlink_metadata().is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            fs::rename(beside, path)
        }
        linked => linked,
    }
}

/// A file beside another, under a name that nothing has.
fn new_beside(path: &Path) -> std::io::Result<(PathBuf, fs::File)> {
    let mut number = 0;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}-{number}.part", std::process::id()));
        let beside = PathBuf::from(name);
        match fs::OpenOptions::new().read(true).write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is in a folder, by name.
    fn all(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn nothing_is_lost_by_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let write = |replace, text: &'static str| {
            write_whole(&path, replace, |file| file.write_all(text.as_bytes()).map_err(Failure::input))
        };
        let breaks_off = |replace| {
            write_whole(&path, replace, |file| {
                file.write_all(b"ha").map_err(Failure::input)?;
                Err::<(), _>(Failure::node("gone"))
            })
        };
        let mine = ("log.part".to_owned(), "mine".to_owned());
        fs::write(folder.path().join(&mine.0), &mine.1).unwrap();
        let holds =
            |text: &str| assert_eq!(all(folder.path()), [("log".to_owned(), text.to_owned()), mine.clone()]);
        assert!(breaks_off(false).is_err());
        assert_eq!(all(folder.path()), std::slice::from_ref(&mine));
        write(false, "one").unwrap();
        assert!(write(false, "two").unwrap_err().message().contains("is there already"));
        holds("one");
        assert!(breaks_off(true).is_err());
        holds("one");
        write(true, "three").unwrap();
        holds("three");
        // A link leads to the file as before, and what is no file stays what it is.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_whole(&link, true, |file| file.write_all(b"four").map_err(Failure::input)).unwrap();
        assert!(link.is_symlink());
        fs::remove_file(&link).unwrap();
        holds("four");
        assert!(write_whole(folder.path(), true, |_| Ok(())).unwrap_err().message().contains("no file"));
        // Somebody else has made the file in the meantime.
        fs::remove_file(&path).unwrap();
        let late = write_whole(&path, false, |_| fs::write(&path, "theirs").map_err(Failure::input));
        assert!(late.unwrap_err().message().contains("is there already"));
        holds("theirs");
    }
}
