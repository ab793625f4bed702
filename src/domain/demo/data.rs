//! The invented names and houses of a demo country, as its data file writes them.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use serde::Deserialize;

use super::super::digests::{Cadence, Rule};
use super::super::household::{Child, Need, Sex};
use super::super::rooms::RoomKind;
use super::super::shelters::ShelterKind;
use super::DemoError;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub organisations: Vec<OrganisationData>,
    pub shelters: Vec<ShelterData>,
    pub more: More,
    pub people: People,
    pub digests: Vec<DigestData>,
    pub places: Places,
    pub unplaced: Vec<UnplacedData>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationData {
    pub code: String,
    pub name: String,
    #[serde(default)]
    pub operates: bool,
    #[serde(default)]
    pub refers: bool,
}

/// What makes a shelter of the demo remarkable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    #[default]
    Ordinary,
    /// Has not reported for four days.
    Silent,
    /// Has not reported for a day and a half.
    Aging,
    /// Soap and diapers are nearly out.
    Shortage,
    /// Some items run low.
    Low,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShelterData {
    pub district: String,
    pub name: String,
    pub kind: ShelterKind,
    pub organisation: String,
    pub rooms: Vec<String>,
    pub boys_max_age: Option<u8>,
    #[serde(default = "yes")]
    pub admits_without_children: bool,
    pub admits: BTreeSet<Need>,
    pub services: BTreeSet<Need>,
    pub languages: BTreeSet<String>,
    pub longest_stay_days: Option<u16>,
    pub intake: Option<[String; 2]>,
    #[serde(default)]
    pub mood: Mood,
}

fn yes() -> bool {
    true
}

/// Households that found no place.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnplacedData {
    /// Where they set out, in turn.
    pub districts: Vec<String>,
    /// A woman with these children each: "f7 m15".
    pub children: Vec<String>,
    pub needs: BTreeSet<Need>,
    pub reasons: Vec<String>,
    /// How many of them, the first ones, still wait for a place.
    #[serde(default)]
    pub waiting: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct More {
    pub patterns: Vec<String>,
    /// One list of words for each pattern.
    pub words: Vec<Vec<String>>,
    pub rooms: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub given: Vec<String>,
    pub initials: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigestData {
    pub name: String,
    pub cadence: Cadence,
    #[serde(default)]
    pub rule: Rule,
    pub time: String,
    pub recipients: Vec<DemoRecipient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoRecipient {
    pub name: String,
    pub email: String,
    pub language: String,
    /// Named by one administrator, and not yet approved by the other.
    #[serde(default)]
    pub waits: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Places {
    pub address: String,
    pub meeting_point: String,
    pub phone: String,
}

pub(super) fn parse(text: &str) -> Result<Data, DemoError> {
    let document = toml::Deserializer::parse(text).map_err(|error| DemoError::new("", error.message()))?;
    serde_path_to_error::deserialize(document)
        .map_err(|error| DemoError::new(&error.path().to_string(), error.inner().message()))
}

/// A room as the data file writes it: kind, beds, cots, step-free, sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RoomData {
    pub kind: RoomKind,
    pub beds: u16,
    pub cots: u16,
    pub step_free: bool,
    pub sleeps: Option<u8>,
}

pub(super) fn room(text: &str) -> Result<RoomData, DemoError> {
    let fault = || DemoError::new("shelters.rooms", format!("{text:?} is no room"));
    let (body, step_free) = text.strip_suffix('s').map_or((text, false), |body| (body, true));
    let mut letters = body.chars();
    let kind = match letters.next() {
        Some('P') => RoomKind::Private,
        Some('S') => RoomKind::Shared,
        Some('R') => RoomKind::Block,
        _ => return Err(fault()),
    };
    let (numbers, cots) = letters.as_str().split_once('+').unwrap_or((letters.as_str(), "0"));
    let (beds, sleeps) = match numbers.split_once('x') {
        Some((beds, sleeps)) => (beds, Some(sleeps.parse().map_err(|_| fault())?)),
        None => (numbers, None),
    };
    let (beds, cots) = (beds.parse().map_err(|_| fault())?, cots.parse().map_err(|_| fault())?);
    if (kind == RoomKind::Block) != sleeps.is_some() {
        return Err(fault());
    }
    Ok(RoomData {
        kind,
        beds,
        cots,
        step_free,
        sleeps,
    })
}

/// The children of a household as the data file writes them: sex and age of each.
pub(super) fn children(text: &str) -> Result<Vec<Child>, DemoError> {
    let fault = || DemoError::new("unplaced.children", format!("{text:?} are no children"));
    let child = |word: &str| {
        let (sex, age) = match word.split_at_checked(1).ok_or_else(fault)? {
            ("f", age) => (Sex::Female, age),
            ("m", age) => (Sex::Male, age),
            _ => return Err(fault()),
        };
        let age = age.parse().map_err(|_| fault())?;
        Ok(Child { age, sex })
    };
    text.split_whitespace().map(child).collect()
}

pub(super) fn time(text: &str) -> Result<NaiveTime, DemoError> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| DemoError::new("intake", format!("{text:?} is no time")))
}
