//! A message out of a gateway's request. It must not know whether the request proved itself: see `proof`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Gateway, Place};

/// A request as it came to the door.
#[derive(Debug, Clone)]
pub struct Request {
    /// The whole address as the gateway called it, for signatures.
    pub url: String,
    /// What follows the question mark.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What a gateway told: nothing of it is checked but its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub from: String,
    pub text: String,
}

/// Why no message could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// The body is of a type that has no such fields.
    Type(&'static str),
    /// The body is not what its type says.
    Malformed,
    /// `message_id`, `from` or `text` is not there.
    Missing(&'static str),
    /// It is there, and too long or of signs that have no place in it.
    Invalid(&'static str),
}

/// Longest id and sender taken, in characters.
const LONGEST_NAME: usize = 200;

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn media_type(&self) -> &str {
        let whole = self.header("content-type").unwrap_or("");
        whole.split(';').next().unwrap_or("").trim()
    }

    pub(super) fn form(&self) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
        self.media_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            .then(|| form_urlencoded::parse(&self.body).collect())
    }

    fn in_query(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    fn json(&self) -> Result<Value, Unread> {
        if !self.media_type().eq_ignore_ascii_case("application/json") {
            return Err(Unread::Type("application/json"));
        }
        serde_json::from_slice(&self.body).map_err(|_| Unread::Malformed)
    }

    /// The body as text, in the charset its type names; UTF-8 if it names none.
    fn words(&self) -> Result<String, Unread> {
        let whole = self.header("content-type").unwrap_or("").to_lowercase();
        let kind = whole.split(';').next().unwrap_or("").trim();
        if !kind.is_empty() && kind != "text/plain" {
            return Err(Unread::Type("text/plain"));
        }
        let charset = whole.split(';').find_map(|part| part.trim().strip_prefix("charset="));
        match charset.unwrap_or("utf-8").trim_matches('"') {
            "utf-16be" | "utf16-be" | "utf-16" | "ucs-2" | "iso-10646-ucs-2" => {
                let pairs = self.body.chunks(2).map(|pair| match pair {
                    [high, low] => u16::from_be_bytes([*high, *low]),
                    _ => 0xFFFD,
                });
                Ok(char::decode_utf16(pairs).map(|c| c.unwrap_or('\u{FFFD}')).collect())
            }
            "iso-8859-1" | "latin1" => Ok(self.body.iter().map(|byte| char::from(*byte)).collect()),
            _ => String::from_utf8(self.body.clone()).map_err(|_| Unread::Malformed),
        }
    }

    /// What stands at a place; `field` names it in a fault.
    pub(super) fn at(&self, place: &Place, field: &'static str) -> Result<String, Unread> {
        let found = match place {
            Place::Query(name) => self.in_query(name),
            Place::Header(name) => self.header(name).map(str::to_owned),
            Place::Form(name) => {
                let form = self.form().ok_or(Unread::Type("application/x-www-form-urlencoded"))?;
                let value = form.iter().find(|(known, _)| known == name);
                value.map(|(_, value)| value.to_string())
            }
            Place::Json(pointer) => match self.json()?.pointer(pointer) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                Some(Value::Null) | None => None,
                Some(_) => return Err(Unread::Invalid(field)),
            },
            Place::Body => Some(self.words()?),
        };
        found.ok_or(Unread::Missing(field))
    }
}

impl Gateway {
    /// The message a request tells of.
    ///
    /// # Errors
    /// What is not as this gateway was declared to write it.
    pub fn read(&self, request: &Request) -> Result<Message, Unread> {
        let name = |place: &Place, field: &'static str| {
            let value = request.at(place, field)?;
            let fine = !value.is_empty()
                && value.chars().count() <= LONGEST_NAME
                && !value.chars().any(|c| c.is_control() || c == '\u{FFFD}');
            if fine { Ok(value) } else { Err(Unread::Invalid(field)) }
        };
        Ok(Message {
            id: name(&self.id, "message_id")?,
            from: name(&self.from, "from")?,
            text: request.at(&self.text, "text")?,
        })
    }
}
