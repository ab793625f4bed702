//! Statistics as tables: whether one is asked for, and the file it is. Every text goes through `sheets`, which lets no
//! program run a formula of ours.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};

use super::problem::Problem;
use crate::sheets::{self, Cell, Format};

/// Whether `format` asks for a table.
pub fn is_csv(format: Option<&str>) -> Result<bool, Problem> {
    match format {
        None | Some("json") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err(Problem::field("format", "unknown_value", "csv or json")),
    }
}

/// The table as a CSV file of this name.
pub fn answer(name: &str, rows: &[Vec<Cell>]) -> Result<HttpResponse, Problem> {
    let bytes = sheets::write(Format::Csv, rows).map_err(|fault| {
        tracing::error!(%fault, "a table could not be written");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected",
            "Something went wrong on our side.",
        )
    })?;
    let name = format!("attachment; filename=\"{name}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type(Format::Csv.media_type())
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(bytes))
}
