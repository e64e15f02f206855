//! Questions and answers between two nodes.

use super::hostile::{Frame, Stranger};
use super::*;

async fn pair() -> (Node, Node) {
    let mut a = Node::start(config(&[])).await;
    let b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    (a, b)
}

#[tokio::test]
async fn a_request_is_answered_with_a_page() {
    let (mut a, mut b) = pair().await;
    for (asked, answered) in [(0, 0), (100, 3 << 20), (limits::REQUEST_BYTES, limits::RESPONSE_BYTES)] {
        let request = b.handle.request(a.id(), vec![1; asked]).unwrap();
        let (peer, data, token) = a.asked().await;
        assert_eq!((peer, data.len()), (b.id(), asked));
        a.handle.respond(token, vec![2; answered]).unwrap();
        assert_eq!(b.answer(request).await.unwrap(), vec![2; answered]);
    }
}

#[tokio::test]
async fn both_sides_ask_at_once() {
    let (mut a, mut b) = pair().await;
    let from_a = a.handle.request(b.id(), b"to b".to_vec()).unwrap();
    let from_b = b.handle.request(a.id(), b"to a".to_vec()).unwrap();
    for node in [&mut a, &mut b] {
        let (_, data, token) = node.asked().await;
        node.handle.respond(token, data).unwrap();
    }
    assert_eq!(a.answer(from_a).await.unwrap(), b"to b");
    assert_eq!(b.answer(from_b).await.unwrap(), b"to a");
}

#[tokio::test]
async fn a_request_without_an_answer_says_why() {
    let (mut a, mut b) = pair().await;
    // Declined.
    let request = b.handle.request(a.id(), vec![1]).unwrap();
    let (_, _, token) = a.asked().await;
    a.handle.decline(token).unwrap();
    assert_eq!(b.answer(request).await, Err(RequestError::Busy));
    // Forgotten.
    let request = b.handle.request(a.id(), vec![2]).unwrap();
    drop(a.asked().await);
    assert!(matches!(b.answer(request).await, Err(RequestError::Broken(_))));
    // Answered with more than fits.
    let request = b.handle.request(a.id(), vec![3]).unwrap();
    let (_, _, token) = a.asked().await;
    let error = a.handle.respond(token, vec![0; limits::RESPONSE_BYTES + 1]).unwrap_err();
    assert!(matches!(error, SendError::TooLarge { .. }));
    assert_eq!(b.answer(request).await, Err(RequestError::Busy));
    // To somebody who is not there.
    let request = b.handle.request(PeerId::random(), vec![4]).unwrap();
    assert_eq!(b.answer(request).await, Err(RequestError::NotConnected));
    // To somebody who leaves.
    let request = b.handle.request(a.id(), vec![5]).unwrap();
    let (_, _, token) = a.asked().await;
    a.stop().await;
    assert_eq!(b.answer(request).await, Err(RequestError::ConnectionLost));
    assert!(!token.is_wanted());
}

#[tokio::test]
async fn a_peer_that_never_answers_holds_up_nobody_else() {
    let mut silent = Node::start(config(&[])).await;
    let mut helpful = Node::start(config(&[])).await;
    let mut impatient = config(&[silent.address(), helpful.address()]);
    impatient.request_timeout = Duration::from_secs(3);
    let mut asker = Node::start(impatient).await;
    asker.connected_to(silent.id()).await;
    asker.connected_to(helpful.id()).await;

    let ask = |peer, number| asker.handle.request(peer, vec![number]).unwrap();
    let unanswered: Vec<_> = (0..4).map(|number| ask(silent.id(), number)).collect();
    let one_more = ask(silent.id(), 9);
    assert_eq!(asker.answer(one_more).await, Err(RequestError::TooMany));
    let mut kept = Vec::new();
    for _ in &unanswered {
        kept.push(silent.asked().await);
    }
    for number in 0..20 {
        let request = asker.handle.request(helpful.id(), vec![number]).unwrap();
        let (_, data, token) = helpful.asked().await;
        helpful.handle.respond(token, data).unwrap();
        assert_eq!(asker.answer(request).await, Ok(vec![number]));
    }
    for request in unanswered {
        assert_eq!(asker.answer(request).await, Err(RequestError::Timeout));
    }
    // Late answers hurt nobody, and the places are free again.
    for (_, _, token) in kept {
        silent.handle.respond(token, vec![0]).unwrap();
    }
    let request = asker.handle.request(silent.id(), b"again".to_vec()).unwrap();
    let (_, data, token) = silent.asked().await;
    silent.handle.respond(token, data).unwrap();
    assert_eq!(asker.answer(request).await, Ok(b"again".to_vec()));
    assert_eq!(asker.handle.status().refusals(Refusal::RequestTimeout), 4);
}

#[tokio::test]
async fn a_request_that_is_none_reaches_nobody() {
    let mut node = Node::start(config(&[])).await;
    let mut stranger = Stranger::start().await;
    stranger.dial(&node).await;
    let over = u32::try_from(limits::REQUEST_BYTES + 1).unwrap();
    let broken = [
        Frame { kind: 0, length: over, body: vec![0; 100] },
        Frame { kind: 0, length: u32::MAX, body: Vec::new() },
        Frame { kind: 77, length: 1, body: vec![0] },
        // Broken off.
        Frame { kind: 0, length: 1000, body: vec![0; 999] },
    ];
    for frame in broken {
        stranger.ask(node.id(), frame);
        stranger.failed().await;
    }
    node.status_until("four broken requests", |status| status.refusals(Refusal::RequestBroken) == 4).await;
    node.has_nothing_like(|event| matches!(event, NetworkEvent::Request { .. }));
    // The connection has survived, and a proper request is heard.
    stranger.ask(node.id(), Frame { kind: 0, length: 2, body: vec![8, 9] });
    let (peer, data, token) = stranger.during(node.asked()).await;
    assert_eq!((peer, data), (stranger.id(), vec![8, 9]));
    node.handle.respond(token, vec![1, 2, 3]).unwrap();
    assert_eq!(stranger.answered().await, Frame { kind: 0, length: 3, body: vec![1, 2, 3] });
}

#[tokio::test]
async fn a_response_that_is_none_is_an_error() {
    let mut stranger = Stranger::start().await;
    let mut node = Node::start(config(&[stranger.address().await])).await;
    stranger.drive_until_connected().await;
    node.connected_to(stranger.id()).await;
    let over = u32::try_from(limits::RESPONSE_BYTES + 1).unwrap();
    let broken = [
        Frame { kind: 0, length: over, body: vec![0; 100] },
        Frame { kind: 0, length: 10, body: vec![0; 9] },
        Frame { kind: 1, length: 1, body: vec![0] },
        Frame { kind: 2, length: 1, body: vec![0] },
        Frame { kind: 200, length: 0, body: Vec::new() },
    ];
    for frame in broken {
        let request = node.handle.request(stranger.id(), vec![1]).unwrap();
        let serving = stranger.serve(frame.clone());
        let answer = tokio::select! {
            answer = node.answer(request) => answer,
            () = serving => unreachable!(),
        };
        assert!(matches!(answer, Err(RequestError::Broken(_))), "{frame:?}: {answer:?}");
    }
}

#[tokio::test]
async fn more_questions_than_a_peer_may_ask_are_declined() {
    let mut node = Node::start(config(&[])).await;
    let mut stranger = Stranger::start().await;
    stranger.dial(&node).await;
    let allowed = limits::REQUESTS_IN_PER_PEER;
    for number in 0..allowed + 3 {
        let number = u8::try_from(number).unwrap();
        stranger.ask(node.id(), Frame { kind: 0, length: 1, body: vec![number] });
    }
    for _ in 0..3 {
        assert_eq!(stranger.answered().await, Frame { kind: 1, length: 0, body: Vec::new() });
    }
    for _ in 0..allowed {
        let (_, data, token) = node.asked().await;
        node.handle.respond(token, data).unwrap();
        assert_eq!(stranger.answered().await.kind, 0);
    }
    assert_eq!(node.handle.status().refusals(Refusal::RequestBusy), 3);
    // Answered ones make place for others.
    stranger.ask(node.id(), Frame { kind: 0, length: 1, body: vec![99] });
    assert_eq!(stranger.during(node.asked()).await.1, vec![99]);
}
