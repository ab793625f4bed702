//! The words of one language, out of the embedded message files; dates and numbers are `domain::language`'s. Nothing here
//! knows what a digest is.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use serde::Deserialize;

use crate::domain::language::{Language, fill};

/// Languages letters are written in, with their message files.
const FILES: [(&str, &str); 3] = [
    ("tg", include_str!("../../data/mail/tg.json")),
    ("ru", include_str!("../../data/mail/ru.json")),
    ("en", include_str!("../../data/mail/en.json")),
];

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Message {
    Plain(String),
    /// By plural category: one, few, many, other.
    Plural(BTreeMap<String, String>),
}

/// One language.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) language: String,
    messages: BTreeMap<String, Message>,
    table: &'static Language,
}

/// What the files hold, read once. A language whose file cannot be read does not exist; a test reads them all.
fn all() -> &'static [Words] {
    static ALL: OnceLock<Vec<Words>> = OnceLock::new();
    ALL.get_or_init(|| {
        FILES
            .iter()
            .filter_map(|(language, file)| {
                Some(Words {
                    language: (*language).to_owned(),
                    messages: serde_json::from_str(file).ok()?,
                    table: Language::of(language)?,
                })
            })
            .collect()
    })
}

/// The languages a letter can be written in.
pub fn languages() -> impl Iterator<Item = &'static str> {
    all().iter().map(|words| words.language.as_str())
}

impl Words {
    pub(super) fn of(language: &str) -> Option<&'static Words> {
        all().iter().find(|words| words.language == language)
    }

    #[cfg(test)]
    pub(super) fn messages(&self) -> &BTreeMap<String, Message> {
        &self.messages
    }

    /// A message without plural forms, its `{name}`s filled. A key that is not there prints itself.
    pub(super) fn say(&self, key: &str, with: &[(&str, &str)]) -> String {
        match self.messages.get(key) {
            Some(Message::Plain(text)) => fill(text, with),
            Some(Message::Plural(forms)) => forms
                .get("other")
                .map_or_else(|| key.to_owned(), |text| fill(text, with)),
            None => key.to_owned(),
        }
    }

    /// A message in the form its count asks for; the count itself is `{n}`.
    pub(super) fn count(&self, key: &str, n: u64, with: &[(&str, &str)]) -> String {
        let Some(Message::Plural(forms)) = self.messages.get(key) else {
            return key.to_owned();
        };
        let text = forms.get(self.table.plural(n)).or_else(|| forms.get("other"));
        let printed = self.number(n);
        let mut with = with.to_vec();
        with.push(("n", &printed));
        text.map_or_else(|| key.to_owned(), |text| fill(text, &with))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.messages.contains_key(key)
    }

    /// Digits in groups of three.
    pub(super) fn number(&self, n: impl Into<i128>) -> String {
        self.table.number(n)
    }

    /// "22 ноябри соли 2026".
    pub(super) fn date(&self, date: NaiveDate) -> String {
        self.table.date(date)
    }

    /// "22 ноябр": the year is plain from where it stands.
    pub(super) fn day(&self, date: NaiveDate) -> String {
        self.table.day(date)
    }

    /// "октябр", where no year follows.
    pub(super) fn month(&self, day: NaiveDate) -> String {
        self.say(&format!("month.{}", day.month()), &[])
    }

    /// "октябри соли 2026".
    pub(super) fn month_of_year(&self, day: NaiveDate) -> String {
        let year = day.year().to_string();
        self.say(&format!("month_of.{}", day.month()), &[("year", &year)])
    }

    /// A number of tenths: 25 is "2.5".
    pub(super) fn tenths(&self, n: impl Into<i128>) -> String {
        self.table.tenths(n)
    }

    /// "08:30".
    pub(super) fn time(&self, at: NaiveDateTime) -> String {
        self.table.time(at.time())
    }

    /// "8–12".
    pub(super) fn interval(&self, from: &str, to: &str) -> String {
        self.table.interval(from, to)
    }

    /// The order of names in the language's alphabet.
    pub(super) fn compare(&self, a: &str, b: &str) -> std::cmp::Ordering {
        self.table.compare(a, b)
    }

    /// "a, b and c".
    pub(super) fn list(&self, parts: &[&str]) -> String {
        self.table.list(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn placeholders(text: &str) -> BTreeSet<String> {
        text.split('{')
            .skip(1)
            .map(|part| part.split_once('}').unwrap().0.to_owned())
            .collect()
    }

    /// Key, and for each form its placeholders.
    fn shape(words: &Words) -> BTreeMap<&str, Vec<BTreeSet<String>>> {
        let forms = |message: &Message| match message {
            Message::Plain(text) => vec![placeholders(text)],
            Message::Plural(forms) => forms.values().map(|text| placeholders(text)).collect(),
        };
        words
            .messages()
            .iter()
            .map(|(key, message)| (key.as_str(), forms(message)))
            .collect()
    }

    #[test]
    fn every_language_has_every_key_with_the_same_placeholders_and_its_own_plural_forms() {
        assert_eq!(languages().collect::<Vec<_>>(), ["tg", "ru", "en"]);
        let english = shape(Words::of("en").unwrap());
        for words in all() {
            let own = shape(words);
            assert_eq!(own.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>());
            for (key, forms) in &own {
                for form in forms {
                    assert_eq!(form, english[key].first().unwrap(), "{} {key}", words.language);
                }
            }
            for (key, message) in words.messages() {
                if let Message::Plural(forms) = message {
                    assert_eq!(
                        forms.keys().map(String::as_str).collect::<Vec<_>>(),
                        words.table.plural_forms(),
                        "{} {key}",
                        words.language
                    );
                }
            }
        }
    }

    #[test]
    fn no_english_is_left_in_tajik_and_russian() {
        for language in ["tg", "ru"] {
            for (key, message) in Words::of(language).unwrap().messages() {
                let texts: Vec<&String> = match message {
                    Message::Plain(text) => vec![text],
                    Message::Plural(forms) => forms.values().collect(),
                };
                for text in texts {
                    let bare: String = text
                        .split('{')
                        .map(|part| part.split_once('}').map_or(part, |p| p.1))
                        .collect();
                    let latin = bare.replace("Panoh", "").chars().any(|c| c.is_ascii_alphabetic());
                    assert!(!latin, "{language} {key}: {text}");
                }
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} {b}", &[("a", "{b}"), ("b", "x")]), "{b} x");
        assert_eq!(fill("{open", &[]), "{open");
    }
}
