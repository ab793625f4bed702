//! The map: which column means what. Parsed and checked once, then bound to a file's header.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::super::household::Need;
use super::super::rooms::RoomKind;
use super::super::shelters::{AdmissionRules, ShelterKind};
use super::ShelterRow;
use super::expression::{Check, Sum};
use super::needs::NeedsMap;
use super::raw::{BlankPolicy, CapacityIs, RawMap, RawUnusual};
use super::template::Template;

/// What is wrong with a map, and at which key of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {detail}")]
pub struct MapError {
    pub key: String,
    pub detail: String,
}

impl MapError {
    pub(super) fn new(key: &str, detail: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            detail: detail.into(),
        }
    }
}

/// The columns a map names, each with a slot, so that a line is read by position and never by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    names: Vec<String>,
}

impl Columns {
    pub(super) fn slot(&mut self, name: &str) -> usize {
        if let Some(slot) = self.names.iter().position(|known| known == name) {
            return slot;
        }
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    pub(super) fn name(&self, slot: usize) -> &str {
        self.names.get(slot).map_or("", String::as_str)
    }

    /// Finds every named column in a header.
    pub(super) fn bind<'h>(&self, header: impl IntoIterator<Item = &'h str>) -> Result<Header, MapError> {
        let header: Vec<String> = header
            .into_iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let positions = self
            .names
            .iter()
            .map(|name| {
                header
                    .iter()
                    .position(|found| found == name)
                    .ok_or_else(|| MapError::new(name, "no such column in the file"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Header {
            positions,
            width: header.len(),
        })
    }
}

/// A map's columns found in one file's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) positions: Vec<usize>,
    pub(super) width: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Night {
    Column { slot: usize, formats: Vec<String> },
    Instant { slot: usize },
    Fixed(NaiveDate),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Equals {
    pub slot: usize,
    pub value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoomMap {
    pub label: String,
    pub when: Vec<Equals>,
    pub kind: RoomKind,
    pub sleeps: Option<u8>,
    pub sector: Option<String>,
    pub capacity: Sum,
    pub capacity_is: CapacityIs,
    pub occupied: Option<Sum>,
    pub occupied_blank: BlankPolicy,
    pub unavailable: Option<Sum>,
    pub checks: Vec<Check>,
    pub empty: Vec<usize>,
    pub left_out: bool,
}

#[derive(Debug, Clone)]
pub struct Map {
    pub name: String,
    pub source: String,
    pub licence: String,
    pub attribution: Option<String>,
    pub zone: Tz,
    /// See `complete_nights` in a map file.
    pub complete_nights: bool,
    pub languages: BTreeSet<String>,
    pub report_due: NaiveTime,
    pub report_interval_hours: u16,
    /// The companion files that say what shelters lack.
    pub needs: Option<NeedsMap>,
    pub(super) columns: Columns,
    pub(super) blanks: Vec<String>,
    pub(super) decimal: char,
    pub(super) thousands: Option<char>,
    pub(super) night: Night,
    pub(super) observed_at: NaiveTime,
    pub(super) operator_code: Template,
    pub(super) operator_name: Template,
    pub(super) code: Template,
    pub(super) shelter_name: Template,
    pub(super) region: Template,
    pub(super) district: Template,
    pub(super) sector: Option<Template>,
    pub(super) kind: ShelterKind,
    pub(super) kinds: Option<(usize, Vec<(String, ShelterKind)>)>,
    pub(super) disclosed_when: Option<usize>,
    pub(super) closed_when: Option<Equals>,
    pub(super) admits_when: Vec<(Need, Equals)>,
    pub(super) rooms: Vec<RoomMap>,
    pub(super) rules: Vec<(String, AdmissionRules)>,
    pub(super) unusual: Option<RawUnusual>,
}

pub(super) const ANY_SECTOR: &str = "*";

impl Map {
    /// Reads and checks a map.
    ///
    /// # Errors
    /// [`MapError`] naming the key that is missing, unknown or contradicts another.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let document = toml::Deserializer::parse(text).map_err(|error| MapError::new("", error.message()))?;
        let raw: RawMap = serde_path_to_error::deserialize(document)
            .map_err(|error| MapError::new(&error.path().to_string(), error.inner().message()))?;
        Self::compile(raw)
    }

    pub(super) fn rule(&self, sector: &str) -> Option<&AdmissionRules> {
        self.rules
            .iter()
            .find(|(name, _)| name == sector)
            .map(|(_, rules)| rules)
    }

    pub(super) fn known_sector(&self, sector: &str) -> Option<&AdmissionRules> {
        self.rule(sector).or_else(|| self.rule(ANY_SECTOR))
    }

    /// Whom a shelter of this map admits: its sector's rules and what its own line adds. `None` only for a sector
    /// the map does not know, which no accepted row has.
    #[must_use]
    pub fn rules_for(&self, shelter: &ShelterRow) -> Option<AdmissionRules> {
        let sector = shelter.sector.as_deref().unwrap_or(ANY_SECTOR);
        let mut rules = self.known_sector(sector)?.clone();
        rules.admits.extend(shelter.also_admits.iter().copied());
        Some(rules)
    }

    pub(super) fn night_column(&self) -> Option<usize> {
        match &self.night {
            Night::Column { slot, .. } | Night::Instant { slot } => Some(*slot),
            Night::Fixed(_) => None,
        }
    }

    /// How the codes of all this map's shelters begin; empty where they have nothing in common.
    #[must_use]
    pub fn code_prefix(&self) -> &str {
        self.code.prefix()
    }

    /// Finds the map's columns in a header.
    ///
    /// # Errors
    /// [`MapError`] whose key is the column that the file lacks.
    pub fn header<'h>(&self, header: impl IntoIterator<Item = &'h str>) -> Result<Header, MapError> {
        self.columns.bind(header)
    }
}
