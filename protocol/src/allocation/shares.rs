//! Who paid what, to the currency's smallest unit, adding up to the cost exactly.
//!
//! Exact shares are rationals. Each is rounded down, and the units that are missing from the cost go,
//! one each, to those whose share lost most by that; equal losses go by voter position, lowest first
//! (the method of largest remainders).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use dashu_int::UBig;
use dashu_int::ops::DivRem;

use super::accounts::NEVER;
use super::equal_shares::Bought;
use super::fraction::Fraction;
use super::instance::Instance;
use super::{Allocation, Funded, Phase, Trace};

impl Allocation {
    /// The share of each supporter in a funded project, by its place in [`funded`](Self::funded):
    /// voter and smallest units of currency, by voter position. They add up to the cost exactly.
    ///
    /// Under Equal Shares and Phragmén's rule the exact share is what the supporter paid; under greedy the cost is divided
    /// among the supporters in proportion to their weights. Supporters whose weight is zero are not
    /// listed; those whose money was spent before are, with a share of zero. Nothing is listed for
    /// a place that does not exist or a project that nobody supports.
    #[must_use]
    pub fn shares(&self, instance: &Instance, place: usize) -> Vec<(usize, u64)> {
        let Some(funded) = self.funded.get(place) else {
            return Vec::new();
        };
        self.paid(instance, place, funded).rounded(instance, funded.cost)
    }

    /// The same shares before rounding, as fractions of a smallest unit.
    #[must_use]
    pub fn exact_shares(&self, instance: &Instance, place: usize) -> Vec<(usize, Fraction)> {
        let Some(funded) = self.funded.get(place) else {
            return Vec::new();
        };
        let paid = self.paid(instance, place, funded);
        let shares = paid.payers(instance);
        shares
            .filter_map(|(voter, amount, weight)| {
                let share = &paid.amounts[amount as usize] * weight;
                Some((voter, Fraction::reduce(share, paid.denominator.clone())?))
            })
            .collect()
    }

    /// What the supporters of a project have paid.
    fn paid(&self, instance: &Instance, place: usize, funded: &Funded) -> Paid {
        let classes = instance.classes();
        let supporters = classes.supporters(funded.project).iter();
        match (&self.trace, funded.phase) {
            (Trace::EqualShares(bought), Phase::EqualShares) if place >= bought.free => {
                let mut payments = Payments::new(bought, place - bought.free);
                let mut paid = Paid::new(classes.len(), payments.denominator.clone());
                for (class, score) in supporters {
                    payments.note(instance, class, score, &mut paid);
                }
                paid
            }
            (Trace::Phragmen(timed), Phase::Phragmen) if place < timed.times.len() => {
                let loads = timed.times.up_to(place);
                let mut places = vec![usize::MAX; instance.projects().len()];
                for (place, funded) in self.funded.iter().enumerate() {
                    places[funded.project] = place;
                }
                let mut paid = Paid::new(classes.len(), loads.denominator);
                // What the others pay depends on the last purchase before this one that they paid for.
                let mut by_last: BTreeMap<Option<usize>, u32> = BTreeMap::new();
                for (class, _) in supporters {
                    let ballot = classes.ballot(class).iter();
                    let before = ballot
                        .filter_map(|(project, _)| places.get(project).copied())
                        .filter(|before| *before < place)
                        .max();
                    let amount = *by_last.entry(before).or_insert_with(|| {
                        let load = &loads.numerators[place];
                        paid.amount(before.map_or(load.clone(), |before| load - &loads.numerators[before]))
                    });
                    paid.note(class, amount);
                }
                paid
            }
            _ => {
                // One for each unit of weight, over the weight: the cost comes in as a factor.
                let mut paid = Paid::new(classes.len(), UBig::from(funded.supporters));
                let amount = paid.amount(UBig::from(funded.cost));
                for (class, _) in supporters {
                    paid.note(class, amount);
                }
                paid
            }
        }
    }

    /// What a project's supporters have left after the last purchase of Equal Shares, together and
    /// exactly; nothing under other rules or for an unknown project. With completion by add-one the
    /// endowments have been raised, so it can be more than is left of the budget.
    #[must_use]
    pub fn left_to_supporters(&self, instance: &Instance, project: usize) -> Option<Fraction> {
        let Trace::EqualShares(bought) = &self.trace else {
            return None;
        };
        if project >= instance.projects().len() {
            return None;
        }
        if instance.total_weight() == 0 {
            return Some(Fraction::zero());
        }
        let classes = instance.classes();
        let mut amounts = vec![0u128; bought.prices.len()];
        let mut weight = 0u128;
        for (class, _) in classes.supporters(project).iter() {
            if bought.emptied_at[class] == NEVER {
                let members = u128::from(classes.weight(class));
                weight += members;
                for (project, score) in classes.ballot(class).iter() {
                    let step = bought.bought_at[project];
                    if step != NEVER {
                        let score = if bought.scores { u128::from(score) } else { 1 };
                        amounts[step as usize] += members * score;
                    }
                }
            }
        }
        Fraction::reduce(bought.prices.money(weight, &amounts), bought.prices.denominator().clone())
    }
}

/// What the supporters of one project have paid for each unit of their weight. Many pay the same, so each amount
/// is held once, and divided once for all voters of one weight.
struct Paid {
    denominator: UBig,
    /// The different amounts, over the denominator.
    amounts: Vec<UBig>,
    /// For each class, the position of what it pays; [`NOBODY`] for those that do not support the project.
    of: Vec<u32>,
}

/// Stands for "does not pay".
const NOBODY: u32 = u32::MAX;

impl Paid {
    fn new(classes: usize, denominator: UBig) -> Self {
        Self { denominator, amounts: Vec::new(), of: vec![NOBODY; classes] }
    }

    /// Adds an amount, and yields its position.
    fn amount(&mut self, amount: UBig) -> u32 {
        self.amounts.push(amount);
        u32::try_from(self.amounts.len() - 1).expect("there are no more amounts than classes")
    }

    fn note(&mut self, class: usize, amount: u32) {
        self.of[class] = amount;
    }

    /// The voters who pay, by position, with the position of what they pay for each unit of their weight.
    fn payers(&self, instance: &Instance) -> impl Iterator<Item = (usize, u32, u64)> {
        let voters = instance.class_of().iter().zip(instance.weights()).enumerate();
        voters
            .map(|(voter, (class, weight))| (voter, self.of[*class as usize], *weight))
            .filter(|(_, amount, weight)| *amount != NOBODY && *weight > 0)
    }

    /// Rounds the shares, so that they add up to `cost`.
    fn rounded(&self, instance: &Instance, cost: u64) -> Vec<(usize, u64)> {
        let mut shares = Vec::new();
        let mut divided = Divided::default();
        let mut losses: Vec<(u32, usize)> = Vec::new();
        let mut missing = cost;
        for (voter, amount, weight) in self.payers(instance) {
            let quotient = divided.quotient(self, amount, weight);
            let Quotient { whole, loss } = &divided.quotients[quotient as usize];
            let whole = (*whole).min(missing);
            missing -= whole;
            if !loss.is_zero() {
                losses.push((quotient, shares.len()));
            }
            shares.push((voter, whole));
        }
        // Largest loss first, equal ones by voter position. Nearly always fewer than all get a unit.
        let ranks = divided.ranks();
        for loss in &mut losses {
            loss.0 = ranks[loss.0 as usize];
        }
        let missing = usize::try_from(missing).unwrap_or(usize::MAX);
        if missing < losses.len() {
            losses.select_nth_unstable(missing);
        }
        for (_, place) in losses.iter().take(missing) {
            shares[*place].1 += 1;
        }
        shares
    }
}

/// What comes of dividing an amount times a weight by the denominator.
struct Quotient {
    whole: u64,
    loss: UBig,
}

/// The divisions made so far.
#[derive(Default)]
struct Divided {
    quotients: Vec<Quotient>,
    /// By position of the amount, and weight.
    known: BTreeMap<(u32, u64), u32>,
}

impl Divided {
    fn quotient(&mut self, paid: &Paid, amount: u32, weight: u64) -> u32 {
        *self.known.entry((amount, weight)).or_insert_with(|| {
            let share = &paid.amounts[amount as usize] * weight;
            let (whole, loss) = share.div_rem(&paid.denominator);
            let whole = u64::try_from(whole).unwrap_or(u64::MAX);
            self.quotients.push(Quotient { whole, loss });
            u32::try_from(self.quotients.len() - 1).expect("there are no more quotients than voters")
        })
    }

    /// For each quotient, how many different losses are larger.
    fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.quotients.len()).collect();
        order.sort_unstable_by(|a, b| self.quotients[*b].loss.cmp(&self.quotients[*a].loss));
        let mut ranks = vec![0; order.len()];
        let mut rank = 0;
        for pair in order.windows(2) {
            if self.quotients[pair[0]].loss != self.quotients[pair[1]].loss {
                rank += 1;
            }
            ranks[pair[1]] = rank;
        }
        ranks
    }
}

/// What one unit of weight of each class paid in one purchase, over a common denominator.
struct Payments<'a> {
    bought: &'a Bought,
    step: usize,
    /// The price of the purchase, over `denominator`.
    price: UBig,
    denominator: UBig,
    /// The last factor of the denominator: what the money before the purchase lacks of it.
    factor: u128,
    /// What those pay who had no money left, if anybody had none.
    nothing: Option<u32>,
    /// The full price, by score.
    full: BTreeMap<u32, u32>,
    /// All the money that was left to those who had bought this before, with these scores.
    rest: BTreeMap<Vec<(usize, u32)>, u32>,
}

impl<'a> Payments<'a> {
    fn new(bought: &'a Bought, step: usize) -> Self {
        let (price, denominator) = bought
            .prices
            .iter()
            .nth(step)
            .map_or((UBig::ZERO, UBig::ONE), |(price, denominator)| (price.clone(), denominator));
        let factor = bought.prices.factor(step);
        let (nothing, full, rest) = (None, BTreeMap::new(), BTreeMap::new());
        Self { bought, step, price, denominator, factor, nothing, full, rest }
    }

    /// Notes what a class that supports the project paid.
    fn note(&mut self, instance: &Instance, class: usize, score: u32, paid: &mut Paid) {
        let Self { bought, step, .. } = *self;
        let counted = |score| if bought.scores { score } else { 1 };
        let amount = match (bought.emptied_at[class] as usize).cmp(&step) {
            Ordering::Less => *self.nothing.get_or_insert_with(|| paid.amount(UBig::ZERO)),
            Ordering::Greater => {
                let score = counted(score);
                *self.full.entry(score).or_insert_with(|| paid.amount(&self.price * score))
            }
            Ordering::Equal => {
                let ballot = instance.classes().ballot(class).iter();
                let before = ballot
                    .map(|(project, score)| (bought.bought_at[project] as usize, counted(score)))
                    .filter(|(before, _)| *before < step);
                let mut before: Vec<(usize, u32)> = before.collect();
                before.sort_unstable();
                match self.rest.get(&before) {
                    Some(amount) => *amount,
                    None => {
                        let mut amounts = vec![0u128; step];
                        for (step, score) in &before {
                            amounts[*step] = u128::from(*score);
                        }
                        let money = bought.prices.money_after(step, 1, &amounts) * self.factor;
                        let amount = paid.amount(money);
                        self.rest.insert(before, amount);
                        amount
                    }
                }
            }
        };
        paid.note(class, amount);
    }
}
