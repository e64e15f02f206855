//! Writes what the fuzz targets of the decoders begin with, from the test vectors:
//!
//! ```text
//! cargo run -p mutua-protocol --example fuzz_seeds
//! ```
//!
//! into `fuzz/corpus/TARGET`, where what fuzzing finds is kept as well. `scripts/fuzz` calls it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// For each target, the files of vectors with bytes for it, and under which names the bytes stand.
const SOURCES: [(&str, &str, &[&str]); 12] = [
    ("charter", "charter.json", &["bytes"]),
    ("charter", "receipts.json", &["bytes"]),
    ("record", "records.json", &["bytes"]),
    ("record", "refused.json", &["bytes"]),
    ("seal", "seals.json", &["bytes", "header_bytes"]),
    ("certificate", "seals.json", &["certificate_bytes", "vote_bytes"]),
    ("archive", "archive.json", &["archive"]),
    ("receipt", "receipts.json", &["file", "text"]),
    ("evidence", "evidence.json", &["file"]),
    ("receipt", "evidence.json", &["file"]),
    ("evidence", "receipts.json", &["file"]),
    ("certificate", "records.json", &["bytes"]),
];

fn main() -> io::Result<()> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, file, names) in SOURCES {
        let vectors: Value = serde_json::from_str(&fs::read_to_string(home.join("vectors").join(file))?)?;
        let folder = home.join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder)?;
        let mut seeds = Vec::new();
        gather(&vectors, names, &mut seeds);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(seed_path(&folder, file, number), seed)?;
        }
        println!("{target}: {} from {file}", seeds.len());
    }
    Ok(())
}

fn seed_path(folder: &Path, file: &str, number: usize) -> PathBuf {
    folder.join(format!("{}-{number:03}", file.trim_end_matches(".json")))
}

/// The bytes under these names, wherever they stand: hexadecimal, or text as it is.
fn gather(value: &Value, names: &[&str], seeds: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if names.contains(&name.as_str()) => {
                        seeds.push(hex::decode(text).unwrap_or_else(|_| text.clone().into_bytes()));
                    }
                    other => gather(other, names, seeds),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, names, seeds)),
        _ => {}
    }
}
