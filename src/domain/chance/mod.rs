//! The chance that a place reported free still is: from what the shelters' reports have shown, each by its own record,
//! drawn towards all others where the record is short. It must not know what a household is, nor where records are kept.
//!
//! **The model** is a log-logistic survival curve with an offset for each shelter. The odds that `need` places of the
//! `free` reported `d` days ago are gone:
//!
//! ```text
//! odds = e^-(base + offset) * need^N * places^P * A(d) / (1 + free - need)^S      chance = 1 / (1 + odds)
//! A(d) = d up to a day, d^K beyond it
//! ```
//!
//! `base`, N, P, S and K are one for the country ([`ChanceModel`], learned by `fit`); `offset` is the shelter's own
//! ([`Record`], moved by each report in `record`). Nights of reports are all that is known, so within the first day the odds
//! grow in step with time, as arrivals at an even rate would make them.
//!
//! Sources: log-logistic survival as proportional odds: Bennett, *Applied Statistics* 32 (1983) 165-171. Offsets drawn from one
//! normal distribution (partial pooling): Gelman and Hill, *Data Analysis Using Regression and Multilevel/Hierarchical
//! Models* (2007), ch. 14. Following an offset that drifts: the logistic Kalman filter of Glickman, *Applied Statistics* 48
//! (1999) 377-394. What it scores on real nights: `panoh evaluate chance`, docs/PLACEMENT.md.

pub mod evaluate;
mod fit;
mod record;
mod reference;
mod score;

#[cfg(test)]
mod tests;

pub use fit::learn;
pub use record::{History, Record, Seen};
pub use score::{CASES_OF_A_DECILE, CLIP, Decile, Score, Scores};

use serde::Serialize;

use super::freshness::Freshness;

/// What all shelters of the country have in common. The exponents are never negative but for that of `places`, so a
/// chance never rises with age or need and never falls with more free.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ChanceModel {
    /// Logarithm of the odds that one place, the last one, is still free after a day in a shelter of one place.
    base: f64,
    /// S: of one more than what is left beside the household.
    spare: f64,
    /// K: of the age in days, beyond the first day.
    age: f64,
    /// N: of the places needed.
    need: f64,
    /// P: of the places of the whole shelter; more places, more coming and going.
    places: f64,
}

impl Default for ChanceModel {
    /// Planning figures, for a country without a history: the last free place of twenty still is after a day with
    /// chance 0.6.
    fn default() -> Self {
        Self {
            base: 1.9,
            spare: 1.0,
            age: 0.5,
            need: 1.0,
            places: 0.5,
        }
    }
}

const MINUTES_PER_DAY: f64 = 1440.0;
/// Figures older than a hundred years are taken to be that old.
const LONGEST_AGE: f64 = 36_525.0 * MINUTES_PER_DAY;
/// Below this chance a shelter confirms before anybody travels, whatever the way: rather gone than free, and a household
/// that fled is not sent on such a road. Above it `ranking` weighs in minutes what asking first costs against the way in vain,
/// for it knows the way.
pub const CONFIRM_BELOW: f64 = 0.5;

impl ChanceModel {
    /// The chance, 0.0..=1.0, that of the `free` places reported `age_minutes` ago at least `need` are free now.
    ///
    /// 1 at age 0 and 0 where fewer than `need` were free. Never rises with age or need, never falls with `free`. An age
    /// that is negative or no number counts as 0.
    #[must_use]
    pub fn chance_free(&self, record: &Record, free: u32, need: u32, age_minutes: f64) -> f64 {
        let Some(spare) = free.checked_sub(need) else {
            return 0.0;
        };
        if need == 0 {
            return 1.0;
        }
        let shape = self.level(record) + self.spare * ln_1p(spare) - self.need * ln_1p(need - 1);
        let days = age_minutes.clamp(0.0, LONGEST_AGE).max(0.0) / MINUTES_PER_DAY;
        still_free(shape - self.ageing(days.ln()))
    }

    /// Whether the shelter is to confirm before anybody travels.
    #[must_use]
    pub fn needs_confirmation(&self, freshness: Freshness, chance: f64) -> bool {
        freshness >= Freshness::Stale || chance < CONFIRM_BELOW
    }

    /// Log odds for its last place after a day.
    fn level(&self, record: &Record) -> f64 {
        self.base + record.offset() - self.places * record.ln_places()
    }

    /// ln A(d) of ln d.
    fn ageing(&self, ln_days: f64) -> f64 {
        if ln_days > 0.0 { self.age * ln_days } else { ln_days }
    }
}

/// Probability of log odds.
fn still_free(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// ln(1 + n).
fn ln_1p(n: u32) -> f64 {
    (f64::from(n) + 1.0).ln()
}
