//! From which day on a place is wanted: at once, or from a later date on which enough rooms are to be empty. Knows the
//! country's clock; what the rooms are like on that date is the domain's business.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};

use super::Services;
use super::errors::Refused;
use crate::domain::calendar::{instant, local_date};
use crate::domain::cases::Hold;
use crate::domain::holds::{LATEST_START, may_start};
use crate::domain::household::Search;
use crate::domain::id::Moment;
use crate::domain::ranking::Row;

/// The later date from which a place is held, and the instant at which it begins where the country is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub on: NaiveDate,
    pub at: Moment,
}

impl Start {
    /// When this hold starts; `None` if it was for at once.
    pub fn of(hold: &Hold) -> Option<Self> {
        hold.starts_on.zip(hold.starts_at).map(|(on, at)| Self { on, at })
    }
}

/// The date as of which a search is answered: its earliest date if that lies ahead, else none, which is now.
pub fn start_date(search: &Search, today: NaiveDate) -> Option<NaiveDate> {
    search.earliest_date.filter(|date| *date > today)
}

impl Services {
    pub(super) fn today(&self, now: Moment) -> NaiveDate {
        local_date(self.board.zone(), now)
    }

    /// When a hold for this search is to start: on the date asked for, else on the search's own earliest date if that
    /// lies ahead, else at once (`None`).
    ///
    /// # Errors
    /// `Invalid` (`from_date`) unless it is a date from tomorrow to [`LATEST_START`] days ahead.
    pub(super) fn start_of(
        &self,
        search: &Search,
        from_date: Option<NaiveDate>,
        now: Moment,
    ) -> Result<Option<Start>, Refused> {
        let today = self.today(now);
        let Some(on) = from_date.or_else(|| start_date(search, today)) else {
            return Ok(None);
        };
        let at = instant(self.board.zone(), on.and_time(NaiveTime::MIN)).filter(|_| may_start(on, today));
        let wrong = || {
            let detail = format!("a date from tomorrow to {LATEST_START} days ahead");
            Refused::invalid("from_date", "out_of_range", detail)
        };
        at.map(|at| Some(Start { on, at })).ok_or_else(wrong)
    }
}

/// The shelters as they are to be on a later date.
pub(super) fn on(shelters: &[Row], date: NaiveDate, today: NaiveDate) -> Vec<Row> {
    let on = |row: &Row| match row.view.on(date, today) {
        Cow::Borrowed(_) => row.clone(),
        Cow::Owned(view) => Row {
            view: Arc::new(view),
            ..row.clone()
        },
    };
    shelters.iter().map(on).collect()
}
