//! Whatever the bytes or the text are, they are one receipt or an error; a receipt has these bytes and no others, and
//! checking it ends.

#![no_main]

mod vectors;

use libfuzzer_sys::fuzz_target;
use mutua_protocol::receipt::{MAGIC, Receipt};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(receipt) = Receipt::from_text(text)
    {
        assert_eq!(Receipt::from_text(&receipt.to_text()).as_ref(), Ok(&receipt));
        let _ = receipt.verify(&vectors::OF_SEALS);
    }
    let file = if bytes.starts_with(MAGIC) { bytes.to_vec() } else { [&MAGIC[..], bytes].concat() };
    let Ok(receipt) = Receipt::from_file(&file) else { return };
    assert_eq!(receipt.to_file(), file);
    assert_eq!(Receipt::from_text(&receipt.to_text()).as_ref(), Ok(&receipt));
    let community = &*vectors::OF_SEALS;
    let slim = receipt.without_body(community);
    if let Ok(proven) = receipt.verify(community) {
        let shown = slim.verify(community).expect("a receipt that holds with the body holds without it");
        assert_eq!(shown.counted, proven.counted);
        assert_eq!(shown.sealed.map(|sealed| sealed.record), proven.sealed.map(|sealed| sealed.record));
    }
});
