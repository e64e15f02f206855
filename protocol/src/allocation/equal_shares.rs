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
//! Purses are kept in fixed precision and rounded up: what voters truly have is at most `error` units
//! less. That gives every price a lower and an upper bound. Projects wait in a queue under their last
//! lower bound, which stays one because prices only rise; only those are priced again that could be
//! the cheapest. Where bounds overlap (who is cheapest, who is emptied, is it affordable at all), exact
//! rationals decide. The price of what is bought is always computed exactly, so that the error grows
//! by one unit a purchase and never more.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use dashu_int::UBig;

use super::caps::CapsUsed;
use super::instance::Instance;
use super::prices::Prices;
use super::till::{Bid, Exact, Till};
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
    complete(Run::new(instance, utility, endowments), &[])
}

/// The same, quicker if the purchases turn out to be nearly those of another run.
pub(crate) fn run_like(instance: &Instance, utility: Utility, endowments: UBig, like: &Bought) -> Bought {
    complete(Run::new(instance, utility, endowments), &like.projects[like.free..])
}

fn complete(mut run: Run<'_>, hints: &[usize]) -> Bought {
    let mut queue = run.queue();
    let mut hints = hints.iter();
    while let Some((winner, exact)) = run.cheapest(&mut queue, hints.next().copied()) {
        run.buy(&mut queue, &winner, exact);
    }
    run.finish()
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
    let mut run = Run::new(instance, utility, endowments);
    let mut queue = run.queue();
    let winners = &before.projects[before.free..];
    for (winner, (numerator, denominator)) in winners.iter().zip(before.prices.iter()) {
        let (bid, exact) = run.still_cheapest(&mut queue, *winner, numerator, &denominator)?;
        run.buy(&mut queue, &bid, exact);
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

struct Run<'a> {
    instance: &'a Instance,
    utility: Utility,
    till: Till<'a>,
    caps: CapsUsed<'a>,
    projects: Vec<usize>,
    free: usize,
    reasons: Vec<Option<Reason>>,
    /// Bids priced since the last purchase.
    fresh: Vec<Bid>,
    /// The last bid of each project that is still in the race.
    last: Vec<Option<Bid>>,
}

impl<'a> Run<'a> {
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
    fn cheapest(&mut self, queue: &mut BinaryHeap<Bid>, hint: Option<usize>) -> Option<(Bid, Exact)> {
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
        Some(winner)
    }

    /// The bid of `winner`, if every other project is dearer than the price given, which `winner` had
    /// with lower endowments, or just as dear and later in order.
    fn still_cheapest(
        &mut self,
        queue: &mut BinaryHeap<Bid>,
        winner: usize,
        numerator: &UBig,
        denominator: &UBig,
    ) -> Option<(Bid, Exact)> {
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
            let limit = numerator * self.till.prices.denominator() * exact.slope * bid.utility;
            if price < limit || (price == limit && bid.project < winner.project) {
                return None;
            }
        }
        let exact = self.till.exact(&winner);
        Some((winner, exact))
    }

    /// Prices a project anew; nothing if the bid is not its last one, or it is out of the race now.
    fn offer(&mut self, bid: &Bid) -> Option<Bid> {
        if self.last[bid.project].is_none_or(|last| last.version != bid.version) {
            return None;
        }
        let affordable = self.caps.broken_by(bid.project).is_none();
        let priced = if affordable { self.till.price(bid) } else { None };
        self.last[bid.project] = priced.map(|priced| Bid { version: bid.version.wrapping_add(1), ..priced });
        self.last[bid.project]
    }

    /// Takes the price from the supporters of the winner, and queues the others again.
    fn buy(&mut self, queue: &mut BinaryHeap<Bid>, winner: &Bid, exact: Exact) {
        self.till.buy(winner, exact);
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
        Bought {
            projects: self.projects,
            free: self.free,
            scores: self.till.scores(),
            prices: self.till.prices,
            emptied_at: self.till.emptied_at,
            bought_at: self.till.bought_at,
            reasons: self.reasons,
        }
    }
}
