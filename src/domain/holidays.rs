//! Which days a country works: its weekend, and the days off its law names. It must not know where the lists come from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate};

use super::calendar::DayOfWeek;

/// The days on which a country does not work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    /// Days off in every week.
    pub weekend: BTreeSet<DayOfWeek>,
    /// Whether a holiday on a day off in every week makes the next working day one.
    pub made_up_for: bool,
    /// Month and day of those that stay, with their names in English.
    pub fixed: BTreeMap<(u32, u32), String>,
    /// Those that move, by the date they fall on; of years that are not listed nobody knows.
    pub moving: BTreeMap<NaiveDate, String>,
    /// The law they are from.
    pub source: String,
}

impl Holidays {
    pub fn is_working(&self, date: NaiveDate) -> bool {
        !self.is_weekend(date) && !self.is_holiday(date) && !self.makes_up(date)
    }

    fn is_weekend(&self, date: NaiveDate) -> bool {
        self.weekend.contains(&DayOfWeek::of(date))
    }

    fn is_holiday(&self, date: NaiveDate) -> bool {
        self.fixed.contains_key(&(date.month(), date.day())) || self.moving.contains_key(&date)
    }

    /// Whether this day, itself neither holiday nor weekend, is off for a holiday that fell on a weekend: each such
    /// holiday takes the first free day after it.
    fn makes_up(&self, date: NaiveDate) -> bool {
        if !self.made_up_for || self.weekend.len() == 7 {
            return false;
        }
        // Nothing is owed for longer than two weeks.
        let before = (1..=14).rev().filter_map(|days| date.checked_sub_days(Days::new(days)));
        let owed = before.fold(0_u32, |owed, day| match (self.is_weekend(day), self.is_holiday(day)) {
            (true, true) => owed + 1,
            (false, false) => owed.saturating_sub(1),
            _ => owed,
        });
        owed > 0
    }

    /// Whether `date` is the first working day of its month. In a month without any, the first day counts as one: a month
    /// is never without its day.
    pub fn is_first_working_day(&self, date: NaiveDate) -> bool {
        let earlier = (1..date.day()).filter_map(|day| date.with_day(day));
        let mut earlier = earlier.filter(|day| self.is_working(*day));
        if self.is_working(date) {
            return earlier.next().is_none();
        }
        let mut month = (1..=31).filter_map(|day| date.with_day(day));
        date.day() == 1 && !month.any(|day| self.is_working(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn holidays() -> Holidays {
        Holidays {
            weekend: [DayOfWeek::Saturday, DayOfWeek::Sunday].into(),
            made_up_for: true,
            fixed: [((1, 1), "New Year".to_owned()), ((5, 1), "May".to_owned())].into(),
            moving: [(day("2026-06-01"), "Feast".to_owned())].into(),
            source: "a law".to_owned(),
        }
    }

    #[test]
    fn the_first_working_day_steps_over_weekends_and_holidays() {
        let first = |month: &str| {
            let days = day(month).iter_days().take(28);
            days.filter(|day| holidays().is_first_working_day(*day))
                .collect::<Vec<_>>()
        };
        assert_eq!(first("2026-01-01"), [day("2026-01-02")]);
        // 1 August 2026 is a Saturday.
        assert_eq!(first("2026-08-01"), [day("2026-08-03")]);
        // A holiday on a Friday and the weekend behind it.
        assert_eq!(first("2026-05-01"), [day("2026-05-04")]);
        // One that moves, on a Monday.
        assert_eq!(first("2026-06-01"), [day("2026-06-02")]);
        assert_eq!(first("2026-07-01"), [day("2026-07-01")]);
        // 1 January 2028 is a Saturday: the Monday after it is off, too.
        assert_eq!(first("2028-01-01"), [day("2028-01-04")]);
        let strict = Holidays {
            made_up_for: false,
            ..holidays()
        };
        assert!(strict.is_first_working_day(day("2028-01-03")));
        // The holiday has been made up for.
        assert!(holidays().is_working(day("2028-01-04")) && holidays().is_working(day("2028-01-10")));
    }

    proptest! {
        #[test]
        fn every_month_has_exactly_one(year in 1990i32..2090, month in 1u32..=12, weekend in 0u8..127, off in prop::collection::vec((1u32..=12, 1u32..=31), 0..60)) {
            let days = [DayOfWeek::Monday, DayOfWeek::Tuesday, DayOfWeek::Wednesday, DayOfWeek::Thursday, DayOfWeek::Friday,
                DayOfWeek::Saturday, DayOfWeek::Sunday];
            let holidays = Holidays {
                weekend: days.into_iter().enumerate().filter(|(bit, _)| weekend & (1 << bit) != 0).map(|(_, day)| day).collect(),
                fixed: off.into_iter().map(|on| (on, String::new())).collect(),
                ..Holidays::default()
            };
            let from = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
            let month: Vec<NaiveDate> = from.iter_days().take_while(|day| day.month() == month).collect();
            let first: Vec<_> = month.iter().filter(|day| holidays.is_first_working_day(**day)).collect();
            prop_assert_eq!(first.len(), 1);
            let worked = month.iter().find(|day| holidays.is_working(**day));
            prop_assert_eq!(first[0], worked.unwrap_or(&from));
        }
    }
}
