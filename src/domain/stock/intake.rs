//! What people say of their stock, checked before anything is written: counts, and what came or went. Packs become units
//! here, exactly. It must not know what is on the shelf.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};

use super::{Change, Loss, Lot, Lots, MovementKind, Source};
use crate::domain::catalogue::Catalogue;
use crate::domain::codes::codes;
use crate::domain::errors::FieldError;
use crate::domain::geography::Item;
use crate::domain::supplies::MAX_ON_HAND;

/// Most lines of one body.
const MOST_LINES: usize = 500;
/// Most dates of expiry of one item.
const MOST_LOTS: usize = 50;
/// A count this many times the usual is questioned.
const UNUSUAL_TIMES: i64 = 10;

codes! {
    /// What a shelter books by itself; the rest comes and goes by transfers.
    Booking { Receipt, Issue, WriteOff }
}

impl Booking {
    fn kind(self) -> MovementKind {
        match self {
            Self::Receipt => MovementKind::Receipt,
            Self::Issue => MovementKind::Issue,
            Self::WriteOff => MovementKind::WriteOff,
        }
    }

    /// From where it came or why it is written off, as a word of its own list.
    fn source(self, said: Option<&str>) -> Result<Option<String>, FieldError> {
        let (known, list) = match (self, said) {
            (Self::Issue, None) => return Ok(None),
            (Self::Issue, Some(_)) => {
                return Err(FieldError::new("source", "not_allowed", "what is issued has none"));
            }
            (_, None) => {
                return Err(FieldError::new(
                    "source",
                    "required",
                    "from where it came, or why it went",
                ));
            }
            (Self::Receipt, Some(word)) => (word.parse::<Source>().is_ok(), "donation, purchase, state or other"),
            (Self::WriteOff, Some(word)) => (word.parse::<Loss>().is_ok(), "expired, damaged, lost or other"),
        };
        match said.filter(|_| known) {
            Some(word) => Ok(Some(word.to_owned())),
            None => Err(FieldError::new("source", "unknown_value", list)),
        }
    }
}

/// A count as somebody gives it: whole packs and single units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCount {
    pub item: String,
    /// Units beside the packs.
    pub on_hand: i64,
    pub packs: i64,
    /// How many of all of them expire when; `None` if nobody looked.
    pub lots: Option<Vec<Lot>>,
    /// What is never to be given away, if that changes.
    pub minimum: Option<i64>,
    /// It is right though unusual.
    pub sure: bool,
}

impl RawCount {
    /// So many single units, and nothing more said.
    pub fn units(item: impl Into<String>, on_hand: i64) -> Self {
        Self {
            item: item.into(),
            on_hand,
            packs: 0,
            lots: None,
            minimum: None,
            sure: false,
        }
    }
}

/// A count that can be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub item: String,
    /// 0 to [`MAX_ON_HAND`].
    pub units: i64,
    /// At most as many as `units`.
    pub lots: Option<Lots>,
    pub minimum: Option<i64>,
    pub sure: bool,
}

impl Count {
    /// All faults at once, each by its field under `stock`.
    ///
    /// # Errors
    /// `unknown`, `duplicate`, `out_of_range`, `too_many`, `more_than_on_hand`.
    pub fn parse(raw: &[RawCount], catalogue: &Catalogue) -> Result<Vec<Self>, Vec<FieldError>> {
        let mut faults = Faults::of_lines("stock", raw.len());
        let (mut counts, mut seen) = (Vec::with_capacity(raw.len()), HashSet::new());
        for (at, line) in raw.iter().enumerate().take(MOST_LINES) {
            let path = format!("stock[{at}]");
            let item = faults.item(&path, &line.item, catalogue);
            if !seen.insert(line.item.as_str()) {
                faults.add(format!("{path}.item"), "duplicate", "counted twice");
            }
            faults.within(format!("{path}.minimum"), line.minimum.unwrap_or(0));
            let units = faults.units(&path, "on_hand", (line.packs, line.on_hand), item);
            let lots = line.lots.as_ref().map(|lots| faults.lots(&path, lots, units));
            let units = units.unwrap_or(0);
            counts.push(Self {
                item: line.item.clone(),
                units,
                lots,
                minimum: line.minimum,
                sure: line.sure,
            });
        }
        faults.done(counts)
    }
}

/// Whether a count deserves a "really?": ten times the usual or more. Usual is the middle of earlier counts or, if that is
/// more, what should be on hand. Where that is nothing, nothing is unusual: somebody has begun to keep it.
pub fn is_unusual(units: i64, on_hand: i64, mut earlier: Vec<i64>) -> bool {
    earlier.sort_unstable();
    let middle = earlier.get(earlier.len() / 2).copied().unwrap_or(0);
    let usual = middle.max(on_hand);
    usual > 0 && units >= usual.saturating_mul(UNUSUAL_TIMES)
}

/// Whether a count may be unusual, whatever was counted earlier: only then are weeks of counts looked at.
pub fn may_be_unusual(units: i64, on_hand: i64) -> bool {
    units > 0 && units >= on_hand.saturating_mul(UNUSUAL_TIMES)
}

/// One line of what came or went, as somebody gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    pub item: Option<String>,
    /// In the place of the item: everything that is in so many of this kit, counted loose.
    pub kit: Option<String>,
    /// Units beside the packs, or kits.
    pub quantity: i64,
    /// Of an item only, as is the date.
    pub packs: i64,
    pub expires_on: Option<NaiveDate>,
}

/// What came or went at once, as somebody gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMovements {
    pub booking: Booking,
    pub source: Option<String>,
    pub lines: Vec<RawLine>,
}

impl RawMovements {
    /// What is to change, each with the line that it is from.
    ///
    /// # Errors
    /// All faults at once, by field: `required`, `unknown`, `unknown_value`, `not_allowed`, `out_of_range`, `too_many`.
    pub fn parse(&self, catalogue: &Catalogue) -> Result<Vec<(usize, Change)>, Vec<FieldError>> {
        let mut faults = Faults::of_lines("lines", self.lines.len());
        if self.lines.is_empty() {
            faults.add("lines", "required", "at least one");
        }
        let source = self.booking.source(self.source.as_deref()).unwrap_or_else(|fault| {
            faults.0.push(fault);
            None
        });
        let mut changes = Vec::with_capacity(self.lines.len());
        for (at, line) in self.lines.iter().enumerate().take(MOST_LINES) {
            let parts = match (&line.item, &line.kit) {
                (Some(item), None) => faults.one(&format!("lines[{at}]"), item, line, catalogue),
                (None, Some(kit)) => faults.kit(&format!("lines[{at}]"), kit, line, catalogue),
                (None, None) => {
                    faults.add(format!("lines[{at}].item"), "required", "an item or a kit");
                    continue;
                }
                (Some(_), Some(_)) => {
                    faults.add(format!("lines[{at}].kit"), "not_allowed", "an item or a kit, not both");
                    continue;
                }
            };
            changes.extend(parts.into_iter().map(|(item, units, lots)| {
                let change = Change {
                    item,
                    kind: self.booking.kind(),
                    units,
                    lots,
                    source: source.clone(),
                    transfer: None,
                };
                (at, change)
            }));
        }
        faults.done(changes)
    }
}

struct Faults(Vec<FieldError>);

impl Faults {
    fn of_lines(field: &str, lines: usize) -> Self {
        let mut faults = Self(Vec::new());
        if lines > MOST_LINES {
            faults.add(field, "too_many", format!("at most {MOST_LINES}"));
        }
        faults
    }

    fn add(&mut self, field: impl Into<String>, code: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError::new(field, code, detail));
    }

    fn item<'a>(&mut self, path: &str, code: &str, catalogue: &'a Catalogue) -> Option<&'a Item> {
        let item = catalogue.item(code);
        if item.is_none() {
            self.add(format!("{path}.item"), "unknown", "not an item of the catalogue");
        }
        item
    }

    fn within(&mut self, field: String, units: i64) -> bool {
        let right = (0..=MAX_ON_HAND).contains(&units);
        if !right {
            self.add(field, "out_of_range", format!("0 to {MAX_ON_HAND}"));
        }
        right
    }

    /// Packs and single units as units; `None` where they cannot be taken.
    fn units(&mut self, path: &str, single: &str, (packs, units): (i64, i64), item: Option<&Item>) -> Option<i64> {
        let right = [
            self.within(format!("{path}.packs"), packs),
            self.within(format!("{path}.{single}"), units),
        ];
        if right != [true, true] {
            return None;
        }
        // Below 2^57: no overflow.
        let all = packs * item.map_or(1, |item| i64::from(item.pack_size)) + units;
        let field = if packs > 0 { "packs" } else { single };
        self.within(format!("{path}.{field}"), all).then_some(all)
    }

    /// What a line of one item is.
    fn one(&mut self, path: &str, code: &str, line: &RawLine, catalogue: &Catalogue) -> Vec<(String, i64, Lots)> {
        let item = self.item(path, code, catalogue);
        let units = self.units(path, "quantity", (line.packs, line.quantity), item);
        if units == Some(0) {
            self.add(format!("{path}.quantity"), "out_of_range", "at least 1 in all");
        }
        if let Some(day) = line.expires_on {
            self.day(format!("{path}.expires_on"), day);
        }
        let units = units.unwrap_or(0);
        let lots = Lots::new(line.expires_on.map(|expires_on| Lot { expires_on, units }));
        vec![(code.to_owned(), units, lots)]
    }

    /// What a line of so many kits is, by the kit's bill.
    fn kit(&mut self, path: &str, code: &str, line: &RawLine, catalogue: &Catalogue) -> Vec<(String, i64, Lots)> {
        for (field, said) in [("packs", line.packs != 0), ("expires_on", line.expires_on.is_some())] {
            if said {
                self.add(format!("{path}.{field}"), "not_allowed", "of an item, not of a kit");
            }
        }
        let Some(kit) = catalogue.kit(code) else {
            self.add(format!("{path}.kit"), "unknown", "not a kit of the catalogue");
            return Vec::new();
        };
        let most = kit
            .lines
            .iter()
            .map(|(_, units)| MAX_ON_HAND / (*units).max(1))
            .min()
            .unwrap_or(0);
        if !(1..=most).contains(&line.quantity) {
            self.add(format!("{path}.quantity"), "out_of_range", format!("1 to {most}"));
            return Vec::new();
        }
        let part = |(item, units): &(String, i64)| (item.clone(), units * line.quantity, Lots::default());
        kit.lines.iter().map(part).collect()
    }

    fn day(&mut self, field: String, day: NaiveDate) {
        if !(2000..=2100).contains(&day.year()) {
            self.add(field, "out_of_range", "a year from 2000 to 2100");
        }
    }

    fn lots(&mut self, path: &str, lots: &[Lot], on_hand: Option<i64>) -> Lots {
        if lots.len() > MOST_LOTS {
            self.add(format!("{path}.lots"), "too_many", format!("at most {MOST_LOTS}"));
        }
        let mut days = HashSet::new();
        let mut right = lots.len() <= MOST_LOTS;
        for (at, lot) in lots.iter().enumerate().take(MOST_LOTS) {
            let path = format!("{path}.lots[{at}]");
            self.day(format!("{path}.expires_on"), lot.expires_on);
            if !days.insert(lot.expires_on) {
                self.add(
                    format!("{path}.expires_on"),
                    "duplicate",
                    "this date has a line already",
                );
            }
            if !(1..=MAX_ON_HAND).contains(&lot.units) {
                self.add(format!("{path}.units"), "out_of_range", format!("1 to {MAX_ON_HAND}"));
                right = false;
            }
        }
        if let Some(all) = on_hand.filter(|all| right && lots.iter().map(|lot| lot.units).sum::<i64>() > *all) {
            self.add(format!("{path}.lots"), "more_than_on_hand", format!("{all} in all"));
        }
        if right {
            Lots::new(lots.iter().copied())
        } else {
            Lots::default()
        }
    }

    fn done<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_is_the_middle_of_what_was_counted_or_what_should_be_there() {
        assert!(is_unusual(400, 38, vec![40, 42, 39]));
        assert!(!is_unusual(399, 38, vec![40, 42, 39]));
        assert!(!is_unusual(62, 2, vec![40, 20, 2]), "it was low, and some has come");
        assert!(!is_unusual(400, 400, vec![40, 40]), "what was booked is expected");
        assert!(
            !is_unusual(9_000, 0, vec![0, 0]) && !is_unusual(9_000, 0, Vec::new()),
            "nothing is usual yet"
        );
        assert!(
            is_unusual(400, 40, vec![40, 40, 4_000]),
            "one slip does not become usual"
        );
    }

    #[test]
    fn each_kind_has_its_own_list_of_sources() {
        let code = |booking: Booking, said| booking.source(said).map_err(|fault| fault.code);
        assert_eq!(
            code(Booking::Receipt, Some("donation")),
            Ok(Some("donation".to_owned()))
        );
        assert_eq!(code(Booking::WriteOff, Some("expired")), Ok(Some("expired".to_owned())));
        assert_eq!(code(Booking::Issue, None), Ok(None));
        assert_eq!(code(Booking::Issue, Some("other")), Err("not_allowed"));
        assert_eq!(code(Booking::Receipt, Some("expired")), Err("unknown_value"));
        assert_eq!(code(Booking::WriteOff, None), Err("required"));
    }

    proptest! {
        #[test]
        fn what_is_unusual_stays_so_if_it_were_more(
            units in 0i64..MAX_ON_HAND, more in 0i64..1_000, on_hand in 0i64..1_000, earlier in proptest::collection::vec(0i64..1_000, 0..9),
        ) {
            prop_assert!(!is_unusual(units, on_hand, earlier.clone()) || is_unusual(units + more, on_hand, earlier));
        }
    }

    proptest! {
        #[test]
        fn what_is_not_looked_up_would_not_have_been_unusual(
            units in 0_i64..5_000,
            on_hand in 0_i64..500,
            earlier in prop::collection::vec(0_i64..500, 0..9),
        ) {
            prop_assert!(may_be_unusual(units, on_hand) || !is_unusual(units, on_hand, earlier));
        }
    }
}
