//! A digest put into words, not yet laid out: the HTML page and the plain text print the same view, so that they cannot
//! say different numbers. Everything in it is bare text; escaping is for the page.

use chrono::{Datelike, NaiveDate};

use super::words::Words;
use super::{Names, findings, people, sections};
use crate::domain::calendar::Span;
use crate::domain::digests::{Cadence, Content, whole_months};

#[derive(Debug)]
pub(super) struct View {
    pub language: String,
    pub title: String,
    pub place: String,
    pub period: String,
    pub as_of: String,
    pub preview: String,
    pub delayed: Option<String>,
    /// In the order they are read; those of one card belong together.
    pub cards: Vec<Vec<Block>>,
    pub button: String,
    pub link: String,
    pub glossary: String,
    pub footer: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Block {
    Headline(Headline),
    /// That there is nothing more to say.
    Normal(Lines),
    Bullets(Lines),
    Lines(Lines),
    Rows(Rows),
    Trend(TrendView),
    Table(Table),
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

/// Labels with their values.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub heading: String,
    pub rows: Vec<(String, String)>,
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
    pub rows: Vec<(String, Vec<String>)>,
}

/// How a region stands: shape and word are in the text, this is the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Free,
    Few,
    Full,
    Silent,
}

#[derive(Debug, Default)]
pub(super) struct Line {
    pub name: String,
    pub state: Option<(String, Tone)>,
    /// In the order of the columns; empty where there is nothing to say.
    pub cells: Vec<String>,
    pub detail: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub heading: String,
    /// What its lines are; not shown where they have more than two columns.
    pub head: String,
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
    pub total: Option<Line>,
    pub notes: Vec<String>,
}

impl Table {
    /// Whether name and numbers stand on one line: two numbers beside a name are what a telephone has room for.
    pub(super) fn is_narrow(&self) -> bool {
        self.columns.len() <= 2
    }
}

impl View {
    /// What the one picture shows, in words.
    pub(super) fn alt(&self) -> Option<&str> {
        self.cards.iter().flatten().find_map(|block| match block {
            Block::Trend(trend) => Some(trend.alt.as_str()),
            _ => None,
        })
    }
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

    /// The words of a code, or the code itself where this release has none for it.
    pub(super) fn code(&self, kind: &str, code: &str) -> String {
        let key = format!("{kind}.{code}");
        if self.words.has(&key) {
            self.words.say(&key, &[])
        } else {
            code.to_owned()
        }
    }

    /// "October 2026", "July – September 2026", "16–22 November 2026".
    pub(super) fn period(&self, span: Span) -> String {
        let words = self.words;
        let with_year = |day: NaiveDate| words.month_of_year(day);
        match whole_months(span) {
            Some(1) => with_year(span.from),
            Some(_) if span.from.year() == span.to.year() => self.span_of(&words.month(span.from), &with_year(span.to)),
            Some(_) => self.span_of(&with_year(span.from), &with_year(span.to)),
            None if span.from == span.to => words.date(span.to),
            None if (span.from.year(), span.from.month()) == (span.to.year(), span.to.month()) => {
                words.interval(&span.from.day().to_string(), &words.date(span.to))
            }
            None if span.from.year() == span.to.year() => self.span_of(&words.day(span.from), &words.date(span.to)),
            None => self.span_of(&words.date(span.from), &words.date(span.to)),
        }
    }

    fn span_of(&self, from: &str, to: &str) -> String {
        self.words.say("period.span", &[("from", from), ("to", to)])
    }
}

pub(super) fn view(content: &Content, words: &Words, names: &dyn Names, link: &str) -> View {
    let speech = Speech { words, names };
    let date = words.date(content.as_of_local.date());
    let time = words.time(content.as_of_local);
    let as_of = [("date", date.as_str()), ("time", &time), ("zone", &content.zone)];
    View {
        language: words.language.clone(),
        title: words.say(&format!("title.{}", content.cadence), &[]),
        place: match &content.scope {
            Some(region) => speech.region(region),
            None => words.say("whole_country", &[]),
        },
        period: match content.covers {
            Some(covers) if content.cadence != Cadence::Daily => speech.period(covers),
            _ => words.date(content.period),
        },
        as_of: words.say("as_of", &as_of),
        preview: words.say("preview", &as_of),
        delayed: content.delayed.then(|| words.say("delayed", &as_of)),
        cards: match content.short {
            true => short(content, &speech),
            false => whole(content, &speech),
        },
        button: words.say("button", &[]),
        link: link.to_owned(),
        glossary: words.say("footer.glossary", &[]),
        footer: vec![words.say("footer.why", &[]), words.say("footer.privacy", &[])],
    }
}

/// All is well: how the country stands, and no more.
fn short(content: &Content, speech: &Speech) -> Vec<Vec<Block>> {
    let mut cards = vec![
        vec![Block::Headline(sections::headline(content, speech))],
        vec![Block::Normal(findings::normal(speech.words))],
        vec![Block::Table(sections::regions(content, speech))],
    ];
    // Low is not yet worth an eye, and still worth a line.
    if !content.supplies.is_empty() {
        cards.push(vec![Block::Table(sections::supplies(content, speech))]);
    }
    cards.push(vec![Block::Lines(sections::reporting(content, speech))]);
    cards
}

fn whole(content: &Content, speech: &Speech) -> Vec<Vec<Block>> {
    let course = content
        .course
        .map(|course| Block::Table(findings::course(&course, speech)));
    let trend = (content.trend.as_ref()).map(|trend| Block::Trend(findings::trend(trend, speech)));
    let people = content.people.as_ref();
    let standard = content.standard.as_ref();
    let mut cards = vec![
        vec![Block::Headline(sections::headline(content, speech))],
        vec![Block::Bullets(findings::exceptions(content, speech))],
        course.into_iter().chain(trend).collect(),
        vec![
            Block::Table(sections::regions(content, speech)),
            Block::Rows(sections::beds(content, speech)),
        ],
        vec![
            Block::Lines(sections::reporting(content, speech)),
            Block::Lines(sections::quality(content, speech)),
        ],
        people.map_or_else(Vec::new, |people| {
            people::people(people, content.scope.is_some(), speech)
        }),
        vec![Block::Table(sections::supplies(content, speech))],
        standard.map_or_else(Vec::new, |standard| vec![sections::standard(standard, speech)]),
    ];
    cards.retain(|card| !card.is_empty());
    cards
}
