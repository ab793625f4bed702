//! Shelters with rooms and admission rules; their confidential data.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::ReasonQuery;
use super::parse::{Faults, Page, Paging, id, if_match, query};
use super::problem::Problem;
use super::rooms::{RoomBody, RulesBody, rooms, rules};
use super::search::language_code;
use crate::domain::household::Need;
use crate::domain::id::ShelterId;
use crate::domain::shelters::{LocationPolicy, Shelter, ShelterKind};
use crate::services::shelters::Confidential;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShelterBody {
    /// Unique and shown to people: `TJ-SU-01`.
    pub code: String,
    pub name: String,
    pub organisation_id: Uuid,
    pub district: String,
    /// `crisis`, `long_stay`, `support_room` or `transitional`.
    #[schema(value_type = String)]
    pub kind: ShelterKind,
    /// `confidential` or `disclosed`.
    #[serde(default = "confidential")]
    #[schema(value_type = String)]
    pub location_policy: LocationPolicy,
    /// Hours in which newcomers are received, `08:00`; both or neither.
    #[serde(default)]
    pub intake_from: Option<String>,
    #[serde(default)]
    pub intake_to: Option<String>,
    /// 1 to 3,650.
    #[serde(default)]
    pub longest_stay_days: Option<u16>,
    #[serde(default)]
    pub languages: Vec<String>,
    /// `medical`, `psychosocial`, `legal`, `childcare`, `interpreter`, `education`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub services: Vec<Need>,
    pub rules: RulesBody,
    /// Local hour at which the daily report is due.
    #[serde(default = "nine")]
    pub report_due: String,
    /// 1 to 744.
    #[serde(default = "daily")]
    pub report_interval_hours: u16,
    /// Whether there is no such shelter, and whoever asks for it by its id is told of to the administrators. Chosen when it is
    /// added and kept; without it a shelter is one, and an edit changes nothing of it.
    #[serde(default)]
    pub canary: Option<bool>,
    pub rooms: Vec<RoomBody>,
}

fn confidential() -> LocationPolicy {
    LocationPolicy::Confidential
}
fn nine() -> String {
    "09:00".to_owned()
}
fn daily() -> u16 {
    24
}

impl ShelterBody {
    /// The shelter, and which of its rooms are new.
    fn parse(self, id: ShelterId, version: i64) -> Result<(Shelter, Vec<usize>), Problem> {
        let mut faults = Faults::default();
        let intake = self.intake(&mut faults);
        let code = faults.text("code", &self.code, 2, 40);
        if !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            faults.add("code", "malformed", "letters, digits and hyphens");
        }
        let languages = self
            .languages
            .iter()
            .enumerate()
            .map(|(at, code)| language_code(&mut faults, &format!("languages[{at}]"), code))
            .collect();
        let services: BTreeSet<Need> = self.services.iter().copied().collect();
        for (at, need) in self.services.iter().enumerate() {
            if !need.is_service() {
                faults.add(format!("services[{at}]"), "unknown_value", "a service");
            }
        }
        if let Some(days) = self.longest_stay_days {
            faults.within("longest_stay_days", days, 1, 3650);
        }
        let new_rooms = (0..)
            .zip(&self.rooms)
            .filter(|(_, room)| room.id.is_none())
            .map(|(at, _)| at)
            .collect();
        let row = Shelter {
            id,
            name: faults.text("name", &self.name, 1, 200),
            organisation_id: self.organisation_id.into(),
            district: faults.text("district", &self.district, 1, 40),
            region: String::new(),
            kind: self.kind,
            location_policy: self.location_policy,
            sector: None,
            intake,
            longest_stay_days: self.longest_stay_days,
            languages,
            services,
            rules: rules(self.rules, &mut faults),
            report_due: faults.hour("report_due", &self.report_due),
            report_interval_hours: faults.within("report_interval_hours", self.report_interval_hours, 1, 744),
            canary: self.canary.unwrap_or(false),
            rooms: rooms(self.rooms, &mut faults),
            code,
            version,
        };
        faults.done()?;
        Ok((row, new_rooms))
    }

    fn intake(&self, faults: &mut Faults) -> Option<(NaiveTime, NaiveTime)> {
        match (&self.intake_from, &self.intake_to) {
            (None, None) => None,
            (Some(from), Some(to)) => Some((faults.hour("intake_from", from), faults.hour("intake_to", to))),
            (Some(_), None) => {
                faults.add("intake_to", "required", "both hours or neither");
                None
            }
            (None, Some(_)) => {
                faults.add("intake_from", "required", "both hours or neither");
                None
            }
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShelterOut {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub organisation_id: Uuid,
    pub district: String,
    pub region: String,
    pub kind: String,
    pub location_policy: String,
    /// The source's own grouping, of imported shelters.
    pub sector: Option<String>,
    pub intake_from: Option<String>,
    pub intake_to: Option<String>,
    pub longest_stay_days: Option<u16>,
    pub languages: Vec<String>,
    pub services: Vec<String>,
    pub rules: RulesBody,
    pub report_due: String,
    pub report_interval_hours: u16,
    /// For administrators: there is no such shelter.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub canary: bool,
    pub rooms: Vec<RoomBody>,
    /// The ETag.
    pub version: i64,
}

impl From<Shelter> for ShelterOut {
    fn from(row: Shelter) -> Self {
        let hour = |time: NaiveTime| time.format("%H:%M").to_string();
        Self {
            id: row.id.0,
            code: row.code,
            name: row.name,
            organisation_id: row.organisation_id.0,
            district: row.district,
            region: row.region,
            kind: row.kind.to_string(),
            location_policy: row.location_policy.to_string(),
            sector: row.sector,
            intake_from: row.intake.map(|(from, _)| hour(from)),
            intake_to: row.intake.map(|(_, to)| hour(to)),
            longest_stay_days: row.longest_stay_days,
            languages: row.languages.into_iter().collect(),
            services: row.services.iter().map(ToString::to_string).collect(),
            rules: RulesBody {
                boys_max_age: row.rules.boys_max_age,
                boys_shared_room_max_age: row.rules.boys_shared_room_max_age,
                max_children: row.rules.max_children,
                infants_share_bed: row.rules.infants_share_bed,
                admits_without_children: row.rules.admits_without_children,
                admits_women: row.rules.admits_women,
                admits: row.rules.admits.into_iter().collect(),
            },
            report_due: hour(row.report_due),
            report_interval_hours: row.report_interval_hours,
            canary: row.canary,
            rooms: row
                .rooms
                .into_iter()
                .map(|room| RoomBody {
                    id: Some(room.id.0),
                    label: room.label,
                    kind: room.kind,
                    beds: room.beds,
                    cots: room.cots,
                    step_free: room.step_free,
                    sleeps: room.sleeps,
                })
                .collect(),
            version: row.version,
        }
    }
}

/// A shelter in a list, and how it stands with its report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShelterRow {
    #[serde(flatten)]
    pub shelter: ShelterOut,
    /// When its newest figures were true; none if it never reported.
    pub last_report_at: Option<DateTime<Utc>>,
    /// Reminders sent for the report that is missing now; 0 if none is.
    pub reminders: u8,
    /// Whether the operators were told that it is missing.
    pub operators_told: bool,
}

pub(super) fn etag(version: i64) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{version}\""))
}

/// The shelters one keeps (administrator) or runs (manager), by code.
#[utoipa::path(get, path = "/api/v1/shelters", tag = "shelters", params(Paging),
    responses((status = 200, body = Page<ShelterRow>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<ShelterRow>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.shelters(&who.0, paging.code()?, limit).await?;
    let standings = state.services.standings(&rows).await?;
    let items = rows.into_iter().zip(standings).map(|(row, standing)| ShelterRow {
        shelter: row.into(),
        last_report_at: standing.last_report_at,
        reminders: standing.reminders,
        operators_told: standing.operators_told,
    });
    Ok(web::Json(Page::cut(items.collect(), limit, |row| {
        row.shelter.code.clone()
    })))
}

/// Add a shelter.
#[utoipa::path(post, path = "/api/v1/shelters", tag = "shelters", request_body = ShelterBody,
    responses((status = 201, body = ShelterOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<ShelterBody>) -> Result<HttpResponse, Problem> {
    if let Some(at) = body.value.rooms.iter().position(|room| room.id.is_some()) {
        return Err(Problem::field(
            format!("rooms[{at}].id"),
            "not_allowed",
            "new rooms get their ids here",
        ));
    }
    let (row, _) = body.value.parse(ShelterId(Uuid::nil()), 1)?;
    let row = state.services.add_shelter(&who.0, row).await?;
    Ok(HttpResponse::Created()
        .insert_header(etag(row.version))
        .json(ShelterOut::from(row)))
}

/// One shelter.
#[utoipa::path(get, path = "/api/v1/shelters/{id}", tag = "shelters", params(("id" = Uuid, Path)),
    responses((status = 200, body = ShelterOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let row = state.services.shelter(&who.0, id(&path)?).await?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(row.version))
        .json(ShelterOut::from(row)))
}

/// Edit a shelter. A room without an id is new, one left out is retired.
#[utoipa::path(put, path = "/api/v1/shelters/{id}", tag = "shelters", request_body = ShelterBody,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version read, quoted")),
    responses((status = 200, body = ShelterOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<ShelterBody>,
) -> Result<HttpResponse, Problem> {
    let shelter: ShelterId = id(&path)?;
    let known = state.services.shelter(&who.0, shelter).await?;
    if body.value.canary.is_some_and(|canary| canary != known.canary) {
        return Err(Problem::field("canary", "not_allowed", "chosen when it is added"));
    }
    let (mut row, new_rooms) = body.value.parse(shelter, if_match(&request)?)?;
    row.canary = known.canary;
    let row = state.services.change_shelter(&who.0, row, &new_rooms).await?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(row.version))
        .json(ShelterOut::from(row)))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfidentialBody {
    pub address: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub meeting_point: String,
}

/// Address and contacts, for the shelter's own manager; the reading goes on record.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/confidential", tag = "shelters", params(("id" = Uuid, Path), ReasonQuery),
    responses((status = 200, body = ConfidentialBody), (status = "4XX", body = super::problem::Problem)))]
pub async fn read_confidential(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<ConfidentialBody>, Problem> {
    let reason = ReasonQuery::parse(&request)?;
    let found = state.services.confidential(&who.0, id(&path)?, &reason).await?;
    Ok(web::Json(ConfidentialBody {
        address: found.address,
        contact_name: found.contact_name,
        contact_phone: found.contact_phone,
        meeting_point: found.meeting_point,
    }))
}

/// Write address and contacts. They are encrypted before they are stored.
#[utoipa::path(put, path = "/api/v1/shelters/{id}/confidential", tag = "shelters", request_body = ConfidentialBody,
    params(("id" = Uuid, Path)), responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn write_confidential(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ConfidentialBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    let mut faults = Faults::default();
    let what = Confidential {
        address: faults.text("address", &body.address, 0, 300),
        contact_name: faults.text("contact_name", &body.contact_name, 1, 120),
        contact_phone: faults.text("contact_phone", &body.contact_phone, 3, 40),
        meeting_point: faults.text("meeting_point", &body.meeting_point, 0, 300),
    };
    faults.done()?;
    state.services.set_confidential(&who.0, id(&path)?, &what).await?;
    Ok(HttpResponse::NoContent().finish())
}
