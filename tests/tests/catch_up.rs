//! A node that was away has missed nothing.

use std::{path::PathBuf, time::Duration};

use mutua_protocol::{ledger::ProposalStatus, records::Received};
use mutua_tests::{Community, Founding, audited, ballot};

/// A member's node is switched off while the others propose, vote and close a round. When it comes
/// back, it has the same log and computes the same outcome from it.
#[test]
fn a_node_that_was_down_during_the_vote_catches_up_and_agrees() {
    let rounds = Duration::from_secs(12);
    let mut community =
        Community::found("catch-up", Founding { first_close: rounds, period: rounds, ..Founding::default() });
    let late = community.nodes.len() - 1;
    let others: Vec<usize> = (0..late).collect();
    community.start_some(&others);

    let mut members = community.admit(12);
    let loans = community.propose(13, &mut members[0], &[200_000, 250_000, 900_000]);
    // Ballots are handed in all over the place, and each node learns of all of them.
    for (n, member) in members.iter_mut().enumerate() {
        let vote: Vec<Received> =
            vec![member.say(ballot(true, &[(loans[0], 10), (loans[1], 5), (loans[2], 1)]))];
        community.submit(others[n % others.len()], &vote);
    }
    let records = 13 + 6 + 12;
    community.wait_sealed(records);
    let round = community.nodes[0].status().round;
    let before = community.agreed_outcome(round);

    community.nodes[late].start();
    community.wait_sealed(records);
    assert_eq!(community.agreed_outcome(round), before, "the node that was away computes the same");

    let log = audited(&community.nodes[late].api().archive().expect("it gives its archive"));
    let status = |n: usize| log.ledger.proposals()[&loans[n]].status;
    assert!(matches!(status(0), ProposalStatus::Funded(_)), "{:?}", status(0));
    assert!(matches!(status(1), ProposalStatus::Funded(_)), "{:?}", status(1));
    assert_eq!(status(2), ProposalStatus::Open, "the pool of 1,000,000 cannot pay for all three");
    assert_eq!(log.ledger.pool().loans.allocated, 450_000);
}

/// A node that comes up with an empty store, after its folder was lost, fetches everything.
#[test]
fn a_node_that_has_lost_its_store_fetches_everything() {
    let mut community = Community::found("lost-store", Founding { nodes: 5, ..Founding::default() });
    community.start();
    let mut members = community.admit(5);
    let loans = community.propose(6, &mut members[0], &[100_000]);
    let votes: Vec<Received> =
        members.iter_mut().map(|member| member.say(ballot(false, &[(loans[0], 3)]))).collect();
    community.submit(4, &votes);
    community.wait_sealed(13);

    assert!(community.nodes[4].terminate().success(), "SIGTERM is a clean end");
    let store: PathBuf = community.nodes[4].home().join("store");
    std::fs::remove_dir_all(store).expect("the store can be removed");
    community.nodes[4].start();
    community.wait_sealed(13);
    let ask = |n: usize| community.nodes[n].status().head;
    assert_eq!(ask(4), ask(0));
}
