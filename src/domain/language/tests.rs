//! The goldens that the browser must print too, and what holds of every table: whole, in order, folding once for all.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use serde::Deserialize;

use super::{Language, fill, fold};

const CODES: [&str; 3] = ["tg", "ru", "en"];

/// What is written, by language.
type Printed = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Case<T> {
    of: T,
    #[serde(flatten)]
    printed: Printed,
}

#[derive(Deserialize)]
struct Instant {
    at: DateTime<Utc>,
    zone: String,
}

/// The sections that a server prints; relative days ("yesterday") are the browser's alone.
#[derive(Deserialize)]
struct Golden {
    date: Vec<Case<NaiveDate>>,
    day: Vec<Case<NaiveDate>>,
    time: Vec<Case<NaiveTime>>,
    instant: Vec<Case<Instant>>,
    number: Vec<Case<i64>>,
    tenths: Vec<Case<i64>>,
    percent: Vec<Case<i64>>,
    interval: Vec<Case<[String; 2]>>,
    list: Vec<Case<Vec<String>>>,
    plural: BTreeMap<String, BTreeMap<String, Vec<u64>>>,
    order: BTreeMap<String, Vec<String>>,
    fold: Vec<(String, String)>,
    fold_letters: Vec<String>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../data/language/golden.json")).unwrap()
}

fn language(code: &str) -> &'static Language {
    Language::of(code).unwrap()
}

fn prints<T>(section: &str, cases: &[Case<T>], print: impl Fn(&Language, &T) -> String) {
    assert!(!cases.is_empty(), "{section}");
    for case in cases {
        assert_eq!(case.printed.len(), CODES.len(), "{section}");
        for (code, wanted) in &case.printed {
            assert_eq!(&print(language(code), &case.of), wanted, "{section}, {code}");
        }
    }
}

#[test]
fn dates_and_times_are_the_goldens() {
    let golden = golden();
    prints("date", &golden.date, |l, date| l.date(*date));
    prints("day", &golden.day, |l, date| l.day(*date));
    prints("time", &golden.time, |l, time| l.time(*time));
    prints("instant", &golden.instant, |l, instant| {
        let local = instant
            .at
            .with_timezone(&instant.zone.parse::<Tz>().unwrap())
            .naive_local();
        format!("{}, {}", l.date(local.date()), l.time(local.time()))
    });
}

#[test]
fn numbers_and_lists_are_the_goldens() {
    let golden = golden();
    prints("number", &golden.number, |l, n| l.number(*n));
    prints("tenths", &golden.tenths, |l, n| l.tenths(*n));
    prints("percent", &golden.percent, |l, n| l.percent(*n));
    prints("interval", &golden.interval, |l, [from, to]| l.interval(from, to));
    prints("list", &golden.list, |l, parts| {
        l.list(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    });
}

#[test]
fn plural_forms_are_the_goldens_and_every_number_to_125_has_one() {
    for (code, forms) in golden().plural {
        let mut asked: Vec<u64> = Vec::new();
        for (form, numbers) in &forms {
            for n in numbers {
                assert_eq!(language(&code).plural(*n), form, "{code} {n}");
            }
            asked.extend(numbers);
        }
        asked.sort_unstable();
        assert!(asked.starts_with(&(0..=125).collect::<Vec<_>>()), "{code}");
        assert_eq!(
            forms.keys().collect::<Vec<_>>(),
            language(&code).plural_forms(),
            "{code}"
        );
    }
}

#[test]
fn lists_of_names_come_in_the_goldens_order() {
    for (code, wanted) in golden().order {
        let mut names = wanted.clone();
        names.reverse();
        names.sort_by(|a, b| language(&code).compare(a, b));
        assert_eq!(names, wanted, "{code}");
    }
}

#[test]
fn folds_are_the_goldens_letter_by_letter() {
    let golden = golden();
    for (typed, wanted) in &golden.fold {
        assert_eq!(&fold(typed), wanted, "{typed}");
    }
    let mut letters = 0;
    for line in &golden.fold_letters {
        for pair in line.split(' ') {
            let (code, wanted) = pair.split_once('=').unwrap();
            let letter = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
            assert_eq!(fold(&letter.to_string()), wanted, "{code}");
            letters += 1;
        }
    }
    assert!(letters > 1000, "{letters}");
}

#[test]
fn the_table_is_whole() {
    for code in CODES {
        let language = language(code);
        assert_eq!(language.months.len(), 12, "{code}");
        assert!(
            language.months_alone.as_ref().is_none_or(|months| months.len() == 12),
            "{code}"
        );
    }
    let russian = &language("ru").alphabet;
    assert_eq!(russian.chars().count(), 33);
    assert_eq!(language("en").alphabet, ('a'..='z').collect::<String>());
    assert_eq!(language("tg").alphabet, "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюя");
    assert!(Language::of("xx").is_none());
}

#[test]
fn the_order_is_the_alphabet_in_both_cases() {
    for code in CODES {
        let language = language(code);
        let letters: Vec<String> = language.alphabet.chars().map(String::from).collect();
        for pair in letters.windows(2) {
            let [first, second] = pair else { unreachable!() };
            for (a, b) in [
                (first.clone(), second.clone()),
                (first.to_uppercase(), second.clone()),
                (first.clone(), second.to_uppercase()),
                (format!("{first}я"), format!("{second}а")),
            ] {
                assert!(language.compare(&a, &b).is_lt(), "{code}: {a} {b}");
            }
        }
    }
}

#[test]
fn what_is_filled_in_is_not_filled_again() {
    assert_eq!(fill("{a} {b}", &[("a", "{b}"), ("b", "x")]), "{b} x");
    assert_eq!(fill("{open", &[]), "{open");
}

#[test]
fn four_ways_of_typing_are_one_word() {
    for typed in ["Хуҷанд", "Хучанд", "Khujand", "Хуљанд", "ХУҶАНД!", "Худжанд", "Khŭjand"]
    {
        assert_eq!(fold(typed), "хучанд", "{typed}");
    }
}

fn names() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[a-zA-Zа-яА-ЯёЁғӣқӯҳҷҒӢҚӮҲҶ0-9 \u{301}\u{304}’'-]{0,8}").unwrap()
}

proptest! {
    #[test]
    fn the_order_is_total(a in names(), b in names(), c in names()) {
        for code in CODES {
            let language = language(code);
            prop_assert_eq!(language.compare(&a, &b), language.compare(&b, &a).reverse());
            prop_assert_eq!(language.compare(&a, &b).is_eq(), a == b);
            if language.compare(&a, &b).is_le() && language.compare(&b, &c).is_le() {
                prop_assert!(language.compare(&a, &c).is_le());
            }
        }
    }

    #[test]
    fn what_is_folded_stays_so(text in names()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn folding_takes_any_text(text in any::<String>()) {
        prop_assert!(fold(&text).chars().all(char::is_alphanumeric));
    }

    #[test]
    fn case_and_punctuation_do_not_matter(text in "[а-яёғӣқӯҳҷ]{0,8}") {
        prop_assert_eq!(fold(&format!(" -{}!", text.to_uppercase())), fold(&text));
    }
}
