//! How the current round may still end: the sealed ballots, and ballots that may come.
//!
//! Everything follows from the ledger at its newest seal, so that every node that holds the same seals
//! shows the same forecast.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Count, Ineligible, Ledger};
use crate::{
    allocation::{draws_for, resample},
    charter::BASIS_POINTS,
    hash::SealId,
    records::ProposalId,
};

/// So many of the newest closed rounds say which share of the members will vote.
const HISTORY: usize = 4;

/// The current round as far as it is sealed.
#[derive(Debug, Clone)]
pub struct Poll {
    round: u32,
    height: u64,
    seal: SealId,
    close: u64,
    electorate: u64,
    voted: u64,
    expected: u64,
    basis: TurnoutBasis,
    count: Count,
    /// The voters in the order in which the ballots that count for them were sealed.
    arrival: Vec<usize>,
}

/// A turnout that somebody asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedTurnout {
    /// So many members.
    Members(u64),
    /// Basis points of the electorate.
    Share(u16),
}

/// Where the expected turnout comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TurnoutBasis {
    /// The share of the members who voted in the newest closed rounds, four at most, of the present electorate.
    History {
        /// How many rounds.
        rounds: u32,
    },
    /// No round has closed yet: one half of the electorate.
    Assumed,
    /// Whoever asked has said so.
    Given,
}

/// What may become of the open loans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Forecast {
    /// The round.
    pub round: u32,
    /// The newest seal, from which everything follows.
    pub height: u64,
    /// Its id, which is the seed.
    pub seal: SealId,
    /// When the round is due.
    pub close: u64,
    /// Members who can vote.
    pub electorate: u64,
    /// Members for whom a ballot counts so far, standing ones and others' by delegation included.
    pub voted: u64,
    /// Members who are expected to have voted at the close; at least those who have.
    pub expected: u64,
    /// Where that number comes from.
    pub basis: TurnoutBasis,
    /// How often the rest of the ballots was drawn.
    pub draws: u32,
    /// Every open loan, in the order in which they were sealed.
    pub chances: Vec<Chance>,
}

/// What may become of a loan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chance {
    /// Which.
    pub proposal: ProposalId,
    /// Smallest units.
    pub amount: u64,
    /// Members who support it so far, and their weight.
    pub supporters: (u64, u64),
    /// In how many of the draws it was funded; nothing if it could not be, as its attestations stand.
    pub funded: Option<u32>,
    /// What stands against it.
    pub against: Vec<Ineligible>,
}

impl Ledger {
    /// The current round, as what is sealed so far would be counted at its close, up to a turnout that is given, or
    /// that earlier rounds let expect.
    #[must_use]
    pub fn poll(&self, turnout: Option<ExpectedTurnout>) -> Poll {
        let (roll, voters) = self.electorate();
        let time = self.close.max(self.time.saturating_add(1));
        let count = self.count(&self.open_proposals(), &voters, time);
        let (electorate, voted) = (roll.len() as u64, voters.len() as u64);
        let newest = self.closings.iter().rev().take(HISTORY).map(|closing| &closing.outcome.turnout);
        let (mut rounds, mut members, mut came) = (0u32, 0u64, 0u64);
        for turnout in newest.filter(|turnout| turnout.members > 0) {
            rounds += 1;
            members += turnout.members;
            came += turnout.voters;
        }
        let (expected, basis) = match turnout {
            Some(ExpectedTurnout::Members(given)) => (given, TurnoutBasis::Given),
            Some(ExpectedTurnout::Share(points)) => {
                let part = u128::from(electorate) * u128::from(points);
                let part = part.div_ceil(u128::from(BASIS_POINTS));
                (u64::try_from(part).unwrap_or(electorate), TurnoutBasis::Given)
            }
            None if rounds > 0 => {
                let part = (u128::from(electorate) * u128::from(came)).div_ceil(u128::from(members));
                (u64::try_from(part).unwrap_or(electorate), TurnoutBasis::History { rounds })
            }
            None => (electorate.div_ceil(2), TurnoutBasis::Assumed),
        };
        let expected = expected.min(electorate).max(voted);
        let mut arrival: Vec<usize> = (0..voters.len()).collect();
        arrival.sort_by_key(|voter| (voters[*voter].arrival(), *voter));
        let (round, height, seal, close) = (self.round, self.height, self.head, self.close);
        Poll { round, height, seal, close, electorate, voted, expected, basis, count, arrival }
    }
}

impl Poll {
    /// Loans and ballots so far.
    #[must_use]
    pub fn count(&self) -> &Count {
        &self.count
    }

    /// How many draws the forecast is made of: the same on every node that holds the same seals.
    #[must_use]
    pub fn draws(&self) -> u32 {
        let expected = usize::try_from(self.expected).unwrap_or(usize::MAX);
        draws_for(self.count.instance(), self.count.rule(), expected)
    }

    /// Draws the rest of the ballots once for each of these numbers; counts for each eligible loan how often it
    /// is funded. The counts of different ranges can be added up.
    #[must_use]
    pub fn draw(&self, draws: Range<u32>) -> Vec<u32> {
        let expected = usize::try_from(self.expected).unwrap_or(usize::MAX);
        resample(self.count.instance(), self.count.rule(), &self.arrival, expected, &self.seal.0, draws)
    }

    /// The forecast from the counts of so many draws.
    #[must_use]
    pub fn forecast(&self, funded: &[u32], draws: u32) -> Forecast {
        let instance = self.count.instance();
        let chances = self.count.candidates().iter().map(|counted| {
            let project = self.count.project(&counted.proposal);
            Chance {
                proposal: counted.proposal,
                amount: counted.amount(),
                supporters: project.map_or((0, 0), |project| {
                    (instance.supporters(project) as u64, instance.support(project))
                }),
                funded: project.and_then(|project| funded.get(project).copied()),
                against: counted.against.clone(),
            }
        });
        Forecast {
            round: self.round,
            height: self.height,
            seal: self.seal,
            close: self.close,
            electorate: self.electorate,
            voted: self.voted,
            expected: self.expected,
            basis: self.basis,
            draws,
            chances: chances.collect(),
        }
    }
}
