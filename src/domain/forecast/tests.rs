//! Courses of which one knows what a sensible forecast says.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::*;

fn monday() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, 31).unwrap()
}

fn series(values: impl IntoIterator<Item = f64>) -> Series {
    let days: BTreeMap<NaiveDate, f64> = monday().iter_days().zip(values).collect();
    Series::new(&days).unwrap()
}

/// Noise between -1 and 1 that is the same each time.
fn noise(n: u64) -> f64 {
    let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    mixed as f64 / (1u64 << 23) as f64 - 1.0
}

#[test]
fn four_weeks_are_wanted() {
    assert_eq!(forecast(&series((0..27).map(f64::from))), None);
    let ahead = forecast(&series((0..28).map(|_| 5.0))).unwrap();
    assert_eq!(ahead.len(), HORIZON);
    assert!(
        ahead
            .iter()
            .all(|day| (day.low, day.expected, day.high) == (5.0, 5.0, 5.0))
    );
    assert_eq!(ahead[0].date, monday() + Days::new(28));
    assert_eq!(ahead[6].date, monday() + Days::new(34));
}

#[test]
fn a_weekly_pattern_is_found_and_its_absence_too() {
    let quiet_weekends = |day: u64| if day % 7 >= 5 { 20.0 } else { 50.0 };
    let ahead = forecast(&series((0..70).map(|day| quiet_weekends(day) + noise(day)))).unwrap();
    for (day, said) in (70..).zip(&ahead) {
        assert!((said.expected - quiet_weekends(day)).abs() < 8.0, "{said:?}");
    }
    assert!(ahead[0].expected - ahead[6].expected > 20.0);
    let ahead = forecast(&series((0..70).map(|day| 50.0 + 5.0 * noise(day)))).unwrap();
    assert!(ahead.iter().all(|said| (said.expected - 50.0).abs() < 5.0), "{ahead:?}");
}

#[test]
fn one_mad_evening_does_not_lift_the_level_and_a_new_house_does() {
    let steady = |day: u64| 100.0 + 4.0 * noise(day);
    let mut values: Vec<f64> = (0..60).map(steady).collect();
    values[59] = 500.0;
    let ahead = forecast(&series(values.clone())).unwrap();
    assert!((ahead[0].expected - 100.0).abs() < 10.0, "{ahead:?}");
    values.truncate(59);
    values.extend((59..75).map(|day| steady(day) + 60.0));
    let ahead = forecast(&series(values)).unwrap();
    assert!((ahead[0].expected - 160.0).abs() < 10.0, "{ahead:?}");
}

#[test]
fn days_that_nobody_knows_are_passed_over() {
    let days: BTreeMap<NaiveDate, f64> = (monday().iter_days().zip(0u64..50))
        .filter(|(_, day)| day % 9 != 4)
        .map(|(date, day)| (date, 30.0 + noise(day)))
        .collect();
    let ahead = forecast(&Series::new(&days).unwrap()).unwrap();
    assert!(ahead.iter().all(|said| (said.expected - 30.0).abs() < 2.0), "{ahead:?}");
    assert_eq!(Series::new(&BTreeMap::new()), None);
    assert_eq!(Series::new(&days).unwrap().before(40, 10).unwrap().len(), 10);
}

#[test]
fn the_interval_holds_as_many_as_it_says() {
    // A walk: each evening is the one before and a step.
    let mut at = 200.0;
    let walk = (0..400).map(|day| {
        at += 6.0 * noise(day);
        at
    });
    let days: BTreeMap<NaiveDate, f64> = monday().iter_days().zip(walk).collect();
    let found = backtest(&Series::new(&days).unwrap(), 90).unwrap();
    assert!((0.72..0.90).contains(&found.coverage), "{found:?}");
    assert!(found.mae < found.mae_seasonal_naive, "{found:?}");
}

proptest! {
    /// Whatever happened: seven evenings one after another, in order, never below 0, and surer of tomorrow than of next week.
    #[test]
    fn a_forecast_is_in_order(values in prop::collection::vec(0u32..5_000, 28..100)) {
        let ahead = forecast(&series(values.into_iter().map(f64::from))).unwrap();
        prop_assert_eq!(ahead.len(), HORIZON);
        for pair in ahead.windows(2) {
            prop_assert_eq!(pair[0].date.succ_opt(), Some(pair[1].date));
            prop_assert!(pair[0].high - pair[0].expected <= pair[1].high - pair[1].expected + 1e-9);
        }
        for said in ahead {
            prop_assert!(0.0 <= said.low && said.low <= said.expected && said.expected <= said.high);
        }
    }

    /// Nothing that comes later changes what was said: the past is all there is.
    #[test]
    fn the_future_is_not_looked_at(values in prop::collection::vec(0u32..500, 60..90), cut in 30usize..60) {
        let whole = series(values.iter().copied().map(f64::from));
        let part = series(values.iter().take(cut).copied().map(f64::from));
        prop_assert_eq!(forecast(&whole.before(cut, cut).unwrap()), forecast(&part));
    }
}
