//! Nodes that are killed at any moment (DESIGN section 10, promise 2).

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use mutua_protocol::{hash::RecordId, records::Received};
use mutua_tests::{Api, Author, Community, Dice, Founding, PATIENCE, audited, ballot, eventually};

/// How often a node is killed.
const KILLS: usize = 20;

/// Members who vote without end. Each waits for the answer to one ballot before the next.
const VOTERS: usize = 4;

/// The APIs of the nodes that are up, by number; changed by the one who kills, read by those who vote.
type Reachable = Mutex<BTreeMap<usize, Api>>;

/// One member votes again and again, now here, now there, until told to stop. What some node has
/// acknowledged goes into the list.
fn vote_without_end(
    author: &mut Author,
    loans: &[RecordId],
    reachable: &Reachable,
    stop: &AtomicBool,
    mut dice: Dice,
) -> Vec<RecordId> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) && author.sequence() < 900 {
        let score = 1 + u8::try_from(dice.below(10)).unwrap_or(0);
        let vote = author.say(ballot(true, &[(loans[dice.below(loans.len())], score)]));
        hand_in(&vote, reachable, &mut dice);
        acknowledged.push(vote.id);
    }
    acknowledged
}

/// Hands one ballot in until a node says that it has it. A node that dies meanwhile may have it or not.
fn hand_in(vote: &Received, reachable: &Reachable, dice: &mut Dice) {
    let began = Instant::now();
    let mut last = String::new();
    while began.elapsed() < PATIENCE {
        let api = {
            let reachable = reachable.lock().expect("nobody panics with the list in hand");
            reachable.values().nth(dice.below(reachable.len())).cloned()
        };
        let Some(api) = api else { continue };
        match api.submit([&*vote.bytes]) {
            Ok(receptions) if receptions[0].is_durable() => return,
            // Its predecessor may be on the node that was just killed, and on no other; and a node that is
            // behind keeps only so many records of one author apart.
            Ok(receptions)
                if receptions[0].status() == "parked" || receptions[0].rule() == Some("parked-full") =>
            {
                last = format!("{receptions:?}");
            }
            Ok(receptions) => panic!("an honest ballot is refused: {receptions:?}"),
            Err(error) => last = error.to_string(),
        }
        sleep(Duration::from_millis(20));
    }
    panic!("no node takes the ballot {}: {last}", vote.id);
}

#[test]
fn sigkill_at_any_moment_loses_no_acknowledged_record_and_forks_no_chain() {
    let mut dice = Dice::from_environment();
    let rounds = Duration::from_secs(10);
    let mut community =
        Community::found("crashes", Founding { first_close: rounds, period: rounds, ..Founding::default() });
    community.start();
    let mut members = community.admit(8);
    let loans = community.propose(9, &mut members[7], &[150_000, 220_000, 310_000]);

    let reachable: Reachable =
        Mutex::new(community.nodes.iter().map(|node| node.api().clone()).enumerate().collect());
    let stop = AtomicBool::new(false);
    let acknowledged: Vec<RecordId> = scope(|threads| {
        let voters: Vec<_> = members[..VOTERS]
            .iter_mut()
            .map(|author| {
                let dice = Dice::seeded(dice.roll());
                let (loans, reachable, stop) = (&loans, &reachable, &stop);
                threads.spawn(move || vote_without_end(author, loans, reachable, stop, dice))
            })
            .collect();
        for kill in 0..KILLS {
            sleep(dice.pause(700));
            let victim = dice.below(community.nodes.len());
            let node = &mut community.nodes[victim];
            println!("kill {}: {}", kill + 1, node.name());
            node.kill();
            reachable.lock().expect("nobody panics with the list in hand").remove(&victim);
            sleep(dice.pause(1200));
            node.start();
            let api = node.api().clone();
            reachable.lock().expect("nobody panics with the list in hand").insert(victim, api);
        }
        stop.store(true, Ordering::Relaxed);
        voters.into_iter().flat_map(|voter| voter.join().expect("a voter gives up")).collect()
    });
    println!("{} ballots were acknowledged", acknowledged.len());
    assert!(acknowledged.len() > KILLS, "there was something to lose");

    let records = eventually("all nodes have sealed the same", || {
        let statuses: Vec<_> = community.running().map(|node| node.status()).collect();
        let first = (statuses[0].records, statuses[0].head.clone());
        let same = statuses.iter().all(|status| (status.records, status.head.clone()) == first);
        let done = statuses.iter().all(|status| (status.tail, status.parked) == (0, 0));
        if same && done && first.0 >= acknowledged.len() as u64 + 15 {
            return Ok(first.0);
        }
        let shown: Vec<_> =
            statuses.iter().map(|one| (one.height, one.records, one.tail, one.parked)).collect();
        Err(format!("(seals, records, unsealed, parked) {shown:?}"))
    });
    let round = community.nodes[0].status().round;
    community.agreed_outcome(round);
    for node in &community.nodes {
        let status = node.status();
        assert_eq!(status.forks, 0, "{} has seen a fork", node.name());
        let log = audited(&node.api().archive().expect("it gives its archive"));
        assert_eq!(log.missing(&acknowledged), [].into(), "acknowledged, and not in {}'s log", node.name());
        assert!(log.sealed.len() as u64 >= records);
        for member in &members[..VOTERS] {
            let chain = log.chains.get(&member.key()).map_or(0, Vec::len);
            assert_eq!(chain as u64, member.sequence(), "every ballot of a member is in one chain");
        }
    }
}
