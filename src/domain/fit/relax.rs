//! The smallest thing that would make a household fit, found by doing it and fitting again.
//! It must not offer what nobody can grant: a pregnancy is not waived.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::super::household::{Need, Search};
use super::super::id::Moment;
use super::super::rooms::{Occupancy, RoomView};
use super::super::shelters::AdmissionRules;
use super::{MisfitReason, oldest_boy, place};

/// One thing that would make the household fit. Smaller ones first: what she can say herself, what the shelter can
/// grant, what waiting brings, and last going without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Relaxation {
    /// If two rooms of the shelter are all right.
    TwoRooms,
    /// If her son of this age (the oldest; younger ones with him) is accepted.
    BoyAdmitted { age: u8 },
    /// If her boys may sleep in a shared room.
    SharedRoom,
    /// From this local date, when enough rooms are due to empty.
    FromDate { date: NaiveDate },
    /// If she can do without: step-free access or her pets, never what cannot be put down.
    WithoutNeed { need: Need },
}

/// Needs that a household may put aside by its own decision.
const WAIVABLE: [Need; 2] = [Need::StepFree, Need::Pets];

/// Rules, rooms and search as they would be.
pub type Relaxed<'a> = (Cow<'a, AdmissionRules>, Cow<'a, [RoomView]>, Cow<'a, Search>);

impl Relaxation {
    /// The same question with this one thing granted. `now` tells which planned exits are overdue: those promise
    /// nothing any more.
    pub fn apply<'a>(
        &self,
        rules: &'a AdmissionRules,
        rooms: &'a [RoomView],
        search: &'a Search,
        now: Moment,
    ) -> Relaxed<'a> {
        let (mut rules, mut rooms, mut search) = (Cow::Borrowed(rules), Cow::Borrowed(rooms), Cow::Borrowed(search));
        match *self {
            Self::TwoRooms => search.to_mut().rooms_apart_ok = true,
            Self::BoyAdmitted { age } => rules.to_mut().boys_max_age = Some(age),
            Self::SharedRoom => rules.to_mut().boys_shared_room_max_age = u8::MAX,
            Self::FromDate { date } => rooms
                .to_mut()
                .iter_mut()
                .for_each(|view| empty_by(view, date, now.date_naive())),
            Self::WithoutNeed { need } => {
                search.to_mut().needs.remove(&need);
            }
        }
        (rules, rooms, search)
    }

    fn helps(&self, rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> bool {
        let (rules, rooms, search) = self.apply(rules, rooms, search, now);
        let most_rooms = if *self == Self::TwoRooms { 2 } else { u32::MAX };
        place(&rules, &rooms, &search, now).is_some_and(|placement| placement.rooms <= most_rooms)
    }
}

/// A room due to empty is empty then; what is out of service or held stays so.
fn empty_by(view: &mut RoomView, date: NaiveDate, today: NaiveDate) {
    if view.planned_exit.is_some_and(|exit| today <= exit && exit <= date) {
        view.state = Occupancy {
            occupied_beds: 0,
            occupied_cots: 0,
            ..view.state
        };
    }
}

pub fn smallest(
    reasons: &[MisfitReason],
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    now: Moment,
) -> Option<Relaxation> {
    let has = |reason| reasons.contains(&reason);
    let of_rooms = [
        MisfitReason::NoStepFreeRoom,
        MisfitReason::NoPrivateRoom,
        MisfitReason::NotEnoughBeds,
        MisfitReason::NotEnoughCots,
    ]
    .into_iter()
    .any(has);
    let boy = oldest_boy(search).filter(|_| has(MisfitReason::BoysAge));
    let two_rooms = (of_rooms && !search.rooms_apart_ok).then_some(Relaxation::TwoRooms);
    let shared = has(MisfitReason::NoPrivateRoom).then_some(Relaxation::SharedRoom);
    let needs = WAIVABLE.into_iter().filter(|need| search.needs.contains(need));
    let helps = |relaxation: &Relaxation| relaxation.helps(rules, rooms, search, now);

    two_rooms
        .into_iter()
        .chain(boy.map(|age| Relaxation::BoyAdmitted { age }))
        .chain(shared)
        .find(helps)
        .or_else(|| of_rooms.then(|| earliest(rooms, now, helps)).flatten())
        .or_else(|| needs.map(|need| Relaxation::WithoutNeed { need }).find(helps))
}

/// The first date on which enough rooms are due to empty. Rooms only ever become free in waiting, so what a date does not
/// bring no earlier one does.
fn earliest(rooms: &[RoomView], now: Moment, helps: impl Fn(&Relaxation) -> bool) -> Option<Relaxation> {
    let today = now.date_naive();
    let exits = rooms.iter().filter_map(|view| view.planned_exit);
    let mut dates: Vec<NaiveDate> = exits.filter(|date| *date >= today).collect();
    dates.sort_unstable();
    dates.dedup();
    let from = |date: NaiveDate| Relaxation::FromDate { date };
    dates.last().copied().map(from).filter(&helps)?;
    let first = dates.partition_point(|date| !helps(&from(*date)));
    dates.get(first).copied().map(from)
}
