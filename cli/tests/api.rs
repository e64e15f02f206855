//! The local API against clients that are mistaken, hostile or slow, over plain sockets.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use common::Place;

/// Sends bytes and reads until the node closes the connection.
fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // It may answer and close before everything is sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[test]
fn only_the_owner_asks_and_nothing_breaks_it() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, token) = node.api();
    let port = address.rsplit(':').next().unwrap().to_owned();
    let head = |line: &str, more: &str| {
        format!(
            "{line} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{more}\r\n"
        )
    };
    let ask = |request: String| exchange(&address, request.as_bytes());
    let post = |path: &str, body: &str| {
        let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        ask(head(&format!("POST {path}"), &length) + body)
    };

    let good = ask(head("GET /v1/status", ""));
    assert_eq!(status(&good), 200, "{good}");
    assert_eq!(status(&ask(head("GET /v1/status", &format!("Origin: http://localhost:{port}\r\n")))), 200);

    // Who may ask.
    for (request, wanted) in [
        (format!("GET /v1/status HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"), 401),
        (head("GET /v1/status", "").replace(&token, &"0".repeat(64)), 401),
        (head("GET /v1/status", "").replace(&token, ""), 401),
        (head("GET /v1/status", "").replace(&format!("Host: {address}"), "Host: evil.example"), 403),
        (
            head("GET /v1/status", "")
                .replace(&format!("Host: {address}"), &format!("Host: evil.example:{port}")),
            403,
        ),
        (head("GET /v1/status", "Origin: http://evil.example\r\n"), 403),
        (head("GET /v1/status", "Origin: null\r\n"), 403),
    ] {
        let answer = ask(request.clone());
        assert_eq!(status(&answer), wanted, "{request}\n{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }

    // What does not exist, or is not meant.
    for (line, wanted) in [
        ("GET /nothing", 404),
        ("POST /", 405),
        ("GET /v2/status", 404),
        ("GET /v1/records/00", 400),
        ("GET /v1/records", 400),
        ("GET /v1/records?prefix=abc", 400),
        ("GET /v1/records?prefix=abcg", 400),
        ("GET /v1/chains/%ff%fe", 400),
        ("GET /v1/outcomes/0", 404),
        ("GET /v1/outcomes/99999999999999999999", 400),
        ("GET /v1/seals/18446744073709551615", 404),
        ("GET /v1/seals/-1", 400),
        ("GET /v1/members?limit=-1", 400),
        ("GET /v1/members?after=zz", 400),
        ("DELETE /v1/status", 405),
        ("POST /v1/status", 405),
        ("GET /v1/../../etc/passwd", 404),
    ] {
        let answer = ask(head(line, ""));
        assert_eq!(status(&answer), wanted, "{line}\n{answer}");
        assert!(answer.contains("application/problem+json"), "{line}\n{answer}");
    }

    // Bodies.
    assert_eq!(status(&post("/v1/records", "{")), 400);
    assert_eq!(status(&post("/v1/records", "{\"records\": 5}")), 422);
    assert_eq!(status(&post("/v1/records", "{\"records\": [\"zz\"]}")), 422);
    let many = format!("{{\"records\":[{}\"\"]}}", "\"\",".repeat(1000));
    assert_eq!(status(&post("/v1/records", &many)), 422);
    let refused = post("/v1/records", "{\"records\": [\"00\", \"\"]}");
    assert_eq!(status(&refused), 200);
    assert_eq!(refused.matches("\"rule\":\"bytes\"").count(), 2, "{refused}");
    assert_eq!(status(&post("/v1/seals", "nonsense")), 422);
    let large =
        ask(head("POST /v1/records", "Content-Type: application/json\r\nContent-Length: 99999999\r\n"));
    assert_eq!(status(&large), 413, "{large}");
    let deep = "[".repeat(100_000);
    assert_eq!(status(&post("/v1/records", &deep)) / 100, 4);

    // Bytes that are no request, and a head without end.
    assert_ne!(status(&exchange(&address, b"\x16\x03\x01\x00\xff\xff\xff\r\n\r\n")), 200);
    let endless = format!("GET /v1/status HTTP/1.1\r\nX: {}", "x".repeat(1 << 20));
    assert_ne!(status(&exchange(&address, endless.as_bytes())), 200);

    let after = place.status();
    assert_eq!(after["refused"]["bytes"], 2);
    assert_eq!((&after["height"], &after["tail"], &after["parked"]), (&0.into(), &0.into(), &0.into()));
    assert_eq!(node.stop(), 0);
}

#[test]
fn clients_that_send_nothing_keep_nobody_out_and_are_let_go() {
    let place = Place::new();
    place.found(&[]);
    let node = place.start();
    let (address, _) = node.api();
    let mut silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    for stream in &mut silent {
        stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: ").unwrap();
    }
    assert_eq!(place.run(&["status"]).code, 0, "others are served meanwhile");
    let mut first = silent.swap_remove(0);
    first.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut rest = Vec::new();
    let _ = first.read_to_end(&mut rest);
    assert_ne!(status(&String::from_utf8_lossy(&rest)), 200, "the node ends what takes too long");
    assert_eq!(node.stop(), 0, "a client that never ends its request does not keep the node from stopping");
}
