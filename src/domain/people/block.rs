//! Closed civil periods in which people are counted: months, and the quarters and half-years made of them, nested in each
//! other. Nothing longer: a year with all its parts takes the audit too long for what it would say. It must not know what is
//! counted.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// A calendar month, quarter or half-year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Block {
    /// The first day.
    from: NaiveDate,
    /// 1, 3 or 6.
    months: u32,
}

/// Lengths of blocks in months, the longest first.
const LENGTHS: [u32; 3] = [6, 3, 1];

impl Block {
    /// The month in which a date lies.
    pub fn month_of(date: NaiveDate) -> Self {
        Self {
            from: date.with_day(1).unwrap_or(date),
            months: 1,
        }
    }

    /// The newest month that was over before `date` began. `None` only at the beginning of the calendar.
    pub fn month_before(date: NaiveDate) -> Option<Self> {
        Some(Self::month_of(Self::month_of(date).from.pred_opt()?))
    }

    /// The block of so many months that begins on this day, where there is one.
    fn beginning(from: NaiveDate, months: u32) -> Option<Self> {
        (from.day() == 1 && from.month0().is_multiple_of(months)).then_some(Self { from, months })
    }

    /// The fewest blocks that together are the months from `first` to `last`, in order. Empty if `last` is before `first`.
    pub fn covering(first: NaiveDate, last: NaiveDate) -> Vec<Self> {
        let (mut at, end) = (Self::month_of(first).from, Self::month_of(last).to());
        let mut blocks = Vec::new();
        while at <= end {
            let fits = |months: &u32| Self::beginning(at, *months).filter(|block| block.to() <= end);
            let Some(block) = LENGTHS.iter().find_map(fits) else {
                break;
            };
            blocks.push(block);
            let Some(next) = block.to().succ_opt() else {
                break;
            };
            at = next;
        }
        blocks
    }

    /// The first day.
    pub fn from(self) -> NaiveDate {
        self.from
    }

    /// The last day.
    pub fn to(self) -> NaiveDate {
        let after = self.from.checked_add_months(Months::new(self.months));
        after.and_then(|after| after.pred_opt()).unwrap_or(self.from)
    }

    /// How many months it has: 1, 3 or 6.
    pub fn months(self) -> u32 {
        self.months
    }

    /// The blocks of the next shorter length that it is made of, in order; none of a month.
    pub fn inner(self) -> Vec<Self> {
        let Some(shorter) = LENGTHS.into_iter().find(|months| *months < self.months) else {
            return Vec::new();
        };
        (0..self.months / shorter)
            .filter_map(|at| self.from.checked_add_months(Months::new(at * shorter)))
            .filter_map(|from| Self::beginning(from, shorter))
            .collect()
    }

    /// Itself after everything nested in it.
    pub fn nest(self) -> Vec<Self> {
        let mut all: Vec<Self> = self.inner().into_iter().flat_map(Self::nest).collect();
        all.push(self);
        all
    }
}

/// `2026-10`, `2026-Q3` or `2026-H2`.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.from.year(), self.from.month());
        match self.months {
            6 => write!(f, "{year:04}-H{}", month / 6 + 1),
            3 => write!(f, "{year:04}-Q{}", month / 3 + 1),
            _ => write!(f, "{year:04}-{month:02}"),
        }
    }
}

/// The text names no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a month such as 2026-10, a quarter such as 2026-Q3 or a half-year such as 2026-H2")]
pub struct NoBlock;

impl FromStr for Block {
    type Err = NoBlock;

    fn from_str(text: &str) -> Result<Self, NoBlock> {
        let (year, rest) = text.split_once('-').ok_or(NoBlock)?;
        let (months, at) = match rest.split_at_checked(1) {
            Some(("H", at)) => (6, at),
            Some(("Q", at)) => (3, at),
            _ => (1, rest),
        };
        let (year, at): (i32, u32) = (year.parse().map_err(|_| NoBlock)?, at.parse().map_err(|_| NoBlock)?);
        let month = at
            .checked_sub(1)
            .and_then(|before| before.checked_mul(months))
            .ok_or(NoBlock)?;
        let from = NaiveDate::from_ymd_opt(year, month + 1, 1).ok_or(NoBlock)?;
        let block = Self::beginning(from, months).ok_or(NoBlock)?;
        // One spelling each.
        (block.to_string() == text).then_some(block).ok_or(NoBlock)
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        block.to_string()
    }
}

impl TryFrom<String> for Block {
    type Error = NoBlock;

    fn try_from(text: String) -> Result<Self, NoBlock> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn names(blocks: &[Block]) -> Vec<String> {
        blocks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn blocks_lie_in_each_other() {
        let half: Block = "2026-H2".parse().unwrap();
        assert_eq!((half.from(), half.to()), (day("2026-07-01"), day("2026-12-31")));
        assert_eq!(names(&half.inner()), ["2026-Q3", "2026-Q4"]);
        assert_eq!(
            names(&"2026-Q4".parse::<Block>().unwrap().inner()),
            ["2026-10", "2026-11", "2026-12"]
        );
        assert_eq!(half.nest().len(), 6 + 2 + 1);
        assert_eq!(Block::month_before(day("2026-01-31")).unwrap().to_string(), "2025-12");
    }

    #[test]
    fn the_fewest_blocks() {
        let covering = |from, to| names(&Block::covering(day(from), day(to)));
        assert_eq!(covering("2026-08-05", "2026-10-01"), ["2026-08", "2026-09", "2026-10"]);
        assert_eq!(
            covering("2026-04-01", "2026-11-30"),
            ["2026-Q2", "2026-Q3", "2026-10", "2026-11"]
        );
        assert_eq!(covering("2025-07-01", "2026-06-30"), ["2025-H2", "2026-H1"]);
        assert_eq!(covering("2026-10-01", "2026-09-30"), Vec::<String>::new());
    }

    #[test]
    fn no_other_text_is_a_block() {
        for text in [
            "", "2026", "2026-", "2026-00", "2026-13", "2026-1", "2026-Q5", "2026-Q0", "2026-H3", "2026-Y1", "26-Q1",
            "2026-Qx",
        ] {
            assert_eq!(text.parse::<Block>(), Err(NoBlock), "{text}");
        }
    }

    proptest! {
        #[test]
        fn covering_covers_each_month_once(start in 0u32..600, length in 0u32..40) {
            let first = day("2000-01-01").checked_add_months(Months::new(start)).unwrap();
            let last = first.checked_add_months(Months::new(length)).unwrap();
            let blocks = Block::covering(first, last);
            prop_assert_eq!(blocks.iter().map(|block| block.months()).sum::<u32>(), length + 1);
            let mut at = first;
            for block in blocks {
                prop_assert_eq!(block.from(), at);
                prop_assert_eq!(block.to_string().parse::<Block>().unwrap(), block);
                at = block.to().succ_opt().unwrap();
            }
        }
    }
}
