//! A household over two or three rooms. Like rooms are gathered into classes first, so a shelter of hundreds of rooms
//! costs no more than one of a dozen kinds of rooms; within a class the room of least price is taken first.
//! It must not know anything that `place` does not.

use super::super::id::Moment;
use super::super::rooms::RoomView;
use super::demand::{Berth, Children, Demand, most, of_kinds, spread};
use super::place::{Offer, Placement, Price, claim};
use super::{Allocation, MAX_ROOMS, MINUTES_PER_PLACE};

/// The fit over the fewest rooms at the least price, from two rooms up.
pub fn in_several(demand: &Demand, rooms: &[RoomView], now: Moment) -> Option<Placement> {
    let classes = classes(demand, rooms, now);
    let most_rooms = MAX_ROOMS.min(demand.persons());
    (2..=most_rooms).find_map(|size| {
        let mut finder = Finder {
            demand,
            size: usize::try_from(size).ok()?,
            best: None,
        };
        finder.choose(&classes, 0, &mut Vec::new());
        finder.best.and_then(|best| settle(demand, &best, rooms))
    })
}

/// Rooms that are worth the same to this household. More beds than it has people are clipped off for comparing, but
/// not for pricing; within a class the cheapest stands first.
fn classes(demand: &Demand, rooms: &[RoomView], now: Moment) -> Vec<Vec<Offer>> {
    let mut offers: Vec<Offer> = rooms
        .iter()
        .enumerate()
        .filter_map(|(index, view)| Offer::of(demand, index, view, now))
        .collect();
    let likeness = |offer: &Offer| {
        let beds = if offer.joint() { demand.persons() } else { demand.beds() };
        (
            offer.whole(),
            offer.joint(),
            offer.step_free,
            offer.beds.min(beds),
            offer.cots.min(demand.infants()),
        )
    };
    offers.sort_by_key(|offer| (likeness(offer), offer.places(), offer.index));
    offers
        .chunk_by(|a, b| likeness(a) == likeness(b))
        .map(first_few)
        .collect()
}

/// No household uses more than three rooms of a class; a block counts as often as it has units.
fn first_few(class: &[Offer]) -> Vec<Offer> {
    let units = |offer: &Offer| usize::try_from(offer.units.min(MAX_ROOMS)).unwrap_or(1);
    let each = class.iter().flat_map(|offer| std::iter::repeat_n(*offer, units(offer)));
    each.take(usize::try_from(MAX_ROOMS).unwrap_or(3)).collect()
}

/// A set of rooms with the grown-ups settled.
struct Found {
    price: Price,
    set: Vec<Offer>,
    grown_ups: Vec<u32>,
}

struct Finder<'a> {
    demand: &'a Demand,
    size: usize,
    best: Option<Found>,
}

impl Finder<'_> {
    /// Tries every set of `size` rooms, cheapest first within each class. A set whose whole rooms alone already cost
    /// more than the best is left.
    fn choose(&mut self, classes: &[Vec<Offer>], start: usize, picked: &mut Vec<Offer>) {
        if picked.len() == self.size {
            self.weigh(picked);
            return;
        }
        let closed: u32 = picked.iter().map(|offer| closed(self.demand, offer)).sum();
        if self.best.as_ref().is_some_and(|best| closed > best.price.cost) {
            return;
        }
        for (at, class) in classes.iter().enumerate().skip(start) {
            let room = self.size - picked.len();
            let depth = picked.len();
            for offer in class.iter().take(room) {
                picked.push(*offer);
                if picked.len() == self.size {
                    self.weigh(picked);
                } else {
                    self.choose(classes, at + 1, picked);
                }
            }
            picked.truncate(depth);
        }
    }

    fn weigh(&mut self, set: &[Offer]) {
        let beds: u32 = set.iter().map(|offer| offer.beds).sum();
        let closed: u32 = set.iter().map(|offer| closed(self.demand, offer)).sum();
        let dearer = self.best.as_ref().is_some_and(|best| closed > best.price.cost);
        if dearer || beds < self.demand.beds() {
            return;
        }
        let mut split = Vec::with_capacity(set.len());
        self.settle_grown_ups(set, self.demand.grown_ups, &mut split);
    }

    /// Every way to spread the grown-ups over the set.
    fn settle_grown_ups(&mut self, set: &[Offer], left: u32, split: &mut Vec<u32>) {
        if split.len() == set.len() {
            if left == 0 {
                self.compare(set, split);
            }
            return;
        }
        for here in 0..=left {
            split.push(here);
            self.settle_grown_ups(set, left - here, split);
            split.pop();
        }
    }

    fn compare(&mut self, set: &[Offer], split: &[u32]) {
        let Some(cost) = cost(self.demand, set, split) else {
            return;
        };
        let price = price(set, cost);
        if self.best.as_ref().is_none_or(|best| price < best.price) {
            self.best = Some(Found {
                price,
                set: set.to_vec(),
                grown_ups: split.to_vec(),
            });
        }
    }
}

/// Whether the household can sleep in exactly these beds and cots.
pub fn sleeps(demand: &Demand, set: &[Offer]) -> bool {
    let mut finder = Finder {
        demand,
        size: set.len(),
        best: None,
    };
    finder.weigh(set);
    finder.best.is_some()
}

/// What a room costs whoever sleeps in it, in minutes: its toll, and a whole room all its places.
fn closed(demand: &Demand, offer: &Offer) -> u32 {
    let places = if offer.whole() {
        offer.places() * offer.weight(demand)
    } else {
        0
    };
    places * MINUTES_PER_PLACE + demand.tolls.of(offer)
}

fn price(set: &[Offer], cost: u32) -> Price {
    let mut order = [usize::MAX; 3];
    for (slot, offer) in order.iter_mut().zip(set) {
        *slot = offer.index;
    }
    order.sort_unstable();
    Price {
        rooms: u32::try_from(set.len()).unwrap_or(u32::MAX),
        cost,
        whole_rooms: set.iter().map(|offer| u32::from(offer.whole())).sum(),
        spare: set.iter().filter(|offer| !offer.whole()).map(Offer::places).sum(),
        order,
    }
}

fn berth(demand: &Demand, offer: &Offer, grown_ups: u32) -> Option<Berth> {
    Berth::new(
        offer.whole(),
        offer.joint(),
        offer.beds,
        offer.cots,
        grown_ups,
        demand.infants_share,
    )
}

/// What this set takes from others in minutes if everybody fits: whole rooms whole, and in shared rooms as few as can be, which
/// means as many as can be in whole rooms first, then in rooms that are not step-free. (The loads of rooms form a
/// base of a polymatroid, where such a greedy order is the best one.)
fn cost(demand: &Demand, set: &[Offer], split: &[u32]) -> Option<u32> {
    let mut berths: [Option<(Berth, u32)>; 3] = [None; 3];
    let mut shared_grown_ups = 0;
    let mut closed_sum = 0;
    for (slot, (offer, grown_ups)) in berths.iter_mut().zip(set.iter().zip(split)) {
        let level = if offer.whole() { 0 } else { offer.weight(demand) };
        *slot = Some((berth(demand, offer, *grown_ups)?, level));
        shared_grown_ups += level * grown_ups;
        closed_sum += closed(demand, offer);
    }
    let up_to = |top: u32| {
        let these = berths
            .iter()
            .flatten()
            .filter(move |(_, level)| *level <= top)
            .map(|(berth, _)| berth);
        most(&demand.children, these)
    };
    let all = of_kinds(&demand.children, u8::MAX);
    (up_to(2) == all).then(|| {
        let (in_whole, not_step_free) = (up_to(0), up_to(1));
        let shared = shared_grown_ups + (not_step_free - in_whole) + 2 * (all - not_step_free);
        closed_sum + shared * MINUTES_PER_PLACE
    })
}

/// Writes down who sleeps where, in the order that [`cost`] assumes.
fn settle(demand: &Demand, found: &Found, rooms: &[RoomView]) -> Option<Placement> {
    let mut order: Vec<(&Offer, u32)> = found.set.iter().zip(found.grown_ups.iter().copied()).collect();
    order.sort_by_key(|(offer, _)| (if offer.whole() { 0 } else { offer.weight(demand) }, offer.index));
    let berths: Option<Vec<Berth>> = order
        .iter()
        .map(|(offer, grown_ups)| berth(demand, offer, *grown_ups))
        .collect();
    let children: &Children = &demand.children;
    let loads = spread(children, &berths?)?;

    let mut lines: Vec<(usize, u32, u32)> = Vec::new();
    for ((offer, grown_ups), (in_beds, infants)) in order.iter().zip(loads) {
        let (beds, cots) = if offer.joint() {
            (1, 0)
        } else {
            (grown_ups + in_beds, infants.min(offer.cots))
        };
        match lines.iter_mut().find(|line| line.0 == offer.index) {
            Some(line) => (line.1, line.2) = (line.1 + beds, line.2 + cots),
            None => lines.push((offer.index, beds, cots)),
        }
    }
    lines.sort_unstable();
    let lines: Option<Vec<_>> = lines
        .iter()
        .map(|(index, beds, cots)| claim(rooms, *index, *beds, *cots))
        .collect();
    let allocation = Allocation { lines: lines? };
    // Not what this set of rooms gives her: another set must not make the same place look less likely.
    let need = demand.beds();
    let toll = found.set.iter().map(|offer| demand.tolls.of(offer)).sum();
    Some(Placement {
        allocation,
        rooms: found.price.rooms,
        loss: found.price.loss(demand, toll),
        toll,
        needless_step_free: found.set.iter().any(|offer| offer.weight(demand) > 1),
        free: need,
        need,
    })
}
