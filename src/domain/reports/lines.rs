//! Lines of a report: parsed at the door, and the room state they lead to.
//! It must not know how reports are ordered.

use std::collections::BTreeSet;

use super::super::errors::FieldError;
use super::super::id::RoomId;
use super::super::rooms::{Occupancy, OutOfServiceReason, Room};

/// Largest count in one room, in beds or cots. More is a slip of the finger, not a shelter.
pub const MAX_COUNT: i64 = 10_000;

/// A line as a client sends it: any whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawLine {
    pub room_id: RoomId,
    pub occupied_beds: i64,
    pub occupied_cots: i64,
    pub out_of_service_beds: i64,
    pub out_of_service_reason: Option<OutOfServiceReason>,
}

/// What one room's line says, within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportLine {
    pub room_id: RoomId,
    pub state: Occupancy,
}

/// Parses the lines of one report against the shelter's rooms. More people than beds is real life and passes; more
/// beds out of service than there are does not. A reason is wanted with beds out of service and only then.
///
/// # Errors
/// Every fault by its field (`rooms[0].occupied_beds`), with code `out_of_range`, `required`, `not_allowed`,
/// `unknown` (no such room in this shelter) or `duplicate`.
pub fn parse_lines(raw: &[RawLine], rooms: &[Room]) -> Result<Vec<ReportLine>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(raw.len());
    for (at, line) in raw.iter().enumerate() {
        let field = |name: &str| format!("rooms[{at}].{name}");
        let room = rooms.iter().find(|room| room.id == line.room_id);
        if room.is_none() {
            errors.push(FieldError::new(
                field("room_id"),
                "unknown",
                "no such room in this shelter",
            ));
        } else if !seen.insert(line.room_id) {
            errors.push(FieldError::new(
                field("room_id"),
                "duplicate",
                "this room has a line already",
            ));
        }
        let beds = room.map_or(MAX_COUNT, |room| i64::from(room.beds));
        let mut number = |name: &str, value: i64, most: i64| {
            let fine = u16::try_from(value).ok().filter(|_| value <= most);
            if fine.is_none() {
                errors.push(FieldError::new(field(name), "out_of_range", format!("0 to {most}")));
            }
            fine.unwrap_or(0)
        };
        let occupied_beds = number("occupied_beds", line.occupied_beds, MAX_COUNT);
        let occupied_cots = number("occupied_cots", line.occupied_cots, MAX_COUNT);
        let out_of_service_beds = number("out_of_service_beds", line.out_of_service_beds, beds);
        match (line.out_of_service_beds > 0, line.out_of_service_reason) {
            (true, None) => {
                let detail = "why the beds are out of service";
                errors.push(FieldError::new(field("out_of_service_reason"), "required", detail));
            }
            (false, Some(_)) => {
                let detail = "no bed is out of service";
                errors.push(FieldError::new(field("out_of_service_reason"), "not_allowed", detail));
            }
            _ => {}
        }
        let out_of_service_reason = line.out_of_service_reason;
        let state = Occupancy {
            occupied_beds,
            occupied_cots,
            out_of_service_beds,
            out_of_service_reason,
        };
        lines.push(ReportLine {
            room_id: line.room_id,
            state,
        });
    }
    if errors.is_empty() { Ok(lines) } else { Err(errors) }
}

/// What one arrived hold brought into one room; of a block, `beds` are units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub room_id: RoomId,
    pub beds: u16,
    pub cots: u16,
}

/// The room's state: what the line said, and who arrived after it was true. Give only arrivals later than the
/// report's own time (see [`super::Stamp::effective`]); those of other rooms are passed over.
pub fn state_after(line: &ReportLine, arrivals_since: &[Arrival]) -> Occupancy {
    let here = arrivals_since.iter().filter(|arrival| arrival.room_id == line.room_id);
    here.fold(line.state, |state, arrival| Occupancy {
        occupied_beds: state.occupied_beds.saturating_add(arrival.beds),
        occupied_cots: state.occupied_cots.saturating_add(arrival.cots),
        ..state
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::rooms::RoomKind;
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn room(number: u128, beds: u16) -> Room {
        let (id, kind) = (RoomId(Uuid::from_u128(number)), RoomKind::Shared);
        Room {
            id,
            label: number.to_string(),
            kind,
            beds,
            cots: 1,
            step_free: false,
            sleeps: None,
        }
    }

    fn raw(number: u128, occupied_beds: i64, out: i64, reason: Option<OutOfServiceReason>) -> RawLine {
        RawLine {
            room_id: RoomId(Uuid::from_u128(number)),
            occupied_beds,
            occupied_cots: 0,
            out_of_service_beds: out,
            out_of_service_reason: reason,
        }
    }

    fn faults(lines: &[RawLine]) -> Vec<(String, &'static str)> {
        let errors = parse_lines(lines, &[room(1, 4), room(2, 6)]).unwrap_err();
        errors.into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn more_people_than_beds_pass() {
        let lines = parse_lines(
            &[raw(1, 9, 0, None), raw(2, 0, 6, Some(OutOfServiceReason::Repair))],
            &[room(1, 4), room(2, 6)],
        );
        let states: Vec<_> = lines.unwrap().iter().map(|line| line.state.occupied_beds).collect();
        assert_eq!(states, [9, 0]);
    }

    #[test]
    fn every_fault_is_named() {
        let repair = Some(OutOfServiceReason::Repair);
        assert_eq!(
            faults(&[
                raw(1, -1, 5, repair),
                raw(3, 10_001, 0, None),
                raw(1, 0, 1, None),
                raw(2, 0, 0, repair)
            ]),
            [
                ("rooms[0].occupied_beds".to_owned(), "out_of_range"),
                ("rooms[0].out_of_service_beds".to_owned(), "out_of_range"),
                ("rooms[1].room_id".to_owned(), "unknown"),
                ("rooms[1].occupied_beds".to_owned(), "out_of_range"),
                ("rooms[2].room_id".to_owned(), "duplicate"),
                ("rooms[2].out_of_service_reason".to_owned(), "required"),
                ("rooms[3].out_of_service_reason".to_owned(), "not_allowed"),
            ]
        );
        assert_eq!(faults(&[raw(1, i64::MAX, 0, None)]).len(), 1);
    }

    #[test]
    fn arrivals_add_to_what_the_report_said() {
        let line = parse_lines(&[raw(1, 2, 0, None)], &[room(1, 4)]).unwrap()[0];
        let arrival = |number, beds| Arrival {
            room_id: RoomId(Uuid::from_u128(number)),
            beds,
            cots: 1,
        };
        let state = state_after(&line, &[arrival(1, 2), arrival(2, 7), arrival(1, u16::MAX)]);
        assert_eq!((state.occupied_beds, state.occupied_cots), (u16::MAX, 2));
        assert_eq!(state_after(&line, &[arrival(1, 2)]).occupied_beds, 4);
    }

    proptest! {
        #[test]
        fn any_number_is_taken_or_named(occupied in any::<i64>(), out in any::<i64>()) {
            let repair = (out > 0).then_some(OutOfServiceReason::Repair);
            let parsed = parse_lines(&[raw(1, occupied, out, repair)], &[room(1, 4)]);
            let fine = (0..=MAX_COUNT).contains(&occupied) && (0..=4).contains(&out);
            prop_assert_eq!(parsed.is_ok(), fine);
        }
    }
}
