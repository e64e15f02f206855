//! A seal's header with as few signatures as make a certificate.

use serde::{Deserialize, Serialize};

use crate::{
    charter::Community,
    keys::Signature,
    seals::{Certificate, CertificateError, SealHeader, WitnessSet},
};

/// A seal without its records, and who signed it. Witnesses are named by their position in the charter in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedSeal {
    /// What the witnesses signed.
    pub header: SealHeader,
    /// Round of the consensus in which they did.
    pub round: u32,
    /// Positions in the charter's witnesses, strictly ascending, each with its signature.
    pub signatures: Vec<(u8, Signature)>,
}

/// Why a seal is not certified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCertified {
    /// A position that no witness has.
    #[error("the charter has no witness number {0} (counted from 0)")]
    Position(u8),
    /// The certificate does not hold.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl CertifiedSeal {
    /// A seal with as few of its certificate's signatures as suffice: those with the greatest power first.
    #[must_use]
    pub fn new(header: SealHeader, certificate: &Certificate, witnesses: &WitnessSet) -> Self {
        let mut signers: Vec<(u64, u8, Signature)> = (0u8..)
            .zip(witnesses.witnesses())
            .filter_map(|(position, witness)| {
                let found = certificate.signatures.iter().find(|(key, _)| *key == witness.key)?;
                Some((witness.power, position, found.1))
            })
            .collect();
        signers.sort_by_key(|(power, position, _)| (u64::MAX - power, *position));
        let mut have = 0;
        let mut signatures = Vec::new();
        for (power, position, signature) in signers {
            if witnesses.is_quorum(have) {
                break;
            }
            have += power;
            signatures.push((position, signature));
        }
        signatures.sort_by_key(|(position, _)| *position);
        Self { header, round: certificate.round, signatures }
    }

    /// Checks that more than two thirds of the power of the witnesses at this height have signed this header.
    ///
    /// # Errors
    /// [`NotCertified`] that says who is at fault.
    pub fn check(&self, community: &Community) -> Result<(), NotCertified> {
        let witnesses = &community.at(self.header.height).witnesses;
        let certificate = self.certificate(witnesses)?;
        witnesses.check(community.id, self.header.height, self.header.id(), &certificate)?;
        Ok(())
    }

    /// The certificate with the witnesses' keys.
    ///
    /// # Errors
    /// [`NotCertified::Position`] when a position is none.
    pub fn certificate(&self, witnesses: &WitnessSet) -> Result<Certificate, NotCertified> {
        let signatures = self
            .signatures
            .iter()
            .map(|(position, signature)| {
                let witness = witnesses.witnesses().get(usize::from(*position));
                Ok((witness.ok_or(NotCertified::Position(*position))?.key, *signature))
            })
            .collect::<Result<_, NotCertified>>()?;
        Ok(Certificate { round: self.round, signatures })
    }
}
