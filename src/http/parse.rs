//! Small parsers at the door: text, hours, versions, pages. Each fault is told by the name of its field.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::Problem;
use crate::domain::errors::FieldError;

/// Gathers the faults of a body, so that all are told at once.
#[derive(Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError::new(field, code, detail));
    }

    pub fn extend(&mut self, errors: Vec<FieldError>) {
        self.0.extend(errors);
    }

    /// Trims and checks a text: its length in characters, and that nothing in it steers a terminal or a mail header.
    pub fn text(&mut self, field: &str, value: &str, min: usize, max: usize) -> String {
        let value = value.trim();
        let n = value.chars().count();
        if value.chars().any(is_steering) {
            self.add(field, "control_character", "no control or direction characters");
        } else if n < min {
            self.add(field, "too_short", format!("at least {min} characters"));
        } else if n > max {
            self.add(field, "too_long", format!("at most {max} characters"));
        }
        value.to_owned()
    }

    pub fn hour(&mut self, field: &str, value: &str) -> NaiveTime {
        NaiveTime::parse_from_str(value, "%H:%M").unwrap_or_else(|_| {
            self.add(field, "malformed", "an hour such as 08:30");
            NaiveTime::MIN
        })
    }

    /// An address mail can be sent to: one @, no spaces, a dot behind it.
    pub fn email(&mut self, field: &str, value: &str) -> String {
        let value = self.text(field, value, 3, 254).to_lowercase();
        if value.parse::<lettre_address::Plain>().is_err() {
            self.add(field, "malformed", "an e-mail address");
        }
        value
    }

    pub fn within<T: PartialOrd + std::fmt::Display>(&mut self, field: &str, value: T, low: T, high: T) -> T {
        if value < low || value > high {
            self.add(field, "out_of_range", format!("{low} to {high}"));
        }
        value
    }

    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.into()) }
    }
}

/// Control characters, zero-width characters and those that turn the direction of writing.
fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// A plain address, judged without a mail library: the door knows no mail.
mod lettre_address {
    pub struct Plain;

    impl std::str::FromStr for Plain {
        type Err = ();

        fn from_str(text: &str) -> Result<Self, ()> {
            let (local, domain) = text.rsplit_once('@').ok_or(())?;
            let local_ok = !local.is_empty()
                && local.len() <= 64
                && local
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
                && !local.starts_with('.')
                && !local.ends_with('.')
                && !local.contains("..");
            let label_ok = |label: &str| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            if local_ok && domain.contains('.') && domain.split('.').all(label_ok) {
                Ok(Self)
            } else {
                Err(())
            }
        }
    }
}

/// An id in the path. What is no id is nothing that exists.
pub fn id<T: From<Uuid>>(text: &str) -> Result<T, Problem> {
    Uuid::try_parse(text).map(T::from).map_err(|_| Problem::not_found())
}

/// The version the client read, from `If-Match: "<version>"`.
pub fn if_match(request: &HttpRequest) -> Result<i64, Problem> {
    let value = request.headers().get(header::IF_MATCH).ok_or_else(|| {
        Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if_match_required",
            "Send If-Match with the version you read.",
        )
    })?;
    value
        .to_str()
        .ok()
        .and_then(|text| text.trim().trim_start_matches("W/").trim_matches('"').parse().ok())
        .ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "It was changed since you read it.",
            )
        })
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Most items of the answer, 1 to 50.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    pub fn limit(&self) -> Result<u64, Problem> {
        let limit = self.limit.unwrap_or(50);
        if (1..=50).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::field("limit", "out_of_range", "1 to 50"))
        }
    }

    /// A cursor that is a number (of milliseconds, or in a sequence).
    pub fn number(&self) -> Result<Option<i64>, Problem> {
        self.cursor
            .as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| Problem::field("cursor", "malformed", "a cursor as it was given"))
            })
            .transpose()
    }

    /// A cursor that is a moment.
    pub fn moment(&self) -> Result<Option<crate::domain::id::Moment>, Problem> {
        let Some(millis) = self.number()? else {
            return Ok(None);
        };
        match chrono::DateTime::from_timestamp_millis(millis) {
            Some(moment) => Ok(Some(moment)),
            None => Err(Problem::field("cursor", "malformed", "a cursor as it was given")),
        }
    }

    /// A cursor that is an id.
    pub fn id<T: From<Uuid>>(&self) -> Result<Option<T>, Problem> {
        let read =
            |text| Uuid::try_parse(text).map_err(|_| Problem::field("cursor", "malformed", "a cursor as it was given"));
        Ok(self.cursor.as_deref().map(read).transpose()?.map(T::from))
    }

    /// A cursor that is a code.
    pub fn code(&self) -> Result<Option<&str>, Problem> {
        match self.cursor.as_deref() {
            Some(code) if code.len() > 80 || code.chars().any(is_steering) => {
                Err(Problem::field("cursor", "malformed", "a cursor as it was given"))
            }
            code => Ok(code),
        }
    }
}

/// A list of states by commas; none is any.
pub fn states<T: std::str::FromStr>(asked: Option<&str>) -> Result<Vec<T>, Problem> {
    let unknown = || Problem::field("state", "unknown_value", "a state as it is given, or several by commas");
    let words = asked.into_iter().flat_map(|text| text.split(','));
    words.map(|word| word.parse().map_err(|_| unknown())).collect()
}

/// A list's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Everything there is.
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }

    /// A page that goes on if it is full; `cursor` names where after its last item.
    pub fn cut(items: Vec<T>, limit: u64, cursor: impl Fn(&T) -> String) -> Self {
        let full = u64::try_from(items.len()).unwrap_or(u64::MAX) >= limit;
        let next_cursor = if full { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}

/// The query string, strictly: an unknown or malformed parameter is named.
pub fn query<T: serde::de::DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = actix_web::web::Query::from_query(request.query_string())
        .map(actix_web::web::Query::into_inner)
        .map_err(|_| Problem::field("query", "malformed", "a query string"))?;
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.chars().any(is_steering)) {
        return Err(Problem::field(
            name.clone(),
            "control_character",
            "no control or direction characters",
        ));
    }
    let read = serde::de::value::MapDeserializer::new(pairs.into_iter().map(|(k, v)| (k, Loose(v))));
    serde_path_to_error::deserialize(read).map_err(|error: serde_path_to_error::Error<serde::de::value::Error>| {
        let path = error.path().to_string();
        let message = error.inner().to_string();
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next());
        match unknown {
            Some(name) => Problem::field(name, "unknown_field", message.clone()),
            None => Problem::field(path, "wrong_type", message),
        }
    })
}

/// A query value: text that reads as whatever the field wants.
struct Loose(String);

impl<'de> serde::de::IntoDeserializer<'de, serde::de::value::Error> for Loose {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> serde::Deserializer<'de> for Loose {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_u64<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.parse() {
            Ok(n) => visitor.visit_u64(n),
            Err(_) => Err(serde::de::Error::custom("a whole number from 0 up")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A short remark: at most 200 characters, no run of digits that could be somebody's number, whatever stands between them
/// but letters, and no mail address.
pub fn note(faults: &mut Faults, field: &str, value: &str) -> String {
    let note = faults.text(field, value, 0, 200);
    let mut digits = 0;
    for c in note.chars() {
        digits = match c {
            c if c.is_numeric() => digits + 1,
            c if c.is_alphabetic() => 0,
            _ => digits,
        };
        if digits >= 5 {
            faults.add(field, "looks_like_a_number", "no telephone or document numbers");
            break;
        }
    }
    if note.contains(['@', '\u{ff20}', '\u{fe6b}']) {
        faults.add(field, "looks_like_an_address", "no mail addresses or account names");
    }
    note
}
