//! The local HTTP API of a node, as anybody outside sees it.

use std::{
    collections::BTreeMap,
    fmt,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::isolated;

/// Greatest answer that is read: an archive of a test's whole log.
const ANSWER_BYTES: u64 = 256 << 20;

/// What the API is reached with.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    token: String,
    agent: ureq::Agent,
    /// Goes in front of a program that asks from inside another network.
    through: Vec<String>,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// Nobody answered, or not in time.
    Unreachable(String),
    /// The node refused, with this status and explanation.
    Refused(u16, String),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(error) => write!(f, "the node does not answer: {error}"),
            Self::Refused(status, detail) => write!(f, "the node says {status}: {detail}"),
        }
    }
}

/// `GET /v1/status`, as far as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// Number of the newest seal.
    pub height: u64,
    /// That seal.
    pub head: String,
    /// The current round.
    pub round: u32,
    /// Sealed records.
    pub records: u64,
    /// Records that are held and not sealed.
    pub tail: u64,
    /// Records that wait for others.
    pub parked: u64,
    /// Members.
    pub members: u64,
    /// Proposals.
    pub proposals: u64,
    /// Connected peers.
    pub peers: Vec<Value>,
    /// The last closed round and its digest.
    pub outcome: Option<(u32, String)>,
    /// Set when this node computed another outcome than the witnesses sealed.
    pub disagreement: Option<String>,
    /// What was refused, by rule.
    pub refused: BTreeMap<String, u64>,
    /// Records that were parked, by rule.
    pub parked_by: BTreeMap<String, u64>,
    /// Sealed records that changed nothing, by reason.
    pub void: BTreeMap<String, u64>,
    /// Forks seen.
    pub forks: u64,
}

impl Status {
    /// How often any rule was broken.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }
}

/// What became of a submitted record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reception {
    /// Its id, if the bytes are a record.
    pub id: Option<String>,
    /// The rest of it: `{"status": "accepted"}` and so on, in whatever nesting.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

impl Reception {
    /// Looks for a field by name: the status may be a text, or an object with the fields beside it.
    fn field(&self, name: &str) -> Option<&str> {
        match self.rest.get("status") {
            Some(Value::Object(inner)) => inner.get(name).and_then(Value::as_str),
            _ => self.rest.get(name).and_then(Value::as_str),
        }
    }

    /// `accepted`, `held`, `parked` or `refused`.
    #[must_use]
    pub fn status(&self) -> &str {
        self.field("status").unwrap_or("unknown")
    }

    /// Is it on the node's disk, as a record that will be sealed?
    #[must_use]
    pub fn is_durable(&self) -> bool {
        matches!(self.status(), "accepted" | "held")
    }

    /// The rule that it broke, if it was refused.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        if self.status() == "refused" { self.field("rule") } else { None }
    }

    /// For people.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.field("reason").unwrap_or("")
    }
}

impl Api {
    /// The API at an address such as `127.0.0.1:4611`, with its token.
    #[must_use]
    pub fn new(address: &str, token: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .http_status_as_error(false)
            // A connection that the node has closed after a refusal, or before it was killed, is not used again.
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .build()
            .new_agent();
        let base = format!("http://{address}");
        Self { base, token: token.trim().to_owned(), agent, through: Vec::new() }
    }

    /// The same, asked by a program that is run by this command.
    #[must_use]
    pub(crate) fn through(self, command: &[String]) -> Self {
        Self { through: command.to_vec(), ..self }
    }

    /// The same address, and another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Where it is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Lets another program ask, where this one cannot reach the API.
    fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
        let unreachable = |error: std::io::Error| ApiError::Unreachable(error.to_string());
        let mut child = Command::new(&self.through[0])
            .args(&self.through[1..])
            .arg(isolated::asker())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(unreachable)?;
        if let Some(mut input) = child.stdin.take() {
            let head = format!("{method}\n{}{path}\n{kind}\n{}\n", self.base, self.token);
            input.write_all(head.as_bytes()).and_then(|()| input.write_all(body)).map_err(unreachable)?;
        }
        let output = child.wait_with_output().map_err(unreachable)?;
        let end = output.stdout.iter().position(|byte| *byte == b'\n');
        let status = end.and_then(|end| std::str::from_utf8(&output.stdout[..end]).ok()?.parse::<u16>().ok());
        match (status, end) {
            (Some(status), Some(end)) if (200..300).contains(&status) => {
                Ok(output.stdout[end + 1..].to_vec())
            }
            (Some(status), Some(end)) => Err(ApiError::Refused(
                status,
                String::from_utf8_lossy(&output.stdout[end + 1..]).into_owned(),
            )),
            _ => Err(ApiError::Unreachable(String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Vec<u8>, ApiError> {
        let unreachable = |error: ureq::Error| ApiError::Unreachable(error.to_string());
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec().map_err(unreachable)?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(ApiError::Refused(status, String::from_utf8_lossy(&body).into_owned()))
        }
    }

    fn value(body: &[u8]) -> Result<Value, ApiError> {
        serde_json::from_slice(body).map_err(|error| ApiError::Refused(200, format!("no JSON: {error}")))
    }

    /// The bytes at a path.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, ApiError> {
        if !self.through.is_empty() {
            return self.ask("GET", path, "", &[]);
        }
        let url = format!("{}{path}", self.base);
        Self::answer(self.agent.get(&url).header("Authorization", &self.bearer()).call())
    }

    /// The JSON at a path.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn get(&self, path: &str) -> Result<Value, ApiError> {
        Self::value(&self.bytes(path)?)
    }

    /// The JSON at a path, asked for with another header.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn get_with(&self, path: &str, header: &str, value: &str) -> Result<Value, ApiError> {
        let url = format!("{}{path}", self.base);
        let request = self.agent.get(&url).header("Authorization", &self.bearer()).header(header, value);
        Self::value(&Self::answer(request.call())?)
    }

    /// Posts bytes.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn post(&self, path: &str, kind: &str, body: &[u8]) -> Result<Value, ApiError> {
        if !self.through.is_empty() {
            return Self::value(&self.ask("POST", path, kind, body)?);
        }
        let url = format!("{}{path}", self.base);
        let request =
            self.agent.post(&url).header("Authorization", &self.bearer()).header("Content-Type", kind);
        Self::value(&Self::answer(request.send(body))?)
    }

    /// Where the node stands.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn status(&self) -> Result<Status, ApiError> {
        serde_json::from_value(self.get("/v1/status")?)
            .map_err(|error| ApiError::Refused(200, format!("not the status that was promised: {error}")))
    }

    /// Submits signed records. What is accepted is on the node's disk.
    ///
    /// # Errors
    /// [`ApiError`]; then nothing is known about the records.
    pub fn submit<'a>(
        &self,
        records: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Vec<Reception>, ApiError> {
        let records: Vec<String> = records.into_iter().map(hex::encode).collect();
        let body = json!({ "records": records }).to_string();
        let answer = self.post("/v1/records", "application/json", body.as_bytes())?;
        serde_json::from_value(answer["records"].clone()).map_err(|error| {
            ApiError::Refused(200, format!("not the receptions that were promised: {error}"))
        })
    }

    /// The outcome of a round, or `current`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn outcome(&self, round: &str) -> Result<Value, ApiError> {
        self.get(&format!("/v1/outcomes/{round}"))
    }

    /// The whole log.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn archive(&self) -> Result<Vec<u8>, ApiError> {
        self.bytes("/v1/archive")
    }
}
