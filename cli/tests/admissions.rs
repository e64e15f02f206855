//! Many members from a table: all or nothing is signed, and nobody is admitted twice.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{fs, process::Stdio};

use common::{Place, say, until};
use mutua_protocol::keys::SecretKey;

fn key(number: u16) -> String {
    let mut seed = [9; 32];
    seed[..2].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_seed(&seed).public().to_string()
}

#[test]
fn a_bad_line_anywhere_admits_nobody_and_every_fault_is_told() {
    let place = Place::new();
    place.found(&["--groups", "customers,staff"]);
    let node = place.start();
    let founder = place.json(&["key", "show", "founder"])["public"].as_str().unwrap().to_owned();
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    place.json(&["key", "new", "alma", "--throw-away"]);
    let old = place.json(&["key", "show", "alma"])["public"].as_str().unwrap().to_owned();
    say(&place, &["admit", "alma", "--name", "Alma Reyes"]);
    say(&place, &["key", "rotate", "alma-2", "--as", "alma"]);
    let members = place.json(&["members"]).as_array().unwrap().len();

    let good = key(1);
    let table = place.file(
        "bad.csv",
        format!(
            "key;name;weight;group\n{good};Ada;2;staff\n{good};Ada again;2;staff\nabcd;Bo;x;nobody\n{};;0;staff\n{founder};Hana;1;staff\n\
             {old};Alma;1;staff\n{};Cy;1,5;staff\n{};Di;;staff\n{};Ed;1;\n",
            key(2),
            key(3),
            key(4),
            key(5)
        ),
    );
    for arguments in [&["admit", "--batch", &table][..], &["admit", "--batch", &table, "--dry-run"]] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        let told = ran.out + &ran.err;
        for says in [
            "line 3, key: is in line 2 already",
            "line 4, key: 'abcd' is no public key",
            "line 4, weight: 'x' is no whole number",
            "line 4, group: the charter has no group 'nobody'",
            "line 5, name: name is empty",
            "line 6, key: is that of a member already: 'Hana Novak'",
            "line 7, key: was replaced by",
            "line 8, weight: '1,5' is no whole number",
            "line 5, weight: weight is 0",
            "line 9, weight: is empty: write a whole number",
            "line 10, group: is empty: name one of the charter's groups (customers, staff)",
            "8 lines",
            "Nothing is signed as long as a line is wrong",
        ] {
            assert!(told.contains(says), "{says} is not told: {told}");
        }
    }
    place
        .run(&["admit", "--batch", &place.file("no.csv", "who,name\nx,y\n")])
        .fails(2, "lacks the columns key");
    place.run(&["admit", "--batch", &table, "--name", "x"]).fails(2, "cannot be used with");
    place.all_sealed();
    assert_eq!(place.json(&["members"]).as_array().unwrap().len(), members);
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_table_goes_out_and_comes_back_and_nobody_is_admitted_twice() {
    const MEMBERS: u16 = 1_500;
    let place = Place::new();
    place.found(&["--groups", "customers,staff"]);
    let node = place.start();
    let names = ["Ada", "\"Bo, the Younger\"", "\"Cy \"\"the\"\" Third\"", "'=Dee"];
    let lines: String = (0..MEMBERS)
        .map(|number| {
            let group = if number % 3 == 0 { "staff" } else { "customers" };
            format!("{},{},{group},{}\n", key(number), names[usize::from(number % 4)], number % 7 + 1)
        })
        .collect();
    let table = place.file("members.csv", format!("key,name,group,weight\n{lines}"));
    let dry = place.json(&["admit", "--batch", &table, "--dry-run"]);
    assert_eq!(dry["admissions"].as_array().unwrap().len(), usize::from(MEMBERS));
    assert_eq!(place.json(&["members"]).as_array().unwrap().len(), 0);
    // Killed as soon as all of it is signed, whatever was handed in by then.
    let mut command = place.command();
    command.args(["admit", "--batch", &table]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let outbox = place.path().join("home/outbox");
    until("all is signed", || {
        fs::read_dir(&outbox)
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|found| found == "batch" || found == "past"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    for _ in 0..2 {
        let ran = place.run(&["admit", "--batch", &table]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        place.all_sealed();
        assert_eq!(place.json(&["members"]).as_array().unwrap().len(), usize::from(MEMBERS));
    }
    let status = place.status();
    assert_eq!(
        (&status["records"], &status["forks"]),
        (&MEMBERS.into(), &0.into()),
        "nobody was admitted twice"
    );

    let out = place.run(&["members", "--csv"]).out;
    assert!(
        out.contains("\"Bo, the Younger\",\"customers\"") && out.contains("\"'=Dee\""),
        "{}",
        &out[..500]
    );
    let exported = place.file("exported.csv", &out);
    let again = place.json(&["admit", "--batch", &exported, "--dry-run"]);
    assert_eq!(
        again["stands"].as_array().unwrap().len(),
        usize::from(MEMBERS),
        "what is exported is what is there"
    );
    assert_eq!(node.stop(), 0);
}
