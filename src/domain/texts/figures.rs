//! From what was said to the figures of a report: what a message leaves out is as it was on record.

use chrono::NaiveDate;

use super::{Beds, What};
use crate::domain::availability::ShelterView;
use crate::domain::id::RoomId;
use crate::domain::reports::{RawLine, is_unusual};
use crate::domain::rooms::RoomView;

/// A line for each room, and the planned exits that still stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub lines: Vec<RawLine>,
    pub exits: Vec<(RoomId, NaiveDate)>,
}

/// A number far from what is usual in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusual {
    /// Position of the room.
    pub room: usize,
    pub beds: u16,
    pub usual: u16,
}

/// The figures of a report; `None` where nothing was said of rooms. Beds out of service stay so. Of a room told to be
/// empty the cots are empty too and nobody is due to leave.
///
/// # Errors
/// `Count` where the rooms are no longer those the message was read by, `NoneBefore` where a room is to be as it was
/// and nothing is known of it.
pub fn figures(beds: &Beds, view: &ShelterView, today: NaiveDate) -> Result<Option<Figures>, What> {
    let rooms = view.rooms.len();
    let told = |room: usize| match beds {
        Beds::All(all) => all.get(room).copied(),
        Beds::Some(some) => some.iter().find(|(at, _)| *at == room).map(|(_, beds)| *beds),
        Beds::Untold | Beds::Same => None,
    };
    match beds {
        Beds::Untold => return Ok(None),
        Beds::All(all) if all.len() != rooms => {
            return Err(What::Count {
                given: all.len(),
                wanted: rooms,
            });
        }
        Beds::Some(some) if some.iter().any(|(at, _)| *at >= rooms) => {
            return Err(What::Count {
                given: some.len(),
                wanted: rooms,
            });
        }
        _ => {}
    }
    if view.observed_at.is_none() && (0..rooms).any(|room| told(room).is_none()) {
        return Err(What::NoneBefore);
    }
    let mut figures = Figures {
        lines: Vec::with_capacity(rooms),
        exits: Vec::new(),
    };
    for (at, room) in view.rooms.iter().enumerate() {
        let line = line(room, told(at));
        let lived_in = line.occupied_beds > 0 || line.occupied_cots > 0;
        let exit = room.planned_exit.filter(|date| lived_in && *date >= today);
        figures.exits.extend(exit.map(|date| (room.room.id, date)));
        figures.lines.push(line);
    }
    Ok(Some(figures))
}

fn line(room: &RoomView, told: Option<u16>) -> RawLine {
    let state = &room.state;
    let occupied_beds = told.unwrap_or(state.occupied_beds);
    // The room may have been made smaller since.
    let out_of_service = state.out_of_service_beds.min(room.room.beds);
    RawLine {
        room_id: room.room.id,
        occupied_beds: i64::from(occupied_beds),
        occupied_cots: if told == Some(0) {
            0
        } else {
            i64::from(state.occupied_cots)
        },
        out_of_service_beds: i64::from(out_of_service),
        out_of_service_reason: state.out_of_service_reason.filter(|_| out_of_service > 0),
    }
}

/// The first number that was told and is far from what is on record.
pub fn unusual(beds: &Beds, view: &ShelterView) -> Option<Unusual> {
    view.observed_at?;
    let told: Vec<(usize, u16)> = match beds {
        Beds::All(all) => all.iter().copied().enumerate().collect(),
        Beds::Some(some) => some.clone(),
        Beds::Untold | Beds::Same => Vec::new(),
    };
    told.into_iter().find_map(|(room, beds)| {
        let usual = view.rooms.get(room)?.state.occupied_beds;
        is_unusual(beds, usual).then_some(Unusual { room, beds, usual })
    })
}
