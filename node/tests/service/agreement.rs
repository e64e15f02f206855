//! All nodes come to the same seals, whatever the network does.

use mutua_protocol::records::Received;

use super::{
    sim::{Links, Sim},
    story::{closing, members, open_a_round, votes},
    world::{Authors, CLOSE, EPOCH, community},
};

#[test]
fn one_witness_takes_a_round_from_admission_to_outcome() {
    for seed in 0..3 {
        let community = community(1);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 0, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let ballots = votes(&mut authors, 1, &names, &loans);
        sim.accept(0, &ballots);
        sim.settle(5_000);
        assert!(sim.wall() < EPOCH + CLOSE, "seed {seed}: sealing took too long");
        sim.run_until("the round closes", CLOSE, |sim| sim.core(0).ledger().round() == 2);
        let closing = closing(&sim, 0, 1);
        assert_eq!(closing.outcome.turnout.voters, 8);
        let funded: Vec<_> = closing.outcome.funded.iter().map(|funded| funded.proposal).collect();
        assert_eq!(funded, [loans[0].id], "seed {seed}");
        assert!(closing.outcome.time >= EPOCH + CLOSE && closing.outcome.time < EPOCH + CLOSE + 1_000);
    }
}

#[test]
fn four_witnesses_and_three_members_come_to_one_ledger_over_a_bad_network() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 3, Links::BAD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let ballots = votes(&mut authors, 1, &names, &loans);
        for ballot in &ballots {
            let node = usize::try_from(sim.rng.below(7)).unwrap();
            sim.accept(node, std::slice::from_ref(ballot));
            let pause = sim.rng.below(300);
            sim.run(pause);
        }
        sim.settle(40_000);
        sim.run_until("the round closes everywhere", 2 * CLOSE, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 2)
        });
        sim.settle(20_000);
        let closing = closing(&sim, 0, 1);
        assert_eq!(closing.outcome.turnout.voters, 12, "seed {seed}");
        let funded: Vec<_> = closing.outcome.funded.iter().map(|funded| funded.proposal).collect();
        assert_eq!(funded, [loans[0].id], "seed {seed}");
        assert_eq!(sim.bans, [], "seed {seed}: an honest node was shut out");
    }
}

#[test]
fn a_node_that_was_down_during_the_vote_catches_up_and_agrees() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 2, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        sim.crash(3);
        sim.crash(5);
        let ballots = votes(&mut authors, 1, &names, &loans);
        for ballots in ballots.chunks(3) {
            sim.accept(4, ballots);
            sim.run(1_000);
        }
        sim.run_until("the round closes", 2 * CLOSE, |sim| sim.core(0).ledger().round() == 2);
        // One of them has also lost its disk.
        sim.wipe(5);
        sim.start(3);
        sim.start(5);
        sim.settle(10_000);
        assert_eq!(closing(&sim, 5, 1).outcome.turnout.voters, 12);
        // The witness that was away takes part again.
        sim.crash(0);
        let late = votes(&mut authors, 2, &names, &loans);
        sim.accept(5, &late);
        sim.settle(20_000);
    }
}

#[test]
fn reconciliation_alone_makes_tails_equal() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let links = Links { lost: 1000, ..Links::GOOD };
        let mut sim = Sim::new(seed, &community, 2, links);
        // Nothing is sealed without the witnesses' gossip.
        let admissions: Vec<Received> =
            members(500).iter().map(|name| authors.say("registrar", super::world::admit(name))).collect();
        let money: Vec<Received> =
            (1..200).map(|amount| authors.say("treasurer", super::world::fund(amount))).collect();
        sim.accept(4, &admissions);
        sim.accept(5, &money);
        let all = admissions.len() + money.len();
        sim.run_until("all nodes hold all records", 30_000, |sim| {
            sim.all().all(|node| sim.core(node).tail().count() == all)
        });
        // Then they have nothing more to say to each other about it.
        sim.run(5_000);
        let before: u64 = sim.nodes.iter().map(|node| node.bytes).sum();
        sim.run(20_000);
        let after: u64 = sim.nodes.iter().map(|node| node.bytes).sum();
        assert!(after - before < 100_000, "seed {seed}: {} bytes to no purpose", after - before);
    }
}
