//! Ways between districts: how far, how long, and whether that is known or estimated. All pairs are worked out when
//! the pack is read, once for each state of the roads in the year, so that a question is one look into a table.
//!
//! The rule. Districts are joined by
//! 1. the roads of `roads.csv` that are open in the month, and
//! 2. estimated legs: two centres of one basin that no row of `roads.csv` joins, at most `longest_leg_km` apart (or,
//!    where there is none so near, the nearest one); straight line × ratio, at the speed of the rougher of the two
//!    terrains.
//!
//! The way is the quickest over these, so a pair that no road joins gets an estimate to the road, the road, and an
//! estimate from it. It counts as known (`by_road`) only if it consists of roads that sources state. Of two equally
//! quick ways the known one is taken.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use serde::Serialize;

use super::areas::{District, Point};
use super::error::{PackError, PackFault, PackFile};
use super::roads::Road;
use super::settings::{Settings, Terrain};

/// Mean radius of the Earth in kilometres (IUGG).
const EARTH_KM: f64 = 6371.0088;

/// A way from one district's centre to another's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Travel {
    /// Kilometres on the way, to a tenth.
    pub km: f64,
    /// Minutes at the wheel, whole; no rests, no weather.
    pub minutes: f64,
    /// The whole way consists of facts that a source states; otherwise it is an estimate, in part or in all.
    pub by_road: bool,
}

/// The great circle between two points, in kilometres (haversine).
#[must_use]
pub fn straight_km(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let chord = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    2.0 * EARTH_KM * chord.sqrt().min(1.0).asin()
}

/// All ways of all months.
#[derive(Debug, Clone)]
pub(super) struct TravelTable {
    places: usize,
    /// For January to December: which of the worked-out states of the roads holds.
    state_of_month: [usize; 12],
    /// `states × places × places`.
    cells: Vec<Cell>,
}

/// A `Travel` in eight bytes, so that the table of a small country stays in the processor's cache and that of a large
/// one in memory.
#[derive(Debug, Clone, Copy)]
struct Cell {
    tenths_of_km: u32,
    /// Twice the minutes, plus one for a way that is known.
    minutes_and_known: u32,
}

impl Cell {
    fn new(km: f64, minutes: f64, by_road: bool) -> Self {
        // Casts of floating numbers stop at the ends of the range instead of wrapping.
        let minutes = (minutes.round() as u32).min(u32::MAX / 2);
        Self {
            tenths_of_km: (km * 10.0).round() as u32,
            minutes_and_known: minutes * 2 + u32::from(by_road),
        }
    }

    fn travel(self) -> Travel {
        Travel {
            km: f64::from(self.tenths_of_km) / 10.0,
            minutes: f64::from(self.minutes_and_known / 2),
            by_road: self.minutes_and_known % 2 == 1,
        }
    }
}

/// One step of a way.
#[derive(Debug, Clone, Copy)]
struct Leg {
    to: usize,
    metres: u64,
    seconds: u64,
    stated: bool,
    closed_months: u16,
}

/// How good a way is, best first: quick, known, short. Whole numbers, so that every machine finds the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    seconds: u64,
    estimated: bool,
    metres: u64,
}

impl TravelTable {
    pub fn build(districts: &[District], settings: &Settings, roads: &[Road]) -> Result<Self, PackError> {
        let legs = legs(districts, settings, roads);
        let places = districts.len();
        let mut states: Vec<Vec<bool>> = Vec::new();
        let mut state_of_month = [0; 12];
        let mut cells = Vec::new();
        for (month, state) in state_of_month.iter_mut().enumerate() {
            let closures: Vec<bool> = roads.iter().map(|r| closed(r.closed_months, month)).collect();
            *state = match states.iter().position(|s| *s == closures) {
                Some(known) => known,
                None => {
                    states.push(closures);
                    cells.extend(all_ways(districts, settings, &legs, month)?);
                    states.len() - 1
                }
            };
        }
        Ok(Self {
            places,
            state_of_month,
            cells,
        })
    }

    /// `month` from 1; `None` if it or a place does not exist.
    pub fn look_up(&self, from: usize, to: usize, month: u32) -> Option<Travel> {
        let state = self.state_of_month.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
        if from >= self.places || to >= self.places {
            return None;
        }
        self.cells
            .get((state * self.places + from) * self.places + to)
            .map(|cell| cell.travel())
    }
}

/// Whether a month (from 0) is among those whose bits are set.
fn closed(months: u16, month: usize) -> bool {
    months >> month & 1 == 1
}

fn legs(districts: &[District], settings: &Settings, roads: &[Road]) -> Vec<Vec<Leg>> {
    let mut legs: Vec<Vec<Leg>> = vec![Vec::new(); districts.len()];
    let mut join = |from: usize, leg: Leg| {
        if let Some(of) = legs.get_mut(from) {
            of.push(leg);
        }
        if let Some(of) = legs.get_mut(leg.to) {
            of.push(Leg { to: from, ..leg });
        }
    };
    for road in roads {
        let Road {
            from,
            to,
            metres,
            seconds,
            closed_months,
            stated,
        } = *road;
        join(
            from,
            Leg {
                to,
                metres,
                seconds,
                stated,
                closed_months,
            },
        );
    }
    let joined: BTreeSet<(usize, usize)> = roads.iter().flat_map(|r| [(r.from, r.to), (r.to, r.from)]).collect();
    for (n, a) in districts.iter().enumerate() {
        let others = districts
            .iter()
            .enumerate()
            .filter(|(m, b)| *m != n && b.basin == a.basin);
        let others: Vec<_> = others.map(|(m, b)| (m, b, straight_km(a.centre, b.centre))).collect();
        let nearest = others.iter().map(|(_, _, km)| *km).reduce(f64::min).unwrap_or_default();
        // Each near pair is met twice and joined once; a far nearest neighbour may be met from one side only, and
        // joining it twice does no harm.
        for (m, b, km) in others {
            let near = km <= settings.longest_leg_km;
            // Where the pack knows the road, closed or slow as it may be, a guess must not outrun it.
            let guess = !joined.contains(&(n, m));
            if guess && ((near && m > n) || (!near && km <= nearest)) {
                join(n, estimate(settings, (a, b), m, km));
            }
        }
    }
    legs
}

fn estimate(settings: &Settings, (a, b): (&District, &District), to: usize, straight: f64) -> Leg {
    let rougher = settings.terrains.get(a.terrain.max(b.terrain));
    let smoother = settings.terrains.get(a.terrain.min(b.terrain));
    let of = |terrain: Option<&Terrain>, f: fn(&Terrain) -> f64| terrain.map_or(0.0, f);
    // Two centres in one town are not zero kilometres apart.
    let km = (straight * of(rougher, |t| t.ratio)).max(of(smoother, |t| t.within_km));
    let hours = (km / of(rougher, |t| t.speed_kmh)).max(of(smoother, |t| t.within_minutes) / 60.0);
    let (metres, seconds) = ((km * 1000.0).round() as u64, (hours * 3600.0).round() as u64);
    Leg {
        to,
        metres,
        seconds,
        stated: false,
        closed_months: 0,
    }
}

/// The table of one month; `month` from 0.
fn all_ways(
    districts: &[District],
    settings: &Settings,
    legs: &[Vec<Leg>],
    month: usize,
) -> Result<Vec<Cell>, PackError> {
    let places = districts.len();
    let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(places);
    for (from, district) in districts.iter().enumerate() {
        let ways = ways_from(from, legs, month);
        let mut row = Vec::with_capacity(places);
        for (to, way) in ways.into_iter().enumerate() {
            // There and back are the same way, also where two ways are equally good.
            let back = rows.get(to).and_then(|r| r.get(from)).copied();
            let cell = if from == to {
                Some(within(settings, district))
            } else {
                back.or(way.map(cell))
            };
            row.push(cell.ok_or_else(|| unreachable_pair(district, districts.get(to), month))?);
        }
        rows.push(row);
    }
    Ok(rows.into_iter().flatten().collect())
}

fn unreachable_pair(from: &District, to: Option<&District>, month: usize) -> PackError {
    let to = to.map(|d| d.code.clone()).unwrap_or_default();
    let fault = PackFault::Unreachable {
        from: from.code.clone(),
        to,
        month: month as u8 + 1,
    };
    PackError::new(PackFile::Roads, None, None, fault)
}

/// Dijkstra from one place.
fn ways_from(from: usize, legs: &[Vec<Leg>], month: usize) -> Vec<Option<Way>> {
    let mut best: Vec<Option<Way>> = vec![None; legs.len()];
    let mut open = BinaryHeap::from([Reverse((
        Way {
            seconds: 0,
            estimated: false,
            metres: 0,
        },
        from,
    ))]);
    while let Some(Reverse((way, at))) = open.pop() {
        let Some(known @ None) = best.get_mut(at) else { continue };
        *known = Some(way);
        for leg in legs
            .get(at)
            .into_iter()
            .flatten()
            .filter(|leg| !closed(leg.closed_months, month))
        {
            if best.get(leg.to).is_some_and(Option::is_none) {
                let next = Way {
                    seconds: way.seconds + leg.seconds,
                    estimated: way.estimated || !leg.stated,
                    metres: way.metres + leg.metres,
                };
                open.push(Reverse((next, leg.to)));
            }
        }
    }
    best
}

fn cell(way: Way) -> Cell {
    Cell::new(way.metres as f64 / 1000.0, way.seconds as f64 / 60.0, !way.estimated)
}

fn within(settings: &Settings, district: &District) -> Cell {
    let terrain = settings.terrains.get(district.terrain);
    let (km, minutes) = terrain.map_or((0.0, 0.0), |t| (t.within_km, t.within_minutes));
    Cell::new(km, minutes, false)
}
