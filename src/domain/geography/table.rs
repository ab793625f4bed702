//! Strict tables: comma-separated text whose columns are all known, with faults that name line and column.
//! Knows nothing of places or items.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::error::{PackError, PackFault, PackFile, list};

pub(super) struct Table {
    pub rows: Vec<Row>,
}

/// One line of a table.
pub(super) struct Row {
    file: PackFile,
    line: u64,
    cells: Vec<(std::sync::Arc<str>, String)>,
}

impl Table {
    /// Reads `text`. Every column of `columns` must be there, in any order, and no other.
    pub fn read(file: PackFile, text: &str, columns: &[String]) -> Result<Self, PackError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let head = reader.headers().map_err(|e| syntax(file, &e))?.clone();
        let at = |column: &str, fault| Err(PackError::new(file, Some(1), Some(column), fault));
        let mut seen = BTreeSet::new();
        for name in &head {
            if !columns.iter().any(|c| c == name) {
                return at(name, PackFault::UnknownColumn { known: list(columns) });
            }
            if !seen.insert(name) {
                return at(name, PackFault::DuplicateColumn);
            }
        }
        if let Some(missing) = columns.iter().find(|c| !seen.contains(c.as_str())) {
            return at(missing, PackFault::MissingColumn);
        }
        let names: Vec<std::sync::Arc<str>> = head.iter().map(std::sync::Arc::from).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| syntax(file, &e))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cells = names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
            rows.push(Row { file, line, cells });
        }
        Ok(Self { rows })
    }
}

fn syntax(file: PackFile, error: &csv::Error) -> PackError {
    let line = error.position().map(csv::Position::line);
    let text = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells where the head line has {expected_len}")
        }
        _ => error.to_string(),
    };
    PackError::new(file, line, None, PackFault::Syntax(text))
}

impl Row {
    pub fn error(&self, column: &str, fault: PackFault) -> PackError {
        PackError::new(self.file, Some(self.line), Some(column), fault)
    }

    /// The cell, or `None` if it is blank.
    pub fn optional(&self, column: &str) -> Option<&str> {
        let cell = self
            .cells
            .iter()
            .find(|(name, _)| name.as_ref() == column)
            .map(|(_, cell)| cell.as_str());
        cell.filter(|c| !c.is_empty())
    }

    pub fn text(&self, column: &str) -> Result<&str, PackError> {
        self.optional(column)
            .ok_or_else(|| self.error(column, PackFault::Blank))
    }

    /// Refuses a value where none belongs; `why` ends the sentence.
    pub fn blank(&self, column: &str, why: &'static str) -> Result<(), PackError> {
        match self.optional(column) {
            Some(_) => Err(self.error(column, PackFault::NotBlank(why))),
            None => Ok(()),
        }
    }

    /// A number within `low..=high`, or `None` if the cell is blank.
    pub fn number<T>(&self, column: &str, low: T, high: T) -> Result<Option<T>, PackError>
    where
        T: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(cell) = self.optional(column) else {
            return Ok(None);
        };
        let value: T = cell
            .parse()
            .map_err(|_| self.error(column, PackFault::NotANumber(cell.to_owned())))?;
        // Written so that "not a number" of the floating kinds is outside too.
        if value >= low && value <= high {
            return Ok(Some(value));
        }
        let range = format!("{low} to {high}");
        Err(self.error(
            column,
            PackFault::OutOfRange {
                value: cell.to_owned(),
                range,
            },
        ))
    }

    pub fn needed_number<T>(&self, column: &str, low: T, high: T) -> Result<T, PackError>
    where
        T: FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        self.number(column, low, high)?
            .ok_or_else(|| self.error(column, PackFault::Blank))
    }

    /// A word of a closed list (an enum whose names are those of the wire).
    pub fn word<T: FromStr + strum::IntoEnumIterator + std::fmt::Display>(
        &self,
        column: &str,
        what: &'static str,
    ) -> Result<T, PackError> {
        let cell = self.text(column)?;
        cell.parse().map_err(|_| {
            let known = list(T::iter().map(|v| v.to_string()));
            self.error(
                column,
                PackFault::Unknown {
                    what,
                    value: cell.to_owned(),
                    known,
                },
            )
        })
    }
}
