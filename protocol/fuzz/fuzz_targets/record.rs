//! Whatever the bytes are, they are one record or an error; a record has these bytes and no others, and an id that its
//! header alone gives.

#![no_main]

mod vectors;

use libfuzzer_sys::fuzz_target;
use mutua_protocol::{
    codec,
    keys::verify_batch,
    ledger::Ledger,
    records::{Received, SignedHeader, SignedRecord},
};

fuzz_target!(|bytes: &[u8]| {
    let community = &*vectors::OF_RECORDS;
    if let Ok(signed) = codec::decode::<SignedRecord>(bytes, bytes.len()) {
        assert_eq!(signed.bytes(), bytes);
    }
    if let Ok(signed) = codec::decode::<SignedHeader>(bytes, SignedHeader::BYTES) {
        assert_eq!(codec::encode(&signed), bytes);
        let _ = signed.check();
    }
    let Ok(received) = Received::decode(bytes, community) else { return };
    assert_eq!(received.signed.bytes(), bytes);
    assert_eq!(received, Received::own(received.signed.clone()));
    assert_eq!(received.signed_header().header.id(), received.id);
    let alone = received.signed_header().check().is_ok();
    assert_eq!(verify_batch(&[received.claim(), received.claim()]).is_ok(), alone);
    let _ = Ledger::new(std::sync::Arc::new(community.clone())).admissible(received.record());
});
