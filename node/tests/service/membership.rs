//! Members who are suspended or leave while records of theirs wait.

use mutua_node::service::ReceptionStatus;
use mutua_protocol::records::Body;

use super::{
    sim::{Links, Sim},
    story::{closing, members, open_a_round, votes},
    world::{Authors, ballot, community, public, replacement, rotation},
};

/// Is any witness in the midst of agreeing on a seal?
fn is_agreeing(sim: &Sim) -> bool {
    sim.up()
        .iter()
        .any(|node| sim.core(*node).status().witness.is_some_and(|witness| witness.height.is_some()))
}

#[test]
fn a_suspended_author_s_records_wait_quietly_and_are_sealed_after_readmission() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // A witness that nobody hears takes three ballots of a member whom the others suspend.
        sim.part(&[3]);
        for _ in 0..3 {
            let vote = authors.say(&names[5], ballot(1, &[loans[0].id]));
            sim.accept(3, &[vote]);
        }
        let suspend = Body::Suspend { key: public(&names[5]), reason: "a complaint".to_owned() };
        let suspend = authors.say("registrar", suspend);
        sim.accept(0, std::slice::from_ref(&suspend));
        sim.run_until("the suspension is sealed", 10_000, |sim| sim.sealed(0).contains(&suspend.id));
        sim.join();
        sim.run(10_000);
        assert_eq!(sim.core(3).ledger().head(), sim.core(0).ledger().head());
        assert_eq!(sim.core(3).tail().count(), 3, "seed {seed}: what was acknowledged is kept");
        let (height, bytes) =
            (sim.core(0).ledger().height(), sim.nodes.iter().map(|node| node.bytes).sum::<u64>());
        sim.run(10_000);
        assert!(!is_agreeing(&sim), "seed {seed}: a height was started for nothing");
        assert_eq!(sim.core(0).ledger().height(), height);
        let more = sim.nodes.iter().map(|node| node.bytes).sum::<u64>() - bytes;
        assert!(more < 20_000, "seed {seed}: {more} bytes about records that cannot be sealed");
        // Others' records go on meanwhile, and a restart changes nothing.
        sim.crash(3);
        sim.start(3);
        let vote = authors.say(&names[6], ballot(1, &[loans[0].id]));
        sim.accept(4, std::slice::from_ref(&vote));
        sim.run_until("another's record is sealed", 3_000, |sim| sim.sealed(3).contains(&vote.id));

        let readmit = Body::Readmit { key: public(&names[5]), reason: "cleared".to_owned() };
        let readmit = authors.say("registrar", readmit);
        sim.accept(0, &[readmit]);
        sim.settle(10_000);
    }
}

#[test]
fn records_that_can_never_be_sealed_leave_the_tail() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let leave = authors.say(&names[5], Body::Leave);
        sim.accept(0, &[leave]);
        let ballots = votes(&mut authors, 1, &names[..5], &loans);
        sim.accept(0, &ballots);
        sim.settle(10_000);
        // Nobody hears of the ballot before its author has left.
        sim.part(&[4]);
        let late = authors.say(&names[5], ballot(1, &[loans[0].id]));
        sim.accept(4, std::slice::from_ref(&late));
        sim.run_until("the round closes", 120_000, |sim| sim.core(0).ledger().round() == 2);
        sim.join();
        sim.acknowledged.remove(&late.id);
        sim.settle(10_000);
        assert_eq!(closing(&sim, 4, 1).outcome.turnout.voters, 5);
    }
}

/// The successor of a change of key is admitted by a registrar before the change is sealed. The change has been told to
/// others; were it thrown away, its author's next record would have its number, and convict an honest member.
#[test]
fn a_change_of_key_that_is_overtaken_keeps_its_number() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 2, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        sim.part(&[4, 5]);
        let change = authors.say(&names[5], rotation(&community, &names[5], "a new key"));
        sim.accept(4, std::slice::from_ref(&change));
        sim.run(2_000);
        let admit =
            Body::Admit { key: public("a new key"), weight: 1, name: "Somebody".to_owned(), group: 0 };
        let admit = authors.say("registrar", admit);
        sim.accept(0, std::slice::from_ref(&admit));
        sim.run_until("the admission is sealed", 10_000, |sim| sim.sealed(0).contains(&admit.id));
        sim.join();
        sim.settle(20_000);
        assert!(sim.sealed(0).contains(&change.id), "seed {seed}: it is sealed, without effect");
        let vote = authors.say(&names[5], ballot(1, &[loans[0].id]));
        sim.accept(4, &[vote]);
        sim.settle(20_000);
        assert_eq!(sim.core(0).status().forks, 0);
        assert_eq!(sim.core(0).ledger().suspension(&public(&names[5])), None);
        assert!(sim.core(0).ledger().members().contains_key(&public(&names[5])));
    }
}

/// What the lost key has said and no seal holds is let go, on every node, and the member goes on under the new key.
#[test]
fn a_lost_key_s_records_are_let_go_once_it_is_replaced() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // A witness that nobody hears takes ballots that whoever has found the key casts.
        sim.part(&[3]);
        for _ in 0..3 {
            let vote = authors.say(&names[5], ballot(1, &[loans[0].id]));
            sim.accept(3, std::slice::from_ref(&vote));
            sim.acknowledged.remove(&vote.id);
        }
        let replace = authors.say("registrar", replacement(&community, &names[5], "a new key"));
        sim.accept(0, std::slice::from_ref(&replace));
        sim.run_until("the replacement is sealed", 10_000, |sim| sim.sealed(0).contains(&replace.id));
        sim.join();
        sim.settle(20_000);
        let vote = authors.say("a new key", ballot(1, &[loans[0].id]));
        sim.accept(4, std::slice::from_ref(&vote));
        sim.settle(20_000);
        for node in sim.up() {
            let core = sim.core(node);
            assert_eq!(core.tail().count(), 0, "seed {seed}, node {node}");
            assert!(core.ledger().members().contains_key(&public("a new key")));
            assert!(sim.sealed(node).contains(&vote.id));
            assert_eq!(core.status().forks, 0, "nobody has done anything wrong");
        }
        let late = authors.say(&names[5], Body::Leave);
        let reception = sim.submit(0, &[late]).remove(0);
        assert!(matches!(reception.status, ReceptionStatus::Refused { rule, .. } if rule == "retired"));
    }
}
