//! Whatever the bytes are, they are one charter or an error; a charter has these bytes and no others.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutua_protocol::{
    charter::{Charter, Community},
    codec, limits,
};

fuzz_target!(|bytes: &[u8]| {
    let decoded = codec::decode::<Charter>(bytes, limits::CHARTER_BYTES);
    if let Ok(charter) = &decoded {
        assert_eq!(codec::encode(charter), bytes);
    }
    if let Ok(community) = Community::decode(bytes) {
        assert_eq!(Ok(&community.charter), decoded.as_ref());
        assert_eq!(community.id, community.charter.id());
        let again = Community::new(community.charter.clone()).expect("a charter that was found sound");
        assert_eq!(again.id, community.id);
        assert!(community.charter.close_after(community.charter.schedule.first_close, u64::MAX) >= community.charter.schedule.first_close);
        assert!(community.witnesses.is_quorum(community.witnesses.total_power()));
    }
});
