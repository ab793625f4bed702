//! How letters leave the house: to an SMTP server, into a folder of .eml files (the embedded default), or into memory for
//! tests. Knows bytes and addresses; what a letter says, who gets it and when to try again is decided elsewhere.

mod folder;
mod memory;
mod smtp;
#[cfg(test)]
mod smtp_tests;

pub use memory::{Memory, Sent};
pub use smtp::{LONGEST_DELIVERY, Smtp, SmtpSettings, Timeouts, Tls};

use std::path::PathBuf;

/// One of the ways out.
#[derive(Debug, Clone)]
pub enum Mailer {
    Smtp(Smtp),
    /// Each letter becomes `<message-id>.eml` here; the folder is made when it is not there.
    Folder(PathBuf),
    Memory(Memory),
}

/// What the server said when it took the letter, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
}

/// The letter was not taken, or nobody can say whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{answer}")]
pub struct MailFailure {
    /// The server refused this letter for good. Everything else may be tried again.
    pub permanent: bool,
    /// The answer was lost after the whole letter had gone out: it may have arrived. Sent again, it must carry the same
    /// Message-ID.
    pub uncertain: bool,
    /// One line for the log and the delivery history, without secrets.
    pub answer: String,
}

impl MailFailure {
    pub fn passing(answer: impl Into<String>) -> Self {
        Self {
            permanent: false,
            uncertain: false,
            answer: one_line(&answer.into()),
        }
    }

    pub fn permanent(answer: impl Into<String>) -> Self {
        Self {
            permanent: true,
            uncertain: false,
            answer: one_line(&answer.into()),
        }
    }
}

impl Mailer {
    /// Hands over one letter (`raw`: RFC 5322 text) for one recipient. Takes up to `LONGEST_DELIVERY`.
    pub async fn send(&self, from: &str, to: &str, raw: &[u8]) -> Result<Answer, MailFailure> {
        match self {
            Mailer::Smtp(smtp) => smtp.send(from, to, raw).await,
            Mailer::Folder(path) => folder::send(path, raw).await,
            Mailer::Memory(memory) => memory.send(from, to, raw),
        }
    }
}

/// What a server says may hold line breaks and be long; neither belongs in a log or a list.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.chars().take(LONGEST).collect()
}

/// The Message-ID of a letter without its angle brackets, from its head.
fn message_id(raw: &[u8]) -> Option<&str> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(raw.len());
    let head = std::str::from_utf8(raw.get(..end)?).ok()?;
    head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("message-id")
            .then(|| value.trim().trim_start_matches('<').trim_end_matches('>'))
    })
}
