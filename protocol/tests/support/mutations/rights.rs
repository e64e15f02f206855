//! Records that their author may not send, or that refer to what is not there (SPEC section 9.4): one for each rule and
//! body. Each is sealed by all witnesses all the same.

use mutua_protocol::{
    archive::Check,
    hash::{RecordId, TermsHash},
    records::{Body, Choice, Direction, Subject},
};

use super::{
    super::{
        story::{BALLOTS, LAST, OPEN_AGAIN},
        *,
    },
    Mutations, Story, refused,
};

/// All of them.
pub fn all(story: &Story) -> Mutations {
    let mut all = roles(story);
    all.extend(members(story));
    all.extend(once_members(story));
    all.extend(references(story));
    all
}

fn cases(world: &World, check: Check, said: Vec<(String, &str, Body)>) -> Mutations {
    said.into_iter()
        .map(|(name, author, body)| {
            let mut world = world.clone();
            let record = world.say(author, body);
            (format!("right: {name}"), refused(&world, check, record))
        })
        .collect()
}

/// What each role says, said by everybody else.
fn roles(story: &Story) -> Mutations {
    let world = story.after(BALLOTS);
    let rating = world.attestation(story.bakery, approved());
    let sealed = world.ledger.proposals()[&story.bakery].attestations.values().next().unwrap().id;
    let bodies = [
        ("admits", "registrar", admission("x", 1)),
        ("suspends", "registrar", suspension("ana")),
        ("readmits", "registrar", readmission("ana")),
        ("replaces a key", "registrar", world.replacement("ana", "phone")),
        ("rates", "attestor", rating),
        ("revokes", "attestor", revocation(sealed)),
        ("pays in", "treasurer", payment(Direction::In, 5)),
        ("pays out", "treasurer", payment(Direction::Out, 5)),
        ("disburses", "treasurer", disbursement(story.bakery, 1)),
        ("releases", "treasurer", release(story.bakery, 1)),
        ("is repaid", "treasurer", repayment(story.bakery, 1, 1)),
        ("writes off", "treasurer", write_off(story.bakery, 1)),
        ("recovers", "treasurer", recovery(story.bakery, 1)),
    ];
    let authors = [
        ("registrar", "registrar"),
        ("attestor", "attestor c"),
        ("treasurer", "treasurer"),
        ("witness", "witness 1"),
        ("member", "ben"),
        ("stranger", "stranger"),
    ];
    let mut said = Vec::new();
    for (what, role, body) in bodies {
        for (who, author) in authors {
            if who != role {
                said.push((format!("a {who} who {what}"), author, body.clone()));
            }
        }
    }
    cases(world, Check::Authority, said)
}

/// What members say, said by those who are none, and about what is not theirs.
fn members(story: &Story) -> Mutations {
    let world = story.after(BALLOTS);
    let proposals = world.ledger.proposals();
    let hours = *proposals.iter().find(|(_, proposal)| proposal.subject.loan().is_none()).unwrap().0;
    let amended = Body::Amend { proposal: story.bakery, subject: Subject::Loan(loan("bakery", 5)) };
    let bodies = [
        ("leaves", Body::Leave),
        ("proposes a loan", Body::Propose(Subject::Loan(loan("mill", 5)))),
        ("puts a motion", Body::Propose(Subject::Motion(motion("hours")))),
        ("amends", amended.clone()),
        ("withdraws", withdrawal(story.bakery)),
        ("votes for a loan", Body::Ballot(ballot(1, &[(story.bakery, 1)]))),
    ];
    let mut said = Vec::new();
    for author in ["registrar", "attestor a", "treasurer", "witness 2", "stranger"] {
        for (what, body) in &bodies {
            said.push((format!("{author} {what}"), author, body.clone()));
        }
        said.push((format!("{author} hands a key over"), author, world.rotation(author, "phone")));
    }
    let to_motion = Body::Amend { proposal: story.bakery, subject: Subject::Motion(motion("bakery")) };
    let to_loan = Body::Amend { proposal: hours, subject: Subject::Loan(loan("hours", 5)) };
    let rated = Body::Attest { proposal: hours, terms: proposals[&hours].terms, assessment: approved() };
    let sealed = proposals[&story.bakery].attestations.values().next().unwrap().id;
    said.extend([
        ("another's loan amended".to_owned(), "ben", amended),
        ("another's motion withdrawn".to_owned(), "ana", withdrawal(hours)),
        ("a loan made a motion".to_owned(), "ana", to_motion),
        ("a motion made a loan".to_owned(), "cleo", to_loan),
        ("a motion rated".to_owned(), "attestor a", rated),
        ("another's rating revoked".to_owned(), "attestor b", revocation(sealed)),
        ("a score for a motion".to_owned(), "ana", Body::Ballot(ballot(1, &[(hours, 1)]))),
        ("a motion disbursed".to_owned(), "treasurer", disbursement(hours, 1)),
        ("a motion repaid".to_owned(), "treasurer", repayment(hours, 1, 0)),
        ("an answer to a loan".to_owned(), "ana", Body::Ballot(answer(1, story.bakery, Choice::No))),
    ]);
    let mut all = cases(world, Check::Authority, said);
    // A member who is an officer, too, keeps the key that the charter names.
    let mut world = world.clone();
    world.admit(&["treasurer"]);
    let handed = world.rotation("treasurer", "phone");
    all.extend(cases(
        &world,
        Check::Authority,
        vec![
            ("an officer's key handed over".to_owned(), "treasurer", handed),
            ("an officer's key replaced".to_owned(), "registrar", world.replacement("treasurer", "phone")),
            ("a witness's key replaced".to_owned(), "registrar", world.replacement("witness 1", "phone")),
        ],
    ));
    all
}

/// Those who were members, or are suspended.
fn once_members(story: &Story) -> Mutations {
    let world = story.after(OPEN_AGAIN + 1);
    let suspended = |name: &str| format!("a suspended member who {name}");
    let mut all = cases(
        world,
        Check::Authority,
        vec![
            (suspended("proposes"), "dora", Body::Propose(Subject::Loan(loan("mill", 5)))),
            (suspended("puts a motion"), "dora", Body::Propose(Subject::Motion(motion("hours")))),
            (suspended("hands a key over"), "dora", world.rotation("dora", "phone")),
            (suspended("casts a standing ballot"), "dora", Body::Ballot(standing(ballot(2, &[])))),
        ],
    );
    // Suspended as before, whatever the key.
    all.extend(cases(
        story.after(LAST),
        Check::Authority,
        vec![(
            "a suspended member with a new key who votes".to_owned(),
            "dora's new phone",
            Body::Ballot(ballot(3, &[])),
        )],
    ));
    let lost = vec![("a lost key that leaves".to_owned(), "dora", Body::Leave)];
    all.extend(cases(story.after(LAST), Check::Predecessor, lost));
    // The story ends with ana leaving; a close later she has left.
    let mut world = story.after(LAST).clone();
    world.close();
    all.extend(cases(
        &world,
        Check::Authority,
        vec![
            ("one who has left votes".to_owned(), "ana", Body::Ballot(ballot(4, &[]))),
            ("one who has left leaves again".to_owned(), "ana", Body::Leave),
            ("one who has left withdraws".to_owned(), "ana", withdrawal(story.bakery)),
        ],
    ));
    all
}

/// What is referred to and is not there.
fn references(story: &Story) -> Mutations {
    let world = story.after(BALLOTS);
    let nowhere = RecordId([9; 32]);
    let rated = Body::Attest { proposal: nowhere, terms: TermsHash([9; 32]), assessment: approved() };
    let other_terms = Body::Attest {
        proposal: story.bakery,
        terms: world.ledger.proposals().values().find(|proposal| proposal.id != story.bakery).unwrap().terms,
        assessment: approved(),
    };
    let amended = Body::Amend { proposal: nowhere, subject: Subject::Loan(loan("mill", 5)) };
    cases(
        world,
        Check::Reference,
        vec![
            ("a stranger readmitted".to_owned(), "registrar", readmission("stranger")),
            ("a stranger's key replaced".to_owned(), "registrar", world.replacement("stranger", "phone")),
            ("nothing amended".to_owned(), "ana", amended),
            ("nothing withdrawn".to_owned(), "ana", withdrawal(nowhere)),
            ("nothing rated".to_owned(), "attestor a", rated),
            ("another loan's terms rated".to_owned(), "attestor a", other_terms),
            ("nothing disbursed".to_owned(), "treasurer", disbursement(nowhere, 1)),
            ("nothing released".to_owned(), "treasurer", release(nowhere, 1)),
            ("nothing written off".to_owned(), "treasurer", write_off(nowhere, 1)),
            ("nothing recovered".to_owned(), "treasurer", recovery(nowhere, 1)),
            ("an answer to nothing".to_owned(), "ana", Body::Ballot(answer(1, nowhere, Choice::Yes))),
            ("a standing ballot to come".to_owned(), "ana", Body::Ballot(standing(ballot(2, &[])))),
            ("a ballot of a far round".to_owned(), "ana", Body::Ballot(ballot(u32::MAX, &[]))),
        ],
    )
}
