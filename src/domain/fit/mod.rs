//! Whether a household fits a shelter, exactly and room by room; and if not, every reason and the smallest thing
//! that would change it. This is the only place that decides it: SQL may pre-filter, never decide.
//! It must not know where a shelter lies, how fresh its figures are, or in what order to suggest it (`ranking`).
//!
//! The rules of sleeping:
//! - a grown-up or a child of two or more needs a bed; an infant needs a cot or, where the shelter says so and no cot
//!   is left, a grown-up's bed in the same room, one infant per grown-up;
//! - of a block (rooms counted in rooms) a unit takes up to `sleeps` persons of one household, infants included;
//! - a household sleeps in one room; if it says that rooms apart are all right, in at most three of one shelter;
//! - children under seven sleep in a room with a grown-up, and a room without a grown-up is private (or a block unit);
//! - a boy above the shelter's shared-room age sleeps in a private room or block unit, never in a shared room;
//! - who needs step-free access is not known, so with that need every room is step-free;
//! - a private room is given whole: whatever beds are left in it are enclosed.

mod demand;
mod door;
mod explain;
mod glance;
mod place;
mod relax;
mod split;
#[cfg(test)]
pub(crate) mod tests;
mod tolls;
mod verify;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::household::{Household, Search, Sex};
use super::id::{Moment, RoomId};
use super::rooms::{RoomKind, RoomView};
use super::shelters::AdmissionRules;
pub(in crate::domain) use demand::Demand;
pub use door::{Door, ReasonSet, Visitor};
pub use glance::{Cell, Party, Stock, pack};
pub(in crate::domain) use place::Offer;
pub use place::{Placement, place, place_for};
pub use relax::Relaxation;
pub use tolls::{MINUTES_PER_PLACE, OLDER_BOY, Tolls};
pub use verify::{ClaimFault, verify};

/// Most rooms one household may be spread over.
pub const MAX_ROOMS: u32 = 3;
/// From this age in whole years a child may sleep in a private room without a grown-up.
pub const ALONE_FROM: u8 = 7;

/// One room's part of a household. Of a block, `beds` counts units and `cots` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    pub room_id: RoomId,
    pub beds: u16,
    pub cots: u16,
}

/// Where a household sleeps: one line per room, in the order of the shelter's rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    pub lines: Vec<Claim>,
}

impl Allocation {
    /// Beds claimed in all; a block unit counts as one.
    pub fn beds(&self) -> u32 {
        self.lines.iter().map(|line| u32::from(line.beds)).sum()
    }

    pub fn cots(&self) -> u32 {
        self.lines.iter().map(|line| u32::from(line.cots)).sum()
    }
}

/// Why a household does not fit. The order of declaration is the order of printing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MisfitReason {
    WomenNotAdmitted,
    WithoutChildrenNotAdmitted,
    BoysAge,
    TooManyChildren,
    Pregnancy,
    Newborn,
    Trafficking,
    OlderWoman,
    MentalHealth,
    SubstanceUse,
    NoDocuments,
    Pets,
    NoStepFreeRoom,
    NoPrivateRoom,
    NotEnoughBeds,
    NotEnoughCots,
    // Found before the rooms are looked at (`ranking`).
    AvoidedDistrict,
    NotOperating,
    NeverReported,
}

/// Every reason, sorted, none twice; and the smallest relaxation if a single one would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    pub reasons: Vec<MisfitReason>,
    pub relaxation: Option<Relaxation>,
}

/// Where this household would sleep in these rooms at `now`, or why it cannot.
///
/// Among all ways to fit, the one that takes least from others: fewest rooms, then fewest places taken (a private
/// room or block unit counts whole, a step-free room that nobody needs counts double; [`Tolls`] come on top), then the
/// fewest private rooms, then the fullest shared rooms, then the first rooms in the order given.
///
/// # Errors
/// A [`Misfit`] with at least one reason; dates in it count from today in UTC. Who knows the country's clock asks
/// [`place`], then [`explain`].
pub fn fit(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> Result<Allocation, Misfit> {
    match place(rules, rooms, search, now) {
        Some(placement) => Ok(placement.allocation),
        None => Err(explain::misfit(rules, rooms, search, (now, now.date_naive()))),
    }
}

/// Every reason and the smallest relaxation for a household that does not fit. Dear beside [`place`]: ask it only
/// for the shelters that will be shown. `today` is the local date of `now`.
pub fn explain(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment, today: NaiveDate) -> Misfit {
    explain::misfit(rules, rooms, search, (now, today))
}

/// The fit over the fewest rooms from two up, even where one room would do. `None` where there is none, or the household
/// is to stay together.
pub fn several(
    tolls: Tolls,
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    now: Moment,
) -> Option<Placement> {
    let may = search.rooms_apart_ok && admits(rules, search);
    may.then(|| split::in_several(&Demand::with(tolls, rules, search), rooms, now))
        .flatten()
}

/// Every reason without what would help; nothing if the household fits.
pub fn reasons(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> ReasonSet {
    explain::reasons(rules, rooms, search, now)
}

/// The smallest thing that would make it fit, where these are the reasons why it does not.
pub fn relaxation(
    reasons: ReasonSet,
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    (now, today): (Moment, NaiveDate),
) -> Option<Relaxation> {
    relax::smallest(reasons, rules, rooms, search, (now, today))
}

/// Whether the admission rules alone let this household in. No allocation; the cheapest of all questions.
pub fn admits(rules: &AdmissionRules, search: &Search) -> bool {
    rule_reasons(rules, search).is_empty()
}

/// The admission rules this household breaks, whatever the rooms are like.
pub fn rule_reasons(rules: &AdmissionRules, search: &Search) -> ReasonSet {
    Door::of(rules).refuses(&Visitor::of(search))
}

/// How many households of this shape the shelter could take at `now`, beside each other, each in one room.
/// Exact: a household in one room takes nothing from another room, so the rooms simply add up.
pub fn places(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> u32 {
    if !admits(rules, search) {
        return 0;
    }
    let demand = Demand::of(rules, search);
    rooms
        .iter()
        .enumerate()
        .map(|(index, view)| place::capacity(&demand, index, view, now))
        .sum()
}

fn oldest_boy(household: &Household) -> Option<u8> {
    household
        .children()
        .iter()
        .filter(|child| child.sex == Sex::Male)
        .map(|child| child.age)
        .max()
}

/// Whether others could not sleep in this room beside the household.
fn is_whole(kind: RoomKind) -> bool {
    kind != RoomKind::Shared
}
