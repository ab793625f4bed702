//! Whether a written allocation is one this household can sleep in now: the check a hold makes over locked rooms,
//! independent of how the allocation was found. It must not look for a better one.

use thiserror::Error;

use super::super::household::Search;
use super::super::id::Moment;
use super::super::rooms::RoomView;
use super::super::shelters::AdmissionRules;
use super::demand::Demand;
use super::place::Offer;
use super::{Allocation, Claim, MAX_ROOMS, admits, split};

/// Why an allocation does not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ClaimFault {
    #[error("an admission rule is broken")]
    NotAdmitted,
    #[error("a room is unknown, named twice, or claimed for nothing")]
    NotARoom,
    #[error("more rooms than the household agreed to")]
    TooManyRooms,
    /// Somebody else has them: look for the next best place.
    #[error("the beds or cots are not free")]
    NoBedLeft,
    #[error("the household does not sleep in these beds, or claims more than it needs")]
    WrongSize,
}

/// Beside a block unit, whose places are not claimed one by one, a bed too many is not noticed; everywhere else the
/// claim is the household's size exactly.
///
/// # Errors
/// The first [`ClaimFault`] found.
pub fn verify(
    allocation: &Allocation,
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    now: Moment,
) -> Result<(), ClaimFault> {
    if !admits(rules, search) {
        return Err(ClaimFault::NotAdmitted);
    }
    let demand = Demand::of(rules, search);
    let mut set = Vec::new();
    for (at, line) in allocation.lines.iter().enumerate() {
        let before = allocation.lines.iter().take(at);
        if line.beds == 0 || before.clone().any(|other| other.room_id == line.room_id) {
            return Err(ClaimFault::NotARoom);
        }
        claimed(line, &demand, rooms, now, &mut set)?;
    }
    let allowed = if search.rooms_apart_ok { MAX_ROOMS } else { 1 };
    if set.len() > usize::try_from(allowed).unwrap_or(1) {
        return Err(ClaimFault::TooManyRooms);
    }
    let beds: u32 = set.iter().filter(|offer| !offer.joint()).map(|offer| offer.beds).sum();
    let cots: u32 = set.iter().map(|offer| offer.cots).sum();
    let units = set.iter().any(Offer::joint);
    let too_many = beds > demand.beds() || (!units && beds < demand.beds()) || cots > demand.infants();
    if too_many || !split::sleeps(&demand, &set) {
        return Err(ClaimFault::WrongSize);
    }
    Ok(())
}

/// The claimed part of a room, as if nothing else of it were there.
fn claimed(
    line: &Claim,
    demand: &Demand,
    rooms: &[RoomView],
    now: Moment,
    set: &mut Vec<Offer>,
) -> Result<(), ClaimFault> {
    let known = rooms.iter().enumerate().find(|(_, view)| view.room.id == line.room_id);
    let (index, view) = known.ok_or(ClaimFault::NotARoom)?;
    let offer = Offer::of(demand, index, view, now).ok_or(ClaimFault::NoBedLeft)?;
    let (beds, cots) = (u32::from(line.beds), u32::from(line.cots));
    if offer.joint() {
        if beds > offer.units || cots > 0 {
            return Err(ClaimFault::NoBedLeft);
        }
        // More units than anybody may have are refused as too many rooms; no need to write them all down.
        let units = usize::from(line.beds).min(usize::try_from(MAX_ROOMS).unwrap_or(3) + 1);
        set.extend(std::iter::repeat_n(Offer { units: 1, ..offer }, units));
    } else if beds > offer.beds || cots > offer.cots {
        return Err(ClaimFault::NoBedLeft);
    } else {
        set.push(Offer { beds, cots, ..offer });
    }
    Ok(())
}
