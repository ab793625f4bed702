//! Letters: a digest's frozen numbers become a subject, an HTML page, a plain text, a picture and at last the bytes that
//! travel. Pure functions: the same content, language and names give the same bytes. What a digest says is decided in
//! `domain`; who gets it, when, and through which server is not this room's business.

mod chart;
mod findings;
mod html;
mod mime;
mod notice;
mod page;
mod people;
mod sections;
mod signer;
mod sms;
mod tables;
mod text;
mod view;
mod words;

#[cfg(test)]
mod tests;

pub use mime::{Envelope, mime};
pub use notice::{anchor, notice};
pub use page::{Asked, page, page_policy};
pub use signer::{Signer, SignerFault};
pub use sms::{Reply, Rooms, sms};
pub use tables::{csv, xlsx};
pub use words::languages;

use crate::domain::digests::Content;
use crate::sheets::{Format, SheetFault};
use words::Words;

/// Content-ID of the chart inside its letter.
pub(crate) const CHART_ID: &str = "chart@panoh";

/// Names for the codes a digest holds: the country pack's. A name that is not known prints as its code.
pub trait Names {
    fn region(&self, code: &str, language: &str) -> Option<String>;
    fn item(&self, code: &str, language: &str) -> Option<String>;
}

/// One letter's parts in one language, the same for every recipient who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub language: String,
    /// Neutral, and always the same for a rhythm: it shows on locked screens.
    pub subject: String,
    /// Refers to the chart as `cid:chart@panoh`.
    pub html: String,
    pub text: String,
    /// PNG, 1120 pixels wide for 560; `None` when there are not yet two days to draw.
    pub chart_png: Option<Vec<u8>>,
    /// What the chart shows, in words.
    pub alt: Option<String>,
    /// Tables that travel with it.
    pub files: Vec<Attached>,
}

/// A file that travels with a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    pub format: Format,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("no messages in language {0:?}")]
    UnknownLanguage(String),
    #[error("the letter's page could not be laid out: {0}")]
    Layout(String),
    #[error("the chart could not be drawn: {0}")]
    Chart(String),
    #[error("{field} cannot stand in a letter's head")]
    Header { field: &'static str },
    #[error("the letter could not be put together: {0}")]
    Message(#[from] lettre::error::Error),
    #[error(transparent)]
    Table(#[from] SheetFault),
}

/// Prints a digest. `link` is the whole address of the app, with the slash at its end: where the button leads, and below
/// it the glossary.
pub fn render(content: &Content, language: &str, names: &dyn Names, link: &str) -> Result<Rendered, LetterError> {
    let words = Words::of(language).ok_or_else(|| LetterError::UnknownLanguage(language.to_owned()))?;
    let view = view::view(content, words, names, link);
    let alt = view.alt().map(str::to_owned);
    let chart_png = match &content.trend {
        Some(trend) if alt.is_some() => Some(chart::png(&chart::svg(trend, words))?),
        _ => None,
    };
    Ok(Rendered {
        language: language.to_owned(),
        subject: words.say(&format!("subject.{}", content.cadence), &[]),
        html: html::html(&view)?,
        text: text::text(&view),
        chart_png,
        alt,
        files: Vec::new(),
    })
}
