//! EML-4: one run per local day at every minute of the day, whatever the clocks of a zone do.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::schedule::{Period, Schedule, latest_period, next_periods, period_due};
use super::schedule_rule::{Cadence, Rule};
use crate::domain::calendar::{day_exists, local_date};
use crate::domain::id::Moment;

fn daily(zone: Tz, at: &str) -> Schedule {
    Schedule {
        cadence: Cadence::Daily,
        at: NaiveTime::parse_from_str(at, "%H:%M").unwrap(),
        zone,
        region: None,
        rule: Rule::default(),
        expires_on: None,
        holidays: std::sync::Arc::default(),
    }
}

fn next_sends(schedule: &Schedule, now: Moment, n: usize) -> Vec<Moment> {
    next_periods(schedule, now, n)
        .into_iter()
        .map(|period| period.due)
        .collect()
}

fn key(date: NaiveDate) -> String {
    date.to_string()
}

fn moment(text: &str) -> Moment {
    text.parse::<DateTime<Utc>>().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn due_from_its_minute_on_and_once() {
    let schedule = daily(Tz::Asia__Dushanbe, "08:30");
    let before = moment("2026-11-22T03:29:59Z");
    let sharp = moment("2026-11-22T03:30:00Z");
    assert_eq!(latest_period(&schedule, before).unwrap().date, date("2026-11-21"));
    let period = period_due(&schedule, sharp, Some("2026-11-21")).unwrap();
    assert_eq!((period.key().as_str(), period.due), ("2026-11-22", sharp));
    assert!(!period.is_delayed(sharp + TimeDelta::minutes(15)));
    assert!(period.is_delayed(sharp + TimeDelta::minutes(16)));
    assert_eq!(period_due(&schedule, sharp, Some(&period.key())), None);
    // A clock set back makes nothing due twice.
    assert_eq!(period_due(&schedule, before, Some(&period.key())), None);
}

#[test]
fn of_several_missed_the_newest_only() {
    let schedule = daily(Tz::Asia__Dushanbe, "08:30");
    let back = moment("2026-11-25T12:00:00Z");
    let period = period_due(&schedule, back, Some("2026-11-21")).unwrap();
    assert_eq!(period.date, date("2026-11-25"));
    assert!(period.is_delayed(back));
    assert_eq!(period_due(&schedule, back, Some(&period.key())), None);
}

#[test]
fn a_new_schedule_waits_for_its_next_slot() {
    let schedule = daily(Tz::Asia__Dushanbe, "08:30");
    let made = moment("2026-11-22T07:00:00Z");
    let passed = latest_period(&schedule, made).unwrap().date;
    assert_eq!(period_due(&schedule, made, Some(&key(passed))), None);
    assert_eq!(
        next_sends(&schedule, made, 3),
        [
            moment("2026-11-23T03:30:00Z"),
            moment("2026-11-24T03:30:00Z"),
            moment("2026-11-25T03:30:00Z")
        ]
    );
}

#[test]
fn a_day_samoa_left_out_has_no_run() {
    let schedule = daily(Tz::Pacific__Apia, "08:30");
    let sends = next_sends(&schedule, moment("2011-12-28T20:00:00Z"), 2);
    let days: Vec<NaiveDate> = sends.iter().map(|send| local_date(schedule.zone, *send)).collect();
    assert_eq!(days, [date("2011-12-29"), date("2011-12-31")]);
}

/// Zones and a first day, 365 days of which hold awkward changes.
pub(super) const AWKWARD: [(Tz, (i32, u32, u32)); 12] = [
    (Tz::Asia__Dushanbe, (2026, 1, 1)),
    (Tz::Europe__Berlin, (2026, 1, 1)),
    // Half an hour.
    (Tz::Australia__Lord_Howe, (2026, 1, 1)),
    // At 02:45, from +12:45.
    (Tz::Pacific__Chatham, (2026, 1, 1)),
    // A day left out.
    (Tz::Pacific__Apia, (2011, 6, 1)),
    // Clocks go forward at midnight.
    (Tz::America__Havana, (2026, 1, 1)),
    (Tz::Asia__Beirut, (2026, 1, 1)),
    (Tz::America__Santiago, (2026, 1, 1)),
    // Back across midnight.
    (Tz::America__Asuncion, (2023, 6, 1)),
    // Forward and back around Ramadan.
    (Tz::Africa__Casablanca, (2026, 1, 1)),
    // A day twice as long in its calendar: from 1969 on the other side of the date line to 1993.
    (Tz::Pacific__Kwajalein, (1993, 2, 1)),
    // Half an hour off for good.
    (Tz::America__Caracas, (2007, 6, 1)),
];

/// Runs a year as the job does: asks at every tick, keeps the newest period.
fn run_a_year(schedule: &Schedule, from: Moment, tick: TimeDelta) -> Vec<(Moment, Period)> {
    let mut last = latest_period(schedule, from).map(|period| period.key());
    let mut runs = Vec::new();
    let mut now = from;
    while now < from + TimeDelta::days(365) {
        now += tick;
        if let Some(period) = period_due(schedule, now, last.as_deref()) {
            last = Some(period.key());
            runs.push((now, period));
        }
    }
    runs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn one_run_per_local_day(which in 0..AWKWARD.len(), minute in 0u32..1440, tick in 60i64..400) {
        one_per_day(which, minute, tick);
    }
}

#[test]
fn one_run_per_local_day_at_the_hours_of_the_changes() {
    for which in 0..AWKWARD.len() {
        for minute in [0, 1, 30, 59, 60, 90, 119, 120, 135, 150, 165, 180, 1380, 1425, 1439] {
            one_per_day(which, minute, 360);
        }
    }
}

fn one_per_day(which: usize, minute: u32, tick: i64) {
    let (zone, (year, month, day)) = AWKWARD[which];
    let at = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
    let schedule = Schedule {
        at,
        ..daily(zone, "00:00")
    };
    let from = Utc.with_ymd_and_hms(year, month, day, 12, 0, 0).unwrap();
    let tick = TimeDelta::minutes(tick);
    let runs = run_a_year(&schedule, from, tick);
    // Every day lived between the first and the last run has exactly one, in order.
    let keys: Vec<NaiveDate> = runs.iter().map(|(_, period)| period.date).collect();
    let unique: BTreeSet<&NaiveDate> = keys.iter().collect();
    assert_eq!(unique.len(), keys.len(), "{zone} {at}");
    let lived: Vec<NaiveDate> = (keys[0].iter_days())
        .take_while(|day| day <= keys.last().unwrap())
        .filter(|day| day_exists(zone, *day))
        .collect();
    assert_eq!(keys, lived, "{zone} {at}");
    assert!(keys.len() >= 362, "{zone} {at}: {}", keys.len());
    for (now, period) in &runs {
        // Never early, and no later than the tick that follows.
        assert!(
            period.due <= *now && *now - period.due < tick,
            "{zone} {at} {period:?} at {now}"
        );
        // On its own local day; early on the next where the hour fell into a gap that ends there.
        let local = local_date(zone, period.due);
        assert!(
            local == period.date || local == period.date.succ_opt().unwrap(),
            "{zone} {at} {period:?}"
        );
    }
    // And the screen promises exactly what then happens.
    let promised = next_sends(&schedule, from, 3);
    let kept: Vec<Moment> = runs.iter().take(3).map(|(_, period)| period.due).collect();
    assert_eq!(promised, kept, "{zone} {at}");
}
