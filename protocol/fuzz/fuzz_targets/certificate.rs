//! Whatever the bytes are, they are one certificate or vote, or an error; each has these bytes and no others, and
//! checking it ends.

#![no_main]

mod vectors;

use libfuzzer_sys::fuzz_target;
use mutua_protocol::{
    codec,
    hash::SealId,
    receipt::CertifiedSeal,
    seals::{Certificate, ProposalStatement, Vote},
};

fuzz_target!(|bytes: &[u8]| {
    let community = &*vectors::OF_SEALS;
    if let Ok(vote) = codec::decode::<Vote>(bytes, bytes.len()) {
        assert_eq!(vote.bytes(), bytes);
    }
    if let Ok(statement) = codec::decode::<ProposalStatement>(bytes, bytes.len()) {
        assert_eq!(statement.bytes(), bytes);
    }
    if let Ok(seal) = codec::decode::<CertifiedSeal>(bytes, bytes.len()) {
        assert_eq!(codec::encode(&seal), bytes);
        let _ = seal.check(community);
    }
    let Ok(certificate) = codec::decode::<Certificate>(bytes, bytes.len()) else { return };
    assert_eq!(codec::encode(&certificate), bytes);
    let _ = community.witnesses.check(community.id, 1, SealId([1; 32]), &certificate);
});
