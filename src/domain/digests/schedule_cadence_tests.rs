//! Every cadence falls on its days and tells of the days before them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::schedule::{OVERDUE_AFTER, Period, Schedule, latest_period, next_periods, overdue, period_due};
use super::schedule_rule::{Cadence, Rule};
use crate::domain::calendar::{DayOfWeek, Span};
use crate::domain::holidays::Holidays;
use crate::domain::id::Moment;

fn moment(text: &str) -> Moment {
    text.parse::<DateTime<Utc>>().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn holidays() -> Holidays {
    Holidays {
        weekend: [DayOfWeek::Saturday, DayOfWeek::Sunday].into(),
        fixed: [((1, 1), "New Year".to_owned())].into(),
        ..Holidays::default()
    }
}

pub(super) fn schedule(cadence: Cadence, rule: Rule) -> Schedule {
    let at = NaiveTime::from_hms_opt(8, 30, 0).filter(|_| cadence != Cadence::Cron);
    Schedule {
        rule: cadence.check(rule, at).unwrap(),
        cadence,
        at: at.unwrap_or_default(),
        zone: Tz::Asia__Dushanbe,
        region: None,
        expires_on: None,
        holidays: std::sync::Arc::new(holidays()),
    }
}

fn weekly(weekday: DayOfWeek) -> Schedule {
    let weekday = Some(weekday);
    schedule(
        Cadence::Weekly,
        Rule {
            weekday,
            ..Rule::default()
        },
    )
}

fn on_day(cadence: Cadence, day: u8) -> Schedule {
    let day = Some(day);
    schedule(cadence, Rule { day, ..Rule::default() })
}

fn line(line: &str) -> Schedule {
    let cron = Some(line.to_owned());
    schedule(
        Cadence::Cron,
        Rule {
            cron,
            ..Rule::default()
        },
    )
}

/// The keys of the next three, and what they tell of.
fn next(schedule: &Schedule, now: &str) -> Vec<(String, String)> {
    let told = |period: &Period| {
        let Span { from, to } = schedule.covers(period);
        format!("{from} {to}")
    };
    let next = next_periods(schedule, moment(now), 3);
    next.iter().map(|period| (period.key(), told(period))).collect()
}

fn says(expected: [(&str, &str); 3]) -> Vec<(String, String)> {
    expected.map(|(key, told)| (key.to_owned(), told.to_owned())).to_vec()
}

#[test]
fn each_cadence_falls_on_its_days_and_tells_of_those_before() {
    let now = "2026-11-22T12:00:00Z";
    assert_eq!(
        next(&schedule(Cadence::Daily, Rule::default()), now),
        says([
            ("2026-11-23", "2026-11-22 2026-11-22"),
            ("2026-11-24", "2026-11-23 2026-11-23"),
            ("2026-11-25", "2026-11-24 2026-11-24"),
        ])
    );
    assert_eq!(
        next(&weekly(DayOfWeek::Monday), now),
        says([
            ("2026-11-23", "2026-11-16 2026-11-22"),
            ("2026-11-30", "2026-11-23 2026-11-29"),
            ("2026-12-07", "2026-11-30 2026-12-06"),
        ])
    );
    assert_eq!(
        next(&on_day(Cadence::Monthly, 28), now),
        says([
            ("2026-11-28", "2026-10-01 2026-10-31"),
            ("2026-12-28", "2026-11-01 2026-11-30"),
            ("2027-01-28", "2026-12-01 2026-12-31"),
        ])
    );
    // New Year's Day 2027 is a Friday, and a weekend follows.
    assert_eq!(
        next(&schedule(Cadence::FirstWorkingDay, Rule::default()), now),
        says([
            ("2026-12-01", "2026-11-01 2026-11-30"),
            ("2027-01-04", "2026-12-01 2026-12-31"),
            ("2027-02-01", "2027-01-01 2027-01-31"),
        ])
    );
    assert_eq!(
        next(&on_day(Cadence::Quarterly, 5), now),
        says([
            ("2027-01-05", "2026-10-01 2026-12-31"),
            ("2027-04-05", "2027-01-01 2027-03-31"),
            ("2027-07-05", "2027-04-01 2027-06-30"),
        ])
    );
    assert_eq!(
        next(&on_day(Cadence::HalfYearly, 1), now),
        says([
            ("2027-01-01", "2026-07-01 2026-12-31"),
            ("2027-07-01", "2027-01-01 2027-06-30"),
            ("2028-01-01", "2027-07-01 2027-12-31"),
        ])
    );
    assert_eq!(
        next(&line("0 8 * * mon,thu"), now),
        says([
            ("2026-11-23T08:00", "2026-11-19 2026-11-22"),
            ("2026-11-26T08:00", "2026-11-23 2026-11-25"),
            ("2026-11-30T08:00", "2026-11-26 2026-11-29"),
        ])
    );
    assert_eq!(
        next(&line("15 8,20 * * *"), now),
        says([
            ("2026-11-22T20:15", "2026-11-22 2026-11-22"),
            ("2026-11-23T08:15", "2026-11-22 2026-11-22"),
            ("2026-11-23T20:15", "2026-11-23 2026-11-23"),
        ])
    );
}

#[test]
fn a_run_by_hand_tells_of_the_same_days_as_one_of_its_date_and_has_a_key_of_its_own() {
    let now = moment("2026-11-25T12:00:07Z");
    let by_hand = Period::now(Tz::Asia__Dushanbe, now);
    assert_eq!((by_hand.key().as_str(), by_hand.due), ("2026-11-25T17:00:07", now));
    assert_eq!(Period::date_of(&by_hand.key()), Some(date("2026-11-25")));
    assert!(!by_hand.is_delayed(now));
    let told = |schedule: &Schedule| schedule.covers(&by_hand);
    let span = |from: &str, to: &str| Span {
        from: date(from),
        to: date(to),
    };
    assert_eq!(told(&weekly(DayOfWeek::Monday)), span("2026-11-18", "2026-11-24"));
    assert_eq!(told(&on_day(Cadence::Quarterly, 1)), span("2026-07-01", "2026-09-30"));
    // Since Monday's.
    assert_eq!(told(&line("0 8 * * mon,thu")), span("2026-11-23", "2026-11-24"));
    // No key of a slot of that day is taken for it, and the next slot is due all the same.
    assert!(by_hand.key().as_str() > "2026-11-25" && by_hand.key().as_str() < "2026-11-26");
}

#[test]
fn nothing_falls_behind_the_last_day() {
    let mut schedule = weekly(DayOfWeek::Monday);
    schedule.expires_on = Some(date("2026-11-30"));
    let sends = next_periods(&schedule, moment("2026-11-22T12:00:00Z"), 3);
    let keys: Vec<_> = sends.iter().map(Period::key).collect();
    assert_eq!(keys, ["2026-11-23", "2026-11-30"]);
    let long_after = moment("2027-06-01T00:00:00Z");
    assert_eq!(latest_period(&schedule, long_after).unwrap().key(), "2026-11-30");
    assert_eq!(period_due(&schedule, long_after, Some("2026-11-30")), None);
    assert_eq!(next_periods(&schedule, long_after, 3), []);
}

#[test]
fn a_slot_is_overdue_ten_minutes_after_it_and_not_before() {
    let schedule = line("0 8,9 * * *");
    let due = moment("2026-11-22T03:00:00Z");
    assert_eq!(
        overdue(
            &schedule,
            due + OVERDUE_AFTER - TimeDelta::seconds(1),
            Some("2026-11-21T09:00")
        ),
        None
    );
    let late = overdue(&schedule, due + OVERDUE_AFTER, Some("2026-11-21T09:00")).unwrap();
    assert_eq!(late.key(), "2026-11-22T08:00");
    // The next slot is only minutes old: the trouble with this one goes on.
    let next = due + TimeDelta::minutes(65);
    assert_eq!(overdue(&schedule, next, Some("2026-11-21T09:00")), Some(late));
    assert_eq!(overdue(&schedule, next, Some("2026-11-22T08:00")), None);
    assert_eq!(overdue(&schedule, next, Some("2026-11-22T09:00")), None);
}

#[test]
fn fields_are_those_of_the_cadence() {
    let at = NaiveTime::from_hms_opt(8, 30, 0);
    let full = Rule {
        weekday: Some(DayOfWeek::Monday),
        day: Some(29),
        cron: Some("0 8 * * mon".to_owned()),
    };
    let faults = |cadence: Cadence, rule: &Rule, at| {
        let faults = cadence.check(rule.clone(), at).err().unwrap_or_default();
        faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.field, fault.code))
            .collect::<Vec<_>>()
    };
    let not = |fields: &[&str]| {
        fields
            .iter()
            .map(|field| format!("{field} not_of_cadence"))
            .collect::<Vec<_>>()
    };
    assert_eq!(faults(Cadence::Daily, &full, at)[..3], not(&["weekday", "day", "cron"]));
    assert_eq!(
        faults(Cadence::FirstWorkingDay, &full, at)[..3],
        not(&["weekday", "day", "cron"])
    );
    assert_eq!(faults(Cadence::Cron, &full, at)[..3], not(&["time", "weekday", "day"]));
    assert_eq!(
        faults(Cadence::Weekly, &Rule::default(), None),
        ["time required", "weekday required"]
    );
    assert_eq!(faults(Cadence::Cron, &Rule::default(), None), ["cron required"]);
    for day in [0, 29, 255] {
        let rule = Rule {
            day: Some(day),
            ..Rule::default()
        };
        assert_eq!(faults(Cadence::Monthly, &rule, at), ["day out_of_range"]);
    }
    assert_eq!(Cadence::HalfYearly.check(Rule::default(), at).unwrap().day, Some(1));
}

#[test]
fn a_cron_line_means_one_thing_or_is_refused() {
    let check = |line: &str| {
        let cron = Some(line.to_owned());
        Cadence::Cron
            .check(
                Rule {
                    cron,
                    ..Rule::default()
                },
                None,
            )
            .map(|rule| rule.cron.unwrap())
    };
    for (line, plain) in [
        ("0 8 * * mon,thu", "0 8 * * mon,thu"),
        ("  5   6-18/4 1,15 * * ", "5 6-18/4 1,15 * *"),
        ("0 8 * JAN,jul Mon-Fri", "0 8 * jan,jul mon-fri"),
        ("59 23 28-31 12 *", "59 23 28-31 12 *"),
    ] {
        assert_eq!(check(line).unwrap(), plain);
    }
    for line in [
        "",
        "* * * * *",
        "*/5 8 * * *",
        "0,30 8 * * *",
        "0 8 * * 1",
        "0 8 * * 1-5",
        "0 8 * * mon#1",
        "0 8 * * mon/2",
        "0 8 1 * mon",
        "0 8 * *",
        "0 0 8 * * mon",
        "0 8 * * mon 2027",
        "@daily",
        "60 8 * * *",
        "0 24 * * *",
        "0 8 32 * *",
        "0 8 * 13 *",
        "0 8 * * someday",
        "0 8 L * *",
        "0 8 ? * mon",
        "-1 8 * * *",
        "0 8 * * \u{43f}\u{43d}",
        "0 8 * * mon\n0 9 * * tue",
        &format!("0 8 {} * *", "1,".repeat(80)),
    ] {
        let faults = check(line).expect_err(line);
        assert_eq!(
            faults.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(),
            ["cron"],
            "{line}"
        );
    }
    // It reads, and never falls.
    assert_eq!(next_periods(&line("0 8 30 2 *"), moment("2026-11-22T12:00:00Z"), 3), []);
}
