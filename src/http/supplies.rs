//! Supplies at risk, for the Committee and the operators.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::parse::{Paging, query};
use super::problem::Problem;
use crate::domain::supplies::StockStatus;
use crate::services::supplies::{Place, Risk, Wanted};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppliesQuery {
    /// `critical`, `low`, `ok`, `surplus` or `unknown`, or several by commas; `critical,low` if left out.
    pub status: Option<String>,
    /// Region code.
    pub region: Option<String>,
    /// Item code.
    pub item: Option<String>,
    /// Most rows of the answer, 1 to 50.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SupplyOut {
    pub item: String,
    pub region: String,
    pub shelter_code: String,
    /// For administrators only.
    pub shelter_id: Option<Uuid>,
    /// For administrators only.
    pub shelter_name: Option<String>,
    /// Whole units.
    pub on_hand: i64,
    /// Units a day at the present occupancy; `null` where no figure is known.
    pub daily_use: Option<f64>,
    /// Days the stock lasts, to a tenth.
    pub days_of_cover: Option<f64>,
    /// With nine in ten it lasts at least so long; `null` where use was not learned.
    pub days_low: Option<f64>,
    /// With nine in ten it lasts at most so long.
    pub days_high: Option<f64>,
    /// Local date on which the last unit goes.
    pub runs_out_on: Option<NaiveDate>,
    /// `critical`, `low`, `ok`, `surplus` or `unknown`.
    pub status: String,
    /// Units on their way to here.
    pub coming: i64,
    /// Units approved to leave and not yet sent.
    pub promised: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SupplyRowsOut {
    pub as_of: DateTime<Utc>,
    /// What runs out first is first.
    pub rows: Vec<SupplyOut>,
    pub next_cursor: Option<String>,
}

impl From<Risk> for SupplyOut {
    #[expect(clippy::cast_precision_loss, reason = "a day's use is far below 2^53")]
    fn from(risk: Risk) -> Self {
        let (id, name) = risk.shelter.unzip();
        let seen = risk.seen;
        Self {
            item: risk.place.item,
            region: risk.region,
            shelter_code: risk.place.shelter_code,
            shelter_id: id.map(|id| id.0),
            shelter_name: name,
            on_hand: seen.stock.on_hand,
            daily_use: (seen.daily_use_milli > 0).then(|| seen.daily_use_milli as f64 / 1000.0),
            days_of_cover: seen.cover.days,
            days_low: seen.days_between.map(|days| days.0),
            days_high: seen.days_between.map(|days| days.1),
            runs_out_on: seen.runs_out_on,
            status: seen.cover.status.to_string(),
            coming: seen.way.coming,
            promised: seen.way.promised,
        }
    }
}

/// What runs out where. A shelter's id and name are told to administrators only.
#[utoipa::path(get, path = "/api/v1/supplies", tag = "statistics", params(SuppliesQuery),
    responses((status = 200, body = SupplyRowsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<SupplyRowsOut>, Problem> {
    let asked: SuppliesQuery = query(&request)?;
    let paging = Paging {
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let limit = usize::try_from(paging.limit()?).unwrap_or(50);
    let unknown = || {
        Problem::field(
            "status",
            "unknown_value",
            "a status as it is given, or several by commas",
        )
    };
    let statuses = asked.status.as_deref().unwrap_or("critical,low").split(',');
    let wanted = Wanted {
        statuses: statuses
            .map(|word| word.parse::<StockStatus>().map_err(|_| unknown()))
            .collect::<Result<_, _>>()?,
        region: asked.region,
        item: asked.item,
        after: paging.code()?.map(place).transpose()?,
    };
    let found = state.services.supplies(&who.0, &wanted, limit).await?;
    let full = found.len() == limit;
    Ok(web::Json(SupplyRowsOut {
        as_of: state.services.now(),
        next_cursor: found.last().filter(|_| full).map(|risk| cursor(&risk.place)),
        rows: found.into_iter().map(SupplyOut::from).collect(),
    }))
}

fn cursor(place: &Place) -> String {
    format!(
        "{}~{}~{}~{}",
        place.status, place.tenths, place.item, place.shelter_code
    )
}

fn place(cursor: &str) -> Result<Place, Problem> {
    let malformed = || Problem::field("cursor", "malformed", "a cursor as it was given");
    let mut parts = cursor.splitn(4, '~');
    let mut part = || parts.next().ok_or_else(malformed);
    Ok(Place {
        status: part()?.parse().map_err(|_| malformed())?,
        tenths: part()?.parse().map_err(|_| malformed())?,
        item: part()?.to_owned(),
        shelter_code: part()?.to_owned(),
    })
}
