//! What is published of people, put into words: referrals by month and region, why there was no place, what one change
//! would have helped, how soon shelters answered. It prints counts as they come and works none out.

use super::view::{Block, Line, Rows, Speech, Table};
use crate::domain::calendar::Span;
use crate::domain::digests::{Answers, ChangeLine, Count, People, Referrals};
use crate::domain::suppression::K;

/// The sections, in the order they are read. Of one region there is less to say.
pub(super) fn people(people: &People, of_region: bool, speech: &Speech) -> Vec<Block> {
    let period = speech.period(Span {
        from: people.from,
        to: people.to,
    });
    let period = [("period", period.as_str())];
    let mut blocks = vec![referrals(people, of_region, speech, &period)];
    if !of_region && !people.regions.is_empty() {
        blocks.push(Block::Table(regions(people, speech, &period)));
    }
    if !of_region {
        blocks.push(Block::Rows(reasons(people, speech, &period)));
    }
    // A list of nothing but dots tells nobody anything.
    let told: Vec<&ChangeLine> = people
        .changes
        .iter()
        .filter(|line| line.count != Count::Withheld)
        .collect();
    if !told.is_empty() {
        blocks.push(Block::Rows(changes(&told, speech, &period)));
    }
    if let Some(answers) = &people.answers {
        blocks.push(Block::Rows(self::answers(answers, of_region, speech, &period)));
    }
    blocks
}

/// A count as it may be printed.
pub(super) fn count(count: Count, speech: &Speech) -> String {
    match count {
        Count::Exact(n) => speech.words.number(n),
        Count::Below(n) => speech.words.say("below", &[("n", &speech.words.number(n))]),
        Count::Withheld => "…".to_owned(),
    }
}

type With<'a> = [(&'static str, &'a str)];

fn referrals(people: &People, of_region: bool, speech: &Speech, period: &With) -> Block {
    let words = speech.words;
    let say = |key: &str| words.say(key, &[]);
    let heading = words.say("people.heading", period);
    let notes = notes(people, of_region, speech);
    let all = |of: &Referrals| [of.opened, of.placed, of.unmet, of.other].map(|n| count(n, speech));
    if people.months.is_empty() {
        let labels = ["people.opened", "people.placed", "people.unmet", "people.other"].map(say);
        let rows = labels.into_iter().zip(all(&people.total));
        // Of a region only these two are published.
        let said = |(i, row)| (!of_region || i == 0 || i == 2).then_some(row);
        return Block::Rows(Rows {
            heading,
            rows: rows.enumerate().filter_map(said).collect(),
            notes,
        });
    }
    let line = |name, of: &Referrals| Line {
        name,
        cells: all(of).into(),
        ..Line::default()
    };
    let columns = [
        "people.opened",
        "people.placed",
        "people.unmet_short",
        "people.other_short",
    ];
    let months = people.months.iter();
    Block::Table(Table {
        heading,
        columns: columns.map(say).into(),
        lines: months
            .map(|row| line(words.month_of_year(row.month), &row.referrals))
            .collect(),
        total: Some(line(say("people.all"), &people.total)),
        notes,
        ..Table::default()
    })
}

fn notes(people: &People, of_region: bool, speech: &Speech) -> Vec<String> {
    let words = speech.words;
    let mut notes = vec![words.say("people.note", &[("n", &words.number(K))])];
    let total = match of_region {
        true => vec![people.total.opened, people.total.unmet],
        false => vec![
            people.total.opened,
            people.total.placed,
            people.total.unmet,
            people.total.other,
        ],
    };
    let months = (people.months.iter())
        .map(|row| row.referrals)
        .flat_map(|of| [of.opened, of.placed, of.unmet, of.other]);
    let others = (people.regions.iter().flat_map(|line| [line.opened, line.unmet]))
        .chain(people.reasons.iter().map(|line| line.count))
        .chain(people.changes.iter().map(|line| line.count));
    if total
        .into_iter()
        .chain(months)
        .chain(others)
        .any(|n| n == Count::Withheld)
    {
        notes.push(words.say("people.withheld", &[]));
    }
    notes
}

fn regions(people: &People, speech: &Speech, period: &With) -> Table {
    let words = speech.words;
    Table {
        heading: words.say("people.regions", period),
        head: words.say("regions.heading", &[]),
        columns: vec![words.say("people.opened", &[]), words.say("people.unmet_short", &[])],
        lines: (people.regions.iter())
            .map(|line| Line {
                name: speech.region(&line.region),
                cells: vec![count(line.opened, speech), count(line.unmet, speech)],
                ..Line::default()
            })
            .collect(),
        ..Table::default()
    }
}

fn reasons(people: &People, speech: &Speech, period: &With) -> Rows {
    let all_hidden = people.reasons.iter().all(|line| line.count == Count::Withheld);
    let note = match (all_hidden, people.total.unmet) {
        (false, _) => "reasons.several",
        (true, Count::Exact(0)) => "reasons.none",
        (true, _) => "reasons.masked",
    };
    Rows {
        heading: speech.words.say("reasons.heading", period),
        rows: (people.reasons.iter().filter(|_| !all_hidden))
            .map(|line| (speech.code("reason", &line.reason), count(line.count, speech)))
            .collect(),
        notes: vec![speech.words.say(note, &[])],
    }
}

fn changes(changes: &[&ChangeLine], speech: &Speech, period: &With) -> Rows {
    Rows {
        heading: speech.words.say("changes.heading", period),
        rows: (changes.iter())
            .map(|line| (change(line, speech), count(line.count, speech)))
            .collect(),
        notes: vec![speech.words.say("changes.note", &[])],
    }
}

/// The words of one change to the country.
pub(super) fn change(line: &ChangeLine, speech: &Speech) -> String {
    let region = line.region.as_ref().map(|code| speech.region(code)).unwrap_or_default();
    let need = line
        .need
        .as_ref()
        .map(|code| speech.code("need", code))
        .unwrap_or_default();
    let age = line.age.map(|age| speech.words.number(age)).unwrap_or_default();
    let key = format!("change_to.{}", line.change);
    if !speech.words.has(&key) {
        return line.change.clone();
    }
    speech
        .words
        .say(&key, &[("region", &region), ("need", &need), ("age", &age)])
}

fn answers(answers: &Answers, of_region: bool, speech: &Speech, period: &With) -> Rows {
    let words = speech.words;
    let say = |key: &str| words.say(key, &[]);
    let minutes = |n: Option<u32>| match n {
        Some(n) => words.say("answers.minutes", &[("n", &words.number(n))]),
        None => say("answers.too_few"),
    };
    let mut rows = Vec::new();
    if !of_region {
        rows.extend([
            (say("answers.asked"), count(answers.asked, speech)),
            (say("answers.answered"), count(answers.answered, speech)),
            (say("answers.median"), minutes(answers.median_minutes)),
            (say("answers.p90"), minutes(answers.p90_minutes)),
        ]);
    }
    rows.extend(answers.regions.iter().map(|line| {
        let label = words.say("answers.region", &[("region", &speech.region(&line.region))]);
        (label, minutes(Some(line.median_minutes)))
    }));
    Rows {
        heading: words.say("answers.heading", period),
        rows,
        notes: Vec::new(),
    }
}
