//! Who paid what, to the currency's smallest unit, adding up to the cost exactly.
//!
//! Exact shares are rationals. Each is rounded down, and the units that are missing from the cost go,
//! one each, to those whose share lost most by that; equal losses go by voter position, lowest first
//! (the method of largest remainders).

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
        let (exact, denominator) = self.exact(instance, place, funded);
        round(exact.into_iter(), &denominator, funded.cost)
    }

    /// The same shares before rounding, as fractions of a smallest unit.
    #[must_use]
    pub fn exact_shares(&self, instance: &Instance, place: usize) -> Vec<(usize, Fraction)> {
        let Some(funded) = self.funded.get(place) else {
            return Vec::new();
        };
        let (exact, denominator) = self.exact(instance, place, funded);
        let shares = exact.into_iter();
        shares
            .filter_map(|(voter, share)| Some((voter, Fraction::reduce(share, denominator.clone())?)))
            .collect()
    }

    /// Exact shares by voter, and their denominator.
    fn exact(&self, instance: &Instance, place: usize, funded: &Funded) -> (Vec<(usize, UBig)>, UBig) {
        let classes = instance.classes();
        let mut paid: BTreeMap<usize, UBig> = BTreeMap::new();
        let denominator;
        let mut places = vec![usize::MAX; instance.projects().len()];
        for (place, funded) in self.funded.iter().enumerate() {
            places[funded.project] = place;
        }
        match (&self.trace, funded.phase) {
            (Trace::EqualShares(bought), Phase::EqualShares) if place >= bought.free => {
                let payments = Payments::new(bought, place - bought.free);
                denominator = payments.denominator.clone();
                for (class, score) in classes.supporters(funded.project).iter() {
                    paid.insert(class, payments.of(instance, class, score));
                }
            }
            (Trace::Phragmen(timed), Phase::Phragmen) if place < timed.times.len() => {
                let loads = timed.times.up_to(place);
                denominator = loads.denominator;
                let zero = UBig::ZERO;
                for (class, _) in classes.supporters(funded.project).iter() {
                    let ballot = classes.ballot(class).iter();
                    let before = ballot
                        .filter_map(|(project, _)| places.get(project))
                        .filter(|before| **before < place)
                        .max();
                    let before = before.map_or(&zero, |before| &loads.numerators[*before]);
                    paid.insert(class, &loads.numerators[place] - before);
                }
            }
            _ => {
                // One for each unit of weight, over the weight: the cost comes in as a factor.
                denominator = UBig::from(funded.supporters);
                for (class, _) in classes.supporters(funded.project).iter() {
                    paid.insert(class, UBig::from(funded.cost));
                }
            }
        }
        let exact = instance
            .class_of()
            .iter()
            .zip(instance.weights())
            .enumerate()
            .filter(|(_, (_, weight))| **weight > 0)
            .filter_map(|(voter, (class, weight))| Some((voter, paid.get(&(*class as usize))? * *weight)));
        (exact.collect(), denominator)
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

/// What one unit of weight of each class paid in one purchase, over a common denominator.
struct Payments<'a> {
    bought: &'a Bought,
    step: usize,
    /// The price of the purchase, over `denominator`.
    price: UBig,
    denominator: UBig,
    /// The last factor of the denominator: what the money before the purchase lacks of it.
    factor: u128,
}

impl<'a> Payments<'a> {
    fn new(bought: &'a Bought, step: usize) -> Self {
        let (price, denominator) = bought
            .prices
            .iter()
            .nth(step)
            .map_or((UBig::ZERO, UBig::ONE), |(price, denominator)| (price.clone(), denominator));
        Self { bought, step, price, denominator, factor: bought.prices.factor(step) }
    }

    fn of(&self, instance: &Instance, class: usize, score: u32) -> UBig {
        let emptied_at = self.bought.emptied_at[class] as usize;
        if emptied_at < self.step {
            return UBig::ZERO;
        }
        if emptied_at > self.step {
            return if self.bought.scores { &self.price * score } else { self.price.clone() };
        }
        let mut amounts = vec![0u128; self.step];
        for (project, score) in instance.classes().ballot(class).iter() {
            let step = self.bought.bought_at[project] as usize;
            if step < self.step {
                amounts[step] = if self.bought.scores { u128::from(score) } else { 1 };
            }
        }
        self.bought.prices.money_after(self.step, 1, &amounts) * self.factor
    }
}

/// Rounds exact shares, over a denominator, so that they add up to `cost`.
fn round(exact: impl Iterator<Item = (usize, UBig)>, denominator: &UBig, cost: u64) -> Vec<(usize, u64)> {
    let mut shares = Vec::new();
    let mut losses: Vec<(UBig, usize)> = Vec::new();
    let mut missing = cost;
    for (voter, share) in exact {
        let (whole, loss) = share.div_rem(denominator);
        let whole = u64::try_from(whole).unwrap_or(cost).min(missing);
        missing -= whole;
        if !loss.is_zero() {
            losses.push((loss, shares.len()));
        }
        shares.push((voter, whole));
    }
    // Largest loss first; the sort is stable, and losses came by voter position.
    losses.sort_by(|a, b| b.0.cmp(&a.0));
    for (_, place) in losses.iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        shares[*place].1 += 1;
    }
    shares
}
