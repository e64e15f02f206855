//! A community that amends its charter twice: other witnesses, attestors, treasurer, rule, policy, period, limits.

use mutua_protocol::{allocation::GreedyOrder, charter::CharterLimits};

use super::*;

/// Seals of [`amended`] with something worth pointing at, by height.
pub const PROPOSED: usize = 8;
pub const ADOPTED: usize = 11;
pub const VOID: usize = 12;
pub const ADOPTED_AGAIN: usize = 18;

/// What becomes of the first charter.
pub fn first_change(charter: &mut Charter) {
    charter.witnesses.retain(|witness| witness.name != "witness 4");
    charter.witnesses.push(Witness { key: public("witness 5"), power: 2, name: "witness 5".to_owned() });
    charter.witnesses.sort_by_key(|witness| witness.key);
    charter.roles[1].keys = keys(&["attestor a", "attestor b", "attestor d"]);
    charter.roles[2].keys = keys(&["new treasurer"]);
    charter.rule = Rule::Greedy { utility: Utility::Score, order: GreedyOrder::Total };
    charter.policy.worst_grade = 3;
    charter.categories.push("schools".to_owned());
    charter.groups.push("friends".to_owned());
    charter.schedule.period = ROUND / 2;
    charter.limits = CharterLimits { score: 5, scores: 100, record_bytes: 4_096, records_per_round: 32 };
}

/// The world from its founding, with what was proposed.
pub struct Amended {
    pub world: World,
    /// Carried and adopted; carried, and sealed later; not carried.
    pub changes: [ProposalId; 3],
    /// Adopted in round 2.
    pub again: ProposalId,
    pub bakery: ProposalId,
    pub school: ProposalId,
    /// Worlds after each seal, the first one before any.
    pub worlds: Vec<World>,
}

impl Amended {
    pub fn tell() -> Self {
        let mut world = World::found(charter(4));
        world.admit(&["ana", "ben", "cleo"]);
        world.fund(90_000);
        let bakery = world.propose("ana", loan("bakery", 60_000));
        world.attest("attestor c", bakery, approved());
        // For the rounds to come, too: a score that will be beyond the limit.
        world.cast("ana", standing(ballot(1, &[(bakery, 10)])));
        let change = world.change("Greedy, and another witness", first_change);
        let greedy = world.put("ana", change);
        let change = world.change("More patience", |charter| charter.sealing.patience = 9_000);
        let patience = world.put("ben", change);
        let change = world.change("A quorum of all", |charter| charter.motions.quorum = 10_000);
        let all = world.put("cleo", change);
        assert_eq!(world.batches.len(), PROPOSED);
        let answers = |yes: &[ProposalId], no: ProposalId| {
            let answer = |proposal, choice| Answer { proposal, choice };
            let mut answers: Vec<Answer> = yes.iter().map(|id| answer(*id, Choice::Yes)).collect();
            answers.push(answer(no, Choice::No));
            answers.sort_by_key(|answer| answer.proposal);
            Ballot { answers, ..ballot(1, &[]) }
        };
        world.cast("ben", answers(&[greedy, patience], all));
        world.cast("cleo", answers(&[greedy, patience], all));
        world.close();
        assert_eq!(world.batches.len(), ADOPTED);

        // Those who do not know yet: an attestor and a treasurer who are none any more, and a change of the old charter.
        let old = world.community().at(0).clone();
        let late = Subject::Charter(Box::new(CharterChange {
            title: "More drift".to_owned(),
            purpose: String::new(),
            base: old.hash,
            charter: {
                let mut charter = old.charter.clone();
                charter.sealing.drift += 1;
                charter
            },
        }));
        let sum = payment(Direction::In, 7);
        let records = vec![
            world.say("attestor c", world.attestation(bakery, approved())),
            world.say("treasurer", sum),
            world.say("ben", Body::Propose(late)),
            // Within the limits of before.
            world.say("cleo", Body::Ballot(ballot(2, &[(bakery, 10)]))),
        ];
        assert_eq!(world.seal(records).void.len(), 3);
        assert_eq!(world.batches.len(), VOID);
        world.attest("attestor a", bakery, approved());
        let mut terms = loan("school", 40_000);
        terms.category = 3;
        let school = world.propose("ben", terms);
        world.attest("attestor d", school, approved());
        let change = world.change("The second charter", |charter| {
            charter.schedule.period = ROUND;
            charter.limits.score = 3;
            charter.witnesses[0].power = 3;
        });
        let again = world.put("ben", change);
        let yes = answer(2, again, Choice::Yes).answers;
        // What ana's standing ballot says of the bakery counts as 5 now, and 10 would have made it the first.
        let ballots = ["ben", "cleo"].map(|name| {
            let said = Ballot { answers: yes.clone(), ..ballot(2, &[(school, 5)]) };
            world.say(name, Body::Ballot(said))
        });
        world.seal(ballots.to_vec());
        let last = world.say("new treasurer", payment(Direction::In, 1_000));
        world.close_with(vec![last]);
        assert_eq!(world.batches.len(), ADOPTED_AGAIN);
        world.admit(&["dora"]);
        world.close();
        let worlds = replayed(&world);
        Self { world, changes: [greedy, patience, all], again, bakery, school, worlds }
    }
}

/// The world after each of its seals.
fn replayed(world: &World) -> Vec<World> {
    let mut again = World::found(world.community().at(0).charter.clone());
    let mut worlds = vec![again.clone()];
    for batch in &world.batches {
        let opened = open_batch(&again.ledger, batch).expect("a sound batch");
        again.ledger.apply(&batch.header, &opened).expect("a seal that follows");
        again.batches.push(batch.clone());
        worlds.push(again.clone());
    }
    worlds
}
