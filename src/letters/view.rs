//! A digest put into words, not yet laid out: the HTML page and the plain text print the same view, so that they cannot
//! say different numbers. Everything in it is bare text; escaping is for the page.

use super::words::Words;
use super::{Names, findings, sections};
use crate::domain::digests::Content;

/// Label and value.
pub(super) type Row = (String, String);

#[derive(Debug)]
pub(super) struct View {
    pub language: String,
    pub title: String,
    pub place: String,
    pub date: String,
    pub as_of: String,
    pub preview: String,
    pub delayed: Option<String>,
    pub headline: Headline,
    pub beds: Rows,
    pub exceptions: Lines,
    pub trend: Option<TrendView>,
    pub regions: Regions,
    pub reporting: Lines,
    pub demand: Option<Rows>,
    pub unmet: Option<Rows>,
    pub supplies: Supplies,
    pub standard: Option<Rows>,
    pub quality: Lines,
    pub button: String,
    pub link: String,
    pub footer: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Headline {
    /// Free family places.
    pub number: String,
    pub label: String,
    pub change: Option<String>,
    /// Free of all beds, with its own change.
    pub free: String,
    pub free_change: Option<String>,
    pub note: String,
}

#[derive(Debug, Default)]
pub(super) struct Rows {
    pub heading: String,
    pub rows: Vec<Row>,
    pub notes: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Lines {
    pub heading: String,
    pub lines: Vec<String>,
    pub notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct TrendView {
    pub heading: String,
    pub finding: String,
    pub alt: String,
    pub table: String,
    pub from: String,
    /// First day of the row, and up to seven numbers.
    pub weeks: Vec<(String, Vec<String>)>,
}

/// How a region stands: shape and word are in the text, this is the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Free,
    Few,
    Full,
    Silent,
}

#[derive(Debug)]
pub(super) struct Region {
    pub name: String,
    pub state: Option<(String, Tone)>,
    /// In the order of the columns; empty where there are no shelters.
    pub cells: Vec<String>,
    pub detail: String,
}

#[derive(Debug)]
pub(super) struct Regions {
    pub heading: String,
    pub columns: Vec<String>,
    pub rows: Vec<Region>,
    /// Left out where there is one region only.
    pub total: Option<Region>,
}

#[derive(Debug)]
pub(super) struct Supply {
    pub name: String,
    pub critical: String,
    pub low: String,
    pub regions: String,
    /// Sentences: when it runs out, how long it lasts.
    pub lasts: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Supplies {
    pub heading: String,
    pub item: String,
    pub critical: String,
    pub low: String,
    pub rows: Vec<Supply>,
    pub notes: Vec<String>,
}

/// Words, names and the reader's language together.
pub(super) struct Speech<'a> {
    pub words: &'a Words,
    pub names: &'a dyn Names,
}

impl Speech<'_> {
    pub(super) fn region(&self, code: &str) -> String {
        self.names
            .region(code, &self.words.language)
            .unwrap_or_else(|| code.to_owned())
    }

    pub(super) fn item(&self, code: &str) -> String {
        self.names
            .item(code, &self.words.language)
            .unwrap_or_else(|| code.to_owned())
    }
}

pub(super) fn view(content: &Content, words: &Words, names: &dyn Names, link: &str) -> View {
    let speech = Speech { words, names };
    let date = words.date(content.as_of_local.date());
    let time = words.time(content.as_of_local);
    let as_of = [("date", date.as_str()), ("time", &time), ("zone", &content.zone)];
    View {
        language: words.language.clone(),
        title: words.say("title", &[]),
        place: match &content.scope {
            Some(region) => speech.region(region),
            None => words.say("whole_country", &[]),
        },
        date: words.date(content.period),
        as_of: words.say("as_of", &as_of),
        preview: words.say("preview", &as_of),
        delayed: content.delayed.then(|| words.say("delayed", &as_of)),
        headline: sections::headline(content, &speech),
        beds: sections::beds(content, &speech),
        exceptions: findings::exceptions(content, &speech),
        trend: content.trend.as_ref().map(|trend| findings::trend(trend, &speech)),
        regions: sections::regions(content, &speech),
        reporting: sections::reporting(content, &speech),
        demand: content.demand.as_ref().map(|demand| sections::demand(demand, &speech)),
        unmet: content.unmet.as_ref().map(|unmet| sections::unmet(unmet, &speech)),
        supplies: sections::supplies(content, &speech),
        standard: content
            .standard
            .as_ref()
            .map(|standard| sections::standard(standard, &speech)),
        quality: sections::quality(content, &speech),
        button: words.say("button", &[]),
        link: link.to_owned(),
        footer: vec![
            words.say("footer.why", &[]),
            words.say(
                "footer.privacy",
                &[("n", &words.number(crate::domain::digests::SMALLEST_COUNT))],
            ),
        ],
    }
}
