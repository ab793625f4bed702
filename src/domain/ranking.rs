//! Which of the shelters that fit comes first, and why: by the time in which she can expect to be safe.
//! It must not know how a fit is found (`fit`) or how far a place is (the caller says).

mod score;
#[cfg(test)]
mod tests;

pub use score::{Reason, ReasonCode};

use std::cmp::Ordering;

use chrono::{NaiveDateTime, NaiveTime};

use super::availability::{Band, ShelterView};
use super::fit::{self, Allocation, MisfitReason, Placement, Relaxation};
use super::freshness::{ChanceModel, Freshness, age_minutes};
use super::geography::Travel;
use super::household::Search;
use super::id::{Moment, ShelterId};
use super::rooms::RoomKind;
use score::{Score, Weighed};

/// A shelter to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub view: &'a ShelterView,
    pub travel: Travel,
    /// How long this shelter usually takes to answer, in minutes.
    pub answer_minutes: f64,
}

/// A kind of room she would sleep in, not which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuggestedRoom {
    pub kind: RoomKind,
    pub beds: u16,
    pub cots: u16,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// From 1.
    pub rank: u32,
    pub shelter_id: ShelterId,
    pub shelter_code: String,
    pub district: String,
    pub region: String,
    pub travel: Travel,
    /// 0.0..=1.0: that the place is still free.
    pub chance_free: f64,
    /// Free beds (of blocks, rooms) of the whole shelter.
    pub band: Band,
    pub freshness: Freshness,
    pub observed_at: Option<Moment>,
    /// Whether the shelter is to confirm before anybody travels.
    pub needs_confirmation: bool,
    pub answer_minutes: f64,
    /// Until she can expect to be in a safe bed: answer, travel, waiting for the doors to open, and the chance of
    /// having to begin again.
    pub expected_minutes: f64,
    pub intake: Option<(NaiveTime, NaiveTime)>,
    pub rooms: Vec<SuggestedRoom>,
    /// At most four, the weightiest first.
    pub reasons: Vec<Reason>,
    /// For the hold; never shown to an officer.
    pub allocation: Allocation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MisfitEntry {
    pub shelter_id: ShelterId,
    pub shelter_code: String,
    pub reasons: Vec<MisfitReason>,
    pub relaxation: Option<Relaxation>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking {
    pub suggestions: Vec<Suggestion>,
    /// The nearest shelters that do not fit, at most [`MISFITS_SHOWN`].
    pub misfits: Vec<MisfitEntry>,
}

/// Explaining a misfit is dear, and nobody reads a hundred of them.
pub const MISFITS_SHOWN: usize = 25;

/// The best `limit` shelters for this search, and the nearest that do not fit with every reason.
///
/// The order is total: by score, then by shelter code; the order of `candidates` does not matter. `local_now` is `now`
/// on the clocks of the country, for intake hours.
pub fn rank(
    search: &Search,
    candidates: &[Candidate<'_>],
    now: Moment,
    local_now: NaiveDateTime,
    limit: usize,
) -> Ranking {
    let model = ChanceModel::default();
    let mut fits: Vec<(Score, &Candidate<'_>, Weighed, Placement)> = Vec::new();
    let mut misfits: Vec<&Candidate<'_>> = Vec::new();
    for candidate in candidates {
        let placement = gate(search, candidate)
            .is_none()
            .then(|| fit::place(&candidate.view.shelter.rules, &candidate.view.rooms, search, now))
            .flatten();
        match placement {
            Some(placement) => {
                let chance = chance_free(&model, candidate, &placement, now);
                let weighed = score::weigh(search, candidate, &placement, chance, local_now);
                fits.push((weighed.score(), candidate, weighed, placement));
            }
            None => misfits.push(candidate),
        }
    }
    keep_best(&mut fits, limit, |a, b| a.0.cmp(&b.0).then_with(|| by_code(a.1, b.1)));
    keep_best(&mut misfits, MISFITS_SHOWN, |a, b| {
        a.travel
            .minutes
            .total_cmp(&b.travel.minutes)
            .then_with(|| by_code(a, b))
    });
    let suggestions = fits
        .into_iter()
        .zip(1..)
        .map(|((_, candidate, weighed, placement), rank)| {
            suggestion(rank, candidate, &weighed, placement, &model, now)
        });
    Ranking {
        suggestions: suggestions.collect(),
        misfits: misfits
            .into_iter()
            .map(|candidate| misfit(search, candidate, now))
            .collect(),
    }
}

fn by_code(a: &Candidate<'_>, b: &Candidate<'_>) -> Ordering {
    a.view.shelter.code.cmp(&b.view.shelter.code)
}

/// Sorts only what is kept.
fn keep_best<T>(items: &mut Vec<T>, limit: usize, order: impl Fn(&T, &T) -> Ordering + Copy) {
    if limit == 0 {
        items.clear();
    } else if limit < items.len() {
        items.select_nth_unstable_by(limit - 1, order);
        items.truncate(limit);
    }
    items.sort_unstable_by(order);
}

/// What rules a shelter out before its rooms are looked at.
fn gate(search: &Search, candidate: &Candidate<'_>) -> Option<MisfitReason> {
    let view = candidate.view;
    if search.avoid_districts.contains(&view.shelter.district) {
        Some(MisfitReason::AvoidedDistrict)
    } else if !view.operating {
        Some(MisfitReason::NotOperating)
    } else if view.observed_at.is_none() {
        Some(MisfitReason::NeverReported)
    } else {
        None
    }
}

/// Every reason. Of rooms that nobody has reported on nothing is said, and what rules a shelter out altogether
/// leaves nothing to relax.
fn misfit(search: &Search, candidate: &Candidate<'_>, now: Moment) -> MisfitEntry {
    let view = candidate.view;
    let (mut reasons, mut relaxation) = (Vec::new(), None);
    let gated = gate(search, candidate).is_some();
    if view.observed_at.is_some() {
        // Not gated and yet here: it has been tried already.
        if !gated || fit::place(&view.shelter.rules, &view.rooms, search, now).is_none() {
            let misfit = fit::explain(&view.shelter.rules, &view.rooms, search, now);
            (reasons, relaxation) = (misfit.reasons, misfit.relaxation);
        }
    } else {
        reasons.extend(fit::rule_reasons(&view.shelter.rules, search));
        reasons.push(MisfitReason::NeverReported);
    }
    if search.avoid_districts.contains(&view.shelter.district) {
        reasons.push(MisfitReason::AvoidedDistrict);
    }
    if !view.operating {
        reasons.push(MisfitReason::NotOperating);
    }
    reasons.sort_unstable();
    if gated {
        relaxation = None;
    }
    MisfitEntry {
        shelter_id: view.shelter.id,
        shelter_code: view.shelter.code.clone(),
        reasons,
        relaxation,
    }
}

fn chance_free(model: &ChanceModel, candidate: &Candidate<'_>, placement: &Placement, now: Moment) -> f64 {
    let age = age_minutes(candidate.view.observed_at, now);
    age.map_or(0.0, |age| model.chance_free(age, placement.alike.saturating_sub(1)))
}

fn suggestion(
    rank: u32,
    candidate: &Candidate<'_>,
    weighed: &Weighed,
    placement: Placement,
    model: &ChanceModel,
    now: Moment,
) -> Suggestion {
    let (view, shelter) = (candidate.view, &candidate.view.shelter);
    let freshness = view.freshness(now);
    let rooms = placement.allocation.lines.iter().filter_map(|line| {
        let room = &view.rooms.iter().find(|view| view.room.id == line.room_id)?.room;
        Some(SuggestedRoom {
            kind: room.kind,
            beds: line.beds,
            cots: line.cots,
        })
    });
    Suggestion {
        rank,
        shelter_id: shelter.id,
        shelter_code: shelter.code.clone(),
        district: shelter.district.clone(),
        region: shelter.region.clone(),
        travel: candidate.travel,
        chance_free: weighed.chance,
        band: Band::of(u64::from(view.count(now).free)),
        freshness,
        observed_at: view.observed_at,
        needs_confirmation: model.needs_confirmation(freshness, weighed.chance),
        answer_minutes: candidate.answer_minutes,
        expected_minutes: weighed.expected_minutes(),
        intake: shelter.intake,
        rooms: rooms.collect(),
        reasons: weighed.reasons(),
        allocation: placement.allocation,
    }
}
