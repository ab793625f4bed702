//! The country's free places gathered into pools: like private rooms or block units of one shelter are one pool of
//! seats, a shared room is a pool of beds and cots of its own. It must not know households.

use super::super::availability::ShelterView;
use super::super::fit::{Demand, Offer};
use super::super::id::Moment;
use super::super::rooms::RoomKind;

/// Places of one kind in one shelter.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Position of the shelter in the problem.
    pub shelter: usize,
    pub kind: RoomKind,
    pub step_free: bool,
    /// Free beds of each private room or of the shared room; persons in each block unit.
    pub beds: u32,
    /// Free cots of each private room or of the shared room.
    pub cots: u32,
    /// How many rooms or units; 1 of a shared room.
    pub seats: u32,
    /// Positions of the rooms in the shelter, each with its free units.
    pub rooms: Vec<(usize, u32)>,
}

impl Pool {
    pub fn shared(&self) -> bool {
        self.kind == RoomKind::Shared
    }

    pub fn joint(&self) -> bool {
        self.kind == RoomKind::Block
    }

    /// What one room or unit of the pool offers; `None` where this household may not go because of steps.
    pub fn offer(&self, demand: &Demand) -> Option<Offer> {
        (!demand.step_free || self.step_free).then_some(Offer {
            index: 0,
            kind: self.kind,
            step_free: self.step_free,
            beds: self.beds,
            cots: self.cots,
            units: 1,
        })
    }

    /// How much there is: seats, or beds of a shared room.
    pub fn capacity(&self) -> u32 {
        if self.shared() { self.beds } else { self.seats }
    }
}

/// The pools of one shelter. None while it is closed or has never reported.
pub fn of_shelter(shelter: usize, view: &ShelterView, now: Moment) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    if !view.operating || view.observed_at.is_none() {
        return pools;
    }
    for (index, row) in view.rooms.iter().enumerate() {
        let (room, count) = (&row.room, row.count(now));
        let (beds, cots, units) = match room.kind {
            RoomKind::Block => (room.sleeps.map_or(0, u32::from), 0, count.free),
            RoomKind::Private | RoomKind::Shared => (count.free, count.free_cots, 1),
        };
        if beds == 0 || units == 0 {
            continue;
        }
        let like = pools.iter_mut().find(|pool| {
            room.kind != RoomKind::Shared
                && (pool.kind, pool.step_free, pool.beds, pool.cots) == (room.kind, room.step_free, beds, cots)
        });
        match like {
            Some(pool) => {
                pool.seats += units;
                pool.rooms.push((index, units));
            }
            None => pools.push(Pool {
                shelter,
                kind: room.kind,
                step_free: room.step_free,
                beds,
                cots,
                seats: units,
                rooms: vec![(index, units)],
            }),
        }
    }
    pools
}
