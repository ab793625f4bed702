//! The assignment itself: households enter one by one, each by the cheapest chain of moves, and every chain leaves
//! prices behind that later give the bound.
//!
//! This is the successive shortest path method (Jonker and Volgenant 1987) with the price of a pool as its dual variable:
//! exact where a household takes one seat of a pool. In shared rooms, where households take beds by number, a chain puts
//! out one household at most in each room; there the method is a heuristic, and the bound tells how good.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::market::{Market, Opt};

/// Where everybody sleeps, and what places cost.
pub struct Seating {
    /// For each household.
    pub seat: Vec<Option<Opt>>,
    /// For each pool, thousandths of a minute for a seat, or for a bed of a shared room.
    pub price: Vec<i64>,
    pools: Vec<Filled>,
}

#[derive(Debug, Clone, Default)]
struct Filled {
    households: Vec<usize>,
    used: u32,
    cots: u32,
}

/// The last move of a chain: who takes which option; `None` goes without a seat, over several rooms or without a place.
#[derive(Clone, Copy)]
struct End {
    length: i64,
    household: usize,
    option: Option<Opt>,
}

impl End {
    fn improve(&mut self, length: i64, household: usize, option: Option<Opt>) {
        if length < self.length {
            *self = Self {
                length,
                household,
                option,
            };
        }
    }
}

/// One search for a chain.
struct Chains {
    reached: Vec<i64>,
    /// Who puts a household out, and by taking which option.
    parent: Vec<Option<(usize, Opt)>>,
    /// Pools reached, with the length of the chain to them.
    pools: Vec<(usize, i64)>,
    label: Vec<i64>,
    /// By length, then by the place in the order, which input order does not change.
    open: BinaryHeap<Reverse<(i64, usize, usize)>>,
    place: Vec<usize>,
}

/// Seats everybody of `households`, in their order; what `taken` says of pools (beds or seats, and cots) is given away
/// already.
pub fn assign(market: &mut Market<'_>, newcomers: &[usize], taken: &[(usize, u32, u32)]) -> Seating {
    let (households, pools) = (market.kind_of.len(), market.pools.len());
    let mut seating = Seating {
        seat: vec![None; households],
        price: vec![0; pools],
        pools: vec![Filled::default(); pools],
    };
    let mut chains = Chains {
        reached: vec![i64::MAX; households],
        parent: vec![None; households],
        pools: Vec::new(),
        label: vec![i64::MAX; pools],
        open: BinaryHeap::new(),
        place: places(&market.order),
    };
    for (pool, beds, cots) in taken {
        if let Some(filled) = seating.pools.get_mut(*pool) {
            filled.used += beds;
            filled.cots += cots;
        }
    }
    for household in newcomers {
        seating.enter(market, *household, &mut chains);
    }
    seating
}

/// Where each household stands in the order.
fn places(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    for (place, household) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(*household) {
            *slot = place;
        }
    }
    places
}

impl Seating {
    pub fn reduced(&self, option: &Opt) -> i64 {
        let price = self.price.get(option.pool).copied().unwrap_or(0);
        option.cost.saturating_add(price.saturating_mul(i64::from(option.beds)))
    }

    /// Cots of a shared room that nobody here cannot do without.
    pub fn spare_cots(&self, market: &Market<'_>, pool: usize) -> u32 {
        let cots = market.pools.get(pool).map_or(0, |pool| pool.cots);
        cots.saturating_sub(self.pools.get(pool).map_or(0, |filled| filled.cots))
    }

    fn has_room(&self, market: &Market<'_>, option: &Opt) -> bool {
        let (Some(pool), Some(filled)) = (market.pools.get(option.pool), self.pools.get(option.pool)) else {
            return false;
        };
        filled.used + option.beds <= pool.capacity() && (!pool.shared() || filled.cots + option.cots <= pool.cots)
    }

    fn enter(&mut self, market: &mut Market<'_>, newcomer: usize, chains: &mut Chains) {
        chains.reached.fill(i64::MAX);
        chains.label.fill(i64::MAX);
        chains.pools.clear();
        chains.open.clear();
        chains.reach(newcomer, 0, None);
        let mut end = End {
            length: i64::MAX,
            household: newcomer,
            option: None,
        };
        while let Some(Reverse((length, _, household))) = chains.open.pop() {
            if length >= end.length {
                break;
            }
            if chains.reached.get(household).is_none_or(|best| length > *best) {
                continue;
            }
            self.grow(market, household, length, chains, &mut end);
        }
        for (pool, length) in &chains.pools {
            let shared = market.pools.get(*pool).is_some_and(super::pools::Pool::shared);
            let rise = (end.length - length).max(0);
            if let Some(price) = self.price.get_mut(*pool) {
                *price += if shared {
                    rise / self.pools.get(*pool).map_or(1, Filled::beds_each)
                } else {
                    rise
                };
            }
        }
        self.follow(chains, end);
    }

    /// Looks at every place one household could take next.
    fn grow(&self, market: &mut Market<'_>, household: usize, length: i64, chains: &mut Chains, end: &mut End) {
        let kind = market.kind_of.get(household).copied().unwrap_or(0);
        let own = self.seat.get(household).copied().flatten();
        let base = match &own {
            Some(seat) => self.reduced(seat),
            None => self.least(market, household),
        };
        let step = |reduced: i64| length.saturating_add((reduced - base).max(0));
        let penalty = market.penalty.get(household).copied().unwrap_or(0);
        end.improve(step(penalty), household, None);
        let mut at = 0;
        loop {
            let limit = base.saturating_add(end.length - length);
            let Some(option) = market.option(kind, at, limit) else {
                break;
            };
            at += 1;
            if own.is_some_and(|own| own.pool == option.pool) {
                continue;
            }
            let next = step(self.reduced(&option));
            if next >= end.length {
                continue;
            }
            if self.has_room(market, &option) {
                end.improve(next, household, Some(option));
            } else {
                self.put_out(market, household, option, next, chains);
            }
        }
        let limit = base.saturating_add(end.length - length);
        end.improve(step(market.outside(household, limit)), household, None);
    }

    /// The least a household would pay: for an option at the present prices, or for going without a seat.
    pub fn least(&self, market: &mut Market<'_>, household: usize) -> i64 {
        self.choice(market, household).0
    }

    /// That, and the option; its own seat if that is as good as any.
    pub fn choice(&self, market: &mut Market<'_>, household: usize) -> (i64, Option<Opt>) {
        let kind = market.kind_of.get(household).copied().unwrap_or(0);
        let penalty = market.penalty.get(household).copied().unwrap_or(0);
        let own = self.seat.get(household).copied().flatten();
        let mut least = own.map_or((penalty, None), |own| (self.reduced(&own), Some(own)));
        let mut at = 0;
        while let Some(option) = market.option(kind, at, least.0) {
            let reduced = self.reduced(&option);
            if reduced < least.0 {
                least = (reduced, Some(option));
            }
            at += 1;
        }
        let outside = market.outside(household, least.0);
        if outside < least.0 { (outside, None) } else { least }
    }

    /// Reaches those who would have to make way for this option.
    fn put_out(&self, market: &Market<'_>, by: usize, option: Opt, length: i64, chains: &mut Chains) {
        let (Some(pool), Some(filled)) = (market.pools.get(option.pool), self.pools.get(option.pool)) else {
            return;
        };
        let Some(label) = chains.label.get_mut(option.pool) else {
            return;
        };
        if *label == i64::MAX {
            chains.pools.push((option.pool, length));
        }
        if !pool.shared() {
            if length >= *label {
                return;
            }
            *label = length;
            if let Some(known) = chains.pools.iter_mut().find(|known| known.0 == option.pool) {
                known.1 = length;
            }
            for other in &filled.households {
                chains.reach(*other, length, Some((by, option)));
            }
            return;
        }
        *label = (*label).min(length);
        for other in &filled.households {
            let Some(theirs) = self.seat.get(*other).copied().flatten() else {
                continue;
            };
            let beds = filled.used - theirs.beds + option.beds <= pool.beds;
            let cots = filled.cots - theirs.cots + option.cots <= pool.cots;
            if beds && cots {
                chains.reach(*other, length, Some((by, option)));
            }
        }
    }

    /// Makes the moves of a chain, last one first.
    fn follow(&mut self, chains: &Chains, end: End) {
        self.move_to(end.household, end.option);
        let mut household = end.household;
        while let Some((by, option)) = chains.parent.get(household).copied().flatten() {
            self.move_to(by, Some(option));
            household = by;
        }
    }

    pub fn move_to(&mut self, household: usize, to: Option<Opt>) {
        let from = self
            .seat
            .get_mut(household)
            .and_then(|seat| std::mem::replace(seat, to));
        if let Some(left) = from
            && let Some(filled) = self.pools.get_mut(left.pool)
        {
            filled.households.retain(|other| *other != household);
            filled.used -= left.beds;
            filled.cots -= left.cots;
        }
        if let Some(taken) = to
            && let Some(filled) = self.pools.get_mut(taken.pool)
        {
            filled.households.push(household);
            filled.used += taken.beds;
            filled.cots += taken.cots;
        }
    }
}

impl Filled {
    /// Beds of a household here, on average, at least one.
    fn beds_each(&self) -> i64 {
        let count = u32::try_from(self.households.len()).unwrap_or(1).max(1);
        i64::from((self.used / count).max(1))
    }
}

impl Chains {
    fn reach(&mut self, household: usize, length: i64, by: Option<(usize, Opt)>) {
        let (Some(reached), Some(parent)) = (self.reached.get_mut(household), self.parent.get_mut(household)) else {
            return;
        };
        if length < *reached {
            *reached = length;
            *parent = by;
            let place = self.place.get(household).copied().unwrap_or(household);
            self.open.push(Reverse((length, place, household)));
        }
    }
}
