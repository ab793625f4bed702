//! The forecast of the next week's free places, and how far the country is from its standard.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::parse::query;
use super::problem::Problem;
use super::tables::{answer, is_csv};
use crate::domain::forecast::{Backtest, Expected, HORIZON, LEVEL};
use crate::domain::standard::Standing;
use crate::services::outlook::{Forecast, Gap, Outlook};
use crate::sheets::Cell;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForecastQuery {
    /// A region's code: of that region alone.
    pub region: Option<String>,
    /// `csv` for a table.
    pub format: Option<String>,
}

/// Whole places; four in five such evenings lie from `low` to `high`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpectedOut {
    pub low: u64,
    pub expected: u64,
    pub high: u64,
}

impl From<Expected> for ExpectedOut {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never below 0, and no more than beds"
    )]
    fn from(said: Expected) -> Self {
        Self {
            low: said.low.floor() as u64,
            expected: said.expected.round() as u64,
            high: said.high.ceil() as u64,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastDayOut {
    pub date: NaiveDate,
    pub family_places: ExpectedOut,
    pub free: ExpectedOut,
}

/// How the same rule would have done on the evenings known, each forecast from those before it; means over seven days ahead.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorsOut {
    /// Evenings on which it was made.
    pub origins: usize,
    /// Mean distance from what came, in places.
    pub mae: f64,
    /// Of "as on the same weekday a week before".
    pub mae_seasonal_naive: f64,
    /// Share of evenings that lay inside the interval.
    pub coverage: f64,
}

impl From<Backtest> for ErrorsOut {
    fn from(found: Backtest) -> Self {
        let hundredths = |value: f64| (value * 100.0).round() / 100.0;
        Self {
            origins: found.origins,
            mae: hundredths(found.mae),
            mae_seasonal_naive: hundredths(found.mae_seasonal_naive),
            coverage: hundredths(found.coverage),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BacktestOut {
    /// `day_book`: the evenings of this country or region itself.
    pub source: String,
    pub horizon_days: usize,
    pub family_places: Option<ErrorsOut>,
    pub free: Option<ErrorsOut>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastOut {
    pub as_of: DateTime<Utc>,
    /// `learned`, or `too_little`: fewer than four weeks of evenings are known, or yesterday's is not.
    pub basis: String,
    /// Evenings known, of the last ninety.
    pub days_known: usize,
    /// Share of evenings that an interval is to hold.
    pub level: f64,
    /// The next seven evenings, today's first; empty if too little is known.
    pub days: Vec<ForecastDayOut>,
    pub backtest: BacktestOut,
}

impl From<Forecast> for ForecastOut {
    fn from(found: Forecast) -> Self {
        let errors = |outlook: &Outlook| outlook.backtest.map(ErrorsOut::from);
        let backtest = BacktestOut {
            source: "day_book".to_owned(),
            horizon_days: HORIZON,
            family_places: errors(&found.family_places),
            free: errors(&found.free),
        };
        let days = found.family_places.ahead.into_iter().zip(found.free.ahead);
        let days: Vec<ForecastDayOut> = days
            .map(|(places, free)| ForecastDayOut {
                date: places.date,
                family_places: places.into(),
                free: free.into(),
            })
            .collect();
        Self {
            as_of: found.as_of,
            basis: if days.is_empty() { "too_little" } else { "learned" }.to_owned(),
            days_known: found.days_known,
            level: LEVEL,
            days,
            backtest,
        }
    }
}

/// Free beds and free places for families on the next seven evenings.
#[utoipa::path(get, path = "/api/v1/statistics/forecast", tag = "statistics", params(ForecastQuery),
    responses((status = 200, body = ForecastOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn forecast(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: ForecastQuery = query(&request)?;
    let csv = is_csv(asked.format.as_deref())?;
    let found = ForecastOut::from(state.services.forecast(asked.region.as_deref()).await?);
    if csv {
        return answer("forecast", &forecast_table(&found));
    }
    Ok(HttpResponse::Ok().json(found))
}

fn forecast_table(found: &ForecastOut) -> Vec<Vec<Cell>> {
    let head = [
        "date",
        "family_places_low",
        "family_places",
        "family_places_high",
        "free_low",
        "free",
        "free_high",
    ];
    let lines = found.days.iter().map(|day| {
        let cells = [&day.family_places, &day.free].map(|said| [said.low, said.expected, said.high]);
        let cells = cells.into_iter().flatten().map(number);
        std::iter::once(Cell::Text(day.date.to_string())).chain(cells).collect()
    });
    std::iter::once(head.map(Cell::from).to_vec()).chain(lines).collect()
}

fn number(n: u64) -> Cell {
    Cell::Number(i64::try_from(n).unwrap_or(i64::MAX))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StandardQuery {
    /// `csv` for a table.
    pub format: Option<String>,
}

/// What a population should have and has.
#[derive(Debug, Serialize, ToSchema)]
pub struct StandingOut {
    pub population: u64,
    /// Family places that the standard asks for, part of one counting as one.
    pub required: u64,
    /// Family places that there are, free or taken.
    pub places: u64,
    /// How many are missing.
    pub gap: u64,
}

impl From<&Standing> for StandingOut {
    fn from(standing: &Standing) -> Self {
        Self {
            population: standing.population,
            required: standing.required,
            places: standing.places,
            gap: standing.gap,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionStandingOut {
    pub region: String,
    #[serde(flatten)]
    pub standing: StandingOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StandardOut {
    pub as_of: DateTime<Utc>,
    /// The standard: one family place for so many.
    pub inhabitants_per_place: u32,
    /// Where it comes from, as the country pack says.
    pub source: String,
    /// None unless the inhabitants of every region are known.
    pub national: Option<StandingOut>,
    /// Regions of which the inhabitants are known. A place too many in one fills no gap in another, so that the gaps may be more
    /// in sum than the country's.
    pub regions: Vec<RegionStandingOut>,
}

/// How far the country and each region are from the standard.
#[utoipa::path(get, path = "/api/v1/statistics/standard", tag = "statistics", params(StandardQuery),
    responses((status = 200, body = StandardOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn standard(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: StandardQuery = query(&request)?;
    let found = state.services.standard();
    if is_csv(asked.format.as_deref())? {
        return answer("standard", &standard_table(&found));
    }
    let regions = found.regions.iter().map(|(region, standing)| RegionStandingOut {
        region: region.clone(),
        standing: standing.into(),
    });
    Ok(HttpResponse::Ok().json(StandardOut {
        as_of: found.as_of,
        inhabitants_per_place: found.inhabitants_per_place,
        national: found.national.as_ref().map(StandingOut::from),
        regions: regions.collect(),
        source: found.source,
    }))
}

/// A line for each region, the country's under an empty one.
fn standard_table(found: &Gap) -> Vec<Vec<Cell>> {
    let head = ["region", "population", "required", "places", "gap"]
        .map(Cell::from)
        .to_vec();
    let country = found.national.iter().map(|standing| ("", standing));
    let regions = found
        .regions
        .iter()
        .map(|(region, standing)| (region.as_str(), standing));
    let lines = country.chain(regions).map(|(region, standing)| {
        let figures = [standing.population, standing.required, standing.places, standing.gap];
        std::iter::once(Cell::from(region)).chain(figures.map(number)).collect()
    });
    std::iter::once(head).chain(lines).collect()
}
