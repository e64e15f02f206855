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
        run.buy(&winner, &exact);
        queue.extend(run.fresh.drain(..));
    }
    run.bought
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
        run.buy(&bid, &exact);
        queue.extend(run.fresh.drain(..));
    }
    run.cheapest(&mut queue, None).is_none().then_some(run.bought)
}

/// A project with bounds of its price: per voter, or per unit of score with [`SCORE_BITS`].
#[derive(Clone, Copy, Debug)]
struct Bid {
    project: usize,
    low: u128,
    high: u128,
    /// The utility of the project where all supporters have the same (1 with scores).
    utility: u64,
    /// How often the project has been priced; only the last bid of a project counts.
    version: u32,
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
    /// The last bid of each project.
    last: Vec<Option<Bid>>,
    purses: Vec<Purse>,
    amounts: Vec<u128>,
}

impl<'a> Run<'a> {
    fn new(instance: &'a Instance, utility: Utility, endowments: UBig) -> Self {
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
            last: vec![None; projects],
            purses: Vec::new(),
            amounts: Vec::new(),
        }
    }

    /// Buys what is free, sets aside what is out of reach from the start, and queues the rest under
    /// the price it would have if all could pay it.
    fn queue(&mut self) -> BinaryHeap<Bid> {
        let instance = self.instance;
        let electorate = UBig::from(instance.total_weight());
        let endowments = self.bought.prices.endowments().clone();
        let mut queue = BinaryHeap::new();
        for (project, about) in instance.projects().iter().enumerate() {
            let totals = instance.classes().totals(project);
            let weight = u128::from(totals.weight);
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
            let low = if self.bought.scores {
                waterline::divide_scaled(cost, totals.points)
            } else {
                cost / weight
            };
            let bid = Bid { project, low, high: u128::MAX, utility, version: 0 };
            self.last[project] = Some(bid);
            queue.push(bid);
        }
        queue
    }

    fn slope_of(&self, support: &Support) -> u128 {
        let weight = u128::from(self.instance.classes().weight(support.class as usize));
        if self.bought.scores { weight * u128::from(support.score) } else { weight }
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
        let price_low = self.bought.prices.rounded_down(numerator, denominator, self.precision());
        let limit = Bid { low: price_low, high: price_low + 1, ..winner };
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
            let exact = self.exact(&bid);
            let price = exact.rest * denominator * winner.utility;
            let limit = numerator * self.bought.prices.denominator() * exact.slope * bid.utility;
            if price < limit || (price == limit && bid.project < winner.project) {
                return None;
            }
        }
        let exact = self.exact(&winner);
        Some((winner, exact))
    }

    /// Prices a project anew; nothing if the bid is not its last one, or it is out of the race now.
    fn offer(&mut self, bid: &Bid) -> Option<Bid> {
        if self.last[bid.project].is_none_or(|last| last.version != bid.version) {
            return None;
        }
        let priced = match self.caps.broken_by(bid.project) {
            Some(cap) => Err(Reason::Cap(cap)),
            None => self.price(bid).ok_or(Reason::SupportersLackMoney),
        };
        self.bought.reasons[bid.project] = priced.err();
        self.last[bid.project] =
            priced.ok().map(|priced| Bid { version: bid.version.wrapping_add(1), ..priced });
        self.last[bid.project]
    }

    /// A whole endowment in the units that prices are counted in.
    fn precision(&self) -> u128 {
        u128::from(ENDOWMENT) << if self.bought.scores { SCORE_BITS } else { 0 }
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
            waterline::divide_scaled(slack, slope) + 1
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
        self.last[bid.project] = None;
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
