//! Opening seals: everything about them that follows from the charter, their place and their bytes
//! alone, without the ledger (SPEC section 12, steps 4 to 7).
//!
//! Seals can therefore be opened side by side and ahead of the ledger, as long as they are applied in
//! their order: the first fault is then the same as if every seal had been opened when its turn came.

use super::{Check, Fault};
use crate::{
    charter::Community,
    hash::{RecordId, Root, SealId},
    keys::{Claim, KnownKeys, PublicKey},
    ledger::{Ledger, SealFault},
    records::{BodyError, MalformedRecord, Received},
    seals::{BorrowedBatch, Certificate, CertificateError, SealHeader, SealedBatch},
};

/// A seal whose bytes, certificate and signatures hold. Whether it follows the ledger is still open.
#[derive(Debug, Clone)]
pub struct OpenedSeal {
    /// What the witnesses signed.
    pub header: SealHeader,
    /// The seal's name.
    pub id: SealId,
    /// The Merkle root of the records, which may be another one than the header names.
    pub root: Root,
    /// The records, in the seal's order.
    pub records: Vec<Received>,
    /// How many witnesses have signed.
    pub signers: usize,
}

/// A seal before its signatures are checked.
struct Unpacked {
    seal: OpenedSeal,
    /// The witnesses' signatures, in the order of the certificate.
    certificate: Vec<Claim>,
}

/// Opens seals that stand one after the other, the first of them at this height. All signatures are
/// checked in one batch, which is faster the more there are, and the more of the keys are known.
///
/// The results are in the order of the seals and end with the first fault: no seal after it can
/// be reached by a log that holds.
pub fn open_seals<B: AsRef<[u8]>>(
    community: &Community,
    known: &KnownKeys,
    first: u64,
    seals: &[B],
) -> Vec<Result<OpenedSeal, Fault>> {
    let mut unpacked = Vec::with_capacity(seals.len());
    let mut fault = None;
    for (expected, bytes) in (first..).zip(seals) {
        let bytes = bytes.as_ref();
        let result = match BorrowedBatch::read(bytes) {
            Some(BorrowedBatch { header, certificate, records }) => {
                unpack(community, known, expected, &header, &certificate, &records)
            }
            // The codec says what is wrong.
            None => decode(bytes, expected).and_then(|batch| {
                unpack(community, known, expected, &batch.header, &batch.certificate, &batch.records)
            }),
        };
        match result {
            Ok(seal) => unpacked.push(seal),
            Err(found) => {
                fault = Some(found);
                break;
            }
        }
    }
    authenticate(unpacked, fault, known)
}

/// Opens a batch that should follow this ledger. [`Ledger::apply`] checks the rest.
///
/// # Errors
/// The first [`Fault`].
pub fn open_batch(ledger: &Ledger, batch: &SealedBatch) -> Result<Vec<Received>, Fault> {
    let SealedBatch { header, certificate, records } = batch;
    let known = KnownKeys::up_to(0);
    let unpacked = unpack(ledger.community(), &known, ledger.height() + 1, header, certificate, records)?;
    let mut opened = authenticate(vec![unpacked], None, &known);
    opened.pop().expect("there is one result for one seal").map(|seal| seal.records)
}

/// The batch in a frame.
pub(super) fn decode(bytes: &[u8], expected: u64) -> Result<SealedBatch, Fault> {
    SealedBatch::decode(bytes).map_err(|error| Fault {
        check: Check::Canonical,
        seal: Some(expected),
        record: None,
        detail: error.to_string(),
    })
}

/// Everything before the signatures.
fn unpack<R: AsRef<[u8]>>(
    community: &Community,
    known: &KnownKeys,
    expected: u64,
    header: &SealHeader,
    certificate: &Certificate,
    records: &[R],
) -> Result<Unpacked, Fault> {
    let fault = |check, detail: String| Fault { check, seal: Some(header.height), record: None, detail };
    if header.community != community.id {
        return Err(fault(Check::Community, SealFault::Community.to_string()));
    }
    if header.height != expected {
        let wrong = SealFault::Height { height: header.height, expected };
        return Err(Fault { seal: Some(expected), ..fault(Check::Height, wrong.to_string()) });
    }
    if header.count as usize != records.len() {
        let wrong = SealFault::Count { counted: header.count, present: records.len() };
        return Err(fault(Check::Count, wrong.to_string()));
    }
    // Records are large: room for all is made once.
    let mut received = Vec::with_capacity(records.len());
    for (position, bytes) in records.iter().enumerate() {
        received.push(record(community, known, header.height, position, bytes.as_ref())?);
    }
    let id = header.id();
    let certificate = community
        .witnesses
        .claims(community.id, header.height, id, certificate)
        .map_err(|error| fault(Check::Certificate, error.to_string()))?;
    let ids: Vec<RecordId> = received.iter().map(|received| received.id).collect();
    let seal = OpenedSeal {
        header: header.clone(),
        id,
        root: SealHeader::root_of(&ids),
        signers: certificate.len(),
        records: received,
    };
    Ok(Unpacked { seal, certificate })
}

/// A record of a seal, but for its signature.
pub(super) fn record(
    community: &Community,
    known: &KnownKeys,
    height: u64,
    position: usize,
    bytes: &[u8],
) -> Result<Received, Fault> {
    Received::decode_knowing(bytes, community, known).map_err(|error| {
        let check = match &error {
            MalformedRecord::Codec(_) => Check::RecordBytes,
            MalformedRecord::Community(_) => Check::Community,
            MalformedRecord::Sequence(_) => Check::Sequence,
            MalformedRecord::Body { error: BodyError::Evidence(_), .. } => Check::Evidence,
            MalformedRecord::Body { .. } => Check::Body,
        };
        Fault { check, seal: Some(height), record: Some((position, None)), detail: error.to_string() }
    })
}

/// Checks the signatures of seals in one batch. The fault, if there is one, comes after these seals.
fn authenticate(
    unpacked: Vec<Unpacked>,
    fault: Option<Fault>,
    known: &KnownKeys,
) -> Vec<Result<OpenedSeal, Fault>> {
    let mut claims: Vec<Claim> = Vec::new();
    for Unpacked { seal, certificate } in &unpacked {
        claims.extend(certificate.iter().cloned());
        claims.extend(seal.records.iter().map(Received::claim));
    }
    // The claims stand in the order in which one would check them one by one.
    let bad = known.verify_batch(&claims).err().and_then(|bad| bad.first().copied());
    let mut results = Vec::with_capacity(unpacked.len() + 1);
    let mut before = 0;
    for Unpacked { seal, certificate } in unpacked {
        let height = seal.header.height;
        let all = certificate.len() + seal.records.len();
        if let Some(at) = bad.and_then(|bad| bad.checked_sub(before)).filter(|at| *at < all) {
            results.push(Err(match certificate.get(at) {
                Some(claim) => unsigned_seal(height, &claim.key),
                None => {
                    unsigned_record(height, at - certificate.len(), &seal.records[at - certificate.len()])
                }
            }));
            return results;
        }
        before += all;
        results.push(Ok(seal));
    }
    results.extend(fault.map(Err));
    results
}

/// A witness's signature does not hold.
pub(super) fn unsigned_seal(height: u64, signer: &PublicKey) -> Fault {
    let detail = CertificateError::Signature(*signer).to_string();
    Fault { check: Check::Certificate, seal: Some(height), record: None, detail }
}

/// An author's signature does not hold.
pub(super) fn unsigned_record(height: u64, position: usize, received: &Received) -> Fault {
    let detail = "the signature does not hold".to_owned();
    Fault { check: Check::Signature, seal: Some(height), record: Some((position, Some(received.id))), detail }
}
