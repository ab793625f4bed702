//! The evenings that a digest looks back on, out of the day book: each day at its end, so that the last point and those
//! before it mean the same.

use chrono::NaiveDate;

use super::Services;
use super::errors::Refused;
use crate::domain::availability::Totals;
use crate::domain::calendar::Span;
use crate::domain::daybook::Day;
use crate::domain::digests::first_day;

/// Where the evenings before a digest are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evenings {
    /// The day book alone: nobody waits until an evening is worked out.
    OfTheBook,
    /// Of a past that may lie before the book.
    OfOld,
}

impl Services {
    /// The evenings before `date`, and `date` itself as it stands in `now`.
    pub(super) async fn trend(
        &self,
        covers: Span,
        date: NaiveDate,
        scope: Option<&str>,
        now: &Totals,
        evenings: Evenings,
    ) -> Result<Vec<(NaiveDate, Day)>, Refused> {
        let from = first_day(covers, date);
        let until = date.pred_opt().unwrap_or(date);
        let days = match evenings {
            Evenings::OfTheBook => self.evenings(from, until).await?,
            Evenings::OfOld => self.evenings_of_old(from, until).await?,
        };
        let before = days.iter().map(|(date, evening)| (*date, evening.of(scope)));
        Ok(before.chain([(date, Day::from(now))]).collect())
    }
}
