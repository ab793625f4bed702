//! A typed message as numbers, folded words and the few signs that mean something. Digits of any script, full-width forms
//! and letters of any alphabet are taken; marks nobody sees, emoji and punctuation are not there.
//! It must not know what words mean.

use super::super::language::fold;

/// Longest message looked at, in characters: more than ten parts of a text message.
pub const LONGEST: usize = 1_600;
/// Longest word told back, in characters.
const TOLD: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Number {
        /// What does not fit is larger than anything that is counted.
        value: u64,
        /// Written with a leading zero, as codes are and counts are not.
        zero: bool,
    },
    /// Folded, never empty.
    Word(String),
    Equal,
    Colon,
    Ask,
    /// A sign that would change the meaning of its neighbours, such as `/` or `½`.
    Odd,
}

/// A token, and how it was written, for telling it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexed {
    pub token: Token,
    pub raw: String,
}

enum Kind {
    Letter(char),
    Digit(char),
    /// Not there at all: what stands on either side of it touches.
    Nothing,
    /// Between two letters not there, else a gap: `ta'mir`.
    Apostrophe,
    Sign(Token),
    Gap,
}

/// The tokens of a text; of one longer than [`LONGEST`] the rest is one odd sign.
pub fn lex(text: &str) -> Vec<Lexed> {
    let mut found = Vec::new();
    let mut run = Run::default();
    for (at, letter) in text.chars().enumerate() {
        if at == LONGEST {
            run.end(&mut found);
            found.push(sign(Token::Odd, '…'));
            return found;
        }
        match kind(letter) {
            Kind::Letter(letter) => run.push(letter, false, &mut found),
            Kind::Digit(digit) => run.push(digit, true, &mut found),
            Kind::Nothing => {}
            Kind::Apostrophe if !run.raw.is_empty() && !run.number => {}
            Kind::Apostrophe | Kind::Gap => run.end(&mut found),
            Kind::Sign(token) => {
                run.end(&mut found);
                found.push(sign(token, letter));
            }
        }
    }
    run.end(&mut found);
    found
}

fn sign(token: Token, written: char) -> Lexed {
    let raw = if written.is_control() {
        String::new()
    } else {
        written.to_string()
    };
    Lexed { token, raw }
}

/// Letters, or digits, that touch.
#[derive(Default)]
struct Run {
    raw: String,
    number: bool,
}

impl Run {
    fn push(&mut self, letter: char, number: bool, found: &mut Vec<Lexed>) {
        if self.number != number {
            self.end(found);
        }
        self.number = number;
        self.raw.push(letter);
    }

    fn end(&mut self, found: &mut Vec<Lexed>) {
        let raw = std::mem::take(&mut self.raw);
        if raw.is_empty() {
            return;
        }
        let token = if self.number {
            Token::Number {
                value: raw.parse().unwrap_or(u64::MAX),
                zero: raw.len() > 1 && raw.starts_with('0'),
            }
        } else {
            match fold(&raw) {
                // Nothing but signs of hardness: nothing was said.
                word if word.is_empty() => return,
                word => Token::Word(word),
            }
        };
        let raw = raw.chars().take(TOLD).collect();
        found.push(Lexed { token, raw });
    }
}

fn kind(letter: char) -> Kind {
    // Full-width forms stand for their ASCII letters.
    let letter = match u32::from(letter) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(letter),
        _ => letter,
    };
    match letter {
        '=' | '\u{FE66}' => Kind::Sign(Token::Equal),
        ':' | '\u{FE55}' | '\u{2236}' | '\u{A789}' => Kind::Sign(Token::Colon),
        '?' | '؟' | '\u{FE56}' | '\u{2047}' | '\u{2E2E}' => Kind::Sign(Token::Ask),
        '+' | '<' | '>' | '/' | '%' | '*' | '^' | '~' | '|' | '\\' | '±' | '×' | '÷' | '≠' | '≤' | '≥' | '≈' | '⁄'
        | '\u{338}' => Kind::Sign(Token::Odd),
        '\'' | '`' | '’' | '‘' | 'ʼ' | 'ʻ' | 'ʹ' | '′' => Kind::Apostrophe,
        _ if is_unseen(letter) => Kind::Nothing,
        _ => match digit(letter) {
            Some(digit) => Kind::Digit(digit),
            None if letter.is_alphabetic() => Kind::Letter(letter),
            // A half, a square, a Roman numeral: a number, but which?
            None if letter.is_numeric() => Kind::Sign(Token::Odd),
            None => Kind::Gap,
        },
    }
}

/// Marks that join, direct or dress other characters: zero-width, bidirectional, combining and variation marks.
fn is_unseen(letter: char) -> bool {
    matches!(u32::from(letter),
        0xAD | 0x300..=0x36F | 0x483..=0x489 | 0x61C | 0x64B..=0x65F | 0x670 | 0x180B..=0x180F | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x20D0..=0x20F0 | 0xFE00..=0xFE0F
        | 0xFE20..=0xFE2F | 0xFEFF | 0xE0000..=0xE0FFF)
}

/// The ASCII digit that a decimal digit of any common script stands for.
fn digit(letter: char) -> Option<char> {
    /// Where ten decimal digits begin in Unicode.
    const ZEROS: [u32; 24] = [
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20,
        0x1040, 0x17E0, 0x1810, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
    ];
    let point = u32::from(letter);
    let value = ZEROS
        .iter()
        .find_map(|zero| point.checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// The message as it counts: two ways of typing the same thing give the same text.
pub fn canonical(text: &str) -> String {
    let words: Vec<String> = lex(text).into_iter().map(|lexed| written(&lexed.token)).collect();
    words.join(" ")
}

fn written(token: &Token) -> String {
    match token {
        Token::Number { value, zero: false } => value.to_string(),
        Token::Number { value, zero: true } => format!("0{value}"),
        Token::Word(word) => word.clone(),
        Token::Equal => "=".to_owned(),
        Token::Colon => ":".to_owned(),
        Token::Ask => "?".to_owned(),
        Token::Odd => "/".to_owned(),
    }
}

/// The digits of a text that is nothing but `length` digits, however they are grouped; a connection code.
pub fn only_digits(text: &str, length: usize) -> Option<String> {
    let mut digits = String::new();
    for letter in text.chars().take(LONGEST) {
        match kind(letter) {
            Kind::Digit(digit) => digits.push(digit),
            Kind::Nothing | Kind::Gap => {}
            _ => return None,
        }
    }
    (digits.len() == length).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> String {
        canonical(text)
    }

    #[test]
    fn any_digits_marks_and_punctuation() {
        for typed in [
            "5 7",
            " 5,7. ",
            "5\n7",
            "٥ ٧",
            "۵ ۷",
            "５　７",
            "5️⃣ 7️⃣",
            "\u{202e}5\u{202c} \u{200f}7",
            "5 - 7!",
            "👍 5; 7",
        ] {
            assert_eq!(said(typed), "5 7", "{typed}");
        }
        for typed in ["собун40", "Собун 40", "SOBUN,40", "со\u{301}бун\n40"] {
            assert_eq!(said(typed), "собун 40", "{typed}");
        }
        assert_eq!(said("2＝5 ؟"), "2 = 5 ?");
        assert_eq!(said("ta'mir"), said("tamir"));
        assert_eq!(said("5'7"), "5 7");
    }

    #[test]
    fn what_would_change_a_number_is_odd() {
        for typed in ["5/12", "5½", "5²", "5+2", "50%", "5*7"] {
            assert!(lex(typed).iter().any(|lexed| lexed.token == Token::Odd), "{typed}");
        }
        assert_eq!(lex(&"5 ".repeat(2_000)).last().unwrap().token, Token::Odd);
    }

    #[test]
    fn codes_are_digits_alone() {
        assert_eq!(only_digits("4831 22-07", 8).as_deref(), Some("48312207"));
        assert_eq!(only_digits("٤٨٣١٢٢٠٧", 8).as_deref(), Some("48312207"));
        for text in ["4831220", "4831220a", "48312207 =", ""] {
            assert_eq!(only_digits(text, 8), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_lexed_and_its_canonical_form_is_the_same(text in "\\PC{0,200}") {
            let tokens = lex(&text);
            prop_assert!(tokens.len() <= text.chars().count());
            let again = lex(&canonical(&text));
            prop_assert_eq!(again.len(), tokens.len());
        }

        #[test]
        fn unseen_marks_change_nothing(text in "[0-9а-яa-z =:?]{0,40}", mark in "[\u{200b}\u{200e}\u{202a}\u{feff}\u{fe0f}\u{301}]", every in 1usize..5) {
            let marked: String = text.chars().enumerate().flat_map(|(at, c)| {
                let with = if at % every == 0 { mark.clone() } else { String::new() };
                [with, c.to_string()]
            }).collect();
            prop_assert_eq!(canonical(&marked), canonical(&text));
        }
    }
}
