//! The days a digest looks back on, and what is worked out over them: means beside those of the days before, and the
//! trend, day by day or week by week. It must not know where the days' figures come from.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::content::{Course, Means, Step, Trend, TrendPoint};
use crate::domain::calendar::Span;
use crate::domain::daybook::{self, Day};

/// Days in the trend of a digest that looks back on fewer.
const TREND_DAYS: u64 = 30;
/// More days than these are drawn by weeks: two months at the most have their days drawn.
const MOST_DAYS_DRAWN: u64 = 62;
const WEEK: usize = 7;

/// How many days it is.
fn days_in(span: Span) -> u64 {
    u64::try_from((span.to - span.from).num_days() + 1).unwrap_or(0)
}

fn holds(span: Span, day: NaiveDate) -> bool {
    span.from <= day && day <= span.to
}

/// How many whole calendar months it is; `None` if it is not.
pub fn whole_months(span: Span) -> Option<u32> {
    let next = span.to.succ_opt()?;
    let month = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    let months = month(next) - month(span.from);
    let whole = span.from.day() == 1 && next.day() == 1 && months > 0;
    u32::try_from(months).ok().filter(|_| whole)
}

/// As many months just before whole months, as many days just before any other stretch.
fn before(span: Span) -> Option<Span> {
    let from = match whole_months(span) {
        Some(months) => span.from.checked_sub_months(Months::new(months)),
        None => span.from.checked_sub_days(Days::new(days_in(span))),
    };
    let to = span.from.pred_opt()?;
    from.filter(|from| *from <= to).map(|from| Span { from, to })
}

/// The first day whose figures the digest of `period` uses if they are there.
pub fn first_day(covers: Span, period: NaiveDate) -> NaiveDate {
    let drawn = period.checked_sub_days(Days::new(TREND_DAYS - 1)).unwrap_or(period);
    let compared = before(covers).map_or(covers.from, |before| before.from);
    drawn.min(compared).min(covers.from)
}

/// `None` of a single day, and where fewer than half of its days are known.
pub(super) fn course(covers: Span, series: &[(NaiveDate, Day)]) -> Option<Course> {
    if days_in(covers) < 2 {
        return None;
    }
    Some(Course {
        now: means(covers, series)?,
        before: before(covers).and_then(|before| means(before, series)),
    })
}

fn means(covers: Span, series: &[(NaiveDate, Day)]) -> Option<Means> {
    let days: Vec<Day> = (series.iter())
        .filter(|(date, _)| holds(covers, *date))
        .map(|(_, day)| *day)
        .collect();
    let known = u64::try_from(days.len()).ok()?;
    if known.saturating_mul(2) < days_in(covers) {
        return None;
    }
    let means = daybook::means(&days)?;
    let (came, expected) = days.iter().fold((0u64, 0u64), |(came, all), day| {
        (came.saturating_add(day.reported), all.saturating_add(day.shelters))
    });
    // Rounded down: all have reported only if all did.
    let share = came.min(expected).saturating_mul(100).checked_div(expected);
    Some(Means {
        covers,
        days: u32::try_from(known).ok()?,
        beds: means.beds,
        occupied: means.occupied,
        free: means.free,
        family_places: means.family_places,
        reporting: share.and_then(|share| u8::try_from(share).ok()),
    })
}

/// The newest thirty days; the days of a month for a digest of a month; weekly means for a longer one. `None` for fewer
/// than two points.
pub(super) fn trend(covers: Span, series: &[(NaiveDate, Day)]) -> Option<Trend> {
    let by_week = days_in(covers) > MOST_DAYS_DRAWN;
    let days: &[(NaiveDate, Day)] = match days_in(covers) > TREND_DAYS - 3 {
        true => within(covers, series),
        false => newest(series),
    };
    let points: Vec<TrendPoint> = match by_week {
        true => weeks(days),
        false => days.iter().map(point).collect(),
    };
    if points.len() < 2 {
        return None;
    }
    let lowest = *points.iter().min_by_key(|point| point.free)?;
    // Of equal points the first, as with the lowest.
    let highest = *points.iter().rev().max_by_key(|point| point.free)?;
    Some(Trend {
        step: if by_week { Step::Week } else { Step::Day },
        points,
        lowest,
        highest,
    })
}

fn point((date, day): &(NaiveDate, Day)) -> TrendPoint {
    TrendPoint {
        date: *date,
        free: cut(day.free),
    }
}

fn cut(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn within(covers: Span, series: &[(NaiveDate, Day)]) -> &[(NaiveDate, Day)] {
    let begin = series.partition_point(|(date, _)| *date < covers.from);
    let end = series.partition_point(|(date, _)| *date <= covers.to);
    series.get(begin..end).unwrap_or_default()
}

fn newest(series: &[(NaiveDate, Day)]) -> &[(NaiveDate, Day)] {
    let days = usize::try_from(TREND_DAYS).unwrap_or(usize::MAX);
    series.get(series.len().saturating_sub(days)..).unwrap_or_default()
}

/// Sevens of days from the first one on; fewer than four left over belong to the last seven.
fn weeks(days: &[(NaiveDate, Day)]) -> Vec<TrendPoint> {
    let rest = days.len() % WEEK;
    let whole = if rest < 4 { days.len() - rest } else { days.len() };
    let (whole, over) = days.split_at_checked(whole).unwrap_or((days, &[]));
    let sevens = whole.chunks(WEEK);
    let last = sevens.len().saturating_sub(1);
    let week = |(i, seven): (usize, &[(NaiveDate, Day)])| {
        let tail = if i == last { over } else { &[] };
        let free: Vec<u64> = seven.iter().chain(tail).map(|(_, day)| day.free).collect();
        let (sum, n) = (free.iter().sum::<u64>(), u64::try_from(free.len()).ok()?);
        let (date, _) = seven.first()?;
        // A half is rounded up.
        Some(TrendPoint {
            date: *date,
            free: cut((2 * sum + n).checked_div(2 * n)?),
        })
    };
    sevens.enumerate().filter_map(week).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Span {
        Span {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    fn days(from: &str, free: impl IntoIterator<Item = u64>) -> Vec<(NaiveDate, Day)> {
        let from: NaiveDate = from.parse().unwrap();
        let day = |free| Day {
            beds: 100,
            occupied: 100 - free,
            free,
            family_places: free / 4,
            shelters: 10,
            reported: 9,
            ..Day::default()
        };
        from.iter_days().zip(free.into_iter().map(day)).collect()
    }

    #[test]
    fn the_stretch_before_is_as_many_months_or_as_many_days() {
        let quarter = span("2026-07-01", "2026-09-30");
        assert_eq!((days_in(quarter), whole_months(quarter)), (92, Some(3)));
        assert_eq!(before(quarter), Some(span("2026-04-01", "2026-06-30")));
        let half = span("2026-01-01", "2026-06-30");
        assert_eq!(
            (whole_months(half), before(half)),
            (Some(6), Some(span("2025-07-01", "2025-12-31")))
        );
        let march = span("2026-03-01", "2026-03-31");
        assert_eq!(before(march), Some(span("2026-02-01", "2026-02-28")));
        let week = span("2026-11-16", "2026-11-22");
        assert_eq!(
            (whole_months(week), before(week)),
            (None, Some(span("2026-11-09", "2026-11-15")))
        );
        assert_eq!(first_day(week, "2026-11-23".parse().unwrap()).to_string(), "2026-10-25");
        assert_eq!(
            first_day(quarter, "2026-10-01".parse().unwrap()).to_string(),
            "2026-04-01"
        );
    }

    #[test]
    fn means_are_said_of_what_is_known_by_half_at_least() {
        let week = span("2026-11-09", "2026-11-15");
        let series = days("2026-11-05", [9, 9, 9, 10, 20, 20, 20, 20, 20, 20, 22]);
        let said = course(week, &series).unwrap();
        assert_eq!((said.now.days, said.now.free, said.now.occupied), (7, 203, 797));
        assert_eq!((said.now.family_places, said.now.reporting), (50, Some(90)));
        assert_eq!(said.before.map(|before| (before.days, before.free)), Some((4, 93)));
        assert_eq!(course(week, series.get(..6).unwrap()), None, "two of its seven days");
        assert_eq!(course(span("2026-11-09", "2026-11-09"), &series), None);
    }

    #[test]
    fn long_trends_are_of_weeks_and_a_month_has_its_own_days() {
        let series = days("2026-06-01", (0..122).map(|day| 20 + day % 7));
        let month = trend(span("2026-07-01", "2026-07-31"), &series).unwrap();
        assert_eq!((month.step, month.points.len()), (Step::Day, 31));
        assert_eq!(month.points.first().unwrap().date.to_string(), "2026-07-01");
        let quarter = trend(span("2026-07-01", "2026-09-30"), &series).unwrap();
        assert_eq!((quarter.step, quarter.points.len()), (Step::Week, 13));
        assert!(
            quarter.points.iter().all(|point| point.free == 23),
            "a day left over belongs to the last week"
        );
        let week = trend(span("2026-09-21", "2026-09-27"), &series).unwrap();
        assert_eq!((week.step, week.points.len()), (Step::Day, 30));
        assert_eq!(week.points.last().unwrap().date.to_string(), "2026-09-30");
    }
}
