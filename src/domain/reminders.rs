//! When a shelter is asked for the report of the day that has not come: reminded, reminded once more, then the operators
//! are told, and after that its digest names it. Only inside the set hours, by the clock on the wall of the country.
//! It must not know who is written to, or how.
//!
//! A day's report is due at the shelter's own minute, in its own rhythm. The course of a day begins with its first
//! reminder, at that minute or when the hours open; the other steps follow that one by time inside the hours, so that
//! what was missed while nothing ran is not made up for in a heap. A course ends with a report, or when the next day's
//! report falls due. A shelter that says it is closed is asked in its rhythm all the same: that it still is, is news.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use strum::{Display, EnumIter, FromRepr, IntoStaticStr};

use super::calendar;
use super::id::Moment;
use super::shelters::Shelter;

/// A step of a day's course. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, FromRepr, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
#[repr(i32)]
pub enum Step {
    /// The shelter is reminded.
    First = 1,
    /// It is reminded once more.
    Second = 2,
    /// The operators are told.
    TellOperators = 3,
}

impl Step {
    pub fn is_reminder(self) -> bool {
        self != Self::TellOperators
    }
}

/// Most reminders of one shelter on one local day.
pub const MOST_A_DAY: usize = 2;

/// A country's hours for reminders, and how patient they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// From this time of the local day ...
    pub from: NaiveTime,
    /// ... to before this one, later on the same day.
    pub to: NaiveTime,
    /// Minutes inside the hours from the first reminder to the second ...
    pub second_after: u16,
    /// ... and to the telling of the operators: more than `second_after`, less than the hours are long.
    pub tell_operators_after: u16,
}

/// A step that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The day whose report was missing.
    pub day: NaiveDate,
    pub step: Step,
    pub at: Moment,
}

/// When one shelter owes its reports.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    pub zone: Tz,
    /// Local time of day at which a day's report is due.
    pub due: NaiveTime,
    /// A report covers this many local days from its own on; at least 1.
    days: u16,
}

impl Rhythm {
    pub fn of(shelter: &Shelter, zone: Tz) -> Self {
        Self::new(shelter.report_due, shelter.report_interval_hours, zone)
    }

    /// Of 25 hours and more it is every second day, of 49 and more every third, and so on.
    pub fn new(due: NaiveTime, interval_hours: u16, zone: Tz) -> Self {
        Self {
            zone,
            due,
            days: interval_hours.div_ceil(24).max(1),
        }
    }

    /// The first moment at the due hour, today or later, of a day that the newest report does not cover. `None` only
    /// beyond the calendar.
    pub fn next_due(&self, observed_at: Option<Moment>, now: Moment) -> Option<Moment> {
        let today = calendar::local_date(self.zone, now);
        let owed = observed_at.map_or(today, |at| self.owed_after(at).max(today));
        calendar::instant(self.zone, owed.and_time(self.due))
    }

    /// The first day that a report of `observed_at` does not cover.
    fn owed_after(&self, observed_at: Moment) -> NaiveDate {
        calendar::local_date(self.zone, observed_at) + Days::new(self.days.into())
    }

    /// Whether the report of `day` is missing.
    pub fn is_missing(&self, day: NaiveDate, observed_at: Option<Moment>) -> bool {
        observed_at.is_none_or(|at| self.owed_after(at) <= day)
    }

    /// The newest day whose report has fallen due by `now`, covered or not.
    pub fn day_of(&self, now: Moment) -> NaiveDate {
        let today = calendar::local_date(self.zone, now);
        let fallen_due = |day: NaiveDate| {
            calendar::day_exists(self.zone, day)
                && calendar::instant(self.zone, day.and_time(self.due)).is_some_and(|due| due <= now)
        };
        // Where clocks were put back across midnight tomorrow's may have fallen due; yesterday's has, unless yesterday was
        // left out of the calendar.
        let days = std::iter::successors(today.succ_opt(), |day| day.pred_opt());
        days.take(4).find(|day| fallen_due(*day)).unwrap_or(today)
    }
}

impl Hours {
    pub fn contain(&self, zone: Tz, now: Moment) -> bool {
        (self.from..self.to).contains(&calendar::civil(zone, now).time())
    }

    /// When the course of `day` begins, on the wall: at the due time, or when the hours next open.
    fn beginning(&self, rhythm: &Rhythm, day: NaiveDate) -> NaiveDateTime {
        if rhythm.due >= self.to {
            (day + Days::new(1)).and_time(self.from)
        } else {
            day.and_time(rhythm.due.max(self.from))
        }
    }

    /// Time inside the hours between two moments on the wall; nothing if `to` is the earlier.
    fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> TimeDelta {
        let of_day = |time: NaiveTime| time.clamp(self.from, self.to) - self.from;
        let days = (to.date() - from.date()).num_days();
        let whole = (self.to - self.from) * i32::try_from(days).unwrap_or(0);
        (whole + of_day(to.time()) - of_day(from.time())).max(TimeDelta::zero())
    }

    /// The step to take at `now` for a shelter whose newest report was true at `observed_at`, with the day it is for.
    /// `taken` are the steps taken for it today and for that day, in any order; others do no harm.
    pub fn step_due(
        &self,
        rhythm: &Rhythm,
        observed_at: Option<Moment>,
        taken: &[Taken],
        now: Moment,
    ) -> Option<(NaiveDate, Step)> {
        if !self.contain(rhythm.zone, now) {
            return None;
        }
        let day = rhythm.day_of(now);
        if !rhythm.is_missing(day, observed_at) {
            return None;
        }
        let step = self.next_step(rhythm, day, taken, now)?;
        (!step.is_reminder() || reminded_today(rhythm.zone, taken, now) < MOST_A_DAY).then_some((day, step))
    }

    fn next_step(&self, rhythm: &Rhythm, day: NaiveDate, taken: &[Taken], now: Moment) -> Option<Step> {
        let of_day = || taken.iter().filter(|taken| taken.day == day);
        let wall = calendar::civil(rhythm.zone, now);
        let Some(first) = of_day().map(|taken| taken.at).min() else {
            // A day that passed while nothing ran is not made up for: the next one's report is due.
            return (self.beginning(rhythm, day).date() == wall.date()).then_some(Step::First);
        };
        let last = of_day().map(|taken| taken.step).max()?;
        let waited = self.between(calendar::civil(rhythm.zone, first), wall);
        let ripe = |after: u16| waited >= TimeDelta::minutes(after.into());
        if last < Step::TellOperators && ripe(self.tell_operators_after) {
            Some(Step::TellOperators)
        } else if last < Step::Second && ripe(self.second_after) {
            Some(Step::Second)
        } else {
            None
        }
    }

    /// The steps taken by `now` for a shelter that has been silent since `observed_at`, by who looked every quarter of an
    /// hour, in their order.
    pub fn course(&self, rhythm: &Rhythm, observed_at: Moment, now: Moment) -> Vec<Taken> {
        let mut taken: Vec<Taken> = Vec::new();
        let quarter = TimeDelta::minutes(15);
        let looks = (now - observed_at).num_minutes() / quarter.num_minutes();
        let looks = (0..=looks).filter_map(|look| Some(now - quarter * i32::try_from(look).ok()?));
        for at in looks.collect::<Vec<_>>().into_iter().rev() {
            // Only what was taken lately bears on the next step.
            let lately = taken.get(taken.len().saturating_sub(6)..).unwrap_or_default();
            if let Some((day, step)) = self.step_due(rhythm, Some(observed_at), lately, at) {
                taken.push(Taken { day, step, at });
            }
        }
        taken
    }

    /// Whether a report is missing of which reminding, if all ran as it should, has come to its end: the shelter is
    /// named in the digest.
    pub fn is_overdue(&self, rhythm: &Rhythm, observed_at: Option<Moment>, now: Moment) -> bool {
        let newest = rhythm.day_of(now);
        let waited = self.between(self.beginning(rhythm, newest), calendar::civil(rhythm.zone, now));
        let ripe = waited >= TimeDelta::minutes(self.tell_operators_after.into());
        let day = if ripe { Some(newest) } else { newest.pred_opt() };
        day.is_some_and(|day| rhythm.is_missing(day, observed_at))
    }

    /// Whether a reminder of `told_at` is better not sent any more at `now`: the report has come, another day's is due, or
    /// the hours have ended.
    pub fn is_overtaken(&self, rhythm: &Rhythm, observed_at: Option<Moment>, told_at: Moment, now: Moment) -> bool {
        let day = rhythm.day_of(told_at);
        !self.contain(rhythm.zone, now) || rhythm.day_of(now) != day || !rhythm.is_missing(day, observed_at)
    }
}

/// How many reminders of these went out on the local day of `now`.
pub fn reminded_today(zone: Tz, taken: &[Taken], now: Moment) -> usize {
    let today = calendar::local_date(zone, now);
    let of_today = |taken: &&Taken| taken.step.is_reminder() && calendar::local_date(zone, taken.at) == today;
    taken.iter().filter(of_today).count()
}

#[cfg(test)]
mod tests;
