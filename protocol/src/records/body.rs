//! The bodies of records: what an author can say.
//!
//! The order of [`Body`]'s variants is their number in the canonical bytes. New kinds are appended,
//! so that no byte of an existing record ever changes its meaning.

use serde::{Deserialize, Serialize};

use super::{About, EvidenceError, Fork, On, ProposalId, ResponseStatus, Scope, Stance, Subject, argument};
use crate::{
    charter::{BASIS_POINTS, CharterLimits, Community, Role},
    codec::Fields,
    hash::{CommunityId, DocumentHash, RecordId, TermsHash},
    keys::{KnownKeys, PublicKey, Purpose, Signature},
    limits,
    text::{self, TextError},
};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// A registrar admits a key as a member.
    Admit {
        /// The member's key.
        key: PublicKey,
        /// The member's voting weight, at least 1.
        weight: u32,
        /// The member's name.
        name: String,
        /// Position in the charter's groups.
        group: u16,
    },
    /// A registrar suspends a key.
    Suspend {
        /// Whom.
        key: PublicKey,
        /// Why.
        reason: String,
    },
    /// A registrar lifts a suspension.
    Readmit {
        /// Whom.
        key: PublicKey,
        /// Why.
        reason: String,
    },
    /// A member leaves, from the next round on.
    Leave,
    /// A member goes on under another key; this one signs nothing afterwards.
    RotateKey {
        /// The new key.
        successor: PublicKey,
        /// The new key's agreement ([`succession`]), so that nobody can claim a key that is not theirs.
        proof: Signature,
    },
    /// A member proposes a loan or a motion.
    Propose(Subject),
    /// The proposer changes the terms.
    Amend {
        /// Which proposal.
        proposal: ProposalId,
        /// The new terms.
        subject: Subject,
    },
    /// The proposer takes the proposal back.
    Withdraw {
        /// Which proposal.
        proposal: ProposalId,
        /// Why.
        reason: String,
    },
    /// An attestor rates a loan.
    Attest {
        /// Which proposal.
        proposal: ProposalId,
        /// For exactly these terms.
        terms: TermsHash,
        /// The rating.
        assessment: Assessment,
    },
    /// An attestor takes an attestation back.
    RevokeAttestation {
        /// Which one.
        attestation: RecordId,
        /// Why.
        reason: String,
    },
    /// A member votes.
    Ballot(Ballot),
    /// A treasurer states money into or out of the pool.
    Fund {
        /// Into or out of.
        direction: Direction,
        /// Smallest units of the currency, at least 1.
        amount: u64,
        /// Where it came from or went to.
        source: String,
        /// What it is meant for, where the depositor has said so. For people to read: the allocation is
        /// not bound by it.
        purpose: Option<String>,
    },
    /// A proof that an author signed two records with one sequence number. Boxed, for it is rare and large, and every
    /// record has room for every body.
    Evidence(Box<Fork>),
    /// A treasurer states that a funded loan was paid out, or a part of it.
    Disburse {
        /// Which loan.
        proposal: ProposalId,
        /// Smallest units of the currency, at least 1.
        amount: u64,
    },
    /// A treasurer states that what was allocated to a loan will not be paid out: it goes back to the pool.
    Release {
        /// Which loan.
        proposal: ProposalId,
        /// Smallest units of the currency, at least 1.
        amount: u64,
        /// Why.
        reason: String,
    },
    /// A treasurer states a payment by the borrower.
    Repay {
        /// Which loan.
        proposal: ProposalId,
        /// The part that pays the loan back, in smallest units.
        principal: u64,
        /// The part that is interest. Both together are at least 1.
        interest: u64,
    },
    /// A treasurer gives up what a borrower owes, or a part of it.
    WriteOff {
        /// Which loan.
        proposal: ProposalId,
        /// Of the principal, in smallest units, at least 1.
        amount: u64,
        /// Why.
        reason: String,
    },
    /// A treasurer states that something given up came in after all.
    Recover {
        /// Which loan.
        proposal: ProposalId,
        /// Of the principal, in smallest units, at least 1.
        amount: u64,
    },
    /// A member estimates a loan's probability of default. It is never a vote: it is compared with what came.
    Predict {
        /// Which loan.
        proposal: ProposalId,
        /// For exactly these terms.
        terms: TermsHash,
        /// Probability of default over the term, in basis points.
        default: u16,
    },
    /// The board answers.
    Respond {
        /// What.
        about: About,
        /// Where the board stands.
        status: ResponseStatus,
        /// Why.
        reason: String,
    },
    /// A member argues for or against something, asks, or answers.
    Argue {
        /// About what.
        on: On,
        /// How it stands to that.
        stance: Stance,
        /// What is said.
        text: String,
    },
    /// A member makes another's argument their own, or no longer does.
    Endorse {
        /// Which argument.
        argument: RecordId,
        /// Take the endorsement back.
        withdrawn: bool,
    },
    /// A moderator hides an argument from view, or shows it again. The log keeps it in any case.
    Moderate {
        /// Which argument.
        argument: RecordId,
        /// Hide it; otherwise show it again.
        hidden: bool,
        /// Why.
        reason: String,
    },
    /// A registrar confirms that a member who has lost their key goes on under another one.
    ReplaceKey {
        /// The lost key.
        lost: PublicKey,
        /// The new key.
        successor: PublicKey,
        /// The new key's agreement ([`replacement`]), so that nobody can be made to go on under a key that is not theirs.
        consent: Signature,
        /// How the registrar knows that it is the same person.
        reason: String,
    },
    /// A member lets another member's ballot count where they cast none, or no longer does.
    Delegate {
        /// For what.
        scope: Scope,
        /// Whose ballot; nobody's any more if there is no key.
        to: Option<PublicKey>,
    },
}

/// A rating of one loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// May it be funded at all?
    pub verdict: Verdict,
    /// 1 is the best.
    pub grade: u8,
    /// Probability of default over the term, in basis points.
    pub default: u16,
    /// Loss given default, in basis points of the amount.
    pub loss: u16,
    /// Greatest amount this rating holds for, in the smallest unit.
    pub greatest_amount: u64,
    /// Outlook, 0 (bad) to 100 (good).
    pub outlook: u8,
    /// Conditions of the rating.
    pub conditions: Vec<String>,
    /// Reasons for it.
    pub reasons: Vec<String>,
    /// Documents, by hash.
    pub documents: Vec<DocumentHash>,
    /// Until when it holds: milliseconds since 1970.
    pub valid_until: u64,
}

/// Whether a loan may be funded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may.
    Approved,
    /// It may not, whatever the votes.
    Declined,
}

/// A member's vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// The round it is meant for, from 1.
    pub round: u32,
    /// Carry it over to later rounds, until another standing ballot replaces it. A standing ballot
    /// without scores and answers ends the one before it.
    pub standing: bool,
    /// Loans, sorted by proposal, each once. A loan that is not named has no support.
    pub scores: Vec<Score>,
    /// Motions, sorted by proposal, each once.
    pub answers: Vec<Answer>,
}

/// Support for one loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Which loan.
    pub proposal: ProposalId,
    /// 1 to the charter's greatest score.
    pub score: u8,
}

/// An answer to one motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Which motion.
    pub proposal: ProposalId,
    /// The answer.
    pub choice: Choice,
}

/// How a motion can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// For it.
    Yes,
    /// Against it.
    No,
    /// Neither, but present for the quorum.
    Abstain,
}

/// Which way money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the pool.
    In,
    /// Out of the pool.
    Out,
}

/// The kinds of bodies, for messages and figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are those of the bodies")]
pub enum Kind {
    Admit,
    Suspend,
    Readmit,
    Leave,
    RotateKey,
    Propose,
    Amend,
    Withdraw,
    Attest,
    RevokeAttestation,
    Ballot,
    Fund,
    Evidence,
    Disburse,
    Release,
    Repay,
    WriteOff,
    Recover,
    Predict,
    Respond,
    Argue,
    Endorse,
    Moderate,
    ReplaceKey,
    Delegate,
}

/// What is wrong with a body, whatever the state of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A text is empty, too long, or holds what it may not.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A field is out of bounds.
    #[error("{field} {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The evidence proves nothing.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

impl BodyError {
    pub(super) fn demand(
        holds: bool,
        field: &'static str,
        problem: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::Field { field, problem: problem() }) }
    }
}

impl Body {
    /// Which kind of body it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Admit { .. } => Kind::Admit,
            Self::Suspend { .. } => Kind::Suspend,
            Self::Readmit { .. } => Kind::Readmit,
            Self::Leave => Kind::Leave,
            Self::RotateKey { .. } => Kind::RotateKey,
            Self::Propose(_) => Kind::Propose,
            Self::Amend { .. } => Kind::Amend,
            Self::Withdraw { .. } => Kind::Withdraw,
            Self::Attest { .. } => Kind::Attest,
            Self::RevokeAttestation { .. } => Kind::RevokeAttestation,
            Self::Ballot(_) => Kind::Ballot,
            Self::Fund { .. } => Kind::Fund,
            Self::Evidence(_) => Kind::Evidence,
            Self::Disburse { .. } => Kind::Disburse,
            Self::Release { .. } => Kind::Release,
            Self::Repay { .. } => Kind::Repay,
            Self::WriteOff { .. } => Kind::WriteOff,
            Self::Recover { .. } => Kind::Recover,
            Self::Predict { .. } => Kind::Predict,
            Self::Respond { .. } => Kind::Respond,
            Self::Argue { .. } => Kind::Argue,
            Self::Endorse { .. } => Kind::Endorse,
            Self::Moderate { .. } => Kind::Moderate,
            Self::ReplaceKey { .. } => Kind::ReplaceKey,
            Self::Delegate { .. } => Kind::Delegate,
        }
    }

    /// The role that its author needs, if it needs one.
    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::Admit { .. } | Self::Suspend { .. } | Self::Readmit { .. } | Self::ReplaceKey { .. } => {
                Some(Role::Registrar)
            }
            Self::Attest { .. } | Self::RevokeAttestation { .. } => Some(Role::Attestor),
            Self::Fund { .. }
            | Self::Disburse { .. }
            | Self::Release { .. }
            | Self::Repay { .. }
            | Self::WriteOff { .. }
            | Self::Recover { .. } => Some(Role::Treasurer),
            Self::Respond { .. } => Some(Role::Board),
            Self::Moderate { .. } => Some(Role::Moderator),
            Self::Leave
            | Self::RotateKey { .. }
            | Self::Propose(_)
            | Self::Amend { .. }
            | Self::Withdraw { .. }
            | Self::Ballot(_)
            | Self::Evidence(_)
            | Self::Predict { .. }
            | Self::Argue { .. }
            | Self::Endorse { .. }
            | Self::Delegate { .. } => None,
        }
    }

    /// Checks every bound that does not depend on the ledger.
    ///
    /// # Errors
    /// [`BodyError`] that names the field.
    pub fn check(&self, community: &Community, author: &PublicKey) -> Result<(), BodyError> {
        self.check_knowing(community, author, &KnownKeys::up_to(0))
    }

    /// As [`Body::check`]. A key that is admitted is one that will sign.
    pub(super) fn check_knowing(
        &self,
        community: &Community,
        author: &PublicKey,
        known: &KnownKeys,
    ) -> Result<(), BodyError> {
        let strong = |field: &'static str, key: &PublicKey| {
            known
                .check_strong(key)
                .map_err(|error| BodyError::Field { field, problem: format!("is refused: {error}") })
        };
        let charter = &community.charter;
        match self {
            Self::Admit { key, weight, name, group } => {
                text::line("name", name, limits::NAME_BYTES)?;
                BodyError::demand(*weight >= 1 && *weight <= limits::MEMBER_WEIGHT, "weight", || {
                    format!("is {weight}, not between 1 and {}", limits::MEMBER_WEIGHT)
                })?;
                BodyError::demand(usize::from(*group) < charter.groups.len(), "group", || {
                    format!("is {group}, but the charter has {} groups", charter.groups.len())
                })?;
                strong("key", key)
            }
            Self::Suspend { reason, .. }
            | Self::Readmit { reason, .. }
            | Self::Withdraw { reason, .. }
            | Self::RevokeAttestation { reason, .. }
            | Self::Respond { reason, .. }
            | Self::Moderate { reason, .. } => Ok(text::line("reason", reason, limits::TEXT_BYTES)?),
            Self::Leave | Self::Endorse { .. } => Ok(()),
            Self::Delegate { scope, to } => {
                if let Scope::Category(category) = scope {
                    let categories = charter.categories.len();
                    BodyError::demand(usize::from(*category) < categories, "scope", || {
                        format!("is category {category}, but the charter has {categories} categories")
                    })?;
                }
                BodyError::demand(to.as_ref() != Some(author), "to", || {
                    "is the author's own key: a delegation is to somebody else".to_owned()
                })
            }
            Self::Argue { on, stance, text } => argument::check(*on, *stance, text),
            Self::RotateKey { successor, proof } => {
                strong("successor", successor)?;
                let agreed = succession(community.id, author);
                agrees("proof", successor, Purpose::Succession, &agreed, proof)
            }
            Self::ReplaceKey { lost, successor, consent, reason } => {
                text::line("reason", reason, limits::TEXT_BYTES)?;
                strong("successor", successor)?;
                let agreed = replacement(community.id, lost);
                agrees("consent", successor, Purpose::Replacement, &agreed, consent)
            }
            Self::Propose(subject) | Self::Amend { subject, .. } => subject.check(community),
            Self::Attest { assessment, .. } => assessment.check(),
            Self::Ballot(ballot) => ballot.check(&community.widest),
            Self::Fund { amount, source, purpose, .. } => {
                text::line("source", source, limits::NAME_BYTES)?;
                if let Some(purpose) = purpose {
                    text::line("purpose", purpose, limits::NAME_BYTES)?;
                }
                sum("amount", *amount)
            }
            Self::Evidence(fork) => Ok(fork.check(community.id)?),
            Self::Predict { default, .. } => BodyError::demand(*default <= BASIS_POINTS, "default", || {
                format!("is {default} basis points, more than {BASIS_POINTS}")
            }),
            Self::Disburse { amount, .. } | Self::Recover { amount, .. } => sum("amount", *amount),
            Self::Release { amount, reason, .. } | Self::WriteOff { amount, reason, .. } => {
                sum("amount", *amount)?;
                Ok(text::line("reason", reason, limits::TEXT_BYTES)?)
            }
            Self::Repay { principal, interest, .. } => {
                BodyError::demand(*principal >= 1 || *interest >= 1, "principal", || {
                    "and interest are both 0".to_owned()
                })?;
                for (field, part) in [("principal", *principal), ("interest", *interest)] {
                    BodyError::demand(part <= limits::AMOUNT, field, || {
                        format!("is {part}, more than 2^50 smallest units")
                    })?;
                }
                Ok(())
            }
        }
    }
}

/// What a successor key signs ([`Purpose::Succession`]) to take over from an old key.
#[must_use]
pub fn succession(community: CommunityId, old: &PublicKey) -> Vec<u8> {
    [community.0, old.0].concat()
}

/// What a new key signs ([`Purpose::Replacement`]) to take over from a lost key, before a registrar confirms it.
#[must_use]
pub fn replacement(community: CommunityId, lost: &PublicKey) -> Vec<u8> {
    [community.0, lost.0].concat()
}

/// Checks that a new key has agreed to take over.
fn agrees(
    field: &'static str,
    successor: &PublicKey,
    purpose: Purpose,
    agreed: &[u8],
    signature: &Signature,
) -> Result<(), BodyError> {
    successor
        .verify(purpose, agreed, signature)
        .map_err(|error| BodyError::Field { field, problem: format!("is refused: {error}") })
}

/// Checks a sum of money.
fn sum(field: &'static str, amount: u64) -> Result<(), BodyError> {
    BodyError::demand((1..=limits::AMOUNT).contains(&amount), field, || {
        format!("is {amount}, not between 1 and 2^50 smallest units")
    })
}

impl Assessment {
    fn check(&self) -> Result<(), BodyError> {
        BodyError::demand(self.grade >= 1, "grade", || "is 0; grades begin at 1".to_owned())?;
        BodyError::demand(self.default <= BASIS_POINTS, "default", || {
            format!("is {} basis points, more than {BASIS_POINTS}", self.default)
        })?;
        BodyError::demand(self.loss <= BASIS_POINTS, "loss", || {
            format!("is {} basis points, more than {BASIS_POINTS}", self.loss)
        })?;
        BodyError::demand(self.outlook <= 100, "outlook", || format!("is {}, more than 100", self.outlook))?;
        BodyError::demand(self.greatest_amount <= limits::AMOUNT, "greatest_amount", || {
            format!("is {}, more than 2^50 smallest units", self.greatest_amount)
        })?;
        text::count("documents", self.documents.len(), limits::ITEMS)?;
        for (field, items) in [("conditions", &self.conditions), ("reasons", &self.reasons)] {
            text::count(field, items.len(), limits::ITEMS)?;
            for item in items {
                text::line(field, item, limits::TEXT_BYTES)?;
            }
        }
        Ok(())
    }
}

impl Ballot {
    /// The number of its kind of body.
    pub(super) const VARIANT: u32 = 10;

    /// Reads its fields by hand.
    pub(super) fn fields(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            round: fields.u32()?,
            standing: fields.flag()?,
            scores: fields.list(ProposalId::LENGTH + 1, |fields| {
                Some(Score { proposal: RecordId(fields.array()?), score: fields.u8()? })
            })?,
            answers: fields.list(ProposalId::LENGTH + 4, |fields| {
                let proposal = RecordId(fields.array()?);
                let choice = match fields.u32()? {
                    0 => Choice::Yes,
                    1 => Choice::No,
                    2 => Choice::Abstain,
                    _ => return None,
                };
                Some(Answer { proposal, choice })
            })?,
        })
    }

    /// By the widest limits that the charter has had: what was within bounds when it was signed is so when it is sealed.
    fn check(&self, widest: &CharterLimits) -> Result<(), BodyError> {
        BodyError::demand(self.round >= 1, "round", || "is 0; rounds begin at 1".to_owned())?;
        text::count("scores", self.scores.len(), usize::from(widest.scores))?;
        text::count("answers", self.answers.len(), limits::SCORES)?;
        BodyError::demand(
            self.scores.windows(2).all(|pair| pair[0].proposal < pair[1].proposal),
            "scores",
            || "are not sorted by proposal, or name one twice".to_owned(),
        )?;
        BodyError::demand(
            self.answers.windows(2).all(|pair| pair[0].proposal < pair[1].proposal),
            "answers",
            || "are not sorted by proposal, or name one twice".to_owned(),
        )?;
        for entry in &self.scores {
            BodyError::demand((1..=widest.score).contains(&entry.score), "score", || {
                format!(
                    "for proposal {} is {}, not between 1 and {}; leave out what you do not support",
                    entry.proposal.short(),
                    entry.score,
                    widest.score
                )
            })?;
        }
        Ok(())
    }

    /// Does it say nothing at all?
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.scores.is_empty() && self.answers.is_empty()
    }
}
