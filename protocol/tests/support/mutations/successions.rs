//! What goes wrong around a change of the charter (SPEC section 5.1).

use mutua_protocol::{
    archive::Check,
    charter::Charter,
    hash::CharterHash,
    ledger::Closing,
    outcome::{ChangeResult, Outcome},
    records::{Body, CharterChange, Subject},
    seals::Certificate,
};

use super::{
    super::{
        amended::{ADOPTED, ADOPTED_AGAIN, Amended, PROPOSED, VOID},
        log::{Log, header},
        *,
    },
    Mutations, Spoiled, refused,
};

/// All of them.
pub fn all() -> Mutations {
    let amended = Amended::tell();
    let mut all = certificates(&amended);
    all.extend(outcomes(&amended));
    all.extend(closes(&amended));
    all.extend(records(&amended));
    all.extend(replaced_keys());
    all
}

/// The certificate of these witnesses on a seal.
fn signed(names: &[&str], header: &SealHeader) -> Certificate {
    let vote = Vote {
        community: header.community,
        height: header.height,
        round: 0,
        kind: VoteKind::Precommit,
        value: Some(header.id()),
    };
    let mut signatures: Vec<_> =
        names.iter().map(|name| (public(name), key(name).sign(Purpose::Vote, &vote.bytes()))).collect();
    signatures.sort_unstable_by_key(|(key, _)| *key);
    Certificate { round: 0, signatures }
}

fn certificates(amended: &Amended) -> Mutations {
    let cases: [(&str, usize, &[&str]); 6] = [
        ("the old witnesses after the change", VOID, &["witness 1", "witness 2", "witness 3", "witness 4"]),
        (
            "those who stayed, without the power of the new one",
            VOID,
            &["witness 1", "witness 2", "witness 3"],
        ),
        (
            "the new witness on the seal that adopts it",
            ADOPTED,
            &["witness 1", "witness 2", "witness 3", "witness 5"],
        ),
        ("the new witness before it is one", PROPOSED, &["witness 1", "witness 2", "witness 5"]),
        (
            "the first witnesses after the second change",
            ADOPTED_AGAIN + 1,
            &["witness 1", "witness 2", "witness 3", "witness 4"],
        ),
        (
            "one who left, beside enough others",
            ADOPTED_AGAIN,
            &["witness 1", "witness 2", "witness 3", "witness 4", "witness 5"],
        ),
    ];
    cases
        .into_iter()
        .map(|(name, height, names)| {
            let mut log = Log::of(&amended.world);
            let batch = &mut log.batches[height - 1];
            batch.certificate = signed(names, &batch.header);
            (format!("succession: signed by {name}"), Spoiled::at(log.bytes(), Check::Certificate, height))
        })
        .collect()
}

/// The log up to a close whose outcome was forged, signed by all witnesses.
fn forged(
    amended: &Amended,
    height: usize,
    name: &str,
    change: impl Fn(&mut Outcome, &Closing),
) -> (String, Spoiled) {
    let world = &amended.worlds[height - 1];
    let sealed = &amended.world.batches[height - 1];
    let mut outcome = amended
        .world
        .ledger
        .closings()
        .iter()
        .find(|c| c.outcome.height == height as u64)
        .unwrap()
        .outcome
        .clone();
    let closing = world.ledger.provisional(sealed.header.time, &[]);
    let before = outcome.clone();
    change(&mut outcome, &closing);
    assert_ne!(before, outcome, "{name}");
    let mut log = Log::of(world);
    let mut batch = sealed.clone();
    batch.header.closes = Some(outcome.digest());
    batch.certificate = world.certify(&batch.header);
    log.end = (batch.header.height, batch.header.id());
    log.batches.push(batch);
    (format!("succession: {name}"), Spoiled::at(log.bytes(), Check::Outcome, height))
}

fn outcomes(amended: &Amended) -> Mutations {
    let founding = amended.world.community().at(0).hash;
    let [_, patience, _] = amended.changes;
    let second =
        amended.worlds[ADOPTED - 1].ledger.proposals()[&patience].subject.change().unwrap().charter.hash();
    let first = amended.world.community().at(VOID as u64).hash;
    let lapsed = Some(ChangeResult::Lapsed { by: patience });
    vec![
        forged(amended, ADOPTED, "a carried change is ignored", move |o, _| o.charter = founding),
        forged(amended, ADOPTED, "a charter out of thin air", |o, _| o.charter = CharterHash([7; 32])),
        forged(amended, ADOPTED, "the change that was sealed later is adopted", move |o, _| {
            o.charter = second;
            o.motions[0].change = lapsed;
            o.motions[1].change = Some(ChangeResult::Adopted);
        }),
        forged(amended, ADOPTED, "two changes are adopted", |o, _| {
            o.motions[1].change = Some(ChangeResult::Adopted);
        }),
        forged(amended, ADOPTED, "a carried change is said not to be", |o, _| {
            o.motions[1].change = Some(ChangeResult::NotCarried);
        }),
        forged(amended, ADOPTED, "a change that lapsed by itself", |o, _| {
            let id = o.motions[1].proposal;
            o.motions[1].change = Some(ChangeResult::Lapsed { by: id });
        }),
        forged(amended, ADOPTED, "what became of a change is left out", |o, _| o.motions[2].change = None),
        forged(amended, ADOPTED_AGAIN, "a second change is ignored", move |o, _| o.charter = first),
        forged(amended, ADOPTED_AGAIN, "the founding charter is back", move |o, _| o.charter = founding),
        forged(amended, ADOPTED_AGAIN, "the outcome by the old rule", move |o, _| {
            // Equal shares give the loan a price; greedy, which is in force, does not.
            o.funded[0].price =
                Some(mutua_protocol::outcome::Price { numerator: vec![1], denominator: vec![1] });
        }),
    ]
}

/// Rounds that close by the period of the other charter.
fn closes(amended: &Amended) -> Mutations {
    let seal = |height: usize, time: u64, closes: bool| {
        let world = &amended.worlds[height - 1];
        let record = world.clone().say("ana", Body::Leave);
        let mut header = header(&world.ledger, time, std::slice::from_ref(&record));
        if closes {
            header.closes = Some(world.ledger.provisional(time, std::slice::from_ref(&record)).digest);
        }
        let mut log = Log { end: (header.height, header.id()), ..Log::of(world) };
        log.batches.push(world.batch(header, &[record]));
        Spoiled::at(log.bytes(), Check::Closing, height)
    };
    vec![
        ("succession: a close by the old period is missed".to_owned(), seal(ADOPTED + 1, 2 * ROUND, false)),
        (
            "succession: the new period's close is missed".to_owned(),
            seal(ADOPTED + 1, ROUND + ROUND / 2, false),
        ),
        (
            "succession: a close before the new period has passed".to_owned(),
            seal(ADOPTED + 1, ROUND + ROUND / 2 - 1, true),
        ),
        (
            "succession: a close by the period before the second change".to_owned(),
            seal(ADOPTED_AGAIN + 1, 2 * ROUND, true),
        ),
    ]
}

fn records(amended: &Amended) -> Mutations {
    let before = &amended.worlds[PROPOSED];
    let after = &amended.worlds[VOID];
    let put = |world: &World, change: &dyn Fn(&mut CharterChange)| {
        let Subject::Charter(mut subject) = world.change("A change", |c| c.sealing.drift += 1) else {
            panic!("a change of the charter")
        };
        change(&mut subject);
        Subject::Charter(subject)
    };
    let charter = |name: &'static str, check, change: fn(&mut Charter)| {
        (name, before, check, "ana", Body::Propose(put(before, &|subject| change(&mut subject.charter))))
    };
    let [greedy, ..] = amended.changes;
    let later = amended.world.community().hash;
    let cases: Vec<(&str, &World, Check, &str, Body)> = vec![
        charter("renames the community", Check::Authority, |c| c.name.push('!')),
        charter("changes the currency", Check::Authority, |c| c.currency.code = "USD".to_owned()),
        charter("changes the decimals", Check::Authority, |c| c.currency.decimals = 3),
        charter("changes the first close", Check::Authority, |c| c.schedule.first_close += 1),
        charter("drops a category", Check::Authority, |c| c.categories.truncate(2)),
        charter("renames a category", Check::Authority, |c| c.categories[1].push('!')),
        charter("swaps groups", Check::Authority, |c| c.groups.swap(0, 1)),
        charter("changes nothing", Check::Authority, |c| c.sealing.drift -= 1),
        ("for a charter that never was", before, Check::Reference, "ana", {
            Body::Propose(put(before, &|subject| subject.base = CharterHash([7; 32])))
        }),
        ("for a charter that is yet to be", before, Check::Reference, "ana", {
            Body::Propose(put(before, &|subject| subject.base = later))
        }),
        ("that drops what the charter before it did not have", after, Check::Authority, "ana", {
            Body::Propose(put(after, &|subject| subject.charter.categories.truncate(3)))
        }),
        ("by somebody who is no member", before, Check::Authority, "registrar", {
            Body::Propose(put(before, &|_| {}))
        }),
        ("that was a loan", before, Check::Authority, "ana", {
            Body::Amend { proposal: amended.bakery, subject: put(before, &|_| {}) }
        }),
        ("that becomes a motion", before, Check::Authority, "ana", {
            Body::Amend { proposal: greedy, subject: Subject::Motion(motion("greedy")) }
        }),
        ("amended for a charter that never was", before, Check::Reference, "ana", {
            Body::Amend { proposal: greedy, subject: put(before, &|s| s.base = CharterHash([7; 32])) }
        }),
        ("that is scored", before, Check::Authority, "ana", Body::Ballot(ballot(1, &[(greedy, 1)]))),
        ("that is rated", before, Check::Authority, "attestor a", before.attestation(greedy, approved())),
    ];
    let mut all: Mutations = cases
        .into_iter()
        .map(|(name, world, check, author, body)| {
            let mut world = world.clone();
            let record = world.say(author, body);
            (format!("succession: a change {name}"), refused(&world, check, record))
        })
        .collect();
    // What has no effect is not there.
    {
        let mut world = amended.worlds[VOID - 1].clone();
        let mut late = before.change("Late", |charter| charter.sealing.drift += 1);
        if let Subject::Charter(change) = &mut late {
            change.base = world.community().at(0).hash;
        }
        let proposed = world.say("ana", Body::Propose(late));
        let id = proposed.id;
        assert_eq!(world.seal(vec![proposed]).void.len(), 1);
        let vote = world.say("ben", Body::Ballot(answer(2, id, Choice::Yes)));
        all.push(("succession: a vote on a void change".to_owned(), refused(&world, Check::Reference, vote)));
    }
    // Officers of the new charter before it is in force.
    for (name, author, body) in [
        ("an attestor to come", "attestor d", before.attestation(amended.bakery, approved())),
        ("a treasurer to come", "new treasurer", payment(Direction::In, 5)),
    ] {
        let mut world = before.clone();
        let record = world.say(author, body);
        all.push((format!("succession: {name}"), refused(&world, Check::Authority, record)));
    }
    // Bodies out of bounds.
    type Break = fn(&mut CharterChange);
    let broken: [(&str, Break); 5] = [
        ("without a title", |c| c.title.clear()),
        ("with a purpose that rings", |c| c.purpose.push('\u{7}')),
        ("without a registrar", |c| drop(c.charter.roles.remove(0))),
        ("without witnesses", |c| c.charter.witnesses.clear()),
        ("with a majority of few", |c| c.charter.motions.charter.majority = 4_999),
    ];
    for (name, change) in broken {
        let mut world = before.clone();
        let Subject::Charter(mut subject) = put(&world, &|_| {}) else { continue };
        let sound = world.say("ana", Body::Propose(Subject::Charter(subject.clone())));
        change(&mut subject);
        let record = Record { body: Body::Propose(Subject::Charter(subject)), ..sound.record().clone() };
        let record = Received::own(record.sign(&key("ana")));
        all.push((format!("succession: a change {name}"), refused(&world, Check::Body, record)));
    }
    all
}

/// A key that was replaced holds no office, whatever is carried.
fn replaced_keys() -> Mutations {
    let mut all = Mutations::new();
    let mut world = World::found(charter(4));
    world.admit(&["ana", "ben", "cleo"]);
    let subject = world.change("An office for cleo", |charter| {
        charter.roles[2].keys = keys(&["cleo", "treasurer"]);
    });
    let change = world.put("ana", subject.clone());
    for name in ["ana", "ben"] {
        world.cast(name, answer(1, change, Choice::Yes));
    }
    let lost = world.replacement("cleo", "cleo's new phone");
    assert_eq!(world.enact("registrar", lost), None);
    let time = world.ledger.close();
    let sound = world.ledger.provisional(time, &[]).outcome.clone();
    assert_eq!(sound.motions[0].change, Some(ChangeResult::ReplacedKey { key: public("cleo") }));
    for (name, adopts) in [("gives an office to a replaced key", true), ("is lost without a word", false)] {
        let mut outcome = sound.clone();
        outcome.motions[0].change = Some(ChangeResult::Adopted);
        if adopts {
            outcome.charter = subject.change().unwrap().charter.hash();
        } else {
            outcome.motions[0].change = Some(ChangeResult::NotCarried);
        }
        let mut sealed = header(&world.ledger, time, &[]);
        sealed.closes = Some(outcome.digest());
        let mut log = Log { end: (sealed.height, sealed.id()), ..Log::of(&world) };
        log.batches.push(world.batch(sealed, &[]));
        let spoiled = Spoiled::at(log.bytes(), Check::Outcome, log.batches.len());
        all.push((format!("succession: a change {name}"), spoiled));
    }
    // The sound one is agreed on: the fault comes after it.
    world.close();
    let subject = world.change("Once more", |charter| charter.roles[2].keys = keys(&["cleo", "treasurer"]));
    assert_eq!(world.enact("ana", Body::Propose(subject)), Some(Void::NamesReplacedKey));
    let stolen = world.say("cleo", Body::Ballot(ballot(2, &[])));
    let spoiled = refused(&world, Check::Predecessor, stolen);
    all.push(("succession: a replaced key that a change has named".to_owned(), spoiled));
    all
}
