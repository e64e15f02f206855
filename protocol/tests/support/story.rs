//! The story of a community over two rounds, seal by seal.

use mutua_protocol::{
    hash::RecordId,
    records::{Assessment, Body, Choice, Direction, Fork, Received, Subject},
};

use super::{log::Log, *};

/// The seals of the story, by what they hold.
pub const ADMISSIONS: usize = 1;
pub const BALLOTS: usize = 5;
pub const CLOSE: usize = 6;
pub const OPEN_AGAIN: usize = 7;
pub const LAST: usize = 10;

/// A community over two rounds, as it stood after each seal.
pub struct Story {
    pub worlds: Vec<World>,
    pub bakery: RecordId,
}

impl Story {
    pub fn tell() -> Self {
        let mut terms = charter(4);
        terms.limits.records_per_round = 8;
        let mut world = World::found(terms);
        let mut worlds = vec![world.clone()];
        let mut seal = |world: &mut World, records: Vec<Received>| {
            world.seal(records);
            worlds.push(world.clone());
        };
        let members = ["ana", "ben", "cleo", "dora"];
        let admissions = members.iter().map(|name| world.say("registrar", admission(name, 1))).collect();
        seal(&mut world, admissions);
        let deposit = world.say("treasurer", payment(Direction::In, 160_000));
        seal(&mut world, vec![deposit]);
        let proposals = [
            world.say("ana", Body::Propose(Subject::Loan(loan("bakery", 60_000)))),
            world.say("ben", Body::Propose(Subject::Loan(loan("cinema", 80_000)))),
            world.say("cleo", Body::Propose(Subject::Motion(motion("Longer hours")))),
        ];
        let [bakery, cinema, hours] = [&proposals[0], &proposals[1], &proposals[2]].map(|record| record.id);
        seal(&mut world, proposals.to_vec());
        let ratings = vec![
            world.say("attestor a", world.attestation(bakery, approved())),
            world.say(
                "dora",
                Body::Predict {
                    proposal: bakery,
                    terms: world.ledger.proposals()[&bakery].terms,
                    default: 450,
                },
            ),
            world.say("attestor b", world.attestation(cinema, Assessment { outlook: 30, ..approved() })),
        ];
        seal(&mut world, ratings);
        let ballots = vec![
            world.say("ana", Body::Ballot(ballot(1, &[(bakery, 3)]))),
            world.say("ben", Body::Ballot(ballot(1, &[(bakery, 1), (cinema, 5)]))),
            world.say("cleo", Body::Ballot(standing(ballot(1, &[(cinema, 1)])))),
            world.say("dora", Body::Ballot(answer(1, hours, Choice::Yes))),
        ];
        seal(&mut world, ballots);
        let late = world.say("ana", Body::Ballot(standing(ballot(1, &[(bakery, 3), (cinema, 2)]))));
        world.close_with(vec![late]);
        worlds.push(world.clone());

        let mut seal = |world: &mut World, records: Vec<Received>| {
            world.seal(records);
            worlds.push(world.clone());
        };
        let rotation = world.rotation("ben", "ben's new phone");
        let second = vec![
            world.say("treasurer", payment(Direction::In, 60_000)),
            world.say("treasurer", disbursement(bakery, 50_000)),
            world.say("treasurer", release(bakery, 10_000)),
            world.say("treasurer", repayment(bakery, 2_000, 175)),
            world.say("treasurer", write_off(bakery, 48_001)),
            world.say("treasurer", write_off(bakery, 40_000)),
            world.say("treasurer", recovery(bakery, 3_000)),
            world.say("ben", rotation),
            world.say("registrar", suspension("dora")),
        ];
        seal(&mut world, second);
        let forked = world.fork("cleo", Body::Leave, withdrawal(hours));
        let proof = world.say("ana", Body::Evidence(Box::new(Fork::of(&forked[0], &forked[1]))));
        seal(&mut world, vec![proof]);
        world.close();
        worlds.push(world.clone());
        let leaving = world.say("ana", Body::Leave);
        let lost = world.replacement("dora", "dora's new phone");
        let replaced = world.say("registrar", lost);
        world.seal(vec![leaving, replaced]);
        worlds.push(world);
        assert_eq!(worlds.len(), LAST + 1);
        Self { worlds, bakery }
    }

    /// As it stood after a seal.
    pub fn after(&self, height: usize) -> &World {
        &self.worlds[height]
    }

    pub fn log(&self) -> Log {
        Log::of(&self.worlds[LAST])
    }
}
