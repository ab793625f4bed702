//! Figures in the shape that was asked for: JSON, or a table as a file. It must not know what they are about.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;

use super::problem::Problem;
use crate::sheets::{self, Cell, Format};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Json,
    Csv,
}

impl Shape {
    /// # Errors
    /// 422 (`format`) for anything but `json` and `csv`.
    pub fn of(format: Option<&str>) -> Result<Self, Problem> {
        match format {
            None | Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some(_) => Err(Problem::field("format", "unknown_value", "json or csv")),
        }
    }
}

/// The figures as JSON, or as a CSV file of this name. Cells pass [`sheets::neutral`] on their way.
pub fn answer<T: Serialize>(
    shape: Shape,
    name: &str,
    table: impl FnOnce() -> Vec<Vec<Cell>>,
    wire: impl FnOnce() -> T,
) -> Result<HttpResponse, Problem> {
    if shape == Shape::Json {
        return Ok(HttpResponse::Ok().json(wire()));
    }
    let bytes = sheets::write(Format::Csv, &table()).map_err(|fault| {
        tracing::error!(%fault, "a table could not be written");
        let detail = "Something went wrong on our side.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "unexpected", detail)
    })?;
    let file = format!("attachment; filename=\"{name}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type(Format::Csv.media_type())
        .insert_header((header::CONTENT_DISPOSITION, file))
        .body(bytes))
}
