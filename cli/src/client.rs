//! Talking to a node's local API.

use std::{
    io::Read,
    path::Path,
    time::{Duration, Instant},
};

use mutua_node::api::types::{
    ChainView, ImportView, MemberView, ProblemDetails, ProposalView, Receptions, Submission,
};
use mutua_protocol::{charter::Charter, keys::PublicKey};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode},
};
use zeroize::Zeroizing;

use crate::{Done, failure::Failure, home::Home};

/// How long a node may take for an answer: sealing a large round takes it seconds.
const ANSWER_TIME: Duration = Duration::from_secs(90);

/// How long it may take to accept a connection on this machine.
const CONNECT_TIME: Duration = Duration::from_secs(5);

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
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIME))
            .timeout_recv_response(Some(ANSWER_TIME))
            .proxy(None)
            .build();
        Ok(Self {
            agent: Agent::new_with_config(config),
            base: format!("http://{}", running.api),
            token: home.token()?,
            name: home.path().display().to_string(),
        })
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

    /// Reads something as it comes.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn stream(&self, path: &str) -> Done<impl Read + use<>> {
        Ok(self.open(path)?.into_body().into_reader())
    }

    /// Hands in records, in their order.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn submit(&self, records: &[Vec<u8>]) -> Done<Receptions> {
        self.post("/v1/records", &Submission { records: records.iter().map(hex::encode).collect() })
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

    /// The charter.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn charter(&self) -> Done<Charter> {
        self.get("/v1/charter")
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
        self.get("/v1/proposals")
    }

    /// All members, by key, a page at a time.
    ///
    /// # Errors
    /// See [`Client::get`].
    pub(crate) fn members(&self) -> Done<Vec<MemberView>> {
        let mut members: Vec<MemberView> = Vec::new();
        loop {
            let after = members.last().map(|last| format!("&after={}", last.key)).unwrap_or_default();
            let page: Vec<MemberView> = self.get(&format!("/v1/members?limit={PAGE}{after}"))?;
            if page.is_empty() {
                return Ok(members);
            }
            members.extend(page);
        }
    }

    fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Done<T> {
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
        let message = format!("the node in {}: {detail}", self.name);
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => {
                Failure::node(message)
            }
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
                "the node in {} gave an answer that this program does not understand ({error}); \
                 are both of the same version?",
                self.name
            ))
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> Failure {
        Failure::node(format!(
            "the node in {} does not answer at {}: {error}. If it has stopped, start it with 'mutua run'",
            self.name, self.base
        ))
    }
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
