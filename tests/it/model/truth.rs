//! What ought to be: shelters, reports, cases and holds as plain lists, everything else added up from them at each look.
//! Nothing is kept in sums, nothing is remembered twice. It knows the rules of `DOMAIN.md` and none of the service's code.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use panoh::domain::holds::{HoldState, Outcome};
use panoh::domain::household::{Search, Urgency};
use panoh::domain::id::{HoldId, Moment, ReferralId, WaveId};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;

use super::goods::Shelf;
use super::sleeps::{Left, fits};
use super::travel::Journey;

#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    pub occupied: i64,
    pub occupied_cots: i64,
    pub out: i64,
}

#[derive(Debug)]
pub struct Told {
    pub observed_at: Moment,
    pub received_at: Moment,
    /// Its place among the reports.
    pub order: Moment,
    pub operating: bool,
    pub rooms: Vec<Seen>,
    /// When each room is due to empty.
    pub exits: Vec<Option<NaiveDate>>,
}

#[derive(Debug)]
pub struct Stay {
    pub id: HoldId,
    pub case: usize,
    pub house: usize,
    /// Room, beds, cots.
    pub lines: Vec<(usize, i64, i64)>,
    /// Asked together with the others of the same wave.
    pub wave: Option<WaveId>,
    /// How long the shelter had to answer.
    pub ask: TimeDelta,
    pub extended: u8,
    /// Never accepted.
    pub silent: bool,
    pub state: HoldState,
    pub asked_at: Moment,
    pub expires_at: Moment,
    pub ended_at: Option<Moment>,
    /// The instant from which the place is hers, if that is later than the asking.
    pub starts_at: Option<Moment>,
}

#[derive(Debug)]
pub struct Case {
    pub id: ReferralId,
    /// Which of the two organisations.
    pub officer: usize,
    pub search: Search,
    pub outcome: Option<Outcome>,
}

pub struct House {
    pub shelter: Shelter,
    pub reports: Vec<Told>,
    /// By item.
    pub stock: BTreeMap<String, Shelf>,
}

/// A room's or a shelter's beds: the parts of the one sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub beds: i64,
    pub free: i64,
    pub occupied: i64,
    pub held: i64,
    pub enclosed: i64,
    pub out: i64,
    pub over: i64,
    pub free_cots: i64,
}

#[derive(Default)]
pub struct Truth {
    pub houses: Vec<House>,
    pub cases: Vec<Case>,
    pub stays: Vec<Stay>,
    /// Supplies between shelters, in the order in which they were proposed.
    pub journeys: Vec<Journey>,
    /// What was received, by item and source.
    pub came: BTreeMap<(&'static str, &'static str), i64>,
}

/// When a report counts: when it was true, unless its clock is not to be believed or runs ahead; then when it came.
pub fn order_of(observed_at: Moment, received_at: Moment) -> Moment {
    let too_old = received_at - observed_at > TimeDelta::hours(72);
    if too_old || observed_at > received_at {
        received_at
    } else {
        observed_at
    }
}

impl Stay {
    pub fn claims_at(&self, at: Moment) -> bool {
        self.asked_at <= at && at < self.expires_at && self.ended_at.is_none_or(|ended| at < ended)
    }

    /// What anybody may see of its state now.
    pub fn seen_at(&self, now: Moment) -> HoldState {
        let open = matches!(self.state, HoldState::Asked | HoldState::Accepted);
        if open && now >= self.expires_at {
            HoldState::Expired
        } else {
            self.state
        }
    }

    /// Still to start: it has no bed of its own yet but gets those that empty.
    pub fn is_ahead(&self, at: Moment) -> bool {
        self.starts_at.is_some_and(|start| at < start)
    }

    pub fn is_open(&self, now: Moment) -> bool {
        matches!(self.seen_at(now), HoldState::Asked | HoldState::Accepted)
    }
}

/// The date on the walls of Dushanbe: five hours ahead of UTC all year.
pub fn local_date(at: Moment) -> NaiveDate {
    (at + TimeDelta::hours(5)).date_naive()
}

/// The instant at which a date begins there.
pub fn midnight(date: NaiveDate) -> Moment {
    date.and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::hours(5)
}

pub fn ask_time(urgency: Urgency) -> TimeDelta {
    TimeDelta::hours(match urgency {
        Urgency::Now => 1,
        Urgency::Today => 2,
        Urgency::ThisWeek => 6,
        Urgency::Planned => 24,
    })
}

impl Truth {
    /// The report in force at a moment, of those known by then.
    pub fn newest(&self, house: usize, at: Moment) -> Option<&Told> {
        let known = self.houses[house].reports.iter().filter(|told| told.received_at <= at);
        // Of two true at the same time the later one in the list counts: `max_by_key` keeps the last.
        known.max_by_key(|told| (told.order, told.received_at))
    }

    fn stays_of(&self, house: usize) -> impl Iterator<Item = &Stay> {
        self.stays.iter().filter(move |stay| stay.house == house)
    }

    pub fn seen(&self, house: usize, room: usize, at: Moment) -> Seen {
        let Some(told) = self.newest(house, at) else {
            return Seen::default();
        };
        let mut seen = told.rooms[room];
        for stay in self.stays_of(house) {
            let came = stay.state == HoldState::Arrived
                && stay.ended_at.is_some_and(|ended| ended > told.order && ended <= at);
            for (_, beds, cots) in stay.lines.iter().filter(|line| came && line.0 == room) {
                seen.occupied += beds;
                seen.occupied_cots += cots;
            }
        }
        seen
    }

    /// When the newest report says that the room empties; not if somebody has come into it since.
    pub fn exit(&self, house: usize, room: usize, at: Moment) -> Option<NaiveDate> {
        let told = self.newest(house, at)?;
        let came = |stay: &Stay| {
            stay.state == HoldState::Arrived
                && stay.ended_at.is_some_and(|ended| ended > told.order && ended <= at)
                && stay.lines.iter().any(|line| line.0 == room)
        };
        if self.stays_of(house).any(came) {
            return None;
        }
        told.exits[room]
    }

    pub fn room(&self, house: usize, room: usize, at: Moment) -> Sum {
        self.room_on(house, room, at, None)
    }

    /// What is left of a room now, or what is to be left of it on a later date.
    pub fn room_on(&self, house: usize, room: usize, at: Moment, on: Option<NaiveDate>) -> Sum {
        let plan = &self.houses[house].shelter.rooms[room];
        let mut seen = self.seen(house, room, at);
        let leaves = self.exit(house, room, at).filter(|exit| *exit >= local_date(at));
        if leaves.zip(on).is_some_and(|(exit, on)| exit <= on) {
            (seen.occupied, seen.occupied_cots) = (0, 0);
        }
        // Running claims, then those still to start.
        let mut claims = [(0, 0), (0, 0)];
        for stay in self.stays_of(house).filter(|stay| stay.claims_at(at)) {
            let sum = &mut claims[usize::from(stay.is_ahead(at))];
            for (_, beds, cots) in stay.lines.iter().filter(|line| line.0 == room) {
                *sum = (sum.0 + beds, sum.1 + cots);
            }
        }
        let (beds, cots) = (i64::from(plan.beds), i64::from(plan.cots));
        let [running, ahead] = claims;
        let held = running.0 + ahead.0.min((beds - seen.out - seen.occupied - running.0).max(0));
        let held_cots = running.1 + ahead.1.min((cots - seen.occupied_cots - running.1).max(0));
        let base = beds - seen.out - seen.occupied - held;
        let lived_in = seen.occupied > 0 || seen.occupied_cots > 0 || held > 0 || held_cots > 0;
        let closed = plan.kind == RoomKind::Private && lived_in;
        Sum {
            beds,
            free: if closed { 0 } else { base.max(0) },
            occupied: seen.occupied,
            held,
            enclosed: if closed { base.max(0) } else { 0 },
            out: seen.out,
            over: (-base).max(0),
            free_cots: if closed {
                0
            } else {
                (cots - seen.occupied_cots - held_cots).max(0)
            },
        }
    }

    /// What the shelter adds to the country: nothing while it has never reported.
    pub fn house(&self, house: usize, at: Moment) -> Sum {
        let Some(told) = self.newest(house, at) else {
            return Sum::default();
        };
        let mut all = Sum::default();
        for room in 0..self.houses[house].shelter.rooms.len() {
            let one = self.room(house, room, at);
            all.beds += one.beds;
            all.free += if told.operating { one.free } else { 0 };
            all.occupied += one.occupied;
            all.held += one.held;
            all.enclosed += if told.operating { one.enclosed } else { 0 };
            all.out += one.out + if told.operating { 0 } else { one.free + one.enclosed };
            all.over += one.over;
            all.free_cots += if told.operating { one.free_cots } else { 0 };
        }
        all
    }

    /// Whole intervals passed since the newest report was true: 0 fresh, 1 aging, 2 stale, 3 silent.
    pub fn age(&self, house: usize, at: Moment) -> usize {
        let Some(told) = self.newest(house, at) else {
            return 3;
        };
        let interval = TimeDelta::hours(i64::from(self.houses[house].shelter.report_interval_hours));
        (1..=3)
            .find(|times| at - told.observed_at <= interval * *times)
            .map_or(3, |times| times as usize - 1)
    }

    /// Whether she fits now or, if the search's earliest date lies ahead, on that date.
    pub fn fits(&self, house: usize, search: &Search, at: Moment) -> bool {
        let ahead = search.earliest_date.filter(|date| *date > local_date(at));
        self.fits_on(house, search, at, ahead)
    }

    /// Whether this shelter has said no, or let its time pass, for this household, and has told nothing newer since.
    pub fn turned_down(&self, house: usize, case: usize, now: Moment) -> bool {
        let told = self.newest(house, now).map(|told| told.observed_at);
        let mut stays = self.stays_of(house).filter(|stay| stay.case == case);
        stays.any(|stay| {
            let no = match stay.state {
                HoldState::Declined => stay.ended_at,
                HoldState::Asked | HoldState::Expired => stay.silent.then_some(stay.expires_at),
                _ => None,
            };
            no.is_some_and(|no| no <= now && told.is_none_or(|told| told <= no))
        })
    }

    pub fn fits_on(&self, house: usize, search: &Search, at: Moment, on: Option<NaiveDate>) -> bool {
        if !self.newest(house, at).is_some_and(|told| told.operating) {
            return false;
        }
        let shelter = &self.houses[house].shelter;
        let rooms: Vec<Left> = shelter
            .rooms
            .iter()
            .enumerate()
            .map(|(at_room, room)| {
                let sum = self.room_on(house, at_room, at, on);
                Left {
                    kind: room.kind,
                    step_free: room.step_free,
                    sleeps: room.sleeps.map_or(0, i64::from),
                    beds: sum.free,
                    cots: sum.free_cots,
                }
            })
            .collect();
        fits(&shelter.rules, &rooms, search)
    }

    /// Whether the newest report has left this hold without its beds: older holds come first.
    pub fn at_risk(&self, stay: usize, now: Moment) -> bool {
        let (me, house) = (&self.stays[stay], self.stays[stay].house);
        if !me.is_open(now) {
            return false;
        }
        me.lines.iter().any(|(room, ..)| {
            let plan = &self.houses[house].shelter.rooms[*room];
            let mut seen = self.seen(house, *room, now);
            // Who is still to come is not troubled by who sleeps there, only by who else is to.
            let ahead = me.is_ahead(now);
            if ahead {
                (seen.occupied, seen.occupied_cots) = (0, 0);
            }
            let lived_in = plan.kind == RoomKind::Private && (seen.occupied > 0 || seen.occupied_cots > 0);
            let mut beds = if lived_in {
                0
            } else {
                i64::from(plan.beds) - seen.occupied - seen.out
            };
            let mut cots = if lived_in {
                0
            } else {
                i64::from(plan.cots) - seen.occupied_cots
            };
            (beds, cots) = (beds.max(0), cots.max(0));
            let rivals = |other: &&Stay| other.is_open(now) && (ahead || !other.is_ahead(now));
            for other in self.stays_of(house).filter(rivals) {
                for (_, b, c) in other.lines.iter().filter(|line| line.0 == *room) {
                    if *b <= beds && *c <= cots {
                        (beds, cots) = (beds - b, cots - c);
                    } else if other.id == me.id {
                        return true;
                    }
                }
            }
            false
        })
    }

    /// Whether she could come before her day: her beds are empty, and nobody is on the way to them.
    pub fn could_come(&self, stay: usize, now: Moment) -> bool {
        let (me, house) = (&self.stays[stay], self.stays[stay].house);
        me.lines.iter().all(|(room, beds, cots)| {
            let (mut beds, mut cots) = (*beds, *cots);
            let others = |other: &&Stay| other.id != me.id && other.is_open(now) && !other.is_ahead(now);
            for other in self.stays_of(house).filter(others) {
                for line in other.lines.iter().filter(|line| line.0 == *room) {
                    (beds, cots) = (beds + line.1, cots + line.2);
                }
            }
            let plan = &self.houses[house].shelter.rooms[*room];
            let seen = self.seen(house, *room, now);
            let shut = plan.kind == RoomKind::Private && (seen.occupied > 0 || seen.occupied_cots > 0);
            // Too many in cots are no matter to who needs none.
            let left = |of: u16, taken: i64| (i64::from(of) - taken).max(0);
            !shut && beds <= left(plan.beds, seen.occupied + seen.out) && cots <= left(plan.cots, seen.occupied_cots)
        })
    }

    pub fn has_place(&self, case: usize, now: Moment) -> bool {
        self.stays
            .iter()
            .rev()
            .any(|stay| stay.case == case && stay.is_open(now))
    }
}
