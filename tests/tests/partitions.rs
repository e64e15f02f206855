//! Nodes that are cut off from the others, and come back.

use std::time::Duration;

use mutua_protocol::records::Received;
use mutua_tests::{Community, Founding, Isolated, audited, ballot, eventually, hold_for};

/// A witness and a member's node stop in their tracks (SIGSTOP): their connections stay, and nothing comes.
#[test]
fn two_of_seven_that_stand_still_come_back_and_agree() {
    let rounds = Duration::from_secs(12);
    let mut community = Community::found(
        "standstill",
        Founding { first_close: rounds, period: rounds, ..Founding::default() },
    );
    community.start();
    let mut members = community.admit(10);
    let loans = community.propose(11, &mut members[0], &[100_000, 400_000]);
    let cut = [3, 6];
    for n in cut {
        community.nodes[n].pause();
    }
    for (n, member) in members.iter_mut().enumerate() {
        let vote = member.say(ballot(true, &[(loans[0], 4), (loans[1], 2)]));
        community.submit([0, 1, 2, 4, 5][n % 5], &[vote]);
    }
    let records = 11 + 4 + 10;
    community.wait_sealed(records);
    let round = community.nodes[0].status().round;
    let digest = community.agreed_outcome(round);
    for n in cut {
        community.nodes[n].resume();
    }
    community.wait_sealed(records);
    assert_eq!(community.agreed_outcome(round), digest, "with all seven");
}

/// The same with real networks: the two lie in network namespaces of their own, whose cables are pulled. They take
/// ballots meanwhile, which are sealed when the cables are back. Needs root.
#[test]
fn two_of_seven_whose_cables_are_pulled_come_back_with_their_ballots() {
    let cut = [3, 6];
    let network = match Isolated::new("mutua", 7, &cut) {
        Ok(network) => network,
        Err(reason) => {
            println!("SKIPPED: network namespaces cannot be made here ({reason}); run as root with iproute2");
            return;
        }
    };
    let rounds = Duration::from_secs(15);
    let founding = Founding { first_close: rounds, period: rounds, ..Founding::default() };
    let mut community =
        Community::found_at("cables", founding, network.addresses().to_vec(), |n| network.run_by(n));
    community.start();
    let mut members = community.admit(12);
    let loans = community.propose(13, &mut members[0], &[100_000, 400_000]);
    let before = 13 + 4;

    network.pull();
    let mut votes: Vec<Received> =
        members.iter_mut().map(|member| member.say(ballot(true, &[(loans[0], 4), (loans[1], 2)]))).collect();
    let inside: Vec<Received> = votes.drain(..4).collect();
    for n in cut {
        community.submit(n, &inside[if n == cut[0] { 0..2 } else { 2..4 }]);
    }
    for (n, vote) in votes.iter().enumerate() {
        community.submit([0, 1, 2, 4, 5][n % 5], std::slice::from_ref(vote));
    }
    let others =
        || community.nodes.iter().enumerate().filter(|(n, _)| !cut.contains(n)).map(|(_, node)| node);
    mutua_tests::wait_sealed(others(), before + 8, mutua_tests::PATIENCE);
    hold_for("nothing reaches the two", Duration::from_secs(8), || {
        for n in cut {
            let status = community.nodes[n].status();
            if (status.records, status.tail) != (before, 2) {
                return Err(format!("{}: {} records, {} in the tail", n, status.records, status.tail));
            }
        }
        Ok(())
    });

    network.plug_in();
    community.wait_sealed(before + 12);
    let round = community.nodes[0].status().round;
    community.agreed_outcome(round);
    let all: Vec<_> = inside.iter().chain(&votes).map(|vote| vote.id).collect();
    eventually("every node has every ballot in its log", || {
        for node in &community.nodes {
            let log = audited(&node.api().archive().map_err(|error| error.to_string())?);
            let missing = log.missing(&all);
            if !missing.is_empty() {
                return Err(format!("{} lacks {missing:?}", node.name()));
            }
        }
        Ok(())
    });
}
