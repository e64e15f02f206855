//! Who may say what: every reason to refuse a record.

use std::collections::BTreeSet;

use mutua_protocol::{
    charter::Role,
    hash::{RecordId, TermsHash},
    keys::Purpose,
    ledger::{Inadmissible, SealFault},
    records::{Body, Choice, Direction, Fork, Kind, Subject, succession},
};

use crate::support::*;

/// A community in which everything has happened once.
struct Settled {
    world: World,
    bakery: RecordId,
    motion: RecordId,
    attestation: RecordId,
}

fn settled() -> Settled {
    let mut world = World::new();
    world.admit(&["ana", "ben", "left", "suspended", "rotated", "treasurer"]);
    let rotation = world.rotation("rotated", "new key");
    assert_eq!(world.enact("rotated", rotation), None);
    assert_eq!(world.enact("left", Body::Leave), None);
    world.close();
    assert_eq!(world.enact("registrar", suspension("suspended")), None);
    let bakery = world.propose("ana", loan("bakery", 100));
    let attestation = world.attest("attestor a", bakery, approved());
    let motion = world.put_motion("ana", "Longer hours");
    Settled { world, bakery, motion, attestation }
}

#[test]
fn every_rule_refuses_what_it_is_for() {
    const NOWHERE: RecordId = RecordId([9; 32]);
    const NEVER: TermsHash = TermsHash([9; 32]);
    let Settled { mut world, bakery, motion, attestation } = settled();
    let [left, right] =
        world.fork("stranger", Body::Leave, Body::Propose(Subject::Motion(self::motion("x"))));
    let stranger = public("stranger");
    let successor = public("new key");
    let blank = || Body::Ballot(ballot(2, &[]));
    let amend = |proposal, subject| Body::Amend { proposal, subject };
    let a_loan = || Subject::Loan(loan("mill", 5));
    let a_motion = || Subject::Motion(self::motion("mill"));
    let attest = |proposal, terms| Body::Attest { proposal, terms, assessment: approved() };
    let role = |kind, role| Inadmissible::Role { kind, role };
    let not_member = |kind| Inadmissible::NotMember { kind };
    let in_charter = {
        let agreement = succession(world.community().id, &public("treasurer"));
        let proof = key("another").sign(Purpose::Succession, &agreement);
        Body::RotateKey { successor: public("another"), proof }
    };
    let fork = Body::Evidence(Box::new(Fork::of(&left, &right)));
    let cases: Vec<(&str, Body, Inadmissible)> = vec![
        ("stranger", blank(), Inadmissible::UnknownAuthor { author: stranger }),
        ("stranger", Body::Leave, Inadmissible::UnknownAuthor { author: stranger }),
        ("suspended", blank(), Inadmissible::Suspended { reason: "dues not paid".to_owned() }),
        ("left", blank(), Inadmissible::Left),
        ("left", Body::Leave, Inadmissible::Left),
        // Roles
        ("ana", admission("x", 1), role(Kind::Admit, Role::Registrar)),
        ("treasurer", admission("x", 1), role(Kind::Admit, Role::Registrar)),
        ("ana", suspension("ben"), role(Kind::Suspend, Role::Registrar)),
        ("witness 1", readmission("suspended"), role(Kind::Readmit, Role::Registrar)),
        ("ana", payment(Direction::In, 1), role(Kind::Fund, Role::Treasurer)),
        ("registrar", payment(Direction::In, 1), role(Kind::Fund, Role::Treasurer)),
        ("ana", world.attestation(bakery, approved()), role(Kind::Attest, Role::Attestor)),
        ("registrar", revocation(attestation), role(Kind::RevokeAttestation, Role::Attestor)),
        // Members
        ("registrar", Body::Leave, not_member(Kind::Leave)),
        ("registrar", Body::Propose(a_loan()), not_member(Kind::Propose)),
        ("registrar", amend(bakery, a_loan()), not_member(Kind::Amend)),
        ("registrar", withdrawal(bakery), not_member(Kind::Withdraw)),
        ("attestor a", Body::Ballot(ballot(2, &[])), not_member(Kind::Ballot)),
        ("witness 1", world.rotation("witness 1", "x"), not_member(Kind::RotateKey)),
        // Keys
        ("treasurer", in_charter, Inadmissible::NamedInCharter),
        ("registrar", suspension("stranger"), Inadmissible::UnknownKey { key: stranger }),
        ("ana", world.replacement("ben", "x"), role(Kind::ReplaceKey, Role::Registrar)),
        ("ben", world.replacement("ben", "x"), role(Kind::ReplaceKey, Role::Registrar)),
        ("registrar", world.replacement("stranger", "x"), Inadmissible::UnknownKey { key: stranger }),
        ("registrar", world.replacement("treasurer", "x"), Inadmissible::NamedInCharter),
        ("registrar", world.replacement("witness 1", "x"), Inadmissible::NamedInCharter),
        ("registrar", readmission("stranger"), Inadmissible::UnknownKey { key: stranger }),
        ("ana", fork, Inadmissible::UnknownKey { key: stranger }),
        // Proposals
        ("ana", withdrawal(NOWHERE), Inadmissible::UnknownProposal { proposal: NOWHERE }),
        ("ana", amend(NOWHERE, a_loan()), Inadmissible::UnknownProposal { proposal: NOWHERE }),
        (
            "ana",
            Body::Ballot(ballot(2, &[(NOWHERE, 1)])),
            Inadmissible::UnknownProposal { proposal: NOWHERE },
        ),
        (
            "ana",
            Body::Ballot(answer(2, NOWHERE, Choice::Yes)),
            Inadmissible::UnknownProposal { proposal: NOWHERE },
        ),
        ("attestor a", attest(NOWHERE, NEVER), Inadmissible::UnknownProposal { proposal: NOWHERE }),
        ("ben", withdrawal(bakery), Inadmissible::NotOwn { proposal: bakery }),
        ("ben", amend(bakery, a_loan()), Inadmissible::NotOwn { proposal: bakery }),
        ("ana", amend(bakery, a_motion()), Inadmissible::OtherKind { proposal: bakery }),
        ("ana", amend(motion, a_loan()), Inadmissible::OtherKind { proposal: motion }),
        ("ana", Body::Ballot(ballot(2, &[(motion, 1)])), Inadmissible::OtherKind { proposal: motion }),
        ("ana", Body::Ballot(answer(2, bakery, Choice::Yes)), Inadmissible::OtherKind { proposal: bakery }),
        ("attestor a", world.attestation(motion, approved()), Inadmissible::OtherKind { proposal: motion }),
        ("attestor a", attest(bakery, NEVER), Inadmissible::UnknownTerms { proposal: bakery, terms: NEVER }),
        ("attestor a", revocation(NOWHERE), Inadmissible::UnknownAttestation { attestation: NOWHERE }),
        ("attestor b", revocation(attestation), Inadmissible::OtherAttestor { attestation }),
        ("ana", Body::Ballot(ballot(3, &[])), Inadmissible::FutureRound { round: 3, current: 2 }),
    ];
    let mut rules = BTreeSet::new();
    for (name, body, expected) in cases {
        let kind = body.kind();
        rules.insert(rule(&expected));
        assert_eq!(world.refused(name, body), expected, "{name}: {kind:?}");
    }
    let rotated = Inadmissible::Retired { successor };
    let says = world.sign("rotated", 2, world.ledger.chain(&public("rotated")).id, blank());
    assert_eq!(world.ledger.admissible(says.record()), Err(rotated.clone()));
    rules.insert(rule(&rotated));
    rules.insert(rule(&Inadmissible::TooMany { limit: 4 }));
    assert_eq!(rules.len(), RULES, "all of them, with the quota's own test below: {rules:?}");
}

/// How many rules there are.
const RULES: usize = 16;

fn rule(reason: &Inadmissible) -> String {
    serde_json::to_value(reason).expect("a reason can be shown")["rule"].to_string()
}

#[test]
fn what_a_record_refers_to_is_sealed_before() {
    let Settled { mut world, .. } = settled();
    let proposal = world.say("ana", Body::Propose(Subject::Loan(loan("mill", 5))));
    let ballot = world.say("ana", Body::Ballot(ballot(2, &[(proposal.id, 1)])));
    let fault = world.try_seal_at(world.ledger.time() + STEP, vec![proposal.clone(), ballot.clone()]);
    let reason = Inadmissible::UnknownProposal { proposal: proposal.id };
    assert_eq!(fault.err(), Some(SealFault::Inadmissible { id: ballot.id, reason }));
    world.seal(vec![proposal]);
    world.seal(vec![ballot]);
}

#[test]
fn the_authority_for_a_record_is_sealed_before() {
    let mut world = World::new();
    let admitted = world.say("registrar", admission("ana", 1));
    let spoken = world.say("ana", Body::Leave);
    assert!(matches!(
        world.try_seal_at(STEP, vec![admitted, spoken]),
        Err(SealFault::Inadmissible { reason: Inadmissible::UnknownAuthor { .. }, .. })
    ));
}

#[test]
fn an_author_without_a_role_has_a_quota_that_each_round_renews() {
    let mut world = World::with(|charter| charter.limits.records_per_round = 4);
    world.admit(&["ana"]);
    // Sealed one by one, and together.
    world.support("ana", &[]);
    let mut three: Vec<_> = (0..3).map(|_| world.say("ana", Body::Ballot(ballot(1, &[])))).collect();
    let fifth = world.say("ana", Body::Ballot(ballot(1, &[])));
    three.push(fifth.clone());
    let fault = world.try_seal_at(world.ledger.time() + STEP, three.clone()).err();
    let reason = Inadmissible::TooMany { limit: 4 };
    assert_eq!(fault, Some(SealFault::Inadmissible { id: fifth.id, reason: reason.clone() }));
    three.pop();
    world.seal(three);
    assert_eq!(world.refused("ana", Body::Ballot(ballot(1, &[]))), reason);
    for _ in 0..6 {
        world.fund(1);
    }
    world.close();
    world.seal(vec![fifth]);
}

#[test]
fn what_other_records_can_bring_about_may_pass_and_nothing_else() {
    let key = public("ana");
    let id = RecordId([1; 32]);
    let kind = Kind::Ballot;
    let passing = [
        Inadmissible::UnknownAuthor { author: key },
        Inadmissible::Suspended { reason: String::new() },
        Inadmissible::NotMember { kind },
        Inadmissible::UnknownKey { key },
        Inadmissible::UnknownProposal { proposal: id },
        Inadmissible::UnknownTerms { proposal: id, terms: TermsHash([0; 32]) },
        Inadmissible::UnknownAttestation { attestation: id },
        Inadmissible::FutureRound { round: 2, current: 1 },
        Inadmissible::TooMany { limit: 4 },
    ];
    let lasting = [
        Inadmissible::Left,
        Inadmissible::Retired { successor: key },
        Inadmissible::Role { kind, role: Role::Registrar },
        Inadmissible::NamedInCharter,
        Inadmissible::NotOwn { proposal: id },
        Inadmissible::OtherKind { proposal: id },
        Inadmissible::OtherAttestor { attestation: id },
    ];
    assert!(passing.iter().all(Inadmissible::may_pass));
    assert!(!lasting.iter().any(Inadmissible::may_pass));
    assert_eq!(passing.len() + lasting.len(), RULES);
}

/// A registrar who is admitted speaks as a member at once: nodes that hear it before the admission is
/// sealed must keep it.
#[test]
fn a_role_holder_becomes_a_member() {
    let mut world = World::new();
    let said = world.say("registrar", admission("registrar", 1));
    let next = world.say("registrar", Body::Propose(Subject::Loan(loan("desk", 5))));
    let reason = world.ledger.admissible(next.record()).unwrap_err();
    assert_eq!(reason, Inadmissible::NotMember { kind: Kind::Propose });
    assert!(reason.may_pass());
    world.seal(vec![said]);
    world.seal(vec![next]);
}
