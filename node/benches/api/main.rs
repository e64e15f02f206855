//! How fast a node answers its owner's page in a large community.
//!
//! 10,000 members, 300 proposals of which each is rated twice, and 5,000 ballots are made, a node on this machine takes their seals,
//! and each request of the page is made one after the other over loopback, on one connection. Median and 99th percentile are in milliseconds.
//! Beside them stands the time of the plain allocation of the same ballots, by the same rule: what a preview cannot go below.
//!
//! `cargo bench -p mutua-node --bench api -- [--members N] [--proposals N] [--ballots N] [--requests N]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends where something fails")]
#![allow(clippy::cast_precision_loss, reason = "figures are for people")]

#[path = "../../../protocol/tests/support/mod.rs"]
#[allow(unused, clippy::all, reason = "tests use the rest of it")]
mod support;
mod town;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use mutua_node::{
    api::types::PreviewRequest,
    run::{self, NodeConfig, Running},
};
use mutua_protocol::{allocation::allocate, codec};
use tokio::sync::oneshot;

use town::Town;

const TOKEN: &str = "bench";

/// What is asked for on the command line.
struct Arguments {
    members: usize,
    proposals: usize,
    ballots: usize,
    requests: usize,
}

fn arguments() -> Arguments {
    let mut found = Arguments { members: 10_000, proposals: 300, ballots: 5_000, requests: 200 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value")).parse().unwrap();
        match word.as_str() {
            "--members" => found.members = value(),
            "--proposals" => found.proposals = value(),
            "--ballots" => found.ballots = value(),
            "--requests" => found.requests = value(),
            // Cargo's own.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    found
}

fn main() {
    let wanted = arguments();
    println!(
        "{} members, {} proposals, {} ballots; {} requests each",
        wanted.members, wanted.proposals, wanted.ballots, wanted.requests
    );
    let town = Town::with(wanted.members, wanted.proposals, wanted.ballots);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let home = tempfile::tempdir().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = NodeConfig {
        home: home.path().to_path_buf(),
        charter: town.world.community().charter.clone(),
        identity: [7; 32].into(),
        listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()],
        bootstrap: Vec::new(),
        mdns: false,
        api: SocketAddr::from(([127, 0, 0, 1], 0)),
        api_token: TOKEN.to_owned().into(),
        desk: None,
        auditors: None,
        witness: None,
        cache_bytes: 256 << 20,
    };
    let (told, running) = std::sync::mpsc::channel();
    let node =
        runtime.spawn(run::run(config, move |running: &Running| told.send(running.api).unwrap(), async {
            let _ = stopped.await;
        }));
    let client = Client::of(running.recv_timeout(Duration::from_secs(60)).unwrap());
    for batch in &town.world.batches {
        client.post("/v1/seals", "application/octet-stream", &codec::encode(batch));
    }
    measure(&client, &town, wanted.requests);
    stop.send(()).unwrap();
    runtime.block_on(node).unwrap().unwrap();
}

struct Client {
    base: String,
    agent: ureq::Agent,
}

impl Client {
    fn of(address: SocketAddr) -> Self {
        Self { base: format!("http://{address}"), agent: ureq::Agent::new_with_defaults() }
    }

    fn get(&self, path: &str) -> usize {
        let request =
            self.agent.get(format!("{}{path}", self.base)).header("Authorization", format!("Bearer {TOKEN}"));
        let mut answer = request.call().unwrap_or_else(|error| panic!("{path}: {error}"));
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap().len()
    }

    fn post(&self, path: &str, kind: &str, body: &[u8]) -> usize {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("Authorization", format!("Bearer {TOKEN}")).header("Content-Type", kind);
        let mut answer = request.send(body).unwrap_or_else(|error| panic!("{path}: {error}"));
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap().len()
    }
}

fn measure(client: &Client, town: &Town, requests: usize) {
    println!("{:<52} {:>8} {:>8} {:>10}", "", "median", "99th", "bytes");
    let closing = town.world.ledger.provisional(town.world.ledger.close(), &[]);
    let (instance, rule) = (closing.count.instance(), closing.count.rule());
    row("plain allocation", requests, |_| allocate(instance, rule).funded.len());
    row("outcome with roll and shares, no API", requests, |_| {
        town.world.ledger.provisional(town.world.ledger.close(), &[]).roll.len()
    });
    let ballots = town.previews(requests);
    row("POST /v1/preview", requests, |turn| {
        let (member, ballot) = ballots[turn].clone();
        let request = serde_json::to_vec(&PreviewRequest { member, ballot }).unwrap();
        client.post("/v1/preview", "application/json", &request)
    });
    let member = ballots[0].0;
    let proposal = town.loans[0];
    for path in [
        "/v1/status".to_owned(),
        "/v1/charter".to_owned(),
        "/v1/proposals".to_owned(),
        format!("/v1/proposals/{proposal}"),
        format!("/v1/proposals/{proposal}/arguments?hidden=true"),
        "/v1/members?limit=2000".to_owned(),
        "/v1/members?limit=10000".to_owned(),
        format!("/v1/members/{member}"),
        format!("/v1/ballots/{member}"),
        format!("/v1/delegations/{member}"),
        format!("/v1/chains/{member}"),
        "/v1/outcomes".to_owned(),
        "/v1/outcomes/current".to_owned(),
        "/v1/outcomes/current/explanation".to_owned(),
        "/v1/questions".to_owned(),
        "/v1/portfolio".to_owned(),
        "/v1/track-record".to_owned(),
        "/v1/evidence".to_owned(),
        "/v1/network".to_owned(),
    ] {
        row(
            &format!("GET {}", path.replace(&proposal.to_string(), "ID").replace(&member.to_string(), "KEY")),
            requests,
            |_| client.get(&path),
        );
    }
}

/// One line of the table.
fn row(what: &str, requests: usize, mut ask: impl FnMut(usize) -> usize) {
    let mut bytes = 0;
    let mut times: Vec<Duration> = (0..requests)
        .map(|turn| {
            let began = Instant::now();
            bytes = ask(turn);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let show = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("{what:<52} {:>8.2} {:>8.2} {bytes:>10}", show(50), show(99));
}
