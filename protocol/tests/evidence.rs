//! Evidence files: each convicts whom it names, and an honest author, attestor or witness cannot be convicted.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use mutua_protocol::{
    charter::Community,
    codec,
    evidence::{
        Contradiction, EVIDENCE_FILE_BYTES, Evidence, EvidenceCheck, EvidenceFile, Misdeed, TwoSeals,
        TwoVotes,
    },
    hash::SealId,
    keys::Purpose,
    records::{Assessment, Body, Received, Verdict},
    seals::{SealHeader, VoteKind},
};
use support::{
    proofs::{Crime, certified, certify, sealed},
    *,
};

fn refused(evidence: &Evidence, world: &World) -> EvidenceCheck {
    evidence.verify(world.community()).unwrap_err().check
}

#[test]
fn each_kind_convicts_those_who_signed() {
    let crime = Crime::commit();
    for (what, evidence) in crime.all() {
        let file = EvidenceFile { successions: Vec::new(), evidence: evidence.clone() };
        assert_eq!(EvidenceFile::from_file(&evidence.to_file()).as_ref(), Ok(&file), "{what}");
        let convicted = evidence.verify(crime.world.community()).unwrap();
        let keys = match &evidence {
            Evidence::Fork(_) => vec![public("ana")],
            Evidence::Seals(_) => {
                let all = crime.world.community().witnesses.witnesses();
                all[..3].iter().map(|witness| witness.key).collect()
            }
            Evidence::Votes(_) => vec![public("witness 2")],
            Evidence::Proposals(_) => vec![public("witness 3")],
            Evidence::Attestations(_) => vec![public("attestor a")],
        };
        assert_eq!(convicted.keys, keys, "{what}");
    }
}

#[test]
fn another_community_convicts_nobody() {
    let crime = Crime::commit();
    let mut charter = crime.world.community().charter.clone();
    charter.name.push('!');
    let other = Community::new(charter).unwrap();
    for (what, evidence) in crime.all() {
        assert_eq!(evidence.verify(&other).unwrap_err().check, EvidenceCheck::Community, "{what}");
    }
}

#[test]
fn a_flipped_byte_convicts_nobody_else() {
    let crime = Crime::commit();
    for (what, evidence) in crime.all() {
        let convicted = evidence.verify(crime.world.community()).unwrap();
        let bytes = codec::encode(&evidence);
        for position in 0..bytes.len() {
            for flip in [0x01, 0x80] {
                let mut changed = bytes.clone();
                changed[position] ^= flip;
                let Ok(changed) = codec::decode::<Evidence>(&changed, EVIDENCE_FILE_BYTES) else { continue };
                if let Ok(other) = changed.verify(crime.world.community()) {
                    assert_eq!(other, convicted, "{what}, byte {position}");
                }
            }
        }
    }
}

#[test]
fn seals_that_follow_each_other_are_no_evidence() {
    let crime = Crime::commit();
    let world = &crime.world;
    let (before, last) = (certified(world, 4), certified(world, 5));
    let apart = certified(world, 3);
    for (a, b) in [(before.clone(), last.clone()), (before.clone(), before.clone()), (apart, last)] {
        assert_eq!(refused(&Evidence::Seals(TwoSeals::new(a, b)), world), EvidenceCheck::Contradiction);
    }
    let mut turned = crime.seals();
    std::mem::swap(&mut turned.first, &mut turned.second);
    assert_eq!(refused(&Evidence::Seals(turned), world), EvidenceCheck::Contradiction);
    let mut forged = crime.seals();
    forged.second.signatures.truncate(2);
    assert_eq!(refused(&Evidence::Seals(forged), world), EvidenceCheck::Signature);
}

#[test]
fn two_seals_of_different_rounds_are_evidence_without_saying_of_which_step() {
    let crime = Crime::commit();
    let world = &crime.world;
    let held = certified(world, world.ledger.height());
    let header = SealHeader { time: held.header.time + 1, ..held.header.clone() };
    let mut other = certify(world, header);
    other.round = 4;
    let vote = |value: SealId| mutua_protocol::seals::Vote {
        community: world.community().id,
        height: held.header.height,
        round: 4,
        kind: VoteKind::Precommit,
        value: Some(value),
    };
    let bytes = vote(other.header.id()).bytes();
    for (position, signature) in &mut other.signatures {
        let witness = &world.community().witnesses.witnesses()[usize::from(*position)];
        *signature = key(&witness.name).sign(Purpose::Vote, &bytes);
    }
    let convicted = Evidence::Seals(TwoSeals::new(held, other)).verify(world.community()).unwrap();
    assert!(matches!(convicted.what, Misdeed::Seals(split) if !split.one_round));
}

#[test]
fn votes_of_two_steps_are_no_evidence() {
    let crime = Crime::commit();
    let cast = |change: &dyn Fn(&mut mutua_protocol::seals::Vote)| {
        let mut vote = crime.votes().first.0;
        change(&mut vote);
        let signature = key("witness 2").sign(Purpose::Vote, &vote.bytes());
        (vote, signature)
    };
    let held = crime.votes().first;
    for other in [
        held.clone(),
        cast(&|vote| vote.round = 2),
        cast(&|vote| vote.height = 10),
        cast(&|vote| vote.kind = VoteKind::Prevote),
    ] {
        let votes = TwoVotes::new(public("witness 2"), held.clone(), other);
        assert_eq!(refused(&Evidence::Votes(votes), &crime.world), EvidenceCheck::Contradiction);
    }
    let mut stranger = crime.votes();
    stranger.witness = public("ana");
    assert_eq!(refused(&Evidence::Votes(stranger), &crime.world), EvidenceCheck::Office);
    let mut other = crime.votes();
    other.witness = public("witness 1");
    assert_eq!(refused(&Evidence::Votes(other), &crime.world), EvidenceCheck::Signature);
}

/// What somebody says, given two proposals and what was said before.
type Word<'a> = &'a dyn Fn(&World, [mutua_protocol::records::ProposalId; 2], &[Received]) -> Body;

/// Two proposals of the same terms, and what attestor a says about them one after the other.
fn said(words: &[Word<'_>]) -> (World, Vec<Received>) {
    let mut world = World::found(charter(4));
    world.admit(&["ana", "ben"]);
    let terms = loan("bakery", 60_000);
    let proposals = [world.propose("ana", terms.clone()), world.propose("ben", terms)];
    let mut chain: Vec<Received> = Vec::new();
    for word in words {
        let body = word(&world, proposals, &chain);
        let received = world.say("attestor a", body);
        world.seal(vec![received.clone()]);
        chain.push(received);
    }
    (world, chain)
}

fn evidence(world: &World, chain: &[Received]) -> Evidence {
    Evidence::Attestations(Contradiction {
        records: chain.iter().map(|received| received.bytes.to_vec()).collect(),
        sealed: sealed(world, chain.last().unwrap().id),
    })
}

fn declined() -> Assessment {
    Assessment { verdict: Verdict::Declined, ..approved() }
}

#[test]
fn who_takes_the_first_word_back_contradicts_nobody() {
    let (world, chain) = said(&[
        &|world, [first, _], _| world.attestation(first, approved()),
        &|_, _, chain| revocation(chain[0].id),
        &|world, [_, second], _| world.attestation(second, declined()),
    ]);
    assert_eq!(refused(&evidence(&world, &chain), &world), EvidenceCheck::Standing);
    // Without the record in which it is taken back, the chain is not whole.
    let gap = [chain[0].clone(), chain[2].clone()];
    assert_eq!(refused(&evidence(&world, &gap), &world), EvidenceCheck::Chain);
}

#[test]
fn who_replaces_the_first_word_contradicts_nobody() {
    let (world, chain) = said(&[
        &|world, [first, _], _| world.attestation(first, approved()),
        &|world, [first, _], _| world.attestation(first, declined()),
        &|world, [_, second], _| world.attestation(second, declined()),
    ]);
    assert_eq!(refused(&evidence(&world, &chain), &world), EvidenceCheck::Standing);
    // A newer verdict on the same proposal replaces the older one.
    assert_eq!(refused(&evidence(&world, &chain[..2]), &world), EvidenceCheck::Contradiction);
    assert_eq!(refused(&evidence(&world, &chain[1..]), &world), EvidenceCheck::Contradiction);
}

#[test]
fn who_said_something_that_has_run_out_contradicts_nobody() {
    let soon = |world: &World| Assessment { valid_until: world.ledger.time() + 2 * STEP, ..approved() };
    let (world, chain) =
        said(&[&|world, [first, _], _| world.attestation(first, soon(world)), &|world, [_, second], _| {
            world.attestation(second, declined())
        }]);
    assert_eq!(refused(&evidence(&world, &chain), &world), EvidenceCheck::Standing);
}

#[test]
fn only_attestors_are_held_to_their_attestations() {
    let crime = Crime::commit();
    let mut contradiction = crime.contradiction();
    contradiction.records.remove(0);
    assert_eq!(refused(&Evidence::Attestations(contradiction), &crime.world), EvidenceCheck::Contradiction);
    let mut empty = crime.contradiction();
    empty.records.clear();
    assert_eq!(refused(&Evidence::Attestations(empty), &crime.world), EvidenceCheck::Contradiction);
    let mut unsealed = crime.contradiction();
    unsealed.sealed = sealed(&crime.world, crime.chain[0].id);
    assert_eq!(refused(&Evidence::Attestations(unsealed), &crime.world), EvidenceCheck::Sealed);
}
