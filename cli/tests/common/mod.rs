//! Runs the real binary.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::{
    io::Read,
    net::TcpStream,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// A folder of its own, and the binary with nothing of this machine's environment.
pub(crate) struct Place {
    pub folder: TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and returns its name.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The binary, in this folder, with a passphrase and a home.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mutua"));
        command
            .env_clear()
            .env("MUTUA_PASSPHRASE", "correct horse")
            .env("MUTUA_HOME", self.path().join("home"))
            .current_dir(self.path());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(&self.command().args(arguments).output().unwrap())
    }

    /// Runs it and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{}", ran.out))
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

impl Ran {
    /// It failed with this status and said this.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, says: &str) {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(self.err.contains(says), "expected '{says}' in: {}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A running node, ended when dropped.
pub(crate) struct Node<'a> {
    place: &'a Place,
    child: std::process::Child,
}

impl Place {
    /// Founds a community whose node listens on any free ports.
    pub(crate) fn found(&self, more: &[&str]) -> serde_json::Value {
        let usual = [
            "init",
            "--name",
            "Test",
            "--api",
            "127.0.0.1:0",
            "--listen",
            "/ip4/127.0.0.1/tcp/0",
            "--no-mdns",
        ];
        self.json(&[&usual, more].concat())
    }

    /// Starts the node and waits until it can be asked.
    pub(crate) fn start(&self) -> Node<'_> {
        let child = self
            .command()
            .args(["run", "--log", "warn"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let node = Node { place: self, child };
        until("the node runs", || self.run(&["status"]).code == 0);
        node
    }

    /// The status as JSON.
    pub(crate) fn status(&self) -> serde_json::Value {
        self.json(&["status"])
    }

    /// Waits until this node has sealed everything it holds.
    pub(crate) fn all_sealed(&self) {
        until("all is sealed", || self.status()["tail"] == 0);
    }
}

/// Says something and waits until it is sealed.
pub(crate) fn say(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let said = place.json(arguments);
    place.all_sealed();
    said
}

/// The same; the record's id.
pub(crate) fn say_id(place: &Place, arguments: &[&str]) -> String {
    say(place, arguments)["id"].as_str().unwrap().to_owned()
}

impl Node<'_> {
    /// Asks it to stop. Returns its exit status.
    pub(crate) fn stop(mut self) -> i32 {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        self.child.wait().unwrap().code().unwrap()
    }

    /// Address of its API, and its token.
    pub(crate) fn api(&self) -> (String, String) {
        let home = self.place.path().join("home");
        let text = std::fs::read_to_string(home.join("api.json")).unwrap();
        let running: serde_json::Value = serde_json::from_str(&text).unwrap();
        let token = std::fs::read_to_string(home.join("api-token")).unwrap();
        (running["api"].as_str().unwrap().to_owned(), token.trim().to_owned())
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(90), "{what}: not after 90 s");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// Reads one request with a body of a stated length, or in chunks. The API speaks JSON, which is text.
pub(crate) fn read_request(client: &mut TcpStream) -> Option<String> {
    let mut request = String::new();
    let mut bytes = [0; 4096];
    loop {
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let complete = match length {
                Some(length) => body.len() >= length.trim().parse().unwrap(),
                None => !head.contains("transfer-encoding: chunked") || body.ends_with("0\r\n\r\n"),
            };
            if complete {
                return Some(request);
            }
        }
        let read = client.read(&mut bytes).ok().filter(|read| *read > 0)?;
        request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
}
