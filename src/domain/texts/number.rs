//! Telephone numbers as gateways write them. It must not know whose they are.

/// Digits of the shortest and the longest number that a network has (E.164 allows fifteen).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The bare digits of a number with its country code: `+992 (90) 012-34-56`, `tel:+992900123456` and `00992900123456` are
/// one. `None` for what is no number, such as a sender's name.
pub fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')'))
        .collect();
    let digits = plain
        .strip_prefix('+')
        .or_else(|| plain.strip_prefix("00"))
        .unwrap_or(&plain);
    let fine = DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    (fine && !digits.starts_with('0')).then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn one_number_however_it_is_written() {
        for text in [
            "+992 (90) 012-34-56",
            "tel:+992900123456",
            "00992900123456",
            "992900123456",
            " +992.90.012.34.56 ",
        ] {
            assert_eq!(number(text).as_deref(), Some("992900123456"), "{text}");
        }
        for text in [
            "",
            "PANOH",
            "+",
            "12345",
            "+1234567890123456",
            "whatsapp:+992900123456",
            "0900123456",
            "+99290012345٦",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
