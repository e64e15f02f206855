//! Misbehaviour that a node sees: it keeps a proof, over a restart as well, and accuses nobody who is honest.

use mutua_node::{
    network::Topic,
    service::{EvidenceFile, Input, MatterKind, Sighting},
    wire::{self, Request, Response, SealNotice, Standing},
    witness::{Body as Said, SignedVote},
};
use mutua_protocol::{
    evidence::{EvidenceFile as File, Misdeed},
    hash::{OutcomeDigest, Root, SealId},
    keys::{PublicKey, Purpose},
    records::{Body, Received, Verdict},
    seals::{SealHeader, SealedBatch, Vote, VoteKind},
};

use super::{
    history::{certify, three_seals},
    sim::{Links, Sim},
    story::{members, open_a_round},
    witnesses::say,
    world::{Authors, attest, community, key, loan, public, witness},
};

/// What a node can prove of this kind.
fn proved(sim: &Sim, node: usize, kind: MatterKind) -> Vec<Sighting> {
    let sightings = sim.core(node).sightings().unwrap();
    sightings.proved.into_iter().filter(|sighting| sighting.kind == kind).collect()
}

/// Its file convicts these keys, whoever reads it.
fn convicts(sim: &Sim, node: usize, sighting: &Sighting, keys: &[PublicKey]) -> Misdeed {
    let Some(EvidenceFile::File(bytes)) = sim.core(node).evidence_file(&sighting.name).unwrap() else {
        panic!("a file of {}", sighting.name)
    };
    let convicted = File::from_file(&bytes).unwrap().verify(&sim.community).unwrap();
    assert_eq!(convicted.keys, keys);
    assert_eq!(sighting.keys, keys);
    convicted.what
}

/// Stops a node and starts it again from what is on its disk.
fn restart(sim: &mut Sim, node: usize) {
    sim.crash(node);
    sim.start(node);
    sim.run(2_000);
}

/// A prevote of a witness for the next seal.
fn vote(sim: &Sim, number: usize, value: Option<SealId>) -> Said {
    let height = sim.core(0).ledger().height() + 1;
    let vote = Vote { community: sim.community.id, height, round: 0, kind: VoteKind::Prevote, value };
    let key = key(&witness(number));
    Said::Vote(SignedVote { signature: key.sign(Purpose::Vote, &vote.bytes()), witness: key.public(), vote })
}

#[test]
fn a_witness_that_votes_twice_is_convicted_by_every_other() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    sim.crash(3);
    for value in [Some(SealId([1; 32])), Some(SealId([2; 32])), None] {
        let said = vote(&sim, 3, value);
        say(&mut sim, said);
    }
    // What makes them begin the height.
    let record = authors.say(&names[0], super::world::ballot(1, &[]));
    sim.accept(0, &[record]);
    sim.run(10_000);
    for node in 0..3 {
        let seen = proved(&sim, node, MatterKind::Votes);
        assert_eq!(seen.len(), 1, "node {node}");
        let misdeed = convicts(&sim, node, &seen[0], &[public(&witness(3))]);
        assert!(matches!(misdeed, Misdeed::Votes { round: 0, .. }));
        assert_eq!(sim.core(node).status().evidence.values().sum::<u64>(), 1);
        restart(&mut sim, node);
        assert_eq!(proved(&sim, node, MatterKind::Votes), seen, "node {node} after a restart");
    }
}

#[test]
fn two_histories_are_proved_whichever_way_the_other_comes() {
    let community = community(4);
    let (one, other) = (three_seals(&community, 5), three_seals(&community, 6));
    // By an archive, by gossip of a seal of one's own height, and by one that comes next.
    for way in 0..3 {
        let mut sim = Sim::new(way, &community, 1, Links::GOOD);
        let held = if way == 2 { 2 } else { 3 };
        for batch in &one[..held] {
            sim.import(4, batch).unwrap();
        }
        assert_eq!(proved(&sim, 4, MatterKind::Seals), []);
        let batch = &other[if way == 2 { 2 } else { 1 }];
        match way {
            0 => assert!(sim.import(4, batch).is_err()),
            _ => gossip(&mut sim, 4, batch),
        }
        sim.run(100);
        let seen = proved(&sim, 4, MatterKind::Seals);
        assert_eq!(seen.len(), 1, "way {way}");
        let mut signers: Vec<PublicKey> =
            community.witnesses.witnesses().iter().map(|witness| witness.key).collect();
        signers.truncate(3);
        assert!(matches!(convicts(&sim, 4, &seen[0], &signers), Misdeed::Seals(split) if split.height == 2));
        restart(&mut sim, 4);
        assert_eq!(proved(&sim, 4, MatterKind::Seals), seen, "way {way} after a restart");
    }
}

fn gossip(sim: &mut Sim, node: usize, batch: &SealedBatch) {
    let ids = batch.records.iter().map(|bytes| Received::decode(bytes, &sim.community).unwrap().id).collect();
    let notice = SealNotice { header: batch.header.clone(), certificate: batch.certificate.clone(), ids };
    let (source, data) = (sim.nodes[0].peer, wire::encode(&notice));
    sim.hear(node, 0, 4_000_000, Input::Gossip { topic: Topic::Seals, source, data, token: 4_000_000 });
}

#[test]
fn another_history_is_noticed_before_the_first_is_on_the_disk() {
    let community = community(4);
    let (one, other) = (three_seals(&community, 5), three_seals(&community, 6));
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let now = sim.core(4).now();
    let core = sim.nodes[4].core.as_mut().unwrap();
    for batch in &one {
        core.import(now, batch).unwrap().unwrap();
    }
    let refused = core.import(now, &other[1]).unwrap().unwrap_err();
    assert!(refused.contains("two histories"), "{refused}");
    sim.run(100);
    assert_eq!(proved(&sim, 4, MatterKind::Seals).len(), 1);
}

#[test]
fn the_same_history_and_false_ones_convict_nobody() {
    let community = community(4);
    let (one, other) = (three_seals(&community, 5), three_seals(&community, 6));
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    for batch in &one {
        sim.import(4, batch).unwrap();
    }
    for batch in &one {
        sim.import(4, batch).unwrap();
        gossip(&mut sim, 4, batch);
    }
    let mut forged = other[1].clone();
    forged.certificate.signatures.truncate(2);
    assert!(sim.import(4, &forged).is_err());
    gossip(&mut sim, 4, &forged);
    sim.run(100);
    assert_eq!(sim.core(4).sightings().unwrap().proved, []);
    assert!(sim.core(4).status().evidence.is_empty());
}

#[test]
fn who_misbehaves_again_and_again_fills_no_disk() {
    let community = community(4);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let one = three_seals(&community, 5);
    for batch in &one {
        sim.import(4, batch).unwrap();
    }
    for height in 1..=3usize {
        for time in 1..10 {
            let mut other = one[height - 1].clone();
            other.header = SealHeader { time: other.header.time + time, ..other.header };
            other.certificate = certify(&community, &other.header);
            assert!(sim.import(4, &other).is_err());
        }
    }
    sim.run(100);
    assert_eq!(proved(&sim, 4, MatterKind::Seals).len(), 3, "one for each height");
}

#[test]
fn an_attestor_who_says_yes_and_no_to_the_same_terms_is_convicted() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    let twice: Vec<Received> =
        names[..2].iter().map(|name| authors.say(name, loan("twice", 3_000))).collect();
    sim.accept(0, &twice);
    sim.settle(30_000);
    let yes = authors.say("attestor", attest(&twice[0]));
    sim.accept(0, &[yes]);
    sim.settle(30_000);
    let declined = |proposal: &Received| match attest(proposal) {
        Body::Attest { proposal, terms, mut assessment } => {
            assessment.verdict = Verdict::Declined;
            Body::Attest { proposal, terms, assessment }
        }
        _ => panic!("an attestation"),
    };
    assert_eq!(proved(&sim, 0, MatterKind::Attestations), []);
    let no = authors.say("attestor", declined(&twice[1]));
    sim.accept(1, &[no]);
    sim.settle(30_000);
    for node in sim.all() {
        let seen = proved(&sim, node, MatterKind::Attestations);
        assert_eq!(seen.len(), 1, "node {node}");
        let misdeed = convicts(&sim, node, &seen[0], &[public("attestor")]);
        assert!(matches!(misdeed, Misdeed::Attestations { first, .. } if first.proposal == twice[0].id));
        restart(&mut sim, node);
        assert_eq!(proved(&sim, node, MatterKind::Attestations).len(), 1);
    }
    // Who comes later learns all of it at once, and sees it as well.
    sim.crash(4);
    sim.wipe(4);
    sim.start(4);
    sim.settle(30_000);
    assert_eq!(proved(&sim, 4, MatterKind::Attestations).len(), 1, "after catching up");
    // Who has changed their mind says so, and is not accused again.
    let both = [declined(&twice[0]), attest(&twice[1]), attest(&twice[0])];
    for body in both {
        let said = authors.say("attestor", body);
        sim.accept(0, &[said]);
        sim.settle(30_000);
    }
    let again = proved(&sim, 0, MatterKind::Attestations);
    assert_eq!(again.len(), 2, "declined the one and then approved the other: that was a second time");
}

/// Tells a node a record, as a peer does.
pub(super) fn show(sim: &mut Sim, node: usize, record: &Received) {
    let token = 5_000_000 + node as u64;
    let (source, data) = (sim.nodes[(node + 1) % 4].peer, wire::encode(&vec![record.bytes.to_vec()]));
    sim.hear(node, (node + 1) % 4, token, Input::Gossip { topic: Topic::Records, source, data, token });
}

#[test]
fn a_forked_chain_is_a_file_before_and_after_its_evidence_is_sealed() {
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let names = members(4);
    open_a_round(&mut sim, &mut authors, &names);
    let [left, right] = [1, 2].map(|round| authors.fork(&names[0], super::world::ballot(round, &[])));
    sim.accept(4, &[left]);
    show(&mut sim, 4, &right);
    sim.run(100);
    let seen = proved(&sim, 4, MatterKind::Fork);
    assert_eq!(seen.len(), 1);
    convicts(&sim, 4, &seen[0], &[public(&names[0])]);
    // A witness that sees it writes the proof into the log.
    for node in 0..4 {
        show(&mut sim, node, &right);
    }
    sim.run_until("the member is suspended everywhere", 30_000, |sim| {
        sim.all().all(|node| sim.core(node).ledger().suspension(&public(&names[0])).is_some())
    });
    for node in sim.all() {
        let seen = proved(&sim, node, MatterKind::Fork);
        assert_eq!(seen.len(), 1, "node {node}");
        convicts(&sim, node, &seen[0], &[public(&names[0])]);
    }
}

#[test]
fn a_peer_that_shows_another_outcome_is_told_of_and_not_accused() {
    let community = community(4);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let one = three_seals(&community, 5);
    for batch in &one {
        sim.import(4, batch).unwrap();
    }
    let head = one[2].header.id();
    sim.add_liar(Box::new(move |request| {
        let Ok(Request::Standing) = wire::decode::<Request>(request) else { return (None, 1) };
        let outcome = Some((1, OutcomeDigest([9; 32])));
        let standing = Standing { height: 3, head, tail: 0, tail_digest: Root([0; 32]), outcome };
        (Some(wire::encode(&Response::Standing(standing))), 1)
    }));
    let told = |sim: &Sim| sim.core(4).sightings().unwrap();
    sim.run_until("the peer has said where it stands", 60_000, |sim| !told(sim).unproved.is_empty());
    assert!(told(&sim).unproved[0].contains("the outcome of round 1"));
    assert_eq!(told(&sim).proved, []);
}

#[test]
fn a_certified_outcome_that_does_not_follow_is_proved_by_the_log() {
    let community = community(4);
    let mut sim = Sim::new(0, &community, 1, Links::GOOD);
    let one = three_seals(&community, 5);
    for batch in &one[..2] {
        sim.import(4, batch).unwrap();
    }
    let mut wrong = one[2].clone();
    wrong.header.closes = wrong.header.closes.map(|mut digest| {
        digest.0[0] ^= 1;
        digest
    });
    wrong.certificate = certify(&community, &wrong.header);
    assert!(sim.import(4, &wrong).is_err());
    let seen = proved(&sim, 4, MatterKind::Outcome);
    assert_eq!(seen.len(), 1);
    match sim.core(4).evidence_file(&seen[0].name).unwrap() {
        Some(EvidenceFile::Log(last)) => assert_eq!(*last, wrong),
        _ => panic!("the log is the evidence"),
    }
}
