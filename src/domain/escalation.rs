//! What follows while a shelter does not answer: it is reminded, then the next shelter is asked, then the operator is told.
//! The policy is made once, when the shelter is asked, and kept with the hold: what is decided for later holds changes
//! nothing for this one. It must not know who is told, or how.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoStaticStr};

use super::household::Urgency;
use super::id::Moment;

/// A step of the policy, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// The shelter is reminded.
    Remind,
    /// One more shelter joins the wave.
    AskNext,
    /// The operator is told.
    TellOperator,
}

/// Deadlines and steps of one hold, in minutes after the asking unless a unit is named. Steps that are `None` are left
/// out; those that are not come in the order of [`Step`], each later than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How long the shelter has to answer; [`LEAST_ASK_MINUTES`] to [`MOST_ASK_MINUTES`].
    pub ask_minutes: u16,
    /// Hours after acceptance, travel not counted, within which she is to arrive; 1 to 72.
    pub arrive_hours: u16,
    pub remind_after: Option<u16>,
    pub next_after: Option<u16>,
    pub operator_after: Option<u16>,
}

/// Enough for three steps at minutes of their own.
pub const LEAST_ASK_MINUTES: u16 = 5;
/// A day.
pub const MOST_ASK_MINUTES: u16 = 24 * 60;
/// How long a shelter has when a place is wanted now and nobody says otherwise.
const USUAL_ASK_MINUTES: u16 = 60;
const USUAL_ARRIVE_HOURS: u16 = 12;
/// Longest travel that a deadline allows for, in minutes: three days.
const LONGEST_TRAVEL: f64 = 3.0 * 24.0 * 60.0;

/// How many times longer than "now" an answer may take: twice if today will do, six times this week, twenty-four times
/// for a planned move.
pub fn patience(urgency: Urgency) -> u16 {
    match urgency {
        Urgency::Now => 1,
        Urgency::Today => 2,
        Urgency::ThisWeek => 6,
        Urgency::Planned => 24,
    }
}

impl Policy {
    /// What is usual for this urgency.
    pub fn of(urgency: Urgency) -> Self {
        Self::asking(USUAL_ASK_MINUTES.saturating_mul(patience(urgency)))
    }

    /// The steps at a third, a half and three quarters of the time to answer, which is drawn into its range.
    pub fn asking(ask_minutes: u16) -> Self {
        let ask_minutes = ask_minutes.clamp(LEAST_ASK_MINUTES, MOST_ASK_MINUTES);
        Self {
            ask_minutes,
            arrive_hours: USUAL_ARRIVE_HOURS,
            remind_after: Some(ask_minutes / 3),
            next_after: Some(ask_minutes / 2),
            operator_after: Some(ask_minutes / 4 * 3 + ask_minutes % 4 * 3 / 4),
        }
    }

    /// The same without asking others: for a shelter that has itself been asked as the next one, and where districts
    /// are to be avoided that nobody keeps.
    #[must_use]
    pub fn without_next(self) -> Self {
        Self {
            next_after: None,
            ..self
        }
    }

    fn steps(&self) -> impl Iterator<Item = (Step, u16)> {
        [
            (Step::Remind, self.remind_after),
            (Step::AskNext, self.next_after),
            (Step::TellOperator, self.operator_after),
        ]
        .into_iter()
        .filter_map(|(step, after)| Some((step, after?)))
    }

    /// When the first step comes.
    pub fn first_step(&self, asked_at: Moment) -> Option<Moment> {
        self.steps().map(|(_, after)| after_minutes(asked_at, after)).min()
    }

    /// When the step after the one of `then` comes.
    pub fn step_after(&self, asked_at: Moment, then: Moment) -> Option<Moment> {
        let times = self.steps().map(|(_, after)| after_minutes(asked_at, after));
        times.filter(|at| *at > then).min()
    }

    /// Which step comes at exactly `at`.
    pub fn step_at(&self, asked_at: Moment, at: Moment) -> Option<Step> {
        let mut steps = self.steps();
        steps
            .find(|(_, after)| after_minutes(asked_at, *after) == at)
            .map(|(step, _)| step)
    }

    /// Deadline for the shelter's answer.
    pub fn asked_until(&self, now: Moment) -> Moment {
        after_minutes(now, self.ask_minutes)
    }

    /// Deadline for the arrival: `arrive_hours` and the travel itself (minutes; not a number or below 0 counts as 0,
    /// at most three days).
    pub fn accepted_until(&self, now: Moment, travel_minutes: f64) -> Moment {
        let travel = travel_minutes.clamp(0.0, LONGEST_TRAVEL).ceil();
        // Between 0 and 4,320; what is not a number becomes 0.
        now + TimeDelta::hours(i64::from(self.arrive_hours)) + TimeDelta::minutes(travel as i64)
    }
}

fn after_minutes(at: Moment, minutes: u16) -> Moment {
    at + TimeDelta::minutes(i64::from(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;

    fn at(minutes: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    #[test]
    fn deadlines_leave_time_for_answer_and_road() {
        let policy = Policy::of(Urgency::Now);
        assert_eq!(policy.asked_until(at(0)), at(60));
        assert_eq!(Policy::of(Urgency::Planned).asked_until(at(0)), at(24 * 60));
        assert_eq!(policy.accepted_until(at(0), 89.2), at(12 * 60 + 90));
        assert_eq!(policy.accepted_until(at(0), f64::NAN), at(12 * 60));
        assert_eq!(policy.accepted_until(at(0), f64::INFINITY), at(12 * 60 + 3 * 24 * 60));
    }

    #[test]
    fn an_hour_has_its_steps_at_twenty_thirty_and_forty_five_minutes() {
        let policy = Policy::asking(60);
        let mut seen = Vec::new();
        let mut next = policy.first_step(at(0));
        while let Some(then) = next {
            seen.push((policy.step_at(at(0), then).unwrap(), (then - at(0)).num_minutes()));
            next = policy.step_after(at(0), then);
        }
        assert_eq!(
            seen,
            [(Step::Remind, 20), (Step::AskNext, 30), (Step::TellOperator, 45)]
        );
        let alone = policy.without_next();
        assert_eq!(alone.step_after(at(0), at(20)), Some(at(45)));
        assert_eq!(policy.step_at(at(0), at(21)), None);
    }

    #[test]
    fn what_was_kept_is_read_again() {
        let kept = r#"{"ask_minutes":60,"arrive_hours":12,"remind_after":7,"next_after":null,"operator_after":null}"#;
        let policy: Policy = serde_json::from_str(kept).unwrap();
        assert_eq!(policy.first_step(at(0)), Some(at(7)));
        assert_eq!(policy.step_after(at(0), at(7)), None);
        assert_eq!(serde_json::to_string(&policy).unwrap(), kept);
    }

    proptest! {
        #[test]
        fn the_steps_come_in_order_and_before_the_deadline(minutes in 0u16..3_000) {
            let policy = Policy::asking(minutes);
            let steps: Vec<_> = policy.steps().collect();
            prop_assert_eq!(steps.len(), 3);
            prop_assert!(steps[0].1 >= 1 && steps[2].1 < policy.ask_minutes);
            prop_assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        }
    }
}
