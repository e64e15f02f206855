//! The API keeps what its document promises: requests by chance, right and wrong ones, from the document that the node
//! itself serves, against a community in which something has happened.
//!
//! `MUTUA_SCHEMATHESIS` names the program that makes them (`scripts/api-test` installs it and sets this).

use std::{path::Path, process::Command, time::Duration};

use mutua_protocol::{
    hash::RecordId,
    records::{Body, Direction, On, Received, Stance},
};
use mutua_tests::{Api, Community, Founding, approval, ballot, eventually, loan, motion};
use serde_json::Value;

/// Requests by chance for each operation.
const EXAMPLES: &str = "25";

/// The same requests each time.
const SEED: &str = "6";

/// What is as well-formed as the document asks may still be refused for what it says: a ballot for a proposal that there is
/// not. And the stream of events does not end.
const LEFT_OUT: [&str; 4] = ["--exclude-checks", "positive_data_acceptance", "--exclude-path", "/v1/events"];

/// Where the document asks for an object, serde also takes an array of its fields, in bodies.
const LENIENT: &str = r#"
[[operations]]
include-method = "POST"
checks.negative_data_rejection.enabled = false
"#;

struct Scene {
    community: Community,
    member: String,
    loan: RecordId,
    ballot: RecordId,
}

/// One node, with a closed round, a loan that it funded, arguments and a motion.
fn scene() -> Scene {
    let first_close = Duration::from_secs(25);
    let founding = Founding { witnesses: 1, nodes: 1, first_close, ..Founding::default() };
    let mut community = Community::found("contract", founding);
    community.start();
    let mut members = community.admit(3);
    let (direction, source) = (Direction::In, "savings".to_owned());
    let mut said =
        vec![community.operator.say(Body::Fund { direction, amount: 900_000, source, purpose: None })];
    let subject = loan("An oven", 400_000);
    let proposed = members[0].say(Body::Propose(subject.clone()));
    said.push(proposed.clone());
    let asked = members[2].say(Body::Propose(motion("Longer hours")));
    said.push(asked.clone());
    submit(&community, &said);
    let on = On::Proposal(proposed.id);
    let argue = |stance, text: &str| Body::Argue { on, stance, text: text.to_owned() };
    let said = [
        community.operator.say(approval(proposed.id, &subject)),
        members[1].say(argue(Stance::For, "It sells out by nine.")),
        members[2].say(argue(Stance::Question, "Who repairs it?")),
    ];
    submit(&community, &said);
    let cast = members[1].say(ballot(false, &[(proposed.id, 2)]));
    submit(&community, std::slice::from_ref(&cast));
    let api = community.nodes[0].api();
    eventually("the round closes", || match api.get("/v1/outcomes/latest") {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    Scene { member: members[1].key().to_string(), loan: proposed.id, ballot: cast.id, community }
}

fn submit(community: &Community, records: &[Received]) {
    let before = community.nodes[0].status().records;
    community.submit(0, records);
    community.wait_sealed(before + records.len() as u64);
}

/// Sends requests by chance until they are through, and fails with what was found.
fn try_out(program: &str, api: &Api, home: &Path, known: &[(&str, &str)]) {
    let folder = home.join("schemathesis");
    std::fs::create_dir_all(&folder).expect("the home can be written");
    let token = std::fs::read_to_string(home.join("api-token")).expect("the node has a token");
    let (mode, seconds) = if known.is_empty() { ("all", "40") } else { ("positive", "15") };
    let known: String = known.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect();
    let settings = format!("{LENIENT}\n[parameters]\n{known}");
    let config = folder.join("schemathesis.toml");
    std::fs::write(&config, settings).expect("the folder can be written");
    let ran = Command::new(program)
        .arg("--config-file")
        .arg(&config)
        .args(["run", &format!("{}/v1/openapi.json", api.base())])
        .args(["--header", &format!("Authorization: Bearer {}", token.trim())])
        .args(["--phases", "coverage,fuzzing", "--mode", mode, "--max-examples", EXAMPLES, "--seed", SEED])
        .args([
            "--generation-database",
            "none",
            "--max-time",
            seconds,
            "--request-timeout",
            "30",
            "--no-color",
        ])
        .args(LEFT_OUT)
        .current_dir(&folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}\n{}", String::from_utf8_lossy(&ran.stderr));
    println!("{told}");
}

#[test]
#[ignore = "scripts/api-test installs what it needs, and runs it"]
fn the_api_does_what_its_document_says() {
    let program = std::env::var("MUTUA_SCHEMATHESIS")
        .expect("MUTUA_SCHEMATHESIS names the program: scripts/api-test installs it and sets this");
    let Scene { community, member, loan, ballot } = scene();
    let node = &community.nodes[0];
    let document: Value = node.api().get("/v1/openapi.json").expect("the node serves its document");
    assert_eq!(document["openapi"], "3.1.0");
    try_out(&program, node.api(), node.home(), &[]);
    let (loan, ballot) = (loan.to_string(), ballot.to_string());
    for (round, id) in [("latest", &loan), ("current", &ballot)] {
        let known = [
            ("key", member.as_str()),
            ("id", id.as_str()),
            ("round", round),
            ("proposal", loan.as_str()),
            ("height", "1"),
        ];
        try_out(&program, node.api(), node.home(), &known);
    }
    let status = node.status();
    assert_eq!(status.disagreement, None);
}
