//! One policy through all the days: a queue of events by minute. Asking takes the house's time to answer; it says yes
//! only if the household truly fits, its rules allow it, and it has no other reason; she travels only after that.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Timelike};

use super::super::chance::Seen;
use super::super::fit::Claim;
use super::super::id::{HoldId, Moment};
use super::asking::Case;
use super::homes::Home;
use super::learned::Learned;
use super::policy::{Policy, way};
use super::world::{DAY, Minute, PATIENCE, Referral, World, minutes};

/// A referral that found its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// From the asking for help to the house's yes.
    pub minutes: f64,
    /// ... to its door, when that is open.
    pub safe_minutes: f64,
    pub km: f64,
    pub special_needs: usize,
    /// Of her wishes (each service, and a language in common) those that the house meets, and all.
    pub wishes: (u32, u32),
}

/// What one policy made of the days.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    pub placed: Vec<Placed>,
    /// Questions put to houses, answered or not.
    pub asks: u32,
    /// Households that came to a door and found room.
    pub walked_in: u32,
    /// Always 0; see [`Home::oversold`].
    pub oversold: u32,
    /// Truly free beds of each house at each midnight.
    pub nights: Vec<Vec<u32>>,
    /// Beds not to be had, as a share, over all midnights.
    pub occupancy: f64,
}

#[derive(Debug, Clone)]
pub(super) enum Event {
    Night,
    Refer(usize),
    WalkIn(usize),
    Report(usize),
    Leave {
        house: usize,
        lines: Vec<Claim>,
    },
    Arrive {
        house: usize,
        hold: HoldId,
        lines: Vec<Claim>,
    },
    Answer {
        referral: usize,
        ask: usize,
    },
    Lapse {
        referral: usize,
        ask: usize,
    },
    /// The officer takes up the case again, if nothing has happened to it since.
    Turn {
        referral: usize,
        turn: u32,
    },
    GiveUp(usize),
}

/// An officer takes so long to act on news.
const REACTION: Minute = 10;

pub(super) struct Days<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) policy: Policy,
    pub(super) queue: BTreeMap<(Minute, u64), Event>,
    pub(super) number: u64,
    pub(super) homes: Vec<Home>,
    pub(super) learned: Learned,
    pub(super) cases: Vec<Case>,
    pub(super) outcome: Outcome,
    pub(super) shares: Vec<f64>,
}

/// Runs a policy through the world's days.
pub fn live(world: &World<'_>, policy: Policy) -> Outcome {
    let mut days = Days {
        world,
        policy,
        queue: BTreeMap::new(),
        number: 0,
        homes: world
            .houses
            .iter()
            .map(|row| Home::new(&row.shelter, world.start))
            .collect(),
        learned: Learned::new(world.houses.len()),
        cases: world.referrals.iter().map(|_| Case::default()).collect(),
        outcome: Outcome::default(),
        shares: Vec::new(),
    };
    days.settle();
    while let Some(((now, _), event)) = days.queue.pop_first() {
        days.happen(now, event);
    }
    days.outcome.oversold = days.homes.iter().map(|home| home.oversold).sum();
    days.outcome.occupancy = days.shares.iter().sum::<f64>() / (days.shares.len().max(1) as f64);
    days.outcome
}

impl Days<'_> {
    pub(super) fn plan(&mut self, at: Minute, event: Event) {
        self.number += 1;
        self.queue.insert((at, self.number), event);
    }

    /// The first residents, and everything that comes whatever the policy.
    fn settle(&mut self) {
        let start = self.world.start;
        for resident in &self.world.residents {
            let Some(home) = self.homes.get_mut(resident.house) else {
                continue;
            };
            if let Some(found) = home.room_for(&resident.search, start) {
                home.move_in(&found, &resident.search, start);
                let (house, lines) = (resident.house, found.lines);
                self.plan(resident.until, Event::Leave { house, lines });
            }
        }
        for (at, row) in self.world.reports.iter().enumerate() {
            self.plan(row.at, Event::Report(at));
        }
        for (at, row) in self.world.walk_ins.iter().enumerate() {
            self.plan(row.at, Event::WalkIn(at));
        }
        for (at, row) in self.world.referrals.iter().enumerate() {
            self.plan(row.at, Event::Refer(at));
        }
        for day in 1..=self.world.days {
            self.plan(day * DAY, Event::Night);
        }
    }

    fn happen(&mut self, now: Minute, event: Event) {
        let moment = self.world.moment(now);
        match event {
            Event::Night => self.night(now, moment),
            Event::Refer(number) => {
                self.plan(now + PATIENCE, Event::GiveUp(number));
                if let Some(referral) = self.world.referrals.get(number) {
                    self.learned.wanted(self.world, referral);
                }
                self.ask_further(number, now, false);
            }
            Event::WalkIn(number) => self.walk_in(number, now),
            Event::Report(number) => self.report(number, now),
            Event::Leave { house, lines } => {
                if let Some(home) = self.homes.get_mut(house) {
                    home.move_out(&lines);
                }
            }
            Event::Arrive { house, hold, lines } => {
                if let Some(home) = self.homes.get_mut(house) {
                    home.arrive(hold, &lines);
                }
            }
            Event::Answer { referral, ask } => self.answer(referral, ask, now),
            Event::Lapse { referral, ask } => self.lapse(referral, ask, now),
            Event::Turn { referral, turn } => {
                if self
                    .cases
                    .get(referral)
                    .is_some_and(|case| !case.closed && case.turn == turn)
                {
                    self.ask_further(referral, now, true);
                }
            }
            Event::GiveUp(referral) => self.close(referral),
        }
    }

    fn night(&mut self, now: Minute, moment: Moment) {
        if self.policy.is_ours() {
            self.learned.draw(&self.homes, now, moment);
            // After one week, two, four, ...: when there is twice as much to learn from.
            if now % (7 * DAY) == 0 && (now / (7 * DAY)).count_ones() == 1 {
                self.learned.learn();
            }
        }
        let (beds, taken) = self
            .homes
            .iter()
            .fold((0, 0), |sum, home| (sum.0 + home.beds(), sum.1 + home.taken(moment)));
        self.shares.push(f64::from(taken) / f64::from(beds.max(1)));
        self.outcome
            .nights
            .push(self.homes.iter().map(|home| home.free(moment)).collect());
    }

    fn walk_in(&mut self, number: usize, now: Minute) {
        let moment = self.world.moment(now);
        let Some(row) = self.world.walk_ins.get(number) else {
            return;
        };
        let Some(home) = self.homes.get_mut(row.house) else {
            return;
        };
        if let Some(found) = home.room_for(&row.search, moment) {
            home.move_in(&found, &row.search, moment);
            self.outcome.walked_in += 1;
            let (house, lines) = (row.house, found.lines);
            self.plan(now + self.world.stay(house, row.stay), Event::Leave { house, lines });
        }
    }

    fn report(&mut self, number: usize, now: Minute) {
        let moment = self.world.moment(now);
        let Some(row) = self.world.reports.get(number) else {
            return;
        };
        if let Some(home) = self.homes.get_mut(row.house) {
            home.report(moment, row.wrong);
            if self.policy.is_ours() {
                let count = home.board.count(moment);
                let seen = Seen {
                    at: moment,
                    free: count.free,
                    places: count.beds - count.out_of_service,
                };
                self.learned.reported(row.house, seen);
            }
        }
        if self.policy.is_told() {
            let waits = |case: &Case| {
                let begun = case.turn > 0 && !case.closed;
                begun && case.turn_at > now + REACTION && case.asks.iter().all(|ask| !ask.open)
            };
            let waiting: Vec<usize> = (0..self.cases.len())
                .filter(|at| self.cases.get(*at).is_some_and(waits))
                .collect();
            for referral in waiting {
                self.turn_in(referral, now, REACTION);
            }
        }
    }

    fn wishes(&self, referral: &Referral, house: usize) -> (u32, u32) {
        let Some(shelter) = self.world.houses.get(house).map(|row| &row.shelter) else {
            return (0, 0);
        };
        let services = referral.search.services().map(|need| shelter.services.contains(&need));
        let language = !referral.search.languages.is_disjoint(&shelter.languages);
        services
            .chain([language])
            .fold((0, 0), |(met, all), hit| (met + u32::from(hit), all + 1))
    }

    /// She sets out.
    pub(super) fn place(&mut self, referral: &Referral, house: usize, hold: HoldId, lines: Vec<Claim>, now: Minute) {
        let travel = way(self.world, referral, house, self.world.moment(now));
        let comes = now + minutes(travel.minutes.max(0.0));
        let zone = &self.world.pack.time_zone;
        let clock = self.world.moment(comes).with_timezone(zone).time();
        let intake = self.world.houses.get(house).and_then(|row| row.shelter.intake);
        let safe = comes + intake.map_or(0, |hours| until_open(hours, clock));
        self.outcome.placed.push(Placed {
            minutes: (now - referral.at) as f64,
            safe_minutes: (safe - referral.at) as f64,
            km: travel.km,
            special_needs: referral.special_needs,
            wishes: self.wishes(referral, house),
        });
        let leaves = safe + self.world.stay(house, referral.stay);
        self.plan(
            leaves,
            Event::Leave {
                house,
                lines: lines.clone(),
            },
        );
        self.plan(safe, Event::Arrive { house, hold, lines });
    }
}

/// Minutes until the doors open; hours may run over midnight, and equal ends mean at any hour.
fn until_open((from, to): (NaiveTime, NaiveTime), at: NaiveTime) -> Minute {
    let [from, to, at] = [from, to, at].map(|time| i64::from(time.num_seconds_from_midnight()) / 60);
    let open = if from <= to {
        (from..to).contains(&at)
    } else {
        at >= from || at < to
    };
    if from == to || open {
        0
    } else {
        (from - at).rem_euclid(DAY)
    }
}
