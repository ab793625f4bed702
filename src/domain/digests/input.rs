//! What a service hands over for a digest: figures read at one instant, nothing yet chosen, ordered or suppressed.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::content::{Overdue, SupplyCover};
use super::people::People;
use super::schedule_rule::Cadence;
use crate::domain::calendar::Span;
use crate::domain::daybook::Day;
use crate::domain::id::Moment;

/// Shelters by the freshness of their figures; `total` is the sum of the four.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShelterCounts {
    pub total: u32,
    pub fresh: u32,
    pub aging: u32,
    pub stale: u32,
    pub silent: u32,
}

/// Beds of a region or the country at one instant.
/// `beds + over_capacity = free + occupied + held + enclosed + out_of_service`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub beds: u32,
    pub occupied: u32,
    pub held: u32,
    /// Beds nobody else may use because a household has the private room they stand in.
    pub enclosed: u32,
    pub out_of_service: u32,
    pub free: u32,
    pub over_capacity: u32,
    /// Family places (a woman and two children, or what the pack says) that could be given at this moment.
    pub family_places: u32,
    /// Family places if every working room stood empty: what the standard per 10,000 inhabitants is measured with.
    pub family_capacity: u32,
    pub shelters: ShelterCounts,
}

impl Totals {
    /// Sums a list; a total that does not fit (it never comes to that) stays at the largest number.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Totals>) -> Totals {
        all.into_iter().fold(Totals::default(), |a, b| Totals {
            beds: a.beds.saturating_add(b.beds),
            occupied: a.occupied.saturating_add(b.occupied),
            held: a.held.saturating_add(b.held),
            enclosed: a.enclosed.saturating_add(b.enclosed),
            out_of_service: a.out_of_service.saturating_add(b.out_of_service),
            free: a.free.saturating_add(b.free),
            over_capacity: a.over_capacity.saturating_add(b.over_capacity),
            family_places: a.family_places.saturating_add(b.family_places),
            family_capacity: a.family_capacity.saturating_add(b.family_capacity),
            shelters: ShelterCounts {
                total: a.shelters.total.saturating_add(b.shelters.total),
                fresh: a.shelters.fresh.saturating_add(b.shelters.fresh),
                aging: a.shelters.aging.saturating_add(b.shelters.aging),
                stale: a.shelters.stale.saturating_add(b.shelters.stale),
                silent: a.shelters.silent.saturating_add(b.shelters.silent),
            },
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionInput {
    /// Region code of the country pack.
    pub region: String,
    pub totals: Totals,
    /// Inhabitants; `None` where the pack does not know.
    pub population: Option<u64>,
}

/// The headline of the digest before this one of the same schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Previous {
    pub period: NaiveDate,
    pub totals: Totals,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentShelter {
    pub code: String,
    pub region: String,
    /// `observed_at` of its newest report; `None` if it never reported.
    pub since: Option<Moment>,
}

/// One item of the supply catalogue that is short somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    pub item: String,
    /// Shelters with less than the critical days of cover.
    pub critical: u32,
    /// Shelters that are low, not counting the critical ones.
    pub low: u32,
    /// Codes of the regions those shelters lie in.
    pub regions: Vec<String>,
    pub cover: SupplyCover,
}

/// Transfers of which one end lies in the digest's scope; sent and received in the days it looks back on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransferInput {
    pub sent: u32,
    pub received: u32,
    /// In any order.
    pub overdue: Vec<Overdue>,
}

/// Everything a digest is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestInput {
    /// The instant the figures are true for.
    pub as_of: Moment,
    pub cadence: Cadence,
    /// Local civil date of its slot.
    pub period: NaiveDate,
    /// The days it looks back on: whole days, all over.
    pub covers: Span,
    pub zone: Tz,
    /// Region the digest is limited to; then `regions` holds that one only.
    pub scope: Option<String>,
    /// The run was made late (`Period::is_delayed`).
    pub delayed: bool,
    /// In the fixed order of the country pack.
    pub regions: Vec<RegionInput>,
    pub previous: Option<Previous>,
    /// Shelters expected to report.
    pub expected: u32,
    /// Those whose report is missing though reminding them has come to its end.
    pub missing: Vec<SilentShelter>,
    /// Those that have not been heard of for three of their own rhythms.
    pub silent: Vec<SilentShelter>,
    /// Of the whole country, whatever the scope.
    pub people: Option<People>,
    pub supplies: Vec<Supply>,
    pub transfers: TransferInput,
    /// The evenings from [`super::first_day`] on that are known, oldest first, and the period's own day as it stands.
    pub series: Vec<(NaiveDate, Day)>,
    /// Inhabitants for whom the standard asks for one family place.
    pub inhabitants_per_place: u64,
}
