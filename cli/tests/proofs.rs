//! `mutua verify-receipt` and `mutua verify-evidence` on every file of the test vectors, sound and spoiled.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::Place;
use mutua_protocol::charter::Community;
use serde_json::Value;

/// The test vectors of this name, with the charter that belongs to them in a file.
fn vectors(place: &Place, name: &str) -> Value {
    let path = format!("{}/../protocol/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let charter = hex::decode(vectors["charter"]["bytes"].as_str().unwrap()).unwrap();
    let charter = Community::decode(&charter).unwrap().charter;
    place.file("charter.json", serde_json::to_vec(&charter).unwrap());
    vectors
}

/// Gives every file to the command. What is sound ends with 0 and says what it proves, everything else ends with 1
/// and names its check.
fn give(command: &str, name: &str, list: &str, verdict: &str) {
    let place = Place::new();
    let vectors = vectors(&place, name);
    let run = |case: &Value, json: bool| {
        let file = place.file("file", hex::decode(case["file"].as_str().unwrap()).unwrap());
        let mut arguments = vec![command, &file, "--charter", "charter.json"];
        arguments.extend(json.then_some("--json"));
        let ran = place.run(&arguments);
        assert!(!ran.err.contains("panicked"), "{}: {}", case["what"], ran.err);
        ran
    };
    let sound = vectors[list].as_array().unwrap();
    for case in sound {
        let ran = run(case, true);
        assert_eq!(ran.code, 0, "{}: {}", case["what"], ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["verdict"], verdict, "{}", case["what"]);
        assert_eq!(report["proves"], case["proves"], "{}", case["what"]);
    }
    let refused = vectors["refused"].as_array().unwrap();
    for case in refused {
        let ran = run(case, true);
        assert_eq!(ran.code, 1, "{}: {}", case["what"], ran.err);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(report["verdict"], "refused", "{}", case["what"]);
        assert_eq!(report["fault"]["check"], case["check"], "{}", case["what"]);
        assert!(!report["fault"]["detail"].as_str().unwrap().is_empty(), "{}", case["what"]);
    }
    let ran = run(&refused[refused.len() - 1], false);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("proves nothing") && ran.out.contains("Verdict: REFUSED"), "{}", ran.out);
    assert!(sound.len() >= 6 && refused.len() >= 30);
}

#[test]
fn every_receipt_is_judged_as_the_vectors_say() {
    give("verify-receipt", "receipts", "receipts", "valid");
}

#[test]
fn every_piece_of_evidence_is_judged_as_the_vectors_say() {
    give("verify-evidence", "evidence", "evidence", "proved");
}
