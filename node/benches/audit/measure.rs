//! The three things that are measured.

use std::{convert::Infallible, fs::File, io::BufReader, num::NonZeroUsize, path::Path, time::Instant};

use mutua_node::audit::{Depth, KNOWN_KEYS, Pipeline, READ_BYTES};
use mutua_protocol::{
    archive::{ArchiveReader, Frame},
    charter::Community,
    codec,
    keys::{Claim, KnownKeys},
    limits,
    records::Received,
    seals::SealedBatch,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Signatures in a batch, when they are checked alone: as many as a chunk of the audit has, which is two full seals.
const BATCH: usize = 2048;

/// What came out.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    /// Processor time of all threads.
    pub(crate) processor: f64,
    pub(crate) peak_kib: u64,
    pub(crate) seals: u64,
    pub(crate) records: u64,
    pub(crate) rounds: u64,
    pub(crate) signatures: u64,
}

/// The whole audit.
pub(crate) fn audit(file: &Path, threads: Option<NonZeroUsize>) -> Measured {
    let pipeline = Pipeline::new(threads).unwrap();
    let (began, processor) = (Instant::now(), processor());
    let source = BufReader::with_capacity(READ_BYTES, File::open(file).unwrap());
    let findings = pipeline.audit(source, Depth::First, &mut |_| {}).unwrap();
    let (seconds, processor) = (began.elapsed().as_secs_f64(), self::processor() - processor);
    assert!(findings.faults.is_empty(), "{:?}: remove the file, and it is made anew", findings.faults);
    let ledger = findings.auditor.as_ref().unwrap().ledger();
    Measured {
        seconds,
        processor,
        peak_kib: peak_kib(),
        seals: ledger.height(),
        records: ledger.records(),
        rounds: ledger.closings().len() as u64,
        signatures: findings.signatures,
    }
}

/// The same signatures, already decoded and in memory, by the batch verification of the library whose rule is ours.
pub(crate) fn library(file: &Path, threads: Option<NonZeroUsize>) -> Measured {
    let seed = blake3::Hasher::new();
    signatures(file, threads, |batch| {
        let mut verifier = ed25519_zebra::batch::Verifier::new();
        for Claim { key, signature, message } in batch {
            let key = ed25519_zebra::VerificationKeyBytes::from(key.0);
            verifier.queue((key, ed25519_zebra::Signature::from(signature.0), message));
        }
        verifier.verify(Weights(seed.finalize_xof())).is_ok()
    })
}

/// A source of weights that costs the library next to nothing.
struct Weights(blake3::OutputReader);

impl rand_core::TryRng for Weights {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Weights {}

/// The same signatures, already decoded and in memory, as the audit checks them.
pub(crate) fn own(file: &Path, threads: Option<NonZeroUsize>) -> Measured {
    let known = KnownKeys::up_to(KNOWN_KEYS);
    signatures(file, threads, |batch| known.verify_batch(batch).is_ok())
}

fn signatures(
    file: &Path,
    threads: Option<NonZeroUsize>,
    hold: impl Fn(&[Claim]) -> bool + Sync + Send,
) -> Measured {
    let pipeline = Pipeline::new(threads).unwrap();
    let claims = claims(file);
    let (began, processor) = (Instant::now(), processor());
    let sound = pipeline.pool().install(|| claims.par_chunks(BATCH).all(hold));
    let (seconds, processor) = (began.elapsed().as_secs_f64(), self::processor() - processor);
    assert!(sound);
    let signatures = claims.len() as u64;
    Measured { seconds, processor, peak_kib: peak_kib(), seals: 0, records: 0, rounds: 0, signatures }
}

fn claims(file: &Path) -> Vec<Claim> {
    let mut reader = ArchiveReader::new(BufReader::new(File::open(file).unwrap())).unwrap();
    let Some(Frame::Charter(charter)) = reader.frame().unwrap() else { panic!("no charter") };
    let community = Community::decode(&charter).unwrap();
    let mut claims = Vec::new();
    while let Some(frame) = reader.frame().unwrap() {
        let Frame::Seal(bytes) = frame else { continue };
        let batch: SealedBatch = codec::decode(&bytes, limits::DECODE_BYTES).unwrap();
        let header = &batch.header;
        let witnesses = &community.witnesses;
        claims
            .extend(witnesses.claims(community.id, header.height, header.id(), &batch.certificate).unwrap());
        claims.extend(batch.records.iter().map(|bytes| Received::decode(bytes, &community).unwrap().claim()));
    }
    claims
}

/// Processor time of this process so far, in seconds (Linux; elsewhere 0).
fn processor() -> f64 {
    // proc(5): utime and stime are fields 14 and 15, counted from after the name in parentheses; USER_HZ is 100.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

/// Greatest memory of this process so far (Linux; elsewhere 0).
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
