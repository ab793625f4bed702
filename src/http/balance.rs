//! The national balance of supplies.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::parse::query;
use super::problem::Problem;
use crate::domain::balance::Balance;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BalanceQuery {
    /// First local date; 89 days before `to` if left out.
    pub from: Option<NaiveDate>,
    /// Last local date; today if left out. At most 400 days in all.
    pub to: Option<NaiveDate>,
}

/// One item over the period, in units:
/// `opening + in_transit_opening + donated + bought + from_state + other = issued + used + written_off +
/// missing_in_transit + closing + in_transit_closing`.
#[derive(Debug, Serialize, ToSchema)]
pub struct BalanceOut {
    pub item: String,
    /// On all shelves before the first day, as it was known then.
    pub opening: i64,
    pub donated: i64,
    pub bought: i64,
    pub from_state: i64,
    pub other: i64,
    /// Given out, as booked.
    pub issued: i64,
    /// What counts have shown to be gone beside what was booked; below 0 if they found more than was known.
    pub used: i64,
    pub written_off: i64,
    /// Sent and not among what was received.
    pub missing_in_transit: i64,
    pub in_transit_opening: i64,
    pub in_transit_closing: i64,
    /// On all shelves after the last day, as it was known then.
    pub closing: i64,
    /// Whether the two sides are equal: what shelves have booked for transfers agrees with the transfers.
    pub closes: bool,
}

impl From<Balance> for BalanceOut {
    fn from(row: Balance) -> Self {
        Self {
            closes: row.closes(),
            item: row.item,
            opening: row.opening,
            donated: row.donated,
            bought: row.bought,
            from_state: row.from_state,
            other: row.other,
            issued: row.issued,
            used: row.used,
            written_off: row.written_off,
            missing_in_transit: row.missing_in_transit,
            in_transit_opening: row.in_transit_opening,
            in_transit_closing: row.in_transit_closing,
            closing: row.closing,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BalancesOut {
    pub as_of: DateTime<Utc>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub items: Vec<BalanceOut>,
}

/// What there was of each item, what came, went and was lost, and what there is, over the country.
#[utoipa::path(get, path = "/api/v1/statistics/supplies/balance", tag = "statistics", params(BalanceQuery),
    responses((status = 200, body = BalancesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<BalancesOut>, Problem> {
    let asked: BalanceQuery = query(&request)?;
    let found = state.services.supply_balance(asked.from, asked.to).await?;
    Ok(web::Json(BalancesOut {
        as_of: found.as_of,
        from: found.from,
        to: found.to,
        items: found.items.into_iter().map(BalanceOut::from).collect(),
    }))
}
