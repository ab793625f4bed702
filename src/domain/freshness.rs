//! How old a shelter's figures are by its own rhythm. It must not know what the figures are.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::id::Moment;

/// Best first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Freshness {
    /// Not older than one interval of the shelter's rhythm.
    Fresh,
    /// Up to two intervals.
    Aging,
    /// Up to three.
    Stale,
    /// Older, or never reported.
    Silent,
}

/// Intervals of the rhythm up to which (inclusive) figures are fresh, aging, stale.
const STEPS: [(i32, Freshness); 3] = [(1, Freshness::Fresh), (2, Freshness::Aging), (3, Freshness::Stale)];
/// The finest step of time that is stored.
const TICK: TimeDelta = TimeDelta::milliseconds(1);

/// `interval_hours` of 0 counts as 1. Figures that claim to be from the future are fresh.
pub fn freshness(observed_at: Option<Moment>, interval_hours: u16, now: Moment) -> Freshness {
    let Some(observed_at) = observed_at else {
        return Freshness::Silent;
    };
    let (age, interval) = (now - observed_at, interval(interval_hours));
    STEPS
        .into_iter()
        .find(|(steps, _)| age <= interval * *steps)
        .map_or(Freshness::Silent, |(_, name)| name)
}

/// The first millisecond after `now` at which [`freshness`] will say something else; `None` once silent.
pub fn next_change(observed_at: Option<Moment>, interval_hours: u16, now: Moment) -> Option<Moment> {
    let (observed_at, interval) = (observed_at?, interval(interval_hours));
    STEPS
        .into_iter()
        .map(|(steps, _)| observed_at + interval * steps + TICK)
        .find(|change| *change > now)
}

fn interval(hours: u16) -> TimeDelta {
    TimeDelta::hours(i64::from(hours.max(1)))
}

/// Minutes since the figures were true, never negative; `None` if there are none.
pub fn age_minutes(observed_at: Option<Moment>, now: Moment) -> Option<f64> {
    // A span of time in milliseconds stays far below 2^53.
    observed_at.map(|at| (now - at).num_milliseconds().max(0) as f64 / 60_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;

    fn at(hours: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 20, 0, 0, 0).unwrap() + TimeDelta::hours(hours)
    }

    #[test]
    fn each_step_lasts_one_interval_and_includes_its_end() {
        let seen = Some(at(0));
        let said: Vec<_> = [0, 24, 25, 48, 49, 72, 73].map(|h| freshness(seen, 24, at(h))).into();
        use Freshness::{Aging, Fresh, Silent, Stale};
        assert_eq!(said, [Fresh, Fresh, Aging, Aging, Stale, Stale, Silent]);
        assert_eq!(freshness(seen, 6, at(12)), Aging);
        assert_eq!(freshness(None, 24, at(0)), Silent);
        assert_eq!(freshness(seen, 24, at(-5)), Fresh);
    }

    proptest! {
        #[test]
        fn next_change_is_the_first_instant_that_says_something_else(
            hours in 0u16..50, age_ms in -10_000_000i64..900_000_000,
        ) {
            let now = at(0);
            let seen = Some(now - TimeDelta::milliseconds(age_ms));
            let said = freshness(seen, hours, now);
            match next_change(seen, hours, now) {
                None => prop_assert_eq!(said, Freshness::Silent),
                Some(change) => {
                    prop_assert!(change > now);
                    prop_assert_eq!(freshness(seen, hours, change - TICK), said);
                    prop_assert!(freshness(seen, hours, change) > said);
                }
            }
        }
    }
}
