//! Letters as their readers find them: the same numbers in both parts, nothing fetched, small enough, in good language.

mod bytes;
mod fixture;
mod hostile;
mod numbers;

use mail_parser::MessageParser;

use super::words::Words;
use super::*;
use crate::domain::digests::{Cadence, Content, Exception, compose, sample};
use fixture::{LINK, PACK, envelope, languages_each};
use strum::IntoEnumIterator;

/// The largest letters: of half a year, with both tables.
fn whole(cadence: Cadence, language: &str) -> Rendered {
    let content = compose(&sample::of(cadence));
    let file = |format, bytes| Attached { format, bytes };
    Rendered {
        files: vec![
            file(Format::Csv, csv(&content, language, &PACK).unwrap()),
            file(Format::Xlsx, xlsx(&content, language, &PACK).unwrap()),
        ],
        ..render(&content, language, &PACK, LINK).unwrap()
    }
}

#[test]
fn small_light_closed_and_in_its_language() {
    for (cadence, language) in Cadence::iter().flat_map(|cadence| languages().map(move |language| (cadence, language)))
    {
        let letter = &whole(cadence, language);
        let html = &letter.html;
        assert!(html.len() <= 60_000, "{language} {cadence}: {}", html.len());
        let raw = mime(letter, &envelope(), None).unwrap();
        assert!(raw.len() <= 300_000, "{language} {cadence}: {}", raw.len());
        assert!(html.contains(&format!("lang=\"{language}\"")));
        for outside in [
            "http://",
            "url(",
            "<script",
            "<link",
            "@import",
            "prefers-color-scheme",
            "\\u{",
            "<svg",
        ] {
            assert!(
                !html.replace("http://www.w3.org", "").contains(outside),
                "{language} {outside}"
            );
        }
        // Two addresses in the page that all readers share: the button's and the glossary's.
        assert_eq!(html.matches("https://").count(), html.matches(LINK).count());
        assert_eq!(html.matches("href=").count(), 2);
        assert!(html.contains(&format!("href=\"{LINK}glossary\"")) && html.contains(&format!("href=\"{LINK}\"")));
        assert_eq!(html.matches("src=").count(), 1);
        assert!(html.contains(&format!("src=\"cid:{CHART_ID}\"")));
        assert!(html.contains("light only"));
    }
}

#[test]
fn a_letter_in_which_all_is_normal_is_short() {
    for language in languages() {
        let long = render(&compose(&sample::input()), language, &PACK, LINK).unwrap();
        let short = render(&compose(&sample::quiet()), language, &PACK, LINK).unwrap();
        let words = Words::of(language).unwrap();
        for part in [&short.html, &short.text.to_lowercase()] {
            let heading = words.say("normal.heading", &[]);
            assert!(
                part.contains(&heading) || part.contains(&heading.to_lowercase()),
                "{part}"
            );
        }
        assert_eq!((&short.chart_png, &short.alt), (&None, &None));
        assert!(
            short.html.len() * 2 < long.html.len(),
            "{} {}",
            short.html.len(),
            long.html.len()
        );
        assert!(short.text.lines().count() < 50, "{}", short.text);
    }
}

#[test]
fn each_reader_has_a_way_out_of_her_own() {
    let letter = render(&compose(&sample::input()), "en", &PACK, LINK).unwrap();
    let own = mime(&letter, &envelope(), None).unwrap();
    let none = Envelope {
        unsubscribe_url: None,
        ..envelope()
    };
    let none = mime(&letter, &none, None).unwrap();
    let both = |raw: &[u8]| {
        let parsed = MessageParser::default().parse(raw).unwrap();
        (
            parsed.body_html(0).unwrap().into_owned(),
            parsed.body_text(0).unwrap().into_owned(),
        )
    };
    let ((html, text), (plain_html, plain_text)) = (both(&own), both(&none));
    let url = envelope().unsubscribe_url.unwrap();
    assert!(html.contains(&format!("href=\"{url}\"")) && text.contains(&url));
    assert!(text.contains("Receive this digest no longer"));
    assert!(!plain_html.contains(&url) && !plain_text.contains("no longer"));
}

#[test]
fn the_subject_is_constant_and_tells_nothing() {
    let mut input = sample::input();
    input.delayed = true;
    input.scope = Some("TJ-KT".into());
    for language in languages() {
        let a = render(&compose(&sample::input()), language, &PACK, LINK).unwrap();
        let b = render(&compose(&input), language, &PACK, LINK).unwrap();
        let monthly = render(&compose(&sample::of(Cadence::Monthly)), language, &PACK, LINK).unwrap();
        assert_eq!(a.subject, b.subject);
        assert_ne!(a.subject, monthly.subject);
        assert!(!a.subject.chars().any(|c| c.is_ascii_digit()));
    }
}

#[test]
fn late_letters_say_so_in_both_parts() {
    let mut input = sample::input();
    for (delayed, mark) in [(false, false), (true, true)] {
        input.delayed = delayed;
        let letter = render(&compose(&input), "en", &PACK, LINK).unwrap();
        let words = "Sent late. Figures as of 22 November 2026, 08:30.";
        assert_eq!((letter.html.contains(words), letter.text.contains(words)), (mark, mark));
    }
}

#[test]
fn a_digest_of_nothing_still_prints() {
    let mut input = sample::input();
    input.regions.clear();
    input.series.clear();
    input.previous = None;
    input.silent.clear();
    input.missing.clear();
    input.supplies.clear();
    input.people = None;
    input.expected = 0;
    for language in languages() {
        let letter = render(&compose(&input), language, &PACK, LINK).unwrap();
        assert_eq!((letter.chart_png.is_none(), letter.alt), (true, None));
        let raw = mime(
            &Rendered {
                alt: None,
                ..render(&compose(&input), language, &PACK, LINK).unwrap()
            },
            &envelope(),
            None,
        );
        assert!(MessageParser::default().parse(&raw.unwrap()).is_some());
        assert!(!letter.html.contains("<img"));
    }
}

#[test]
fn a_tajik_noun_stays_singular_and_russian_declines() {
    let mut input = sample::input();
    let line = |input: &crate::domain::digests::DigestInput, language: &str| {
        render(&compose(input), language, &PACK, LINK).unwrap().text
    };
    input.expected = 21;
    assert!(line(&input, "ru").contains("Отчитались 18 из 21 убежища."));
    input.expected = 24;
    assert!(line(&input, "ru").contains("Отчитались 21 из 24 убежищ."));
    assert!(line(&input, "tg").contains("Аз 24 паноҳгоҳ 21 ҳисобот дод."));
    assert!(line(&input, "tg").contains("22 ноябри соли 2026"));
}

#[test]
fn the_chart_is_opaque_sharp_and_described() {
    languages_each(|_, letter| {
        let png = letter.chart_png.as_ref().unwrap();
        let pixels = resvg::tiny_skia::Pixmap::decode_png(png).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (1120, 500));
        assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 255));
        let alt = letter.alt.as_ref().unwrap();
        for n in ["92", "62", "58"] {
            assert!(alt.contains(n), "{alt}");
        }
        assert!(letter.html.contains(&format!("alt=\"{}\"", html::escape(alt))));
    });
}

#[test]
fn text_lines_fit_a_terminal() {
    languages_each(|_, letter| {
        for line in letter.text.lines() {
            assert!(line.chars().count() <= 76, "{line}");
        }
    });
}

#[test]
fn every_exception_has_words_for_every_number() {
    let date = "2026-11-18".parse().ok();
    for language in languages() {
        let mut content = compose(&sample::input());
        for n in [1, 2, 5, 21] {
            content.exceptions = vec![
                Exception::OverCapacity {
                    region: "TJ-KT".into(),
                    beds: n,
                },
                Exception::NoFreeBed { region: "TJ-KT".into() },
                Exception::NoFamilyPlace {
                    region: "TJ-KT".into(),
                    free: n,
                },
                Exception::CriticalSupply {
                    item: "soap_bar".into(),
                    shelters: n,
                },
                Exception::OverdueTransfers {
                    transfers: n,
                    longest: "K7QM-2XRT".into(),
                    due_on: "2026-11-18".parse().unwrap(),
                },
                Exception::Silent {
                    shelters: n,
                    longest: "TJ-KT-04".into(),
                    since: date,
                },
                Exception::Silent {
                    shelters: n,
                    longest: "TJ-KT-04".into(),
                    since: None,
                },
                Exception::FewFresh {
                    region: "TJ-KT".into(),
                    fresh: 0,
                    of: n,
                },
                Exception::OutOfService {
                    region: "TJ-KT".into(),
                    beds: n,
                    of: n,
                },
            ];
            content.exceptions_left_out = n;
            let letter = render(&content, language, &PACK, LINK).unwrap();
            assert!(!letter.text.contains("exception."), "{language}: {}", letter.text);
            assert!(!letter.text.contains(['{', '}']), "{language}: {}", letter.text);
        }
        assert!(Words::of(language).is_some());
    }
}

/// Writes a digest of each rhythm in every language to the folder named in `LETTER_SAMPLES`, to be looked at.
#[test]
#[ignore = "for the eye: LETTER_SAMPLES=DIR cargo test --lib samples -- --ignored"]
fn samples() {
    let Ok(folder) = std::env::var("LETTER_SAMPLES") else {
        return;
    };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut all: Vec<(String, Content)> = (Cadence::iter())
        .map(|cadence| (cadence.to_string(), compose(&sample::of(cadence))))
        .collect();
    all.push(("normal".to_owned(), compose(&sample::quiet())));
    let mut late = sample::of(Cadence::Weekly);
    (late.scope, late.delayed) = (Some("TJ-KT".to_owned()), true);
    late.regions.retain(|line| line.region == "TJ-KT");
    all.push(("region".to_owned(), compose(&late)));
    for (name, content) in all {
        for language in languages() {
            let letter = render(&content, language, &PACK, LINK).unwrap();
            let file = |ending: &str| folder.join(format!("{name}-{language}.{ending}"));
            std::fs::write(file("eml"), mime(&letter, &envelope(), None).unwrap()).unwrap();
            std::fs::write(file("txt"), &letter.text).unwrap();
            std::fs::write(file("csv"), csv(&content, language, &PACK).unwrap()).unwrap();
            std::fs::write(file("xlsx"), xlsx(&content, language, &PACK).unwrap()).unwrap();
            let picture = format!("{name}-{language}.png");
            std::fs::write(folder.join(&picture), letter.chart_png.unwrap_or_default()).unwrap();
            std::fs::write(file("html"), letter.html.replace(&format!("cid:{CHART_ID}"), &picture)).unwrap();
        }
    }
}
