//! What stands in a digest, from the figures of a day.

use super::sample;
use super::*;

#[test]
fn sums_changes_and_the_order_of_regions() {
    let content = compose(&sample::input());
    assert_eq!(content.totals.beds, 280);
    let t = content.totals;
    assert_eq!(
        t.beds + t.over_capacity,
        t.free + t.occupied + t.held + t.enclosed + t.out_of_service
    );
    assert_eq!((t.free, t.family_places, t.occupied), (62, 11, 192));
    let change = content.change.unwrap();
    assert_eq!((change.free, change.family_places, change.occupied), (-3, -3, -9));
    let regions: Vec<&str> = content.regions.iter().map(|line| line.region.as_str()).collect();
    assert_eq!(regions, ["TJ-DU", "TJ-SU", "TJ-KT", "TJ-RA", "TJ-GB"]);
    assert_eq!(content.as_of_local.to_string(), "2026-11-22 08:30:00");
    assert_eq!(content.quality.silent, 2);
}

#[test]
fn the_gravest_exceptions_come_first_and_are_seven_at_most() {
    let content = compose(&sample::input());
    let since = "2026-11-18".parse().ok();
    assert_eq!(
        content.exceptions,
        [
            Exception::OverCapacity {
                region: "TJ-KT".into(),
                beds: 2
            },
            Exception::NoFreeBed { region: "TJ-KT".into() },
            Exception::NoFamilyPlace {
                region: "TJ-GB".into(),
                free: 13
            },
            Exception::CriticalSupply {
                item: "infant_formula".into(),
                shelters: 3
            },
            Exception::CriticalSupply {
                item: "soap_bar".into(),
                shelters: 2
            },
            Exception::OverdueTransfers {
                transfers: 1,
                longest: "K7QM-2XRT".into(),
                due_on: "2026-11-19".parse().unwrap()
            },
            Exception::Silent {
                shelters: 2,
                longest: "TJ-GB-02".into(),
                since
            },
        ]
    );
    assert_eq!(content.exceptions_left_out, 2);
}

#[test]
fn a_quiet_day_is_short_and_a_quiet_month_is_not() {
    let content = compose(&sample::quiet());
    assert_eq!((content.exceptions.len(), content.exceptions_left_out), (0, 0));
    assert!(content.short);
    assert!(!compose(&sample::input()).short);
    let mut input = sample::quiet();
    input.cadence = Cadence::Monthly;
    assert!(!compose(&input).short, "what a month adds up to is said");
    let mut input = sample::quiet();
    input.missing = sample::input().missing;
    assert!(!compose(&input).short, "somebody has not reported");
}

#[test]
fn the_standard_counts_places_there_are_not_free_ones() {
    let standard = compose(&sample::input()).standard.unwrap();
    assert_eq!((standard.population, standard.required), (10_288_300, 1029));
    assert_eq!((standard.places, standard.gap), (80, 949));
    let (dushanbe, badakhshan) = (standard.regions.first().unwrap(), standard.regions.last().unwrap());
    assert_eq!((dushanbe.places, dushanbe.required, dushanbe.gap), (17, 125, 108));
    assert_eq!((badakhshan.places, badakhshan.required, badakhshan.gap), (4, 24, 20));
    let mut input = sample::input();
    input.regions.first_mut().unwrap().population = None;
    assert_eq!(compose(&input).standard, None);
}

#[test]
fn the_trend_is_of_thirty_days_and_knows_its_extremes() {
    let mut input = sample::input();
    let trend = compose(&input).trend.unwrap();
    assert_eq!((trend.points.len(), trend.step), (30, Step::Day));
    assert_eq!(
        (trend.lowest.free, trend.lowest.date.to_string().as_str()),
        (58, "2026-11-17")
    );
    assert_eq!(
        (trend.highest.free, trend.highest.date.to_string().as_str()),
        (92, "2026-10-24")
    );
    input.series.truncate(1);
    assert_eq!(compose(&input).trend, None);
}

#[test]
fn each_rhythm_draws_and_compares_what_it_looks_back_on() {
    let said = |cadence| {
        let content = compose(&sample::of(cadence));
        let trend = content.trend.unwrap();
        let compared = content.course.and_then(|course| course.before);
        (
            trend.step,
            trend.points.len(),
            compared.map(|before| format!("{}/{}", before.covers.from, before.covers.to)),
        )
    };
    let before = |text: &str| Some(text.to_owned());
    assert_eq!(said(Cadence::Daily), (Step::Day, 30, None));
    assert_eq!(said(Cadence::Weekly), (Step::Day, 30, before("2026-11-09/2026-11-15")));
    assert_eq!(said(Cadence::Cron), (Step::Day, 30, before("2026-11-20/2026-11-22")));
    assert_eq!(said(Cadence::Monthly), (Step::Day, 31, before("2026-09-01/2026-09-30")));
    assert_eq!(
        said(Cadence::FirstWorkingDay),
        (Step::Day, 31, before("2026-09-01/2026-09-30"))
    );
    assert_eq!(
        said(Cadence::Quarterly),
        (Step::Week, 13, before("2026-04-01/2026-06-30"))
    );
    assert_eq!(
        said(Cadence::HalfYearly),
        (Step::Week, 26, before("2025-07-01/2025-12-31"))
    );
}

#[test]
fn silence_is_counted_from_the_local_day() {
    let mut input = sample::input();
    // 20:00 UTC on the 18th is the 19th in Dushanbe.
    input.missing = input.silent.clone();
    input.missing.push(SilentShelter {
        code: "TJ-RA-09".into(),
        region: "TJ-RA".into(),
        since: None,
    });
    let silent = compose(&input).reporting.silent;
    let told: Vec<(&str, Option<String>)> = silent
        .iter()
        .map(|s| (s.code.as_str(), s.since.map(|d| d.to_string())))
        .collect();
    assert_eq!(
        told,
        [
            ("TJ-RA-09", None),
            ("TJ-GB-02", Some("2026-11-18".to_owned())),
            ("TJ-KT-04", Some("2026-11-19".to_owned()))
        ]
    );
}

#[test]
fn who_did_not_report_is_named_though_its_figures_are_not_old_yet() {
    let content = compose(&sample::input());
    let codes: Vec<&str> = content.reporting.silent.iter().map(|s| s.code.as_str()).collect();
    assert_eq!(
        codes,
        ["TJ-GB-02", "TJ-KT-04", "TJ-DU-05"],
        "the longest silent first, then by code"
    );
    assert_eq!((content.reporting.reported, content.reporting.of), (21, 24));
    // The one line among the exceptions is of those whose figures are out of date.
    let silent = content
        .exceptions
        .iter()
        .find(|exception| matches!(exception, Exception::Silent { .. }));
    assert!(matches!(silent, Some(Exception::Silent { shelters: 2, .. })));
}

#[test]
fn long_lists_are_cut_and_say_so() {
    let mut input = sample::input();
    input.missing = (0..60)
        .map(|n| SilentShelter {
            code: format!("TJ-KT-{n:02}"),
            region: "TJ-KT".into(),
            since: None,
        })
        .collect();
    input.supplies = (0..10)
        .map(|n| Supply {
            item: format!("item_{n}"),
            critical: n,
            low: 1,
            regions: vec!["TJ-KT".into()],
            cover: SupplyCover::default(),
        })
        .collect();
    let content = compose(&input);
    assert_eq!(
        (content.reporting.silent.len(), content.reporting.silent_left_out),
        (40, 20)
    );
    assert_eq!((content.supplies.len(), content.supplies_left_out), (7, 3));
    assert_eq!(content.supplies.first().unwrap().item, "item_9");
}

#[test]
fn people_are_said_as_published_and_of_a_region_its_own_line_alone() {
    let mut input = sample::input();
    assert_eq!(compose(&input).people, input.people);
    input.scope = Some("TJ-KT".into());
    let people = compose(&input).people.unwrap();
    assert_eq!(people.regions.len(), 1);
    assert_eq!(
        (people.total.opened, people.total.unmet),
        (Count::Exact(39), Count::Exact(9))
    );
    assert_eq!(
        (people.total.placed, people.total.other),
        (Count::Withheld, Count::Withheld)
    );
    assert!(people.reasons.is_empty() && people.changes.is_empty() && people.months.is_empty());
    assert_eq!(people.answers.unwrap().regions.len(), 1);
    input.scope = Some("TJ-XX".into());
    assert_eq!(compose(&input).people, None);
}

/// A digest as it was frozen before rhythms other than the daily one.
#[test]
fn content_of_the_first_shape_is_still_read() {
    let content: Content = serde_json::from_str(include_str!("first_shape.json")).unwrap();
    assert_eq!(
        (content.version, content.cadence, content.covers),
        (1, Cadence::Daily, None)
    );
    assert_eq!((content.totals.free, content.regions.len()), (62, 5));
    assert_eq!(content.trend.unwrap().step, Step::Day);
    assert_eq!(
        (content.people, content.standard.unwrap().inhabitants_per_place),
        (None, 10_000)
    );
}

#[test]
fn frozen_content_comes_back_the_same() {
    let content = compose(&sample::input());
    let json = serde_json::to_string(&content).unwrap();
    assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
    assert_eq!(json, serde_json::to_string(&compose(&sample::input())).unwrap());
    // Codes and numbers only: not a letter of any language beyond them.
    assert!(json.is_ascii());
}
