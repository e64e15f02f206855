//! Where a passphrase comes from.

use std::{ffi::OsString, io};

use super::*;

fn no_prompt() -> io::Result<String> {
    panic!("nobody should be asked")
}

fn resolved(file: Option<&Path>, variable: Option<&str>) -> Result<Passphrase, KeystoreError> {
    Passphrase::resolve_with(file, variable.map(OsString::from), no_prompt)
}

#[test]
fn a_named_file_comes_before_the_variable_and_that_before_the_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    std::fs::write(&file, "from the file\r\nsecond line\n").unwrap();
    set_mode(&file, 0o640);
    assert_eq!(resolved(Some(&file), Some("variable")).unwrap().bytes(), b"from the file");
    assert_eq!(resolved(None, Some("variable")).unwrap().bytes(), b"variable");
    let asked = Passphrase::resolve_with(None, None, || Ok("typed".to_owned())).unwrap();
    assert_eq!(asked.bytes(), b"typed");
}

#[test]
fn a_file_that_everybody_may_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    std::fs::write(&file, "open").unwrap();
    set_mode(&file, 0o644);
    let error = resolved(Some(&file), None).unwrap_err().to_string();
    assert!(error.contains("644") && error.contains("chmod 600"), "{error}");
}

#[test]
fn empty_missing_and_overlong_passphrases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    assert!(matches!(resolved(Some(&file), Some("x")), Err(KeystoreError::Io { .. })));
    std::fs::write(&file, "\n").unwrap();
    set_mode(&file, 0o600);
    assert!(matches!(resolved(Some(&file), Some("x")), Err(KeystoreError::EmptyPassphrase(_))));
    std::fs::write(&file, "x".repeat(5000)).unwrap();
    assert!(matches!(resolved(Some(&file), None), Err(KeystoreError::Io { .. })));
    assert!(matches!(resolved(None, Some("")), Err(KeystoreError::EmptyPassphrase(_))));
    let error = Passphrase::resolve_with(None, None, || Err(io::Error::other("this is no terminal")));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("no terminal") && error.contains("MUTUA_PASSPHRASE"), "{error}");
}

#[test]
fn a_passphrase_is_never_printed() {
    assert!(!format!("{:?}", passphrase("geheim")).contains("geheim"));
}
