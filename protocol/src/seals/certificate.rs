//! Certificates: the witnesses' signatures on a seal, checkable by anybody, offline.

use serde::{Deserialize, Serialize};

use crate::{
    codec,
    hash::{CommunityId, SealId},
    keys::{Claim, PublicKey, Purpose, Signature, verify_batch},
};

/// One witness as the charter lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Witness {
    /// The key it votes with.
    pub key: PublicKey,
    /// Its voting power, at least 1.
    pub power: u64,
    /// What people call it.
    pub name: String,
}

/// The two kinds of votes of Tendermint (Buchman, Kwon, Milosevic 2018, algorithm 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VoteKind {
    /// "I find this value acceptable."
    Prevote,
    /// "I have seen that more than two thirds find it acceptable."
    Precommit,
}

/// What a witness signs when it votes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vote {
    /// The community.
    pub community: CommunityId,
    /// Height the vote is for.
    pub height: u64,
    /// Round of the consensus at that height, from 0.
    pub round: u32,
    /// Which step.
    pub kind: VoteKind,
    /// The seal voted for; `None` is a vote for no value in this round.
    pub value: Option<SealId>,
}

impl Vote {
    /// The bytes that are signed, before the purpose's prefix.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// What a witness signs when it proposes a seal, with [`Purpose::Proposal`], over its canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProposalStatement {
    /// The community.
    pub community: CommunityId,
    /// Height proposed for.
    pub height: u64,
    /// Round proposed in.
    pub round: u32,
    /// When the value was proposed before: the round in which more than two thirds prevoted for it.
    pub pol_round: Option<u32>,
    /// The seal.
    pub value: SealId,
}

impl ProposalStatement {
    /// The bytes that are signed, before the purpose's prefix.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// The witnesses' signatures on one seal: precommits of one round, sorted by key.
///
/// Different nodes may hold different, equally valid certificates of one seal, so that
/// nothing that is hashed contains one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// Round of the consensus in which the seal was decided.
    pub round: u32,
    /// Who signed, sorted by key, each once.
    pub signatures: Vec<(PublicKey, Signature)>,
}

/// Why a certificate does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The signers are not sorted, or one signed twice.
    #[error("the signers are not in order, or one of them stands there twice")]
    Order,
    /// A signer is no witness.
    #[error("{0} signed, but is not a witness")]
    Unknown(PublicKey),
    /// A signature does not hold.
    #[error("the signature of witness {0} does not hold")]
    Signature(PublicKey),
    /// Not more than two thirds of the power signed.
    #[error("the signers have {have} of {total} of the voting power; more than two thirds are needed")]
    Power {
        /// Power of those who signed.
        have: u64,
        /// Power of all.
        total: u64,
    },
}

/// The witnesses of a community, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSet(Vec<Witness>);

impl WitnessSet {
    /// The set of these witnesses. A charter that passed its checks has between 1 and
    /// [`crate::limits::WITNESSES`] of them, with distinct keys and powers of at least 1.
    #[must_use]
    pub fn new(mut witnesses: Vec<Witness>) -> Self {
        witnesses.sort_by_key(|witness| witness.key);
        Self(witnesses)
    }

    /// The witnesses, sorted by key.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.0
    }

    /// The witness with this key.
    #[must_use]
    pub fn get(&self, key: &PublicKey) -> Option<&Witness> {
        self.0.binary_search_by_key(key, |witness| witness.key).ok().map(|position| &self.0[position])
    }

    /// Power of all.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.0.iter().map(|witness| witness.power).sum()
    }

    /// Is this power more than two thirds of all?
    #[must_use]
    pub fn is_quorum(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power()) * 2
    }

    /// Checks a certificate for the seal with this id and height.
    ///
    /// # Errors
    /// [`CertificateError`] that names the signer at fault.
    pub fn check(
        &self,
        community: CommunityId,
        height: u64,
        seal: SealId,
        certificate: &Certificate,
    ) -> Result<(), CertificateError> {
        let claims = self.claims(community, height, seal, certificate)?;
        verify_batch(&claims).map_err(|bad| CertificateError::Signature(claims[bad[0]].key))
    }

    /// Checks everything about a certificate but its signatures, and hands these back in their order, to be
    /// checked with others.
    ///
    /// # Errors
    /// [`CertificateError`] that names the signer at fault.
    pub fn claims(
        &self,
        community: CommunityId,
        height: u64,
        seal: SealId,
        certificate: &Certificate,
    ) -> Result<Vec<Claim>, CertificateError> {
        if !certificate.signatures.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err(CertificateError::Order);
        }
        let mut have = 0;
        for (key, _) in &certificate.signatures {
            have += self.get(key).ok_or(CertificateError::Unknown(*key))?.power;
        }
        if !self.is_quorum(have) {
            return Err(CertificateError::Power { have, total: self.total_power() });
        }
        let vote = Vote {
            community,
            height,
            round: certificate.round,
            kind: VoteKind::Precommit,
            value: Some(seal),
        };
        let message = Purpose::Vote.message(&vote.bytes());
        let claim = |(key, signature): &(PublicKey, Signature)| Claim {
            key: *key,
            signature: *signature,
            message: message.clone(),
        };
        Ok(certificate.signatures.iter().map(claim).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SecretKey;

    const COMMUNITY: CommunityId = CommunityId([1; 32]);
    const SEAL: SealId = SealId([2; 32]);

    fn keys() -> Vec<SecretKey> {
        let mut keys: Vec<SecretKey> = (1..=4).map(|seed| SecretKey::from_seed(&[seed; 32])).collect();
        keys.sort_by_key(SecretKey::public);
        keys
    }

    fn set(keys: &[SecretKey]) -> WitnessSet {
        WitnessSet::new(
            keys.iter().map(|key| Witness { key: key.public(), power: 1, name: String::new() }).collect(),
        )
    }

    fn certificate(keys: &[SecretKey], round: u32) -> Certificate {
        let vote =
            Vote { community: COMMUNITY, height: 5, round, kind: VoteKind::Precommit, value: Some(SEAL) };
        Certificate {
            round,
            signatures: keys.iter().map(|k| (k.public(), k.sign(Purpose::Vote, &vote.bytes()))).collect(),
        }
    }

    #[test]
    fn three_of_four_suffice_and_two_do_not() {
        let keys = keys();
        let set = set(&keys);
        assert_eq!(set.check(COMMUNITY, 5, SEAL, &certificate(&keys[..3], 0)), Ok(()));
        assert_eq!(
            set.check(COMMUNITY, 5, SEAL, &certificate(&keys[..2], 0)),
            Err(CertificateError::Power { have: 2, total: 4 })
        );
    }

    #[test]
    fn a_signer_counts_once() {
        let keys = keys();
        let mut twice = certificate(&keys[..2], 0);
        twice.signatures.push(twice.signatures[1]);
        assert_eq!(set(&keys).check(COMMUNITY, 5, SEAL, &twice), Err(CertificateError::Order));
    }

    #[test]
    fn another_height_seal_round_or_signer_is_refused() {
        let keys = keys();
        let set = set(&keys);
        let good = certificate(&keys[1..], 3);
        assert_eq!(set.check(COMMUNITY, 5, SEAL, &good), Ok(()));
        assert!(set.check(COMMUNITY, 6, SEAL, &good).is_err());
        assert!(set.check(COMMUNITY, 5, SealId([3; 32]), &good).is_err());
        assert!(set.check(COMMUNITY, 5, SEAL, &Certificate { round: 2, ..good.clone() }).is_err());
        let stranger = SecretKey::from_seed(&[99; 32]);
        let mut all = keys.clone();
        all[0] = stranger.clone();
        all.sort_by_key(SecretKey::public);
        assert_eq!(
            set.check(COMMUNITY, 5, SEAL, &certificate(&all, 3)),
            Err(CertificateError::Unknown(stranger.public()))
        );
    }
}
