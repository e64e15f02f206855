//! Peers that lie, stall or talk nonsense when a node catches up.

use mutua_node::wire::{self, Request, Response, Standing};
use mutua_protocol::{
    hash::{RecordId, Root, SealId, derive},
    records::Received,
    seals::SealedBatch,
};

use super::{
    sim::{Liar, Links, Sim},
    story::{members, open_a_round, votes},
    world::{Authors, admit, community, fund},
};

/// What a liar does when it is asked for seals.
#[derive(Debug, Clone, Copy)]
enum Lie {
    Silence,
    Nothing,
    Garbage,
    OtherKind,
    Stale,
    Gap,
    BadCertificate,
    NoCertificate,
    BadSignature,
    RecordMissing,
    OtherOutcome,
    Huge,
    Drip,
}

const LIES: [Lie; 13] = [
    Lie::Silence,
    Lie::Nothing,
    Lie::Garbage,
    Lie::OtherKind,
    Lie::Stale,
    Lie::Gap,
    Lie::BadCertificate,
    Lie::NoCertificate,
    Lie::BadSignature,
    Lie::RecordMissing,
    Lie::OtherOutcome,
    Lie::Huge,
    Lie::Drip,
];

/// Slower than this, and the network gives up.
const SLOW: u64 = 29_000;

fn standing(height: u64, tail_digest: Root) -> Vec<u8> {
    let head = SealId([9; 32]);
    wire::encode(&Response::Standing(Standing { height, head, tail: 9, tail_digest, outcome: None }))
}

fn about_seals(lie: Lie, history: Vec<SealedBatch>) -> Liar {
    Box::new(move |request| {
        let Ok(request) = wire::decode::<Request>(request) else { return (None, 1) };
        let Request::Seals { from } = request else {
            // It says that it has more than anybody.
            return match request {
                Request::Standing => (Some(standing(u64::MAX, Root([1; 32]))), 2),
                _ => (None, 1),
            };
        };
        let from = usize::try_from(from).unwrap();
        let right: Vec<SealedBatch> = history.iter().skip(from - 1).cloned().collect();
        let mut page = right.clone();
        let Some(first) = page.first_mut() else { return (Some(wire::encode(&Response::Seals(page))), 1) };
        match lie {
            Lie::Silence => return (None, u64::MAX),
            Lie::Nothing => page.clear(),
            Lie::Garbage => return (Some(vec![0xa5; 5000]), 1),
            Lie::OtherKind => return (Some(wire::encode(&Response::Records(Vec::new()))), 1),
            Lie::Stale => page = history.iter().take(from - 1).cloned().collect(),
            Lie::Gap => {
                page.remove(0);
            }
            Lie::BadCertificate => first.certificate.signatures[0].1.0[5] ^= 1,
            Lie::NoCertificate => first.certificate.signatures.clear(),
            Lie::BadSignature => {
                if let Some(last) = first.records.last_mut().and_then(|record| record.last_mut()) {
                    *last ^= 1;
                }
            }
            Lie::RecordMissing => {
                first.records.pop();
            }
            Lie::OtherOutcome => first.header.time += 1,
            Lie::Huge => {
                let copy = page.clone();
                while wire::encode(&Response::Seals(page.clone())).len() < 3 << 20 {
                    page.extend(copy.iter().cloned());
                }
                page.remove(0);
            }
            Lie::Drip => {
                page.truncate(1);
                return (Some(wire::encode(&Response::Seals(page))), SLOW);
            }
        }
        (Some(wire::encode(&Response::Seals(page))), 1)
    })
}

#[test]
fn no_lie_about_seals_keeps_a_newcomer_from_catching_up() {
    for (seed, lie) in (0..).zip(LIES) {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        for ballot in votes(&mut authors, 1, &names, &loans) {
            sim.accept(0, &[ballot]);
            sim.run(400);
        }
        sim.settle(10_000);
        sim.crash(4);
        sim.wipe(4);
        let history = sim.archive(0);
        assert!(history.len() > 8);
        for _ in 0..3 {
            let liar = sim.add_liar(about_seals(lie, history.clone()));
            for honest in 0..4 {
                sim.cut(liar, honest);
            }
        }
        for honest in 1..4 {
            sim.cut(4, honest);
        }
        sim.start(4);
        let height = history.len() as u64;
        sim.run_until(&format!("caught up despite {lie:?}"), 20_000, |sim| {
            sim.core(4).ledger().height() >= height
        });
        assert!(!sim.bans.contains(&(4, 0)), "{lie:?}: the honest peer was shut out");
        let banned = sim.bans.iter().any(|(by, _)| *by == 4);
        let provable =
            !matches!(lie, Lie::Silence | Lie::Nothing | Lie::Stale | Lie::Gap | Lie::Huge | Lie::Drip);
        assert!(provable || !banned, "{lie:?}: shut out for what may be an honest peer's state");
    }
}

/// What a liar does when it is asked about its tail.
#[derive(Debug, Clone, Copy)]
enum TailLie {
    Silence,
    Garbage,
    NoRecords,
    OtherRecords,
    BadRecords,
    Endless,
}

const TAIL_LIES: [TailLie; 6] = [
    TailLie::Silence,
    TailLie::Garbage,
    TailLie::NoRecords,
    TailLie::OtherRecords,
    TailLie::BadRecords,
    TailLie::Endless,
];

/// A negentropy message that says: these are all the records I have.
fn claims(ids: &[RecordId]) -> Vec<u8> {
    let mut message = vec![0x61, 0, 0, 2];
    let count = ids.len();
    if count >= 128 {
        message.push(0x80 | u8::try_from(count >> 7).unwrap());
    }
    message.push(u8::try_from(count & 0x7f).unwrap());
    for id in ids {
        message.extend_from_slice(&id.0);
    }
    message
}

fn about_the_tail(lie: TailLie, height: u64, others: Vec<Received>) -> Liar {
    let mut turn = 0u64;
    Box::new(move |request| {
        let Ok(request) = wire::decode::<Request>(request) else { return (None, 1) };
        turn += 1;
        let invented = |from: u64| -> Vec<RecordId> {
            (0..1000)
                .map(|number| RecordId(derive("mutua 1 test ids", &(from + number).to_be_bytes())))
                .collect()
        };
        match (request, lie) {
            // Its tail is another one each time.
            (Request::Standing, _) => {
                (Some(standing(height, Root(derive("mutua 1 test ids", &turn.to_be_bytes())))), 1)
            }
            (Request::Seals { .. }, _) => (Some(wire::encode(&Response::Seals(Vec::new()))), 1),
            (_, TailLie::Silence) => (None, u64::MAX),
            (_, TailLie::Garbage) => (Some(wire::encode(&Response::Reconcile(vec![0x61, 9, 9, 9, 9]))), 1),
            (Request::Reconcile { .. }, TailLie::Endless) => {
                let mut message = claims(&invented(turn * 1000));
                // And there is more: a fingerprint of everything after that cannot be right.
                message.splice(1..3, [2, 0]);
                message.extend_from_slice(&[0, 0, 1]);
                message.extend_from_slice(&[7; 16]);
                (Some(wire::encode(&Response::Reconcile(message))), 100)
            }
            (Request::Reconcile { .. }, _) => {
                (Some(wire::encode(&Response::Reconcile(claims(&invented(0))))), 1)
            }
            (Request::Records { .. }, TailLie::NoRecords | TailLie::Endless) => {
                (Some(wire::encode(&Response::Records(Vec::new()))), 1)
            }
            (Request::Records { .. }, TailLie::OtherRecords) => {
                let records = others.iter().map(|record| record.bytes.to_vec()).collect();
                (Some(wire::encode(&Response::Records(records))), 1)
            }
            (Request::Records { .. }, TailLie::BadRecords) => {
                let mut records: Vec<Vec<u8>> = others.iter().map(|record| record.bytes.to_vec()).collect();
                *records[0].last_mut().unwrap() ^= 1;
                (Some(wire::encode(&Response::Records(records))), 1)
            }
        }
    })
}

#[test]
fn no_lie_about_the_tail_keeps_honest_records_back() {
    for (seed, lie) in (0..).zip(TAIL_LIES) {
        let community = community(4);
        let mut authors = Authors::new(&community);
        // No gossip: nothing is sealed, and records come by reconciliation alone.
        let mut sim = Sim::new(seed, &community, 1, Links { lost: 1000, ..Links::GOOD });
        let others: Vec<Received> =
            (0..20).map(|number| authors.say("treasurer", fund(number + 1))).collect();
        let admissions: Vec<Received> =
            members(300).iter().map(|name| authors.say("registrar", admit(name))).collect();
        for _ in 0..3 {
            let liar = sim.add_liar(about_the_tail(lie, 0, others.clone()));
            for honest in 0..4 {
                sim.cut(liar, honest);
            }
        }
        sim.accept(0, &admissions);
        sim.run_until(&format!("the tail has come despite {lie:?}"), 45_000, |sim| {
            admissions.iter().all(|record| sim.core(4).in_tail(&record.id).is_some())
        });
        assert!(!sim.bans.iter().any(|(_, peer)| *peer < 5), "{lie:?}: an honest peer was shut out");
    }
}

#[test]
fn a_long_chain_that_was_never_heard_of_comes_at_once() {
    for seed in 0..2 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 0, Links { lost: 1000, ..Links::GOOD });
        let admissions: Vec<Received> =
            members(5_000).iter().map(|name| authors.say("registrar", admit(name))).collect();
        sim.accept(0, &admissions);
        sim.run_until("all have the chain", 20_000, |sim| {
            sim.all().all(|node| sim.core(node).tail().count() == 5_000)
        });
    }
}
