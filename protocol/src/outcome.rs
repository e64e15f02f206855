//! The outcome of a round: what the witnesses sign when they close it (SPEC section 10).

use serde::{Deserialize, Serialize};

use crate::{
    codec,
    hash::{CharterHash, OutcomeDigest, RecordId, Root, TermsHash, context, derive},
    keys::PublicKey,
    ledger::{Figures, Ineligible},
    records::ProposalId,
    seals::merkle_root,
};

/// What a round decided. Its digest ([`OutcomeHead::digest`]) is in the seal that closes the round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outcome {
    /// The round, from 1.
    pub round: u32,
    /// The seal that closed it.
    pub height: u64,
    /// When it was due: milliseconds since 1970.
    pub close: u64,
    /// That seal's time.
    pub time: u64,
    /// What could be allocated, in the smallest unit.
    pub pool: u64,
    /// Who could vote, and who did.
    pub turnout: Turnout,
    /// Merkle root over the roll, sorted by key.
    pub roll: Root,
    /// The charter that is in force from the next seal on.
    pub charter: CharterHash,
    /// Under a rule with completion by add-one, how often it raised the endowments: each unit of weight began
    /// with its part of the pool and as many whole units of currency.
    pub raises: Option<u64>,
    /// Every loan that was open, in the order in which they were sealed.
    pub candidates: Vec<Candidate>,
    /// What was funded, in the order of selection.
    pub funded: Vec<FundedLoan>,
    /// Every motion and every change of the charter that was open, in the order in which they were sealed.
    pub motions: Vec<MotionResult>,
}

/// Who could vote, and who did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Turnout {
    /// Members who could vote.
    pub members: u64,
    /// Their weight.
    pub weight: u64,
    /// Members whose ballot was counted.
    pub voters: u64,
    /// Their weight.
    pub voted: u64,
}

/// A loan that was open at the close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Candidate {
    /// Which.
    pub proposal: ProposalId,
    /// The terms that were voted on.
    pub terms: TermsHash,
    /// Smallest units.
    pub amount: u64,
    /// What became of it.
    pub result: CandidateResult,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CandidateResult {
    /// It is funded.
    Funded(Figures),
    /// It could have been, and is not.
    PassedOver {
        /// Its rating.
        figures: Figures,
        /// Why.
        reason: PassedOver,
        /// Weight of the members who support it.
        supporters: u64,
        /// Under Equal Shares, what its supporters have left together, in smallest units, rounded down. With
        /// completion by add-one that is out of raised endowments.
        left: Option<u64>,
    },
    /// It could not be funded, whatever the votes.
    Ineligible(Ineligible),
}

/// Why an eligible loan is not funded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PassedOver {
    /// Nobody voted for it.
    #[error("nobody supports it")]
    NoSupporters,
    /// It is worth nothing to those who support it.
    #[error("it is worth nothing to its supporters")]
    NoUtility,
    /// Its supporters have less left than it costs.
    #[error("its supporters together have less left than it costs")]
    SupportersLackMoney,
    /// The pool has less left than it costs.
    #[error("it costs more than is left of the pool")]
    PoolSpent,
    /// Its borrower would get more than the cap.
    #[error("it would break the cap for one borrower")]
    BorrowerCap,
    /// Its category would get more than the cap.
    #[error("it would break the cap for one category")]
    CategoryCap,
    /// The expected loss would exceed the cap.
    #[error("it would break the cap on expected loss")]
    ExpectedLossCap,
    /// Phragmén's rule ended before its turn came.
    #[error("the rule stopped before its turn")]
    Stopped,
}

/// A funded loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FundedLoan {
    /// Which.
    pub proposal: ProposalId,
    /// Smallest units.
    pub amount: u64,
    /// Under Equal Shares, what supporters paid per unit of their utility; under Phragmén's rule, what each
    /// unit of their weight has paid in all when this was bought. Nothing where greedy funded it.
    pub price: Option<Price>,
    /// Weight of the members who support it.
    pub supporters: u64,
    /// Digest of the members' shares: of the canonical bytes of a list of [`Share`]s sorted by key.
    pub shares: Root,
}

/// An exact fraction in lowest terms: big-endian bytes without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Price {
    /// Above the line.
    pub numerator: Vec<u8>,
    /// Below the line.
    pub denominator: Vec<u8>,
}

/// What one member's vote paid for a loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// Who.
    pub member: PublicKey,
    /// Smallest units.
    pub amount: u64,
}

/// The answer to a motion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MotionResult {
    /// Which.
    pub proposal: ProposalId,
    /// Weight for it.
    pub yes: u64,
    /// Weight against it.
    pub no: u64,
    /// Weight of those who abstained.
    pub abstain: u64,
    /// Was the quorum reached?
    pub quorum: bool,
    /// Was it carried?
    pub carried: bool,
    /// If it is a change of the charter: what became of it.
    pub change: Option<ChangeResult>,
}

/// What became of a change of the charter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChangeResult {
    /// The amended charter is in force from the next seal on.
    Adopted,
    /// It was not carried.
    NotCarried,
    /// It was carried, and so was another one sealed before it: the charter that this one amends is no longer in force.
    Lapsed {
        /// The change that was adopted.
        by: ProposalId,
    },
    /// It was carried, and gives an office to a key that was replaced meanwhile and can sign no record.
    ReplacedKey {
        /// The key, the first one if there are several.
        key: PublicKey,
    },
}

/// What was counted for a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CountedAs {
    /// No ballot.
    Nothing,
    /// The newest ballot sealed in this round.
    Cast(RecordId),
    /// A standing ballot of an earlier round.
    Standing(RecordId),
    /// The member had no ballot of their own, and others' count by delegation.
    Delegated(Box<ByDelegation>),
}

impl CountedAs {
    /// The ballots that were counted, that for all and motions first.
    pub fn ballots(&self) -> impl Iterator<Item = RecordId> {
        let (own, delegated) = match self {
            Self::Nothing => (None, None),
            Self::Cast(id) | Self::Standing(id) => (Some(*id), None),
            Self::Delegated(delegated) => (None, Some(delegated)),
        };
        let lines = delegated.into_iter().flat_map(|delegated| delegated.lines());
        own.into_iter().chain(lines.map(|line| line.ballot))
    }
}

/// The ballots that count for a member by delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ByDelegation {
    /// The one that counts for motions, and for loans of all categories that are not listed.
    pub all: Option<Delegated>,
    /// Categories for which something else counts, ascending.
    pub categories: Vec<InCategory>,
}

impl ByDelegation {
    /// What counts, that for all first.
    pub fn lines(&self) -> impl Iterator<Item = &Delegated> {
        self.all.iter().chain(self.categories.iter().filter_map(|other| other.counted.as_ref()))
    }
}

/// What counts for the loans of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InCategory {
    /// Position in the charter's categories.
    pub category: u16,
    /// What counts; nothing if nobody's ballot does.
    pub counted: Option<Delegated>,
}

/// A ballot that counts for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delegated {
    /// Whom the member named, by their newest key.
    pub delegate: PublicKey,
    /// Whose ballot it is: the delegate's, or that of whom the delegate's own delegation leads to. The delegate's line of
    /// the roll shows the next step there.
    pub voter: PublicKey,
    /// The ballot.
    pub ballot: RecordId,
}

/// A line of the roll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RollEntry {
    /// The member.
    pub member: PublicKey,
    /// The member's weight.
    pub weight: u32,
    /// What was counted.
    pub counted: CountedAs,
}

impl RollEntry {
    /// The canonical bytes: a leaf of the roll's tree. There is a line for each member, so the usual ones are written by hand.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (variant, ballot) = match &self.counted {
            CountedAs::Nothing => (0u32, None),
            CountedAs::Cast(id) => (1, Some(id)),
            CountedAs::Standing(id) => (2, Some(id)),
            CountedAs::Delegated(_) => return codec::encode(self),
        };
        let mut bytes = Vec::with_capacity(PublicKey::LENGTH + 4 + 4 + RecordId::LENGTH);
        bytes.extend(self.member.0);
        bytes.extend(self.weight.to_be_bytes());
        bytes.extend(variant.to_be_bytes());
        bytes.extend(ballot.iter().flat_map(|id| id.0));
        debug_assert_eq!(bytes, codec::encode(self), "what is written by hand is canonical");
        bytes
    }
}

/// The part of an outcome that a receipt carries: who voted, and a hash in place of what was decided. Its
/// size does not grow with the number of proposals, so that a receipt stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutcomeHead {
    /// The round, from 1.
    pub round: u32,
    /// The seal that closed it.
    pub height: u64,
    /// When it was due: milliseconds since 1970.
    pub close: u64,
    /// That seal's time.
    pub time: u64,
    /// What could be allocated, in the smallest unit.
    pub pool: u64,
    /// Who could vote, and who did.
    pub turnout: Turnout,
    /// Merkle root over the roll, sorted by key.
    pub roll: Root,
    /// The charter that is in force from the next seal on.
    pub charter: CharterHash,
    /// Hash of the raises, the candidates, the funded loans and the motions.
    pub decisions: Root,
}

impl OutcomeHead {
    /// Size of the canonical bytes.
    pub const BYTES: usize = 4 + 8 + 8 + 8 + 8 + 32 + 32 + 32 + 32;

    /// The digest that the witnesses sign.
    #[must_use]
    pub fn digest(&self) -> OutcomeDigest {
        OutcomeDigest(derive(context::OUTCOME, &codec::encode(self)))
    }
}

impl Outcome {
    /// The head, in which a hash stands for what was decided.
    #[must_use]
    pub fn head(&self) -> OutcomeHead {
        let decisions = codec::encode(&(&self.raises, &self.candidates, &self.funded, &self.motions));
        OutcomeHead {
            round: self.round,
            height: self.height,
            close: self.close,
            time: self.time,
            pool: self.pool,
            turnout: self.turnout,
            roll: self.roll,
            charter: self.charter,
            decisions: Root(derive(context::DECISIONS, &decisions)),
        }
    }

    /// The digest that the witnesses sign: that of the head.
    #[must_use]
    pub fn digest(&self) -> OutcomeDigest {
        self.head().digest()
    }

    /// What was allocated, in the smallest unit.
    #[must_use]
    pub fn allocated(&self) -> u64 {
        self.funded.iter().map(|loan| loan.amount).sum()
    }
}

/// The digest of a funded loan's shares. Nearly every voter has some, so their bytes are written by hand.
#[must_use]
pub fn shares_digest(shares: &[Share]) -> Root {
    let mut bytes = Vec::with_capacity(8 + shares.len() * (PublicKey::LENGTH + 8));
    bytes.extend((shares.len() as u64).to_be_bytes());
    for share in shares {
        bytes.extend(share.member.0);
        bytes.extend(share.amount.to_be_bytes());
    }
    debug_assert_eq!(bytes, codec::encode(shares), "what is written by hand is canonical");
    Root(derive(context::SHARES, &bytes))
}

/// The root over the lines of a roll, sorted by key.
#[must_use]
pub fn roll_root(roll: &[RollEntry]) -> Root {
    merkle_root(context::ROLL_TREE, roll.iter().map(RollEntry::bytes))
}
