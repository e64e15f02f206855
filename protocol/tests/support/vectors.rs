//! The test vectors in `protocol/vectors`, made from nothing but names.

use mutua_protocol::{
    allocation::GreedyOrder,
    codec,
    hash::{RecordId, context, derive},
    keys::{PublicKey, Purpose, SecretKey, Signature},
    records::{Body, Fork, Received, Record, SignedHeader, Subject, replacement, succession},
    seals::{SealedBatch, Vote, VoteKind, merkle_root},
};
use serde_json::{Value, json};

use super::{
    eddsa, rules,
    samples::one_of_each,
    story::{BALLOTS, CLOSE, LAST, Story},
    *,
};

/// Every file with its content.
pub fn files() -> Vec<(&'static str, Value)> {
    vec![
        ("keys.json", keys_and_signatures()),
        ("merkle.json", merkle()),
        ("charter.json", charters()),
        ("records.json", records()),
        ("seals.json", seals()),
        ("outcomes.json", outcomes()),
        ("allocations.json", rules::allocations()),
        ("rules.json", rules::rounds()),
        ("archive.json", archive()),
        ("refused.json", refused()),
        ("receipts.json", proof_vectors::receipts()),
        ("evidence.json", proof_vectors::evidence()),
        ("amended.json", proof_vectors::amended()),
    ]
}

/// A file as it is written.
pub fn text(content: &Value) -> String {
    let mut text = serde_json::to_string_pretty(content).expect("values can be written");
    text.push('\n');
    text
}

fn keys_and_signatures() -> Value {
    let key = SecretKey::from_seed(&[7; 32]);
    let message = b"any bytes";
    let purposes =
        [Purpose::Record, Purpose::Vote, Purpose::Proposal, Purpose::Succession, Purpose::Replacement];
    let signatures: Vec<Value> = purposes
        .map(|purpose| {
            json!({
                "purpose": format!("{purpose:?}").to_lowercase(),
                "signed": hex::encode(purpose.message(message)),
                "signature": key.sign(purpose, message),
            })
        })
        .to_vec();
    json!({
        "section": 4,
        "seed": hex::encode(key.seed()),
        "public": key.public(),
        "message": hex::encode(message),
        "signatures": signatures,
        "zip215": zip215(),
        "weak": weak_keys(),
    })
}

/// Signatures on which implementations differ; here ZIP-215 decides.
pub fn zip215() -> Vec<Value> {
    let key = SecretKey::from_seed(&[7; 32]);
    let good = key.sign(Purpose::Record, b"any bytes");
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut other_identity = identity;
    other_identity[31] = 0x80;
    let small = |point: [u8; 32]| {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&point);
        Signature(signature)
    };
    // The order of the base point, added to S: the same number, written differently.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").expect("hex");
    let mut high = good;
    let mut carry = 0u16;
    for (byte, add) in high.0[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry.to_be_bytes()[1];
        carry >>= 8;
    }
    let cases = [
        ("an ordinary signature", key.public(), good),
        ("S not below the order of the base point", key.public(), high),
        ("key and R of order one", PublicKey(identity), small(identity)),
        ("R of order one, written in a second way", PublicKey(identity), small(other_identity)),
        ("key of order one, written in a second way", PublicKey(other_identity), small(identity)),
        ("no signature", key.public(), Signature([0; 64])),
    ];
    let ours = cases.into_iter().map(|(what, key, signature)| {
        let valid = key.verify(Purpose::Record, b"any bytes", &signature).is_ok();
        json!({
            "what": what,
            "key": key,
            "signed": hex::encode(Purpose::Record.message(b"any bytes")),
            "signature": signature,
            "valid": valid,
        })
    });
    let published = eddsa::CASES.iter().map(|(what, signed, key, signature, valid)| {
        json!({ "what": what, "key": key, "signed": signed, "signature": signature, "valid": valid })
    });
    ours.chain(published).collect()
}

fn weak_keys() -> Vec<PublicKey> {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut two = [0xff; 32];
    (two[0], two[31]) = (0xec, 0x7f);
    let mut high = [0xff; 32];
    (high[0], high[31]) = (0xf0, 0x7f);
    vec![PublicKey([0; 32]), PublicKey(identity), PublicKey(two), PublicKey(high)]
}

fn merkle() -> Value {
    let leaf = |number: u8| vec![number; usize::from(number)];
    let roots: Vec<Value> = [0, 1, 2, 3, 4, 5, 8, 13]
        .map(|count| {
            let leaves: Vec<Vec<u8>> = (0..count).map(leaf).collect();
            json!({
                "leaves": leaves.iter().map(hex::encode).collect::<Vec<_>>(),
                "root": merkle_root(context::SEAL_TREE, &leaves),
            })
        })
        .to_vec();
    json!({ "section": 8, "context": context::SEAL_TREE, "trees": roots })
}

fn charters() -> Value {
    let mut other = charter(4);
    other.rule = Rule::Greedy { utility: Utility::Score, order: GreedyOrder::Total };
    other.policy.grades = vec![
        GradeBounds { greatest_default: 50, greatest_amount: 1_000_000 },
        GradeBounds { greatest_default: 200, greatest_amount: 400_000 },
    ];
    other.motions.charter = CharterMajority { quorum: 6_000, majority: 7_500 };
    other.policy.caps = Caps { borrower: Some(2_500), category: None, expected_loss: Some(300) };
    let charters: Vec<Value> = [charter(1), other]
        .map(|charter| {
            json!({
                "charter": charter,
                "bytes": hex::encode(codec::encode(&charter)),
                "community": charter.id(),
            })
        })
        .to_vec();
    json!({ "section": 5, "charters": charters })
}

/// The community of `records.json` is the first of `charter.json`.
fn records() -> Value {
    let world = World::new();
    let records: Vec<Value> = one_of_each(&world)
        .into_iter()
        .map(|(name, received)| {
            let terms = match &received.record().body {
                Body::Propose(subject) | Body::Amend { subject, .. } => Some(subject.terms()),
                _ => None,
            };
            json!({
                "name": name,
                "record": received.record(),
                "bytes": hex::encode(&received.bytes),
                "body_hash": received.body,
                "header": hex::encode(codec::encode(&received.signed_header().header)),
                "id": received.id,
                "signature": received.signed.signature,
                "terms": terms,
            })
        })
        .collect();
    let old = public("ana");
    json!({
        "section": 6,
        "community": world.community().id,
        "succession": {
            "old": old,
            "successor": public("ana's new phone"),
            "signed": hex::encode(Purpose::Succession.message(&succession(world.community().id, &old))),
        },
        "replacement": {
            "lost": public("ben"),
            "successor": public("ben's new phone"),
            "signed": hex::encode(Purpose::Replacement.message(&replacement(world.community().id, &public("ben")))),
        },
        "records": records,
    })
}

fn seals() -> Value {
    let story = Story::tell();
    let batches: Vec<Value> = [BALLOTS, CLOSE]
        .map(|height| {
            let batch = &story.worlds[LAST].batches[height - 1];
            let vote = Vote {
                community: batch.header.community,
                height: batch.header.height,
                round: batch.certificate.round,
                kind: VoteKind::Precommit,
                value: Some(batch.header.id()),
            };
            json!({
                "header": batch.header,
                "header_bytes": hex::encode(codec::encode(&batch.header)),
                "id": batch.header.id(),
                "record_ids": ids(&story, batch),
                "vote_bytes": hex::encode(vote.bytes()),
                "signed": hex::encode(Purpose::Vote.message(&vote.bytes())),
                "certificate": batch.certificate,
                "certificate_bytes": hex::encode(codec::encode(&batch.certificate)),
                "bytes": hex::encode(codec::encode(batch)),
            })
        })
        .to_vec();
    let nil = Vote {
        community: story.worlds[0].community().id,
        height: 1,
        round: 2,
        kind: VoteKind::Prevote,
        value: None,
    };
    json!({
        "section": 8,
        "seals": batches,
        "prevote_for_nothing": { "vote": nil, "bytes": hex::encode(nil.bytes()) },
    })
}

fn ids(story: &Story, batch: &SealedBatch) -> Vec<RecordId> {
    let community = story.worlds[0].community();
    let id = |bytes: &Vec<u8>| Received::decode(bytes, community).expect("a sealed record").id;
    batch.records.iter().map(id).collect()
}

fn outcomes() -> Value {
    let story = Story::tell();
    let outcomes: Vec<Value> = story.worlds[LAST]
        .ledger
        .closings()
        .iter()
        .map(|closing| {
            json!({
                "outcome": closing.outcome,
                "bytes": hex::encode(codec::encode(&closing.outcome)),
                "head_bytes": hex::encode(codec::encode(&closing.outcome.head())),
                "digest": closing.digest,
                "roll": closing.roll,
                "roll_bytes": closing.roll.iter().map(|entry| hex::encode(codec::encode(entry))).collect::<Vec<_>>(),
                "shares": closing.shares,
                "shares_bytes": closing.shares.iter().map(|shares| hex::encode(codec::encode(shares))).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "section": 10, "outcomes": outcomes })
}

fn archive() -> Value {
    let story = Story::tell();
    let world = &story.worlds[LAST];
    let heads: Vec<_> = world.batches.iter().map(|batch| batch.header.id()).collect();
    let void: Vec<Value> =
        world.ledger.void().iter().map(|(id, reason)| json!({ "record": id, "reason": reason })).collect();
    json!({
        "section": 11,
        "archive": hex::encode(story.log().bytes()),
        "community": world.community().id,
        "seals": heads,
        "outcomes": world.ledger.closings().iter().map(|closing| closing.digest).collect::<Vec<_>>(),
        "void": void,
        "pool": world.ledger.pool().available().to_string(),
        "length": story.log().bytes().len(),
    })
}

/// Bytes that no implementation may accept as a record of the first community of `charter.json`.
fn refused() -> Value {
    let world = World::new();
    let samples = one_of_each(&world);
    let bytes =
        |name: &str| samples.iter().find(|sample| sample.0 == name).expect("a sample").1.bytes.to_vec();
    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes(name);
        change(&mut bytes);
        bytes
    };
    // Signed by the author, so that nothing but the rule objects.
    let signed = |sequence, previous, body| {
        let community = world.community().id;
        let record = Record { community, author: public("ana"), sequence, previous, clock: 1, body };
        record.sign(&key("ana")).bytes()
    };
    let first = |body| signed(1, Record::NONE, body);
    let body = 112;
    let one = RecordId([1; 32]);
    let score = |number: u8, score| Score { proposal: RecordId([number; 32]), score };
    let scored = |scores: &[Score]| {
        let mut cast = ballot(1, &[]);
        cast.scores = scores.to_vec();
        first(Body::Ballot(cast))
    };
    let title = |title: &str| {
        let mut terms = loan("x", 5);
        terms.title = title.to_owned();
        first(Body::Propose(Subject::Loan(terms)))
    };
    let fork = world.fork("ben", Body::Leave, Body::Ballot(ballot(1, &[])));
    let fork = Fork::of(&fork[0], &fork[1]);
    let one_side = fork.first;
    let by_another = world.sign("cleo", 1, Record::NONE, Body::Leave).signed_header();
    let a_later_one = world.sign("ben", 2, one, Body::Leave).signed_header();
    let abroad = {
        let there = World::with(|charter| charter.name = "Another eG".to_owned());
        let fork = there.fork("ben", Body::Leave, Body::Ballot(ballot(1, &[])));
        Fork::of(&fork[0], &fork[1])
    };
    let sorted = |a: SignedHeader, b: SignedHeader| {
        let (first, second) = if a.header.id() < b.header.id() { (a, b) } else { (b, a) };
        Fork { first, second }
    };
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("2.2", "no bytes", vec![]),
        ("2.2", "a byte too many", changed("leave", &|b| b.push(0))),
        ("2.2", "a byte too few", changed("leave", &|b| b.truncate(b.len() - 1))),
        ("2.2", "an unknown kind of body", changed("leave", &|b| b[body + 3] = 0xee)),
        ("2.2", "a boolean that is 2", changed("ballot-blank", &|b| b[body + 8] = 2)),
        (
            "2.2",
            "an unknown choice",
            changed("ballot", &|b| {
                let at = b.len() - 65;
                b[at] = 3;
            }),
        ),
        ("2.2", "an unknown direction", changed("fund-in", &|b| b[body + 7] = 2)),
        ("2.2", "a text that is not UTF-8", changed("suspend", &|b| b[body + 44] = 0xff)),
        ("2.2", "a list longer than the bytes", changed("ballot-blank", &|b| b[body + 9] = 0xff)),
        ("2.3", "another community", changed("leave", &|b| b[0] ^= 1)),
        (
            "2.4",
            "a signature of something else",
            changed("leave", &|b| {
                let at = b.len() - 64;
                b[at] ^= 1;
            }),
        ),
        ("2.4", "another clock", changed("leave", &|b| b[body - 1] ^= 1)),
        ("3.2", "number 0", signed(0, Record::NONE, Body::Leave)),
        ("3.2", "a first record with a predecessor", signed(1, one, Body::Leave)),
        ("3.2", "a second record without one", signed(2, Record::NONE, Body::Leave)),
        ("3.7", "scores out of order", scored(&[score(2, 1), score(1, 1)])),
        ("3.7", "a loan scored twice", scored(&[score(1, 1), score(1, 1)])),
        ("3.7", "a score of 0", scored(&[score(1, 0)])),
        ("3.7", "a score above the charter's", scored(&[score(1, 11)])),
        ("3.7", "a ballot for round 0", first(Body::Ballot(ballot(0, &[])))),
        ("3.7", "an empty title", title(" \u{2003}")),
        ("3.7", "a title of two lines", title("a\nb")),
        ("3.7", "a title that is turned around", title("a\u{202e}b")),
        ("3.7", "a title of 121 bytes", title(&"x".repeat(121))),
        (
            "3.7",
            "a weak key",
            first(Body::Admit { key: PublicKey([0; 32]), weight: 1, name: "x".to_owned(), group: 0 }),
        ),
        ("3.7", "a weight of 0", first(admission("x", 0))),
        ("3.7", "a change of key without agreement", {
            let proof =
                key("another").sign(Purpose::Succession, &succession(world.community().id, &public("ana")));
            first(Body::RotateKey { successor: public("new"), proof })
        }),
        ("3.7", "a lost key replaced with the agreement for a change of key", {
            let consent =
                key("new").sign(Purpose::Succession, &succession(world.community().id, &public("ana")));
            let (lost, successor, reason) = (public("ana"), public("new"), "known".to_owned());
            first(Body::ReplaceKey { lost, successor, consent, reason })
        }),
        (
            "5.1",
            "evidence of one record",
            first(Body::Evidence(Box::new(Fork { first: one_side, second: one_side }))),
        ),
        ("5.1", "evidence in the other order", {
            first(Body::Evidence(Box::new(Fork { first: fork.second, second: fork.first })))
        }),
        (
            "5.1",
            "evidence against two authors",
            first(Body::Evidence(Box::new(sorted(one_side, by_another)))),
        ),
        ("5.1", "evidence of two numbers", first(Body::Evidence(Box::new(sorted(one_side, a_later_one))))),
        ("5.1", "evidence of another community", first(Body::Evidence(Box::new(abroad)))),
        ("5.1", "evidence with a false signature", {
            let mut fork = fork;
            fork.second.signature.0[0] ^= 1;
            first(Body::Evidence(Box::new(fork)))
        }),
    ];
    let cases: Vec<Value> = cases
        .into_iter()
        .map(|(check, what, bytes)| json!({ "what": what, "check": check, "bytes": hex::encode(bytes) }))
        .collect();
    json!({ "section": 6, "community": world.community().id, "refused": cases })
}

/// The id that a vector's bytes must have, computed without the types.
pub fn id_of_signed(bytes: &[u8]) -> String {
    let (before_body, body) = bytes[..bytes.len() - 64].split_at(112);
    let header = [before_body, &derive(context::BODY, body)].concat();
    hex::encode(derive(context::RECORD, &header))
}
