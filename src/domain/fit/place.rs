//! Finds the rooms: first one for the whole household (a single pass, nothing allocated), then, if it may be spread,
//! two or three (`split`). It must not know why something does not fit (`explain`).

use super::super::household::Search;
use super::super::id::Moment;
use super::super::rooms::{RoomKind, RoomView};
use super::super::shelters::AdmissionRules;
use super::demand::Demand;
use super::{Allocation, Claim, admits, is_whole, split};

/// A fit and what it takes from others, for the ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    pub allocation: Allocation,
    /// Rooms (or block units) slept in: 1 to 3.
    pub rooms: u32,
    /// Places taken beyond one for each person: enclosed beds and cots, empty places of a block unit, and as much
    /// again for step-free rooms nobody asked for.
    pub loss: u32,
    /// Whether a step-free room is taken though nobody asked for one.
    pub needless_step_free: bool,
    /// How many such households, this one included, would fit beside each other in one room each; 0 if this one only
    /// fits over several rooms. The same as [`super::places`].
    pub alike: u32,
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
        let room = &view.room;
        if demand.step_free && !room.step_free {
            return None;
        }
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

    /// How many such households sleep here beside each other.
    fn households(&self, demand: &Demand) -> u32 {
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
    /// Places taken, weighted.
    pub taken: u32,
    pub whole_rooms: u32,
    /// Free places in the shared rooms used: the fullest first, so that large rooms stay whole.
    pub spare: u32,
    /// Positions of the rooms, ascending, the rest filled up.
    pub order: [usize; 3],
}

/// Whether and where the household fits, cheaply: the answer for shelters that do not is found without allocating
/// unless the household may be spread over rooms.
pub fn place(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> Option<Placement> {
    if !admits(rules, search) {
        return None;
    }
    place_demand(&Demand::of(rules, search), rooms, search.rooms_apart_ok, now)
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
    alike: u32,
}

/// The room of least price that takes everybody.
fn in_one_room(demand: &Demand, rooms: &[RoomView], now: Moment) -> Option<InOneRoom> {
    let mut best: Option<InOneRoom> = None;
    let mut alike = 0;
    for (index, view) in rooms.iter().enumerate() {
        let Some(offer) = Offer::of(demand, index, view, now) else {
            continue;
        };
        let households = offer.households(demand);
        if households == 0 {
            continue;
        }
        alike += households;
        let price = alone_price(demand, &offer);
        if best.as_ref().is_none_or(|best| price < best.price) {
            best = Some(InOneRoom { offer, price, alike: 0 });
        }
    }
    best.map(|best| InOneRoom { alike, ..best })
}

fn alone_price(demand: &Demand, offer: &Offer) -> Price {
    let places = if offer.whole() {
        offer.places()
    } else {
        demand.persons()
    };
    Price {
        rooms: 1,
        taken: places * offer.weight(demand),
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
    Some(Placement {
        allocation: Allocation { lines: vec![line] },
        rooms: 1,
        loss: found.price.taken.saturating_sub(demand.persons()),
        needless_step_free: offer.weight(demand) > 1,
        alike: found.alike,
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
