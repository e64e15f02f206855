//! Two attestations of one attestor that contradict each other.
//!
//! A newer attestation of the same proposal replaces the older one, so that an attestor who changes their mind there
//! contradicts nobody. But the same terms can be proposed twice. Whoever approves them in one proposal and declines
//! them in another, without taking the first statement back or replacing it, says both at once. That both stood is
//! shown by the attestor's own chain: every record from the first to the second, and a proof that the second
//! is in a seal, whose time is the moment.

use serde::{Deserialize, Serialize};

use super::{Convicted, EvidenceCheck, EvidenceFault, Misdeed};
use crate::{
    charter::{Community, Role},
    hash::{RecordId, TermsHash},
    keys::verify_batch,
    receipt::SealedProof,
    records::{Assessment, Body, MalformedRecord, ProposalId, Received, Verdict},
};

/// The attestor's records from the earlier attestation to the later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// The canonical bytes of the signed records, in the order of the chain, both attestations included.
    pub records: Vec<Vec<u8>>,
    /// That the last of them is in a seal.
    pub sealed: SealedProof,
}

/// An attestation, as far as contradictions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attested {
    /// The record.
    pub record: RecordId,
    /// The proposal.
    pub proposal: ProposalId,
    /// Its terms.
    pub terms: TermsHash,
    /// The verdict.
    pub verdict: Verdict,
    /// Until when it holds by its own words.
    pub valid_until: u64,
}

impl Attested {
    /// An attestation, if the record is one.
    #[must_use]
    pub fn of(received: &Received) -> Option<Self> {
        let Body::Attest { proposal, terms, assessment } = &received.record().body else { return None };
        let Assessment { verdict, valid_until, .. } = assessment;
        Some(Self {
            record: received.id,
            proposal: *proposal,
            terms: *terms,
            verdict: *verdict,
            valid_until: *valid_until,
        })
    }

    /// Does another attestation of the same attestor, made later, contradict this one?
    #[must_use]
    pub fn is_contradicted_by(&self, later: &Self) -> bool {
        self.terms == later.terms && self.proposal != later.proposal && self.verdict != later.verdict
    }

    /// Does this record of the same attestor take it back, or replace it?
    #[must_use]
    pub fn is_ended_by(&self, body: &Body) -> bool {
        match body {
            Body::RevokeAttestation { attestation, .. } => *attestation == self.record,
            Body::Attest { proposal, .. } => *proposal == self.proposal,
            _ => false,
        }
    }
}

impl Contradiction {
    pub(super) fn verify(&self, community: &Community) -> Result<Convicted, EvidenceFault> {
        let height = self.sealed.seal.header.height;
        let records = self.open(community.at(height))?;
        let contradiction = |detail: &str| EvidenceCheck::Contradiction.fault(detail);
        if self.sealed.seal.header.community != community.id {
            return Err(EvidenceCheck::Community.fault("the seal belongs to another community"));
        }
        let ([earlier, between @ .., later], true) = (&records[..], records.len() >= 2) else {
            return Err(contradiction("it holds fewer than two records"));
        };
        let (Some(first), Some(second)) = (Attested::of(earlier), Attested::of(later)) else {
            return Err(contradiction("the first or the last record is no attestation"));
        };
        if !first.is_contradicted_by(&second) {
            return Err(contradiction(
                "the first and the last attestation are not two verdicts on the same terms in two proposals",
            ));
        }
        let attestor = earlier.record().author;
        if !community.at(height).has_held(&attestor, Role::Attestor) {
            return Err(EvidenceCheck::Office.fault(format!("{attestor} is no attestor")));
        }
        let claims: Vec<_> = records.iter().map(Received::claim).collect();
        verify_batch(&claims).map_err(|bad| {
            EvidenceCheck::Signature.fault(format!("the signature of record {} does not hold", bad[0]))
        })?;
        if let Some(gap) = records.windows(2).position(|pair| !follows(&pair[0], &pair[1])) {
            return Err(
                EvidenceCheck::Chain.fault(format!("record {} does not follow the one before", gap + 1))
            );
        }
        let moment = self.sealed.seal.header.time;
        if first.valid_until <= moment || second.valid_until <= moment {
            return Err(EvidenceCheck::Standing.fault("one of them had run out"));
        }
        if between.iter().any(|received| first.is_ended_by(&received.record().body)) {
            return Err(EvidenceCheck::Standing.fault("the earlier one had been taken back or replaced"));
        }
        let sealed = self.sealed.verify(community).map_err(|fault| EvidenceCheck::Sealed.fault(fault))?;
        if sealed.record != later.id {
            return Err(EvidenceCheck::Sealed.fault("another record is proved to be in a seal"));
        }
        Ok(Convicted { keys: vec![attestor], what: Misdeed::Attestations { first, second, moment } })
    }

    fn open(&self, community: &Community) -> Result<Vec<Received>, EvidenceFault> {
        self.records
            .iter()
            .map(|bytes| {
                Received::decode(bytes, community).map_err(|error| {
                    let check = match error {
                        MalformedRecord::Community(_) => EvidenceCheck::Community,
                        _ => EvidenceCheck::Canonical,
                    };
                    check.fault(error)
                })
            })
            .collect()
    }
}

fn follows(before: &Received, after: &Received) -> bool {
    let (before, id, after) = (before.record(), before.id, after.record());
    before.author == after.author
        && before.sequence.checked_add(1) == Some(after.sequence)
        && after.previous == id
}
