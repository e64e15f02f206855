//! Who has what left under Equal Shares, what a project costs them, and taking the price from them.
//!
//! Purses are kept in fixed precision and rounded up: what voters truly have is at most `error` units
//! less. So is the price of a project known within bounds. Payers pay the lower bound, and the error grows
//! by the distance of the bounds, which is small as long as more weight pays the price than is emptied by
//! it. Where bounds cannot tell, [`Accounts`] decide; when the error has grown too much, purses are
//! computed anew from exact prices.

use dashu_int::UBig;

use super::accounts::{Accounts, Exact};
use super::classes::Classes;
use super::instance::Instance;
use super::purse::Purse;
use super::waterline::{self, SCORE_BITS, Scored};

/// A project with bounds of its price: per voter, or per unit of score with [`SCORE_BITS`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Bid {
    pub(super) project: usize,
    pub(super) low: u128,
    pub(super) high: u128,
    /// The utility of the project where all supporters have the same (1 with scores).
    pub(super) utility: u64,
    /// How often the project has been priced; only the last bid of a project counts.
    pub(super) version: u32,
}

/// The money of all classes.
pub(super) struct Till<'a, P> {
    classes: &'a Classes,
    instance: &'a Instance,
    /// Whether prices are per unit of score.
    scores: bool,
    /// Money left to each unit of weight of a class, and that weight; both zero when it is emptied.
    purses: Vec<P>,
    /// How far the money of a purse that is not emptied may be above the truth.
    error: u64,
    /// Cost of each project in fixed precision, rounded down.
    costs: Vec<u128>,
    pub(super) accounts: Accounts<'a>,
    held: Vec<P>,
    held_scored: Vec<Scored<P>>,
    unsure: Vec<(u32, u32)>,
    gone: Vec<u32>,
}

impl<'a, P: Purse> Till<'a, P> {
    /// Gives every unit of weight an equal part of `endowments`.
    pub(super) fn new(instance: &'a Instance, scores: bool, endowments: UBig) -> Self {
        let classes = instance.classes();
        let purses = classes.weights().iter().map(|weight| match weight {
            0 => P::default(),
            weight => P::new(P::ENDOWMENT, *weight),
        });
        Self {
            classes,
            instance,
            scores,
            purses: purses.collect(),
            error: 0,
            costs: vec![0; instance.projects().len()],
            accounts: Accounts::new(instance, scores, endowments),
            held: Vec::new(),
            held_scored: Vec::new(),
            unsure: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Takes over a purchase that is not [noted](Accounts::note) yet: its price, rounded down by at most `error` for
    /// anybody, and for each class the purchase that empties it. False if somebody else may not have had the price.
    pub(super) fn take_over(&mut self, project: usize, price: u128, error: u64, emptied_at: &[u32]) -> bool {
        let step = self.accounts.next_step();
        self.error = self.error.saturating_add(error);
        let mut had = true;
        for (class, score) in self.classes.supporters(project).iter() {
            let purse = self.purses[class];
            if emptied_at[class] == step {
                self.empty(class, step);
            } else if purse.weight() > 0 {
                let paid = if self.scores { (price * u128::from(score)) >> SCORE_BITS } else { price };
                let left = purse.money().saturating_sub(u64::try_from(paid).unwrap_or(u64::MAX));
                had &= left > self.error;
                self.purses[class] = P::new(left, purse.weight());
            }
        }
        had
    }

    /// Makes sure that purses are known well enough after purchases that were taken over.
    pub(super) fn check(&mut self) {
        if self.error > P::COARSE {
            self.count_anew();
        }
    }

    /// The price a project would have if all its supporters could pay it; nothing if they do not have
    /// its cost together.
    pub(super) fn opening_bid(&mut self, project: usize, utility: u64) -> Option<Bid> {
        let totals = self.classes.totals(project);
        let endowments = self.accounts.prices.endowments();
        let cost = UBig::from(self.instance.total_weight()) * self.instance.projects()[project].cost;
        if cost > endowments * totals.weight {
            return None;
        }
        // The supporters' endowments hold the cost, so in fixed precision it fits 124 bits.
        let cost = u128::try_from(cost * P::ENDOWMENT / endowments).unwrap_or(u128::MAX);
        self.costs[project] = cost;
        let low = if self.scores {
            waterline::divide_scaled(cost, totals.points)
        } else {
            cost / u128::from(totals.weight)
        };
        Some(Bid { project, low, high: u128::MAX, utility, version: 0 })
    }

    /// Prices a project anew; nothing if its supporters cannot pay for it any more. Above a limit it does not
    /// matter by how much: the upper bound is then any.
    pub(super) fn price_below(&mut self, bid: &Bid, limit: u128) -> Option<Bid> {
        if self.scores {
            return self.price(bid);
        }
        let cost = self.costs[bid.project];
        let sums = waterline::weigh(&self.purses, self.classes.supporters(bid.project).positions, limit);
        if sums.total() < cost {
            return None;
        }
        // Whoever is taken to be emptied, the price is not below what the others have to pay then. And what
        // purses hold in excess of the truth only makes for a lower bound.
        let low = cost.saturating_sub(sums.below).checked_div(sums.slope).unwrap_or(0);
        // (Nor is any bound too high for what turns out not to be affordable.)
        if low > limit {
            return Some(Bid { low: low.max(bid.low), high: u128::from(u64::MAX), ..*bid });
        }
        self.price(bid)
    }

    /// Prices a project anew; nothing if its supporters cannot pay for it any more.
    pub(super) fn price(&mut self, bid: &Bid) -> Option<Bid> {
        self.price_near(bid, u128::MAX)
    }

    /// The same, quicker if the price turns out to be at most (and near) what is expected.
    pub(super) fn price_near(&mut self, bid: &Bid, expected: u128) -> Option<Bid> {
        let cost = self.costs[bid.project];
        let error = u128::from(self.error);
        // Prices only rise: whoever was below the last lower bound is emptied by this one too.
        let supporters = self.classes.supporters(bid.project);
        let sums = if self.scores {
            waterline::hold_scored(&self.purses, supporters, bid.low, &mut self.held_scored)
        } else {
            waterline::hold(&self.purses, supporters.positions, bid.low, expected, &mut self.held)
        };
        // What they may have less than it seems, and the rounding of the cost.
        let shortfall = error * sums.weight + 1;
        if sums.total() < cost {
            return None;
        }
        if sums.total() < cost + shortfall {
            return self.price_near_the_limit(bid, shortfall);
        }
        let target = cost.saturating_sub(sums.below);
        let at_most = |emptied: u128| (cost + shortfall).saturating_sub(sums.below + emptied);
        let (low, mut high) = if self.scores {
            let level = waterline::score_level(&mut self.held_scored, sums.slope, target);
            let emptied = error * (sums.weight - level.weight) + 1;
            let high = level.ceiling + waterline::divide_scaled(emptied, level.slope) + 1;
            let surely = |held: &Scored<P>| held.pays(high, self.error);
            let high = if self.held_scored.iter().all(surely) {
                high
            } else {
                waterline::score_level(&mut self.held_scored, level.slope, at_most(level.emptied)).ceiling
            };
            (level.ceiling.saturating_sub(2), high)
        } else {
            let (level, poorest) = waterline::level(&mut self.held, sums.slope, target);
            let emptied = error * (sums.weight - level.weight) + 1;
            let high = level.ceiling + emptied.div_ceil(level.slope.max(1));
            let high = if u128::from(poorest.money()) >= high + error {
                high
            } else {
                waterline::level(&mut self.held, level.slope, at_most(level.emptied)).0.ceiling
            };
            // Those who have more than what is expected were not looked at one by one.
            if expected != u128::MAX && high + error > expected {
                let low = bid.low.max(level.ceiling.saturating_sub(1));
                return self.price(&Bid { low, ..*bid });
            }
            (level.ceiling.saturating_sub(1), high)
        };
        high = high.max(bid.low);
        Some(Bid { low: low.max(bid.low), high, ..*bid })
    }

    /// The supporters have the cost and next to nothing more, or slightly less: exact money decides.
    fn price_near_the_limit(&mut self, bid: &Bid, shortfall: u128) -> Option<Bid> {
        self.accounts.clear();
        let mut richest = 0;
        for class in self.classes.supporters(bid.project).positions {
            let purse = self.purses[*class as usize];
            if purse.weight() > 0 {
                richest = richest.max(purse.money());
                self.accounts.add(*class as usize);
            }
        }
        if self.accounts.money() < self.accounts.cost(bid.project) {
            return None;
        }
        if self.scores {
            return Some(Bid { high: u128::from(P::ENDOWMENT) << SCORE_BITS, ..*bid });
        }
        // All but `shortfall` is needed: the level is at most that under the richest purse.
        let low = u128::from(richest).saturating_sub(shortfall + u128::from(self.error) + 1);
        Some(Bid { low: low.max(bid.low), high: u128::from(richest), ..*bid })
    }

    /// The exact price of a project that is affordable and whose price lies within the bid's bounds.
    pub(super) fn exact(&mut self, bid: &Bid) -> Exact {
        let classes = self.classes;
        self.accounts.clear();
        let mut unsure = std::mem::take(&mut self.unsure);
        unsure.clear();
        let mut slope = 0u128;
        for (class, score) in classes.supporters(bid.project).iter() {
            let purse = self.purses[class];
            let steepness = u128::from(purse.weight()) * if self.scores { u128::from(score) } else { 1 };
            match self.judge(bid, purse, score) {
                Fate::Gone => {}
                Fate::Emptied => self.accounts.add(class),
                Fate::Unsure => {
                    slope += steepness;
                    unsure.push((stored(class), if self.scores { score } else { 1 }));
                }
                Fate::Pays => slope += steepness,
            }
        }
        let mut exact = Exact { rest: self.accounts.cost(bid.project) - self.accounts.money(), slope };
        self.accounts.settle(&unsure, &mut exact);
        self.unsure = unsure;
        exact
    }

    /// What a price within the bid's bounds does to a supporter, as far as fixed precision can tell.
    fn judge(&self, bid: &Bid, purse: P, score: u32) -> Fate {
        if purse.weight() == 0 {
            return Fate::Gone;
        }
        let money = purse.money();
        let (shift, score) = if self.scores { (SCORE_BITS, u128::from(score)) } else { (0, 1) };
        let most = u128::from(money) << shift;
        let least = u128::from(money.saturating_sub(self.error)) << shift;
        if most < bid.low * score {
            Fate::Emptied
        } else if least > bid.high.saturating_mul(score) {
            Fate::Pays
        } else {
            Fate::Unsure
        }
    }

    /// The bid with bounds that are close enough to pay by.
    pub(super) fn narrowed(&mut self, bid: Bid) -> Bid {
        let shift = if self.scores { SCORE_BITS } else { 0 };
        if (bid.high - bid.low) >> shift < u128::from(P::COARSE) {
            return bid;
        }
        let exact = self.exact(&bid);
        self.with_price(bid, &exact)
    }

    /// The bid with the bounds of its exact price.
    pub(super) fn with_price(&self, bid: Bid, exact: &Exact) -> Bid {
        let denominator = self.accounts.prices.denominator() * exact.slope;
        let (low, high) = self.bounds(&exact.rest, &denominator);
        Bid { low, high, ..bid }
    }

    /// Takes a price within the bid's (narrow) bounds from the supporters.
    pub(super) fn buy(&mut self, bid: &Bid) {
        let classes = self.classes;
        let step = self.accounts.next_step();
        let mut unsure = std::mem::take(&mut self.unsure);
        unsure.clear();
        let distance = bid.high - bid.low;
        let slope = if self.scores {
            let mut slope = 0u128;
            let mut highest = 0;
            for (class, score) in classes.supporters(bid.project).iter() {
                let purse = self.purses[class];
                let fate = self.judge(bid, purse, score);
                match fate {
                    Fate::Gone => continue,
                    Fate::Emptied => self.empty(class, step),
                    Fate::Unsure => unsure.push((stored(class), score)),
                    Fate::Pays => {}
                }
                if !matches!(fate, Fate::Emptied) {
                    slope += u128::from(purse.weight()) * u128::from(score);
                    highest = highest.max(score);
                    let paid = (bid.low * u128::from(score)) >> SCORE_BITS;
                    let left = purse.money().saturating_sub(u64::try_from(paid).unwrap_or(u64::MAX));
                    self.purses[class] = P::new(left, purse.weight());
                }
            }
            // The payment is rounded down once more.
            let distance = ((distance * u128::from(highest)) >> SCORE_BITS) + 2;
            self.error = self.error.saturating_add(u64::try_from(distance).unwrap_or(u64::MAX));
            slope
        } else {
            let low = u64::try_from(bid.low).unwrap_or(u64::MAX);
            let close = u64::try_from(distance + u128::from(self.error)).unwrap_or(u64::MAX);
            let supporters = classes.supporters(bid.project).positions;
            let paid = waterline::pay(&mut self.purses, supporters, low, close, &mut self.gone, &mut unsure);
            for class in &self.gone[..paid.emptied] {
                self.accounts.emptied_at[*class as usize] = step;
            }
            self.error = self.error.saturating_add(u64::try_from(distance).unwrap_or(u64::MAX));
            u128::from(paid.slope)
        };
        if unsure.is_empty() {
            self.accounts.note(bid.project, slope);
        } else {
            self.decide(bid.project, step, slope, &unsure);
        }
        self.unsure = unsure;
        if self.error > P::COARSE {
            self.count_anew();
        }
    }

    /// Finds out exactly which of the unsure classes a purchase empties.
    fn decide(&mut self, project: usize, step: u32, slope: u128, unsure: &[(u32, u32)]) {
        self.accounts.clear();
        for class in self.classes.supporters(project).positions {
            if self.accounts.emptied_at[*class as usize] == step {
                self.accounts.add(*class as usize);
            }
        }
        let mut exact = Exact { rest: self.accounts.cost(project) - self.accounts.money(), slope };
        for class in self.accounts.settle(unsure, &mut exact) {
            self.empty(class as usize, step);
        }
        self.accounts.note_exactly(project, exact);
    }

    fn empty(&mut self, class: usize, step: u32) {
        self.purses[class] = P::default();
        self.accounts.emptied_at[class] = step;
    }

    /// Computes the money of all from exact prices.
    fn count_anew(&mut self) {
        self.accounts.catch_up();
        let shift = if self.scores { SCORE_BITS } else { 0 };
        let prices: Vec<u128> = self
            .accounts
            .prices
            .iter()
            .map(|(price, denominator)| self.bounds(price, &denominator).0)
            .collect();
        for (class, purse) in self.purses.iter_mut().enumerate() {
            if purse.weight() == 0 {
                continue;
            }
            let mut money = P::ENDOWMENT;
            for (project, score) in self.classes.ballot(class).iter() {
                if let Some(price) = prices.get(self.accounts.bought_at[project] as usize) {
                    let score = if self.scores { u128::from(score) } else { 1 };
                    let paid = u64::try_from((price * score) >> shift).unwrap_or(u64::MAX);
                    money = money.saturating_sub(paid);
                }
            }
            *purse = P::new(money, purse.weight());
        }
        // Prices and, with scores, payments are rounded down.
        self.error = u64::from(self.accounts.next_step()) * 2 + 1;
    }

    /// A price, given exactly, as bounds in the units of bids.
    pub(super) fn bounds(&self, numerator: &UBig, denominator: &UBig) -> (u128, u128) {
        let precision = u128::from(P::ENDOWMENT) << if self.scores { SCORE_BITS } else { 0 };
        let low = self.accounts.prices.rounded_down(numerator, denominator, precision);
        (low, low.saturating_add(1))
    }
}

/// What a purchase does to a supporter.
enum Fate {
    /// Has been emptied before.
    Gone,
    /// Gives all that is left.
    Emptied,
    /// Only exact numbers can tell.
    Unsure,
    /// Pays the full price.
    Pays,
}

/// A position as it is stored; instances have no more than fit.
fn stored(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
