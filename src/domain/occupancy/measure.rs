//! The figures of one line: which rooms it speaks of, what they hold, and whether the source agrees with itself.

use super::super::rooms::RoomKind;
use super::expression::{Sum, Term};
use super::map::{Map, RoomMap};
use super::raw::{BlankPolicy, CapacityIs};
use super::row::Line;
use super::{Code, Fields, Finding, RoomRow};

/// No shelter has more; beyond it a figure is a mistake.
const MOST_PLACES: i64 = 10_000;

impl<R: Fields + ?Sized> Line<'_, '_, R> {
    /// The rooms of the line that have places, and the sector they belong to when rooms say it.
    pub(super) fn rooms(&mut self) -> (Vec<RoomRow>, Option<String>) {
        let map = self.map;
        let matching = map
            .rooms
            .iter()
            .filter(|room| room.when.iter().all(|equals| self.is(equals)));
        let matching: Vec<&RoomMap> = matching.collect();
        if matching.is_empty() {
            let slot = map
                .rooms
                .iter()
                .flat_map(|room| &room.when)
                .map(|equals| equals.slot)
                .next();
            let slot = slot.unwrap_or(usize::MAX);
            self.refuse(
                slot,
                if self.cell(slot).is_empty() {
                    Code::Blank
                } else {
                    Code::UnknownValue
                },
            );
            return (Vec::new(), None);
        }
        let faults = self.refused.len();
        let mut rooms = Vec::with_capacity(1);
        let mut sector: Option<&String> = None;
        let mut missing = None;
        for room in &matching {
            let capacity_slot = room.capacity.first_column().unwrap_or(usize::MAX);
            match self.room(room) {
                Measured::Room(row) => {
                    if let (Some(known), Some(new)) = (sector, &room.sector)
                        && known != new
                    {
                        self.refuse(capacity_slot, Code::MixedSectors);
                    }
                    sector = sector.or(room.sector.as_ref());
                    rooms.push(row);
                }
                Measured::LeftOut => self.note(capacity_slot, Code::LeftOut),
                Measured::Empty => missing = missing.or(Some((capacity_slot, Code::NoPlaces))),
                Measured::NotGiven => missing = Some((capacity_slot, Code::CapacityMissing)),
                Measured::Faulty => {}
            }
        }
        if rooms.is_empty() && self.refused.len() == faults {
            let (slot, code) = missing.unwrap_or((usize::MAX, Code::NoPlaces));
            self.refuse(slot, code);
        }
        (rooms, sector.cloned())
    }

    fn room(&mut self, room: &RoomMap) -> Measured {
        let faults = self.refused.len();
        for slot in &room.empty {
            if !self.cell(*slot).is_empty() {
                self.refuse(*slot, Code::UnexpectedValue);
            }
        }
        let capacity = self.sum(&room.capacity);
        let unavailable = room.unavailable.as_ref().map_or(Some(Some(0)), |sum| self.sum(sum));
        let occupied = room.occupied.as_ref().map_or(Some(None), |sum| self.sum(sum));
        let (Some(capacity), Some(unavailable), Some(occupied)) = (capacity, unavailable, occupied) else {
            return Measured::Faulty;
        };
        let Some(capacity) = capacity else {
            return Measured::NotGiven;
        };
        if room.left_out {
            return if capacity > 0 {
                Measured::LeftOut
            } else {
                Measured::Empty
            };
        }
        let (unavailable, occupied) = self.blanks(room, unavailable, occupied);
        self.checks(room);
        self.count(&room.capacity, capacity);
        if let (Some(sum), Some(occupied)) = (&room.occupied, occupied) {
            self.count(sum, occupied);
        }
        if unavailable < 0 {
            let slot = room
                .unavailable
                .as_ref()
                .and_then(Sum::first_column)
                .unwrap_or(usize::MAX);
            self.note(slot, Code::NegativeUnavailable);
        }
        let out = unavailable.max(0);
        let (beds, out) = match room.capacity_is {
            CapacityIs::Open => (capacity + out, out),
            // More out of service than there is cannot be; the whole of it is out then.
            CapacityIs::All => (capacity, out.min(capacity.max(0))),
        };
        if self.refused.len() > faults {
            return Measured::Faulty;
        }
        if beds == 0 && occupied.unwrap_or(0) == 0 {
            return Measured::Empty;
        }
        self.oddities(room, beds - out, occupied);
        match (
            u16::try_from(beds),
            u16::try_from(out),
            occupied.map(u16::try_from).transpose(),
        ) {
            (Ok(beds), Ok(out_of_service), Ok(occupied)) => Measured::Room(RoomRow {
                label: room.label.clone(),
                kind: room.kind,
                beds,
                sleeps: if room.kind == RoomKind::Block {
                    room.sleeps
                } else {
                    None
                },
                occupied,
                out_of_service,
            }),
            _ => {
                self.refuse(room.capacity.first_column().unwrap_or(usize::MAX), Code::TooLarge);
                Measured::Faulty
            }
        }
    }

    /// What a blank cell stands for.
    fn blanks(&mut self, room: &RoomMap, unavailable: Option<i64>, occupied: Option<i64>) -> (i64, Option<i64>) {
        if unavailable.is_none()
            && let Some(slot) = room.unavailable.as_ref().and_then(Sum::first_column)
        {
            self.refuse(slot, Code::Blank);
        }
        let occupied = match (&room.occupied, occupied, room.occupied_blank) {
            (Some(sum), None, BlankPolicy::Refuse) => {
                self.refuse(sum.first_column().unwrap_or(usize::MAX), Code::Blank);
                None
            }
            (Some(_), None, BlankPolicy::Zero) => Some(0),
            (_, occupied, _) => occupied,
        };
        (unavailable.unwrap_or(0), occupied)
    }

    fn oddities(&mut self, room: &RoomMap, open: i64, occupied: Option<i64>) {
        let Some(unusual) = self.map.unusual else {
            return self.over_full(room, open, occupied);
        };
        self.over_full(room, open, occupied);
        if open < i64::from(unusual.beds_below) {
            self.note(room.capacity.first_column().unwrap_or(usize::MAX), Code::Unusual);
        }
        if let (Some(sum), Some(occupied)) = (&room.occupied, occupied)
            && occupied > open.max(1) * i64::from(unusual.times_full)
        {
            self.note(sum.first_column().unwrap_or(usize::MAX), Code::Unusual);
        }
    }

    fn over_full(&mut self, room: &RoomMap, open: i64, occupied: Option<i64>) {
        if let (Some(sum), Some(occupied)) = (&room.occupied, occupied)
            && occupied > open
        {
            self.note(sum.first_column().unwrap_or(usize::MAX), Code::OverCapacity);
        }
    }

    fn checks(&mut self, room: &RoomMap) {
        for check in &room.checks {
            // An identity with a blank in it says nothing, which is not the same as holding.
            let (left, right) = (self.whole(&check.left), self.whole(&check.right));
            let (Some(left), Some(right)) = (left, right) else {
                continue;
            };
            if let (Some(left), Some(right)) = (left, right)
                && check.holds(left, right)
            {
                continue;
            }
            let value = format!("{}: {} against {}", check.text, told(left), told(right));
            let slot = check
                .left
                .first_column()
                .or_else(|| check.right.first_column())
                .unwrap_or(usize::MAX);
            self.refused
                .push(Finding::new(self.map.columns.name(slot), Code::CheckFailed, &value));
        }
    }

    /// Refuses what is no count of places.
    fn count(&mut self, sum: &Sum, value: i64) {
        let slot = sum.first_column().unwrap_or(usize::MAX);
        if value < 0 {
            self.refuse(slot, Code::Negative);
        } else if value > MOST_PLACES {
            self.refuse(slot, Code::TooLarge);
        }
    }

    /// A sum of which no cell is blank; otherwise as [`Self::sum`].
    fn whole(&mut self, sum: &Sum) -> Option<Option<i64>> {
        let blank = sum
            .terms
            .iter()
            .any(|(_, term)| matches!(term, Term::Column(slot) if self.cell(*slot).is_empty()));
        self.sum(sum).map(|total| if blank { None } else { total })
    }

    /// A sum of cells, blank ones left out. Outer `None`: refused; inner `None`: every cell is blank.
    fn sum(&mut self, sum: &Sum) -> Option<Option<i64>> {
        let mut total = None;
        let mut faulty = false;
        for (sign, term) in &sum.terms {
            let value = match term {
                Term::Constant(value) => Ok(Some(*value)),
                Term::Column(slot) => self.map.number(self.cell(*slot)),
            };
            match (value, term) {
                (Ok(Some(value)), _) => total = Some(total.unwrap_or(0) + sign * value),
                (Ok(None), _) => {}
                (Err(code), Term::Column(slot)) => {
                    self.refuse(*slot, code);
                    faulty = true;
                }
                (Err(_), Term::Constant(_)) => faulty = true,
            }
        }
        (!faulty).then_some(total)
    }
}

fn told(value: Option<i64>) -> String {
    value.map_or_else(|| "blank".to_owned(), |value| value.to_string())
}

enum Measured {
    Room(RoomRow),
    LeftOut,
    /// No place and nobody there.
    Empty,
    NotGiven,
    Faulty,
}

impl Map {
    /// A whole number as the source writes it (`8`, `8.0`, `1,234`); `None` when blank.
    fn number(&self, text: &str) -> Result<Option<i64>, Code> {
        if text.is_empty() {
            return Ok(None);
        }
        let (whole, fraction) = text.split_once(self.decimal).unwrap_or((text, ""));
        if !fraction.bytes().all(|digit| digit == b'0') {
            let digits = fraction.bytes().all(|digit| digit.is_ascii_digit());
            return Err(if digits { Code::NotWhole } else { Code::NotANumber });
        }
        let parsed = match self.thousands {
            Some(sign) if whole.contains(sign) => whole.replace(sign, "").parse::<i64>(),
            _ => whole.parse::<i64>(),
        };
        let value = parsed.map_err(|_| {
            let digits = whole.trim_start_matches(['-', '+']);
            let number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            if number { Code::TooLarge } else { Code::NotANumber }
        })?;
        if value.abs() > 1_000_000_000 {
            Err(Code::TooLarge)
        } else {
            Ok(Some(value))
        }
    }
}
