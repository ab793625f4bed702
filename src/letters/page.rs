//! The pages behind the links of a letter: plain HTML that needs no script and loads nothing, in the letter's language.
//! Who may see one is not this room's business.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::LetterError;
use super::html::escape;
use super::words::Words;
use crate::domain::codes::codes;

codes! {
    /// What such a page asks or says.
    Asked {
        /// Whether she wants the digests.
        Confirm,
        Confirmed,
        /// The link asks nothing any more.
        TooLate,
        /// Whether she wants no more of them.
        Leave,
        Left,
    }
}

impl Asked {
    /// Whether it has a button, which sends the page's own address back.
    pub fn has_button(self) -> bool {
        matches!(self, Self::Confirm | Self::Leave)
    }
}

// The colours of the web app's light theme, as in the letters.
const STYLE: &str = "body{margin:0;background:#faf8f4;color:#1d2527;font:18px/1.5 system-ui,-apple-system,'Segoe UI',\
Roboto,'Noto Sans','DejaVu Sans',Arial,sans-serif}main{max-width:32rem;margin:0 auto;padding:24px 16px}\
h1{font-size:28px;line-height:1.2;margin:24px 0 16px}p{margin:0 0 24px;overflow-wrap:break-word}\
button{font:inherit;font-weight:600;min-height:56px;width:100%;padding:12px 24px;border:0;border-radius:12px;\
background:#0d5f63;color:#fff;cursor:pointer}button:focus-visible{outline:3px solid #1d2527;outline-offset:3px}";

/// What a browser is to allow such a page: its own style by its hash, its own form, and nothing else.
pub fn page_policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Prints a page. Its button posts to the address the page was opened by, without a body.
///
/// # Errors
/// When no letters are written in the language.
pub fn page(asked: Asked, language: &str) -> Result<String, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    let say = |part: &str| escape(&words.say(&format!("page.{asked}.{part}"), &[]));
    let (title, heading, text) = (escape(&words.say("page.title", &[])), say("heading"), say("text"));
    let button = match asked.has_button() {
        true => format!(
            "<form method=\"post\"><button type=\"submit\">{}</button></form>",
            say("button")
        ),
        false => String::new(),
    };
    let language = escape(language);
    Ok(format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{heading}</h1><p>{text}</p>{button}</main></body></html>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letters::languages;
    use strum::IntoEnumIterator;

    #[test]
    fn each_page_is_whole_in_each_language_and_loads_nothing() {
        for language in languages() {
            let mut seen = std::collections::BTreeSet::new();
            for asked in Asked::iter() {
                let html = page(asked, language).unwrap();
                assert!(
                    html.contains(&format!("lang=\"{language}\"")) && !html.contains("page."),
                    "{html}"
                );
                assert_eq!(html.matches("<button").count(), usize::from(asked.has_button()));
                for outside in ["http", "src=", "url(", "<script", "href"] {
                    assert!(!html.contains(outside), "{language} {asked}: {outside}");
                }
                assert!(seen.insert(html));
            }
        }
        assert!(page(Asked::Left, "xx").is_err());
    }

    #[test]
    fn the_policy_allows_the_style_that_is_on_the_page() {
        let html = page(Asked::Leave, "en").unwrap();
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        let hash = STANDARD.encode(Sha256::digest(style));
        assert!(page_policy().contains(&hash));
    }
}
