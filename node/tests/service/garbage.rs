//! Whatever comes from the network, a node neither stops nor forgets what it is doing.

use mutua_node::{
    network::Topic,
    service::{Input, Now, Output},
    wire::{self, Request, Response, SealNotice},
};
use mutua_protocol::{hash::RecordId, records::Received};

use super::{
    sim::{Links, Rng, Sim},
    story::{members, open_a_round, votes},
    world::{Authors, EPOCH, community},
};

/// Bytes with something done to them.
fn spoilt(rng: &mut Rng, sample: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    let place = |rng: &mut Rng, bytes: &[u8]| usize::try_from(rng.below(bytes.len() as u64 + 1)).unwrap();
    for _ in 0..=rng.below(3) {
        match rng.below(7) {
            0 => bytes.truncate(place(rng, &bytes)),
            1 | 2 if !bytes.is_empty() => {
                let at = place(rng, &bytes[1..]);
                bytes[at] ^= 1 << rng.below(8);
            }
            3 if bytes.len() > 8 => {
                // A number somewhere becomes large.
                let at = place(rng, &bytes[8..]);
                bytes[at..at + 8].copy_from_slice(&rng.next().to_be_bytes());
            }
            4 if bytes.len() > 8 => {
                let at = place(rng, &bytes[8..]);
                bytes[at..at + 8].fill(0xff);
            }
            5 => {
                let more = bytes[place(rng, &bytes)..].to_vec();
                bytes.extend(more);
            }
            _ => bytes.push(rng.next().to_le_bytes()[0]),
        }
    }
    bytes
}

#[test]
fn garbage_in_any_place_neither_stops_a_node_nor_keeps_it_from_its_work() {
    for seed in 0..6 {
        let community = community(4);
        let mut authors = Authors::new(&community);
        let mut sim = Sim::new(seed, &community, 1, Links::GOOD);
        let names = members(8);
        let loans = open_a_round(&mut sim, &mut authors, &names);
        // What is really said, as samples: everything that one witness hears and asks while ballots are sealed.
        let history = sim.archive(0);
        let ballots = votes(&mut authors, 1, &names, &loans);
        let bytes: Vec<Vec<u8>> = ballots.iter().map(|ballot| ballot.bytes.to_vec()).collect();
        let ids: Vec<RecordId> = ballots.iter().map(|ballot| ballot.id).collect();
        let last = history.last().unwrap();
        let sealed: Vec<RecordId> =
            last.records.iter().map(|bytes| Received::decode(bytes, &community).unwrap().id).collect();
        let notice =
            SealNotice { header: last.header.clone(), certificate: last.certificate.clone(), ids: sealed };
        let mut samples = vec![
            wire::encode(&bytes),
            wire::encode(&notice),
            wire::encode(&Request::Standing),
            wire::encode(&Request::Seals { from: 2 }),
            wire::encode(&Request::Records { ids: ids.clone() }),
            wire::encode(&Request::Reconcile { message: vec![0x61, 0, 0, 2, 0] }),
            wire::encode(&Response::Seals(history)),
            wire::encode(&Response::Records(bytes)),
            wire::encode(&Response::Reconcile(vec![0x61, 0, 0, 2, 0])),
            Vec::new(),
        ];
        samples.extend(sim.heard.iter().rev().take(40).cloned());
        sim.crash(4);
        let mut rng = Rng::new(seed);
        let peers: Vec<_> = (1..4).map(|node| sim.nodes[node].peer).collect();
        let core = sim.nodes[0].core.as_mut().unwrap();
        let mut requests: Vec<u64> = Vec::new();
        for turn in 0..3_000u64 {
            let now = Now { wall: EPOCH + sim.now + turn, elapsed: sim.now + turn };
            let chosen = usize::try_from(rng.below(samples.len() as u64)).unwrap();
            let data = match rng.below(8) {
                0 => samples[chosen].clone(),
                1 => (0..rng.below(200)).map(|_| rng.next().to_le_bytes()[0]).collect(),
                2 => {
                    // A frame within a frame: garbage that decodes one layer deep.
                    let message = spoilt(&mut rng, &samples[chosen][..samples[chosen].len().min(2_000)]);
                    match rng.below(3) {
                        0 => wire::encode(&Request::Reconcile { message }),
                        1 => wire::encode(&Response::Reconcile(message)),
                        _ => wire::encode(&vec![message]),
                    }
                }
                _ => spoilt(&mut rng, &samples[chosen]),
            };
            let peer = peers[usize::try_from(rng.below(3)).unwrap()];
            let input = match rng.below(6) {
                0 => Input::Gossip { topic: Topic::Records, source: peer, data, token: turn },
                1 => Input::Gossip { topic: Topic::Witness, source: peer, data, token: turn },
                2 => Input::Gossip { topic: Topic::Seals, source: peer, data, token: turn },
                3 => Input::Request { peer, data, token: turn },
                _ => {
                    let request = requests.pop().unwrap_or(rng.below(1_000));
                    Input::Response { request, data: (!rng.chance(50)).then_some(data) }
                }
            };
            core.handle(now, input).unwrap();
            if rng.chance(100) {
                core.handle(now, Input::Disconnected(peer)).unwrap();
            }
            core.handle(now, Input::Connected(peer, String::new())).unwrap();
            core.tick(now).unwrap();
            for output in core.commit().unwrap() {
                if let Output::Request { request, .. } = output {
                    requests.push(request);
                }
            }
        }
        // It goes on as if nothing had been.
        sim.run(3_100);
        sim.crash(0);
        sim.start(0);
        sim.start(4);
        sim.run(70_000);
        let more = votes(&mut authors, 2, &names, &loans);
        sim.submit(4, &ballots);
        sim.submit(4, &more);
        sim.settle(40_000);
    }
}
