//! How much of an item a resident uses in a day, learned from counts and movements; the planning figure until then. It
//! must not know what is on hand now.

pub mod backtest;
mod course;
mod learn;
mod worlds;

use serde::{Deserialize, Serialize};

pub use course::{Course, Nights};
pub use learn::learn;

use super::codes::codes;
use super::geography::DailyRate;
use super::id::Moment;

/// Days of counts that are learned from; older ones say little of today.
pub const LEARN_DAYS: i64 = 90;

/// What was learned of an item in one shelter. Rates are millionths of a unit per occupied bed and night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    pub rate: u64,
    /// With nine in ten the true rate lies between `low` and `high`.
    pub low: u64,
    pub high: u64,
    /// Spans between two counts that it rests on.
    pub spans: u32,
    pub at: Moment,
}

impl Learned {
    /// Whether it says the same; when that was found out is no matter.
    pub fn says(&self, other: &Self) -> bool {
        (self.rate, self.low, self.high, self.spans) == (other.rate, other.low, other.high, other.spans)
    }
}

codes! {
    /// What a shelter's use of an item is known from.
    Basis { Learned, PlanningFigure, None }
}

/// What a shelter uses of an item in a day at its present occupancy, in thousandths of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    pub milli: i64,
    /// With nine in ten the true use lies between these; nothing was measured of a planning figure.
    pub between: Option<(i64, i64)>,
    pub basis: Basis,
}

impl Use {
    /// Learned use is of occupied `beds`, as it was learned; planning figures are of `persons`, those in cots among them.
    pub fn of(learned: Option<&Learned>, figure: Option<DailyRate>, beds: u32, persons: u32) -> Self {
        match (learned, figure) {
            (Some(learned), _) => {
                // What is used at all is never rounded away: it would look as if it lasted for ever.
                let milli = |rate: u64| {
                    let micro = u128::from(rate) * u128::from(beds);
                    i64::try_from(micro.div_ceil(1_000)).unwrap_or(i64::MAX)
                };
                Self {
                    milli: milli(learned.rate),
                    between: Some((milli(learned.low), milli(learned.high))),
                    basis: Basis::Learned,
                }
            }
            (None, Some(figure)) => Self {
                milli: i64::try_from(figure.daily_use_milli(persons)).unwrap_or(i64::MAX),
                between: None,
                basis: Basis::PlanningFigure,
            },
            (None, None) => Self {
                milli: 0,
                between: None,
                basis: Basis::None,
            },
        }
    }
}

/// A planning figure in millionths of a unit per person and day.
#[expect(clippy::cast_precision_loss, reason = "figures are far below 2^53")]
pub fn micro(figure: DailyRate) -> f64 {
    figure.milli_units as f64 * 1_000.0 / figure.days as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIGURE: DailyRate = DailyRate {
        milli_units: 250,
        days: 3,
    };

    fn learned(rate: u64) -> Learned {
        Learned {
            rate,
            low: rate / 2,
            high: rate * 2,
            spans: 5,
            at: Moment::default(),
        }
    }

    #[test]
    fn what_was_learned_goes_before_the_figure_and_nobody_uses_nothing() {
        let known = Use::of(Some(&learned(40_000)), Some(FIGURE), 10, 12);
        assert_eq!(
            (known.milli, known.between, known.basis),
            (400, Some((200, 800)), Basis::Learned)
        );
        let figure = Use::of(None, Some(FIGURE), 10, 12);
        assert_eq!(
            (figure.milli, figure.between, figure.basis),
            (1_000, None, Basis::PlanningFigure)
        );
        assert_eq!(Use::of(None, None, 10, 12).basis, Basis::None);
        assert_eq!(Use::of(Some(&learned(40_000)), None, 0, 0).milli, 0);
        assert_eq!(Use::of(Some(&learned(2)), None, 1, 1).milli, 1, "little is not nothing");
        assert_eq!(Use::of(Some(&learned(u64::MAX / 4)), None, u32::MAX, 0).milli, i64::MAX);
    }
}
