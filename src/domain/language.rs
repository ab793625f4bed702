//! What a language needs beside its words: dates, numbers, plural forms, lists, the order of its alphabet. All of it
//! comes from `data/language/languages.json`, which the browser reads too; `data/language/golden.json` holds both to
//! the same answers. It must not know any message, nor what the words name.

mod fold;
mod order;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};
use serde::Deserialize;

pub use fold::fold;

const TABLE: &str = include_str!("../../data/language/languages.json");

/// How many forms a counted noun has, and which number wants which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PluralRule {
    /// One form for every number, as in Tajik.
    None,
    /// One thing, two things.
    OneOther,
    /// Russian: 1 and 21; 2 to 4 and 22; 5 to 20.
    Slavic,
}

/// One language's row of the table. The browser's `Table` has the same fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    date: String,
    months: Vec<String>,
    day: String,
    /// Months where no year follows, if they differ from `months`: the Tajik izofat joins a month to its year.
    months_alone: Option<Vec<String>>,
    time: String,
    group: String,
    decimal: String,
    minus: String,
    percent: String,
    interval: String,
    comma: String,
    and: String,
    plural: PluralRule,
    alphabet: String,
}

impl Language {
    /// The row of a language by its ISO 639 code; `None` if the table has none. A table that cannot be read is empty:
    /// a test reads it.
    #[must_use]
    pub fn of(code: &str) -> Option<&'static Self> {
        static ALL: OnceLock<BTreeMap<String, Language>> = OnceLock::new();
        ALL.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
            .get(code)
    }

    /// "22 ноябри соли 2026".
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> String {
        dated(&self.date, &self.months, date)
    }

    /// "22 ноябр": a date without its year.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> String {
        dated(&self.day, self.months_alone.as_ref().unwrap_or(&self.months), date)
    }

    /// "08:30".
    #[must_use]
    pub fn time(&self, at: NaiveTime) -> String {
        let (hour, minute) = (format!("{:02}", at.hour()), format!("{:02}", at.minute()));
        fill(&self.time, &[("hour", &hour), ("minute", &minute)])
    }

    /// A whole number, its digits in groups of three.
    pub fn number(&self, n: impl Into<i128>) -> String {
        let n = n.into();
        let sign = if n < 0 { self.minus.as_str() } else { "" };
        sign.to_owned() + &self.grouped(&n.unsigned_abs().to_string())
    }

    /// A number of tenths: 25 is "2.5", and whole numbers are printed whole.
    pub fn tenths(&self, n: impl Into<i128>) -> String {
        let n = n.into();
        let whole = self.number(n / 10);
        let sign = if n < 0 && n > -10 { self.minus.as_str() } else { "" };
        match (n % 10).abs() {
            0 => whole,
            rest => format!("{sign}{whole}{}{rest}", self.decimal),
        }
    }

    /// "45 %".
    pub fn percent(&self, n: impl Into<i128>) -> String {
        fill(&self.percent, &[("n", &self.number(n))])
    }

    /// "8–12", "08:00–20:00".
    #[must_use]
    pub fn interval(&self, from: &str, to: &str) -> String {
        fill(&self.interval, &[("from", from), ("to", to)])
    }

    /// "a, b and c".
    #[must_use]
    pub fn list(&self, parts: &[&str]) -> String {
        match parts {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [first @ .., last] => first.join(&self.comma) + &self.and + last,
        }
    }

    /// CLDR's plural category of a whole number.
    #[must_use]
    pub fn plural(&self, n: u64) -> &'static str {
        match (self.plural, n % 10, n % 100) {
            (PluralRule::None, ..) => "other",
            (PluralRule::OneOther, ..) if n == 1 => "one",
            (PluralRule::OneOther, ..) => "other",
            (PluralRule::Slavic, _, 11..=14) => "many",
            (PluralRule::Slavic, 1, _) => "one",
            (PluralRule::Slavic, 2..=4, _) => "few",
            (PluralRule::Slavic, ..) => "many",
        }
    }

    /// Every category that [`Self::plural`] answers, in alphabetical order: the forms a counted message must have.
    #[must_use]
    pub fn plural_forms(&self) -> &'static [&'static str] {
        match self.plural {
            PluralRule::None => &["other"],
            PluralRule::OneOther => &["one", "other"],
            PluralRule::Slavic => &["few", "many", "one"],
        }
    }

    fn grouped(&self, digits: &str) -> String {
        let mut out = String::with_capacity(digits.len() + 6);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push_str(&self.group);
            }
            out.push(digit);
        }
        out
    }
}

fn dated(pattern: &str, months: &[String], date: NaiveDate) -> String {
    let month = months.get(date.month0() as usize).map_or("", String::as_str);
    let (day, year) = (date.day().to_string(), date.year().to_string());
    fill(pattern, &[("day", &day), ("month", month), ("year", &year)])
}

/// Fills `{name}`s in one pass, so that what is filled in is never looked at again. A name that is not known stays.
#[must_use]
pub fn fill(text: &str, with: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        match with.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => {
                out.push('{');
                out.push_str(name);
                out.push('}');
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
