//! Days with their reports and without, in zones of all kinds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeZone, Utc};
use proptest::prelude::*;

use super::*;

const DUSHANBE: Tz = chrono_tz::Asia::Dushanbe;

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn hours() -> Hours {
    Hours {
        from: time("08:00"),
        to: time("20:00"),
        second_after: 180,
        tell_operators_after: 360,
    }
}

fn at(text: &str) -> Moment {
    let civil = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
    calendar::instant(DUSHANBE, civil).unwrap()
}

/// Looks every minute and writes down what is taken, as `day step@time`.
fn course(rhythm: &Rhythm, observed_at: Option<Moment>, from: &str, to: &str) -> Vec<String> {
    let (mut now, mut taken, mut told) = (at(from), Vec::new(), Vec::new());
    while now <= at(to) {
        if let Some((day, step)) = hours().step_due(rhythm, observed_at, &taken, now) {
            let wall = calendar::civil(DUSHANBE, now);
            told.push(format!("{} {step} {}", day.format("%d"), wall.format("%d %H:%M")));
            taken.push(Taken { day, step, at: now });
        }
        now += TimeDelta::minutes(1);
    }
    told
}

fn daily(due: &str) -> Rhythm {
    Rhythm::new(time(due), 24, DUSHANBE)
}

#[test]
fn a_day_without_a_report() {
    let yesterday = Some(at("2026-11-21 09:10"));
    assert_eq!(
        course(&daily("09:00"), yesterday, "2026-11-22 00:00", "2026-11-22 23:59"),
        ["22 first 22 09:00", "22 second 22 12:00", "22 tell_operators 22 15:00"]
    );
    // Due before the hours open: when they do.
    assert_eq!(
        course(&daily("05:30"), yesterday, "2026-11-22 00:00", "2026-11-22 23:59"),
        ["22 first 22 08:00", "22 second 22 11:00", "22 tell_operators 22 14:00"]
    );
    // The night does not count.
    assert_eq!(
        course(&daily("18:00"), yesterday, "2026-11-22 12:00", "2026-11-23 17:59"),
        ["22 first 22 18:00", "22 second 23 09:00", "22 tell_operators 23 12:00"]
    );
    assert_eq!(
        course(&daily("21:30"), yesterday, "2026-11-22 21:00", "2026-11-23 20:00"),
        ["22 first 23 08:00", "22 second 23 11:00", "22 tell_operators 23 14:00"]
    );
    // Who never reported owes every day.
    assert_eq!(
        course(&daily("09:00"), None, "2026-11-22 00:00", "2026-11-24 23:59").len(),
        9
    );
}

#[test]
fn the_course_of_a_silence_looked_back_on() {
    let rhythm = daily("09:00");
    let silent_since = at("2026-11-20 10:10");
    let taken = hours().course(&rhythm, silent_since, at("2026-11-23 12:30"));
    let days: Vec<u32> = taken.iter().map(|one| chrono::Datelike::day(&one.day)).collect();
    assert_eq!(days, [21, 21, 21, 22, 22, 22, 23, 23]);
    assert_eq!(
        taken.last().map(|one| (one.step, one.at)),
        Some((Step::Second, at("2026-11-23 12:00")))
    );
    assert_eq!(
        hours().course(&rhythm, at("2026-11-23 10:00"), at("2026-11-23 12:30")),
        []
    );
}

#[test]
fn a_report_of_the_day_ends_it_and_an_early_one_prevents_it() {
    let none = [""; 0];
    let early = Some(at("2026-11-22 00:05"));
    assert_eq!(
        course(&daily("09:00"), early, "2026-11-22 00:00", "2026-11-23 08:59"),
        none
    );
    assert_eq!(
        course(&daily("09:00"), early, "2026-11-22 00:00", "2026-11-23 09:00"),
        ["23 first 23 09:00"]
    );
}

#[test]
fn the_rhythm_says_which_days_are_owed() {
    let reported = Some(at("2026-11-22 09:30"));
    let first_owed = |interval| {
        let rhythm = Rhythm::new(time("09:00"), interval, DUSHANBE);
        let told = course(&rhythm, reported, "2026-11-22 10:00", "2026-11-26 23:59");
        let next = rhythm.next_due(reported, at("2026-11-22 10:00")).unwrap();
        assert_eq!(
            told[0],
            format!("{0} first {0} 09:00", calendar::local_date(DUSHANBE, next).format("%d"))
        );
        told[0].clone()
    };
    assert_eq!(first_owed(0), "23 first 23 09:00");
    assert_eq!(first_owed(6), "23 first 23 09:00");
    assert_eq!(first_owed(24), "23 first 23 09:00");
    assert_eq!(first_owed(48), "24 first 24 09:00");
    assert_eq!(first_owed(72), "25 first 25 09:00");
    // A day owed is owed until there is a report.
    let every_second = Rhythm::new(time("09:00"), 48, DUSHANBE);
    let told = course(&every_second, reported, "2026-11-22 10:00", "2026-11-25 09:00");
    assert_eq!(told.last().unwrap(), "25 first 25 09:00");
    // What is shown as due: today's, however late, until it has come.
    assert_eq!(
        every_second.next_due(reported, at("2026-11-26 15:00")),
        Some(at("2026-11-26 09:00"))
    );
    assert_eq!(
        daily("09:00").next_due(None, at("2026-11-26 15:00")),
        Some(at("2026-11-26 09:00"))
    );
}

#[test]
fn what_was_missed_is_not_heaped() {
    let yesterday = Some(at("2026-11-21 09:10"));
    assert_eq!(
        course(&daily("09:00"), yesterday, "2026-11-22 16:00", "2026-11-22 23:59"),
        ["22 first 22 16:00", "22 second 22 19:00"]
    );
    assert_eq!(
        course(&daily("09:00"), yesterday, "2026-11-22 16:00", "2026-11-23 13:00"),
        [
            "22 first 22 16:00",
            "22 second 22 19:00",
            "23 first 23 09:00",
            "23 second 23 12:00"
        ]
    );
    // Nothing ran for the whole of the 22nd: its report is asked for no more.
    assert_eq!(
        course(&daily("09:00"), yesterday, "2026-11-22 20:00", "2026-11-23 09:00"),
        ["23 first 23 09:00"]
    );
}

#[test]
fn two_a_day_even_when_the_due_hour_is_moved() {
    let now = at("2026-11-22 18:00");
    let taken = |day: &str, step, when: &str| Taken {
        day: day.parse().unwrap(),
        step,
        at: at(when),
    };
    let before = [
        taken("2026-11-21", Step::First, "2026-11-22 08:00"),
        taken("2026-11-21", Step::Second, "2026-11-22 11:00"),
    ];
    let due = |taken: &[Taken]| hours().step_due(&daily("17:00"), None, taken, now);
    assert_eq!(due(&before), None);
    assert_eq!(due(&before[..1]), Some(("2026-11-22".parse().unwrap(), Step::First)));
    assert_eq!(
        (
            reminded_today(DUSHANBE, &before, now),
            reminded_today(DUSHANBE, &before, at("2026-11-23 08:00"))
        ),
        (2, 0)
    );
}

#[test]
fn the_digest_names_whom_reminding_did_not_move() {
    let rhythm = daily("09:00");
    let reported = Some(at("2026-11-21 09:10"));
    let overdue = |observed_at, now: &str| hours().is_overdue(&rhythm, observed_at, at(now));
    // The next morning nobody has been reminded of that day yet; the day before is done with.
    assert!(!overdue(reported, "2026-11-22 08:30"));
    assert!(!overdue(reported, "2026-11-22 14:59"));
    assert!(overdue(reported, "2026-11-22 15:00"));
    assert!(overdue(reported, "2026-11-23 08:30"));
    assert!(!overdue(Some(at("2026-11-22 23:50")), "2026-11-23 08:30"));
    assert!(overdue(None, "2026-11-22 00:00"));
    let every_second = Rhythm::new(time("09:00"), 48, DUSHANBE);
    assert!(!hours().is_overdue(&every_second, reported, at("2026-11-22 23:00")));
    assert!(hours().is_overdue(&every_second, reported, at("2026-11-23 15:00")));
}

#[test]
fn a_reminder_is_overtaken_by_a_report_a_night_or_a_day() {
    let rhythm = daily("09:00");
    let (yesterday, told_at) = (Some(at("2026-11-21 09:10")), at("2026-11-22 09:00"));
    let overtaken = |observed_at, now: &str| hours().is_overtaken(&rhythm, observed_at, told_at, at(now));
    assert!(!overtaken(yesterday, "2026-11-22 19:59"));
    assert!(overtaken(Some(at("2026-11-22 09:01")), "2026-11-22 09:02"));
    assert!(overtaken(yesterday, "2026-11-22 20:00"));
    assert!(!overtaken(yesterday, "2026-11-23 08:00"));
    assert!(overtaken(yesterday, "2026-11-23 09:00"));
}

const ZONES: [Tz; 8] = [
    DUSHANBE,
    chrono_tz::Europe::Berlin,
    chrono_tz::America::Havana,
    chrono_tz::America::St_Johns,
    chrono_tz::America::Sao_Paulo,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::Pacific::Apia,
    chrono_tz::Asia::Kathmandu,
];

proptest! {
    /// Looks every five minutes over three weeks that hold each zone's changes, except while nothing runs; a report
    /// comes now and then.
    #[test]
    fn in_any_zone_inside_the_hours_two_a_day_once_each_and_none_after_a_report(
        zone in 0usize..ZONES.len(), start in 0i64..366 * 18, due in 0u32..1440, interval in 0u16..80,
        opens in 0u32..1200, length in 60u32..1440, patience in (1u32..100, 1u32..100),
        outages in prop::collection::vec((0i64..21 * 288, 1i64..600), 0..4),
        reports in prop::collection::btree_set(0i64..21 * 288, 0..12),
    ) {
        let minute = |n: u32| NaiveTime::from_num_seconds_from_midnight_opt(n * 60, 0).unwrap();
        let to = (opens + length).min(1439);
        let length = to - opens;
        // Any second step and telling that a pack may have.
        let tell = (length - 1) * patience.0.max(2) / 100;
        prop_assume!(tell >= 2);
        let second = (tell * patience.1 / 100).clamp(1, tell - 1);
        let hours = Hours {
            from: minute(opens),
            to: minute(to),
            second_after: u16::try_from(second).unwrap(),
            tell_operators_after: u16::try_from(tell).unwrap(),
        };
        let rhythm = Rhythm::new(minute(due), interval, ZONES[zone]);
        let begin = Utc.with_ymd_and_hms(2005, 1, 1, 0, 0, 0).unwrap() + TimeDelta::days(start);
        let (mut taken, mut observed_at): (Vec<Taken>, Option<Moment>) = (Vec::new(), None);
        for tick in 0..21 * 288 {
            let now = begin + TimeDelta::minutes(5 * tick);
            if reports.contains(&tick) {
                observed_at = Some(now);
            }
            if outages.iter().any(|(from, ticks)| (*from..from + ticks).contains(&tick)) {
                continue;
            }
            let Some((day, step)) = hours.step_due(&rhythm, observed_at, &taken, now) else { continue };
            let wall = calendar::civil(rhythm.zone, now);
            prop_assert!(hours.from <= wall.time() && wall.time() < hours.to, "{wall}");
            if let Some(seen) = observed_at {
                let covered = calendar::local_date(rhythm.zone, seen);
                prop_assert!(covered < day, "reported {covered}, asked for {day}");
            }
            let due_at = calendar::instant(rhythm.zone, day.and_time(rhythm.due)).unwrap();
            prop_assert!(due_at <= now);
            if let Some(last) = taken.last() {
                prop_assert!((last.day, last.step) < (day, step), "{last:?} then {day} {step}");
            }
            taken.push(Taken { day, step, at: now });
        }
        let mut a_day: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for one in taken.iter().filter(|one| one.step.is_reminder()) {
            *a_day.entry(calendar::local_date(rhythm.zone, one.at)).or_default() += 1;
        }
        prop_assert!(a_day.values().all(|n| *n <= MOST_A_DAY), "{taken:?}");
        let once: BTreeSet<_> = taken.iter().map(|one| (one.day, one.step)).collect();
        prop_assert_eq!(once.len(), taken.len());
    }

    /// With nothing in the way a silent shelter gets each step of each owed day.
    #[test]
    fn nothing_is_forgotten(due in 0u32..1440, days in 2i64..6) {
        let rhythm = Rhythm::new(NaiveTime::from_num_seconds_from_midnight_opt(due * 60, 0).unwrap(), 24, DUSHANBE);
        let (begin, mut taken) = (at("2026-11-01 00:00"), Vec::new());
        for minute in 0..days * 1440 {
            let now = begin + TimeDelta::minutes(minute);
            if let Some((day, step)) = hours().step_due(&rhythm, None, &taken, now) {
                taken.push(Taken { day, step, at: now });
            }
        }
        // The last two days may still be under way.
        for day in 0..days - 2 {
            let day = "2026-11-01".parse::<NaiveDate>().unwrap() + Days::new(day.unsigned_abs());
            prop_assert_eq!(taken.iter().filter(|one| one.day == day).count(), 3, "{} {:?}", day, taken);
        }
    }
}
