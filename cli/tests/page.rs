//! The web page's files and its stream of events, against clients that are mistaken or hostile.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use common::{Place, say, say_id, until};

/// Streams of events that a node tells at a time.
const STREAMS: usize = 32;

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(address: &str, path: &str, more: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n"))
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn the_page_needs_no_token_and_what_it_shows_does() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, token) = node.api();
    let port = address.rsplit(':').next().unwrap().to_owned();

    let page = get(&address, "/", "");
    assert_eq!(status(&page), 200, "{page}");
    let lower = page.to_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self';",
        "frame-ancestors 'none'",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "cross-origin-opener-policy: same-origin",
        "cross-origin-resource-policy: same-origin",
        "content-type: text/html; charset=utf-8",
    ] {
        assert!(lower.contains(header), "{header} is missing: {page}");
    }
    assert!(!page.contains("unsafe") && !page.contains(&token), "{page}");
    let script = get(&address, "/main.js", "");
    assert!(status(&script) == 200 && script.contains("text/javascript"), "{script}");
    let tag = script.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().trim().to_owned();
    let again = get(&address, "/main.js", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(status(&again), 304, "{again}");

    // Another site that has pointed its name here, or that asks from its own pages, gets nothing.
    for (request, wanted) in [
        (format!("GET / HTTP/1.1\r\nHost: evil.example:{port}\r\nConnection: close\r\n\r\n"), 403),
        ("GET /main.js HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_owned(), 403),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: {address}\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n"
            ),
            403,
        ),
        (format!("GET /v1/own-keys HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 401),
        (format!("GET /v1/events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 401),
        (format!("POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 401),
    ] {
        let answer = ask(&address, &request);
        assert_eq!(status(&answer), wanted, "{request}\n{answer}");
        assert!(answer.contains("content-security-policy"), "{answer}");
    }

    // Nothing but the page's own files.
    for path in [
        "/../Cargo.toml",
        "/..%2fCargo.toml",
        "/%2e%2e/Cargo.toml",
        "/pages/../../Cargo.toml",
        "/pages/..%5c..%5cCargo.toml",
        "//etc/passwd",
        "/.gitignore",
        "/pages",
        "/pages/",
        "/vendor/vendor.json%00.js",
    ] {
        let answer = get(&address, path, "");
        assert_eq!(status(&answer), 404, "{path}\n{answer}");
        assert!(answer.contains("application/problem+json"), "{path}\n{answer}");
    }
    assert_eq!(node.stop(), 0);
}

#[test]
fn the_link_shows_the_token_only_to_its_owner() {
    let place = Place::new();
    place.found(&[]);
    place.run(&["page"]).fails(3, "");
    let node = place.start();
    let (address, token) = node.api();
    let link = place.json(&["page"])["link"].as_str().unwrap().to_owned();
    assert_eq!(link, format!("http://{address}/#token={token}"));
    assert_eq!(place.run(&["page"]).out.trim(), link);
    assert_eq!(node.stop(), 0);
}

/// A stream of events, read line by line.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(address: &str, token: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
        let head = format!(
            "GET /v1/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    fn status(&mut self) -> u16 {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        status(&line)
    }

    /// The next event: its name, id and data.
    fn next(&mut self) -> (String, String, serde_json::Value) {
        let (mut name, mut id) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream has ended");
            let line = line.trim();
            if let Some(said) = line.strip_prefix("event: ") {
                name = said.to_owned();
            } else if let Some(said) = line.strip_prefix("id: ") {
                id = said.to_owned();
            } else if let Some(said) = line.strip_prefix("data: ") {
                return (name, id, serde_json::from_str(said).unwrap());
            }
        }
    }

    /// The next event of this name; those before it are read over.
    fn find(&mut self, wanted: &str) -> (String, serde_json::Value) {
        loop {
            let (name, id, data) = self.next();
            if name == wanted {
                return (id, data);
            }
        }
    }
}

#[test]
fn events_come_as_they_happen_and_none_is_missed_by_whoever_comes_back() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, token) = node.api();
    let founder = place.json(&["key", "show", "founder"])["public"].as_str().unwrap().to_owned();

    let mut events = Events::open(&address, &token, None);
    assert_eq!(events.status(), 200);
    assert_eq!(events.find("beginning").1["height"], 0);
    say(&place, &["admit", &founder, "--name", "Ada"]);
    let (_, taken) = events.find("taken");
    assert_eq!((&taken["count"], &taken["records"][0]["kind"]), (&1.into(), &"admit".into()));
    let (id, sealed) = events.find("sealed");
    assert_eq!((&sealed["height"], &sealed["records"]), (&1.into(), &1.into()));
    drop(events);

    // Meanwhile something happens.
    say(&place, &["fund", "10", "--source", "savings"]);
    let mut events = Events::open(&address, &token, Some(&id));
    assert_eq!(events.find("taken").1["records"][0]["kind"], "fund");
    assert_eq!(events.find("sealed").1["height"], 2);
    drop(events);
    assert_eq!(node.stop(), 0);

    // After a restart the seals come from the log.
    let node = place.start();
    let (address, token) = node.api();
    let mut events = Events::open(&address, &token, Some(&id));
    let (name, _, sealed) = events.next();
    assert_eq!((name.as_str(), &sealed["height"]), ("sealed", &2.into()));
    assert_eq!(events.next().0, "beginning");
    // An id from the future, and one that is none.
    for odd in ["1-1-999", "nonsense"] {
        let first = Events::open(&address, &token, Some(odd)).next().0;
        assert_eq!(first, if odd == "nonsense" { "beginning" } else { "reset" });
    }
    assert_eq!(node.stop(), 0, "an open stream does not keep the node from stopping");
}

#[test]
fn more_streams_than_there_is_room_for_are_turned_away_and_nobody_else_suffers() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, token) = node.api();
    let mut open: Vec<Events> = (0..STREAMS).map(|_| Events::open(&address, &token, None)).collect();
    for stream in &mut open {
        assert_eq!(stream.status(), 200);
    }
    let refused = get(&address, "/v1/events", &format!("Authorization: Bearer {token}\r\n"));
    assert!(status(&refused) == 503 && refused.contains("application/problem+json"), "{refused}");
    assert_eq!(place.run(&["status"]).code, 0, "the API answers meanwhile");
    drop(open);
    until("there is room again", || Events::open(&address, &token, None).status() == 200);
    assert_eq!(node.stop(), 0);
}

#[test]
fn a_ballot_is_tried_out_without_being_cast() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, token) = node.api();
    let founder = place.json(&["key", "show", "founder"])["public"].as_str().unwrap().to_owned();
    say(&place, &["admit", &founder, "--name", "Ada"]);
    say(&place, &["fund", "1000", "--source", "savings"]);
    let loan = [
        "propose",
        "loan",
        "--title",
        "An oven",
        "--borrower",
        "Bakery",
        "--purpose",
        "Bread.",
        "--amount",
        "500",
        "--term",
        "12",
        "--rate",
        "3%",
        "--expires",
        "+60d",
    ];
    let id = say_id(&place, &loan);
    let rating = ["--grade", "1", "--default", "1%", "--loss", "40%", "--greatest", "500", "--outlook", "80"];
    say(&place, &[&["attest", &id][..], &rating, &["--valid", "+60d", "--reason", "sound"]].concat());

    let preview = |member: &str, scores: &str| {
        let body = format!(
            "{{\"member\":\"{member}\",\"ballot\":{{\"round\":1,\"standing\":false,\"scores\":[{scores}],\"answers\":[]}}}}"
        );
        ask(
            &address,
            &format!(
                "POST /v1/preview HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        )
    };
    let funded = |answer: &str| {
        assert_eq!(status(answer), 200, "{answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let view: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(view["provisional"], true);
        view["outcome"]["funded"].as_array().unwrap().len()
    };
    let score = |score: u32| format!("{{\"proposal\":\"{id}\",\"score\":{score}}}");
    assert_eq!(funded(&preview(&founder, &score(7))), 1);
    assert_eq!(funded(&preview(&founder, "")), 0);
    let ballot =
        get(&address, &format!("/v1/ballots/{founder}"), &format!("Authorization: Bearer {token}\r\n"));
    assert!(ballot.contains("\"newest\":null"), "nothing was cast: {ballot}");

    assert_eq!(status(&preview(&founder, &score(200))), 422, "a score beyond the charter's");
    assert_eq!(status(&preview(&founder, &score(7).replace(&id, &"0".repeat(64)))), 422, "no such proposal");
    assert_eq!(status(&preview(&"0".repeat(64), "")) / 100, 4, "nobody's key");
    assert_eq!(place.status()["tail"], 0);
    assert_eq!(node.stop(), 0);
}
