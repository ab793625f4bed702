//! What an officer looks for. It must not know what there is to be found.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::super::exclusion::Excluded;
use super::{Household, Need};

/// How soon a place is wanted.
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
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Urgency {
    Now,
    Today,
    ThisWeek,
    Planned,
}

/// What an officer looks for. `avoid_districts` is used for the search and never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub household: Household,
    pub needs: BTreeSet<Need>,
    /// Language codes in lower case; one of them spoken at the shelter is enough.
    pub languages: BTreeSet<String>,
    /// District code of the country pack.
    pub from_district: String,
    pub avoid_districts: BTreeSet<String>,
    /// Offices that are neither asked for a place nor told of the case.
    pub excluded: Excluded,
    pub urgency: Urgency,
    pub earliest_date: Option<NaiveDate>,
    /// Whether the household may sleep in up to three rooms of one shelter.
    pub rooms_apart_ok: bool,
}

impl Search {
    /// Needs that decide: those asked for and those the ages imply. One that is both comes twice.
    pub fn admission_needs(&self) -> impl Iterator<Item = Need> + '_ {
        let asked = self.needs.iter().copied().filter(|need| !need.is_service());
        asked.chain(self.household.implied())
    }

    /// Needs that are wishes.
    pub fn services(&self) -> impl Iterator<Item = Need> + '_ {
        self.needs.iter().copied().filter(|need| need.is_service())
    }

    pub fn needs_step_free(&self) -> bool {
        self.needs.contains(&Need::StepFree)
    }
}
