//! Records whose signatures were made on another machine, which has given their numbers away for good.

use mutua_node::service::{ReceptionStatus, Signed};

use super::{
    sim::{Links, Sim},
    story::{members, open_a_round},
    world::{Authors, admit, community, public},
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
