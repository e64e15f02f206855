//! Whatever the bytes are, they are one piece of evidence or an error; evidence has these bytes and no others, and
//! checking it ends.

#![no_main]

mod vectors;

use libfuzzer_sys::fuzz_target;
use mutua_protocol::evidence::{EvidenceFile, MAGIC};

fuzz_target!(|bytes: &[u8]| {
    let file = if bytes.starts_with(MAGIC) { bytes.to_vec() } else { [&MAGIC[..], bytes].concat() };
    let Ok(evidence) = EvidenceFile::from_file(&file) else { return };
    assert_eq!(evidence.to_file(), file);
    if let Ok(convicted) = evidence.verify(&vectors::OF_EVIDENCE) {
        assert!(convicted.keys.is_sorted());
    }
});
