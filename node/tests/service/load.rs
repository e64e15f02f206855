//! A large election: what a node does must not take longer the more records wait.

use std::time::{Duration, Instant};

use mutua_node::service::{Input, Now};
use mutua_node::wire::{self, Request};
use mutua_protocol::records::Received;

use super::{
    sim::{Links, Sim},
    story::{closing, members},
    world::{Authors, CLOSE, EPOCH, admit, ballot, community, fund, loan},
};

/// Takes the time of something, in a mean over some repetitions.
fn timed(what: &str, times: u32, mut run: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        run();
    }
    let mean = start.elapsed() / times;
    println!("{what}: {mean:?}");
    mean
}

/// Members and loans, sealed, and a ballot of each member for ten loans.
fn electorate(sim: &mut Sim, authors: &mut Authors, count: usize) -> Vec<Received> {
    let names = members(count);
    let admissions: Vec<Received> = names.iter().map(|name| authors.say("registrar", admit(name))).collect();
    for admissions in admissions.chunks(1_000) {
        sim.accept(0, admissions);
        sim.run(200);
    }
    let money = authors.say("treasurer", fund(10_000));
    sim.accept(0, &[money]);
    sim.settle(60_000);
    let loans: Vec<Received> =
        (0..40).map(|number| authors.say(&names[number], loan(&format!("loan {number}"), 700))).collect();
    sim.accept(0, &loans);
    sim.settle(5_000);
    names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let chosen: Vec<_> = (0..10).map(|step| loans[(number + 3 * step) % 40].id).collect();
            authors.say(name, ballot(1, &chosen))
        })
        .collect()
}

#[test]
#[ignore = "takes long: measures"]
fn measure() {
    let count = 17_000;
    let community = community(4);
    let mut authors = Authors::new(&community);
    let mut sim = Sim::new(0, &community, 0, Links::GOOD);
    let start = Instant::now();
    let ballots = electorate(&mut sim, &mut authors, count);
    println!("electorate: {:?} at {}", start.elapsed(), sim.now);
    sim.crash(2);
    sim.crash(3);
    let start = Instant::now();
    for ballots in ballots.chunks(100) {
        sim.accept(0, ballots);
        sim.run(20);
    }
    println!("{count} ballots into two tails: {:?} at {}", start.elapsed(), sim.now);
    let peer = sim.nodes[1].peer;
    let now = Now { wall: sim.wall(), elapsed: sim.now };
    let core = sim.nodes[0].core.as_mut().unwrap();
    timed("tick", 20, || core.tick(now).unwrap());
    timed("provisional", 3, || drop(core.provisional()));
    timed("status", 3, || drop(core.status()));
    let ask = |request: &Request| wire::encode(request);
    timed("standing", 20, || {
        let data = ask(&Request::Standing);
        core.handle(now, Input::Request { peer, data, token: 1 }).unwrap();
    });
    timed("seals page", 20, || {
        let data = ask(&Request::Seals { from: 1 });
        core.handle(now, Input::Request { peer, data, token: 1 }).unwrap();
    });
    let mut own = negentropy::Negentropy::owned(
        {
            let mut storage = negentropy::NegentropyStorageVector::new();
            storage.seal().unwrap();
            storage
        },
        1 << 18,
    )
    .unwrap();
    let message = own.initiate().unwrap();
    timed("reconcile with an empty one", 20, || {
        let data = ask(&Request::Reconcile { message: message.clone() });
        core.handle(now, Input::Request { peer, data, token: 1 }).unwrap();
    });
    drop(core.commit());
    sim.crash(0);
    let start = Instant::now();
    sim.start(0);
    println!("start with {count} in the tail: {:?}", start.elapsed());
    let start = Instant::now();
    sim.start(2);
    println!("start: {:?}", start.elapsed());
    let start = Instant::now();
    let began = sim.now;
    sim.run_until("all sealed", 200_000, |sim| sim.core(0).tail().next().is_none());
    println!("sealed by three: {:?} real, {} virtual", start.elapsed(), sim.now - began);
    let start = Instant::now();
    sim.run((EPOCH + CLOSE).saturating_sub(sim.wall()));
    sim.run_until("closed", 60_000, |sim| sim.core(0).ledger().round() == 2);
    println!("closed: {:?}", start.elapsed());
    println!("{}", closing(&sim, 0, 1).outcome.turnout.voters);
}
