//! A notice: one sentence and, by mail, one link. It names nobody and nothing and carries no number, so that a screen it
//! lights up on tells a bystander nothing; what it is about is shown after signing in.

use super::html::escape;
use super::words::Words;
use super::{LetterError, Rendered};
use crate::domain::outbox::{NoticeKind, Via};

// The colours of the web app's light theme, as in the digest.
const INK: &str = "#1d2527";
const SOFT: &str = "#5b6669";
const PAPER: &str = "#faf8f4";
const TEAL: &str = "#0d5f63";

/// Prints a notice for the way it goes; by other ways than mail it has a text alone. `link` is the address to sign in at.
///
/// # Errors
/// When no letters are written in the language.
pub fn notice(kind: NoticeKind, via: Via, language: &str, link: &str) -> Result<Rendered, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    let say = |key: &str| words.say(key, &[]);
    let short = |text: String| Rendered {
        language: language.to_owned(),
        subject: String::new(),
        html: String::new(),
        text,
        chart_png: None,
        alt: None,
        files: Vec::new(),
    };
    match via {
        Via::Mail => {}
        Via::Sms => return Ok(short(say(&format!("notice_sms.{kind}")))),
        Via::Push => return Ok(short(say(&format!("notice.{kind}")))),
    }
    Ok(mail(kind, words, language, link, ""))
}

/// Prints the letter that carries an anchor of the audit, line by line as it is kept.
///
/// # Errors
/// When no letters are written in the language.
pub fn anchor(language: &str, lines: &str) -> Result<Rendered, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    Ok(mail(NoticeKind::Anchored, words, language, "", lines))
}

fn mail(kind: NoticeKind, words: &Words, language: &str, link: &str, lines: &str) -> Rendered {
    let say = |key: &str| words.say(key, &[]);
    let of = match kind {
        // Who cannot sign in answers on a page of its own.
        NoticeKind::ReaderConfirms => "reader",
        NoticeKind::Anchored => "anchor",
        NoticeKind::Invited => "invited",
        NoticeKind::ResetAsked => "reset",
        _ => "notice",
    };
    let (told, footer) = (say(&format!("notice.{kind}")), say(&format!("{of}.footer")));
    // Those outside who keep anchors have no account to sign in to.
    let button = match kind {
        NoticeKind::Anchored => String::new(),
        _ => say(&format!("{of}.button")),
    };
    let subject = say("notice.subject");
    let block = if lines.is_empty() {
        String::new()
    } else {
        format!("{lines}\n")
    };
    let way = match button.as_str() {
        "" => "\n".to_owned(),
        button => format!("{button}:\n{link}\n\n"),
    };
    Rendered {
        language: language.to_owned(),
        html: html(language, &subject, [&told, lines, &button, &footer], link),
        text: format!("{told}\n\n{block}{way}-- \n{footer}\n"),
        subject,
        chart_png: None,
        alt: None,
        files: Vec::new(),
    }
}

fn html(language: &str, subject: &str, [told, lines, button, footer]: [&str; 4], link: &str) -> String {
    let [language, subject, told, button, footer, link] = [language, subject, told, button, footer, link].map(escape);
    let lines = match lines {
        "" => String::new(),
        lines => format!(
            r#"<pre style="margin:0 0 20px;font-size:12px;white-space:pre-wrap;overflow-wrap:anywhere;">{}</pre>"#,
            escape(lines)
        ),
    };
    let way = match button.as_str() {
        "" => String::new(),
        button => format!(
            r#"<p style="margin:0 0 24px;"><a href="{link}" style="display:inline-block;padding:16px 24px;border-radius:12px;background-color:{TEAL};color:#ffffff;font-weight:600;text-decoration:none;">{button}</a></p>"#
        ),
    };
    format!(
        r#"<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light only"><title>{subject}</title></head><body style="margin:0;padding:24px 16px;background-color:{PAPER};color:{INK};font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',Arial,sans-serif;font-size:16px;line-height:1.45;"><p style="margin:0 0 20px;">{told}</p>{lines}{way}<p style="margin:0;color:{SOFT};font-size:13px;">{footer}</p></body></html>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letters::languages;
    use strum::IntoEnumIterator;

    #[test]
    fn each_kind_is_one_sentence_and_one_link_in_each_language() {
        const LINK: &str = "https://panoh.example/";
        for language in languages() {
            let mut told = std::collections::BTreeSet::new();
            for kind in NoticeKind::iter() {
                let letter = notice(kind, Via::Mail, language, LINK).unwrap();
                assert!(!letter.text.contains("notice."), "{language} {kind}: {}", letter.text);
                let words = letter.text.replace(LINK, "").replace("Panoh", "");
                assert!(!words.chars().any(|c| c.is_ascii_digit()), "{words}");
                if language != "en" {
                    assert!(!words.chars().any(|c| c.is_ascii_alphabetic()), "{language}: {words}");
                }
                // Whom an anchor is sent to has no account.
                let links = usize::from(kind != NoticeKind::Anchored);
                assert_eq!(
                    (letter.html.matches("http").count(), letter.text.matches("http").count()),
                    (links, links)
                );
                assert!(!letter.html.contains("<img") && !letter.html.contains("url("));
                assert!(
                    letter.text.lines().all(|line| line.chars().count() <= 78),
                    "{}",
                    letter.text
                );
                assert_eq!(
                    letter.subject,
                    notice(NoticeKind::Asked, Via::Mail, language, LINK).unwrap().subject
                );
                told.insert(letter.text);
            }
            assert_eq!(told.len(), NoticeKind::iter().count(), "each kind has words of its own");
        }
        assert!(notice(NoticeKind::Asked, Via::Mail, "xx", LINK).is_err());
    }

    #[test]
    fn to_a_phone_goes_one_short_sentence_that_tells_a_bystander_nothing() {
        for language in languages() {
            for kind in NoticeKind::iter() {
                for via in kind.ways().iter().filter(|via| **via != Via::Mail) {
                    let letter = notice(kind, *via, language, "https://panoh.example/").unwrap();
                    assert_eq!((letter.subject.as_str(), letter.html.as_str()), ("", ""));
                    let text = letter.text;
                    assert!(
                        !text.contains("notice") && !text.contains("http") && !text.contains('\n'),
                        "{text}"
                    );
                    assert!(!text.chars().any(|c| c.is_ascii_digit()), "{text}");
                    // One message of a text in Cyrillic.
                    assert!(
                        *via != Via::Sms || text.chars().count() <= 70,
                        "{language} {kind}: {text}"
                    );
                    let latin = text.replace("Panoh", "").chars().any(|c| c.is_ascii_alphabetic());
                    assert!(!latin || language == "en", "{text}");
                    assert_eq!(
                        *via == Via::Sms && kind == NoticeKind::ReportDue,
                        text.contains('='),
                        "{text}"
                    );
                }
            }
        }
    }
}
