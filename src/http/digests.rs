//! The digests made, and what became of their letters.

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::approvals::approval_in;
use super::body::Body;
use super::parse::{Page, Paging, id, query};
use super::problem::Problem;
use crate::domain::accounts::Role;
use crate::domain::id::{DigestId, LetterId, ScheduleId};
use crate::domain::outbox::DigestKind;
use crate::letters::CHART_ID;
use crate::services::digests::{DigestView, Wanted};
use crate::sheets::Format;

#[derive(Debug, Default, Serialize, ToSchema)]
pub struct LetterStatesOut {
    pub queued: u64,
    pub sent: u64,
    pub dead: u64,
    /// Not sent: its reader had left, or it was overtaken.
    pub dropped: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DigestOut {
    pub id: Uuid,
    pub schedule_id: Uuid,
    pub schedule_name: String,
    /// `due`, `now` if somebody sent it by hand, or `test` if only to themselves.
    pub kind: String,
    /// Who sent it by hand.
    pub made_by_name: Option<String>,
    /// Local civil day it belongs to; with its minute of a cron line, with its second if it was sent by hand.
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
            kind: view.digest.kind.to_string(),
            made_by_name: view.made_by_name.clone(),
            period: view.digest.period.clone(),
            as_of: view.digest.as_of,
            created_at: view.digest.created_at,
            delayed: view.digest.delayed,
            letters: LetterStatesOut {
                queued: of("queued"),
                sent: of("sent"),
                dead: of("dead"),
                dropped: of("dropped"),
            },
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LetterOut {
    pub id: Uuid,
    /// For administrators only; nobody's place on the list if it was a test.
    pub recipient_id: Option<Uuid>,
    /// For administrators only.
    pub name: Option<String>,
    /// For administrators only.
    pub address: Option<String>,
    pub language: String,
    /// `queued`, `sent`, `dead` or `dropped`.
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
    /// What the HTML shows besides.
    pub pictures: Vec<PictureOut>,
    /// The formats in which its tables were frozen with it: of `csv` and `xlsx`.
    pub tables: Vec<String>,
    pub letters_list: Vec<LetterOut>,
}

/// A picture that travels with a letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct PictureOut {
    /// Its name in the HTML, after `cid:`.
    pub cid: String,
    /// A PNG, in base64.
    pub data: String,
}

fn pictures(chart: &[u8]) -> Vec<PictureOut> {
    let picture = (!chart.is_empty()).then(|| PictureOut {
        cid: CHART_ID.to_owned(),
        data: STANDARD.encode(chart),
    });
    picture.into_iter().collect()
}

fn tables(has_csv: bool, has_xlsx: bool) -> Vec<String> {
    let held = [("csv", has_csv), ("xlsx", has_xlsx)];
    let names = held.into_iter().filter(|(_, is_held)| *is_held);
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Which digests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DigestsQuery {
    /// Of this schedule.
    pub schedule_id: Option<String>,
    /// `due`, `now` or `test`.
    pub kind: Option<String>,
    /// Most items of the answer, 1 to 50.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl DigestsQuery {
    fn parse(self) -> Result<(Wanted, u64), Problem> {
        let paging = Paging {
            limit: self.limit,
            cursor: self.cursor,
        };
        let unknown = |field: &str| Problem::field(field, "unknown_value", "as it was given, or nothing");
        let schedule = self.schedule_id.map(|text| Uuid::try_parse(&text)).transpose();
        let kind = self.kind.map(|text| text.parse::<DigestKind>()).transpose();
        let wanted = Wanted {
            schedule: schedule.map_err(|_| unknown("schedule_id"))?.map(ScheduleId),
            kind: kind.map_err(|_| unknown("kind"))?,
            before: paging.moment()?,
        };
        Ok((wanted, paging.limit()?))
    }
}

/// Digests made, newest first.
#[utoipa::path(get, path = "/api/v1/digests", tag = "digests", params(DigestsQuery),
    responses((status = 200, body = Page<DigestOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<Page<DigestOut>>, Problem> {
    let (wanted, limit) = query::<DigestsQuery>(&request)?.parse()?;
    let rows = state.services.digests(wanted, limit).await?;
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
        pictures: pictures(&found.part.chart),
        tables: tables(found.part.csv.is_some(), found.part.xlsx.is_some()),
        subject: found.part.subject,
        html: found.part.html,
        text: found.part.text,
        letters_list: found
            .letters
            .into_iter()
            .map(|letter| LetterOut {
                id: letter.id.0,
                recipient_id: letter.recipient.filter(|_| is_admin).map(|id| id.0),
                name: is_admin.then_some(letter.name),
                address: is_admin.then_some(letter.address),
                language: letter.language,
                state: letter.state,
                attempts: letter.attempts,
                sent_at: letter.sent_at,
                answer: letter.answer.filter(|_| is_admin),
            })
            .collect(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// A language of the country pack; its default if left out.
    pub language: Option<String>,
    /// `csv` or `xlsx`.
    pub format: String,
    /// Where the tables name shelters that have not reported: the approval of an administrator.
    pub approval: Option<String>,
}

/// The tables of a digest: those that travelled with it, or the same made of its frozen figures. Where they name shelters
/// an approval is needed (`POST /approvals`).
#[utoipa::path(get, path = "/api/v1/digests/{id}/export", tag = "digests", params(("id" = Uuid, Path), ExportQuery),
    responses((status = 200, description = "a table"), (status = "4XX", body = super::problem::Problem)))]
pub async fn export(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let digest = id::<DigestId>(&path)?;
    let asked: ExportQuery = query(&request)?;
    let language = asked
        .language
        .unwrap_or_else(|| state.services.pack.default_language.clone());
    let format: Format =
        (asked.format.parse()).map_err(|_| Problem::field("format", "unknown_value", "csv or xlsx"))?;
    let approval = approval_in(asked.approval.as_deref())?;
    let bytes = state
        .services
        .exported(&who.0, (digest, approval), &language, format)
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((
            "Content-Disposition",
            format!("attachment; filename=\"panoh-digest-{language}.{}\"", asked.format),
        ))
        .body(bytes))
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
    /// What the HTML shows besides.
    pub pictures: Vec<PictureOut>,
}

/// What a schedule's digest would say now. Nothing is kept or sent.
#[utoipa::path(post, path = "/api/v1/digests/preview", tag = "digests", request_body = PreviewBody,
    responses((status = 200, body = PreviewOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn preview(state: web::Data<State>, body: Body<PreviewBody>) -> Result<web::Json<PreviewOut>, Problem> {
    let body = body.value;
    let rendered = state.services.preview(body.schedule_id.into(), &body.language).await?;
    Ok(web::Json(PreviewOut {
        pictures: pictures(rendered.chart_png.as_deref().unwrap_or_default()),
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
