//! Words a message may use beside numbers: a handful with a fixed meaning, and the names of the catalogue's items.
//! It must not know in which order they may stand.

use super::super::catalogue::Catalogue as Known;
use super::super::language::fold;

/// Everything is as the last report said.
const SAME: &[&str] = &[
    "same",
    "ok",
    "okay",
    "yes",
    "no change",
    "no changes",
    "unchanged",
    "as before",
    "да",
    "ок",
    "без изменений",
    "нет изменений",
    "не изменилось",
    "как было",
    "так же",
    "то же",
    "всё то же",
    "всё так же",
    "ҳа",
    "бале",
    "ҳамон",
    "ҳамон хел",
    "ҳамон тавр",
    "бетағйир",
    "тағйир нест",
    "тағйирот нест",
];
const HELP: &[&str] = &["help", "помощь", "справка", "кумак", "кӯмак", "ёрӣ", "ёрдам"];
/// What may stand before a number without changing it.
const FILLERS: &[&str] = &[
    "room",
    "rooms",
    "occupied",
    "taken",
    "and",
    "комната",
    "комнаты",
    "комн",
    "занято",
    "и",
    "утоқ",
    "утоқи",
    "утоқҳо",
    "ҳуҷра",
    "ҳуҷраи",
    "банд",
    "ва",
];
/// Shortest beginning of a name that is taken for it, in folded letters.
const SHORTEST: usize = 3;

/// What a word, or a few joined, means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Same,
    Help,
    Filler,
    /// Codes of the items it may be; more than one if it does not say which.
    Items(Vec<String>),
}

/// The items of the catalogue, by their folded names.
#[derive(Debug, Clone)]
pub struct Catalogue(Vec<ItemWords>);

#[derive(Debug, Clone)]
struct ItemWords {
    code: String,
    /// In each language, and the code itself: the words of the name.
    names: Vec<Vec<String>>,
}

impl Catalogue {
    /// Of the items that are still counted.
    pub fn of(catalogue: &Known) -> Self {
        let items = catalogue.items().iter().filter(|item| !item.retired).map(|item| {
            let names = item.names.iter().map(|(_, name)| name);
            (item.code.as_str(), names.collect::<Vec<_>>())
        });
        Self::from_names(items)
    }

    pub(super) fn from_names<'a>(items: impl Iterator<Item = (&'a str, Vec<&'a str>)>) -> Self {
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric())
                .map(fold)
                .filter(|word| !word.is_empty())
                .collect()
        };
        Self(
            items
                .map(|(code, names)| ItemWords {
                    code: code.to_owned(),
                    names: names
                        .into_iter()
                        .map(|name| words(short(name)))
                        .chain([words(code)])
                        .collect(),
                })
                .collect(),
        )
    }

    /// Items that words joined together may name: those it names whole, else those that begin with it, else those of
    /// which a later word does.
    fn find(&self, word: &str) -> Vec<String> {
        let matching = |test: &dyn Fn(&[String]) -> bool| -> Vec<String> {
            let items = self.0.iter().filter(|item| item.names.iter().any(|name| test(name)));
            items.map(|item| item.code.clone()).collect()
        };
        let whole = matching(&|name| name.concat() == word);
        if !whole.is_empty() || word.chars().count() < SHORTEST {
            return whole;
        }
        let beginning = matching(&|name| name.concat().starts_with(word));
        if !beginning.is_empty() {
            return beginning;
        }
        matching(&|name| (1..name.len()).any(|at| name.iter().skip(at).cloned().collect::<String>().starts_with(word)))
    }

    pub(super) fn meaning(&self, word: &str) -> Option<Meaning> {
        let among = |list: &[&str]| list.iter().any(|known| fold(known) == word);
        if among(SAME) {
            return Some(Meaning::Same);
        }
        if among(HELP) {
            return Some(Meaning::Help);
        }
        match self.find(word) {
            codes if !codes.is_empty() => Some(Meaning::Items(codes)),
            _ if among(FILLERS) => Some(Meaning::Filler),
            _ => None,
        }
    }
}

/// An item's name without its size: `Собуни дасту рӯй, 100 г` is told as `Собуни дасту рӯй`.
pub fn short(name: &str) -> &str {
    name.split([',', '(']).next().unwrap_or(name).trim()
}
