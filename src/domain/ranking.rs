//! Which of the shelters that fit comes first, and why: by the time in which she can expect to be safe.
//! It must not know how a fit is found (`fit`) or how far a place is (the caller says).

mod head;
mod index;
mod misfits;
mod score;
#[cfg(test)]
mod tests;
mod ways;

pub use index::{Asked, Index, Row};
pub use misfits::{MISFITS_SHOWN, MisfitEntry};
pub use score::{Reason, ReasonCode, Score};

use std::cmp::Ordering;

use chrono::{NaiveDateTime, NaiveTime};

use super::availability::{Band, ShelterView};
use super::chance::{ChanceModel, Record};
use super::fit::{self, Allocation, MisfitReason, Placement, ReasonSet};
use super::freshness::{Freshness, age_minutes};
use super::geography::Travel;
use super::household::Search;
use super::id::{Moment, ShelterId};
use super::rooms::RoomKind;
use super::scarcity::Prices;
use misfits::Tally;
use score::Weighed;

/// A shelter to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub view: &'a ShelterView,
    pub travel: Travel,
    /// How long this shelter usually takes to answer, in minutes.
    pub answer_minutes: f64,
    /// What was learned of how its places come and go.
    pub record: Record,
}

/// What holds for the whole country at the instant of the question.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub now: Moment,
    /// `now` on the clocks of the country, for intake hours.
    pub local_now: NaiveDateTime,
    pub chances: &'a ChanceModel,
    pub prices: &'a Prices,
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

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ranking {
    pub suggestions: Vec<Suggestion>,
    /// The nearest shelters that do not fit, at most [`MISFITS_SHOWN`].
    pub misfits: Vec<MisfitEntry>,
    /// How many shelters each reason hides, of all that do not fit, in the order of declaration.
    pub misfit_counts: Vec<(MisfitReason, u32)>,
}

/// A shelter that fits, weighed.
struct Fit<'a> {
    score: Score,
    candidate: Candidate<'a>,
    weighed: Weighed,
    placement: Placement,
}

/// The best `limit` shelters for this search, and the nearest that do not fit with every reason.
///
/// Shelters of offices that the case is kept from are left out altogether: they are no misfits either.
///
/// The order is total: by score, then by shelter code; the order of `candidates` does not matter. Over a whole country
/// an [`Index`] gives the same answer sooner.
pub fn rank(search: &Search, candidates: &[Candidate<'_>], context: &Context<'_>, limit: usize) -> Ranking {
    let (mut fits, mut misfits, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    let may_ask = |candidate: &&Candidate<'_>| search.excluded.may_ask(candidate.view.shelter.organisation_id);
    for candidate in candidates.iter().filter(may_ask) {
        let gates = misfits::gates(search, candidate);
        match gates.is_empty().then(|| weighed(search, candidate, context)).flatten() {
            Some(fit) => fits.push(fit),
            None => {
                let reasons = misfits::reasons(search, candidate, context.now);
                tally.add(reasons);
                misfits.push((*candidate, reasons));
            }
        }
    }
    keep_best(&mut misfits, MISFITS_SHOWN, |(a, _), (b, _)| {
        a.travel
            .minutes
            .total_cmp(&b.travel.minutes)
            .then_with(|| by_code(a, b))
    });
    ranking(search, fits, misfits, &tally, context, limit)
}

/// Writes out the best of those that fit and the misfits to be shown.
fn ranking(
    search: &Search,
    mut fits: Vec<Fit<'_>>,
    misfits: Vec<(Candidate<'_>, ReasonSet)>,
    tally: &Tally,
    context: &Context<'_>,
    limit: usize,
) -> Ranking {
    keep_best(&mut fits, limit, |a, b| {
        a.score.cmp(&b.score).then_with(|| by_code(&a.candidate, &b.candidate))
    });
    Ranking {
        suggestions: fits
            .into_iter()
            .zip(1..)
            .map(|(fit, rank)| suggestion(rank, fit, context.now))
            .collect(),
        misfits: misfits
            .into_iter()
            .map(|(candidate, reasons)| misfits::entry(search, &candidate, reasons, context))
            .collect(),
        misfit_counts: tally.counts(),
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

/// `None` if she does not fit.
fn weighed<'a>(search: &Search, candidate: &Candidate<'a>, context: &Context<'_>) -> Option<Fit<'a>> {
    let (view, shelter) = (candidate.view, &candidate.view.shelter);
    let tolls = context.prices.tolls(&shelter.region);
    let placement = fit::place_for(tolls, &shelter.rules, &view.rooms, search, context.now)?;
    let chance = age_minutes(view.observed_at, context.now).map_or(0.0, |age| {
        let (free, need) = (placement.free, placement.need);
        context.chances.chance_free(&candidate.record, free, need, age)
    });
    let must_confirm = context.chances.needs_confirmation(view.freshness(context.now), chance);
    let weighed = score::weigh(search, candidate, &placement, (chance, must_confirm), context.local_now);
    Some(Fit {
        score: weighed.score(search.urgency),
        candidate: *candidate,
        weighed,
        placement,
    })
}

fn suggestion(rank: u32, fit: Fit<'_>, now: Moment) -> Suggestion {
    let Fit {
        candidate,
        weighed,
        placement,
        ..
    } = fit;
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
        needs_confirmation: weighed.needs_confirmation(),
        answer_minutes: candidate.answer_minutes,
        expected_minutes: weighed.expected_minutes(),
        intake: shelter.intake,
        rooms: rooms.collect(),
        reasons: weighed.reasons(),
        allocation: placement.allocation,
    }
}
