//! What holds claim of a room, at once or from a later date, and what that leaves of it at any instant.
//! It must not know what a hold is for, nor how beds are added up (`rooms`).
//!
//! A claim that starts on a later date is a promise of beds that are still slept in. It is made only if it has its beds
//! once the rooms due to empty by then are empty, every other claim counted whole (`RoomView::on`). Until it starts it
//! takes whatever is left of the room, up to its size: so nobody else gets the beds as they empty, and free is never
//! below zero. From its start on it is a claim like any other.

use chrono::NaiveDate;

use super::{Held, Occupancy, Room, RoomCount, count};
use crate::domain::id::{HoldId, Moment};

/// One hold's share of one room. It counts while `expires_at` lies ahead and not an instant longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveClaim {
    pub hold_id: HoldId,
    pub beds: u16,
    pub cots: u16,
    pub expires_at: Moment,
    /// When it starts, if that was later than the asking.
    pub starts_at: Option<Moment>,
}

impl ActiveClaim {
    pub fn is_active(&self, now: Moment) -> bool {
        self.expires_at > now
    }

    /// Whether it waits for its start.
    pub fn is_ahead(&self, now: Moment) -> bool {
        self.starts_at.is_some_and(|start| start > now)
    }
}

/// A room with all that decides whether somebody may sleep in it. What is held is derived at each look, so holds
/// run out by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomView {
    pub room: Room,
    pub state: Occupancy,
    pub claims: Vec<ActiveClaim>,
    /// Local date on which the room is due to empty.
    pub planned_exit: Option<NaiveDate>,
}

impl RoomView {
    pub fn new(room: Room, state: Occupancy) -> Self {
        Self {
            room,
            state,
            claims: Vec::new(),
            planned_exit: None,
        }
    }

    pub fn active(&self, now: Moment) -> impl Iterator<Item = &ActiveClaim> {
        self.claims.iter().filter(move |claim| claim.is_active(now))
    }

    /// Everything claimed, whenever it starts: what the room must be large enough for.
    pub fn claimed(&self, now: Moment) -> Held {
        sum(self.active(now))
    }

    /// What is kept from others at `now`: running claims whole, those ahead as far as the room has anything left.
    pub fn held(&self, now: Moment) -> Held {
        let running = sum(self.active(now).filter(|claim| !claim.is_ahead(now)));
        let ahead = sum(self.active(now).filter(|claim| claim.is_ahead(now)));
        let taken = self.state.occupied_beds.saturating_add(self.state.out_of_service_beds);
        let beds = self.room.beds.saturating_sub(taken).saturating_sub(running.beds);
        let cots = self.room.cots.saturating_sub(self.state.occupied_cots);
        let cots = cots.saturating_sub(running.cots);
        Held {
            beds: running.beds.saturating_add(ahead.beds.min(beds)),
            cots: running.cots.saturating_add(ahead.cots.min(cots)),
        }
    }

    pub fn count(&self, now: Moment) -> RoomCount {
        count(&self.room, &self.state, self.held(now))
    }

    /// Whether whoever sleeps here is due to have left by `date`. An exit before `today` is overdue: it promises
    /// nothing any more. Both are local dates.
    pub fn is_empty_by(&self, date: NaiveDate, today: NaiveDate) -> bool {
        self.planned_exit.is_some_and(|exit| today <= exit && exit <= date)
    }

    /// Makes it the room as it is to be on `date`: empty if it is due to be. What is claimed or out of service stays so.
    pub fn empty_by(&mut self, date: NaiveDate, today: NaiveDate) {
        if self.is_empty_by(date, today) {
            self.state = Occupancy {
                occupied_beds: 0,
                occupied_cots: 0,
                ..self.state
            };
        }
    }
}

fn sum<'a>(claims: impl Iterator<Item = &'a ActiveClaim>) -> Held {
    claims.fold(Held::default(), |sum, claim| Held {
        beds: sum.beds.saturating_add(claim.beds),
        cots: sum.cots.saturating_add(claim.cots),
    })
}

#[cfg(test)]
mod tests {
    use super::super::RoomKind;
    use super::*;
    use crate::domain::id::RoomId;
    use chrono::{TimeDelta, TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minutes: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn view(kind: RoomKind, beds: u16, occupied_beds: u16) -> RoomView {
        let room = Room {
            id: RoomId(Uuid::nil()),
            label: "1".into(),
            kind,
            beds,
            cots: 1,
            step_free: false,
            sleeps: None,
        };
        let state = Occupancy {
            occupied_beds,
            ..Occupancy::default()
        };
        RoomView::new(room, state)
    }

    fn claim(beds: u16, starts: Option<i64>, until: i64) -> ActiveClaim {
        ActiveClaim {
            hold_id: HoldId(Uuid::nil()),
            beds,
            cots: 0,
            expires_at: at(until),
            starts_at: starts.map(at),
        }
    }

    #[test]
    fn a_hold_counts_until_its_deadline_and_not_at_it() {
        let mut view = view(RoomKind::Shared, 4, 0);
        view.claims = vec![claim(2, None, 0), claim(2, None, 1), claim(2, None, 5)];
        assert_eq!(view.held(at(0)).beds, 4);
        assert_eq!(view.held(at(1)).beds, 2);
        assert_eq!(view.count(at(5)).free, 4);
    }

    #[test]
    fn a_promise_takes_beds_as_they_empty_and_never_more_than_there_are() {
        let mut view = view(RoomKind::Shared, 6, 5);
        view.claims = vec![claim(4, Some(60), 600)];
        let seen = [5, 3, 0].map(|occupied| {
            view.state.occupied_beds = occupied;
            let count = view.count(at(0));
            (count.held, count.free, count.over_capacity)
        });
        assert_eq!(seen, [(1, 0, 0), (3, 0, 0), (4, 2, 0)]);
        view.state.occupied_beds = 5;
        assert_eq!(view.count(at(59)).over_capacity, 0);
        assert_eq!(
            view.count(at(60)).over_capacity,
            3,
            "it has started and they are still there"
        );
        assert_eq!(view.claimed(at(0)).beds, 4);
    }

    #[test]
    fn a_private_room_waits_for_one_household_only() {
        let mut view = view(RoomKind::Private, 3, 2);
        view.claims = vec![claim(3, Some(60), 600)];
        let count = view.count(at(0));
        assert_eq!((count.free, count.occupied, count.held, count.enclosed), (0, 2, 1, 0));
        view.state.occupied_beds = 0;
        assert_eq!(view.count(at(0)).free, 0, "left early: it is hers, not the next one's");
    }

    #[test]
    fn a_room_is_empty_on_its_day_and_not_by_an_overdue_word() {
        let day = |n| NaiveDate::from_ymd_opt(2026, 11, n).unwrap();
        let mut view = view(RoomKind::Shared, 6, 5);
        view.planned_exit = Some(day(24));
        assert!(!view.is_empty_by(day(23), day(22)) && view.is_empty_by(day(24), day(22)));
        assert!(view.is_empty_by(day(25), day(24)) && !view.is_empty_by(day(25), day(25)));
        view.empty_by(day(24), day(22));
        assert_eq!(view.state.occupied_beds, 0);
    }

    prop_compose! {
        fn any_claim()(beds in 0u16..6, cots in 0u16..3, starts in prop::option::of(-2i64..9), until in -2i64..12)
            -> ActiveClaim {
            ActiveClaim { cots, ..claim(beds, starts, until) }
        }
    }

    proptest! {
        /// Whatever promises there are: the sum holds, and promises alone never overfill a room.
        #[test]
        fn promises_never_overfill(
            kind in prop::sample::select(vec![RoomKind::Private, RoomKind::Shared, RoomKind::Block]),
            beds in 0u16..9, occupied in 0u16..12, out in 0u16..4, claims in prop::collection::vec(any_claim(), 0..5),
            minute in 0i64..12,
        ) {
            let mut room = view(kind, beds, occupied);
            (room.state.out_of_service_beds, room.claims) = (out, claims);
            let count = room.count(at(minute));
            prop_assert_eq!(
                count.beds + count.over_capacity,
                count.free + count.occupied + count.held + count.enclosed + count.out_of_service
            );
            let mut without = room.clone();
            without.claims.retain(|claim| !claim.is_ahead(at(minute)));
            let running = without.count(at(minute));
            prop_assert_eq!(count.over_capacity, running.over_capacity);
            prop_assert!(count.free <= running.free);
        }

        /// A bed given away now was not promised, and promises made one after another leave each its beds: whatever is
        /// let in by `free`, now or on the day the room is to be empty, all of it has room then.
        #[test]
        fn nothing_is_promised_twice(
            beds in 1u16..9, occupied in 0u16..9, wants in prop::collection::vec((1u16..5, any::<bool>()), 1..9),
        ) {
            let day = |n| NaiveDate::from_ymd_opt(2026, 11, n).unwrap();
            let mut room = view(RoomKind::Shared, beds, occupied.min(beds));
            room.planned_exit = Some(day(24));
            for (want, later) in wants {
                let mut asked = room.clone();
                if later {
                    asked.empty_by(day(24), day(22));
                }
                if asked.count(at(0)).free >= u32::from(want) {
                    room.claims.push(claim(want, later.then_some(60), 600));
                }
            }
            prop_assert!(room.claimed(at(0)).beds <= beds);
            prop_assert_eq!(room.count(at(0)).over_capacity, 0);
            room.empty_by(day(24), day(22));
            prop_assert_eq!(room.count(at(60)).over_capacity, 0);
        }
    }
}
