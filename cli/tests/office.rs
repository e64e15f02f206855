//! The back office: what waits for an attestor, and the documents behind an attestation.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say_id};
use serde_json::{Value, json};

fn propose(place: &Place, title: &str, more: &[&str]) -> String {
    let usual = [
        "propose",
        "loan",
        "--title",
        title,
        "--borrower",
        "Mill Street Bakery",
        "--purpose",
        "A test.",
        "--amount",
        "6000",
        "--term",
        "24",
        "--rate",
        "3.5%",
    ];
    say_id(place, &[&usual, more].concat())
}

fn attest(place: &Place, loan: &str, valid: &str, more: &[&str]) -> String {
    let usual = [
        "attest",
        loan,
        "--grade",
        "2",
        "--default",
        "1.5%",
        "--loss",
        "40%",
        "--greatest",
        "8000",
        "--outlook",
        "70",
        "--valid",
        valid,
    ];
    say_id(place, &[&usual, more].concat())
}

fn tasks(place: &Place, more: &[&str]) -> Value {
    let queue = place.json(&[&["attest", "--queue"], more].concat());
    let entries = queue["entries"].as_array().unwrap();
    entries.iter().map(|entry| json!([entry["task"], entry["title"]])).collect()
}

#[test]
fn the_queue_says_what_waits_for_me() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    say_id(&place, &["admit", "founder", "--name", "Hana Novak"]);
    assert!(place.run(&["attest", "--queue"]).out.contains("Nothing waits."));
    let oven = propose(&place, "Oven, second", &[]);
    let roof = propose(&place, "=Roof", &[]);
    assert_eq!(tasks(&place, &[]), json!([["new", "Oven, second"], ["new", "=Roof"]]));
    attest(&place, &oven, "+90d", &[]);
    let on_roof = attest(&place, &roof, "+40d", &[]);
    assert_eq!(tasks(&place, &[]), json!([]));
    assert_eq!(tasks(&place, &["--within", "60d"]), json!([["renew", "=Roof"]]));
    say_id(&place, &["amend", &oven, "--amount", "6500"]);
    say_id(&place, &["revoke", &on_roof, "--reason", "The security was sold"]);
    assert_eq!(tasks(&place, &[]), json!([["amended", "Oven, second"], ["revoked", "=Roof"]]));
    let told = place.run(&["attest", "--queue"]);
    for says in
        ["Hana Novak", "1 of 1 attestors", "amended since", "you took your word back: The security was sold"]
    {
        assert!(told.out.contains(says), "no '{says}' in {}", told.out);
    }
    // A table for a spreadsheet, in which nothing is a formula.
    let table = place.run(&["attest", "--queue", "--csv"]).out;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("task,due,title,") && lines[0].ends_with(",reasons,documents"));
    assert!(lines[1].contains(",\"Oven, second\",\"Mill Street Bakery\","), "{table}");
    assert!(lines[2].contains(",\"'=Roof\","), "{table}");
    assert_eq!(lines[2].split(',').count(), lines[0].split(',').count());

    // It signs nothing, so it asks for no passphrase, and it is for attestors.
    let mut command = place.command();
    command.env_remove("MUTUA_PASSPHRASE").args(["attest", "--queue"]);
    assert!(command.output().unwrap().status.success());
    let key = place.json(&["key", "new", "bob", "--throw-away"])["public"].as_str().unwrap().to_owned();
    place.run(&["attest", "--queue", "--as", "bob"]).fails(1, "is no attestor's key");
    place.run(&["attest", "--queue", "--as", &key]).fails(1, "is no attestor's key");
    place.run(&["attest", "--queue", &oven]).fails(2, "cannot be used with");
    place.run(&["attest", "--queue", "--within", "soon"]).fails(2, "write a duration");
    place.run(&["attest", "--all"]).fails(2, "--queue");
    place.run(&["attest", &oven, "--grade", "2"]).fails(2, "--default");
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_document_is_found_where_it_is_named_and_nowhere_else() {
    let place = Place::new();
    let books = place.file("books.pdf", "assets 5, debts 3");
    let plan = place.file("plan.pdf", "bake more");
    let other = place.file("other.pdf", "assets 5, debts 4");
    place.run(&["document", "verify", &books]).fails(2, "");
    let hash = place.json(&["document", "hash", &books, &plan])[0]["hash"].as_str().unwrap().to_owned();
    place.found(&[]);
    place.run(&["document", "verify", &books]).fails(3, "");
    let node = place.start();
    say_id(&place, &["admit", "founder", "--name", "Hana Novak"]);
    let oven = propose(&place, "Oven", &["--document", &plan]);
    let first = attest(&place, &oven, "+90d", &["--document", &books]);

    let found = place.json(&["document", "verify", &books]);
    assert_eq!(found["files"][0]["hash"], hash.as_str());
    assert_eq!(found["files"][0]["named_by"][0]["attestation"], first.as_str());
    let both = place.json(&["document", "verify", &books, &plan, "--proposal", &oven[..8]]);
    assert_eq!(both["files"][1]["named_by"][0]["attestation"], Value::Null);
    assert_eq!(both["without_file"], json!([]));
    let unknown = place.run(&["document", "verify", &other, &books]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.out.contains("UNKNOWN  ") && unknown.out.contains("other.pdf"), "{}", unknown.out);
    let missing = place.run(&["document", "verify", &books, "--proposal", &oven]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.out.contains("NO FILE  ") && missing.out.contains("the terms of 'Oven'"),
        "{}",
        missing.out
    );
    place.run(&["document", "verify", "nothing.pdf"]).fails(2, "cannot be read");
    // What may have no end.
    place.run(&["document", "hash", "/dev/zero"]).fails(2, "only files can be documents");
    place.run(&["document", "hash", "."]).fails(2, "only files can be documents");

    // What was attested before is found where the loan is named, and said not to count.
    attest(&place, &oven, "+90d", &[]);
    assert_eq!(place.run(&["document", "verify", &books]).code, 1);
    let past = place.run(&["document", "verify", &books, &plan, "--proposal", &oven]);
    assert_eq!(past.code, 0);
    assert!(past.out.contains("it does not count: its author replaced it"), "{}", past.out);
    assert_eq!(node.stop(), 0);
}
