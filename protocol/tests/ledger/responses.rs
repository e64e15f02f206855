//! The board's answers, and what waits for one.

use mutua_protocol::{
    charter::{Role, RoleHolders},
    hash::RecordId,
    ledger::{Inadmissible, Waiting},
    records::{About, Choice, ResponseStatus},
};

use crate::support::*;

fn community() -> World {
    let mut world = World::with(|charter| {
        charter.roles.push(RoleHolders { role: Role::Board, keys: keys(&["board"]), needed: 1 });
    });
    world.admit(&["ana", "ben"]);
    world.fund(1_000);
    world
}

#[test]
fn what_is_decided_waits_until_the_board_has_its_last_word() {
    let mut world = community();
    let hours = world.put_motion("ana", "hours");
    let parking = world.put_motion("ana", "parking");
    let mut yes = answer(1, hours, Choice::Yes);
    yes.answers.extend(answer(1, parking, Choice::No).answers);
    yes.answers.sort_by_key(|answer| answer.proposal);
    world.cast("ana", yes.clone());
    world.cast("ben", yes);
    assert_eq!(world.ledger.waiting(), [], "nothing is decided");
    let early = response(About::Outcome(1), ResponseStatus::Accepted);
    assert_eq!(world.refused("board", early), Inadmissible::OpenRound { round: 1, current: 1 });
    let first = world.close().outcome.time;
    // The motion that was not carried waits for nothing, and neither does a round without loans.
    let about = About::Motion(hours);
    assert_eq!(world.ledger.waiting(), [Waiting { about, since: first, status: None }]);

    let mill = world.rated("ana", loan("mill", 900));
    world.support("ana", &[mill]);
    let second = world.close().outcome.time;
    assert_eq!(world.enact("board", response(about, ResponseStatus::Planned)), None);
    let planned = world.ledger.time();
    let outcome = Waiting { about: About::Outcome(2), since: second, status: None };
    let motion = Waiting { about, since: planned, status: Some(ResponseStatus::Planned) };
    assert_eq!(world.ledger.waiting(), [outcome, motion], "the oldest first");
    assert_eq!(world.enact("board", response(About::Outcome(2), ResponseStatus::Accepted)), None);
    assert_eq!(world.enact("board", response(about, ResponseStatus::Done)), None);
    assert_eq!(world.ledger.waiting(), []);
    let said = world.ledger.responses(about);
    assert_eq!(
        said.iter().map(|said| said.status).collect::<Vec<_>>(),
        [ResponseStatus::Planned, ResponseStatus::Done]
    );
    assert_eq!((said[0].author, said[0].time), (public("board"), planned));
    // A last word can be followed by another one.
    assert_eq!(world.enact("board", response(about, ResponseStatus::Planned)), None);
    assert_eq!(world.ledger.waiting().len(), 1);
}

#[test]
fn only_the_board_answers_and_only_what_is_there() {
    let mut world = community();
    let mill = world.propose("ana", loan("mill", 900));
    let nowhere = RecordId([9; 32]);
    let accepted = |about| response(about, ResponseStatus::Accepted);
    let hours = world.put_motion("ana", "hours");
    for name in ["ana", "registrar", "treasurer"] {
        assert!(matches!(
            world.refused(name, accepted(About::Motion(hours))),
            Inadmissible::Role { role: Role::Board, .. }
        ));
    }
    let unknown = Inadmissible::UnknownProposal { proposal: nowhere };
    assert_eq!(world.refused("board", accepted(About::Motion(nowhere))), unknown);
    let other = Inadmissible::OtherKind { proposal: mill };
    assert_eq!(world.refused("board", accepted(About::Motion(mill))), other);
    assert_eq!(
        world.refused("board", accepted(About::Outcome(2))),
        Inadmissible::OpenRound { round: 2, current: 1 }
    );
    // Before it is decided, too: the board may say early where it stands.
    assert_eq!(world.enact("board", accepted(About::Motion(hours))), None);
}

#[test]
fn nothing_waits_where_there_is_no_board() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let hours = world.put_motion("ana", "hours");
    world.cast("ana", answer(1, hours, Choice::Yes));
    assert!(world.close().outcome.motions[0].carried);
    assert_eq!(world.ledger.waiting(), []);
}
