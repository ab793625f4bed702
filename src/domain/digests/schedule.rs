//! When a digest is due, and which days it tells of. A run is keyed by the civil date of its slot in the schedule's own
//! zone, so that clocks put forward or back make neither two runs of a day nor none.
//!
//! The `cron` crate evaluates the expression on a clock that never changes (civil time taken for UTC): given a real
//! zone it would skip a daily run in a gap and repeat it in a fold. What a civil slot means is `calendar`'s decision.

use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use super::schedule_rule::{Cadence, Rule};
use crate::domain::calendar::{self, Span};
use crate::domain::holidays::Holidays;
use crate::domain::id::Moment;

/// A run made later than this after its slot says so to its readers.
pub const DELAYED_AFTER: TimeDelta = TimeDelta::minutes(15);
/// A slot without its run after this time is in trouble: late enough that a slow run is none, and early enough that an
/// administrator hears of it within a quarter of an hour.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::minutes(10);

/// When, for whom in the country, and by whose clock a digest is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub cadence: Cadence,
    pub rule: Rule,
    /// Local time of day; its seconds are not looked at, and a cron line has its own.
    pub at: NaiveTime,
    pub zone: Tz,
    /// Region code of the country pack; `None` for the whole country.
    pub region: Option<String>,
    /// The last civil date that has a slot.
    pub expires_on: Option<NaiveDate>,
    pub holidays: Arc<Holidays>,
}

/// By what a run is told from the others of its schedule, beside its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// There is one slot a day at most.
    Day,
    /// A slot of a cron line.
    Minute(NaiveTime),
    /// No slot: somebody wanted it now.
    Second(NaiveTime),
}

/// One slot of a schedule: the civil day it belongs to and the instant it fell on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// Local civil date of the slot.
    pub date: NaiveDate,
    pub mark: Mark,
    /// The instant the slot falls on. In a gap this may be early on the next local day; the key stays.
    pub due: Moment,
}

impl Period {
    /// A run that somebody wants now, whatever the schedule says.
    pub fn now(zone: Tz, now: Moment) -> Self {
        let civil = calendar::civil(zone, now);
        Self {
            date: civil.date(),
            mark: Mark::Second(civil.time()),
            due: now,
        }
    }

    /// With the schedule's id the key of the run: `2026-11-22`, of a cron line `2026-11-22T08:00`, of a run that somebody
    /// wanted `2026-11-22T08:00:59`. Later keys are greater texts.
    pub fn key(&self) -> String {
        match self.mark {
            Mark::Day => self.date.to_string(),
            Mark::Minute(at) => format!("{}T{}", self.date, at.format("%H:%M")),
            Mark::Second(at) => format!("{}T{}", self.date, at.format("%H:%M:%S")),
        }
    }

    /// The civil date in a key.
    pub fn date_of(key: &str) -> Option<NaiveDate> {
        key.get(..10)?.parse().ok()
    }

    /// Whether a run made at `now` is late enough to be marked so.
    pub fn is_delayed(&self, now: Moment) -> bool {
        now.signed_duration_since(self.due) > DELAYED_AFTER
    }
}

impl Schedule {
    fn cron(&self) -> Option<cron::Schedule> {
        // Every rule that is kept comes to one; a digest that cannot be planned is simply never due.
        cron::Schedule::from_str(&self.cadence.expression(&self.rule, self.at)?).ok()
    }

    /// The slot at this civil time, if there is one.
    fn slot(&self, civil: DateTime<Utc>) -> Option<Period> {
        let civil = civil.naive_utc();
        let date = civil.date();
        let is_off = match self.cadence {
            // The day before or after has its own; a month whose day was left out has its digest on the next.
            Cadence::Daily | Cadence::Cron => !calendar::day_exists(self.zone, date),
            Cadence::FirstWorkingDay => !self.holidays.is_first_working_day(date),
            _ => false,
        };
        if is_off || self.expires_on.is_some_and(|last| date > last) {
            return None;
        }
        let mark = match self.cadence {
            Cadence::Cron => Mark::Minute(civil.time()),
            _ => Mark::Day,
        };
        let due = calendar::instant(self.zone, civil)?;
        Some(Period { date, mark, due })
    }

    /// The slots before a civil time, the newest first.
    fn slots_before(&self, civil: NaiveDateTime) -> impl Iterator<Item = Period> + '_ {
        let cron = self.cron();
        // Owned, since the iterator outlives this call.
        let civils: Box<dyn Iterator<Item = DateTime<Utc>>> = match cron {
            Some(cron) => Box::new(cron.after_owned(civil.and_utc()).rev()),
            None => Box::new(std::iter::empty()),
        };
        civils.filter_map(|civil| self.slot(civil))
    }

    /// The whole days that a digest of this period tells of, the last of them before its own; only a cron line that has
    /// two slots on a day tells of that day.
    pub fn covers(&self, period: &Period) -> Span {
        let date = period.date;
        let until_yesterday = |from: Option<NaiveDate>| {
            let to = date.pred_opt().unwrap_or(date);
            Span {
                from: from.unwrap_or(to),
                to,
            }
        };
        let months = |n: u32| {
            let first = date.with_day(1).unwrap_or(date);
            let first = first.with_month(first.month0() / n * n + 1).unwrap_or(first);
            Span {
                from: first.checked_sub_months(Months::new(n)).unwrap_or(first),
                to: first.pred_opt().unwrap_or(first),
            }
        };
        match self.cadence {
            Cadence::Daily => until_yesterday(None),
            Cadence::Weekly => until_yesterday(date.checked_sub_days(Days::new(7))),
            Cadence::Monthly | Cadence::FirstWorkingDay => months(1),
            Cadence::Quarterly => months(3),
            Cadence::HalfYearly => months(6),
            Cadence::Cron => match self.slot_before(period) {
                Some(before) if before < date => until_yesterday(Some(before)),
                Some(_) => Span { from: date, to: date },
                None => until_yesterday(None),
            },
        }
    }

    /// The date of the slot before this period.
    fn slot_before(&self, period: &Period) -> Option<NaiveDate> {
        let time = match period.mark {
            Mark::Day => NaiveTime::MIN,
            Mark::Minute(at) | Mark::Second(at) => at.with_nanosecond(0).unwrap_or(at),
        };
        self.slots_before(period.date.and_time(time))
            .next()
            .map(|slot| slot.date)
    }
}

/// The newest slot at or before `now`. Store its key with a new schedule, so that its first digest is the next one
/// and not the one whose hour has just passed.
pub fn latest_period(schedule: &Schedule, now: Moment) -> Option<Period> {
    // A slot of the next civil day may already have passed where clocks were put back across midnight; and a slot of
    // a day before may not yet have come where it fell into a gap. Two days either way is more than any zone needs.
    let above = calendar::civil(schedule.zone, now).checked_add_days(Days::new(2))?;
    schedule.slots_before(above).find(|period| period.due <= now)
}

/// The slot for which a run is to be made now, if any: the newest only, when several were missed; none whose key is not
/// after `last` (that of the newest run that exists), even if the clock went back meanwhile.
pub fn period_due(schedule: &Schedule, now: Moment, last: Option<&str>) -> Option<Period> {
    latest_period(schedule, now).filter(|period| last.is_none_or(|last| *period.key() > *last))
}

/// The newest slot that should have had its run long ago, and has none.
pub fn overdue(schedule: &Schedule, now: Moment, last: Option<&str>) -> Option<Period> {
    period_due(schedule, now.checked_sub_signed(OVERDUE_AFTER)?, last)
}

/// The next `n` slots after `now`.
pub fn next_periods(schedule: &Schedule, now: Moment, n: usize) -> Vec<Period> {
    let below = calendar::civil(schedule.zone, now).checked_sub_days(Days::new(2));
    let (Some(cron), Some(below)) = (schedule.cron(), below) else {
        return Vec::new();
    };
    let too_late = |civil: &DateTime<Utc>| schedule.expires_on.is_some_and(|last| civil.date_naive() > last);
    let mut next: Vec<Period> = Vec::with_capacity(n);
    for period in cron
        .after(&below.and_utc())
        .take_while(|civil| !too_late(civil))
        .filter_map(|civil| schedule.slot(civil))
        .filter(|period| period.due > now)
    {
        // Two slots of a cron line fall on one instant where a gap swallows the first: one run is made, of the later.
        if next.last().is_some_and(|last| last.due == period.due) {
            next.pop();
        } else if next.len() == n {
            break;
        }
        next.push(period);
    }
    next
}
