//! Dated units on a shelf: first expired, first out. It must not know what is on hand besides them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Units with a date of expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    pub expires_on: NaiveDate,
    /// At least 1.
    pub units: i64,
}

/// The dated units among those on hand, the first to expire first; whatever else is on hand has no date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lots(Vec<Lot>);

impl Lots {
    pub fn new(lots: impl IntoIterator<Item = Lot>) -> Self {
        let mut all = Self::default();
        for lot in lots {
            all.add(lot);
        }
        all
    }

    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.0.iter()
    }

    pub fn units(&self) -> i64 {
        self.0.iter().map(|lot| lot.units).sum()
    }

    pub fn add(&mut self, lot: Lot) {
        if lot.units <= 0 {
            return;
        }
        match self.0.binary_search_by_key(&lot.expires_on, |known| known.expires_on) {
            Ok(at) => {
                if let Some(known) = self.0.get_mut(at) {
                    known.units += lot.units;
                }
            }
            Err(at) => self.0.insert(at, lot),
        }
    }

    /// Takes up to `units` dated ones, first expired first out, and says which.
    pub fn take(&mut self, units: i64) -> Self {
        let mut wanted = units.max(0);
        let mut taken = Vec::new();
        for lot in &mut self.0 {
            let part = lot.units.min(wanted);
            if part > 0 {
                lot.units -= part;
                wanted -= part;
                taken.push(Lot { units: part, ..*lot });
            }
        }
        self.0.retain(|lot| lot.units > 0);
        Self(taken)
    }

    /// Takes exactly these, as far as they are there, and says which were.
    pub(super) fn remove(&mut self, wanted: &Self) -> Self {
        let mut taken = Self::default();
        for lot in &mut self.0 {
            let asked = wanted.0.iter().find(|other| other.expires_on == lot.expires_on);
            let units = asked.map_or(0, |asked| asked.units.min(lot.units));
            lot.units -= units;
            taken.add(Lot { units, ..*lot });
        }
        self.0.retain(|lot| lot.units > 0);
        taken
    }

    /// What was used since is taken to be what would have expired first: at most `on_hand` are left.
    pub fn trim(&mut self, on_hand: i64) {
        self.take(self.units() - on_hand.max(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(n)
    }

    fn lot(day_: u64, units: i64) -> Lot {
        Lot {
            expires_on: day(day_),
            units,
        }
    }

    #[test]
    fn what_expires_first_goes_first() {
        let mut lots = Lots::new([lot(9, 5), lot(3, 2), lot(9, 1)]);
        assert_eq!(lots.take(4), Lots::new([lot(3, 2), lot(9, 2)]));
        assert_eq!(lots, Lots::new([lot(9, 4)]));
        assert_eq!(lots.take(99).units(), 4);
        assert_eq!(lots, Lots::default());
    }

    proptest! {
        #[test]
        fn taking_neither_makes_nor_loses_units(lots in proptest::collection::vec((0u64..20, 1i64..50), 0..8), units in -5i64..300) {
            let mut left = Lots::new(lots.into_iter().map(|(day, units)| lot(day, units)));
            let before = left.units();
            let taken = left.take(units);
            prop_assert_eq!(taken.units(), units.clamp(0, before));
            prop_assert_eq!(left.units() + taken.units(), before);
        }
    }
}
