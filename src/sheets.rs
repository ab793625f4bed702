//! Tables as files: rows of cells to CSV and XLSX and back. No program that opens a table of ours runs a formula in it,
//! and no file, however it is made, takes more than a little memory to read. It must not know what a table is about.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};
use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

/// Most bytes of a file.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Most bytes of all parts of an XLSX together once they are unpacked, and most parts.
const MOST_UNPACKED: u64 = 16 * 1024 * 1024;
const MOST_PARTS: usize = 200;
/// Most rows and columns of a table; what stands beyond the columns is left out.
pub const MOST_ROWS: usize = 2_000;
const MOST_COLUMNS: usize = 50;
/// Lines that show what separates the cells of a CSV.
const HEAD: usize = 10;
/// Longest cell, in characters; the rest is left out.
const LONGEST: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    Csv,
    Xlsx,
}

/// Media type of an XLSX file.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => XLSX,
        }
    }

    /// By the media type of a file, its parameters left aside.
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type.split(';').next()?.trim() {
            "text/csv" => Some(Self::Csv),
            XLSX => Some(Self::Xlsx),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    Number(i64),
    /// Of a tenth of a unit, written with one decimal.
    Tenths(i64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Why a file cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetFault {
    #[error("the text is not UTF-8: save the table as CSV UTF-8, or as XLSX")]
    NotUtf8,
    #[error("this is no table of the kind it says: {0}")]
    Unreadable(String),
    #[error("more than {MOST_ROWS} rows, or more than the program unpacks")]
    TooLarge,
    #[error("the table cannot be written: {0}")]
    Unwritable(String),
}

impl SheetFault {
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::Unreadable(_) | Self::Unwritable(_) => "unreadable",
            Self::TooLarge => "too_large",
        }
    }
}

/// What a spreadsheet takes for the beginning of a formula, the wide forms of it among them.
fn begins_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A text that every spreadsheet shows and none runs: what would begin a formula gets an apostrophe before it. Whatever of
/// ours ends in a table goes through here.
pub fn neutral(text: &str) -> String {
    // One that begins with an apostrophe before a sign gets another, so that `plain` gives back what was there.
    match begins_formula(text.trim_start_matches('\'')) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// The text that was made neutral.
fn plain(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if begins_formula(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

/// A table as a file, its first row the head line.
pub fn write(format: Format, rows: &[Vec<Cell>]) -> Result<Vec<u8>, SheetFault> {
    match format {
        Format::Csv => write_csv(rows),
        Format::Xlsx => write_xlsx(rows).map_err(|error| SheetFault::Unwritable(error.to_string())),
    }
}

fn write_csv(rows: &[Vec<Cell>]) -> Result<Vec<u8>, SheetFault> {
    let told = |error: &dyn std::fmt::Display| SheetFault::Unwritable(error.to_string());
    // Without the mark Excel takes UTF-8 for something else.
    let mut out = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    for row in rows {
        let cells = row.iter().map(|cell| match cell {
            Cell::Text(text) => neutral(text),
            Cell::Number(number) => number.to_string(),
            Cell::Tenths(tenths) => in_tenths(*tenths),
        });
        out.write_record(cells).map_err(|e| told(&e))?;
    }
    out.into_inner().map_err(|e| told(&e))
}

fn in_tenths(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let size = tenths.unsigned_abs();
    format!("{sign}{}.{}", size / 10, size % 10)
}

/// One sheet of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub name: String,
    /// The first row is the head line.
    pub rows: Vec<Vec<Cell>>,
}

/// Several tables as an XLSX that says it was made at `made`: the same tables give the same bytes whenever they are
/// written.
pub fn write_book(sheets: &[Sheet], made: DateTime<Utc>) -> Result<Vec<u8>, SheetFault> {
    let told = |error: XlsxError| SheetFault::Unwritable(error.to_string());
    let mut book = Workbook::new();
    let date = ExcelDateTime::from_timestamp(made.timestamp()).map_err(told)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&date));
    for (i, sheet) in sheets.iter().enumerate() {
        let page = book.add_worksheet();
        // A name that Excel refuses is a number.
        if page.set_name(sheet_name(&sheet.name)).is_err() {
            page.set_name((i + 1).to_string()).map_err(told)?;
        }
        fill(page, &sheet.rows).map_err(told)?;
    }
    book.save_to_buffer().map_err(told)
}

/// As Excel allows it: 31 characters, and none of those that stand in references.
fn sheet_name(name: &str) -> String {
    let plain = |c: char| {
        if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') {
            ' '
        } else {
            c
        }
    };
    name.chars().map(plain).take(31).collect()
}

fn write_xlsx(rows: &[Vec<Cell>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    fill(book.add_worksheet(), rows)?;
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, rows: &[Vec<Cell>]) -> Result<(), XlsxError> {
    for (down, row) in (0..).zip(rows) {
        for (across, cell) in (0..).zip(row) {
            match cell {
                Cell::Text(text) => sheet.write_string(down, across, neutral(text))?,
                // Exact: no count of ours reaches 2^53.
                #[expect(clippy::cast_precision_loss, reason = "counts are small")]
                Cell::Number(number) => sheet.write_number(down, across, *number as f64)?,
                #[expect(clippy::cast_precision_loss, reason = "counts are small")]
                Cell::Tenths(tenths) => sheet.write_number(down, across, *tenths as f64 / 10.0)?,
            };
        }
    }
    sheet.autofit();
    Ok(())
}

/// The rows of a table: of an XLSX those of its first sheet. Blank rows stay, so that a row's place is its number.
pub fn read(format: Format, bytes: &[u8]) -> Result<Vec<Vec<String>>, SheetFault> {
    match format {
        Format::Csv => read_csv(bytes),
        Format::Xlsx => {
            bounded(bytes)?;
            read_xlsx(bytes)
        }
    }
}

fn cell(text: &str) -> String {
    plain(text.trim()).chars().take(LONGEST).collect()
}

fn read_csv(bytes: &[u8]) -> Result<Vec<Vec<String>>, SheetFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| SheetFault::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A title may stand above the head line.
    let times = |sign: char| {
        text.lines()
            .take(HEAD)
            .map(|line| line.matches(sign).count())
            .sum::<usize>()
    };
    // Whatever stands oftenest in the first lines; a comma if nothing does.
    let separator = [(b',', times(',')), (b';', times(';')), (b'\t', times('\t'))]
        .into_iter()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map_or(b',', |(sign, _)| sign);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| SheetFault::Unreadable(error.to_string()))?;
        // The reader passes over blank lines and begins before them; lines within a cell are no rows. A record ends at its
        // carriage return, so that the other half of its end stands before the next.
        let begun = record.position().map_or(0, csv::Position::byte);
        let (before, rest) = text
            .split_at_checked(usize::try_from(begun).unwrap_or(usize::MAX))
            .unwrap_or((text, ""));
        let rest = match before.ends_with('\r') {
            true => rest.strip_prefix('\n').unwrap_or(rest),
            false => rest,
        };
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let blank = rest.get(..blank).unwrap_or_default();
        let blank = blank.matches('\n').count() + blank.matches('\r').count() - blank.matches("\r\n").count();
        let at = rows.len() + blank;
        place(&mut rows, at, record.iter().take(MOST_COLUMNS).map(cell).collect())?;
    }
    Ok(rows)
}

/// Puts a row at its place, with blank ones before it where there were some.
fn place(rows: &mut Vec<Vec<String>>, at: usize, row: Vec<String>) -> Result<(), SheetFault> {
    if at >= MOST_ROWS {
        return Err(SheetFault::TooLarge);
    }
    rows.resize(rows.len().max(at), Vec::new());
    rows.push(row);
    Ok(())
}

/// Unpacks every part once to nowhere: a small file may say very much.
fn bounded(bytes: &[u8]) -> Result<(), SheetFault> {
    let told = |error: &dyn std::fmt::Display| SheetFault::Unreadable(error.to_string());
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| told(&e))?;
    if parts.len() > MOST_PARTS {
        return Err(SheetFault::TooLarge);
    }
    let mut left = MOST_UNPACKED;
    for at in 0..parts.len() {
        let part = parts.by_index(at).map_err(|e| told(&e))?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|e| told(&e))?;
        left = left.checked_sub(read).ok_or(SheetFault::TooLarge)?;
    }
    Ok(())
}

fn read_xlsx(bytes: &[u8]) -> Result<Vec<Vec<String>>, SheetFault> {
    let told = |error: &dyn std::fmt::Display| SheetFault::Unreadable(error.to_string());
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|e| told(&e))?;
    let first = book.sheet_names().into_iter().next();
    let first = first.ok_or_else(|| SheetFault::Unreadable("no sheet".to_owned()))?;
    // Cell by cell: a whole sheet would be laid out up to its farthest cell.
    let mut cells = book.worksheet_cells_reader(&first).map_err(|e| told(&e))?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(next) = cells.next_cell().map_err(|e| told(&e))? {
        let (down, across) = next.get_position();
        let (down, across) = (down as usize, across as usize);
        let text = shown(next.get_value());
        if text.is_empty() || across >= MOST_COLUMNS {
            continue;
        }
        if down >= MOST_ROWS {
            return Err(SheetFault::TooLarge);
        }
        rows.resize(rows.len().max(down + 1), Vec::new());
        if let Some(row) = rows.get_mut(down) {
            row.resize(row.len().max(across + 1), String::new());
            if let Some(place) = row.get_mut(across) {
                *place = text;
            }
        }
    }
    Ok(rows)
}

fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        // 8 is stored as 8.0, and shown as 8.
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => cell(text),
        DataRef::SharedString(text) => cell(text),
        DataRef::DateTimeIso(text) => cell(text),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
