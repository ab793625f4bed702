//! A shelter's stock as a table: out as CSV or XLSX, and somebody's table in, read and matched with the catalogue but not
//! stored. What was read is confirmed on the screen and counted as any other stock.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::access::SignedIn;
use super::approvals::approval_in;
use super::body::Bytes;
use super::naming::{GuessOut, guesses};
use super::parse::{id, query};
use super::problem::Problem;
use crate::domain::approvals::Export;
use crate::domain::catalogue::Catalogue;
use crate::domain::id::ShelterId;
use crate::services::naming::ReadLine;
use crate::services::stock::StockView;
use crate::sheets::{self, Cell, Format, SheetFault};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv` (the default) or `xlsx`.
    pub format: Option<String>,
    /// By whom the shelter is not run: the approval of another administrator.
    pub approval: Option<String>,
}

/// A shelter's stock as a table. Who does not run the shelter needs an approval.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/stock/export", tag = "shelters", params(("id" = Uuid, Path), ExportQuery),
    responses((status = 200, description = "a file", content_type = "text/csv", body = String), (status = "4XX", body = super::problem::Problem)))]
pub async fn export(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let shelter: ShelterId = id(&path)?;
    let rows = state.services.stock(&who.0, shelter).await?;
    let asked: ExportQuery = query(&request)?;
    let format: Format = (asked.format.as_deref().unwrap_or("csv").parse())
        .map_err(|_| Problem::field("format", "unknown_value", "csv or xlsx"))?;
    let approval = approval_in(asked.approval.as_deref())?;
    if !who.0.own_shelters().covers(shelter) {
        let export = Export::Stock(shelter);
        state.services.use_export(&who.0, export, approval).await?;
    }
    let catalogue = state.services.catalogue();
    let languages: Vec<&str> = state.services.pack.languages.iter().map(String::as_str).collect();
    let bytes = sheets::write(format, &table(&rows, &catalogue, &languages)).map_err(unwritten)?;
    let name = format!("attachment; filename=\"stock.{}\"", <&str>::from(format));
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}

/// Item, its name in each language, and what is on hand of it; the head line is what [`read`] looks for.
fn table(rows: &[StockView], catalogue: &Catalogue, languages: &[&str]) -> Vec<Vec<Cell>> {
    let mut head: Vec<Cell> = vec!["item".into()];
    head.extend(languages.iter().map(|language| Cell::Text(format!("name_{language}"))));
    head.extend(["unit", "on_hand", "minimum", "expires", "observed_at"].map(Cell::from));
    let mut all = vec![head];
    for row in rows {
        let (stock, item) = (&row.stock, catalogue.item(&row.stock.item));
        let name = |language: &&str| item.map_or("", |item| item.names.in_language(language)).into();
        let lots: Vec<String> = stock
            .lots
            .iter()
            .map(|lot| format!("{}: {}", lot.expires_on, lot.units))
            .collect();
        let mut cells: Vec<Cell> = vec![stock.item.as_str().into()];
        cells.extend(languages.iter().map(name));
        cells.push(item.map_or(String::new(), |item| item.unit.to_string()).as_str().into());
        cells.push(Cell::Number(stock.on_hand));
        cells.push(Cell::Number(stock.minimum));
        cells.push(Cell::Text(lots.join("; ")));
        cells.push(Cell::Text(stock.observed_at.format("%Y-%m-%d %H:%M").to_string()));
        all.push(cells);
    }
    all
}

fn unwritten(fault: SheetFault) -> Problem {
    tracing::error!(%fault, "a table could not be written");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "unexpected",
        "Something went wrong on our side.",
    )
}

/// One row of somebody's table that names something.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadLineOut {
    /// As spreadsheets count them, from 1.
    pub row: usize,
    pub name: String,
    /// The item it is, where a code, a confirmed spelling or the very name says so; else it is asked, see `best`.
    pub item: Option<String>,
    pub best: Vec<GuessOut>,
    /// Whole units.
    pub quantity: Option<i64>,
    /// In which they are counted, where the table says so: `kg`, `litre`, `piece` or `set`.
    pub unit: Option<String>,
    /// `no_quantity`, `not_whole`, `out_of_range`, `other_unit` or `twice`.
    pub problem: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReadOut {
    pub lines: Vec<ReadLineOut>,
}

impl From<ReadLine> for ReadLineOut {
    fn from(line: ReadLine) -> Self {
        Self {
            row: line.row.number,
            name: line.row.name,
            best: guesses(&line.best),
            item: line.item,
            quantity: line.row.quantity.ok(),
            unit: line.row.unit.map(|unit| unit.to_string()),
            problem: line.problem.map(|problem| problem.to_string()),
        }
    }
}

/// Read a table of at most 1 MB and match it with the catalogue. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/shelters/{id}/stock/read", tag = "shelters", params(("id" = Uuid, Path)),
    request_body(content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, body = ReadOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn read(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Bytes<{ sheets::MOST_BYTES }>,
) -> Result<web::Json<ReadOut>, Problem> {
    let shelter: ShelterId = id(&path)?;
    if !who.0.own_shelters().covers(shelter) {
        return Err(Problem::not_found());
    }
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let format = kind.and_then(Format::of).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "tables_only",
            "Send text/csv or an XLSX file.",
        )
    })?;
    // A hostile file may take a while; nobody else waits for it.
    let rows = web::block(move || sheets::read(format, &body.0)).await;
    let rows = rows.map_err(|error| Problem::bad_request("body_broken", error.to_string()))?;
    let rows = rows.map_err(|fault| Problem::field("file", fault.code(), fault.to_string()))?;
    let lines = state.services.read_table(&rows).await?;
    Ok(web::Json(ReadOut {
        lines: lines.into_iter().map(ReadLineOut::from).collect(),
    }))
}
