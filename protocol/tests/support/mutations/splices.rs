//! Histories put together from several, certificates that certify something else, and seals that the witnesses signed
//! although their records do not go on from what was sealed.

use mutua_protocol::{
    archive::{Check, end_frame, seal_frame},
    hash::{CommunityId, RecordId, SealId},
    keys::{Purpose, Signature},
    ledger::Void,
    limits,
    records::{Body, Direction, Fork, Received},
    seals::{Certificate, SealHeader, SealedBatch, Vote, VoteKind},
};

use super::{
    super::{
        story::{ADMISSIONS, BALLOTS, CLOSE, LAST, OPEN_AGAIN},
        *,
    },
    Log, Mutations, Spoiled, Story, refused, sealed_anyway,
};

/// All of them.
pub fn all(story: &Story) -> Mutations {
    let mut all = histories(story);
    all.extend(certificates(story));
    all.extend(powers());
    all.extend(signatures(story));
    all.extend(chains(story));
    all.extend(late(story));
    all.extend(headers(story));
    all
}

fn named(name: impl Into<String>, spoiled: Spoiled) -> (String, Spoiled) {
    (name.into(), spoiled)
}

/// At each height another seal, as sound as the one in the story, and then the story goes on.
fn histories(story: &Story) -> Mutations {
    let log = story.log();
    let frames = log.frames();
    let mut all = Mutations::new();
    for height in 1..LAST {
        let mut other = story.after(height - 1).clone();
        other.fund(7);
        let seal = seal_frame(other.batches.last().unwrap());
        let bytes = [&frames[..height].concat(), &seal, &frames[height + 1..].concat()[..]].concat();
        all.push(named(
            format!("splice: another seal {height}"),
            Spoiled::at(bytes, Check::Link, height + 1),
        ));
        let bytes = [
            &frames[..height].concat(),
            &seal,
            &end_frame(height as u64, story.after(height).ledger.head())[..],
        ];
        all.push(named(
            format!("splice: another seal {height}, and the end of this one"),
            Spoiled::at(bytes.concat(), Check::End, height),
        ));
    }
    // The records of one seal under the header of another.
    for height in 1..LAST {
        let mut log = log.clone();
        if log.batches[height].records == log.batches[height - 1].records {
            continue;
        }
        let same_count = log.batches[height].records.len() == log.batches[height - 1].records.len();
        log.batches[height - 1].records = log.batches[height].records.clone();
        let check = if same_count { Check::Root } else { Check::Count };
        all.push(named(
            format!("splice: seal {height} with the records of the next"),
            Spoiled::at(log.bytes(), check, height),
        ));
    }
    all
}

/// Signs a vote that differs from the one that a certificate is made of.
fn certify(world: &World, batch: &mut SealedBatch, change: impl Fn(&mut Vote)) {
    let header = &batch.header;
    let mut vote = Vote {
        community: header.community,
        height: header.height,
        round: 0,
        kind: VoteKind::Precommit,
        value: Some(header.id()),
    };
    change(&mut vote);
    let names = world.community().charter.witnesses.iter().map(|witness| key(&witness.name));
    let signatures = names.map(|key| (key.public(), key.sign(Purpose::Vote, &vote.bytes()))).collect();
    batch.certificate = Certificate { round: 0, signatures };
}

fn certificates(story: &Story) -> Mutations {
    let log = story.log();
    let world = story.after(LAST);
    let mut all = Mutations::new();
    let mut with = |name: String, height: usize, change: &dyn Fn(&mut SealedBatch)| {
        let mut log = log.clone();
        change(&mut log.batches[height - 1]);
        all.push(named(format!("certificate: {name}"), Spoiled::at(log.bytes(), Check::Certificate, height)));
    };
    for height in 1..=LAST {
        with(format!("two signatures exchanged in seal {height}"), height, &|batch| {
            let signatures = &mut batch.certificate.signatures;
            (signatures[0].1, signatures[1].1) = (signatures[1].1, signatures[0].1);
        });
        with(
            format!("one signature of seal {height} spoiled beside three that are enough"),
            height,
            &|batch| {
                batch.certificate.signatures[3].1.0[40] ^= 1;
            },
        );
        with(format!("none under seal {height}"), height, &|batch| batch.certificate.signatures.clear());
        let neighbour = if height == LAST { height - 1 } else { height + 1 };
        with(format!("that of seal {neighbour} under seal {height}"), height, &|batch| {
            batch.certificate = log.batches[neighbour - 1].certificate.clone();
        });
    }
    type Change = fn(&mut Vote);
    let votes: [(&str, Change); 6] = [
        ("votes in another community", |vote| vote.community = CommunityId([7; 32])),
        ("votes at another height", |vote| vote.height += 1),
        ("votes in another consensus round", |vote| vote.round = 1),
        ("prevotes", |vote| vote.kind = VoteKind::Prevote),
        ("votes for nothing", |vote| vote.value = None),
        ("votes for another seal", |vote| vote.value = Some(SealId([7; 32]))),
    ];
    for (name, change) in votes {
        with(name.to_owned(), OPEN_AGAIN, &|batch| certify(world, batch, change));
    }
    with("signatures for another purpose".to_owned(), OPEN_AGAIN, &|batch| {
        let vote = Vote {
            community: batch.header.community,
            height: batch.header.height,
            round: 0,
            kind: VoteKind::Precommit,
            value: Some(batch.header.id()),
        };
        let names = world.community().charter.witnesses.iter().map(|witness| key(&witness.name));
        batch.certificate.signatures =
            names.map(|key| (key.public(), key.sign(Purpose::Proposal, &vote.bytes()))).collect();
    });
    with("four strangers".to_owned(), OPEN_AGAIN, &|batch| {
        let strangers = (0..4).map(|number| key(&format!("stranger {number}")));
        let mut signatures: Vec<_> =
            strangers.map(|key| (key.public(), key.sign(Purpose::Vote, &batch.header.id().0))).collect();
        signatures.sort_by_key(|signed| signed.0);
        batch.certificate.signatures = signatures;
    });
    with("S not below the order of the base point".to_owned(), OPEN_AGAIN, &|batch| {
        // The order of the base point, added to S: the same number to whoever does not look.
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0;
        for (byte, order) in batch.certificate.signatures[0].1.0[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = ((sum & 0xff) as u8, sum >> 8);
        }
    });
    all
}

/// Witnesses of unequal power: exactly two thirds of it are not enough, whoever has them.
fn powers() -> Mutations {
    let with = |name: &str, powers: &[u64], signers: usize| {
        let mut terms = charter(powers.len());
        for (witness, power) in terms.witnesses.iter_mut().zip(powers) {
            witness.power = *power;
        }
        let mut world = World::found(terms);
        world.fund(5);
        let mut log = Log::of(&world);
        log.batches[0].certificate.signatures.truncate(signers);
        named(format!("power: {name}"), Spoiled::at(log.bytes(), Check::Certificate, 1))
    };
    vec![
        with("two of three", &[1, 1, 1], 2),
        with("four of six, by three", &[2, 1, 1, 2], 3),
        with("many of little power", &[1, 1, 1, 1, 1, 10], 5),
        with("the greatest powers there are", &[1 << 32, 1 << 32, 1 << 32], 2),
    ]
}

/// Each record of the story under a signature that is not its author's.
fn signatures(story: &Story) -> Mutations {
    let log = story.log();
    let mut all = Mutations::new();
    for (index, batch) in log.batches.iter().enumerate() {
        for position in 0..batch.records.len() {
            let mut log = log.clone();
            let record = &mut log.batches[index].records[position];
            let start = record.len() - 64;
            record[start + 32] ^= 1;
            all.push(named(
                format!("signature: of record {position} in seal {} spoiled", index + 1),
                Spoiled::at(log.bytes(), Check::Signature, index + 1).in_record(position),
            ));
        }
    }
    let mut with = |name: &str, sign: &dyn Fn(&RecordId, &Received) -> Signature| {
        let mut log = log.clone();
        let record = &mut log.batches[BALLOTS - 1].records[0];
        let received = Received::decode(record, story.after(LAST).community()).unwrap();
        let signature = sign(&received.id, &received);
        let start = record.len() - 64;
        record[start..].copy_from_slice(&signature.0);
        all.push(named(
            format!("signature: {name}"),
            Spoiled::at(log.bytes(), Check::Signature, BALLOTS).in_record(0),
        ));
    };
    let author = |received: &Received| {
        let author = received.record().author;
        ["ana", "ben", "cleo", "dora"].into_iter().find(|name| public(name) == author).unwrap()
    };
    with("of a stranger", &|id, _| key("stranger").sign(Purpose::Record, &id.0));
    with("as for a vote", &|id, received| key(author(received)).sign(Purpose::Vote, &id.0));
    with("as for a succession", &|id, received| key(author(received)).sign(Purpose::Succession, &id.0));
    with("over another record", &|_, received| key(author(received)).sign(Purpose::Record, &[7; 32]));
    with("of zeros", &|_, _| Signature([0; 64]));
    all
}

/// Records out of their chain, and seals that hold too much.
fn chains(story: &Story) -> Mutations {
    let world = story.after(BALLOTS);
    let head = |name: &str| world.ledger.chain(&public(name));
    let blank = || Body::Ballot(ballot(1, &[]));
    let mut all = Mutations::new();
    for name in ["ana", "ben", "cleo", "dora", "registrar", "treasurer", "attestor a"] {
        let end = head(name);
        let body = if name == "treasurer" { payment(Direction::In, 5) } else { blank() };
        let record = world.sign(name, end.sequence + 2, RecordId([9; 32]), body.clone());
        all.push(named(format!("chain: {name} skips one"), refused(world, Check::Sequence, record)));
        let record = world.sign(name, end.sequence + 1, RecordId([9; 32]), body.clone());
        all.push(named(
            format!("chain: {name} goes on from nothing"),
            refused(world, Check::Predecessor, record),
        ));
        let record = world.sign(name, 1, Record::NONE, body);
        all.push(named(format!("chain: {name} begins again"), refused(world, Check::Sequence, record)));
    }
    // Two at once: the second is at fault.
    let two = |name: &str, check, make: &dyn Fn(&mut World) -> [Received; 2]| {
        let mut world = world.clone();
        let records = make(&mut world);
        let log = sealed_anyway(&world, world.ledger.time() + STEP, &records);
        named(format!("chain: {name}"), Spoiled::at(log.bytes(), check, BALLOTS + 1).in_record(1))
    };
    all.push(two("a gap inside a seal", Check::Sequence, &|world| {
        let first = world.say("ana", blank());
        let second = world.sign("ana", first.record().sequence + 2, first.id, blank());
        [first, second]
    }));
    all.push(two("a wrong link inside a seal", Check::Predecessor, &|world| {
        let first = world.say("ana", blank());
        let second = world.sign("ana", first.record().sequence + 1, RecordId([9; 32]), blank());
        [first, second]
    }));
    all.push(two("a key that was replaced in this seal", Check::Predecessor, &|world| {
        let rotation = world.rotation("ana", "phone");
        [world.say("ana", rotation), world.say("ana", blank())]
    }));
    all.push(two("a key that was replaced twice in this seal", Check::Predecessor, &|world| {
        let [first, second] = ["phone", "pad"].map(|name| world.rotation("ana", name));
        [world.say("ana", first), world.say("ana", second)]
    }));
    // The successor is nobody before the seal is over.
    {
        let mut world = world.clone();
        let rotation = world.rotation("ana", "phone");
        let mut records = vec![world.say("ana", rotation), world.sign("phone", 1, Record::NONE, blank())];
        records.sort_by_key(Received::order);
        let position = records.iter().position(|record| record.record().author == public("phone")).unwrap();
        let log = sealed_anyway(&world, world.ledger.time() + STEP, &records);
        let spoiled = Spoiled::at(log.bytes(), Check::Authority, BALLOTS + 1).in_record(position);
        all.push(named("chain: a successor in the seal of the succession", spoiled));
    }
    {
        let mut world = world.clone();
        let replaced = world.replacement("ana", "phone");
        let mut records =
            vec![world.say("registrar", replaced), world.sign("phone", 1, Record::NONE, blank())];
        records.sort_by_key(Received::order);
        let position = records.iter().position(|record| record.record().author == public("phone")).unwrap();
        let log = sealed_anyway(&world, world.ledger.time() + STEP, &records);
        let spoiled = Spoiled::at(log.bytes(), Check::Authority, BALLOTS + 1).in_record(position);
        all.push(named("chain: a new key in the seal of the replacement", spoiled));
    }
    // What a thief signs with a lost key suspends nobody: the new key goes on, and the fault comes after that.
    {
        let mut world = world.clone();
        let replaced = world.replacement("ana", "phone");
        assert_eq!(world.enact("registrar", replaced), None);
        let [left, right] = [Body::Leave, blank()].map(|body| world.sign("ana", 1, Record::NONE, body));
        let proof = Body::Evidence(Box::new(Fork::of(&left, &right)));
        assert_eq!(world.enact("ben", proof), Some(Void::LostKey));
        assert_eq!(world.enact("phone", blank()), None);
        let stolen = world.say("ana", blank());
        let spoiled = refused(&world, Check::Predecessor, stolen);
        all.push(named("chain: a lost key after evidence that came too late", spoiled));
    }
    // More bytes than a seal may hold, in fewer records than it may.
    {
        let mut world = world.clone();
        let reason = "a".repeat(limits::TEXT_BYTES);
        let body = Body::Suspend { key: public("ana"), reason };
        let records: Vec<_> = (0..260).map(|_| world.say("registrar", body.clone())).collect();
        assert!(records.iter().map(|record| record.bytes.len()).sum::<usize>() > limits::SEAL_BYTES);
        let log = sealed_anyway(&world, world.ledger.time() + STEP, &records);
        all.push(named(
            "chain: more bytes than a seal may hold",
            Spoiled::at(log.bytes(), Check::Quota, BALLOTS + 1),
        ));
    }
    // A record left out by the witnesses: the next of its author has no predecessor.
    {
        let before = story.after(ADMISSIONS);
        let mut author = before.clone();
        author.say("registrar", suspension("ana"));
        let record = author.say("registrar", readmission("ana"));
        all.push(named("chain: a record left out", refused(before, Check::Sequence, record)));
    }
    all
}

/// Ballots on the wrong side of a close, and closes that are not due.
fn late(story: &Story) -> Mutations {
    let before = story.after(BALLOTS);
    let close = before.ledger.close();
    let sealed = |world: &World, header: SealHeader, records: &[Received]| {
        let mut log = Log { end: (header.height, header.id()), ..Log::of(world) };
        log.batches.push(world.batch(header, records));
        log
    };
    let mut all = Mutations::new();
    // The outcome that is signed does not count what the closing seal holds, or counts what it does not.
    let mut world = before.clone();
    let late = world.say("ana", Body::Ballot(ballot(1, &[])));
    let with = before.ledger.provisional(close, std::slice::from_ref(&late)).digest;
    let without = before.ledger.provisional(close, &[]).digest;
    assert_ne!(with, without);
    let mut header = log::header(&before.ledger, close, std::slice::from_ref(&late));
    header.closes = Some(without);
    let log = sealed(before, header, std::slice::from_ref(&late));
    all.push(named(
        "late: a ballot in the closing seal is not counted",
        Spoiled::at(log.bytes(), Check::Outcome, CLOSE),
    ));
    let mut header = log::header(&before.ledger, close, &[]);
    header.closes = Some(with);
    let log = sealed(before, header, &[]);
    all.push(named(
        "late: a ballot is counted that is in no seal",
        Spoiled::at(log.bytes(), Check::Outcome, CLOSE),
    ));
    // A seal past the close that closes nothing, with a ballot that would count.
    let mut header = log::header(&before.ledger, close + 1, std::slice::from_ref(&late));
    header.closes = None;
    let log = sealed(before, header, std::slice::from_ref(&late));
    all.push(named(
        "late: a ballot goes on after the close",
        Spoiled::at(log.bytes(), Check::Closing, CLOSE),
    ));
    // Closed again at once, and closed before its time.
    let after = story.after(CLOSE);
    let mut header = log::header(&after.ledger, after.ledger.time() + 1, &[]);
    header.closes = after.batches[CLOSE - 1].header.closes;
    let log = sealed(after, header, &[]);
    all.push(named("late: a round closed twice", Spoiled::at(log.bytes(), Check::Closing, CLOSE + 1)));
    let mut header = log::header(&before.ledger, close - 1, &[]);
    header.closes = Some(before.ledger.provisional(close - 1, &[]).digest);
    let log = sealed(before, header, &[]);
    all.push(named("late: a round closed a moment early", Spoiled::at(log.bytes(), Check::Closing, CLOSE)));
    // The outcome of the first round for the second.
    let again = story.after(OPEN_AGAIN + 1);
    let mut header = log::header(&again.ledger, again.ledger.close(), &[]);
    header.closes = again.batches[CLOSE - 1].header.closes;
    let log = sealed(again, header, &[]);
    all.push(named(
        "late: the outcome of the round before",
        Spoiled::at(log.bytes(), Check::Outcome, OPEN_AGAIN + 2),
    ));
    // A ballot for a round that is over is sealed, void, and not counted: an outcome that counts it is forged.
    let mut world = after.clone();
    let stale = world.say("dora", Body::Ballot(ballot(1, &[(story.bakery, 5)])));
    let fresh = world.sign(
        "dora",
        stale.record().sequence,
        stale.record().previous,
        Body::Ballot(ballot(2, &[(story.bakery, 5)])),
    );
    let close = after.ledger.close();
    let counted = after.ledger.provisional(close, &[fresh]).digest;
    let mut header = log::header(&after.ledger, close, std::slice::from_ref(&stale));
    header.closes = Some(counted);
    let log = sealed(after, header, &[stale]);
    all.push(named(
        "late: a ballot for the round before is counted",
        Spoiled::at(log.bytes(), Check::Outcome, CLOSE + 1),
    ));
    all
}

/// After each seal of the story one more, whose header is wrong in one field: witnesses have signed it.
fn headers(story: &Story) -> Mutations {
    type Change = fn(&mut SealHeader, &World);
    let changes: [(&str, Check, Change); 9] = [
        ("of the same time as the one before", Check::Time, |header, world| {
            header.time = world.ledger.time()
        }),
        ("a moment before the one before", Check::Time, |header, world| {
            header.time = world.ledger.time() - 1
        }),
        ("of no time", Check::Time, |header, _| header.time = 0),
        ("of no number", Check::Height, |header, _| header.height = 0),
        ("that is its own predecessor", Check::Link, |header, _| header.previous = header.id()),
        ("without a predecessor", Check::Link, |header, _| header.previous = SealId([0; 32])),
        ("over other records", Check::Root, |header, _| {
            header.root = SealHeader::root_of(&[RecordId([7; 32])])
        }),
        ("over one record twice", Check::Count, |header, _| header.count = 2),
        ("that closes nothing in time", Check::Closing, |header, world| {
            header.time = world.ledger.close();
        }),
    ];
    let mut all = Mutations::new();
    for height in 1..=LAST {
        let world = story.after(height);
        let mut author = world.clone();
        let records = [author.say("treasurer", payment(Direction::In, 5))];
        let mut put = |what: String, check: Check, header: SealHeader, records: &[Received]| {
            let mut log = Log { end: (header.height, header.id()), ..Log::of(world) };
            log.batches.push(world.batch(header, records));
            all.push(named(
                format!("header: after seal {height} one {what}"),
                Spoiled::at(log.bytes(), check, height + 1),
            ));
        };
        for (what, check, change) in changes {
            let mut header = log::header(&world.ledger, world.ledger.time() + STEP, &records);
            change(&mut header, world);
            put(what.to_owned(), check, header, &records);
        }
        let idle = log::header(&world.ledger, world.ledger.time() + 1, &[]);
        put("that is idle".to_owned(), Check::Idle, idle, &[]);
        let mut early = log::header(&world.ledger, world.ledger.time() + 1, &records);
        early.closes = Some(world.ledger.provisional(early.time, &records).digest);
        put("that closes too early".to_owned(), Check::Closing, early, &records);
    }
    // More than an author may say in a round: in one seal, in two, and under a new key that inherits what was used.
    let world = story.after(OPEN_AGAIN);
    let blank = || Body::Ballot(ballot(2, &[]));
    for (name, used) in [("ana", 0), ("cleo", 0), ("ben's new phone", 1)] {
        let mut author = world.clone();
        let records: Vec<_> = (used..9).map(|_| author.say(name, blank())).collect();
        let log = sealed_anyway(world, world.ledger.time() + STEP, &records);
        all.push(named(
            format!("quota: {name} says more than allowed"),
            Spoiled::at(log.bytes(), Check::Quota, OPEN_AGAIN + 1).in_record(records.len() - 1),
        ));
        let mut author = world.clone();
        let records: Vec<_> = (used..8).map(|_| author.say(name, blank())).collect();
        author.seal(records);
        let over = author.say(name, blank());
        all.push(named(
            format!("quota: {name} says more than allowed, in two seals"),
            refused(&author, Check::Quota, over),
        ));
    }
    all
}
