//! Stock counts, days of cover, and the catalogue of items.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Page, id};
use super::problem::Problem;
use crate::services::stock::StockView;

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLine {
    /// Item code of the catalogue.
    pub item: String,
    /// Whole units, 0 to 10,000,000.
    pub on_hand: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockBody {
    pub stock: Vec<StockLine>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StockOut {
    pub item: String,
    pub on_hand: i64,
    pub observed_at: DateTime<Utc>,
    /// Units a day at the present occupancy; `null` where no figure is known.
    pub daily_use: Option<f64>,
    /// Days the stock lasts, to a tenth.
    pub days_of_cover: Option<f64>,
    /// `critical`, `low`, `ok`, `surplus` or `unknown`.
    pub status: String,
    /// What the use rests on: `planning_figure`.
    pub basis: String,
}

impl From<&StockView> for StockOut {
    #[expect(clippy::cast_precision_loss, reason = "a day's use is far below 2^53")]
    fn from(view: &StockView) -> Self {
        Self {
            item: view.stock.item.clone(),
            on_hand: view.stock.on_hand,
            observed_at: view.stock.observed_at,
            daily_use: (view.daily_use_milli > 0).then(|| view.daily_use_milli as f64 / 1000.0),
            days_of_cover: view.cover.days,
            status: view.cover.status.to_string(),
            basis: "planning_figure".to_owned(),
        }
    }
}

/// A shelter's stock with days of cover.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/stock", tag = "shelters", params(("id" = Uuid, Path)),
    responses((status = 200, body = Page<StockOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<Page<StockOut>>, Problem> {
    let rows = state.services.stock(&who.0, id(&path)?).await?;
    Ok(web::Json(Page::whole(rows.iter().map(StockOut::from).collect())))
}

/// Count stock outside the daily report. Items left out keep their last count.
#[utoipa::path(put, path = "/api/v1/shelters/{id}/stock", tag = "shelters", params(("id" = Uuid, Path)),
    request_body = StockBody, responses((status = 200, body = Page<StockOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn put(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<StockBody>,
) -> Result<web::Json<Page<StockOut>>, Problem> {
    let counts = body
        .value
        .stock
        .into_iter()
        .map(|line| (line.item, line.on_hand))
        .collect();
    let rows = state.services.count(&who.0, id(&path)?, counts).await?;
    Ok(web::Json(Page::whole(rows.iter().map(StockOut::from).collect())))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ItemOut {
    pub code: String,
    /// By language code.
    pub names: BTreeMap<String, String>,
    pub unit: String,
    pub pack_size: u32,
    pub category: String,
    /// Planning figure, units per person and day; `null` for things that last.
    pub per_person_per_day: Option<f64>,
}

/// The catalogue of supply items.
#[utoipa::path(get, path = "/api/v1/items", tag = "reference", responses((status = 200, body = Page<ItemOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn items(state: web::Data<State>) -> web::Json<Page<ItemOut>> {
    let catalogue = state.services.catalogue();
    let items = catalogue.items().iter().map(|item| ItemOut {
        code: item.code.clone(),
        names: super::geography::names_of(&item.names),
        unit: item.unit.to_string(),
        pack_size: item.pack_size,
        category: item.category.to_string(),
        per_person_per_day: item.per_person_per_day.map(|rate| rate.units_per_day()),
    });
    web::Json(Page::whole(items.collect()))
}
