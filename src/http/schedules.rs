//! Digest schedules and their recipients.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Faults, Page, id, if_match};
use super::problem::Problem;
use super::shelters::etag;
use crate::domain::digests::Cadence;
use crate::domain::id::{RecipientId, ScheduleId};
use crate::domain::outbox::{Recipient, StoredSchedule};
use crate::services::schedules::ScheduleDraft;

#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleOut {
    pub id: Uuid,
    pub name: String,
    /// `daily`.
    pub cadence: String,
    /// Local minute, `08:30`.
    pub time: String,
    pub zone: String,
    /// Region code, or the whole country.
    pub region: Option<String>,
    pub active: bool,
    pub next_sends: Vec<DateTime<Utc>>,
    pub version: i64,
}

fn schedule_out(state: &State, row: &StoredSchedule) -> ScheduleOut {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(row.at_minute) * 60, 0).unwrap_or_default();
    ScheduleOut {
        id: row.id.0,
        name: row.name.clone(),
        cadence: row.cadence.clone(),
        time: time.format("%H:%M").to_string(),
        zone: row.zone.clone(),
        region: row.region.clone(),
        active: row.active,
        next_sends: state.services.next_sends(row),
        version: row.version,
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    pub name: String,
    /// `daily`.
    #[schema(value_type = String)]
    pub cadence: Cadence,
    /// Local minute, `08:30`.
    pub time: String,
    /// IANA zone; the country's own if left out.
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

impl ScheduleBody {
    fn parse(self, state: &State) -> Result<ScheduleDraft, Problem> {
        let mut faults = Faults::default();
        let draft = ScheduleDraft {
            name: faults.text("name", &self.name, 1, 120),
            at: faults.hour("time", &self.time),
            zone: self
                .zone
                .unwrap_or_else(|| state.services.pack.time_zone.name().to_owned()),
            region: self.region,
            active: self.active,
        };
        faults.done()?;
        Ok(draft)
    }
}

/// All schedules.
#[utoipa::path(get, path = "/api/v1/digest-schedules", tag = "digests", responses((status = 200, body = Page<ScheduleOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> Result<web::Json<Page<ScheduleOut>>, Problem> {
    let rows = state.services.schedules().await?;
    Ok(web::Json(Page::whole(
        rows.iter().map(|row| schedule_out(&state, row)).collect(),
    )))
}

/// Add a schedule. Its first digest is the next one.
#[utoipa::path(post, path = "/api/v1/digest-schedules", tag = "digests", request_body = ScheduleBody,
    responses((status = 201, body = ScheduleOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<ScheduleBody>) -> Result<HttpResponse, Problem> {
    let row = state.services.add_schedule(&who.0, body.value.parse(&state)?).await?;
    Ok(HttpResponse::Created()
        .insert_header(etag(row.version))
        .json(schedule_out(&state, &row)))
}

/// One schedule.
#[utoipa::path(get, path = "/api/v1/digest-schedules/{id}", tag = "digests", params(("id" = Uuid, Path)),
    responses((status = 200, body = ScheduleOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = state.services.schedule(id(&path)?).await?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(row.version))
        .json(schedule_out(&state, &row)))
}

/// Edit a schedule.
#[utoipa::path(put, path = "/api/v1/digest-schedules/{id}", tag = "digests", request_body = ScheduleBody,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version read, quoted")),
    responses((status = 200, body = ScheduleOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<ScheduleBody>,
) -> Result<HttpResponse, Problem> {
    let schedule: ScheduleId = id(&path)?;
    state.services.schedule(schedule).await?;
    let version = if_match(&request)?;
    let row = state
        .services
        .change_schedule(&who.0, schedule, version, body.value.parse(&state)?)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(row.version))
        .json(schedule_out(&state, &row)))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RecipientOut {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub language: String,
}

impl From<Recipient> for RecipientOut {
    fn from(row: Recipient) -> Self {
        Self {
            id: row.id.0,
            email: row.email,
            name: row.name,
            language: row.language,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientBody {
    pub email: String,
    #[serde(default)]
    pub name: String,
    pub language: String,
}

/// Who receives a schedule.
#[utoipa::path(get, path = "/api/v1/digest-schedules/{id}/recipients", tag = "digests", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<RecipientOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn recipients(
    state: web::Data<State>,
    path: web::Path<String>,
) -> Result<web::Json<Page<RecipientOut>>, Problem> {
    let rows = state.services.recipients(id(&path)?).await?;
    Ok(web::Json(Page::whole(
        rows.into_iter().map(RecipientOut::from).collect(),
    )))
}

/// Add a recipient.
#[utoipa::path(post, path = "/api/v1/digest-schedules/{id}/recipients", tag = "digests", request_body = RecipientBody,
    params(("id" = Uuid, Path)), responses((status = 201, body = RecipientOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_recipient(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<RecipientBody>,
) -> Result<HttpResponse, Problem> {
    let schedule_id: ScheduleId = id(&path)?;
    let body = body.value;
    let mut faults = Faults::default();
    let row = Recipient {
        id: RecipientId(Uuid::nil()),
        schedule_id,
        email: faults.email("email", &body.email),
        name: faults.text("name", &body.name, 0, 120),
        language: body.language,
    };
    faults.done()?;
    let row = state.services.add_recipient(&who.0, row).await?;
    Ok(HttpResponse::Created().json(RecipientOut::from(row)))
}

/// Take a recipient off a schedule.
#[utoipa::path(delete, path = "/api/v1/digest-schedules/{id}/recipients/{recipient}", tag = "digests",
    params(("id" = Uuid, Path), ("recipient" = Uuid, Path)), responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn remove_recipient(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (schedule, recipient) = path.into_inner();
    state
        .services
        .remove_recipient(&who.0, id(&schedule)?, id(&recipient)?)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
