//! Makes a digest of the figures: sums, compares, chooses what matters. Counts of people come as they may be printed.

use super::content::{
    Change, Content, Quality, RegionLine, Reporting, Silent, Standard, StandardLine, SupplyLine, Transfers, VERSION,
};
use super::exceptions::{Exceptions, exceptions};
use super::input::{DigestInput, Previous, SilentShelter, Supply, Totals, TransferInput};
use super::schedule_rule::Cadence;
use super::span::{course, trend};
use crate::domain::calendar;
use crate::domain::standard::standing;

const MOST_SILENT: usize = 40;
const MOST_SUPPLIES: usize = 7;
const MOST_OVERDUE: usize = 5;

/// The content of a digest. Pure: the same figures make the same content.
pub fn compose(input: &DigestInput) -> Content {
    let totals = Totals::sum(input.regions.iter().map(|line| &line.totals));
    let silent = longest_silent_first(&input.silent);
    let supplies = gravest_first(&input.supplies);
    let transfers = transfers(&input.transfers);
    let exceptions = exceptions(input, &silent, &supplies, &transfers);
    Content {
        version: VERSION,
        cadence: input.cadence,
        scope: input.scope.clone(),
        period: input.period,
        covers: Some(input.covers),
        as_of: input.as_of,
        as_of_local: calendar::civil(input.zone, input.as_of),
        zone: input.zone.name().to_owned(),
        delayed: input.delayed,
        totals,
        change: input.previous.as_ref().map(|previous| change(previous, &totals)),
        short: is_short(input, &exceptions),
        course: course(input.covers, &input.series),
        exceptions: exceptions.shown,
        exceptions_left_out: exceptions.left_out,
        trend: trend(input.covers, &input.series),
        regions: (input.regions.iter())
            .map(|line| RegionLine {
                region: line.region.clone(),
                totals: line.totals,
            })
            .collect(),
        reporting: reporting(input),
        people: match (&input.people, input.scope.as_deref()) {
            (Some(people), Some(region)) => people.of_region(region),
            (people, None) => people.clone(),
            (None, _) => None,
        },
        supplies: supplies
            .iter()
            .take(MOST_SUPPLIES)
            .map(|supply| supply_line(supply))
            .collect(),
        supplies_left_out: count(supplies.len().saturating_sub(MOST_SUPPLIES)),
        transfers,
        standard: standard(input),
        quality: Quality {
            shelters: totals.shelters.total,
            fresh: totals.shelters.fresh,
            aging: totals.shelters.aging,
            stale: totals.shelters.stale,
            silent: totals.shelters.silent,
        },
    }
}

/// Nothing wants an eye, everybody has reported, and the next digest comes soon: a page that says no more is read to its
/// end. What a month or more adds up to is said whatever it is.
fn is_short(input: &DigestInput, exceptions: &Exceptions) -> bool {
    let soon = matches!(input.cadence, Cadence::Daily | Cadence::Weekly | Cadence::Cron);
    soon && exceptions.shown.is_empty() && input.missing.is_empty()
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

/// `None` unless the inhabitants of every region are known.
fn standard(input: &DigestInput) -> Option<Standard> {
    let population = (input.regions.iter()).try_fold(0u64, |sum, line| sum.checked_add(line.population?))?;
    let of = |population, places: u32| standing(Some(population), input.inhabitants_per_place, places.into());
    let places = Totals::sum(input.regions.iter().map(|line| &line.totals)).family_capacity;
    let whole = of(population, places)?;
    let lines = input.regions.iter().filter_map(|line| {
        let own = of(line.population?, line.totals.family_capacity)?;
        Some(StandardLine {
            region: line.region.clone(),
            places: line.totals.family_capacity,
            required: own.required,
            gap: own.gap,
        })
    });
    Some(Standard {
        places,
        required: whole.required,
        gap: whole.gap,
        population,
        inhabitants_per_place: input.inhabitants_per_place,
        regions: match input.scope {
            None => lines.collect(),
            Some(_) => Vec::new(),
        },
    })
}
