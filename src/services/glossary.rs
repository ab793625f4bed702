//! What each figure means, for whoever reads one in a letter or on a page. The words are data, one file a language; a figure
//! is defined there and nowhere else.

use std::sync::OnceLock;

use serde::Deserialize;

/// Each language with its terms; all files have the same terms in the same order.
const FILES: [(&str, &str); 3] = [
    ("tg", include_str!("../../data/glossary/tg.json")),
    ("ru", include_str!("../../data/glossary/ru.json")),
    ("en", include_str!("../../data/glossary/en.json")),
];

/// One figure in one language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What links name it by.
    pub code: String,
    pub name: String,
    pub definition: String,
    /// What it is counted in.
    pub unit: String,
    pub formula: Option<String>,
    /// What it is drawn from.
    pub source: String,
}

/// The terms of a language in their order; `None` of a language that has no glossary.
pub fn glossary(language: &str) -> Option<&'static [Term]> {
    // A file that cannot be read has no language; a test reads them all.
    static ALL: OnceLock<Vec<(&'static str, Vec<Term>)>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let read = |(language, file): (&'static str, &str)| Some((language, serde_json::from_str(file).ok()?));
        FILES.into_iter().filter_map(read).collect()
    });
    all.iter()
        .find(|(known, _)| *known == language)
        .map(|(_, terms)| terms.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_the_same_terms_and_says_them_whole() {
        let codes = |language| -> Vec<&str> {
            glossary(language)
                .unwrap()
                .iter()
                .map(|term| term.code.as_str())
                .collect()
        };
        let english = codes("en");
        let unique: std::collections::BTreeSet<&&str> = english.iter().collect();
        assert_eq!(unique.len(), english.len());
        for (language, _) in FILES {
            assert_eq!(codes(language), english, "{language}");
            for (term, told) in glossary(language).unwrap().iter().zip(glossary("en").unwrap()) {
                let texts = [&term.name, &term.definition, &term.unit, &term.source];
                assert!(
                    texts.iter().all(|text| !text.trim().is_empty()),
                    "{language} {}",
                    term.code
                );
                assert_eq!(
                    term.formula.is_some(),
                    told.formula.is_some(),
                    "{language} {}",
                    term.code
                );
                assert!(
                    language == "en" || term.definition != told.definition,
                    "{language} {}",
                    term.code
                );
            }
        }
        assert_eq!(glossary("de"), None);
    }

    #[test]
    fn numbers_are_the_same_in_every_language() {
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        for (language, _) in FILES {
            for (term, told) in glossary(language).unwrap().iter().zip(glossary("en").unwrap()) {
                let all = |term: &Term| digits(&format!("{}{:?}{}", term.definition, term.formula, term.source));
                assert_eq!(all(term), all(told), "{language} {}", term.code);
            }
        }
    }
}
