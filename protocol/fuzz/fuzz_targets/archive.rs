//! Whatever the bytes are, they are a sound archive or have a first fault; the frames that can be read are those bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mutua_protocol::{
    archive::{ArchiveReader, Frame, MAGIC, end_frame, opening, seal_frame, verify},
    charter::Charter,
    codec, limits,
    seals::SealedBatch,
};

fuzz_target!(|bytes: &[u8]| {
    let sound = verify(bytes, |_| {}).is_ok();
    let Ok(mut reader) = ArchiveReader::new(bytes) else {
        assert!(!sound);
        return;
    };
    let mut written = MAGIC.to_vec();
    while let Ok(Some(frame)) = reader.frame() {
        match frame {
            Frame::Charter(charter) => {
                let Ok(charter) = codec::decode::<Charter>(&charter, limits::DECODE_BYTES) else { return };
                written.extend(&opening(&charter)[MAGIC.len()..]);
            }
            Frame::Seal(seal) => {
                let Ok(batch) = codec::decode::<SealedBatch>(&seal, limits::DECODE_BYTES) else { return };
                written.extend(seal_frame(&batch));
            }
            Frame::End { height, head } => written.extend(end_frame(height, head)),
        }
    }
    assert!(bytes.starts_with(&written));
    assert!(!sound || written == bytes);
});
