//! A day's figures for tests: five regions of the embedded pack, invented numbers, each large number different.

use chrono::{Days, Months, NaiveDate, TimeZone, Utc};

use super::{
    Answers, Cadence, ChangeLine, Count, DigestInput, Month, Overdue, People, Previous, ReasonLine, Referrals,
    RegionAnswers, RegionInput, RegionPeople, ShelterCounts, SilentShelter, Supply, SupplyCover, Totals, TransferInput,
};
use crate::domain::calendar::{self, Span};
use crate::domain::daybook::Day;

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// `[beds, occupied, held, enclosed, out of service, over capacity]`, `[free, available family places]`, shelters by freshness.
fn region(code: &str, beds: [u32; 6], family: [u32; 2], shelters: [u32; 4], population: u64) -> RegionInput {
    let [beds, occupied, held, enclosed, out_of_service, over_capacity] = beds;
    let [family_places, family_capacity] = family;
    let [fresh, aging, stale, silent] = shelters;
    RegionInput {
        region: code.to_owned(),
        totals: Totals {
            beds,
            occupied,
            held,
            enclosed,
            out_of_service,
            free: (beds + over_capacity).saturating_sub(occupied + held + enclosed + out_of_service),
            over_capacity,
            family_places,
            family_capacity,
            shelters: ShelterCounts {
                total: fresh + aging + stale + silent,
                fresh,
                aging,
                stale,
                silent,
            },
        },
        population: Some(population),
    }
}

pub(crate) fn input() -> DigestInput {
    let as_of = Utc
        .with_ymd_and_hms(2026, 11, 22, 3, 30, 0)
        .single()
        .unwrap_or_default();
    DigestInput {
        as_of,
        cadence: Cadence::Daily,
        period: date(2026, 11, 22),
        covers: span(date(2026, 11, 21), date(2026, 11, 21)),
        zone: chrono_tz::Asia::Dushanbe,
        scope: None,
        delayed: false,
        regions: vec![
            region("TJ-DU", [64, 51, 2, 2, 1, 0], [1, 17], [5, 1, 0, 0], 1_242_600),
            region("TJ-SU", [88, 49, 3, 4, 2, 0], [7, 26], [6, 0, 0, 0], 2_917_300),
            region("TJ-KT", [72, 70, 1, 3, 0, 2], [0, 21], [4, 1, 1, 1], 3_697_800),
            region("TJ-RA", [40, 19, 0, 1, 9, 0], [3, 12], [2, 0, 1, 0], 2_197_000),
            region("TJ-GB", [16, 3, 0, 0, 0, 0], [0, 4], [0, 1, 0, 1], 233_600),
        ],
        previous: Some(Previous {
            period: date(2026, 11, 21),
            totals: Totals {
                free: 65,
                family_places: 14,
                occupied: 201,
                ..Totals::default()
            },
        }),
        expected: 24,
        missing: vec![
            missing("TJ-DU-05", 21),
            missing("TJ-GB-02", 18),
            missing("TJ-KT-04", 18),
        ],
        silent: vec![
            SilentShelter {
                code: "TJ-GB-02".into(),
                region: "TJ-GB".into(),
                since: Utc.with_ymd_and_hms(2026, 11, 18, 4, 0, 0).single(),
            },
            SilentShelter {
                code: "TJ-KT-04".into(),
                region: "TJ-KT".into(),
                since: Utc.with_ymd_and_hms(2026, 11, 18, 20, 0, 0).single(),
            },
        ],
        people: Some(people(1)),
        supplies: vec![
            supply("soap_bar", 2, 5, &["TJ-SU", "TJ-KT"]),
            supply("infant_formula", 3, 1, &["TJ-KT", "TJ-GB"]),
            supply("blanket", 0, 4, &["TJ-GB"]),
        ],
        transfers: TransferInput {
            sent: 3,
            received: 2,
            overdue: vec![Overdue {
                code: "K7QM-2XRT".into(),
                from: "TJ-SU-02".into(),
                to: "TJ-KT-04".into(),
                due_on: date(2026, 11, 19),
            }],
        },
        series: series(date(2026, 11, 22)),
        inhabitants_per_place: 10_000,
    }
}

fn span(from: NaiveDate, to: NaiveDate) -> Span {
    Span { from, to }
}

/// The same country as a digest of each rhythm sees it: each sent at half past eight on a day of its own.
pub(crate) fn of(cadence: Cadence) -> DigestInput {
    let (period, covers) = match cadence {
        Cadence::Daily => return input(),
        Cadence::Weekly => (date(2026, 11, 23), span(date(2026, 11, 16), date(2026, 11, 22))),
        Cadence::Cron => (date(2026, 11, 26), span(date(2026, 11, 23), date(2026, 11, 25))),
        Cadence::Monthly => (date(2026, 11, 5), span(date(2026, 10, 1), date(2026, 10, 31))),
        Cadence::FirstWorkingDay => (date(2026, 11, 2), span(date(2026, 10, 1), date(2026, 10, 31))),
        Cadence::Quarterly => (date(2026, 10, 5), span(date(2026, 7, 1), date(2026, 9, 30))),
        Cadence::HalfYearly => (date(2026, 7, 5), span(date(2026, 1, 1), date(2026, 6, 30))),
    };
    let months = match cadence {
        Cadence::Quarterly => 3,
        Cadence::HalfYearly => 6,
        _ => 1,
    };
    // The newest month that is over.
    let closed = calendar::month_before(period).map_or(covers.to, |(_, last)| last);
    let as_of = period.and_hms_opt(3, 30, 0).unwrap_or_default().and_utc();
    DigestInput {
        as_of,
        cadence,
        period,
        covers,
        people: Some(people_until(closed, months)),
        previous: Some(Previous {
            period: (covers.from.checked_add_days(Days::new(4))).unwrap_or(covers.from),
            totals: input().previous.map(|previous| previous.totals).unwrap_or_default(),
        }),
        series: series(period),
        ..input()
    }
}

/// A country in which all is well.
pub(crate) fn quiet() -> DigestInput {
    let mut input = input();
    for line in &mut input.regions {
        let t = &mut line.totals;
        (t.occupied, t.held, t.enclosed, t.out_of_service, t.over_capacity) = (t.beds / 2, 1, 0, 0, 0);
        t.free = t.beds - t.occupied - t.held;
        t.family_places = t.family_capacity / 2;
        let total = t.shelters.total;
        t.shelters = ShelterCounts {
            total,
            fresh: total,
            ..ShelterCounts::default()
        };
    }
    input.missing.clear();
    input.silent.clear();
    input.supplies.clear();
    input.transfers.overdue.clear();
    input
}

/// What is published of the months up to October.
pub(crate) fn people(months: u32) -> People {
    people_until(date(2026, 10, 31), months)
}

fn people_until(to: NaiveDate, months: u32) -> People {
    use Count::{Below, Exact, Withheld};
    let first = |back: u32| {
        to.checked_sub_months(Months::new(back))
            .and_then(|day| chrono::Datelike::with_day(&day, 1))
            .unwrap_or(to)
    };
    let month = |back: u32| {
        let n = u64::from(back);
        Month {
            month: first(back),
            referrals: Referrals {
                opened: Exact(143 - 7 * n),
                placed: Exact(97 - 5 * n),
                unmet: Exact(33 - n),
                other: if back == 2 { Below(5) } else { Exact(13 - n) },
            },
        }
    };
    let line = |region: &str, opened, unmet| RegionPeople {
        region: region.to_owned(),
        opened,
        unmet,
    };
    let reason = |reason: &str, count| ReasonLine {
        reason: reason.to_owned(),
        count,
    };
    let change = |change: &str, region: Option<&str>, age, count| ChangeLine {
        change: change.to_owned(),
        region: region.map(str::to_owned),
        need: None,
        age,
        count,
    };
    let median = |region: &str, median_minutes| RegionAnswers {
        region: region.to_owned(),
        median_minutes,
    };
    let all: Vec<Month> = (0..months).rev().map(month).collect();
    let times = |n: u64| Exact(n * u64::from(months));
    People {
        from: first(months - 1),
        to,
        total: Referrals {
            opened: times(143),
            placed: times(97),
            unmet: times(33),
            other: times(13),
        },
        months: if months > 1 { all } else { Vec::new() },
        regions: vec![
            line("TJ-DU", times(46), times(17)),
            line("TJ-SU", times(37), Withheld),
            line("TJ-KT", times(39), times(9)),
            line("TJ-RA", times(12), Withheld),
            line("TJ-GB", times(9), Exact(0)),
        ],
        reasons: vec![
            reason("no_capacity", times(16)),
            reason("admission_rule", times(8)),
            reason("distance", Withheld),
            reason("no_answer", Withheld),
        ],
        changes: vec![
            change("family_room", Some("TJ-DU"), None, times(11)),
            change("boys_admitted", None, Some(17), times(7)),
        ],
        answers: Some(Answers {
            asked: times(181),
            answered: times(164),
            median_minutes: Some(14),
            p90_minutes: Some(52),
            regions: vec![
                median("TJ-DU", 9),
                median("TJ-SU", 16),
                median("TJ-KT", 19),
                median("TJ-RA", 27),
            ],
        }),
    }
}

/// Its newest report is of noon in Greenwich on that day of November.
fn missing(code: &str, day: u32) -> SilentShelter {
    SilentShelter {
        code: code.to_owned(),
        region: code.chars().take(5).collect(),
        since: Utc.with_ymd_and_hms(2026, 11, day, 12, 0, 0).single(),
    }
}

fn supply(item: &str, critical: u32, low: u32, regions: &[&str]) -> Supply {
    Supply {
        item: item.into(),
        critical,
        low,
        cover: SupplyCover {
            runs_out_on: (critical > 0).then(|| date(2026, 11, 24)),
            days: Some(12),
            days_before: Some(15),
        },
        regions: regions.iter().map(|code| (*code).to_owned()).collect(),
    }
}

/// A year and a half up to `last`: the last thirty days fall in waves from 92 to 62, those before swing about 90.
fn series(last: NaiveDate) -> Vec<(NaiveDate, Day)> {
    const FREE: [u64; 30] = [
        92, 90, 91, 88, 85, 87, 89, 86, 84, 83, 85, 82, 80, 81, 79, 76, 78, 80, 77, 75, 74, 76, 73, 71, 58, 63, 68, 69,
        65, 62,
    ];
    const DAYS: u64 = 540;
    let free = |back: u64| match usize::try_from(29u64.wrapping_sub(back))
        .ok()
        .and_then(|at| FREE.get(at))
    {
        Some(free) => *free,
        None => 84 + (back * 7) % 13 + (back / 21) % 5 * 4,
    };
    (0..DAYS)
        .rev()
        .map(|back| {
            let free = free(back);
            let day = Day {
                beds: 280,
                occupied: 270 - free,
                free,
                family_places: free / 5,
                shelters: 24,
                reported: 24 - back % 4,
                ..Day::default()
            };
            (last - Days::new(back), day)
        })
        .collect()
}
