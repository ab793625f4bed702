//! Aggregates for the Committee.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::problem::Problem;

#[derive(Debug, Serialize, ToSchema)]
pub struct ShortageOut {
    pub item: String,
    pub shelters_critical: u32,
    pub shelters_low: u32,
    pub shelters_counted: u32,
    /// Regions in which somebody is short.
    pub regions: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuppliesOut {
    pub as_of: DateTime<Utc>,
    /// The worst first.
    pub items: Vec<ShortageOut>,
}

/// How many shelters are short of which item.
#[utoipa::path(get, path = "/api/v1/statistics/supplies", tag = "statistics",
    responses((status = 200, body = SuppliesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn supplies(state: web::Data<State>) -> Result<web::Json<SuppliesOut>, Problem> {
    let as_of = state.services.now();
    let rows = state.services.shortages(None, as_of).await?;
    Ok(web::Json(SuppliesOut {
        as_of,
        items: rows
            .into_iter()
            .map(|row| ShortageOut {
                item: row.item,
                shelters_critical: row.shelters_critical,
                shelters_low: row.shelters_low,
                shelters_counted: row.shelters_counted,
                regions: row.regions.into_iter().collect(),
            })
            .collect(),
    }))
}
