//! Aggregates for the Committee.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::problem::Problem;
use crate::domain::suppression::Cell;
use crate::services::statistics::Shortage;

#[derive(Debug, Serialize, ToSchema)]
pub struct ShortageOut {
    pub item: String,
    pub shelters_critical: u32,
    pub shelters_low: u32,
    pub shelters_counted: u32,
    /// Regions in which somebody is short.
    pub regions: Vec<String>,
    /// Every region in which it was counted.
    pub regions_detail: Vec<RegionShortageOut>,
    /// Days that all of it lasts at the present occupancy, to a tenth, where its use is known.
    pub days_of_cover: Option<f64>,
    /// Days that what was on hand a week ago would last at today's use.
    pub days_before: Option<f64>,
    /// Units on their way between shelters.
    pub coming: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionShortageOut {
    pub region: String,
    pub critical: u32,
    pub low: u32,
    pub counted: u32,
}

impl From<Shortage> for ShortageOut {
    fn from(row: Shortage) -> Self {
        let regions = row.short_regions().cloned().collect();
        let detail = row.regions.into_iter().map(|(region, short)| RegionShortageOut {
            region,
            critical: short.critical,
            low: short.low,
            counted: short.counted,
        });
        Self {
            item: row.item,
            shelters_critical: row.shelters.critical,
            shelters_low: row.shelters.low,
            shelters_counted: row.shelters.counted,
            regions,
            regions_detail: detail.collect(),
            days_of_cover: row.days,
            days_before: row.days_before,
            coming: row.coming,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuppliesOut {
    pub as_of: DateTime<Utc>,
    /// The worst first.
    pub items: Vec<ShortageOut>,
}

/// How many shelters are short of which item, and how long it lasts as a whole.
#[utoipa::path(get, path = "/api/v1/statistics/supplies", tag = "statistics",
    responses((status = 200, body = SuppliesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn supplies(state: web::Data<State>) -> Result<web::Json<SuppliesOut>, Problem> {
    let as_of = state.services.now();
    let rows = state.services.shortages(None, as_of).await?;
    Ok(web::Json(SuppliesOut {
        as_of,
        items: rows.into_iter().map(ShortageOut::from).collect(),
    }))
}

/// A number of people: itself, or a text where it may not be said (`<5`, or `…` where it would give another away).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PeopleOut {
    Number(u64),
    Hidden(String),
}

impl From<Cell> for PeopleOut {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Exact(count) => Self::Number(count),
            Cell::Below | Cell::Withheld => Self::Hidden(cell.to_string()),
        }
    }
}
