//! The most placements that anybody could have made on these days who knew all of them beforehand: an upper bound.
//!
//! Relaxed is only what can make it larger. Houses never refuse for reasons of their own, answer at once, and no way
//! is too far; households in a shared room may be spread over its beds in parts. A household admitted between `a` and
//! `a + patience` for a stay `d` is in its room at least from `a + patience` to `a + d`, so that core alone is counted.
//!
//! Each private room, block unit and shared bed is then a machine, each household a job with one interval for each
//! house, worth 1 whole (on a bed, one part of as many as it needs). That each household is placed once at most is priced
//! with a multiplier `λ` instead of being held to (Lagrange): for any `λ ≥ 0`
//!
//! ```text
//! placements  ≤  Σ λᵢ + Σ over machines of the best set of disjoint intervals, each worth (1 − λᵢ) / beds
//! ```
//!
//! The best set on one machine is exact (weighted interval scheduling), so every `λ` proves a bound; subgradient steps
//! (Held, Wolfe and Crowder 1974; step lengths after Polyak) look for a small one. It must not know any policy.

use super::super::fit;
use super::super::household::Search;
use super::super::rooms::{Occupancy, Room, RoomKind, RoomView};
use super::homes::Home;
use super::world::{Minute, PATIENCE, World};

const STEPS: usize = 100;

/// What could have been done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hindsight {
    /// Households housed in all, from the system and from the door.
    pub housed: f64,
    /// Referrals placed, if everybody at the doors could have been sent away.
    pub referred: f64,
}

/// One household that might be placed.
struct Job<'a> {
    search: &'a Search,
    at: Minute,
    patience: Minute,
    stay: f64,
    /// The only house it asks; `None`: any.
    house: Option<usize>,
}

/// Something that holds one household (or one part of it) at a time.
struct Machine {
    /// (job, share of it that one machine holds, jobs before this one in order of their ends that leave room for it), by
    /// end.
    intervals: Vec<Interval>,
}

struct Interval {
    job: usize,
    share: f64,
    before: usize,
}

/// The bound for these days.
pub fn hindsight(world: &World<'_>) -> Hindsight {
    let referred = world.referrals.iter().map(|row| Job {
        search: &row.search,
        at: row.at,
        patience: PATIENCE,
        stay: row.stay,
        house: None,
    });
    let from_the_door = world.walk_ins.iter().map(|row| Job {
        search: &row.search,
        at: row.at,
        patience: 0,
        stay: row.stay,
        house: Some(row.house),
    });
    let referred: Vec<Job<'_>> = referred.collect();
    let alone = bound(world, &referred);
    let all: Vec<Job<'_>> = referred.into_iter().chain(from_the_door).collect();
    Hindsight {
        housed: bound(world, &all),
        referred: alone,
    }
}

fn bound(world: &World<'_>, jobs: &[Job<'_>]) -> f64 {
    let machines = machines(world, jobs);
    let mut placeable = vec![0.0; jobs.len()];
    for row in machines.iter().flat_map(|machine| &machine.intervals) {
        if let Some(price) = placeable.get_mut(row.job) {
            *price = 1.0;
        }
    }
    // At a price of 1 nobody is worth a machine: the bound that needs no search.
    let mut best: f64 = placeable.iter().sum();
    let floor = greedy(&machines, jobs.len());
    let mut prices: Vec<f64> = placeable.iter().map(|price| price * 0.5).collect();
    let (mut pace, mut since) = (1.0, 0);
    for _ in 0..STEPS {
        let mut used = vec![0.0; jobs.len()];
        let worth: f64 = machines
            .iter()
            .map(|machine| machine.schedule(&prices, &mut used))
            .sum();
        let value = worth + prices.iter().sum::<f64>();
        since += 1;
        if value < best - 1e-9 {
            (best, since) = (value, 0);
        } else if since == 10 {
            (pace, since) = (pace / 2.0, 0);
        }
        if best - floor < 0.5 {
            break;
        }
        // What would only push a price past its ends does not count (Polyak's step towards the floor).
        let slope = |price: f64, used: f64, can: f64| {
            let slope = used - 1.0;
            let at_end = (price <= 0.0 && slope < 0.0) || (price >= can && slope > 0.0);
            if at_end { 0.0 } else { slope }
        };
        let rows = || prices.iter().zip(&used).zip(&placeable);
        let square: f64 = rows()
            .map(|((price, used), can)| slope(*price, *used, *can).powi(2))
            .sum();
        let length = pace * (value - floor) / square.max(1e-9);
        prices = rows()
            .map(|((price, used), can)| (price + length * slope(*price, *used, *can)).clamp(0.0, *can))
            .collect();
    }
    // A whole number of households, and rounding of sums aside.
    (best + 1e-6).floor()
}

/// What machines reach that choose one after the other among who is left: not more than the bound.
fn greedy(machines: &[Machine], jobs: usize) -> f64 {
    let (mut prices, mut used) = (vec![0.0; jobs], vec![0.0; jobs]);
    let mut sum = 0.0;
    for machine in machines {
        sum += machine.schedule(&prices, &mut used);
        for (price, used) in prices.iter_mut().zip(&used) {
            *price = if *used > 1.0 - 1e-9 { 1.0 } else { 0.0 };
        }
    }
    sum
}

impl Machine {
    /// The worth of the best disjoint intervals; adds what they hold of each job.
    fn schedule(&self, prices: &[f64], used: &mut [f64]) -> f64 {
        let mut best = Vec::with_capacity(self.intervals.len() + 1);
        best.push(0.0);
        for (at, row) in self.intervals.iter().enumerate() {
            let worth = row.share * (1.0 - prices.get(row.job).copied().unwrap_or(0.0));
            let with = worth + best.get(row.before).copied().unwrap_or(0.0);
            let without: f64 = best.get(at).copied().unwrap_or(0.0);
            best.push(without.max(with));
        }
        let mut at = self.intervals.len();
        while let Some((last, row)) = at
            .checked_sub(1)
            .and_then(|last| Some((last, self.intervals.get(last)?)))
        {
            if best.get(at) == best.get(last) {
                at = last;
                continue;
            }
            if let Some(used) = used.get_mut(row.job) {
                *used += row.share;
            }
            at = row.before;
        }
        best.last().copied().unwrap_or(0.0)
    }
}

fn machines(world: &World<'_>, jobs: &[Job<'_>]) -> Vec<Machine> {
    let mut found = Vec::new();
    for (house, row) in world.houses.iter().enumerate() {
        // Rooms alike in all but their number take the same households.
        for room in &row.shelter.rooms {
            let takers = takers(world, jobs, house, room);
            let whole = room.kind != RoomKind::Shared;
            let units = if room.kind == RoomKind::Private {
                1
            } else {
                usize::from(room.beds)
            };
            for free_from in released(world, house, room, units) {
                found.push(machine(&takers, whole, free_from));
            }
        }
    }
    found
}

/// A job that the room takes: its number, core interval and beds.
struct Taker {
    job: usize,
    from: Minute,
    until: Minute,
    beds: u32,
}

fn takers(world: &World<'_>, jobs: &[Job<'_>], house: usize, room: &Room) -> Vec<Taker> {
    let Some(rules) = world.houses.get(house).map(|row| &row.shelter.rules) else {
        return Vec::new();
    };
    let empty = [RoomView::new(room.clone(), Occupancy::default())];
    let mut found: Vec<Taker> = jobs
        .iter()
        .enumerate()
        .filter(|(_, job)| job.house.is_none_or(|only| only == house))
        .filter_map(|(number, job)| {
            if job
                .search
                .avoid_districts
                .contains(&world.houses.get(house)?.shelter.district)
            {
                return None;
            }
            let beds = fit::place(rules, &empty, job.search, world.start)?.allocation.beds();
            let from = job.at + job.patience;
            Some(Taker {
                job: number,
                from,
                // Shorter than the patience: it takes up nothing for certain.
                until: (job.at + world.stay(house, job.stay)).max(from),
                beds,
            })
        })
        .collect();
    found.sort_by_key(|taker| (taker.until, taker.job));
    found
}

fn machine(takers: &[Taker], whole: bool, free_from: Minute) -> Machine {
    let open: Vec<&Taker> = takers
        .iter()
        .filter(|taker| taker.from >= free_from || taker.until == taker.from)
        .collect();
    let intervals = open.iter().map(|taker| Interval {
        job: taker.job,
        share: if whole { 1.0 } else { 1.0 / f64::from(taker.beds.max(1)) },
        before: open.partition_point(|other| other.until <= taker.from),
    });
    // What takes up nothing ends where it begins; it comes after itself at the latest.
    let intervals = intervals.enumerate().map(|(at, row)| Interval {
        before: row.before.min(at),
        ..row
    });
    Machine {
        intervals: intervals.collect(),
    }
}

/// When each unit of the room is left by those who live there at the beginning. They come first, so they move in whatever
/// the policy is.
fn released(world: &World<'_>, house: usize, room: &Room, units: usize) -> Vec<Minute> {
    let mut free = vec![0; units];
    let Some(row) = world.houses.get(house) else {
        return free;
    };
    let mut home = Home::new(&row.shelter, world.start);
    let mut next = 0;
    for resident in world.residents.iter().filter(|resident| resident.house == house) {
        let Some(found) = home.room_for(&resident.search, world.start) else {
            continue;
        };
        home.move_in(&found, &resident.search, world.start);
        let whole = room.kind == RoomKind::Private;
        for line in found.lines.iter().filter(|line| line.room_id == room.id) {
            for _ in 0..if whole { 1 } else { line.beds } {
                if let Some(slot) = free.get_mut(next) {
                    *slot = resident.until;
                }
                next += 1;
            }
        }
    }
    free
}
