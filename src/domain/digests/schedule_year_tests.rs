//! EML-4 for every cadence: one run for each slot of a year, whatever the clocks of a zone do.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use proptest::prelude::*;
use strum::IntoEnumIterator;

use super::schedule::{Mark, Period, Schedule, latest_period, next_periods, period_due};
use super::schedule_cadence_tests::schedule;
use super::schedule_rule::{Cadence, Rule};
use super::schedule_tests::AWKWARD;
use crate::domain::calendar::{DayOfWeek, Span, day_exists};
use crate::domain::id::Moment;

/// The slots of a year by the definitions, without cron: civil times in order.
fn by_definition(schedule: &Schedule, from: NaiveDate) -> Vec<String> {
    let days = from.iter_days().take(366 + 40);
    let exists = |day: &NaiveDate| day_exists(schedule.zone, *day);
    let day = u32::from(schedule.rule.day.unwrap_or(1));
    days.flat_map(|date| {
        let falls = match schedule.cadence {
            Cadence::Daily => exists(&date),
            Cadence::Weekly => Some(DayOfWeek::of(date)) == schedule.rule.weekday,
            Cadence::Monthly => date.day() == day,
            Cadence::FirstWorkingDay => {
                let worked = |day: &NaiveDate| {
                    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && (day.month(), day.day()) != (1, 1)
                };
                let first = date.with_day(1).unwrap();
                first.iter_days().find(worked) == Some(date)
            }
            Cadence::Quarterly => date.month() % 3 == 1 && date.day() == day,
            Cadence::HalfYearly => date.month() % 6 == 1 && date.day() == day,
            // "MINUTE 2,3 * * mon,thu"
            Cadence::Cron => exists(&date) && matches!(date.weekday(), Weekday::Mon | Weekday::Thu),
        };
        let keys = match schedule.cadence {
            Cadence::Cron => {
                let minute = schedule.rule.cron.as_ref().unwrap().split(' ').next().unwrap();
                ["02", "03"].map(|hour| format!("{date}T{hour}:{minute:0>2}")).to_vec()
            }
            _ => vec![date.to_string()],
        };
        keys.into_iter().filter(move |_| falls)
    })
    .collect()
}

/// Asks at every tick of a year, as the job does.
fn run_a_year(schedule: &Schedule, from: Moment, tick: TimeDelta) -> Vec<(Moment, Period)> {
    let mut last = latest_period(schedule, from).map(|period| period.key());
    let (mut runs, mut now) = (Vec::new(), from);
    while now < from + TimeDelta::days(365) {
        now += tick;
        if let Some(period) = period_due(schedule, now, last.as_deref()) {
            last = Some(period.key());
            runs.push((now, period));
        }
    }
    runs
}

/// One run for each slot of the year, never early, at most a tick late, and as the screen promised.
fn one_run_per_slot(cadence: Cadence, which: usize, minute: u32, day: u8, weekday: DayOfWeek, tick: i64) {
    let (zone, (year, month, first)) = AWKWARD[which];
    let from = Utc.with_ymd_and_hms(year, month, first, 12, 0, 0).unwrap();
    let rule = match cadence {
        Cadence::Weekly => Rule {
            weekday: Some(weekday),
            ..Rule::default()
        },
        Cadence::Monthly | Cadence::Quarterly | Cadence::HalfYearly => Rule {
            day: Some(day),
            ..Rule::default()
        },
        Cadence::Cron => Rule {
            cron: Some(format!("{} 2,3 * * mon,thu", minute % 60)),
            ..Rule::default()
        },
        Cadence::Daily | Cadence::FirstWorkingDay => Rule::default(),
    };
    let schedule = Schedule {
        at: NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap(),
        zone,
        ..schedule(cadence, rule)
    };
    let tick = TimeDelta::minutes(tick);
    let runs = run_a_year(&schedule, from, tick);
    let what = format!("{cadence} {zone} {minute} {day} {weekday}");
    let keys: Vec<String> = runs.iter().map(|(_, period)| period.key()).collect();
    let (first, last) = (keys.first().expect(&what), keys.last().unwrap());
    let mut expected = by_definition(&schedule, from.date_naive() - Days::new(2));
    expected.retain(|key| key >= first && key <= last);
    if cadence == Cadence::Cron {
        // Two slots an hour apart may lie within one tick, or fall on one instant: then only the newer is made.
        assert!(keys.iter().all(|key| expected.contains(key)), "{what}");
        let made = |of: &str| keys.iter().any(|key| key.starts_with(of));
        assert!(expected.iter().all(|key| made(&key[..10])), "{what}");
    } else {
        assert_eq!(keys, expected, "{what}");
    }
    let fewest = match cadence {
        Cadence::Daily => 362,
        Cadence::Weekly => 51,
        Cadence::Monthly | Cadence::FirstWorkingDay => 11,
        Cadence::Quarterly => 3,
        Cadence::HalfYearly => 1,
        Cadence::Cron => 103,
    };
    assert!(keys.len() >= fewest, "{what}: {}", keys.len());
    for (now, period) in &runs {
        assert!(
            period.due <= *now && *now - period.due < tick,
            "{what} {period:?} at {now}"
        );
        let Span { from, to } = schedule.covers(period);
        assert!(
            from <= to && (to < period.date || matches!(period.mark, Mark::Minute(_))),
            "{what} {period:?}"
        );
    }
    // And the screen promises exactly what then happens.
    if cadence != Cadence::Cron {
        let kept: Vec<Period> = runs.iter().take(2).map(|(_, period)| *period).collect();
        assert_eq!(next_periods(&schedule, from, kept.len()), kept, "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn one_run_per_slot_of_every_cadence(
        which in 0..AWKWARD.len(), minute in 0u32..1440, day in 1u8..=28, weekday in 0usize..7, tick in 300i64..1380
    ) {
        for cadence in Cadence::iter().filter(|cadence| *cadence != Cadence::Daily) {
            one_run_per_slot(cadence, which, minute, day, DayOfWeek::iter().nth(weekday).unwrap(), tick);
        }
    }
}

#[test]
fn one_run_per_slot_at_the_hours_of_the_changes() {
    for which in 0..AWKWARD.len() {
        for minute in [0, 30, 119, 150, 1439] {
            for cadence in Cadence::iter() {
                one_run_per_slot(cadence, which, minute, 21, DayOfWeek::Sunday, 600);
            }
        }
    }
}
