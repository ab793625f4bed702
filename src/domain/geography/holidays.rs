//! `[holidays]` of `pack.toml`: the days a country does not work. Reads and checks them; what follows from them is
//! `domain::holidays`'s business.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Deserialize;

use super::error::{PackError, PackFault};
use super::settings::within;
use crate::domain::calendar::DayOfWeek;
use crate::domain::holidays::Holidays;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHolidays {
    weekend: Vec<DayOfWeek>,
    made_up_for: bool,
    source: String,
    fixed: Vec<RawFixed>,
    moving: Vec<RawMoving>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFixed {
    /// `MM-DD`.
    on: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMoving {
    /// `YYYY-MM-DD`.
    on: String,
    name: String,
}

impl RawHolidays {
    pub fn read(self) -> Result<Holidays, PackError> {
        within("holidays.weekend", self.weekend.len(), 0, 6)?;
        let weekend: BTreeSet<DayOfWeek> = self.weekend.iter().copied().collect();
        if weekend.len() < self.weekend.len() {
            return Err(twice("holidays.weekend", format!("{:?}", self.weekend)));
        }
        if self.source.trim().is_empty() {
            return Err(PackError::setting("holidays.source", PackFault::Blank));
        }
        let (mut fixed, mut moving) = (BTreeMap::new(), BTreeMap::new());
        for day in self.fixed {
            let key = "holidays.fixed.on";
            // Of a leap year, so that 29 February may be one.
            let date = date(key, &format!("2000-{}", day.on), &day.on, "a day such as 03-21")?;
            use chrono::Datelike;
            if fixed
                .insert((date.month(), date.day()), named(key, day.name)?)
                .is_some()
            {
                return Err(twice(key, day.on));
            }
        }
        for day in self.moving {
            let key = "holidays.moving.on";
            let date = date(key, &day.on, &day.on, "a date such as 2026-03-20")?;
            if moving.insert(date, named(key, day.name)?).is_some() {
                return Err(twice(key, day.on));
            }
        }
        Ok(Holidays {
            weekend,
            made_up_for: self.made_up_for,
            fixed,
            moving,
            source: self.source,
        })
    }
}

fn date(key: &str, text: &str, written: &str, wanted: &str) -> Result<NaiveDate, PackError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| PackError::setting(key, PackFault::Syntax(format!("`{written}` is not {wanted}"))))
}

fn named(key: &str, name: String) -> Result<String, PackError> {
    if name.trim().is_empty() {
        return Err(PackError::setting(&key.replace(".on", ".name"), PackFault::Blank));
    }
    Ok(name)
}

fn twice(key: &str, value: String) -> PackError {
    PackError::setting(key, PackFault::Duplicate { what: "day", value })
}
