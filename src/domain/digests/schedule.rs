//! When a digest is due. A run is keyed by the civil date of its slot in the schedule's own zone, so that clocks put
//! forward or back make neither two runs of a day nor none.
//!
//! The `cron` crate evaluates the expression on a clock that never changes (civil time taken for UTC): given a real
//! zone it would skip a daily run in a gap and repeat it in a fold. What a civil slot means is `calendar`'s decision.

use std::str::FromStr;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use crate::domain::calendar;
use crate::domain::id::Moment;

/// A run made later than this after its slot says so to its readers.
pub const DELAYED_AFTER: TimeDelta = TimeDelta::minutes(15);

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cadence {
    Daily,
}

/// When, for whom in the country, and by whose clock a digest is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub cadence: Cadence,
    /// Local time of day; its seconds are not looked at.
    pub at: NaiveTime,
    pub zone: Tz,
    /// Region code of the country pack; `None` for the whole country.
    pub region: Option<String>,
}

/// One slot of a schedule: the civil day it belongs to and the instant it fell on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// Local civil date of the slot: with the schedule's id the key of the run.
    pub date: NaiveDate,
    /// The instant the slot falls on. In a gap this may be early on the next local day; the key stays.
    pub due: Moment,
}

impl Period {
    /// The key as it is stored and shown: `2026-11-22`.
    pub fn key(&self) -> String {
        self.date.to_string()
    }

    /// Whether a run made at `now` is late enough to be marked so.
    pub fn is_delayed(&self, now: Moment) -> bool {
        now.signed_duration_since(self.due) > DELAYED_AFTER
    }
}

impl Schedule {
    /// The schedule as a cron expression of seven or six fields: second minute hour day month weekday.
    pub fn expression(&self) -> String {
        match self.cadence {
            Cadence::Daily => format!("0 {} {} * * *", self.at.minute(), self.at.hour()),
        }
    }

    fn cron(&self) -> Option<cron::Schedule> {
        // Every expression above parses; a digest that cannot be planned is simply never due.
        cron::Schedule::from_str(&self.expression()).ok()
    }

    /// The slot on civil `date` at `time`, unless that day was left out of the calendar of the zone.
    fn slot(&self, civil: Moment) -> Option<Period> {
        let civil = civil.naive_utc();
        if !calendar::day_exists(self.zone, civil.date()) {
            return None;
        }
        Some(Period {
            date: civil.date(),
            due: calendar::instant(self.zone, civil)?,
        })
    }
}

/// The newest slot at or before `now`. Store its date with a new schedule, so that its first digest is the next one
/// and not the one whose hour has just passed.
pub fn latest_period(schedule: &Schedule, now: Moment) -> Option<Period> {
    let cron = schedule.cron()?;
    // A slot of the next civil day may already have passed where clocks were put back across midnight; and a slot of
    // a day before may not yet have come where it fell into a gap. Two days either way is more than any zone needs.
    let above = calendar::civil(schedule.zone, now)
        .checked_add_days(Days::new(2))?
        .and_utc();
    cron.after(&above)
        .rev()
        .filter_map(|civil| schedule.slot(civil))
        .find(|period| period.due <= now)
}

/// The slot for which a run is to be made now, if any: the newest only, when several were missed; none whose date is
/// not after `last_period` (the date of the newest run that exists), even if the clock went back meanwhile.
pub fn period_due(schedule: &Schedule, now: Moment, last_period: Option<NaiveDate>) -> Option<Period> {
    latest_period(schedule, now).filter(|period| last_period.is_none_or(|last| period.date > last))
}

/// The next `n` instants after `now` at which a run falls due.
pub fn next_sends(schedule: &Schedule, now: Moment, n: usize) -> Vec<Moment> {
    let below = calendar::civil(schedule.zone, now).checked_sub_days(Days::new(2));
    let (Some(cron), Some(below)) = (schedule.cron(), below) else {
        return Vec::new();
    };
    cron.after(&below.and_utc())
        .filter_map(|civil| schedule.slot(civil))
        .map(|period| period.due)
        .filter(|due| *due > now)
        .take(n)
        .collect()
}
