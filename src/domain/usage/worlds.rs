//! Invented histories of shelves of which the true use is known: people come and go, things are used up unevenly and
//! come in packs, counts are made now and then, and, depending on the world, go wrong. It must not know who learns from
//! them.

use chrono::{DateTime, Duration};
use serde::Serialize;

use super::super::demo::random::Random;
use super::super::id::Moment;
use super::super::stock::{Counted, MovementKind};
use super::course::{Course, Nights};

/// Days of a history.
const DAYS: i64 = super::LEARN_DAYS;
/// Planning figures of such things as flour, soap, pads, oil, toothpaste and diapers: units per person and day.
const FIGURES: [f64; 6] = [0.25, 0.083, 0.36, 0.027, 0.033, 0.6];
/// How far the true use of a shelter lies from its figure: standard deviation of its logarithm.
const OFF_THE_FIGURE: f64 = 0.5;
/// How much one day differs from another beyond chance.
const UNEVEN_DAYS: f64 = 0.35;

/// What goes wrong in a world.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct World {
    pub name: &'static str,
    /// By how much use swings with the season, as a share.
    pub season: f64,
    /// Share of counts that are wrong.
    pub wrong: f64,
    /// Share of receipts that nobody writes down.
    pub unwritten: f64,
    /// Days from count to count, at least and at most.
    pub every: (i64, i64),
    /// Days before the end at which counting began.
    pub since: i64,
}

const STEADY: World = World {
    name: "steady",
    season: 0.0,
    wrong: 0.0,
    unwritten: 0.0,
    every: (5, 9),
    since: DAYS,
};

pub const WORLDS: [World; 6] = [
    STEADY,
    World {
        name: "seasonal",
        season: 0.5,
        ..STEADY
    },
    World {
        name: "one count in ten is wrong",
        wrong: 0.1,
        ..STEADY
    },
    World {
        name: "one receipt in four is not written down",
        unwritten: 0.25,
        ..STEADY
    },
    World {
        name: "two to four counts",
        since: 22,
        ..STEADY
    },
    World {
        name: "all of it, counted irregularly",
        season: 0.3,
        wrong: 0.1,
        unwritten: 0.25,
        every: (2, 18),
        ..STEADY
    },
];

/// A shelf's history as the service would see it, and what it cannot see.
pub(super) struct Story {
    pub course: Course,
    /// Units per person and day.
    pub figure: f64,
    /// Units per person and day at the end: what would be used from now on.
    pub truth: f64,
    pub now: Moment,
}

fn at(day: i64, hour: i64) -> Moment {
    DateTime::UNIX_EPOCH + Duration::days(20_000 + day) + Duration::hours(hour)
}

/// One history of this world.
pub(super) fn story(world: &World, random: &mut Random) -> Story {
    let figure = random.pick(&FIGURES).copied().unwrap_or(0.1);
    let rate = figure * (OFF_THE_FIGURE * normal(random)).exp();
    let (phase, house) = (random.unit() * std::f64::consts::TAU, random.between(4, 40));
    let of_day = |day: i64| {
        let turn = phase + std::f64::consts::TAU * day as f64 / 365.0;
        rate * (1.0 + world.season * turn.sin())
    };
    let (mut beds, pack) = (random.between(1, house), random.between(1, 24));
    let month = (30.0 * rate * house as f64 / 2.0).ceil() as i64 + pack;
    let mut shelf = month;
    let (mut counts, mut moves, mut said) = (Vec::new(), Vec::new(), Vec::new());
    let mut next_count = DAYS - world.since;
    for day in 0..=DAYS {
        if random.chance(0.3) {
            beds = (beds + random.between(-2, 2)).clamp(1, house);
        }
        // One report in ten does not come.
        if !random.chance(0.1) {
            said.push((at(day, 8), u32::try_from(beds).unwrap_or(0)));
        }
        if day == next_count {
            counts.push(Counted {
                units: counted(world, shelf, pack, random),
                at: at(day, 9),
            });
            next_count = day + random.between(world.every.0, world.every.1);
        }
        let expected = of_day(day) * beds as f64;
        shelf -= taken(expected, random).min(shelf);
        if (shelf as f64) < 7.0 * expected {
            let units = (month + pack - 1) / pack * pack;
            shelf += units;
            if !random.chance(world.unwritten) {
                moves.push((at(day, 20), MovementKind::Receipt, units));
            }
        }
    }
    Story {
        course: Course::new(counts, moves, &Nights::new(said)),
        figure,
        truth: of_day(DAYS),
        now: at(DAYS, 12),
    }
}

/// What is written down as counted: the truth, or a slip: a shelf not seen, a pack too many, a digit left out.
fn counted(world: &World, shelf: i64, pack: i64, random: &mut Random) -> i64 {
    if !random.chance(world.wrong) {
        return shelf;
    }
    match random.below(3) {
        0 => (shelf as f64 * (0.3 + 0.5 * random.unit())) as i64,
        1 => shelf + pack * random.between(1, 3),
        _ => shelf / 10,
    }
}

/// Units used in a day: uneven days, then chance.
fn taken(expected: f64, random: &mut Random) -> i64 {
    let mean = expected * (UNEVEN_DAYS * normal(random) - UNEVEN_DAYS * UNEVEN_DAYS / 2.0).exp();
    if mean < 12.0 {
        return random.events(mean).into();
    }
    (mean + mean.sqrt() * normal(random)).round().max(0.0) as i64
}

/// Normal around 0, near enough: twelve even draws.
fn normal(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}
