//! One figure over the days, as far as it is known, and what its weekdays do to it.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::{PATTERN_OF, median};

/// A figure of each day from a first one on; days in between may be unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    first: NaiveDate,
    values: Vec<Option<f64>>,
}

impl Series {
    /// From the first day known to the last; `None` of no days.
    pub fn new(days: &BTreeMap<NaiveDate, f64>) -> Option<Self> {
        let (first, _) = days.first_key_value()?;
        let (last, _) = days.last_key_value()?;
        let values = (first.iter_days())
            .take_while(|day| day <= last)
            .map(|day| days.get(&day).copied());
        Some(Self {
            first: *first,
            values: values.collect(),
        })
    }

    /// Days, known or not.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn known(&self) -> usize {
        self.values.iter().flatten().count()
    }

    /// Of the days before the one at `end` the last `most`.
    pub(super) fn before(&self, end: usize, most: usize) -> Option<Self> {
        let begin = end.saturating_sub(most);
        Some(Self {
            first: self.date(begin)?,
            values: self.values.get(begin..end)?.to_vec(),
        })
    }

    pub(super) fn at(&self, at: usize) -> Option<f64> {
        self.values.get(at).copied().flatten()
    }

    /// The date at a place, which may lie beyond the last.
    pub(super) fn date(&self, at: usize) -> Option<NaiveDate> {
        self.first.checked_add_days(Days::new(u64::try_from(at).ok()?))
    }

    /// Days from Monday.
    pub(super) fn weekday(&self, at: usize) -> usize {
        (self.first.weekday().num_days_from_monday() as usize + at) % 7
    }

    /// What each weekday adds to the level of its week, as the days before `end` show it: the median of how far such days lay
    /// from the median of the seven days around them; 0 in sum.
    pub(super) fn effects(&self, end: usize) -> [f64; 7] {
        let mut off: [Vec<f64>; 7] = Default::default();
        for at in end.saturating_sub(PATTERN_OF).max(3)..end.saturating_sub(3) {
            let around = (at - 3..=at + 3)
                .map(|near| self.at(near))
                .collect::<Option<Vec<f64>>>();
            let level = around.and_then(|mut week| median(&mut week));
            if let (Some(level), Some(here), Some(slot)) = (level, self.at(at), off.get_mut(self.weekday(at))) {
                slot.push(here - level);
            }
        }
        let mut effects = off.map(|mut off| median(&mut off).unwrap_or(0.0));
        let mean = effects.iter().sum::<f64>() / 7.0;
        effects.iter_mut().for_each(|effect| *effect -= mean);
        effects
    }
}
