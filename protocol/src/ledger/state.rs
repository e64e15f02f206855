//! What the ledger holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Argument, Closing, Delegation, Response, Void, arguments::Thread, reversible::Reversible};
use crate::{
    charter::{Community, Role},
    hash::{RecordId, SealId, TermsHash},
    keys::PublicKey,
    loans::{Account, Sums},
    records::{About, Assessment, Ballot, Body, Direction, ProposalId, Received, Record, Scope, Subject},
};

/// The state after a seal.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) community: Arc<Community>,
    pub(super) height: u64,
    pub(super) head: SealId,
    pub(super) time: u64,
    pub(super) round: u32,
    pub(super) close: u64,
    /// A close from which the period of the charter in force counts.
    pub(super) anchor: u64,
    pub(super) records: u64,
    pub(super) chains: Reversible<PublicKey, ChainHead>,
    pub(super) members: Reversible<PublicKey, Member>,
    pub(super) suspended: BTreeMap<PublicKey, Arc<str>>,
    pub(super) retired: BTreeMap<PublicKey, PublicKey>,
    /// Of the retired keys, those that a registrar has replaced.
    pub(super) lost: BTreeSet<PublicKey>,
    pub(super) proposals: BTreeMap<ProposalId, Proposal>,
    pub(super) attested: BTreeMap<RecordId, (ProposalId, PublicKey)>,
    pub(super) evidence: BTreeMap<(PublicKey, u64), RecordId>,
    pub(super) void: BTreeMap<RecordId, Void>,
    pub(super) pool: Pool,
    pub(super) deposits: Arc<Vec<Deposit>>,
    pub(super) accounts: BTreeMap<ProposalId, Arc<Account>>,
    pub(super) responses: BTreeMap<About, Vec<Response>>,
    pub(super) arguments: BTreeMap<RecordId, Arc<Argument>>,
    pub(super) threads: BTreeMap<ProposalId, Arc<Thread>>,
    pub(super) replacements: Vec<Replacement>,
    pub(super) closings: Vec<Arc<Closing>>,
}

/// The end of an author's sealed chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ChainHead {
    /// Number of the newest record; 0 before the first.
    pub sequence: u64,
    /// The newest record; zeros before the first.
    pub id: RecordId,
    /// The round in which the newest record was sealed.
    pub round: u32,
    /// Records sealed in that round.
    pub in_round: u32,
    /// Nothing may follow: the newest record handed the chain over to another key.
    pub retired: bool,
}

impl ChainHead {
    /// A chain without records.
    pub const EMPTY: Self = Self { sequence: 0, id: Record::NONE, round: 0, in_round: 0, retired: false };

    /// The head after this record, sealed in this round.
    #[must_use]
    pub fn after(&self, received: &Received, round: u32) -> Self {
        Self {
            sequence: received.record().sequence,
            id: received.id,
            round,
            in_round: if self.round == round { self.in_round.saturating_add(1) } else { 1 },
            retired: matches!(received.record().body, Body::RotateKey { .. }),
        }
    }
}

/// A member.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// What people call them.
    pub name: Arc<str>,
    /// Voting weight.
    pub weight: u32,
    /// Position in the charter's groups.
    pub group: u16,
    /// The key under which the member was admitted: the same person, whatever key they have since.
    pub first: PublicKey,
    /// Whether and how the member takes part.
    pub status: MemberStatus,
    /// Newest ballot for the current round.
    pub cast: Option<Arc<CastBallot>>,
    /// Newest standing ballot.
    pub standing: Option<Arc<CastBallot>>,
    /// Whose ballot counts where the member has cast none, by what it counts for.
    #[serde(skip)]
    pub delegations: BTreeMap<Scope, Delegation>,
    /// The round in which the member argued last, and how often in it.
    #[serde(skip)]
    pub(super) argued: (u32, u32),
}

/// Whether and how a member takes part. Suspension is kept apart, as it can hit any key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemberStatus {
    /// Takes part.
    Active,
    /// Takes part until the current round closes.
    Leaving,
    /// Has left.
    Left,
}

/// A ballot with its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CastBallot {
    /// The record.
    pub id: RecordId,
    /// The seal that holds it: it counts for terms that were sealed before.
    pub height: u64,
    /// What it says.
    #[serde(flatten)]
    pub ballot: Ballot,
}

/// A proposal as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The record that made it.
    pub id: ProposalId,
    /// Whose it is, under the newest key.
    pub owner: PublicKey,
    /// The current terms.
    pub subject: Arc<Subject>,
    /// Their hash.
    pub terms: TermsHash,
    /// The seal in which these became the terms: only ballots sealed after it are about them.
    pub since: u64,
    /// Hashes of earlier terms, oldest first.
    pub former: Vec<TermsHash>,
    /// Seal and position in it: the earlier wins ties.
    pub sealed: (u64, u32),
    /// Where it stands.
    pub status: ProposalStatus,
    /// The newest attestation of each attestor that has not been revoked or replaced.
    #[serde(serialize_with = "values")]
    pub attestations: BTreeMap<PublicKey, Attestation>,
    /// Every attestation that was sealed, in the order of sealing, and how it ended.
    pub history: Vec<AttestationEntry>,
    /// The newest prediction of each member.
    #[serde(serialize_with = "values")]
    pub predictions: BTreeMap<PublicKey, Prediction>,
}

fn values<T: Serialize, S: serde::Serializer>(
    map: &BTreeMap<PublicKey, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(map.values())
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "status", content = "round")]
pub enum ProposalStatus {
    /// It can be voted on.
    Open,
    /// Its proposer took it back.
    Withdrawn,
    /// It lapsed at the close of this round.
    Expired(u32),
    /// The loan was funded in this round.
    Funded(u32),
    /// The motion was decided in this round.
    Decided(u32),
}

/// An attestation as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Attestation {
    /// The record.
    pub id: RecordId,
    /// Who made it.
    pub attestor: PublicKey,
    /// For which terms.
    pub terms: TermsHash,
    /// What it says.
    #[serde(flatten)]
    pub assessment: Arc<Assessment>,
}

/// An attestation as it was sealed, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct AttestationEntry {
    /// The attestation.
    pub attestation: Attestation,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// Why it is no longer the attestor's word, if it is not.
    pub end: Option<AttestationEnd>,
}

/// How an attestation ended, other than by time or by an amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "end")]
pub enum AttestationEnd {
    /// It had no effect when it was sealed.
    Void {
        /// Why.
        reason: Void,
    },
    /// The attestor has made another one.
    Replaced {
        /// That one.
        by: RecordId,
        /// The time of its seal.
        time: u64,
    },
    /// The attestor has taken it back.
    Revoked {
        /// The record that says so.
        record: RecordId,
        /// The time of its seal.
        time: u64,
        /// Why.
        reason: String,
    },
}

/// A member's estimate of a loan's probability of default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The record.
    pub id: RecordId,
    /// For which terms.
    pub terms: TermsHash,
    /// In basis points.
    pub default: u16,
}

/// The money, in the smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// Stated to have come in.
    pub paid_in: u128,
    /// Stated to have gone out.
    pub paid_out: u128,
    /// The sums of all funded loans.
    pub loans: Sums,
}

impl Pool {
    /// What can be allocated or paid out: what came in, from depositors and borrowers, less what went out and
    /// what loans have been promised.
    #[must_use]
    pub fn available(&self) -> u128 {
        let Sums { allocated, released, repaid, interest, recovered, .. } = self.loans;
        (self.paid_in + released + repaid + interest + recovered)
            .saturating_sub(self.paid_out)
            .saturating_sub(allocated)
    }
}

/// Money that a treasurer stated to have come into the pool or gone out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deposit {
    /// The record.
    pub record: RecordId,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// Into or out of the pool.
    pub direction: Direction,
    /// In the smallest unit.
    pub amount: u64,
    /// Where it came from or went to.
    pub source: String,
    /// What it is meant for, if the depositor has said so. It binds nothing.
    pub purpose: Option<String>,
}

/// A registrar's word that the member with a lost key goes on under another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replacement {
    /// The record.
    pub record: RecordId,
    /// Who confirmed it.
    pub registrar: PublicKey,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
    /// The key that signs nothing afterwards.
    pub lost: PublicKey,
    /// The key under which the member goes on.
    pub successor: PublicKey,
    /// How the registrar knew that it is the same person.
    pub reason: String,
}

impl Proposal {
    /// Is this ballot about the present terms? Whoever voted before an amendment voted on something else.
    #[must_use]
    pub fn is_known_to(&self, cast: &CastBallot) -> bool {
        cast.height > self.since
    }
}

impl Ledger {
    /// The state before the first seal, under the founding charter.
    #[must_use]
    pub fn new(community: Arc<Community>) -> Self {
        let community = community.founding();
        let close = community.charter.schedule.first_close;
        Self {
            community,
            height: 0,
            head: SealId([0; 32]),
            time: 0,
            round: 1,
            close,
            anchor: close,
            records: 0,
            chains: Reversible::default(),
            members: Reversible::default(),
            suspended: BTreeMap::new(),
            retired: BTreeMap::new(),
            lost: BTreeSet::new(),
            proposals: BTreeMap::new(),
            attested: BTreeMap::new(),
            evidence: BTreeMap::new(),
            void: BTreeMap::new(),
            pool: Pool::default(),
            deposits: Arc::default(),
            accounts: BTreeMap::new(),
            responses: BTreeMap::new(),
            arguments: BTreeMap::new(),
            threads: BTreeMap::new(),
            replacements: Vec::new(),
            closings: Vec::new(),
        }
    }

    /// The community, under the charter that is in force for the next seal.
    #[must_use]
    pub fn community(&self) -> &Arc<Community> {
        &self.community
    }

    /// Number of the newest seal; 0 before the first.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The newest seal; zeros before the first.
    #[must_use]
    pub fn head(&self) -> SealId {
        self.head
    }

    /// The newest seal's time; 0 before the first.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The current round, from 1.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.round
    }

    /// When the current round closes: the first seal at or past this time ends it.
    #[must_use]
    pub fn close(&self) -> u64 {
        self.close
    }

    /// How many records are sealed.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The end of an author's sealed chain.
    #[must_use]
    pub fn chain(&self, author: &PublicKey) -> ChainHead {
        self.chains.get(author).copied().unwrap_or(ChainHead::EMPTY)
    }

    /// All members, by key, those who left included.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<PublicKey, Member> {
        &self.members
    }

    /// Why a key is suspended, if it is.
    #[must_use]
    pub fn suspension(&self, key: &PublicKey) -> Option<&str> {
        self.suspended.get(key).map(AsRef::as_ref)
    }

    /// The key under which the person goes on who had this one, and the same key where they still have it: nobody
    /// escapes by changing it.
    #[must_use]
    pub fn newest(&self, mut key: PublicKey) -> PublicKey {
        // A successor was not in use before, so that there is no way back.
        while let Some(successor) = self.retired.get(&key) {
            key = *successor;
        }
        key
    }

    /// The key that was put in the place of this one, if one was; it may have been replaced itself.
    #[must_use]
    pub fn successor(&self, key: &PublicKey) -> Option<PublicKey> {
        self.retired.get(key).copied()
    }

    /// Every key that was replaced, with the one that was put in its place, by key.
    pub fn successors(&self) -> impl Iterator<Item = (PublicKey, PublicKey)> {
        self.retired.iter().map(|(old, new)| (*old, *new))
    }

    /// The keys that registrars have replaced, in the order of sealing.
    #[must_use]
    pub fn replacements(&self) -> &[Replacement] {
        &self.replacements
    }

    /// All proposals, by id.
    #[must_use]
    pub fn proposals(&self) -> &BTreeMap<ProposalId, Proposal> {
        &self.proposals
    }

    /// Sealed records that changed nothing, with the reason.
    #[must_use]
    pub fn void(&self) -> &BTreeMap<RecordId, Void> {
        &self.void
    }

    /// Evidence records by author and sequence number of the fork.
    #[must_use]
    pub fn evidence(&self) -> &BTreeMap<(PublicKey, u64), RecordId> {
        &self.evidence
    }

    /// The money.
    #[must_use]
    pub fn pool(&self) -> Pool {
        self.pool
    }

    /// Every effective statement of money into or out of the pool, in the order of sealing.
    #[must_use]
    pub fn deposits(&self) -> &[Deposit] {
        &self.deposits
    }

    /// What became of each funded loan, by its proposal.
    #[must_use]
    pub fn accounts(&self) -> &BTreeMap<ProposalId, Arc<Account>> {
        &self.accounts
    }

    /// The rounds that have closed, the first round first.
    #[must_use]
    pub fn closings(&self) -> &[Arc<Closing>] {
        &self.closings
    }

    /// Does this key hold this role?
    pub(super) fn holds(&self, key: &PublicKey, role: Role) -> bool {
        self.community.charter.holds(key, role)
    }
}
