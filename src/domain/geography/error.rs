//! What can be wrong with a country pack, and where: file, line, column, fault. The words are for the person who
//! writes a pack (a developer's text in English), not for the screens.

use thiserror::Error;

/// The files of a pack, by the names they have in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display, strum::IntoStaticStr)]
pub enum PackFile {
    #[strum(serialize = "pack.toml")]
    Settings,
    #[strum(serialize = "areas.csv")]
    Areas,
    #[strum(serialize = "regions.geojson")]
    Shapes,
    #[strum(serialize = "roads.csv")]
    Roads,
    #[strum(serialize = "items.csv")]
    Items,
    #[strum(serialize = "kits.csv")]
    Kits,
    #[strum(serialize = "old_names.csv")]
    OldNames,
}

/// A pack that is refused. A pack is taken whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct PackError {
    pub file: PackFile,
    /// Counted from 1, the head line of a table included.
    pub line: Option<u64>,
    /// The name of a table's column; in other files the key, or the number of the character where reading stopped.
    pub column: Option<String>,
    pub fault: PackFault,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackFault {
    #[error("{0}")]
    Syntax(String),
    #[error("this column is not known; known are {known}")]
    UnknownColumn { known: String },
    #[error("this column is missing")]
    MissingColumn,
    #[error("this column stands twice")]
    DuplicateColumn,
    #[error("a value is needed")]
    Blank,
    #[error("no value may stand here: {0}")]
    NotBlank(&'static str),
    #[error("`{0}` has neither letters nor digits")]
    NoLetters(String),
    #[error("`{0}` is not a number of the kind wanted")]
    NotANumber(String),
    #[error("{value} is outside {range}")]
    OutOfRange { value: String, range: String },
    #[error("`{value}` is no known {what}; known are {known}")]
    Unknown {
        what: &'static str,
        value: String,
        known: String,
    },
    #[error("the {what} `{value}` stands twice")]
    Duplicate { what: &'static str, value: String },
    #[error("the region `{0}` has no district")]
    RegionWithoutDistrict(String),
    #[error("the region `{0}` has no shape")]
    RegionWithoutShape(String),
    #[error("there must be exactly one row of level 0, the country `{0}`")]
    NoCountry(String),
    #[error("a shape must be a Polygon or a MultiPolygon of closed rings of at least four points: {0}")]
    BadShape(String),
    #[error("`{0}` is no list of months: write 1-4 or 12;1;2")]
    BadMonths(String),
    #[error("{stated} km is shorter than the straight line of {straight} km")]
    ShorterThanStraight { stated: String, straight: String },
    #[error("a road needs kilometres, or hours, or basis `derived`")]
    NoLength,
    #[error("a road needs two different ends")]
    SameEnds,
    #[error(
        "there is no way from `{from}` to `{to}` in month {month}: add a road, or join their basins, or lengthen `travel.longest_leg_km`"
    )]
    Unreachable { from: String, to: String, month: u8 },
}

impl std::fmt::Display for PackError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl PackError {
    pub(super) fn new(file: PackFile, line: Option<u64>, column: Option<&str>, fault: PackFault) -> Self {
        Self {
            file,
            line,
            column: column.map(str::to_owned),
            fault,
        }
    }

    /// A fault of `pack.toml` at a key whose line the reader no longer knows.
    pub(super) fn setting(key: &str, fault: PackFault) -> Self {
        Self::new(PackFile::Settings, None, Some(key), fault)
    }
}

/// `a, b, c`, for the messages that say what would have been right.
pub(super) fn list<I: IntoIterator<Item = S>, S: AsRef<str>>(values: I) -> String {
    values
        .into_iter()
        .map(|v| format!("`{}`", v.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}
