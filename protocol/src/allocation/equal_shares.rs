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

use super::caps_used::CapsUsed;
use super::instance::Instance;
use super::prices::Prices;
use super::purse::{Packed, Purse, Wide, is_packed};
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

fn complete<P: Purse>(mut run: Run<'_, P>, like: &[usize]) -> Bought {
    let mut queue = run.queue();
    run.buy_all(&mut queue, like);
    run.finish()
}

/// What a run has found out about prices, step by step.
#[derive(Clone, Debug)]
pub(crate) struct Findings {
    endowments: UBig,
    /// The projects bought, in order, those that cost nothing first.
    pub(crate) projects: Vec<usize>,
    bounds: Vec<Finding>,
    /// What the projects that are not free were bought for, by project, rounded down; zero for the others.
    paid: Vec<u128>,
    /// The same of the run that this one knew about, in terms of these endowments.
    paid_near: Vec<u128>,
}

/// From a purchase on, the price of a project is not below a bound; or nobody can pay it any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finding {
    pub(super) step: usize,
    pub(super) project: usize,
    pub(super) low: Option<u128>,
}

/// What a run would buy, without exact prices; quicker after the findings of a run with at least these
/// endowments, or else after any other.
pub(crate) fn draft(instance: &Instance, utility: Utility, endowments: UBig, other: Known<'_>) -> Findings {
    if is_packed(instance) {
        sketch(Run::<Packed>::new(instance, utility, endowments.clone()), endowments, other)
    } else {
        sketch(Run::<Wide>::new(instance, utility, endowments.clone()), endowments, other)
    }
}

/// What is known of other runs when one begins.
#[derive(Clone, Copy)]
pub(crate) enum Known<'a> {
    /// The purchases of a run that is likely to be alike.
    Purchases(&'a [usize]),
    /// What a run with other endowments has found out: bounds if it had at least these.
    Findings(&'a Findings),
}

fn sketch<P: Purse>(mut run: Run<'_, P>, endowments: UBig, other: Known<'_>) -> Findings {
    run.findings = Some(Vec::new());
    let mut queue = run.queue();
    let free = run.free;
    let (like, known) = match other {
        Known::Purchases(purchases) => (purchases, None),
        Known::Findings(findings) => (findings.projects.as_slice(), Some(findings)),
    };
    let scale = known.map(|findings| Scale::new(&findings.endowments, &endowments));
    let paid_near = known.zip(scale).map(|(findings, scale)| {
        run.expected = findings.expected(scale);
        findings.paid.iter().map(|paid| scale.apply(*paid)).collect()
    });
    let richer = known.zip(scale).filter(|(findings, _)| findings.endowments >= endowments);
    let mut above = richer.map(|(findings, scale)| Above { findings, used: 0, scale });
    let mut paid = vec![0; run.instance.projects().len()];
    let mut hints = like.iter().skip(free);
    for step in 0.. {
        if let Some(above) = &mut above {
            run.learn(&mut queue, above, step);
        }
        let Some(winner) = run.cheapest(&mut queue, hints.next().copied()) else { break };
        run.buy(&mut queue, &winner);
        paid[winner.project] = winner.low;
        above = above.filter(|above| above.findings.projects.get(free + step) == Some(&winner.project));
    }
    let bounds = run.findings.unwrap_or_default();
    Findings { endowments, projects: run.projects, bounds, paid, paid_near: paid_near.unwrap_or_default() }
}

impl Findings {
    /// What to expect that projects are bought for by another run, a raise or a few away: going on as from the run
    /// before this one to this one, and a quarter more.
    fn expected(&self, scale: Scale) -> Vec<u128> {
        let expect = |(project, paid): (usize, &u128)| {
            let before = self.paid_near.get(project).copied().unwrap_or(0);
            let rise = if before == 0 || before > *paid { *paid >> 6 } else { (*paid - before) * 5 / 4 };
            if *paid == 0 { u128::MAX } else { scale.apply(*paid + rise) + 16 }
        };
        self.paid.iter().enumerate().map(expect).collect()
    }
}

/// The findings of a run with higher endowments, as far as they have been used.
struct Above<'a> {
    findings: &'a Findings,
    used: usize,
    scale: Scale,
}

/// Turns parts of some endowments into parts of others, rounded down.
#[derive(Clone, Copy)]
struct Scale(u128);

impl Scale {
    /// Fractional bits of a ratio of endowments. A bound has at most 94 bits, so 33 of the ratio fit.
    const BITS: u32 = 32;

    fn new(from: &UBig, to: &UBig) -> Self {
        // A smaller ratio only makes for smaller bounds.
        let ratio = u128::try_from((from << Self::BITS as usize) / to).unwrap_or(u128::MAX);
        Self(ratio.min((1 << (Self::BITS + 1)) - 1))
    }

    const fn apply(self, amount: u128) -> u128 {
        (amount * self.0) >> Self::BITS
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

/// A run of the method, purchase by purchase.
pub(super) struct Run<'a, P> {
    instance: &'a Instance,
    utility: Utility,
    pub(super) till: Till<'a, P>,
    caps: CapsUsed<'a>,
    /// What is bought, in order; the first `free` cost nothing.
    pub(super) projects: Vec<usize>,
    pub(super) free: usize,
    reasons: Vec<Option<Reason>>,
    /// Bids priced since the last purchase.
    fresh: Vec<Bid>,
    /// The last bid of each project that is still in the race.
    pub(super) last: Vec<Option<Bid>>,
    /// What is found out about prices, if anybody wants to know.
    pub(super) findings: Option<Vec<Finding>>,
    /// What projects are expected to be bought for, by project, if anything is known about it.
    expected: Vec<u128>,
}

impl<'a, P: Purse> Run<'a, P> {
    pub(super) fn new(instance: &'a Instance, utility: Utility, endowments: UBig) -> Self {
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
            expected: Vec::new(),
        }
    }

    /// Buys what is free, sets aside what is out of reach from the start, and queues the rest under
    /// the price it would have if all could pay it.
    pub(super) fn queue(&mut self) -> BinaryHeap<Bid> {
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
        let mut best = hint.and_then(|hint| self.offer(&hint, None));
        self.fresh.extend(best);
        while let Some(next) = queue.peek() {
            if best.as_ref().is_some_and(|best| next.is_above(best)) {
                break;
            }
            let Some(next) = queue.pop() else { break };
            let Some(bid) = self.offer(&next, best.as_ref()) else { continue };
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
            let low = finding.low.map(|low| above.scale.apply(low));
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

    /// Buys until nothing is affordable; quicker if these turn out to be nearly the purchases.
    pub(super) fn buy_all(&mut self, queue: &mut BinaryHeap<Bid>, mut like: &[usize]) {
        loop {
            while let [bought, rest @ ..] = like
                && self.last[*bought].is_none()
            {
                like = rest;
            }
            let Some(winner) = self.cheapest(queue, like.first().copied()) else { return };
            self.buy(queue, &winner);
        }
    }

    /// Takes over a purchase that another run has shown to be this one's next, but for what it does to purses.
    pub(super) fn take_over(&mut self, project: usize, slope: u128) {
        self.till.accounts.note(project, slope);
        self.settle(project);
    }

    /// Takes over lower bounds of prices, by project; projects without one are out of the race.
    pub(super) fn take_bounds(
        &mut self,
        queue: &mut BinaryHeap<Bid>,
        bounds: impl Iterator<Item = Option<u128>>,
    ) {
        for (last, low) in self.last.iter_mut().zip(bounds) {
            let news = last.is_some_and(|last| low.is_none_or(|low| low > last.low));
            if news {
                *last = last.zip(low).map(|(last, low)| Bid {
                    low,
                    version: last.version.wrapping_add(1),
                    ..last
                });
                queue.extend(*last);
            }
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
        let winner = self.offer(&self.last[winner]?, None)?;
        let (low, high) = self.till.bounds(numerator, denominator);
        let limit = Bid { low, high, ..winner };
        while queue.peek().is_some_and(|next| !next.is_above(&limit)) {
            let Some(next) = queue.pop() else { break };
            let Some(bid) = self.offer(&next, Some(&limit)) else { continue };
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

    /// Prices a project anew; nothing if the bid is not its last one, or it is out of the race now. If it is
    /// above another bid, it does not matter by how much.
    fn offer(&mut self, bid: &Bid, limit: Option<&Bid>) -> Option<Bid> {
        if self.last[bid.project].is_none_or(|last| last.version != bid.version) {
            return None;
        }
        let affordable = self.caps.broken_by(bid.project).is_none();
        let priced = match limit {
            _ if !affordable => None,
            // Above this, rounded up, the bid is above the limit.
            Some(limit) => {
                let limit = (limit.high * u128::from(bid.utility)).div_ceil(u128::from(limit.utility));
                self.till.price_below(bid, limit)
            }
            None => {
                let expected = self.expected.get(bid.project).copied().unwrap_or(u128::MAX);
                self.till.price_near(bid, expected)
            }
        };
        self.last[bid.project] = priced.map(|priced| Bid { version: bid.version.wrapping_add(1), ..priced });
        self.found(bid.project, priced.map(|priced| priced.low));
        self.last[bid.project]
    }

    /// Takes the price from the supporters of the winner, and queues the others again.
    fn buy(&mut self, queue: &mut BinaryHeap<Bid>, winner: &Bid) {
        self.till.buy(winner);
        self.settle(winner.project);
        queue.extend(self.fresh.drain(..).filter(|bid| bid.project != winner.project));
    }

    fn settle(&mut self, project: usize) {
        self.last[project] = None;
        self.reasons[project] = None;
        self.projects.push(project);
        self.caps.add(project);
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
    use super::super::purse::Rough;
    use super::super::samples::election;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn small_and_rough_purses_buy_what_wide_ones_do(instance in election(), raise in 0u64..5_000) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let endowments = || UBig::from(instance.budget() + raise);
                let wide = complete(Run::<Wide>::new(&instance, utility, endowments()), &[]);
                let packed = complete(Run::<Packed>::new(&instance, utility, endowments()), &[]);
                prop_assert_eq!(&wide.projects, &packed.projects);
                prop_assert!(wide.prices.iter().eq(packed.prices.iter()));
                prop_assert_eq!(&wide.emptied_at, &packed.emptied_at);
                let rough = complete(Run::<Rough>::new(&instance, utility, endowments()), &[]);
                prop_assert_eq!(&wide.projects, &rough.projects);
                prop_assert!(wide.prices.iter().eq(rough.prices.iter()));
                prop_assert_eq!(&wide.emptied_at, &rough.emptied_at);
            }
        }

        #[test]
        fn rough_drafts_buy_what_runs_do(instance in election(), raises in 1u64..60) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let endowments = |raises: u64| UBig::from(instance.budget() + raises * instance.total_weight());
                let mut above: Option<Findings> = None;
                for raises in (0..=raises).rev().step_by(3) {
                    let alone = run(&instance, utility, endowments(raises));
                    let known = above.as_ref().map_or(Known::Purchases(&[]), Known::Findings);
                    let rough = Run::<Rough>::new(&instance, utility, endowments(raises));
                    let draft = sketch(rough, endowments(raises), known);
                    prop_assert_eq!(&alone.projects, &draft.projects);
                    above = Some(draft);
                }
            }
        }

        #[test]
        fn findings_of_a_richer_run_change_nothing(instance in election(), raises in 1u64..60) {
            for utility in [Utility::Cost, Utility::Cardinality, Utility::Score] {
                let endowments = |raises: u64| UBig::from(instance.budget() + raises * instance.total_weight());
                let mut above: Option<Findings> = None;
                for raises in (0..=raises).rev().step_by(3) {
                    let alone = run(&instance, utility, endowments(raises));
                    let known = above.as_ref().map_or(Known::Purchases(&[]), Known::Findings);
                    let draft = draft(&instance, utility, endowments(raises), known);
                    prop_assert_eq!(&alone.projects, &draft.projects);
                    above = Some(draft);
                }
                let lowest = above.unwrap();
                for raises in (0..=raises).step_by(7) {
                    let alone = run(&instance, utility, endowments(raises));
                    let draft = draft(&instance, utility, endowments(raises), Known::Findings(&lowest));
                    prop_assert_eq!(&alone.projects, &draft.projects);
                }
            }
        }
    }
}
