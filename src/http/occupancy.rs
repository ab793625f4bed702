//! Beds and places day by day, and two periods side by side, for the Committee: on the wire and as tables.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::parse::query;
use super::problem::Problem;
use super::tables::{answer, is_csv};
use crate::domain::daybook::{Day, Figures, OfWeekday, Tenths, weekday_code};
use crate::services::days::{Asked, Compared, Comparison, Occupancy};
use crate::sheets::Cell;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OccupancyQuery {
    /// First local date; 29 days before `to` if left out.
    pub from: Option<NaiveDate>,
    /// Last local date; yesterday if left out. At most 400 days in all.
    pub to: Option<NaiveDate>,
    /// A region's code: of that region alone, its weekdays too.
    pub region: Option<String>,
    /// `csv` for a table.
    pub format: Option<String>,
}

/// The figures at the end of a local day, as they were known then. Always: beds + over_capacity = occupied + held + enclosed +
/// out_of_service + free.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayOut {
    pub beds: u64,
    pub occupied: u64,
    pub held: u64,
    /// Unused beds in private rooms that house or hold a household.
    pub enclosed: u64,
    pub out_of_service: u64,
    pub over_capacity: u64,
    pub free: u64,
    /// Free places for a woman and two children.
    pub family_places: u64,
    /// Such places if every room in service stood empty.
    pub family_capacity: u64,
    pub shelters: u64,
    /// Shelters whose figures were not older than their own rhythm.
    pub reported: u64,
}

impl From<Day> for DayOut {
    fn from(day: Day) -> Self {
        Self {
            beds: day.beds,
            occupied: day.occupied,
            held: day.held,
            enclosed: day.enclosed,
            out_of_service: day.out_of_service,
            over_capacity: day.over_capacity,
            free: day.free,
            family_places: day.family_places,
            family_capacity: day.family_capacity,
            shelters: day.shelters,
            reported: day.reported,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionDayOut {
    pub region: String,
    #[serde(flatten)]
    pub figures: DayOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OccupancyDayOut {
    pub date: NaiveDate,
    pub national: DayOut,
    /// In the pack's order; one without shelters has nothing.
    pub regions: Vec<RegionDayOut>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WeekdayOut {
    /// `monday` to `sunday`.
    pub weekday: String,
    /// Evenings of which these are the means, to a tenth.
    pub days: usize,
    pub free: f64,
    pub family_places: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OccupancyOut {
    pub as_of: DateTime<Utc>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Evenings of which something is known; today's is not among them.
    pub days: Vec<OccupancyDayOut>,
    /// From Monday on, of the region asked for or of the country.
    pub weekdays: Vec<WeekdayOut>,
}

/// Beds and places at the end of each day of a period.
#[utoipa::path(get, path = "/api/v1/statistics/occupancy", tag = "statistics", params(OccupancyQuery),
    responses((status = 200, body = OccupancyOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn occupancy(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: OccupancyQuery = query(&request)?;
    let csv = is_csv(asked.format.as_deref())?;
    let region = asked.region.as_deref();
    let period = Asked {
        from: asked.from,
        to: asked.to,
    };
    let found = state.services.occupancy(period, region).await?;
    let order = state
        .services
        .region_order(found.days.values().flat_map(|day| day.regions.keys()));
    let order: Vec<&str> = order
        .into_iter()
        .filter(|code| region.is_none_or(|only| only == *code))
        .collect();
    if csv {
        return answer("occupancy", &occupancy_table(&found, &order, region.is_none()));
    }
    Ok(HttpResponse::Ok().json(occupancy_out(&found, &order)))
}

fn occupancy_out(found: &Occupancy, order: &[&str]) -> OccupancyOut {
    let days = found.days.iter().map(|(date, day)| OccupancyDayOut {
        date: *date,
        national: day.national.into(),
        regions: order
            .iter()
            .map(|code| RegionDayOut {
                region: (*code).to_owned(),
                figures: day.of(Some(code)).into(),
            })
            .collect(),
    });
    OccupancyOut {
        as_of: found.as_of,
        from: found.from,
        to: found.to,
        days: days.collect(),
        weekdays: found.weekdays.iter().map(weekday_out).collect(),
    }
}

fn weekday_out(row: &OfWeekday) -> WeekdayOut {
    WeekdayOut {
        weekday: weekday_code(row.weekday).to_owned(),
        days: row.days,
        free: tenths(row.means.free),
        family_places: tenths(row.means.family_places),
    }
}

/// A line for each day and region, the country's under an empty region.
fn occupancy_table(found: &Occupancy, order: &[&str], with_country: bool) -> Vec<Vec<Cell>> {
    let mut head: Vec<Cell> = vec!["date".into(), "region".into()];
    head.extend(Day::default().named().map(|(name, _)| Cell::from(name)));
    let country = with_country.then_some(None);
    let each = |date: NaiveDate| {
        let places = country.into_iter().chain(order.iter().map(|code| Some(*code)));
        places.map(move |place| (date, place))
    };
    let lines = found.days.iter().flat_map(|(date, day)| {
        each(*date).map(move |(date, place)| {
            let mut line: Vec<Cell> = vec![Cell::Text(date.to_string()), place.unwrap_or_default().into()];
            let figures = day.of(place).named();
            line.extend(figures.map(|(_, n)| Cell::Number(i64::try_from(n).unwrap_or(i64::MAX))));
            line
        })
    });
    std::iter::once(head).chain(lines).collect()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareQuery {
    /// First local date; six days before `to` if left out.
    pub from: Option<NaiveDate>,
    /// Last local date; yesterday if left out. At most 400 days in all.
    pub to: Option<NaiveDate>,
    /// First local date of the period before; as many days as the first period has if left out.
    pub with_from: Option<NaiveDate>,
    /// Its last local date; the day before `from` if left out.
    pub with_to: Option<NaiveDate>,
    /// A region's code: of that region alone.
    pub region: Option<String>,
    /// `csv` for a table.
    pub format: Option<String>,
}

/// Means of a period's evenings, or what they differ by, to a tenth.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeansOut {
    pub beds: f64,
    pub occupied: f64,
    pub held: f64,
    pub enclosed: f64,
    pub out_of_service: f64,
    pub over_capacity: f64,
    pub free: f64,
    pub family_places: f64,
    pub family_capacity: f64,
    pub shelters: f64,
    pub reported: f64,
}

impl From<Tenths> for MeansOut {
    fn from(means: Tenths) -> Self {
        let all: Figures<f64> = means.map(tenths);
        Self {
            beds: all.beds,
            occupied: all.occupied,
            held: all.held,
            enclosed: all.enclosed,
            out_of_service: all.out_of_service,
            over_capacity: all.over_capacity,
            free: all.free,
            family_places: all.family_places,
            family_capacity: all.family_capacity,
            shelters: all.shelters,
            reported: all.reported,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedOut {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// Evenings of which something is known.
    pub days: usize,
    /// None if there is no such evening.
    pub means: Option<MeansOut>,
}

impl From<Compared> for ComparedOut {
    fn from(period: Compared) -> Self {
        Self {
            from: period.from,
            to: period.to,
            days: period.days,
            means: period.means.map(MeansOut::from),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CompareOut {
    pub as_of: DateTime<Utc>,
    pub now: ComparedOut,
    pub before: ComparedOut,
    /// Now less before; none if nothing is known of either.
    pub difference: Option<MeansOut>,
}

/// The mean evening of two periods, and what they differ by.
#[utoipa::path(get, path = "/api/v1/statistics/compare", tag = "statistics", params(CompareQuery),
    responses((status = 200, body = CompareOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn compare(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked: CompareQuery = query(&request)?;
    let csv = is_csv(asked.format.as_deref())?;
    let now = Asked {
        from: asked.from,
        to: asked.to,
    };
    let before = Asked {
        from: asked.with_from,
        to: asked.with_to,
    };
    let found = state.services.compare(now, before, asked.region.as_deref()).await?;
    if csv {
        return answer("comparison", &compare_table(&found));
    }
    Ok(HttpResponse::Ok().json(CompareOut {
        as_of: found.as_of,
        now: found.now.into(),
        before: found.before.into(),
        difference: found.difference.map(MeansOut::from),
    }))
}

/// A line for each figure; blank where nothing is known.
fn compare_table(found: &Comparison) -> Vec<Vec<Cell>> {
    let period = |of: &Compared| Cell::Text(format!("{} – {}", of.from, of.to));
    let head = vec![
        "figure".into(),
        period(&found.now),
        period(&found.before),
        "difference".into(),
    ];
    let columns = [found.now.means, found.before.means, found.difference].map(|means| means.map(Figures::named));
    let lines = Day::default().named().into_iter().enumerate().map(|(at, (name, _))| {
        let cells = columns.iter().map(|column| {
            let known = column.as_ref().and_then(|column| column.get(at));
            known.map_or(Cell::from(""), |(_, n)| Cell::Tenths(*n))
        });
        std::iter::once(Cell::from(name)).chain(cells).collect()
    });
    std::iter::once(head).chain(lines).collect()
}

/// Exact: no count of ours reaches 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn tenths(n: i64) -> f64 {
    n as f64 / 10.0
}
