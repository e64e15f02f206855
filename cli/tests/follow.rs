//! `mutua audit` on running nodes, and `mutua audit --follow` through restarts, losses and lies.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use common::{Place, Ran, ran, until};
use mutua_protocol::{archive::Check, codec, limits, seals::SealedBatch};
use serde_json::Value;

/// A monitor, with the events that it tells.
struct Monitor {
    child: Child,
    events: mpsc::Receiver<Value>,
}

impl Monitor {
    /// Follows the node of another place, or a file.
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut child = place
            .command()
            .args(["audit", "--follow", "--every", "200ms", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, events) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = told.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, events }
    }

    /// Waits for an event of this kind.
    #[track_caller]
    fn event(&self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(Duration::from_secs(90));
            let event = event.unwrap_or_else(|_| panic!("no event '{kind}' for 90 s"));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Waits until this many seals are checked.
    #[track_caller]
    fn reaches(&self, height: u64) {
        while self.event("seals")["to"].as_u64().unwrap() < height {}
    }

    fn ends(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    fn interrupt(self) -> i32 {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.ends()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place whose node lets auditors in at an address that stays the same.
struct Town {
    place: Place,
    door: String,
    token: String,
}

impl Town {
    fn found() -> Self {
        let place = Place::new();
        place.found(&[]);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let door = format!("127.0.0.1:{port}");
        let settings = place.path().join("home/node.toml");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, format!("auditors = \"{door}\"\n{text}")).unwrap();
        let token = place.run(&["auditor-token"]).out.trim().to_owned();
        Self { place, door, token }
    }

    fn address(&self) -> String {
        format!("http://{}", self.door)
    }

    /// Money comes in, and is sealed.
    fn fund(&self, source: &str) -> u64 {
        assert_eq!(self.place.run(&["fund", "10", "--source", source]).code, 0);
        self.place.all_sealed();
        self.height()
    }

    fn height(&self) -> u64 {
        self.place.status()["height"].as_u64().unwrap()
    }
}

/// What an auditor elsewhere has: nothing but the token.
struct Auditor {
    place: Place,
    token_file: String,
    state: PathBuf,
}

impl Auditor {
    fn of(town: &Town) -> Self {
        let place = Place::new();
        let token_file = place.file("token", &town.token);
        let state = place.path().join("state.archive");
        Self { place, token_file, state }
    }

    fn audit(&self, source: &str, more: &[&str]) -> Ran {
        self.place.run(&[&["audit", source, "--token-file", &self.token_file], more].concat())
    }

    fn follow(&self, source: &str) -> Monitor {
        let state = self.state.to_str().unwrap();
        Monitor::start(&self.place, &[source, "--token-file", &self.token_file, "--state", state])
    }

    /// The state is an archive that holds.
    #[track_caller]
    fn state_holds(&self, height: u64) {
        let report = self.place.json(&["audit", self.state.to_str().unwrap()]);
        assert_eq!((&report["verdict"], &report["seals"]), (&"valid".into(), &height.into()));
    }
}

fn get(address: &str, path: &str, token: &str) -> u16 {
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let request = agent.get(format!("{address}{path}")).header("Authorization", format!("Bearer {token}"));
    request.call().unwrap().status().as_u16()
}

#[test]
fn auditors_read_the_log_and_nothing_else() {
    let town = Town::found();
    let node = town.place.start();
    town.fund("somebody");
    let auditor = Auditor::of(&town);
    let answer = auditor.audit(&town.address(), &[]);
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("Verdict: VALID"));
    for path in ["/v1/charter", "/v1/outcomes", "/v1/seals/1", "/v1/archive", "/v1/archive?from=1&seals=1"] {
        assert_eq!(get(&town.address(), path, &town.token), 200, "{path}");
        assert_eq!(get(&town.address(), path, ""), 401, "{path}");
        assert_eq!(get(&town.address(), path, &node.api().1), 401, "the owner's token is another one");
    }
    for path in ["/v1/status", "/v1/members", "/v1/network", "/v1/records", "/v1/proposals"] {
        assert_eq!(get(&town.address(), path, &town.token), 404, "{path}");
    }
    for path in ["/v1/archive?from=0", "/v1/archive?from=x", "/v1/archive?until=3"] {
        assert_eq!(get(&town.address(), path, &town.token), 400, "{path}");
    }
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let post = agent
        .post(format!("{}/v1/seals", town.address()))
        .header("Authorization", format!("Bearer {}", town.token))
        .send(&b"x"[..])
        .unwrap();
    assert_eq!(post.status().as_u16(), 404);
    // The auditors' token does not open the owner's door.
    let (api, own) = node.api();
    assert_eq!(get(&format!("http://{api}"), "/v1/status", &town.token), 401);
    assert_eq!(get(&format!("http://{api}"), "/v1/archive", &own), 200);
    // Who is at home needs no token of their own.
    assert_eq!(town.place.run(&["audit", &format!("http://{api}")]).code, 0);
    let stranger = Place::new();
    stranger.run(&["audit", &town.address()]).fails(3, "auditor-token");
    stranger.run(&["audit", "https://node.example"]).fails(2, "http://");
    stranger.run(&["audit", "http://127.0.0.1:1"]).fails(3, "does not answer");
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_monitor_outlives_its_node_and_goes_on_where_it_was() {
    let town = Town::found();
    let auditor = Auditor::of(&town);
    // Before there is a node, it waits for one.
    let monitor = auditor.follow(&town.address());
    monitor.event("waiting");
    let node = town.place.start();
    monitor.event("following");
    monitor.reaches(town.fund("one"));
    // A node that is killed and comes back.
    drop(node);
    monitor.event("waiting");
    let node = town.place.start();
    monitor.event("reached");
    monitor.reaches(town.fund("two"));
    assert_eq!(monitor.interrupt(), 0);
    auditor.state_holds(town.height());
    // What came while nobody followed.
    let height = town.fund("three");
    let monitor = auditor.follow(&town.address());
    let begun = monitor.event("following")["height"].as_u64().unwrap();
    assert!(begun >= 2 && begun < height);
    monitor.reaches(height);
    // Killed in the middle, it loses nothing that it has told of.
    drop(monitor);
    auditor.state_holds(height);
    let state = auditor.state.to_str().unwrap();
    let once = auditor.audit(&town.address(), &["--follow", "--once", "--state", state]);
    assert_eq!(once.code, 0, "{}{}", once.out, once.err);
    assert!(once.out.contains(&format!("{height} seals")), "{}", once.out);
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_second_history_is_reported_with_a_proof() {
    let town = Town::found();
    let node = town.place.start();
    let common = town.fund("one");
    assert_eq!(node.stop(), 0);
    copy(&town.place.path().join("home"), &town.place.path().join("other"));
    let node = town.place.start();
    let auditor = Auditor::of(&town);
    let monitor = auditor.follow(&town.address());
    let height = town.fund("the first history").max(town.fund("and more of it"));
    monitor.reaches(height);
    assert_eq!(node.stop(), 0);
    monitor.event("waiting");
    // The same witness goes on from an old copy, and signs other seals: a node restored from a backup, or a liar.
    fs::rename(town.place.path().join("home"), town.place.path().join("first")).unwrap();
    fs::rename(town.place.path().join("other"), town.place.path().join("home")).unwrap();
    let node = town.place.start();
    for source in ["another history", "with", "more", "seals"] {
        town.fund(source);
    }
    let event = monitor.event("conflict");
    assert_eq!(event["height"], common + 1);
    assert_ne!(event["ours"]["id"], event["theirs"]["id"]);
    assert_eq!(event["convicted"].as_array().unwrap().len(), 1);
    let proof = fs::read(event["file"].as_str().unwrap()).unwrap();
    let evidence = mutua_protocol::evidence::EvidenceFile::from_file(&proof).unwrap();
    let charter = fs::read(town.place.path().join("home/charter.json")).unwrap();
    let charter = serde_json::from_slice(&charter).unwrap();
    let community = mutua_protocol::charter::Community::new(charter).unwrap();
    assert_eq!(evidence.verify(&community).unwrap().keys.len(), 1);
    assert_eq!(monitor.ends(), 1);
    // What was checked stays, and the alarm with it.
    auditor.state_holds(height);
    let state = auditor.state.to_str().unwrap();
    let again = auditor.audit(&town.address(), &["--follow", "--once", "--state", state]);
    assert_eq!(again.code, 1);
    assert!(again.out.contains("TWO HISTORIES"), "{}", again.out);
    assert_eq!(node.stop(), 0);
}

/// A node that has lost its newest seals has no other history; it is waited for.
#[test]
fn a_node_that_is_behind_is_waited_for() {
    let town = Town::found();
    let node = town.place.start();
    let old = town.fund("one");
    assert_eq!(node.stop(), 0);
    let archive = town.place.path().join("log.archive");
    let node = town.place.start();
    let height = town.fund("two");
    let auditor = Auditor::of(&town);
    let state = auditor.state.to_str().unwrap().to_owned();
    assert_eq!(auditor.audit(&town.address(), &["--follow", "--once", "--state", &state]).code, 0);
    assert_eq!(town.place.run(&["log", "export", archive.to_str().unwrap()]).code, 0);
    assert_eq!(node.stop(), 0);
    let frames = frames(&archive);
    let short = town.place.path().join("short.archive");
    fs::write(&short, whole(&frames[..=usize::try_from(old).unwrap()])).unwrap();
    auditor.audit(short.to_str().unwrap(), &["--follow", "--once", "--state", &state]).fails(3, "has only");
    let monitor = auditor.follow(short.to_str().unwrap());
    monitor.event("waiting");
    fs::write(&short, fs::read(&archive).unwrap()).unwrap();
    assert_eq!(monitor.event("reached")["height"], height);
    assert_eq!(monitor.interrupt(), 0);
}

#[test]
fn a_file_that_grows_is_followed_and_a_tampered_one_is_not_believed() {
    let town = Town::found();
    let node = town.place.start();
    for source in ["one", "two", "three"] {
        town.fund(source);
    }
    let archive = town.place.path().join("log.archive");
    assert_eq!(town.place.run(&["log", "export", archive.to_str().unwrap()]).code, 0);
    assert_eq!(node.stop(), 0);
    let frames = frames(&archive);
    let last = frames.len() - 2;
    assert!(last >= 3);
    let auditor = Auditor::of(&town);
    let growing = auditor.place.path().join("growing.archive");
    let source = growing.to_str().unwrap().to_owned();
    // It ends in the middle of a frame, and grows.
    let bytes = frames.concat();
    fs::write(&growing, &bytes[..frames[..2].concat().len() + 7]).unwrap();
    let monitor = auditor.follow(&source);
    monitor.reaches(1);
    fs::write(&growing, frames[..3].concat()).unwrap();
    monitor.reaches(2);
    fs::write(&growing, &bytes).unwrap();
    monitor.reaches(last as u64);
    assert_eq!(monitor.interrupt(), 0);
    auditor.state_holds(last as u64);

    // A log in which a newer seal is spoiled: the fault is named, and what was checked before stays.
    let fresh = Auditor::of(&town);
    let mut spoiled = frames.clone();
    *spoiled[last].last_mut().unwrap() ^= 1;
    let file = fresh.place.file("spoiled.archive", spoiled.concat());
    let monitor = fresh.follow(&file);
    let fault = monitor.event("fault");
    assert_eq!(fault["check"], Check::Signature.number());
    assert_eq!(fault["seal"], last as u64);
    assert_eq!(monitor.ends(), 1);
    fresh.state_holds(last as u64 - 1);

    // A log in which an old seal is another one, which nobody has signed.
    let mut forged = frames.clone();
    for (height, frame) in forged.iter_mut().enumerate().take(last + 1).skip(2) {
        let mut batch: SealedBatch = codec::decode(&frame[5..], limits::DECODE_BYTES).unwrap();
        batch.header.time += 1;
        assert_eq!(batch.header.height, height as u64);
        *frame = mutua_protocol::archive::seal_frame(&batch);
    }
    let file = auditor.place.file("forged.archive", forged.concat());
    let monitor = auditor.follow(&file);
    let fault = monitor.event("fault");
    assert_eq!(fault["check"], Check::Certificate.number());
    assert_eq!(fault["seal"], 2);
    assert_eq!(monitor.ends(), 1);
}

#[test]
fn a_state_that_was_changed_is_not_trusted() {
    let town = Town::found();
    let node = town.place.start();
    town.fund("one");
    let height = town.fund("two");
    let auditor = Auditor::of(&town);
    let state = auditor.state.to_str().unwrap().to_owned();
    let follow = |source: &str| auditor.audit(source, &["--follow", "--once", "--state", &state]);
    assert_eq!(follow(&town.address()).code, 0);
    let sound = fs::read(&auditor.state).unwrap();

    // What a crash in the middle of an append leaves behind is cut off.
    fs::write(&auditor.state, [&sound[..sound.len() - 45], &[2, 0, 0, 9, 9, 1, 2, 3]].concat()).unwrap();
    assert_eq!(follow(&town.address()).code, 0);
    assert_eq!(fs::read(&auditor.state).unwrap(), sound);
    auditor.state_holds(height);

    // What was synced has to be there.
    fs::write(&auditor.state, &sound[..sound.len() - 60]).unwrap();
    follow(&town.address()).fails(2, "damaged");
    let mut turned = sound.clone();
    turned[sound.len() / 2] ^= 1;
    fs::write(&auditor.state, &turned).unwrap();
    follow(&town.address()).fails(2, "damaged");
    fs::write(&auditor.state, &sound).unwrap();

    // Another community's log is not mistaken for this one's.
    let other = Town::found();
    let elsewhere = other.place.start();
    let token = auditor.place.file("other-token", &other.token);
    auditor
        .place
        .run(&["audit", &other.address(), "--follow", "--once", "--state", &state, "--token-file", &token])
        .fails(1, "another community");
    assert_eq!(elsewhere.stop(), 0);

    // Two monitors do not write to one state.
    let monitor = auditor.follow(&town.address());
    monitor.event("following");
    follow(&town.address()).fails(2, "in use");
    assert_eq!(monitor.interrupt(), 0);

    // An exported archive is a state to begin with.
    let exported = auditor.place.path().join("exported.archive");
    assert_eq!(town.place.run(&["log", "export", exported.to_str().unwrap()]).code, 0);
    let exported = exported.to_str().unwrap();
    assert_eq!(auditor.audit(&town.address(), &["--follow", "--once", "--state", exported]).code, 0);
    assert_eq!(node.stop(), 0);
}

#[test]
fn every_fault_is_listed_on_demand() {
    let town = Town::found();
    let node = town.place.start();
    for source in ["one", "two", "three"] {
        town.fund(source);
    }
    let archive = town.place.path().join("log.archive");
    assert_eq!(town.place.run(&["log", "export", archive.to_str().unwrap()]).code, 0);
    assert_eq!(node.stop(), 0);
    let mut frames = frames(&archive);
    for height in [1, 3] {
        *frames[height].last_mut().unwrap() ^= 1;
    }
    let file = town.place.file("spoiled.archive", frames.concat());
    let answer = town.place.run(&["audit", &file, "--all", "--json"]);
    assert_eq!(answer.code, 1);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(report["fault"]["seal"], 1);
    assert_eq!(report["further_faults"][0]["seal"], 3);
    assert_eq!(report["faults_found"], 2);
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["check"] == "2.4").unwrap();
    assert_eq!(check["failed"], 2);
    let text = town.place.run(&["audit", &file, "--all"]).out;
    assert!(text.contains("2 faults in all") && text.contains("Verdict: FAULTY"), "{text}");
    let first = town.place.run(&["audit", &file, "--json"]);
    let first: Value = serde_json::from_str(&first.out).unwrap();
    assert_eq!((&first["faults_found"], &first["further_faults"]), (&1.into(), &serde_json::json!([])));
}

/// The frames of an archive: its opening, its seals, its end.
fn frames(path: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(path).unwrap();
    let mut frames = Vec::new();
    let mut at = 16;
    let mut begin = 0;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at + 1..at + 5].try_into().unwrap()) as usize;
        at += 5 + length;
        frames.push(bytes[begin..at].to_vec());
        begin = at;
    }
    frames
}

/// These frames, with an end.
fn whole(frames: &[Vec<u8>]) -> Vec<u8> {
    let batch: SealedBatch = codec::decode(&frames.last().unwrap()[5..], limits::DECODE_BYTES).unwrap();
    let end = mutua_protocol::archive::end_frame(batch.header.height, batch.header.id());
    [frames.concat(), end].concat()
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).output().unwrap();
    let copied = ran(&copied);
    assert_eq!(copied.code, 0, "{}", copied.err);
    until("the copy is there", || to.join("charter.json").is_file());
}
