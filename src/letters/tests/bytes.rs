//! The bytes of a letter as another program reads them: headers, parts, what is refused.

use chrono::Utc;
use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::fixture::{LINK, PACK, envelope, languages_each};
use crate::domain::digests::{Content, compose, sample};
use crate::letters::{CHART_ID, Envelope, LetterError, languages, mime, render};

#[test]
fn a_letter_built_again_is_the_same_to_the_byte() {
    let content = compose(&sample::input());
    let frozen: Content = serde_json::from_str(&serde_json::to_string(&content).unwrap()).unwrap();
    for language in languages() {
        let a = mime(&render(&content, language, &PACK, LINK).unwrap(), &envelope()).unwrap();
        let b = mime(&render(&frozen, language, &PACK, LINK).unwrap(), &envelope()).unwrap();
        assert!(a == b);
    }
}

#[test]
fn another_parser_reads_the_headers_and_parts() {
    languages_each(|language, letter| {
        let raw = mime(letter, &envelope()).unwrap();
        assert!(raw.is_ascii());
        assert!(raw.split(|b| *b == b'\n').all(|line| line.len() <= 998));
        let parsed = MessageParser::default().parse(&raw).unwrap();
        assert_eq!(parsed.subject().unwrap(), letter.subject);
        assert_eq!(parsed.message_id().unwrap(), envelope().message_id);
        assert_eq!(parsed.date().unwrap().to_rfc3339(), "2026-11-22T03:30:07Z");
        let to = parsed.to().unwrap().first().unwrap();
        assert_eq!(
            (to.name().unwrap(), to.address().unwrap()),
            ("Саидова Н.", "n.saidova@gov.example")
        );
        let header = |name: &str| parsed.header_raw(name).unwrap().trim().to_owned();
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert_eq!(header("List-Id"), "<digest.panoh.example>");
        assert_eq!(header("List-Unsubscribe"), "<https://panoh.example/unsubscribe/abc>");
        assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert_eq!(header("Content-Language"), language);
        assert_eq!(
            parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(),
            letter.text.trim_end()
        );
        assert_eq!(
            parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(),
            letter.html.trim_end()
        );
        let picture = parsed
            .parts
            .iter()
            .find(|part| part.content_id() == Some(CHART_ID))
            .unwrap();
        match &picture.body {
            PartType::InlineBinary(bytes) | PartType::Binary(bytes) => {
                assert_eq!(bytes.as_ref(), letter.chart_png.as_ref().unwrap().as_slice());
            }
            other => panic!("{other:?}"),
        }
        let kinds: Vec<String> = (parsed.parts.iter())
            .filter_map(|part| {
                part.content_type()
                    .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap()))
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "multipart/related",
                "multipart/alternative",
                "text/plain",
                "text/html",
                "image/png"
            ]
        );
    });
}

#[test]
fn without_an_address_to_unsubscribe_nothing_is_promised() {
    let letter = render(&compose(&sample::input()), "en", &PACK, LINK).unwrap();
    let raw = mime(
        &letter,
        &Envelope {
            unsubscribe_url: None,
            ..envelope()
        },
    )
    .unwrap();
    assert!(!String::from_utf8(raw).unwrap().contains("List-Unsubscribe"));
}

#[test]
fn what_cannot_stand_in_a_header_is_refused() {
    let letter = render(&compose(&sample::input()), "en", &PACK, LINK).unwrap();
    let bad = "x\r\nBcc: everybody@example.org";
    let broken = [
        Envelope {
            message_id: bad.into(),
            ..envelope()
        },
        Envelope {
            list_id: bad.into(),
            ..envelope()
        },
        Envelope {
            unsubscribe_url: Some(bad.into()),
            ..envelope()
        },
        Envelope {
            to_email: bad.into(),
            ..envelope()
        },
        Envelope {
            from_email: String::new(),
            ..envelope()
        },
        Envelope {
            date: chrono::DateTime::<Utc>::MAX_UTC,
            ..envelope()
        },
        Envelope {
            date: chrono::DateTime::<Utc>::MIN_UTC,
            ..envelope()
        },
    ];
    for envelope in broken {
        assert!(
            matches!(mime(&letter, &envelope), Err(LetterError::Header { .. })),
            "{envelope:?}"
        );
    }
    assert!(matches!(
        render(&compose(&sample::input()), "xx", &PACK, LINK),
        Err(LetterError::UnknownLanguage(_))
    ));
}
