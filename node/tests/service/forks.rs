//! Members who sign two records with one number.

use std::sync::Arc;

use mutua_node::{
    network::Topic,
    service::{Input, ReceptionStatus},
    wire,
};
use mutua_protocol::{
    charter::Community,
    records::{Body, Fork, Received},
};

use super::{
    sim::{Links, Sim},
    story::{members, open_a_round},
    world::{Authors, CLOSE, admit, ballot, charter, community, public, witness},
};

/// Tells a node a record, as a peer does.
pub(super) fn gossip(sim: &mut Sim, node: usize, record: &Received) {
    let token = 3_000_000 + sim.rng.below(1 << 40);
    let source = sim.nodes[(node + 1) % 4].peer;
    let data = wire::encode(&vec![record.bytes.to_vec()]);
    sim.hear(node, (node + 1) % 4, token, Input::Gossip { topic: Topic::Records, source, data, token });
}

/// How many sealed records prove something.
fn proofs(sim: &Sim, node: usize) -> usize {
    sim.archive(node)
        .iter()
        .flat_map(|batch| &batch.records)
        .filter(|bytes| {
            let received = Received::decode(bytes, &sim.community).unwrap();
            matches!(received.record().body, Body::Evidence(_))
        })
        .count()
}

#[test]
fn a_forked_chain_ends_in_one_ledger_with_the_evidence_and_harms_nobody_else() {
    for seed in 0..8 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let links = if seed % 2 == 0 { Links::GOOD } else { Links::BAD };
        let mut sim = Sim::new(seed, &community, 3, links);
        let names = members(6);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // Half of the nodes are given the one branch, half the other; both branches go on.
        let common = authors.say(&names[0], ballot(1, &[loans[0].id]));
        let other = authors.fork(&names[0], ballot(1, &[loans[1].id]));
        let left: Vec<Received> = (0..3).map(|_| authors.say(&names[0], ballot(1, &[loans[0].id]))).collect();
        authors.rebase(&names[0], &common);
        let mut right = vec![authors.fork(&names[0], ballot(1, &[loans[1].id]))];
        authors.rebase(&names[0], &right[0]);
        right.push(authors.say(&names[0], ballot(1, &[])));
        for node in sim.all() {
            gossip(&mut sim, node, &common);
        }
        for node in sim.all() {
            let branch = if node % 2 == 0 { &left } else { &right };
            for record in branch {
                gossip(&mut sim, node, record);
            }
        }
        // A fork of what will be sealed as well.
        gossip(&mut sim, 4, &other);
        // The honest are not disturbed.
        for name in &names[1..] {
            let vote = authors.say(name, ballot(1, &[loans[0].id]));
            let node = usize::try_from(sim.rng.below(7)).unwrap();
            sim.accept(node, &[vote]);
        }
        sim.run_until("the member is suspended everywhere", 30_000, |sim| {
            sim.all().all(|node| sim.core(node).ledger().suspension(&public(&names[0])).is_some())
        });
        sim.settle(30_000);
        let proofs = proofs(&sim, 0);
        assert!((1..=4).contains(&proofs), "seed {seed}: {proofs} proofs of one fork");
        // Quiet again.
        let bytes = sim.nodes.iter().map(|node| node.bytes).sum::<u64>();
        sim.run(10_000);
        let more = sim.nodes.iter().map(|node| node.bytes).sum::<u64>() - bytes;
        assert!(more < 60_000, "seed {seed}: {more} bytes with nothing to say");
        // And all of it is there after a restart.
        for node in sim.all() {
            sim.crash(node);
            sim.start(node);
        }
        sim.settle(10_000);
        assert_eq!(sim.bans, [], "seed {seed}: an honest node was shut out");
    }
}

#[test]
fn a_seal_of_the_branch_that_a_node_does_not_follow_is_taken() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(4);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // Three witnesses hold one branch, the fourth and the member's node a longer one.
        let right = authors.fork(&names[0], ballot(1, &[loans[1].id]));
        let left: Vec<Received> = (0..5).map(|_| authors.say(&names[0], ballot(1, &[loans[0].id]))).collect();
        sim.part(&[3, 4]);
        sim.accept(4, &left);
        for node in 0..3 {
            gossip(&mut sim, node, &right);
        }
        sim.run_until("one branch is sealed", 5_000, |sim| sim.sealed(0).contains(&right.id));
        sim.run(1_000);
        sim.join();
        for record in &left {
            sim.acknowledged.remove(&record.id);
        }
        sim.run_until("the member is suspended", 20_000, |sim| {
            sim.core(4).ledger().suspension(&public(&names[0])).is_some()
        });
        sim.settle(20_000);
        assert_eq!(proofs(&sim, 0), 1, "seed {seed}");
    }
}

#[test]
fn witnesses_with_different_branches_still_seal_one_without_reconciling_for_ever() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 0, Links::GOOD);
        let names = members(4);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // No quorum for a while: the branches stay where they are.
        sim.crash(2);
        sim.crash(3);
        let right = authors.fork(&names[0], ballot(1, &[loans[1].id]));
        let left = authors.say(&names[0], ballot(1, &[loans[0].id]));
        gossip(&mut sim, 0, &left);
        gossip(&mut sim, 1, &right);
        sim.run(10_000);
        let bytes = sim.nodes.iter().map(|node| node.bytes).sum::<u64>();
        sim.run(10_000);
        let more = sim.nodes.iter().map(|node| node.bytes).sum::<u64>() - bytes;
        assert!(more < 20_000, "seed {seed}: {more} bytes about a difference that stays");
        sim.start(2);
        sim.run_until("sealing goes on", 40_000, |sim| {
            sim.core(0).ledger().suspension(&public(&names[0])).is_some()
        });
        sim.start(3);
        sim.settle(20_000);
        assert_eq!(sim.sealed(0).contains(&left.id), !sim.sealed(0).contains(&right.id));
    }
}

#[test]
fn a_user_cannot_fork_a_chain_at_their_own_node() {
    let community = community(1);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(2);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    let right = authors.fork(&names[0], ballot(1, &[loans[1].id]));
    let left = authors.say(&names[0], ballot(1, &[loans[0].id]));
    sim.accept(0, &[left]);
    for _ in 0..2 {
        let refused = sim.submit(0, std::slice::from_ref(&right));
        let status = format!("{:?}", refused[0].status);
        assert!(status.contains("\"fork\""), "{status}");
        sim.settle(5_000);
    }
    assert_eq!(sim.core(0).status().forks, 0);
}

#[test]
fn a_hundred_forks_of_one_member_are_one_matter() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(4);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    let first = authors.say(&names[0], ballot(1, &[loans[0].id]));
    sim.accept(0, std::slice::from_ref(&first));
    sim.settle(5_000);
    // No quorum, so that the evidence waits.
    sim.crash(2);
    sim.crash(3);
    authors.rebase(&names[0], &loans[0]);
    for round in 1..=100 {
        let other = authors.fork(&names[0], ballot(round, &[loans[1].id]));
        gossip(&mut sim, 0, &other);
        sim.run(200);
    }
    assert_eq!(sim.core(0).status().forks, 1);
    for node in 0..2 {
        assert_eq!(sim.core(node).tail().count(), 1, "the evidence, once");
    }
    sim.start(2);
    sim.start(3);
    sim.settle(60_000);
    assert_eq!(proofs(&sim, 0), 1);
}

#[test]
fn a_fork_whose_branches_are_proofs_is_proved_like_any_other() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(4);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    // One member forks; another signs two proofs of it with one number.
    let one = authors.fork(&names[0], ballot(1, &[loans[0].id]));
    let other = authors.fork(&names[0], ballot(1, &[loans[1].id]));
    let third = authors.fork(&names[0], ballot(1, &[]));
    let left = authors.fork(&names[1], Body::Evidence(Box::new(Fork::of(&one, &other))));
    let right = authors.fork(&names[1], Body::Evidence(Box::new(Fork::of(&one, &third))));
    for record in [&left, &right] {
        gossip(&mut sim, 0, record);
    }
    sim.run_until("both are suspended", 30_000, |sim| {
        [&names[0], &names[1]].iter().all(|name| sim.core(0).ledger().suspension(&public(name)).is_some())
    });
    sim.settle(30_000);
    assert_eq!(proofs(&sim, 0), 2);
}

#[test]
fn a_witness_that_may_say_no_more_proves_the_rest_later_and_never_forks_its_own_chain() {
    let mut charter = charter(1);
    charter.limits.records_per_round = 4;
    let community = Arc::new(Community::new(charter).unwrap());
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 3, Links::GOOD);
    let names = members(7);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    // More forks than the charter lets the witness say in a round.
    for name in &names {
        let other = authors.fork(name, ballot(1, &[loans[1].id]));
        let first = authors.say(name, ballot(1, &[loans[0].id]));
        sim.accept(0, &[first]);
        gossip(&mut sim, 0, &other);
    }
    sim.run_until("all are suspended", CLOSE + 20_000, |sim| {
        names.iter().all(|name| sim.core(0).ledger().suspension(&public(name)).is_some())
    });
    sim.settle(30_000);
    assert_eq!(sim.core(0).ledger().suspension(&public(&witness(0))), None);
    assert_eq!(proofs(&sim, 0), 7);
    assert_eq!(sim.core(0).status().forks, 7);
}

#[test]
fn what_a_batch_has_left_parked_convicts_nobody() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    open_a_round(&mut sim, &mut authors, &members(4));
    // The first of these is never handed in; the others wait for it at this node, which tells nobody of them.
    let mut first_try = authors.clone();
    let batch: Vec<_> =
        ["a", "b", "c", "d"].iter().map(|name| first_try.say("registrar", admit(name))).collect();
    for parked in sim.submit(4, &batch[1..]) {
        assert!(matches!(parked.status, ReceptionStatus::Parked { .. }));
    }
    // What their author says instead comes to it in seals alone.
    sim.part(&[4]);
    let second_try: Vec<_> =
        ["d", "c", "b", "a"].iter().map(|name| authors.say("registrar", admit(name))).collect();
    sim.accept(0, &second_try);
    sim.run_until("they are sealed", 30_000, |sim| sim.core(0).ledger().members().contains_key(&public("a")));
    sim.join();
    sim.settle(30_000);
    for node in sim.all() {
        assert_eq!(sim.core(node).status().forks, 0, "node {node}");
        assert_eq!(sim.core(node).ledger().suspension(&public("registrar")), None);
    }
    assert_eq!(sim.core(4).status().parked, 0);
}
