//! What in a day's figures wants the Committee's eye: at most seven lines, the gravest first. People without a bed
//! before places that cannot be given, those before things that will run out, and the doubt about figures last.

use chrono_tz::Tz;

use super::content::{Exception, Transfers};
use super::input::{DigestInput, RegionInput, SilentShelter, Supply};
use crate::domain::calendar;

/// More than these are not read.
pub const MOST_EXCEPTIONS: usize = 7;
/// Items named among the exceptions; the section on supplies has the others.
const MOST_ITEMS: usize = 2;

/// The exceptions to print and the number of those left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceptions {
    pub shown: Vec<Exception>,
    pub left_out: u32,
}

/// `silent`, `supplies` and the overdue among `transfers` come with the gravest first.
pub(super) fn exceptions(
    input: &DigestInput,
    silent: &[&SilentShelter],
    supplies: &[&Supply],
    transfers: &Transfers,
) -> Exceptions {
    let regions = || input.regions.iter().filter(|line| line.totals.shelters.total > 0);
    let mut all: Vec<Exception> = Vec::new();
    all.extend(regions().filter_map(over_capacity));
    all.extend(regions().filter_map(no_place));
    all.extend(
        supplies
            .iter()
            .filter(|s| s.critical > 0)
            .take(MOST_ITEMS)
            .map(|s| Exception::CriticalSupply {
                item: s.item.clone(),
                shelters: s.critical,
            }),
    );
    all.extend(overdue(transfers));
    all.extend(silent_shelters(silent, input.zone));
    all.extend(regions().filter_map(few_fresh));
    all.extend(regions().filter_map(out_of_service));
    // Stable: within one gravity the fixed order of the regions stays.
    all.sort_by_key(gravity);
    let left_out = u32::try_from(all.len().saturating_sub(MOST_EXCEPTIONS)).unwrap_or(u32::MAX);
    all.truncate(MOST_EXCEPTIONS);
    Exceptions { shown: all, left_out }
}

fn gravity(exception: &Exception) -> u8 {
    match exception {
        Exception::OverCapacity { .. } => 0,
        Exception::NoFreeBed { .. } => 1,
        Exception::NoFamilyPlace { .. } => 2,
        Exception::CriticalSupply { .. } => 3,
        Exception::OverdueTransfers { .. } => 4,
        Exception::Silent { .. } => 5,
        Exception::FewFresh { .. } => 6,
        Exception::OutOfService { .. } => 7,
    }
}

fn over_capacity(line: &RegionInput) -> Option<Exception> {
    (line.totals.over_capacity > 0).then(|| Exception::OverCapacity {
        region: line.region.clone(),
        beds: line.totals.over_capacity,
    })
}

fn no_place(line: &RegionInput) -> Option<Exception> {
    let region = line.region.clone();
    match (line.totals.free, line.totals.family_places) {
        (0, _) => Some(Exception::NoFreeBed { region }),
        (free, 0) => Some(Exception::NoFamilyPlace { region, free }),
        _ => None,
    }
}

fn overdue(transfers: &Transfers) -> Option<Exception> {
    let longest = transfers.overdue.first()?;
    let named = u32::try_from(transfers.overdue.len()).unwrap_or(u32::MAX);
    Some(Exception::OverdueTransfers {
        transfers: named.saturating_add(transfers.overdue_left_out),
        longest: longest.code.clone(),
        due_on: longest.due_on,
    })
}

fn silent_shelters(silent: &[&SilentShelter], zone: Tz) -> Option<Exception> {
    let longest = silent.first()?;
    Some(Exception::Silent {
        shelters: u32::try_from(silent.len()).unwrap_or(u32::MAX),
        longest: longest.code.clone(),
        since: longest.since.map(|since| calendar::local_date(zone, since)),
    })
}

fn few_fresh(line: &RegionInput) -> Option<Exception> {
    let shelters = line.totals.shelters;
    // Where all are silent or none is fresh this is said of them anyway; it is still worth its own line.
    (shelters.fresh.saturating_mul(2) < shelters.total).then(|| Exception::FewFresh {
        region: line.region.clone(),
        fresh: shelters.fresh,
        of: shelters.total,
    })
}

fn out_of_service(line: &RegionInput) -> Option<Exception> {
    let (out, beds) = (line.totals.out_of_service, line.totals.beds);
    (out > 0 && out.saturating_mul(5) >= beds).then(|| Exception::OutOfService {
        region: line.region.clone(),
        beds: out,
        of: beds,
    })
}
