//! Learns a rate of use from the course of an item: Bayes' rule over a ladder of rates. It must not know what is on hand.
//!
//! Each count is either right or wrong (its true figure is then anybody's guess), and between two right counts what was
//! used is about rate × nights, unless a receipt or a loss was not written down. The likelihood of a rate is the sum over
//! all ways in which the counts may be right or wrong, drawn up count by count; so one miscount costs a count and not
//! the rate, a forgotten receipt a span, and nobody has to decide which is which. With little data the planning figure,
//! the prior, stands.

use super::super::id::Moment;
use super::Learned;
use super::course::{Course, Point, days};

/// How far a shelter's use may lie from a planning figure: this is one standard deviation of its logarithm (a factor of 1.9).
const FIGURE_SPREAD: f64 = 0.65;
/// The same where there is no figure and the counts' own mean stands in for it.
const GUESS_SPREAD: f64 = 1.2;
/// Without a figure fewer spans teach nothing.
const FEWEST_SPANS: usize = 3;
/// How much use varies from span to span beyond chance, as a share of what is expected; how likely each is at first.
const UNEVEN: [(f64, f64); 3] = [(0.1, 0.4), (0.25, 0.4), (0.6, 0.2)];
/// Units that are taken together, so that small numbers vary more.
const AT_ONCE: f64 = 1.5;
/// Of a hundred counts these are wrong, and in a hundred spans so many receipts and losses are not written down.
const WRONG: f64 = 0.05;
const UNWRITTEN: f64 = 0.05;
const LOST: f64 = 0.02;
/// At most two counts in a row are wrong: one of any three is right.
const WINDOW: usize = 3;
/// By which power of e use grows in thirty days, with the season and the people, and how likely each is at first.
const DRIFTS: [(f64, f64); 5] = [(-0.24, 0.09), (-0.12, 0.16), (0.0, 0.5), (0.12, 0.16), (0.24, 0.09)];
/// Rates tried in each of two turns; the second between those that the first leaves over.
const RUNGS: usize = 25;
/// A rate whose probability is below this part of the best one's is left aside.
const NEGLIGIBLE: f64 = 1e-4;
/// Nine in ten lie between these.
const BETWEEN: (f64, f64) = (0.05, 0.95);

/// What the course teaches at `now`; `figure` is the planning figure in millionths of a unit per person and day. `None`
/// if there is nothing to learn from.
pub fn learn(course: &Course, figure: Option<f64>, now: Moment) -> Option<Learned> {
    let spans = course.spans();
    let (centre, spread) = match figure {
        Some(figure) if spans > 0 && figure > 0.0 => (figure / 1e6, FIGURE_SPREAD),
        None if spans >= FEWEST_SPANS => (mean(course)?, GUESS_SPREAD),
        _ => return None,
    };
    let prior = Prior {
        centre: centre.ln(),
        spread,
    };
    let reach = 4.0 * spread;
    let wide = posterior(course, prior, prior.centre - reach, prior.centre + reach, now);
    let (low, high) = wide.where_likely()?;
    let close = posterior(course, prior, low, high, now);
    let at = |share| Some(whole(close.quantile(share)?.exp()));
    Some(Learned {
        rate: at(0.5)?,
        low: at(BETWEEN.0)?,
        high: at(BETWEEN.1)?,
        spans: u32::try_from(spans).unwrap_or(u32::MAX),
        at: now,
    })
}

/// All that was used over all nights, if anything was.
fn mean(course: &Course) -> Option<f64> {
    let (used, nights) = course
        .steps()
        .fold((0.0, 0.0), |sum, step| (sum.0 + step.0.max(0.0), sum.1 + step.1));
    (used > 0.0 && nights > 0.0).then(|| used / nights)
}

/// A rate in millionths, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between one and a million million"
)]
fn whole(rate: f64) -> u64 {
    (rate * 1e6).round().clamp(1.0, 1e12) as u64
}

/// The logarithm of the rate is normal around the logarithm of the figure.
#[derive(Clone, Copy)]
struct Prior {
    centre: f64,
    spread: f64,
}

/// Logarithms of rates, ascending at even steps, with their probabilities.
struct Ladder {
    rungs: Vec<f64>,
    weights: Vec<f64>,
}

fn posterior(course: &Course, prior: Prior, low: f64, high: f64, now: Moment) -> Ladder {
    let step = (high - low) / (RUNGS - 1) as f64;
    let rungs: Vec<f64> = (0..RUNGS).map(|at| low + step * at as f64).collect();
    let said: Vec<f64> = (rungs.iter())
        .map(|rung| {
            let off = (rung - prior.centre) / prior.spread;
            let rate = rung.exp();
            let guesses = UNEVEN
                .iter()
                .flat_map(|uneven| DRIFTS.iter().map(move |drift| (*uneven, *drift)));
            let likely = guesses.map(|((uneven, one), (drift, other))| {
                (one * other).ln() + likelihood(course, Guess { rate, drift, uneven }, now)
            });
            let likely: Vec<f64> = likely.collect();
            sum_of_logs(likely.iter().copied()) - off * off / 2.0
        })
        .collect();
    let best = said.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = said.into_iter().map(|one| (one - best).exp()).collect();
    Ladder { rungs, weights }
}

impl Ladder {
    /// The first and the last rung that matter, and one on each side.
    fn where_likely(&self) -> Option<(f64, f64)> {
        let matters = |weight: &f64| *weight > NEGLIGIBLE;
        let first = self.weights.iter().position(matters)?.saturating_sub(1);
        let last = (self.weights.iter().rposition(matters)? + 1).min(self.rungs.len() - 1);
        Some((*self.rungs.get(first)?, *self.rungs.get(last)?))
    }

    /// The rung below which `share` of the probability lies, between two in proportion.
    fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.weights.iter().sum::<f64>();
        let (mut below, mut before) = (0.0, *self.rungs.first()?);
        let mut half = 0.0;
        for (rung, weight) in self.rungs.iter().zip(&self.weights) {
            // Half of a rung's weight lies on each side of it.
            let upto = below + half + weight / 2.0;
            if upto >= wanted {
                let part = (wanted - below) / (upto - below).max(f64::MIN_POSITIVE);
                return Some(before + (rung - before) * part.clamp(0.0, 1.0));
            }
            (below, before, half) = (upto, *rung, weight / 2.0);
        }
        Some(before)
    }
}

/// A rate as it is now, how it has changed and how unevenly it is used.
#[derive(Clone, Copy)]
struct Guess {
    /// Units per bed and night.
    rate: f64,
    /// By which power of e it grows in thirty days.
    drift: f64,
    uneven: f64,
}

/// How likely the counts are if the guess is right: the logarithm. For each count the sum over all ways in which it is
/// right and those before it are right or wrong.
fn likelihood(course: &Course, guess: Guess, now: Moment) -> f64 {
    // A wrong figure may be anything around the usual level of the shelf.
    let wrong = WRONG / (3.0 * course.level);
    // The newest last: how likely everything is up to that count if it is right, over e to the power of `scale`.
    let mut ways = [0.0; WINDOW];
    let mut scale = 0.0_f64;
    for (at, point) in course.points.iter().enumerate() {
        // That all before it are wrong.
        let mut way = if at < WINDOW {
            wrong.powi(i32::try_from(at).unwrap_or(0)) * (-scale).exp()
        } else {
            0.0
        };
        let mut cost = 1.0;
        for (before, known) in course.points.iter().take(at).rev().zip(ways.iter().rev()) {
            way += known * cost * between(before, point, guess, course.level, now);
            cost *= wrong;
        }
        ways.rotate_left(1);
        if let Some(newest) = ways.last_mut() {
            *newest = way * (1.0 - WRONG);
        }
        let most = ways.iter().copied().fold(0.0, f64::max);
        if most > 0.0 && most < 1e-100 {
            ways = ways.map(|way| way / most);
            scale += most.ln();
        }
    }
    let mut cost = 1.0;
    let mut whole = 0.0;
    for way in ways.iter().rev() {
        whole += way * cost;
        cost *= wrong;
    }
    whole.ln() + scale
}

/// How likely it is that between two right counts so much was used.
fn between(from: &Point, to: &Point, guess: Guess, level: f64, now: Moment) -> f64 {
    let age = (days(from.at, now) + days(to.at, now)) / 2.0;
    let expected = guess.rate * (-guess.drift * age / 30.0).exp() * (to.nights - from.nights);
    let off = to.used - from.used - expected;
    // Whole units: half a unit at each end is rounding.
    let spread = (AT_ONCE * expected + (guess.uneven * expected).powi(2) + 0.5).sqrt();
    let plain = (1.0 - UNWRITTEN - LOST) * (-(off / spread).powi(2) / 2.0).exp() / (spread * 2.506_628_274_631);
    // A forgotten receipt looks as if less was used, a loss as if more: by about as much as is on the shelf.
    let aside = if off < 0.0 { UNWRITTEN } else { LOST } * (-off.abs() / level).exp() / level;
    plain + aside
}

/// The logarithm of the sum of numbers whose logarithms these are.
fn sum_of_logs(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    most + logs.map(|one| (one - most).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::super::super::stock::{Counted, MovementKind};
    use super::super::Nights;
    use super::*;
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    fn day(n: i64) -> Moment {
        DateTime::UNIX_EPOCH + Duration::days(n)
    }

    /// A weekly count of a shelf from which ten people take `used` units a week.
    fn weekly(weeks: i64, used: i64) -> Vec<Counted> {
        let count = |week| Counted {
            units: 2_000 - used * week,
            at: day(7 * week),
        };
        (0..weeks).map(count).collect()
    }

    /// Units per bed and night with a figure of 0.2, thus 14 a week for ten.
    fn rate(counts: Vec<Counted>, moves: Vec<(Moment, MovementKind, i64)>) -> (f64, f64, f64) {
        let nights = Nights::new([(day(0), 10)]);
        let now = counts.last().unwrap().at;
        let learned = learn(&Course::new(counts, moves, &nights), Some(200_000.0), now).unwrap();
        let units = |rate: u64| rate as f64 / 1e6;
        (units(learned.low), units(learned.rate), units(learned.high))
    }

    #[test]
    fn many_counts_teach_the_rate_and_few_leave_it_near_the_figure() {
        let (low, many, high) = rate(weekly(12, 28), vec![]);
        assert!((many - 0.4).abs() < 0.03, "{many}");
        assert!(low < 0.4 && 0.4 < high && high < 1.7 * low, "{low} {high}");
        let (low, few, high) = rate(weekly(2, 28), vec![]);
        assert!(
            (0.3..0.41).contains(&few) && low < 0.33 && 0.45 < high,
            "{low} {few} {high}"
        );
        let nights = Nights::new([(day(0), 10)]);
        let one = Course::new(weekly(1, 28), [], &nights);
        assert_eq!(
            learn(&one, Some(200_000.0), day(9)),
            None,
            "a single count says nothing of use"
        );
    }

    #[test]
    fn a_miscount_costs_a_count_and_not_the_rate() {
        for slip in [-900, -300, 300, 3_000] {
            let mut counts = weekly(12, 28);
            counts[6].units += slip;
            let (low, said, high) = rate(counts, vec![]);
            assert!(
                (said - 0.4).abs() < 0.04 && low < 0.4 && 0.4 < high,
                "{slip}: {low} {said} {high}"
            );
        }
        let mut newest = weekly(12, 28);
        newest[11].units = 20;
        assert!((rate(newest, vec![]).1 - 0.4).abs() < 0.05, "not even the newest");
    }

    #[test]
    fn a_receipt_that_nobody_wrote_down_costs_a_span() {
        let mut counts = weekly(12, 28);
        counts.iter_mut().skip(5).for_each(|count| count.units += 500);
        assert!((rate(counts.clone(), vec![]).1 - 0.4).abs() < 0.04);
        let written = vec![(day(31), MovementKind::Receipt, 500)];
        assert!((rate(counts, written).1 - 0.4).abs() < 0.03);
    }

    #[test]
    fn use_that_grows_is_known_as_it_is_now() {
        let mut left = 5_000.0;
        let counts = (0..13).map(|week| {
            left -= 28.0 * (0.05 * f64::from(week)).exp();
            Counted {
                units: left as i64,
                at: day(7 * i64::from(week)),
            }
        });
        let (_, said, _) = rate(counts.collect(), vec![]);
        assert!((0.6..0.85).contains(&said), "{said}: 0.4 at first, 0.73 at last");
    }

    #[test]
    fn without_a_figure_three_spans_are_wanted_and_something_used() {
        let nights = Nights::new([(day(0), 10)]);
        let learned = |weeks, used| learn(&Course::new(weekly(weeks, used), [], &nights), None, day(90));
        assert_eq!(learned(3, 28), None);
        let said = learned(8, 28).unwrap();
        assert!((300_000..500_000).contains(&said.rate), "{said:?}");
        assert_eq!(learned(8, 0), None, "blankets last");
    }

    proptest! {
        #[test]
        fn whatever_was_counted_is_answered(
            rows in proptest::collection::vec((0i64..100, 0i64..10_000_000), 0..12),
            moves in proptest::collection::vec((0i64..100, 1i64..10_000_000), 0..6),
            beds in 0u32..500, figure in proptest::option::of(1.0..1e9),
        ) {
            let mut counts: Vec<Counted> = rows.into_iter().map(|(at, units)| Counted { units, at: day(at) }).collect();
            counts.sort_by_key(|count| count.at);
            let mut moves: Vec<_> = moves.into_iter().map(|(at, units)| (day(at), MovementKind::Receipt, units)).collect();
            moves.sort_by_key(|row| row.0);
            let course = Course::new(counts, moves, &Nights::new([(day(3), beds)]));
            if let Some(learned) = learn(&course, figure, day(100)) {
                prop_assert!(0 < learned.low && learned.low <= learned.rate && learned.rate <= learned.high);
                prop_assert!(learned.spans > 0);
            }
        }
    }
}
