//! Demand and unmet need over whole closed months, for the Committee: on the wire and as tables. Counts arrive as they
//! were published.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::figures::{Shape, answer};
use super::parse::query;
use super::problem::Problem;
use super::statistics::PeopleOut;
use crate::domain::ledger::Change;
use crate::domain::people::{Block, Figure, Published};
use crate::domain::suppression;
use crate::services::demand::Demand;
use crate::sheets::Cell;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonthsQuery {
    /// A day of the first month; the third month up to the last if left out. The last if that month is not over.
    pub from: Option<NaiveDate>,
    /// A day of the last month; the newest closed one if left out, or if that day's month is not over. At most 24 months.
    pub to: Option<NaiveDate>,
    /// `csv` for a table instead.
    pub format: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EndsOut {
    /// Referrals opened.
    pub opened: PeopleOut,
    /// Referrals closed because she arrived, because no place was found, and for any other end.
    pub placed: PeopleOut,
    pub unmet: PeopleOut,
    pub other: PeopleOut,
}

impl From<&Published> for EndsOut {
    fn from(said: &Published) -> Self {
        let [opened, placed, unmet, other] = ends(said).map(PeopleOut::from);
        Self {
            opened,
            placed,
            unmet,
            other,
        }
    }
}

fn ends(said: &Published) -> [suppression::Cell; 4] {
    [Figure::Opened, Figure::Placed, Figure::Unmet, Figure::Other].map(|figure| said.cell(&figure))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MonthOut {
    /// `2026-10`.
    pub month: String,
    #[serde(flatten)]
    pub ends: EndsOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionDemandOut {
    /// From which households set out; empty where it is not known.
    pub region: String,
    pub opened: PeopleOut,
    pub unmet: PeopleOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DemandOut {
    pub as_of: DateTime<Utc>,
    /// First and last day: whole closed months.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub months: Vec<MonthOut>,
    /// All months together. It may say what the months do not, and the other way round.
    pub total: EndsOut,
    pub regions: Vec<RegionDemandOut>,
}

impl From<&Demand> for DemandOut {
    fn from(found: &Demand) -> Self {
        let months = found.months.iter().map(|said| MonthOut {
            month: month(said),
            ends: said.into(),
        });
        let regions = found.regions.iter().map(|region| {
            let (opened, unmet) = found.total.region(region);
            RegionDemandOut {
                region: region.clone(),
                opened: opened.into(),
                unmet: unmet.into(),
            }
        });
        Self {
            as_of: found.as_of,
            from: found.total.from,
            to: found.total.to,
            months: months.collect(),
            total: (&found.total).into(),
            regions: regions.collect(),
        }
    }
}

fn month(said: &Published) -> String {
    Block::month_of(said.from).to_string()
}

/// Referrals opened and closed, by month and by region. Only whole closed months are counted; the answer says which.
#[utoipa::path(get, path = "/api/v1/statistics/demand", tag = "statistics", params(MonthsQuery),
    responses((status = 200, body = DemandOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn demand(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: MonthsQuery = query(&request)?;
    let shape = Shape::of(asked.format.as_deref())?;
    let found = state.services.demand_of(asked.from, asked.to).await?;
    answer(shape, "demand", || demand_table(&found), || DemandOut::from(&found))
}

fn demand_table(found: &Demand) -> Vec<Vec<Cell>> {
    let mut rows = vec![
        ["part", "code", "opened", "placed", "unmet", "other"]
            .map(Cell::from)
            .to_vec(),
    ];
    let line = |part: &str, code: String, said: &Published| {
        let mut row = vec![Cell::from(part), Cell::Text(code)];
        row.extend(ends(said).map(people));
        row
    };
    rows.extend(found.months.iter().map(|said| line("month", month(said), said)));
    rows.push(line("total", String::new(), &found.total));
    for region in &found.regions {
        let (opened, unmet) = found.total.region(region);
        let nothing = || Cell::from("");
        let row = [
            "region".into(),
            Cell::Text(region.clone()),
            people(opened),
            nothing(),
            people(unmet),
            nothing(),
        ];
        rows.push(row.to_vec());
    }
    rows
}

/// A count of people as it is printed in a table.
pub(super) fn people(cell: suppression::Cell) -> Cell {
    match cell.exact().map(i64::try_from) {
        Some(Ok(count)) => Cell::Number(count),
        _ => Cell::Text(cell.to_string()),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmetReasonOut {
    /// `no_capacity`, `admission_rule`, `distance`, `no_answer`, `her_choice`, `safety` or `other`.
    pub code: String,
    pub count: PeopleOut,
}

/// One change to the country as it was when the month was closed, by itself, and how many of those who found no place
/// would then have fitted.
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

impl From<(Change, suppression::Cell)> for ChangeOut {
    fn from((change, placed): (Change, suppression::Cell)) -> Self {
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
pub struct RegionCountOut {
    /// From which households set out; empty where it is not known.
    pub region: String,
    pub count: PeopleOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmetOut {
    pub as_of: DateTime<Utc>,
    /// First and last day: whole closed months.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub closed_without_place: PeopleOut,
    /// The most frequent first; a referral may have several. None under five referrals, as of the changes.
    pub reasons: Vec<UnmetReasonOut>,
    /// The most helpful first.
    pub changes: Vec<ChangeOut>,
    pub regions: Vec<RegionCountOut>,
}

impl From<&Demand> for UnmetOut {
    fn from(found: &Demand) -> Self {
        let said = &found.total;
        let reasons = said.reasons().into_iter().map(|(reason, count)| UnmetReasonOut {
            code: reason.to_string(),
            count: count.into(),
        });
        let regions = found.regions.iter().map(|region| RegionCountOut {
            region: region.clone(),
            count: said.region(region).1.into(),
        });
        Self {
            as_of: found.as_of,
            from: said.from,
            to: said.to,
            closed_without_place: said.cell(&Figure::Unmet).into(),
            reasons: reasons.collect(),
            changes: said.changes().into_iter().map(ChangeOut::from).collect(),
            regions: regions.collect(),
        }
    }
}

/// Referrals closed without a place, and which single change to the country would have placed how many of them. Only
/// whole closed months are counted; the answer says which.
#[utoipa::path(get, path = "/api/v1/statistics/unmet", tag = "statistics", params(MonthsQuery),
    responses((status = 200, body = UnmetOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn unmet(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: MonthsQuery = query(&request)?;
    let shape = Shape::of(asked.format.as_deref())?;
    let found = state.services.demand_of(asked.from, asked.to).await?;
    answer(shape, "unmet", || unmet_table(&found), || UnmetOut::from(&found))
}

fn unmet_table(found: &Demand) -> Vec<Vec<Cell>> {
    let said = &found.total;
    let line = |part: &str, code: String, cell| vec![Cell::from(part), Cell::Text(code), people(cell)];
    let mut rows = vec![["part", "code", "count"].map(Cell::from).to_vec()];
    rows.push(line("closed_without_place", String::new(), said.cell(&Figure::Unmet)));
    rows.extend(
        said.reasons()
            .into_iter()
            .map(|(reason, cell)| line("reason", reason.to_string(), cell)),
    );
    rows.extend(
        said.changes()
            .into_iter()
            .map(|(change, cell)| line("change", change.to_string(), cell)),
    );
    rows.extend(
        found
            .regions
            .iter()
            .map(|region| line("region", region.clone(), said.region(region).1)),
    );
    rows
}
