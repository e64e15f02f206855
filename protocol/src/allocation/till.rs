//! Who has what left under Equal Shares, what a project costs them, and taking the price from them.
//!
//! Purses are kept in fixed precision and rounded up: what voters truly have is at most `error` units
//! less. Prices of what is bought are exact (see [`Prices`]), so the error grows by the rounding of one
//! payment a purchase and never more.

use std::cmp::Ordering;

use dashu_int::UBig;

use super::classes::Classes;
use super::instance::Instance;
use super::prices::Prices;
use super::waterline::{self, ENDOWMENT, Level, Purse, SCORE_BITS, Scored};

/// Stands for "never" in positions of purchases.
pub(crate) const NEVER: u32 = u32::MAX;

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

/// An exact price `rest / (denominator * slope)`, the denominator being that of the prices so far.
pub(super) struct Exact {
    pub(super) rest: UBig,
    pub(super) slope: u128,
    /// The classes that the price empties.
    emptied: Vec<u32>,
}

/// The money of all classes, and the prices they have paid.
pub(super) struct Till<'a> {
    classes: &'a Classes,
    instance: &'a Instance,
    /// Whether prices are per unit of score.
    scores: bool,
    /// Money left to each unit of weight of a class (zero: emptied), and that weight.
    purses: Vec<Purse>,
    /// How far the money of a purse may be above the truth.
    error: u64,
    /// Cost of each project in fixed precision, rounded down.
    costs: Vec<u128>,
    pub(super) prices: Prices,
    pub(super) emptied_at: Vec<u32>,
    pub(super) bought_at: Vec<u32>,
    /// For each project, one more than its purchase, or zero: where `amounts` counts it.
    slots: Vec<u32>,
    amounts: Vec<u128>,
    /// The same while all scores are one and 64 bits hold every sum of weights.
    small_amounts: Vec<u64>,
    held: Vec<Purse>,
    held_scored: Vec<Scored>,
    unsure: Vec<(u32, u32)>,
}

impl<'a> Till<'a> {
    /// Gives every unit of weight an equal part of `endowments`.
    pub(super) fn new(instance: &'a Instance, scores: bool, endowments: UBig) -> Self {
        let classes = instance.classes();
        let projects = instance.projects().len();
        let purses = classes.weights().iter().map(|weight| Purse { money: ENDOWMENT, weight: *weight });
        Self {
            classes,
            instance,
            scores,
            purses: purses.collect(),
            error: 0,
            costs: vec![0; projects],
            prices: Prices::new(endowments, instance.total_weight()),
            emptied_at: vec![NEVER; classes.len()],
            bought_at: vec![NEVER; projects],
            slots: vec![0; projects],
            amounts: vec![0],
            small_amounts: vec![0],
            held: Vec::new(),
            held_scored: Vec::new(),
            unsure: Vec::new(),
        }
    }

    /// The price a project would have if all its supporters could pay it; nothing if they do not have
    /// its cost together.
    pub(super) fn opening_bid(&mut self, project: usize, utility: u64) -> Option<Bid> {
        let totals = self.classes.totals(project);
        let cost = UBig::from(self.instance.total_weight()) * self.instance.projects()[project].cost;
        if cost > self.prices.endowments() * totals.weight {
            return None;
        }
        // The supporters' endowments hold the cost, so in fixed precision it fits 124 bits.
        let cost = u128::try_from(cost * ENDOWMENT / self.prices.endowments()).unwrap_or(u128::MAX);
        self.costs[project] = cost;
        let low = if self.scores {
            waterline::divide_scaled(cost, totals.points)
        } else {
            cost / u128::from(totals.weight)
        };
        Some(Bid { project, low, high: u128::MAX, utility, version: 0 })
    }

    /// Prices a project anew; nothing if its supporters cannot pay for it any more.
    pub(super) fn price(&mut self, bid: &Bid) -> Option<Bid> {
        let cost = self.costs[bid.project];
        // Raising the target by all that purses may have too much gives an upper bound of the price.
        let slack = u128::from(self.error) * u128::from(self.classes.totals(bid.project).weight) + 1;
        let target = cost + slack;
        // Prices only rise: whoever was below the last lower bound is emptied by this one too.
        let (emptied, held) = if self.scores {
            let supporters = self.classes.supporters(bid.project);
            waterline::hold_scored(&self.purses, supporters, bid.low, &mut self.held_scored)
        } else {
            let supporters = self.classes.supporters(bid.project).positions;
            waterline::hold(&self.purses, supporters, bid.low, &mut self.held)
        };
        if emptied + held < cost {
            return None;
        }
        if emptied + held < target {
            return self.price_near_the_limit(bid, slack);
        }
        let Level { ceiling, slope } = if self.scores {
            waterline::score_level(&mut self.held_scored, target - emptied)
        } else {
            waterline::level(&mut self.held, target - emptied)
        };
        // Below the level found, the sum falls by at least `slope` per unit.
        let span = if self.scores {
            waterline::divide_scaled(slack, slope) + 1
        } else {
            waterline::divide_up(slack, slope)
        };
        let low = ceiling.saturating_sub(span + 1).max(bid.low);
        Some(Bid { low, high: ceiling, ..*bid })
    }

    /// The supporters have the cost and next to nothing more, or slightly less: exact money decides.
    fn price_near_the_limit(&mut self, bid: &Bid, slack: u128) -> Option<Bid> {
        self.clear_amounts();
        let (mut weight, mut richest) = (0u128, 0);
        for class in self.classes.supporters(bid.project).positions {
            let purse = self.purses[*class as usize];
            if purse.money > 0 {
                richest = richest.max(purse.money);
                weight += u128::from(purse.weight);
                self.add_amounts(*class as usize);
            }
        }
        let money = self.group_money(weight);
        let cost = self.prices.denominator() * self.instance.projects()[bid.project].cost;
        if money < cost {
            return None;
        }
        if self.scores {
            return Some(Bid { high: u128::from(ENDOWMENT) << SCORE_BITS, ..*bid });
        }
        // All but `slack` is needed: the level is at most `slack` under the richest purse.
        let low = u128::from(richest).saturating_sub(2 * slack + u128::from(self.error) + 2);
        Some(Bid { low: low.max(bid.low), high: u128::from(richest), ..*bid })
    }

    /// The exact price of a project that is affordable and whose price lies within the bid's bounds.
    pub(super) fn exact(&mut self, bid: &Bid) -> Exact {
        let classes = self.classes;
        self.clear_amounts();
        let mut unsure = std::mem::take(&mut self.unsure);
        let mut emptied = Vec::new();
        let (mut weight, mut slope) = (0u128, 0u128);
        let supporters = classes.supporters(bid.project);
        if self.scores {
            for (class, score) in supporters.iter() {
                let purse = self.purses[class];
                let steepness = u128::from(purse.weight) * u128::from(score);
                match self.judge(bid, purse.money, score) {
                    Fate::Gone => {}
                    Fate::Emptied => {
                        weight += u128::from(purse.weight);
                        emptied.push(stored(class));
                        self.add_amounts(class);
                    }
                    Fate::Unsure => {
                        slope += steepness;
                        unsure.push((stored(class), score));
                    }
                    Fate::Pays => slope += steepness,
                }
            }
        } else {
            let (emptied_below, pays_above) = self.limits(bid);
            for &class in supporters.positions {
                let purse = self.purses[class as usize];
                if purse.money < emptied_below {
                    if purse.money > 0 {
                        weight += u128::from(purse.weight);
                        emptied.push(class);
                        self.add_amounts(class as usize);
                    }
                } else {
                    slope += u128::from(purse.weight);
                    if purse.money <= pays_above {
                        unsure.push((class, 1));
                    }
                }
            }
        }
        let cost = self.prices.denominator() * self.instance.projects()[bid.project].cost;
        let mut rest = cost - self.group_money(weight);
        self.settle(&mut unsure, &mut rest, &mut slope, &mut emptied);
        self.unsure = unsure;
        Exact { rest, slope, emptied }
    }

    /// A purse below the first limit is emptied by a price within the bid's bounds (all scores being one),
    /// one above the second is not.
    fn limits(&self, bid: &Bid) -> (u64, u64) {
        let high = bid.high.saturating_add(u128::from(self.error));
        (u64::try_from(bid.low).unwrap_or(u64::MAX).max(1), u64::try_from(high).unwrap_or(u64::MAX))
    }

    /// What a price within the bid's bounds does to a supporter with a score, as far as fixed precision can tell.
    fn judge(&self, bid: &Bid, money: u64, score: u32) -> Fate {
        if money == 0 {
            return Fate::Gone;
        }
        let score = u128::from(score);
        let most = u128::from(money) << SCORE_BITS;
        let least = u128::from(money.saturating_sub(self.error)) << SCORE_BITS;
        if most < bid.low * score {
            Fate::Emptied
        } else if least > bid.high * score {
            Fate::Pays
        } else {
            Fate::Unsure
        }
    }

    /// Decides exactly which of the unsure classes the price empties, and lowers what is left for the
    /// others to pay.
    fn settle(
        &self,
        unsure: &mut Vec<(u32, u32)>,
        rest: &mut UBig,
        slope: &mut u128,
        emptied: &mut Vec<u32>,
    ) {
        let mut exact: Vec<(UBig, u32, u32)> = Vec::with_capacity(unsure.len());
        for (class, score) in unsure.drain(..) {
            let mut amounts = vec![0u128; self.prices.len()];
            for (project, score) in self.classes.ballot(class as usize).iter() {
                let step = self.bought_at[project];
                if step != NEVER {
                    amounts[step as usize] = if self.scores { u128::from(score) } else { 1 };
                }
            }
            exact.push((self.prices.money(1, &amounts), score, class));
        }
        exact.sort_unstable_by(|a, b| (&a.0 * b.1).cmp(&(&b.0 * a.1)).then(a.2.cmp(&b.2)));
        for (money, score, class) in exact {
            match (&money * *slope).cmp(&(&*rest * score)) {
                Ordering::Less => {
                    let weight = u128::from(self.classes.weight(class as usize));
                    *rest -= money * weight;
                    *slope -= weight * u128::from(score);
                    emptied.push(class);
                }
                // Pays the price and has nothing left.
                Ordering::Equal => emptied.push(class),
                Ordering::Greater => break,
            }
        }
    }

    /// Takes an exact price from the supporters.
    pub(super) fn buy(&mut self, bid: &Bid, exact: Exact) {
        let step = stored(self.prices.len());
        self.prices.push(exact.rest, exact.slope);
        let price = self.prices.last_rounded_down(self.precision());
        for class in exact.emptied {
            self.purses[class as usize].money = 0;
            self.emptied_at[class as usize] = step;
        }
        let supporters = self.classes.supporters(bid.project);
        if self.scores {
            for (class, score) in supporters.iter() {
                let paid = (price * u128::from(score)) >> SCORE_BITS;
                let purse = &mut self.purses[class];
                purse.money = purse.money.saturating_sub(u64::try_from(paid).unwrap_or(u64::MAX));
            }
        } else {
            let paid = u64::try_from(price).unwrap_or(u64::MAX);
            for class in supporters.positions {
                // Those who are not empty have more than the price.
                let purse = &mut self.purses[*class as usize];
                purse.money = purse.money.saturating_sub(paid);
            }
        }
        // Rounding down the price, and with scores the payment too.
        self.error += if self.scores { 2 } else { 1 };
        self.bought_at[bid.project] = step;
        self.slots[bid.project] = step + 1;
        self.amounts.push(0);
        self.small_amounts.push(0);
    }

    /// Whether prices are per unit of score.
    pub(super) const fn scores(&self) -> bool {
        self.scores
    }

    /// A price, given exactly, as bounds in the units of bids.
    pub(super) fn bounds(&self, numerator: &UBig, denominator: &UBig) -> (u128, u128) {
        let low = self.prices.rounded_down(numerator, denominator, self.precision());
        (low, low.saturating_add(1))
    }

    /// A whole endowment in the units that prices are counted in.
    fn precision(&self) -> u128 {
        u128::from(ENDOWMENT) << if self.scores { SCORE_BITS } else { 0 }
    }

    fn clear_amounts(&mut self) {
        self.amounts.fill(0);
        self.small_amounts.fill(0);
    }

    /// Adds what a class has bought so far, times its weight. The first slot collects what it has not.
    fn add_amounts(&mut self, class: usize) {
        let weight = self.purses[class].weight;
        let ballot = self.classes.ballot(class);
        if self.scores {
            for (project, score) in ballot.iter() {
                self.amounts[self.slots[project] as usize] += u128::from(weight) * u128::from(score);
            }
        } else {
            for project in ballot.positions {
                let amount = &mut self.small_amounts[self.slots[*project as usize] as usize];
                *amount = amount.wrapping_add(weight);
            }
        }
    }

    /// The exact money of those whose amounts have been added, over the denominator of the prices.
    fn group_money(&mut self, weight: u128) -> UBig {
        if !self.scores {
            for (amount, small) in self.amounts.iter_mut().zip(&self.small_amounts) {
                *amount = u128::from(*small);
            }
        }
        self.prices.money(weight, &self.amounts[1..])
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
    u32::try_from(position).unwrap_or(NEVER)
}
