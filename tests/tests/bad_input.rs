//! What bad input gets: an error that names the rule, a count in the status, and nothing else.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use mutua_node::{
    network::Topic,
    wire::{self, SealNotice},
    witness::{Body as WitnessBody, SignedVote, WitnessMessage},
};
use mutua_protocol::{
    hash::{CommunityId, RecordId, SealId},
    keys::{PublicKey, Purpose, SecretKey, Signature},
    records::{Answer, Ballot, Body, Choice, Received, Score},
    seals::{Certificate, SealHeader, Vote, VoteKind},
};
use mutua_tests::{
    ApiError, Author, Community, Founding, HostilePeer, Status, approval, ballot, eventually, hold_for, loan,
    member, motion,
};

/// A community of one witness and one member's node, with members and two proposals.
struct Scene {
    community: Community,
    members: Vec<Author>,
    loan: RecordId,
    motion: RecordId,
    records: u64,
}

impl Scene {
    fn set(name: &str, first_close: Duration) -> Self {
        let founding = Founding { witnesses: 1, nodes: 2, first_close, ..Founding::default() };
        let mut community = Community::found(name, founding);
        community.start();
        let mut members = community.admit(4);
        let loan = community.propose(5, &mut members[0], &[50_000])[0];
        let question = members[0].say(Body::Propose(motion("Shall we?")));
        community.submit(0, std::slice::from_ref(&question));
        community.wait_sealed(8);
        Self { community, members, loan, motion: question.id, records: 8 }
    }

    fn status(&self, node: usize) -> Status {
        self.community.nodes[node].status()
    }

    /// Bytes that only this node's own user would hand in are refused with this rule, are counted once, and
    /// change nothing on any node.
    #[track_caller]
    fn refused(&self, what: &str, bytes: &[u8], rule: &str) {
        let before = [self.status(0), self.status(1)];
        let receptions = self.community.nodes[1].api().submit([bytes]).expect("the node answers");
        assert_eq!(receptions[0].status(), "refused", "{what}: {receptions:?}");
        assert_eq!(receptions[0].rule(), Some(rule), "{what}: {receptions:?}");
        assert!(!receptions[0].reason().is_empty(), "{what}: the reason is given");
        let mut expected = before.clone();
        *expected[1].refused.entry(rule.to_owned()).or_insert(0) += 1;
        let after = [self.status(0), self.status(1)];
        for (after, expected) in after.iter().zip(&expected) {
            assert_eq!(essence(after), essence(expected), "{what}");
        }
    }

    /// The same for a record that may become valid: it is parked, with this rule.
    #[track_caller]
    fn parked(&self, what: &str, record: &Received, rule: &str) {
        self.parked_for(what, record, rule, 1);
    }

    /// The same, when so many more records are parked afterwards: none where it takes the place of another
    /// one with the same number, which nobody else has seen.
    #[track_caller]
    fn parked_for(&self, what: &str, record: &Received, rule: &str, more: u64) {
        let before = self.status(1);
        let receptions = self.community.nodes[1].api().submit([&*record.bytes]).expect("the node answers");
        assert_eq!(receptions[0].status(), "parked", "{what}: {receptions:?}");
        let after = self.status(1);
        let count = |status: &Status| status.parked_by.get(rule).copied().unwrap_or(0);
        assert_eq!(count(&after), count(&before) + 1, "{what}: {:?}", after.parked_by);
        assert_eq!(after.parked, before.parked + more, "{what}");
        assert_eq!((after.height, after.records, after.tail), (before.height, before.records, 0), "{what}");
    }
}

/// What bad input must not change, and what it must: everything but who is connected.
fn essence(status: &Status) -> Status {
    Status { peers: Vec::new(), ..status.clone() }
}

fn scored(loan: RecordId, score: u8) -> Body {
    ballot(false, &[(loan, score)])
}

#[test]
fn a_bad_record_from_the_own_user_is_refused_with_its_rule() {
    let mut scene = Scene::set("bad-records", Duration::from_secs(86_400));
    let (loan_id, motion_id) = (scene.loan, scene.motion);
    let good = scene.members[1].next(scored(loan_id, 3));
    let signed = scene.members[1].sign(good.clone());

    let mut bytes = signed.bytes.to_vec();
    bytes.push(0);
    scene.refused("a byte too many", &bytes, "bytes");
    bytes.truncate(bytes.len() - 9);
    scene.refused("some bytes too few", &bytes, "bytes");
    scene.refused("no bytes", &[], "bytes");
    scene.refused("rubbish", &[0xa5; 700], "bytes");
    let mut long = good.clone();
    long.body = Body::Withdraw { proposal: loan_id, reason: "x".repeat(20_000) };
    scene.refused("too long", &scene.members[1].sign(long).bytes, "bytes");

    let mut bytes = signed.bytes.to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    scene.refused("another signature", &bytes, "signature");
    let forged = scene.members[2].sign(good.clone());
    scene.refused("signed by another member", &forged.bytes, "signature");

    let mut other = good.clone();
    other.community = CommunityId([7; 32]);
    scene.refused("another community", &scene.members[1].sign(other).bytes, "other-community");
    let mut second = good.clone();
    second.sequence = 2;
    scene.refused("a second record without a first", &scene.members[1].sign(second).bytes, "sequence");

    let say = |what: &str, author: usize, body: Body, rule: &str| {
        let record = scene.members[author].sign(scene.members[author].next(body));
        scene.refused(what, &record.bytes, rule);
    };
    say("a score of 0", 1, scored(loan_id, 0), "body");
    say("a score of 11, where 10 is the most", 1, scored(loan_id, 11), "body");
    let twice = vec![Score { proposal: loan_id, score: 1 }; 2];
    say(
        "a loan twice on one ballot",
        1,
        Body::Ballot(Ballot { round: 1, standing: false, scores: twice, answers: Vec::new() }),
        "body",
    );
    let answer = vec![Answer { proposal: loan_id, choice: Choice::Yes }];
    say(
        "yes to a loan",
        1,
        Body::Ballot(Ballot { round: 1, standing: false, scores: Vec::new(), answers: answer }),
        "other-kind",
    );
    say("a score for a motion", 1, scored(motion_id, 5), "other-kind");
    let newcomer = |key: PublicKey| Body::Admit { key, weight: 1, name: "Friend".to_owned(), group: 0 };
    say("a member admits a friend", 1, newcomer(member(77).public()), "role");
    say("a member attests a loan", 1, approval(loan_id, &loan("x", 1)), "role");
    let withdraw = Body::Withdraw { proposal: loan_id, reason: "I dislike it".to_owned() };
    say("another's proposal withdrawn", 1, withdraw, "not-own");
    let operator = scene.community.operator.clone();
    let record = operator.sign(operator.next(newcomer(PublicKey([0; 32]))));
    scene.refused("a weak key admitted", &record.bytes, "body");
    let record = operator.sign(operator.next(newcomer(member(1).public())));
    scene.refused("a member admitted twice", &record.bytes, "no-effect");

    // Of these, time may make something: they are parked, not refused.
    let stranger = scene.community.author(99);
    let record = stranger.sign(stranger.next(scored(loan_id, 1)));
    scene.parked("a ballot of somebody not admitted", &record, "unknown-author");
    let mut early = scene.members[2].next(scored(loan_id, 1));
    let Body::Ballot(ballot) = &mut early.body else { unreachable!("it is a ballot") };
    ballot.round = 9;
    scene.parked("a ballot for a later round", &scene.members[2].sign(early), "future-round");
    let mut gap = scene.members[3].next(scored(loan_id, 1));
    (gap.sequence, gap.previous) = (5, RecordId([4; 32]));
    scene.parked("out of the chain", &scene.members[3].sign(gap), "predecessor");
    let unknown = scene.members[3].next(scored(RecordId([9; 32]), 1));
    scene.parked("a score for what nobody proposed", &scene.members[3].sign(unknown), "unknown-proposal");
    let record = operator.sign(operator.next(scored(loan_id, 1)));
    scene.parked("a ballot of the operator, who is no member", &record, "not-member");
    let terms = approval(loan_id, &loan("Other terms than proposed", 1));
    let record = operator.sign(operator.next(terms));
    scene.parked_for("an attestation for other terms", &record, "unknown-terms", 0);

    // After all that, an honest ballot is taken and sealed; and then its author cannot take it back.
    let vote = scene.members[1].say(scored(loan_id, 3));
    scene.community.submit(1, &[vote]);
    scene.community.wait_sealed(scene.records + 1);
    let branch = scene.members[1].sign(good);
    scene.refused("a second record with one number", &branch.bytes, "fork");
    assert_eq!(scene.status(1).forks, 0, "what was refused at home is no fork: nobody else has seen it");
}

#[test]
fn a_ballot_after_the_close_is_refused_at_home_and_void_from_elsewhere() {
    let mut scene = Scene::set("late-ballot", Duration::from_secs(20));
    let vote = scene.members[1].say(scored(scene.loan, 3));
    scene.community.submit(1, &[vote]);
    let digest = scene.community.agreed_outcome(1);

    let late = scene.members[2].say(scored(scene.loan, 9));
    scene.refused("a late ballot", &late.bytes, "after-close");
    // The same ballot from a node that does not look at the clock: it is in the log, and counts nowhere.
    let listen = scene.community.nodes[0].listen()[0].clone();
    let peer = HostilePeer::join(scene.community.founded.id, "late", &[listen]);
    peer.gossip(Topic::Records, wire::encode(&vec![late.bytes.to_vec()]));
    eventually("the late ballot is sealed, and void", || {
        let void: Vec<u64> = scene
            .community
            .running()
            .filter_map(|node| node.status().void.get("after-close").copied())
            .collect();
        if void == [1, 1] { Ok(()) } else { Err(format!("{void:?}")) }
    });
    assert_eq!(scene.community.agreed_outcome(1), digest, "the outcome is what it was");
}

/// A stranger joins the network at node 0 and says one thing.
#[track_caller]
fn gossip_is_counted(scene: &Scene, what: &str, topic: Topic, data: Vec<u8>, rule: &str) {
    let before = [scene.status(0), scene.status(1)];
    let count = |status: &Status| status.refused.get(rule).copied().unwrap_or(0);
    let listen = scene.community.nodes[0].listen()[0].clone();
    let peer = HostilePeer::join(scene.community.founded.id, what, &[listen]);
    peer.gossip(topic, data);
    let after = eventually(&format!("{what} is counted"), || {
        let status = scene.status(0);
        if count(&status) > count(&before[0]) { Ok(status) } else { Err(format!("{:?}", status.refused)) }
    });
    let mut expected = before[0].clone();
    *expected.refused.entry(rule.to_owned()).or_insert(0) += 1;
    assert_eq!(essence(&after), essence(&expected), "{what}");
    assert_eq!(essence(&scene.status(1)), essence(&before[1]), "{what} is not passed on");
}

#[test]
fn bad_gossip_is_counted_by_its_rule_and_not_passed_on() {
    let scene = Scene::set("bad-gossip", Duration::from_secs(86_400));
    let founded = &scene.community.founded;
    let author = &scene.members[1];
    let good = author.next(scored(scene.loan, 3));
    let tell = |what: &str, topic: Topic, data: Vec<u8>, rule: &str| {
        gossip_is_counted(&scene, what, topic, data, rule);
    };
    let records = |record: Vec<u8>| wire::encode(&vec![record]);

    tell("rubbish about records", Topic::Records, vec![0xa5; 300], "bytes");
    tell("rubbish about witnesses", Topic::Witness, vec![0xa5; 300], "bytes");
    tell("rubbish about seals", Topic::Seals, vec![0xa5; 300], "bytes");
    let mut bytes = author.sign(good.clone()).bytes.to_vec();
    bytes.push(0);
    tell("a record with a byte too many", Topic::Records, records(bytes), "bytes");
    let forged = scene.members[2].sign(good.clone());
    tell("another's signature", Topic::Records, records(forged.bytes.to_vec()), "signature");
    let mut other = good.clone();
    other.community = CommunityId([7; 32]);
    tell("another community", Topic::Records, records(author.sign(other).bytes.to_vec()), "other-community");
    let mut beyond = good.clone();
    beyond.body = scored(scene.loan, 99);
    tell("a score of 99", Topic::Records, records(author.sign(beyond).bytes.to_vec()), "body");
    let mut friend = good.clone();
    friend.body = Body::Admit { key: member(77).public(), weight: 1, name: "Friend".to_owned(), group: 0 };
    tell("a member admits a friend", Topic::Records, records(author.sign(friend).bytes.to_vec()), "role");
    let many = vec![vec![1u8]; wire::GOSSIP_RECORDS + 1];
    tell("too many records", Topic::Records, wire::encode(&many), "gossip-size");

    let stranger = SecretKey::from_seed(&[66; 32]);
    let height = scene.status(0).height + 1;
    let vote = Vote {
        community: founded.id,
        height,
        round: 0,
        kind: VoteKind::Precommit,
        value: Some(SealId([1; 32])),
    };
    let signature = stranger.sign(Purpose::Vote, &vote.bytes());
    let body = WitnessBody::Vote(SignedVote { vote, witness: stranger.public(), signature });
    tell(
        "a vote of no witness",
        Topic::Witness,
        WitnessMessage { body, copy: 0 }.encode(),
        "witness-message",
    );
    let header = SealHeader {
        community: founded.id,
        height,
        previous: scene.status(0).head.parse().expect("a seal id"),
        time: mutua_tests::now(),
        count: 0,
        root: SealHeader::root_of(&[]),
        closes: None,
    };
    let witness = founded.charter.witnesses[0].key;
    let certificate = Certificate { round: 0, signatures: vec![(witness, Signature([0; 64]))] };
    let notice = SealNotice { header, certificate, ids: Vec::new() };
    tell("a seal that nobody signed", Topic::Seals, wire::encode(&notice), "certificate");
    let mut wrong = notice;
    wrong.header.count = 3;
    tell("a seal with another count", Topic::Seals, wire::encode(&wrong), "seal-notice");
}

#[test]
fn who_goes_on_telling_rubbish_is_shut_out() {
    let scene = Scene::set("shut-out", Duration::from_secs(86_400));
    let listen = scene.community.nodes[0].listen()[0].clone();
    let peer = HostilePeer::join(scene.community.founded.id, "rubbish", &[listen]);
    for n in 0..10u8 {
        peer.gossip(Topic::Records, vec![n; 100]);
    }
    eventually("the node has broken off the connection", || match peer.dropped() {
        0 => Err(format!("{:?}", scene.status(0).refused)),
        _ => Ok(()),
    });
}

#[test]
fn a_fork_is_proved_and_its_author_suspended() {
    let mut scene = Scene::set("fork", Duration::from_secs(86_400));
    let mut author = scene.members[1].clone();
    let mut double = author.clone();
    let one = author.say(scored(scene.loan, 1));
    let other = double.say(scored(scene.loan, 10));
    scene.community.submit(1, &[one]);
    scene.community.wait_sealed(scene.records + 1);
    let listen = scene.community.nodes[0].listen()[0].clone();
    let peer = HostilePeer::join(scene.community.founded.id, "fork", &[listen]);
    peer.gossip(Topic::Records, wire::encode(&vec![other.bytes.to_vec()]));

    // Some node notices, proves it in a record of its own, and that is sealed.
    scene.community.wait_sealed(scene.records + 2);
    for node in &scene.community.nodes {
        let log = mutua_tests::audited(&node.api().archive().expect("it gives its archive"));
        assert!(log.ledger.evidence().contains_key(&(author.key(), 1)), "{}", node.name());
        assert!(log.ledger.suspension(&author.key()).is_some(), "{}", node.name());
    }
    assert_eq!(scene.status(0).forks, 1);
    let later = author.say(scored(scene.loan, 2));
    scene.parked("a ballot of somebody suspended", &later, "suspended");
    let honest = scene.members[2].say(scored(scene.loan, 2));
    scene.community.submit(1, &[honest]);
    scene.community.wait_sealed(scene.records + 3);
}

#[test]
fn the_api_speaks_to_nobody_without_the_token_or_from_elsewhere() {
    let scene = Scene::set("api-guard", Duration::from_secs(86_400));
    let api = scene.community.nodes[0].api().clone();
    let refused = |result: Result<serde_json::Value, ApiError>| match result {
        Err(ApiError::Refused(status, _)) => status,
        other => panic!("it should be refused: {other:?}"),
    };
    let before = scene.status(0);
    assert_eq!(refused(api.with_token("").get("/v1/status")), 401);
    assert_eq!(refused(api.with_token(&"0".repeat(64)).get("/v1/status")), 401);
    assert_eq!(refused(api.get_with("/v1/status", "Host", "evil.example")), 403);
    assert_eq!(refused(api.get_with("/v1/status", "Origin", "https://evil.example")), 403);
    assert_eq!(refused(api.get("/v1/nothing")), 404);
    assert_eq!(refused(api.get("/v1/outcomes/77")), 404);
    assert_eq!(refused(api.post("/v1/status", "application/json", b"{}")), 405);
    let post = |kind: &str, body: &[u8]| refused(api.post("/v1/records", kind, body));
    assert!([400, 422].contains(&post("application/json", b"{\"records\":")));
    assert!([400, 422].contains(&post("application/json", b"{\"records\":[\"zz\"]}")));
    assert!([400, 422].contains(&post("application/json", b"{\"records\":[],\"more\":1}")));
    assert_eq!(post("text/plain", b"{\"records\":[]}"), 415);
    let many = format!("{{\"records\":[{}]}}", vec!["\"00\""; 1001].join(","));
    assert!([400, 413, 422].contains(&post("application/json", many.as_bytes())));
    let huge = vec![b' '; 9 << 20];
    // A server that has heard enough may also hang up.
    match api.post("/v1/records", "application/json", &huge) {
        Err(ApiError::Refused(413, _) | ApiError::Unreachable(_)) => {}
        other => panic!("nine megabytes should be too many: {other:?}"),
    }
    assert!([400, 409, 422].contains(&refused(api.post("/v1/seals", "application/octet-stream", &[7; 99]))));
    assert_eq!(essence(&scene.status(0)), essence(&before), "none of this has changed anything");
}

#[test]
fn rubbish_on_the_peer_to_peer_port_harms_nobody() {
    let mut scene = Scene::set("port-rubbish", Duration::from_secs(86_400));
    let address = &scene.community.addresses[0];
    let port: u16 = address.rsplit('/').next().and_then(|port| port.parse().ok()).expect("a port");
    let connect = || TcpStream::connect(("127.0.0.1", port));
    // Some say nothing and stay, some talk rubbish, some begin like a peer and then do not go on.
    let silent: Vec<_> = (0..50).map(|_| connect()).collect();
    for n in 0..50u8 {
        let Ok(mut stream) = connect() else { continue };
        let rubbish: Vec<u8> = match n % 3 {
            0 => vec![n; 100_000],
            1 => b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            _ => b"\x13/multistream/1.0.0\n\x07/noise\n\xff\xff\xff\xff".to_vec(),
        };
        // The node may hang up in the middle.
        let _ = stream.write_all(&rubbish);
        let _ = stream.set_read_timeout(Some(Duration::from_millis(5)));
        let _ = stream.read(&mut [0; 64]);
    }
    let vote = scene.members[1].say(scored(scene.loan, 3));
    scene.community.submit(1, &[vote]);
    scene.community.wait_sealed(scene.records + 1);
    drop(silent);
    hold_for("the node goes on", Duration::from_secs(2), || {
        let ended = scene.community.nodes[0].ended();
        if ended.is_none() { Ok(()) } else { Err(format!("{ended:?}")) }
    });
    assert_eq!(scene.status(0).peers.len(), 1, "only the other node is a peer");
}

/// Somebody who is not admitted yet votes, and votes again, on their own node. Both ballots wait there, with one
/// number. Nobody else has seen either, so it is a change of mind and no proof of misbehaviour.
#[test]
fn two_records_that_wait_at_home_are_no_proof_against_their_author() {
    let mut scene = Scene::set("parked-twice", Duration::from_secs(86_400));
    let newcomer = scene.community.author(50);
    for score in [3, 4] {
        let vote = newcomer.sign(newcomer.next(scored(scene.loan, score)));
        let receptions = scene.community.nodes[0].api().submit([&*vote.bytes]).expect("the node answers");
        assert!(["parked", "refused"].contains(&receptions[0].status()), "{receptions:?}");
    }
    let key = newcomer.key();
    let admission =
        scene.community.operator.say(Body::Admit { key, weight: 1, name: "Newcomer".to_owned(), group: 0 });
    scene.community.submit(0, &[admission]);
    eventually("the newcomer is admitted", || match scene.status(1).members {
        5 => Ok(()),
        members => Err(format!("{members} members")),
    });
    hold_for("the newcomer is not accused", Duration::from_secs(6), || {
        let log = mutua_tests::audited(&scene.community.nodes[0].api().archive().expect("its archive"));
        match log.ledger.suspension(&key) {
            None => Ok(()),
            Some(reason) => Err(format!("suspended: {reason}")),
        }
    });
    assert_eq!(scene.status(0).forks, 0);
}
