//! The map file as it is written (TOML), before its words are checked against each other. Every unknown key is
//! refused, so a spelling mistake never turns into a silent default.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;

use super::super::household::Need;
use super::super::rooms::RoomKind;
use super::super::shelters::ShelterKind;
use super::needs::Urgency;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMap {
    pub name: String,
    pub source: String,
    pub licence: String,
    /// The words the licence asks to be shown with the figures.
    pub attribution: Option<String>,
    /// Cell texts that mean "not given", beside the empty cell.
    #[serde(default)]
    pub blanks: Vec<String>,
    #[serde(default)]
    pub numbers: RawNumbers,
    pub night: RawNight,
    pub operator: RawOperator,
    pub shelter: RawShelter,
    pub rooms: Vec<RawRoom>,
    pub rules: BTreeMap<String, RawRules>,
    pub unusual: Option<RawUnusual>,
    pub needs: Option<RawNeeds>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawNumbers {
    pub decimal: char,
    pub thousands: Option<char>,
}

impl Default for RawNumbers {
    fn default() -> Self {
        Self {
            decimal: '.',
            thousands: None,
        }
    }
}

/// Exactly one of `column` (with `formats`), `instant`, `fixed`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNight {
    pub column: Option<String>,
    /// strftime patterns, tried in order.
    #[serde(default)]
    pub formats: Vec<String>,
    /// A column with RFC 3339 instants: true at that very time.
    pub instant: Option<String>,
    pub fixed: Option<NaiveDate>,
    /// A name of the IANA time zone database.
    #[serde(deserialize_with = "zone")]
    pub zone: Tz,
    /// Local time of day at which a night's figures are taken to be true.
    #[serde(default, deserialize_with = "time_of_day")]
    pub observed_at: Option<NaiveTime>,
    /// The table is the whole picture of each night: a shelter missing on a night that others reported was not
    /// operating then.
    #[serde(default)]
    pub complete_nights: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOperator {
    pub code: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawShelter {
    pub code: String,
    pub name: String,
    pub region: String,
    pub district: String,
    pub kind: Option<ShelterKind>,
    pub kinds: Option<RawKinds>,
    pub sector: Option<String>,
    /// The place is disclosed when this column is filled, and confidential otherwise. Without it: confidential.
    /// What stands in the column is never stored.
    pub disclosed_when: Option<String>,
    pub closed_when: Option<RawEquals>,
    #[serde(default)]
    pub admits_when: BTreeMap<Need, RawEquals>,
    #[serde(default)]
    pub languages: BTreeSet<String>,
    #[serde(deserialize_with = "time_of_day", default)]
    pub report_due: Option<NaiveTime>,
    pub report_interval_hours: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKinds {
    pub column: String,
    pub values: BTreeMap<String, ShelterKind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEquals {
    pub column: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum BlankPolicy {
    #[default]
    Refuse,
    Zero,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum CapacityIs {
    /// The capacity column already leaves out what is unavailable.
    Open,
    #[default]
    All,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoom {
    pub label: String,
    /// All must hold for the room to be read from a line.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    pub kind: RoomKind,
    pub sleeps: Option<u8>,
    pub sector: Option<String>,
    pub capacity: String,
    #[serde(default)]
    pub capacity_is: CapacityIs,
    /// Absent: an inventory that does not say who sleeps there.
    pub occupied: Option<String>,
    #[serde(default)]
    pub occupied_blank: BlankPolicy,
    pub unavailable: Option<String>,
    #[serde(default)]
    pub checks: Vec<String>,
    /// Columns that must be empty in a line of this kind.
    #[serde(default)]
    pub empty: Vec<String>,
    /// Why these places are told but not taken over.
    pub left_out: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRules {
    pub boys_max_age: Option<u8>,
    pub boys_shared_room_max_age: Option<u8>,
    pub max_children: Option<u8>,
    pub infants_share_bed: Option<bool>,
    pub admits_without_children: Option<bool>,
    pub admits_women: Option<bool>,
    #[serde(default)]
    pub admits: BTreeSet<Need>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUnusual {
    /// More than this many times the open places is unusual.
    pub times_full: u16,
    /// Fewer places than this are unusual.
    pub beds_below: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNeeds {
    pub file: String,
    /// Template giving the shelter's code from a line of the needs file.
    pub shelter: String,
    pub item: String,
    pub priority: String,
    pub quantity: Option<String>,
    pub priorities: BTreeMap<String, Urgency>,
    pub items: RawItems,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItems {
    pub file: String,
    pub key: String,
    pub name: String,
    pub category: Option<String>,
}

fn time_of_day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .map(Some)
        .map_err(|_| serde::de::Error::custom("a time of day is written \"HH:MM\""))
}

fn zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom("no such time zone"))
}
