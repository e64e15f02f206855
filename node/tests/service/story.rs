//! What a community says in the tests: members, money, two loans, ratings and votes.

use mutua_protocol::{ledger::Closing, records::Received};
use std::sync::Arc;

use super::{
    sim::Sim,
    world::{Authors, admit, attest, ballot, fund, loan},
};

/// The names of members.
pub fn members(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("member {number}")).collect()
}

/// Members, money, and two loans of which the pool can pay one, all of it sealed.
pub fn open_a_round(sim: &mut Sim, authors: &mut Authors, names: &[String]) -> Vec<Received> {
    let admissions: Vec<Received> = names.iter().map(|name| authors.say("registrar", admit(name))).collect();
    sim.accept(0, &admissions);
    let money = authors.say("treasurer", fund(10_000));
    sim.accept(0, &[money]);
    sim.settle(30_000);
    let loans: Vec<Received> = [("bakery", 7_000), ("dairy", 9_000)]
        .into_iter()
        .zip(names)
        .map(|((title, amount), name)| authors.say(name, loan(title, amount)))
        .collect();
    let node = sim.nodes.len() - 1;
    sim.accept(node, &loans);
    sim.settle(30_000);
    let ratings: Vec<Received> = loans.iter().map(|loan| authors.say("attestor", attest(loan))).collect();
    sim.accept(0, &ratings);
    sim.settle(30_000);
    loans
}

/// Each member's ballot: all but every fourth for the first loan, the others for the second.
pub fn votes(authors: &mut Authors, round: u32, names: &[String], loans: &[Received]) -> Vec<Received> {
    names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let loan = &loans[usize::from(number % 4 == 3)];
            authors.say(name, ballot(round, &[loan.id]))
        })
        .collect()
}

/// The outcome of a closed round, on a node.
pub fn closing(sim: &Sim, node: usize, round: u32) -> Arc<Closing> {
    let closings = sim.core(node).ledger().closings();
    Arc::clone(&closings[round as usize - 1])
}
