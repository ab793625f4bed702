//! The words, dates and numbers of one language, out of the embedded message files. Nothing here knows what a digest is.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use serde::Deserialize;

/// Languages letters are written in, with their message files.
const FILES: [(&str, &str); 3] = [
    ("tg", include_str!("../../data/mail/tg.json")),
    ("ru", include_str!("../../data/mail/ru.json")),
    ("en", include_str!("../../data/mail/en.json")),
];
const LOCALES: &str = include_str!("../../data/mail/locale.json");

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Message {
    Plain(String),
    /// By plural category: one, few, many, other.
    Plural(BTreeMap<String, String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PluralRule {
    None,
    OneOther,
    Slavic,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locale {
    date: String,
    day: String,
    months: Vec<String>,
    months_without_year: Vec<String>,
    group: String,
    #[expect(
        dead_code,
        reason = "the table is shared with the browser; letters print whole numbers only"
    )]
    decimal: String,
    plural: PluralRule,
}

/// One language.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) language: String,
    messages: BTreeMap<String, Message>,
    locale: Locale,
}

/// What the files hold, read once. A language whose file cannot be read does not exist; a test reads them all.
fn all() -> &'static [Words] {
    static ALL: OnceLock<Vec<Words>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut locales: BTreeMap<String, Locale> = serde_json::from_str(LOCALES).unwrap_or_default();
        FILES
            .iter()
            .filter_map(|(language, file)| {
                Some(Words {
                    language: (*language).to_owned(),
                    messages: serde_json::from_str(file).ok()?,
                    locale: locales.remove(*language)?,
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
        let text = forms.get(self.category(n)).or_else(|| forms.get("other"));
        let printed = self.number(n);
        let mut with = with.to_vec();
        with.push(("n", &printed));
        text.map_or_else(|| key.to_owned(), |text| fill(text, &with))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.messages.contains_key(key)
    }

    /// CLDR's plural category of a whole number.
    fn category(&self, n: u64) -> &'static str {
        match (self.locale.plural, n % 10, n % 100) {
            (PluralRule::None, ..) => "other",
            (PluralRule::OneOther, ..) if n == 1 => "one",
            (PluralRule::OneOther, ..) => "other",
            (PluralRule::Slavic, _, 11..=14) => "many",
            (PluralRule::Slavic, 1, _) => "one",
            (PluralRule::Slavic, 2..=4, _) => "few",
            (PluralRule::Slavic, ..) => "many",
        }
    }

    /// Digits in groups of three.
    pub(super) fn number(&self, n: impl Into<u64>) -> String {
        let digits = n.into().to_string();
        let mut out = String::with_capacity(digits.len() + 6);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                out.push_str(&self.locale.group);
            }
            out.push(digit);
        }
        out
    }

    /// "22 ноябри соли 2026".
    pub(super) fn date(&self, date: NaiveDate) -> String {
        self.dated(&self.locale.date, &self.locale.months, date)
    }

    /// "22 ноябр": the year is plain from where it stands.
    pub(super) fn day(&self, date: NaiveDate) -> String {
        self.dated(&self.locale.day, &self.locale.months_without_year, date)
    }

    fn dated(&self, pattern: &str, months: &[String], date: NaiveDate) -> String {
        let month = months.get(date.month0() as usize).map_or("", String::as_str);
        fill(
            pattern,
            &[
                ("day", &date.day().to_string()),
                ("month", month),
                ("year", &date.year().to_string()),
            ],
        )
    }

    /// "08:30".
    pub(super) fn time(&self, at: NaiveDateTime) -> String {
        format!("{:02}:{:02}", at.hour(), at.minute())
    }
}

/// Fills `{name}`s in one pass, so that what is filled in is never looked at again.
fn fill(text: &str, with: &[(&str, &str)]) -> String {
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
            let wanted: &[&str] = match words.locale.plural {
                PluralRule::None => &["other"],
                PluralRule::OneOther => &["one", "other"],
                PluralRule::Slavic => &["few", "many", "one"],
            };
            for (key, message) in words.messages() {
                if let Message::Plural(forms) = message {
                    assert_eq!(
                        forms.keys().map(String::as_str).collect::<Vec<_>>(),
                        wanted,
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
    fn dates_as_offices_write_them() {
        let date = "2026-11-22".parse().unwrap();
        assert_eq!(Words::of("tg").unwrap().date(date), "22 ноябри соли 2026");
        assert_eq!(Words::of("tg").unwrap().day(date), "22 ноябр");
        assert_eq!(Words::of("ru").unwrap().date(date), "22 ноября 2026 г.");
        assert_eq!(Words::of("en").unwrap().date(date), "22 November 2026");
    }

    #[test]
    fn numbers_and_plurals() {
        let ru = Words::of("ru").unwrap();
        assert_eq!(ru.number(10_288_300u64), "10\u{202f}288\u{202f}300");
        assert_eq!(Words::of("en").unwrap().number(1029u64), "1,029");
        assert_eq!(ru.number(0u64), "0");
        for (n, form) in [
            (1, "one"),
            (2, "few"),
            (5, "many"),
            (11, "many"),
            (12, "many"),
            (21, "one"),
            (104, "few"),
        ] {
            assert_eq!(ru.category(n), form, "{n}");
        }
        assert_eq!(Words::of("tg").unwrap().category(1), "other");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} {b}", &[("a", "{b}"), ("b", "x")]), "{b} x");
        assert_eq!(fill("{open", &[]), "{open");
    }

    #[test]
    fn the_list_of_unreviewed_messages_names_messages_there_are() {
        let unreviewed: BTreeMap<String, Vec<String>> =
            serde_json::from_str(include_str!("../../data/mail/unreviewed.json")).unwrap();
        for (language, keys) in unreviewed {
            let words = Words::of(&language).unwrap();
            for key in keys {
                assert!(words.has(&key), "{language} {key}");
            }
        }
    }
}
