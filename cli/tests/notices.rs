//! The owner of a node is told what happens: by a program, by an address, and each thing once.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    fs,
    io::Write,
    net::TcpListener,
    sync::{Arc, Mutex},
};

use common::{Place, read_request, say, until};
use serde_json::Value;

/// Adds a section to the home's settings.
fn notify(place: &Place, settings: &str) {
    let path = place.path().join("home/node.toml");
    let before = fs::read_to_string(&path).unwrap();
    let before = before.split("[notify]").next().unwrap();
    fs::write(&path, format!("{before}\n[notify]\n{settings}\n")).unwrap();
}

/// What a program was given as its last word, line by line.
fn told(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.path().join("told")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn motion(place: &Place, title: &str) {
    say(place, &["propose", "motion", "--title", title, "--text", "Shall we?"]);
}

const KEEP: &str = r#"command = ["/bin/sh", "-c", "echo \"$1\" >> told; cat >> json; echo >> json", "keep"]"#;

/// A community with a member.
fn found() -> Place {
    let place = Place::new();
    place.found(&["--first-close", "+12h", "--period", "12h"]);
    place
}

#[test]
fn each_thing_is_told_once_also_what_happened_meanwhile() {
    let place = found();
    notify(&place, KEEP);
    let node = place.start();
    // What was before somebody asked to be told is history.
    until("the first look", || place.path().join("home/told-command.json").exists());
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    // A round of twelve hours, something to vote on, and no ballot.
    motion(&place, "Hours");
    until("the reminder is told", || {
        told(&place).iter().any(|line| line.contains("nothing counts for Hana Novak"))
    });
    assert_eq!(told(&place).len(), 1, "{:?}", told(&place));
    let json: Value =
        serde_json::from_str(fs::read_to_string(place.path().join("json")).unwrap().lines().next().unwrap())
            .unwrap();
    assert_eq!((&json["kind"], &json["round"]), (&"closing".into(), &1.into()));
    assert_eq!(node.stop(), 0);
    // After a restart nothing is told again, and what is wrong in the settings is said at once.
    let node = place.start();
    assert!(place.run(&["notices"]).out.contains("nothing counts for Hana Novak"));
    let shown = place.json(&["notices"]);
    assert_eq!(shown["notices"].as_array().unwrap().len(), 1);
    std::thread::sleep(std::time::Duration::from_secs(7));
    assert_eq!(told(&place).len(), 1);
    place.run(&["notices", "--category", "nowhere, or"]).fails(1, "has no category");
    assert_eq!(node.stop(), 0);
    notify(&place, "webhook = \"example.org\"");
    place.run(&["run"]).fails(2, "is no address such as https://");
    notify(&place, "comand = [\"x\"]");
    place.run(&["run"]).fails(2, "unknown field `comand`");
}

#[test]
fn an_address_that_fails_is_told_again_until_it_takes_the_notice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = Arc::clone(&heard);
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let mut client = client.unwrap();
            let Some(request) = read_request(&mut client) else { continue };
            hearing.lock().unwrap().push(request);
            let status = if number == 0 { "500 No" } else { "204 Yes" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            client.write_all(answer.as_bytes()).unwrap();
        }
    });
    let place = found();
    notify(&place, &format!("webhook = \"http://{address}/hook?secret=1\""));
    let node = place.start();
    say(&place, &["admit", "founder", "--name", "Hana Novak"]);
    motion(&place, "Hours");
    until("it is told again", || heard.lock().unwrap().len() == 2);
    let bodies: Vec<Value> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|request| {
            assert!(request.starts_with("POST /hook?secret=1 HTTP/1.1\r\n"), "{request}");
            serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
        })
        .collect();
    assert_eq!((&bodies[0]["kind"], &bodies[0]), (&"closing".into(), &bodies[1]));
    assert_eq!(node.stop(), 0);
}

#[test]
fn whoever_sets_it_up_can_try_it() {
    let place = found();
    place.run(&["notices", "--try"]).fails(2, "has no [notify]");
    notify(&place, KEEP);
    assert_eq!(place.run(&["notices", "--try"]).out, "command: told\n");
    assert_eq!(told(&place), ["Notices of mutua come here"]);
    // A program does not learn the passphrase.
    notify(&place, r#"command = ["/bin/sh", "-c", "test -z \"$MUTUA_PASSPHRASE\""]"#);
    assert_eq!(place.run(&["notices", "--try"]).code, 0);
    notify(&place, r#"command = ["/bin/false"]"#);
    place.run(&["notices", "--try"]).fails(1, "'/bin/false' has failed");
    notify(&place, r#"command = ["/no/such/program"]"#);
    place.run(&["notices", "--try"]).fails(1, "cannot be run");
    notify(&place, "webhook = \"http://127.0.0.1:1/\"");
    place.run(&["notices", "--try"]).fails(1, "the webhook cannot be reached");
}
