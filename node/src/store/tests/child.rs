//! The part of this test program that runs in a process of its own, to be killed or to fill a disk.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::{numbered, *};

/// Names the folder that the child writes to; unset, `child` is no test.
const FOLDER: &str = "MUTUA_STORE_TEST_CHILD";

/// Commits numbered batches until it is killed or the store fails, and says of each when it was acknowledged.
#[test]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let mut out = std::io::stdout();
    let mut say = |line: String| {
        out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let mut store = match open(Path::new(&folder)) {
        Ok(store) => store,
        Err(error) => return say(format!("failed {error}")),
    };
    say("open".to_owned());
    for number in numbered::newest(&store) + 1.. {
        let batch = numbered::batch(&store, number);
        if let Err(error) = store.commit(batch) {
            say(format!("failed {error}"));
            // After an error nothing more is taken or given.
            assert!(matches!(store.commit(Batch::default()), Err(StoreError::Stopped { .. })));
            assert!(matches!(store.meta("newest"), Err(StoreError::Stopped { .. })));
            drop(store);
            return say("closed".to_owned());
        }
        say(format!("acknowledged {number}"));
    }
}

/// This program again as a child on this folder; `shell` runs before it in the same process, for limits.
pub(super) fn spawn(folder: &Path, shell: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("{shell}\nexec \"$0\" \"$@\"")])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "store::tests::child::child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child said until its end.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub acknowledged: u64,
    pub failed: Option<String>,
    pub closed: bool,
}

pub(super) fn listen(child: &mut Child) -> Said {
    let mut said = Said::default();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(number) = line.strip_prefix("acknowledged ") {
            said.acknowledged = number.parse().unwrap();
        } else if let Some(error) = line.strip_prefix("failed ") {
            said.failed = Some(error.to_owned());
        } else if line == "closed" {
            said.closed = true;
        }
    }
    child.wait().unwrap();
    said
}
