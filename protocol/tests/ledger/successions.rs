//! Changes of the charter: when they are adopted, and what holds afterwards.

use mutua_protocol::{
    archive::open_batch,
    charter::{Charter, CharterError, CharterMajority, Community},
    ledger::{Inadmissible, ProposalStatus, Void},
    limits,
    outcome::ChangeResult,
    records::{Ballot, Body, Choice, Direction, On, ProposalId, Stance, Subject},
    seals::Witness,
};

use crate::support::{
    amended::{ADOPTED, ADOPTED_AGAIN, Amended, VOID, first_change},
    *,
};

const MEMBERS: [&str; 3] = ["ana", "ben", "cleo"];

/// All vote yes on these, and the round closes.
fn carry(world: &mut World, changes: &[ProposalId]) {
    let mut answers: Vec<_> =
        changes.iter().flat_map(|change| answer(1, *change, Choice::Yes).answers).collect();
    answers.sort_by_key(|answer| answer.proposal);
    for name in MEMBERS {
        world.cast(name, Ballot { answers: answers.clone(), ..ballot(world.round(), &[]) });
    }
    world.close();
}

/// A world in which this change was adopted in the first round.
fn changed(change: impl FnOnce(&mut Charter)) -> World {
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let subject = world.change("A change", change);
    let change = world.put("ana", subject);
    carry(&mut world, &[change]);
    assert_eq!(world.ledger.closings()[0].outcome.motions[0].change, Some(ChangeResult::Adopted));
    world
}

#[test]
fn a_change_needs_its_own_quorum_and_majority() {
    use Choice::{Abstain, No, Yes};
    let cases: [(u16, u16, &[Choice], bool); 8] = [
        (5_000, 6_666, &[Yes, Yes, No], true),
        (5_000, 6_667, &[Yes, Yes, No], false),
        (5_000, 6_666, &[Yes, No], false),
        (5_000, 6_666, &[Yes], false),
        (6_666, 6_666, &[Yes, Abstain], true),
        (6_667, 6_666, &[Yes, Abstain], false),
        (0, 5_000, &[], false),
        (0, 9_999, &[Yes], true),
    ];
    for (quorum, majority, answers, carried) in cases {
        // The bounds of motions would carry everything.
        let mut world = World::with(|charter| {
            charter.motions.quorum = 0;
            charter.motions.majority = 0;
            charter.motions.charter = CharterMajority { quorum, majority };
        });
        world.admit(&MEMBERS);
        let subject = world.change("A change", |charter| charter.sealing.drift += 1);
        let hash = subject.change().unwrap().charter.hash();
        let change = world.put("ana", subject);
        for (name, choice) in MEMBERS.iter().zip(answers) {
            world.cast(name, answer(1, change, *choice));
        }
        let founding = world.community().hash;
        let outcome = &world.close().outcome;
        let expected = if carried { ChangeResult::Adopted } else { ChangeResult::NotCarried };
        assert_eq!(outcome.motions[0].change, Some(expected), "{quorum} {majority} {answers:?}");
        assert_eq!(outcome.charter, if carried { hash } else { founding });
        assert_eq!(world.community().hash, outcome.charter, "the outcome names the charter that holds");
        assert_eq!(world.ledger.proposals()[&change].status, ProposalStatus::Decided(1));
    }
}

#[test]
fn of_two_carried_changes_the_first_sealed_is_adopted_and_the_other_lapses() {
    let story = Amended::tell();
    let [first, second, third] = story.changes;
    let outcome = &story.world.ledger.closings()[0].outcome;
    let results: Vec<_> = outcome.motions.iter().map(|motion| (motion.proposal, motion.change)).collect();
    let expected = [
        (first, Some(ChangeResult::Adopted)),
        (second, Some(ChangeResult::Lapsed { by: first })),
        (third, Some(ChangeResult::NotCarried)),
    ];
    assert_eq!(results, expected);
    assert!(outcome.motions[1].carried);
}

#[test]
fn the_charter_in_force_is_known_for_every_seal() {
    let story = Amended::tell();
    let community = story.world.community();
    let (founding, first, second) =
        (community.at(0), community.at(VOID as u64), community.at(ADOPTED_AGAIN as u64 + 1));
    for (height, expected) in [
        (1, founding),
        (ADOPTED as u64, founding),
        (ADOPTED as u64 + 1, first),
        (ADOPTED_AGAIN as u64, first),
        (ADOPTED_AGAIN as u64 + 1, second),
        (u64::MAX, second),
    ] {
        assert_eq!(community.at(height), expected, "{height}");
    }
    assert_eq!(community.history().count(), 3);
    assert!(community.history().all(|each| each.id == founding.id), "the id is that of the founding charter");
    assert_eq!(founding.hash.0, founding.id.0);
    assert_ne!(first.hash, founding.hash);
}

#[test]
fn the_witnesses_of_the_charter_in_force_seal() {
    let story = Amended::tell();
    for (height, batch) in story.world.batches.iter().enumerate() {
        let ledger = &story.worlds[height].ledger;
        assert!(open_batch(ledger, batch).is_ok());
        let names: Vec<_> =
            ledger.community().witnesses.witnesses().iter().map(|w| w.name.as_str()).collect();
        assert_eq!(names.contains(&"witness 4"), height < ADOPTED, "seal {}", height + 1);
        assert_eq!(names.contains(&"witness 5"), height >= ADOPTED, "seal {}", height + 1);
    }
    // A seal by those who were witnesses before is not one.
    let mut old = story.world.batches[VOID - 1].clone();
    let founding = World::found(story.world.community().at(0).charter.clone());
    old.certificate = founding.certify(&old.header);
    assert!(open_batch(&story.worlds[VOID - 1].ledger, &old).is_err());
}

#[test]
fn the_next_close_is_a_new_period_after_the_last() {
    for (period, closes) in [(ROUND, 2 * ROUND), (ROUND / 2, ROUND + ROUND / 2), (3 * ROUND, 4 * ROUND)] {
        let world = changed(|charter| {
            charter.schedule.period = period;
            charter.sealing.drift += 1;
        });
        assert_eq!(world.ledger.close(), closes, "{period}");
    }
    // Closes that passed are skipped, on the grid of the new period.
    let mut world = World::new();
    world.admit(&MEMBERS);
    let subject = world.change("Shorter rounds", |charter| charter.schedule.period = ROUND / 4);
    let change = world.put("ana", subject);
    for name in MEMBERS {
        world.cast(name, answer(1, change, Choice::Yes));
    }
    world.seal_at(2 * ROUND + 5, Vec::new());
    assert_eq!(world.ledger.close(), 2 * ROUND + ROUND / 4);
    world.close();
    assert_eq!(world.ledger.close(), 2 * ROUND + ROUND / 2, "and so on");
}

#[test]
fn who_is_no_longer_in_office_is_heard_without_effect() {
    let mut world = changed(first_change);
    assert_eq!(world.enact("treasurer", payment(Direction::In, 5)), Some(Void::RoleEnded));
    assert_eq!(world.enact("new treasurer", payment(Direction::In, 5)), None);
    let bakery = world.propose("ana", loan("bakery", 5));
    let rating = world.attestation(bakery, approved());
    let said = world.say("attestor c", rating.clone());
    let applied = world.seal(vec![said.clone()]);
    assert_eq!(applied.void.first().map(|(_, reason)| *reason), Some(Void::RoleEnded));
    assert_eq!(world.enact("attestor d", rating), None);
    // It is sealed, and so it can be referred to.
    let revocation = Body::RevokeAttestation { attestation: said.id, reason: "A mistake.".to_owned() };
    assert_eq!(world.enact("attestor c", revocation), Some(Void::RoleEnded));
    // Nobody else got in by that door.
    assert!(matches!(
        world.refused("stranger", payment(Direction::In, 5)),
        Inadmissible::UnknownAuthor { .. }
    ));
    assert!(matches!(world.refused("ana", payment(Direction::In, 5)), Inadmissible::Role { .. }));
}

#[test]
fn an_attestation_counts_while_its_attestor_is_one() {
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let bakery = world.propose("ana", loan("bakery", 5));
    world.attest("attestor c", bakery, approved());
    let time = world.ledger.time();
    assert!(world.ledger.eligible(&world.ledger.proposals()[&bakery], time).is_ok());
    let subject = world.change("Without attestor c", first_change);
    let change = world.put("ana", subject);
    carry(&mut world, &[change]);
    assert!(world.ledger.eligible(&world.ledger.proposals()[&bakery], time).is_err());
}

#[test]
fn a_ballot_within_the_limits_of_before_is_sealed_and_says_no_more_than_others() {
    let story = Amended::tell();
    let outcome = &story.world.ledger.closings()[1].outcome;
    let funded: Vec<_> = outcome.funded.iter().map(|loan| loan.proposal).collect();
    // By 10 points the bakery would come first, and take the school's money.
    assert_eq!(funded, [story.school]);
    assert!(outcome.candidates.iter().any(|candidate| candidate.proposal == story.bakery));
    // A score beyond what any charter allowed is none.
    let mut world = changed(|charter| charter.limits.score = 5);
    let bakery = world.propose("ana", loan("bakery", 5));
    let eleven = world.say("ana", Body::Ballot(ballot(2, &[(bakery, 10)])));
    let mut record = eleven.record().clone();
    record.body = Body::Ballot(ballot(2, &[(bakery, 11)]));
    let bytes = record.sign(&key("ana")).bytes();
    assert!(mutua_protocol::records::Received::decode(&bytes, world.community()).is_err());
}

#[test]
fn a_change_of_a_charter_that_is_no_longer_in_force_has_no_effect() {
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let late = world.change("Too late", |charter| charter.sealing.patience += 1);
    let subject = world.change("In time", |charter| charter.sealing.drift += 1);
    let change = world.put("ana", subject);
    carry(&mut world, &[change]);
    assert_eq!(world.enact("ben", Body::Propose(late.clone())), Some(Void::OtherCharter));
    // Amending an open change into one of the old charter neither.
    let subject = world.change("Again", |charter| charter.sealing.drift += 1);
    let open = world.put("ben", subject);
    let void = world.enact("ben", Body::Amend { proposal: open, subject: late });
    assert_eq!(void, Some(Void::OtherCharter));
    assert!(world.close().outcome.motions.iter().all(|motion| motion.proposal == open));
}

/// A change that names ana in every way that a charter can.
fn naming(world: &World, title: &str, name: &str, number: usize) -> Subject {
    world.change(title, |charter| match number {
        3 => {
            let witness = Witness { key: public(name), power: 1, name: name.to_owned() };
            charter.witnesses.push(witness);
            charter.witnesses.sort_by_key(|witness| witness.key);
        }
        role => {
            charter.roles[role].keys.push(public(name));
            charter.roles[role].keys.sort_unstable();
        }
    })
}

#[test]
fn no_change_gives_an_office_to_a_key_that_was_replaced() {
    for number in 0..4 {
        let mut world = World::found(charter(4));
        world.admit(&MEMBERS);
        world.admit(&["dora"]);
        let lost = world.replacement("dora", "dora's new phone");
        assert_eq!(world.enact("registrar", lost), None);
        let subject = naming(&world, "An office for dora", "dora", number);
        let proposed = world.say("ana", Body::Propose(subject.clone()));
        assert_eq!(world.ledger.preflight(proposed.record(), EVER), Err(Void::NamesReplacedKey));
        let id = proposed.id;
        assert_eq!(world.seal(vec![proposed]).void, [(id, Void::NamesReplacedKey)], "{number}");
        let sound = naming(&world, "An office for dora", "dora's new phone", number);
        let change = world.put("ana", sound);
        let amended = Body::Amend { proposal: change, subject };
        assert_eq!(world.enact("ana", amended), Some(Void::NamesReplacedKey));
        carry(&mut world, &[change]);
        assert!(world.community().charter.names(&public("dora's new phone")));
    }
}

/// Between proposal and close, and be it in the seal that closes: then the next change that was carried is adopted.
#[test]
fn a_key_that_is_replaced_before_the_close_keeps_a_change_from_being_adopted() {
    for at_close in [false, true] {
        let mut world = World::found(charter(4));
        world.admit(&MEMBERS);
        world.admit(&["dora", "emil"]);
        let [one, two] = ["dora", "emil"].map(|name| {
            let subject = naming(&world, "An office", name, 2);
            world.put("ana", subject)
        });
        let three = world.change("More drift", |charter| charter.sealing.drift += 1);
        let three = world.put("ben", three);
        let four = world.change("Less drift", |charter| charter.sealing.drift -= 1);
        let four = world.put("ben", four);
        let mut answers: Vec<_> =
            [one, two, three, four].iter().flat_map(|id| answer(1, *id, Choice::Yes).answers).collect();
        answers.sort_by_key(|answer| answer.proposal);
        for name in MEMBERS {
            world.cast(name, Ballot { answers: answers.clone(), ..ballot(1, &[]) });
        }
        let (lost, rotation) =
            (world.replacement("dora", "dora's new phone"), world.rotation("emil", "emil 2"));
        let records = vec![world.say("registrar", lost), world.say("emil", rotation)];
        let closing = if at_close {
            world.close_with(records)
        } else {
            world.seal(records);
            world.close()
        };
        let results: Vec<_> = closing.outcome.motions.iter().map(|motion| motion.change).collect();
        let expected = [
            ChangeResult::ReplacedKey { key: public("dora") },
            ChangeResult::ReplacedKey { key: public("emil") },
            ChangeResult::Adopted,
            ChangeResult::Lapsed { by: three },
        ];
        assert_eq!(results, expected.map(Some));
        assert!(closing.outcome.motions.iter().all(|motion| motion.carried));
        assert!(!world.community().charter.names(&public("dora")));
        assert_eq!(closing.outcome.charter, world.community().hash);
    }
}

/// It will never be there: who refers to it is told so, and need not wait.
#[test]
fn nothing_refers_to_what_had_no_effect() {
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let late = world.change("Too late", |charter| charter.sealing.patience += 1);
    let subject = world.change("In time", |charter| charter.sealing.drift += 1);
    let change = world.put("ana", subject.clone());
    carry(&mut world, &[change]);
    let proposed = world.say("ben", Body::Propose(late.clone()));
    let (proposal, round) = (proposed.id, world.round());
    let unknown = Inadmissible::UnknownProposal { proposal };
    assert_eq!(world.refused("ana", Body::Ballot(answer(round, proposal, Choice::Yes))), unknown);
    assert!(unknown.may_pass());
    assert_eq!(world.seal(vec![proposed]).void, [(proposal, Void::OtherCharter)]);
    let void = Inadmissible::VoidReference { record: proposal, void: Void::OtherCharter };
    for (author, body) in [
        ("ana", Body::Ballot(answer(round, proposal, Choice::Yes))),
        ("ben", Body::Amend { proposal, subject: late }),
        ("ben", withdrawal(proposal)),
        ("ana", argument(On::Proposal(proposal), Stance::For)),
    ] {
        assert_eq!(world.refused(author, body), void);
    }
    assert!(!void.may_pass());

    for _ in 0..limits::ARGUMENTS_PER_ROUND {
        world.argue("ana", On::Proposal(change), Stance::For);
    }
    let one_more = world.say("ana", argument(On::Proposal(change), Stance::For));
    let record = one_more.id;
    assert_eq!(world.seal(vec![one_more]).void, [(record, Void::TooManyArguments)]);
    let void = Inadmissible::VoidReference { record, void: Void::TooManyArguments };
    assert_eq!(world.refused("ben", endorsement(record, false)), void);
    assert_eq!(world.refused("ben", argument(On::Argument(record), Stance::Against)), void);
}

#[test]
fn a_key_that_a_charter_begins_to_name_is_not_rotated_and_not_stuck() {
    let mut world = changed(|charter| charter.roles[2].keys = keys(&["ana", "treasurer"]));
    let rotation = world.rotation("ana", "ana's new phone");
    assert_eq!(world.enact("ana", rotation), Some(Void::NamedInCharter));
    assert_eq!(world.enact("ana", payment(Direction::In, 5)), None, "her chain goes on");
    // Who was named always may not say it at all.
    let mut world = World::with(|charter| charter.roles[0].keys = keys(&["ana", "registrar"]));
    world.admit(&["ana"]);
    let rotation = world.rotation("ana", "ana's new phone");
    assert_eq!(world.refused("ana", rotation), Inadmissible::NamedInCharter);
}

#[test]
fn what_no_amendment_may_change() {
    let base = charter(4);
    let community = std::sync::Arc::new(Community::new(base.clone()).unwrap());
    type Change = fn(&mut Charter);
    let cases: [(&str, Change); 8] = [
        ("'name'", |c| c.name.push('!')),
        ("'currency'", |c| c.currency.code = "USD".to_owned()),
        ("'currency'", |c| c.currency.decimals = 3),
        ("'schedule.first_close'", |c| c.schedule.first_close += 1),
        ("'groups'", |c| c.groups.truncate(1)),
        ("'categories'", |c| c.categories.swap(0, 1)),
        ("'categories'", |c| c.categories[0].push('!')),
        ("the same", |_| {}),
    ];
    for (what, change) in cases {
        let mut charter = base.clone();
        change(&mut charter);
        let error = community.amended(charter, 7).unwrap_err();
        assert!(matches!(error, CharterError::Fixed(_)), "{what}: {error}");
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
    let mut charter = base;
    first_change(&mut charter);
    assert!(community.amended(charter.clone(), 7).is_ok());
    charter.witnesses.clear();
    assert!(matches!(community.amended(charter, 7), Err(CharterError::Field { field: "witnesses", .. })));
}

#[test]
fn a_change_is_amended_and_withdrawn_like_a_motion() {
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let subject = world.change("More drift", |charter| charter.sealing.drift += 1);
    let change = world.put("ana", subject);
    for name in MEMBERS {
        world.cast(name, answer(1, change, Choice::Yes));
    }
    let subject = world.change("More drift", |charter| charter.sealing.drift += 2);
    assert_eq!(world.enact("ana", Body::Amend { proposal: change, subject }), None);
    // Nobody has agreed to that.
    assert_eq!(world.close().outcome.motions[0].change, Some(ChangeResult::NotCarried));
    let Subject::Charter(subject) = world.change("Less", |charter| charter.sealing.drift -= 1) else {
        panic!("a change of the charter")
    };
    let change = world.put("ana", Subject::Charter(subject));
    assert_eq!(world.enact("ana", withdrawal(change)), None);
    assert!(world.close().outcome.motions.is_empty());
}

#[test]
fn the_largest_charter_of_usual_communities_fits_a_record() {
    // Sixteen witnesses and sixteen holders of every role, thirty-two categories, and every text of forty letters.
    let mut world = World::found(charter(4));
    world.admit(&MEMBERS);
    let change = world.change("Everything", |charter| {
        let names: Vec<String> = (0..16).map(|number| format!("{number:040}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for held in &mut charter.roles {
            held.keys = keys(&names);
        }
        charter.categories.extend((0..29).map(|number| format!("{number:040}")));
        charter.witnesses = charter
            .witnesses
            .iter()
            .cloned()
            .chain(names.iter().map(|name| mutua_protocol::seals::Witness {
                key: public(name),
                power: 1,
                name: (*name).to_owned(),
            }))
            .collect();
        charter.witnesses.sort_by_key(|witness| witness.key);
    });
    world.put("ana", change);
}

/// A crafted log can hold as many charters as it likes: nothing may take room on the stack for each.
#[test]
fn a_hundred_thousand_charters_are_held_and_let_go() {
    const CHARTERS: u64 = 100_000;
    let tell = || {
        let mut charter = charter(1);
        charter.roles.truncate(1);
        charter.roles[0].keys = keys(&["witness 1"]);
        let mut community = std::sync::Arc::new(Community::new(charter).unwrap());
        for height in 1..CHARTERS {
            let mut next = community.charter.clone();
            next.sealing.drift = 1_000 + height % 2;
            community = std::sync::Arc::new(community.amended(next, height).unwrap());
        }
        community
    };
    let (community, again) = (tell(), tell());
    assert_eq!(community.history().count() as u64, CHARTERS);
    assert!(community == again, "the same history");
    assert!(community.founding() != community);
    assert_eq!(community.at(CHARTERS / 2).since, CHARTERS / 2 - 1);
    assert!(community.has_always_named(&public("witness 1")));
    // Somebody still holds one from the middle.
    let middle = community.at(CHARTERS / 2).clone();
    drop((community, again));
    assert_eq!(middle.history().count() as u64, CHARTERS / 2);
}
