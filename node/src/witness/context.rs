//! The types that Malachite's core is instantiated with. None of them leaves this folder: messages
//! and log entries have types of their own, so that a new version of the core changes no stored byte.

use std::{fmt, sync::Arc};

use arc_malachitebft_core_types as core;
use core::{NilOrVal, Round, VoteType};
use mutua_protocol::{
    hash::SealId,
    keys::{PublicKey, Signature},
    seals::{VoteKind, WitnessSet},
};

/// Names the instantiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ctx;

/// A height: the number of the seal to be agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Height(pub(super) u64);

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Height for Height {
    const ZERO: Self = Self(0);
    const INITIAL: Self = Self(1);

    fn increment_by(&self, n: u64) -> Self {
        Self(self.0.saturating_add(n))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.checked_sub(n).map(Self)
    }

    fn as_u64(&self) -> u64 {
        self.0
    }
}

/// A witness's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address(pub(super) PublicKey);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.short())
    }
}

impl core::Address for Address {}

/// The value to be agreed, named by its id. Header and record ids are kept beside the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seal(pub(super) SealId);

impl core::Value for Seal {
    type Id = SealId;

    fn id(&self) -> SealId {
        self.0
    }
}

/// A vote as the core sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vote {
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) kind: VoteType,
    pub(super) value: NilOrVal<SealId>,
    pub(super) witness: Address,
}

impl core::Vote<Ctx> for Vote {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<SealId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<SealId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.witness
    }

    fn extension(&self) -> Option<&core::SignedExtension<Ctx>> {
        None
    }

    fn take_extension(&mut self) -> Option<core::SignedExtension<Ctx>> {
        None
    }

    fn extend(self, _: core::SignedExtension<Ctx>) -> Self {
        self
    }
}

/// A proposal as the core sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) pol_round: Round,
    pub(super) value: Seal,
    pub(super) proposer: Address,
}

impl core::Proposal<Ctx> for Proposal {
    fn height(&self) -> Height {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Seal {
        &self.value
    }

    fn take_value(self) -> Seal {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

/// Proposals travel whole: there are no parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part;

impl core::ProposalPart<Ctx> for Part {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

/// A witness as the core sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validator {
    address: Address,
    power: u64,
}

impl core::Validator<Ctx> for Validator {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.address.0
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// The witnesses, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validators(Arc<[Validator]>);

impl Validators {
    pub(super) fn new(set: &WitnessSet) -> Self {
        let validator = |witness: &mutua_protocol::seals::Witness| Validator {
            address: Address(witness.key),
            power: witness.power,
        };
        Self(set.witnesses().iter().map(validator).collect())
    }
}

impl core::ValidatorSet<Ctx> for Validators {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.iter().map(|validator| validator.power).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Validator> {
        self.0.binary_search_by_key(address, |validator| validator.address).ok().map(|at| &self.0[at])
    }

    fn get_by_index(&self, index: usize) -> Option<&Validator> {
        self.0.get(index)
    }
}

/// Ed25519 as `mutua_protocol::keys` does it. The core itself neither signs nor checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scheme;

impl core::SigningScheme for Scheme {
    type DecodingError = std::array::TryFromSliceError;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = ();

    fn decode_signature(bytes: &[u8]) -> Result<Signature, Self::DecodingError> {
        bytes.try_into().map(Signature)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, Self::DecodingError> {
        bytes.try_into().map(PublicKey)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.0.to_vec()
    }
}

impl core::Context for Ctx {
    type Address = Address;
    type Height = Height;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Validator;
    type ValidatorSet = Validators;
    type Timeouts = core::LinearTimeouts;
    type Value = Seal;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Scheme;

    fn select_proposer<'a>(&self, set: &'a Validators, height: Height, round: Round) -> &'a Validator {
        let turn = turn(set.0.len(), height.0, round.as_u32().unwrap_or(0));
        &set.0[turn]
    }

    fn new_proposal(
        &self,
        height: Height,
        round: Round,
        value: Seal,
        pol_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal { height, round, pol_round, value, proposer }
    }

    fn new_prevote(&self, height: Height, round: Round, value: NilOrVal<SealId>, witness: Address) -> Vote {
        Vote { height, round, kind: VoteType::Prevote, value, witness }
    }

    fn new_precommit(&self, height: Height, round: Round, value: NilOrVal<SealId>, witness: Address) -> Vote {
        Vote { height, round, kind: VoteType::Precommit, value, witness }
    }
}

/// Whose turn it is to propose: the position among the witnesses sorted by key, `height + round`
/// modulo their number. Power plays no part, so that every witness is asked in any `n` rounds.
///
/// `witnesses` is at least 1: an engine is only made for a member of the set.
pub(super) fn turn(witnesses: usize, height: u64, round: u32) -> usize {
    let n = witnesses.max(1) as u128;
    usize::try_from((u128::from(height) + u128::from(round)) % n).unwrap_or(0)
}

/// The core's name for a kind of vote.
pub(super) fn vote_type(kind: VoteKind) -> VoteType {
    match kind {
        VoteKind::Prevote => VoteType::Prevote,
        VoteKind::Precommit => VoteType::Precommit,
    }
}

/// Our name for a kind of vote.
pub(super) fn vote_kind(kind: VoteType) -> VoteKind {
    match kind {
        VoteType::Prevote => VoteKind::Prevote,
        VoteType::Precommit => VoteKind::Precommit,
    }
}

/// The core's way to say "this value or none".
pub(super) fn nil_or(value: Option<SealId>) -> NilOrVal<SealId> {
    value.map_or(NilOrVal::Nil, NilOrVal::Val)
}

/// Our way to say "this value or none".
pub(super) fn optional(value: &NilOrVal<SealId>) -> Option<SealId> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(id) => Some(*id),
    }
}
