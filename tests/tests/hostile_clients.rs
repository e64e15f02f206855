//! Clients of the API that mean no good, or are very slow: refused or harmless, and the owner is answered meanwhile.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use mutua_tests::{Community, Founding, NodeProcess, eventually};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than the node has places for connections.
const MANY: usize = 300;

/// As many pages as nobody has open.
const STREAMS: usize = 1_000;

/// Longer than any answer may take, however slow the machine.
const LONG: Duration = Duration::from_secs(60);

fn alone(name: &str) -> Community {
    let founding = Founding { witnesses: 1, nodes: 1, ..Founding::default() };
    let mut community = Community::found(name, founding);
    community.start();
    community
}

struct Door<'a> {
    node: &'a NodeProcess,
    address: String,
    token: String,
}

impl<'a> Door<'a> {
    fn of(node: &'a NodeProcess) -> Self {
        let address = node.api().base().trim_start_matches("http://").to_owned();
        let token = std::fs::read_to_string(node.home().join("api-token")).expect("the node has a token");
        Self { node, address, token: token.trim().to_owned() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("the node listens");
        stream.set_read_timeout(Some(LONG)).expect("a time is a time");
        stream.set_write_timeout(Some(LONG)).expect("a time is a time");
        stream
    }

    /// The head of a request with the token.
    fn head(&self, request: &str, more: &str) -> String {
        format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n{more}\r\n",
            self.address, self.token
        )
    }

    /// Says this, and returns the status of the answer.
    fn say(&self, text: &str) -> u16 {
        let mut stream = self.connect();
        stream.write_all(text.as_bytes()).expect("the node takes a head");
        status(&mut stream).expect("the node answers")
    }

    /// The owner's own request comes through.
    fn answers(&self) {
        self.node.api().status().expect("the owner is answered");
    }
}

/// The status of the answer; nothing if the connection was closed instead.
fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => line.push(byte[0]),
            _ => return None,
        }
    }
    let line = String::from_utf8(line).ok()?;
    line.split(' ').nth(1)?.parse().ok()
}

#[test]
fn a_name_that_was_led_to_this_machine_is_not_answered() {
    let community = alone("rebinding");
    let door = Door::of(&community.nodes[0]);
    let port = door.address.rsplit(':').next().expect("an address has a port");
    for host in ["rebound.example", "127.0.0.1.rebound.example", "localhost.rebound.example"] {
        for path in ["/", "/v1/status", "/v1/openapi.json"] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {}\r\n\r\n",
                door.token
            );
            assert_eq!(door.say(&request), 403, "{host} {path}");
        }
    }
    for origin in ["http://rebound.example", "null", "https://127.0.0.1", "file://"] {
        let request = door.head("GET /v1/status", &format!("Origin: {origin}\r\n"));
        assert_eq!(door.say(&request), 403, "{origin}");
    }
    // Without a name at all, and with two.
    assert!([400, 403].contains(&door.say("GET /v1/status HTTP/1.1\r\n\r\n")));
    let own = door.head("GET /v1/status", "");
    assert_eq!(door.say(&own), 200);
}

#[test]
fn ten_megabytes_are_refused_before_they_are_sent_and_while_they_are() {
    let community = alone("large-bodies");
    let door = Door::of(&community.nodes[0]);
    let before = door.node.status();
    let length = 10 << 20;
    for path in ["/v1/records", "/v1/records/let-go", "/v1/preview", "/v1/desk", "/v1/seals"] {
        let kind = "Content-Type: application/json\r\n";
        let said = door.head(&format!("POST {path}"), &format!("{kind}Content-Length: {length}\r\n"));
        assert_eq!(door.say(&said), 413, "{path}");
        let mut stream = door.connect();
        let chunked = door.head(&format!("POST {path}"), &format!("{kind}Transfer-Encoding: chunked\r\n"));
        stream.write_all(chunked.as_bytes()).expect("the node takes a head");
        let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        // It may hang up as soon as it has heard enough.
        let cut = (0..length / 0x10000).any(|_| stream.write_all(&chunk).is_err());
        let answer = status(&mut stream);
        assert!(answer == Some(413) || (cut && answer.is_none()), "{path}: {answer:?}");
    }
    let nobody =
        format!("POST /v1/records HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n", door.address);
    assert_eq!(door.say(&nobody), 401);
    assert_eq!(door.node.status().records, before.records);
}

#[test]
fn many_who_never_finish_their_heads_keep_nobody_out() {
    let community = alone("slow-heads");
    let door = Door::of(&community.nodes[0]);
    let mut slow: Vec<TcpStream> = Vec::new();
    for _ in 0..MANY {
        let mut stream = door.connect();
        stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: ").expect("the node listens");
        slow.push(stream);
        if slow.len().is_multiple_of(50) {
            door.answers();
        }
    }
    door.answers();
    // The oldest had to go for the owner's sake, and all are given up some time.
    let gone = |stream: &mut TcpStream| match stream.read(&mut [0; 64]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    };
    assert!(gone(&mut slow[0]), "the oldest is still there");
    eventually("all slow ones are given up", || {
        let last = slow.last_mut().expect("there are many");
        last.write_all(b"x").map_or(Ok(()), |()| Err("the newest is still there".to_owned()))
    });
    door.answers();
}

#[test]
fn slow_bodies_do_not_keep_the_owner_waiting() {
    let community = alone("slow-bodies");
    let door = Door::of(&community.nodes[0]);
    // Without the token no body is waited for.
    let nobody = format!(
        "POST /v1/records HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        door.address
    );
    let strangers: Vec<u16> = (0..MANY).map(|_| door.say(&nobody)).collect();
    assert!(strangers.iter().all(|status| *status == 401));
    // With it, a few can be slow while others are answered.
    let more = "Content-Type: application/json\r\nContent-Length: 1000\r\n";
    let slow: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = door.connect();
            stream.write_all(door.head("POST /v1/records", more).as_bytes()).expect("the node takes a head");
            stream.write_all(b"{").expect("the node takes a byte");
            stream
        })
        .collect();
    for _ in 0..5 {
        door.answers();
    }
    drop(slow);
}

#[test]
fn a_thousand_event_streams_are_bounded_and_the_node_goes_on() {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })
        .expect("a process may have more files");
    let community = alone("event-streams");
    let door = Door::of(&community.nodes[0]);
    let head = door.head("GET /v1/events", "Accept: text/event-stream\r\n");
    let mut streams = Vec::new();
    let (mut told, mut refused) = (0, 0);
    for number in 0..STREAMS {
        let mut stream = door.connect();
        stream.write_all(head.as_bytes()).expect("the node takes a head");
        match status(&mut stream) {
            Some(200) => told += 1,
            Some(503) => refused += 1,
            other => panic!("stream {number}: {other:?}"),
        }
        streams.push(stream);
        if number.is_multiple_of(100) {
            door.answers();
        }
    }
    assert_eq!((told, told + refused), (32, STREAMS), "as many as the node has places for, and no more");
    door.answers();
    // Whoever closes a page makes room for another.
    drop(streams);
    eventually("there is room again", || match door.say(&head) {
        200 => Ok(()),
        other => Err(format!("{other}")),
    });
}
