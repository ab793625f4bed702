//! JSON bodies: bounded in size and time, strict in shape, and refused by the name of the field.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest, web};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::problem::Problem;
use super::twins::{NoTwins, is_json};
use super::{Patience, State};
use crate::services::once::Key;

/// Largest body taken where a route names no other, in bytes.
const LIMIT: usize = 64 * 1024;

/// Deepest nesting taken.
const DEEPEST: u32 = 32;

/// A parsed JSON body of at most `MOST` bytes, and the key under which its answer is kept.
pub struct Body<T, const MOST: usize = LIMIT> {
    pub value: T,
    bytes: BytesMut,
    key: Option<String>,
    route: String,
}

impl<T, const MOST: usize> Body<T, MOST> {
    /// The Idempotency-Key, if the client gave one.
    pub fn key(&self) -> Option<Key> {
        self.key.clone().map(|key| Key::new(key, &self.route, &self.bytes))
    }

    /// The Idempotency-Key where one is required.
    pub fn required_key(&self) -> Result<Option<Key>, Problem> {
        match self.key() {
            None => Err(Problem::field(
                "Idempotency-Key",
                "required",
                "send a fresh random key with each new request",
            )),
            key => Ok(key),
        }
    }
}

impl<T: DeserializeOwned + 'static, const MOST: usize> FromRequest for Body<T, MOST> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let checked = check_headers(request);
        let route = format!("{} {}", request.method(), request.path());
        let patience = patience(request);
        Box::pin(async move {
            let key = checked?;
            let bytes = in_time(payload, MOST, patience).await?;
            Ok(Self {
                value: parse(&bytes)?,
                bytes,
                key,
                route,
            })
        })
    }
}

/// A body of any type, of at most `MOST` bytes and in the same time: for those whose shapes are not ours.
pub struct Bytes<const MOST: usize = LIMIT>(pub BytesMut);

impl<const MOST: usize> FromRequest for Bytes<MOST> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = payload.take();
        let patience = patience(request);
        Box::pin(async move { Ok(Self(in_time(payload, MOST, patience).await?)) })
    }
}

fn patience(request: &HttpRequest) -> Duration {
    let state = request.app_data::<web::Data<State>>();
    state.map_or_else(Patience::default, |state| state.patience).body
}

async fn in_time(payload: Payload, most: usize, patience: Duration) -> Result<BytesMut, Problem> {
    tokio::time::timeout(patience, read(payload, most)).await.map_err(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "The body did not arrive in time.",
        )
    })?
}

fn check_headers(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "json_only",
            "Send application/json.",
        ));
    }
    let Some(key) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (8..=80).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Problem::field(
            "Idempotency-Key",
            "malformed",
            "8 to 80 printable ASCII characters",
        )),
    }
}

async fn read(mut payload: Payload, most: usize) -> Result<BytesMut, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|e| Problem::bad_request("body_broken", e.to_string()))?;
        if bytes.len() + chunk.len() > most {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("At most {} kB.", most / 1024),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Parses strictly: what is no JSON is a 400, what is JSON of another shape a 422 that names the field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if is_too_deep(bytes) {
        return Err(Problem::bad_request("too_deep", "The JSON is nested too deeply."));
    }
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[') && is_json(bytes) {
        // Serde would take a list for an object, its values in the order of the fields.
        return Err(Problem::field("body", "wrong_type", "an object, not a list"));
    }
    // A struct refuses a field twice by itself; a map would take the last.
    let mut json = serde_json::Deserializer::from_slice(bytes);
    if let Err(error) = serde_path_to_error::deserialize::<_, NoTwins>(&mut json)
        && error.inner().classify() == Category::Data
    {
        return Err(of_shape(&error.path().to_string(), &error.inner().to_string()));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => of_shape(&path, &inner.to_string()),
            // An enum that is given a number fails as if it were no JSON.
            _ if is_json(bytes) => Problem::field(path, "wrong_type", "of another type"),
            _ => Problem::bad_request("malformed_json", "The body is not JSON."),
        }
    })?;
    json.end()
        .map_err(|_| Problem::bad_request("malformed_json", "Something follows the JSON value."))?;
    Ok(value)
}

/// Whether brackets are nested beyond what any body of ours needs; those within texts do not count.
fn is_too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_u32, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return true;
        }
    }
    false
}

/// Serde tells of missing, unknown and doubled fields at their parent; here they get their own name.
fn of_shape(path: &str, message: &str) -> Problem {
    let named = |start: &str| {
        message
            .strip_prefix(start)
            .and_then(|rest| rest.split('`').next())
            .map(|name| match path {
                "." => name.to_owned(),
                parent if parent.ends_with(&format!(".{name}")) || parent == name => parent.to_owned(),
                parent => format!("{parent}.{name}"),
            })
    };
    let (field, code) = if let Some(field) = named("missing field `") {
        (field, "required")
    } else if let Some(field) = named("unknown field `") {
        (field, "unknown_field")
    } else if let Some(field) = named("duplicate field `") {
        (field, "duplicate_field")
    } else if message.starts_with("unknown variant") {
        (path.to_owned(), "unknown_value")
    } else {
        (path.to_owned(), "wrong_type")
    };
    let detail = message.split(" at line ").next().unwrap_or(message).to_owned();
    // A key may be empty, and a field that nobody can read names nothing.
    let field = if matches!(field.as_str(), "." | "") {
        "body".to_owned()
    } else {
        field
    };
    Problem::field(field, code, detail)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::{is_too_deep, parse};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Outer {
        n: u16,
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Inner {
        beds: u16,
    }

    fn field_of(json: &str) -> (u16, String, String) {
        let problem = parse::<Outer>(json.as_bytes()).unwrap_err();
        problem
            .errors
            .first()
            .map_or((problem.status, String::new(), problem.code.clone()), |e| {
                (problem.status, e.field.clone(), e.code.clone())
            })
    }

    #[test]
    fn faults_are_told_by_the_field() {
        let cases = [
            (r#"{"n":1,"inner":[{"beds":-1}]}"#, "inner[0].beds", "wrong_type"),
            (
                r#"{"n":1,"inner":[{"beds":9223372036854775808}]}"#,
                "inner[0].beds",
                "wrong_type",
            ),
            (r#"{"n":1,"inner":[{"beds":1.5}]}"#, "inner[0].beds", "wrong_type"),
            (r#"{"n":1,"inner":[{"beds":"5"}]}"#, "inner[0].beds", "wrong_type"),
            (r#"{"n":1,"inner":[{"beds":null}]}"#, "inner[0].beds", "wrong_type"),
            (r#"{"n":1,"inner":[{}]}"#, "inner[0].beds", "required"),
            (r#"{"inner":[]}"#, "n", "required"),
            (r#"{"n":1,"inner":[],"x":2}"#, "x", "unknown_field"),
            (r#"{"n":1,"inner":[{"beds":1,"y":2}]}"#, "inner[0].y", "unknown_field"),
            (r#"{"n":1,"n":2,"inner":[]}"#, "n", "duplicate_field"),
            (r#"{"n":1,"inner":[],"":2}"#, "body", "unknown_field"),
            ("[1, []]", "body", "wrong_type"),
            ("3", "body", "wrong_type"),
        ];
        for (json, field, code) in cases {
            assert_eq!(field_of(json), (422, field.to_owned(), code.to_owned()), "{json}");
        }
    }

    #[test]
    fn a_key_twice_is_refused_in_maps_too() {
        let twice = [
            (r#"{"a":1,"a":2}"#, "a"),
            (r#"{"a":{"b":[{"c":1},{"d":1,"d":null}]}}"#, "a.b[1].d"),
            (r#"{"a":1,"\u0061":2}"#, "a"),
        ];
        for (json, field) in twice {
            let problem = parse::<BTreeMap<String, serde_json::Value>>(json.as_bytes()).unwrap_err();
            let told: Vec<_> = problem
                .errors
                .iter()
                .map(|e| (e.field.as_str(), e.code.as_str()))
                .collect();
            assert_eq!(told, [(field, "duplicate_field")], "{json}");
        }
        assert!(parse::<BTreeMap<String, serde_json::Value>>(br#"{"a":{"b":1},"b":[{"b":1},{"b":1}]}"#).is_ok());
    }

    #[test]
    fn what_is_no_json_is_a_bad_request() {
        let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
        assert!(!is_too_deep(
            br#"{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[[[[[[[["}"#
        ));
        for json in ["", "{", "{\"n\":1,\"inner\":[]} x", deep.as_str(), "\u{feff}{}"] {
            assert_eq!(parse::<Outer>(json.as_bytes()).unwrap_err().status, 400, "{json:.20}");
        }
        assert_eq!(field_of("{").0, 400);
    }
}
