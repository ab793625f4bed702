//! The order of names in a language: by its own alphabet, the same here and in the browser (`frontend/src/lib/order.ts`).

use std::cmp::Ordering;

use unicode_normalization::UnicodeNormalization as _;

use super::Language;

impl Language {
    /// Orders names as the language's alphabet does, whatever their case: first what is neither letter nor digit (so
    /// that a shorter first word comes first), digits, the language's letters in their order, other letters by code
    /// point. Names that differ only in case are told apart by code point, so that the order is total.
    #[must_use]
    pub fn compare(&self, a: &str, b: &str) -> Ordering {
        self.ranks(a).cmp(self.ranks(b)).then_with(|| a.cmp(b))
    }

    fn ranks<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (u8, u32)> + 'a {
        let lower = text.nfc().collect::<String>().to_lowercase();
        let letters: Vec<char> = lower.chars().collect();
        letters.into_iter().map(|letter| self.rank(letter))
    }

    fn rank(&self, letter: char) -> (u8, u32) {
        let place = self.alphabet.chars().zip(0..).find(|(own, _)| *own == letter);
        match place {
            Some((_, at)) => (2, at),
            None if letter.is_alphabetic() => (3, letter.into()),
            None if letter.is_numeric() => (1, letter.into()),
            None => (0, letter.into()),
        }
    }
}
