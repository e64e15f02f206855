//! One record of every kind, with every field in use.

use mutua_protocol::{
    hash::{DocumentHash, RecordId, TermsHash},
    records::{
        About, Answer, Assessment, Ballot, Body, Choice, Direction, Fork, Loan, Motion, On, Received,
        Repayment, ResponseStatus, Scope, Score, Stance, Subject, Verdict,
    },
};

use super::*;

const fn id(byte: u8) -> RecordId {
    RecordId([byte; 32])
}

/// A loan with every field in use.
pub fn full_loan() -> Loan {
    Loan {
        borrower: "Bäckerei Krümel GmbH".to_owned(),
        title: "A second oven".to_owned(),
        purpose: "The first one is\nalways full.".to_owned(),
        category: 2,
        amount: 4_500_000,
        term: 36,
        rate: 425,
        repayment: Repayment::Linear,
        documents: vec![DocumentHash::of(b"balance sheet"), DocumentHash([0xd0; 32])],
        expires: 1_800_000_000_000,
    }
}

/// A rating with every field in use.
pub fn full_assessment() -> Assessment {
    Assessment {
        verdict: Verdict::Declined,
        grade: 3,
        default: 250,
        loss: 4_500,
        greatest_amount: 5_000_000,
        outlook: 62,
        conditions: vec!["insurance of the oven".to_owned()],
        reasons: vec!["three good years".to_owned(), "one bakery only".to_owned()],
        documents: vec![DocumentHash([0xd1; 32])],
        valid_until: 1_790_000_000_000,
    }
}

/// One record of every kind, in the order of their numbers; some kinds twice.
pub fn one_of_each(world: &World) -> Vec<(&'static str, Received)> {
    let motion = Motion { title: "Longer hours".to_owned(), text: "Until seven,\non Fridays.".to_owned() };
    let full_ballot = Ballot {
        round: 7,
        standing: true,
        scores: vec![Score { proposal: id(1), score: 1 }, Score { proposal: id(2), score: 10 }],
        answers: vec![
            Answer { proposal: id(3), choice: Choice::Yes },
            Answer { proposal: id(4), choice: Choice::No },
            Answer { proposal: id(5), choice: Choice::Abstain },
        ],
    };
    let fork = world.fork("ben", Body::Leave, Body::Ballot(ballot(1, &[])));
    let attest =
        Body::Attest { proposal: id(1), terms: TermsHash([0xe0; 32]), assessment: full_assessment() };
    let purposeful = Body::Fund {
        direction: Direction::In,
        amount: 2_500_000,
        source: "green savings bonds".to_owned(),
        purpose: Some("for farms".to_owned()),
    };
    let bodies = [
        (
            "admit",
            "registrar",
            Body::Admit { key: public("ana"), weight: 3, name: "Ana".to_owned(), group: 1 },
        ),
        ("suspend", "registrar", suspension("ben")),
        ("readmit", "registrar", readmission("ben")),
        ("leave", "ana", Body::Leave),
        ("rotate-key", "ana", world.rotation("ana", "ana's new phone")),
        ("propose-loan", "ana", Body::Propose(Subject::Loan(full_loan()))),
        ("propose-motion", "ana", Body::Propose(Subject::Motion(motion.clone()))),
        ("amend", "ana", Body::Amend { proposal: id(1), subject: Subject::Motion(motion) }),
        ("propose-charter", "ana", Body::Propose(world.change("Lower scores", |c| c.limits.score = 5))),
        ("withdraw", "ana", withdrawal(id(1))),
        ("attest", "attestor a", attest),
        ("revoke-attestation", "attestor a", revocation(id(6))),
        ("ballot", "ana", Body::Ballot(full_ballot)),
        ("ballot-blank", "ana", Body::Ballot(ballot(1, &[]))),
        ("fund-in", "treasurer", payment(Direction::In, 1 << 50)),
        ("fund-in-with-purpose", "treasurer", purposeful),
        ("fund-out", "treasurer", payment(Direction::Out, 1)),
        ("evidence", "ana", Body::Evidence(Box::new(Fork::of(&fork[0], &fork[1])))),
        ("disburse", "treasurer", disbursement(id(1), 1 << 50)),
        ("release", "treasurer", release(id(1), 5)),
        ("repay", "treasurer", repayment(id(1), 8_606, 425)),
        ("write-off", "treasurer", write_off(id(1), 7)),
        ("recover", "treasurer", recovery(id(1), 3)),
        ("predict", "ana", Body::Predict { proposal: id(1), terms: TermsHash([0xe0; 32]), default: 1_250 }),
        ("respond-motion", "board", response(About::Motion(id(1)), ResponseStatus::Planned)),
        ("respond-outcome", "board", response(About::Outcome(7), ResponseStatus::Done)),
        ("respond-question", "board", response(About::Question(id(8)), ResponseStatus::Accepted)),
        ("argue-for", "ana", argument(On::Proposal(id(1)), Stance::For)),
        ("argue-answer", "ana", argument(On::Argument(id(8)), Stance::Answer)),
        ("endorse", "ana", endorsement(id(8), false)),
        ("endorse-withdrawn", "ana", endorsement(id(8), true)),
        ("moderate", "moderator", moderation(id(8), true)),
        ("replace-key", "registrar", world.replacement("ben", "ben's new phone")),
        ("delegate-all", "ana", delegation(Scope::All, Some("ben"))),
        ("delegate-category", "ana", delegation(Scope::Category(2), Some("ben"))),
        ("delegate-ended", "ana", delegation(Scope::Category(2), None)),
    ];
    let place = |name| if name == "ballot" { (41, id(0xa0)) } else { (1, Record::NONE) };
    bodies
        .into_iter()
        .map(|(name, author, body)| {
            let (sequence, previous) = place(name);
            (name, world.sign(author, sequence, previous, body))
        })
        .collect()
}
