//! Records: what is well-formed, bound by bound.

use mutua_protocol::{
    codec::{self, CodecError},
    hash::{BodyHash, CommunityId, DocumentHash, RecordId, TermsHash, derive},
    keys::{KeyError, PublicKey, Purpose, Signature, verify_batch},
    limits,
    records::{
        About, Answer, Assessment, Ballot, Body, BodyError, Choice, Direction, EvidenceError, Fork, Loan,
        MalformedRecord, Motion, On, Received, Record, RecordHeader, ResponseStatus, Scope, Score,
        SignedHeader, Stance, Subject, replacement, succession,
    },
    text::TextError,
};

use crate::support::*;

/// The bytes of a record with any content, right or wrong.
fn bytes(world: &World, name: &str, body: Body) -> Vec<u8> {
    let record = Record {
        community: world.community().id,
        author: public(name),
        sequence: 1,
        previous: Record::NONE,
        clock: 0,
        body,
    };
    record.sign(&key(name)).bytes()
}

fn check(world: &World, body: Body) -> Result<(), BodyError> {
    match Received::decode(&bytes(world, "ana", body), world.community()) {
        Ok(_) => Ok(()),
        Err(MalformedRecord::Body { error, .. }) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// What an error is about: the field, as the message names it.
fn field(error: &BodyError) -> &'static str {
    match error {
        BodyError::Field { field, .. } => field,
        BodyError::Text(
            TextError::Empty(field)
            | TextError::TooLong { field, .. }
            | TextError::Control { field, .. }
            | TextError::TooMany { field, .. },
        ) => field,
        BodyError::Evidence(_) => "evidence",
    }
}

const ID: fn(u16) -> RecordId = |number| {
    let mut id = [0; 32];
    id[..2].copy_from_slice(&number.to_be_bytes());
    RecordId(id)
};

#[test]
fn each_bound_of_a_body_bites_and_its_edge_does_not() {
    let world = World::new();
    let with_loan = |change: &dyn Fn(&mut Loan)| {
        let mut terms = loan("bakery", 100);
        change(&mut terms);
        Body::Propose(Subject::Loan(terms))
    };
    let with_motion = |change: &dyn Fn(&mut Motion)| {
        let mut text = motion("hours");
        change(&mut text);
        Body::Propose(Subject::Motion(text))
    };
    let with_rating = |change: &dyn Fn(&mut Assessment)| {
        let mut assessment = approved();
        change(&mut assessment);
        Body::Attest { proposal: ID(1), terms: TermsHash([0; 32]), assessment }
    };
    let with_ballot = |change: &dyn Fn(&mut Ballot)| {
        let mut cast = ballot(1, &[]);
        change(&mut cast);
        Body::Ballot(cast)
    };
    let scores = |count: u16| (0..count).map(|n| Score { proposal: ID(n), score: 1 }).collect::<Vec<_>>();
    let answers =
        |count: u16| (0..count).map(|n| Answer { proposal: ID(n), choice: Choice::No }).collect::<Vec<_>>();
    let named =
        |name: &str, weight, group| Body::Admit { key: public("x"), weight, name: name.to_owned(), group };
    let long = "x".repeat(limits::NAME_BYTES);
    let longer = "x".repeat(limits::NAME_BYTES + 1);
    let essay = "x".repeat(limits::TEXT_BYTES);
    let argued = |on, stance, text: &str| Body::Argue { on, stance, text: text.to_owned() };
    let hashes = |count| vec![DocumentHash([0; 32]); count];
    let reason = |reason: &str| Body::Suspend { key: public("x"), reason: reason.to_owned() };
    let meant = |amount, source: &str, purpose: Option<&str>| Body::Fund {
        direction: Direction::In,
        amount,
        source: source.to_owned(),
        purpose: purpose.map(str::to_owned),
    };
    let fund = |amount, source: &str| meant(amount, source, None);
    let good = vec![
        named(&long, limits::MEMBER_WEIGHT, 1),
        reason(&essay),
        fund(limits::AMOUNT, &long),
        fund(1, "a"),
        meant(1, "a", Some(&long)),
        with_loan(&|l| (l.borrower, l.title, l.purpose) = (long.clone(), long.clone(), essay.clone())),
        with_loan(&|l| (l.category, l.amount, l.term, l.rate) = (2, limits::AMOUNT, 600, 10_000)),
        with_loan(&|l| (l.amount, l.term, l.rate, l.expires) = (1, 1, 0, 0)),
        with_loan(&|l| l.documents = hashes(limits::ITEMS)),
        with_loan(&|l| l.purpose = "two\nlines".to_owned()),
        with_motion(&|m| (m.title, m.text) = (long.clone(), essay.clone())),
        with_motion(&|m| m.text.clear()),
        with_rating(&|a| (a.grade, a.default, a.loss, a.outlook) = (1, 10_000, 10_000, 100)),
        with_rating(&|a| (a.grade, a.greatest_amount) = (255, limits::AMOUNT)),
        with_rating(&|a| a.reasons = vec!["x".to_owned(); limits::ITEMS]),
        with_rating(&|a| a.documents = hashes(limits::ITEMS)),
        with_ballot(&|b| b.scores = scores(384)),
        with_ballot(&|b| b.answers = answers(384)),
        with_ballot(&|b| b.scores = vec![Score { proposal: ID(1), score: 10 }]),
        Body::Leave,
        disbursement(ID(1), 1),
        disbursement(ID(1), limits::AMOUNT),
        repayment(ID(1), 1, 0),
        repayment(ID(1), 0, 1),
        repayment(ID(1), limits::AMOUNT, limits::AMOUNT),
        recovery(ID(1), limits::AMOUNT),
        Body::Predict { proposal: ID(1), terms: TermsHash([0; 32]), default: 10_000 },
        argued(On::Proposal(ID(1)), Stance::Question, "a\n\nb"),
        argued(On::Proposal(ID(1)), Stance::Against, &essay),
        argued(On::Argument(ID(1)), Stance::Answer, "a"),
        endorsement(ID(1), true),
        moderation(ID(1), false),
        delegation(Scope::All, Some("ben")),
        delegation(Scope::Category(2), None),
    ];
    for body in good {
        let what = format!("{body:?}");
        assert_eq!(check(&world, body), Ok(()), "{what}");
    }
    let weak = |key| Body::Admit { key, weight: 1, name: "x".to_owned(), group: 0 };
    let bad: Vec<(&str, Body)> = vec![
        ("key", weak(PublicKey([0; 32]))),
        ("name", named("", 1, 0)),
        ("name", named(&longer, 1, 0)),
        ("name", named("a\u{202e}b", 1, 0)),
        ("weight", named("x", 0, 0)),
        ("weight", named("x", limits::MEMBER_WEIGHT + 1, 0)),
        ("group", named("x", 1, 2)),
        ("reason", reason(" ")),
        ("reason", reason(&format!("{essay}x"))),
        ("reason", Body::Readmit { key: public("x"), reason: String::new() }),
        ("reason", Body::Withdraw { proposal: ID(1), reason: String::new() }),
        ("reason", Body::RevokeAttestation { attestation: ID(1), reason: String::new() }),
        ("source", fund(1, "")),
        ("purpose", meant(1, "a", Some(""))),
        ("purpose", meant(1, "a", Some(&longer))),
        ("amount", fund(0, "x")),
        ("amount", fund(limits::AMOUNT + 1, "x")),
        ("amount", disbursement(ID(1), 0)),
        ("amount", disbursement(ID(1), limits::AMOUNT + 1)),
        ("amount", release(ID(1), 0)),
        ("amount", write_off(ID(1), 0)),
        ("amount", recovery(ID(1), 0)),
        ("amount", recovery(ID(1), limits::AMOUNT + 1)),
        ("principal", repayment(ID(1), 0, 0)),
        ("principal", repayment(ID(1), limits::AMOUNT + 1, 0)),
        ("interest", repayment(ID(1), 0, limits::AMOUNT + 1)),
        ("reason", Body::Release { proposal: ID(1), amount: 1, reason: String::new() }),
        ("reason", Body::WriteOff { proposal: ID(1), amount: 1, reason: "a\nb".to_owned() }),
        ("default", Body::Predict { proposal: ID(1), terms: TermsHash([0; 32]), default: 10_001 }),
        (
            "reason",
            Body::Respond { about: About::Outcome(1), status: ResponseStatus::Done, reason: String::new() },
        ),
        ("text", argued(On::Proposal(ID(1)), Stance::For, "\n \n")),
        ("text", argued(On::Proposal(ID(1)), Stance::For, &format!("{essay}x"))),
        ("text", argued(On::Argument(ID(1)), Stance::For, "a\u{202e}b")),
        ("text", argued(On::Argument(ID(1)), Stance::For, "a\r\nb")),
        ("stance", argued(On::Proposal(ID(1)), Stance::Answer, "a")),
        ("reason", Body::Moderate { argument: ID(1), hidden: true, reason: "\n".to_owned() }),
        ("scope", delegation(Scope::Category(3), Some("ben"))),
        ("to", delegation(Scope::All, Some("ana"))),
        ("borrower", with_loan(&|l| l.borrower.clear())),
        ("title", with_loan(&|l| l.title = "a\nb".to_owned())),
        ("purpose", with_loan(&|l| l.purpose = format!("{essay}x"))),
        ("purpose", with_loan(&|l| l.purpose = "a\rb".to_owned())),
        ("documents", with_loan(&|l| l.documents = hashes(limits::ITEMS + 1))),
        ("category", with_loan(&|l| l.category = 3)),
        ("amount", with_loan(&|l| l.amount = 0)),
        ("amount", with_loan(&|l| l.amount = limits::AMOUNT + 1)),
        ("term", with_loan(&|l| l.term = 0)),
        ("term", with_loan(&|l| l.term = 601)),
        ("rate", with_loan(&|l| l.rate = 10_001)),
        ("title", with_motion(&|m| m.title.clear())),
        ("text", with_motion(&|m| m.text = "\u{7}".to_owned())),
        ("grade", with_rating(&|a| a.grade = 0)),
        ("default", with_rating(&|a| a.default = 10_001)),
        ("loss", with_rating(&|a| a.loss = 10_001)),
        ("outlook", with_rating(&|a| a.outlook = 101)),
        ("greatest_amount", with_rating(&|a| a.greatest_amount = limits::AMOUNT + 1)),
        ("conditions", with_rating(&|a| a.conditions = vec!["x".to_owned(); 17])),
        ("conditions", with_rating(&|a| a.conditions = vec![String::new()])),
        ("reasons", with_rating(&|a| a.reasons = vec!["x".to_owned(); 17])),
        ("documents", with_rating(&|a| a.documents = hashes(17))),
        ("round", with_ballot(&|b| b.round = 0)),
        ("scores", with_ballot(&|b| b.scores = scores(385))),
        ("scores", with_ballot(&|b| b.scores = vec![scores(1)[0]; 2])),
        ("scores", with_ballot(&|b| b.scores = scores(3).into_iter().rev().collect())),
        ("answers", with_ballot(&|b| b.answers = answers(385))),
        ("answers", with_ballot(&|b| b.answers = answers(2).into_iter().rev().collect())),
        ("score", with_ballot(&|b| b.scores = vec![Score { proposal: ID(1), score: 0 }])),
        ("score", with_ballot(&|b| b.scores = vec![Score { proposal: ID(1), score: 11 }])),
    ];
    for (expected, body) in bad {
        let what = format!("{body:?}");
        let error = check(&world, body).expect_err(&what);
        assert_eq!(field(&error), expected, "{what}: {error}");
    }
}

#[test]
fn the_successor_of_a_key_agrees() {
    let world = World::new();
    let good = world.rotation("ana", "new key");
    assert_eq!(check(&world, good.clone()), Ok(()));
    let Body::RotateKey { successor, .. } = good else { unreachable!() };
    let community = world.community().id;
    let proof = |signer: &str, old: &str, community| {
        key(signer).sign(Purpose::Succession, &succession(community, &public(old)))
    };
    let wrong = [
        ("signed by another", proof("ben", "ana", community)),
        ("for another key", proof("new key", "ben", community)),
        ("for another community", proof("new key", "ana", CommunityId([0; 32]))),
        ("for another purpose", key("new key").sign(Purpose::Record, &succession(community, &public("ana")))),
        ("empty", Signature([0; 64])),
    ];
    for (what, proof) in wrong {
        let error = check(&world, Body::RotateKey { successor, proof }).expect_err(what);
        assert_eq!(field(&error), "proof", "{what}");
    }
    let weak = Body::RotateKey { successor: PublicKey([0; 32]), proof: Signature([0; 64]) };
    assert_eq!(field(&check(&world, weak).unwrap_err()), "successor");
}

#[test]
fn the_new_key_of_a_member_who_lost_theirs_agrees() {
    let world = World::new();
    let good = world.replacement("ana", "new key");
    assert_eq!(check(&world, good.clone()), Ok(()));
    let Body::ReplaceKey { lost, successor, consent: agreed, .. } = good else { unreachable!() };
    let community = world.community().id;
    let consent = |signer: &str, lost: &str, community| {
        key(signer).sign(Purpose::Replacement, &replacement(community, &public(lost)))
    };
    let wrong = [
        ("signed by another", consent("ben", "ana", community)),
        ("for another lost key", consent("new key", "ben", community)),
        ("for another community", consent("new key", "ana", CommunityId([0; 32]))),
        (
            "for a change of key",
            key("new key").sign(Purpose::Succession, &succession(community, &public("ana"))),
        ),
        ("empty", Signature([0; 64])),
    ];
    let body = |successor, consent, reason: &str| Body::ReplaceKey {
        lost,
        successor,
        consent,
        reason: reason.to_owned(),
    };
    for (what, consent) in wrong {
        let error = check(&world, body(successor, consent, "known")).expect_err(what);
        assert_eq!(field(&error), "consent", "{what}");
    }
    assert_eq!(field(&check(&world, body(PublicKey([0; 32]), agreed, "known")).unwrap_err()), "successor");
    assert!(check(&world, body(successor, agreed, " ")).is_err(), "a reason is given");
}

#[test]
fn a_record_belongs_to_one_community_and_one_place() {
    let world = World::new();
    let community = world.community();
    let make = |community, sequence, previous| {
        let record =
            Record { community, author: public("ana"), sequence, previous, clock: 0, body: Body::Leave };
        Received::decode(&record.sign(&key("ana")).bytes(), world.community())
    };
    assert!(make(community.id, 1, Record::NONE).is_ok());
    assert!(make(community.id, 2, ID(1)).is_ok());
    let elsewhere = CommunityId([1; 32]);
    assert_eq!(make(elsewhere, 1, Record::NONE), Err(MalformedRecord::Community(elsewhere)));
    for (sequence, previous) in [(0, Record::NONE), (0, ID(1)), (1, ID(1)), (2, Record::NONE)] {
        assert_eq!(make(community.id, sequence, previous), Err(MalformedRecord::Sequence(sequence)));
    }
    assert!(make(community.id, u64::MAX, ID(1)).is_ok());
}

#[test]
fn the_charter_bounds_the_size_of_a_record() {
    let world = World::with(|charter| charter.limits.record_bytes = 1024);
    let purpose = |length: usize| {
        let mut terms = loan("bakery", 5);
        terms.purpose = "x".repeat(length);
        bytes(&world, "ana", Body::Propose(Subject::Loan(terms)))
    };
    let overhead = purpose(0).len();
    assert!(Received::decode(&purpose(1024 - overhead), world.community()).is_ok());
    let over = purpose(1025 - overhead);
    let too_long = MalformedRecord::Codec(CodecError::TooLong { actual: 1025, limit: 1024 });
    assert_eq!(Received::decode(&over, world.community()), Err(too_long));
}

#[test]
fn evidence_has_one_length_and_fits_under_any_charter_whatever_it_is_about() {
    let world = World::with(|charter| charter.limits.record_bytes = 1024);
    let length = |fork: &[Received; 2]| {
        let bytes = bytes(&world, "ben", Body::Evidence(Box::new(Fork::of(&fork[0], &fork[1]))));
        assert!(Received::decode(&bytes, world.community()).is_ok());
        assert_eq!(codec::encode(&Fork::of(&fork[0], &fork[1])).len(), 416);
        bytes.len()
    };
    let small = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let mut terms = loan("bakery", 5);
    terms.purpose = "x".repeat(500);
    let large = world.fork("ana", Body::Propose(Subject::Loan(terms)), Body::Leave);
    let proof = Body::Evidence(Box::new(Fork::of(&small[0], &small[1])));
    let nested = world.fork("cleo", proof, Body::Leave);
    assert_eq!([&small, &large, &nested].map(length), [596; 3]);
}

#[test]
fn evidence_proves_a_fork_and_nothing_less() {
    let world = World::new();
    let community = world.community().id;
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let good = Fork::of(&left, &right);
    assert_eq!(Fork::of(&right, &left), good, "one fork, one proof");
    assert_eq!(good.check(community), Ok(()));
    assert_eq!((good.author(), good.sequence()), (public("ana"), 1));

    let check = |first: SignedHeader, second: SignedHeader| Fork { first, second }.check(community);
    assert_eq!(check(good.second, good.first), Err(EvidenceError::NoFork));
    assert_eq!(check(good.first, good.first), Err(EvidenceError::NoFork));
    let second = world.sign("ana", 2, left.id, Body::Leave);
    let other = world.sign("ben", 1, Record::NONE, Body::Leave);
    for no_fork in [second, other] {
        assert_eq!(Fork::of(&left, &no_fork).check(community), Err(EvidenceError::NoFork));
    }
    for spoiled in 0..2 {
        let mut forged = good;
        [&mut forged.first, &mut forged.second][spoiled].signature.0[63] ^= 1;
        assert_eq!(forged.check(community), Err(EvidenceError::Signature));
    }
    // The same record signed twice is one record.
    let mut again = left.signed.clone();
    again.signature = Signature([1; 64]);
    let again = Received::own(again);
    assert_eq!(Fork::of(&left, &again).check(community), Err(EvidenceError::NoFork));
    // What somebody did elsewhere is no matter of this community.
    let elsewhere = World::with(|charter| charter.name = "Another eG".to_owned());
    let fork = elsewhere.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let there = elsewhere.community().id;
    assert_eq!(Fork::of(&fork[0], &fork[1]).check(community), Err(EvidenceError::Community(there)));
}

#[test]
fn a_fork_is_proved_whatever_its_records_say() {
    let world = World::new();
    let community = world.community().id;
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let proof = Body::Evidence(Box::new(Fork::of(&left, &right)));
    // One branch is itself a proof, and so is the proof of that.
    let nested = world.fork("ana", proof, Body::Leave);
    let nested = Fork::of(&nested[0], &nested[1]);
    assert_eq!(nested.check(community), Ok(()));
    let again = world.fork("ana", Body::Evidence(Box::new(nested)), Body::Leave);
    assert_eq!(Fork::of(&again[0], &again[1]).check(community), Ok(()));
    // No body has this hash, as far as anybody knows.
    let mut unheard = right.signed_header();
    unheard.header.body = BodyHash([7; 32]);
    unheard.signature = key("ana").sign(Purpose::Record, &unheard.header.id().0);
    let mut pair = [left.signed_header(), unheard];
    pair.sort_by_key(|signed| signed.header.id());
    let [first, second] = pair;
    assert_eq!(Fork { first, second }.check(community), Ok(()));
}

#[test]
fn a_record_is_named_by_its_header_and_the_header_holds_its_body() {
    let world = World::new();
    let received = world.sign("ana", 1, Record::NONE, Body::Leave);
    let signed = received.signed_header();
    assert_eq!(signed.header, received.record().header());
    assert_eq!(signed.header.id(), received.id);
    assert_eq!(signed.check(), Ok(()));
    assert_eq!(codec::encode(&signed.header).len(), RecordHeader::BYTES);
    assert_eq!(codec::encode(&signed).len(), SignedHeader::BYTES);
    assert_eq!(signed.header.body.0, derive("mutua 1 record body", &codec::encode(&Body::Leave)));
    assert_eq!(received.id.0, derive("mutua 1 record id", &codec::encode(&signed.header)));
    let mut other = signed;
    other.header.clock += 1;
    assert_eq!(other.check(), Err(KeyError::Signature));
    assert!(verify_batch(&[signed.claim(), received.claim()]).is_ok());
}

#[test]
fn a_record_is_named_by_what_was_signed() {
    let world = World::new();
    let bytes = bytes(&world, "ana", Body::Leave);
    let received = Received::decode(&bytes, world.community()).unwrap();
    assert_eq!(received.id, received.record().id());
    assert_eq!(received.bytes.as_ref(), bytes);
    assert_eq!(Received::own(received.signed.clone()), received);
    let claim = received.claim();
    assert_eq!(claim.key.verify(Purpose::Record, &received.id.0, &claim.signature), Ok(()));
    assert_eq!(claim.key.verify(Purpose::Vote, &received.id.0, &claim.signature), Err(KeyError::Signature));
}

/// The number of each kind in the canonical bytes: new kinds are appended, none is ever moved.
#[test]
fn the_kinds_have_their_numbers_for_good() {
    let world = World::new();
    let [left, right] = world.fork("ana", Body::Leave, Body::Ballot(ballot(1, &[])));
    let assessment = approved();
    let subject = || Subject::Motion(motion("x"));
    let in_order = [
        admission("x", 1),
        suspension("x"),
        readmission("x"),
        Body::Leave,
        world.rotation("ana", "x"),
        Body::Propose(subject()),
        Body::Amend { proposal: ID(1), subject: subject() },
        withdrawal(ID(1)),
        Body::Attest { proposal: ID(1), terms: TermsHash([0; 32]), assessment },
        revocation(ID(1)),
        Body::Ballot(ballot(1, &[])),
        payment(Direction::In, 1),
        Body::Evidence(Box::new(Fork::of(&left, &right))),
        disbursement(ID(1), 1),
        release(ID(1), 1),
        repayment(ID(1), 1, 1),
        write_off(ID(1), 1),
        recovery(ID(1), 1),
        Body::Predict { proposal: ID(1), terms: TermsHash([0; 32]), default: 1 },
        response(About::Outcome(1), ResponseStatus::Done),
    ];
    for (number, body) in (0u32..).zip(in_order) {
        assert_eq!(codec::encode(&body)[..4], number.to_be_bytes(), "{:?}", body.kind());
        assert_eq!(codec::encode(&body.kind()), number.to_be_bytes());
    }
}
