//! The national balance of an item over a period: what there was, what came, what went, what there is. It must not know
//! where any of it lies.

use std::collections::{BTreeMap, BTreeSet};

use super::stock::{MovementKind, Source};

/// What moved in a period, summed: units of an item, signed, by kind and (of receipts) by source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub item: String,
    pub kind: MovementKind,
    pub source: Option<Source>,
    pub change: i64,
}

/// Whatever a balance is drawn from, by item, in units. What lies on a shelf is one book; what is on its way or was lost on
/// it is another, kept with the transfers: that the two agree is what [`Balance::closes`] says.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// On all shelves before the period and after it.
    pub opening: BTreeMap<String, i64>,
    pub closing: BTreeMap<String, i64>,
    pub moved: Vec<Moved>,
    /// Sent and neither received nor back, before the period and after it.
    pub in_transit_opening: BTreeMap<String, i64>,
    pub in_transit_closing: BTreeMap<String, i64>,
    /// Sent and not among what was received in the period.
    pub missing: BTreeMap<String, i64>,
}

/// One item's balance, in units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balance {
    pub item: String,
    pub opening: i64,
    pub donated: i64,
    pub bought: i64,
    pub from_state: i64,
    pub other: i64,
    /// Given out, as booked.
    pub issued: i64,
    /// What counts have shown to be gone beside what was booked; below 0 if they found more than was known.
    pub used: i64,
    pub written_off: i64,
    pub missing_in_transit: i64,
    pub in_transit_opening: i64,
    pub in_transit_closing: i64,
    pub closing: i64,
    /// What transfers brought to shelves and took from them, signed.
    carried: i64,
}

impl Balance {
    /// Whether everything there was or came is used, gone, lost on the way, on it, or there: to the unit.
    pub fn closes(&self) -> bool {
        let came = self.donated + self.bought + self.from_state + self.other;
        let went = self.issued + self.used + self.written_off + self.missing_in_transit;
        self.opening + self.in_transit_opening + came == went + self.closing + self.in_transit_closing
    }

    fn book(&mut self, moved: &Moved) {
        let change = moved.change;
        match moved.kind {
            MovementKind::Receipt => match moved.source {
                Some(Source::Donation) => self.donated += change,
                Some(Source::Purchase) => self.bought += change,
                Some(Source::State) => self.from_state += change,
                Some(Source::Other) | None => self.other += change,
            },
            MovementKind::Issue => self.issued -= change,
            MovementKind::WriteOff => self.written_off -= change,
            MovementKind::TransferOut | MovementKind::TransferIn | MovementKind::Returned => self.carried += change,
        }
    }

    /// What is neither there nor booked was used.
    fn settle(&mut self) {
        let came = self.donated + self.bought + self.from_state + self.other;
        self.used = self.opening + came - self.issued - self.written_off + self.carried - self.closing;
    }
}

/// The balance of each item that anything is known of, by code.
pub fn balances(books: &Books) -> Vec<Balance> {
    let sums = [
        &books.opening,
        &books.closing,
        &books.in_transit_opening,
        &books.in_transit_closing,
        &books.missing,
    ];
    let items: BTreeSet<&String> = (sums.into_iter().flat_map(BTreeMap::keys))
        .chain(books.moved.iter().map(|moved| &moved.item))
        .collect();
    let mut all: BTreeMap<&String, Balance> = (items.into_iter())
        .map(|item| {
            let of = |sums: &BTreeMap<String, i64>| sums.get(item).copied().unwrap_or(0);
            let balance = Balance {
                item: item.clone(),
                opening: of(&books.opening),
                closing: of(&books.closing),
                in_transit_opening: of(&books.in_transit_opening),
                in_transit_closing: of(&books.in_transit_closing),
                missing_in_transit: of(&books.missing),
                ..Balance::default()
            };
            (item, balance)
        })
        .collect();
    for moved in &books.moved {
        if let Some(balance) = all.get_mut(&moved.item) {
            balance.book(moved);
        }
    }
    let mut all: Vec<Balance> = all.into_values().collect();
    all.iter_mut().for_each(Balance::settle);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soap(units: i64) -> BTreeMap<String, i64> {
        BTreeMap::from([("soap".to_owned(), units)])
    }

    fn moved(kind: MovementKind, source: Option<Source>, change: i64) -> Moved {
        Moved {
            item: "soap".to_owned(),
            kind,
            source,
            change,
        }
    }

    fn books() -> Books {
        use MovementKind::{Issue, Receipt, Returned, TransferIn, TransferOut, WriteOff};
        Books {
            opening: soap(100),
            closing: soap(64),
            moved: vec![
                moved(Receipt, Some(Source::Donation), 30),
                moved(Receipt, Some(Source::Purchase), 5),
                moved(Receipt, Some(Source::State), 4),
                moved(Receipt, Some(Source::Other), 1),
                moved(Issue, None, -20),
                moved(WriteOff, None, -6),
                moved(TransferOut, None, -40),
                moved(TransferIn, None, 17),
                moved(Returned, None, 8),
            ],
            in_transit_opening: soap(2),
            in_transit_closing: soap(14),
            missing: soap(3),
        }
    }

    #[test]
    fn what_is_neither_there_nor_booked_was_used_and_the_rest_is_to_agree() {
        let all = balances(&books());
        let [balance] = all.as_slice() else {
            panic!("{all:?}");
        };
        assert_eq!(
            (balance.donated, balance.bought, balance.from_state, balance.other),
            (30, 5, 4, 1)
        );
        assert_eq!((balance.issued, balance.written_off), (20, 6));
        assert_eq!(balance.used, 100 + 40 - 26 - 15 - 64);
        assert!(balance.closes());
    }

    #[test]
    fn a_unit_that_neither_arrived_nor_is_missing_does_not_close() {
        for wrong in [
            Books {
                missing: soap(2),
                ..books()
            },
            Books {
                in_transit_closing: soap(15),
                ..books()
            },
            Books {
                in_transit_opening: BTreeMap::new(),
                ..books()
            },
        ] {
            assert!(balances(&wrong).iter().all(|balance| !balance.closes()));
        }
    }
}
