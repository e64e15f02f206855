//! Why an outcome is as it is, for those who lost as well as for those who won.
//!
//! Everything here follows from what was counted at the close; nothing of it is sealed.

use serde::{Deserialize, Serialize};

use super::{Closing, Figures, Ineligible, close::passed_over};
use crate::{
    allocation::{self, Allocation, CapExcess, Distance, Idle, Instance, Phase, Rule, allocate},
    hash::OutcomeDigest,
    keys::PublicKey,
    outcome::{CountedAs, PassedOver},
    records::ProposalId,
};

/// The whole of an outcome, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The round.
    pub round: u32,
    /// The digest of the outcome that is explained.
    pub digest: OutcomeDigest,
    /// The charter's rule.
    pub rule: Rule,
    /// What could be allocated, in smallest units.
    pub pool: u64,
    /// What was.
    pub allocated: u64,
    /// What was not.
    pub left: u64,
    /// Why something is left, if something is.
    pub idle: Option<Idle>,
    /// The loan at which Phragmén's rule stopped, because it did not fit.
    pub stopped_at: Option<ProposalId>,
    /// Under Equal Shares, what each unit of weight began with, in smallest units, rounded down; with add-one, raised.
    pub endowment: Option<u64>,
    /// Members who could vote, and their weight.
    pub electorate: (u64, u64),
    /// Members whose ballot counted, and their weight.
    pub voted: (u64, u64),
    /// Members with at least one funded loan on their ballot, and their weight.
    pub represented: (u64, u64),
    /// Whether a group of voters was left out that deserved better, where the rule promises that none is.
    pub fairness: Option<Fairness>,
    /// Every loan that was open, in the order of the outcome's candidates.
    pub loans: Vec<LoanExplanation>,
}

/// The check of EJR+ ([`allocation::left_out`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fairness {
    /// A loan whose supporters could have paid for it with their own part of the pool, at a better price than they
    /// got, and the weight of that group. It would be a fault of the rule's implementation.
    pub left_out: Option<(ProposalId, u64)>,
}

/// One loan, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoanExplanation {
    /// Which.
    pub proposal: ProposalId,
    /// Smallest units.
    pub amount: u64,
    /// Members who support it, and their weight. Nothing is counted for a loan that may not be funded.
    pub supporters: (u64, u64),
    /// What became of it.
    pub fate: LoanFate,
}

/// What became of a loan, and what that hung on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LoanFate {
    /// It is funded.
    Funded {
        /// Its place in the order of selection, from 1.
        place: u32,
        /// The part of the rule that funded it.
        by: Phase,
        /// Its price, or under Phragmén's rule its time, as an exact fraction.
        price: Option<String>,
        /// Members who paid something.
        payers: u64,
        /// The greatest share of a member, in smallest units.
        greatest_share: u64,
    },
    /// It may be funded, and is not.
    PassedOver {
        /// Why.
        reason: PassedOver,
        /// Under Equal Shares, what its supporters have left together, in smallest units, rounded down.
        left: Option<u64>,
        /// By how much that is less than its amount, if it is.
        missing: Option<u64>,
        /// By how much it costs more than is left of the pool, if it does.
        over_pool: Option<u64>,
        /// The first cap that it would break beside all that is funded, and by how much.
        cap: Option<CapExcess>,
        /// Under Phragmén's rule, what each unit of its supporters' weight would have to have paid in all, as an
        /// exact fraction.
        time: Option<String>,
    },
    /// It may not be funded: what it lacks.
    Ineligible {
        /// Everything that stands against it; never empty.
        against: Vec<Ineligible>,
        /// The figures of its attestations, if there are any.
        figures: Option<Figures>,
    },
}

/// A member who supports a loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Supporter {
    /// Who.
    pub member: PublicKey,
    /// The member's weight.
    pub weight: u64,
    /// The score on the ballot.
    pub score: u32,
    /// For a funded loan, what the member's vote paid, in smallest units.
    pub paid: Option<u64>,
    /// Under Equal Shares, what the member has left in the end, in smallest units, rounded down.
    pub left: Option<u64>,
}

impl LoanFate {
    /// What became of a project of an instance, with the shares that were paid for it; nothing if the allocation
    /// knows no such project.
    #[must_use]
    pub fn of(
        instance: &Instance,
        allocation: &Allocation,
        project: usize,
        shares: impl Iterator<Item = u64>,
    ) -> Option<Self> {
        let amount = instance.projects().get(project)?.cost;
        if let Some(place) = allocation.funded.iter().position(|funded| funded.project == project) {
            let funded = &allocation.funded[place];
            let (mut payers, mut greatest_share) = (0, 0);
            for share in shares.filter(|share| *share > 0) {
                payers += 1;
                greatest_share = share.max(greatest_share);
            }
            return Some(Self::Funded {
                place: u32::try_from(place + 1).unwrap_or(u32::MAX),
                by: funded.phase,
                price: funded.price.as_ref().map(ToString::to_string),
                payers,
                greatest_share,
            });
        }
        let passed = allocation.passed_over.iter().find(|passed| passed.project == project)?;
        let have = allocation.left_to_supporters(instance, project);
        let have = have.and_then(|have| have.floor()).and_then(|have| u64::try_from(have).ok());
        Some(Self::PassedOver {
            reason: passed_over(passed.reason),
            left: have,
            missing: have.and_then(|have| amount.checked_sub(have)).filter(|missing| *missing > 0),
            over_pool: amount.checked_sub(allocation.left(instance)).filter(|over| *over > 0),
            cap: allocation.cap_excess(instance, project),
            time: allocation.time_of(instance, project).map(|time| time.to_string()),
        })
    }
}

impl Closing {
    /// Explains the outcome. How far loans were from being funded takes longer: see [`distance`](Self::distance).
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let (count, instance) = (&self.count, self.count.instance());
        let allocation = allocate(instance, count.rule());
        let loan = |project: usize| count.loan(project).map(|counted| counted.proposal);
        let funded: Vec<usize> = allocation.funded.iter().map(|funded| funded.project).collect();
        let left = allocation.left(instance);
        let loans = count.candidates().iter().map(|counted| {
            let amount = counted.amount();
            let project = count.project(&counted.proposal);
            let supporters = project
                .map_or((0, 0), |project| (instance.supporters(project) as u64, instance.support(project)));
            let fate = project.and_then(|project| {
                let place = funded.iter().position(|other| *other == project);
                let shares = place.and_then(|place| self.shares.get(place)).into_iter().flatten();
                LoanFate::of(instance, &allocation, project, shares.map(|share| share.amount))
            });
            let fate = fate.unwrap_or_else(|| LoanFate::Ineligible {
                against: counted.against.clone(),
                figures: counted.figures,
            });
            LoanExplanation { proposal: counted.proposal, amount, supporters, fate }
        });
        let endowment = match count.rule() {
            Rule::EqualShares { .. } => {
                let each = u128::from(instance.budget()).checked_div(u128::from(instance.total_weight()));
                let raised = u128::from(allocation.raises(instance)) * u128::from(instance.unit());
                each.and_then(|each| u64::try_from(each + raised).ok())
            }
            _ => None,
        };
        let turnout = &self.outcome.turnout;
        Explanation {
            round: self.outcome.round,
            digest: self.digest,
            rule: count.rule(),
            pool: instance.budget(),
            allocated: allocation.total_cost,
            left,
            idle: allocation.idle(instance),
            stopped_at: allocation.stopped_at(instance).and_then(loan),
            endowment,
            electorate: (turnout.members, turnout.weight),
            voted: (turnout.voters, turnout.voted),
            represented: (self.represented(&funded), allocation::represented(instance, &funded)),
            fairness: self.fairness(&funded),
            loans: loans.collect(),
        }
    }

    /// How far a loan was from being funded; nothing for one that is funded or may not be.
    #[must_use]
    pub fn distance(&self, proposal: &ProposalId) -> Option<Distance> {
        let project = self.count.project(proposal)?;
        allocation::distance(self.count.instance(), self.count.rule(), project)
    }

    /// Who supports a loan that may be funded, by key, with what they paid and what they have left.
    #[must_use]
    pub fn supporters(&self, proposal: &ProposalId) -> Vec<Supporter> {
        let (count, instance) = (&self.count, self.count.instance());
        let Some(project) = count.project(proposal) else { return Vec::new() };
        let place = self.outcome.funded.iter().position(|funded| funded.proposal == *proposal);
        let shares = place.and_then(|place| self.shares.get(place));
        let allocation = allocate(instance, count.rule());
        let mut left = allocation.left_to_each(instance, project).into_iter().flatten().peekable();
        let mut supporters = Vec::new();
        for (voter, (member, weight)) in count.voters().iter().zip(instance.weights()).enumerate() {
            let Some((_, score)) = instance.ballot(voter).find(|(other, _)| *other as usize == project)
            else {
                continue;
            };
            let share = shares.and_then(|shares| {
                let found = shares.binary_search_by_key(member, |share| share.member).ok()?;
                Some(shares[found].amount)
            });
            let own = left.next_if(|(other, _)| *other == voter);
            supporters.push(Supporter {
                member: *member,
                weight: *weight,
                score,
                paid: share,
                left: own.and_then(|(_, left)| left.floor()).and_then(|left| u64::try_from(left).ok()),
            });
        }
        supporters
    }

    /// How many members have a funded loan on their ballot.
    fn represented(&self, funded: &[usize]) -> u64 {
        let instance = self.count.instance();
        let is_funded = |project: u32| funded.contains(&(project as usize));
        let voters = 0..self.count.voters().len();
        voters.filter(|voter| instance.ballot(*voter).any(|(project, _)| is_funded(project))).count() as u64
    }

    /// Equal Shares promises EJR+ up to one loan, and so does every completion: greedy only adds to what was bought, and
    /// endowments raised by add-one serve whoever the first ones would have served. A cap can set it aside.
    fn fairness(&self, funded: &[usize]) -> Option<Fairness> {
        let (count, instance) = (&self.count, self.count.instance());
        let Rule::EqualShares { utility, .. } = count.rule() else {
            return None;
        };
        let allocation = allocate(instance, count.rule());
        let mut passed = allocation.passed_over.iter();
        if passed.any(|passed| allocation.cap_excess(instance, passed.project).is_some()) {
            return None;
        }
        let left_out = allocation::left_out(instance, utility, funded);
        let left_out =
            left_out.and_then(|left_out| Some((count.loan(left_out.project)?.proposal, left_out.weight)));
        Some(Fairness { left_out })
    }

    /// Did a ballot count for this member, their own or another by delegation?
    #[must_use]
    pub fn voted(&self, member: &PublicKey) -> bool {
        let found = self.roll.binary_search_by_key(member, |entry| entry.member);
        found.is_ok_and(|found| self.roll[found].counted != CountedAs::Nothing)
    }
}
