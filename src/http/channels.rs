//! Where gateways tell of text messages. What comes is of their shape, not ours; whoever sends it proves to be the gateway
//! before anything in it is looked at.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::State;
use super::body::Bytes;
use super::problem::Problem;
use crate::services::texts::Inbound;
use crate::sms::{Gateway, ReplyBy, Request, Unread};

/// Take a text message from a gateway.
#[utoipa::path(post, path = "/api/v1/channels/sms", tag = "channels",
    description = "For gateways, not for people: each is declared in the configuration with where it writes the message's id, its \
        sender and its words, how it proves itself, and how it wants the reply (docs/SMS.md). The three shapes below are \
        those of the presets `twilio` (a form, `X-Twilio-Signature`, TwiML back), `rapidpro` (JSON, a secret in a header, \
        `{\"text\": …}` back) and `kannel` (the words as the body, sender in `X-Kannel-From`, id and secret in the query, \
        plain text back). Fields beyond those that are declared are passed over. A sender who is not known is answered an \
        empty 200. The same message twice has one effect and one answer.",
    params(("gateway" = Option<String>, Query, description = "name of the gateway; may be left out where one is declared")),
    request_body(description = "as the gateway writes it; at most 64 kB", content(
        (SmsForm = "application/x-www-form-urlencoded"), (SmsJson = "application/json"), (String = "text/plain"))),
    responses(
        (status = 200, description = "the reply in the gateway's shape: `text/plain`, `text/xml` or `application/json`; empty where nobody is answered"),
        (status = "4XX", body = super::problem::Problem)))]
pub async fn receive(state: web::Data<State>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, Problem> {
    let request = told(&state, &request, body);
    let name = named(&request.query)?;
    let Some(gateway) = state.sms.find(name.as_deref()) else {
        state.services.gateway_refused("unknown").await?;
        return Err(unproven());
    };
    if !gateway.proves(&request) {
        state.services.gateway_refused(&gateway.name).await?;
        return Err(unproven());
    }
    let message = gateway.read(&request).map_err(unread)?;
    let inbound = Inbound {
        gateway: gateway.name.clone(),
        message_id: message.id,
        from: message.from,
        text: message.text,
    };
    let written = state.services.take_text(&inbound).await?;
    if let (ReplyBy::Send, Some(text), false) = (&gateway.reply, &written.text, written.again) {
        send(&state, gateway, &written.number, text);
    }
    let (kind, body) = gateway.answer(written.text.as_deref());
    Ok(HttpResponse::Ok().content_type(kind).body(body))
}

/// What a form gateway such as Twilio writes; more fields may stand beside.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "shown in the document; the fields' names are each gateway's own"
)]
pub struct SmsForm {
    #[schema(rename = "MessageSid")]
    message_sid: String,
    #[schema(rename = "From")]
    from: String,
    #[schema(rename = "Body")]
    body: String,
}

/// What a JSON gateway such as RapidPro writes; more members may stand beside.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "shown in the document; the members' names are each gateway's own"
)]
pub struct SmsJson {
    contact: SmsContact,
    input: SmsInput,
}

#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "shown in the document")]
pub struct SmsContact {
    /// `tel:+992…`
    urn: String,
}

#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "shown in the document")]
pub struct SmsInput {
    uuid: String,
    text: String,
}

fn told(state: &State, request: &HttpRequest, body: Bytes) -> Request {
    let headers = request.headers().iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    Request {
        url: format!("{}{path}", state.services.public_url()),
        query: request.query_string().to_owned(),
        headers: headers.collect(),
        body: body.0.to_vec(),
    }
}

/// The gateway's name; other things in the query are the gateway's own.
fn named(query: &str) -> Result<Option<String>, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| Problem::bad_request("malformed_query", "The query cannot be read."))?;
    Ok(pairs
        .into_inner()
        .into_iter()
        .find_map(|(name, value)| (name == "gateway").then_some(value)))
}

/// The reply as a message of its own. It is sent at most once: should the service stop before it has gone, it is lost, and
/// the report is not.
fn send(state: &State, gateway: &Gateway, number: &str, text: &str) {
    let (sender, gateway) = (state.sms.sender.clone(), gateway.name.clone());
    let (number, text) = (number.to_owned(), text.to_owned());
    actix_web::rt::spawn(async move {
        if let Err(failure) = sender.send(&gateway, &number, &text).await {
            tracing::warn!(%gateway, %failure, "a reply could not be sent");
        }
    });
}

/// One answer for an unknown gateway and for a wrong proof.
fn unproven() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "wrong_proof",
        "This is not a gateway that is declared here, or it did not prove itself.",
    )
}

fn unread(why: Unread) -> Problem {
    match why {
        Unread::Type(wanted) => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong_type",
            format!("This gateway writes {wanted}."),
        ),
        Unread::Malformed => Problem::bad_request("malformed_body", "The body is not what its type says."),
        Unread::Missing(field) => Problem::field(field, "required", "not where this gateway was declared to write it"),
        Unread::Invalid(field) => Problem::field(field, "invalid", "1 to 200 characters without controls"),
    }
}
