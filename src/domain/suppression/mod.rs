//! Small counts about people are not printed. One method for screen, API, file and mail, which all read what was published
//! once. It must not know what is counted. Bed and stock totals are no personal data and do not come here.
//!
//! Counts of 1 to 4 are hidden. So is whatever would give one of them away: in its own row (`row`), and through
//! everything else that was or is published with it (`nested`): rows that share a total, totals that are bounds of other
//! counts, and blocks of time that lie in each other. The last word has an exact audit (`system`): before anything is
//! published, linear programming works out between which bounds each hidden count can be told to lie.

mod nested;
mod row;
mod system;

pub use nested::{Kind, Layout, Nested, Past, Table};
pub use row::{Row, climb, suppress};

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Counts below this, except none at all, are hidden.
pub const K: u64 = 5;

/// One printed count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Exact(u64),
    /// At least one and fewer than [`K`].
    Below,
    /// Hidden so that another cannot be worked out; says nothing about its size.
    Withheld,
}

impl Cell {
    /// A count that stands alone, in no table.
    pub fn alone(count: u64) -> Self {
        if is_small(count) {
            Self::Below
        } else {
            Self::Exact(count)
        }
    }

    /// The count, where it is printed.
    pub fn exact(self) -> Option<u64> {
        match self {
            Self::Exact(count) => Some(count),
            Self::Below | Self::Withheld => None,
        }
    }

    /// Several together, from what is printed of each: withheld as soon as one is hidden.
    pub fn sum(cells: impl IntoIterator<Item = Self>) -> Self {
        let sum = cells
            .into_iter()
            .try_fold(0u64, |sum, cell| Some(sum.saturating_add(cell.exact()?)));
        sum.map_or(Self::Withheld, Self::Exact)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(count) => count.fmt(f),
            Self::Below => write!(f, "<{K}"),
            Self::Withheld => f.write_str("…"),
        }
    }
}

/// A number, or the text that [`fmt::Display`] prints.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exact(count) => serializer.serialize_u64(*count),
            Self::Below | Self::Withheld => serializer.collect_str(self),
        }
    }
}

/// As it is serialised.
impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Printed {
            Number(u64),
            Text(String),
        }
        match Printed::deserialize(deserializer)? {
            Printed::Number(count) => Ok(Self::Exact(count)),
            Printed::Text(text) => [Self::Below, Self::Withheld]
                .into_iter()
                .find(|cell| cell.to_string() == text)
                .ok_or_else(|| de::Error::custom("neither a count nor a hidden one")),
        }
    }
}

/// Whether a count must not be printed.
fn is_small(count: u64) -> bool {
    (1..K).contains(&count)
}
