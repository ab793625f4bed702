//! Stock counts and days of cover.

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Page, id};
use super::problem::Problem;
use crate::domain::stock::{Lot, RawCount};
use crate::services::stock::StockView;

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLine {
    /// Item code of the catalogue.
    pub item: String,
    /// Whole units beside the packs, 0 to 10,000,000.
    pub on_hand: i64,
    /// Whole packs; both together at most 10,000,000 units.
    #[serde(default)]
    pub packs: i64,
}

impl From<StockLine> for RawCount {
    fn from(line: StockLine) -> Self {
        Self {
            packs: line.packs,
            ..Self::units(line.item, line.on_hand)
        }
    }
}

/// Units that expire on a date.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotOut {
    pub expires_on: NaiveDate,
    /// At least 1.
    pub units: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountLine {
    /// Item code of the catalogue.
    pub item: String,
    /// Whole units beside the packs, 0 to 10,000,000.
    pub on_hand: i64,
    /// Whole packs; both together at most 10,000,000 units.
    #[serde(default)]
    pub packs: i64,
    /// How many of them expire when, at most 50 dates; the rest have none. Left out: as it was, less what is gone.
    #[serde(default)]
    pub lots: Option<Vec<LotOut>>,
    /// What the shelter never gives away. Left out: as it was.
    #[serde(default)]
    pub minimum: Option<i64>,
    /// Take it though it is ten times the usual; else that is asked once (`unusual`).
    #[serde(default)]
    pub sure: bool,
}

impl From<CountLine> for RawCount {
    fn from(line: CountLine) -> Self {
        let lot = |lot: LotOut| Lot {
            expires_on: lot.expires_on,
            units: lot.units,
        };
        Self {
            item: line.item,
            on_hand: line.on_hand,
            packs: line.packs,
            lots: line.lots.map(|lots| lots.into_iter().map(lot).collect()),
            minimum: line.minimum,
            sure: line.sure,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockBody {
    /// At most 500.
    pub stock: Vec<CountLine>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StockOut {
    pub item: String,
    pub on_hand: i64,
    /// The newest of count and movements.
    pub observed_at: DateTime<Utc>,
    /// `null` for what was received and never counted.
    pub counted_at: Option<DateTime<Utc>>,
    /// Units a day at the present occupancy; `null` where no figure is known.
    pub daily_use: Option<f64>,
    /// Days the stock lasts, to a tenth.
    pub days_of_cover: Option<f64>,
    /// With nine in ten it lasts at least so long; `null` where use was not learned.
    pub days_low: Option<f64>,
    /// With nine in ten it lasts at most so long.
    pub days_high: Option<f64>,
    /// Local date on which the last unit goes; `null` where no use is known or in ten years.
    pub runs_out_on: Option<NaiveDate>,
    /// `critical`, `low`, `ok`, `surplus` or `unknown`.
    pub status: String,
    /// What the use rests on: `learned`, `planning_figure` or `none`.
    pub basis: String,
    /// Dated units among those on hand, the first to expire first.
    pub lots: Vec<LotOut>,
    /// What the shelter never gives away.
    pub minimum: i64,
    /// Units on their way to here.
    pub coming: i64,
    /// Units that are to leave for others: agreed and not yet sent.
    pub promised: i64,
}

impl From<&StockView> for StockOut {
    #[expect(clippy::cast_precision_loss, reason = "a day's use is far below 2^53")]
    fn from(view: &StockView) -> Self {
        let lot = |lot: &Lot| LotOut {
            expires_on: lot.expires_on,
            units: lot.units,
        };
        let used = view.daily_use_milli > 0;
        Self {
            item: view.stock.item.clone(),
            on_hand: view.stock.on_hand,
            observed_at: view.stock.observed_at,
            counted_at: view.stock.counted.map(|count| count.at),
            daily_use: used.then(|| view.daily_use_milli as f64 / 1000.0),
            days_of_cover: view.cover.days,
            days_low: view.days_between.map(|days| days.0),
            days_high: view.days_between.map(|days| days.1),
            runs_out_on: view.runs_out_on,
            status: view.cover.status.to_string(),
            basis: view.basis.to_string(),
            lots: view.stock.lots.iter().map(lot).collect(),
            minimum: view.stock.minimum,
            coming: view.way.coming,
            promised: view.way.promised,
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
    let counts: Vec<RawCount> = body.value.stock.into_iter().map(RawCount::from).collect();
    let rows = state.services.count(&who.0, id(&path)?, &counts).await?;
    Ok(web::Json(Page::whole(rows.iter().map(StockOut::from).collect())))
}
