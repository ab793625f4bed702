//! The timeline of a referral and of one hold.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::parse::id;
use super::problem::Problem;
use crate::services::timeline::EventView;

#[derive(Debug, Serialize, ToSchema)]
pub struct EventDetailOut {
    /// Code of the reason or of the outcome; with `next_asked`, `no_bed_left` where nobody else could be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `wave_asked`: how many shelters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u8>,
    /// The deadline that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EventOut {
    pub at: DateTime<Utc>,
    /// `opened`, `asked`, `wave_asked`, `reminded`, `next_asked`, `operator_told`, `accepted`, `declined`, `released`,
    /// `expired`, `no_show`, `arrived`, `extended`, `at_risk`, `waiting`, `place_found` or `closed`.
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shelter_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<EventDetailOut>,
}

impl From<EventView> for EventOut {
    fn from(view: EventView) -> Self {
        let told = view.event.detail;
        let says_more = told.reason.is_some() || told.size.is_some() || told.until.is_some();
        Self {
            at: view.event.at,
            kind: view.event.kind.to_string(),
            hold_id: view.event.hold_id.map(|id| id.0),
            shelter_code: view.shelter_code,
            detail: says_more.then_some(EventDetailOut {
                reason: told.reason,
                size: told.size,
                until: told.until,
            }),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineOut {
    /// Oldest first.
    pub items: Vec<EventOut>,
}

fn told(events: Vec<EventView>) -> web::Json<TimelineOut> {
    web::Json(TimelineOut {
        items: events.into_iter().map(EventOut::from).collect(),
    })
}

/// All that happened to a referral of the own organisation.
#[utoipa::path(get, path = "/api/v1/referrals/{id}/timeline", tag = "placement", params(("id" = Uuid, Path)),
    responses((status = 200, body = TimelineOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn referral(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<TimelineOut>, Problem> {
    Ok(told(state.services.referral_timeline(&who.0, id(&path)?).await?))
}

/// What happened to one hold: the same for the shelter and for the officer.
#[utoipa::path(get, path = "/api/v1/holds/{id}/timeline", tag = "placement", params(("id" = Uuid, Path)),
    responses((status = 200, body = TimelineOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn hold(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<TimelineOut>, Problem> {
    Ok(told(state.services.hold_timeline(&who.0, id(&path)?).await?))
}
