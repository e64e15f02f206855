//! The demo is a promise to readers: it has to work, with the small town and with a real election.

use std::{path::PathBuf, process::Command};

use mutua_tests::Turn;

/// A small election: 84 voters, 14 projects.
const ELECTION: &str = "Netherlands_Assen_2024.pb";

fn demo(arguments: &[&str]) {
    let _turn = Turn::take();
    let output = Command::new(env!("CARGO_BIN_EXE_mutua-demo"))
        .args(arguments)
        .output()
        .expect("the demo can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{told}\n{errors}", output.status);
    assert!(told.contains("Seven nodes, one outcome."), "{told}");
}

#[test]
fn the_small_town_closes_its_round_and_all_nodes_agree() {
    demo(&[]);
}

#[test]
fn a_real_election_funds_what_the_reference_funds() {
    let Some(folder) = std::env::var_os("MUTUA_PABULIB").map(PathBuf::from) else {
        println!(
            "SKIPPED: set MUTUA_PABULIB to a folder with {ELECTION} from pabulib.org and reference.json"
        );
        return;
    };
    let file = folder.join(ELECTION);
    assert!(file.is_file(), "{} is not there", file.display());
    demo(&["--election", &file.to_string_lossy()]);
}
