//! What one shelter's reports have taught about it, moved by each new one. It must not know the other shelters.
//!
//! Each report settles cases: of every report of the last week, for [`NEEDS`], whether what was free then still is. A
//! case moves the offset by a Newton step of a logistic Kalman filter: the offset is normal with `variance`, which grows
//! by [`DRIFT`] a day and shrinks with what is learned. Cases of one shelter and week overlap and are far from
//! independent, so each weighs only [`CASE_WEIGHT`].

use std::collections::VecDeque;

use super::super::id::Moment;
use super::{ChanceModel, MINUTES_PER_DAY, ln_1p, still_free};

/// The figures of one report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub at: Moment,
    pub free: u32,
    /// All places open to somebody, taken or free.
    pub places: u32,
}

/// Needs that cases are made of.
pub const NEEDS: [u32; 3] = [1, 2, 4];
/// What one of the up to 21 cases of a night weighs beside an independent one. This, the drift and the variance come from
/// rolling forward within January and February 2023 of Toronto's nights, where the score is flat around them; see
/// docs/PLACEMENT.md.
pub(super) const CASE_WEIGHT: f64 = 0.2;
/// Variance of an offset of which nothing is known, in log odds squared.
pub(super) const VARIANCE: f64 = 2.0;
/// What the variance grows by in a day: shelters change.
const DRIFT: f64 = 0.002;
/// Cases reach back this far: seven nights, and some hours for reports that are not punctual.
const REACH_DAYS: f64 = 7.25;
/// Remembered reports lie at least this far apart; what comes more often settles cases and makes none.
const APART_DAYS: f64 = 0.4;
/// Beyond this many log odds a chance is 0 or 1 for all purposes.
pub(super) const FAR: f64 = 12.0;
/// Places of a shelter that has not reported.
const USUAL_PLACES: f64 = 20.0;

/// One shelter's own part. `Default`: nothing is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    offset: f64,
    variance: f64,
    ln_places: f64,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            offset: 0.0,
            variance: VARIANCE,
            ln_places: USUAL_PLACES.ln(),
        }
    }
}

impl Record {
    pub(super) fn offset(&self) -> f64 {
        self.offset
    }

    pub(super) fn ln_places(&self) -> f64 {
        self.ln_places
    }

    /// The same record of a shelter that now has this many places.
    #[must_use]
    pub fn with_places(self, places: u32) -> Self {
        Self {
            ln_places: ln_1p(places.max(1) - 1),
            ..self
        }
    }

    /// Moves by one step for all cases that a report settles, each of `weight`.
    fn learn(&mut self, model: &ChanceModel, cases: impl Iterator<Item = Case>, days: f64) {
        self.variance = (self.variance + DRIFT * days).min(VARIANCE);
        let weight = CASE_WEIGHT * days.min(1.0);
        let (mut slope, mut curve) = (0.0, 1.0 / self.variance);
        for case in cases {
            let chance = still_free(model.fixed(&case) + self.offset);
            slope += weight * (f64::from(u8::from(case.free)) - chance);
            curve += weight * chance * (1.0 - chance);
        }
        self.variance = 1.0 / curve;
        self.offset = (self.offset + self.variance * slope).clamp(-FAR, FAR);
    }
}

/// What was free once and whether it still was later, in the terms of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Case {
    pub ln_spare: f64,
    pub ln_need: f64,
    pub ln_places: f64,
    pub ln_days: f64,
    pub free: bool,
}

impl ChanceModel {
    /// Log odds without the shelter's offset.
    pub(super) fn fixed(&self, case: &Case) -> f64 {
        self.base + self.spare * case.ln_spare
            - self.need * case.ln_need
            - self.places * case.ln_places
            - self.ageing(case.ln_days)
    }
}

/// A shelter's record and the reports it still needs to settle the next one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    record: Record,
    recent: VecDeque<Seen>,
    last: Option<Moment>,
}

impl History {
    #[must_use]
    pub fn record(&self) -> Record {
        self.record
    }

    /// When the newest report that was learned from was true.
    #[must_use]
    pub fn last(&self) -> Option<Moment> {
        self.last
    }

    /// Learns from one more report. One that is not newer than the last is passed over.
    pub fn tell(&mut self, model: &ChanceModel, seen: Seen) {
        if let Some(days) = self.advance(seen.at) {
            let cases = self.recent.iter().flat_map(|earlier| cases(*earlier, seen));
            self.record.learn(model, cases, days);
        }
        self.keep(seen);
    }

    /// How many cases this many nightly reports settle at most.
    pub(super) fn most_cases(reports: usize) -> usize {
        reports * 7 * NEEDS.len()
    }

    /// The cases that this report settles, then remembers it; for `fit`.
    pub(super) fn settle(&mut self, seen: Seen, found: &mut Vec<Case>) {
        if self.advance(seen.at).is_some() {
            found.extend(self.recent.iter().flat_map(|earlier| cases(*earlier, seen)));
        }
        self.keep(seen);
    }

    /// Days since the last report, having forgotten those that are too old.
    fn advance(&mut self, now: Moment) -> Option<f64> {
        let days = days(self.last?, now);
        if days <= 0.0 {
            return None;
        }
        self.recent.retain(|seen| self::days(seen.at, now) <= REACH_DAYS);
        Some(days)
    }

    fn keep(&mut self, seen: Seen) {
        if self.last.is_some_and(|last| seen.at <= last) {
            return;
        }
        self.last = Some(seen.at);
        self.record = self.record.with_places(seen.places);
        if self
            .recent
            .back()
            .is_none_or(|last| days(last.at, seen.at) >= APART_DAYS)
        {
            self.recent.push_back(seen);
        }
    }
}

fn days(from: Moment, to: Moment) -> f64 {
    // A span of time in milliseconds stays far below 2^53.
    (to - from).num_milliseconds() as f64 / 60_000.0 / MINUTES_PER_DAY
}

fn cases(earlier: Seen, later: Seen) -> impl Iterator<Item = Case> {
    let ln_days = days(earlier.at, later.at).ln();
    NEEDS.into_iter().filter_map(move |need| {
        Some(Case {
            ln_spare: ln_1p(earlier.free.checked_sub(need)?),
            ln_need: ln_1p(need - 1),
            ln_places: ln_1p(earlier.places.max(1) - 1),
            ln_days,
            free: later.free >= need,
        })
    })
}
