//! Many messages, and none lost.

use std::collections::HashSet;

use super::*;

/// Accepts everything, answers nothing, and returns what came once there is enough of it.
async fn accept_all(mut node: Node, enough: usize) -> (Node, HashSet<Vec<u8>>) {
    let mut heard = HashSet::new();
    while heard.len() < enough {
        let (_, _, data, token) = node.message().await;
        node.passed.clear();
        node.handle.verdict(token, Verdict::Accept).unwrap();
        assert!(heard.insert(data), "a message came twice");
    }
    (node, heard)
}

fn message(publisher: usize, number: usize, length: usize) -> Vec<u8> {
    let mut data = vec![u8::try_from(number % 251).unwrap(); length];
    data[..8].copy_from_slice(&(publisher * 100_000 + number).to_be_bytes());
    data
}

/// `publishers` of the nodes publish `each` messages, and every node must hear all but its own.
async fn everybody_hears_everything(nodes: usize, publishers: usize, each: usize, length: usize) {
    let mut community: Vec<Node> = Vec::new();
    for _ in 0..nodes {
        let others: Vec<_> = community.iter().collect();
        let node = Node::joining(&others).await;
        community.push(node);
    }
    for node in &community {
        node.status_until("everybody", |status| status.peers.len() == nodes - 1).await;
    }
    let handles: Vec<_> = community.iter().take(publishers).map(|node| node.handle.clone()).collect();
    let mut listening = Vec::new();
    for (place, node) in community.into_iter().enumerate() {
        let own = if place < publishers { each } else { 0 };
        listening.push((place, tokio::spawn(accept_all(node, publishers * each - own))));
    }
    for number in 0..each {
        for (publisher, handle) in handles.iter().enumerate() {
            handle.publish(Topic::Records, message(publisher, number, length)).unwrap();
        }
    }
    let everything: HashSet<_> = (0..publishers)
        .flat_map(|publisher| (0..each).map(move |number| message(publisher, number, length)))
        .collect();
    let mut kept = Vec::new();
    for (place, listener) in listening {
        let (node, heard) = listener.await.unwrap();
        assert!(heard.is_subset(&everything));
        if place >= publishers {
            assert_eq!(heard, everything);
        }
        assert_eq!(node.handle.status().refusals(Refusal::GossipBusy), 0);
        kept.push(node);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_large_messages_of_three_publishers_all_arrive() {
    everybody_hears_everything(4, 3, 667, 20 << 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seven_nodes_that_all_talk_hear_everything() {
    everybody_hears_everything(7, 7, 150, 600).await;
}
