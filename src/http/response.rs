//! How soon shelters answered over whole closed months, for the Committee. Counts arrive as they were published.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::demand::people;
use super::figures::{Shape, answer};
use super::parse::query;
use super::problem::Problem;
use super::statistics::PeopleOut;
use crate::services::demand::Response;
use crate::sheets::Cell;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ResponseQuery {
    /// A day of the first month; the third month up to the last if left out.
    pub from: Option<NaiveDate>,
    /// A day of the last month; the newest closed one if left out, or if that day's month is not over. At most 24 months.
    pub to: Option<NaiveDate>,
    /// Only how soon the shelters of this region answered; counts are of the whole country.
    pub region: Option<String>,
    /// `csv` for a table instead.
    pub format: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionResponseOut {
    /// The shelter's.
    pub region: String,
    /// Of five answers at least.
    pub median_minutes: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DeclineOut {
    pub reason: String,
    pub count: PeopleOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseOut {
    /// First and last day: whole closed months.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Questions to shelters that were answered or ran out; one that was taken back first is none.
    pub asked: PeopleOut,
    /// Accepted or declined.
    pub answered: PeopleOut,
    /// From the question to the answer; of five answers at least.
    pub median_minutes: Option<u32>,
    /// Nine of ten came within so many minutes.
    pub p90_minutes: Option<u32>,
    /// To a hundredth, where the counts are said.
    pub unanswered_share: Option<f64>,
    pub regions: Vec<RegionResponseOut>,
    pub declines: Vec<DeclineOut>,
}

impl From<&Response> for ResponseOut {
    fn from(found: &Response) -> Self {
        let regions = found
            .answering
            .regions
            .iter()
            .map(|(region, median)| RegionResponseOut {
                region: region.clone(),
                median_minutes: *median,
            });
        let declines = found.declines.iter().map(|(reason, count)| DeclineOut {
            reason: reason.to_string(),
            count: (*count).into(),
        });
        Self {
            from: found.from,
            to: found.to,
            asked: found.asked.into(),
            answered: found.answered.into(),
            median_minutes: found.answering.median_minutes,
            p90_minutes: found.answering.p90_minutes,
            unanswered_share: found.unanswered_share,
            regions: regions.collect(),
            declines: declines.collect(),
        }
    }
}

/// How soon shelters answered, and why they declined. Only whole closed months are counted; the answer says which.
#[utoipa::path(get, path = "/api/v1/statistics/response", tag = "statistics", params(ResponseQuery),
    responses((status = 200, body = ResponseOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: ResponseQuery = query(&request)?;
    let shape = Shape::of(asked.format.as_deref())?;
    let found = state
        .services
        .response(asked.from, asked.to, asked.region.as_deref())
        .await?;
    answer(shape, "response", || table(&found), || ResponseOut::from(&found))
}

fn table(found: &Response) -> Vec<Vec<Cell>> {
    let minutes = |some: Option<u32>| some.map_or(Cell::from(""), |minutes| Cell::Number(minutes.into()));
    let line = |part: &str, code: &str, value: Cell| vec![Cell::from(part), Cell::from(code), value];
    let share = found
        .unanswered_share
        .map_or_else(String::new, |share| format!("{share:.2}"));
    let mut rows = vec![
        line("part", "code", Cell::from("value")),
        line("asked", "", people(found.asked)),
        line("answered", "", people(found.answered)),
        line("median_minutes", "", minutes(found.answering.median_minutes)),
        line("p90_minutes", "", minutes(found.answering.p90_minutes)),
        line("unanswered_share", "", Cell::Text(share)),
    ];
    let regions = found.answering.regions.iter();
    rows.extend(regions.map(|(region, median)| line("median_minutes", region, minutes(*median))));
    let declines = found.declines.iter();
    rows.extend(declines.map(|(reason, count)| line("decline", (*reason).into(), people(*count))));
    rows
}
