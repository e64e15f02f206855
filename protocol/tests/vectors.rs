//! The committed test vectors are those that this crate makes, and hold when read on their own.

#![allow(clippy::unwrap_used, reason = "a vector that cannot be read may panic")]

mod support;

use std::{collections::BTreeSet, path::Path};

use mutua_protocol::{
    allocation::Rule,
    archive::{Check, open_batch},
    charter::Community,
    codec,
    evidence::{EvidenceCheck, EvidenceFile},
    keys::{Claim, PublicKey, Purpose, Signature, verify_batch},
    ledger::Ledger,
    outcome::{Outcome, OutcomeHead, RollEntry},
    receipt::{Receipt, ReceiptCheck},
    records::{BodyError, Kind, MalformedRecord, Received},
    seals::{Certificate, SealHeader, SealedBatch, merkle_root},
};
use serde_json::Value;
use support::{log::audit, vectors};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(text(value)).unwrap()
}

/// The community of the records: the first charter.
fn community() -> Community {
    Community::decode(&bytes(&read("charter.json")["charters"][0]["bytes"])).unwrap()
}

#[test]
fn the_committed_vectors_are_those_of_this_code() {
    let mut names = BTreeSet::new();
    for (name, content) in vectors::files() {
        let committed = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(
            committed == vectors::text(&content),
            "{name} differs: a byte of the protocol has changed. If that is meant, raise the protocol's \
             version and run 'cargo run -p mutua-protocol --example vectors'"
        );
        names.insert(name.to_owned());
    }
    let present =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(present.filter(|name| name.ends_with(".json")).collect::<BTreeSet<_>>(), names);
}

#[test]
fn charters_are_named_by_their_bytes() {
    for vector in list(&read("charter.json")["charters"]) {
        let community = Community::decode(&bytes(&vector["bytes"])).unwrap();
        assert_eq!(community.id.to_string(), text(&vector["community"]));
        assert_eq!(serde_json::to_value(&community.charter).unwrap(), vector["charter"]);
    }
}

#[test]
fn every_kind_of_record_is_there_and_is_accepted() {
    let community = community();
    let mut kinds = BTreeSet::new();
    for vector in list(&read("records.json")["records"]) {
        let bytes = bytes(&vector["bytes"]);
        let received = Received::decode(&bytes, &community).unwrap();
        assert_eq!(vectors::id_of_signed(&bytes), text(&vector["id"]));
        assert_eq!(received.id.to_string(), text(&vector["id"]));
        assert_eq!(received.body.to_string(), text(&vector["body_hash"]));
        assert_eq!(codec::encode(&received.signed_header().header), self::bytes(&vector["header"]));
        assert_eq!(serde_json::to_value(received.record()).unwrap(), vector["record"]);
        let claim = received.claim();
        assert_eq!(claim.key.verify(Purpose::Record, &received.id.0, &claim.signature), Ok(()));
        kinds.insert(received.record().body.kind());
    }
    assert_eq!(kinds.first(), Some(&Kind::Admit));
    assert_eq!(kinds.len(), 25);
}

#[test]
fn signatures_are_as_zip215_has_them() {
    let file = read("keys.json");
    let parse = |vector: &Value| {
        let key: PublicKey = text(&vector["key"]).parse().unwrap();
        let signature: Signature = text(&vector["signature"]).parse().unwrap();
        verify_batch(&[Claim { key, signature, message: bytes(&vector["signed"]) }]).is_ok()
    };
    let ours = [true, false, true, true, true, false];
    let published = support::eddsa::CASES.iter().map(|(.., valid)| *valid);
    let expected: Vec<bool> = ours.into_iter().chain(published).collect();
    assert!(list(&file["zip215"]).iter().map(parse).eq(expected.iter().copied()));
    assert!(list(&file["zip215"]).iter().map(|vector| vector["valid"].as_bool().unwrap()).eq(expected));
    for weak in list(&file["weak"]) {
        assert!(text(weak).parse::<PublicKey>().unwrap().check_strong().is_err());
    }
}

#[test]
fn merkle_roots_hold() {
    let file = read("merkle.json");
    for tree in list(&file["trees"]) {
        let leaves: Vec<Vec<u8>> = list(&tree["leaves"]).iter().map(bytes).collect();
        assert_eq!(merkle_root(text(&file["context"]), leaves).to_string(), text(&tree["root"]));
    }
}

#[test]
fn seals_and_outcomes_are_named_by_their_bytes() {
    for seal in list(&read("seals.json")["seals"]) {
        let header: SealHeader = codec::decode(&bytes(&seal["header_bytes"]), SealHeader::BYTES).unwrap();
        assert_eq!(header.id().to_string(), text(&seal["id"]));
        let batch: SealedBatch = codec::decode(&bytes(&seal["bytes"]), 1 << 20).unwrap();
        assert_eq!(batch.header, header);
        let certificate: Certificate = codec::decode(&bytes(&seal["certificate_bytes"]), 1 << 20).unwrap();
        assert_eq!(batch.certificate, certificate);
    }
    for vector in list(&read("outcomes.json")["outcomes"]) {
        let outcome: Outcome = codec::decode(&bytes(&vector["bytes"]), 1 << 20).unwrap();
        let head: OutcomeHead = codec::decode(&bytes(&vector["head_bytes"]), OutcomeHead::BYTES).unwrap();
        assert_eq!(head, outcome.head());
        assert_eq!(outcome.digest().to_string(), text(&vector["digest"]));
        let roll: Vec<Vec<u8>> = list(&vector["roll_bytes"]).iter().map(bytes).collect();
        assert_eq!(merkle_root(mutua_protocol::hash::context::ROLL_TREE, &roll), outcome.roll);
        assert!(roll.iter().all(|entry| codec::decode::<RollEntry>(entry, 100).is_ok()));
    }
}

/// Somebody who checks an implementation of the rules against the vectors has to meet every rule and every
/// reason in them.
#[test]
fn the_allocations_hold_every_rule_every_reason_and_raises() {
    let file = read("allocations.json");
    let (mut rules, mut reasons, mut raised) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for election in list(&file["elections"]) {
        for result in list(&election["results"]) {
            let rule: Rule = serde_json::from_value(result["rule"].clone()).unwrap();
            assert_eq!(hex::encode(codec::encode(&rule)), text(&result["rule_bytes"]));
            rules.insert(text(&result["rule_bytes"]).to_owned());
            reasons
                .extend(list(&result["passed_over"]).iter().map(|passed| passed["reason"].as_u64().unwrap()));
            raised.insert(result["raises"].as_u64().unwrap() > 0);
            let cost = |funded: &Value| {
                let project = usize::try_from(funded["project"].as_u64().unwrap()).unwrap();
                election["projects"][project]["cost"].as_u64().unwrap()
            };
            for funded in list(&result["funded"]) {
                let shares = list(&funded["shares"]).iter().map(|share| share[1].as_u64().unwrap());
                assert_eq!(shares.sum::<u64>(), cost(funded));
            }
        }
    }
    assert_eq!(rules.len(), support::rules::every_rule().len());
    // A project without utility costs nothing, which no loan does.
    assert_eq!(reasons, BTreeSet::from([0, 2, 3, 4, 5, 6, 7]));
    assert_eq!(raised, BTreeSet::from([false, true]));
}

#[test]
fn rounds_under_every_kind_of_rule_can_be_audited() {
    for vector in list(&read("rules.json")["rounds"]) {
        let auditor = audit(&bytes(&vector["archive"])).unwrap();
        assert_eq!(auditor.outcomes().next().unwrap().to_string(), text(&vector["digest"]));
        let outcome: Outcome = codec::decode(&bytes(&vector["bytes"]), 1 << 20).unwrap();
        assert_eq!(outcome.digest().to_string(), text(&vector["digest"]));
        assert!(!outcome.funded.is_empty());
    }
}

#[test]
fn the_archive_is_sound_and_ends_where_it_says() {
    let file = read("archive.json");
    let auditor = audit(&bytes(&file["archive"])).unwrap();
    assert_eq!(auditor.ledger().head().to_string(), text(list(&file["seals"]).last().unwrap()));
    let outcomes: Vec<String> = auditor.outcomes().map(|digest| digest.to_string()).collect();
    assert!(list(&file["outcomes"]).iter().map(text).eq(outcomes.iter().map(String::as_str)));
    assert_eq!(auditor.ledger().pool().available().to_string(), text(&file["pool"]));
}

#[test]
fn what_must_be_refused_is_refused_by_the_check_that_is_named() {
    let community = community();
    for vector in list(&read("refused.json")["refused"]) {
        let what = text(&vector["what"]);
        let check = match Received::decode(&bytes(&vector["bytes"]), &community) {
            Err(MalformedRecord::Codec(_)) => Check::RecordBytes,
            Err(MalformedRecord::Community(_)) => Check::Community,
            Err(MalformedRecord::Sequence(_)) => Check::Sequence,
            Err(MalformedRecord::Body { error: BodyError::Evidence(_), .. }) => Check::Evidence,
            Err(MalformedRecord::Body { .. }) => Check::Body,
            Ok(received) => {
                let claim = received.claim();
                let holds = claim.key.verify(Purpose::Record, &received.id.0, &claim.signature);
                assert!(holds.is_err(), "{what} is accepted");
                Check::Signature
            }
        };
        assert_eq!(check.number(), text(&vector["check"]), "{what}");
    }
}

#[test]
fn the_seals_of_the_vectors_follow_each_other() {
    let story = support::story::Story::tell();
    let mut ledger = Ledger::new(story.worlds[0].ledger.community().clone());
    for (batch, id) in story.worlds.last().unwrap().batches.iter().zip(list(&read("archive.json")["seals"])) {
        let records = open_batch(&ledger, batch).unwrap();
        ledger.apply(&batch.header, &records).unwrap();
        assert_eq!(ledger.head().to_string(), text(id));
    }
}

fn community_of(file: &Value) -> Community {
    Community::decode(&bytes(&file["charter"]["bytes"])).unwrap()
}

#[test]
fn receipts_prove_what_the_vectors_say() {
    let file = read("receipts.json");
    let community = community_of(&file);
    for vector in list(&file["receipts"]) {
        let what = text(&vector["what"]);
        let receipt = Receipt::from_file(&bytes(&vector["file"])).unwrap();
        assert_eq!(Receipt::from_text(text(&vector["text"])).as_ref(), Ok(&receipt), "{what}");
        let proven = serde_json::to_value(receipt.verify(&community).unwrap()).unwrap();
        assert_eq!(proven, vector["proves"], "{what}");
    }
    let mut idle: Vec<&str> = ReceiptCheck::ALL.iter().map(|check| check.number()).collect();
    for vector in list(&file["refused"]) {
        let check = match Receipt::from_file(&bytes(&vector["file"])) {
            Err(_) => ReceiptCheck::Canonical,
            Ok(receipt) => receipt.verify(&community).unwrap_err().check,
        };
        assert_eq!(check.number(), text(&vector["check"]), "{}", text(&vector["what"]));
        idle.retain(|number| *number != check.number());
    }
    assert_eq!(idle, ["6.9"], "no vector, but for that of amended.json");
}

#[test]
fn evidence_convicts_as_the_vectors_say() {
    let file = read("evidence.json");
    let community = community_of(&file);
    for vector in list(&file["evidence"]) {
        let evidence = EvidenceFile::from_file(&bytes(&vector["file"])).unwrap();
        let proven = serde_json::to_value(evidence.verify(&community).unwrap()).unwrap();
        assert_eq!(proven, vector["proves"], "{}", text(&vector["what"]));
    }
    let mut idle: Vec<&str> = EvidenceCheck::ALL.iter().map(|check| check.number()).collect();
    for vector in list(&file["refused"]) {
        let check = match EvidenceFile::from_file(&bytes(&vector["file"])) {
            Err(_) => EvidenceCheck::Canonical,
            Ok(evidence) => evidence.verify(&community).unwrap_err().check,
        };
        assert_eq!(check.number(), text(&vector["check"]), "{}", text(&vector["what"]));
        idle.retain(|number| *number != check.number());
    }
    assert_eq!(idle, ["7.9"], "no vector, but for that of amended.json");
}

#[test]
fn a_community_that_amends_its_charter_is_followed_by_its_log_its_receipts_and_its_evidence() {
    let file = read("amended.json");
    let founding = community_of(&file);
    let auditor = audit(&bytes(&file["archive"])).unwrap();
    let ledger = auditor.ledger();
    for vector in list(&file["charters"]) {
        let community = ledger.community().at(vector["from_seal"].as_u64().unwrap());
        assert_eq!(community.hash.to_string(), text(&vector["hash"]));
        assert_eq!(serde_json::to_value(&community.charter).unwrap(), vector["charter"]);
    }
    assert_eq!(ledger.closings().len(), list(&file["outcomes"]).len());
    for (closing, vector) in ledger.closings().iter().zip(list(&file["outcomes"])) {
        assert_eq!(hex::encode(codec::encode(&closing.outcome)), text(&vector["bytes"]));
    }
    assert_eq!(ledger.void().len(), list(&file["void"]).len());
    for vector in list(&file["receipts"]) {
        let receipt = Receipt::from_file(&bytes(&vector["file"])).unwrap();
        let proven = serde_json::to_value(receipt.verify(&founding).unwrap()).unwrap();
        assert_eq!(proven, vector["proves"], "{}", text(&vector["what"]));
    }
    for vector in list(&file["refused_receipts"]) {
        let receipt = Receipt::from_file(&bytes(&vector["file"])).unwrap();
        let check = receipt.verify(&founding).unwrap_err().check;
        assert_eq!(check.number(), text(&vector["check"]), "{}", text(&vector["what"]));
    }
    for vector in list(&file["evidence"]) {
        let evidence = EvidenceFile::from_file(&bytes(&vector["file"])).unwrap();
        let proven = serde_json::to_value(evidence.verify(&founding).unwrap()).unwrap();
        assert_eq!(proven, vector["proves"], "{}", text(&vector["what"]));
    }
    for vector in list(&file["refused_evidence"]) {
        let evidence = EvidenceFile::from_file(&bytes(&vector["file"])).unwrap();
        let check = evidence.verify(&founding).unwrap_err().check;
        assert_eq!(check.number(), text(&vector["check"]), "{}", text(&vector["what"]));
    }
}
