//! Motions: quorum, majority, abstention.

use mutua_protocol::{
    ledger::{ProposalStatus, Void},
    outcome::MotionResult,
    records::{Body, Choice, Subject},
};

use crate::support::*;

use Choice::{Abstain, No, Yes};

const MEMBERS: [&str; 4] = ["ana", "ben", "cleo", "dora"];

/// The result when the first members of [`MEMBERS`] answer so.
fn decide(quorum: u16, majority: u16, answers: &[Choice]) -> MotionResult {
    let mut world = World::with(|charter| {
        charter.motions.quorum = quorum;
        charter.motions.majority = majority;
    });
    world.admit(&MEMBERS);
    let motion = world.put_motion("ana", "A savings book for children");
    for (name, choice) in MEMBERS.iter().zip(answers) {
        world.cast(name, answer(1, motion, *choice));
    }
    let closing = world.close();
    assert_eq!(world.ledger.proposals()[&motion].status, ProposalStatus::Decided(1));
    assert!(closing.outcome.candidates.is_empty(), "a motion is no candidate for money");
    closing.outcome.motions[0].clone()
}

#[test]
fn a_motion_needs_quorum_and_majority() {
    let cases: [(u16, u16, &[Choice], bool, bool); 12] = [
        (5_000, 5_000, &[Yes, Yes], true, true),
        (5_000, 5_000, &[Yes, No], true, false),
        (5_000, 5_000, &[Yes], false, false),
        (5_000, 5_000, &[Yes, Abstain], true, true),
        (5_000, 5_000, &[Abstain, Abstain], true, false),
        (5_001, 5_000, &[Yes, Yes], false, false),
        (10_000, 0, &[Yes, No, No, No], true, true),
        (10_000, 0, &[Yes, Yes, Yes], false, false),
        (0, 5_000, &[], true, false),
        (0, 0, &[Yes], true, true),
        (0, 6_666, &[Yes, Yes, No], true, true),
        (0, 6_667, &[Yes, Yes, No], true, false),
    ];
    for (quorum, majority, answers, reached, carried) in cases {
        let result = decide(quorum, majority, answers);
        let count = |choice| answers.iter().filter(|answer| **answer == choice).count() as u64;
        assert_eq!((result.yes, result.no, result.abstain), (count(Yes), count(No), count(Abstain)));
        assert_eq!((result.quorum, result.carried), (reached, carried), "{quorum} {majority} {answers:?}");
    }
}

#[test]
fn a_motion_is_decided_once() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let motion = world.put_motion("ana", "Longer hours");
    world.close();
    assert!(world.close().outcome.motions.is_empty());
    assert_eq!(world.enact("ana", withdrawal(motion)), Some(Void::NotOpen));
}

#[test]
fn a_withdrawn_motion_is_not_decided() {
    let mut world = World::new();
    world.admit(&["ana"]);
    let motion = world.put_motion("ana", "Longer hours");
    assert_eq!(world.enact("ana", withdrawal(motion)), None);
    assert!(world.close().outcome.motions.is_empty());
}

#[test]
fn a_standing_answer_and_weights_count() {
    let mut world = World::new();
    assert_eq!(world.enact("registrar", admission("ana", 3)), None);
    world.admit(&["ben"]);
    let motion = world.put_motion("ben", "Longer hours");
    world.cast("ana", standing(answer(1, motion, No)));
    world.cast("ben", answer(1, motion, Yes));
    let result = world.close().outcome.motions[0].clone();
    assert_eq!((result.yes, result.no, result.quorum, result.carried), (1, 3, true, false));
}

/// Nobody's yes is carried over to a text that they have not seen, not even in the closing seal.
#[test]
fn an_answer_is_to_the_text_that_was_sealed_before_it() {
    for at_the_close in [false, true] {
        let mut world = World::new();
        world.admit(&MEMBERS);
        let proposal = world.put_motion("ana", "Longer hours");
        for name in MEMBERS {
            world.cast(name, standing(answer(1, proposal, Yes)));
        }
        let subject = Subject::Motion(motion("Shorter hours"));
        let amended = world.say("ana", Body::Amend { proposal, subject });
        let result = if at_the_close {
            let beside = world.say("ben", Body::Ballot(answer(1, proposal, No)));
            world.close_with(vec![amended, beside]).outcome.motions[0].clone()
        } else {
            world.seal(vec![amended]);
            world.cast("ben", answer(1, proposal, No));
            world.close().outcome.motions[0].clone()
        };
        let no = u64::from(!at_the_close);
        assert_eq!((result.yes, result.no, result.carried), (0, no, false));
    }
}

#[test]
fn an_amendment_that_changes_nothing_leaves_the_answers() {
    let mut world = World::new();
    world.admit(&MEMBERS);
    let proposal = world.put_motion("ana", "Longer hours");
    for name in MEMBERS {
        world.cast(name, answer(1, proposal, Yes));
    }
    let subject = Subject::Motion(motion("Longer hours"));
    assert_eq!(world.enact("ana", Body::Amend { proposal, subject }), Some(Void::SameTerms));
    assert!(world.close().outcome.motions[0].carried);
}
