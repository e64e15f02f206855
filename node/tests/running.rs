//! Whole nodes in one process: real store, real network, real API.
#![allow(clippy::unwrap_used, reason = "a test may panic where the story is not as told")]

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mutua_node::{
    api::types::{ChainView, OutcomeSummary, Receptions, Submission},
    run::{self, NodeConfig, Running},
    service::{NodeStatus, ReceptionStatus},
};
use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Completion, Currency, MotionPolicy, PROTOCOL,
        RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    keys::{PublicKey, SecretKey},
    records::{Assessment, Ballot, Body, Direction, Loan, Record, Repayment, Score, Subject, Verdict},
    seals::Witness,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(60);

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn charter(witnesses: &[SecretKey], first_close: u64) -> Charter {
    let operator = key(100).public();
    let mut witnesses: Vec<Witness> = witnesses
        .iter()
        .map(|key| Witness { key: key.public(), power: 1, name: key.public().short() })
        .collect();
    witnesses.sort_by_key(|witness| witness.key);
    let holds = |role| RoleHolders { role, keys: vec![operator], needed: 1 };
    Charter {
        protocol: PROTOCOL,
        name: "Test".to_owned(),
        currency: Currency { code: "EUR".to_owned(), decimals: 2 },
        groups: vec!["all".to_owned()],
        categories: vec!["all".to_owned()],
        roles: vec![holds(Role::Registrar), holds(Role::Attestor), holds(Role::Treasurer)],
        witnesses,
        schedule: Schedule { first_close, period: 3_600_000 },
        sealing: Sealing { patience: 5_000, drift: 10_000 },
        rule: Rule::EqualShares { utility: Utility::Cost, completion: Completion::None },
        policy: RiskPolicy {
            worst_grade: 5,
            greatest_default: 1000,
            greatest_amount: 1 << 40,
            least_outlook: 10,
            grades: Vec::new(),
            caps: Caps::default(),
        },
        motions: MotionPolicy { quorum: 2000, majority: 5000, charter: CharterMajority::default() },
        limits: CharterLimits::default(),
    }
}

/// A node that runs on this runtime.
struct Node {
    home: tempfile::TempDir,
    running: Running,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<Result<(), run::RunError>>,
}

impl Node {
    async fn start(charter: &Charter, witness: Option<SecretKey>, seed: u8, bootstrap: Vec<String>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = NodeConfig {
            home: home.path().to_path_buf(),
            charter: charter.clone(),
            identity: [seed; 32].into(),
            listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()],
            bootstrap,
            mdns: false,
            api: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_token: "secret".to_owned().into(),
            auditors: None,
            witness,
            cache_bytes: 16 << 20,
        };
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(run::run(config, async {
            let _ = stopped.await;
        }));
        let running = wait("the node to run", || read_running(home.path())).await;
        Self { home, running, stop, ended }
    }

    async fn get<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Option<T> {
        let url = format!("http://{}{path}", self.running.api);
        tokio::task::spawn_blocking(move || {
            let mut response = ureq::get(&url).header("Authorization", "Bearer secret").call().ok()?;
            response.body_mut().read_json().ok()
        })
        .await
        .unwrap()
    }

    async fn post<I: Serialize, T: DeserializeOwned + Send + 'static>(&self, path: &str, body: &I) -> T {
        let url = format!("http://{}{path}", self.running.api);
        let body = serde_json::to_value(body).unwrap();
        tokio::task::spawn_blocking(move || {
            let mut response =
                ureq::post(&url).header("Authorization", "Bearer secret").send_json(body).unwrap();
            response.body_mut().read_json().unwrap()
        })
        .await
        .unwrap()
    }

    async fn status(&self) -> NodeStatus {
        self.get("/v1/status").await.unwrap()
    }

    /// Signs the next record of an author and hands it in, as often as it takes until it is accepted.
    async fn say(
        &self,
        community: &Charter,
        author: &SecretKey,
        body: Body,
    ) -> mutua_protocol::hash::RecordId {
        let chain: ChainView = self.get(&format!("/v1/chains/{}", author.public())).await.unwrap();
        let record = Record {
            community: community.id(),
            author: author.public(),
            sequence: chain.sequence + 1,
            previous: chain.id,
            clock: now(),
            body,
        };
        let id = record.id();
        let submission = Submission { records: vec![hex::encode(record.sign(author).bytes())] };
        let began = Instant::now();
        loop {
            let answer: Receptions = self.post("/v1/records", &submission).await;
            match &answer.records[0].status {
                ReceptionStatus::Accepted | ReceptionStatus::Held => return id,
                ReceptionStatus::Parked { .. } => {}
                ReceptionStatus::Refused { rule, reason } => panic!("{rule}: {reason}"),
            }
            assert!(began.elapsed() < PATIENCE, "still parked: {answer:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.ended.await.unwrap().unwrap();
        assert!(read_running(self.home.path()).is_none(), "api.json is removed");
    }
}

fn read_running(home: &Path) -> Option<Running> {
    serde_json::from_slice(&std::fs::read(home.join(run::RUNNING)).ok()?).ok()
}

async fn wait<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited too long for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn admit(key: PublicKey, name: &str) -> Body {
    Body::Admit { key, weight: 1, name: name.to_owned(), group: 0 }
}

/// The whole way from admission to an outcome, and its digest on every node.
async fn a_round(witnesses: u8, others: u8) {
    let keys: Vec<SecretKey> = (1..=witnesses).map(key).collect();
    let close = now() + 12_000;
    let charter = charter(&keys, close);
    let mut nodes: Vec<Node> = Vec::new();
    for seed in 1..=witnesses + others {
        let witness = keys.get(usize::from(seed) - 1).cloned();
        let bootstrap = nodes.first().map(|node| node.running.listen.clone()).unwrap_or_default();
        nodes.push(Node::start(&charter, witness, seed, bootstrap).await);
    }
    let (first, last) = (&nodes[0], &nodes[nodes.len() - 1]);
    let operator = key(100);
    let members: Vec<SecretKey> = (10..13).map(key).collect();
    for (position, member) in members.iter().enumerate() {
        first.say(&charter, &operator, admit(member.public(), &format!("Member {position}"))).await;
    }
    let (direction, source) = (Direction::In, "savings".to_owned());
    let fund = Body::Fund { direction, amount: 9_000, source, purpose: None };
    first.say(&charter, &operator, fund).await;
    let loan = Loan {
        borrower: "Bakery".to_owned(),
        title: "An oven".to_owned(),
        purpose: String::new(),
        category: 0,
        amount: 6_000,
        term: 12,
        rate: 300,
        repayment: Repayment::Annuity,
        documents: Vec::new(),
        expires: now() + 10_000_000,
    };
    let subject = Subject::Loan(loan);
    let proposal = last.say(&charter, &members[0], Body::Propose(subject.clone())).await;
    let assessment = Assessment {
        verdict: Verdict::Approved,
        grade: 1,
        default: 100,
        loss: 5000,
        greatest_amount: 10_000,
        outlook: 80,
        conditions: Vec::new(),
        reasons: Vec::new(),
        documents: Vec::new(),
        valid_until: now() + 10_000_000,
    };
    first.say(&charter, &operator, Body::Attest { proposal, terms: subject.terms(), assessment }).await;
    for (node, member) in nodes.iter().rev().zip(&members) {
        let ballot = Ballot {
            round: 1,
            standing: false,
            scores: vec![Score { proposal, score: 5 }],
            answers: Vec::new(),
        };
        node.say(&charter, member, Body::Ballot(ballot)).await;
    }
    assert!(now() < close, "the close was too early for this machine");
    let mut outcomes = Vec::new();
    for node in &nodes {
        let began = Instant::now();
        loop {
            let rounds: Vec<OutcomeSummary> = node.get("/v1/outcomes").await.unwrap();
            if let Some(outcome) = rounds.first() {
                outcomes.push(outcome.clone());
                break;
            }
            assert!(began.elapsed() < PATIENCE, "no outcome: {:#?}", node.status().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert_eq!((outcomes[0].pool, outcomes[0].allocated, outcomes[0].funded), (9_000, 6_000, 1));
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:#?}");
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_witness_alone_holds_a_round() {
    a_round(1, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_witnesses_and_three_members_hold_a_round() {
    a_round(4, 3).await;
}
