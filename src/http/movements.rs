//! What came to a shelter's stock or left it, between counts.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Page, Paging, id, query};
use super::problem::Problem;
use super::referrals::created;
use super::stock::StockOut;
use crate::domain::stock::{Booked, Booking, RawLine, RawMovements};
use crate::services::movements::Moved;
use crate::services::once::Once;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementLine {
    /// Item code of the catalogue.
    #[serde(default)]
    pub item: Option<String>,
    /// In the place of the item: everything that is in so many of this kit, without packs and dates.
    #[serde(default)]
    pub kit: Option<String>,
    /// Whole units beside the packs, 0 to 10,000,000; or kits.
    pub quantity: i64,
    /// Whole packs; both together 1 to 10,000,000 units.
    #[serde(default)]
    pub packs: i64,
    /// When all of them expire. What leaves without a date is taken to be what expires first.
    #[serde(default)]
    pub expires_on: Option<NaiveDate>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementsBody {
    /// `receipt`, `issue` or `write_off`.
    #[schema(value_type = String)]
    pub kind: Booking,
    /// Of a receipt `donation`, `purchase`, `state` or `other`; of a write-off `expired`, `damaged`, `lost` or `other`; of an
    /// issue none.
    #[serde(default)]
    pub source: Option<String>,
    /// 1 to 500.
    pub lines: Vec<MovementLine>,
}

impl From<MovementsBody> for RawMovements {
    fn from(body: MovementsBody) -> Self {
        let line = |line: MovementLine| RawLine {
            item: line.item,
            kit: line.kit,
            quantity: line.quantity,
            packs: line.packs,
            expires_on: line.expires_on,
        };
        Self {
            booking: body.kind,
            source: body.source,
            lines: body.lines.into_iter().map(line).collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MovedOut {
    /// The items that changed, as they stand now.
    pub stock: Vec<StockOut>,
}

fn print(moved: &Moved) -> String {
    let out = MovedOut {
        stock: moved.stock.iter().map(StockOut::from).collect(),
    };
    serde_json::to_string(&out).unwrap_or_default()
}

/// Book a receipt, an issue or a write-off. All lines or none.
#[utoipa::path(post, path = "/api/v1/shelters/{id}/movements", tag = "shelters", request_body = MovementsBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each new booking")),
    responses((status = 201, body = MovedOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn book(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<MovementsBody>,
) -> Result<HttpResponse, Problem> {
    let shelter = id(&path)?;
    let key = body.required_key()?;
    let movements = RawMovements::from(body.value);
    let once = Once { key, print };
    Ok(created(
        state.services.book_stock(&who.0, shelter, &movements, once).await?,
    ))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MovementOut {
    pub id: Uuid,
    pub item: String,
    /// `receipt`, `issue`, `write_off`, `transfer_out`, `transfer_in` or `returned`.
    pub kind: String,
    /// Units; below 0 if they left.
    pub change: i64,
    pub expires_on: Option<NaiveDate>,
    pub source: Option<String>,
    pub transfer_code: Option<String>,
    pub moved_at: DateTime<Utc>,
    /// Who booked it.
    pub by: Option<String>,
}

impl From<Booked> for MovementOut {
    fn from(row: Booked) -> Self {
        Self {
            id: row.movement.id.0,
            item: row.movement.item,
            kind: row.movement.kind.to_string(),
            change: row.movement.change,
            expires_on: row.movement.expires_on,
            source: row.movement.source,
            transfer_code: row.transfer_code,
            moved_at: row.movement.moved_at,
            by: row.by,
        }
    }
}

/// What came and went, the newest first.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/movements", tag = "shelters", params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = Page<MovementOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<Page<MovementOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state
        .services
        .movements(&who.0, id(&path)?, paging.id()?, limit)
        .await?;
    let items = rows.into_iter().map(MovementOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row: &MovementOut| {
        row.id.to_string()
    })))
}
