//! Rooms, what is taken in them, and the one sum that says how many beds are free.
//! It must not know who holds what until when (`claims`).

mod claims;

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::id::RoomId;
pub use claims::{ActiveClaim, RoomView};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RoomKind {
    /// One household at a time.
    Private,
    /// Beds given one by one.
    Shared,
    /// Many like rooms counted in rooms, not beds (a hotel programme): each takes one household of up to `sleeps`.
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub label: String,
    pub kind: RoomKind,
    /// Beds; of a block, the number of rooms.
    pub beds: u16,
    pub cots: u16,
    pub step_free: bool,
    /// Of a block: persons per room. Of others: `None`.
    pub sleeps: Option<u8>,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OutOfServiceReason {
    Repair,
    Cleaning,
    Infection,
    Staffing,
    Safety,
    Reserved,
    Other,
}

/// A room's state as the newest report (and the arrivals since) say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Occupancy {
    pub occupied_beds: u16,
    pub occupied_cots: u16,
    pub out_of_service_beds: u16,
    pub out_of_service_reason: Option<OutOfServiceReason>,
}

/// What a room's active holds claim, added up at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub beds: u16,
    pub cots: u16,
}

/// The sum. Of a block room every figure counts rooms. Always
/// `beds + over_capacity == free + occupied + held + enclosed + out_of_service`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RoomCount {
    pub beds: u32,
    pub free: u32,
    pub occupied: u32,
    pub held: u32,
    /// Beds nobody sleeps in that nobody else may have: the rest of a private room with a household in it.
    pub enclosed: u32,
    pub out_of_service: u32,
    /// How many more are taken than there are: real life, shown and never hidden.
    pub over_capacity: u32,
    pub cots: u32,
    pub occupied_cots: u32,
    pub held_cots: u32,
    /// Never below zero, and none in a private room that houses or holds somebody.
    pub free_cots: u32,
}

impl RoomCount {
    /// The same beds in a shelter that is closed: whatever was free or enclosed is out of service.
    pub fn closed(self) -> Self {
        let out_of_service = self.out_of_service + self.free + self.enclosed;
        Self {
            free: 0,
            enclosed: 0,
            free_cots: 0,
            out_of_service,
            ..self
        }
    }
}

/// The one place where free beds are computed.
pub fn count(room: &Room, state: &Occupancy, held: Held) -> RoomCount {
    let [beds, occupied, out] = [room.beds, state.occupied_beds, state.out_of_service_beds].map(u32::from);
    let taken = occupied + u32::from(held.beds) + out;
    let rest = beds.saturating_sub(taken);
    let closed_to_others = room.kind == RoomKind::Private && is_lived_in(state, held);
    let cots_left = room.cots.saturating_sub(state.occupied_cots).saturating_sub(held.cots);
    RoomCount {
        beds,
        free: if closed_to_others { 0 } else { rest },
        occupied,
        held: u32::from(held.beds),
        enclosed: if closed_to_others { rest } else { 0 },
        out_of_service: out,
        over_capacity: taken.saturating_sub(beds),
        cots: u32::from(room.cots),
        occupied_cots: u32::from(state.occupied_cots),
        held_cots: u32::from(held.cots),
        free_cots: if closed_to_others { 0 } else { u32::from(cots_left) },
    }
}

/// Whether the room houses or holds anybody, a baby in a cot included.
fn is_lived_in(state: &Occupancy, held: Held) -> bool {
    state.occupied_beds > 0 || state.occupied_cots > 0 || held.beds > 0 || held.cots > 0
}

impl Add for RoomCount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            beds: self.beds + other.beds,
            free: self.free + other.free,
            occupied: self.occupied + other.occupied,
            held: self.held + other.held,
            enclosed: self.enclosed + other.enclosed,
            out_of_service: self.out_of_service + other.out_of_service,
            over_capacity: self.over_capacity + other.over_capacity,
            cots: self.cots + other.cots,
            occupied_cots: self.occupied_cots + other.occupied_cots,
            held_cots: self.held_cots + other.held_cots,
            free_cots: self.free_cots + other.free_cots,
        }
    }
}

impl AddAssign for RoomCount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for RoomCount {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn room(kind: RoomKind, beds: u16, cots: u16) -> Room {
        Room {
            id: RoomId(Uuid::nil()),
            label: "1".into(),
            kind,
            beds,
            cots,
            step_free: false,
            sleeps: None,
        }
    }

    fn taken(occupied_beds: u16, occupied_cots: u16, out_of_service_beds: u16) -> Occupancy {
        Occupancy {
            occupied_beds,
            occupied_cots,
            out_of_service_beds,
            out_of_service_reason: None,
        }
    }

    #[test]
    fn a_private_room_with_a_household_has_nothing_for_others() {
        let sum = count(&room(RoomKind::Private, 4, 2), &taken(2, 1, 1), Held::default());
        assert_eq!(
            (sum.free, sum.enclosed, sum.free_cots, sum.out_of_service),
            (0, 1, 0, 1)
        );
        let held = count(
            &room(RoomKind::Private, 4, 2),
            &taken(0, 0, 0),
            Held { beds: 1, cots: 0 },
        );
        assert_eq!((held.free, held.held, held.enclosed), (0, 1, 3));
    }

    #[test]
    fn a_shared_room_gives_the_rest_bed_by_bed() {
        let sum = count(
            &room(RoomKind::Shared, 6, 1),
            &taken(2, 0, 1),
            Held { beds: 1, cots: 1 },
        );
        assert_eq!((sum.free, sum.enclosed, sum.free_cots), (2, 0, 0));
        let block = count(
            &room(RoomKind::Block, 40, 0),
            &taken(30, 0, 3),
            Held { beds: 2, cots: 0 },
        );
        assert_eq!((block.free, block.enclosed), (5, 0));
    }

    #[test]
    fn more_people_than_beds_is_real_life() {
        let sum = count(
            &room(RoomKind::Shared, 4, 0),
            &taken(6, 2, 0),
            Held { beds: 1, cots: 0 },
        );
        assert_eq!((sum.free, sum.over_capacity, sum.free_cots), (0, 3, 0));
    }

    #[test]
    fn a_closed_house_offers_nothing_and_the_sum_still_holds() {
        let open = count(
            &room(RoomKind::Shared, 6, 2),
            &taken(2, 0, 1),
            Held { beds: 1, cots: 0 },
        );
        let closed = open.closed();
        assert_eq!(
            (closed.free, closed.out_of_service, closed.occupied, closed.held),
            (0, 3, 2, 1)
        );
    }

    proptest! {
        #[test]
        fn the_identity_always_holds(
            kind in prop::sample::select(vec![RoomKind::Private, RoomKind::Shared, RoomKind::Block]),
            beds in any::<u16>(), cots in any::<u16>(), occupied in any::<u16>(), occupied_cots in any::<u16>(),
            out in any::<u16>(), held_beds in any::<u16>(), held_cots in any::<u16>(),
        ) {
            let held = Held { beds: held_beds, cots: held_cots };
            let open = count(&room(kind, beds, cots), &taken(occupied, occupied_cots, out), held);
            for sum in [open, open.closed()] {
                prop_assert_eq!(
                    sum.beds + sum.over_capacity,
                    sum.free + sum.occupied + sum.held + sum.enclosed + sum.out_of_service
                );
                prop_assert!(sum.free == 0 || sum.over_capacity == 0);
                prop_assert!(sum.free_cots <= sum.cots);
            }
            if kind == RoomKind::Private && (occupied > 0 || held_beds > 0) {
                prop_assert_eq!((open.free, open.free_cots), (0, 0));
            } else if kind != RoomKind::Private {
                prop_assert_eq!(open.enclosed, 0);
            }
        }
    }
}
