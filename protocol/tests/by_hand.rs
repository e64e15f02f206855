//! What is decoded by hand is decoded as the codec would: the same values, the same refusals.

#![allow(clippy::unwrap_used, reason = "a law that does not hold may panic")]

mod support;

use mutua_protocol::{
    charter::Community,
    codec::{self, CodecError},
    limits,
    records::{Ballot, Body, MalformedRecord, Received, Record, SignedRecord},
    seals::SealedBatch,
};
use proptest::prelude::*;
use support::{ballot, charter, key, public, story::Story};

/// What somebody does to bytes: where, how, and with what.
type Harm = (usize, u8, u8);

fn harmed(mut bytes: Vec<u8>, harm: &[Harm]) -> Vec<u8> {
    for (place, way, byte) in harm {
        if bytes.is_empty() {
            break;
        }
        let place = place % bytes.len();
        match way % 6 {
            0 => bytes[place] ^= 1 << (byte % 8),
            1 => bytes[place] = *byte,
            2 => bytes.insert(place, *byte),
            3 => drop(bytes.remove(place)),
            4 => bytes.truncate(place),
            _ => bytes.push(*byte),
        }
    }
    bytes
}

fn harm() -> impl Strategy<Value = Vec<Harm>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 0..3)
}

/// A ballot with this many scores and answers, by somebody.
fn a_ballot(community: &Community, scores: u8, answers: u8, standing: bool) -> SignedRecord {
    let id = |n: u8| mutua_protocol::hash::RecordId([n; 32]);
    let mut said = Ballot { standing, ..ballot(3, &(0..scores).map(|n| (id(n), n)).collect::<Vec<_>>()) };
    said.answers = (0..answers)
        .map(|n| mutua_protocol::records::Answer {
            proposal: id(n),
            choice: [
                mutua_protocol::records::Choice::Yes,
                mutua_protocol::records::Choice::No,
                mutua_protocol::records::Choice::Abstain,
            ][usize::from(n % 3)],
        })
        .collect();
    let record = Record {
        community: community.id,
        author: public("ana"),
        sequence: 1,
        previous: Record::NONE,
        clock: 7,
        body: Body::Ballot(said),
    };
    record.sign(&key("ana"))
}

fn same_record(bytes: &[u8], community: &Community) {
    let limit = community.charter.limits.record_bytes as usize;
    let expected: Result<SignedRecord, CodecError> = codec::decode(bytes, limit);
    match (Received::decode(bytes, community), expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found.id, expected.record.id());
            assert_eq!(found.signed, expected);
            assert_eq!(found, Received::own(expected));
        }
        (Err(MalformedRecord::Codec(found)), Err(expected)) => assert_eq!(found, expected),
        // It decodes, and breaks another rule.
        (Err(found), Ok(_)) => assert!(!matches!(found, MalformedRecord::Codec(_)), "{found}"),
        (found, expected) => panic!("{found:?}, where the codec says {expected:?}"),
    }
}

fn same_batch(bytes: &[u8]) {
    let expected: Result<SealedBatch, CodecError> = codec::decode(bytes, limits::DECODE_BYTES);
    assert_eq!(SealedBatch::decode(bytes), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn ballots(scores in 0u8..20, answers in 0u8..6, standing: bool, harm in harm()) {
        let community = Community::new(charter(1)).unwrap();
        let bytes = harmed(a_ballot(&community, scores, answers, standing).bytes(), &harm);
        same_record(&bytes, &community);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        same_record(&bytes, &Community::new(charter(1)).unwrap());
        same_batch(&bytes);
    }
}

#[test]
fn every_byte_of_a_ballot_changed_in_every_bit() {
    let community = Community::new(charter(1)).unwrap();
    let bytes = a_ballot(&community, 2, 3, true).bytes();
    same_record(&bytes, &community);
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << bit;
            same_record(&changed, &community);
        }
        same_record(&bytes[..position], &community);
    }
}

#[test]
fn every_byte_of_a_seal_changed_in_every_bit() {
    let batch = &Story::tell().log().batches[5];
    assert!(batch.header.closes.is_some() && !batch.records.is_empty());
    let bytes = codec::encode(batch);
    same_batch(&bytes);
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << bit;
            same_batch(&changed);
        }
        same_batch(&bytes[..position]);
    }
}

#[test]
fn a_value_beyond_the_limit_is_refused_as_the_codec_refuses_it() {
    let community = Community::new(charter(1)).unwrap();
    let mut bytes = a_ballot(&community, 2, 0, false).bytes();
    bytes.resize(community.charter.limits.record_bytes as usize + 1, 0);
    same_record(&bytes, &community);
    same_batch(&vec![0; limits::DECODE_BYTES + 1]);
}
