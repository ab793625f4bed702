//! Totals over shelters: national, by region, by sector, by how capacity is counted. The shapes alone: they are
//! added up in `shares`.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::super::freshness::Freshness;
use super::super::id::Moment;
use super::super::rooms::RoomCount;
use super::places::PlacesByUse;

/// Beds, and block rooms as one each. Always
/// `beds + over_capacity == free + occupied + held + enclosed + out_of_service`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub beds: u64,
    pub free: u64,
    pub occupied: u64,
    pub held: u64,
    pub enclosed: u64,
    pub out_of_service: u64,
    pub over_capacity: u64,
}

impl From<RoomCount> for Counts {
    fn from(count: RoomCount) -> Self {
        Self {
            beds: count.beds.into(),
            free: count.free.into(),
            occupied: count.occupied.into(),
            held: count.held.into(),
            enclosed: count.enclosed.into(),
            out_of_service: count.out_of_service.into(),
            over_capacity: count.over_capacity.into(),
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            beds: self.beds + other.beds,
            free: self.free + other.free,
            occupied: self.occupied + other.occupied,
            held: self.held + other.held,
            enclosed: self.enclosed + other.enclosed,
            out_of_service: self.out_of_service + other.out_of_service,
            over_capacity: self.over_capacity + other.over_capacity,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Shelters by the age of their figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByFreshness {
    pub total: u32,
    pub fresh: u32,
    pub aging: u32,
    pub stale: u32,
    pub silent: u32,
}

impl ByFreshness {
    pub(super) fn one(freshness: Freshness) -> Self {
        let is = |name| u32::from(freshness == name);
        Self {
            total: 1,
            fresh: is(Freshness::Fresh),
            aging: is(Freshness::Aging),
            stale: is(Freshness::Stale),
            silent: is(Freshness::Silent),
        }
    }
}

impl AddAssign for ByFreshness {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.fresh += other.fresh;
        self.aging += other.aging;
        self.stale += other.stale;
        self.silent += other.silent;
    }
}

/// What one shelter, a region or the country has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    #[serde(flatten)]
    pub counts: Counts,
    /// Places for a woman and two children, the unit of the per-capita standard.
    pub family_places: u64,
    /// Such places if every room in service stood empty.
    pub family_capacity: u64,
    pub places_by_use: PlacesByUse,
    pub shelters: ByFreshness,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.family_places += other.family_places;
        self.family_capacity += other.family_capacity;
        self.places_by_use += other.places_by_use;
        self.shelters += other.shelters;
    }
}

/// Capacity counted in beds and capacity counted in rooms (blocks): not to be mixed in one figure about people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByType {
    pub bed: Counts,
    pub room: Counts,
}

impl AddAssign for ByType {
    fn add_assign(&mut self, other: Self) {
        self.bed += other.bed;
        self.room += other.room;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectorCounts {
    #[serde(flatten)]
    pub counts: Counts,
    /// The source's own word.
    pub sector: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SilentShelter {
    pub shelter_code: String,
    pub region: String,
    /// `None` if it has never reported.
    pub observed_at: Option<Moment>,
}

/// The whole picture at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Availability {
    pub national: Totals,
    /// By region code; regions without shelters are absent.
    pub regions: BTreeMap<String, Totals>,
    pub by_capacity_type: ByType,
    /// Shelters of a source that groups them, by its word; sorted.
    pub by_sector: Vec<SectorCounts>,
    /// By shelter code.
    pub silent: Vec<SilentShelter>,
}

/// What an officer sees instead of a number.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
pub enum Band {
    #[serde(rename = "0")]
    #[strum(serialize = "0")]
    Nothing,
    #[serde(rename = "1_2")]
    #[strum(serialize = "1_2")]
    OneOrTwo,
    #[serde(rename = "3_5")]
    #[strum(serialize = "3_5")]
    ThreeToFive,
    #[serde(rename = "6_plus")]
    #[strum(serialize = "6_plus")]
    SixOrMore,
}

impl Band {
    pub fn of(count: u64) -> Self {
        match count {
            0 => Self::Nothing,
            1..=2 => Self::OneOrTwo,
            3..=5 => Self::ThreeToFive,
            _ => Self::SixOrMore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_end_where_they_say() {
        let bands = [0, 1, 2, 3, 5, 6, 1_000].map(|count| Band::of(count).to_string());
        assert_eq!(bands, ["0", "1_2", "1_2", "3_5", "3_5", "6_plus", "6_plus"]);
        assert_eq!(serde_json::to_string(&Band::ThreeToFive).unwrap(), r#""3_5""#);
    }
}
