//! What a digest finds in its figures, put into words: the exceptions, the period beside the one before, the trend.

use std::cmp::Ordering;

use super::view::{Line, Lines, Speech, Table, TrendView};
use super::words::Words;
use crate::domain::digests::{Content, Course, Exception, Means, Step, Trend, TrendPoint};

/// Days, or weeks, in a row of the numbers behind the chart.
const A_ROW: usize = 7;

/// That nothing wants attention, where that is so.
pub(super) fn normal(words: &Words) -> Lines {
    Lines {
        heading: words.say("normal.heading", &[]),
        lines: vec![words.say("normal.line", &[])],
        notes: vec![words.say("normal.note", &[])],
    }
}

/// The means of the period beside those of the one before.
pub(super) fn course(course: &Course, speech: &Speech) -> Table {
    let words = speech.words;
    let tenths = |figure: fn(&Means) -> i64| move |means: &Means| words.tenths(figure(means));
    let percent = |n: Option<i64>| match n {
        Some(n) => words.say("course.percent", &[("n", &words.number(n))]),
        None => words.say("course.unknown", &[]),
    };
    let line = |key: &str, said: &dyn Fn(&Means) -> String| Line {
        name: words.say(key, &[]),
        cells: std::iter::once(&course.now).chain(&course.before).map(said).collect(),
        ..Line::default()
    };
    // Halves are rounded up, as everywhere.
    let occupancy = |means: &Means| percent((200 * means.occupied + means.beds).checked_div(2 * means.beds));
    // The columns are named by a word; which days they are stands below.
    let named = |key: &str, means: &Means| {
        let days = u64::try_from((means.covers.to - means.covers.from).num_days() + 1).unwrap_or(0);
        let period = format!("{}: {}", words.say(key, &[]), speech.period(means.covers));
        match u64::from(means.days) < days {
            true => {
                let known = words.number(means.days);
                format!("{period}. {}", words.count("course.partly", days, &[("days", &known)]))
            }
            false => period,
        }
    };
    let keys = ["course.now", "course.before"];
    let both = || std::iter::once(&course.now).chain(&course.before);
    Table {
        heading: words.say("course.heading", &[]),
        head: words.say("course.figure", &[]),
        columns: keys.iter().zip(both()).map(|(key, _)| words.say(key, &[])).collect(),
        lines: vec![
            line("course.family_places", &tenths(|means| means.family_places)),
            line("course.free", &tenths(|means| means.free)),
            line("course.occupied", &tenths(|means| means.occupied)),
            line("course.occupancy", &occupancy),
            line("course.reporting", &|means| percent(means.reporting.map(i64::from))),
        ],
        total: None,
        notes: keys.iter().zip(both()).map(|(key, means)| named(key, means)).collect(),
    }
}

pub(super) fn exceptions(content: &Content, speech: &Speech) -> Lines {
    let words = speech.words;
    let mut lines: Vec<String> = content.exceptions.iter().map(|one| exception(one, speech)).collect();
    if lines.is_empty() {
        lines.push(words.say("exceptions.none", &[]));
    }
    let notes = match content.exceptions_left_out {
        0 => Vec::new(),
        n => vec![words.count("exceptions.more", n.into(), &[])],
    };
    Lines {
        heading: words.say("exceptions.heading", &[]),
        lines,
        notes,
    }
}

fn exception(exception: &Exception, speech: &Speech) -> String {
    let words = speech.words;
    match exception {
        Exception::OverCapacity { region, beds } => words.count(
            "exception.over_capacity",
            (*beds).into(),
            &[("region", &speech.region(region))],
        ),
        Exception::NoFreeBed { region } => words.say("exception.no_free_bed", &[("region", &speech.region(region))]),
        Exception::NoFamilyPlace { region, free } => words.count(
            "exception.no_family_place",
            (*free).into(),
            &[("region", &speech.region(region))],
        ),
        Exception::CriticalSupply { item, shelters } => words.count(
            "exception.critical_supply",
            (*shelters).into(),
            &[("item", &speech.item(item))],
        ),
        Exception::OverdueTransfers {
            transfers,
            longest,
            due_on,
        } => words.count(
            "exception.overdue_transfers",
            (*transfers).into(),
            &[("code", longest), ("date", &words.day(*due_on))],
        ),
        Exception::Silent {
            shelters,
            longest,
            since,
        } => match since {
            Some(since) => words.count(
                "exception.silent",
                (*shelters).into(),
                &[("code", longest), ("date", &words.day(*since))],
            ),
            None => words.count("exception.silent_never", (*shelters).into(), &[("code", longest)]),
        },
        Exception::FewFresh { region, fresh, of } => words.count(
            "exception.few_fresh",
            (*of).into(),
            &[("region", &speech.region(region)), ("fresh", &words.number(*fresh))],
        ),
        Exception::OutOfService { region, beds, of } => words.count(
            "exception.out_of_service",
            (*of).into(),
            &[("region", &speech.region(region)), ("out", &words.number(*beds))],
        ),
    }
}

/// The words that differ for days and for weeks, and how a point is named.
struct Named {
    heading: &'static str,
    alt: &'static str,
    table: &'static str,
}

fn named(step: Step) -> Named {
    match step {
        Step::Day => Named {
            heading: "trend.heading",
            alt: "trend.alt",
            table: "trend.table",
        },
        Step::Week => Named {
            heading: "trend.heading_weeks",
            alt: "trend.alt_weeks",
            table: "trend.table_weeks",
        },
    }
}

pub(super) fn trend(trend: &Trend, speech: &Speech) -> TrendView {
    let words = speech.words;
    let keys = named(trend.step);
    let (first, last) = (trend.points.first().copied(), trend.points.last().copied());
    let (first, last) = (first.unwrap_or(trend.lowest), last.unwrap_or(trend.highest));
    let key = match last.free.cmp(&first.free) {
        Ordering::Greater => "trend.rose",
        Ordering::Less => "trend.fell",
        Ordering::Equal => "trend.same",
    };
    let when = |point: TrendPoint| match trend.step {
        Step::Day => words.day(point.date),
        Step::Week => words.say("trend.week", &[("date", &words.day(point.date))]),
    };
    let course = words.say(
        key,
        &[
            ("first", &words.number(first.free)),
            ("first_date", &when(first)),
            ("last", &words.number(last.free)),
            ("last_date", &when(last)),
        ],
    );
    let range = words.say(
        "trend.range",
        &[
            ("low", &words.number(trend.lowest.free)),
            ("low_date", &when(trend.lowest)),
            ("high", &words.number(trend.highest.free)),
            ("high_date", &when(trend.highest)),
        ],
    );
    let finding = format!("{course} {range}");
    let points = u64::try_from(trend.points.len()).unwrap_or(u64::MAX);
    TrendView {
        heading: words.count(keys.heading, points, &[]),
        alt: words.say(keys.alt, &[("finding", &finding)]),
        finding,
        table: words.say(keys.table, &[]),
        from: words.say("trend.from", &[]),
        rows: (trend.points.chunks(A_ROW))
            .map(|row| {
                let day = row.first().map(|point| words.day(point.date)).unwrap_or_default();
                (day, row.iter().map(|point| words.number(point.free)).collect())
            })
            .collect(),
    }
}
