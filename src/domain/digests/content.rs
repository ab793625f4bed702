//! What stands in a digest, frozen when it is made and stored as JSON: numbers and codes, no words of any language.
//! A letter printed from it years later is the letter that was sent.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

use super::input::Totals;
use super::people::People;
use super::schedule_rule::Cadence;
use crate::domain::calendar::Span;
use crate::domain::id::Moment;

/// The shape that [`Content`] has today.
pub const VERSION: u8 = 2;

/// The content of one digest, in the order it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Counts changes of this shape. Of version 1, frozen before 2026-11-23, what follows with a default is missing, and
    /// its figures of people are not read: what was printed of them stands in its parts.
    pub version: u8,
    #[serde(default = "daily")]
    pub cadence: Cadence,
    /// Region code if the digest is of one region.
    pub scope: Option<String>,
    /// Local civil date of its slot.
    pub period: NaiveDate,
    /// The days it looks back on.
    #[serde(default)]
    pub covers: Option<Span>,
    pub as_of: Moment,
    /// `as_of` on the wall of the schedule's zone, frozen: zone data changes, letters do not.
    pub as_of_local: NaiveDateTime,
    /// IANA name of the zone.
    pub zone: String,
    pub delayed: bool,
    pub totals: Totals,
    /// Against the digest before of the same schedule; `None` for the first.
    pub change: Option<Change>,
    /// All is as it should be, and its rhythm is short enough that no more is said.
    #[serde(default)]
    pub short: bool,
    /// How the days it looks back on were as a whole; `None` of a single day.
    #[serde(default)]
    pub course: Option<Course>,
    /// At most seven, gravest first.
    pub exceptions: Vec<Exception>,
    pub exceptions_left_out: u32,
    pub trend: Option<Trend>,
    /// In the pack's order, never ranked.
    pub regions: Vec<RegionLine>,
    pub reporting: Reporting,
    /// What is published of people; `None` while no month is closed.
    #[serde(default)]
    pub people: Option<People>,
    /// Gravest first, at most seven.
    pub supplies: Vec<SupplyLine>,
    pub supplies_left_out: u32,
    /// Digests before 2026-11-23 have none.
    #[serde(default)]
    pub transfers: Transfers,
    pub standard: Option<Standard>,
    pub quality: Quality,
}

impl Content {
    /// Whether its tables say which shelters have not reported: two people decide on such a table.
    pub fn names_shelters(&self) -> bool {
        !self.reporting.silent.is_empty()
    }
}

fn daily() -> Cadence {
    Cadence::Daily
}

/// Differences to the digest of `since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub since: NaiveDate,
    pub family_places: i64,
    pub free: i64,
    pub occupied: i64,
}

/// The days a digest looks back on, beside as many before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    pub now: Means,
    /// `None` where fewer than half of those days are known.
    pub before: Option<Means>,
}

/// Means of days in tenths, each day as it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    pub covers: Span,
    /// Days of those whose figures are known.
    pub days: u32,
    pub beds: i64,
    pub occupied: i64,
    pub free: i64,
    pub family_places: i64,
    /// Of a hundred shelters, so many had figures no older than their own rhythm. `None` where there are no shelters.
    pub reporting: Option<u8>,
}

/// What wants the Committee's eye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Exception {
    /// People sleep without a bed of their own.
    OverCapacity { region: String, beds: u32 },
    /// Not one bed is free in a region that has shelters.
    NoFreeBed { region: String },
    /// Beds are free, but no family fits.
    NoFamilyPlace { region: String, free: u32 },
    /// An item is about to run out (days of cover under the critical limit).
    CriticalSupply { item: String, shelters: u32 },
    /// Transfers of supplies past their day. `longest` is the code of the one longest overdue.
    OverdueTransfers {
        transfers: u32,
        longest: String,
        due_on: NaiveDate,
    },
    /// Shelters that have not been heard of for three of their own rhythms. `code` of the longest silent one.
    Silent {
        shelters: u32,
        longest: String,
        since: Option<NaiveDate>,
    },
    /// Fewer than half of a region's shelters have fresh figures.
    FewFresh { region: String, fresh: u32, of: u32 },
    /// A fifth or more of a region's beds cannot be used.
    OutOfService { region: String, beds: u32, of: u32 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trend {
    #[serde(default)]
    pub step: Step,
    /// Oldest first, at least two.
    pub points: Vec<TrendPoint>,
    pub lowest: TrendPoint,
    pub highest: TrendPoint,
}

/// What a point of a trend stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    #[default]
    Day,
    /// The mean of seven days, named by the first of them.
    Week,
}

/// Free beds of one day, or of the week that begins on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendPoint {
    pub date: NaiveDate,
    pub free: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionLine {
    pub region: String,
    pub totals: Totals,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporting {
    pub reported: u32,
    pub of: u32,
    /// Those that did not report though they were reminded, by code (until 2026-11-23: those silent for three of their
    /// rhythms). Longest silent first, at most forty.
    pub silent: Vec<Silent>,
    pub silent_left_out: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    pub code: String,
    /// Local date of its newest report; `None` if it never reported.
    pub since: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyLine {
    pub item: String,
    pub critical: u32,
    pub low: u32,
    pub regions: Vec<String>,
    #[serde(flatten)]
    pub cover: SupplyCover,
}

/// How long an item lasts. Digests before 2026-11-23 did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyCover {
    /// The first day on which a shelter that is critical runs out.
    #[serde(default)]
    pub runs_out_on: Option<NaiveDate>,
    /// Whole days that all of it lasts.
    #[serde(default)]
    pub days: Option<u32>,
    /// Whole days that what was there a week ago would last at the same use.
    #[serde(default)]
    pub days_before: Option<u32>,
}

/// Transfers of supplies between shelters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfers {
    /// Sent and received in the days the digest looks back on (of version 1: in the day before).
    pub sent: u32,
    pub received: u32,
    /// Awaited and past their day: the longest overdue first, at most five.
    pub overdue: Vec<Overdue>,
    pub overdue_left_out: u32,
}

/// A transfer by its code, its ends by theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    pub code: String,
    pub from: String,
    pub to: String,
    pub due_on: NaiveDate,
}

/// The standard of before it was the country pack's to say.
fn ten_thousand() -> u64 {
    10_000
}

/// One family place per so many inhabitants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standard {
    /// Family places there are, free or not.
    pub places: u32,
    pub required: u64,
    /// What is missing; 0 when the standard is met.
    pub gap: u64,
    pub population: u64,
    #[serde(default = "ten_thousand")]
    pub inhabitants_per_place: u64,
    /// In the pack's order; none in a digest of one region.
    #[serde(default)]
    pub regions: Vec<StandardLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardLine {
    pub region: String,
    pub places: u32,
    pub required: u64,
    pub gap: u64,
}

/// How old the figures are that this digest stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    pub shelters: u32,
    pub fresh: u32,
    pub aging: u32,
    pub stale: u32,
    pub silent: u32,
}
