//! The waiting list: whose turn it is, and what there is to tell. Nothing is held for those who wait: a hold asks people
//! of a shelter to keep a bed for her, and whether she goes there is hers to say.
//! It must not know how a place is found (`ranking`) or how she is told.
//!
//! One look goes down the list once. A place that one is told of is promised to her for the rest of the look, so `n`
//! places for a shape are told to the first `n` who wait for one. Who has been told of a place is not told again while
//! it stays; once it has gone, the next that appears is news, also in the same shelter.
//! Districts to avoid are never stored, so this list cannot know them: the place is a hint, and the screen ranks again
//! with what the officer enters.

use uuid::Uuid;

use super::availability::ShelterView;
use super::cases::Referral;
use super::fit::Allocation;
use super::household::Urgency;
use super::id::{HoldId, Moment, ReferralId, ShelterId};
use super::rooms::ActiveClaim;

/// Order of the list: the most urgent first, then who has waited longest.
pub fn turn(referral: &Referral) -> (Urgency, Option<Moment>, ReferralId) {
    (referral.search.urgency, referral.waiting_since, referral.id)
}

/// What a look at one who waits leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing has changed for her.
    Stay,
    Tell(ShelterId),
    /// The place she was told of is no longer there, and no other is.
    Gone,
}

/// `told` is the place she has been told of, `found` the one there is now.
pub fn step(told: Option<ShelterId>, found: Option<ShelterId>) -> Step {
    match (told, found) {
        (Some(told), Some(found)) if told == found => Step::Stay,
        (_, Some(found)) => Step::Tell(found),
        (Some(_), None) => Step::Gone,
        (None, None) => Step::Stay,
    }
}

/// Whose claims are promises of one look: no hold has this id.
const PROMISE: HoldId = HoldId(Uuid::nil());

/// Takes what she was told of out of what those behind her see, from `starts_at` on if she is to come later.
pub fn promise(view: &mut ShelterView, allocation: &Allocation, starts_at: Option<Moment>) {
    for line in &allocation.lines {
        if let Some(room) = view.rooms.iter_mut().find(|room| room.room.id == line.room_id) {
            room.claims.push(ActiveClaim {
                hold_id: PROMISE,
                beds: line.beds,
                cots: line.cots,
                expires_at: Moment::MAX_UTC,
                starts_at,
            });
        }
    }
}

/// The same shelter read afresh, with the promises that this look has made in it.
pub fn keep_promises(promised: &ShelterView, fresh: &mut ShelterView) {
    for room in &mut fresh.rooms {
        let same = promised.rooms.iter().filter(|other| other.room.id == room.room.id);
        let claims = same.flat_map(|other| &other.claims);
        room.claims.extend(claims.filter(|claim| claim.hold_id == PROMISE));
    }
}

#[cfg(test)]
mod tests {
    use super::super::availability::tests::{at, room, shelter};
    use super::super::fit;
    use super::super::household::{AgeBand, Household, Search};
    use super::super::rooms::RoomKind;
    use super::*;
    use std::collections::BTreeSet;

    fn woman() -> Search {
        Search {
            household: Household::new(vec![AgeBand::From18To59], vec![]).unwrap(),
            needs: BTreeSet::new(),
            languages: BTreeSet::new(),
            from_district: "D1".into(),
            avoid_districts: BTreeSet::new(),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok: false,
        }
    }

    #[test]
    fn each_appearance_is_told_once() {
        let [a, b] = [1, 2].map(|n| ShelterId(Uuid::from_u128(n)));
        assert_eq!(step(None, None), Step::Stay);
        assert_eq!(step(None, Some(a)), Step::Tell(a));
        assert_eq!(step(Some(a), Some(a)), Step::Stay);
        assert_eq!(step(Some(a), Some(b)), Step::Tell(b));
        assert_eq!(step(Some(a), None), Step::Gone);
    }

    #[test]
    fn as_many_are_told_as_there_are_places() {
        let mut view = shelter(
            1,
            vec![room(1, RoomKind::Shared, 3, 0), room(2, RoomKind::Private, 2, 0)],
        );
        let mut told = 0;
        while let Ok(found) = fit::fit(&view.shelter.rules, &view.rooms, &woman(), at(0)) {
            promise(&mut view, &found, None);
            told += 1;
        }
        assert_eq!(told, 4);
        let mut fresh = shelter(
            1,
            vec![room(1, RoomKind::Shared, 3, 0), room(2, RoomKind::Private, 2, 0)],
        );
        keep_promises(&view, &mut fresh);
        assert!(fit::fit(&fresh.shelter.rules, &fresh.rooms, &woman(), at(0)).is_err());
    }
}
