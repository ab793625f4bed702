//! The sections of a digest that are tables of figures, each put into words.

use std::cmp::Ordering;

use super::view::{Block, Headline, Line, Lines, Rows, Speech, Table, Tone};
use super::words::Words;
use crate::domain::digests::{Content, Reporting, Standard, SupplyCover, Totals, Transfers};

/// A region with no more free family places than these is called "few" (the officers' second band ends there too).
const FEW_FAMILY_PLACES: u32 = 2;

pub(super) fn headline(content: &Content, speech: &Speech) -> Headline {
    let (words, totals) = (speech.words, &content.totals);
    let change = |difference: i64, since| {
        let key = match difference.cmp(&0) {
            Ordering::Greater => "change.up",
            Ordering::Less => "change.down",
            Ordering::Equal => "change.same",
        };
        let n = words.number(difference.unsigned_abs());
        words.say(key, &[("n", &n), ("date", &words.day(since))])
    };
    Headline {
        number: words.number(totals.family_places),
        label: words.count("headline.family_places", totals.family_places.into(), &[]),
        change: content.change.map(|c| change(c.family_places, c.since)),
        free: words.count(
            "headline.free",
            totals.beds.into(),
            &[("free", &words.number(totals.free))],
        ),
        free_change: content.change.map(|c| change(c.free, c.since)),
        note: words.say("headline.family_note", &[]),
    }
}

pub(super) fn beds(content: &Content, speech: &Speech) -> Rows {
    let totals = &content.totals;
    let row = |key: &str, n: u32| (speech.words.say(key, &[]), speech.words.number(n));
    let mut rows = vec![
        row("beds.total", totals.beds),
        row("beds.occupied", totals.occupied),
        row("beds.held", totals.held),
        row("beds.enclosed", totals.enclosed),
        row("beds.out_of_service", totals.out_of_service),
        row("beds.free", totals.free),
    ];
    if totals.over_capacity > 0 {
        rows.push(row("beds.over_capacity", totals.over_capacity));
    }
    Rows {
        heading: speech.words.say("beds.heading", &[]),
        rows,
        notes: Vec::new(),
    }
}

pub(super) fn regions(content: &Content, speech: &Speech) -> Table {
    let words = speech.words;
    let columns = ["regions.beds", "regions.occupied", "regions.free", "regions.family"];
    let lines: Vec<Line> = (content.regions.iter())
        .map(|line| region(speech.region(&line.region), &line.totals, speech))
        .collect();
    Table {
        heading: words.say("regions.heading", &[]),
        columns: columns.iter().map(|key| words.say(key, &[])).collect(),
        total: (lines.len() > 1).then(|| Line {
            state: None,
            // The section on beds says it more plainly.
            detail: Vec::new(),
            ..region(words.say("regions.country", &[]), &content.totals, speech)
        }),
        lines,
        ..Table::default()
    }
}

fn region(name: String, totals: &Totals, speech: &Speech) -> Line {
    let words = speech.words;
    if totals.shelters.total == 0 {
        return Line {
            name,
            detail: vec![words.say("regions.no_shelters", &[])],
            ..Line::default()
        };
    }
    let n = |n: u32| words.number(n);
    // What is nought everywhere but here or there is said where it is not.
    let mut detail: Vec<String> = [
        ("regions.held", totals.held),
        ("regions.enclosed", totals.enclosed),
        ("regions.out_of_service", totals.out_of_service),
        ("regions.over_capacity", totals.over_capacity),
    ]
    .into_iter()
    .filter(|(_, beds)| *beds > 0)
    .map(|(key, beds)| words.say(key, &[("n", &n(beds))]))
    .collect();
    detail.push(words.say(
        "regions.fresh",
        &[
            ("fresh", &n(totals.shelters.fresh)),
            ("shelters", &n(totals.shelters.total)),
        ],
    ));
    let (key, tone) = state(totals);
    Line {
        name,
        state: Some((words.say(key, &[]), tone)),
        cells: vec![
            n(totals.beds),
            n(totals.occupied),
            n(totals.free),
            n(totals.family_places),
        ],
        detail: vec![detail.join(" · ")],
    }
}

fn state(totals: &Totals) -> (&'static str, Tone) {
    if totals.shelters.silent == totals.shelters.total {
        ("state.silent", Tone::Silent)
    } else if totals.free == 0 {
        ("state.full", Tone::Full)
    } else if totals.family_places <= FEW_FAMILY_PLACES {
        ("state.few", Tone::Few)
    } else {
        ("state.free", Tone::Free)
    }
}

pub(super) fn reporting(content: &Content, speech: &Speech) -> Lines {
    let words = speech.words;
    let reporting = &content.reporting;
    let line = words.count(
        "reporting.line",
        reporting.of.into(),
        &[("reported", &words.number(reporting.reported))],
    );
    Lines {
        heading: words.say("reporting.heading", &[]),
        lines: std::iter::once(line).chain(silent(reporting, speech)).collect(),
        notes: Vec::new(),
    }
}

fn silent(reporting: &Reporting, speech: &Speech) -> Option<String> {
    let words = speech.words;
    let named: Vec<String> = (reporting.silent.iter())
        .map(|shelter| match shelter.since {
            Some(since) => words.say(
                "reporting.since",
                &[("code", &shelter.code), ("date", &words.day(since))],
            ),
            None => words.say("reporting.never", &[("code", &shelter.code)]),
        })
        .collect();
    let parts: Vec<&str> = named.iter().map(String::as_str).collect();
    let list = match reporting.silent_left_out {
        0 => words.list(&parts),
        more => format!(
            "{} {}",
            parts.join(", "),
            words.count("reporting.more", more.into(), &[])
        ),
    };
    (!list.is_empty()).then(|| words.say("reporting.silent", &[("list", &list)]))
}

pub(super) fn supplies(content: &Content, speech: &Speech) -> Table {
    let words = speech.words;
    // The gravest first, as they come; those that are alike in the order of the reader's alphabet.
    let mut short: Vec<_> = content.supplies.iter().collect();
    short.sort_by(|a, b| {
        let by_name = || words.compare(&speech.item(&a.item), &speech.item(&b.item));
        (b.critical, b.low).cmp(&(a.critical, a.low)).then_with(by_name)
    });
    let lines: Vec<Line> = (short.into_iter())
        .map(|line| {
            let regions: Vec<String> = line.regions.iter().map(|code| speech.region(code)).collect();
            Line {
                name: speech.item(&line.item),
                state: None,
                cells: vec![words.number(line.critical), words.number(line.low)],
                detail: std::iter::once(regions.join(", "))
                    .chain(lasts(&line.cover, words))
                    .collect(),
            }
        })
        .collect();
    let key = if lines.is_empty() {
        "supplies.none"
    } else {
        "supplies.note"
    };
    let mut notes = vec![words.say(key, &[])];
    if content.supplies_left_out > 0 {
        notes.push(words.count("supplies.more", content.supplies_left_out.into(), &[]));
    }
    notes.extend(moved(&content.transfers, words));
    Table {
        heading: words.say("supplies.heading", &[]),
        head: words.say("supplies.item", &[]),
        columns: vec![words.say("supplies.critical", &[]), words.say("supplies.low", &[])],
        lines,
        total: None,
        notes,
    }
}

/// When the first shelter runs out, and how long all of it lasts beside a week ago.
fn lasts(cover: &SupplyCover, words: &Words) -> Vec<String> {
    let runs_out = cover
        .runs_out_on
        .map(|on| words.say("supplies.runs_out", &[("date", &words.day(on))]));
    let days = |key: &str, days: u32| words.count(key, days.into(), &[]);
    let lasts = cover.days.map(|now| {
        let now = days("supplies.lasts", now);
        match cover.days_before {
            Some(before) => format!("{now} {}", days("supplies.lasted", before)),
            None => now,
        }
    });
    runs_out.into_iter().chain(lasts).collect()
}

fn moved(transfers: &Transfers, words: &Words) -> Vec<String> {
    let mut said = Vec::new();
    if transfers.sent + transfers.received > 0 {
        let numbers = [words.number(transfers.sent), words.number(transfers.received)];
        let [sent, received] = numbers.each_ref().map(String::as_str);
        said.push(words.say("supplies.moved", &[("sent", sent), ("received", received)]));
    }
    said.extend(transfers.overdue.iter().map(|row| {
        let due = words.day(row.due_on);
        let with = [
            ("code", row.code.as_str()),
            ("from", &row.from),
            ("to", &row.to),
            ("date", &due),
        ];
        words.say("supplies.overdue", &with)
    }));
    if transfers.overdue_left_out > 0 {
        said.push(words.count("supplies.overdue_more", transfers.overdue_left_out.into(), &[]));
    }
    said
}

pub(super) fn standard(standard: &Standard, speech: &Speech) -> Block {
    let words = speech.words;
    let heading = words.say(
        "standard.heading",
        &[("n", &words.number(standard.inhabitants_per_place))],
    );
    let say = |key: &str| words.say(key, &[]);
    if standard.regions.is_empty() {
        return Block::Rows(Rows {
            heading,
            rows: vec![
                (say("standard.places"), words.number(standard.places)),
                (say("standard.required"), words.number(standard.required)),
                (say("standard.gap"), words.number(standard.gap)),
                (say("standard.population"), words.number(standard.population)),
            ],
            notes: Vec::new(),
        });
    }
    let line = |name, places: u32, required: u64, gap: u64| Line {
        name,
        cells: vec![words.number(places), words.number(required), words.number(gap)],
        ..Line::default()
    };
    let population = format!("{}: {}", say("standard.population"), words.number(standard.population));
    let lines = standard.regions.iter();
    Block::Table(Table {
        heading,
        columns: vec![say("standard.places"), say("standard.required"), say("standard.gap")],
        lines: lines
            .map(|row| line(speech.region(&row.region), row.places, row.required, row.gap))
            .collect(),
        total: Some(line(
            say("regions.country"),
            standard.places,
            standard.required,
            standard.gap,
        )),
        notes: vec![population],
        ..Table::default()
    })
}

pub(super) fn quality(content: &Content, speech: &Speech) -> Lines {
    let (words, quality) = (speech.words, &content.quality);
    let line = words.count(
        "quality.line",
        quality.shelters.into(),
        &[
            ("fresh", &words.number(quality.fresh)),
            ("aging", &words.number(quality.aging)),
            ("stale", &words.number(quality.stale)),
            ("silent", &words.number(quality.silent)),
        ],
    );
    let notes = match quality.silent {
        0 => Vec::new(),
        _ => vec![words.say("quality.note", &[])],
    };
    Lines {
        heading: words.say("quality.heading", &[]),
        lines: vec![line],
        notes,
    }
}
