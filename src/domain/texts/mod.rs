//! What a manager types into a text message, and what it means for her shelter's report. Nothing is guessed: a message
//! that can be read in two ways, or holds anything unknown, is a fault, and the whole of it counts as not said.
//! It must not know gateways, telephones or wording.

mod figures;
mod lex;
mod number;
mod pace;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod vocabulary;

pub use figures::{Figures, Unusual, figures, unusual};
pub use lex::{canonical, lex, only_digits};
pub use number::number;
pub use pace::{SEEN, Turn, is_confirmed, turn};
pub use parse::parse;
pub use print::{example, print};
pub use vocabulary::{Catalogue, short};

use chrono::TimeDelta;
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

/// A shelter as a message speaks of it.
#[derive(Debug, Clone)]
pub struct House {
    pub code: String,
    /// Labels of the rooms in the shelter's order.
    pub rooms: Vec<String>,
    /// Codes of the items it has counted before: they decide between items of like names.
    pub stocked: Vec<String>,
}

/// All that a message can speak of: the shelters its sender runs, in the order of their codes, and the items.
#[derive(Debug, Clone)]
pub struct Book {
    pub houses: Vec<House>,
    pub items: Catalogue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// She asks what is on record and how to write.
    Help {
        /// Position of the shelter, if she named one or runs one only.
        house: Option<usize>,
    },
    Report {
        house: usize,
        beds: Beds,
        /// Item and units on hand, each item once.
        stock: Vec<(String, i64)>,
    },
}

/// What was said of the rooms; positions are those of [`House::rooms`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beds {
    /// Nothing: only supplies were counted.
    Untold,
    Same,
    /// Occupied beds of each room.
    All(Vec<u16>),
    /// Of these rooms only; the others are as they were. Each room once, in the shelter's order.
    Some(Vec<(usize, u16)>),
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The shelter it spoke of, as far as it was understood.
    pub house: Option<usize>,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// There is nothing in it that could be read.
    Nothing,
    /// She runs several shelters and named none, or one that could be two.
    WhichShelter,
    /// Not as many numbers as rooms.
    Count { given: usize, wanted: usize },
    /// The token at this position (see [`lex`]) means nothing here.
    Unknown { at: usize },
    /// The number at this position is larger than anything that is counted.
    TooLarge { at: usize },
    /// A room or an item is told twice.
    Twice,
    /// Items that a word could mean.
    Ambiguous { items: Vec<String> },
    /// An item without its number.
    NoNumber { item: String },
    /// All rooms together with single rooms or with "nothing changed".
    Mixed,
    /// Rooms are as in the last report, and there is none.
    NoneBefore,
}

/// What became of a message, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, EnumString, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// A report was taken.
    Report,
    /// Supplies alone were counted.
    Stock,
    /// An unusual number: she is asked once whether it is right.
    Asked,
    Help,
    Refused,
    /// It carried the code that connected the telephone.
    Connected,
    /// More than may be sent in an hour.
    Limited,
}

/// How long the same words sent again count as the answer to "is it right?".
pub const ASKED_FOR: TimeDelta = TimeDelta::minutes(15);
/// Most messages of one telephone taken in an hour.
pub const MOST_AN_HOUR: usize = 20;
/// Most telephones of one person, and most codes waiting.
pub const MOST_PHONES: usize = 3;
/// How long a connection code can be sent.
pub const CODE_FOR: TimeDelta = TimeDelta::minutes(15);
/// Digits of a connection code.
pub const CODE_DIGITS: usize = 8;
/// How long it is remembered that a message was taken.
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);
