//! Digest schedules: when they send, and sending by hand.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::NothingBody;
use super::parse::{Faults, Page, id, if_match};
use super::problem::Problem;
use super::shelters::etag;
use crate::domain::calendar::{DayOfWeek, Span};
use crate::domain::digests::{Cadence, Rule};
use crate::domain::id::ScheduleId;
use crate::domain::outbox::Attach;
use crate::services::by_hand::SentNow;
use crate::services::once::Once;
use crate::services::schedules::{ScheduleDraft, ScheduleView};

/// A slot whose digest was not made in time.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueOut {
    pub period: String,
    pub since: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleOut {
    pub id: Uuid,
    pub name: String,
    /// `daily`, `weekly`, `monthly`, `first_working_day`, `quarterly`, `half_yearly` or `cron`.
    pub cadence: String,
    /// Of a weekly one: `monday` to `sunday`.
    pub weekday: Option<String>,
    /// Of a monthly, quarterly or half-yearly one: 1 to 28.
    pub day: Option<u8>,
    /// Of a cron line: `0 8 * * mon,thu`.
    pub cron: Option<String>,
    /// Local minute, `08:30`; a cron line has its own.
    pub time: Option<String>,
    pub zone: String,
    /// Region code, or the whole country.
    pub region: Option<String>,
    pub active: bool,
    /// The last local day on which it sends.
    pub expires_on: Option<NaiveDate>,
    pub attach_csv: bool,
    pub attach_xlsx: bool,
    /// The next three, as far as there are.
    pub next_sends: Vec<DateTime<Utc>>,
    /// The newest slot whose digest should have been made ten minutes ago or longer.
    pub overdue: Option<OverdueOut>,
    pub version: i64,
}

impl From<&ScheduleView> for ScheduleOut {
    fn from(view: &ScheduleView) -> Self {
        let row = &view.row;
        let minute = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(row.at_minute) * 60, 0);
        let rule: Rule = (row.rule.as_deref())
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let time = minute.filter(|_| rule.cron.is_none());
        Self {
            id: row.id.0,
            name: row.name.clone(),
            cadence: row.cadence.clone(),
            weekday: rule.weekday.map(|day| day.to_string()),
            day: rule.day,
            cron: rule.cron,
            time: time.map(|time| time.format("%H:%M").to_string()),
            zone: row.zone.clone(),
            region: row.region.clone(),
            active: row.active,
            expires_on: row.expires_on,
            attach_csv: row.attach.csv,
            attach_xlsx: row.attach.xlsx,
            next_sends: view.next_sends.clone(),
            overdue: view.overdue.clone().map(|(period, since)| OverdueOut { period, since }),
            version: row.version,
        }
    }
}

fn print(view: &ScheduleView) -> String {
    serde_json::to_string(&ScheduleOut::from(view)).unwrap_or_default()
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    pub name: String,
    /// `daily`, `weekly`, `monthly`, `first_working_day`, `quarterly`, `half_yearly` or `cron`.
    #[schema(value_type = String)]
    pub cadence: Cadence,
    /// Of a weekly one, and of no other: `monday` to `sunday`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub weekday: Option<DayOfWeek>,
    /// Of a monthly, quarterly or half-yearly one, and of no other: 1 to 28; 1 if left out.
    #[serde(default)]
    pub day: Option<i64>,
    /// Of a cron line, and of no other: one minute, hours, days of the month, months, weekdays by name.
    #[serde(default)]
    pub cron: Option<String>,
    /// Local minute, `08:30`; not with a cron line.
    #[serde(default)]
    pub time: Option<String>,
    /// IANA zone; the country's own if left out.
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default = "yes")]
    pub active: bool,
    /// The last local day on which it sends.
    #[serde(default)]
    pub expires_on: Option<NaiveDate>,
    #[serde(default)]
    pub attach_csv: bool,
    #[serde(default)]
    pub attach_xlsx: bool,
}

fn yes() -> bool {
    true
}

impl ScheduleBody {
    fn parse(self) -> Result<ScheduleDraft, Problem> {
        let mut faults = Faults::default();
        let day = self.day.map(|day| u8::try_from(day).unwrap_or(u8::MAX));
        let draft = ScheduleDraft {
            name: faults.text("name", &self.name, 1, 120),
            cadence: self.cadence,
            rule: Rule {
                weekday: self.weekday,
                day,
                cron: self.cron,
            },
            at: self.time.map(|time| faults.hour("time", &time)),
            zone: self.zone,
            region: self.region,
            active: self.active,
            expires_on: self.expires_on,
            attach: Attach {
                csv: self.attach_csv,
                xlsx: self.attach_xlsx,
            },
        };
        faults.done()?;
        Ok(draft)
    }
}

/// All schedules.
#[utoipa::path(get, path = "/api/v1/digest-schedules", tag = "digests", responses((status = 200, body = Page<ScheduleOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> Result<web::Json<Page<ScheduleOut>>, Problem> {
    let rows = state.services.schedules().await?;
    Ok(web::Json(Page::whole(rows.iter().map(ScheduleOut::from).collect())))
}

/// When a schedule written like this would send next, and which days those digests would tell of. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/digest-schedules/next", tag = "digests", request_body = ScheduleBody,
    responses((status = 200, body = NextOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn next(state: web::Data<State>, body: Body<ScheduleBody>) -> Result<web::Json<NextOut>, Problem> {
    let next = state.services.next_of(body.value.parse()?)?;
    let send = |(at, covers): (DateTime<Utc>, Span)| NextSendOut {
        at,
        covers: CoversOut {
            from: covers.from,
            to: covers.to,
        },
    };
    Ok(web::Json(NextOut {
        next_sends: next.into_iter().map(send).collect(),
    }))
}

/// Whole local days, the first and the last included.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoversOut {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NextSendOut {
    pub at: DateTime<Utc>,
    /// The days that the digest tells of.
    pub covers: CoversOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NextOut {
    /// Three, or fewer before the last day.
    pub next_sends: Vec<NextSendOut>,
}

/// Add a schedule. Its first digest is the next one.
#[utoipa::path(post, path = "/api/v1/digest-schedules", tag = "digests", request_body = ScheduleBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new schedule")),
    responses((status = 201, body = ScheduleOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<ScheduleBody>) -> Result<HttpResponse, Problem> {
    let once = Once { key: body.key(), print };
    let answer = state.services.add_schedule(&who.0, body.value.parse()?, once).await?;
    // The first version of what was added, also when it is told again.
    Ok(HttpResponse::Created()
        .insert_header(etag(1))
        .content_type("application/json")
        .body(answer))
}

/// One schedule.
#[utoipa::path(get, path = "/api/v1/digest-schedules/{id}", tag = "digests", params(("id" = Uuid, Path)),
    responses((status = 200, body = ScheduleOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = state.services.schedule(id(&path)?).await?;
    Ok(shown(&state.services.schedule_view(row)))
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
    let draft = body.value.parse()?;
    let view = state.services.change_schedule(&who.0, schedule, version, draft).await?;
    Ok(shown(&view))
}

fn shown(view: &ScheduleView) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(etag(view.row.version))
        .json(ScheduleOut::from(view))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// A language letters are written in; the asker's own if left out.
    #[serde(default)]
    pub language: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SentOut {
    pub digest_id: Uuid,
    /// How many letters were queued.
    pub letters: usize,
}

fn print_sent(sent: &SentNow) -> String {
    let sent = SentOut {
        digest_id: sent.digest.0,
        letters: sent.letters,
    };
    serde_json::to_string(&sent).unwrap_or_default()
}

fn accepted(answer: String) -> HttpResponse {
    HttpResponse::Accepted().content_type("application/json").body(answer)
}

/// Make a digest now and send it to the asker alone.
#[utoipa::path(post, path = "/api/v1/digest-schedules/{id}/test", tag = "digests", request_body = TestBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each test")),
    responses((status = 202, body = SentOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn test(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<TestBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let once = Once { key, print: print_sent };
    let language = body.value.language;
    let answer = state.services.test_digest(&who.0, id(&path)?, language, once).await?;
    Ok(accepted(answer))
}

/// Make a digest now and send it to all active readers. The schedule goes on as if nothing had been.
#[utoipa::path(post, path = "/api/v1/digest-schedules/{id}/send", tag = "digests", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each sending")),
    responses((status = 202, body = SentOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn send(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let once = Once { key, print: print_sent };
    Ok(accepted(state.services.send_digest(&who.0, id(&path)?, once).await?))
}
