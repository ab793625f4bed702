//! Finds the rooms: first one for the whole household (a single pass, nothing allocated), then, if it may be spread,
//! two or three (`split`). It must not know why something does not fit (`explain`).

use super::super::household::Search;
use super::super::id::Moment;
use super::super::rooms::{RoomKind, RoomView};
use super::super::shelters::AdmissionRules;
use super::demand::Demand;
use super::{Allocation, Claim, MINUTES_PER_PLACE, Tolls, admits, is_whole, split};

/// A fit and what it takes from others, for the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    pub allocation: Allocation,
    /// Rooms (or block units) slept in: 1 to 3.
    pub rooms: u32,
    /// Places taken beyond one for each person: enclosed beds and cots, empty places of a block unit, and as much
    /// again for step-free rooms nobody asked for. Below zero if a baby shares a bed and so leaves a cot to others.
    pub loss: i32,
    /// Minutes paid for rooms that others wait for.
    pub toll: u32,
    /// Whether a step-free room is taken though nobody asked for one.
    pub needless_step_free: bool,
    /// Free units (beds, or rooms of a block) that could go before it is this household that has none: those it needs
    /// and the rest of the rooms that would take it whole. Over several rooms: only those it needs.
    pub free: u32,
    /// Units it needs: a bed for each who needs one, or one unit where a block would take it. At most `free`. Which room is
    /// given does not matter here, so one more room never makes a place look less likely.
    pub need: u32,
}

/// What one room offers to one household at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Position among the shelter's rooms.
    pub index: usize,
    pub kind: RoomKind,
    pub step_free: bool,
    /// Free beds; of a block, persons per unit.
    pub beds: u32,
    pub cots: u32,
    /// Free units of a block; 1 of other rooms.
    pub units: u32,
}

impl Offer {
    /// `None` if nobody can be put there, or not this household because of steps.
    pub fn of(demand: &Demand, index: usize, view: &RoomView, now: Moment) -> Option<Self> {
        if demand.step_free && !view.room.step_free {
            return None;
        }
        Self::at(index, view, now)
    }

    /// `None` if nobody can be put there.
    pub fn at(index: usize, view: &RoomView, now: Moment) -> Option<Self> {
        let room = &view.room;
        let count = view.count(now);
        let (beds, cots, units) = match room.kind {
            RoomKind::Block => (room.sleeps.map_or(0, u32::from), 0, count.free),
            RoomKind::Private | RoomKind::Shared => (count.free, count.free_cots, 1),
        };
        let offer = Self {
            index,
            kind: room.kind,
            step_free: room.step_free,
            beds,
            cots,
            units,
        };
        (beds > 0 && units > 0).then_some(offer)
    }

    pub fn whole(&self) -> bool {
        is_whole(self.kind)
    }

    pub fn joint(&self) -> bool {
        self.kind == RoomKind::Block
    }

    /// Beds and cots alike.
    pub fn places(&self) -> u32 {
        self.beds + self.cots
    }

    /// What one place here weighs: double if it is step-free and nobody asked for that.
    pub fn weight(&self, demand: &Demand) -> u32 {
        if self.step_free && !demand.step_free { 2 } else { 1 }
    }

    /// Units she takes here: a bed for each who needs one, or one unit of a block.
    fn needed(&self, demand: &Demand) -> u32 {
        if self.joint() { 1 } else { demand.beds() }
    }

    /// Units that are gone when she has moved in: a private room goes whole, however many of its beds are slept in.
    fn gone(&self, demand: &Demand) -> u32 {
        if self.kind == RoomKind::Private {
            self.beds
        } else {
            self.needed(demand)
        }
    }

    /// Beds, or units of a block, that are free here.
    fn chances(&self) -> u32 {
        if self.joint() { self.units } else { self.beds }
    }

    /// How many such households sleep here beside each other.
    pub fn households(&self, demand: &Demand) -> u32 {
        match self.kind {
            RoomKind::Block => {
                if demand.persons() <= self.beds {
                    self.units
                } else {
                    0
                }
            }
            RoomKind::Private => self.room_for(demand).min(1),
            RoomKind::Shared if demand.has_tied() => 0,
            RoomKind::Shared => self.room_for(demand),
        }
    }

    fn room_for(&self, demand: &Demand) -> u32 {
        let sharing = if demand.infants_share { demand.grown_ups } else { 0 };
        let by_beds = self.beds.checked_div(demand.beds()).unwrap_or(0);
        let in_cots = demand.infants().saturating_sub(sharing);
        self.cots
            .checked_div(in_cots)
            .map_or(by_beds, |by_cots| by_beds.min(by_cots))
    }
}

/// Order among fits, least first; see [`super::fit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price {
    pub rooms: u32,
    /// Minutes: what is taken from others, tolls included.
    pub cost: u32,
    pub whole_rooms: u32,
    /// Free places in the shared rooms used: the fullest first, so that large rooms stay whole.
    pub spare: u32,
    /// Positions of the rooms, ascending, the rest filled up.
    pub order: [usize; 3],
}

impl Price {
    /// Places beyond one for each person.
    pub fn loss(&self, demand: &Demand, toll: u32) -> i32 {
        let places = self.cost.saturating_sub(toll) / MINUTES_PER_PLACE;
        // Three rooms of 65,535 places at most.
        i32::try_from(places).unwrap_or(i32::MAX) - i32::try_from(demand.persons()).unwrap_or(i32::MAX)
    }
}

/// Whether and where the household fits, cheaply: the answer for shelters that do not is found without allocating
/// unless the household may be spread over rooms.
pub fn place(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> Option<Placement> {
    if !admits(rules, search) {
        return None;
    }
    place_demand(&Demand::of(rules, search), rooms, search.rooms_apart_ok, now)
}

/// The same where rooms that others wait for have their price. Whether it fits does not depend on prices.
pub fn place_for(
    tolls: Tolls,
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    now: Moment,
) -> Option<Placement> {
    if !admits(rules, search) {
        return None;
    }
    let demand = Demand::with(tolls, rules, search);
    place_demand(&demand, rooms, search.rooms_apart_ok, now)
}

pub fn place_demand(demand: &Demand, rooms: &[RoomView], apart: bool, now: Moment) -> Option<Placement> {
    match in_one_room(demand, rooms, now) {
        Some(found) => settled(demand, &found, rooms),
        None if apart => split::in_several(demand, rooms, now),
        None => None,
    }
}

struct InOneRoom {
    offer: Offer,
    price: Price,
    /// Units of all rooms that would take everybody.
    units: u32,
    /// The fewest units that any of these rooms would give her, and the fewest that would go with her.
    need: u32,
    goes: u32,
}

/// The room of least price that takes everybody.
fn in_one_room(demand: &Demand, rooms: &[RoomView], now: Moment) -> Option<InOneRoom> {
    let mut best: Option<InOneRoom> = None;
    let (mut units, mut need, mut goes) = (0, u32::MAX, u32::MAX);
    for (index, view) in rooms.iter().enumerate() {
        let Some(offer) = Offer::of(demand, index, view, now) else {
            continue;
        };
        if offer.households(demand) == 0 {
            continue;
        }
        units += offer.chances();
        need = need.min(offer.needed(demand));
        goes = goes.min(offer.gone(demand));
        let price = alone_price(demand, &offer);
        if best.as_ref().is_none_or(|best| price < best.price) {
            best = Some(InOneRoom {
                offer,
                price,
                units,
                need,
                goes,
            });
        }
    }
    best.map(|best| InOneRoom {
        units,
        need,
        goes,
        ..best
    })
}

fn alone_price(demand: &Demand, offer: &Offer) -> Price {
    let places = if offer.whole() {
        offer.places()
    } else {
        demand.persons()
    };
    Price {
        rooms: 1,
        cost: places * offer.weight(demand) * MINUTES_PER_PLACE + demand.tolls.of(offer),
        whole_rooms: u32::from(offer.whole()),
        spare: if offer.whole() { 0 } else { offer.places() },
        order: [offer.index, usize::MAX, usize::MAX],
    }
}

fn settled(demand: &Demand, found: &InOneRoom, rooms: &[RoomView]) -> Option<Placement> {
    let offer = &found.offer;
    let (beds, cots) = if offer.joint() {
        (1, 0)
    } else {
        (demand.beds(), demand.infants().min(offer.cots))
    };
    let line = claim(rooms, offer.index, beds, cots)?;
    let toll = demand.tolls.of(offer);
    Some(Placement {
        allocation: Allocation { lines: vec![line] },
        rooms: 1,
        loss: found.price.loss(demand, toll),
        toll,
        needless_step_free: offer.weight(demand) > 1,
        free: found.need + found.units.saturating_sub(found.goes),
        need: found.need,
    })
}

/// A household has at most 18 persons, so the numbers always pass.
pub fn claim(rooms: &[RoomView], index: usize, beds: u32, cots: u32) -> Option<Claim> {
    let room_id = rooms.get(index)?.room.id;
    Some(Claim {
        room_id,
        beds: u16::try_from(beds).ok()?,
        cots: u16::try_from(cots).ok()?,
    })
}

/// How many such households one room takes.
pub fn capacity(demand: &Demand, index: usize, view: &RoomView, now: Moment) -> u32 {
    Offer::of(demand, index, view, now).map_or(0, |offer| offer.households(demand))
}
