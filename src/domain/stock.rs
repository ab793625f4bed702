//! Stock in whole units, never fractions: what the newest count said and what moved since. It must not know how fast
//! stock is used (`usage`) or how long it lasts (`supplies`).

mod intake;
mod lots;

pub use intake::{Booking, Count, RawCount, RawLine, RawMovements, is_unusual, may_be_unusual};
pub use lots::{Lot, Lots};

use chrono::{NaiveDate, TimeDelta};

use super::codes::codes;
use super::errors::FieldError;
use super::id::{Moment, MovementId, ShelterId, TransferId, UserId};
use super::supplies::MAX_ON_HAND;
use super::usage::Learned;

codes! {
    /// Why stock came or went between two counts.
    MovementKind {
        /// From outside the shelters: given or bought.
        Receipt,
        /// Given out to be used.
        Issue,
        WriteOff,
        TransferOut,
        TransferIn,
        /// Sent, turned back on the way, and back on the shelf.
        Returned,
    }
    /// Where a receipt is from.
    Source { Donation, Purchase, State, Other }
    /// Why something is written off.
    Loss { Expired, Damaged, Lost, Other }
}

impl MovementKind {
    /// Whether it takes from the shelf.
    pub fn takes(self) -> bool {
        matches!(self, Self::Issue | Self::WriteOff | Self::TransferOut)
    }
}

/// An item on a shelter's shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub shelter_id: ShelterId,
    pub item: String,
    /// Whole units, never below 0.
    pub on_hand: i64,
    /// The newest of count and movements.
    pub observed_at: Moment,
    /// The newest count; `None` for an item that was received and never counted.
    pub counted: Option<Counted>,
    pub lots: Lots,
    /// What the shelter never gives away, in units.
    pub minimum: i64,
    pub learned: Option<Learned>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub units: i64,
    pub at: Moment,
}

impl Stock {
    /// An item of which nothing is known yet.
    pub fn unknown(shelter_id: ShelterId, item: &str, now: Moment) -> Self {
        Self {
            shelter_id,
            item: item.to_owned(),
            on_hand: 0,
            observed_at: now,
            counted: None,
            lots: Lots::default(),
            minimum: 0,
            learned: None,
        }
    }

    /// What a count leaves on the shelf; `since` is the sum of what moved after it. `false` if a newer count is known:
    /// then nothing changes.
    pub fn count(&mut self, count: Counted, lots: Option<Lots>, since: i64) -> bool {
        if self.counted.is_some_and(|known| known.at > count.at) {
            return false;
        }
        self.counted = Some(count);
        self.observed_at = self.observed_at.max(count.at);
        if let Some(lots) = lots {
            self.lots = lots;
        }
        self.settle(since);
        true
    }

    /// When a count of what was there at `observed_at` is booked. One made now has seen all that has moved, also what
    /// was booked in the same millisecond.
    pub fn counts_at(&self, observed_at: Moment, now: Moment) -> Moment {
        if observed_at < now {
            observed_at
        } else {
            now.max(self.observed_at)
        }
    }

    /// Why a change cannot be booked, told of `field`: more than is on hand cannot leave, and no more can come from outside
    /// than can be counted.
    ///
    /// # Errors
    /// `not_enough`, `out_of_range`.
    pub fn refuses(&self, change: &Change, field: impl FnOnce() -> String) -> Result<(), FieldError> {
        if change.kind.takes() && change.units > self.on_hand {
            let said = format!("{}: {} on hand", change.item, self.on_hand);
            return Err(FieldError::new(field(), "not_enough", said));
        }
        if change.kind == MovementKind::Receipt && change.units > MAX_ON_HAND - self.on_hand {
            let said = format!("{}: at most {MAX_ON_HAND} on hand", change.item);
            return Err(FieldError::new(field(), "out_of_range", said));
        }
        Ok(())
    }

    /// When something that happens at `now` is booked: after the count that it changes.
    pub fn moves_at(&self, now: Moment) -> Moment {
        self.counted
            .map_or(now, |count| now.max(count.at + TimeDelta::milliseconds(1)))
    }

    /// Books a change, one signed number of units for each date of expiry and one for those without. More than is on
    /// hand is for [`Stock::refuses`].
    pub fn book(&mut self, change: &Change) -> Vec<(i64, Option<NaiveDate>)> {
        let sign = if change.kind.takes() { -1 } else { 1 };
        self.on_hand += sign * change.units;
        let dated = if !change.kind.takes() {
            for lot in change.lots.iter() {
                self.lots.add(*lot);
            }
            change.lots.clone()
        } else if change.lots.units() > 0 {
            self.lots.remove(&change.lots)
        } else {
            self.lots.take(change.units)
        };
        let undated = change.units - dated.units();
        let dated = dated.iter().map(|lot| (sign * lot.units, Some(lot.expires_on)));
        dated.chain((undated > 0).then_some((sign * undated, None))).collect()
    }

    /// What is on hand once `since` has moved after the newest count. A count that came late may be below what has
    /// left after it; then nothing is on hand, until the next count.
    pub fn settle(&mut self, since: i64) {
        let counted = self.counted.map_or(0, |count| count.units);
        self.on_hand = counted.saturating_add(since).max(0);
        self.lots.trim(self.on_hand);
    }
}

/// Something that is to come or go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub item: String,
    pub kind: MovementKind,
    /// Whole units, at least 1.
    pub units: i64,
    /// Which of them expire when. What leaves without any is taken to be what expires first.
    pub lots: Lots,
    /// A [`Source`] or a [`Loss`].
    pub source: Option<String>,
    pub transfer: Option<TransferId>,
}

/// Something that came or went, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub id: MovementId,
    pub shelter_id: ShelterId,
    pub item: String,
    pub kind: MovementKind,
    /// Units, signed: below 0 if it left.
    pub change: i64,
    pub expires_on: Option<NaiveDate>,
    /// A [`Source`] or a [`Loss`].
    pub source: Option<String>,
    pub transfer_id: Option<TransferId>,
    pub user_id: Option<UserId>,
    pub moved_at: Moment,
    pub recorded_at: Moment,
}

/// A movement with the names of what it points to.
#[derive(Debug, Clone)]
pub struct Booked {
    pub movement: Movement,
    pub transfer_code: Option<String>,
    /// Who booked it.
    pub by: Option<String>,
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

    fn at(second: i64) -> Moment {
        chrono::DateTime::from_timestamp(second, 0).unwrap()
    }

    fn shelf() -> Stock {
        Stock::unknown(ShelterId(uuid::Uuid::nil()), "soap", at(0))
    }

    #[test]
    fn a_count_stands_until_a_newer_one_and_movements_add_to_it() {
        let mut shelf = shelf();
        assert!(shelf.count(Counted { units: 10, at: at(5) }, None, 0));
        shelf.settle(7);
        assert_eq!(shelf.on_hand, 17);
        assert!(!shelf.count(Counted { units: 1, at: at(4) }, None, 0), "older");
        assert_eq!(shelf.on_hand, 17);
        assert!(
            shelf.count(Counted { units: 3, at: at(6) }, None, 7),
            "older than the movement"
        );
        assert_eq!(shelf.on_hand, 10);
    }

    #[test]
    fn a_late_count_below_what_left_since_leaves_nothing_and_no_debt_is_forgotten() {
        let mut shelf = shelf();
        shelf.count(Counted { units: 5, at: at(1) }, None, -7);
        assert_eq!(shelf.on_hand, 0);
        shelf.settle(-7 + 3);
        assert_eq!(shelf.on_hand, 1);
    }

    #[test]
    fn what_moves_is_booked_after_the_count_it_changes() {
        let mut shelf = shelf();
        shelf.count(Counted { units: 5, at: at(9) }, None, 0);
        assert!(shelf.moves_at(at(9)) > at(9));
        assert!(shelf.moves_at(at(2)) > at(9));
        assert_eq!(shelf.moves_at(at(20)), at(20));
    }

    proptest! {
        #[test]
        fn dated_units_are_never_more_than_there_are(
            lots in proptest::collection::vec((0u64..20, 1i64..50), 0..8), counted in 0i64..200, since in -300i64..300,
        ) {
            let mut shelf = shelf();
            let lots = Lots::new(lots.into_iter().map(|(day, units)| lot(day, units)));
            shelf.count(Counted { units: counted, at: at(1) }, Some(lots.clone()), since);
            prop_assert_eq!(shelf.on_hand, (counted + since).max(0));
            prop_assert_eq!(shelf.lots.units(), lots.units().min(shelf.on_hand));
            prop_assert!(shelf.lots.iter().all(|lot| lot.units > 0));
        }
    }
}
