//! Talking to a node's local API.

use std::{
    io::Read,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use mutua_node::{
    api::{
        HEIGHT,
        types::{
            ChainView, Charters, ImportView, LetGo, LetGoView, MemberView, ProblemDetails, ProposalView,
            Receptions, Submission,
        },
    },
    service::Sightings,
};
use mutua_protocol::{
    charter::{Charter, Community},
    hash::RecordId,
    keys::PublicKey,
};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode},
};
use zeroize::Zeroizing;

use crate::{
    failure::{Done, Failure},
    home::Home,
};

/// How long a node may take for an answer: sealing a large round takes it seconds.
const ANSWER_TIME: Duration = Duration::from_secs(90);

/// How long it may take to accept a connection on this machine.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The same for a node elsewhere.
const REMOTE_CONNECT_TIME: Duration = Duration::from_secs(15);

/// How long a node elsewhere may take to send what was asked for: all of a large log over a slow line.
const PART_TIME: Duration = Duration::from_secs(6 * 3600);

/// Greatest size of an answer that is read whole: the members' shares of a large community.
const ANSWER_BYTES: u64 = 1 << 30;

/// Members asked for at a time.
const PAGE: usize = 5_000;

/// A running node.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    token: Zeroizing<String>,
    /// What to call it in messages.
    name: String,
}

impl Client {
    /// The node that runs in this home.
    ///
    /// # Errors
    /// When none does.
    pub(crate) fn of(home: &Home) -> Done<Self> {
        let running = home.running()?;
        Ok(Self {
            agent: agent(CONNECT_TIME, None),
            base: format!("http://{}", running.api),
            token: home.token()?,
            name: format!("in {}", home.path().display()),
        })
    }

    /// A node anywhere, by an address such as `http://node.example:4612`, with a token that opens its log.
    ///
    /// # Errors
    /// When that is no such address.
    pub(crate) fn remote(address: &str, token: Zeroizing<String>) -> Done<Self> {
        let base = address.trim_end_matches('/');
        let host = base.strip_prefix("http://").filter(|host| !host.is_empty() && !host.contains('/'));
        if host.is_none() {
            return Err(Failure::input(format!(
                "{address}: write an address such as http://node.example:4612; where the way to the node is not safe, \
                 use a tunnel"
            )));
        }
        Ok(Self {
            agent: agent(REMOTE_CONNECT_TIME, Some(PART_TIME)),
            base: base.to_owned(),
            token,
            name: format!("at {base}"),
        })
    }

    /// The log, or a part of it, as it comes: from this seal on, at most this many. With it the number of seals that the
    /// node has, if it says so.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn archive(&self, from: u64, seals: u64) -> Done<(Option<u64>, impl Read + use<>)> {
        let response = self.open(&format!("/v1/archive?from={from}&seals={seals}"))?;
        let height = response.headers().get(HEIGHT).and_then(|height| height.to_str().ok()?.parse().ok());
        Ok((height, response.into_body().into_reader()))
    }

    /// The node that runs in the home at this path.
    ///
    /// # Errors
    /// When none does.
    pub(crate) fn at(path: &Path) -> Done<Self> {
        Self::of(&Home::at(path))
    }

    /// What to call it in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Reads something.
    ///
    /// # Errors
    /// When the node does not answer, or refuses.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Done<T> {
        self.parsed(self.open(path)?)
    }

    /// Reads bytes, at most so many.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn bytes(&self, path: &str, limit: u64) -> Done<Vec<u8>> {
        let mut response = self.open(path)?;
        response.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| self.unreachable(&error))
    }

    /// Reads something as it comes.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn stream(&self, path: &str) -> Done<impl Read + use<>> {
        Ok(self.open(path)?.into_body().into_reader())
    }

    /// Hands in records, in their order. Those that were signed apart are taken even if they have no effect.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn submit(&self, records: &[Vec<u8>], signed_apart: bool) -> Done<Receptions> {
        let records = records.iter().map(hex::encode).collect();
        self.post("/v1/records", &Submission { records, signed_apart })
    }

    /// Has the node let go of records that wait there for their own author. One of them that others may know is returned;
    /// then all stay.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn let_go(&self, ids: &[RecordId]) -> Done<Option<RecordId>> {
        let answer: LetGoView = self.post("/v1/records/let-go", &LetGo { ids: ids.to_vec() })?;
        Ok(answer.known)
    }

    /// Hands in the canonical bytes of a sealed batch.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn import(&self, seal: &[u8]) -> Done<ImportView> {
        let request = self
            .agent
            .post(format!("{}/v1/seals", self.base))
            .header("Authorization", self.bearer())
            .content_type("application/octet-stream");
        self.parsed(self.checked(request.send(seal))?)
    }

    /// The charter in force.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn charter(&self) -> Done<Charter> {
        self.get("/v1/charter")
    }

    /// Every charter that has been in force, and the changes that are open.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn charters(&self) -> Done<Charters> {
        self.get("/v1/charters")
    }

    /// The community under the charter in force, from its founding charter on.
    ///
    /// # Errors
    /// See [`Client::get`]; also when the node's charters are not those of this community.
    pub(crate) fn community(&self, founding: Community) -> Done<Community> {
        let known: Charters = self.get("/v1/charters?open=false")?;
        if known.community != founding.id {
            return Err(Failure::node(format!("the node {} is one of another community", self.name)));
        }
        let mut community = Arc::new(founding);
        for view in known.charters.into_iter().skip(1) {
            let amended = community.amended(view.charter, view.from_seal.saturating_sub(1));
            community = Arc::new(amended.map_err(|error| {
                Failure::node(format!("the node {} shows a charter that cannot follow: {error}", self.name))
            })?);
        }
        Ok(Arc::unwrap_or_clone(community))
    }

    /// What this author signs next.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn chain(&self, author: &PublicKey) -> Done<ChainView> {
        self.get(&format!("/v1/chains/{author}"))
    }

    /// All sealed proposals, in the order of sealing.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn proposals(&self) -> Done<Vec<ProposalView>> {
        self.whole("/v1/proposals")
    }

    /// The evidence that the node has, from all parts of its list.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn sightings(&self) -> Done<Sightings> {
        let mut all = Sightings::default();
        self.each_part("/v1/evidence", |part: Sightings| {
            all.proved.extend(part.proved);
            all.unproved.extend(part.unproved);
        })?;
        Ok(all)
    }

    /// A list that the node gives in parts: each names the next (`Link`, RFC 8288).
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn whole<T: DeserializeOwned>(&self, path: &str) -> Done<Vec<T>> {
        let mut all = Vec::new();
        self.each_part(path, |part: Vec<T>| all.extend(part))?;
        Ok(all)
    }

    fn each_part<T: DeserializeOwned>(&self, path: &str, mut take: impl FnMut(T)) -> Done {
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.open(&path)?;
            next = following(&answer);
            take(self.parsed(answer)?);
        }
        Ok(())
    }

    /// All members, by key, a page at a time.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn members(&self) -> Done<Vec<MemberView>> {
        self.whole(&format!("/v1/members?limit={PAGE}"))
    }

    /// Asks with a body.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Done<T> {
        let request = self.agent.post(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        self.parsed(self.checked(request.send_json(body))?)
    }

    fn open(&self, path: &str) -> Done<Response<Body>> {
        let request = self.agent.get(format!("{}{path}", self.base)).header("Authorization", self.bearer());
        self.checked(request.call())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", *self.token)
    }

    /// The response, if it is no error.
    fn checked(&self, response: Result<Response<Body>, ureq::Error>) -> Done<Response<Body>> {
        let mut response = response.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let told = response.body_mut().with_config().limit(64 << 10).read_to_string().unwrap_or_default();
        let detail = serde_json::from_str::<ProblemDetails>(&told)
            .map_or_else(|_| format!("it answered with status {status}"), |problem| problem.detail);
        let message = format!("the node {}: {detail}", self.name);
        Err(match status {
            StatusCode::UNAUTHORIZED
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS => Failure::node(message),
            _ => Failure::refused(message),
        })
    }

    fn parsed<T: DeserializeOwned>(&self, mut response: Response<Body>) -> Done<T> {
        let bytes = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES)
            .read_to_vec()
            .map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::node(format!(
                "the node {} gave an answer that this program does not understand ({error}); \
                 are both of the same version?",
                self.name
            ))
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::node(format!(
            "the node {} does not answer at {}: {error}. If it has stopped, start it with 'mutua run'",
            self.name, self.base
        ))
    }
}

/// The path of the next part of a list, if there is one.
fn following<T>(answer: &Response<T>) -> Option<String> {
    let link = answer.headers().get("link")?.to_str().ok()?;
    let (path, relation) = link.strip_prefix('<')?.split_once('>')?;
    relation.contains("rel=\"next\"").then(|| path.to_owned())
}

fn agent(connect: Duration, body: Option<Duration>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(connect))
        .timeout_recv_response(Some(ANSWER_TIME))
        .timeout_recv_body(body)
        .proxy(None)
        .build();
    Agent::new_with_config(config)
}

/// Asks again and again until there is an answer, at most for as long as this.
pub(crate) fn patiently<T>(limit: Duration, mut ask: impl FnMut() -> Done<Option<T>>) -> Done<Option<T>> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if begun.elapsed() >= limit {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(150));
    }
}
