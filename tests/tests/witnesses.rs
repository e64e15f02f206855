//! Witnesses that are silent or lie (DESIGN section 5): one of four changes nothing, two stop the seals and
//! nothing else.

use std::time::Duration;

use mutua_protocol::{hash::RecordId, records::Received};
use mutua_tests::{Author, Community, Founding, Lie, LyingWitness, audited, ballot, eventually, hold_for};

fn witnesses(name: &str, witnesses: usize) -> Community {
    Community::found(name, Founding { witnesses, nodes: witnesses, ..Founding::default() })
}

/// Each of these members votes once.
fn votes(members: &mut [Author], loan: RecordId, score: u8) -> Vec<Received> {
    members.iter_mut().map(|member| member.say(ballot(false, &[(loan, score)]))).collect()
}

#[test]
fn one_witness_alone_seals() {
    let mut community = witnesses("one-witness", 1);
    community.start();
    let mut members = community.admit(3);
    let loans = community.propose(4, &mut members[0], &[1_000]);
    community.submit(0, &votes(&mut members, loans[0], 1));
    community.wait_sealed(9);
    let log = audited(&community.nodes[0].api().archive().expect("it gives its archive"));
    assert_eq!(log.sealed.len(), 9);
}

/// Five of seven are a quorum, four are none.
#[test]
fn seven_witnesses_go_on_without_two_and_wait_without_three() {
    let mut community = witnesses("seven-witnesses", 7);
    community.start();
    let mut members = community.admit(6);
    let loans = community.propose(7, &mut members[0], &[1_000]);

    // One is dead, one holds its connections and says nothing. As many seals as there are witnesses, so that it
    // would have been the turn of both.
    community.nodes[1].kill();
    community.nodes[5].pause();
    let quorum = [0, 2, 3, 4, 6];
    let mut cast = Vec::new();
    for n in 0..7 {
        let vote = members[n % 6].say(ballot(false, &[(loans[0], 1)]));
        community.submit(quorum[n % 5], std::slice::from_ref(&vote));
        cast.push(vote.id);
        community.wait_sealed(9 + cast.len() as u64);
    }

    // A third dies: nothing is sealed, and nothing lost.
    community.nodes[3].kill();
    let rest = [0, 2, 4, 6];
    let height = community.nodes[0].status().height;
    let waiting = votes(&mut members, loans[0], 2);
    community.submit(0, &waiting[..3]);
    community.submit(6, &waiting[3..]);
    cast.extend(waiting.iter().map(|vote| vote.id));
    let standing = |community: &Community| -> Vec<(u64, u64)> {
        rest.iter().map(|n| community.nodes[*n].status()).map(|status| (status.height, status.tail)).collect()
    };
    let still = [(height, 6); 4];
    let stays = |community: &Community| {
        let standing = standing(community);
        if standing == still { Ok(()) } else { Err(format!("{standing:?}")) }
    };
    eventually("the four hold all ballots", || stays(&community));
    hold_for("nothing is sealed by four of seven", Duration::from_secs(5), || stays(&community));
    community.nodes[0].kill();
    community.nodes[6].kill();
    community.start_some(&[0, 6]);
    eventually("the four hold all ballots again", || stays(&community));

    // The silent one speaks again, and sealing goes on; then all are back.
    community.nodes[5].resume();
    community.wait_sealed(22);
    community.start_some(&[1, 3]);
    community.wait_sealed(22);
    let heads: Vec<String> = community.nodes.iter().map(|node| node.status().head).collect();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
    let log = audited(&community.nodes[3].api().archive().expect("it gives its archive"));
    assert_eq!(log.missing(&cast), [].into());
}

#[test]
fn one_silent_witness_of_four_neither_stops_nor_changes_the_seals() {
    let mut community = witnesses("one-silent", 4);
    community.start();
    let mut members = community.admit(8);
    let loans = community.propose(9, &mut members[0], &[100_000]);
    community.nodes[2].kill();
    // Several seals, so that it would have been the silent one's turn.
    for (n, member) in members.iter_mut().enumerate() {
        community.submit([0, 1, 3][n % 3], &[member.say(ballot(false, &[(loans[0], 2)]))]);
        community.wait_sealed(12 + n as u64);
    }
    community.nodes[2].start();
    community.wait_sealed(19);
    let heads: Vec<String> = community.nodes.iter().map(|node| node.status().head).collect();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
}

#[test]
fn two_silent_witnesses_of_four_stop_the_seals_and_lose_nothing() {
    let mut community = witnesses("two-silent", 4);
    community.start();
    let mut members = community.admit(6);
    let loans = community.propose(7, &mut members[0], &[100_000]);
    community.nodes[0].kill();
    community.nodes[1].kill();
    let height = community.nodes[2].status().height;

    let cast = votes(&mut members, loans[0], 3);
    community.submit(2, &cast[..3]);
    community.submit(3, &cast[3..]);
    eventually("both nodes hold all ballots", || {
        let tails: Vec<u64> = community.running().map(|node| node.status().tail).collect();
        if tails == [6, 6] { Ok(()) } else { Err(format!("{tails:?}")) }
    });
    hold_for("nothing is sealed by two of four", Duration::from_secs(6), || {
        let status: Vec<_> = community.running().map(|node| node.status()).collect();
        let still = status.iter().all(|status| (status.height, status.tail) == (height, 6));
        if still { Ok(()) } else { Err(format!("{status:?}")) }
    });
    // What was accepted is on the disk: not even the death of these two loses it.
    community.nodes[2].kill();
    community.nodes[3].kill();
    community.start_some(&[2, 3]);
    for node in [2, 3] {
        assert_eq!(community.nodes[node].status().tail, 6, "{}", community.nodes[node].name());
    }

    community.nodes[0].start();
    community.wait_sealed(15);
    community.nodes[1].start();
    community.wait_sealed(15);
    let log = audited(&community.nodes[1].api().archive().expect("it gives its archive"));
    assert_eq!(log.missing(cast.iter().map(|ballot| &ballot.id)), [].into());
}

/// The fourth witness's key is in the hands of somebody who lies in this way. The other three come to
/// the same seals, with every ballot in them.
fn lied_to(lie: Lie) -> (Community, LyingWitness) {
    let rounds = Duration::from_secs(15);
    let name = format!("liar-{lie:?}").to_lowercase();
    let mut community = Community::found(
        &name,
        Founding { nodes: 5, first_close: rounds, period: rounds, ..Founding::default() },
    );
    let honest = [0, 1, 2, 4];
    community.start_some(&honest);
    let addresses: Vec<String> = honest.iter().map(|n| community.nodes[*n].listen()[0].clone()).collect();
    let liar = LyingWitness::join(
        &community.founded,
        community.witness_key(3),
        lie,
        &addresses,
        community.nodes[0].api(),
    );
    let mut members = community.admit(12);
    let loans = community.propose(13, &mut members[0], &[300_000]);
    let mut cast = Vec::new();
    for (n, member) in members.iter_mut().enumerate() {
        let vote = member.say(ballot(true, &[(loans[0], 2)]));
        cast.push(vote.id);
        community.submit(honest[n % honest.len()], &[vote]);
        community.wait_sealed(16 + n as u64);
    }
    let round = community.nodes[0].status().round;
    let digest = community.agreed_outcome(round);
    for n in honest {
        let log = audited(&community.nodes[n].api().archive().expect("it gives its archive"));
        assert_eq!(log.missing(&cast), [].into(), "{}", community.nodes[n].name());
        assert_eq!(log.outcomes[round as usize - 1].to_string(), digest);
    }
    (community, liar)
}

#[test]
fn a_witness_that_votes_for_everything_neither_stops_nor_changes_the_seals() {
    let (community, liar) = lied_to(Lie::Votes);
    let (votes, proposals, _) = liar.told();
    assert!(votes > 20 && proposals > 0, "it has lied: {votes} votes, {proposals} proposals");
    let caught: u64 =
        community.running().map(|node| node.status().refused.get("equivocation").copied().unwrap_or(0)).sum();
    assert!(caught > 0, "its contradictions were noticed");
}

#[test]
fn a_witness_that_answers_with_rubbish_neither_stops_nor_changes_the_seals() {
    let (community, liar) = lied_to(Lie::Answers);
    let (_, _, answers) = liar.told();
    assert!(answers > 0, "it was asked");
    assert!(liar.dropped() > 0, "somebody wants nothing to do with it any more");
    let refusals: u64 = community.running().map(|node| node.status().refusals()).sum();
    assert!(refusals > 0, "its answers were counted");
}
