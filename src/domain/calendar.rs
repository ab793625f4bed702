//! From the hour on the wall to the instant in the world, and back. Clocks are put forward and back at hours that
//! differ from country to country, by an hour, half an hour or a whole day; here, and nowhere else, is decided what a
//! wall time means that such a change leaves out or says twice.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::id::Moment;

codes! {
    /// A day of the week, by its name: numbers begin on another day in each country and program.
    DayOfWeek { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday }
}

impl DayOfWeek {
    pub fn of(date: NaiveDate) -> Self {
        use chrono::{Datelike, Weekday};
        match date.weekday() {
            Weekday::Mon => Self::Monday,
            Weekday::Tue => Self::Tuesday,
            Weekday::Wed => Self::Wednesday,
            Weekday::Thu => Self::Thursday,
            Weekday::Fri => Self::Friday,
            Weekday::Sat => Self::Saturday,
            Weekday::Sun => Self::Sunday,
        }
    }
}

/// Whole civil days, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// The instant at which a clock on the wall of `zone` shows `civil`.
///
/// Shown twice (clocks put back): the first of the two. Never shown (clocks put forward): the first instant after the
/// gap. `None` only beyond the calendar the time zone data knows.
pub fn instant(zone: Tz, civil: NaiveDateTime) -> Option<Moment> {
    match zone.from_local_datetime(&civil).earliest() {
        Some(shown) => Some(shown.to_utc()),
        None => GapInfo::new(&civil, &zone)?.end.map(|end| end.to_utc()),
    }
}

/// What a clock on the wall of `zone` shows at `moment`.
pub fn civil(zone: Tz, moment: Moment) -> NaiveDateTime {
    moment.with_timezone(&zone).naive_local()
}

/// The local date of `moment`.
pub fn local_date(zone: Tz, moment: Moment) -> NaiveDate {
    civil(zone, moment).date()
}

/// Whether `date` was lived in `zone`: Samoa had no 30 December 2011.
pub fn day_exists(zone: Tz, date: NaiveDate) -> bool {
    instant(zone, date.and_time(NaiveTime::MIN)).is_some_and(|start| local_date(zone, start) == date)
}

/// What the past is asked for: an instant, or a whole day. The two are not the same question. A table of nights tells
/// its night of the 15th at an hour that may be the 16th already on the wall of the country that asks; asked for the
/// day, it answers with that night wherever the clocks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Moment(Moment),
    Day(NaiveDate),
}

impl When {
    /// The instant it means in `zone`: of a day, its last second. `None` only beyond the calendar.
    pub fn instant(self, zone: Tz) -> Option<Moment> {
        match self {
            Self::Moment(moment) => Some(moment),
            Self::Day(day) => instant(zone, day.and_hms_opt(23, 59, 59)?),
        }
    }

    /// The day asked for; `None` for an instant.
    pub fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Moment(_) => None,
            Self::Day(day) => Some(day),
        }
    }
}

impl From<Moment> for When {
    fn from(moment: Moment) -> Self {
        Self::Moment(moment)
    }
}

impl From<NaiveDate> for When {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

/// Neither a day (`2026-11-22`) nor an RFC 3339 time with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time such as 2026-11-22T08:30:00+05:00, or a day such as 2026-11-22")]
pub struct NoTime;

impl FromStr for When {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Moment(moment.to_utc()));
        }
        text.parse().map(Self::Day).map_err(|_| NoTime)
    }
}

/// The first and the last day of the calendar month before the one `date` lies in.
pub fn month_before(date: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    use chrono::Datelike;
    let last = date.with_day(1)?.pred_opt()?;
    Some((last.with_day(1)?, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn a_wall_time_left_out_means_the_first_instant_after() {
        let berlin = instant(chrono_tz::Europe::Berlin, at("2026-03-29T02:30:00")).unwrap();
        assert_eq!(berlin.to_rfc3339(), "2026-03-29T01:00:00+00:00");
        let havana = instant(chrono_tz::America::Havana, at("2026-03-08T00:15:00")).unwrap();
        assert_eq!(civil(chrono_tz::America::Havana, havana), at("2026-03-08T01:00:00"));
        let lord_howe = instant(chrono_tz::Australia::Lord_Howe, at("2026-10-04T02:10:00")).unwrap();
        assert_eq!(
            civil(chrono_tz::Australia::Lord_Howe, lord_howe),
            at("2026-10-04T02:30:00")
        );
    }

    #[test]
    fn a_wall_time_shown_twice_means_the_first() {
        let berlin = instant(chrono_tz::Europe::Berlin, at("2026-10-25T02:30:00")).unwrap();
        assert_eq!(berlin.to_rfc3339(), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn samoa_skipped_a_day() {
        let apia = chrono_tz::Pacific::Apia;
        assert!(day_exists(apia, NaiveDate::from_ymd_opt(2011, 12, 29).unwrap()));
        assert!(!day_exists(apia, NaiveDate::from_ymd_opt(2011, 12, 30).unwrap()));
        assert!(day_exists(apia, NaiveDate::from_ymd_opt(2011, 12, 31).unwrap()));
        assert_eq!(
            civil(apia, instant(apia, at("2011-12-30T08:30:00")).unwrap()),
            at("2011-12-31T00:00:00")
        );
    }

    #[test]
    fn a_day_ends_where_the_country_is_and_a_moment_is_a_moment() {
        let asked = |text: &str| {
            text.parse::<When>()
                .map(|when| when.instant(chrono_tz::Asia::Dushanbe).unwrap())
        };
        let end = at("2023-02-15T18:59:59").and_utc();
        assert_eq!(asked("2023-02-15"), Ok(end));
        assert_eq!(asked("2023-02-15T23:59:59+05:00"), Ok(end));
        assert_eq!(asked("2023-02-15T18:59:59Z"), Ok(end));
        assert_eq!("2023-02-15".parse::<When>().unwrap().day(), Some(end.date_naive()));
        assert_eq!(When::from(end).day(), None);
        for text in ["", "2023-02-30", "15.02.2023", "2023-02-15T10:00:00", "yesterday"] {
            assert_eq!(asked(text), Err(NoTime), "{text}");
        }
    }

    #[test]
    fn the_month_before() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(
            month_before(day("2026-01-31")),
            Some((day("2025-12-01"), day("2025-12-31")))
        );
        assert_eq!(
            month_before(day("2028-03-01")),
            Some((day("2028-02-01"), day("2028-02-29")))
        );
    }
}
