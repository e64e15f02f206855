//! Files that are whole or not there, and that nobody else may read.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use super::KeystoreError;

/// Greatest size of a key file; ours have about 700 bytes.
const FILE_BYTES: u64 = 16 << 10;

/// Makes the folder if it is not there, and refuses one that others may look into.
pub(super) fn private_folder(path: &Path) -> Result<(), KeystoreError> {
    let failed = |error| KeystoreError::io(path, "opened", error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(failed)?;
    refuse_mode(path, &fs::metadata(path).map_err(failed)?, 0o077, 0o700)
}

/// Reads a file, which nobody but its owner may.
pub(super) fn read_private(path: &Path) -> Result<Vec<u8>, KeystoreError> {
    let failed = |error| KeystoreError::io(path, "read", error);
    let file = File::open(path).map_err(failed)?;
    // Asked of the opened file, so that it cannot be another in between.
    refuse_mode(path, &file.metadata().map_err(failed)?, 0o077, 0o600)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(KeystoreError::unreadable(path, "it is too long"));
    }
    Ok(bytes)
}

/// Writes a file of mode 0600: under another name first, synced, then renamed, then the folder synced. What had
/// the name is replaced, so the caller, who holds the folder's lock, has looked.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeystoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let failed = |error| KeystoreError::io(&new, "written", error);
    // Left over from a crash, and only ours: the folder is locked.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&new).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(failed(error));
    }
    if let (true, Some(folder)) = (cfg!(unix), path.parent()) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| KeystoreError::io(folder, "synced", error))?;
    }
    Ok(())
}

/// Refuses a file or folder that has any of these bits of its mode set. Where there are no modes, nothing is refused.
pub(super) fn refuse_mode(
    path: &Path,
    metadata: &Metadata,
    refused: u32,
    wanted: u32,
) -> Result<(), KeystoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & refused != 0 {
            return Err(KeystoreError::Exposed { path: path.to_path_buf(), mode, wanted });
        }
    }
    #[cfg(not(unix))]
    let _ = (path, metadata, refused, wanted);
    Ok(())
}
