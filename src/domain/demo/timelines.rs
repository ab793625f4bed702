//! What the demo's referrals and holds have to tell: the same events that the service writes as it goes along. And one
//! referral for which several shelters are being asked at this very moment.

use chrono::Duration;
use uuid::Uuid;

use super::super::cases::{Hold, Referral};
use super::super::escalation::Step;
use super::super::holds::HoldState;
use super::super::household::{AgeBand, Child, Sex};
use super::super::id::{EventId, Moment, ReferralId};
use super::super::timeline::{CaseEvent, Detail, EventKind};
use super::Demo;
use super::households::Family;
use super::placements::referral;
use super::random::Random;

/// Stream of the generator for the running wave.
const WAVE: u64 = 3;
/// Positions of the shelters asked, as far as they have room.
pub(super) const WAVE_AT: [usize; 5] = [1, 2, 5, 7, 8];
/// When they were asked, and how long they have.
pub(super) const ASKED_BEFORE: Duration = Duration::minutes(8);
pub(super) const ASK_MINUTES: i64 = 45;

/// A mother with a girl of six, for whom several are asked; and the generator that goes with her.
pub(super) fn wave(demo: &Demo) -> Option<(Family, Referral, Random)> {
    let mut random = Random::new(demo.seed, WAVE);
    let family = Family {
        adults: vec![AgeBand::From18To59],
        children: vec![Child {
            age: 6,
            sex: Sex::Female,
        }],
    };
    let district = random.pick(&demo.districts)?.clone();
    let search = family.search(&Default::default(), &district, &mut random)?;
    let created_at = demo.now - ASKED_BEFORE - Duration::minutes(4);
    let row = referral(demo, search, created_at, (None, None, Vec::new()), &mut random)?;
    Some((family, row, random))
}

/// The events of these referrals and holds up to the moment the demo is made for.
pub(super) fn events(demo: &Demo, referrals: &[Referral], holds: &[Hold]) -> Vec<CaseEvent> {
    let mut told = Vec::new();
    for row in referrals {
        told.push(of_case(row.id, row.created_at, EventKind::Opened, Detail::default()));
        if let Some(at) = row.waiting_since {
            told.push(of_case(row.id, at, EventKind::Waiting, Detail::default()));
        }
        if let Some((at, outcome)) = row.closed_at.zip(row.outcome) {
            told.push(of_case(
                row.id,
                at,
                EventKind::Closed,
                Detail::reason(outcome.to_string()),
            ));
        }
    }
    for hold in holds {
        told.extend(of_hold(hold, demo.now));
    }
    told
}

/// That several were asked for her. How many is not known while one shelter is drawn, and is not told.
pub(super) fn wave_asked(demo: &Demo, row: &Referral) -> CaseEvent {
    let at = demo.now - ASKED_BEFORE;
    let detail = Detail::until(at + Duration::minutes(ASK_MINUTES));
    of_case(row.id, at, EventKind::WaveAsked, detail)
}

fn of_case(referral_id: ReferralId, at: Moment, kind: EventKind, detail: Detail) -> CaseEvent {
    CaseEvent {
        id: id(referral_id.0, kind),
        referral_id,
        hold_id: None,
        shelter_id: None,
        at,
        kind,
        detail,
    }
}

fn of_hold(hold: &Hold, now: Moment) -> Vec<CaseEvent> {
    let event = |at, kind, detail| CaseEvent {
        id: id(hold.id.0, kind),
        referral_id: hold.referral_id,
        hold_id: Some(hold.id),
        shelter_id: Some(hold.shelter_id),
        at,
        kind,
        detail,
    };
    let until = Detail::until(hold.policy.asked_until(hold.asked_at));
    let mut told = vec![event(hold.asked_at, EventKind::Asked, until)];
    let answered = hold.accepted_at.or(hold.ended_at).unwrap_or(now);
    let first = hold.policy.first_step(hold.asked_at).filter(|at| *at < answered);
    if let Some(at) = first.filter(|at| hold.policy.step_at(hold.asked_at, *at) == Some(Step::Remind)) {
        told.push(event(at, EventKind::Reminded, Detail::default()));
    }
    if let Some(at) = hold.accepted_at {
        let detail = Detail::until(hold.expires_at);
        told.push(event(at, EventKind::Accepted, detail));
    }
    if let Some(at) = hold.ended_at.filter(|_| hold.state != HoldState::Asked) {
        let detail = Detail {
            reason: hold.reason.clone(),
            ..Detail::default()
        };
        told.push(event(at, EventKind::of(hold.state), detail));
    }
    told
}

/// An id that follows from what the event is about: the same demo has the same events.
fn id(of: Uuid, kind: EventKind) -> EventId {
    EventId(Uuid::from_u128(of.as_u128() ^ (kind as u128 + 1)))
}
