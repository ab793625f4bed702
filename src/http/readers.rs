//! Who reads a schedule's digests, and the pages on which readers themselves say yes or leave.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::{Body, Bytes};
use super::holds::NothingBody;
use super::parse::{Faults, Page, id, query};
use super::problem::Problem;
use crate::domain::id::ScheduleId;
use crate::domain::readers::{Recipient, RecipientKind};
use crate::letters::{Asked, page, page_policy};
use crate::services::once::Once;
use crate::services::recipients::{Asking, RecipientView};

/// What became of the newest letter to a reader.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastLetterOut {
    pub digest_id: Option<Uuid>,
    /// `queued`, `sent`, `dead` or `dropped`.
    pub state: String,
    /// What the mail server answered last.
    pub answer: Option<String>,
    pub sent_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecipientOut {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub language: String,
    /// `person`, or `group`: a mailbox that several people read.
    pub kind: String,
    /// `waiting_approval`, `waiting_confirmation`, `active`, or `ended`: took itself off.
    pub state: String,
    pub added_by_name: Option<String>,
    pub approved_by_name: Option<String>,
    pub approved_at: Option<DateTime<Utc>>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    /// Whether the asker may approve: it waits, and somebody else named it.
    pub may_approve: bool,
    pub last_letter: Option<LastLetterOut>,
}

impl From<&RecipientView> for RecipientOut {
    fn from(view: &RecipientView) -> Self {
        let row = &view.row;
        let last = view.last_letter.as_ref();
        Self {
            id: row.id.0,
            email: row.email.clone(),
            name: row.name.clone(),
            language: row.language.clone(),
            kind: row.kind.to_string(),
            state: row.state.to_string(),
            added_by_name: view.added_by_name.clone(),
            approved_by_name: view.approved_by_name.clone(),
            approved_at: row.approved_at,
            confirmed_at: row.confirmed_at,
            ended_at: row.ended_at,
            created_at: row.created_at,
            may_approve: view.may_approve,
            last_letter: last.map(|letter| LastLetterOut {
                digest_id: letter.digest().map(|id| id.0),
                state: letter.state.clone(),
                answer: letter.answer.clone(),
                sent_at: letter.sent_at,
            }),
        }
    }
}

fn print(view: &RecipientView) -> String {
    serde_json::to_string(&RecipientOut::from(view)).unwrap_or_default()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientBody {
    pub email: String,
    #[serde(default)]
    pub name: String,
    pub language: String,
    /// `person` if left out, or `group`: a mailbox that several people read.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub kind: Option<RecipientKind>,
}

/// Who receives a schedule.
#[utoipa::path(get, path = "/api/v1/digest-schedules/{id}/recipients", tag = "digests", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<RecipientOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<Page<RecipientOut>>, Problem> {
    let rows = state.services.recipients(&who.0, id(&path)?).await?;
    Ok(web::Json(Page::whole(rows.iter().map(RecipientOut::from).collect())))
}

/// Name a reader: another administrator approves, and then the reader confirms.
#[utoipa::path(post, path = "/api/v1/digest-schedules/{id}/recipients", tag = "digests", request_body = RecipientBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new reader")),
    responses((status = 201, body = RecipientOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<RecipientBody>,
) -> Result<HttpResponse, Problem> {
    let schedule: ScheduleId = id(&path)?;
    let once = Once { key: body.key(), print };
    let body = body.value;
    let mut faults = Faults::default();
    let email = faults.email("email", &body.email);
    let name = faults.text("name", &body.name, 0, 120);
    faults.done()?;
    let row = Recipient {
        kind: body.kind.unwrap_or(RecipientKind::Person),
        ..Recipient::named(schedule, &email, &name, &body.language)
    };
    let answer = state.services.add_recipient(&who.0, row, once).await?;
    Ok(HttpResponse::Created().content_type("application/json").body(answer))
}

/// Approve a reader that another administrator named: it is asked by mail whether it wants the digests.
#[utoipa::path(post, path = "/api/v1/digest-schedules/{id}/recipients/{recipient}/approve", tag = "digests",
    request_body = NothingBody, params(("id" = Uuid, Path), ("recipient" = Uuid, Path),
        ("Idempotency-Key" = String, Header, description = "a fresh random key for each approval")),
    responses((status = 200, body = RecipientOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn approve(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<(String, String)>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let (schedule, recipient) = path.into_inner();
    let once = Once { key, print };
    let answer = (state.services)
        .approve_recipient(&who.0, id(&schedule)?, id(&recipient)?, once)
        .await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(answer))
}

/// Take a recipient off a schedule.
#[utoipa::path(delete, path = "/api/v1/digest-schedules/{id}/recipients/{recipient}", tag = "digests",
    params(("id" = Uuid, Path), ("recipient" = Uuid, Path)), responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn remove(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (schedule, recipient) = path.into_inner();
    let (schedule, recipient) = (id(&schedule)?, id(&recipient)?);
    state.services.remove_recipient(&who.0, schedule, recipient).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConfirmQuery {
    /// Until when the link may be used, in seconds since 1970.
    pub until: u64,
    /// As it stands in the letter.
    pub proof: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LeaveQuery {
    /// As it stands in the letter.
    pub proof: String,
}

/// The page of a confirmation link: it changes nothing.
#[utoipa::path(get, path = "/api/v1/readers/{id}/confirm", tag = "readers", params(("id" = Uuid, Path), ConfirmQuery),
    responses((status = 200, description = "HTML"), (status = 410, description = "HTML: the link asks nothing any more"),
        (status = "4XX", body = super::problem::Problem)))]
pub async fn ask(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    confirm(&state, &path, &request, false).await
}

/// The reader wants the digests. Once more changes nothing.
#[utoipa::path(post, path = "/api/v1/readers/{id}/confirm", tag = "readers", params(("id" = Uuid, Path), ConfirmQuery),
    responses((status = 200, description = "HTML"), (status = 410, description = "HTML: the link asks nothing any more"),
        (status = "4XX", body = super::problem::Problem)))]
pub async fn say_yes(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
    _: Bytes<1024>,
) -> Result<HttpResponse, Problem> {
    confirm(&state, &path, &request, true).await
}

async fn confirm(state: &State, path: &str, request: &HttpRequest, says_yes: bool) -> Result<HttpResponse, Problem> {
    let id = id(path)?;
    let asked: ConfirmQuery = query(request)?;
    let until = i64::try_from(asked.until).map_err(|_| Problem::not_found())?;
    shown(&state.services.confirm_reader(id, until, &asked.proof, says_yes).await?)
}

/// The page of the link by which a reader leaves: it changes nothing.
#[utoipa::path(get, path = "/api/v1/letters/{id}/unsubscribe", tag = "readers", params(("id" = Uuid, Path), LeaveQuery),
    responses((status = 200, description = "HTML"), (status = "4XX", body = super::problem::Problem)))]
pub async fn ask_to_leave(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    unsubscribe(&state, &path, &request, false).await
}

/// The reader leaves: by the page's button, or by a mail program (RFC 8058). Once more changes nothing.
#[utoipa::path(post, path = "/api/v1/letters/{id}/unsubscribe", tag = "readers", params(("id" = Uuid, Path), LeaveQuery),
    responses((status = 200, description = "HTML"), (status = "4XX", body = super::problem::Problem)))]
pub async fn leave(
    state: web::Data<State>,
    path: web::Path<String>,
    request: HttpRequest,
    _: Bytes<1024>,
) -> Result<HttpResponse, Problem> {
    unsubscribe(&state, &path, &request, true).await
}

async fn unsubscribe(state: &State, path: &str, request: &HttpRequest, goes: bool) -> Result<HttpResponse, Problem> {
    let id = id(path)?;
    let asked: LeaveQuery = query(request)?;
    shown(&state.services.unsubscribe(id, &asked.proof, goes).await?)
}

fn shown(asking: &Asking) -> Result<HttpResponse, Problem> {
    let html = page(asking.page, &asking.language)
        .map_err(|fault| crate::services::errors::Refused::Unexpected(fault.to_string()))?;
    let status = match asking.page {
        Asked::TooLate => StatusCode::GONE,
        _ => StatusCode::OK,
    };
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, page_policy()))
        // The form's own origin must be told, or the button is taken for another site's.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .body(html))
}
