//! The charter is amended while the nodes run: all of them follow, and the witnesses of the charter in force seal.

use mutua_node::{
    network::{Topic, Verdict},
    service::{Input, Now, Output},
    wire,
};
use mutua_protocol::{
    archive::{end_frame, opening, seal_frame, verify},
    charter::{Charter, Community, Rule, Utility},
    hash::CharterHash,
    records::{Answer, Ballot, Body, CharterChange, Choice, ProposalId, Received, Subject},
    seals::Witness,
};

use super::{
    sim::{Links, Sim},
    story::{members, open_a_round, votes},
    world::{Authors, CLOSE, EPOCH, PERIOD, community, fund, loan, public, witness},
};

/// A proposal to change the charter.
pub fn change(community: &Community, change: impl FnOnce(&mut Charter)) -> (Body, CharterHash) {
    let mut charter = community.charter.clone();
    change(&mut charter);
    let hash = charter.hash();
    let subject = CharterChange {
        title: "Other witnesses".to_owned(),
        purpose: "The school moves away.".to_owned(),
        base: community.hash,
        charter,
    };
    (Body::Propose(Subject::Charter(Box::new(subject))), hash)
}

/// Puts these witnesses in the place of all before.
fn witnesses(charter: &mut Charter, numbers: impl IntoIterator<Item = usize>) {
    charter.witnesses =
        numbers.into_iter().map(witness).map(|name| Witness { key: public(&name), power: 1, name }).collect();
    charter.witnesses.sort_by_key(|witness| witness.key);
}

pub fn yes(round: u32, proposal: ProposalId) -> Body {
    let answers = vec![Answer { proposal, choice: Choice::Yes }];
    Body::Ballot(Ballot { round, standing: false, scores: Vec::new(), answers })
}

/// Everybody votes yes, and the vote is sealed.
pub fn all_agree(sim: &mut Sim, authors: &mut Authors, names: &[String], round: u32, proposal: ProposalId) {
    let ballots: Vec<Received> = names.iter().map(|name| authors.say(name, yes(round, proposal))).collect();
    let node = sim.up()[0];
    sim.accept(node, &ballots);
    sim.settle(30_000);
}

/// Waits until this charter is in force on all nodes that are up.
pub fn adopted(sim: &mut Sim, hash: CharterHash) {
    sim.run_until("the amended charter is in force everywhere", 2 * CLOSE, |sim| {
        sim.up().into_iter().all(|node| sim.core(node).ledger().community().hash == hash)
    });
}

fn is_witness(sim: &Sim, node: usize) -> bool {
    sim.core(node).status().witness.is_some()
}

/// Who has signed the newest seal that a node holds.
fn signers(sim: &Sim, node: usize) -> Vec<mutua_protocol::keys::PublicKey> {
    let reader = sim.core(node).reader();
    let seal = reader.seal(sim.core(node).ledger().height()).unwrap().unwrap();
    seal.certificate.signatures.into_iter().map(|(key, _)| key).collect()
}

/// The log of a node, audited from its founding charter.
fn audits(sim: &Sim, node: usize) {
    let mut bytes = opening(&sim.community.charter);
    for batch in sim.archive(node) {
        bytes.extend(seal_frame(&batch));
    }
    let ledger = sim.core(node).ledger();
    bytes.extend(end_frame(ledger.height(), ledger.head()));
    let auditor = verify(&bytes[..], |_| {}).expect("a sound log");
    assert_eq!(auditor.ledger().community().hash, ledger.community().hash);
}

#[test]
fn a_witness_is_swapped_and_every_node_follows_without_restart() {
    for seed in 0..6 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let links = if seed % 2 == 0 { Links::GOOD } else { Links::BAD };
        let mut sim = Sim::new(seed, &community, 3, links);
        // Node 5 has the key of a witness to come.
        sim.name_witness(5, &witness(4));
        assert!(!is_witness(&sim, 5));
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let (body, hash) = change(&community, |charter| {
            witnesses(charter, [0, 1, 2, 4]);
            charter.rule =
                Rule::Greedy { utility: Utility::Cost, order: mutua_protocol::charter::GreedyOrder::PerCost };
            charter.schedule.period = 2 * PERIOD;
        });
        let proposal = authors.say(&names[0], body);
        sim.accept(6, std::slice::from_ref(&proposal));
        sim.settle(30_000);
        // A node that is down over the change.
        sim.crash(4);
        all_agree(&mut sim, &mut authors, &names, 1, proposal.id);
        adopted(&mut sim, hash);
        for node in sim.up() {
            assert_eq!(is_witness(&sim, node), [0, 1, 2, 5].contains(&node), "seed {seed}, node {node}");
            assert_eq!(
                sim.core(node).ledger().close() % PERIOD,
                (authors.community.charter.schedule.first_close) % PERIOD
            );
        }
        // Without one of the old ones, nothing is sealed without the new one.
        sim.crash(0);
        let money = authors.say("treasurer", fund(5));
        sim.accept(3, &[money]);
        sim.settle(60_000);
        let signers = signers(&sim, 3);
        assert!(signers.contains(&public(&witness(4))), "seed {seed}");
        assert!(!signers.contains(&public(&witness(3))), "seed {seed}");
        // Those who were down catch up across the change.
        sim.start(0);
        sim.start(4);
        sim.settle(60_000);
        let ballots = votes(&mut authors, 2, &names, &loans);
        sim.accept(4, &ballots);
        sim.settle(60_000);
        sim.run_until("the second round closes everywhere", 4 * CLOSE, |sim| {
            sim.all().all(|node| sim.core(node).ledger().round() == 3)
        });
        sim.settle(60_000);
        assert_eq!(sim.bans, [], "seed {seed}: an honest node was shut out");
        for node in sim.all() {
            audits(&sim, node);
        }
    }
}

#[test]
fn all_witnesses_are_replaced_and_come_back() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 4, Links::GOOD);
        for node in 4..8 {
            sim.name_witness(node, &witness(node));
        }
        let names = members(6);
        open_a_round(&mut sim, &mut authors, &names);
        for (round, [old, new]) in [(1, [0..4, 4..8]), (2, [4..8, 0..4])] {
            let current = std::sync::Arc::clone(sim.core(0).ledger().community());
            let (body, hash) = change(&current, |charter| {
                witnesses(charter, new.clone());
                charter.sealing.drift += 1;
            });
            let proposal = authors.say(&names[1], body);
            sim.accept(7, std::slice::from_ref(&proposal));
            sim.settle(30_000);
            all_agree(&mut sim, &mut authors, &names, round, proposal.id);
            adopted(&mut sim, hash);
            for (node, expected) in old.map(|node| (node, false)).chain(new.map(|node| (node, true))) {
                assert_eq!(is_witness(&sim, node), expected, "seed {seed}, round {round}, node {node}");
            }
            let money = authors.say("treasurer", fund(5));
            sim.accept(2, &[money]);
            sim.settle(30_000);
        }
        // What was replayed from the store is the same.
        for node in sim.all() {
            sim.crash(node);
            sim.start(node);
        }
        sim.run(1_000);
        sim.settle(30_000);
        assert_eq!(sim.bans, [], "seed {seed}: an honest node was shut out");
        audits(&sim, 5);
    }
}

#[test]
fn crashes_around_the_change_contradict_nothing_and_lose_nothing() {
    for seed in 0..6 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 2, if seed % 2 == 0 { Links::GOOD } else { Links::BAD });
        sim.name_witness(4, &witness(4));
        let names = members(6);
        open_a_round(&mut sim, &mut authors, &names);
        let (body, hash) = change(&community, |charter| witnesses(charter, [1, 2, 3, 4]));
        let proposal = authors.say(&names[1], body);
        sim.accept(5, std::slice::from_ref(&proposal));
        sim.settle(30_000);
        all_agree(&mut sim, &mut authors, &names, 1, proposal.id);
        // Until a little before the close.
        while sim.wall() + 1_500 < sim.core(sim.up()[0]).ledger().close() {
            sim.run(500);
        }
        for _ in 0..12 {
            let victim = usize::try_from(sim.rng.below(sim.nodes.len() as u64)).unwrap();
            let commits = 1 + sim.rng.below(8);
            sim.crash_in.entry(victim).or_insert(commits);
            let pause = sim.rng.below(600);
            sim.run(pause);
            for node in sim.all() {
                if sim.nodes[node].core.is_none() && sim.rng.chance(700) {
                    sim.start(node);
                }
            }
        }
        sim.crash_in.clear();
        for node in sim.all() {
            if sim.nodes[node].core.is_none() {
                sim.start(node);
            }
        }
        adopted(&mut sim, hash);
        let money = authors.say("treasurer", fund(5));
        sim.accept(0, &[money]);
        sim.settle(60_000);
        sim.assert_one_history();
        assert!(!is_witness(&sim, 0), "seed {seed}");
        assert!((1..5).all(|node| is_witness(&sim, node)), "seed {seed}");
        assert_eq!(sim.bans, [], "seed {seed}: an honest node was shut out");
    }
}

#[test]
fn a_charter_change_to_come_excuses_no_garbage() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    let told = |sim: &mut Sim, bytes: Vec<u8>| {
        let (peer, token) = (sim.nodes[1].peer, sim.rng.next());
        let now = Now { wall: EPOCH + sim.now, elapsed: sim.now };
        let data = wire::encode(&vec![bytes]);
        let core = sim.nodes[0].core.as_mut().unwrap();
        core.handle(now, Input::Gossip { topic: Topic::Records, source: peer, data, token }).unwrap();
        let outputs = core.commit().unwrap();
        outputs
            .into_iter()
            .find_map(|output| match output {
                Output::Verdict(of, verdict) if of == token => Some(verdict),
                _ => None,
            })
            .unwrap()
    };
    let category = |category: u16| {
        let Body::Propose(Subject::Loan(mut loan)) = loan("bakery", 5) else { panic!("no loan") };
        loan.category = category;
        Body::Propose(Subject::Loan(loan))
    };
    let foreign = authors.fork(&names[1], category(9)).bytes.to_vec();
    let mut unsigned = foreign.clone();
    *unsigned.last_mut().unwrap() ^= 1;
    // Nothing is to come: all of it is the sender's fault.
    for bytes in [b"garbage".to_vec(), unsigned.clone(), foreign.clone()] {
        assert_eq!(told(&mut sim, bytes), Verdict::Reject);
    }
    let (body, _) = change(&community, |charter| charter.categories.push("schools".to_owned()));
    let proposal = authors.say(&names[0], body);
    sim.accept(4, &[proposal]);
    sim.settle(30_000);
    assert_eq!(told(&mut sim, foreign), Verdict::Ignore, "it may be in order by then");
    for bytes in [b"garbage".to_vec(), unsigned] {
        assert_eq!(told(&mut sim, bytes), Verdict::Reject, "under no charter");
    }
}
