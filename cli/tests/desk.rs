//! The desk: what the owner's page has said, with a real node and real keys.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use common::{Place, until};
use serde_json::{Value, json};

/// Asks the node's API, and returns the status with the answer.
fn ask(place: &Place, token: Option<&str>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let running: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path().join("home/api.json")).unwrap()).unwrap();
    let address = running["api"].as_str().unwrap();
    let body = body.to_string();
    let token = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[test]
fn a_page_says_what_a_command_could_and_nothing_else() {
    let place = Place::new();
    place.found(&["--first-close", "+1h", "--period", "1h"]);
    let node = place.start();
    let (_, token) = node.api();
    let get = |path| ask(&place, Some(&token), "GET", path, &Value::Null);
    let act = |words: &[&str], passphrase: &str| {
        ask(&place, Some(&token), "POST", "/v1/desk", &json!({ "words": words, "passphrase": passphrase }))
    };
    let right = "correct horse";

    // Also those that were made while the node runs.
    place.json(&["key", "new", "second", "--throw-away"]);
    let (status, keys) = get("/v1/own-keys");
    let labels: Vec<_> = keys.as_array().unwrap().iter().map(|key| &key["label"]).collect();
    assert_eq!((status, labels), (200, vec![&json!("founder"), &json!("second")]), "{keys}");

    let (status, done) = act(&["admit", "founder", "--name=--for a 'name' $(with) \"everything\""], right);
    assert_eq!(status, 200, "{done}");
    assert_eq!(done["answer"]["kind"], "admit");
    place.all_sealed();
    let (status, done) =
        act(&["propose", "motion", "--title=Hours", "--text=Longer?\n<b>On</b> Saturdays?"], right);
    assert_eq!(status, 200, "{done}");
    let hours = done["answer"]["id"].as_str().unwrap().to_owned();
    place.all_sealed();
    let (status, done) = act(&["vote", &format!("{hours}=yes"), "--as=founder"], right);
    assert_eq!((status, &done["answer"]["ballot"]["answers"][0]["choice"]), (200, &json!("yes")), "{done}");
    place.all_sealed();
    assert_eq!(
        place.json(&["proposals", &hours])["subject"]["motion"]["text"],
        "Longer?\n<b>On</b> Saturdays?"
    );

    // Each error by its kind, in the command's words.
    for (words, passphrase, wanted, says) in [
        (&["vote", "ffffffff=yes"][..], right, 409, "ffffffff"),
        (&["vote", "nonsense"], right, 400, "nonsense"),
        (&["vote"], right, 400, "required"),
        (&[], right, 400, "Usage"),
        (&["vote", &format!("{hours}=no")], "wrong", 403, "passphrase"),
        (&["vote", &format!("{hours}=no")], "", 403, "passphrase"),
        (&["vote", &format!("{hours}=no"), "--as=nobody"], right, 403, "nobody"),
        (&["vote", "a\0b=no"], right, 400, "zero byte"),
        // What is not for a page.
        (&["key", "new", "another"], right, 400, "for the terminal"),
        (&["run"], right, 400, "for the terminal"),
        (&["log", "export", "stolen.log"], right, 400, "for the terminal"),
        (&["leave"], right, 400, "for the terminal"),
        (&["vote", "--fresh", "--unsigned", "file"], right, 400, "for the terminal"),
        (&["vote", "--fresh", "--unsigned=file"], right, 400, "for the terminal"),
        (&["--home", "/", "vote", "--fresh"], right, 400, "for the terminal"),
        (&["vote", "--fresh", "--passphrase-file=x"], right, 400, "for the terminal"),
        (&["attest", "--batch=file.csv"], right, 400, "for the terminal"),
        (
            &["propose", "charter", "home/charter.json", "--title=x", "--purpose=y"],
            right,
            400,
            "for the terminal",
        ),
        (&["propose", "--as=founder", "charter", "home/charter.json"], right, 400, ""),
        (
            &[
                "attest",
                &hours,
                "--grade=1",
                "--default=1%",
                "--loss=40%",
                "--greatest=1",
                "--outlook=1",
                "--valid=+1d",
                "--document=home/api-token",
            ],
            right,
            400,
            "for the terminal",
        ),
        (&["amend", &hours, "--charter", "home/charter.json"], right, 400, "for the terminal"),
    ] {
        let (status, problem) = act(words, passphrase);
        assert_eq!(status, wanted, "{words:?}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{words:?}: {problem}");
    }
    let many = vec!["a"; 2_001];
    assert_eq!(act(&many, right).0, 400);
    assert_eq!(act(&["argue", &hours, &format!("--for={}", "x".repeat(257 << 10))], right).0, 400);
    for malformed in [json!({}), json!([]), json!({ "words": ["vote"], "passphrase": right, "more": 1 })] {
        assert!(matches!(ask(&place, Some(&token), "POST", "/v1/desk", &malformed).0, 400 | 422));
    }
    for stranger in [None, Some("0")] {
        let vote = json!({ "words": ["vote", format!("{hours}=no")], "passphrase": right });
        assert_eq!(ask(&place, stranger, "POST", "/v1/desk", &vote).0, 401);
        assert_eq!(ask(&place, stranger, "GET", "/v1/own-keys", &vote).0, 401);
    }
    // Nothing of all this changed the vote.
    let key = place.json(&["proposals", &hours])["owner"].as_str().unwrap().to_owned();
    assert_eq!(get(&format!("/v1/ballots/{key}")).1["newest"]["ballot"]["answers"][0]["choice"], "yes");
}

#[test]
fn two_pages_at_once_never_sign_one_number_twice() {
    let place = Place::new();
    place.found(&["--first-close", "+1h", "--period", "1h"]);
    let node = place.start();
    let (_, token) = node.api();
    let act = |words: Vec<String>| {
        ask(
            &place,
            Some(&token),
            "POST",
            "/v1/desk",
            &json!({ "words": words, "passphrase": "correct horse" }),
        )
    };
    assert_eq!(act(vec!["admit".into(), "founder".into(), "--name=Hana".into()]).0, 200);
    place.all_sealed();
    std::thread::scope(|scope| {
        let acts: Vec<_> = (0..6)
            .map(|number| {
                let words = vec![
                    "propose".into(),
                    "motion".into(),
                    format!("--title=Motion {number}"),
                    "--text=?".into(),
                ];
                scope.spawn(move || act(words))
            })
            .collect();
        let mut numbers: Vec<u64> = acts
            .into_iter()
            .map(|act| {
                let (status, done) = act.join().unwrap();
                assert_eq!(status, 200, "{done}");
                done["answer"]["sequence"].as_u64().unwrap()
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (2..8).collect::<Vec<u64>>());
    });
    until("all are sealed", || place.json(&["proposals"]).as_array().is_some_and(|all| all.len() == 6));
}

#[test]
fn a_desk_with_no_room_says_so_at_once_and_a_node_stops_with_commands_under_way() {
    let place = Place::new();
    place.found(&["--first-close", "+1h", "--period", "1h"]);
    let node = place.start();
    let (_, token) = node.api();
    place.json(&["admit", "founder", "--name", "Hana"]);
    place.all_sealed();
    // Whoever holds the key's lock keeps commands waiting.
    let keys = mutua_node::keystore::Keystore::open(place.path().join("home/keys")).unwrap();
    let lock = keys.lock("founder", std::time::Duration::from_secs(1)).unwrap();
    let words =
        json!({ "words": ["propose", "motion", "--title=Hours", "--text=?"], "passphrase": "correct horse" });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Nobody is told what became of those: the node stops first.
            scope.spawn(|| {
                let _ = std::panic::catch_unwind(|| ask(&place, Some(&token), "POST", "/v1/desk", &words));
            });
        }
        until("the desk is full", || {
            let (status, problem) = ask(
                &place,
                Some(&token),
                "POST",
                "/v1/desk",
                &json!({ "words": ["vote", "abcd=1", "--as=nobody"], "passphrase": "?" }),
            );
            status == 503 && problem["detail"].as_str().unwrap().contains("was not begun")
        });
        // The rest of the API goes on.
        assert_eq!(ask(&place, Some(&token), "GET", "/v1/status", &Value::Null).0, 200);
        let begun = std::time::Instant::now();
        assert_eq!(node.stop(), 0);
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(30),
            "it does not wait for them: {:?}",
            begun.elapsed()
        );
        drop(lock);
    });
}
