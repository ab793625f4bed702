//! A day's figures for tests: five regions of the embedded pack, invented numbers, each large number different.

use chrono::{Days, NaiveDate, TimeZone, Utc};

use super::{
    DayPoint, Demand, DigestInput, Overdue, Previous, RegionInput, ShelterCounts, SilentShelter, Supply, SupplyCover,
    Totals, TransferInput, UnmetInput,
};

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
        period: date(2026, 11, 22),
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
        demand: Demand {
            opened: 12,
            placed: 9,
            median_minutes: Some(14),
        },
        unmet: Some(UnmetInput {
            from: date(2026, 10, 1),
            to: date(2026, 10, 31),
            referrals: 33,
            reasons: [
                ("no_capacity", 16),
                ("admission_rule", 8),
                ("distance", 4),
                ("no_answer", 2),
                ("her_choice", 0),
                ("safety", 1),
                ("other", 2),
            ]
            .map(|(reason, count)| (reason.to_owned(), count))
            .to_vec(),
        }),
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

/// Thirty days up to `last`, falling in waves from 92 to 62.
fn series(last: NaiveDate) -> Vec<DayPoint> {
    const FREE: [u32; 30] = [
        92, 90, 91, 88, 85, 87, 89, 86, 84, 83, 85, 82, 80, 81, 79, 76, 78, 80, 77, 75, 74, 76, 73, 71, 58, 63, 68, 69,
        65, 62,
    ];
    (0u64..)
        .zip(FREE)
        .map(|(day, free)| DayPoint {
            date: last - Days::new(29 - day),
            beds: 280,
            occupied: 270 - free,
            free,
        })
        .collect()
}
