//! How words are compared when people search: Tajik is typed with its own letters, with Russian ones, in Latin, and in
//! the code points of legacy fonts. The rule is `data/language/fold.json`; the browser's `fold.ts` follows the same.
//! It must not know what the words name: old names of places are the country pack's.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

const TABLE: &str = include_str!("../../../data/language/fold.json");

/// Two spellings of one word fold to the same text: composed (NFKC), lower case, letters and digits only (no
/// marks on them that have no letter of their own), then the replacements of the table, one after the other.
#[must_use]
pub fn fold(text: &str) -> String {
    let composed: String = text.nfkc().collect();
    let letters: String = composed
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() && !is_combining_mark(*letter))
        .collect();
    replacements()
        .iter()
        .fold(letters, |text, (from, to)| match text.contains(from) {
            true => text.replace(from, to),
            false => text,
        })
}

/// The table, read once. One that cannot be read replaces nothing: a test reads it.
fn replacements() -> &'static [(String, String)] {
    static ALL: OnceLock<Vec<(String, String)>> = OnceLock::new();
    ALL.get_or_init(|| serde_json::from_str(TABLE).unwrap_or_default())
}
