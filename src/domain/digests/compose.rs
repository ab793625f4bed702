//! Makes a digest of the figures: sums, compares, chooses what matters, masks what is about single people.

use super::content::{
    Change, Content, DemandLine, Quality, RegionLine, Reporting, Silent, Standard, SupplyLine, Transfers, Trend,
    TrendPoint,
};
use super::exceptions::exceptions;
use super::input::{DayPoint, DigestInput, Previous, SilentShelter, Supply, Totals, TransferInput};
use super::unmet::{mask, unmet};
use crate::domain::calendar;

/// Inhabitants per family place in the standard of the Council of Europe's Istanbul Convention (explanatory report).
const INHABITANTS_PER_PLACE: u64 = 10_000;
const MOST_SILENT: usize = 40;
const MOST_SUPPLIES: usize = 7;
const MOST_OVERDUE: usize = 5;
const TREND_DAYS: usize = 30;

/// The content of a digest. Pure: the same figures make the same content.
///
/// Figures about people (demand, unmet need) are left out of a digest of one region: beside the national digest they
/// would give away those of the other regions by subtraction.
pub fn compose(input: &DigestInput) -> Content {
    let totals = Totals::sum(input.regions.iter().map(|line| &line.totals));
    let silent = longest_silent_first(&input.silent);
    let supplies = gravest_first(&input.supplies);
    let exceptions = exceptions(input, &silent, &supplies);
    let national = input.scope.is_none();
    Content {
        version: 1,
        scope: input.scope.clone(),
        period: input.period,
        as_of: input.as_of,
        as_of_local: calendar::civil(input.zone, input.as_of),
        zone: input.zone.name().to_owned(),
        delayed: input.delayed,
        totals,
        change: input.previous.as_ref().map(|previous| change(previous, &totals)),
        exceptions: exceptions.shown,
        exceptions_left_out: exceptions.left_out,
        trend: trend(&input.series),
        regions: (input.regions.iter())
            .map(|line| RegionLine {
                region: line.region.clone(),
                totals: line.totals,
            })
            .collect(),
        reporting: reporting(input),
        demand: national.then(|| DemandLine {
            opened: mask(input.demand.opened),
            placed: mask(input.demand.placed),
            median_minutes: input.demand.median_minutes,
        }),
        unmet: input.unmet.as_ref().filter(|_| national).map(unmet),
        supplies: supplies
            .iter()
            .take(MOST_SUPPLIES)
            .map(|supply| supply_line(supply))
            .collect(),
        supplies_left_out: count(supplies.len().saturating_sub(MOST_SUPPLIES)),
        transfers: transfers(&input.transfers),
        standard: standard(input, &totals),
        quality: Quality {
            shelters: totals.shelters.total,
            fresh: totals.shelters.fresh,
            aging: totals.shelters.aging,
            stale: totals.shelters.stale,
            silent: totals.shelters.silent,
        },
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn change(previous: &Previous, now: &Totals) -> Change {
    let difference = |now: u32, then: u32| i64::from(now) - i64::from(then);
    Change {
        since: previous.period,
        family_places: difference(now.family_places, previous.totals.family_places),
        free: difference(now.free, previous.totals.free),
        occupied: difference(now.occupied, previous.totals.occupied),
    }
}

/// Never heard of first, then by the age of the last report, then by code.
fn longest_silent_first(silent: &[SilentShelter]) -> Vec<&SilentShelter> {
    let mut sorted: Vec<&SilentShelter> = silent.iter().collect();
    sorted.sort_by(|a, b| (a.since, &a.code).cmp(&(b.since, &b.code)));
    sorted
}

/// Only what is short, most critical shelters first, then most low ones, then by code.
fn gravest_first(supplies: &[Supply]) -> Vec<&Supply> {
    let mut sorted: Vec<&Supply> = supplies.iter().filter(|s| s.critical > 0 || s.low > 0).collect();
    sorted.sort_by(|a, b| (b.critical, b.low, &a.item).cmp(&(a.critical, a.low, &b.item)));
    sorted
}

fn supply_line(supply: &Supply) -> SupplyLine {
    SupplyLine {
        item: supply.item.clone(),
        critical: supply.critical,
        low: supply.low,
        regions: supply.regions.clone(),
        cover: supply.cover,
    }
}

fn transfers(input: &TransferInput) -> Transfers {
    let mut overdue = input.overdue.clone();
    overdue.sort_by(|a, b| (a.due_on, &a.code).cmp(&(b.due_on, &b.code)));
    let left_out = count(overdue.len().saturating_sub(MOST_OVERDUE));
    overdue.truncate(MOST_OVERDUE);
    Transfers {
        sent: input.sent,
        received: input.received,
        overdue,
        overdue_left_out: left_out,
    }
}

fn reporting(input: &DigestInput) -> Reporting {
    let silent = longest_silent_first(&input.missing);
    Reporting {
        reported: input.expected.saturating_sub(count(silent.len())),
        of: input.expected,
        silent: (silent.iter().take(MOST_SILENT))
            .map(|shelter| Silent {
                code: shelter.code.clone(),
                since: shelter.since.map(|since| calendar::local_date(input.zone, since)),
            })
            .collect(),
        silent_left_out: count(silent.len().saturating_sub(MOST_SILENT)),
    }
}

fn trend(series: &[DayPoint]) -> Option<Trend> {
    let points: Vec<TrendPoint> = series
        .iter()
        .skip(series.len().saturating_sub(TREND_DAYS))
        .map(|day| TrendPoint {
            date: day.date,
            free: day.free,
        })
        .collect();
    if points.len() < 2 {
        return None;
    }
    let lowest = *points.iter().min_by_key(|point| point.free)?;
    // Of equal days the first, as with the lowest.
    let highest = *points.iter().rev().max_by_key(|point| point.free)?;
    Some(Trend {
        points,
        lowest,
        highest,
    })
}

/// `None` unless the inhabitants of every region are known.
fn standard(input: &DigestInput, totals: &Totals) -> Option<Standard> {
    let population = (input.regions.iter()).try_fold(0u64, |sum, line| sum.checked_add(line.population?))?;
    if population == 0 {
        return None;
    }
    let required = population.div_ceil(INHABITANTS_PER_PLACE);
    Some(Standard {
        places: totals.family_capacity,
        required,
        gap: required.saturating_sub(u64::from(totals.family_capacity)),
        population,
    })
}
