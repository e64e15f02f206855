//! Whole nodes in one process: real store, real network, real API.
#![allow(clippy::unwrap_used, reason = "a test may panic where the story is not as told")]

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mutua_node::{
    api::types::{
        ArgumentView, ChainView, DelegationsView, OutcomeSummary, ProposalView, QuestionView, Receptions,
        Submission, ThreadView,
    },
    run::{self, NodeConfig, Running},
    service::{NodeStatus, ReceptionStatus},
};
use mutua_protocol::{
    charter::{
        Caps, Charter, CharterLimits, CharterMajority, Completion, Currency, MotionPolicy, PROTOCOL,
        RiskPolicy, Role, RoleHolders, Rule, Schedule, Sealing, Utility,
    },
    keys::{PublicKey, SecretKey},
    ledger::WayEnd,
    records::{
        Assessment, Ballot, Body, Direction, Loan, Motion, On, Record, Repayment, Scope, Score, Stance,
        Subject, Verdict,
    },
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
            desk: None,
            auditors: None,
            witness,
            cache_bytes: 16 << 20,
        };
        let (stop, stopped) = oneshot::channel();
        let until = async {
            let _ = stopped.await;
        };
        let ended = tokio::spawn(run::run(config, |_| {}, until));
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

    /// The status, some headers (empty where there is none) and the text of what this path answers.
    async fn ask(&self, path: &str, known: Option<String>) -> (u16, [String; 2], String) {
        let url = format!("http://{}{path}", self.running.api);
        tokio::task::spawn_blocking(move || {
            let request = ureq::get(&url).header("Authorization", "Bearer secret");
            let request = request.header("If-None-Match", known.unwrap_or_default());
            let mut response = request.call().unwrap();
            let headers = ["etag", "link"].map(|name| {
                let value = response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
                value.unwrap_or_default()
            });
            (response.status().as_u16(), headers, response.body_mut().read_to_string().unwrap())
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
        let submission =
            Submission { records: vec![hex::encode(record.sign(author).bytes())], signed_apart: false };
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

    async fn all_sealed(&self) {
        let began = Instant::now();
        while self.status().await.tail > 0 {
            assert!(began.elapsed() < PATIENCE, "not sealed");
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

/// What is said and delegated, as the API of another node than the author's shows it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_and_delegated_can_be_asked_for() {
    let witness = key(1);
    let mut charter = charter(std::slice::from_ref(&witness), now() + 3_600_000);
    let operator = key(100);
    charter.roles.push(RoleHolders { role: Role::Moderator, keys: vec![operator.public()], needed: 1 });
    let node = Node::start(&charter, Some(witness), 1, Vec::new()).await;
    let members: Vec<SecretKey> = (10..13).map(key).collect();
    for (position, member) in members.iter().enumerate() {
        node.say(&charter, &operator, admit(member.public(), &format!("Member {position}"))).await;
    }
    let [ana, ben, cleo] = [&members[0], &members[1], &members[2]];
    let motion = Subject::Motion(Motion { title: "Hours".to_owned(), text: "Longer?".to_owned() });
    let hours = node.say(&charter, ana, Body::Propose(motion)).await;
    let argue = |on, stance, text: &str| Body::Argue { on, stance, text: text.to_owned() };
    let on = On::Proposal(hours);
    let for_it = node.say(&charter, ben, argue(on, Stance::For, "People work until six.")).await;
    // In one seal, they would stand in the order of their authors' keys.
    node.all_sealed().await;
    let asked = node.say(&charter, cleo, argue(on, Stance::Question, "From when on?")).await;
    node.all_sealed().await;
    let reply = node.say(&charter, ana, argue(On::Argument(for_it), Stance::Against, "Not all do.")).await;
    node.say(&charter, cleo, Body::Endorse { argument: for_it, withdrawn: false }).await;
    let hide = Body::Moderate { argument: reply, hidden: true, reason: "Off the point".to_owned() };
    node.say(&charter, &operator, hide).await;
    for (from, to) in [(ben, cleo), (cleo, ana)] {
        let to = Some(to.public());
        node.say(&charter, from, Body::Delegate { scope: Scope::All, to }).await;
    }
    let ballot = Ballot { round: 1, standing: false, scores: Vec::new(), answers: Vec::new() };
    let cast = node.say(&charter, ana, Body::Ballot(ballot)).await;
    node.all_sealed().await;

    // In parts of two, and hidden texts only for those who ask for them.
    let path = format!("/v1/proposals/{hours}/arguments");
    let first: ThreadView = node.get(&format!("{path}?limit=2")).await.unwrap();
    assert_eq!((first.arguments.len(), first.more, first.open_questions), (2, true, 1));
    assert_eq!((first.tally.in_favour, first.tally.replies, first.tally.hidden), (1, 1, 1));
    assert_eq!(first.arguments[0].text.as_deref(), Some("People work until six."));
    assert_eq!(
        (first.arguments[0].endorsements.heads, first.arguments[0].author_name.as_str()),
        (1, "Member 1")
    );
    let rest: ThreadView = node.get(&format!("{path}?after={}", first.arguments[1].id)).await.unwrap();
    assert_eq!((rest.arguments.len(), rest.more), (1, false));
    let hidden = &rest.arguments[0];
    assert_eq!((hidden.id, hidden.hidden, hidden.text.as_deref()), (reply, true, None));
    assert_eq!(hidden.moderations[0].reason, "Off the point");
    let all: ThreadView = node.get(&format!("{path}?hidden=true")).await.unwrap();
    assert_eq!(all.arguments[2].text.as_deref(), Some("Not all do."));
    let found: Vec<ArgumentView> =
        node.get(&format!("/v1/arguments?prefix={}", &for_it.to_string()[..9])).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [for_it]);
    let questions: Vec<QuestionView> = node.get("/v1/questions").await.unwrap();
    assert_eq!((questions.len(), questions[0].id, questions[0].owner), (1, asked, ana.public()));
    let proposal: ProposalView = node.get(&format!("/v1/proposals/{hours}")).await.unwrap();
    assert_eq!((proposal.arguments.in_favour, proposal.open_questions), (1, 1));
    let bens: DelegationsView = node.get(&format!("/v1/delegations/{}", ben.public())).await.unwrap();
    let way = bens.delegations[0].way.as_ref().unwrap();
    assert_eq!((way.steps, way.end), (2, WayEnd::Ballot { voter: ana.public(), ballot: cast }));
    let anas: DelegationsView = node.get(&format!("/v1/delegations/{}", ana.public())).await.unwrap();
    assert_eq!((anas.delegated_by.heads, anas.counts_for.heads, anas.cast), (1, 2, Some(cast)));
    // What there is not, and what nobody means.
    for path in [
        format!("/v1/proposals/{for_it}/arguments"),
        format!("{path}?limit=many"),
        format!("{path}?after=zz"),
        "/v1/arguments".to_owned(),
        "/v1/arguments?prefix=xyz".to_owned(),
        format!("/v1/arguments?prefix={}0", for_it),
        format!("/v1/delegations/{}", operator.public()),
    ] {
        assert!(node.get::<serde_json::Value>(&path).await.is_none(), "{path} was answered");
    }
    node.stop().await;
}

/// Lists in parts, answers with tags, and figures: what programs want of an API.
#[tokio::test(flavor = "multi_thread")]
async fn lists_come_in_parts_answers_have_tags_and_figures_are_told() {
    let witness = key(1);
    let charter = charter(std::slice::from_ref(&witness), now() + 3_600_000);
    let node = Node::start(&charter, Some(witness), 1, Vec::new()).await;
    let operator = key(100);
    let members: Vec<SecretKey> = (10..15).map(key).collect();
    for (position, member) in members.iter().enumerate() {
        node.say(&charter, &operator, admit(member.public(), &format!("Member {position}"))).await;
    }
    let mut proposed = Vec::new();
    for member in &members {
        let title = format!("Motion of {}", member.public().short());
        let motion = Subject::Motion(Motion { title, text: "Shall we?".to_owned() });
        proposed.push(node.say(&charter, member, Body::Propose(motion)).await);
    }
    node.all_sealed().await;

    for (list, entries) in [("/v1/members", 5), ("/v1/proposals", 5)] {
        let (_, _, whole) = node.ask(list, None).await;
        let whole: Vec<serde_json::Value> = serde_json::from_str(&whole).unwrap();
        assert_eq!(whole.len(), entries, "{list}");
        let (mut parts, mut next) = (Vec::new(), format!("{list}?limit=2"));
        loop {
            let (_, [_, link], part) = node.ask(&next, None).await;
            let part: Vec<serde_json::Value> = serde_json::from_str(&part).unwrap();
            assert!((1..=2).contains(&part.len()), "{next}");
            parts.extend(part);
            match link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
                Some(path) => next = path.to_owned(),
                None => break,
            }
        }
        assert_eq!(parts, whole, "{list}");
        assert!(node.get::<serde_json::Value>(&format!("{list}?limit=0")).await.is_none());
    }

    // The tag holds until something happens, and not for what changes by itself.
    let (status, [tag, _], _) = node.ask("/v1/proposals", None).await;
    assert!(status == 200 && !tag.is_empty());
    assert_eq!(node.ask("/v1/proposals", Some(tag.clone())).await.0, 304);
    assert_eq!(node.ask("/v1/proposals", Some(format!("\"other\", W/{tag}"))).await.0, 304);
    for path in ["/v1/status", "/v1/outcomes/current", "/v1/network"] {
        let (status, [other, _], _) = node.ask(path, Some(tag.clone())).await;
        assert_eq!((status, other.as_str()), (200, ""), "{path}");
    }
    let on = On::Proposal(proposed[0]);
    let said = Body::Argue { on, stance: Stance::For, text: "It is time.".to_owned() };
    node.say(&charter, &members[1], said).await;
    node.all_sealed().await;
    let (status, [newer, _], _) = node.ask("/v1/proposals", Some(tag.clone())).await;
    assert_eq!(status, 200);
    assert_ne!(newer, tag);

    let (_, _, figures) = node.ask("/v1/metrics", None).await;
    for line in ["mutua_round 1", "mutua_members 5", "mutua_proposals 5", "mutua_disagreement 0", "# EOF"] {
        assert!(figures.lines().any(|found| found == line), "no '{line}' in:\n{figures}");
    }
    let unchanged = "mutua_requests_total{route=\"/v1/proposals\",status=\"304\"} 2";
    assert!(figures.contains(unchanged), "{figures}");
    asks_for_what_is_told(include_str!("../../scripts/grafana/mutua.json"), &figures);
    node.stop().await;
}

/// Every figure in the queries of a dashboard is one that the node tells.
fn asks_for_what_is_told(dashboard: &str, figures: &str) {
    let told: Vec<&str> =
        figures.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            for word in words.filter(|word| word.starts_with("mutua_")) {
                let name = word.strip_suffix("_total").unwrap_or(word);
                assert!(told.contains(&name), "'{query}' asks for {word}, and the node tells {told:?}");
                asked += 1;
            }
        }
    }
    assert!(asked > 10);
}
