//! Passphrases, and where they come from.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

use super::KeystoreError;

/// The environment variable of unattended nodes.
pub const PASSPHRASE_VARIABLE: &str = "MUTUA_PASSPHRASE";

/// Greatest length: a few pages, so that a wrong file is noticed.
const LENGTH: usize = 4096;

/// A passphrase: wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(not shown)")
    }
}

impl Passphrase {
    /// This text as a passphrase.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The passphrase from the file, if one was named; else from the variable [`PASSPHRASE_VARIABLE`], if it
    /// is set; else from `prompt`.
    ///
    /// # Errors
    /// [`KeystoreError::Exposed`] for a file that everybody may read, [`KeystoreError::EmptyPassphrase`],
    /// and others when it cannot be read.
    pub fn resolve(
        file: Option<&Path>,
        prompt: impl FnOnce() -> io::Result<String>,
    ) -> Result<Self, KeystoreError> {
        Self::resolve_with(file, std::env::var_os(PASSPHRASE_VARIABLE), prompt)
    }

    pub(super) fn resolve_with(
        file: Option<&Path>,
        variable: Option<OsString>,
        prompt: impl FnOnce() -> io::Result<String>,
    ) -> Result<Self, KeystoreError> {
        let (from, text) = if let Some(path) = file {
            ("the passphrase file", read(path)?)
        } else if let Some(variable) = variable {
            let text = variable.into_string().map_err(|_| {
                KeystoreError::NoPassphrase(format!(
                    "{PASSPHRASE_VARIABLE} holds something that is not UTF-8 text"
                ))
            })?;
            (PASSPHRASE_VARIABLE, Zeroizing::new(text))
        } else {
            let text = prompt().map_err(|error| KeystoreError::NoPassphrase(error.to_string()))?;
            ("the prompt", Zeroizing::new(text))
        };
        if text.is_empty() { Err(KeystoreError::EmptyPassphrase(from)) } else { Ok(Self(text)) }
    }
}

/// The first line of a file that not everybody may read.
fn read(path: &Path) -> Result<Zeroizing<String>, KeystoreError> {
    let failed = |error| KeystoreError::io(path, "read", error);
    let file = File::open(path).map_err(failed)?;
    // A group may: services are given their secrets so.
    super::files::refuse_mode(path, &file.metadata().map_err(failed)?, 0o007, 0o600)?;
    // Reserved at once: what grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LENGTH + 1));
    file.take(LENGTH as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() > LENGTH {
        let error = io::Error::new(io::ErrorKind::InvalidData, "it is too long to be a passphrase");
        return Err(failed(error));
    }
    let line = text.lines().next().unwrap_or("");
    Ok(Zeroizing::new(line.to_owned()))
}
