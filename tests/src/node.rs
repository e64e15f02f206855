//! One real `mutua run` process.

use std::{
    fs::{self, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::{Api, Mutua, PATIENCE, Status, guard::Guard, until};

/// How many lines of a log a failure shows.
const LAST_LINES: usize = 30;

/// A node: its home, and its process while it runs.
#[derive(Debug)]
pub struct NodeProcess {
    name: String,
    home: PathBuf,
    log: PathBuf,
    /// Goes in front of `mutua run`, for nodes in a network of their own.
    prefix: Vec<String>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    guard: Option<Guard>,
    up: Option<Up>,
    paused: bool,
}

#[derive(Debug)]
struct Up {
    api: Api,
    listen: Vec<String>,
}

/// `api.json`, which a running node writes once it is up.
#[derive(Debug, Deserialize)]
struct ApiFile {
    api: String,
    listen: Vec<String>,
    pid: u32,
}

impl NodeProcess {
    /// A node that does not run yet, in a home that is written. Its log lies beside the home.
    #[must_use]
    pub fn new(name: &str, home: &Path) -> Self {
        let log = home.with_extension("log");
        Self { name: name.to_owned(), home: home.to_owned(), log, prefix: Vec::new(), running: None }
    }

    /// The same, run by another command such as `ip netns exec NAME`.
    #[must_use]
    pub fn run_by(mut self, prefix: Vec<String>) -> Self {
        self.prefix = prefix;
        self
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The command line for its home.
    #[must_use]
    pub fn mutua(&self) -> Mutua {
        Mutua::at(&self.home)
    }

    /// Starts it, and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up; the message holds the end of its log.
    #[track_caller]
    pub fn start(&mut self) {
        self.spawn();
        self.wait_until_up();
    }

    /// Starts it, and does not wait.
    ///
    /// # Panics
    /// When it runs already, or cannot be started.
    pub fn spawn(&mut self) {
        assert!(self.running.is_none(), "{} runs already", self.name);
        let log =
            OpenOptions::new().create(true).append(true).open(&self.log).expect("the log can be written");
        let errors = log.try_clone().expect("a file handle can be doubled");
        let level = std::env::var("MUTUA_TEST_LOG").unwrap_or_else(|_| "info".to_owned());
        let mut command = self.mutua().command_after(&self.prefix, ["run", "--log", &level]);
        let child = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            // Ctrl-C in a terminal is for the one who runs the nodes, who then ends them one by one.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.name));
        let guard = Some(Guard::over(child.id()));
        self.running = Some(Running { child, guard, up: None, paused: false });
    }

    /// Waits until the node's API answers.
    ///
    /// # Panics
    /// When it does not come up; the message holds the end of its log.
    #[track_caller]
    pub fn wait_until_up(&mut self) {
        let what = format!("{} is up", self.name);
        let end = until(&what, PATIENCE, || self.try_up());
        if let Err(status) = end {
            panic!("{} ended with {status} while it started:\n{}", self.name, self.last_lines());
        }
    }

    /// Up, or ended, or neither yet.
    fn try_up(&mut self) -> Result<Result<(), ExitStatus>, String> {
        let last = self.last_lines();
        let running = self.running.as_mut().expect("it was started");
        if let Some(status) = running.child.try_wait().expect("a child can be waited for") {
            return Ok(Err(status));
        }
        let text = fs::read_to_string(self.home.join("api.json"))
            .map_err(|error| format!("api.json: {error}; log:\n{last}"))?;
        let file: ApiFile = serde_json::from_str(&text).map_err(|error| format!("api.json: {error}"))?;
        if file.pid != running.child.id() && self.prefix.is_empty() {
            return Err("api.json is from an earlier run".to_owned());
        }
        let token = fs::read_to_string(self.home.join("api-token")).map_err(|error| error.to_string())?;
        let api = Api::new(&file.api, &token).through(&self.prefix);
        api.status().map_err(|error| error.to_string())?;
        running.up = Some(Up { api, listen: file.listen });
        Ok(Ok(()))
    }

    fn up(&self) -> &Up {
        self.running
            .as_ref()
            .and_then(|running| running.up.as_ref())
            .unwrap_or_else(|| panic!("{} is not up", self.name))
    }

    /// Is it started, and neither stopped nor paused by the test?
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.up.is_some() && !running.paused)
    }

    /// The number of its process.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    #[track_caller]
    pub fn process(&self) -> u32 {
        self.running.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name)).child.id()
    }

    /// Its API.
    ///
    /// # Panics
    /// When it is not up.
    #[must_use]
    #[track_caller]
    pub fn api(&self) -> &Api {
        &self.up().api
    }

    /// Where it listens, with its name in the network.
    ///
    /// # Panics
    /// When it is not up.
    #[must_use]
    #[track_caller]
    pub fn listen(&self) -> &[String] {
        &self.up().listen
    }

    /// Where it stands.
    ///
    /// # Panics
    /// When it does not answer; the message holds the end of its log.
    #[must_use]
    #[track_caller]
    pub fn status(&self) -> Status {
        match self.api().status() {
            Ok(status) => status,
            Err(error) => panic!("{}: {error}; its log ends:\n{}", self.name, self.last_lines()),
        }
    }

    /// The digest of a closed round's outcome, as this node computed it.
    ///
    /// # Errors
    /// What the node says instead.
    pub fn digest(&self, round: u32) -> Result<String, String> {
        let outcome = self.api().outcome(&round.to_string()).map_err(|error| error.to_string())?;
        outcome["digest"].as_str().map(str::to_owned).ok_or_else(|| "an outcome without digest".to_owned())
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().unwrap_or_else(|| panic!("{} does not run", self.name));
        let pid = i32::try_from(running.child.id()).ok().and_then(Pid::from_raw).expect("a child has an id");
        kill_process(pid, signal).expect("a child that was not waited for can be signalled");
    }

    /// SIGKILL, and waits until it is gone.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.reap();
    }

    /// SIGTERM, and waits for a clean end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let what = format!("{} ends after SIGTERM", self.name);
        let running = self.running.as_mut().expect("it was signalled");
        let status = until(&what, PATIENCE, || {
            running.child.try_wait().ok().flatten().ok_or_else(|| "it still runs".to_owned())
        });
        self.reap();
        status
    }

    /// SIGSTOP: it holds its connections and answers nobody.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pause(&mut self) {
        self.signal(Signal::STOP);
        if let Some(running) = &mut self.running {
            running.paused = true;
        }
    }

    /// SIGCONT.
    ///
    /// # Panics
    /// When it does not run.
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
        if let Some(running) = &mut self.running {
            running.paused = false;
        }
    }

    fn reap(&mut self) {
        if let Some(mut running) = self.running.take() {
            // The guard goes while the id is still the child's.
            if let Some(guard) = running.guard.take() {
                guard.dismiss();
            }
            let _ = running.child.wait();
        }
    }

    /// Ended by itself, with this status?
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.running.as_mut().and_then(|running| running.child.try_wait().ok().flatten())
    }

    /// The end of its log.
    #[must_use]
    pub fn last_lines(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// Everything it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How long a test may wait for a node to end by itself.
    pub const END: Duration = PATIENCE;
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
    }
}
