//! `pack.toml`: the settings of a country that are no tables. Reads and checks them; what they mean is said by the
//! types of the rooms that use them.

use std::collections::BTreeMap;

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::error::{PackError, PackFault, PackFile, list};
use super::holidays::RawHolidays;
use super::table::Row;
use crate::domain::holidays::Holidays;
use crate::domain::household::{AgeBand, Child};
use crate::domain::reminders::Hours;

/// The version of the format this reader knows.
const FORMAT: u32 = 1;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: u32,
    country: String,
    languages: Vec<String>,
    default_language: String,
    time_zone: String,
    attribution: Vec<String>,
    family_place: FamilyPlace,
    supplies: RawSupplies,
    reminders: RawReminders,
    holidays: RawHolidays,
    travel: RawTravel,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSupplies {
    critical_below_days: u32,
    low_below_days: u32,
    surplus_above_days: u32,
    currency: String,
    #[serde(default)]
    residents_per_mille: BTreeMap<String, u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReminders {
    from: String,
    to: String,
    second_after_minutes: u16,
    tell_operators_after_minutes: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTravel {
    longest_leg_km: f64,
    terrain: Vec<Terrain>,
}

/// The household that one family place takes: the unit of the per-capita standard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyPlace {
    pub adults: Vec<AgeBand>,
    pub children: Vec<Child>,
    /// One such place is planned for this many inhabitants.
    pub inhabitants: u32,
    /// Where the figure comes from.
    pub source: String,
}

/// Days of cover at which a stock counts as critical, low or surplus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplyThresholds {
    pub critical_below_days: u32,
    pub low_below_days: u32,
    pub surplus_above_days: u32,
}

/// How ways in one kind of land compare with the straight line. Later in the pack's list is rougher.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terrain {
    pub code: String,
    /// Road length ÷ straight line, at least 1.
    pub ratio: f64,
    pub speed_kmh: f64,
    /// A way inside one district: its usual length and time.
    pub within_km: f64,
    pub within_minutes: f64,
    /// What the figures rest on.
    pub basis: String,
}

/// The group of all residents, which needs no share. (Column `for_whom` of `items.csv`.)
pub(super) const EVERYBODY: &str = "resident";

/// `pack.toml`, checked.
#[derive(Debug)]
pub(super) struct Settings {
    pub country: String,
    /// The default language first.
    pub languages: Vec<String>,
    /// The pack's own order.
    pub languages_as_listed: Vec<String>,
    pub time_zone: Tz,
    pub attribution: Vec<String>,
    pub family_place: FamilyPlace,
    pub supplies: SupplyThresholds,
    pub currency: String,
    pub residents_per_mille: BTreeMap<String, u32>,
    pub reminders: Hours,
    pub holidays: Holidays,
    pub longest_leg_km: f64,
    pub terrains: Vec<Terrain>,
}

impl Settings {
    pub fn read(text: &str) -> Result<Self, PackError> {
        let raw: Raw = toml::from_str(text).map_err(|e| syntax(text, &e))?;
        within("format", raw.format, FORMAT, FORMAT)?;
        if raw.country.is_empty() || !raw.country.chars().all(|c| c.is_ascii_uppercase()) {
            let fault = PackFault::Syntax(format!("`{}` is no country code of capital letters", raw.country));
            return Err(PackError::setting("country", fault));
        }
        let languages = languages(&raw.languages, &raw.default_language)?;
        let time_zone = raw.time_zone.parse().map_err(|_| {
            let known = "the names of the IANA time zone database".to_owned();
            let fault = PackFault::Unknown {
                what: "time zone",
                value: raw.time_zone.clone(),
                known,
            };
            PackError::setting("time_zone", fault)
        })?;
        if raw.attribution.iter().any(|line| line.trim().is_empty()) {
            return Err(PackError::setting("attribution", PackFault::Blank));
        }
        check_family_place(&raw.family_place)?;
        let supplies = thresholds(&raw.supplies)?;
        for (group, share) in &raw.supplies.residents_per_mille {
            let key = format!("supplies.residents_per_mille.{group}");
            if group == EVERYBODY {
                let fault = PackFault::Duplicate {
                    what: "built-in group",
                    value: group.clone(),
                };
                return Err(PackError::setting(&key, fault));
            }
            within(&key, *share, 1, 1000)?;
        }
        let reminders = reminders(&raw.reminders)?;
        let holidays = raw.holidays.read()?;
        check_travel(&raw.travel)?;
        Ok(Self {
            country: raw.country,
            languages,
            languages_as_listed: raw.languages,
            time_zone,
            attribution: raw.attribution,
            family_place: raw.family_place,
            supplies,
            currency: currency(raw.supplies.currency)?,
            residents_per_mille: raw.supplies.residents_per_mille,
            reminders,
            holidays,
            longest_leg_km: raw.travel.longest_leg_km,
            terrains: raw.travel.terrain,
        })
    }

    /// The terrain of a table's row, and its place in the list.
    pub fn terrain(&self, row: &Row) -> Result<(usize, &Terrain), PackError> {
        let code = row.text("terrain")?;
        self.terrains
            .iter()
            .enumerate()
            .find(|(_, t)| t.code == code)
            .ok_or_else(|| {
                let known = list(self.terrains.iter().map(|t| &t.code));
                row.error(
                    "terrain",
                    PackFault::Unknown {
                        what: "terrain",
                        value: code.to_owned(),
                        known,
                    },
                )
            })
    }
}

fn languages(listed: &[String], default: &str) -> Result<Vec<String>, PackError> {
    let mut ordered = vec![default.to_owned()];
    for (n, language) in listed.iter().enumerate() {
        let well_formed = (2..=3).contains(&language.len()) && language.chars().all(|c| c.is_ascii_lowercase());
        if !well_formed {
            let known = "codes of two or three small letters (ISO 639)".to_owned();
            let fault = PackFault::Unknown {
                what: "language",
                value: language.clone(),
                known,
            };
            return Err(PackError::setting("languages", fault));
        }
        if listed.iter().take(n).any(|other| other == language) {
            let fault = PackFault::Duplicate {
                what: "language",
                value: language.clone(),
            };
            return Err(PackError::setting("languages", fault));
        }
        if language != default {
            ordered.push(language.clone());
        }
    }
    if !listed.iter().any(|language| language == default) {
        let fault = PackFault::Unknown {
            what: "language",
            value: default.to_owned(),
            known: list(listed),
        };
        return Err(PackError::setting("default_language", fault));
    }
    Ok(ordered)
}

fn check_family_place(place: &FamilyPlace) -> Result<(), PackError> {
    within("family_place.inhabitants", place.inhabitants, 1, 100_000_000)?;
    within("family_place.adults", place.adults.len(), 1, 10)?;
    within("family_place.children", place.children.len(), 0, 10)?;
    for child in &place.children {
        within("family_place.children.age", child.age, 0, 17)?;
    }
    Ok(())
}

fn thresholds(raw: &RawSupplies) -> Result<SupplyThresholds, PackError> {
    within("supplies.critical_below_days", raw.critical_below_days, 1, 365)?;
    within(
        "supplies.low_below_days",
        raw.low_below_days,
        raw.critical_below_days,
        365,
    )?;
    within(
        "supplies.surplus_above_days",
        raw.surplus_above_days,
        raw.low_below_days,
        3650,
    )?;
    Ok(SupplyThresholds {
        critical_below_days: raw.critical_below_days,
        low_below_days: raw.low_below_days,
        surplus_above_days: raw.surplus_above_days,
    })
}

fn currency(code: String) -> Result<String, PackError> {
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(code);
    }
    let known = "codes of three capital letters (ISO 4217)".to_owned();
    let (what, value) = ("currency", code);
    Err(PackError::setting(
        "supplies.currency",
        PackFault::Unknown { what, value, known },
    ))
}

fn reminders(raw: &RawReminders) -> Result<Hours, PackError> {
    let time = |key: &str, text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
            let fault = PackFault::Syntax(format!("`{text}` is no time such as 08:00"));
            PackError::setting(&format!("reminders.{key}"), fault)
        })
    };
    let (from, to) = (time("from", &raw.from)?, time("to", &raw.to)?);
    let minutes = (to - from).num_minutes();
    // Shorter hours would leave no room for the steps.
    within("reminders.to, in minutes after reminders.from", minutes, 60, 24 * 60)?;
    let (second, tell) = (raw.second_after_minutes, raw.tell_operators_after_minutes);
    within("reminders.second_after_minutes", i64::from(second), 15, minutes - 1)?;
    // Before the hours come round again the day's course has ended.
    within(
        "reminders.tell_operators_after_minutes",
        i64::from(tell),
        i64::from(second) + 1,
        minutes - 1,
    )?;
    Ok(Hours {
        from,
        to,
        second_after: second,
        tell_operators_after: tell,
    })
}

fn check_travel(travel: &RawTravel) -> Result<(), PackError> {
    within("travel.longest_leg_km", travel.longest_leg_km, 1.0, 1000.0)?;
    within("travel.terrain", travel.terrain.len(), 1, 50)?;
    for (n, terrain) in travel.terrain.iter().enumerate() {
        if travel.terrain.iter().take(n).any(|other| other.code == terrain.code) {
            let fault = PackFault::Duplicate {
                what: "terrain",
                value: terrain.code.clone(),
            };
            return Err(PackError::setting("travel.terrain.code", fault));
        }
        within("travel.terrain.ratio", terrain.ratio, 1.0, 10.0)?;
        within("travel.terrain.speed_kmh", terrain.speed_kmh, 1.0, 150.0)?;
        within("travel.terrain.within_km", terrain.within_km, 0.1, 1000.0)?;
        within("travel.terrain.within_minutes", terrain.within_minutes, 1.0, 1440.0)?;
    }
    Ok(())
}

pub(super) fn within<T: PartialOrd + std::fmt::Display>(key: &str, value: T, low: T, high: T) -> Result<(), PackError> {
    if value >= low && value <= high {
        return Ok(());
    }
    let fault = PackFault::OutOfRange {
        value: value.to_string(),
        range: format!("{low} to {high}"),
    };
    Err(PackError::setting(key, fault))
}

fn syntax(text: &str, error: &toml::de::Error) -> PackError {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|b| b.matches('\n').count() as u64 + 1);
    let column = before.map(|b| (b.chars().rev().take_while(|c| *c != '\n').count() + 1).to_string());
    PackError::new(
        PackFile::Settings,
        line,
        column.as_deref(),
        PackFault::Syntax(error.message().to_owned()),
    )
}
