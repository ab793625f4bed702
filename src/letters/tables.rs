//! A digest as tables for programs: one sheet per table in XLSX, one value per row in CSV. The same numbers as in the
//! letter, under the same words; the same digest gives the same bytes.

use super::people::count;
use super::view::Speech;
use super::words::Words;
use super::{LetterError, Names};
use crate::domain::calendar::Span;
use crate::domain::digests::{Content, Count, People, Referrals, Step, Totals};
use crate::sheets::{Cell, Format, Sheet, write, write_book};

/// A table: what its lines are and its columns, then the lines.
struct Table {
    name: String,
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One value per row: table, line, figure, value.
///
/// # Errors
/// When no letters are written in the language.
pub fn csv(content: &Content, language: &str, names: &dyn Names) -> Result<Vec<u8>, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    let head = ["file.table", "file.line", "file.figure", "file.value"];
    let mut rows = vec![head.map(|key| Cell::Text(words.say(key, &[]))).to_vec()];
    for table in tables(content, &Speech { words, names }) {
        for row in table.rows {
            let mut cells = row.into_iter();
            let Some(line) = cells.next() else { continue };
            let figures = table.head.iter().skip(1).zip(cells);
            rows.extend(figures.map(|(figure, value)| {
                let figure = Cell::Text(figure.clone());
                vec![Cell::Text(table.name.clone()), line.clone(), figure, value]
            }));
        }
    }
    Ok(write(Format::Csv, &rows)?)
}

/// One sheet per table.
///
/// # Errors
/// When no letters are written in the language.
pub fn xlsx(content: &Content, language: &str, names: &dyn Names) -> Result<Vec<u8>, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    let sheets: Vec<Sheet> = (tables(content, &Speech { words, names }).into_iter())
        .map(|table| Sheet {
            name: table.name,
            rows: std::iter::once(table.head.into_iter().map(Cell::Text).collect())
                .chain(table.rows)
                .collect(),
        })
        .collect();
    Ok(write_book(&sheets, content.as_of)?)
}

fn tables(content: &Content, speech: &Speech) -> Vec<Table> {
    let mut all = vec![about(content, speech), beds(content, speech)];
    all.extend(trend(content, speech));
    all.push(silent(content, speech));
    if let Some(people) = &content.people {
        all.extend(self::people(people, content.scope.is_some(), speech));
    }
    all.push(supplies(content, speech));
    all.extend(standard(content, speech));
    all
}

fn whole(n: impl Into<i64>) -> Cell {
    Cell::Number(n.into())
}

/// A count that no table of ours reaches stays at the largest number.
fn large(n: u64) -> Cell {
    Cell::Number(i64::try_from(n).unwrap_or(i64::MAX))
}

fn of_people(n: Count, speech: &Speech) -> Cell {
    match n {
        Count::Exact(n) => large(n),
        Count::Below(_) | Count::Withheld => Cell::Text(count(n, speech)),
    }
}

fn said(speech: &Speech, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| speech.words.say(key, &[])).collect()
}

fn about(content: &Content, speech: &Speech) -> Table {
    let words = speech.words;
    let title = words.say(&format!("title.{}", content.cadence), &[]);
    let place = match &content.scope {
        Some(region) => speech.region(region),
        None => words.say("whole_country", &[]),
    };
    let covers = content.covers.unwrap_or(Span {
        from: content.period,
        to: content.period,
    });
    let row = |key: &str, value: String| vec![Cell::Text(words.say(key, &[])), Cell::Text(value)];
    Table {
        name: words.say("file.about", &[]),
        head: said(speech, &["file.line", "file.value"]),
        rows: vec![
            row("file.about", title),
            row("file.place", place),
            // Dates as every program reads them.
            row("file.from", covers.from.to_string()),
            row("file.to", covers.to.to_string()),
            row("file.as_of", content.as_of.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ],
    }
}

fn beds(content: &Content, speech: &Speech) -> Table {
    let row = |name: String, t: &Totals| {
        let figures = [
            t.beds,
            t.occupied,
            t.held,
            t.enclosed,
            t.out_of_service,
            t.free,
            t.over_capacity,
            t.family_places,
            t.family_capacity,
            t.shelters.total,
            t.shelters.fresh,
            t.shelters.aging,
            t.shelters.stale,
            t.shelters.silent,
        ];
        std::iter::once(Cell::Text(name)).chain(figures.map(whole)).collect()
    };
    let country = speech.words.say("regions.country", &[]);
    let regions = content.regions.iter();
    Table {
        name: speech.words.say("regions.heading", &[]),
        head: said(
            speech,
            &[
                "file.line",
                "beds.total",
                "beds.occupied",
                "beds.held",
                "beds.enclosed",
                "beds.out_of_service",
                "beds.free",
                "beds.over_capacity",
                "file.family_free",
                "standard.places",
                "file.shelters",
                "file.fresh",
                "file.aging",
                "file.stale",
                "file.silent",
            ],
        ),
        rows: regions
            .map(|line| row(speech.region(&line.region), &line.totals))
            .chain([row(country, &content.totals)])
            .collect(),
    }
}

fn trend(content: &Content, speech: &Speech) -> Option<Table> {
    let trend = content.trend.as_ref()?;
    let key = match trend.step {
        Step::Day => "file.day",
        Step::Week => "file.week",
    };
    Some(Table {
        name: speech.words.say("file.trend", &[]),
        head: said(speech, &[key, "beds.free"]),
        rows: (trend.points.iter())
            .map(|point| vec![Cell::Text(point.date.to_string()), whole(point.free)])
            .collect(),
    })
}

/// Who has not reported.
fn silent(content: &Content, speech: &Speech) -> Table {
    let since = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Table {
        name: speech.words.say("file.missing", &[]),
        head: said(speech, &["file.shelter", "file.since"]),
        rows: (content.reporting.silent.iter())
            .map(|line| vec![Cell::Text(line.code.clone()), Cell::Text(since(line.since))])
            .collect(),
    }
}

fn people(people: &People, of_region: bool, speech: &Speech) -> Vec<Table> {
    let words = speech.words;
    let period = speech.period(Span {
        from: people.from,
        to: people.to,
    });
    let referrals = |name: String, of: &Referrals| {
        let figures = [of.opened, of.placed, of.unmet, of.other];
        std::iter::once(Cell::Text(name))
            .chain(figures.map(|n| of_people(n, speech)))
            .collect()
    };
    let months = (people.months.iter()).map(|row| referrals(words.month_of_year(row.month), &row.referrals));
    let mut all = Vec::new();
    if !of_region {
        all.push(Table {
            name: words.say("file.referrals", &[]),
            head: said(
                speech,
                &[
                    "people.month",
                    "people.opened",
                    "people.placed",
                    "people.unmet",
                    "people.other",
                ],
            ),
            rows: months.chain([referrals(period, &people.total)]).collect(),
        });
    }
    let pair = |label: String, n: Count| vec![Cell::Text(label), of_people(n, speech)];
    all.push(Table {
        name: words.say("file.by_region", &[]),
        head: said(speech, &["file.line", "people.opened", "people.unmet"]),
        rows: (people.regions.iter())
            .map(|line| {
                let figures = [line.opened, line.unmet].map(|n| of_people(n, speech));
                std::iter::once(Cell::Text(speech.region(&line.region)))
                    .chain(figures)
                    .collect()
            })
            .collect(),
    });
    if !of_region {
        all.push(Table {
            name: words.say("file.reasons", &[]),
            head: said(speech, &["file.line", "file.value"]),
            rows: (people.reasons.iter())
                .map(|line| pair(speech.code("reason", &line.reason), line.count))
                .collect(),
        });
    }
    all.push(Table {
        name: words.say("file.changes", &[]),
        head: said(speech, &["file.line", "file.value"]),
        rows: (people.changes.iter())
            .map(|line| pair(super::people::change(line, speech), line.count))
            .collect(),
    });
    all.extend(answers(people, of_region, speech));
    all
}

fn answers(people: &People, of_region: bool, speech: &Speech) -> Option<Table> {
    let answers = people.answers.as_ref()?;
    let say = |key: &str| Cell::Text(speech.words.say(key, &[]));
    let minutes = |n: Option<u32>| n.map_or_else(|| say("answers.too_few"), whole);
    let mut rows = Vec::new();
    if !of_region {
        rows.extend([
            vec![say("answers.asked"), of_people(answers.asked, speech)],
            vec![say("answers.answered"), of_people(answers.answered, speech)],
            vec![say("file.median"), minutes(answers.median_minutes)],
            vec![say("file.p90"), minutes(answers.p90_minutes)],
        ]);
    }
    rows.extend(answers.regions.iter().map(|line| {
        let name = format!(
            "{}: {}",
            speech.words.say("file.median", &[]),
            speech.region(&line.region)
        );
        vec![Cell::Text(name), whole(line.median_minutes)]
    }));
    Some(Table {
        name: speech.words.say("file.answers", &[]),
        head: said(speech, &["file.line", "file.value"]),
        rows,
    })
}

fn supplies(content: &Content, speech: &Speech) -> Table {
    let day = |day: Option<chrono::NaiveDate>| Cell::Text(day.map(|day| day.to_string()).unwrap_or_default());
    let days = |n: Option<u32>| n.map_or_else(|| Cell::Text(String::new()), whole);
    Table {
        name: speech.words.say("supplies.heading", &[]),
        head: said(
            speech,
            &[
                "supplies.item",
                "supplies.critical",
                "supplies.low",
                "file.runs_out",
                "file.lasts",
                "file.lasted",
            ],
        ),
        rows: (content.supplies.iter())
            .map(|line| {
                vec![
                    Cell::Text(speech.item(&line.item)),
                    whole(line.critical),
                    whole(line.low),
                    day(line.cover.runs_out_on),
                    days(line.cover.days),
                    days(line.cover.days_before),
                ]
            })
            .collect(),
    }
}

fn standard(content: &Content, speech: &Speech) -> Option<Table> {
    let standard = content.standard.as_ref()?;
    let country = match &content.scope {
        Some(region) => speech.region(region),
        None => speech.words.say("regions.country", &[]),
    };
    let row =
        |name: String, places: u32, required, gap| vec![Cell::Text(name), whole(places), large(required), large(gap)];
    Some(Table {
        name: speech.words.say("file.standard", &[]),
        head: said(
            speech,
            &["file.line", "standard.places", "standard.required", "standard.gap"],
        ),
        rows: (standard.regions.iter())
            .map(|line| row(speech.region(&line.region), line.places, line.required, line.gap))
            .chain([row(country, standard.places, standard.required, standard.gap)])
            .collect(),
    })
}
