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

use mutua_protocol::{
    archive::{ArchiveReader, Frame, end_frame},
    hash::SealId,
    seals::SealedBatch,
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
        if target == "archive" {
            let shorter: Vec<Vec<u8>> = seeds.iter().flat_map(|archive| beginnings(archive)).collect();
            seeds.extend(shorter);
        }
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

/// The archives of the first seals of this one, each with an end mark of its own: the shorter an archive, the more often
/// it can be tried.
fn beginnings(archive: &[u8]) -> Vec<Vec<u8>> {
    let Ok(mut reader) = ArchiveReader::new(archive) else { return Vec::new() };
    let mut found = Vec::new();
    let (mut height, mut head) = (0, SealId([0; 32]));
    loop {
        let read = match reader.frame() {
            Ok(Some(Frame::Charter(_))) => usize::try_from(reader.position()),
            Ok(Some(Frame::Seal(bytes))) => {
                let Ok(batch) = SealedBatch::decode(&bytes) else { return found };
                (height, head) = (batch.header.height, batch.header.id());
                usize::try_from(reader.position())
            }
            _ => return found,
        };
        let Some(beginning) = read.ok().and_then(|read| archive.get(..read)) else { return found };
        found.push([beginning, &end_frame(height, head)].concat());
    }
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
