//! What was said of a loan's risk before it was funded. Nobody can change it afterwards.

use serde::{Deserialize, Serialize};

use crate::{hash::RecordId, keys::PublicKey};

/// The estimates that were in force when a loan was funded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimates {
    /// By attestors, sorted by key.
    pub attested: Vec<AttestedRisk>,
    /// By members, sorted by key.
    pub predicted: Vec<PredictedRisk>,
}

/// An attestor's estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttestedRisk {
    /// The attestation.
    pub record: RecordId,
    /// Who made it.
    pub attestor: PublicKey,
    /// 1 is the best.
    pub grade: u8,
    /// Probability of default, in basis points.
    pub default: u16,
    /// Loss given default, in basis points.
    pub loss: u16,
}

/// A member's estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PredictedRisk {
    /// The prediction.
    pub record: RecordId,
    /// Who made it, under the key of that time.
    pub member: PublicKey,
    /// Probability of default, in basis points.
    pub default: u16,
}
