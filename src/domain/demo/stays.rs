//! Who stayed where and when: a birth-and-death process for one shelter. More households come after a weekend, few on
//! it; a room is at times out of service. Whoever finds no room is not taken in.

use chrono::{Datelike, Duration, Weekday};

use super::super::id::Moment;
use super::super::rooms::{Held, Occupancy, OutOfServiceReason, Room, RoomKind};
use super::super::shelters::ShelterKind;
use super::households::Family;
use super::random::Random;
use super::{DAYS, Demo, DemoShelter};

#[derive(Debug, Clone)]
pub(super) struct Stay {
    /// Position of the room.
    pub room: usize,
    pub beds: u16,
    pub cots: u16,
    pub from: Moment,
    pub until: Moment,
    pub family: Family,
}

#[derive(Debug, Clone)]
pub(super) struct Outage {
    pub room: usize,
    pub beds: u16,
    pub from: Moment,
    pub until: Moment,
    pub reason: OutOfServiceReason,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    pub stays: Vec<Stay>,
    pub outages: Vec<Outage>,
}

/// Beds and cots in one room, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub room: usize,
    pub beds: u16,
    pub cots: u16,
}

impl Past {
    pub(super) fn live(demo: &Demo, shelter: &DemoShelter, random: &mut Random) -> Self {
        let mut past = Self::default();
        let start = demo.now - Duration::days(DAYS);
        let beds: u16 = shelter.shelter.rooms.iter().map(|room| room.beds).sum();
        let target = f64::from(beds) * (0.6 + 0.4 * random.unit());
        let stay_days = match shelter.shelter.kind {
            ShelterKind::Crisis => 14.0,
            ShelterKind::SupportRoom => 7.0,
            ShelterKind::LongStay => 45.0,
            ShelterKind::Transitional => 70.0,
        };
        // Those who were there already.
        for _ in 0..200 {
            if f64::from(past.occupied(start)) >= target {
                break;
            }
            past.arrive(shelter, start, stay_days, random);
        }
        // Fewer than two beds a household, since many a comer is not admitted or finds no room.
        let rate = target / 1.2 / stay_days;
        for day in 0..DAYS {
            let midnight = start + Duration::days(day);
            past.out_of_service(shelter, midnight, random);
            let weight = match midnight.with_timezone(&demo.zone).weekday() {
                Weekday::Mon => 1.6,
                Weekday::Tue => 1.2,
                Weekday::Sat | Weekday::Sun => 0.6,
                _ => 1.0,
            };
            let mut minutes: Vec<i64> = (0..random.events(rate * weight))
                .map(|_| random.between(1, 1430))
                .collect();
            minutes.sort_unstable();
            for minute in minutes {
                past.arrive(shelter, midnight + Duration::minutes(minute), stay_days, random);
            }
        }
        past
    }

    fn occupied(&self, at: Moment) -> u16 {
        self.stays
            .iter()
            .filter(|stay| stay.from <= at && at < stay.until)
            .map(|stay| stay.beds)
            .sum()
    }

    /// The room's state at a moment.
    pub(super) fn state(&self, room: usize, at: Moment) -> Occupancy {
        let mut state = Occupancy::default();
        for stay in self
            .stays
            .iter()
            .filter(|stay| stay.room == room && stay.from <= at && at < stay.until)
        {
            state.occupied_beds += stay.beds;
            state.occupied_cots += stay.cots;
        }
        for outage in self
            .outages
            .iter()
            .filter(|outage| outage.room == room && outage.from <= at && at < outage.until)
        {
            state.out_of_service_beds += outage.beds;
            state.out_of_service_reason = Some(outage.reason);
        }
        state
    }

    pub(super) fn states(&self, shelter: &DemoShelter, at: Moment) -> Vec<Occupancy> {
        (0..shelter.shelter.rooms.len())
            .map(|room| self.state(room, at))
            .collect()
    }

    fn arrive(&mut self, shelter: &DemoShelter, at: Moment, stay_days: f64, random: &mut Random) {
        let family = Family::drawn(random);
        let states = self.states(shelter, at);
        let Some(claim) = place(shelter, &family, &states, &[], random) else {
            return;
        };
        let days = random.exponential(stay_days).clamp(0.4, 400.0);
        // Whole minutes, so that times read as people write them.
        let stay = Duration::minutes(minutes(days * 24.0 * 60.0));
        let Spot { room, beds, cots } = claim;
        self.stays.push(Stay {
            room,
            beds,
            cots,
            from: at,
            until: at + stay,
            family,
        });
    }

    fn out_of_service(&mut self, shelter: &DemoShelter, at: Moment, random: &mut Random) {
        if !random.chance(0.03) {
            return;
        }
        let index = random.below(shelter.shelter.rooms.len());
        let Some(room) = shelter.shelter.rooms.get(index) else {
            return;
        };
        let state = self.state(index, at);
        let free = room
            .beds
            .saturating_sub(state.occupied_beds + state.out_of_service_beds);
        let beds = match room.kind {
            RoomKind::Private if state.occupied_beds == 0 => free,
            RoomKind::Private => 0,
            RoomKind::Shared | RoomKind::Block => free.min(1),
        };
        if beds == 0 {
            return;
        }
        let reasons = [
            OutOfServiceReason::Repair,
            OutOfServiceReason::Repair,
            OutOfServiceReason::Cleaning,
            OutOfServiceReason::Infection,
            OutOfServiceReason::Staffing,
        ];
        let reason = random.pick(&reasons).copied().unwrap_or(OutOfServiceReason::Other);
        let until = at + Duration::days(random.between(1, 9));
        self.outages.push(Outage {
            room: index,
            beds,
            from: at,
            until,
            reason,
        });
    }
}

/// Minutes as a whole number; the demo never comes near the bounds.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
pub(super) fn minutes(value: f64) -> i64 {
    value.clamp(0.0, 1e7) as i64
}

/// A room that takes the whole household: among those that do, one of the tightest. `held` claims beds beside `states`.
pub(super) fn place(
    shelter: &DemoShelter,
    family: &Family,
    states: &[Occupancy],
    held: &[(usize, Held)],
    random: &mut Random,
) -> Option<Spot> {
    let rules = &shelter.shelter.rules;
    if !family.admitted(rules) {
        return None;
    }
    let mut best: Option<(u16, Spot)> = None;
    let offset = random.below(shelter.shelter.rooms.len());
    let count = shelter.shelter.rooms.len();
    for step in 0..count {
        let index = (offset + step) % count;
        let (Some(room), Some(state)) = (shelter.shelter.rooms.get(index), states.get(index)) else {
            continue;
        };
        let held = held
            .iter()
            .filter(|(at, _)| *at == index)
            .fold(Held::default(), |sum, (_, held)| Held {
                beds: sum.beds + held.beds,
                cots: sum.cots + held.cots,
            });
        if let Some((waste, claim)) = fits(room, index, family, state, held, rules.infants_share_bed)
            && (room.kind != RoomKind::Shared || !family.needs_private(rules))
            && best.as_ref().is_none_or(|(least, _)| waste < *least)
        {
            best = Some((waste, claim));
        }
    }
    best.map(|(_, claim)| claim)
}

/// The claim on this room and the beds it would leave unused.
fn fits(
    room: &Room,
    index: usize,
    family: &Family,
    state: &Occupancy,
    held: Held,
    infants_share: bool,
) -> Option<(u16, Spot)> {
    let (beds, infants) = family.beds_and_infants();
    let base = room
        .beds
        .checked_sub(state.out_of_service_beds + state.occupied_beds + held.beds)?;
    if room.kind == RoomKind::Block {
        let sleeps = u16::from(room.sleeps.unwrap_or(0));
        let claim = Spot {
            room: index,
            beds: 1,
            cots: 0,
        };
        return (base > 0 && family.persons() <= sleeps).then(|| (sleeps - family.persons(), claim));
    }
    let taken = state.occupied_beds > 0 || held.beds > 0;
    if base < beds || (room.kind == RoomKind::Private && taken) {
        return None;
    }
    let free_cots = room.cots.saturating_sub(state.occupied_cots + held.cots);
    let cots = infants.min(free_cots);
    let sharing = if infants_share {
        u16::try_from(family.adults.len()).unwrap_or(0)
    } else {
        0
    };
    if infants - cots > sharing {
        return None;
    }
    let waste = if room.kind == RoomKind::Private { base - beds } else { 1 };
    Some((
        waste,
        Spot {
            room: index,
            beds,
            cots,
        },
    ))
}
