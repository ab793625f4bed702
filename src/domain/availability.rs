//! What is free in the country at one instant: beds, and places by use. Sums over shelters, nothing about cases.
//! It must not know who looks: bands are made here, who gets them is decided at the door.
//!
//! Of a shelter that has never reported nothing is known: it counts among the shelters, as silent, and its beds
//! count nowhere. Of a shelter that is closed today whatever is not taken counts as out of service.

mod places;
mod shares;
mod totals;

pub use places::{FAMILY_CHILDREN, PlacesByUse, Use};
pub use shares::{Share, add_up, availability};
pub use totals::{Availability, Band, ByFreshness, ByType, Counts, SectorCounts, SilentShelter, Totals};

use std::borrow::Cow;

use chrono::NaiveDate;

use super::freshness::{Freshness, freshness, next_change};
use super::id::Moment;
use super::rooms::{RoomCount, RoomView};
use super::shelters::Shelter;

/// A shelter with all that decides what is free in it. The unit of the snapshot in memory: holds run out of it and
/// figures age in it without anybody touching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelterView {
    pub shelter: Shelter,
    /// In the shelter's own order.
    pub rooms: Vec<RoomView>,
    /// When the newest figures were true; `None` if there never were any.
    pub observed_at: Option<Moment>,
    /// Whether the shelter takes anybody in at present, as its newest report says.
    pub operating: bool,
}

impl ShelterView {
    pub fn freshness(&self, now: Moment) -> Freshness {
        freshness(self.observed_at, self.shelter.report_interval_hours, now)
    }

    /// The shelter as it is to be on `date`: rooms due to empty by then are empty, every claim on them stays. Both are
    /// local dates.
    pub fn on(&self, date: NaiveDate, today: NaiveDate) -> Cow<'_, Self> {
        if !self.rooms.iter().any(|room| room.is_empty_by(date, today)) {
            return Cow::Borrowed(self);
        }
        let mut then = self.clone();
        then.rooms.iter_mut().for_each(|room| room.empty_by(date, today));
        Cow::Owned(then)
    }

    /// The rooms added up. Closed today: nothing is free.
    pub fn count(&self, now: Moment) -> RoomCount {
        let open: RoomCount = self.rooms.iter().map(|view| view.count(now)).sum();
        if self.operating { open } else { open.closed() }
    }

    /// The first instant after `now` at which what is held changes by itself: a hold runs out or starts. Until then what is
    /// free is what it is.
    pub fn next_release(&self, now: Moment) -> Option<Moment> {
        let turns = self
            .rooms
            .iter()
            .flat_map(|view| &view.claims)
            .flat_map(|claim| [Some(claim.expires_at), claim.starts_at])
            .flatten();
        turns.filter(|turn| *turn > now).min()
    }

    /// The first instant after `now` at which this view says something else by itself: a hold runs out or starts, or the
    /// figures grow older. `None` if it never will.
    pub fn next_change(&self, now: Moment) -> Option<Moment> {
        let hold = self.next_release(now);
        let age = next_change(self.observed_at, self.shelter.report_interval_hours, now);
        hold.into_iter().chain(age).min()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::household::Need;
    use super::super::id::{HoldId, OrganisationId, RoomId, ShelterId};
    use super::super::rooms::{ActiveClaim, Occupancy, Room, RoomKind};
    use super::super::shelters::{AdmissionRules, LocationPolicy, ShelterKind};
    use super::*;
    use chrono::{NaiveTime, TimeDelta, TimeZone, Utc};
    use std::collections::BTreeSet;
    use strum::IntoEnumIterator;
    use uuid::Uuid;

    pub fn at(minutes: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    /// Rules that let everybody in.
    pub fn open_rules() -> AdmissionRules {
        AdmissionRules {
            boys_max_age: None,
            boys_shared_room_max_age: 10,
            max_children: None,
            infants_share_bed: true,
            admits_without_children: true,
            admits_women: true,
            admits: Need::iter().filter(|need| !need.is_service()).collect(),
        }
    }

    pub fn room(number: u128, kind: RoomKind, beds: u16, occupied_beds: u16) -> RoomView {
        let id = RoomId(Uuid::from_u128(number));
        let sleeps = (kind == RoomKind::Block).then_some(4);
        let room = Room {
            id,
            label: number.to_string(),
            kind,
            beds,
            cots: 0,
            step_free: false,
            sleeps,
        };
        RoomView::new(
            room,
            Occupancy {
                occupied_beds,
                ..Occupancy::default()
            },
        )
    }

    /// A shelter that reported an hour ago and is open to all.
    pub fn shelter(number: u128, rooms: Vec<RoomView>) -> ShelterView {
        let shelter = Shelter {
            id: ShelterId(Uuid::from_u128(number)),
            code: format!("XX-{number:03}"),
            name: format!("House {number}"),
            organisation_id: OrganisationId(Uuid::nil()),
            district: format!("D{}", number % 7),
            region: format!("R{}", number % 2),
            kind: ShelterKind::Crisis,
            location_policy: LocationPolicy::Confidential,
            sector: None,
            intake: None,
            longest_stay_days: None,
            languages: BTreeSet::from(["tg".to_owned()]),
            services: BTreeSet::from([Need::Medical]),
            rules: open_rules(),
            report_due: NaiveTime::MIN,
            report_interval_hours: 24,
            canary: false,
            rooms: rooms.iter().map(|view| view.room.clone()).collect(),
            version: 1,
        };
        ShelterView {
            shelter,
            rooms,
            observed_at: Some(at(-60)),
            operating: true,
        }
    }

    #[test]
    fn a_view_changes_by_itself_at_the_first_deadline_or_step_of_age() {
        let mut view = shelter(
            1,
            vec![room(1, RoomKind::Shared, 4, 0), room(2, RoomKind::Shared, 4, 0)],
        );
        let ages_at = at(-60) + TimeDelta::hours(24) + TimeDelta::milliseconds(1);
        assert_eq!(view.next_change(at(0)), Some(ages_at));
        let claim = |minutes| ActiveClaim {
            hold_id: HoldId(Uuid::nil()),
            beds: 1,
            cots: 0,
            expires_at: at(minutes),
            starts_at: None,
        };
        view.rooms[0].claims = vec![claim(0), claim(90)];
        view.rooms[1].claims = vec![claim(30)];
        assert_eq!(view.next_change(at(0)), Some(at(30)));
        assert_eq!(
            (view.count(at(0)).free, view.count(at(30)).free, view.count(at(90)).free),
            (6, 7, 8)
        );
        view.observed_at = None;
        assert_eq!(view.next_change(at(90)), None);
    }
}
