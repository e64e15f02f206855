//! Records that come before what they need, and strangers who send many.

use mutua_node::{
    network::Topic,
    service::{Input, ReceptionStatus},
    wire,
};
use mutua_protocol::records::{Body, Received};

use super::{
    amended::{adopted, all_agree, change, yes},
    sim::{Links, Sim},
    story::{members, open_a_round},
    world::{Authors, admit, ballot, community, fund, loan},
};

/// Tells a node records, as a peer does.
fn gossip(sim: &mut Sim, node: usize, from: usize, records: &[Received]) {
    for (token, records) in (1_000_000..).zip(records.chunks(wire::GOSSIP_RECORDS)) {
        let records: Vec<Vec<u8>> = records.iter().map(|record| record.bytes.to_vec()).collect();
        let source = sim.nodes[from].peer;
        let data = wire::encode(&records);
        sim.hear(node, from, token, Input::Gossip { topic: Topic::Records, source, data, token });
    }
}

#[test]
fn records_in_any_order_are_all_taken_in_the_end() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 2, Links::GOOD);
        let names = members(6);
        // Everything is signed before anything is sealed: members who are not admitted yet vote for loans
        // that are not proposed yet.
        let mut records: Vec<Received> =
            names.iter().map(|name| authors.say("registrar", admit(name))).collect();
        records.push(authors.say("treasurer", fund(10_000)));
        let offer = authors.say(&names[0], loan("bakery", 7_000));
        records.push(offer.clone());
        for name in &names {
            for _ in 0..3 {
                records.push(authors.say(name, ballot(1, &[offer.id])));
            }
        }
        for place in (1..records.len()).rev() {
            let other = usize::try_from(sim.rng.below(place as u64 + 1)).unwrap();
            records.swap(place, other);
        }
        for record in &records {
            // Everybody hears everything, in this order.
            for node in sim.all() {
                gossip(&mut sim, node, (node + 1) % 6, std::slice::from_ref(record));
            }
            let pause = sim.rng.below(100);
            sim.run(pause);
        }
        sim.acknowledged.extend(records.iter().map(|record| record.id));
        sim.settle(30_000);
        assert_eq!(sim.core(0).status().parked, 0, "seed {seed}");
    }
}

#[test]
fn strangers_cannot_fill_the_place_of_members() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(4);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    let before = sim.core(1).status();
    // A thousand strangers, each with as many records as one author may have parked and more.
    let flood: Vec<Received> =
        (0..9_000).map(|number| authors.say(&format!("stranger {}", number / 9), Body::Leave)).collect();
    for flood in flood.chunks(1_000) {
        gossip(&mut sim, 1, 4, flood);
        sim.run(10);
    }
    let status = sim.core(1).status();
    assert!(status.parked > 1_000 && status.parked <= 4_096, "{}", status.parked);
    assert_eq!(status.tail, before.tail);
    // A member's records come to this node in the wrong order all the same.
    let chain: Vec<Received> = (0..40).map(|_| authors.say(&names[1], ballot(1, &[loans[0].id]))).collect();
    sim.part(&[1]);
    let mut backwards = chain.clone();
    backwards.reverse();
    gossip(&mut sim, 1, 4, &backwards);
    assert_eq!(sim.core(1).tail().count(), 40);
    // And a newcomer's, before the admission.
    let newcomer: Vec<Received> =
        (0..3).map(|_| authors.say("newcomer", ballot(1, &[loans[0].id]))).collect();
    gossip(&mut sim, 1, 4, &newcomer);
    let admission = authors.say("registrar", admit("newcomer"));
    sim.join();
    sim.accept(0, &[admission]);
    sim.acknowledged.extend(chain.iter().chain(&newcomer).map(|record| record.id));
    sim.settle(20_000);
}

#[test]
fn an_author_who_sends_without_end_fills_only_a_small_place() {
    let community = community(1);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(2);
    open_a_round(&mut sim, &mut authors, &names);
    // Without the first, none of them can be taken.
    let first = authors.say(&names[0], ballot(1, &[]));
    let chain: Vec<Received> = (0..500).map(|_| authors.say(&names[0], ballot(1, &[]))).collect();
    gossip(&mut sim, 0, 1, &chain);
    assert_eq!(sim.core(0).status().parked, 64);
    let taken = sim.submit(0, std::slice::from_ref(&first));
    assert_eq!(taken[0].status, ReceptionStatus::Accepted);
    assert_eq!(sim.core(0).tail().count(), 65);
    gossip(&mut sim, 0, 1, &chain);
    // The charter allows 256 in a round.
    assert!(sim.core(0).tail().count() <= 256);
    sim.run(10_000);
    assert_eq!(sim.core(0).ledger().chain(&first.record().author).in_round, 256);
}

/// A change of a charter that is no longer in force is sealed without effect: who has voted on it waits no longer.
#[test]
fn nothing_waits_for_a_proposal_that_had_no_effect() {
    let community = community(1);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(3);
    open_a_round(&mut sim, &mut authors, &names);
    let (body, hash) = change(&community, |charter| charter.sealing.drift += 1);
    let (late, _) = change(&community, |charter| charter.sealing.drift += 2);
    let proposal = authors.say(&names[0], body);
    sim.accept(0, std::slice::from_ref(&proposal));
    sim.settle(30_000);
    all_agree(&mut sim, &mut authors, &names, 1, proposal.id);
    adopted(&mut sim, hash);
    let late = authors.say(&names[0], late);
    let vote = authors.say(&names[1], yes(2, late.id));
    gossip(&mut sim, 0, 1, std::slice::from_ref(&vote));
    assert_eq!(sim.core(0).status().parked, 1, "the proposal may be on its way");
    gossip(&mut sim, 0, 1, std::slice::from_ref(&late));
    sim.run(30_000);
    assert!(sim.core(0).ledger().void().contains_key(&late.id));
    assert_eq!(sim.core(0).status().parked, 0);
    assert_eq!(sim.core(0).status().refused.get("void-reference"), Some(&1));
}
