//! The same numbers stand in both parts of a letter, and they are those of the digest.

use strum::IntoEnumIterator;

use super::fixture::{LINK, PACK};
use crate::domain::digests::{Cadence, Content, Count, People, Referrals, compose, sample};
use crate::letters::{languages, render};

/// Every number a reader must find.
fn numbers(content: &Content) -> Vec<u64> {
    let mut all: Vec<u64> = Vec::new();
    for t in content.regions.iter().map(|line| &line.totals).chain([&content.totals]) {
        all.extend(
            [
                t.beds,
                t.occupied,
                t.held,
                t.enclosed,
                t.out_of_service,
                t.free,
                t.over_capacity,
                t.family_places,
            ]
            .map(u64::from),
        );
        all.extend([t.shelters.fresh, t.shelters.total].map(u64::from));
    }
    if let Some(change) = content.change {
        all.extend([change.free.unsigned_abs(), change.family_places.unsigned_abs()]);
    }
    all.extend(
        content
            .trend
            .as_ref()
            .unwrap()
            .points
            .iter()
            .map(|point| u64::from(point.free)),
    );
    all.extend([content.reporting.reported, content.reporting.of].map(u64::from));
    all.extend(content.people.iter().flat_map(people));
    all.extend(
        content
            .supplies
            .iter()
            .flat_map(|line| [line.critical, line.low])
            .map(u64::from),
    );
    let standard = content.standard.as_ref().unwrap();
    all.extend([
        u64::from(standard.places),
        standard.required,
        standard.gap,
        standard.population,
    ]);
    all.extend(
        standard
            .regions
            .iter()
            .flat_map(|line| [u64::from(line.places), line.required, line.gap]),
    );
    let q = content.quality;
    all.extend([q.shelters, q.fresh, q.aging, q.stale, q.silent].map(u64::from));
    all
}

fn people(people: &People) -> Vec<u64> {
    let of = |of: &Referrals| [of.opened, of.placed, of.unmet, of.other];
    let mut counts = of(&people.total).to_vec();
    counts.extend(people.months.iter().flat_map(|month| of(&month.referrals)));
    counts.extend(people.regions.iter().flat_map(|line| [line.opened, line.unmet]));
    counts.extend(people.reasons.iter().map(|line| line.count));
    counts.extend(people.changes.iter().map(|line| line.count));
    let answers = people.answers.as_ref().unwrap();
    counts.extend([answers.asked, answers.answered]);
    let minutes = answers.regions.iter().map(|line| line.median_minutes);
    let minutes = minutes.chain(answers.median_minutes).chain(answers.p90_minutes);
    let said = counts.into_iter().filter_map(|n| match n {
        Count::Exact(n) | Count::Below(n) => Some(n),
        Count::Withheld => None,
    });
    said.chain(minutes.map(u64::from)).collect()
}

/// The words of a page without its tags and style, entities undone.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut out = String::new();
    for part in body.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push(' ');
    }
    out.replace("&#8202;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#95;", "_")
        .replace("&amp;", "&")
}

/// Digits in groups are one number; whatever is no digit ends it.
fn printed(text: &str) -> Vec<u64> {
    let joined: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut number = String::new();
    for (i, c) in joined.iter().enumerate() {
        let digit_after = joined.get(i + 1).is_some_and(char::is_ascii_digit);
        match c {
            c if c.is_ascii_digit() => number.push(*c),
            '\u{a0}' if !number.is_empty() && digit_after => {}
            ',' if !number.is_empty() && digit_after => {}
            _ => {
                out.extend(number.parse::<u64>().ok());
                number.clear();
            }
        }
    }
    out.extend(number.parse::<u64>().ok());
    out
}

#[test]
fn every_number_stands_in_both_parts_and_both_parts_say_the_same() {
    let count = |all: &[u64], n: u64| all.iter().filter(|m| **m == n).count();
    for cadence in Cadence::iter() {
        let content = compose(&sample::of(cadence));
        for language in languages() {
            let letter = render(&content, language, &PACK, LINK).unwrap();
            let (html, text) = (printed(&visible(&letter.html)), printed(&letter.text));
            for n in numbers(&content) {
                assert!(count(&html, n) > 0, "{language} {cadence} html lacks {n}");
                assert!(count(&text, n) > 0, "{language} {cadence} text lacks {n}");
            }
            let mut distinct: Vec<u64> = html.iter().chain(&text).copied().collect();
            distinct.sort_unstable();
            distinct.dedup();
            for n in distinct {
                let (in_html, in_text) = (count(&html, n) > 0, count(&text, n) > 0);
                assert_eq!(in_html, in_text, "{language} {cadence} {n} in one part only");
            }
        }
    }
}
