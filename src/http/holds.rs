//! Holds: what is asked of a shelter, its answer, the arrival, and the handover contact.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::household::HouseholdBody;
use super::parse::{Faults, Page, Paging, id, query};
use super::problem::Problem;
use crate::domain::holds::{DeclineReason, HoldEvent, ReleaseReason};
use crate::services::holds::{Ending, HoldView};
use crate::services::once::Once;

#[derive(Debug, Serialize, ToSchema)]
pub struct HoldRoomOut {
    pub room_id: Uuid,
    pub label: String,
    pub beds: u16,
    pub cots: u16,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HoldOrganisationOut {
    pub code: String,
    pub name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HoldOut {
    pub id: Uuid,
    pub referral_id: Uuid,
    pub referral_code: String,
    /// Holds with the same one were asked together: the first to be accepted releases the others.
    pub wave_id: Option<Uuid>,
    pub shelter_id: Uuid,
    pub shelter_code: String,
    /// `asked`, `accepted`, `arrived`, `declined`, `expired`, `released` or `no_show`.
    pub state: String,
    /// Its beds are gone by the newest report.
    pub at_risk: bool,
    /// The shelter is asked to confirm before anyone travels.
    pub needs_confirmation: bool,
    pub beds: u16,
    pub cots: u16,
    /// For the shelter's own people only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<HoldRoomOut>,
    pub household: Option<HouseholdBody>,
    pub needs: Vec<String>,
    pub languages: Vec<String>,
    pub organisation: Option<HoldOrganisationOut>,
    pub asked_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The local date from which the place is hers; none if at once.
    pub starts_on: Option<NaiveDate>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was declined or released; `placed_elsewhere` when another of its wave was accepted.
    pub reason: Option<String>,
    pub note: Option<String>,
    /// How often the officer may still prolong it.
    pub extensions_left: u8,
    /// Until when it may be prolonged; nothing when it may not be.
    pub extendable_until: Option<DateTime<Utc>>,
}

impl From<&HoldView> for HoldOut {
    fn from(view: &HoldView) -> Self {
        let hold = &view.hold;
        let rooms = view.rooms.iter().filter_map(|(room_id, label)| {
            let line = hold.lines.iter().find(|line| line.room_id == *room_id)?;
            Some(HoldRoomOut {
                room_id: room_id.0,
                label: label.clone(),
                beds: line.beds,
                cots: line.cots,
            })
        });
        Self {
            id: hold.id.0,
            referral_id: hold.referral_id.0,
            referral_code: view.referral_code.clone(),
            wave_id: hold.wave_id.map(|id| id.0),
            shelter_id: hold.shelter_id.0,
            shelter_code: view.shelter_code.clone(),
            state: view.state.to_string(),
            at_risk: view.at_risk,
            needs_confirmation: hold.needs_confirmation,
            beds: hold.beds,
            cots: hold.cots,
            rooms: rooms.collect(),
            household: view
                .search
                .as_ref()
                .map(|search| HouseholdBody::from(&search.household)),
            needs: view
                .search
                .iter()
                .flat_map(|s| s.needs.iter().map(ToString::to_string))
                .collect(),
            languages: view.search.iter().flat_map(|s| s.languages.iter().cloned()).collect(),
            organisation: view.organisation.as_ref().map(|o| HoldOrganisationOut {
                code: o.code.clone(),
                name: o.name.clone(),
            }),
            asked_at: hold.asked_at,
            expires_at: hold.expires_at,
            starts_on: hold.starts_on,
            accepted_at: hold.accepted_at,
            ended_at: hold.ended_at,
            reason: hold.reason.clone(),
            note: hold.note.clone(),
            extensions_left: view.extensions_left,
            extendable_until: (view.extensions_left > 0).then_some(hold.expires_at),
        }
    }
}

/// A hold as it is printed and kept under an Idempotency-Key.
pub fn print(view: &HoldView) -> String {
    serde_json::to_string(&HoldOut::from(view)).unwrap_or_default()
}

/// Holds on the own shelters (manager) or of the own organisation (officer), newest first.
#[utoipa::path(get, path = "/api/v1/holds", tag = "placement", params(Paging),
    responses((status = 200, body = Page<HoldOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<HoldOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.holds(&who.0, paging.moment()?, limit).await?;
    let items: Vec<HoldOut> = rows.iter().map(HoldOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |hold| {
        hold.asked_at.timestamp_millis().to_string()
    })))
}

/// One hold.
#[utoipa::path(get, path = "/api/v1/holds/{id}", tag = "placement", params(("id" = Uuid, Path)),
    responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<HoldOut>, Problem> {
    Ok(web::Json(HoldOut::from(
        &state.services.hold_of(&who.0, id(&path)?).await?,
    )))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingBody {}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineBody {
    /// `full`, `cannot_meet_needs`, `safety_risk`, `conflict_with_resident`, `staffing`, `closed` or `other`.
    #[schema(value_type = String)]
    pub reason: DeclineReason,
    /// No names, no numbers; at most 200 characters.
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseBody {
    /// `found_elsewhere`, `her_choice`, `unsafe_travel`, `entered_in_error` or `other`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub reason: Option<ReleaseReason>,
}

async fn moved(
    state: &State,
    who: &SignedIn,
    path: &str,
    event: HoldEvent,
    ending: Ending,
) -> Result<web::Json<HoldOut>, Problem> {
    let view = state.services.move_hold(&who.0, id(path)?, event, ending).await?;
    Ok(web::Json(HoldOut::from(&view)))
}

/// The shelter accepts: the place is hers until the deadline.
#[utoipa::path(post, path = "/api/v1/holds/{id}/accept", tag = "placement", params(("id" = Uuid, Path)),
    request_body = NothingBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn accept(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    _body: Body<NothingBody>,
) -> Result<web::Json<HoldOut>, Problem> {
    moved(&state, &who, &path, HoldEvent::Accept, Ending::default()).await
}

/// The shelter declines, with a typed reason.
#[utoipa::path(post, path = "/api/v1/holds/{id}/decline", tag = "placement", params(("id" = Uuid, Path)),
    request_body = DeclineBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn decline(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<DeclineBody>,
) -> Result<web::Json<HoldOut>, Problem> {
    let mut faults = Faults::default();
    let note = body
        .value
        .note
        .as_deref()
        .map(|note| super::parse::note(&mut faults, "note", note));
    faults.done()?;
    let ending = Ending {
        decline: Some(body.value.reason),
        note: note.filter(|n| !n.is_empty()),
        ..Ending::default()
    };
    moved(&state, &who, &path, HoldEvent::Decline, ending).await
}

/// She has arrived: what was held is now occupied, and the referral closes as placed.
#[utoipa::path(post, path = "/api/v1/holds/{id}/arrive", tag = "placement", params(("id" = Uuid, Path)),
    request_body = NothingBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn arrive(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    _body: Body<NothingBody>,
) -> Result<web::Json<HoldOut>, Problem> {
    moved(&state, &who, &path, HoldEvent::Arrive, Ending::default()).await
}

/// She did not come: the place is free again.
#[utoipa::path(post, path = "/api/v1/holds/{id}/no_show", tag = "placement", params(("id" = Uuid, Path)),
    request_body = NothingBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn no_show(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    _body: Body<NothingBody>,
) -> Result<web::Json<HoldOut>, Problem> {
    moved(&state, &who, &path, HoldEvent::NoShow, Ending::default()).await
}

/// The place is given back.
#[utoipa::path(post, path = "/api/v1/holds/{id}/release", tag = "placement", params(("id" = Uuid, Path)),
    request_body = ReleaseBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn release(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ReleaseBody>,
) -> Result<web::Json<HoldOut>, Problem> {
    if body.value.reason == Some(ReleaseReason::PlacedElsewhere) {
        let detail = "it is given by the acceptance of another hold";
        return Err(Problem::field("reason", "not_allowed", detail));
    }
    let ending = Ending {
        release: body.value.reason,
        ..Ending::default()
    };
    moved(&state, &who, &path, HoldEvent::Release, ending).await
}

/// The officer prolongs it, before its end and at most twice: by the time to answer again while it waits, by half the
/// time to arrive once it is accepted.
#[utoipa::path(post, path = "/api/v1/holds/{id}/extend", tag = "placement",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    request_body = NothingBody, responses((status = 200, body = HoldOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn extend(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let once = Once { key: body.key(), print };
    let answer = state.services.extend_hold(&who.0, id(&path)?, once).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(answer))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReasonQuery {
    /// Why it is read, 3 to 200 characters; goes on record.
    pub reason: String,
}

impl ReasonQuery {
    pub fn parse(request: &HttpRequest) -> Result<String, Problem> {
        let asked: Self = query(request)?;
        let mut faults = Faults::default();
        if asked.reason.trim().chars().count() < 3 {
            faults.add("reason", "too_short", "at least 3 characters");
        }
        // It goes on record for good, so it says as little of anybody as a remark may.
        let reason = super::parse::note(&mut faults, "reason", &asked.reason);
        faults.done()?;
        Ok(reason)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct HandoverOut {
    pub shelter_code: String,
    pub district: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub meeting_point: String,
}

/// The handover contact, while an accepted hold runs. Reading it is on record and in the shelter's own log.
#[utoipa::path(get, path = "/api/v1/holds/{id}/handover", tag = "placement", params(("id" = Uuid, Path), ReasonQuery),
    responses((status = 200, body = HandoverOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn handover(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<HandoverOut>, Problem> {
    let reason = ReasonQuery::parse(&request)?;
    let found = state.services.handover(&who.0, id(&path)?, &reason).await?;
    Ok(web::Json(HandoverOut {
        shelter_code: found.shelter_code,
        district: found.district,
        contact_name: found.contact_name,
        contact_phone: found.contact_phone,
        meeting_point: found.meeting_point,
    }))
}
