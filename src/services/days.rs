//! The day book as it is kept and read: the evening of each local day is worked out once it is over, as it was known then,
//! and never again. What the figures mean is `domain::daybook`'s business.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::availability;
use crate::domain::calendar::{self, When};
use crate::domain::daybook::{self, Day, Evening, OfWeekday, Tenths};
use crate::domain::id::Moment;
use crate::store::{Tx, day_figures, history};

/// Evenings so long ago are worked out from the history if they are missing; older ones stay as they are.
const KEPT_BACK: u64 = 90;
/// Days of a question that does not say how many.
const USUAL_DAYS: u64 = 30;
/// Days of a comparison that does not say how many: whole weeks, so that each weekday counts alike.
const USUAL_COMPARED: u64 = 7;
/// Most days of one question.
const MOST_DAYS: i64 = 400;

/// The evenings of a period, as far as they are known.
#[derive(Debug, Clone)]
pub struct Occupancy {
    pub as_of: Moment,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub days: BTreeMap<NaiveDate, Evening>,
    /// Of the region that was asked for, or of the country.
    pub weekdays: Vec<OfWeekday>,
}

/// One of two periods that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Compared {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// How many of its evenings are known.
    pub days: usize,
    pub means: Option<Tenths>,
}

/// Two periods side by side.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    pub as_of: Moment,
    pub now: Compared,
    pub before: Compared,
    /// Now less before; `None` if nothing is known of either.
    pub difference: Option<Tenths>,
}

/// The dates somebody asks for; what is not said is chosen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl Services {
    /// Works out and writes down the newest evening of the last 90 days that is missing; `false` if none is. Several nodes
    /// may try: the first one's figures stay.
    pub async fn keep_day(&self) -> Result<bool, Refused> {
        self.keep_one_of(KEPT_BACK).await
    }

    /// Writes down yesterday's evening if it is missing: what is made at midnight has it too.
    pub(super) async fn keep_last_evening(&self) -> Result<(), Refused> {
        self.keep_one_of(1).await.map(drop)
    }

    async fn keep_one_of(&self, most: u64) -> Result<bool, Refused> {
        let missing = self.missing_evenings(most).await?;
        let Some(day) = missing.first() else {
            return Ok(false);
        };
        let evening = self.evening(*day).await?;
        let tx = self.store.begin().await?;
        match evening {
            Some(evening) => day_figures::write(&tx, *day, &evening, self.now()).await.map(drop)?,
            // Whatever was known earlier was known then too: of the evenings before there is nothing either.
            None => day_figures::write_unknown(&tx, &missing, self.now()).await?,
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The evenings of the last `most` days that are not in the book, the newest first.
    async fn missing_evenings(&self, most: u64) -> Result<Vec<NaiveDate>, Refused> {
        let (first, last) = self.kept_days(most);
        let written = day_figures::written(&self.store, first).await?;
        let zone = self.pack.time_zone;
        let days = (0..most).filter_map(|ago| last.checked_sub_days(Days::new(ago)));
        Ok(days
            .filter(|day| !written.contains(day) && calendar::day_exists(zone, *day))
            .collect())
    }

    /// The first and the last of the last `most` evenings.
    fn kept_days(&self, most: u64) -> (NaiveDate, NaiveDate) {
        let last = self.last_evening();
        let first = last.checked_sub_days(Days::new(most.saturating_sub(1)));
        (first.unwrap_or(last), last)
    }

    /// A table has told of nights from `since` on: those evenings are worked out again, as far back as that is done at all.
    pub(super) async fn reopen_days(&self, tx: &Tx, since: NaiveDate) -> Result<(), Refused> {
        let (first, _) = self.kept_days(KEPT_BACK);
        Ok(day_figures::forget(tx, since.max(first)).await?)
    }

    /// An evening from the history, as it was known then; `None` if no shelter had ever reported.
    async fn evening(&self, day: NaiveDate) -> Result<Option<Evening>, Refused> {
        let at = self.instant(When::Day(day))?;
        let views = history::as_of(&self.store, at, Some(day)).await?;
        if views.iter().all(|view| view.observed_at.is_none()) {
            return Ok(None);
        }
        let picture = availability(&views, at);
        Ok(Some(Evening {
            national: Day::from(&picture.national),
            regions: (picture.regions.iter())
                .map(|(code, totals)| (code.clone(), Day::from(totals)))
                .collect(),
        }))
    }

    /// The evenings of `from..=to` that are in the book.
    pub(super) async fn evenings(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<BTreeMap<NaiveDate, Evening>, Refused> {
        Ok(day_figures::read(&self.store, from, to).await?)
    }

    /// The same, and where the book has none from the history: of a past that may lie before the book. Nothing is kept.
    pub(super) async fn evenings_of_old(
        &self,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<BTreeMap<NaiveDate, Evening>, Refused> {
        let mut days = self.evenings(from, to).await?;
        for day in from.iter_days().take_while(|day| *day <= to) {
            if !days.contains_key(&day)
                && let Some(evening) = self.evening(day).await?
            {
                days.insert(day, evening);
            }
        }
        Ok(days)
    }

    /// The last local day that is over.
    pub(super) fn last_evening(&self) -> NaiveDate {
        let today = self.today(self.now());
        today.pred_opt().unwrap_or(today)
    }

    /// The evenings of a period (the last 30 days if it is not said), and the pattern of their weeks in a region or the
    /// country. Today is not over and so not among them. One statement.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`, `region`): the wrong way round, more than 400 days, no such region.
    pub async fn occupancy(&self, asked: Asked, region: Option<&str>) -> Result<Occupancy, Refused> {
        self.known_region(region)?;
        let (from, to) = span(asked, self.last_evening(), USUAL_DAYS, ["from", "to"])?;
        let days = self.evenings(from, to).await?;
        let of_region: Vec<(NaiveDate, Day)> = days.iter().map(|(date, day)| (*date, day.of(region))).collect();
        Ok(Occupancy {
            as_of: self.now(),
            from,
            to,
            weekdays: daybook::weekdays(&of_region),
            days,
        })
    }

    /// The means of two periods in a region or the country: the last seven days, and as many days just before the first
    /// period, if they are not said. Two statements.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`, `with_from`, `with_to`, `region`): as of the occupancy.
    pub async fn compare(&self, now: Asked, before: Asked, region: Option<&str>) -> Result<Comparison, Refused> {
        self.known_region(region)?;
        let (from, to) = span(now, self.last_evening(), USUAL_COMPARED, ["from", "to"])?;
        let length = u64::try_from((to - from).num_days() + 1).unwrap_or(USUAL_COMPARED);
        let until = from.pred_opt().unwrap_or(from);
        let (with_from, with_to) = span(before, until, length, ["with_from", "with_to"])?;
        let now = self.compared(from, to, region).await?;
        let before = self.compared(with_from, with_to, region).await?;
        let both = now.means.zip(before.means);
        Ok(Comparison {
            as_of: self.now(),
            now,
            before,
            difference: both.map(|(now, before)| now.zip(before, |a: i64, b: i64| a - b)),
        })
    }

    async fn compared(&self, from: NaiveDate, to: NaiveDate, region: Option<&str>) -> Result<Compared, Refused> {
        let days = self.evenings(from, to).await?;
        let days: Vec<Day> = days.values().map(|evening| evening.of(region)).collect();
        Ok(Compared {
            from,
            to,
            days: days.len(),
            means: daybook::means(&days),
        })
    }

    /// A region of the pack, or one that a table of another country brought.
    pub(super) fn known_region(&self, region: Option<&str>) -> Result<(), Refused> {
        let Some(code) = region else { return Ok(()) };
        let somewhere = || self.board.current().views().any(|view| view.shelter.region == code);
        if self.pack.region(code).is_some() || somewhere() {
            return Ok(());
        }
        Err(Refused::invalid("region", "unknown", "a region's code"))
    }

    /// Region codes in the pack's order, then those of tables by code.
    pub fn region_order<'a>(&'a self, also: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
        let of_pack: Vec<&str> = self.pack.regions.iter().map(|region| region.code.as_str()).collect();
        let others: std::collections::BTreeSet<&str> = also
            .map(String::as_str)
            .filter(|code| self.pack.region(code).is_none())
            .collect();
        of_pack.into_iter().chain(others).collect()
    }
}

/// The first and last day that are meant; `usual` days up to `last` where nothing is said.
fn span(asked: Asked, last: NaiveDate, usual: u64, fields: [&str; 2]) -> Result<(NaiveDate, NaiveDate), Refused> {
    let [first_field, last_field] = fields;
    let to = asked.to.unwrap_or(last);
    let begin = to.checked_sub_days(Days::new(usual.saturating_sub(1))).unwrap_or(to);
    let from = asked.from.unwrap_or(begin);
    let days = (to - from).num_days() + 1;
    if days < 1 {
        return Err(Refused::invalid(
            last_field,
            "out_of_range",
            format!("not before {first_field}"),
        ));
    }
    if days > MOST_DAYS {
        return Err(Refused::invalid(
            first_field,
            "out_of_range",
            format!("at most {MOST_DAYS} days before {last_field}"),
        ));
    }
    Ok((from, to))
}
