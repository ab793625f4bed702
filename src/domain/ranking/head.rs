//! A shelter as the index keeps it: numbers and bits in place of what its view says at length.

use chrono::NaiveTime;

use super::super::fit::{Door, MisfitReason, ReasonSet, Stock};
use super::super::household::Need;
use super::super::id::Moment;

/// One shelter, packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Its part of the cells.
    pub(super) cells: (usize, usize),
    pub(super) stock: Stock,
    pub(super) door: Door,
    pub(super) way: (f64, Option<(NaiveTime, NaiveTime)>),
    pub(super) district: usize,
    pub(super) operating: bool,
    pub(super) reported: bool,
    pub(super) services: u32,
    /// Bits of [`Names::languages`]; `None` if there are too many of them.
    pub(super) languages: Option<u64>,
    /// From when to (but not at) when the cells are right.
    pub(super) good: (Moment, Moment),
    /// No household's chance here is better.
    pub(super) best_chance: f64,
}

impl Head {
    pub(super) fn good(&self, now: Moment) -> bool {
        self.good.0 <= now && now < self.good.1
    }

    pub(super) fn gates(&self, avoided: bool) -> ReasonSet {
        let mut gates = ReasonSet::default();
        if avoided {
            gates.insert(MisfitReason::AvoidedDistrict);
        }
        if !self.operating {
            gates.insert(MisfitReason::NotOperating);
        }
        if !self.reported {
            gates.insert(MisfitReason::NeverReported);
        }
        gates
    }
}

/// Districts and languages by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) districts: Vec<String>,
    pub(super) languages: Vec<String>,
}

pub(super) fn number(names: &mut Vec<String>, code: &str) -> usize {
    names.iter().position(|other| other == code).unwrap_or_else(|| {
        names.push(code.to_owned());
        names.len() - 1
    })
}

pub(super) fn bit(at: usize) -> Option<u64> {
    1u64.checked_shl(u32::try_from(at).ok()?)
}

pub(super) fn services(needs: impl IntoIterator<Item = Need>) -> u32 {
    needs.into_iter().fold(0, |bits, need| bits | 1 << need as u32)
}
