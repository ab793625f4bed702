//! The course of one item in one shelter: what was counted, what came and went between, and how many slept there. It
//! must not know what follows from it.

use super::super::id::Moment;
use super::super::stock::{Counted, MovementKind};

const DAY: f64 = 86_400_000.0;

/// How many slept in a shelter, as its reports said: what one says holds until the next.
#[derive(Debug, Clone, Default)]
pub struct Nights {
    /// When, how many from then on, and the nights slept until then since the first.
    steps: Vec<(Moment, u32, f64)>,
}

impl Nights {
    /// `said`: occupied beds at each report, oldest first.
    pub fn new(said: impl IntoIterator<Item = (Moment, u32)>) -> Self {
        let mut steps: Vec<(Moment, u32, f64)> = Vec::new();
        for (at, beds) in said {
            let slept = steps.last().map_or(0.0, |last| slept(*last, at));
            steps.push((at, beds, slept));
        }
        Self { steps }
    }

    /// Bed-nights from the first report until `at`. Before it as many are taken to have slept there as it says: then
    /// the number is below 0.
    pub fn until(&self, at: Moment) -> f64 {
        let after = self.steps.partition_point(|step| step.0 <= at);
        let step = self.steps.get(after.saturating_sub(1));
        step.map_or(0.0, |step| slept(*step, at))
    }
}

fn slept((from, beds, before): (Moment, u32, f64), until: Moment) -> f64 {
    before + f64::from(beds) * days(from, until)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a lifetime are far below 2^53"
)]
pub(super) fn days(from: Moment, until: Moment) -> f64 {
    (until - from).num_milliseconds() as f64 / DAY
}

/// A count beside what must have been used by then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub at: Moment,
    /// Bed-nights by then.
    pub nights: f64,
    /// Units used by then, up to a constant: what came in less what went out otherwise less what is there. It never falls,
    /// but for a miscount, which is undone by the next count, and a receipt nobody wrote down, which is not.
    pub used: f64,
}

/// The points of one item, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Course {
    pub(super) points: Vec<Point>,
    /// The usual level of the shelf, in units: as wide as a miscount or a forgotten receipt may be.
    pub(super) level: f64,
}

impl Course {
    /// `counts` and `moves` (signed) in the order of time; of two counts of one instant the later in the list is true.
    /// What was issued is used, so it is not a movement here.
    #[expect(clippy::cast_precision_loss, reason = "sums of units are far below 2^53")]
    pub fn new(
        counts: impl IntoIterator<Item = Counted>,
        moves: impl IntoIterator<Item = (Moment, MovementKind, i64)>,
        nights: &Nights,
    ) -> Self {
        let mut moves = moves.into_iter().filter(|row| row.1 != MovementKind::Issue).peekable();
        let (mut moved, mut seen) = (0_i64, 0_i64);
        let mut points: Vec<Point> = Vec::new();
        for count in counts {
            while let Some((_, _, change)) = moves.next_if(|row| row.0 <= count.at) {
                moved = moved.saturating_add(change);
            }
            seen = seen.saturating_add(count.units);
            points.pop_if(|last| last.at == count.at);
            points.push(Point {
                at: count.at,
                nights: nights.until(count.at),
                used: (moved - count.units) as f64,
            });
        }
        let level = seen as f64 / points.len().max(1) as f64 + 1.0;
        Self { points, level }
    }

    /// Spans in which somebody slept there.
    pub fn spans(&self) -> usize {
        let slept = |pair: &[Point]| matches!(pair, [a, b] if b.nights > a.nights);
        self.points.windows(2).filter(|pair| slept(pair)).count()
    }

    /// Units used and bed-nights of each span, the newest last.
    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> + '_ {
        let following = self.points.iter().skip(1);
        (self.points.iter().zip(following)).map(|(a, b)| (b.used - a.used, b.nights - a.nights))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn day(n: i64) -> Moment {
        DateTime::from_timestamp(n * 86_400, 0).unwrap()
    }

    fn count(at: i64, units: i64) -> Counted {
        Counted { units, at: day(at) }
    }

    #[test]
    fn what_a_report_says_holds_until_the_next_and_before_the_first() {
        let nights = Nights::new([(day(10), 4), (day(12), 1)]);
        let slept = |from, until| nights.until(day(until)) - nights.until(day(from));
        assert!((slept(10, 12) - 8.0).abs() < 1e-9);
        assert!((slept(8, 14) - 18.0).abs() < 1e-9);
        assert!(Nights::default().until(day(3)).abs() < 1e-9);
    }

    #[test]
    fn use_is_what_was_there_and_came_less_what_is_left() {
        let nights = Nights::new([(day(0), 2)]);
        use MovementKind::{Issue, Receipt, WriteOff};
        let moves = [(day(1), Receipt, 50), (day(2), Issue, -9), (day(3), WriteOff, -5)];
        let course = Course::new([count(0, 10), count(2, 48), count(3, 40)], moves, &nights);
        let steps: Vec<(f64, f64)> = course.steps().collect();
        assert_eq!(steps, [(12.0, 4.0), (3.0, 2.0)]);
        assert_eq!(course.spans(), 2);
    }

    #[test]
    fn of_two_counts_of_one_instant_the_later_one_is_true() {
        let nights = Nights::new([(day(0), 1)]);
        let course = Course::new([count(0, 10), count(1, 99), count(1, 7)], [], &nights);
        assert_eq!(course.steps().collect::<Vec<_>>(), [(3.0, 1.0)]);
    }
}
