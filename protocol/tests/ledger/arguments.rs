//! Arguments, endorsements, moderation, and the answers that questions wait for.

use mutua_protocol::{
    charter::{Role, RoleHolders},
    hash::RecordId,
    ledger::{Endorsements, Inadmissible, OpenQuestion, Tally, Void, Waiting},
    limits,
    records::{About, Body, On, ProposalId, ResponseStatus, Stance},
};

use crate::support::*;

const NOWHERE: RecordId = RecordId([9; 32]);

fn community() -> (World, ProposalId) {
    let mut world = World::with(|charter| {
        for (role, name) in [(Role::Board, "board"), (Role::Moderator, "moderator")] {
            charter.roles.push(RoleHolders { role, keys: keys(&[name]), needed: 1 });
        }
    });
    world.admit(&["ana", "ben", "cleo"]);
    assert_eq!(world.enact("registrar", admission("dora", 7)), None);
    let mill = world.propose("ana", loan("mill", 900));
    (world, mill)
}

#[test]
fn a_thread_keeps_what_is_said_in_its_order_and_counts_it() {
    let (mut world, mill) = community();
    let other = world.propose("ben", loan("cinema", 900));
    let close_by = world.argue("ben", On::Proposal(mill), Stance::For);
    let loud = world.argue("cleo", On::Proposal(mill), Stance::Against);
    let at_night = world.argue("ana", On::Argument(loud), Stance::Question);
    let until_ten = world.argue("cleo", On::Argument(at_night), Stance::Answer);
    let not_so = world.argue("ben", On::Argument(loud), Stance::Against);
    world.argue("ben", On::Proposal(other), Stance::For);
    let found: Vec<_> = world.ledger.thread(&mill).map(|said| (said.id, said.depth, said.stance)).collect();
    let expected = [
        (close_by, 1, Stance::For),
        (loud, 1, Stance::Against),
        (at_night, 2, Stance::Question),
        (until_ten, 3, Stance::Answer),
        (not_so, 2, Stance::Against),
    ];
    assert_eq!(found, expected);
    let said = world.ledger.argument(&until_ten).unwrap();
    assert_eq!((said.proposal, said.reply_to(), said.author), (mill, Some(at_night), public("cleo")));
    let tally = Tally { in_favour: 1, against: 1, questions: 1, answers: 1, replies: 1, hidden: 0 };
    assert_eq!(world.ledger.tally(&mill), tally);
    assert_eq!(world.ledger.tally(&other), Tally { in_favour: 1, ..Tally::default() });
    // What was decided can still be talked about.
    assert_eq!(world.enact("ana", withdrawal(mill)), None);
    world.argue("ben", On::Proposal(mill), Stance::Against);
    assert_eq!(world.ledger.tally(&mill).against, 2);
}

#[test]
fn only_members_argue_and_only_about_what_is_there() {
    let (mut world, mill) = community();
    let on = On::Proposal(mill);
    let said = world.argue("ana", on, Stance::For);
    for name in ["board", "moderator", "treasurer"] {
        assert!(matches!(world.refused(name, argument(on, Stance::For)), Inadmissible::NotMember { .. }));
        let endorsed = endorsement(said, false);
        assert!(matches!(world.refused(name, endorsed), Inadmissible::NotMember { .. }));
    }
    let nothing = Inadmissible::UnknownProposal { proposal: NOWHERE };
    assert_eq!(world.refused("ana", argument(On::Proposal(NOWHERE), Stance::For)), nothing);
    let nothing = Inadmissible::UnknownArgument { argument: NOWHERE };
    assert_eq!(world.refused("ana", argument(On::Argument(NOWHERE), Stance::For)), nothing);
    assert_eq!(world.refused("ana", endorsement(NOWHERE, false)), nothing);
    assert_eq!(world.refused("moderator", moderation(NOWHERE, true)), nothing);
    let question = About::Question(NOWHERE);
    assert_eq!(world.refused("board", response(question, ResponseStatus::Done)), nothing);
    assert!(nothing.may_pass(), "it may still be on its way");
    let no_question = Inadmissible::NotQuestion { argument: said };
    assert_eq!(world.refused("ben", argument(On::Argument(said), Stance::Answer)), no_question);
    let question = About::Question(said);
    assert_eq!(world.refused("board", response(question, ResponseStatus::Done)), no_question);
    for name in ["ana", "board", "registrar"] {
        let refused = world.refused(name, moderation(said, true));
        assert!(matches!(refused, Inadmissible::Role { role: Role::Moderator, .. }));
    }
    // What is replied to has to be sealed in an earlier seal.
    let first = world.say("ana", argument(on, Stance::Question));
    let reply = world.say("ben", argument(On::Argument(first.id), Stance::Answer));
    assert!(world.try_seal_at(world.ledger.time() + STEP, vec![first, reply]).is_err());
}

#[test]
fn a_thread_has_an_end() {
    let (mut world, mill) = community();
    let mut last = world.argue("ana", On::Proposal(mill), Stance::Question);
    for depth in 2..=limits::ARGUMENT_DEPTH {
        last = world.argue("ana", On::Argument(last), Stance::Question);
        assert_eq!(world.ledger.argument(&last).unwrap().depth, depth);
    }
    let too_deep = Inadmissible::TooDeep { argument: last };
    assert_eq!(world.refused("ana", argument(On::Argument(last), Stance::Question)), too_deep);
    assert_eq!(world.refused("ana", argument(On::Argument(last), Stance::Answer)), too_deep);
    assert_eq!(world.enact("ben", endorsement(last, false)), None);
}

#[test]
fn the_next_round_and_a_new_key_begin_as_they_should() {
    let (mut world, mill) = community();
    let say = |world: &mut World, name: &str, times: u32| {
        let said = (0..times).map(|_| world.say(name, argument(On::Proposal(mill), Stance::For))).collect();
        world.seal(said).void
    };
    assert_eq!(say(&mut world, "ben", limits::ARGUMENTS_PER_ROUND), []);
    let rotation = world.rotation("ben", "ben's new phone");
    assert_eq!(world.enact("ben", rotation), None);
    let void = say(&mut world, "ben's new phone", 1);
    assert_eq!(void.first().map(|(_, reason)| *reason), Some(Void::TooManyArguments), "no second quota");
    assert_eq!(world.ledger.tally(&mill).in_favour, u64::from(limits::ARGUMENTS_PER_ROUND));
    world.close();
    assert_eq!(say(&mut world, "ben's new phone", 1), []);
    // Within one seal, too, the last ones are void.
    let void = say(&mut world, "cleo", limits::ARGUMENTS_PER_ROUND + 2);
    assert_eq!(void.len(), 2);
}

#[test]
fn an_endorsement_is_one_members_whatever_their_key_and_counts_while_they_take_part() {
    let (mut world, mill) = community();
    let said = world.argue("ana", On::Proposal(mill), Stance::For);
    let behind = |world: &World| world.ledger.endorsements(world.ledger.argument(&said).unwrap());
    let own = Inadmissible::OwnArgument { argument: said };
    assert_eq!(world.refused("ana", endorsement(said, false)), own);
    for name in ["ben", "dora"] {
        assert_eq!(world.enact(name, endorsement(said, false)), None);
    }
    assert_eq!(behind(&world), Endorsements { heads: 2, weight: 8 });
    let rotation = world.rotation("dora", "dora's new phone");
    assert_eq!(world.enact("dora", rotation), None);
    assert_eq!(behind(&world), Endorsements { heads: 2, weight: 8 });
    assert!(world.ledger.has_endorsed(&public("dora's new phone"), &said));
    assert_eq!(world.enact("dora's new phone", endorsement(said, false)), Some(Void::AlreadyEndorsed));
    let rotation = world.rotation("ana", "ana's new phone");
    assert_eq!(world.enact("ana", rotation), None);
    assert_eq!(world.refused("ana's new phone", endorsement(said, false)), own);
    assert_eq!(world.enact("ben", endorsement(said, true)), None);
    assert_eq!(behind(&world), Endorsements { heads: 1, weight: 7 });
    assert_eq!(world.enact("ben", endorsement(said, false)), None);
    assert_eq!(world.enact("registrar", suspension("dora's new phone")), None);
    assert_eq!(behind(&world), Endorsements { heads: 1, weight: 1 });
    assert_eq!(world.enact("ben", Body::Leave), None);
    world.close();
    assert_eq!(behind(&world), Endorsements::default());
}

#[test]
fn what_is_hidden_stays_with_the_reason_and_can_be_shown_again() {
    let (mut world, mill) = community();
    let said = world.argue("ana", On::Proposal(mill), Stance::For);
    assert_eq!(world.enact("moderator", moderation(said, true)), None);
    let hidden = world.ledger.argument(&said).unwrap();
    assert!(hidden.is_hidden());
    assert_eq!(hidden.moderations[0].reason, "it names a private person");
    assert_eq!(hidden.moderations[0].author, public("moderator"));
    assert_eq!(world.ledger.tally(&mill), Tally { in_favour: 1, hidden: 1, ..Tally::default() });
    assert_eq!(world.enact("moderator", moderation(said, true)), Some(Void::AlreadyHidden));
    assert_eq!(world.enact("ben", endorsement(said, false)), None);
    assert_eq!(world.enact("moderator", moderation(said, false)), None);
    let shown = world.ledger.argument(&said).unwrap();
    assert!(!shown.is_hidden());
    assert_eq!(shown.moderations.len(), 2, "nothing is forgotten");
    assert_eq!(world.ledger.tally(&mill).hidden, 0);
}

#[test]
fn a_question_waits_for_the_owner_or_the_board() {
    let (mut world, mill) = community();
    let ask = |world: &mut World| world.argue("ben", On::Proposal(mill), Stance::Question);
    let (first, second, third) = (ask(&mut world), ask(&mut world), ask(&mut world));
    let open = |world: &World| world.ledger.open_questions().iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(open(&world), [first, second, third], "the oldest first");
    let (owner, since) = (public("ana"), world.ledger.argument(&first).unwrap().time);
    assert_eq!(world.ledger.open_questions()[0], OpenQuestion { id: first, proposal: mill, owner, since });
    let waits = Waiting { about: About::Question(first), since, status: None };
    assert_eq!(world.ledger.waiting()[0], waits, "the board may answer, too");
    // Anybody may answer; the owner owes it.
    world.argue("cleo", On::Argument(first), Stance::Answer);
    world.argue("ana", On::Argument(first), Stance::Question);
    assert_eq!(open(&world).len(), 3, "the owner does not wait for herself");
    let answer = world.argue("ana", On::Argument(first), Stance::Answer);
    assert_eq!(open(&world), [second, third]);
    // Under another key, the owner is the same.
    let rotation = world.rotation("ana", "ana's new phone");
    assert_eq!(world.enact("ana", rotation), None);
    assert_eq!(open(&world), [second, third]);
    assert_eq!(world.enact("moderator", moderation(answer, true)), None);
    assert_eq!(open(&world), [first, second, third], "a hidden answer is none");
    assert_eq!(world.enact("moderator", moderation(answer, false)), None);
    let planned = response(About::Question(second), ResponseStatus::Planned);
    assert_eq!(world.enact("board", planned), None);
    assert_eq!(open(&world), [second, third]);
    assert_eq!(world.ledger.waiting()[1].status, Some(ResponseStatus::Planned));
    let done = response(About::Question(second), ResponseStatus::Accepted);
    assert_eq!(world.enact("board", done), None);
    assert_eq!(world.enact("moderator", moderation(third, true)), None);
    assert_eq!(open(&world), [], "a hidden question waits for nothing");
    assert_eq!(world.ledger.waiting(), []);
    assert_eq!(world.enact("moderator", moderation(third, false)), None);
    assert_eq!(open(&world), [third]);
    assert_eq!(world.enact("ana's new phone", withdrawal(mill)), None);
    assert_eq!(open(&world), [], "the proposal is gone");
}
