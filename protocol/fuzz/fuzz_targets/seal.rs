//! Whatever the bytes are, they are one sealed batch or an error; a batch has these bytes and no others, and judging it
//! ends.

#![no_main]

mod vectors;

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mutua_protocol::{
    archive::open_batch,
    codec,
    ledger::Ledger,
    limits,
    records::Received,
    seals::{SealHeader, SealedBatch},
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(header) = codec::decode::<SealHeader>(bytes, SealHeader::BYTES) {
        assert_eq!(codec::encode(&header), bytes);
    }
    let Ok(batch) = codec::decode::<SealedBatch>(bytes, limits::DECODE_BYTES) else { return };
    assert_eq!(codec::encode(&batch), bytes);
    let community = Arc::new(vectors::OF_SEALS.clone());
    let mut ledger = Ledger::new(Arc::clone(&community));
    let _ = open_batch(&ledger, &batch);
    // What nobody certified is judged as well: the rules must not rely on the certificate.
    let records: Vec<Received> =
        batch.records.iter().filter_map(|record| Received::decode(record, &community).ok()).collect();
    let judged = ledger.judge(&batch.header, &records);
    assert_eq!(ledger.apply(&batch.header, &records).map(|_| ()), judged);
});
