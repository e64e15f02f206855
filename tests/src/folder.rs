//! A temporary folder that goes away when all went well.

use std::path::{Path, PathBuf};

/// A folder of its own for each test: removed at the end, and kept, with its path printed, after a panic.
#[derive(Debug)]
pub struct Folder {
    folder: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Folder {
    /// A new, empty folder.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix(&format!("mutua-{name}-"))
            .tempdir()
            .expect("the temporary folder can be written");
        let path = folder.path().to_owned();
        Self { folder: Some(folder), path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            eprintln!("the homes and logs of this test are kept in {}", folder.keep().display());
        }
    }
}
