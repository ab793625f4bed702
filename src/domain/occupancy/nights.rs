//! For tables that are the whole picture of each night: which shelters were missing on which nights, and so were not
//! operating then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::id::Moment;
use super::OccupancyRow;

/// Which shelters each night names.
#[derive(Debug, Clone, Default)]
pub struct Nights {
    nights: BTreeMap<NaiveDate, (Moment, BTreeSet<u32>)>,
    codes: BTreeMap<String, u32>,
}

/// A shelter that did not operate on a night.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Absence {
    pub code: String,
    pub night: NaiveDate,
    pub observed_at: Moment,
}

impl Nights {
    /// Remembers that the shelter stands in the table of that night. A refused line counts as well: the shelter was
    /// named, only its figures were not believed.
    pub fn saw(&mut self, code: &str, night: NaiveDate, observed_at: Moment) {
        let next = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        let number = match self.codes.get(code) {
            Some(number) => *number,
            None => *self.codes.entry(code.to_owned()).or_insert(next),
        };
        self.nights
            .entry(night)
            .or_insert_with(|| (observed_at, BTreeSet::new()))
            .1
            .insert(number);
    }

    pub fn saw_row(&mut self, row: &OccupancyRow) {
        self.saw(&row.shelter.code, row.night, row.observed_at);
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.nights.len()
    }

    /// Shelters missing on nights the table tells of, by code and night. `also` names shelters known from earlier
    /// tables of the same source.
    #[must_use]
    pub fn absences(&self, also: impl IntoIterator<Item = String>) -> Vec<Absence> {
        let mut codes: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        let also: Vec<String> = also.into_iter().collect();
        codes.extend(also.iter().map(|code| (code.as_str(), None)));
        codes.extend(self.codes.iter().map(|(code, number)| (code.as_str(), Some(*number))));
        let mut absences = Vec::new();
        for (code, number) in codes {
            for (night, (observed_at, present)) in &self.nights {
                if !number.is_some_and(|number| present.contains(&number)) {
                    absences.push(Absence {
                        code: code.to_owned(),
                        night: *night,
                        observed_at: *observed_at,
                    });
                }
            }
        }
        absences
    }
}
