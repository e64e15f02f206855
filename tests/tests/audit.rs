//! The log of a real run, in the hands of somebody who trusts nobody.

use std::{fs, path::Path, time::Duration};

use mutua_protocol::records::Received;
use mutua_tests::{Community, Dice, Founding, Mutua, Printed, ballot};

/// How many damaged copies are tried.
const COPIES: usize = 40;

/// A round with a loan and three ballots, closed; the archive lies in the test's folder.
fn closed_round(name: &str) -> (Community, String) {
    let first_close = Duration::from_secs(12);
    let founding = Founding { witnesses: 1, nodes: 2, first_close, ..Founding::default() };
    let mut community = Community::found(name, founding);
    community.start_some(&[0]);
    let mut members = community.admit(3);
    let loans = community.propose(4, &mut members[0], &[600_000]);
    let votes: Vec<Received> =
        members.iter_mut().map(|member| member.say(ballot(true, &[(loans[0], 7)]))).collect();
    community.submit(0, &votes);
    community.wait_sealed(9);
    community.agreed_outcome(1);
    let archive = community.folder().path().join("log.archive").to_string_lossy().into_owned();
    community.nodes[0].mutua().ok(["log", "export", &archive]);
    (community, archive)
}

fn audit(archive: &Path) -> Printed {
    Mutua::offline().run(["audit", &archive.to_string_lossy()])
}

#[test]
fn the_audit_accepts_the_log_of_a_real_run_and_no_damaged_copy_of_it() {
    let mut dice = Dice::from_environment();
    let (community, archive) = closed_round("audit");
    let report = Mutua::offline().json(["audit", &archive]);
    assert_eq!(report["verdict"], "valid", "{report}");
    assert_eq!(report["records"], 9);
    assert_eq!(report["rounds"][0]["digest"], community.agreed_outcome(1));

    let bytes = fs::read(&archive).expect("it was exported");
    let copy = community.folder().path().join("copy.archive");
    for n in 0..COPIES {
        let mut damaged = bytes.clone();
        let place = dice.below(bytes.len());
        let what = if n % 4 == 0 {
            damaged.truncate(place);
            format!("cut off at byte {place}")
        } else {
            damaged[place] ^= 1 << dice.below(8);
            format!("a bit turned in byte {place}")
        };
        fs::write(&copy, &damaged).expect("the test's folder can be written");
        let printed = audit(&copy);
        assert!(matches!(printed.code, Some(1 | 2)), "{what} of {}: {printed}", bytes.len());
    }
    fs::write(&copy, &bytes).expect("the test's folder can be written");
    assert_eq!(audit(&copy).code, Some(0), "the undamaged copy is as good as the original");
}

#[test]
fn a_node_that_knows_nobody_computes_the_same_from_an_imported_log() {
    let (mut community, archive) = closed_round("import");
    let (head, digest) = (community.nodes[0].status().head, community.agreed_outcome(1));
    assert!(community.nodes[0].terminate().success());
    community.nodes[1].start();
    community.nodes[1].mutua().ok(["log", "import", &archive]);
    assert_eq!(community.nodes[1].status().head, head);
    assert_eq!(community.nodes[1].digest(1), Ok(digest));
}
