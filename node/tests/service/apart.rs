//! Records whose signatures were made on another machine, which has given their numbers away for good.

use mutua_node::service::{ReceptionStatus, Signed};
use mutua_protocol::records::Body;

use super::{
    forks::gossip,
    sim::{Links, Sim},
    story::{members, open_a_round},
    world::{Authors, admit, community, loan, public},
};

#[test]
fn what_has_no_effect_any_more_is_taken_and_its_chain_goes_on() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    let twice = authors.say("registrar", admit(&names[0]));
    let next = authors.say("registrar", admit("newcomer"));
    // Its author could still say something else with its number.
    let refused = sim.submit(4, std::slice::from_ref(&twice)).remove(0);
    assert!(matches!(&refused.status, ReceptionStatus::Refused { rule, .. } if rule == "no-effect"));
    assert_eq!(refused.no_effect, None);
    // Here nobody can.
    let taken = sim.hand_in(4, &[twice.clone(), next], Signed::Apart);
    assert!(taken.iter().all(|taken| taken.status == ReceptionStatus::Accepted));
    assert!(taken[0].no_effect.is_some(), "it is said");
    assert_eq!(taken[1].no_effect, None);
    sim.settle(20_000);
    let ledger = sim.core(0).ledger();
    assert!(ledger.void().contains_key(&twice.id), "void, with its reason");
    assert!(ledger.members().contains_key(&public("newcomer")));
}

#[test]
fn what_is_given_back_while_it_waits_stays_away() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    open_a_round(&mut sim, &mut authors, &members(4));
    let mut twin = authors.clone();
    let waits = authors.say("newcomer", Body::Leave);
    let parked = sim.hand_in(4, std::slice::from_ref(&waits), Signed::Apart).remove(0);
    assert!(matches!(parked.status, ReceptionStatus::Parked { .. }));
    // Another node's own record with the same number is known there alone, too.
    let told = twin.say("registrar", admit("newcomer"));
    sim.accept(4, std::slice::from_ref(&told));
    assert_eq!(sim.let_go(4, &[waits.id, told.id]), Some(told.id), "all stay if others may know one");
    assert_eq!(sim.let_go(4, &[waits.id]), None);
    sim.settle(20_000);
    let ledger = sim.core(0).ledger();
    assert!(ledger.members().contains_key(&public("newcomer")), "what it waited for has come");
    assert_eq!(ledger.chain(&public("newcomer")).sequence, 0, "and it did not come to life");
}

#[test]
fn what_waits_untold_gives_way_to_what_others_have_seen() {
    for seed in 0..4 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        open_a_round(&mut sim, &mut authors, &members(4));
        let mut twin = authors.clone();
        let own = authors.say("newcomer", loan(&format!("Own {seed}"), 100));
        let other = twin.say("newcomer", loan(&format!("Other {seed}"), 100));
        assert!(matches!(sim.submit(4, &[own]).remove(0).status, ReceptionStatus::Parked { .. }));
        // The same number, told by another node, waits as well.
        gossip(&mut sim, 4, &other);
        sim.accept(4, &[authors.say("registrar", admit("newcomer"))]);
        sim.settle(20_000);
        assert!((0..5).all(|node| sim.core(node).status().forks == 0), "seed {seed}: nobody forked");
        assert_eq!(sim.core(4).ledger().chain(&public("newcomer")).id, other.id);
    }
}

#[test]
fn a_fork_is_refused_wherever_it_was_signed() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    open_a_round(&mut sim, &mut authors, &members(4));
    let mut twin = authors.clone();
    let [one, other] = [authors.say("registrar", admit("one")), twin.say("registrar", admit("other"))];
    sim.accept(4, &[one]);
    let refused = sim.hand_in(4, &[other], Signed::Apart).remove(0);
    assert!(matches!(&refused.status, ReceptionStatus::Refused { rule, .. } if rule == "fork"));
    sim.settle(20_000);
    assert_eq!(sim.core(0).status().forks, 0, "it was told to nobody");
}
