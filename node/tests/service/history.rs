//! A history that was sealed elsewhere: imports, pages of it, and two that contradict each other.

use std::sync::Arc;

use mutua_node::{
    service::{Input, Output, ReceptionStatus, Signed},
    wire::{self, Request, Response},
};
use mutua_protocol::{
    charter::Community,
    keys::{Purpose, SecretKey},
    ledger::Ledger,
    limits,
    records::Received,
    seals::{Certificate, SealHeader, SealedBatch, Vote, VoteKind},
};

use super::{
    sim::{Links, Sim},
    world::{Authors, CLOSE, EPOCH, PERIOD, admit, community, fund, key, witness},
};

/// The certificate of all witnesses.
pub fn certify(community: &Community, header: &SealHeader) -> Certificate {
    let vote = Vote {
        community: header.community,
        height: header.height,
        round: 0,
        kind: VoteKind::Precommit,
        value: Some(header.id()),
    };
    let count = community.witnesses.witnesses().len();
    let keys: Vec<SecretKey> = (0..count).map(|number| key(&witness(number))).collect();
    let mut signatures: Vec<_> =
        keys.iter().map(|key| (key.public(), key.sign(Purpose::Vote, &vote.bytes()))).collect();
    signatures.sort_by_key(|(key, _)| *key);
    Certificate { round: 0, signatures }
}

/// Seals records, sorted here, at a time, and takes the ledger there.
pub fn seal(ledger: &mut Ledger, time: u64, mut records: Vec<Received>) -> SealedBatch {
    records.sort_by_key(Received::order);
    let header = ledger.seal(time, &records).unwrap();
    ledger.apply(&header, &records).unwrap();
    SealedBatch {
        certificate: certify(ledger.community(), &header),
        header,
        records: records.iter().map(|record| record.bytes.to_vec()).collect(),
    }
}

/// A history of three seals: so many admissions, money, and a close.
pub fn three_seals(community: &Arc<Community>, amount: u64) -> Vec<SealedBatch> {
    let mut authors = Authors::new(community);
    let mut ledger = Ledger::new(Arc::clone(community));
    let admissions =
        (0..50).map(|number| authors.say("registrar", admit(&format!("member {number}")))).collect();
    vec![
        seal(&mut ledger, EPOCH + 10, admissions),
        seal(&mut ledger, EPOCH + 20, vec![authors.say("treasurer", fund(amount))]),
        seal(&mut ledger, EPOCH + CLOSE, Vec::new()),
    ]
}

#[test]
fn an_archive_s_seals_are_imported_and_a_second_history_is_refused() {
    let community = community(4);
    let history = three_seals(&community, 100);
    let other = three_seals(&community, 200);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    assert!(sim.import(4, &history[1]).is_err(), "the first seal is missing");
    assert_eq!(sim.import(4, &history[0]), Ok(1));
    // The two histories differ from the second seal on.
    assert_eq!(sim.import(4, &other[0]), Ok(1));
    assert_eq!(sim.import(4, &history[1]), Ok(2));
    let refused = sim.import(4, &other[1]).unwrap_err();
    assert!(refused.contains("two histories"), "{refused}");
    let refused = sim.import(4, &other[2]).unwrap_err();
    assert!(refused.contains("predecessor"), "{refused}");
    let mut forged = history[2].clone();
    forged.certificate.signatures.truncate(2);
    let refused = sim.import(4, &forged).unwrap_err();
    assert!(refused.contains("2.5"), "{refused}");
    assert_eq!(sim.import(4, &history[2]), Ok(3));
    assert_eq!(sim.import(4, &history[2]), Ok(3), "twice is once");
    // The others learn it from this node, and go on from there.
    let mut authors = Authors::new(&community);
    for number in 0..50 {
        authors.say("registrar", admit(&format!("member {number}")));
    }
    let more = authors.say("registrar", admit("another member"));
    sim.run(5_000);
    sim.accept(0, &[more]);
    sim.settle(10_000);
    assert!(sim.core(0).ledger().height() > 3);
}

#[test]
fn what_is_sealed_is_held_before_it_is_on_the_disk() {
    let community = community(4);
    let history = three_seals(&community, 100);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let now = sim.core(4).now();
    let core = sim.nodes[4].core.as_mut().unwrap();
    core.import(now, &history[0]).unwrap().unwrap();
    assert_eq!(core.import(now, &history[0]).unwrap(), Ok(1), "twice is once");
    // Handed in again, in the same moment as the seal that holds it.
    let first = history[0].records[0].clone();
    let reception = core.submit(now, &[first], Signed::Here).unwrap().remove(0);
    assert_eq!(reception.status, ReceptionStatus::Held);
}

/// Asks a node for seals.
fn page(sim: &mut Sim, node: usize, from: u64) -> Vec<SealedBatch> {
    let peer = sim.nodes[0].peer;
    let now = mutua_node::service::Now { wall: EPOCH, elapsed: 1 };
    let core = sim.nodes[node].core.as_mut().unwrap();
    let data = wire::encode(&Request::Seals { from });
    core.handle(now, Input::Request { peer, data, token: 77 }).unwrap();
    for output in core.commit().unwrap() {
        if let Output::Respond(77, data) = output {
            assert!(data.len() <= limits::DECODE_BYTES, "{} bytes", data.len());
            match wire::decode(&data).unwrap() {
                Response::Seals(page) => return page,
                other => panic!("{other:?}"),
            }
        }
    }
    panic!("no answer")
}

#[test]
fn a_page_of_seals_fits_a_message_however_small_the_seals_are() {
    let community = community(7);
    let mut ledger = Ledger::new(Arc::clone(&community));
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let core = sim.nodes[7].core.as_mut().unwrap();
    let count = 6_000;
    for round in 0..count {
        let batch = seal(&mut ledger, EPOCH + CLOSE + round * PERIOD, Vec::new());
        core.import(mutua_node::service::Now { wall: EPOCH, elapsed: 1 }, &batch).unwrap().unwrap();
        if round % 500 == 499 {
            core.commit().unwrap();
        }
    }
    let mut from = 1;
    while from <= count {
        let page = page(&mut sim, 7, from);
        assert_eq!(page[0].header.height, from);
        from += page.len() as u64;
    }
}

#[test]
fn there_are_no_seals_beyond_the_last() {
    let community = community(1);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    for from in [0, 1, 2, u64::MAX - 1, u64::MAX] {
        assert_eq!(page(&mut sim, 1, from), []);
    }
    for batch in &three_seals(&community, 5) {
        sim.import(1, batch).unwrap();
    }
    for from in [4, u64::MAX - 1, u64::MAX] {
        assert_eq!(page(&mut sim, 1, from), []);
    }
    for from in [0, 1] {
        assert_eq!(page(&mut sim, 1, from).len(), 3);
    }
    assert_eq!(page(&mut sim, 1, 3).len(), 1);
}
