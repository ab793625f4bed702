//! What is published of a block or of several together. It must not know the counts behind it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::super::holds::{DeclineReason, UnmetReason};
use super::super::ledger::Change;
use super::super::suppression::Cell;
use super::{Block, Figure};

/// Fewest answers of which a median is said.
const FEWEST_ANSWERS: usize = 5;

/// Everything that is said of people over whole closed months, on screens, in files and in letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// First and last day: whole months.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// What is not named did not happen. Ask through [`Published::cell`].
    pub cells: BTreeMap<Figure, Cell>,
}

/// How soon shelters answered over whole closed months. Minutes are no counts of people; they are said of five answers
/// at least.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answering {
    pub median_minutes: Option<u32>,
    pub p90_minutes: Option<u32>,
    /// Medians by the shelter's region.
    pub regions: BTreeMap<String, Option<u32>>,
}

impl Answering {
    /// From the minutes of each answer, by region.
    pub fn of(minutes: &BTreeMap<String, Vec<u32>>) -> Self {
        let all: Vec<u32> = minutes.values().flatten().copied().collect();
        let by_region = minutes
            .iter()
            .map(|(region, some)| (region.clone(), quantile(some, 50)));
        Self {
            median_minutes: quantile(&all, 50),
            p90_minutes: quantile(&all, 90),
            regions: by_region.collect(),
        }
    }
}

/// The value that so many of a hundred do not exceed; `None` of too few.
fn quantile(minutes: &[u32], percent: usize) -> Option<u32> {
    let mut sorted = minutes.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().filter(|_| sorted.len() >= FEWEST_ANSWERS)
}

impl Published {
    /// What is published of several periods that follow each other, together: a sum where every part is said, else
    /// nothing. It says no more than its parts do.
    pub fn together(parts: &[Self]) -> Option<Self> {
        let (first, last) = parts.first().zip(parts.last())?;
        if parts.len() == 1 {
            return Some(first.clone());
        }
        let figures: std::collections::BTreeSet<&Figure> = parts.iter().flat_map(|part| part.cells.keys()).collect();
        let cells = figures.into_iter().map(|figure| {
            let sum = Cell::sum(parts.iter().map(|part| part.cell(figure)));
            (figure.clone(), sum)
        });
        Some(Self {
            from: first.from,
            to: last.to,
            cells: cells.collect(),
        })
    }

    pub fn of(block: Block, cells: BTreeMap<Figure, Cell>) -> Self {
        Self {
            from: block.from(),
            to: block.to(),
            cells,
        }
    }

    pub fn cell(&self, figure: &Figure) -> Cell {
        self.cells.get(figure).copied().unwrap_or(Cell::Exact(0))
    }

    /// Why no place was found: the most frequent first, then in the order of the codes; none that nobody had. Empty where
    /// too few found no place.
    pub fn reasons(&self) -> Vec<(UnmetReason, Cell)> {
        if self.cell(&Figure::Unmet).exact().is_none() {
            return Vec::new();
        }
        let mut lines = self.lines(|figure| match figure {
            Figure::Reason(reason) => Some(*reason),
            _ => None,
        });
        lines.sort_by_key(|(reason, cell)| (std::cmp::Reverse(cell.exact().unwrap_or(0)), *reason));
        lines
    }

    /// How many of those who found no place each change would have placed, by itself: the weightiest first, then by code.
    /// Empty where too few found no place.
    pub fn changes(&self) -> Vec<(Change, Cell)> {
        if self.cell(&Figure::Unmet).exact().is_none() {
            return Vec::new();
        }
        let mut lines = self.lines(|figure| match figure {
            Figure::Change(change) => Some(change.clone()),
            _ => None,
        });
        // By what is shown, or the order would tell of what is not.
        lines.sort_by_key(|(change, cell)| {
            (
                std::cmp::Reverse(cell.exact().unwrap_or(0)),
                change.code(),
                change.clone(),
            )
        });
        lines
    }

    /// Why shelters declined, in the order of the codes; none that nobody gave.
    pub fn declines(&self) -> Vec<(DeclineReason, Cell)> {
        self.lines(|figure| match figure {
            Figure::Declined(reason) => Some(*reason),
            _ => None,
        })
    }

    /// Referrals opened and closed without a place of households from a region.
    pub fn region(&self, region: &str) -> (Cell, Cell) {
        let region = region.to_owned();
        (
            self.cell(&Figure::OpenedIn(region.clone())),
            self.cell(&Figure::UnmetIn(region)),
        )
    }

    /// Codes of the regions of which anything is said, in their order; an unknown one is the empty text.
    pub fn regions(&self) -> Vec<String> {
        let mut codes: Vec<String> = self
            .lines(|figure| match figure {
                Figure::OpenedIn(region) | Figure::UnmetIn(region) => Some(region.clone()),
                _ => None,
            })
            .into_iter()
            .map(|(region, _)| region)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    fn lines<T>(&self, pick: impl Fn(&Figure) -> Option<T>) -> Vec<(T, Cell)> {
        self.cells
            .iter()
            .filter(|(_, cell)| **cell != Cell::Exact(0))
            .filter_map(|(figure, cell)| Some((pick(figure)?, *cell)))
            .collect()
    }
}
