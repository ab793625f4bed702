//! The smallest thing that would make a household fit, found by doing it and fitting again.
//! It must not offer what nobody can grant: a pregnancy is not waived.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::super::holds::may_start;
use super::super::household::{Need, Search};
use super::super::id::Moment;
use super::super::rooms::RoomView;
use super::super::shelters::AdmissionRules;
use super::{MisfitReason, ReasonSet, oldest_boy, place};

/// One thing that would make the household fit. Smaller ones first: what she can say herself, what the shelter can
/// grant, what waiting brings, and last going without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Relaxation {
    /// If two rooms of the shelter are all right.
    TwoRooms,
    /// If her son of this age (the oldest; younger ones with him) is accepted.
    BoyAdmitted { age: u8 },
    /// If her boys may sleep in a shared room.
    SharedRoom,
    /// From this local date, when enough rooms are due to empty: a hold may start on it.
    FromDate { date: NaiveDate },
    /// If she can do without: step-free access or her pets, never what cannot be put down.
    WithoutNeed { need: Need },
    /// If these districts, which she avoids, are all right after all. Offered where nothing else stands in the way.
    WiderArea { districts: BTreeSet<String> },
}

/// Needs that a household may put aside by its own decision.
const WAIVABLE: [Need; 2] = [Need::StepFree, Need::Pets];

/// Rules, rooms and search as they would be.
pub type Relaxed<'a> = (Cow<'a, AdmissionRules>, Cow<'a, [RoomView]>, Cow<'a, Search>);

impl Relaxation {
    /// The same question with this one thing granted. Planned exits before `today`, the local date, are overdue: those
    /// promise nothing any more.
    pub fn apply<'a>(
        &self,
        rules: &'a AdmissionRules,
        rooms: &'a [RoomView],
        search: &'a Search,
        today: NaiveDate,
    ) -> Relaxed<'a> {
        let (mut rules, mut rooms, mut search) = (Cow::Borrowed(rules), Cow::Borrowed(rooms), Cow::Borrowed(search));
        match self {
            Self::TwoRooms => search.to_mut().rooms_apart_ok = true,
            Self::BoyAdmitted { age } => rules.to_mut().boys_max_age = Some(*age),
            Self::SharedRoom => rules.to_mut().boys_shared_room_max_age = u8::MAX,
            Self::FromDate { date } => rooms.to_mut().iter_mut().for_each(|view| view.empty_by(*date, today)),
            Self::WithoutNeed { need } => {
                search.to_mut().needs.remove(need);
            }
            Self::WiderArea { districts } => {
                search.to_mut().avoid_districts.retain(|code| !districts.contains(code));
            }
        }
        (rules, rooms, search)
    }

    fn helps(
        &self,
        rules: &AdmissionRules,
        rooms: &[RoomView],
        search: &Search,
        (now, today): (Moment, NaiveDate),
    ) -> bool {
        let (rules, rooms, search) = self.apply(rules, rooms, search, today);
        let most_rooms = if *self == Self::TwoRooms { 2 } else { u32::MAX };
        place(&rules, &rooms, &search, now).is_some_and(|placement| placement.rooms <= most_rooms)
    }
}

pub fn smallest(
    reasons: ReasonSet,
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    (now, today): (Moment, NaiveDate),
) -> Option<Relaxation> {
    let has = |reason| reasons.contains(reason);
    let of_rooms = [
        MisfitReason::NoStepFreeRoom,
        MisfitReason::NoPrivateRoom,
        MisfitReason::NotEnoughBeds,
        MisfitReason::NotEnoughCots,
    ]
    .into_iter()
    .any(has);
    let boy = oldest_boy(&search.household).filter(|_| has(MisfitReason::BoysAge));
    let two_rooms = (of_rooms && !search.rooms_apart_ok).then_some(Relaxation::TwoRooms);
    // The only step-free bed, too, may stand in a shared room.
    let shared = (of_rooms && oldest_boy(&search.household).is_some()).then_some(Relaxation::SharedRoom);
    let needs = WAIVABLE.into_iter().filter(|need| search.needs.contains(need));
    let helps = |relaxation: &Relaxation| relaxation.helps(rules, rooms, search, (now, today));

    two_rooms
        .into_iter()
        .chain(boy.map(|age| Relaxation::BoyAdmitted { age }))
        .chain(shared)
        .find(helps)
        .or_else(|| of_rooms.then(|| earliest(rooms, today, helps)).flatten())
        .or_else(|| needs.map(|need| Relaxation::WithoutNeed { need }).find(helps))
}

/// The first date from which a hold may start and on which enough rooms are due to have emptied: from tomorrow on, also
/// for a room that is due to empty today. Rooms only ever become free in waiting, so what a date does not bring no
/// earlier one does.
fn earliest(rooms: &[RoomView], today: NaiveDate, helps: impl Fn(&Relaxation) -> bool) -> Option<Relaxation> {
    let tomorrow = today.checked_add_days(Days::new(1))?;
    let exits = rooms.iter().filter_map(|view| view.planned_exit);
    let starts = exits.filter(|exit| *exit >= today).map(|exit| exit.max(tomorrow));
    let mut dates: Vec<NaiveDate> = starts.filter(|date| may_start(*date, today)).collect();
    dates.sort_unstable();
    dates.dedup();
    let from = |date: NaiveDate| Relaxation::FromDate { date };
    dates.last().copied().map(from).filter(&helps)?;
    let first = dates.partition_point(|date| !helps(&from(*date)));
    dates.get(first).copied().map(from)
}
