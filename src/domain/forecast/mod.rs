//! What is likely on the evenings to come, from those that were: a robust level, the week's pattern where it helps, and an
//! interval as wide as the same rule was wrong before. It must not know what is counted.
//!
//! The level is the median of the last few evenings with their weekdays' effects taken off; how many evenings, and how much
//! weekdays count, is whatever would have been nearest over the evenings known, each forecast from its own past. The
//! interval at each distance is the conformal one: of the errors that the chosen rule made at that distance, the least
//! that covers the share wanted. Nothing is assumed of how errors are spread, and no interval farther off is narrower.

mod backtest;
mod series;

pub use backtest::{Backtest, backtest};
pub use series::Series;

use chrono::NaiveDate;

/// Evenings ahead.
pub const HORIZON: usize = 7;
/// Share of evenings that the interval is to hold.
pub const LEVEL: f64 = 0.8;
/// Evenings that must be known: four weeks.
pub const FEWEST: usize = 28;
/// Evenings of which the errors are not counted: the rule has nothing to stand on yet.
const WARM_UP: usize = 14;
/// Evenings that a level may be the median of.
const SPANS: [usize; 5] = [1, 3, 5, 7, 14];
/// Weekday effects are learned of so many evenings.
const PATTERN_OF: usize = 56;
/// How much of a weekday's effect may count.
const SHARES: [f64; 3] = [0.0, 0.5, 1.0];

/// What is expected of one evening.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    pub date: NaiveDate,
    /// From here to `high` lie [`LEVEL`] of such evenings; never below 0.
    pub low: f64,
    pub expected: f64,
    pub high: f64,
}

/// How evenings to come are worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rule {
    /// The level is the median of so many evenings.
    span: usize,
    /// So much of its weekday's effect is added to an evening.
    share: f64,
}

/// The next seven evenings; `None` if fewer than [`FEWEST`] are known.
pub fn forecast(series: &Series) -> Option<Vec<Expected>> {
    if series.known() < FEWEST {
        return None;
    }
    let patterns: Vec<[f64; 7]> = (0..=series.len()).map(|made| series.effects(made)).collect();
    let (rule, errors) = best(series, &patterns)?;
    let said = rule.ahead(series, series.len(), patterns.last()?)?;
    let mut widest: f64 = 0.0;
    let ahead = (series.len()..)
        .zip(said.into_iter().zip(errors))
        .map(|(at, (expected, mut errors))| {
            widest = widest.max(covering(&mut errors));
            Some(Expected {
                date: series.date(at)?,
                low: (expected - widest).max(0.0),
                expected,
                high: expected + widest,
            })
        });
    ahead.collect()
}

/// The rule that would have been nearest, and how far it was off at each distance. `patterns` are the weekdays' effects as
/// each evening's past showed them.
fn best(series: &Series, patterns: &[[f64; 7]]) -> Option<(Rule, Vec<Vec<f64>>)> {
    let rules = SHARES
        .into_iter()
        .flat_map(|share| SPANS.map(|span| Rule { span, share }));
    let tried = rules.filter_map(|rule| {
        let errors = errors(series, patterns, rule);
        // Summed over the same evenings for each rule, so that sums compare as means do.
        let sum = errors.iter().flatten().copied().reduce(|sum, error| sum + error)?;
        Some((sum, rule, errors))
    });
    // Of equal ones the first: the simplest.
    let best = tried.reduce(|best, next| if next.0 < best.0 { next } else { best })?;
    Some((best.1, best.2))
}

/// How far the rule would have been off, by distance from 1 on, followed on every evening after the warm-up.
fn errors(series: &Series, patterns: &[[f64; 7]], rule: Rule) -> Vec<Vec<f64>> {
    let mut errors = vec![Vec::new(); HORIZON];
    for (made, effects) in patterns.iter().enumerate().skip(WARM_UP) {
        let Some(said) = rule.ahead(series, made, effects) else {
            continue;
        };
        for ((at, said), errors) in (made..).zip(said).zip(&mut errors) {
            errors.extend(series.at(at).map(|was| (was - said).abs()));
        }
    }
    errors
}

/// The least of the errors that as large a share as wanted does not exceed, one more error to come counted in.
fn covering(errors: &mut [f64]) -> f64 {
    errors.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "few errors"
    )]
    let rank = ((errors.len() + 1) as f64 * LEVEL).ceil() as usize;
    let place = rank.clamp(1, errors.len().max(1)) - 1;
    errors.get(place).copied().unwrap_or(0.0)
}

impl Rule {
    /// The seven evenings from `made` on, as those before it say them; `None` if none of them is known.
    fn ahead(self, series: &Series, made: usize, effects: &[f64; 7]) -> Option<[f64; HORIZON]> {
        let effect = |at: usize| self.share * effects.get(series.weekday(at)).copied().unwrap_or(0.0);
        let known = (0..made).rev().filter_map(|at| Some(series.at(at)? - effect(at)));
        let level = median(&mut known.take(self.span).collect::<Vec<f64>>())?;
        Some(std::array::from_fn(|distance| {
            (level + effect(made + distance)).max(0.0)
        }))
    }
}

/// Of two middle ones their mean.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values
        .get(middle.checked_sub(1)?)
        .map(|lower| f64::midpoint(*lower, upper))
}

#[cfg(test)]
mod tests;
