//! Which report counts, which day it belongs to, and what in it deserves a second look.
//! It must not know how a report is parsed.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use serde::Serialize;
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::super::id::{HoldId, Moment, RoomId};
use super::super::rooms::{ActiveClaim, RoomKind, RoomView};
use super::ReportLine;

/// How old a figure may be when it arrives.
pub const CLOCK_BEHIND: TimeDelta = TimeDelta::hours(72);
/// How far ahead of the receiver's clock it may claim to be.
pub const CLOCK_AHEAD: TimeDelta = TimeDelta::minutes(10);

/// Whether the sender's clock can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Ok,
    /// Stored all the same, and ordered by its arrival.
    Suspect,
}

/// `Ok` from 72 hours before `received_at` to 10 minutes after, ends included.
pub fn judge_observed_at(observed_at: Moment, received_at: Moment) -> Clock {
    let age = received_at - observed_at;
    if age <= CLOCK_BEHIND && -age <= CLOCK_AHEAD {
        Clock::Ok
    } else {
        Clock::Suspect
    }
}

/// When a report was true and when it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub observed_at: Moment,
    pub received_at: Moment,
    pub clock: Clock,
}

impl Stamp {
    pub fn new(observed_at: Moment, received_at: Moment) -> Self {
        Self {
            observed_at,
            received_at,
            clock: judge_observed_at(observed_at, received_at),
        }
    }

    /// The time that decides the order of reports, and after which arrivals count on top.
    pub fn effective(&self) -> Moment {
        match self.clock {
            // A clock a little ahead: nothing was true later than it was told.
            Clock::Ok => self.observed_at.min(self.received_at),
            Clock::Suspect => self.received_at,
        }
    }
}

/// Whether a new report becomes the current state. A late one does not: it is history only. Of two true at the same
/// time the one received later counts (a correction).
pub fn supersedes(current: Option<&Stamp>, new: &Stamp) -> bool {
    let order = |stamp: &Stamp| (stamp.effective(), stamp.received_at);
    current.is_none_or(|current| order(new) >= order(current))
}

/// The civil day on which something was true where the shelter stands.
pub fn local_day(moment: Moment, zone: Tz) -> NaiveDate {
    moment.with_timezone(&zone).date_naive()
}

/// Something worth a second look; the report is taken all the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WarningCode {
    /// More taken or out of service than there is.
    OverCapacity,
    /// Ten times what is usual there: a digit too many?
    UnusualChange,
    /// A hold's beds are no longer there.
    HoldAtRisk,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub code: WarningCode,
    /// `rooms[0].occupied_beds`.
    pub field: String,
}

/// A count this many times the usual one is questioned ...
const UNUSUAL_TIMES: u32 = 10;
/// ... if it also lies this far from it, so that going from 0 to 4 is not.
const UNUSUAL_STEP: u32 = 5;

/// Whether the newer count deserves a "really?": at least ten times the usual or at most a tenth of it, and at least
/// five apart. (So where nobody is usual, five are questioned.)
pub fn is_unusual(count: u16, usual: u16) -> bool {
    let (count, usual) = (u32::from(count), u32::from(usual));
    let tenfold = count >= usual * UNUSUAL_TIMES || usual >= count * UNUSUAL_TIMES;
    tenfold && count.abs_diff(usual) >= UNUSUAL_STEP
}

/// Warnings of a report. `views` are the rooms as they would be with this report in force; `usual` tells the usual
/// number of occupied beds of a room, if it has any history.
pub fn warnings(
    lines: &[ReportLine],
    views: &[RoomView],
    usual: impl Fn(RoomId) -> Option<u16>,
    now: Moment,
) -> Vec<Warning> {
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let mut warn = |code, name: &str| {
            found.push(Warning {
                code,
                field: format!("rooms[{at}].{name}"),
            })
        };
        let state = &line.state;
        if let Some(view) = views.iter().find(|view| view.room.id == line.room_id) {
            let taken = u32::from(state.occupied_beds) + u32::from(state.out_of_service_beds);
            if taken > u32::from(view.room.beds) {
                warn(WarningCode::OverCapacity, "occupied_beds");
            }
            if state.occupied_cots > view.room.cots {
                warn(WarningCode::OverCapacity, "occupied_cots");
            }
            if !robbed(view, now).is_empty() {
                warn(WarningCode::HoldAtRisk, "occupied_beds");
            }
        }
        if usual(line.room_id).is_some_and(|usual| is_unusual(state.occupied_beds, usual)) {
            warn(WarningCode::UnusualChange, "occupied_beds");
        }
    }
    found
}

/// Holds that no longer have what they claim in some room at `now`.
pub fn holds_at_risk(views: &[RoomView], now: Moment) -> BTreeSet<HoldId> {
    views.iter().flat_map(|view| robbed(view, now)).collect()
}

/// Active holds whose beds in this room are gone. The older hold (by its time-ordered id) has the first claim to
/// what is left; in a private room nobody has any beside a household that sleeps there. A hold that is still to start
/// is not troubled by who sleeps there until then: it only wants a room large enough for every claim on it.
fn robbed(view: &RoomView, now: Moment) -> Vec<HoldId> {
    let (ahead, running): (Vec<&ActiveClaim>, _) = view.active(now).partition(|claim| claim.is_ahead(now));
    let (room, state) = (&view.room, &view.state);
    let lived_in = state.occupied_beds > 0 || state.occupied_cots > 0;
    let taken = state.occupied_beds.saturating_add(state.out_of_service_beds);
    let (mut beds, mut cots) = (
        room.beds.saturating_sub(taken),
        room.cots.saturating_sub(state.occupied_cots),
    );
    if room.kind == RoomKind::Private && lived_in {
        (beds, cots) = (0, 0);
    }
    let mut robbed = left_without(running, beds, cots);
    if !ahead.is_empty() {
        let all = left_without(
            view.active(now).collect(),
            room.beds.saturating_sub(state.out_of_service_beds),
            room.cots,
        );
        robbed.extend(
            all.into_iter()
                .filter(|id| ahead.iter().any(|claim| claim.hold_id == *id)),
        );
    }
    robbed
}

/// Who gets nothing when the claims are served from these beds and cots, the oldest first.
fn left_without(mut claims: Vec<&ActiveClaim>, mut beds: u16, mut cots: u16) -> Vec<HoldId> {
    claims.sort_by_key(|claim| claim.hold_id);
    let mut without = Vec::new();
    for claim in claims {
        match (beds.checked_sub(claim.beds), cots.checked_sub(claim.cots)) {
            (Some(beds_left), Some(cots_left)) => (beds, cots) = (beds_left, cots_left),
            _ => without.push(claim.hold_id),
        }
    }
    without
}

/// Whether the hold's beds are there at `now` although it is to start later: nobody sleeps in them and no running claim
/// is on them. For who comes before her day.
pub fn is_ready(views: &[RoomView], hold: HoldId, now: Moment) -> bool {
    views.iter().all(|view| {
        let mut early = view.clone();
        early
            .claims
            .retain(|claim| claim.hold_id == hold || !claim.is_ahead(now));
        let mut touched = false;
        for claim in early.claims.iter_mut().filter(|claim| claim.hold_id == hold) {
            (claim.starts_at, touched) = (None, true);
        }
        !touched || robbed(&early, now).is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::rooms::{Occupancy, Room};
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minutes: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn view(kind: RoomKind, beds: u16, occupied_beds: u16, claims: &[(u128, u16, i64)]) -> RoomView {
        let id = RoomId(Uuid::nil());
        let room = Room {
            id,
            label: "1".into(),
            kind,
            beds,
            cots: 0,
            step_free: false,
            sleeps: None,
        };
        let claim = |(hold, beds, until): &(u128, u16, i64)| ActiveClaim {
            hold_id: HoldId(Uuid::from_u128(*hold)),
            beds: *beds,
            cots: 0,
            expires_at: at(*until),
            starts_at: None,
        };
        let state = Occupancy {
            occupied_beds,
            ..Occupancy::default()
        };
        RoomView {
            room,
            state,
            claims: claims.iter().map(claim).collect(),
            planned_exit: None,
        }
    }

    #[test]
    fn the_window_of_belief_includes_its_ends() {
        let said = [0, 72 * 60, 72 * 60 + 1, -10, -11].map(|age| judge_observed_at(at(0), at(age)));
        use Clock::{Ok, Suspect};
        assert_eq!(said, [Ok, Ok, Suspect, Ok, Suspect]);
    }

    #[test]
    fn a_late_report_is_history_and_a_suspect_clock_is_ordered_by_arrival() {
        let morning = Stamp::new(at(0), at(5));
        let late = Stamp::new(at(-60), at(30));
        assert!(!supersedes(Some(&morning), &late) && supersedes(Some(&late), &morning));
        assert!(supersedes(None, &late));
        assert!(
            supersedes(Some(&morning), &Stamp::new(at(0), at(6))),
            "a correction of the same time"
        );
        let next_year = Stamp::new(at(365 * 24 * 60), at(10));
        assert_eq!((next_year.clock, next_year.effective()), (Clock::Suspect, at(10)));
        assert!(supersedes(Some(&next_year), &Stamp::new(at(11), at(12))));
    }

    #[test]
    fn the_day_is_the_shelters_own() {
        let late_evening_utc = Utc.with_ymd_and_hms(2026, 11, 21, 19, 30, 0).unwrap();
        assert_eq!(
            local_day(late_evening_utc, chrono_tz::Asia::Dushanbe).to_string(),
            "2026-11-22"
        );
        assert_eq!(
            local_day(late_evening_utc, chrono_tz::America::Toronto).to_string(),
            "2026-11-21"
        );
    }

    #[test]
    fn a_digit_too_many_is_questioned_and_small_steps_are_not() {
        let said = [(30, 3), (29, 3), (4, 0), (5, 0), (0, 5), (0, 4), (3, 30), (1, 1)];
        let said = said.map(|(count, usual)| is_unusual(count, usual));
        assert_eq!(said, [true, false, false, true, true, false, true, false]);
    }

    #[test]
    fn the_younger_hold_is_the_one_at_risk() {
        let room = view(RoomKind::Shared, 6, 3, &[(2, 2, 60), (1, 2, 60), (3, 1, 60), (4, 9, 0)]);
        let robbed: Vec<_> = holds_at_risk(&[room], at(0))
            .into_iter()
            .map(|hold| hold.0.as_u128())
            .collect();
        assert_eq!(robbed, [2]);
        let private = view(RoomKind::Private, 6, 1, &[(1, 2, 60)]);
        assert_eq!(holds_at_risk(&[private], at(0)).len(), 1);
    }

    #[test]
    fn each_warning_names_its_field() {
        let room = view(RoomKind::Shared, 4, 40, &[(1, 2, 60)]);
        let lines = [ReportLine {
            room_id: room.room.id,
            state: room.state,
        }];
        let said = warnings(&lines, &[room], |_| Some(4), at(0));
        let codes: Vec<_> = said.iter().map(|warning| warning.code).collect();
        assert_eq!(
            codes,
            [
                WarningCode::OverCapacity,
                WarningCode::HoldAtRisk,
                WarningCode::UnusualChange
            ]
        );
        assert!(said.iter().all(|warning| warning.field == "rooms[0].occupied_beds"));
    }

    proptest! {
        #[test]
        fn no_hold_is_at_risk_while_the_room_has_room_for_all(
            beds in 0u16..20, occupied in 0u16..20, claims in prop::collection::vec((0u128..9, 1u16..5, 0i64..3), 0..5),
        ) {
            let room = view(RoomKind::Shared, beds, occupied, &claims);
            let enough = u32::from(occupied) + u32::from(room.held(at(1)).beds) <= u32::from(beds);
            let robbed = holds_at_risk(std::slice::from_ref(&room), at(1));
            prop_assert_eq!(robbed.is_empty(), enough || room.held(at(1)).beds == 0);
        }

        #[test]
        fn the_order_of_reports_is_total(ages in prop::collection::vec((-9000i64..9000, 0i64..9000), 3)) {
            let stamps: Vec<_> = ages.iter().map(|(seen, came)| Stamp::new(at(*seen), at(*came))).collect();
            let over = |a: usize, b: usize| supersedes(Some(&stamps[a]), &stamps[b]);
            prop_assert!(over(0, 1) || over(1, 0));
            prop_assert!(!(over(0, 1) && over(1, 2)) || over(0, 2));
        }
    }
}
