//! The bytes of a letter as another program reads them: headers, parts, what is refused.

use chrono::Utc;
use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::fixture::{LINK, PACK, envelope, languages_each};
use crate::domain::digests::{Cadence, Content, compose, sample};
use crate::letters::{Attached, CHART_ID, Envelope, LetterError, Rendered, Signer, csv, languages, mime, render, xlsx};
use crate::sheets::Format;

#[test]
fn a_letter_built_again_is_the_same_to_the_byte() {
    let content = compose(&sample::input());
    let frozen: Content = serde_json::from_str(&serde_json::to_string(&content).unwrap()).unwrap();
    for language in languages() {
        let a = mime(&render(&content, language, &PACK, LINK).unwrap(), &envelope(), None).unwrap();
        let b = mime(&render(&frozen, language, &PACK, LINK).unwrap(), &envelope(), None).unwrap();
        assert!(a == b);
    }
}

#[test]
fn another_parser_reads_the_headers_and_parts() {
    languages_each(|language, letter| {
        let raw = mime(letter, &envelope(), None).unwrap();
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
        let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
        assert!(text.starts_with(letter.text.trim_end()), "{text}");
        let html = parsed.body_html(0).unwrap().replace("\r\n", "\n");
        let (before, after) = letter.html.split_once("<!-- leave -->").unwrap();
        assert!(html.starts_with(before) && html.trim_end().ends_with(after.trim_end()));
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
        None,
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
            matches!(mime(&letter, &envelope, None), Err(LetterError::Header { .. })),
            "{envelope:?}"
        );
    }
    assert!(matches!(
        render(&compose(&sample::input()), "xx", &PACK, LINK),
        Err(LetterError::UnknownLanguage(_))
    ));
}

/// Signed letters are checked by another program in `tests/e2e/specs/mail.test.js`.
#[test]
fn a_signature_names_its_key_and_changes_nothing_else() {
    const ED25519: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    let signer = Signer::new("panoh.example", "s1", ED25519).unwrap();
    let letter = render(&compose(&sample::input()), "tg", &PACK, LINK).unwrap();
    let signed = String::from_utf8(mime(&letter, &envelope(), Some(&signer)).unwrap()).unwrap();
    let plain = String::from_utf8(mime(&letter, &envelope(), None).unwrap()).unwrap();
    let at = signed.find("DKIM-Signature:").unwrap();
    let rest = signed.get(at..).unwrap();
    let end = rest
        .match_indices("\r\n")
        .map(|(i, _)| i + 2)
        .find(|i| !rest.get(*i..).unwrap().starts_with([' ', '\t']));
    let header = rest.get(..end.unwrap()).unwrap();
    assert_eq!(signed.replacen(header, "", 1), plain);
    let header: String = header.split_whitespace().collect();
    for said in [
        "a=ed25519-sha256;",
        "d=panoh.example;",
        "s=s1;",
        "c=relaxed/relaxed;",
        "list-unsubscribe-post",
    ] {
        assert!(header.contains(said), "{header}");
    }
    for (domain, selector, key) in [
        ("panoh.example; x=1", "s1", ED25519),
        ("panoh.example", "", ED25519),
        ("panoh.example", "s1", "no key"),
        (
            "panoh.example",
            "s1",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ),
    ] {
        assert!(Signer::new(domain, selector, key).is_err());
    }
}

#[test]
fn tables_travel_as_they_were_frozen_and_the_same_digest_gives_the_same_bytes() {
    let content = compose(&sample::of(Cadence::HalfYearly));
    for language in languages() {
        let (table, book) = (
            csv(&content, language, &PACK).unwrap(),
            xlsx(&content, language, &PACK).unwrap(),
        );
        assert!(table == csv(&content, language, &PACK).unwrap());
        assert!(book == xlsx(&content, language, &PACK).unwrap(), "no hour of its own");
        let letter = Rendered {
            files: vec![
                Attached {
                    format: Format::Csv,
                    bytes: table.clone(),
                },
                Attached {
                    format: Format::Xlsx,
                    bytes: book.clone(),
                },
            ],
            ..render(&content, language, &PACK, LINK).unwrap()
        };
        let raw = mime(&letter, &envelope(), None).unwrap();
        let parsed = MessageParser::default().parse(&raw).unwrap();
        let files: Vec<(&str, &[u8])> = (parsed.attachments())
            .filter_map(|part| Some((part.attachment_name()?, part.contents())))
            .filter(|(name, _)| *name != "chart.png")
            .collect();
        let wanted: [(&str, &[u8]); 2] = [("panoh-2026-11-22.csv", &table), ("panoh-2026-11-22.xlsx", &book)];
        assert_eq!(files, wanted);
        let rows = crate::sheets::read(Format::Csv, &table).unwrap();
        assert!(rows.iter().all(|row| row.len() == 4), "one value per row");
        let words: Vec<&str> = rows.iter().filter_map(|row| row.last()).map(String::as_str).collect();
        assert!(
            words.contains(&"62") && words.contains(&"<5") && words.contains(&"…"),
            "free beds, and what is hidden"
        );
        assert!(crate::sheets::read(Format::Xlsx, &book).unwrap().len() > 4);
    }
}
