//! A full disk stops the store with a clear error, and nothing that was acknowledged is lost.

use std::process::Command;

use super::{
    child::{listen, spawn},
    numbered::{assert_whole, newest},
    *,
};

/// Stops the child's files at 10 MiB: every system has this limit. Without the trap, the signal would
/// kill the child.
#[test]
fn a_file_that_may_not_grow_stops_the_store_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn(folder.path(), "trap '' XFSZ; ulimit -f 20480");
    let said = listen(&mut child);
    assert_full(&said);
    let store = open(folder.path()).unwrap();
    let held = assert_whole(&store, said.acknowledged);
    assert!(held <= said.acknowledged + 1 && said.acknowledged > 10);
}

/// A disk of 12 MiB in memory, for which one must be allowed to mount.
#[test]
fn a_full_disk_stops_the_store_and_loses_nothing() {
    let mountable = Command::new("unshare")
        .args(["--mount", "--map-root-user", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !mountable {
        println!("skipped: this user may not mount a disk in memory ('unshare --mount' failed)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (disk, saved) = (folder.path().join("disk"), folder.path().join("saved"));
    std::fs::create_dir(&disk).unwrap();
    // The disk ends with the child's process, so the shell that waits for it saves what is on it.
    let shell = format!(
        "[ -n \"$MUTUA_MOUNTED\" ] || exec env MUTUA_MOUNTED=1 unshare --mount --map-root-user sh -c '
             mount -t tmpfs -o size=12m none \"{disk}\" && \"$0\" \"$@\"; status=$?
             cp -R \"{disk}/store\" \"{saved}\" && exit $status' \"$0\" \"$@\"",
        disk = disk.display(),
        saved = saved.display(),
    );
    let mut child = spawn(&disk.join("store"), &shell);
    let said = listen(&mut child);
    assert_full(&said);
    let store = open(&saved).unwrap();
    let held = assert_whole(&store, said.acknowledged);
    assert!(held <= said.acknowledged + 1 && said.acknowledged > 10);
    // And it goes on.
    drop(store);
    let mut store = open(&saved).unwrap();
    let batch = super::numbered::batch(&store, held + 1);
    store.commit(batch).unwrap();
    assert_eq!(newest(&store), held + 1);
}

fn assert_full(said: &super::child::Said) {
    let error = said.failed.as_deref().unwrap_or_else(|| panic!("the child did not fail: {said:?}"));
    assert!(error.contains("no space is left for the store"), "{error}");
    assert!(said.closed, "the store could not be closed");
}
