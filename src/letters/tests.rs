//! Letters as their readers find them: the same numbers in both parts, nothing fetched, small enough, in good language.

mod bytes;
mod fixture;
mod hostile;

use mail_parser::MessageParser;

use super::words::Words;
use super::*;
use crate::domain::digests::{Content, Count, Exception, compose, sample};
use fixture::{LINK, PACK, envelope, languages_each};

/// Every number a reader must find.
fn numbers(content: &Content) -> Vec<u64> {
    let mut all: Vec<u64> = Vec::new();
    for t in content.regions.iter().map(|line| &line.totals).chain([&content.totals]) {
        all.extend(
            [
                t.beds,
                t.occupied,
                t.held,
                t.enclosed,
                t.out_of_service,
                t.free,
                t.over_capacity,
                t.family_places,
            ]
            .map(u64::from),
        );
        all.extend([t.shelters.fresh, t.shelters.total].map(u64::from));
    }
    let change = content.change.unwrap();
    all.extend([change.free.unsigned_abs(), change.family_places.unsigned_abs()]);
    all.extend(
        content
            .trend
            .as_ref()
            .unwrap()
            .points
            .iter()
            .map(|point| u64::from(point.free)),
    );
    all.extend([content.reporting.reported, content.reporting.of].map(u64::from));
    let demand = content.demand.unwrap();
    for count in [demand.opened, demand.placed] {
        all.push(match count {
            Count::Exact(n) | Count::Below(n) => n,
        });
    }
    all.push(demand.median_minutes.unwrap().into());
    let unmet = content.unmet.as_ref().unwrap();
    all.extend(unmet.reasons.iter().map(|line| line.count).chain(unmet.joined));
    all.extend(
        content
            .supplies
            .iter()
            .flat_map(|line| [line.critical, line.low])
            .map(u64::from),
    );
    let standard = content.standard.unwrap();
    all.extend([
        u64::from(standard.places),
        standard.required,
        standard.gap,
        standard.population,
    ]);
    let q = content.quality;
    all.extend([q.shelters, q.fresh, q.aging, q.stale, q.silent].map(u64::from));
    all
}

/// The words of a page without its tags and style, entities undone.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut out = String::new();
    for part in body.split('<') {
        out.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        out.push(' ');
    }
    out.replace("&#8202;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#95;", "_")
        .replace("&amp;", "&")
}

/// Digits in groups are one number; whatever is no digit ends it.
fn printed(text: &str) -> Vec<u64> {
    let joined: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut number = String::new();
    for (i, c) in joined.iter().enumerate() {
        let digit_after = joined.get(i + 1).is_some_and(char::is_ascii_digit);
        match c {
            c if c.is_ascii_digit() => number.push(*c),
            '\u{a0}' if !number.is_empty() && digit_after => {}
            ',' if !number.is_empty() && digit_after => {}
            _ => {
                out.extend(number.parse::<u64>().ok());
                number.clear();
            }
        }
    }
    out.extend(number.parse::<u64>().ok());
    out
}

#[test]
fn every_number_stands_in_both_parts_and_both_parts_say_the_same() {
    let content = compose(&sample::input());
    let count = |all: &[u64], n: u64| all.iter().filter(|m| **m == n).count();
    languages_each(|language, letter| {
        let (html, text) = (printed(&visible(&letter.html)), printed(&letter.text));
        for n in numbers(&content) {
            assert!(count(&html, n) > 0, "{language} html lacks {n}");
            assert!(count(&text, n) > 0, "{language} text lacks {n}");
        }
        let mut distinct: Vec<u64> = html.iter().chain(&text).copied().collect();
        distinct.sort_unstable();
        distinct.dedup();
        for n in distinct {
            assert_eq!(
                count(&html, n) > 0,
                count(&text, n) > 0,
                "{language} {n} in one part only"
            );
        }
    });
}

#[test]
fn small_light_closed_and_in_its_language() {
    languages_each(|language, letter| {
        let html = &letter.html;
        assert!(html.len() <= 60_000, "{language}: {}", html.len());
        let whole = mime(letter, &envelope()).unwrap();
        assert!(whole.len() <= 300_000, "{language}: {}", whole.len());
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
        // One address in the whole letter, that of the button.
        assert_eq!(html.matches("https://").count(), html.matches(LINK).count());
        assert_eq!(html.matches("href=").count(), 1);
        assert_eq!(html.matches("src=").count(), 1);
        assert!(html.contains(&format!("src=\"cid:{CHART_ID}\"")));
        assert!(html.contains("light only"));
    });
}

#[test]
fn the_subject_is_constant_and_tells_nothing() {
    let mut input = sample::input();
    input.delayed = true;
    input.scope = Some("TJ-KT".into());
    for language in languages() {
        let a = render(&compose(&sample::input()), language, &PACK, LINK).unwrap();
        let b = render(&compose(&input), language, &PACK, LINK).unwrap();
        assert_eq!(a.subject, b.subject);
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
    input.unmet = None;
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
        assert_eq!((pixels.width(), pixels.height()), (1120, 440));
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

/// Writes the sample in every language to the folder named in `PANOH_LETTER_SAMPLES`, to be looked at.
#[test]
#[ignore = "for the eye: PANOH_LETTER_SAMPLES=DIR cargo test --lib samples -- --ignored"]
fn samples() {
    let Ok(folder) = std::env::var("PANOH_LETTER_SAMPLES") else {
        return;
    };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut input = sample::input();
    input.delayed = true;
    let content = compose(&input);
    std::fs::write(
        folder.join("content.json"),
        serde_json::to_string_pretty(&content).unwrap(),
    )
    .unwrap();
    for language in languages() {
        let letter = render(&content, language, &PACK, LINK).unwrap();
        std::fs::write(
            folder.join(format!("{language}.eml")),
            mime(&letter, &envelope()).unwrap(),
        )
        .unwrap();
        std::fs::write(folder.join(format!("{language}.txt")), &letter.text).unwrap();
        std::fs::write(folder.join(format!("{language}.png")), letter.chart_png.unwrap()).unwrap();
        let page = letter
            .html
            .replace(&format!("cid:{CHART_ID}"), &format!("{language}.png"));
        std::fs::write(folder.join(format!("{language}.html")), page).unwrap();
    }
}
