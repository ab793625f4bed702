//! Gateways as they are declared, and the shapes of three that are common. Words in, types out; every fault is told with
//! the name of its gateway.

use std::collections::BTreeMap;

use super::{Gateway, Place, Proof, ReplyBy};

/// One `[[sms_gateways]]` table. What a preset gives may be left out, and what is given wins over it.
#[derive(Clone, Default)]
pub struct Settings {
    pub name: String,
    /// `kannel`, `rapidpro` or `twilio`.
    pub preset: Option<String>,
    /// Where the message's id, its sender and its words are: `query:id`, `form:From`, `header:X-Kannel-From`,
    /// `json:/contact/urn` or `body`.
    pub message_id: Option<String>,
    pub from: Option<String>,
    pub text: Option<String>,
    /// `header:NAME`, `query:NAME` or `form:NAME` for the secret itself, `hmac_sha256:HEADER`, or `twilio`.
    pub proof: Option<String>,
    pub secret: Option<String>,
    /// `text`, `twiml`, `json:MEMBER` or `send`.
    pub reply: Option<String>,
    pub numbers: Vec<String>,
    pub send: Option<SendSettings>,
}

/// How the gateway is asked to send. `{to}`, `{digits}` (without the plus) and `{text}` are filled in.
#[derive(Clone, Default)]
pub struct SendSettings {
    pub url: String,
    /// `POST` if left out.
    pub method: Option<String>,
    pub query: BTreeMap<String, String>,
    pub form: BTreeMap<String, String>,
    pub json: Option<serde_json::Value>,
    pub headers: BTreeMap<String, String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub bearer: Option<String>,
}

/// Shortest secret taken, in characters: it is all that keeps strangers from reporting.
const SHORTEST_SECRET: usize = 16;

/// Id, sender, words, proof and reply.
fn preset(name: &str) -> Option<[&'static str; 5]> {
    Some(match name {
        "kannel" => ["query:id", "header:X-Kannel-From", "body", "query:secret", "text"],
        "rapidpro" => [
            "json:/input/uuid",
            "json:/contact/urn",
            "json:/input/text",
            "header:Authorization",
            "json:text",
        ],
        "twilio" => ["form:MessageSid", "form:From", "form:Body", "twilio", "twiml"],
        _ => return None,
    })
}

impl Gateway {
    /// # Errors
    /// A line that names the gateway and what in its declaration cannot be taken.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let name = settings.name.clone();
        Self::declared(settings).map_err(|why| format!("sms_gateways: {name}: {why}"))
    }

    fn declared(settings: Settings) -> Result<Self, String> {
        let known = match &settings.preset {
            None => [None; 5],
            Some(name) => preset(name)
                .ok_or_else(|| format!("preset: kannel, rapidpro or twilio, not {name}"))?
                .map(Some),
        };
        let [id, from, text, proof, reply] = known;
        let pick = |own: Option<String>, known: Option<&str>, field: &str| {
            own.or_else(|| known.map(str::to_owned))
                .ok_or_else(|| format!("{field} is missing"))
        };
        let secret = settings.secret.unwrap_or_default();
        if secret.chars().count() < SHORTEST_SECRET {
            return Err(format!("secret: {SHORTEST_SECRET} characters or more"));
        }
        if settings.name.is_empty()
            || !settings
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            return Err("name: letters, digits, - and _".to_owned());
        }
        let reply = match pick(settings.reply, reply, "reply")?.as_str() {
            "text" => ReplyBy::Text,
            "twiml" => ReplyBy::Twiml,
            "send" if settings.send.is_some() => ReplyBy::Send,
            "send" => return Err("reply: send wants a [sms_gateways.send] table".to_owned()),
            other => match other.strip_prefix("json:") {
                Some(member) if !member.is_empty() => ReplyBy::Json(member.to_owned()),
                _ => return Err(format!("reply: text, twiml, json:MEMBER or send, not {other}")),
            },
        };
        Ok(Self {
            id: place(&pick(settings.message_id, id, "message_id")?)?,
            from: place(&pick(settings.from, from, "from")?)?,
            text: place(&pick(settings.text, text, "text")?)?,
            proof: proof_of(&pick(settings.proof, proof, "proof")?)?,
            name: settings.name,
            reply,
            secret,
            numbers: settings.numbers,
        })
    }
}

fn place(text: &str) -> Result<Place, String> {
    let fault = || format!("query:NAME, form:NAME, header:NAME, json:/POINTER or body, not {text}");
    if text == "body" {
        return Ok(Place::Body);
    }
    let (kind, name) = text.split_once(':').ok_or_else(fault)?;
    match kind {
        _ if name.is_empty() => Err(fault()),
        "query" => Ok(Place::Query(name.to_owned())),
        "form" => Ok(Place::Form(name.to_owned())),
        "header" => Ok(Place::Header(name.to_lowercase())),
        "json" if name.starts_with('/') => Ok(Place::Json(name.to_owned())),
        _ => Err(fault()),
    }
}

fn proof_of(text: &str) -> Result<Proof, String> {
    if text == "twilio" {
        return Ok(Proof::Twilio);
    }
    if let Some(header) = text.strip_prefix("hmac_sha256:").filter(|header| !header.is_empty()) {
        return Ok(Proof::Hmac(header.to_lowercase()));
    }
    match place(text) {
        Ok(place @ (Place::Query(_) | Place::Form(_) | Place::Header(_))) => Ok(Proof::Secret(place)),
        _ => Err(format!(
            "proof: header:NAME, query:NAME, form:NAME, hmac_sha256:HEADER or twilio, not {text}"
        )),
    }
}
