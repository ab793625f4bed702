//! Any country's table of daily occupancy, read through a small declarative map into our words: shelters with
//! rooms, and what was taken in them on one night.
//!
//! One line of the table is one programme on one night and becomes one [`OccupancyRow`]. A line that cannot be
//! believed is refused with a reason for every fault found ([`Finding`]); a line that is believed although something
//! in it is odd is kept and the oddity is told. Nothing is dropped without a word.
//!
//! This room never opens a file and knows nothing of tables or accounts: it is given one record at a time.

mod compile;
mod expression;
mod map;
mod measure;
mod needs;
mod nights;
mod raw;
mod reader;
mod report;
mod row;
mod template;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::Serialize;
use strum::{Display, IntoStaticStr};

use super::household::Need;
use super::id::Moment;
use super::rooms::RoomKind;
use super::shelters::{LocationPolicy, ShelterKind};

pub use map::{Header, Map, MapError};
pub use needs::{Items, NeedRow, NeedsMap, Urgency};
pub use nights::{Absence, Nights};
pub use reader::{Reader, line_offset};
pub use report::{ImportReport, NeedsReport};

/// The maps that come with the program, by name.
pub const SHIPPED: [(&str, &str); 4] = [
    ("toronto", include_str!("../../../data/maps/toronto.toml")),
    ("hud", include_str!("../../../data/maps/hud.toml")),
    ("bc", include_str!("../../../data/maps/bc.toml")),
    (
        "rio_grande_do_sul",
        include_str!("../../../data/maps/rio_grande_do_sul.toml"),
    ),
];

/// One record of a table: fields by position. Lets this room read any kind of record without knowing the reader.
pub trait Fields {
    fn field(&self, index: usize) -> Option<&str>;
    fn width(&self) -> usize;
}

impl Fields for csv::StringRecord {
    fn field(&self, index: usize) -> Option<&str> {
        self.get(index)
    }
    fn width(&self) -> usize {
        self.len()
    }
}

impl Fields for [&str] {
    fn field(&self, index: usize) -> Option<&str> {
        self.get(index).copied()
    }
    fn width(&self) -> usize {
        self.len()
    }
}

/// What one line of the table says, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccupancyRow {
    /// The civil date the source gives to the night.
    pub night: NaiveDate,
    /// The instant the figures are taken to be true: the map's time of day on that date, in the map's zone.
    pub observed_at: Moment,
    pub shelter: ShelterRow,
    /// Rooms with places, in the map's order. Never empty.
    pub rooms: Vec<RoomRow>,
    /// False when the source itself says that the shelter is closed.
    pub operating: bool,
    /// Oddities that were accepted.
    pub notes: Vec<Finding>,
    /// Text cells whose doubled or trailing spaces were folded.
    pub folded_texts: u16,
}

impl OccupancyRow {
    /// Whether the line says who slept there; an inventory without occupancy makes rooms, not a report.
    #[must_use]
    pub fn is_report(&self) -> bool {
        !self.operating || self.rooms.iter().all(|room| room.occupied.is_some())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelterRow {
    /// Our unique code, made by the map from the source's key: `TOR-16892`.
    pub code: String,
    pub name: String,
    pub operator_code: String,
    pub operator_name: String,
    /// Region and district codes as text. A country pack need not know them: availability groups by the text,
    /// and distances to them are unknown.
    pub region: String,
    pub district: String,
    pub kind: ShelterKind,
    pub location_policy: LocationPolicy,
    pub sector: Option<String>,
    /// Admission needs this very row grants beside the rules of its sector.
    pub also_admits: Vec<Need>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRow {
    pub label: String,
    pub kind: RoomKind,
    /// All beds, those out of service included; of a block, rooms.
    pub beds: u16,
    pub sleeps: Option<u8>,
    /// `None`: the source does not say.
    pub occupied: Option<u16>,
    pub out_of_service: u16,
}

/// A fault or an oddity at one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Line of the file, the header being line 1. Zero until the reader knows it.
    pub line: u64,
    /// The source's column name; empty when the whole line is meant.
    pub column: String,
    pub code: Code,
    /// The cell as it stands in the file (at most 80 characters of it).
    pub value: String,
}

impl Finding {
    #[must_use]
    pub fn new(column: &str, code: Code, value: &str) -> Self {
        Self {
            line: 0,
            column: column.to_owned(),
            code,
            value: value.chars().take(80).collect(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, IntoStaticStr, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    // Refused.
    /// The line has more or fewer cells than the header.
    WrongColumnCount,
    /// The line is not readable text (broken quoting or encoding).
    Unreadable,
    Blank,
    /// No capacity is given at all, so nothing can be said about free places.
    CapacityMissing,
    /// Neither a place nor anybody in one.
    NoPlaces,
    NotANumber,
    NotWhole,
    Negative,
    TooLarge,
    BadDate,
    /// A value the map does not know (capacity type, sector, kind).
    UnknownValue,
    /// A cell that must be empty for this kind of row is not.
    UnexpectedValue,
    /// One of the map's identities does not hold.
    CheckFailed,
    /// The same shelter and night stood in an earlier line.
    Duplicate,
    /// Rooms of one line belong to different sectors, whose admission rules differ.
    MixedSectors,
    BadText,
    BadCode,
    UnknownShelter,
    UnknownItem,
    // Accepted, and told.
    /// A negative number of unavailable places (more open than funded) counts as none.
    NegativeUnavailable,
    /// More taken than open: accepted, free is 0.
    OverCapacity,
    /// Far from anything usual; probably a typing error, stored as it stands.
    Unusual,
    /// Places of a kind the map leaves out on purpose.
    LeftOut,
    /// The source gives no address: the place is treated as confidential.
    HiddenPlace,
}

/// Folds runs of white space to one space and trims. `true` when anything changed.
#[must_use]
pub fn fold_spaces(text: &str) -> (std::borrow::Cow<'_, str>, bool) {
    let clean = !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.contains("  ")
        && !text.chars().any(|c| c.is_whitespace() && c != ' ');
    if clean {
        return (text.into(), false);
    }
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    (folded.into(), true)
}
