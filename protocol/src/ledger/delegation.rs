//! Whose ballot counts for a member who has cast none: delegations, resolved when a round closes (SPEC section 10.3).
//!
//! For every scope there is a graph in which each member without a ballot of their own has at most one way on. So each way
//! ends at a ballot, ends at nobody, or comes back to itself; following all of them costs one visit of each member.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CastBallot, Ledger, Member, MemberStatus, Void};
use crate::{
    hash::RecordId,
    keys::PublicKey,
    outcome::{ByDelegation, CountedAs, Delegated, InCategory, RollEntry},
    records::Scope,
};

/// What a member has delegated, for one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Delegation {
    /// The record.
    pub record: RecordId,
    /// The key that it names.
    pub to: PublicKey,
    /// The seal that holds it.
    pub height: u64,
    /// That seal's time, milliseconds since 1970.
    pub time: u64,
}

/// Where a delegation leads at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Way {
    /// Those on the way, by their newest keys, beginning with the delegate that the member has named; at most
    /// [`Way::SHOWN`].
    pub through: Vec<PublicKey>,
    /// How many there are.
    pub steps: u64,
    /// Where it ends.
    pub end: WayEnd,
}

impl Way {
    /// How many of those on the way are named.
    pub const SHOWN: usize = 32;
}

/// Where a delegation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WayEnd {
    /// At the ballot of this member, which counts.
    Ballot {
        /// Who.
        voter: PublicKey,
        /// The ballot.
        ballot: RecordId,
    },
    /// At this member, who has neither a ballot nor a delegation.
    Silent(PublicKey),
    /// At this key, which has no vote: its member has left or is suspended.
    NoVote(PublicKey),
    /// It comes back to this member.
    Circle(PublicKey),
}

/// A member who can vote.
pub(super) type Elector<'a> = (PublicKey, &'a Member);

/// Nobody.
const NONE: u32 = u32::MAX;

/// For each elector, by position, whose ballot counts for one scope.
#[derive(Debug)]
struct Graph {
    /// Whom the elector's own delegation names; [`NONE`] without one that leads to an elector.
    next: Vec<u32>,
    /// The elector whose ballot counts, which is the elector if there is one of their own; [`NONE`] if there is none.
    end: Vec<u32>,
}

impl Graph {
    /// Follows every way to its end. `own` says who has a ballot.
    fn resolve(next: Vec<u32>, own: &[bool]) -> Self {
        const UNKNOWN: u32 = u32::MAX - 1;
        let mut end = vec![UNKNOWN; next.len()];
        let mut way: Vec<u32> = Vec::new();
        for start in 0..next.len() {
            let mut at = u32::try_from(start).unwrap_or(NONE);
            let found = loop {
                let position = at as usize;
                match end.get_mut(position) {
                    None => break NONE,
                    // Resolved before; or on this way, where it says nobody until the way has ended: a circle.
                    Some(known) if *known != UNKNOWN => break *known,
                    Some(_) if own[position] => {
                        end[position] = at;
                        break at;
                    }
                    Some(unknown) => {
                        *unknown = NONE;
                        way.push(at);
                        at = next[position];
                    }
                }
            };
            for passed in way.drain(..) {
                end[passed as usize] = found;
            }
        }
        Self { next, end }
    }
}

/// Delegations of an electorate, resolved.
#[derive(Debug)]
pub(super) struct Resolved<'a, 'b> {
    electors: &'b [Elector<'a>],
    all: Graph,
    /// For each category that somebody has delegated, ascending.
    categories: Vec<(u16, Graph)>,
}

/// The ballots that count for a member by delegation: that for all, and for single categories others or none.
#[derive(Debug, Clone, Default)]
pub(super) struct Proxies<'a> {
    pub(super) all: Option<&'a CastBallot>,
    pub(super) categories: Vec<(u16, Option<&'a CastBallot>)>,
}

impl<'a, 'b> Resolved<'a, 'b> {
    /// What counts for an elector without a ballot; nothing if no ballot does.
    pub(super) fn of(&self, elector: usize) -> Option<(ByDelegation, Proxies<'a>)> {
        let (all, ballot) = self.line(&self.all, elector).unzip();
        let mut found = ByDelegation { all, categories: Vec::new() };
        let mut proxies = Proxies { all: ballot, categories: Vec::new() };
        for (category, graph) in &self.categories {
            let (counted, ballot) = self.line(graph, elector).unzip();
            if counted != all {
                found.categories.push(InCategory { category: *category, counted });
                proxies.categories.push((*category, ballot));
            }
        }
        (all.is_some() || !found.categories.is_empty()).then_some((found, proxies))
    }

    fn line(&self, graph: &Graph, elector: usize) -> Option<(Delegated, &'a CastBallot)> {
        let elector_at = |position: &u32| self.electors.get(*position as usize);
        let (voter, member) = graph.end.get(elector).and_then(elector_at)?;
        let (delegate, _) = graph.next.get(elector).and_then(elector_at)?;
        let ballot = member.own_ballot()?;
        Some((Delegated { delegate: *delegate, voter: *voter, ballot: ballot.id }, ballot))
    }
}

impl Member {
    /// The member's own ballot: the newest one of the round, else the standing one.
    #[must_use]
    pub fn own_ballot(&self) -> Option<&CastBallot> {
        self.cast.as_deref().or(self.standing.as_deref())
    }

    /// The delegation that holds for this scope: that for the category if there is one, else that for all.
    fn delegation(&self, scope: Scope) -> Option<&Delegation> {
        self.delegations.get(&scope).or_else(|| self.delegations.get(&Scope::All))
    }
}

impl Ledger {
    /// Resolves the delegations of an electorate, sorted by key; nothing where nobody has delegated anything.
    pub(super) fn resolve<'a, 'b>(&self, electors: &'b [Elector<'a>]) -> Option<Resolved<'a, 'b>> {
        let delegators = || electors.iter().filter(|(_, member)| !member.delegations.is_empty());
        delegators().next()?;
        let mut scopes: Vec<u16> = delegators()
            .flat_map(|(_, member)| member.delegations.keys())
            .filter_map(|scope| match scope {
                Scope::All => None,
                Scope::Category(category) => Some(*category),
            })
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        let own: Vec<bool> = electors.iter().map(|(_, member)| member.own_ballot().is_some()).collect();
        let mut heirs = BTreeMap::new();
        let mut graph = |scope| {
            let next = electors.iter().map(|(_, member)| {
                let Some(delegation) = member.delegation(scope) else { return NONE };
                let delegate = self.heir(delegation.to, &mut heirs);
                let found = electors.binary_search_by_key(&delegate, |(key, _)| *key);
                found.ok().and_then(|found| u32::try_from(found).ok()).unwrap_or(NONE)
            });
            Graph::resolve(next.collect(), &own)
        };
        let all = graph(Scope::All);
        let categories =
            scopes.into_iter().map(|category| (category, graph(Scope::Category(category)))).collect();
        Some(Resolved { electors, all, categories })
    }

    /// The newest key of a key, where the way to it is remembered: each change of key is followed once.
    fn heir(&self, key: PublicKey, known: &mut BTreeMap<PublicKey, PublicKey>) -> PublicKey {
        let mut passed = Vec::new();
        let mut at = key;
        while let Some(next) = known.get(&at).or_else(|| self.retired.get(&at)) {
            passed.push(at);
            at = *next;
        }
        for key in passed {
            known.insert(key, at);
        }
        at
    }

    /// Where the delegation of a member for this scope leads at present; nothing if the member has delegated nothing
    /// that holds for it.
    #[must_use]
    pub fn way(&self, member: &PublicKey, scope: Scope) -> Option<Way> {
        let mut at = *member;
        let mut way = Way { through: Vec::new(), steps: 0, end: WayEnd::Silent(at) };
        self.members.get(member)?.delegation(scope)?;
        let mut passed = std::collections::BTreeSet::from([at]);
        loop {
            let found = self
                .members
                .get(&at)
                .filter(|found| found.status != MemberStatus::Left && !self.suspended.contains_key(&at));
            let own = found.and_then(Member::own_ballot).filter(|_| way.steps > 0);
            let next = match (found, own) {
                (None, _) => Err(WayEnd::NoVote(at)),
                (Some(_), Some(own)) => Err(WayEnd::Ballot { voter: at, ballot: own.id }),
                (Some(found), None) => {
                    found.delegation(scope).map(|next| self.newest(next.to)).ok_or(WayEnd::Silent(at))
                }
            };
            match next {
                Err(end) => {
                    way.end = end;
                    return Some(way);
                }
                Ok(next) => {
                    at = next;
                    way.steps += 1;
                    if !passed.insert(at) {
                        way.end = WayEnd::Circle(at);
                        return Some(way);
                    }
                    if way.through.len() < Way::SHOWN {
                        way.through.push(at);
                    }
                }
            }
        }
    }

    /// Who has named this member as a delegate, for whatever scope, by key.
    #[must_use]
    pub fn delegators(&self, delegate: &PublicKey) -> Vec<PublicKey> {
        let names =
            |member: &Member| member.delegations.values().any(|held| self.newest(held.to) == *delegate);
        self.members.iter().filter(|(_, member)| names(member)).map(|(key, _)| *key).collect()
    }

    /// For how many members, and for which weight, this one's ballot would count by delegation, for all or for a category,
    /// with what is sealed now.
    #[must_use]
    pub fn counted_through(&self, voter: &PublicKey) -> (u64, u64) {
        let (roll, _) = self.electorate();
        let counts = |entry: &&RollEntry| match &entry.counted {
            CountedAs::Delegated(by) => by.lines().any(|line| line.voter == *voter),
            _ => false,
        };
        roll.iter()
            .filter(counts)
            .fold((0, 0), |(heads, weight), entry| (heads + 1, weight + u64::from(entry.weight)))
    }

    /// Notes a delegation, or ends one.
    pub(super) fn delegate(
        &mut self,
        author: &PublicKey,
        scope: Scope,
        to: Option<PublicKey>,
        (record, height, time): (RecordId, u64, u64),
    ) -> Result<(), Void> {
        let Some(member) = self.members.get_mut(author) else { return Err(Void::NotDelegated) };
        match to {
            Some(to) => {
                member.delegations.insert(scope, Delegation { record, to, height, time });
                Ok(())
            }
            None => member.delegations.remove(&scope).map(|_| ()).ok_or(Void::NotDelegated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_members_in_one_chain_or_one_circle_are_no_burden() {
        const MEMBERS: u32 = 1_000_000;
        let mut own = vec![false; MEMBERS as usize];
        let mut next: Vec<u32> = (1..MEMBERS).chain([0]).collect();
        let circle = Graph::resolve(next.clone(), &own);
        assert!(circle.end.iter().all(|end| *end == NONE));
        next[0] = 0;
        assert!(Graph::resolve(next.clone(), &own).end.iter().all(|end| *end == NONE), "to oneself");
        // The last one's way leads back to the first, who votes.
        own[0] = true;
        assert!(Graph::resolve(next.clone(), &own).end.iter().all(|end| *end == 0));
        next[500_000] = NONE;
        let cut = Graph::resolve(next, &own);
        let ends = cut.end.iter().enumerate().skip(1);
        assert!(ends.clone().all(|(at, end)| *end == if at > 500_000 { 0 } else { NONE }));
    }
}
