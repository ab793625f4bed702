//! The houses as they are and as the board shows them. What is true changes with every arrival, departure and promise;
//! the board changes with reports, and with holds and arrivals that went through the system. No policy is told the
//! truth: it answers only when a house is asked.

use super::super::availability::ShelterView;
use super::super::fit::{Allocation, Claim, place, verify};
use super::super::household::Search;
use super::super::id::{HoldId, Moment};
use super::super::rooms::{ActiveClaim, Occupancy, RoomKind, RoomView};
use super::super::shelters::Shelter;

/// Ends no promise: those of the truth end when she comes.
const NEVER: Moment = Moment::MAX_UTC;

/// One house.
pub struct Home {
    truth: ShelterView,
    /// What officers are shown.
    pub board: ShelterView,
    /// Bookings that would not have stood the check a hold is put to, and rooms found with more in them than they
    /// hold. Always 0.
    pub oversold: u32,
}

impl Home {
    pub fn new(shelter: &Shelter, now: Moment) -> Self {
        let rooms = shelter
            .rooms
            .iter()
            .map(|room| RoomView::new(room.clone(), Occupancy::default()));
        let view = ShelterView {
            shelter: shelter.clone(),
            rooms: rooms.collect(),
            observed_at: Some(now),
            operating: true,
        };
        Self {
            truth: view.clone(),
            board: view,
            oversold: 0,
        }
    }

    /// Where this household would sleep in truth.
    pub fn room_for(&self, search: &Search, now: Moment) -> Option<Allocation> {
        place(&self.truth.shelter.rules, &self.truth.rooms, search, now).map(|found| found.allocation)
    }

    /// Free beds (of blocks, rooms) in truth.
    pub fn free(&self, now: Moment) -> u32 {
        self.truth.count(now).free
    }

    pub fn beds(&self) -> u32 {
        self.truth.rooms.iter().map(|view| u32::from(view.room.beds)).sum()
    }

    /// Beds lived in or promised or enclosed: not to be had.
    pub fn taken(&self, now: Moment) -> u32 {
        self.beds().saturating_sub(self.free(now))
    }

    /// Somebody moves in from the door.
    pub fn move_in(&mut self, allocation: &Allocation, search: &Search, now: Moment) {
        self.check(allocation, search, now);
        lived_in(&mut self.truth.rooms, &allocation.lines, true);
        self.count();
    }

    pub fn move_out(&mut self, lines: &[Claim]) {
        lived_in(&mut self.truth.rooms, lines, false);
    }

    /// The board shows that somebody has asked for these beds until a deadline.
    pub fn ask(&mut self, hold: HoldId, lines: &[Claim], until: Moment) {
        claim(&mut self.board.rooms, hold, lines, until);
    }

    /// The board forgets the question.
    pub fn release(&mut self, hold: HoldId) {
        forget(&mut self.board.rooms, hold);
    }

    /// The house says yes: it keeps the beds, and the board shows them held.
    pub fn promise(&mut self, hold: HoldId, allocation: &Allocation, search: &Search, now: Moment) {
        self.check(allocation, search, now);
        forget(&mut self.board.rooms, hold);
        claim(&mut self.truth.rooms, hold, &allocation.lines, NEVER);
        claim(&mut self.board.rooms, hold, &allocation.lines, NEVER);
        self.count();
    }

    /// She arrives: from held to occupied, on the board as in truth.
    pub fn arrive(&mut self, hold: HoldId, lines: &[Claim]) {
        for rooms in [&mut self.truth.rooms, &mut self.board.rooms] {
            forget(rooms, hold);
            lived_in(rooms, lines, true);
        }
        self.count();
    }

    /// The manager reports who lives there now; with `wrong`, one room's figure is one too many or one too few.
    pub fn report(&mut self, now: Moment, wrong: Option<(usize, bool)>) {
        for (shown, true_one) in self.board.rooms.iter_mut().zip(&self.truth.rooms) {
            shown.state = true_one.state;
        }
        self.board.observed_at = Some(now);
        let rooms = self.board.rooms.len();
        if let Some((number, more)) = wrong.filter(|_| rooms > 0)
            && let Some(view) = self.board.rooms.get_mut(number % rooms)
        {
            misread(view, more);
        }
    }

    fn check(&mut self, allocation: &Allocation, search: &Search, now: Moment) {
        let (rules, rooms) = (&self.truth.shelter.rules, &self.truth.rooms);
        self.oversold += u32::from(verify(allocation, rules, rooms, search, now).is_err());
    }

    /// Counts by itself, apart from the code that found the rooms.
    fn count(&mut self) {
        let over = |view: &&RoomView| {
            let promised = view.claims.iter();
            let beds: u32 = promised.clone().map(|line| u32::from(line.beds)).sum();
            let cots: u32 = promised.map(|line| u32::from(line.cots)).sum();
            beds + u32::from(view.state.occupied_beds) > u32::from(view.room.beds)
                || cots + u32::from(view.state.occupied_cots) > u32::from(view.room.cots)
                || (view.room.kind == RoomKind::Private
                    && view.claims.len() + usize::from(view.state.occupied_beds > 0) > 1)
        };
        self.oversold += u32::try_from(self.truth.rooms.iter().filter(over).count()).unwrap_or(u32::MAX);
    }
}

/// A private room is thought empty or lived in; of others one bed is counted too many or too few.
fn misread(view: &mut RoomView, more: bool) {
    let (state, beds) = (&mut view.state, view.room.beds);
    if view.room.kind == RoomKind::Private && state.occupied_beds > 0 {
        *state = Occupancy::default();
    } else if more || state.occupied_beds == 0 {
        state.occupied_beds = (state.occupied_beds + 1).min(beds);
    } else {
        state.occupied_beds -= 1;
    }
}

fn claim(rooms: &mut [RoomView], hold_id: HoldId, lines: &[Claim], expires_at: Moment) {
    for line in lines {
        if let Some(view) = rooms.iter_mut().find(|view| view.room.id == line.room_id) {
            view.claims.push(ActiveClaim {
                hold_id,
                beds: line.beds,
                cots: line.cots,
                expires_at,
                starts_at: None,
            });
        }
    }
}

fn forget(rooms: &mut [RoomView], hold: HoldId) {
    for view in rooms {
        view.claims.retain(|claim| claim.hold_id != hold);
    }
}

fn lived_in(rooms: &mut [RoomView], lines: &[Claim], comes: bool) {
    for line in lines {
        if let Some(view) = rooms.iter_mut().find(|view| view.room.id == line.room_id) {
            let state = &mut view.state;
            if comes {
                state.occupied_beds = state.occupied_beds.saturating_add(line.beds);
                state.occupied_cots = state.occupied_cots.saturating_add(line.cots);
            } else {
                state.occupied_beds = state.occupied_beds.saturating_sub(line.beds);
                state.occupied_cots = state.occupied_cots.saturating_sub(line.cots);
            }
        }
    }
}
