//! The charter: the founding document of a community (SPEC section 5).
//!
//! Its hash is the community's id. It fixes who may say what, who seals, when rounds close, how
//! the pool is allocated, and which limits hold. People write it as JSON; what is hashed are its
//! canonical bytes.
//!
//! Members can amend it (SPEC section 5.1): the amended charter takes its place at the close of a round. The id
//! stays that of the founding charter.

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    allocation, codec,
    hash::{CharterHash, CommunityId, context, derive},
    keys::PublicKey,
    limits,
    seals::{Witness, WitnessSet},
    text::{self, TextError},
};

pub use crate::allocation::{Completion, GreedyOrder, Rule, Utility};

/// The protocol version that this crate speaks.
pub const PROTOCOL: u16 = 1;

/// Basis points in a whole.
pub const BASIS_POINTS: u16 = 10_000;

/// The founding document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// Protocol version: [`PROTOCOL`].
    pub protocol: u16,
    /// The community's name.
    pub name: String,
    /// What the pool is counted in.
    pub currency: Currency,
    /// Kinds of members (customers, staff, ...); an admission names one by position.
    pub groups: Vec<String>,
    /// Kinds of loans; a proposal names one by position.
    pub categories: Vec<String>,
    /// Who holds which role, sorted by role, each role at most once.
    pub roles: Vec<RoleHolders>,
    /// Who agrees on seals, sorted by key.
    pub witnesses: Vec<Witness>,
    /// When rounds close.
    pub schedule: Schedule,
    /// How witnesses judge a seal.
    pub sealing: Sealing,
    /// How the pool is allocated (SPEC section 10.4 says what each rule is).
    pub rule: Rule,
    /// Which loans may be funded at all.
    pub policy: RiskPolicy,
    /// When a motion is carried.
    pub motions: MotionPolicy,
    /// Limits that this community tightens.
    pub limits: CharterLimits,
}

/// What the pool is counted in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Currency {
    /// A code such as `EUR` (ISO 4217 where there is one).
    pub code: String,
    /// Digits after the decimal point, 0 to 6. All amounts are integers in the smallest unit.
    pub decimals: u8,
}

/// What a key in the charter may do. Later roles are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Admits, suspends and readmits members.
    Registrar,
    /// Publishes creditworthiness and outlook.
    Attestor,
    /// States money into and out of the pool, and what became of funded loans.
    Treasurer,
    /// Answers motions, outcomes and questions for the institution.
    Board,
    /// Hides arguments from view, with a reason, and shows them again.
    Moderator,
}

/// The keys that hold a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleHolders {
    /// The role.
    pub role: Role,
    /// Who holds it, sorted, each once.
    pub keys: Vec<PublicKey>,
    /// How many of them must agree. Only attestors may need more than one.
    pub needed: u8,
}

/// When rounds close. All times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Close of the first round.
    pub first_close: u64,
    /// Time between closes, in milliseconds; at least one second.
    pub period: u64,
}

/// How witnesses judge a proposed seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sealing {
    /// How long, in milliseconds, a witness may hold a record before it refuses seals that leave it out.
    pub patience: u64,
    /// How far, in milliseconds, a seal's time may lie from the witness's clock.
    pub drift: u64,
}

/// Which loans may be funded at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RiskPolicy {
    /// Worst grade that may be funded: 1 is the best.
    pub worst_grade: u8,
    /// Greatest probability of default, in basis points.
    pub greatest_default: u16,
    /// Greatest amount of one loan, in the smallest unit.
    pub greatest_amount: u64,
    /// Least outlook, 0 to 100.
    pub least_outlook: u8,
    /// Further bounds by grade, the best grade first. The bounds above hold for every grade.
    #[serde(default)]
    pub grades: Vec<GradeBounds>,
    /// Greatest shares of the pool.
    pub caps: Caps,
}

/// What a grade means: loans of this grade are not funded beyond these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GradeBounds {
    /// Greatest probability of default, in basis points.
    pub greatest_default: u16,
    /// Greatest amount of one loan, in the smallest unit.
    pub greatest_amount: u64,
}

impl RiskPolicy {
    /// The bounds for loans of this grade: the stricter of what holds for every grade and for this one.
    #[must_use]
    pub fn bounds(&self, grade: u8) -> GradeBounds {
        let every =
            GradeBounds { greatest_default: self.greatest_default, greatest_amount: self.greatest_amount };
        match usize::from(grade).checked_sub(1).and_then(|position| self.grades.get(position)) {
            None => every,
            Some(own) => GradeBounds {
                greatest_default: own.greatest_default.min(every.greatest_default),
                greatest_amount: own.greatest_amount.min(every.greatest_amount),
            },
        }
    }
}

/// Greatest shares of the pool, in basis points. A loan that would break one is passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// For one borrower.
    pub borrower: Option<u16>,
    /// For one category.
    pub category: Option<u16>,
    /// For the expected loss of everything funded in the round.
    pub expected_loss: Option<u16>,
}

impl Caps {
    /// The caps as the allocation engine knows them.
    #[must_use]
    pub fn engine(self) -> allocation::Caps {
        allocation::Caps {
            borrower: self.borrower.map(u32::from),
            category: self.category.map(u32::from),
            expected_loss: self.expected_loss.map(u32::from),
        }
    }
}

/// When a motion is carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MotionPolicy {
    /// Share of the electorate's weight, in basis points, that must answer (abstentions count).
    pub quorum: u16,
    /// Share of yes among yes and no, in basis points, that must be exceeded.
    pub majority: u16,
    /// When a change of the charter is carried.
    #[serde(default)]
    pub charter: CharterMajority,
}

/// When a change of the charter is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CharterMajority {
    /// Share of the electorate's weight, in basis points, that must answer (abstentions count).
    pub quorum: u16,
    /// Share of yes among yes and no, in basis points, that must be exceeded: at least half.
    pub majority: u16,
}

impl Default for CharterMajority {
    /// Two thirds of those who answer, and half of the electorate. (6,666 is the greatest number that exactly two
    /// thirds exceed.)
    fn default() -> Self {
        Self { quorum: 5_000, majority: 6_666 }
    }
}

/// Limits that a community tightens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CharterLimits {
    /// Greatest score in a ballot, 1 to [`limits::SCORE`].
    pub score: u8,
    /// Greatest number of scores in a ballot.
    pub scores: u16,
    /// Greatest size of a signed record in bytes. A record that amends the charter has to fit.
    pub record_bytes: u32,
    /// Records that an author without a role may add in one round.
    pub records_per_round: u32,
}

impl CharterLimits {
    /// The greater of both, limit by limit.
    fn or(&self, other: &Self) -> Self {
        Self {
            score: self.score.max(other.score),
            scores: self.scores.max(other.scores),
            record_bytes: self.record_bytes.max(other.record_bytes),
            records_per_round: self.records_per_round.max(other.records_per_round),
        }
    }
}

impl Default for CharterLimits {
    fn default() -> Self {
        Self { score: 10, scores: 384, record_bytes: 16 << 10, records_per_round: 256 }
    }
}

/// A charter that is or was in force, with what follows from it and from those before it.
#[derive(Clone)]
pub struct Community {
    /// The hash of the founding charter.
    pub id: CommunityId,
    /// The charter.
    pub charter: Charter,
    /// Its hash.
    pub hash: CharterHash,
    /// Its witnesses.
    pub witnesses: WitnessSet,
    /// The seal at whose close it was adopted, 0 for the founding charter: it is in force from the next seal on.
    pub since: u64,
    /// The greatest limits that it or a charter before it allows: a record that was within bounds once stays so.
    pub widest: CharterLimits,
    before: Before,
}

/// The community under the charter before. There may be so many that nothing may call itself for each of them.
#[derive(Clone)]
struct Before(Option<Arc<Community>>);

impl Drop for Before {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut community) = next.and_then(Arc::into_inner) {
            next = community.before.0.take();
        }
    }
}

impl PartialEq for Community {
    /// The same charters, in force from the same seals on.
    fn eq(&self, other: &Self) -> bool {
        let steps = |community: &Self| (community.id, community.hash, community.since);
        self.history().map(steps).eq(other.history().map(steps))
    }
}

impl Eq for Community {}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, charter, since, .. } = self;
        f.debug_struct("Community")
            .field("id", id)
            .field("since", since)
            .field("charter", charter)
            .finish_non_exhaustive()
    }
}

impl Community {
    /// Founds a community on a charter.
    ///
    /// # Errors
    /// [`CharterError`] when the charter breaks a bound.
    pub fn new(charter: Charter) -> Result<Self, CharterError> {
        charter.check()?;
        Ok(Self {
            id: charter.id(),
            hash: charter.hash(),
            witnesses: WitnessSet::new(charter.witnesses.clone()),
            since: 0,
            widest: charter.limits.clone(),
            before: Before(None),
            charter,
        })
    }

    /// The community under an amended charter, adopted by the seal of this height.
    ///
    /// # Errors
    /// [`CharterError`] when the amended charter breaks a bound or changes what no amendment may change.
    pub fn amended(self: &Arc<Self>, charter: Charter, height: u64) -> Result<Self, CharterError> {
        charter.check()?;
        charter.check_follows(&self.charter)?;
        Ok(Self {
            id: self.id,
            hash: charter.hash(),
            witnesses: WitnessSet::new(charter.witnesses.clone()),
            since: height,
            widest: self.widest.or(&charter.limits),
            before: Before(Some(Arc::clone(self))),
            charter,
        })
    }

    /// The community under its founding charter.
    #[must_use]
    pub fn founding(self: &Arc<Self>) -> Arc<Self> {
        let mut found = self;
        while let Some(before) = &found.before.0 {
            found = before;
        }
        Arc::clone(found)
    }

    /// This charter and those before it, the newest first.
    pub fn history(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |community| community.before.0.as_deref())
    }

    /// The community under the charter by which the seal of this height is judged.
    #[must_use]
    pub fn at(&self, height: u64) -> &Self {
        let mut found = self;
        while let Some(before) = found.before.0.as_deref().filter(|_| found.since >= height) {
            found = before;
        }
        found
    }

    /// The charter with this hash, if it is or was in force.
    #[must_use]
    pub fn with_hash(&self, hash: &CharterHash) -> Option<&Charter> {
        self.history().find(|community| community.hash == *hash).map(|community| &community.charter)
    }

    /// Does this key hold this role now, or did it under a charter before?
    #[must_use]
    pub fn has_held(&self, key: &PublicKey, role: Role) -> bool {
        self.history().any(|community| community.charter.holds(key, role))
    }

    /// Is this key named in the charter, or in one before?
    #[must_use]
    pub fn has_named(&self, key: &PublicKey) -> bool {
        self.history().any(|community| community.charter.names(key))
    }

    /// Has this key been named in every charter so far?
    #[must_use]
    pub fn has_always_named(&self, key: &PublicKey) -> bool {
        self.history().all(|community| community.charter.names(key))
    }

    /// Founds a community on the canonical bytes of a charter.
    ///
    /// # Errors
    /// [`CharterError`] when the bytes are not canonical or the charter breaks a bound.
    pub fn decode(bytes: &[u8]) -> Result<Self, CharterError> {
        Self::new(codec::decode(bytes, limits::CHARTER_BYTES)?)
    }
}

/// What is wrong with a charter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharterError {
    /// The bytes are not a charter.
    #[error("this is not a charter: {0}")]
    Codec(#[from] codec::CodecError),
    /// It was written for another version.
    #[error("the charter is for protocol version {0}, this program speaks version {PROTOCOL}")]
    Protocol(u16),
    /// A text is empty, too long or holds what it may not.
    #[error("charter: {0}")]
    Text(#[from] TextError),
    /// A field is out of bounds.
    #[error("charter: {field} {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key is weak.
    #[error("charter: key {0} is weak or not canonical")]
    WeakKey(PublicKey),
    /// An amendment changes what none may change.
    #[error("amended charter: {0}")]
    Fixed(&'static str),
}

impl Charter {
    /// The community's id.
    #[must_use]
    pub fn id(&self) -> CommunityId {
        CommunityId(derive(context::COMMUNITY, &codec::encode(self)))
    }

    /// Its hash: of the founding charter, that is the community's id.
    #[must_use]
    pub fn hash(&self) -> CharterHash {
        CharterHash(self.id().0)
    }

    /// May it follow this charter, which it amends?
    ///
    /// # Errors
    /// [`CharterError::Fixed`] that says what an amendment may not change.
    pub fn check_follows(&self, base: &Self) -> Result<(), CharterError> {
        let demand = |holds: bool, problem| if holds { Ok(()) } else { Err(CharterError::Fixed(problem)) };
        demand(self.protocol == base.protocol, "'protocol' stays: another version is another program")?;
        demand(self.name == base.name, "'name' stays: people and files know the community by it")?;
        demand(self.currency == base.currency, "'currency' stays: all amounts of the log are counted in it")?;
        demand(
            self.schedule.first_close == base.schedule.first_close,
            "'schedule.first_close' stays: that round has begun with the community",
        )?;
        demand(
            self.groups.starts_with(&base.groups),
            "'groups' are only appended to: members name theirs by position",
        )?;
        demand(
            self.categories.starts_with(&base.categories),
            "'categories' are only appended to: loans name theirs by position",
        )?;
        demand(self != base, "it is the same as the one it amends")
    }

    /// The keys that hold a role.
    #[must_use]
    pub fn holders(&self, role: Role) -> &[PublicKey] {
        self.roles.iter().find(|held| held.role == role).map_or(&[], |held| &held.keys)
    }

    /// Does this key hold this role?
    #[must_use]
    pub fn holds(&self, key: &PublicKey, role: Role) -> bool {
        self.holders(role).binary_search(key).is_ok()
    }

    /// Is this key named in the charter, with a role or as a witness?
    #[must_use]
    pub fn names(&self, key: &PublicKey) -> bool {
        self.roles.iter().any(|held| held.keys.binary_search(key).is_ok())
            || self.witnesses.iter().any(|witness| witness.key == *key)
    }

    /// The keys that it names, with a role or as witnesses.
    pub fn named(&self) -> impl Iterator<Item = &PublicKey> {
        let witnesses = self.witnesses.iter().map(|witness| &witness.key);
        self.roles.iter().flat_map(|held| &held.keys).chain(witnesses)
    }

    /// How many attestors must agree on a loan.
    #[must_use]
    pub fn attestations_needed(&self) -> usize {
        self.roles.iter().find(|held| held.role == Role::Attestor).map_or(1, |held| usize::from(held.needed))
    }

    /// The first close after this time, on the grid that begins with this close. Closes that passed while nothing
    /// could be sealed are skipped: a round never ends before its members could vote in it.
    #[must_use]
    pub fn close_after(&self, anchor: u64, time: u64) -> u64 {
        if time < anchor {
            return anchor;
        }
        let passed = (time - anchor) / self.schedule.period + 1;
        anchor.saturating_add(passed.saturating_mul(self.schedule.period))
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The first [`CharterError`].
    pub fn check(&self) -> Result<(), CharterError> {
        let demand = |holds: bool, field, problem| {
            if holds { Ok(()) } else { Err(CharterError::Field { field, problem }) }
        };
        if self.protocol != PROTOCOL {
            return Err(CharterError::Protocol(self.protocol));
        }
        text::line("name", &self.name, limits::NAME_BYTES)?;
        text::line("currency code", &self.currency.code, 12)?;
        demand(self.currency.decimals <= 6, "currency.decimals", "is more than 6")?;
        for (field, labels) in [("groups", &self.groups), ("categories", &self.categories)] {
            demand(!labels.is_empty() && labels.len() <= limits::LABELS, field, "needs 1 to 64 entries")?;
            for label in labels {
                text::line(field, label, limits::NAME_BYTES)?;
            }
            let distinct: BTreeSet<&String> = labels.iter().collect();
            demand(distinct.len() == labels.len(), field, "has an entry twice")?;
        }
        let sorted = self.roles.windows(2).all(|pair| pair[0].role < pair[1].role);
        demand(sorted, "roles", "are not sorted, or one stands there twice")?;
        for held in &self.roles {
            demand(
                !held.keys.is_empty() && held.keys.len() <= limits::ROLE_KEYS,
                "roles",
                "need 1 to 32 keys each",
            )?;
            demand(
                held.keys.windows(2).all(|pair| pair[0] < pair[1]),
                "roles",
                "have keys that are not sorted, or one twice",
            )?;
            let most = if held.role == Role::Attestor { held.keys.len() } else { 1 };
            demand(
                held.needed >= 1 && usize::from(held.needed) <= most,
                "roles",
                "have a 'needed' that is not between 1 and the number of attestors, or not 1 for another role",
            )?;
            for key in &held.keys {
                key.check_strong().map_err(|_| CharterError::WeakKey(*key))?;
            }
        }
        demand(!self.holders(Role::Registrar).is_empty(), "roles", "have no registrar")?;
        demand(
            !self.witnesses.is_empty() && self.witnesses.len() <= limits::WITNESSES,
            "witnesses",
            "need 1 to 64 entries",
        )?;
        demand(
            self.witnesses.windows(2).all(|pair| pair[0].key < pair[1].key),
            "witnesses",
            "are not sorted by key, or one stands there twice",
        )?;
        for witness in &self.witnesses {
            text::line("witness name", &witness.name, limits::NAME_BYTES)?;
            demand(
                witness.power >= 1 && witness.power <= limits::WITNESS_POWER,
                "witnesses",
                "have a power that is not between 1 and 2^32",
            )?;
            witness.key.check_strong().map_err(|_| CharterError::WeakKey(witness.key))?;
        }
        demand(
            self.schedule.period >= 1000 && self.schedule.period <= 1 << 42,
            "schedule.period",
            "is not between one second and 2^42 milliseconds",
        )?;
        demand(self.schedule.first_close <= 1 << 52, "schedule.first_close", "is beyond 2^52 milliseconds")?;
        demand(
            self.sealing.patience >= 100 && self.sealing.patience <= 86_400_000,
            "sealing.patience",
            "is not between 100 ms and one day",
        )?;
        demand(
            self.sealing.drift >= 100 && self.sealing.drift <= 3_600_000,
            "sealing.drift",
            "is not between 100 ms and one hour",
        )?;
        demand(self.policy.greatest_default <= BASIS_POINTS, "policy.greatest_default", "is over 10000")?;
        demand(self.policy.least_outlook <= 100, "policy.least_outlook", "is over 100")?;
        demand(self.policy.worst_grade >= 1, "policy.worst_grade", "is 0; grades begin at 1")?;
        demand(self.policy.greatest_amount <= limits::AMOUNT, "policy.greatest_amount", "is over 2^50")?;
        demand(
            self.policy.grades.len() <= limits::GRADES.min(usize::from(self.policy.worst_grade)),
            "policy.grades",
            "has more than 32 entries, or more than there are grades up to worst_grade",
        )?;
        demand(
            self.policy.grades.iter().all(|grade| {
                grade.greatest_default <= BASIS_POINTS && grade.greatest_amount <= limits::AMOUNT
            }),
            "policy.grades",
            "has a default over 10000 or an amount over 2^50",
        )?;
        let Caps { borrower, category, expected_loss } = self.policy.caps;
        demand(
            [borrower, category, expected_loss].iter().flatten().all(|cap| *cap <= BASIS_POINTS),
            "policy.caps",
            "has a share over 10000",
        )?;
        demand(self.motions.quorum <= BASIS_POINTS, "motions.quorum", "is over 10000")?;
        demand(self.motions.majority < BASIS_POINTS, "motions.majority", "is not under 10000")?;
        demand(self.motions.charter.quorum <= BASIS_POINTS, "motions.charter.quorum", "is over 10000")?;
        demand(
            (BASIS_POINTS / 2..BASIS_POINTS).contains(&self.motions.charter.majority),
            "motions.charter.majority",
            "is not between 5000 and 9999",
        )?;
        let own = &self.limits;
        demand(own.score >= 1 && own.score <= limits::SCORE, "limits.score", "is not between 1 and 100")?;
        demand(
            own.scores >= 1 && usize::from(own.scores) <= limits::SCORES,
            "limits.scores",
            "is not between 1 and 384",
        )?;
        demand(
            (1024..=limits::RECORD_BYTES).contains(&(own.record_bytes as usize)),
            "limits.record_bytes",
            "is not between 1024 and 16384",
        )?;
        demand(
            codec::encode(self).len() + limits::CHANGE_BYTES <= own.record_bytes as usize,
            "limits.record_bytes",
            "is not 512 more than this charter's own length in canonical bytes: no record could hold an amended one. \
             Raise it, or shorten names and lists",
        )?;
        demand(
            own.records_per_round >= 4 && own.records_per_round <= limits::RECORDS_PER_ROUND,
            "limits.records_per_round",
            "is not between 4 and 1024",
        )
    }
}
