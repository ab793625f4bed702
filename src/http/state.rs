//! A shelter as it is now, for those who run it.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::holds::HoldOut;
use super::parse::id;
use super::problem::Problem;
use super::stock::StockOut;
use crate::domain::rooms::RoomCount;
use crate::services::state::ShelterState;

/// Beds and cots in sum. Always: beds + over_capacity = free + occupied + held + enclosed + out_of_service.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoomCountOut {
    pub beds: u32,
    pub free: u32,
    pub occupied: u32,
    pub held: u32,
    pub enclosed: u32,
    pub out_of_service: u32,
    pub over_capacity: u32,
    pub cots: u32,
    pub occupied_cots: u32,
    pub held_cots: u32,
    pub free_cots: u32,
}

impl From<RoomCount> for RoomCountOut {
    fn from(c: RoomCount) -> Self {
        Self {
            beds: c.beds,
            free: c.free,
            occupied: c.occupied,
            held: c.held,
            enclosed: c.enclosed,
            out_of_service: c.out_of_service,
            over_capacity: c.over_capacity,
            cots: c.cots,
            occupied_cots: c.occupied_cots,
            held_cots: c.held_cots,
            free_cots: c.free_cots,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RoomStateOut {
    pub room_id: Uuid,
    pub label: String,
    pub kind: String,
    pub beds: u16,
    pub cots: u16,
    pub step_free: bool,
    pub sleeps: Option<u8>,
    pub occupied_beds: u16,
    pub occupied_cots: u16,
    pub held_beds: u16,
    pub held_cots: u16,
    pub enclosed_beds: u32,
    pub out_of_service_beds: u16,
    pub out_of_service_reason: Option<String>,
    pub free_beds: u32,
    pub free_cots: u32,
    pub over_capacity: u32,
    pub planned_exit: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StateShelterOut {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub district: String,
    pub region: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShelterStateOut {
    pub shelter: StateShelterOut,
    pub as_of: DateTime<Utc>,
    /// For countdowns: never the phone's own clock.
    pub server_time: DateTime<Utc>,
    pub freshness: String,
    pub observed_at: Option<DateTime<Utc>>,
    /// The newest report in force: what a report written now is `based_on`.
    pub report_id: Option<Uuid>,
    pub reported_by: Option<String>,
    pub due_at: DateTime<Utc>,
    pub operating: bool,
    pub totals: RoomCountOut,
    pub rooms: Vec<RoomStateOut>,
    pub holds: Vec<HoldOut>,
    pub stock: Vec<StockOut>,
}

impl From<ShelterState> for ShelterStateOut {
    fn from(state: ShelterState) -> Self {
        let (view, now) = (&state.view, state.now);
        let rooms = view.rooms.iter().map(|room| {
            let (held, counted) = (room.held(now), room.count(now));
            RoomStateOut {
                room_id: room.room.id.0,
                label: room.room.label.clone(),
                kind: room.room.kind.to_string(),
                beds: room.room.beds,
                cots: room.room.cots,
                step_free: room.room.step_free,
                sleeps: room.room.sleeps,
                occupied_beds: room.state.occupied_beds,
                occupied_cots: room.state.occupied_cots,
                held_beds: held.beds,
                held_cots: held.cots,
                enclosed_beds: counted.enclosed,
                out_of_service_beds: room.state.out_of_service_beds,
                out_of_service_reason: room.state.out_of_service_reason.map(|r| r.to_string()),
                free_beds: counted.free,
                free_cots: counted.free_cots,
                over_capacity: counted.over_capacity,
                planned_exit: room.planned_exit,
            }
        });
        Self {
            shelter: StateShelterOut {
                id: view.shelter.id.0,
                code: view.shelter.code.clone(),
                name: view.shelter.name.clone(),
                district: view.shelter.district.clone(),
                region: view.shelter.region.clone(),
            },
            as_of: now,
            server_time: now,
            freshness: state.freshness.to_string(),
            observed_at: view.observed_at,
            report_id: state.report_id.map(|id| id.0),
            reported_by: state.reported_by.clone(),
            due_at: state.due_at,
            operating: view.operating,
            totals: view.count(now).into(),
            rooms: rooms.collect(),
            holds: state.holds.iter().map(HoldOut::from).collect(),
            stock: state.stock.iter().map(StockOut::from).collect(),
        }
    }
}

/// A shelter now: rooms, holds to answer, stock.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/state", tag = "shelters", params(("id" = Uuid, Path)),
    responses((status = 200, body = ShelterStateOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn state(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<ShelterStateOut>, Problem> {
    Ok(web::Json(state.services.state(&who.0, id(&path)?).await?.into()))
}
