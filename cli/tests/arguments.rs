//! What is said about a proposal, with a real node, by the command line alone.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Place, say_id};
use serde_json::{Value, json};

#[test]
fn members_argue_ask_answer_and_endorse_and_a_moderator_hides() {
    let place = Place::new();
    place.found(&["--first-close", "+1h", "--period", "1h"]);
    let node = place.start();
    say_id(&place, &["admit", "founder", "--name", "Hana Novak"]);
    place.json(&["key", "new", "alma", "--throw-away"]);
    say_id(&place, &["admit", "alma", "--name", "Alma Reyes", "--weight", "3"]);
    let founder: &[&str] = &["--as", "founder"];
    let alma: &[&str] = &["--as", "alma"];
    let as_founder = |words: &[&str]| say_id(&place, &[words, founder].concat());
    let as_alma = |words: &[&str]| say_id(&place, &[words, alma].concat());
    let hours = as_founder(&["propose", "motion", "--title", "Hours", "--text", "Longer?"]);

    let quiet = place.run(&["arguments", &hours]);
    assert!(quiet.out.contains("Nobody has said anything yet"), "{}", quiet.out);
    let for_it = as_founder(&["argue", &hours[..8], "--for", "People work\nuntil six."]);
    let against = as_alma(&["argue", &hours, "--against", "Who pays for the light and the heating?"]);
    let asked = as_alma(&["argue", &hours, "--ask", "From when on?"]);
    as_founder(&["argue", &against, "--against", "The shop next door lends us its lamps."]);
    let waiting = place.json(&["status"]);
    assert_eq!((&waiting["questions_count"], &waiting["questions"][0]["id"]), (&json!(1), &json!(asked)));
    assert_eq!(waiting["waiting"][0]["about"], json!({ "question": asked }));
    let told = place.run(&["status"]).out;
    assert!(told.contains("Questions that wait for your answer: 1"), "{told}");

    place
        .run(&["argue", &hours, "--answer", "Soon", "--as", "founder"])
        .fails(2, "is a proposal; answer a question");
    place
        .run(&["argue", &for_it, "--answer", "Soon", "--as", "founder"])
        .fails(2, "only questions are answered");
    place.run(&["argue", &hours, "--for", " ", "--as", "founder"]).fails(2, "text is empty");
    place
        .run(&["argue", "ffffffff", "--for", "x", "--as", "founder"])
        .fails(1, "there is no proposal ffffffff");
    place.run(&["argue", &hours, "--for", "x", "--against", "y"]).fails(2, "cannot be used with");
    place.run(&["argue", &hours, "--as", "founder"]).fails(2, "required");

    as_alma(&["endorse", &for_it[..8]]);
    place.run(&["endorse", &for_it, "--as", "alma"]).fails(1, "has endorsed this argument already");
    place.run(&["endorse", &against, "--as", "alma"]).fails(1, "is the author's own");
    place.run(&["endorse", &against, "--withdraw", "--as", "founder"]).fails(1, "has not endorsed");

    let thread = place.json(&["arguments", &hours]);
    let counts =
        json!({ "in_favour": 1, "against": 1, "questions": 1, "answers": 0, "replies": 1, "hidden": 0 });
    assert_eq!((&thread["tally"], &thread["open_questions"]), (&counts, &json!(1)));
    let said: Vec<&Value> = thread["arguments"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 4);
    assert_eq!(said[0]["text"], "People work\nuntil six.");
    assert_eq!(said[0]["endorsements"], json!({ "heads": 1, "weight": 3 }));
    assert_eq!(said[3]["reply_to"], json!(against));
    let wide = place.run(&["arguments", &hours, "--width", "120"]).out;
    let sides = wide.lines().find(|line| line.contains(&for_it[..8])).unwrap();
    assert!(sides.contains(&against[..8]) && sides.contains(" | "), "side by side: {wide}");
    assert!(wide.contains("[endorsed by 1, weight 3]"), "{wide}");
    assert!(wide.contains("[waits for an answer]"), "{wide}");
    let narrow = place.run(&["arguments", &hours, "--width", "44"]).out;
    assert!(narrow.lines().all(|line| line.chars().count() <= 44), "{narrow}");
    assert!(!narrow.contains(" | "), "{narrow}");
    let listed = place.run(&["proposals"]).out;
    assert!(listed.contains("+1 -1 1?"), "{listed}");

    // A key file that cannot be read is no reason to say nothing of the node.
    let broken = place.path().join("home/keys/broken.key");
    std::fs::write(&broken, "no key").unwrap();
    assert_eq!(place.run(&["status"]).code, 0);
    std::fs::remove_file(broken).unwrap();

    // The owner answers; the question waits no longer.
    as_founder(&["argue", &asked, "--answer", "From January on."]);
    assert_eq!(place.status()["questions_count"], 0);
    let second = as_alma(&["argue", &asked, "--ask", "On Sundays, too?"]);
    as_founder(&["respond", &second[..8], "--status", "declined", "--reason", "Nobody works on Sundays"]);
    assert_eq!(
        (&place.status()["questions_count"], &place.status()["waiting_count"]),
        (&json!(0), &json!(0))
    );
    place.run(&["respond", &for_it, "--status", "done", "--reason", "x"]).fails(2, "is no question");
    let told = place.run(&["arguments", &hours]).out;
    assert!(told.contains("The board, declined: Nobody works on Sundays"), "{told}");
    assert!(told.contains("From January on."), "{told}");

    // Hidden, with the reason; the log keeps the text.
    place.run(&["moderate", &against, "--hide", "--reason", "x", "--as", "alma"]).fails(1, "role");
    as_founder(&["moderate", &against, "--hide", "--reason", "It is about the neighbours"]);
    let told = place.run(&["arguments", &hours]).out;
    assert!(told.contains("It is about the neighbours") && !told.contains("heating"), "{told}");
    assert!(told.contains("1 of all these is hidden"), "{told}");
    let hidden = place.json(&["arguments", &hours])["arguments"][1].clone();
    assert_eq!((&hidden["hidden"], &hidden["text"]), (&json!(true), &Value::Null));
    assert_eq!(
        place.json(&["arguments", &hours, "--hidden"])["arguments"][1]["text"],
        "Who pays for the light and the heating?"
    );
    place.run(&["moderate", &against, "--hide", "--reason", "x"]).fails(1, "hidden already");
    as_founder(&["moderate", &against, "--show", "--reason", "They have agreed"]);
    let shown = place.json(&["arguments", &hours])["arguments"][1].clone();
    assert_eq!((&shown["hidden"], shown["moderations"].as_array().unwrap().len()), (&json!(false), 2));
    assert_eq!(place.run(&["log", "export", "log.archive"]).code, 0);
    assert_eq!(place.json(&["audit", "log.archive"])["verdict"], "valid");
    assert_eq!(node.stop(), 0);
}
