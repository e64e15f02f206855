//! Messages reach everybody once, and verdicts decide.

use super::*;

/// A line of three: the outer two listen nowhere, so that nobody can bring them together.
async fn line() -> [Node; 3] {
    let mut middle = Node::start(config(&[])).await;
    let mut ends = Vec::new();
    for _ in 0..2 {
        let mut silent = config(&[middle.address()]);
        silent.listen = Vec::new();
        let mut end = Node::start(silent).await;
        end.connected_to(middle.id()).await;
        middle.connected_to(end.id()).await;
        ends.push(end);
    }
    let last = ends.pop().unwrap();
    let first = ends.pop().unwrap();
    [first, middle, last]
}

#[tokio::test]
async fn an_accepted_message_reaches_everybody_once() {
    let [mut a, mut b, mut c] = line().await;
    for topic in Topic::ALL {
        let data = topic.name(&COMMUNITY).into_bytes();
        a.handle.publish(topic, data.clone()).unwrap();
        let [from, through] = [a.id(), b.id()];
        for (node, source) in [(&mut b, from), (&mut c, through)] {
            let (of, brought_by, received, token) = node.message().await;
            assert_eq!((of, brought_by, &received), (topic, source, &data));
            node.handle.verdict(token, Verdict::Accept).unwrap();
        }
    }
    // Not twice, and not back to where it came from: something said later arrives first.
    c.handle.publish(Topic::Records, b"later".to_vec()).unwrap();
    b.judge(b"later", Verdict::Accept).await;
    a.judge(b"later", Verdict::Accept).await;
    for node in [&mut a, &mut b, &mut c] {
        node.has_nothing_like(is_gossip);
    }
    assert_eq!(a.handle.status().peers.len(), 1, "it was a line");
    b.status_until("four accepted", |status| status.traffic["accepted"] == 4).await;
}

#[tokio::test]
async fn only_what_is_accepted_goes_further() {
    let [a, mut b, mut c] = line().await;
    for (content, verdict) in [
        (b"ignored".as_slice(), Verdict::Ignore),
        (b"rejected", Verdict::Reject),
        (b"accepted", Verdict::Accept),
    ] {
        a.handle.publish(Topic::Records, content.to_vec()).unwrap();
        b.judge(content, verdict).await;
    }
    c.judge(b"accepted", Verdict::Accept).await;
    c.has_nothing_like(is_gossip);
}

#[tokio::test]
async fn a_message_waits_for_its_verdict() {
    let [a, mut b, mut c] = line().await;
    a.handle.publish(Topic::Records, b"first".to_vec()).unwrap();
    let (_, _, _, first) = b.message().await;
    a.handle.publish(Topic::Records, b"second".to_vec()).unwrap();
    b.judge(b"second", Verdict::Accept).await;
    c.judge(b"second", Verdict::Accept).await;
    c.has_nothing_like(is_gossip);
    b.handle.verdict(first, Verdict::Accept).unwrap();
    c.judge(b"first", Verdict::Accept).await;
}

#[tokio::test]
async fn a_rejected_message_stops_and_costs_its_sender() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    let sender = a.id();
    a.handle.publish(Topic::Records, b"lie".to_vec()).unwrap();
    b.judge(b"lie", Verdict::Reject).await;
    let status = b
        .status_until("a lower score", |status| {
            status.peers.iter().any(|peer| peer.peer == sender && peer.score < 0.0)
        })
        .await;
    assert_eq!(status.refusals(Refusal::GossipRejected), 1);
    // After one lie it is still heard; after three it is banned.
    for lie in [b"lie two".as_slice(), b"lie three"] {
        a.handle.publish(Topic::Records, lie.to_vec()).unwrap();
        b.judge(lie, Verdict::Reject).await;
    }
    b.parted_from(sender).await;
    assert_eq!(b.handle.status().refusals(Refusal::ScoreBan), 1);
    a.parted_from(b.id()).await;
    b.status_until("refused redials", |status| status.refusals(Refusal::ConnectionBanned) > 0).await;
}

#[tokio::test]
async fn an_ignored_message_stops_and_costs_nothing() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    let sender = a.id();
    for number in 0..10_u8 {
        a.handle.publish(Topic::Witness, vec![number]).unwrap();
        b.judge(&[number], Verdict::Ignore).await;
    }
    let status = b.status_until("ten ignored", |status| status.refusals(Refusal::GossipIgnored) == 10).await;
    assert!(status.peers.iter().all(|peer| peer.peer != sender || peer.score >= 0.0));
}

#[tokio::test]
async fn what_is_published_before_anybody_is_there_is_said_when_they_come() {
    let a = Node::start(config(&[])).await;
    for number in 0..20_u8 {
        a.handle.publish(Topic::Records, vec![number]).unwrap();
    }
    a.status_until("all of it waiting", |status| status.publish_queue == 20).await;
    let mut b = Node::joining(&[&a]).await;
    for number in 0..20_u8 {
        b.judge(&[number], Verdict::Accept).await;
    }
}

#[tokio::test]
async fn the_largest_message_arrives_and_a_larger_one_is_refused() {
    let a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    let limit = limits::MESSAGE_BYTES;
    assert_eq!(
        a.handle.publish(Topic::Seals, vec![0; limit + 1]),
        Err(SendError::TooLarge { length: limit + 1, limit })
    );
    a.handle.publish(Topic::Seals, vec![7; limit]).unwrap();
    b.judge(&vec![7; limit], Verdict::Accept).await;
}

#[tokio::test]
async fn the_same_content_is_one_message() {
    let a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    for content in [b"same".as_slice(), b"same", b"other"] {
        a.handle.publish(Topic::Records, content.to_vec()).unwrap();
    }
    b.judge(b"same", Verdict::Accept).await;
    b.judge(b"other", Verdict::Accept).await;
    a.status_until("a duplicate", |status| status.refusals(Refusal::PublishDuplicate) == 1).await;
}
