//! Better plans by taking a part of one back and making it anew (ruin and recreate, Schrimpf et al. 2000): the journeys
//! to a few shelters, or from one, are called off, and what those shelters lack is sent again by the journeys that bring
//! most for their cost, with a little chance in the choice. A step that costs more is kept at first and less and less
//! often later. Steps are counted and chance is seeded: the same instance has the same plan on every machine.

use super::super::demo::random::Random;
use super::bound::Prices;
use super::loads::Loads;
use super::market::Market;

/// Donors looked at first for a shelter, those that bring most for their cost.
const NEAR: usize = 24;
/// Temperatures at the first and the last step, in shares of a journey's cost.
const HOT: f64 = 1.0;
const COLD: f64 = 0.04;

pub struct Improver<'m, 'a> {
    market: &'m Market<'a>,
    prices: &'m Prices,
    random: Random,
    /// For each shelter, the donors of what it wants, the most promising first.
    near: Vec<Vec<usize>>,
    /// For each donor, the shelters that want what it has, likewise.
    reach: Vec<Vec<usize>>,
    /// For each donor, the items of which everything spare moves.
    scarce: Vec<Vec<usize>>,
    takers: Vec<usize>,
}

/// A journey that could be made, or be loaded further.
#[derive(Clone, Copy)]
struct Offer {
    from: usize,
    to: usize,
    /// What it costs for what it brings, in shares of what that is worth; less is better.
    rate: f64,
}

impl<'m, 'a> Improver<'m, 'a> {
    pub fn new(market: &'m Market<'a>, prices: &'m Prices) -> Self {
        let shelters = market.instance.shelters;
        let mut scarce = vec![Vec::new(); shelters];
        let mut gives = vec![Vec::new(); shelters];
        for trade in &market.trades {
            for donor in &trade.donors {
                if let Some(gives) = gives.get_mut(*donor) {
                    gives.push(trade.item);
                }
                if trade.scarce
                    && let Some(scarce) = scarce.get_mut(*donor)
                {
                    scarce.push(trade.item);
                }
            }
        }
        let mut improver = Self {
            market,
            prices,
            random: Random::new(5, 5),
            near: vec![Vec::new(); shelters],
            reach: vec![Vec::new(); shelters],
            scarce,
            takers: (0..shelters)
                .filter(|taker| market.wants.get(*taker).is_some_and(|wants| !wants.is_empty()))
                .collect(),
        };
        improver.rank(&gives);
        improver
    }

    /// Who promises most: the worth of a full load at the bound's prices, its carriage taken off.
    fn rank(&mut self, gives: &[Vec<usize>]) {
        let mut pairs = Vec::new();
        for taker in &self.takers {
            for (donor, gives) in gives.iter().enumerate() {
                let worth: i64 = (gives.iter())
                    .map(|item| {
                        let packs = self
                            .market
                            .most
                            .at(*taker, *item)
                            .min(self.market.spare.at(donor, *item));
                        let price = self.prices.bring.at(*taker, *item) - self.prices.take.at(donor, *item);
                        (price - self.market.haul(*item, donor, *taker)).max(0) * packs
                    })
                    .sum();
                if gives.iter().any(|item| self.market.most.at(*taker, *item) > 0) {
                    pairs.push((-worth, self.market.per_gram(donor, *taker), donor, *taker));
                }
            }
        }
        pairs.sort_unstable();
        for (_, _, donor, taker) in pairs {
            if let Some(near) = self.near.get_mut(taker) {
                near.push(donor);
            }
            if let Some(reach) = self.reach.get_mut(donor) {
                reach.push(taker);
            }
        }
    }

    /// How many shelters get anything.
    pub fn takers(&self) -> usize {
        self.takers.len()
    }

    /// A first plan, made from nothing.
    pub fn first(&mut self) -> Loads<'m, 'a> {
        let mut loads = Loads::new(self.market);
        let takers = self.takers.clone();
        self.supply(&mut loads, &takers);
        let donors: Vec<usize> = (0..self.scarce.len()).collect();
        self.spread(&mut loads, &donors);
        loads
    }

    /// The best of `steps` plans, beginning with this one.
    #[expect(clippy::cast_precision_loss, reason = "temperatures")]
    pub fn improve(&mut self, mut loads: Loads<'m, 'a>, steps: u32) -> Loads<'m, 'a> {
        let mut best = loads.clone();
        let scale = self.market.journey as f64;
        for step in 0..steps {
            let heat = scale * HOT * (COLD / HOT).powf(f64::from(step) / f64::from(steps));
            let before = loads.cost();
            loads.mark();
            let hungry = self.ruin(&mut loads);
            self.supply(&mut loads, &hungry);
            let worse = (loads.cost() - before) as f64;
            if worse > heat * -(1.0 - self.random.unit()).ln() {
                loads.undo();
            } else if loads.cost() < best.cost() {
                best = loads.clone();
            }
        }
        best
    }

    /// Calls journeys off and says which shelters may lack something now.
    fn ruin(&mut self, loads: &mut Loads<'m, 'a>) -> Vec<usize> {
        let Some(seed) = self.random.pick(&self.takers).copied() else {
            return Vec::new();
        };
        let journeys = loads.to(seed);
        let donor = journeys
            .get(self.random.below(journeys.len()))
            .map(|journey| journey.from);
        let kind = self.random.below(4);
        let mut hungry = vec![seed];
        match (kind, donor) {
            // All from one donor.
            (0, Some(donor)) => {
                hungry.extend(self.fed_by(loads, donor));
                for taker in &hungry {
                    loads.cancel(donor, *taker);
                }
            }
            // All to a few that share a donor, or to any few.
            (1 | 2, Some(donor)) => {
                let others: Vec<usize> = if kind == 1 {
                    self.fed_by(loads, donor)
                } else {
                    self.reach.get(donor).cloned().unwrap_or_default()
                };
                for _ in 0..1 + self.random.below(3) {
                    hungry.extend(self.random.pick(&others).copied());
                }
                self.clear(loads, &hungry);
            }
            _ => {
                if self.random.chance(0.5) {
                    hungry.extend(self.random.pick(&self.takers).copied());
                }
                self.clear(loads, &hungry);
            }
        }
        hungry.sort_unstable();
        hungry.dedup();
        hungry
    }

    fn fed_by(&self, loads: &Loads<'_, '_>, donor: usize) -> Vec<usize> {
        let reach = self.reach.get(donor).map_or(&[][..], Vec::as_slice);
        reach
            .iter()
            .copied()
            .filter(|taker| loads.grams(donor, *taker) > 0)
            .collect()
    }

    fn clear(&self, loads: &mut Loads<'_, '_>, takers: &[usize]) {
        for taker in takers {
            let from: Vec<usize> = loads.to(*taker).iter().map(|journey| journey.from).collect();
            for donor in from {
                loads.cancel(donor, *taker);
            }
        }
    }

    /// Sends what these shelters lack; then whatever is spare of scarce items, to whomever it helps.
    fn supply(&mut self, loads: &mut Loads<'m, 'a>, hungry: &[usize]) {
        let mut order = hungry.to_vec();
        for at in (1..order.len()).rev() {
            order.swap(at, self.random.below(at + 1));
        }
        for taker in &order {
            while let Some(offer) = self.best_for(loads, *taker) {
                self.send(loads, offer, false);
            }
        }
        let donors = loads.freed();
        self.spread(loads, &donors);
        for taker in order {
            self.tidy(loads, taker);
        }
    }

    /// The best journey for what a shelter lacks.
    fn best_for(&mut self, loads: &Loads<'_, '_>, taker: usize) -> Option<Offer> {
        let lacks: Vec<(usize, i64)> = (self.market.wants.get(taker)?.iter())
            .map(|item| (*item, loads.lacks(taker, *item)))
            .filter(|(_, packs)| *packs > 0)
            .collect();
        if lacks.is_empty() {
            return None;
        }
        let near = std::mem::take(self.near.get_mut(taker)?);
        let mut best = self.best_of(loads, near.iter().take(NEAR).map(|donor| (*donor, taker)), &lacks);
        if best.is_none() {
            best = self.best_of(loads, near.iter().skip(NEAR).map(|donor| (*donor, taker)), &lacks);
        }
        if let Some(slot) = self.near.get_mut(taker) {
            *slot = near;
        }
        best
    }

    /// The best of these pairs for these items and packs.
    #[expect(clippy::cast_precision_loss, reason = "a rate to choose by, not an amount")]
    fn best_of(
        &mut self,
        loads: &Loads<'_, '_>,
        pairs: impl Iterator<Item = (usize, usize)>,
        packs: &[(usize, i64)],
    ) -> Option<Offer> {
        let mut best: Option<Offer> = None;
        let packs: Vec<(usize, i64, i64)> = packs
            .iter()
            .map(|(item, wanted)| (*item, *wanted, self.market.grams(*item)))
            .collect();
        for (from, to) in pairs {
            let (mut cost, mut worth, mut weight) = (0, 0, 0);
            let (left, per_gram) = (loads.shelf(from), self.market.per_gram(from, to));
            let (take, bring) = (self.prices.take.row(from), self.prices.bring.row(to));
            for (item, wanted, grams) in &packs {
                let packs = left.get(*item).map_or(0, |left| *left.min(wanted));
                if packs > 0 {
                    let taken = take.get(*item).map_or(0, |price| *price.max(&0));
                    cost += (per_gram * grams / 1_000_000 + taken) * packs - loads.saves(from, *item, packs);
                    worth += bring.get(*item).map_or(1, |price| *price.max(&1)) * packs;
                    weight += grams * packs;
                }
            }
            if worth == 0 {
                continue;
            }
            let known = loads.grams(from, to);
            cost += (self.market.vehicles(known + weight) - self.market.vehicles(known)) * self.market.journey;
            let rate = cost as f64 / worth as f64 * (0.85 + 0.3 * self.random.unit());
            if best.is_none_or(|best| rate < best.rate) {
                best = Some(Offer { from, to, rate });
            }
        }
        best
    }

    fn send(&self, loads: &mut Loads<'_, '_>, offer: Offer, all: bool) {
        let Some(wants) = self.market.wants.get(offer.to) else {
            return;
        };
        for item in wants {
            let wanted = if all {
                loads.room(offer.to, *item)
            } else {
                loads.lacks(offer.to, *item)
            };
            let packs = loads.left(offer.from, *item).min(wanted);
            loads.put(offer.from, offer.to, *item, packs.max(0));
        }
    }

    /// Of scarce items all that is spare moves.
    fn spread(&mut self, loads: &mut Loads<'m, 'a>, donors: &[usize]) {
        for donor in donors {
            while let Some(scarce) = self.scarce.get(*donor).filter(|scarce| !scarce.is_empty()) {
                let spare: Vec<usize> = scarce
                    .iter()
                    .copied()
                    .filter(|item| loads.left(*donor, *item) > 0)
                    .collect();
                if spare.is_empty() {
                    break;
                }
                let reach = self.reach.get(*donor).cloned().unwrap_or_default();
                let mut best: Option<Offer> = None;
                for taker in reach {
                    let room: Vec<(usize, i64)> = spare
                        .iter()
                        .map(|item| (*item, loads.room(taker, *item)))
                        .filter(|(_, packs)| *packs > 0)
                        .collect();
                    let offer = self.best_of(loads, std::iter::once((*donor, taker)), &room);
                    best = match (best, offer) {
                        (Some(best), Some(offer)) if offer.rate < best.rate => Some(offer),
                        (None, offer) => offer,
                        (best, _) => best,
                    };
                }
                let Some(offer) = best else { break };
                for item in spare {
                    let packs = loads.left(offer.from, item).min(loads.room(offer.to, item));
                    loads.put(offer.from, offer.to, item, packs.max(0));
                }
            }
        }
    }

    /// Calls a journey to a shelter off if its other journeys can bring the same for less.
    fn tidy(&self, loads: &mut Loads<'_, '_>, taker: usize) {
        let from: Vec<usize> = loads.to(taker).iter().map(|journey| journey.from).collect();
        if from.len() < 2 {
            return;
        }
        for donor in &from {
            let Some(journey) = loads.to(taker).iter().find(|journey| journey.from == *donor).cloned() else {
                continue;
            };
            let others: Vec<usize> = loads
                .to(taker)
                .iter()
                .map(|journey| journey.from)
                .filter(|other| other != donor)
                .collect();
            let before = loads.cost();
            let mut moved = Vec::new();
            for (item, packs) in &journey.lines {
                let mut rest = *packs;
                for other in &others {
                    let some = loads.left(*other, *item).min(rest);
                    if some > 0 && !self.is_scarce(*item) {
                        loads.put(*other, taker, *item, some);
                        loads.put(*donor, taker, *item, -some);
                        moved.push((*other, *item, some));
                        rest -= some;
                    }
                }
                if rest > 0 {
                    break;
                }
            }
            if loads.cost() > before {
                for (other, item, some) in moved {
                    loads.put(other, taker, item, -some);
                    loads.put(*donor, taker, item, some);
                }
            }
        }
    }

    fn is_scarce(&self, item: usize) -> bool {
        self.market
            .trades
            .iter()
            .any(|trade| trade.item == item && trade.scarce)
    }
}
