//! Gateways for text messages: how each tells us of one, how it proves that it is the gateway, how the reply goes back, and
//! how others are sent. Knows fields, signatures and bytes; what a message means, whose it is and when to try again is
//! decided elsewhere.

mod inbound;
mod memory;
mod outgoing;
mod proof;
mod settings;
#[cfg(test)]
mod tests;

pub use inbound::{Message, Request, Unread};
pub use memory::{Memory, Sent};
pub use outgoing::{Http, Sender, SmsFailure};
pub use settings::{SendSettings, Settings};

use std::sync::Arc;

/// Where a request holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Query(String),
    Form(String),
    /// In lower case.
    Header(String),
    /// A JSON pointer, RFC 6901.
    Json(String),
    /// The whole body, in the charset its type names.
    Body,
}

/// How a gateway shows that a request is its own.
#[derive(Clone)]
enum Proof {
    /// The secret itself.
    Secret(Place),
    /// HMAC-SHA256 of the body in hexadecimal, after `sha256=` if that is written.
    Hmac(String),
    /// `X-Twilio-Signature`.
    Twilio,
}

/// How the reply reaches who wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBy {
    /// The answer's body.
    Text,
    Twiml,
    /// A member of a JSON object.
    Json(String),
    /// A message of its own, through the gateway's send API.
    Send,
}

/// One gateway as it is declared. Its secret never prints.
#[derive(Clone)]
pub struct Gateway {
    pub name: String,
    pub reply: ReplyBy,
    id: Place,
    from: Place,
    text: Place,
    proof: Proof,
    secret: String,
    /// The numbers people write to, as they are shown.
    numbers: Vec<String>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All gateways, and the way out.
#[derive(Debug, Clone)]
pub struct Gateways {
    all: Arc<[Gateway]>,
    pub sender: Sender,
}

impl Gateways {
    pub fn new(all: Vec<Gateway>, sender: Sender) -> Self {
        Self {
            all: all.into(),
            sender,
        }
    }

    /// The gateway of this name; the only one, if none is named.
    pub fn find(&self, name: Option<&str>) -> Option<&Gateway> {
        match (name, &*self.all) {
            (Some(name), all) => all.iter().find(|gateway| gateway.name == name),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// The numbers people write to, each once.
    pub fn numbers(&self) -> Vec<String> {
        let mut numbers: Vec<String> = Vec::new();
        for number in self.all.iter().flat_map(|gateway| &gateway.numbers) {
            if !numbers.contains(number) {
                numbers.push(number.clone());
            }
        }
        numbers
    }
}

impl Gateway {
    /// The answer to the gateway's request: its type and body. Without a reply nobody is written to.
    pub fn answer(&self, reply: Option<&str>) -> (&'static str, String) {
        match (&self.reply, reply) {
            (ReplyBy::Text, reply) => ("text/plain; charset=utf-8", reply.unwrap_or_default().to_owned()),
            (ReplyBy::Twiml, reply) => {
                let message = reply.map_or_else(String::new, |text| format!("<Message>{}</Message>", escape(text)));
                let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
                (
                    "text/xml; charset=utf-8",
                    format!("{head}<Response>{message}</Response>"),
                )
            }
            (ReplyBy::Json(member), reply) => {
                let object = serde_json::json!({ member: reply });
                ("application/json", object.to_string())
            }
            (ReplyBy::Send, _) => ("text/plain; charset=utf-8", String::new()),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
