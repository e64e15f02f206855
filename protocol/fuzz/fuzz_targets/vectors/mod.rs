//! The communities of the test vectors, in which random bytes are judged.

use std::sync::LazyLock;

use mutua_protocol::charter::Community;
use serde_json::Value;

fn community(file: &str, bytes: impl Fn(&Value) -> &Value) -> Community {
    let file: Value = serde_json::from_str(file).expect("a file of vectors");
    let bytes = bytes(&file).as_str().expect("hexadecimal digits");
    Community::decode(&hex::decode(bytes).expect("hexadecimal digits")).expect("a charter of the vectors")
}

/// The community of `records.json`.
#[allow(dead_code, reason = "each target uses another one")]
pub static OF_RECORDS: LazyLock<Community> = LazyLock::new(|| {
    community(include_str!("../../../vectors/charter.json"), |file| &file["charters"][0]["bytes"])
});

/// The community of `seals.json`, `archive.json` and `receipts.json`.
#[allow(dead_code, reason = "each target uses another one")]
pub static OF_SEALS: LazyLock<Community> = LazyLock::new(|| {
    community(include_str!("../../../vectors/receipts.json"), |file| &file["charter"]["bytes"])
});

/// The community of `evidence.json`.
#[allow(dead_code, reason = "each target uses another one")]
pub static OF_EVIDENCE: LazyLock<Community> = LazyLock::new(|| {
    community(include_str!("../../../vectors/evidence.json"), |file| &file["charter"]["bytes"])
});
