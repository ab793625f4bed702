//! A proved lower bound on the cost of every plan, by Lagrangian relaxation: what a donor sends and what a shelter gets
//! are priced instead of kept equal, so that each pair of shelters decides alone whether a journey pays. That is as
//! strong as the linear programme in which a journey must be paid for by the largest share of any one item
//! (Geoffrion 1974). All in whole numbers, so every value is proved, not only close.

use super::grid::Grid;
use super::market::{Market, Trade};

/// What one more pack is worth, in thousandths of the minor unit: taken from a donor's shelf, and brought to who needs it.
#[derive(Debug, Clone)]
pub struct Prices {
    pub take: Grid,
    pub bring: Grid,
}

#[derive(Debug)]
pub struct Bound {
    /// No plan costs less.
    pub value: i64,
    pub prices: Prices,
}

/// Steps without a better bound until the next are half as long.
const PATIENCE: u32 = 12;

/// `known` is what some plan costs; it sets the length of the steps and nothing else.
pub fn bound(market: &Market<'_>, known: i64, steps: u32) -> Bound {
    let mut prices = first_prices(market);
    let mut best: Option<Bound> = None;
    let (mut length, mut waited) = (1.0, 0);
    let mut way = Excess::new(market);
    for _ in 0..steps {
        let mut excess = Excess::new(market);
        let value = relaxed(market, &prices, &mut excess);
        if best.as_ref().is_none_or(|best| value > best.value) {
            waited = 0;
            best = Some(Bound {
                value,
                prices: prices.clone(),
            });
        } else {
            waited += 1;
            if waited >= PATIENCE {
                (length, waited) = (length / 2.0, 0);
                if let Some(best) = &best {
                    prices = best.prices.clone();
                }
            }
        }
        way.follow(&excess);
        if !way.step(&mut prices, length, known.max(value + 1) - value) {
            break;
        }
    }
    best.unwrap_or(Bound {
        value: i64::MIN,
        prices,
    })
}

/// A journey's cost shared by what the shelter wants, added to the nearest donor's carriage.
fn first_prices(market: &Market<'_>) -> Prices {
    let empty = || Grid::new(market.instance.shelters, market.instance.pack_grams.len());
    let (take, mut bring) = (empty(), empty());
    for trade in &market.trades {
        for taker in &trade.takers {
            let wants = market.wants.get(*taker).map_or(1, |wants| as_i64(wants.len().max(1)));
            let share = market.journey / wants / market.most.at(*taker, trade.item).max(1);
            let nearest = trade
                .donors
                .iter()
                .map(|donor| market.haul(trade.item, *donor, *taker))
                .min();
            bring.add(*taker, trade.item, share + nearest.unwrap_or(0));
        }
    }
    Prices { take, bring }
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// By how much the relaxed plan sends more than a donor has, or brings less than a shelter gets.
struct Excess {
    take: Grid,
    bring: Grid,
    /// The direction of the steps: this excess and a share of those before it, so that steps zigzag less.
    mixed: Vec<f64>,
}

/// One item as a pair looks at it.
#[derive(Clone, Copy)]
struct Taker {
    shelter: usize,
    most: i64,
    price: i64,
}

impl Excess {
    fn new(market: &Market<'_>) -> Self {
        let empty = || Grid::new(market.instance.shelters, market.instance.pack_grams.len());
        Self {
            take: empty(),
            bring: empty(),
            mixed: Vec::new(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a direction, not an amount")]
    fn follow(&mut self, excess: &Self) {
        let new = excess.take.cells().chain(excess.bring.cells()).map(|by| by as f64);
        if self.mixed.is_empty() {
            self.mixed = new.collect();
            return;
        }
        for (old, new) in self.mixed.iter_mut().zip(new) {
            *old = 0.4 * *old + new;
        }
    }

    /// `false` if there is no way to go: the bound is the best there is.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the length of a step"
    )]
    fn step(&self, prices: &mut Prices, length: f64, missing: i64) -> bool {
        let square: f64 = self.mixed.iter().map(|by| by * by).sum();
        if square < 0.5 {
            return false;
        }
        let step = length * missing as f64 / square;
        let cells = prices.take.cells_mut().chain(prices.bring.cells_mut());
        for (price, by) in cells.zip(&self.mixed) {
            *price += (step * by).round() as i64;
        }
        true
    }
}

/// The cheapest plan in which nothing need balance but the totals of each item, at these prices.
fn relaxed(market: &Market<'_>, prices: &Prices, excess: &mut Excess) -> i64 {
    let mut value = 0;
    for trade in &market.trades {
        value += shelves(market, trade, prices, excess) + needs(market, trade, prices, excess);
    }
    value + journeys(market, prices, excess)
}

/// What leaves each shelf, if only the total counts: what expires soon and what is cheap goes first.
fn shelves(market: &Market<'_>, trade: &Trade, prices: &Prices, excess: &mut Excess) -> i64 {
    let item = trade.item;
    let mut parts = Vec::with_capacity(trade.donors.len() * 2);
    for donor in &trade.donors {
        let (packs, soon) = (market.spare.at(*donor, item), market.expiring.at(*donor, item));
        let price = -prices.take.at(*donor, item);
        parts.push((price - market.bonus.at(*donor, item), *donor, soon));
        parts.push((price, *donor, packs - soon));
    }
    if !trade.scarce {
        parts.sort_unstable();
    }
    let (mut value, mut left) = (0, trade.total);
    for (price, donor, packs) in parts {
        let packs = packs.min(left);
        left -= packs;
        value += price * packs;
        excess.take.add(donor, item, -packs);
    }
    value
}

/// What each shelter gets, if only the total counts.
fn needs(market: &Market<'_>, trade: &Trade, prices: &Prices, excess: &mut Excess) -> i64 {
    let item = trade.item;
    let (mut value, mut left) = (0, trade.total);
    let mut rest = Vec::new();
    for taker in &trade.takers {
        let (must, price) = (market.must.at(*taker, item), prices.bring.at(*taker, item));
        left -= must;
        value += price * must;
        excess.bring.add(*taker, item, must);
        rest.push((price, *taker, market.most.at(*taker, item) - must));
    }
    rest.sort_unstable();
    for (price, taker, packs) in rest {
        let packs = packs.min(left);
        left -= packs;
        value += price * packs;
        excess.bring.add(taker, item, packs);
    }
    value
}

/// Journeys that pay at these prices, each pair by itself.
fn journeys(market: &Market<'_>, prices: &Prices, excess: &mut Excess) -> i64 {
    let takers: Vec<Vec<Taker>> = (market.trades.iter())
        .map(|trade| {
            let taker = |shelter: &usize| Taker {
                shelter: *shelter,
                most: market.most.at(*shelter, trade.item),
                price: prices.bring.at(*shelter, trade.item),
            };
            trade.takers.iter().map(taker).collect()
        })
        .collect();
    let mut gives: Vec<Vec<usize>> = vec![Vec::new(); market.instance.shelters];
    for (at, trade) in market.trades.iter().enumerate() {
        for donor in &trade.donors {
            if let Some(gives) = gives.get_mut(*donor) {
                gives.push(at);
            }
        }
    }
    let mut value = 0;
    let mut gains = vec![0_i64; market.instance.shelters];
    for (donor, gives) in gives.iter().enumerate() {
        gains.iter_mut().for_each(|gain| *gain = 0);
        let metres = market.instance.metres.row(donor);
        for (trade, takers) in gives
            .iter()
            .filter_map(|at| market.trades.get(*at).zip(takers.get(*at)))
        {
            let spare = market.spare.at(donor, trade.item);
            let tariff = market.instance.tariff.tonne_km_minor * market.grams(trade.item);
            let price = prices.take.at(donor, trade.item);
            for taker in takers {
                let haul = metres
                    .get(taker.shelter)
                    .map_or(0, |metres| metres * tariff / 1_000_000);
                let gain = taker.price - price - haul;
                if gain > 0
                    && let Some(sum) = gains.get_mut(taker.shelter)
                {
                    *sum += gain * taker.most.min(spare);
                }
            }
        }
        for (taker, gain) in gains.iter().enumerate().filter(|(_, gain)| **gain > market.journey) {
            let pair = Pair {
                market,
                prices,
                donor,
                taker,
            };
            value -= pair.go(gives, *gain, excess);
        }
    }
    value
}

/// A journey that pays.
struct Pair<'a> {
    market: &'a Market<'a>,
    prices: &'a Prices,
    donor: usize,
    taker: usize,
}

impl Pair<'_> {
    /// Loads it and returns what it gains, all costs taken off. With a limit of the vehicle, the best part of the load
    /// is taken, as if packs could be cut, which only lowers the bound.
    fn go(&self, gives: &[usize], gain: i64, excess: &mut Excess) -> i64 {
        let market = self.market;
        let mut loads: Vec<(i64, i64, usize, i64)> = Vec::new();
        for trade in gives.iter().filter_map(|at| market.trades.get(*at)) {
            let (item, grams) = (trade.item, market.grams(trade.item));
            let packs = market.most.at(self.taker, item).min(market.spare.at(self.donor, item));
            let price = self.prices.bring.at(self.taker, item) - self.prices.take.at(self.donor, item);
            let each = price - market.haul(item, self.donor, self.taker);
            if each > 0 && packs > 0 {
                loads.push((each, grams, item, packs));
            }
        }
        let weight: i64 = loads.iter().map(|(_, grams, _, packs)| grams * packs).sum();
        if market.vehicles(weight) <= 1 {
            for (_, _, item, packs) in loads {
                self.load(item, packs, excess);
            }
            return gain - market.journey;
        }
        // The most worth for its weight first; each further vehicle gains less than the one before.
        loads.sort_by(|a, b| (i128::from(b.0) * i128::from(a.1)).cmp(&(i128::from(a.0) * i128::from(b.1))));
        let limit = market.vehicle.unwrap_or(i64::MAX);
        let (mut gained, mut loads) = (0, loads.into_iter().peekable());
        loop {
            let (mut room, mut of_vehicle, mut packed) = (limit, 0, Vec::new());
            while let Some((each, grams, item, packs)) = loads.peek_mut() {
                let fit = (room / (*grams).max(1)).min(*packs);
                of_vehicle += *each * fit;
                room -= *grams * fit;
                *packs -= fit;
                packed.push((*item, fit));
                if *packs > 0 {
                    of_vehicle += *each;
                    break;
                }
                loads.next();
            }
            if of_vehicle <= market.journey {
                return gained;
            }
            gained += of_vehicle - market.journey;
            for (item, packs) in packed {
                self.load(item, packs, excess);
            }
        }
    }

    fn load(&self, item: usize, packs: i64, excess: &mut Excess) {
        excess.take.add(self.donor, item, packs);
        excess.bring.add(self.taker, item, -packs);
    }
}
