//! Messages on their way out, through a gateway's send API. What the gateway says is kept as its status alone: its words
//! may repeat the number and the message.

use std::sync::Arc;

use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;

use super::{Memory, SendSettings};

/// The message was not taken, or nobody can say whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{answer}")]
pub struct SmsFailure {
    /// Refused for good. Everything else may be tried again, if it is not `uncertain`.
    pub permanent: bool,
    /// The answer was lost after the request had gone out: it may have been sent. A text message has no id by which the
    /// second would be known for the first, so who sends it again may send it twice.
    pub uncertain: bool,
    /// One line, without number and words.
    pub answer: String,
}

/// The way out.
#[derive(Debug, Clone)]
pub enum Sender {
    Http(Arc<Http>),
    Memory(Memory),
}

/// Gateways that send, each by its own call.
pub struct Http {
    client: Client,
    ways: Vec<(String, Way)>,
}

struct Way {
    method: Method,
    url: Url,
    settings: SendSettings,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.ways.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Http").field("gateways", &names).finish_non_exhaustive()
    }
}

impl Http {
    /// `ways` are gateways by name with how they are asked to send; the first one also sends for those that cannot.
    ///
    /// # Errors
    /// A line that names the gateway and what in its declaration cannot be taken.
    pub fn new(client: Client, ways: Vec<(String, SendSettings)>) -> Result<Self, String> {
        let ways = ways.into_iter().map(|(name, settings)| {
            let way = Way::new(settings).map_err(|why| format!("sms_gateways: {name}: send: {why}"))?;
            Ok((name, way))
        });
        Ok(Self {
            client,
            ways: ways.collect::<Result<_, String>>()?,
        })
    }

    async fn send(&self, gateway: &str, number: &str, text: &str) -> Result<String, SmsFailure> {
        let own = self.ways.iter().find(|(name, _)| name == gateway);
        let Some((_, way)) = own.or(self.ways.first()) else {
            return Err(SmsFailure::permanent("no gateway is declared to send"));
        };
        let answer = way.request(&self.client, number, text)?.send().await;
        match answer {
            Ok(answer) => judge(answer.status()),
            Err(error) if error.is_connect() => Err(SmsFailure::passing("the gateway cannot be reached")),
            Err(error) if error.is_timeout() => Err(SmsFailure::uncertain("the gateway did not answer in time")),
            Err(_) => Err(SmsFailure::uncertain("the gateway's answer was lost")),
        }
    }
}

impl Way {
    fn new(settings: SendSettings) -> Result<Self, String> {
        let url = Url::parse(&settings.url).map_err(|e| format!("url: {e}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("url: http:// or https://".to_owned());
        }
        let method = settings.method.as_deref().unwrap_or("POST");
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            other => return Err(format!("method: GET or POST, not {other}")),
        };
        if settings.json.is_some() && !settings.form.is_empty() {
            return Err("form or json, not both".to_owned());
        }
        Ok(Self { method, url, settings })
    }

    fn request(&self, client: &Client, number: &str, text: &str) -> Result<reqwest::RequestBuilder, SmsFailure> {
        let fill = |template: &str| fill(template, number, text);
        let mut url = self.url.clone();
        if !self.settings.query.is_empty() {
            let mut query = url.query_pairs_mut();
            for (name, template) in &self.settings.query {
                query.append_pair(name, &fill(template));
            }
        }
        let mut request = client.request(self.method.clone(), url);
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        if let Some(user) = &self.settings.user {
            request = request.basic_auth(user, self.settings.password.as_ref());
        }
        if let Some(bearer) = &self.settings.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(template) = &self.settings.json {
            let body = serde_json::to_vec(&filled(template, &fill))
                .map_err(|_| SmsFailure::permanent("the request cannot be written"))?;
            request = request.header("content-type", "application/json").body(body);
        } else if !self.settings.form.is_empty() {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, template) in &self.settings.form {
                form.append_pair(name, &fill(template));
            }
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.finish());
        }
        Ok(request)
    }
}

/// `{to}`, `{digits}` and `{text}` in one pass: what is filled in is not looked at again.
fn fill(template: &str, number: &str, text: &str) -> String {
    let mut out = String::with_capacity(template.len() + text.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known = [
            ("{to}", format!("+{number}")),
            ("{digits}", number.to_owned()),
            ("{text}", text.to_owned()),
        ]
        .into_iter()
        .find_map(|(name, value)| Some((after.strip_prefix(name)?, value)));
        match known {
            Some((behind, value)) => {
                out.push_str(&value);
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

/// The template with every text in it filled.
fn filled(template: &Value, fill: &impl Fn(&str) -> String) -> Value {
    match template {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(items) => items.iter().map(|item| filled(item, fill)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, fill)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn judge(status: StatusCode) -> Result<String, SmsFailure> {
    let line = status.to_string();
    match status.as_u16() {
        200..=299 => Ok(line),
        408 | 425 | 429 | 500 | 502 | 503 => Err(SmsFailure::passing(line)),
        // Somebody behind the gateway did not answer it: what became of the message is not known.
        504 => Err(SmsFailure::uncertain(line)),
        _ => Err(SmsFailure::permanent(line)),
    }
}

impl SmsFailure {
    pub fn permanent(answer: impl Into<String>) -> Self {
        Self {
            permanent: true,
            uncertain: false,
            answer: answer.into(),
        }
    }

    pub fn passing(answer: impl Into<String>) -> Self {
        Self {
            permanent: false,
            uncertain: false,
            answer: answer.into(),
        }
    }

    pub fn uncertain(answer: impl Into<String>) -> Self {
        Self {
            permanent: false,
            uncertain: true,
            answer: answer.into(),
        }
    }
}

impl Sender {
    /// Hands over one message for one number (bare digits), through the gateway of this name or, if it cannot send,
    /// the first that can.
    ///
    /// # Errors
    /// See [`SmsFailure`]: only what is neither permanent nor uncertain may be sent again.
    pub async fn send(&self, gateway: &str, number: &str, text: &str) -> Result<String, SmsFailure> {
        match self {
            Self::Http(http) => http.send(gateway, number, text).await,
            Self::Memory(memory) => memory.send(gateway, number, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{to} {digits} {text} {x}", "992", "{to}"), "+992 992 {to} {x}");
        let json = serde_json::json!({"urns": ["tel:{to}"], "text": "{text}", "n": 1});
        let done = filled(&json, &|template| fill(template, "992", "a\"b"));
        assert_eq!(done, serde_json::json!({"urns": ["tel:+992"], "text": "a\"b", "n": 1}));
    }

    #[test]
    fn answers_are_sorted() {
        let sorted = |code: u16| match judge(StatusCode::from_u16(code).unwrap()) {
            Ok(_) => "taken",
            Err(failure) if failure.permanent => "permanent",
            Err(failure) if failure.uncertain => "uncertain",
            Err(_) => "passing",
        };
        for (code, said) in [
            (200, "taken"),
            (202, "taken"),
            (302, "permanent"),
            (400, "permanent"),
            (401, "permanent"),
            (429, "passing"),
            (503, "passing"),
            (504, "uncertain"),
        ] {
            assert_eq!(sorted(code), said, "{code}");
        }
    }
}
