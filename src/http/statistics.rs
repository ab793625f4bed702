//! Aggregates for the Committee.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::parse::query;
use super::problem::Problem;
use crate::domain::ledger::Change;
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

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmetReasonOut {
    /// `no_capacity`, `admission_rule`, `distance`, `no_answer`, `her_choice`, `safety` or `other`.
    pub code: String,
    pub count: PeopleOut,
}

/// One change to the country as it is now, by itself, and how many of those who found no place would then fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeOut {
    /// `family_room` (three beds and a cot), `step_free_family_room`, `single_bed`, `boys_admitted` or `need_admitted`.
    pub code: String,
    /// Where the room is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// Up to which age, in whole years, boys are admitted everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    /// Each household counted by itself: not how many could stay there at once.
    pub placed: PeopleOut,
}

impl From<(Change, Cell)> for ChangeOut {
    fn from((change, placed): (Change, Cell)) -> Self {
        let code = change.code().to_owned();
        let (region, need, age) = match change {
            Change::FamilyRoom { region } | Change::SingleBed { region } | Change::StepFreeFamilyRoom { region } => {
                (Some(region), None, None)
            }
            Change::NeedAdmitted { need } => (None, Some(need.to_string()), None),
            Change::BoysAdmitted { age } => (None, None, Some(age)),
        };
        Self {
            code,
            region,
            need,
            age,
            placed: placed.into(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmetOut {
    pub as_of: DateTime<Utc>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub closed_without_place: PeopleOut,
    /// The most frequent first; a referral may have several. None under five referrals, as of the changes.
    pub reasons: Vec<UnmetReasonOut>,
    /// The most helpful first.
    pub changes: Vec<ChangeOut>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// First local date of closing; 89 days before `to` if left out.
    pub from: Option<NaiveDate>,
    /// Last local date of closing; today if left out. At most 400 days in all.
    pub to: Option<NaiveDate>,
}

/// Referrals closed without a place, and which single change to the country would have placed how many of them.
#[utoipa::path(get, path = "/api/v1/statistics/unmet", tag = "statistics", params(PeriodQuery),
    responses((status = 200, body = UnmetOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn unmet(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<UnmetOut>, Problem> {
    let asked: PeriodQuery = query(&request)?;
    let found = state.services.unmet_need(asked.from, asked.to).await?;
    let reasons = found.reasons.into_iter().map(|(reason, count)| UnmetReasonOut {
        code: reason.to_string(),
        count: count.into(),
    });
    Ok(web::Json(UnmetOut {
        as_of: found.as_of,
        from: found.from,
        to: found.to,
        closed_without_place: found.closed_without_place.into(),
        reasons: reasons.collect(),
        changes: found.changes.into_iter().map(ChangeOut::from).collect(),
    }))
}
