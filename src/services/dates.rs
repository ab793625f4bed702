//! Local days as those who ask write them, and the instants at which they begin and end. It must not know what is asked.

use chrono::{Days, NaiveDate, NaiveTime};

use super::Services;
use super::errors::Refused;
use crate::domain::calendar::instant;
use crate::domain::id::Moment;

/// Days of a period nobody asked to be longer or shorter.
const USUAL_DAYS: u64 = 90;
/// Most days of one period.
const MOST_DAYS: i64 = 400;

impl Services {
    /// From `from` to `to`, both included; the last 90 days if not said.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`): the wrong way round, or more than 400 days.
    pub(super) fn period(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        now: Moment,
    ) -> Result<(NaiveDate, NaiveDate), Refused> {
        let to = to.unwrap_or_else(|| self.today(now));
        let usual = to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to);
        let from = from.unwrap_or(usual);
        let days = (to - from).num_days() + 1;
        if days < 1 {
            return Err(Refused::invalid("to", "out_of_range", "not before from"));
        }
        if days > MOST_DAYS {
            let detail = format!("at most {MOST_DAYS} days before to");
            return Err(Refused::invalid("from", "out_of_range", detail));
        }
        Ok((from, to))
    }

    /// The instant at which a local date begins.
    pub(super) fn begins(&self, date: NaiveDate) -> Result<Moment, Refused> {
        instant(self.board.zone(), date.and_time(NaiveTime::MIN)).ok_or_else(beyond)
    }

    /// The instant at which a local date is over.
    pub(super) fn ends(&self, date: NaiveDate) -> Result<Moment, Refused> {
        self.begins(date.succ_opt().ok_or_else(beyond)?)
    }
}

fn beyond() -> Refused {
    Refused::invalid("to", "out_of_range", "beyond the calendar")
}
