//! Nodes find one another, lose one another, and find one another again.

use super::hostile::Stranger;
use super::*;

#[tokio::test]
async fn a_node_that_was_down_is_found_again() {
    let config = fixed_config(&[]);
    let a = Node::start(config.clone()).await;
    let mut b = Node::joining(&[&a]).await;
    let a_id = a.id();
    a.stop().await;
    b.parted_from(a_id).await;
    // b dials while nobody is there.
    b.status_until("failed dials", |status| status.traffic["dials-failed"] >= 2).await;
    let up = Instant::now();
    let mut a = Node::start(config).await;
    assert_eq!(a.id(), a_id);
    b.connected_to(a_id).await;
    a.connected_to(b.id()).await;
    assert!(up.elapsed() < Duration::from_secs(10), "it took {:?}", up.elapsed());
    b.handle.publish(Topic::Records, b"back".to_vec()).unwrap();
    a.judge(b"back", Verdict::Accept).await;
}

#[tokio::test]
async fn a_node_that_is_restarted_finds_its_peers() {
    let mut a = Node::start(config(&[])).await;
    let config = fixed_config(&[a.address()]);
    let mut b = Node::start(config.clone()).await;
    b.connected_to(a.id()).await;
    a.connected_to(b.id()).await;
    let b_id = b.id();
    b.stop().await;
    a.parted_from(b_id).await;
    let mut b = Node::start(config).await;
    b.connected_to(a.id()).await;
    a.connected_to(b_id).await;
    a.handle.publish(Topic::Witness, b"hello again".to_vec()).unwrap();
    b.judge(b"hello again", Verdict::Accept).await;
}

#[tokio::test]
async fn members_find_one_another_and_stay_together_without_the_one_that_brought_them_together() {
    let hub = Node::start(config(&[])).await;
    let mut members = Vec::new();
    for _ in 0..4 {
        members.push(Node::joining(&[&hub]).await);
    }
    let ids: Vec<_> = members.iter().map(Node::id).collect();
    for member in &mut members {
        for other in &ids {
            if *other != member.id() {
                member.connected_to(*other).await;
            }
        }
    }
    let hub_id = hub.id();
    hub.stop().await;
    for member in &mut members {
        member.parted_from(hub_id).await;
    }
    members[0].handle.publish(Topic::Records, b"without the hub".to_vec()).unwrap();
    for member in &mut members[1..] {
        member.judge(b"without the hub", Verdict::Accept).await;
    }
    // Two that lose one another come together again.
    members[1].handle.disconnect(ids[2]).unwrap();
    members[1].parted_from(ids[2]).await;
    members[1].connected_to(ids[2]).await;
}

#[tokio::test]
async fn a_list_of_addresses_shared_by_all_may_hold_ones_own() {
    let mut shared = fixed_config(&[]);
    let own = shared.listen[0].clone();
    shared.bootstrap = vec![own.clone()];
    let mut a = Node::start(shared).await;
    let mut b = Node::start(config(&[own])).await;
    b.connected_to(a.id()).await;
    a.connected_to(b.id()).await;
    assert_eq!(a.handle.status().peers.len(), 1);
    assert_eq!(a.handle.status().refusals(Refusal::ConnectionLimit), 0);
}

#[tokio::test]
async fn nodes_of_different_communities_tell_one_another_nothing() {
    let mut ours = Node::start(config(&[])).await;
    let mut other = config(&[ours.address()]);
    other.community = ELSEWHERE;
    let mut theirs = Node::start(other).await;
    // Whichever looks first hangs up.
    let deadline = Instant::now() + DEADLINE;
    let met = |node: &Node| node.handle.status().refusals(Refusal::OtherCommunity) > 0;
    while !met(&ours) && !met(&theirs) {
        assert!(Instant::now() < deadline, "they never met");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for topic in Topic::ALL {
        ours.handle.publish(topic, b"ours".to_vec()).unwrap();
        theirs.handle.publish(topic, b"theirs".to_vec()).unwrap();
    }
    let request = theirs.handle.request(ours.id(), b"tell me".to_vec()).unwrap();
    assert_eq!(theirs.answer(request).await, Err(RequestError::NotConnected));
    // A friend that comes later is heard, the stranger never was.
    let friend = Node::joining(&[&ours]).await;
    friend.handle.publish(Topic::Seals, b"friend".to_vec()).unwrap();
    ours.judge(b"friend", Verdict::Accept).await;
    let anything =
        |event: &NetworkEvent| matches!(event, NetworkEvent::Gossip { .. } | NetworkEvent::Request { .. });
    ours.has_nothing_like(anything);
    theirs.has_nothing_like(|event| anything(event) || matches!(event, NetworkEvent::Connected { .. }));
}

#[tokio::test]
async fn a_node_remembers_its_peers_without_a_bootstrap_address() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    let status = b.status_until("something to remember", |status| !status.remember.is_empty()).await;
    let b_id = b.id();
    b.stop().await;
    a.parted_from(b_id).await;
    let mut forgetful = config(&[]);
    forgetful.remembered = status.remember;
    b = Node::start(forgetful).await;
    b.connected_to(a.id()).await;
    a.connected_to(b.id()).await;
}

#[tokio::test]
async fn nodes_meet_over_quic() {
    let mut quic = config(&[]);
    quic.listen = vec!["/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap()];
    let mut a = Node::start(quic).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    a.handle.publish(Topic::Records, vec![5; limits::MESSAGE_BYTES]).unwrap();
    b.judge(&vec![5; limits::MESSAGE_BYTES], Verdict::Accept).await;
    let request = b.handle.request(a.id(), vec![6; limits::REQUEST_BYTES]).unwrap();
    let (_, _, token) = a.asked().await;
    a.handle.respond(token, vec![7; limits::RESPONSE_BYTES]).unwrap();
    assert_eq!(b.answer(request).await.unwrap(), vec![7; limits::RESPONSE_BYTES]);
}

#[tokio::test]
async fn a_banned_peer_stays_out_until_the_ban_ends() {
    let mut a = Node::start(config(&[])).await;
    let mut b = Node::joining(&[&a]).await;
    a.connected_to(b.id()).await;
    a.handle.ban(b.id(), Duration::from_secs(3)).unwrap();
    a.parted_from(b.id()).await;
    b.parted_from(a.id()).await;
    a.status_until("a refused redial", |status| status.refusals(Refusal::ConnectionBanned) > 0).await;
    a.connected_to(b.id()).await;
}

#[tokio::test]
async fn the_status_tells_of_peers() {
    let mut a = Node::start(config(&[])).await;
    let mut named = config(&[a.address()]);
    named.agent = "mutua/9.9 (\u{7}test)".to_owned();
    let mut b = Node::start(named).await;
    b.connected_to(a.id()).await;
    a.connected_to(b.id()).await;
    let status = a.status_until("a ping", |status| status.peers.iter().any(|peer| peer.ping.is_some())).await;
    let [peer] = status.peers.as_slice() else { panic!("{status:#?}") };
    assert_eq!(peer.peer, b.id());
    assert_eq!(peer.agent, "mutua/9.9 (test)");
    assert!(!peer.outbound);
    assert!(!peer.addresses.is_empty());
    assert!(b.handle.status().peers[0].outbound);
}

#[tokio::test]
async fn a_peer_is_connected_before_it_says_anything() {
    let mut a = Node::start(config(&[])).await;
    let mut stranger = Stranger::start().await;
    stranger.dial(&a).await;
    stranger.ask(a.id(), super::hostile::Frame { kind: 0, length: 1, body: vec![1] });
    let first = loop {
        let event = tokio::select! {
            event = a.events.recv() => event.unwrap(),
            _ = stranger.answered() => unreachable!(),
        };
        if !matches!(event, NetworkEvent::Listening(_)) {
            break event;
        }
    };
    assert!(matches!(first, NetworkEvent::Connected { peer, outbound: false, .. } if peer == stranger.id()));
}

/// Not run by itself, since not every machine that builds has a network with multicast: `--ignored` runs it.
#[tokio::test]
#[ignore = "needs a network interface with multicast"]
async fn nodes_on_one_local_network_see_one_another() {
    let local = || {
        let mut config = config(&[]);
        config.listen = vec!["/ip4/0.0.0.0/tcp/0".parse().unwrap()];
        config.mdns = true;
        config
    };
    let mut a = Node::start(local()).await;
    let mut b = Node::start(local()).await;
    a.connected_to(b.id()).await;
    b.connected_to(a.id()).await;
}
