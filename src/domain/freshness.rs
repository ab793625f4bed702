//! How old a shelter's figures are by its own rhythm, and what that says about a free place.
//! It must not know what the figures are.

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

/// How fast places go. One pooled rate for all shelters until each has a history of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChanceModel {
    /// Households that move into one shelter's free places per hour, beyond those the figures tell of.
    pub arrivals_per_hour: f64,
    /// Below this chance a shelter is asked to confirm before anybody travels.
    pub confirm_below: f64,
}

impl Default for ChanceModel {
    /// One household in two days: a planning figure, not a measured one.
    fn default() -> Self {
        Self {
            arrivals_per_hour: 1.0 / 48.0,
            confirm_below: 0.5,
        }
    }
}

impl ChanceModel {
    /// The chance, 0.0..=1.0, that a place reported free `age_minutes` ago still is, when `spare` more households of
    /// the same shape would have fitted beside this one. Others arrive independently at the pooled rate and each
    /// takes one such place; departures are not counted on. With nothing to spare this is plain exponential decay.
    /// Never rises with age, never falls with `spare`.
    pub fn chance_free(&self, age_minutes: f64, spare: u32) -> f64 {
        let expected = self.arrivals_per_hour * age_minutes.max(0.0) / 60.0;
        let mut term = (-expected).exp();
        let mut chance = term;
        // Past this many the sum is 1 for any age within a year; it also bounds the work.
        for arrivals in 1..=spare.min(400) {
            term *= expected / f64::from(arrivals);
            chance += term;
        }
        chance.clamp(0.0, 1.0)
    }

    /// Whether the shelter is to confirm before anybody travels.
    pub fn needs_confirmation(&self, freshness: Freshness, chance: f64) -> bool {
        freshness >= Freshness::Stale || chance < self.confirm_below
    }
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

    #[test]
    fn a_place_with_others_beside_it_lasts_longer() {
        let model = ChanceModel::default();
        assert!((model.chance_free(0.0, 0) - 1.0).abs() < 1e-12);
        assert!((model.chance_free(48.0 * 60.0, 0) - (-1.0f64).exp()).abs() < 1e-12);
        assert!((model.chance_free(48.0 * 60.0, 1) - 2.0 * (-1.0f64).exp()).abs() < 1e-12);
        assert!(model.needs_confirmation(Freshness::Stale, 0.9));
        assert!(model.needs_confirmation(Freshness::Fresh, 0.4));
        assert!(!model.needs_confirmation(Freshness::Aging, 0.5));
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

        #[test]
        fn the_chance_is_a_chance_and_moves_the_right_way(
            age in 0.0f64..600_000.0, more in 0.0f64..10_000.0, spare in 0u32..500,
        ) {
            let model = ChanceModel::default();
            let chance = model.chance_free(age, spare);
            prop_assert!((0.0..=1.0).contains(&chance));
            prop_assert!(model.chance_free(age + more, spare) <= chance + 1e-12);
            prop_assert!(model.chance_free(age, spare + 1) >= chance);
        }
    }
}
