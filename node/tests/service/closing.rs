//! What counts at a close, and what does not.

use mutua_protocol::{
    keys::PublicKey,
    outcome::CountedAs,
    records::{Ballot, Body, Received, Score},
};

use super::{
    sim::{Links, Sim},
    story::{closing, members, open_a_round, votes},
    witnesses::{proposal, proposal_in, say, turn},
    world::{Authors, CLOSE, DRIFT, EPOCH, PERIOD, admit, ballot, community, fund, loan, public},
};

/// What was counted for a member in a round, on a node.
fn counted(sim: &Sim, node: usize, round: u32, member: &PublicKey) -> CountedAs {
    let closing = closing(sim, node, round);
    closing.roll.iter().find(|entry| entry.member == *member).unwrap().counted.clone()
}

/// So many members and a loan, sealed; the ballot of each, signed and not told yet.
fn a_large_electorate(sim: &mut Sim, authors: &mut Authors, count: usize) -> Vec<Received> {
    let names = members(count);
    let admissions: Vec<Received> = names.iter().map(|name| authors.say("registrar", admit(name))).collect();
    sim.accept(0, &admissions);
    let money = authors.say("treasurer", fund(10_000));
    sim.accept(0, &[money]);
    sim.settle(30_000);
    let offer = authors.say(&names[0], loan("bakery", 7_000));
    sim.accept(0, std::slice::from_ref(&offer));
    sim.settle(5_000);
    names.iter().map(|name| authors.say(name, ballot(1, &[offer.id]))).collect()
}

#[test]
fn ballots_that_come_in_the_last_second_count_though_they_fill_several_seals() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let ballots = a_large_electorate(&mut sim, &mut authors, 3_000);
        let last_second = EPOCH + CLOSE - 1_000 - sim.wall();
        sim.run(last_second);
        for (turn, ballots) in ballots.chunks(100).enumerate() {
            sim.accept(turn % 5, ballots);
            sim.run(30);
        }
        sim.run_until("the round closes", 60_000, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 2)
        });
        assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 3_000, "seed {seed}");
        sim.settle(10_000);
    }
}

#[test]
fn ballots_that_waited_for_a_quorum_over_the_close_count_though_they_fill_several_seals() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let ballots = a_large_electorate(&mut sim, &mut authors, 2_500);
    sim.crash(2);
    sim.crash(3);
    for ballots in ballots.chunks(500) {
        sim.accept(4, ballots);
        sim.run(2_000);
    }
    // One of the two that come back has had the ballots before it went, the other not.
    sim.run(EPOCH + CLOSE + 3 * DRIFT - sim.wall());
    sim.start(2);
    sim.start(3);
    sim.run_until("the round closes", 120_000, |sim| {
        sim.all().all(|node| sim.core(node).ledger().round() == 2)
    });
    assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 2_500);
    sim.settle(10_000);
}

#[test]
fn a_witness_cannot_take_the_time_before_the_close_from_ballots_that_fill_several_seals() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let ballots = a_large_electorate(&mut sim, &mut authors, 2_500);
    while turn(&sim, 1) != 3 {
        let money = authors.say("treasurer", fund(1));
        sim.accept(4, &[money]);
        sim.settle(5_000);
    }
    sim.crash(2);
    sim.crash(3);
    for ballots in ballots.chunks(500) {
        sim.accept(4, ballots);
        sim.run(1_000);
    }
    sim.run(EPOCH + CLOSE + DRIFT + 1_000 - sim.wall());
    sim.start(2);
    sim.run(100);
    // A full seal, dated so that nothing but the close can follow.
    let mut first: Vec<Received> = ballots[..1_024].to_vec();
    first.sort_by_key(Received::order);
    let header = sim.core(0).ledger().seal(EPOCH + CLOSE - 1, &first).unwrap();
    let said = proposal_in(1, 3, header, first.iter().map(|record| record.id).collect());
    say(&mut sim, said);
    sim.run_until("the round closes", 120_000, |sim| (0..3).all(|node| sim.core(node).ledger().round() == 2));
    assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 2_500);
    sim.start(3);
    sim.settle(20_000);
}

#[test]
fn a_witness_cannot_close_a_round_before_its_time() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        while turn(&sim, 0) != 3 {
            let money = authors.say("treasurer", fund(1));
            sim.accept(4, &[money]);
            sim.settle(5_000);
        }
        sim.crash(3);
        sim.run(EPOCH + CLOSE - DRIFT + 1_000 - sim.wall());
        // As late as the others' clocks allow: the next seal can only be the one that closes.
        let money = authors.say("treasurer", fund(1));
        sim.accept(4, std::slice::from_ref(&money));
        sim.run(300);
        let header = sim.core(0).ledger().seal(EPOCH + CLOSE - 1, std::slice::from_ref(&money)).unwrap();
        let said = proposal(3, header, vec![money.id]);
        say(&mut sim, said);
        sim.run(1_000);
        assert_eq!(sim.core(0).ledger().time(), EPOCH + CLOSE - 1, "seed {seed}: within the drift");
        // And there are members who vote until the end.
        for ballot in votes(&mut authors, 1, &names, &loans) {
            sim.accept(4, &[ballot]);
            sim.run(500);
        }
        assert!(sim.wall() < EPOCH + CLOSE);
        sim.run_until("the round closes", 30_000, |sim| {
            (0..3).all(|node| sim.core(node).ledger().round() == 2)
        });
        assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 12, "seed {seed}");
        sim.start(3);
        sim.settle(20_000);
    }
}

#[test]
fn a_ballot_that_comes_after_the_close_counts_in_no_round_that_has_closed() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let in_time = votes(&mut authors, 1, &names[..6], &loans);
        sim.accept(4, &in_time);
        // Nothing is sealed over the close.
        sim.crash(0);
        sim.crash(1);
        let standing = |id| {
            let scores = vec![Score { proposal: id, score: 3 }];
            Body::Ballot(Ballot { round: 1, standing: true, scores, answers: Vec::new() })
        };
        sim.run(EPOCH + CLOSE + DRIFT + 1_000 - sim.wall());
        let late = votes(&mut authors, 1, &names[6..9], &loans);
        for late in &late {
            let refused = sim.submit(4, std::slice::from_ref(late));
            assert!(format!("{:?}", refused[0].status).contains("after-close"));
        }
        // At a node whose clock is slow they are taken all the same, and told to the witnesses.
        sim.nodes[4].skew = -2 * DRIFT.cast_signed();
        sim.accept(4, &late);
        let late_standing = authors.say(&names[9], standing(loans[1].id));
        sim.accept(4, std::slice::from_ref(&late_standing));
        sim.run(3_000);
        sim.start(0);
        sim.start(1);
        sim.run_until("the round closes", 60_000, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 2)
        });
        sim.settle(20_000);
        let outcome = &closing(&sim, 0, 1).outcome;
        assert_eq!(outcome.turnout.voters, 6, "seed {seed}");
        assert!(outcome.time >= EPOCH + CLOSE);
        for late in &late {
            assert!(sim.core(0).ledger().void().contains_key(&late.id), "seed {seed}: void, with its reason");
        }
        sim.run_until("the next round closes", 2 * PERIOD, |sim| sim.core(0).ledger().round() == 3);
        assert_eq!(counted(&sim, 0, 2, &public(&names[9])), CountedAs::Standing(late_standing.id));
        assert_eq!(counted(&sim, 0, 2, &public(&names[6])), CountedAs::Nothing);
    }
}

#[test]
fn a_proposer_cannot_count_ballots_that_came_after_the_close() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let mut in_time = votes(&mut authors, 1, &names[..6], &loans).into_iter();
        for ballot in in_time.by_ref() {
            sim.accept(4, &[ballot]);
            sim.settle(5_000);
        }
        while turn(&sim, 0) != 3 {
            let money = authors.say("treasurer", fund(1));
            sim.accept(4, &[money]);
            sim.settle(5_000);
        }
        // The liar has the turn, says nothing over the close, and the others cannot go on.
        sim.crash(3);
        sim.part(&[2]);
        sim.run(EPOCH + CLOSE + DRIFT + 1_000 - sim.wall());
        sim.join();
        sim.nodes[4].skew = -2 * DRIFT.cast_signed();
        let mut late = votes(&mut authors, 1, &names[6..], &loans);
        late.sort_by_key(Received::order);
        sim.accept(4, &late);
        sim.run(100);
        let header = sim.core(0).ledger().seal(sim.wall(), &late).unwrap();
        let said = proposal(3, header, late.iter().map(|late| late.id).collect());
        say(&mut sim, said);
        sim.run_until("the round closes", 60_000, |sim| {
            (0..3).all(|node| sim.core(node).ledger().round() == 2)
        });
        assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 6, "seed {seed}");
        sim.start(3);
        sim.settle(20_000);
    }
}

#[test]
fn ballots_around_the_close_do_not_keep_it_from_coming() {
    // Every witness has some of them in time and the others late, over slow links.
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let links = Links { least_ms: 50, greatest_ms: 600, lost: 100, ..Links::GOOD };
        let mut sim = Sim::new(seed, &community, 0, links);
        let names = members(120);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        sim.run(EPOCH + CLOSE - 600 - sim.wall());
        for (turn, ballot) in votes(&mut authors, 1, &names, &loans).into_iter().enumerate() {
            sim.submit(turn % 4, std::slice::from_ref(&ballot));
            sim.run(10);
        }
        sim.run_until("the round closes", 20_000, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 2)
        });
        sim.settle(20_000);
    }
}

#[test]
fn closes_that_all_nodes_missed_are_one_close() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let ballots = votes(&mut authors, 1, &names, &loans);
        sim.accept(4, &ballots);
        // They have come to the witnesses, and are not sealed yet.
        sim.run(100);
        for node in sim.all() {
            sim.crash(node);
        }
        sim.run(CLOSE + 3 * PERIOD);
        for node in sim.all() {
            sim.start(node);
        }
        sim.run_until("the round closes", 20_000, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 2)
        });
        sim.settle(10_000);
        assert_eq!(closing(&sim, 0, 1).outcome.turnout.voters, 12, "seed {seed}");
        let close = sim.core(0).ledger().close();
        assert!(
            close > sim.wall() - 20_000 && close <= sim.wall() + PERIOD,
            "seed {seed}: no close in the past"
        );
    }
}
