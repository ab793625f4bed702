//! The digests made, and what became of their letters.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Page, Paging, id, query};
use super::problem::Problem;
use crate::domain::accounts::Role;
use crate::domain::id::{DigestId, LetterId};
use crate::services::digests::DigestView;

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LetterStatesOut {
    pub queued: u64,
    pub sent: u64,
    pub dead: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DigestOut {
    pub id: Uuid,
    pub schedule_id: Uuid,
    pub schedule_name: String,
    /// Local civil day it belongs to.
    pub period: String,
    pub as_of: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// Made late, with figures of when it was made.
    pub delayed: bool,
    pub letters: LetterStatesOut,
}

impl From<&DigestView> for DigestOut {
    fn from(view: &DigestView) -> Self {
        let of = |state: &str| view.letters.get(state).copied().unwrap_or(0);
        Self {
            id: view.digest.id.0,
            schedule_id: view.digest.schedule_id.0,
            schedule_name: view.schedule_name.clone(),
            period: view.digest.period.clone(),
            as_of: view.digest.as_of,
            created_at: view.digest.created_at,
            delayed: view.digest.delayed,
            letters: LetterStatesOut {
                queued: of("queued"),
                sent: of("sent"),
                dead: of("dead"),
            },
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LetterOut {
    pub id: Uuid,
    /// For administrators only.
    pub recipient: Option<String>,
    pub language: String,
    /// `queued`, `sent` or `dead`.
    pub state: String,
    pub attempts: u32,
    pub sent_at: Option<DateTime<Utc>>,
    /// What the mail server answered last; for administrators only.
    pub answer: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DigestDetailOut {
    #[serde(flatten)]
    pub digest: DigestOut,
    pub language: String,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub letters_list: Vec<LetterOut>,
}

/// Digests made, newest first.
#[utoipa::path(get, path = "/api/v1/digests", tag = "digests", params(Paging),
    responses((status = 200, body = Page<DigestOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<Page<DigestOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.digests(paging.moment()?, limit).await?;
    let items: Vec<DigestOut> = rows.iter().map(DigestOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| {
        row.created_at.timestamp_millis().to_string()
    })))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LanguageQuery {
    /// A language of the country pack; its default if left out.
    pub language: Option<String>,
}

/// One digest in one language, with what became of its letters.
#[utoipa::path(get, path = "/api/v1/digests/{id}", tag = "digests", params(("id" = Uuid, Path), LanguageQuery),
    responses((status = 200, body = DigestDetailOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<DigestDetailOut>, Problem> {
    let asked: LanguageQuery = query(&request)?;
    let language = asked
        .language
        .unwrap_or_else(|| state.services.pack.default_language.clone());
    let found = state.services.digest(id::<DigestId>(&path)?, &language).await?;
    let is_admin = who.0.role == Role::Admin;
    Ok(web::Json(DigestDetailOut {
        digest: DigestOut::from(&found.view),
        language,
        subject: found.part.subject,
        html: found.part.html,
        text: found.part.text,
        letters_list: found
            .letters
            .into_iter()
            .map(|letter| LetterOut {
                id: letter.id.0,
                recipient: is_admin.then_some(letter.address),
                language: letter.language,
                state: letter.state,
                attempts: letter.attempts,
                sent_at: letter.sent_at,
                answer: letter.answer.filter(|_| is_admin),
            })
            .collect(),
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    pub schedule_id: Uuid,
    pub language: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewOut {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// What a schedule's digest would say now. Nothing is kept or sent.
#[utoipa::path(post, path = "/api/v1/digests/preview", tag = "digests", request_body = PreviewBody,
    responses((status = 200, body = PreviewOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn preview(state: web::Data<State>, body: Body<PreviewBody>) -> Result<web::Json<PreviewOut>, Problem> {
    let body = body.value;
    let rendered = state.services.preview(body.schedule_id.into(), &body.language).await?;
    Ok(web::Json(PreviewOut {
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendBody {
    pub letter_id: Uuid,
}

/// Queue one letter again, with the Message-ID it had.
#[utoipa::path(post, path = "/api/v1/digests/{id}/resend", tag = "digests", request_body = ResendBody,
    params(("id" = Uuid, Path)), responses((status = 202), (status = "4XX", body = super::problem::Problem)))]
pub async fn resend(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ResendBody>,
) -> Result<HttpResponse, Problem> {
    state
        .services
        .resend(&who.0, id(&path)?, LetterId(body.value.letter_id))
        .await?;
    Ok(HttpResponse::Accepted().finish())
}
