//! What shelters ask for.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::NothingBody;
use super::parse::{Page, id};
use super::problem::Problem;
use super::referrals::created;
use super::transfers::StatesQuery;
use crate::domain::requests::{Closing, Priority, RequestReason};
use crate::services::once::Once;
use crate::services::requests::{RequestDraft, RequestView};

/// A request; quantities are whole units.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SupplyRequestOut {
    pub id: Uuid,
    pub code: String,
    /// Not for the committee.
    pub shelter_id: Option<Uuid>,
    pub shelter_code: String,
    pub district: String,
    pub item: String,
    pub quantity: i64,
    /// Of transfers approved and on their way that answer it.
    pub promised: i64,
    pub received: i64,
    /// `urgent`, `high` or `normal`.
    pub priority: String,
    /// Local day.
    pub needed_by: NaiveDate,
    /// `running_out`, `new_arrivals`, `damaged`, `season` or `other`.
    pub reason: String,
    /// `open`, `met`, `withdrawn` or `refused`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    /// What the reader may do with it now: `withdraw` or `refuse`.
    pub may: Vec<String>,
}

impl From<&RequestView> for SupplyRequestOut {
    fn from(view: &RequestView) -> Self {
        let row = &view.request;
        let step = |how: &Closing| match how {
            Closing::Withdrawn => Some("withdraw".to_owned()),
            Closing::Refused => Some("refuse".to_owned()),
            Closing::Met => None,
        };
        Self {
            id: row.id.0,
            code: row.code.clone(),
            shelter_id: view.shelter.id.map(|id| id.0),
            shelter_code: view.shelter.code.clone(),
            district: view.shelter.district.clone(),
            item: row.item.clone(),
            quantity: row.quantity,
            promised: view.answered.promised,
            received: view.answered.received,
            priority: row.priority.to_string(),
            needed_by: row.needed_by,
            reason: row.reason.to_string(),
            state: row.state().to_string(),
            created_at: row.created_at,
            closed_at: row.closed.map(|(_, at)| at),
            may: view.may.iter().filter_map(step).collect(),
        }
    }
}

fn print(view: &RequestView) -> String {
    serde_json::to_string(&SupplyRequestOut::from(view)).unwrap_or_default()
}

/// Requests, newest first: a manager's of the own shelters, an operator's and the committee's of all.
#[utoipa::path(get, path = "/api/v1/supply-requests", tag = "supplies", params(StatesQuery),
    responses((status = 200, body = Page<SupplyRequestOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<SupplyRequestOut>>, Problem> {
    let (states, paging) = StatesQuery::parse(&request)?;
    let limit = paging.limit()?;
    let rows = (state.services)
        .supply_requests(&who.0, &states, paging.id()?, limit)
        .await?;
    let items: Vec<SupplyRequestOut> = rows.iter().map(SupplyRequestOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| row.id.to_string())))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyRequestBody {
    pub shelter_id: Uuid,
    /// Item code of the catalogue.
    pub item: String,
    /// Whole units beside the packs, 0 to 10,000,000.
    pub quantity: i64,
    /// Whole packs; both together 1 to 10,000,000 units.
    #[serde(default)]
    pub packs: i64,
    /// `urgent`, `high` or `normal`.
    #[schema(value_type = String)]
    pub priority: Priority,
    /// Local day, today to a year ahead.
    pub needed_by: NaiveDate,
    /// `running_out`, `new_arrivals`, `damaged`, `season` or `other`.
    #[schema(value_type = String)]
    pub reason: RequestReason,
}

/// Ask for an item for the own shelter.
#[utoipa::path(post, path = "/api/v1/supply-requests", tag = "supplies", request_body = SupplyRequestBody,
    params(("Idempotency-Key" = String, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = SupplyRequestOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn open(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<SupplyRequestBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let asked = body.value;
    let draft = RequestDraft {
        shelter: asked.shelter_id.into(),
        item: asked.item,
        quantity: asked.quantity,
        packs: asked.packs,
        priority: asked.priority,
        needed_by: asked.needed_by,
        reason: asked.reason,
    };
    Ok(created(
        state
            .services
            .request_supplies(&who.0, draft, Once { key, print })
            .await?,
    ))
}

async fn closed(
    state: &State,
    who: &SignedIn,
    path: &str,
    how: Closing,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let once = Once { key, print };
    let answer = state.services.close_request(&who.0, id(path)?, how, once).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(answer))
}

/// The shelter takes its request back. Transfers that answer it go on.
#[utoipa::path(post, path = "/api/v1/supply-requests/{id}/withdraw", tag = "supplies", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = SupplyRequestOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn withdraw(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    closed(&state, &who, &path, Closing::Withdrawn, body).await
}

/// An operator refuses a request. Transfers that answer it go on.
#[utoipa::path(post, path = "/api/v1/supply-requests/{id}/refuse", tag = "supplies", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = SupplyRequestOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn refuse(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    closed(&state, &who, &path, Closing::Refused, body).await
}
