//! The same answers as `place` and `explain` about one room for everybody, from packed figures: a pass over arrays instead
//! of over rooms. What it cannot tell (a household over several rooms) it leaves to them.
//! It must not know anything that they do not; a property test holds it to them.

use super::super::household::{INFANT_BELOW, Search};
use super::super::id::Moment;
use super::super::rooms::{RoomKind, RoomView};
use super::super::shelters::AdmissionRules;
use super::MisfitReason;
use super::door::{ReasonSet, Visitor};
use super::place::Offer;

/// A room with something free, in six bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Free beds; of a block, persons per unit.
    beds: u16,
    cots: u16,
    kind: RoomKind,
    step_free: bool,
}

/// What a shelter's rooms have to offer together, and the two rules about rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// Free beds, and units of blocks.
    pub units: u32,
    /// Persons, infants apart, who could sleep here if nothing else mattered.
    beds: u32,
    cots: u32,
    block: bool,
    step_free: bool,
    whole: bool,
    infants_share: bool,
    boys_shared_room_max_age: u8,
}

/// Packs what is free at `now`: the cells are added to `cells`.
pub fn pack(rules: &AdmissionRules, rooms: &[RoomView], now: Moment, cells: &mut Vec<Cell>) -> Stock {
    let mut stock = Stock {
        infants_share: rules.infants_share_bed,
        boys_shared_room_max_age: rules.boys_shared_room_max_age,
        ..Stock::default()
    };
    let offers = rooms
        .iter()
        .enumerate()
        .filter_map(|(at, view)| Offer::at(at, view, now));
    for offer in offers {
        stock.units += if offer.joint() { offer.units } else { offer.beds };
        stock.beds = stock.beds.saturating_add(offer.beds.saturating_mul(offer.units));
        stock.cots += offer.cots;
        stock.block |= offer.joint();
        stock.step_free |= offer.step_free;
        stock.whole |= offer.whole();
        cells.push(Cell {
            // More than anybody needs is as good as more than that.
            beds: u16::try_from(offer.beds).unwrap_or(u16::MAX),
            cots: u16::try_from(offer.cots).unwrap_or(u16::MAX),
            kind: offer.kind,
            step_free: offer.step_free,
        });
    }
    stock
}

/// A household as rooms see it.
#[derive(Debug, Clone, Copy)]
pub struct Party {
    beds: u32,
    infants: u32,
    grown_ups: u32,
    step_free: bool,
    oldest_boy: Option<u8>,
    apart: bool,
}

/// What one room lacks of what is asked beside beds, one bit each, and how few of them may be named: fewest first, in the
/// order of `explain`.
const STEPS: usize = 1;
const PRIVATE: usize = 2;
const COTS: usize = 4;
const ORDER: [u8; 8] = [0, 1, 2, 4, 3, 5, 6, 7];
const IN_ORDER: [usize; 8] = [
    0,
    STEPS,
    PRIVATE,
    COTS,
    STEPS | PRIVATE,
    STEPS | COTS,
    PRIVATE | COTS,
    7,
];

impl Party {
    pub fn of(search: &Search, visitor: &Visitor) -> Self {
        let household = &search.household;
        let infants = household.infants();
        Self {
            beds: household.persons() - infants,
            infants,
            grown_ups: u32::try_from(household.adults().len()).unwrap_or(u32::MAX),
            step_free: search.needs_step_free(),
            oldest_boy: visitor.oldest_boy,
            apart: search.rooms_apart_ok,
        }
    }

    /// What the rooms lack, nothing if they take everybody; `None` if only trying several rooms could tell.
    pub fn lacks(&self, stock: &Stock, cells: &[Cell]) -> Option<ReasonSet> {
        let tied = self.oldest_boy.is_some_and(|age| age > stock.boys_shared_room_max_age);
        let sharing = if stock.infants_share { self.grown_ups } else { 0 };
        let in_cots = self.infants.saturating_sub(sharing);
        let least = cells.iter().map(|cell| self.order(cell, tied, in_cots)).min();
        match least {
            Some(0) => Some(ReasonSet::default()),
            _ if self.apart && stock.beds >= self.beds => None,
            Some(order @ 1..8) => Some(named(IN_ORDER.get(usize::from(order)).copied().unwrap_or(0))),
            _ => Some(self.missing(stock, tied, sharing)),
        }
    }

    /// The fewest wishes to put aside for this room; 8 if it has not the beds.
    fn order(&self, cell: &Cell, tied: bool, in_cots: u32) -> u8 {
        let (beds, cots) = (u32::from(cell.beds), u32::from(cell.cots));
        if beds < self.beds {
            return 8;
        }
        let mut lacks = 0;
        if self.step_free && !cell.step_free {
            lacks |= STEPS;
        }
        let cramped = if cell.kind == RoomKind::Block {
            beds < self.beds + self.infants
        } else {
            cots < in_cots
        };
        if cramped {
            lacks |= COTS;
        }
        // Without its infants a household whose only boys they are is not tied any more.
        let infants_alone = self.oldest_boy.is_some_and(|age| age < INFANT_BELOW);
        if tied && cell.kind == RoomKind::Shared && !(cramped && infants_alone) {
            lacks |= PRIVATE;
        }
        ORDER.get(lacks).copied().unwrap_or(8)
    }

    /// Too few beds whatever is put aside, and beside that what there is nothing of.
    fn missing(&self, stock: &Stock, tied: bool, sharing: u32) -> ReasonSet {
        let mut lacks = 0;
        if self.step_free && !stock.step_free {
            lacks |= STEPS;
        }
        if tied && !stock.whole {
            lacks |= PRIVATE;
        }
        if !stock.block && stock.cots + sharing < self.infants {
            lacks |= COTS;
        }
        named(lacks).with(MisfitReason::NotEnoughBeds)
    }
}

fn named(lacks: usize) -> ReasonSet {
    let reasons = [
        (STEPS, MisfitReason::NoStepFreeRoom),
        (PRIVATE, MisfitReason::NoPrivateRoom),
        (COTS, MisfitReason::NotEnoughCots),
    ];
    reasons
        .into_iter()
        .filter(|(bit, _)| lacks & bit != 0)
        .map(|(_, reason)| reason)
        .collect()
}
