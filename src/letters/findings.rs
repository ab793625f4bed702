//! What a digest finds in its figures, put into words: the exceptions of the day and the course of the month.

use std::cmp::Ordering;

use super::view::{Lines, Speech, TrendView};
use crate::domain::digests::{Content, Exception, Trend};

/// Days in a row of the numbers behind the chart.
const DAYS_A_ROW: usize = 7;

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

pub(super) fn trend(trend: &Trend, speech: &Speech) -> TrendView {
    let words = speech.words;
    let (first, last) = (trend.points.first().copied(), trend.points.last().copied());
    let (first, last) = (first.unwrap_or(trend.lowest), last.unwrap_or(trend.highest));
    let key = match last.free.cmp(&first.free) {
        Ordering::Greater => "trend.rose",
        Ordering::Less => "trend.fell",
        Ordering::Equal => "trend.same",
    };
    let course = words.say(
        key,
        &[
            ("first", &words.number(first.free)),
            ("first_date", &words.day(first.date)),
            ("last", &words.number(last.free)),
            ("last_date", &words.day(last.date)),
        ],
    );
    let range = words.say(
        "trend.range",
        &[
            ("low", &words.number(trend.lowest.free)),
            ("low_date", &words.day(trend.lowest.date)),
            ("high", &words.number(trend.highest.free)),
            ("high_date", &words.day(trend.highest.date)),
        ],
    );
    let finding = format!("{course} {range}");
    let days = u64::try_from(trend.points.len()).unwrap_or(u64::MAX);
    TrendView {
        heading: words.count("trend.heading", days, &[]),
        alt: words.say("trend.alt", &[("finding", &finding)]),
        finding,
        table: words.say("trend.table", &[]),
        from: words.say("trend.from", &[]),
        weeks: (trend.points.chunks(DAYS_A_ROW))
            .map(|week| {
                let day = week.first().map(|point| words.day(point.date)).unwrap_or_default();
                (day, week.iter().map(|point| words.number(point.free)).collect())
            })
            .collect(),
    }
}
