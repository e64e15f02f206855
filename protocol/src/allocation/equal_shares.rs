//! The Method of Equal Shares.
//!
//! D. Peters, G. Pierczyński, P. Skowron: *Proportional Participatory Budgeting with Additive
//! Utilities* (NeurIPS 2021). The budget is divided equally among the voters. A project is
//! `ρ`-affordable if its supporters can pay its cost when each pays `ρ` per unit of their utility, or
//! all they have left. The project with the smallest `ρ` is bought, its supporters pay, and so on
//! until no project is affordable.
//!
//! # How it is computed
//!
//! Purses are kept in fixed precision ([`Till`]), which gives every price a lower and an upper bound.
//! Projects wait in a queue under their last lower bound, which stays one because prices only rise; only
//! those are priced again that could be the cheapest. Where bounds overlap (who is cheapest, who is
//! emptied, is it affordable at all), exact rationals decide ([`accounts`](super::accounts)).
//!
//! A run with higher endowments tells a run with lower ones what it need not find out again: as long as
//! both have bought the same, everybody has at least as much left in the first, so its lower bounds of
//! prices hold in the second, and what nobody can pay there nobody can pay here ([`Findings`]).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use dashu_int::UBig;

use super::caps::CapsUsed;
use super::instance::Instance;
use super::prices::Prices;
use super::purse::{PACKED_WEIGHT, Packed, Purse, Wide};
use super::till::{Bid, Till};
use super::{Reason, Utility};

/// What the method did.
#[derive(Clone, Debug)]
pub(crate) struct Bought {
    /// The projects, in the order they were bought; the first `free` cost nothing.
    pub(crate) projects: Vec<usize>,
    pub(crate) free: usize,
    /// The exact price of each project that is not free, per unit of what [`scores`](Self::scores) says.
    pub(crate) prices: Prices,
    /// Whether prices are per unit of score; otherwise they are what each voter pays.
    pub(crate) scores: bool,
    /// For each class, the purchase (among those not free) that emptied its purse.
    pub(crate) emptied_at: Vec<u32>,
    /// For each project, its position among the purchases that are not free.
    pub(crate) bought_at: Vec<u32>,
    /// Why the others were not bought, by project.
    pub(crate) reasons: Vec<Option<Reason>>,
}

/// Runs the method with `endowments` to share; whether the budget holds is the caller's affair.
pub(crate) fn run(instance: &Instance, utility: Utility, endowments: UBig) -> Bought {
    run_like(instance, utility, endowments, &[])
}

/// The same, quicker if the purchases (free ones first) turn out to be nearly those of another run.
pub(crate) fn run_like(instance: &Instance, utility: Utility, endowments: UBig, like: &[usize]) -> Bought {
    if is_packed(instance) {
        complete(Run::<Packed>::new(instance, utility, endowments), like)
    } else {
        complete(Run::<Wide>::new(instance, utility, endowments), like)
    }
}

/// From so many classes on, purses of sixteen bytes spill out of the nearer caches of a processor. Below, their
/// greater precision saves more than small ones would.
const MANY: usize = 1 << 14;

/// Whether small purses do better.
fn is_packed(instance: &Instance) -> bool {
    instance.classes().len() >= MANY && instance.total_weight() < PACKED_WEIGHT
}

fn complete<P: Purse>(mut run: Run<'_, P>, like: &[usize]) -> Bought {
    let mut queue = run.queue();
    let mut hints = like.iter().skip(run.free);
    while let Some(winner) = run.cheapest(&mut queue, hints.next().copied()) {
        run.buy(&mut queue, &winner);
    }
    run.finish()
}

/// What a run has found out about prices, step by step.
#[derive(Clone, Debug)]
pub(crate) struct Findings {
    endowments: UBig,
    /// The projects bought, in order, those that cost nothing first.
    pub(crate) projects: Vec<usize>,
    bounds: Vec<Finding>,
}

/// From a purchase on, the price of a project is not below a bound; or nobody can pay it any more.
#[derive(Clone, Copy, Debug)]
struct Finding {
    step: usize,
    project: usize,
    low: Option<u128>,
}

/// What a run would buy, without exact prices; quicker after the findings of a run with at least these
/// endowments.
pub(crate) fn draft(
    instance: &Instance,
    utility: Utility,
    endowments: UBig,
    above: Option<&Findings>,
    like: &[usize],
) -> Findings {
    if is_packed(instance) {
        sketch(Run::<Packed>::new(instance, utility, endowments.clone()), endowments, above, like)
    } else {
        sketch(Run::<Wide>::new(instance, utility, endowments.clone()), endowments, above, like)
    }
}

fn sketch<P: Purse>(
    mut run: Run<'_, P>,
    endowments: UBig,
    above: Option<&Findings>,
    like: &[usize],
) -> Findings {
    run.findings = Some(Vec::new());
    let mut queue = run.queue();
    let free = run.free;
    let mut above = above.map(|findings| Above::new(findings, &endowments));
    let like = above.as_ref().map_or(like, |above| &above.findings.projects);
    let mut hints = like.iter().skip(free);
    for step in 0.. {
        if let Some(above) = &mut above {
            run.learn(&mut queue, above, step);
        }
        let Some(winner) = run.cheapest(&mut queue, hints.next().copied()) else { break };
        run.buy(&mut queue, &winner);
        above = above.filter(|above| above.findings.projects.get(free + step) == Some(&winner.project));
    }
    Findings { endowments, projects: run.projects, bounds: run.findings.unwrap_or_default() }
}

/// The findings of a run with higher endowments, as far as they have been used.
struct Above<'a> {
    findings: &'a Findings,
    used: usize,
    /// These endowments in terms of the others, rounded down, with [`RATIO_BITS`].
    ratio: u128,
}

/// Fractional bits of a ratio of endowments. A bound has at most 94 bits, so 33 of the ratio fit.
const RATIO_BITS: u32 = 32;

impl<'a> Above<'a> {
    fn new(findings: &'a Findings, endowments: &UBig) -> Self {
        let ratio = (&findings.endowments << RATIO_BITS as usize) / endowments;
        // A smaller ratio only makes for smaller bounds.
        let ratio = u128::try_from(ratio).unwrap_or(u128::MAX).min((1 << (RATIO_BITS + 1)) - 1);
        Self { findings, used: 0, ratio }
    }
}

/// Runs the method with higher endowments than `before` had, if it buys the same projects in the same
/// order with every endowment in between as well.
///
/// Sound, not complete: nothing means that this could not be shown.
pub(crate) fn follow(
    instance: &Instance,
    utility: Utility,
    endowments: UBig,
    before: &Bought,
) -> Option<Bought> {
    if is_packed(instance) {
        repeat(Run::<Packed>::new(instance, utility, endowments), before)
    } else {
        repeat(Run::<Wide>::new(instance, utility, endowments), before)
    }
}

fn repeat<P: Purse>(mut run: Run<'_, P>, before: &Bought) -> Option<Bought> {
    let mut queue = run.queue();
    let winners = &before.projects[before.free..];
    for (winner, (numerator, denominator)) in winners.iter().zip(before.prices.iter()) {
        let bid = run.still_cheapest(&mut queue, *winner, numerator, &denominator)?;
        run.buy(&mut queue, &bid);
    }
    run.cheapest(&mut queue, None).is_none().then(|| run.finish())
}

/// The queue gives the bid with the smallest lower bound per unit of utility first.
impl Ord for Bid {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mine, theirs) = (self.low * u128::from(other.utility), other.low * u128::from(self.utility));
        theirs.cmp(&mine).then(other.project.cmp(&self.project))
    }
}

impl PartialOrd for Bid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bid {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bid {}

impl Bid {
    /// Whether even the lower bound is above the other's upper bound.
    fn is_above(&self, other: &Self) -> bool {
        self.low * u128::from(other.utility) > other.high * u128::from(self.utility)
    }
}

struct Run<'a, P> {
    instance: &'a Instance,
    utility: Utility,
    till: Till<'a, P>,
    caps: CapsUsed<'a>,
    projects: Vec<usize>,
    free: usize,
    reasons: Vec<Option<Reason>>,
    /// Bids priced since the last purchase.
    fresh: Vec<Bid>,
    /// The last bid of each project that is still in the race.
    last: Vec<Option<Bid>>,
    /// What is found out about prices, if anybody wants to know.
    findings: Option<Vec<Finding>>,
}

impl<'a, P: Purse> Run<'a, P> {
    fn new(instance: &'a Instance, utility: Utility, endowments: UBig) -> Self {
        let scores = utility == Utility::Score && instance.classes().has_scores();
        Self {
            instance,
            utility,
            till: Till::new(instance, scores, endowments),
            caps: CapsUsed::new(instance),
            projects: Vec::new(),
            free: 0,
            reasons: vec![None; instance.projects().len()],
            fresh: Vec::new(),
            last: vec![None; instance.projects().len()],
            findings: None,
        }
    }

    /// Buys what is free, sets aside what is out of reach from the start, and queues the rest under
    /// the price it would have if all could pay it.
    fn queue(&mut self) -> BinaryHeap<Bid> {
        let mut queue = BinaryHeap::new();
        for (project, about) in self.instance.projects().iter().enumerate() {
            // Nobody gets any utility from a cost of zero; anything else is worth a price of zero.
            let utility = if self.utility == Utility::Cost { about.cost } else { 1 };
            let reason = if self.instance.classes().totals(project).weight == 0 {
                Some(Reason::NoSupporters)
            } else if utility == 0 {
                Some(Reason::NoUtility)
            } else if about.cost == 0 {
                let broken = self.caps.broken_by(project);
                if broken.is_none() {
                    self.caps.add(project);
                    self.projects.push(project);
                    self.free += 1;
                }
                broken.map(Reason::Cap)
            } else {
                // Until it is bought.
                self.last[project] = self.till.opening_bid(project, utility);
                queue.extend(self.last[project]);
                Some(Reason::SupportersLackMoney)
            };
            self.reasons[project] = reason;
        }
        queue
    }

    /// Finds the affordable project with the smallest price per unit of utility; ties go to the lower
    /// position. What was priced on the way is in `fresh` and not in the queue any more. A hint who it
    /// may be saves work if it is right.
    fn cheapest(&mut self, queue: &mut BinaryHeap<Bid>, hint: Option<usize>) -> Option<Bid> {
        let hint = hint.and_then(|project| self.last[project]);
        let mut best = hint.and_then(|hint| self.offer(&hint));
        self.fresh.extend(best);
        while let Some(next) = queue.peek() {
            if best.as_ref().is_some_and(|best| next.is_above(best)) {
                break;
            }
            let Some(next) = queue.pop() else { break };
            let Some(bid) = self.offer(&next) else { continue };
            self.fresh.push(bid);
            let better = best
                .as_ref()
                .is_none_or(|best| bid.high * u128::from(best.utility) < best.high * u128::from(bid.utility));
            if better {
                best = Some(bid);
            }
        }
        let best = best?;
        let mut rivals: Vec<Bid> = self.fresh.iter().filter(|bid| !bid.is_above(&best)).copied().collect();
        if rivals.len() == 1 {
            return rivals.pop().map(|winner| self.till.narrowed(winner));
        }
        rivals.sort_unstable_by_key(|bid| bid.project);
        let mut rivals = rivals.into_iter();
        let first = rivals.next()?;
        let mut winner = (first, self.till.exact(&first));
        for rival in rivals {
            let exact = self.till.exact(&rival);
            // Both are over the same denominator, so it can be left out.
            let mine = &winner.1.rest * exact.slope * rival.utility;
            let theirs = &exact.rest * winner.1.slope * winner.0.utility;
            if theirs < mine {
                winner = (rival, exact);
            }
        }
        Some(self.till.with_price(winner.0, &winner.1))
    }

    /// Takes over what the run above knew before a step.
    fn learn(&mut self, queue: &mut BinaryHeap<Bid>, above: &mut Above<'_>, step: usize) {
        while let Some(finding) = above.findings.bounds.get(above.used).filter(|found| found.step <= step) {
            above.used += 1;
            let low = finding.low.map(|low| (low * above.ratio) >> RATIO_BITS);
            let last = &mut self.last[finding.project];
            let news = last.is_some_and(|last| low.is_none_or(|low| low > last.low));
            if !news {
                continue;
            }
            *last =
                last.zip(low).map(|(last, low)| Bid { low, version: last.version.wrapping_add(1), ..last });
            queue.extend(*last);
            self.found(finding.project, low);
        }
    }

    fn found(&mut self, project: usize, low: Option<u128>) {
        let step = self.projects.len() - self.free;
        if let Some(findings) = &mut self.findings {
            findings.push(Finding { step, project, low });
        }
    }

    /// The bid of `winner`, if every other project is dearer than the price given, which `winner` had
    /// with lower endowments, or just as dear and later in order.
    fn still_cheapest(
        &mut self,
        queue: &mut BinaryHeap<Bid>,
        winner: usize,
        numerator: &UBig,
        denominator: &UBig,
    ) -> Option<Bid> {
        let winner = self.offer(&self.last[winner]?)?;
        let (low, high) = self.till.bounds(numerator, denominator);
        let limit = Bid { low, high, ..winner };
        while queue.peek().is_some_and(|next| !next.is_above(&limit)) {
            let Some(next) = queue.pop() else { break };
            let Some(bid) = self.offer(&next) else { continue };
            self.fresh.push(bid);
            if bid.is_above(&limit) {
                continue;
            }
            if limit.is_above(&bid) {
                return None;
            }
            let exact = self.till.exact(&bid);
            let price = exact.rest * denominator * winner.utility;
            let limit = numerator * self.till.accounts.prices.denominator() * exact.slope * bid.utility;
            if price < limit || (price == limit && bid.project < winner.project) {
                return None;
            }
        }
        Some(self.till.narrowed(winner))
    }

    /// Prices a project anew; nothing if the bid is not its last one, or it is out of the race now.
    fn offer(&mut self, bid: &Bid) -> Option<Bid> {
        if self.last[bid.project].is_none_or(|last| last.version != bid.version) {
            return None;
        }
        let affordable = self.caps.broken_by(bid.project).is_none();
        let priced = if affordable { self.till.price(bid) } else { None };
        self.last[bid.project] = priced.map(|priced| Bid { version: bid.version.wrapping_add(1), ..priced });
        self.found(bid.project, priced.map(|priced| priced.low));
        self.last[bid.project]
    }

    /// Takes the price from the supporters of the winner, and queues the others again.
    fn buy(&mut self, queue: &mut BinaryHeap<Bid>, winner: &Bid) {
        self.till.buy(winner);
        self.last[winner.project] = None;
        self.reasons[winner.project] = None;
        self.projects.push(winner.project);
        self.caps.add(winner.project);
        queue.extend(self.fresh.drain(..).filter(|bid| bid.project != winner.project));
    }

    /// Says why projects were not bought, as it is at the end: when the queue noticed does not matter.
    fn finish(mut self) -> Bought {
        for project in 0..self.reasons.len() {
            if self.reasons[project] == Some(Reason::SupportersLackMoney)
                && let Some(cap) = self.caps.broken_by(project)
            {
                self.reasons[project] = Some(Reason::Cap(cap));
            }
        }
        let mut accounts = self.till.accounts;
        accounts.catch_up();
        Bought {
            projects: self.projects,
            free: self.free,
            scores: accounts.scores,
            prices: accounts.prices,
            emptied_at: accounts.emptied_at,
            bought_at: accounts.bought_at,
            reasons: self.reasons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allocation::{InstanceBuilder, Project};
    use proptest::prelude::*;

    fn election() -> impl Strategy<Value = Instance> {
        let score = prop_oneof![5 => Just(0u32), 3 => Just(1u32), 1 => 1u32..4];
        let voter = (0u64..4, prop::collection::vec(score, 12));
        let cost = prop_oneof![Just(300u64), 1u64..900];
        (prop::collection::vec(cost, 12), prop::collection::vec(voter, 4..40), 500u64..9_000).prop_map(
            |(costs, voters, budget)| {
                let mut builder = InstanceBuilder::new(budget, 1);
                for cost in costs {
                    builder.add_project(Project::new(cost));
                }
                for (weight, ballot) in voters {
                    builder.add_voter(weight, (0..).zip(ballot));
                }
                builder.build().unwrap()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn small_purses_buy_what_wide_ones_do(instance in election(), raise in 0u64..5_000) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let endowments = || UBig::from(instance.budget() + raise);
                let wide = complete(Run::<Wide>::new(&instance, utility, endowments()), &[]);
                let packed = complete(Run::<Packed>::new(&instance, utility, endowments()), &[]);
                prop_assert_eq!(&wide.projects, &packed.projects);
                prop_assert!(wide.prices.iter().eq(packed.prices.iter()));
                prop_assert_eq!(&wide.emptied_at, &packed.emptied_at);
            }
        }

        #[test]
        fn findings_of_a_richer_run_change_nothing(instance in election(), raises in 1u64..60) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let endowments = |raises: u64| UBig::from(instance.budget() + raises * instance.total_weight());
                let mut above: Option<Findings> = None;
                for raises in (0..=raises).rev().step_by(3) {
                    let alone = run(&instance, utility, endowments(raises));
                    let draft = draft(&instance, utility, endowments(raises), above.as_ref(), &[]);
                    prop_assert_eq!(&alone.projects, &draft.projects);
                    above = Some(draft);
                }
            }
        }
    }
}
