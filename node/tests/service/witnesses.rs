//! The witnesses: crashes, missing quorums, lies.

use std::collections::BTreeMap;

use mutua_node::{
    network::Topic,
    service::Input,
    wire::{self, Request, Response},
    witness::{
        Body as Said, ProposalStatement, ProposedSeal, SignedProposal, SignedVote, WitnessMessage, proposer,
    },
};
use mutua_protocol::{
    hash::{RecordId, derive},
    keys::Purpose,
    records::{Body, Received},
    seals::{SealHeader, Vote, VoteKind},
};

use super::{
    sim::{Links, Sim},
    story::{closing, members, open_a_round, votes},
    world::{Authors, CLOSE, DRIFT, PATIENCE, admit, ballot, community, fund, key, public, witness},
};

#[test]
fn on_a_good_network_a_record_is_sealed_within_a_second() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 3, Links::GOOD);
        for number in 0..8 {
            let money = authors.say("treasurer", fund(number + 1));
            sim.accept(usize::try_from(number).unwrap() % 7, &[money]);
            sim.settle(1_000);
        }
    }
}

#[test]
fn crashes_at_any_commit_lose_nothing_and_contradict_nothing() {
    for seed in 0..12 {
        let community = community(if seed % 3 == 0 { 1 } else { 4 });
        let witnesses = community.witnesses.witnesses().len();
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 2, if seed % 2 == 0 { Links::GOOD } else { Links::BAD });
        let names = members(10);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let mut ballots = votes(&mut authors, 1, &names, &loans).into_iter();
        for turn in 0..60 {
            // Any node, at any commit, also two at a time; some come back at once, some later.
            let victim = usize::try_from(sim.rng.below(sim.nodes.len() as u64)).unwrap();
            let commits = 1 + sim.rng.below(12);
            sim.crash_in.entry(victim).or_insert(commits);
            let node = usize::try_from(sim.rng.below(sim.nodes.len() as u64)).unwrap();
            if turn % 5 == 0
                && sim.nodes[node].core.is_some()
                && let Some(ballot) = ballots.next()
            {
                // A member whose node crashed over it hands the same record in again.
                let mut taken = sim.submit(node, std::slice::from_ref(&ballot));
                while taken.is_empty() {
                    for node in sim.all() {
                        if sim.nodes[node].core.is_none() {
                            sim.start(node);
                        }
                    }
                    taken = sim.submit(node, std::slice::from_ref(&ballot));
                }
            }
            let pause = sim.rng.below(800);
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
        sim.settle(60_000);
        sim.assert_one_history();
        assert!(
            sim.all().take(witnesses).all(|node| sim.core(node).status().witness.unwrap().halted.is_none())
        );
    }
}

#[test]
fn without_a_quorum_nothing_is_sealed_and_nothing_lost() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(12);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        let height = sim.core(0).ledger().height();
        sim.crash(1);
        sim.crash(2);
        let ballots = votes(&mut authors, 1, &names, &loans);
        for ballots in ballots.chunks(2) {
            sim.accept(4, ballots);
            sim.run(2_000);
        }
        sim.run(10_000);
        for node in [0, 3, 4] {
            assert_eq!(sim.core(node).ledger().height(), height, "seed {seed}");
            assert_eq!(sim.core(node).tail().count(), 12, "seed {seed}");
        }
        // Over the close, too; and one of the two is restarted meanwhile.
        sim.crash(3);
        sim.run(CLOSE);
        sim.start(3);
        sim.run(5_000);
        sim.start(1);
        sim.run_until("sealing goes on", 40_000, |sim| sim.core(4).ledger().round() == 2);
        sim.start(2);
        sim.settle(20_000);
        assert_eq!(closing(&sim, 2, 1).outcome.turnout.voters, 12, "seed {seed}: votes in time count");
    }
}

/// Whose turn it is to propose the next seal, as a position of a node.
pub fn turn(sim: &Sim, round: u32) -> usize {
    let height = sim.core(sim.up()[0]).ledger().height() + 1;
    let turn = proposer(&sim.community.witnesses, height, round).unwrap().key;
    (0..).find(|number| public(&witness(*number)) == turn).unwrap()
}

#[test]
fn a_seal_that_leaves_out_an_old_record_is_not_agreed() {
    for seed in 0..3 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // The next two to propose do as if they had never heard of this ballot.
        let unwelcome = authors.say(&names[0], ballot(1, &[loans[0].id]));
        let liars = [turn(&sim, 0)];
        for liar in liars {
            let (bytes, id) = (unwelcome.bytes.to_vec(), unwelcome.id);
            sim.nodes[liar].deaf = Some(Box::new(move |input| match input {
                Input::Gossip { topic: Topic::Records, data, .. } => {
                    data.windows(bytes.len()).any(|window| window == bytes)
                }
                Input::Response { data: Some(data), .. } => match wire::decode(data) {
                    Ok(Response::Records(records)) => records.contains(&bytes),
                    _ => false,
                },
                Input::Gossip { topic: Topic::Witness, data, .. } => {
                    data.windows(32).any(|window| window == id.0)
                }
                _ => false,
            }));
        }
        // With one of the others away nothing is sealed, and patience runs out.
        let away = (0..4).find(|node| !liars.contains(node)).unwrap();
        sim.crash(away);
        sim.accept(4, std::slice::from_ref(&unwelcome));
        let fresh = authors.say(&names[1], ballot(1, &[loans[1].id]));
        sim.run(PATIENCE + 1_000);
        sim.accept(4, std::slice::from_ref(&fresh));
        sim.start(away);
        sim.run(PATIENCE + 500);
        sim.run_until("the old record is sealed", 20_000, |sim| sim.sealed(4).contains(&unwelcome.id));
        sim.nodes[liars[0]].deaf = None;
        sim.settle(20_000);
        // No seal has the younger record without the older one.
        let reader = sim.core(4).reader();
        let place = |id: &RecordId| {
            reader.seals_from(1).find_map(|seal| {
                seal.ok().filter(|seal| seal.ids.contains(id)).map(|seal| seal.header.height)
            })
        };
        assert!(place(&unwelcome.id) <= place(&fresh.id), "seed {seed}");
    }
}

#[test]
fn a_seal_whose_time_is_far_off_is_not_agreed() {
    for (seed, skew) in
        [(0, -2 * DRIFT.cast_signed()), (1, 2 * DRIFT.cast_signed()), (2, CLOSE.cast_signed())]
    {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        sim.nodes[2].skew = skew;
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        for (number, ballot) in votes(&mut authors, 1, &names, &loans).into_iter().enumerate() {
            // The liar's own turn comes every four heights; the seal after it is not later for that than a round.
            sim.accept([0, 4][number % 2], &[ballot]);
            sim.settle(10_000);
            let (wall, time) = (sim.wall(), sim.core(0).ledger().time());
            assert!(time.abs_diff(wall) <= DRIFT, "seed {seed}: sealed at {time}, now {wall}");
        }
        assert_eq!(sim.core(0).ledger().round(), 1);
    }
}

/// A message of a witness, told to everybody who is up by nobody in particular.
pub fn say(sim: &mut Sim, said: Said) {
    let data = WitnessMessage { body: said, copy: 0 }.encode();
    for node in sim.up() {
        let source = sim.nodes[(node + 1) % 4].peer;
        let token = 2_000_000 + sim.rng.below(1 << 40);
        let input = Input::Gossip { topic: Topic::Witness, source, data: data.clone(), token };
        sim.hear(node, (node + 1) % 4, token, input);
    }
}

/// A proposal for round 0 by a witness.
pub fn proposal(number: usize, header: SealHeader, ids: Vec<RecordId>) -> Said {
    proposal_in(0, number, header, ids)
}

/// A proposal for a round by a witness.
pub fn proposal_in(round: u32, number: usize, header: SealHeader, ids: Vec<RecordId>) -> Said {
    let proposer = key(&witness(number));
    let statement = ProposalStatement {
        community: header.community,
        height: header.height,
        round,
        pol_round: None,
        value: header.id(),
    };
    Said::Proposal(SignedProposal {
        height: header.height,
        round,
        pol_round: None,
        proposer: proposer.public(),
        signature: proposer.sign(Purpose::Proposal, &statement.bytes()),
        seal: ProposedSeal { header, ids },
    })
}

fn vote(sim: &Sim, number: usize, height: u64) -> Said {
    let vote = Vote { community: sim.community.id, height, round: 0, kind: VoteKind::Prevote, value: None };
    let key = key(&witness(number));
    Said::Vote(SignedVote { signature: key.sign(Purpose::Vote, &vote.bytes()), witness: key.public(), vote })
}

#[test]
fn one_witness_alone_cannot_make_the_others_begin_a_height_for_nothing() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let money = authors.say("treasurer", fund(5));
    sim.accept(0, &[money]);
    sim.settle(5_000);
    sim.crash(3);
    for height in 2..40 {
        let said = vote(&sim, 3, height);
        say(&mut sim, said);
        sim.run(200);
    }
    for node in 0..3 {
        assert_eq!(sim.core(node).status().witness.unwrap().height, None);
    }
    // And it has not kept them from what there is to do.
    let money = authors.say("treasurer", fund(6));
    sim.accept(4, &[money]);
    sim.settle(10_000);
}

#[test]
fn a_proposal_of_records_that_nobody_has_holds_nothing_up_for_long() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(200);
    let admissions: Vec<Received> = names.iter().map(|name| authors.say("registrar", admit(name))).collect();
    let mut amount = 1;
    while turn(&sim, 0) != 3 || amount == 1 {
        let money = authors.say("treasurer", fund(amount));
        sim.accept(0, &[money]);
        sim.settle(5_000);
        amount += 1;
    }
    sim.crash(3);
    let ledger = sim.core(0).ledger();
    let ids: Vec<RecordId> =
        (0..1024u32).map(|number| RecordId(derive("mutua 1 test ids", &number.to_be_bytes()))).collect();
    let header = SealHeader {
        community: community.id,
        height: ledger.height() + 1,
        previous: ledger.head(),
        time: sim.wall(),
        count: 1024,
        root: SealHeader::root_of(&ids),
        closes: None,
    };
    let said = proposal(3, header, ids);
    // Half of them lack the records that the next honest witness will propose.
    sim.links.lost = 500;
    sim.accept(4, &admissions);
    say(&mut sim, said);
    sim.links.lost = 0;
    sim.settle(15_000);
}

/// A witness proposes seals of records that it has made up and gives to whoever asks, in all its turns to come and two at
/// a time. A member's chain is forked, so that the others have to fetch what one of them proposes.
#[test]
fn proposals_of_made_up_records_leave_room_for_those_that_matter() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(4);
    let loans = open_a_round(&mut sim, &mut authors, &names);
    let turns: Vec<u32> = (0..=10).filter(|round| turn(&sim, *round) == 3).collect();
    sim.crash(2);
    sim.crash(3);
    let made_up: Vec<Received> = (0..2 * turns.len() * 1024)
        .map(|number| authors.say(&format!("stranger {}", number / 64), Body::Leave))
        .collect();
    let held: BTreeMap<RecordId, Vec<u8>> =
        made_up.iter().map(|record| (record.id, record.bytes.to_vec())).collect();
    let liar = sim.add_liar(Box::new(move |request| match wire::decode::<Request>(request) {
        Ok(Request::Records { ids }) => {
            let records = ids.iter().filter_map(|id| held.get(id).cloned()).collect();
            (Some(wire::encode(&Response::Records(records))), 1)
        }
        _ => (None, 1),
    }));
    // No quorum, and the two cannot speak to each other: the branches stay where they are, and the height is under way.
    sim.cut(0, 1);
    let other = authors.fork(&names[0], ballot(1, &[loans[1].id]));
    let first = authors.say(&names[0], ballot(1, &[loans[0].id]));
    sim.accept(0, &[first]);
    let (source, data) = (sim.nodes[0].peer, wire::encode(&vec![other.bytes.to_vec()]));
    sim.hear(1, 0, 7, Input::Gossip { topic: Topic::Records, source, data, token: 7 });
    sim.run(1_000);
    let (height, previous) = (sim.core(0).ledger().height() + 1, sim.core(0).ledger().head());
    for (number, records) in made_up.chunks(1024).enumerate() {
        let ids: Vec<RecordId> = records.iter().map(|record| record.id).collect();
        let header = SealHeader {
            community: community.id,
            height,
            previous,
            time: sim.wall(),
            count: 1024,
            root: SealHeader::root_of(&ids),
            closes: None,
        };
        let body = proposal_in(turns[number / 2], 3, header, ids);
        let data = WitnessMessage { body, copy: 0 }.encode();
        for node in 0..2 {
            let token = 8 + 2 * number as u64 + node as u64;
            let source = sim.nodes[liar].peer;
            let input = Input::Gossip { topic: Topic::Witness, source, data: data.clone(), token };
            sim.hear(node, liar, token, input);
        }
    }
    sim.run(10_000);
    sim.mend(0, 1);
    sim.start(2);
    sim.run_until("sealing goes on", 60_000, |sim| {
        sim.core(0).ledger().suspension(&public(&names[0])).is_some()
    });
}

#[test]
fn a_node_with_thousands_of_records_in_the_tail_starts_and_goes_on() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    sim.crash(2);
    sim.crash(3);
    let admissions: Vec<Received> =
        members(4_000).iter().map(|name| authors.say("registrar", admit(name))).collect();
    for admissions in admissions.chunks(500) {
        sim.accept(0, admissions);
        sim.run(100);
    }
    sim.run(5_000);
    assert_eq!(sim.core(1).tail().count(), 4_000);
    for _ in 0..2 {
        sim.crash(0);
        sim.crash(1);
        sim.start(0);
        sim.start(1);
        sim.run(3_000);
        assert_eq!(sim.core(0).tail().count(), 4_000);
    }
    sim.start(2);
    sim.settle(30_000);
}
