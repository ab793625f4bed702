//! EML-5: names that have broken programs before break no letter.

use mail_parser::MessageParser;
use proptest::prelude::*;

use super::fixture::{LINK, Pack, envelope};
use crate::domain::digests::{compose, sample};
use crate::letters::{Envelope, csv, mime, render};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// EML-5: whatever a region, an item or a recipient is called, the letter has the headers and tags it always has.
    #[test]
    fn hostile_names_change_nothing_but_text(name in hostile(), recipient in hostile(), sender in hostile()) {
        let content = compose(&sample::input());
        let calm = Pack { hostile: Some("Name".into()) };
        let plain = render(&content, "tg", &calm, LINK).unwrap();
        let letter = render(&content, "tg", &Pack { hostile: Some(name.clone()) }, LINK).unwrap();
        prop_assert_eq!(tags(&letter.html), tags(&plain.html));
        prop_assert_eq!(letter.text.lines().filter(|line| *line == "-- ").count(), 1);
        prop_assert!(!letter.html.chars().any(|c| c.is_control() && c != '\n'));
        let raw = mime(&letter, &Envelope { to_name: recipient, from_name: sender, ..envelope() }, None).unwrap();
        let usual = mime(&letter, &envelope(), None).unwrap();
        prop_assert_eq!(header_names(&raw), header_names(&usual));
        let parsed = MessageParser::default().parse(&raw).unwrap();
        prop_assert_eq!(parsed.to().unwrap().iter().count(), 1);
        prop_assert_eq!(parsed.to().unwrap().first().unwrap().address().unwrap(), "n.saidova@gov.example");
        prop_assert_eq!(parsed.from().unwrap().first().unwrap().address().unwrap(), "digest@panoh.example");
        prop_assert!(parsed.bcc().is_none());
        prop_assert_eq!(parsed.parts.len(), 5);
        let table = csv(&content, "tg", &Pack { hostile: Some(name) }).unwrap();
        let mut rows = ::csv::ReaderBuilder::new().flexible(true).from_reader(table.as_slice());
        for row in rows.records() {
            let row = row.unwrap();
            prop_assert_eq!(row.len(), 4);
            prop_assert!(!row.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{:?}", row);
        }
    }
}

/// Names out of pieces that have broken programs before.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\0",
        "<script>alert(1)</script>",
        "</td></tr></table>",
        "\"",
        "'",
        "&",
        "&lt;",
        "__link__",
        "__alt__",
        "__leave__",
        "<!-- leave -->",
        "__glossary__",
        "=HYPERLINK(\"x\")",
        "<!--",
        "-->",
        "<![endif]-->",
        "]]>",
        "{region}",
        "{{",
        "\\u{41}",
        "\u{202e}",
        "\u{feff}",
        "Ҷ",
        "ӣ",
        "🏠",
        "e\u{301}",
        "Bcc: x@y.z",
        "<x@y.z>",
        ",",
        ";",
        "=?utf-8?q?x?=",
        "\r\n\r\n",
        "--=_panoh_",
        "-- \n",
        "</mjml>",
        "<mj-raw>",
        "@",
        "\t",
        "\u{85}",
        "\u{2028}",
        "\u{fffe}",
        " ",
        "javascript:",
        "a very long name indeed, longer than any line of a header may be ",
    ]);
    prop_oneof![
        3 => prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

/// The tags of a page in order, without the text between them.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|part| part.split('>').next().unwrap_or_default().to_owned())
        .collect()
}

fn header_names(raw: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(raw);
    let head = head.split("\r\n\r\n").next().unwrap_or_default().to_owned();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect()
}
