//! One engine, spoken to directly: what it refuses, what it never signs, what it has room for.

use mutua_node::witness::{
    Body, Engine, Equivocation, Fault, Ignored, Input, NotAWitness, Output, Passage, PolkaCertificate,
    ProposalStatement, ProposedSeal, RoundCertificate, RoundVote, SignedProposal, SignedVote, Step,
    TimeoutId, WitnessMessage, proposer,
};
use mutua_protocol::{
    hash::{CommunityId, RecordId, Root, SealId},
    keys::{PublicKey, Purpose, SecretKey},
    limits,
    seals::{Vote, VoteKind, Witness, WitnessSet},
};

use crate::sim::{COMMUNITY, Rng, TIMING, assert_proved, propose};

/// Four witnesses, sorted by key.
struct Four {
    keys: Vec<SecretKey>,
    set: WitnessSet,
}

impl Four {
    fn new() -> Self {
        let mut keys: Vec<SecretKey> = (1..=4).map(|n| SecretKey::from_seed(&[n; 32])).collect();
        keys.sort_by_key(SecretKey::public);
        let witness = |key: &SecretKey| Witness { key: key.public(), power: 1, name: String::new() };
        let set = WitnessSet::new(keys.iter().map(witness).collect());
        Self { keys, set }
    }

    fn key(&self, key: PublicKey) -> &SecretKey {
        self.keys.iter().find(|own| own.public() == key).unwrap()
    }

    fn engine(&self, at: usize) -> Engine {
        Engine::new(COMMUNITY, self.set.clone(), self.keys[at].clone(), TIMING, 0).unwrap()
    }

    /// An engine at height 1, round 0 that is not the proposer, and who is.
    fn listener(&self) -> (Engine, usize, usize) {
        let turn = proposer(&self.set, 1, 0).unwrap().key;
        let turn = self.keys.iter().position(|key| key.public() == turn).unwrap();
        let me = (turn + 1) % 4;
        let mut engine = self.engine(me);
        let outputs = engine.start_height(1, Vec::new());
        assert!(outputs.iter().all(|output| !matches!(output, Output::NeedValue { .. })));
        (engine, me, turn)
    }

    fn vote(&self, at: usize, height: u64, round: u32, kind: VoteKind, value: Option<SealId>) -> SignedVote {
        let vote = Vote { community: COMMUNITY, height, round, kind, value };
        let signature = self.keys[at].sign(Purpose::Vote, &vote.bytes());
        SignedVote { vote, witness: self.keys[at].public(), signature }
    }

    fn proposal(&self, round: u32, pol_round: Option<u32>, seal: ProposedSeal) -> SignedProposal {
        let height = seal.header.height;
        let turn = proposer(&self.set, height, round).unwrap().key;
        let value = seal.header.id();
        let statement = ProposalStatement { community: COMMUNITY, height, round, pol_round, value };
        let signature = self.key(turn).sign(Purpose::Proposal, &statement.bytes());
        SignedProposal { height, round, pol_round, seal, proposer: turn, signature }
    }
}

fn seal(height: u64, count: u8) -> ProposedSeal {
    propose(height, SealId([0; 32]), 1, (0..count).map(|n| RecordId([n; 32])).collect())
}

fn hear(engine: &mut Engine, body: Body) -> Vec<Output> {
    engine.handle(Input::Message(WitnessMessage { body, copy: 0 }))
}

fn fault(outputs: &[Output]) -> Option<&Fault> {
    outputs.iter().find_map(|output| match output {
        Output::Misbehaved(fault) => Some(fault),
        _ => None,
    })
}

fn logged(outputs: &[Output]) -> Vec<Vec<u8>> {
    let entry = |output: &Output| match output {
        Output::Log(bytes) => Some(bytes.clone()),
        _ => None,
    };
    outputs.iter().filter_map(entry).collect()
}

/// The vote that an engine published.
fn voted(outputs: &[Output]) -> Option<&Vote> {
    outputs.iter().find_map(|output| match output {
        Output::Publish(WitnessMessage { body: Body::Vote(vote), .. }) => Some(&vote.vote),
        _ => None,
    })
}

#[test]
fn only_witnesses_have_an_engine() {
    let four = Four::new();
    let stranger = SecretKey::from_seed(&[99; 32]);
    let engine = Engine::new(COMMUNITY, four.set, stranger.clone(), TIMING, 0);
    assert_eq!(engine.err(), Some(NotAWitness(stranger.public())));
}

#[test]
fn the_turn_goes_round_by_height_and_round() {
    let four = Four::new();
    let turn = |height, round| proposer(&four.set, height, round).unwrap().key;
    assert_eq!(turn(4, 0), four.keys[0].public());
    assert_eq!(turn(1, 0), four.keys[1].public());
    assert_eq!(turn(1, 2), four.keys[3].public());
    assert_eq!(turn(2, 1), four.keys[3].public());
    assert_eq!(turn(u64::MAX, u32::MAX), four.keys[2].public());
}

#[test]
fn each_fault_of_a_proposal_is_named() {
    let four = Four::new();
    let (mut engine, _, turn) = four.listener();
    let good = four.proposal(0, None, seal(1, 3));
    let with = |change: &dyn Fn(&mut ProposedSeal)| {
        let mut seal = seal(1, 3);
        change(&mut seal);
        let height = seal.header.height;
        seal.header.height = 1;
        let mut proposal = four.proposal(0, None, seal);
        if height != 1 {
            proposal.seal.header.height = height;
            let bytes = proposal.statement(COMMUNITY).bytes();
            proposal.signature = four.keys[turn].sign(Purpose::Proposal, &bytes);
        }
        proposal
    };
    let too_many = (0..=limits::SEAL_RECORDS).map(|_| RecordId([1; 32])).collect::<Vec<_>>();
    let mut broken = good.clone();
    broken.signature.0[9] ^= 1;
    let mut not_its_turn = good.clone();
    not_its_turn.round = 1;
    let mut late_polka = four.proposal(4, Some(4), seal(1, 3));
    late_polka.pol_round = Some(4);
    let cases: Vec<(SignedProposal, Fault)> = vec![
        (broken, Fault::Signature(good.proposer)),
        (not_its_turn, Fault::Turn { height: 1, round: 1 }),
        (late_polka, Fault::PolRound),
        (with(&|seal| seal.header.community = CommunityId([1; 32])), Fault::Community),
        (with(&|seal| seal.header.height = 2), Fault::Height { said: 1, header: 2 }),
        (with(&|seal| seal.header.count = 4), Fault::Count { said: 4, ids: 3 }),
        (with(&|seal| seal.header.root = Root([0; 32])), Fault::Root),
        (with(&|seal| seal.ids.swap(0, 1)), Fault::Root),
        (
            with(&|seal| seal.ids = too_many.clone()),
            Fault::TooMany { what: "record ids", limit: limits::SEAL_RECORDS },
        ),
    ];
    for (proposal, expected) in cases {
        let outputs = hear(&mut engine, Body::Proposal(proposal.clone()));
        assert_eq!(outputs, [Output::Misbehaved(expected.clone())]);
        let message = WitnessMessage { body: Body::Proposal(proposal), copy: 0 };
        assert_eq!(message.check(COMMUNITY, &four.set), Err(expected));
    }
    // None of them stands in the way of the good one.
    let outputs = hear(&mut engine, Body::Proposal(good));
    assert!(matches!(outputs.last(), Some(Output::Judge { quorum: None, round: 0, .. })));
}

#[test]
fn each_fault_of_a_vote_or_certificate_is_named() {
    let four = Four::new();
    let (mut engine, ..) = four.listener();
    let value = SealId([5; 32]);
    let prevote = |at| four.vote(at, 1, 0, VoteKind::Prevote, Some(value));
    let signatures = |at: &[usize]| {
        at.iter().map(|at| (four.keys[*at].public(), prevote(*at).signature)).collect::<Vec<_>>()
    };
    let polka = |signatures| Body::Polka(PolkaCertificate { height: 1, round: 0, value, signatures });
    let round_vote = |at: usize| RoundVote {
        kind: VoteKind::Prevote,
        value: Some(value),
        witness: four.keys[at].public(),
        signature: prevote(at).signature,
    };
    let round = |passage, at: &[usize]| {
        let votes = at.iter().map(|at| round_vote(*at)).collect();
        Body::Round(RoundCertificate { height: 1, round: 0, passage, votes })
    };
    let stranger = SecretKey::from_seed(&[99; 32]);
    let mut strange = prevote(0);
    strange.signature = stranger.sign(Purpose::Vote, &strange.vote.bytes());
    let in_own_name = SignedVote { witness: stranger.public(), ..strange.clone() };
    let mut elsewhere = prevote(0);
    elsewhere.vote.community = CommunityId([1; 32]);
    let mut swapped = signatures(&[0, 1, 2]);
    (swapped[0].1, swapped[1].1) = (swapped[1].1, swapped[0].1);
    let key = |at: usize| four.keys[at].public();
    let cases = vec![
        (Body::Vote(strange), Fault::Signature(key(0))),
        (Body::Vote(in_own_name), Fault::NotAWitness(stranger.public())),
        (Body::Vote(elsewhere), Fault::Community),
        (Body::Vote(four.vote(0, 1, u32::MAX, VoteKind::Prevote, None)), Fault::Round(u32::MAX)),
        (polka(signatures(&[0, 1])), Fault::Power { have: 2, total: 4 }),
        (polka(signatures(&[0, 1, 1])), Fault::Twice(key(1))),
        (polka(swapped), Fault::Signature(key(0))),
        (polka(vec![]), Fault::Power { have: 0, total: 4 }),
        (polka(signatures(&[0; 65])), Fault::TooMany { what: "signatures", limit: limits::WITNESSES }),
        (round(Passage::Joined, &[2]), Fault::Power { have: 1, total: 4 }),
        (round(Passage::Joined, &[2, 2]), Fault::Twice(key(2))),
        (round(Passage::Ended, &[0, 1, 2]), Fault::Kind(key(0))),
    ];
    for (body, expected) in cases {
        assert_eq!(fault(&hear(&mut engine, body.clone())), Some(&expected), "{body:?}");
        assert_eq!(WitnessMessage { body, copy: 3 }.check(COMMUNITY, &four.set), Err(expected));
    }
    for good in [polka(signatures(&[3, 1, 0])), round(Passage::Joined, &[2, 3])] {
        assert_eq!(fault(&hear(&mut engine, good)), None);
    }
}

/// After a restore from a backup, one's own votes may come back that the log does not have.
#[test]
fn ones_own_words_bind_even_if_the_log_forgot_them() {
    let four = Four::new();
    let (mut engine, me, _) = four.listener();
    let proposal = four.proposal(0, None, seal(1, 2));
    let value = proposal.seal.header.id();
    let once = four.vote(me, 1, 0, VoteKind::Prevote, Some(SealId([8; 32])));
    assert_eq!(fault(&hear(&mut engine, Body::Vote(once))), None);
    hear(&mut engine, Body::Proposal(proposal));
    let outputs = engine.handle(Input::Judged { height: 1, value, valid: true });
    assert_eq!(voted(&outputs), None);
    assert!(matches!(outputs.last(), Some(Output::Halted { height: 1, .. })));
    // It stays out of this height, and is back for the next one.
    assert_eq!(engine.start_height(1, Vec::new()), []);
    let outputs = hear(&mut engine, Body::Vote(four.vote((me + 1) % 4, 1, 0, VoteKind::Prevote, None)));
    assert_eq!(outputs, [Output::Ignored(Ignored::Past)]);
    assert!(!engine.start_height(2, Vec::new()).is_empty());
    assert_eq!(engine.status().height, Some(2));
}

#[test]
fn what_was_not_asked_for_is_ignored() {
    let four = Four::new();
    let (mut engine, _, turn) = four.listener();
    let ignored = [Output::Ignored(Ignored::Unwanted)];
    let value = SealId([1; 32]);
    assert_eq!(engine.handle(Input::Judged { height: 1, value, valid: true }), ignored);
    assert_eq!(engine.handle(Input::Propose { height: 1, round: 3, seal: seal(1, 1) }), ignored);
    let id = TimeoutId { height: 2, round: 0, step: Step::Propose };
    assert_eq!(engine.handle(Input::Timeout(id)), ignored);
    let id = TimeoutId { height: 1, round: 7, step: Step::Propose };
    assert_eq!(voted(&engine.handle(Input::Timeout(id))), None);

    let mut engine = four.engine(turn);
    let outputs = engine.start_height(1, Vec::new());
    assert!(outputs.contains(&Output::NeedValue { height: 1, round: 0 }));
    let unfit = ProposedSeal { ids: Vec::new(), ..seal(1, 1) };
    let outputs = engine.handle(Input::Propose { height: 1, round: 0, seal: unfit });
    assert_eq!(outputs, [Output::Ignored(Ignored::Unfit)]);
    let outputs = engine.handle(Input::Propose { height: 1, round: 0, seal: seal(1, 1) });
    assert_eq!(voted(&outputs).unwrap().value, Some(seal(1, 1).header.id()));
    let outputs = engine.handle(Input::Propose { height: 1, round: 0, seal: seal(1, 2) });
    assert_eq!(outputs, ignored);
}

/// A height is started once: with a log that is not the newest, an engine could contradict itself.
#[test]
fn a_height_is_not_started_twice() {
    let four = Four::new();
    let (mut engine, me, _) = four.listener();
    let id = TimeoutId { height: 1, round: 0, step: Step::Propose };
    assert!(voted(&engine.handle(Input::Timeout(id))).is_some());
    assert_eq!(engine.start_height(1, Vec::new()), []);
    let status = engine.status();
    assert_eq!((status.height, status.sealed), (Some(1), 0));
    assert!(engine.start_height(3, Vec::new()).contains(&Output::CancelAll));
    assert_eq!(engine.start_height(2, Vec::new()), []);
    let old = four.vote((me + 1) % 4, 2, 0, VoteKind::Prevote, None);
    assert_eq!(hear(&mut engine, Body::Vote(old)), [Output::Ignored(Ignored::Past)]);
}

/// Whatever a failing disk makes of a log: at worst the height is given up.
#[test]
fn a_log_with_flipped_bits_is_no_reason_to_panic() {
    let four = Four::new();
    let (mut engine, me, turn) = four.listener();
    let mut log = Vec::new();
    let mut note = |outputs: Vec<Output>| log.extend(logged(&outputs));
    let proposal = four.proposal(0, None, seal(1, 3));
    let value = proposal.seal.header.id();
    note(hear(&mut engine, Body::Proposal(proposal)));
    note(engine.handle(Input::Judged { height: 1, value, valid: true }));
    for kind in [VoteKind::Prevote, VoteKind::Precommit] {
        for at in (0..4).filter(|at| *at != me && (*at != turn || kind == VoteKind::Prevote)) {
            note(hear(&mut engine, Body::Vote(four.vote(at, 1, 0, kind, Some(value)))));
        }
    }
    note(engine.handle(Input::Timeout(TimeoutId { height: 1, round: 0, step: Step::Precommit })));
    assert!(log.len() > 8, "{}", log.len());
    let restart = |log: Vec<Vec<u8>>| four.engine(me).start_height(1, log);
    let decided = |outputs: &[Output]| outputs.iter().any(|output| matches!(output, Output::Decided { .. }));
    assert!(decided(&restart(log.clone())), "three precommits of four");
    let mut rng = Rng(1);
    for _ in 0..3_000 {
        let mut damaged = log.clone();
        let entry = usize::try_from(rng.below(damaged.len() as u64)).unwrap();
        match rng.below(4) {
            0 => {
                damaged.remove(entry);
            }
            1 => damaged.swap(entry, 0),
            _ => {
                let at = usize::try_from(rng.below(damaged[entry].len() as u64)).unwrap();
                damaged[entry][at] ^= 1 << rng.below(8);
            }
        }
        restart(damaged);
    }
}

/// Every entry is handed out before the first message of its batch: what is said has been written down.
#[test]
fn a_vote_is_logged_before_it_is_published() {
    let four = Four::new();
    let (mut engine, ..) = four.listener();
    let outputs = engine.handle(Input::Timeout(TimeoutId { height: 1, round: 0, step: Step::Propose }));
    let published = outputs.iter().position(|output| matches!(output, Output::Publish(_))).unwrap();
    assert_eq!(logged(&outputs[..published]).len(), 2, "the timeout and the vote");
    assert_eq!(logged(&outputs[published..]).len(), 0);
}

/// A witness that lies as much as it can costs a bounded number of entries.
#[test]
fn a_flood_of_contradictions_is_bounded() {
    let four = Four::new();
    let (mut engine, _, turn) = four.listener();
    let mut entries = 0;
    let mut proofs = 0;
    for n in 0..2_000u32 {
        let value = Some(SealId([n.to_le_bytes()[0]; 32]));
        let round = n % 40;
        let vote = four.vote(turn, 1, round, VoteKind::Prevote, value);
        let outputs = hear(&mut engine, Body::Vote(vote));
        entries += logged(&outputs).len();
        proofs += outputs.iter().filter(|output| matches!(output, Output::Equivocation(_))).count();
    }
    for n in 0..200 {
        let proposal = four.proposal(4 * (n % 5), None, seal(1, n.to_le_bytes()[0]));
        let outputs = hear(&mut engine, Body::Proposal(proposal));
        entries += logged(&outputs).len();
        for output in outputs {
            if let Output::Equivocation(proof) = output {
                assert_proved(&proof);
                assert!(matches!(*proof, Equivocation::Proposals { .. }));
                proofs += 1;
            }
        }
    }
    // A vote and a few contradictions for the rounds that can be reached, two proposals for each turn.
    assert!(entries < 40, "{entries}");
    assert!((2..10).contains(&proofs), "{proofs}");
}

#[test]
fn messages_of_later_heights_are_kept_within_bounds_and_used() {
    let four = Four::new();
    let (mut engine, me, _) = four.listener();
    let other = (me + 1) % 4;
    let mut kept = 0;
    for round in 0..100 {
        for height in [2, 3, 4, 1_000, u64::MAX] {
            let vote = four.vote(other, height, round, VoteKind::Prevote, None);
            let outputs = hear(&mut engine, Body::Vote(vote));
            assert!(
                matches!(outputs.last(), Some(Output::Ahead { backed: false, height: said, .. }) if *said == height)
            );
            kept += usize::from(outputs.len() == 1);
        }
    }
    assert_eq!(kept, 32, "sixteen votes for each of two heights");
    let outputs = hear(&mut engine, Body::Vote(four.vote((me + 2) % 4, 3, 0, VoteKind::Prevote, None)));
    assert!(matches!(outputs[..], [Output::Ahead { backed: true, .. }]));
    assert!(engine.sealed(1).contains(&Output::CancelAll));
    let outputs = engine.start_height(2, Vec::new());
    // The core looks ten rounds ahead, and of the sixteen votes these are heard at once.
    assert_eq!(logged(&outputs).len(), 11);
}
