//! Delegations that may not be made, and closings that count them wrong (SPEC sections 9.4 and 10.3).

use mutua_protocol::{
    archive::Check,
    hash::context,
    outcome::{ByDelegation, CountedAs, Delegated, InCategory, Outcome, RollEntry},
    records::Scope,
    seals::merkle_root,
};

use super::{super::*, Log, Mutations, Spoiled, header, refused};

/// Four members: ben has voted, ana delegates to ben, and farms to cleo, who delegates to dora, who delegates back.
fn world() -> World {
    let mut world = World::found(charter(4));
    world.admit(&["ana", "ben", "cleo", "dora"]);
    world.fund(2_000);
    let mill = world.rated("ana", loan("mill", 900));
    world.support("ben", &[mill]);
    for (name, scope, to) in [
        ("ana", Scope::All, "ben"),
        ("ana", Scope::Category(1), "cleo"),
        ("cleo", Scope::All, "dora"),
        ("dora", Scope::All, "cleo"),
    ] {
        assert_eq!(world.enact(name, delegation(scope, Some(to))), None);
    }
    world
}

/// All of them.
pub fn all() -> Mutations {
    let world = world();
    let mut all: Mutations = Vec::new();
    for (name, author, to, check) in [
        ("an officer who delegates", "treasurer", "ana", Check::Authority),
        ("a stranger who delegates", "stranger", "ana", Check::Authority),
        ("a delegation to a stranger", "ana", "stranger", Check::Reference),
        ("a delegation to an officer", "ana", "treasurer", Check::Reference),
        ("a delegation to a witness", "ana", "witness 1", Check::Reference),
    ] {
        let mut world = world.clone();
        let record = world.say(author, delegation(Scope::All, Some(to)));
        all.push((format!("delegation: {name}"), refused(&world, check, record)));
    }
    all.extend(rolls(&world));
    all
}

type Change = fn(&mut Vec<RollEntry>);

fn of<'a>(roll: &'a mut [RollEntry], name: &str) -> &'a mut CountedAs {
    let member = public(name);
    &mut roll.iter_mut().find(|entry| entry.member == member).unwrap().counted
}

fn by<'a>(roll: &'a mut [RollEntry], name: &str) -> &'a mut ByDelegation {
    match of(roll, name) {
        CountedAs::Delegated(by) => by,
        other => panic!("{name} has delegated, and counts as {other:?}"),
    }
}

/// The right outcome with a roll that is not.
fn rolls(world: &World) -> Mutations {
    let changes: [(&str, Change); 9] = [
        ("a delegation that is not counted", |roll| *of(roll, "ana") = CountedAs::Nothing),
        ("a delegated ballot as an own one", |roll| {
            let ballot = by(roll, "ana").all.unwrap().ballot;
            *of(roll, "ana") = CountedAs::Cast(ballot);
        }),
        ("a ballot counted for who did not delegate to its voter", |roll| {
            let all = by(roll, "ana").all;
            *of(roll, "cleo") = CountedAs::Delegated(Box::new(ByDelegation { all, categories: Vec::new() }));
        }),
        ("a category that falls back on the delegation for all", |roll| by(roll, "ana").categories.clear()),
        ("a category named that is not another", |roll| {
            let counted = by(roll, "ana").all;
            by(roll, "ana").categories.insert(0, InCategory { category: 0, counted });
        }),
        ("another delegate", |roll| by(roll, "ana").all.as_mut().unwrap().delegate = public("cleo")),
        ("another voter", |roll| by(roll, "ana").all.as_mut().unwrap().voter = public("cleo")),
        ("another ballot", |roll| by(roll, "ana").all.as_mut().unwrap().ballot = RecordId([7; 32])),
        ("a circle that counts", |roll| {
            let Some(Delegated { voter, ballot, .. }) = by(roll, "ana").all else { return };
            let line = Delegated { delegate: public("dora"), voter, ballot };
            *of(roll, "cleo") =
                CountedAs::Delegated(Box::new(ByDelegation { all: Some(line), categories: Vec::new() }));
        }),
    ];
    let time = world.ledger.close();
    let right = world.ledger.provisional(time, &[]);
    changes
        .into_iter()
        .map(|(name, change)| {
            let mut roll = right.roll.clone();
            change(&mut roll);
            assert_ne!(roll, right.roll, "{name}");
            let root = merkle_root(context::ROLL_TREE, roll.iter().map(mutua_protocol::codec::encode));
            let outcome = Outcome { roll: root, ..right.outcome.clone() };
            let mut header = header(&world.ledger, time, &[]);
            header.closes = Some(outcome.digest());
            let mut log = Log { end: (header.height, header.id()), ..Log::of(world) };
            log.batches.push(world.batch(header, &[]));
            let height = log.batches.len();
            (format!("delegation: {name}"), Spoiled::at(log.bytes(), Check::Outcome, height))
        })
        .collect()
}
