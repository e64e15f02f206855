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
use super::classes::Support;
use super::instance::Instance;
use super::prices::Prices;
use super::waterline::{self, ENDOWMENT, Level, Purse, SCORE_BITS};
use super::{Reason, Utility};

/// Stands for "never" in positions of purchases.
pub(crate) const NEVER: u32 = u32::MAX;

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

/// Runs the method with `endowments` (at least the budget) to share, not regarding the budget.
pub(crate) fn run(instance: &Instance, utility: Utility, endowments: u128) -> Bought {
    let mut run = Run::new(instance, utility, endowments);
    let mut queue = run.queue();
    while let Some((winner, rest)) = run.cheapest(&mut queue) {
        run.buy(&winner, &rest);
        queue.extend(run.fresh.drain(..).filter(|bid| bid.project != winner.project));
    }
    run.bought
}

/// A project with bounds of its price: per voter, or per unit of score with [`SCORE_BITS`].
#[derive(Clone, Copy, Debug)]
struct Bid {
    project: usize,
    low: u128,
    high: u128,
    /// The utility of the project where all supporters have the same (1 with scores).
    utility: u64,
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

/// An exact price `rest / (denominator * slope)`, the denominator being that of the prices so far.
struct Exact {
    rest: UBig,
    slope: u128,
    /// Classes, sorted, that fixed precision cannot judge and that the price empties.
    emptied: Vec<u32>,
}

struct Run<'a> {
    instance: &'a Instance,
    utility: Utility,
    caps: CapsUsed<'a>,
    /// Money left by class, in fixed precision, rounded up; zero: emptied.
    money: Vec<u64>,
    /// How far `money` may be above the truth.
    error: u64,
    /// Cost of each project in fixed precision, rounded down.
    costs: Vec<u128>,
    bought: Bought,
    /// Bids priced since the last purchase.
    fresh: Vec<Bid>,
    purses: Vec<Purse>,
    amounts: Vec<u128>,
}

impl<'a> Run<'a> {
    fn new(instance: &'a Instance, utility: Utility, endowments: u128) -> Self {
        let projects = instance.projects().len();
        let scores = utility == Utility::Score && instance.classes().has_scores();
        Self {
            instance,
            utility,
            caps: CapsUsed::new(instance),
            money: vec![ENDOWMENT; instance.classes().len()],
            error: 0,
            costs: vec![0; projects],
            bought: Bought {
                projects: Vec::new(),
                free: 0,
                prices: Prices::new(endowments, instance.total_weight()),
                scores,
                emptied_at: vec![NEVER; instance.classes().len()],
                bought_at: vec![NEVER; projects],
                reasons: vec![None; projects],
            },
            fresh: Vec::new(),
            purses: Vec::new(),
            amounts: Vec::new(),
        }
    }

    /// Buys what is free, sets aside what is out of reach from the start, and queues the rest under
    /// the price it would have if all could pay it.
    fn queue(&mut self) -> BinaryHeap<Bid> {
        let instance = self.instance;
        let electorate = UBig::from(instance.total_weight());
        let endowments = self.bought.prices.money(1, &[]);
        let mut queue = BinaryHeap::new();
        for (project, about) in instance.projects().iter().enumerate() {
            let supporters = instance.classes().supporters(project);
            let weight: u128 = supporters
                .iter()
                .map(|support| u128::from(instance.classes().weight(support.class as usize)))
                .sum();
            if weight == 0 {
                self.bought.reasons[project] = Some(Reason::NoSupporters);
                continue;
            }
            let utility = match self.utility {
                Utility::Cost => about.cost,
                Utility::Cardinality | Utility::Score => 1,
            };
            if about.cost == 0 {
                // Nobody gets any utility from a cost of zero; anything else is worth a price of zero.
                if utility == 0 {
                    self.bought.reasons[project] = Some(Reason::NoUtility);
                } else if let Some(cap) = self.caps.broken_by(project) {
                    self.bought.reasons[project] = Some(Reason::Cap(cap));
                } else {
                    self.caps.add(project);
                    self.bought.projects.push(project);
                    self.bought.free += 1;
                }
                continue;
            }
            let price = &electorate * about.cost;
            if price > &endowments * weight {
                self.bought.reasons[project] = Some(Reason::SupportersLackMoney);
                continue;
            }
            // The supporters' endowments hold the cost, so in fixed precision it fits 124 bits.
            let cost = u128::try_from(price * ENDOWMENT / &endowments).unwrap_or(u128::MAX);
            self.costs[project] = cost;
            let (target, slope) = if self.bought.scores {
                let slope = supporters.iter().map(|support| self.slope_of(support)).sum();
                (cost, slope)
            } else {
                (cost, weight)
            };
            let low = if self.bought.scores {
                ((target / slope) << SCORE_BITS) + ((target % slope) << SCORE_BITS) / slope
            } else {
                target / slope
            };
            queue.push(Bid { project, low, high: u128::MAX, utility });
        }
        queue
    }

    fn slope_of(&self, support: &Support) -> u128 {
        let weight = u128::from(self.instance.classes().weight(support.class as usize));
        if self.bought.scores { weight * u128::from(support.score) } else { weight }
    }

    /// Finds the affordable project with the smallest price per unit of utility; ties go to the lower
    /// position. What was priced on the way stays in `fresh`.
    fn cheapest(&mut self, queue: &mut BinaryHeap<Bid>) -> Option<(Bid, Exact)> {
        let mut best: Option<Bid> = None;
        while let Some(next) = queue.peek() {
            if best.as_ref().is_some_and(|best| next.is_above(best)) {
                break;
            }
            let Some(next) = queue.pop() else { break };
            if let Some(cap) = self.caps.broken_by(next.project) {
                self.bought.reasons[next.project] = Some(Reason::Cap(cap));
                continue;
            }
            let Some(bid) = self.price(&next) else {
                self.bought.reasons[next.project] = Some(Reason::SupportersLackMoney);
                continue;
            };
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
        let mut winner = (first, self.exact(&first));
        for rival in rivals {
            let exact = self.exact(&rival);
            // Both are over the same denominator, so it can be left out.
            let mine = &winner.1.rest * exact.slope * rival.utility;
            let theirs = &exact.rest * winner.1.slope * winner.0.utility;
            if theirs < mine {
                winner = (rival, exact);
            }
        }
        Some(winner)
    }

    /// Prices a project anew; nothing if its supporters cannot pay for it any more.
    fn price(&mut self, bid: &Bid) -> Option<Bid> {
        let instance = self.instance;
        let classes = instance.classes();
        let cost = self.costs[bid.project];
        self.purses.clear();
        let (mut held, mut held_weight) = (0u128, 0u128);
        let (mut emptied, mut emptied_weight) = (0u128, 0u128);
        let mut richest = 0u64;
        for support in classes.supporters(bid.project) {
            let money = self.money[support.class as usize];
            if money == 0 {
                continue;
            }
            richest = richest.max(money);
            let weight = classes.weight(support.class as usize);
            let product = u128::from(money) * u128::from(weight);
            // Prices only rise: whoever was below the last lower bound is emptied by this one too.
            let score = if self.bought.scores { support.score } else { 1 };
            let below = if self.bought.scores {
                u128::from(money) << SCORE_BITS < bid.low * u128::from(score)
            } else {
                u128::from(money) < bid.low
            };
            if below {
                emptied += product;
                emptied_weight += u128::from(weight);
            } else {
                held += product;
                held_weight += u128::from(weight);
                self.purses.push(Purse { money, weight, score });
            }
        }
        let total = emptied + held;
        if total < cost {
            return None;
        }
        // Raising the target by all that purses may have too much gives an upper bound of the price.
        let slack = u128::from(self.error) * (emptied_weight + held_weight) + 1;
        let target = cost + slack;
        if total < target {
            return self.price_near_the_limit(bid, richest, slack);
        }
        let Level { ceiling, slope } = if self.bought.scores {
            waterline::score_level(&mut self.purses, target - emptied)
        } else {
            waterline::level(&mut self.purses, target - emptied)
        };
        // Below the level found, the sum falls by at least `slope` per unit.
        let span = if self.bought.scores {
            let slope = slope.max(1);
            ((slack / slope) << SCORE_BITS) + waterline::divide_up((slack % slope) << SCORE_BITS, slope)
        } else {
            waterline::divide_up(slack, slope)
        };
        let low = ceiling.saturating_sub(span + 1).max(bid.low);
        Some(Bid { low, high: ceiling, ..*bid })
    }

    /// The supporters have the cost and next to nothing more, or slightly less: exact money decides.
    fn price_near_the_limit(&mut self, bid: &Bid, richest: u64, slack: u128) -> Option<Bid> {
        let classes = self.instance.classes();
        self.clear_amounts();
        let mut weight = 0u128;
        for support in classes.supporters(bid.project) {
            if self.money[support.class as usize] > 0 {
                weight += u128::from(classes.weight(support.class as usize));
                self.add_amounts(support.class as usize);
            }
        }
        let money = self.bought.prices.money(weight, &self.amounts);
        let cost = self.bought.prices.denominator() * self.instance.projects()[bid.project].cost;
        if money < cost {
            return None;
        }
        // All but `slack` is needed: the level is at most `slack` under the richest purse.
        if self.bought.scores {
            return Some(Bid { high: u128::from(ENDOWMENT) << SCORE_BITS, ..*bid });
        }
        let low = u128::from(richest).saturating_sub(2 * slack + u128::from(self.error) + 2);
        Some(Bid { low: low.max(bid.low), high: u128::from(richest), ..*bid })
    }

    /// The exact price of a project that is affordable and whose price lies within the bid's bounds.
    fn exact(&mut self, bid: &Bid) -> Exact {
        let instance = self.instance;
        let classes = instance.classes();
        self.clear_amounts();
        let mut weight = 0u128;
        let mut slope = 0u128;
        let mut unsure: Vec<(u32, u32)> = Vec::new();
        for support in classes.supporters(bid.project) {
            let class = support.class as usize;
            match self.judge(bid, support) {
                Fate::Gone => {}
                Fate::Emptied => {
                    weight += u128::from(classes.weight(class));
                    self.add_amounts(class);
                }
                Fate::Unsure => {
                    slope += self.slope_of(support);
                    unsure.push((support.class, support.score));
                }
                Fate::Pays => slope += self.slope_of(support),
            }
        }
        let denominator = self.bought.prices.denominator();
        let cost = denominator * instance.projects()[bid.project].cost;
        let mut rest = cost - self.bought.prices.money(weight, &self.amounts);
        let emptied = if unsure.is_empty() { Vec::new() } else { self.settle(unsure, &mut rest, &mut slope) };
        Exact { rest, slope, emptied }
    }

    /// Decides exactly which of the unsure classes the price empties, and lowers what is left for the
    /// others to pay.
    fn settle(&mut self, unsure: Vec<(u32, u32)>, rest: &mut UBig, slope: &mut u128) -> Vec<u32> {
        let classes = self.instance.classes();
        let scores = self.bought.scores;
        let mut exact: Vec<(UBig, u32, u32)> = Vec::with_capacity(unsure.len());
        for (class, score) in unsure {
            self.clear_amounts();
            let entries = classes.ballot(class as usize);
            for entry in entries {
                let step = self.bought.bought_at[entry.project as usize];
                if step != NEVER {
                    self.amounts[step as usize] = if scores { u128::from(entry.score) } else { 1 };
                }
            }
            let money = self.bought.prices.money(1, &self.amounts);
            exact.push((money, if scores { score } else { 1 }, class));
        }
        exact.sort_unstable_by(|a, b| (&a.0 * b.1).cmp(&(&b.0 * a.1)).then(a.2.cmp(&b.2)));
        let mut emptied = Vec::new();
        for (money, score, class) in exact {
            match (&money * *slope).cmp(&(&*rest * score)) {
                Ordering::Less => {
                    let weight = u128::from(classes.weight(class as usize));
                    *rest -= money * weight;
                    *slope -= weight * u128::from(score);
                    emptied.push(class);
                }
                // Pays the price and has nothing left.
                Ordering::Equal => emptied.push(class),
                Ordering::Greater => break,
            }
        }
        emptied.sort_unstable();
        emptied
    }

    /// What a price within the bid's bounds does to a supporter, as far as fixed precision can tell.
    fn judge(&self, bid: &Bid, support: &Support) -> Fate {
        let money = self.money[support.class as usize];
        if money == 0 {
            return Fate::Gone;
        }
        let (most, least) = (u128::from(money), u128::from(money.saturating_sub(self.error)));
        let (most, least, score) = if self.bought.scores {
            (most << SCORE_BITS, least << SCORE_BITS, u128::from(support.score))
        } else {
            (most, least, 1)
        };
        if most < bid.low * score {
            Fate::Emptied
        } else if least > bid.high * score {
            Fate::Pays
        } else {
            Fate::Unsure
        }
    }

    /// Takes the price from the supporters.
    fn buy(&mut self, bid: &Bid, exact: &Exact) {
        let step = u32::try_from(self.bought.prices.len()).unwrap_or(NEVER);
        self.bought.prices.push(exact.rest.clone(), exact.slope);
        let precision = if self.bought.scores { SCORE_BITS } else { 0 };
        let price = self.bought.prices.last_rounded_down(u128::from(ENDOWMENT) << precision);
        for support in self.instance.classes().supporters(bid.project) {
            let class = support.class as usize;
            let emptied = match self.judge(bid, support) {
                Fate::Gone => continue,
                Fate::Emptied => true,
                Fate::Unsure => exact.emptied.binary_search(&support.class).is_ok(),
                Fate::Pays => false,
            };
            let score = if self.bought.scores { support.score } else { 1 };
            let paid = u64::try_from((price * u128::from(score)) >> precision).unwrap_or(u64::MAX);
            let left = if emptied { 0 } else { self.money[class].saturating_sub(paid) };
            self.money[class] = left;
            if left == 0 {
                self.bought.emptied_at[class] = step;
            }
        }
        // Rounding down the price, and with scores the payment too.
        self.error += if self.bought.scores { 2 } else { 1 };
        self.bought.bought_at[bid.project] = step;
        self.bought.projects.push(bid.project);
        self.caps.add(bid.project);
    }

    fn clear_amounts(&mut self) {
        self.amounts.clear();
        self.amounts.resize(self.bought.prices.len(), 0);
    }

    /// Adds what a class has bought so far, times its weight.
    fn add_amounts(&mut self, class: usize) {
        let classes = self.instance.classes();
        let weight = u128::from(classes.weight(class));
        for entry in classes.ballot(class) {
            let step = self.bought.bought_at[entry.project as usize];
            if step != NEVER {
                let score = if self.bought.scores { u128::from(entry.score) } else { 1 };
                self.amounts[step as usize] += weight * score;
            }
        }
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
