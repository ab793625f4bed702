//! Referrals and holds: past ones that ended in every way, and those open now, which claim beds that are really free.

use chrono::Duration;

use super::super::cases::{Hold, Referral};
use super::super::escalation::Policy;
use super::super::fit::Claim;
use super::super::holds::{HoldState, Outcome, UnmetReason};
use super::super::household::Search;
use super::super::id::{Moment, OrganisationId, UserId};
use super::super::logbook::{Line, Report};
use super::super::rooms::{Held, Occupancy};
use super::course::{Course, failed, unanswered_or_declined};
use super::households::Family;
use super::random::Random;
use super::stays::{Past, Spot, Stay, place};
use super::timelines::{ASK_MINUTES, ASKED_BEFORE, WAVE_AT, wave};
use super::{Demo, DemoShelter, Mood};

type Placements = (Vec<Referral>, Vec<Hold>, Vec<Line>);

pub(super) struct Desk<'a> {
    pub(super) demo: &'a Demo,
    pub(super) position: usize,
    shelter: &'a DemoShelter,
    pub(super) random: &'a mut Random,
    pub(super) referrals: Vec<Referral>,
    pub(super) holds: Vec<Hold>,
}

/// The holds at the shelter of this position, their referrals, and its rooms as they stand now.
pub(super) fn placements(
    demo: &Demo,
    position: usize,
    past: &Past,
    reports: &[Report],
    random: &mut Random,
) -> Placements {
    let Some(shelter) = demo.shelters.get(position) else {
        return Placements::default();
    };
    let mut desk = Desk {
        demo,
        position,
        shelter,
        random,
        referrals: Vec::new(),
        holds: Vec::new(),
    };
    let newest = reports.last();
    let last_at = newest.map_or(demo.now, |report| report.observed_at);
    desk.arrivals(past, last_at);
    desk.failures(last_at);
    let mut current = newest.map(|report| report.lines.clone()).unwrap_or_default();
    if shelter.mood != Mood::Silent {
        desk.today(&mut current, last_at);
        desk.asked_together(&current);
        desk.promise_what_empties(&current);
    }
    (desk.referrals, desk.holds, current)
}

impl Desk<'_> {
    /// About half of those who came were sent by an officer; a quarter of these had been refused elsewhere before.
    fn arrivals(&mut self, past: &Past, last_at: Moment) {
        let begin = self.demo.now - Duration::days(super::DAYS) + Duration::hours(12);
        let came: Vec<&Stay> = past
            .stays
            .iter()
            .filter(|stay| stay.from > begin && stay.from < last_at)
            .collect();
        for stay in came {
            if !self.random.chance(0.5) {
                continue;
            }
            let claim = Spot {
                room: stay.room,
                beds: stay.beds,
                cots: stay.cots,
            };
            let asked_at = stay.from - Duration::minutes(self.random.between(70, 500));
            let accepted_at = asked_at + Duration::minutes(self.random.between(4, 55));
            let course = Course {
                state: HoldState::Arrived,
                asked_at,
                expires_at: accepted_at + Duration::hours(15),
                accepted_at: Some(accepted_at),
                ended_at: Some(stay.from),
                reason: None,
            };
            let earlier = self.random.chance(0.25);
            let end = (Some(stay.from), Some(Outcome::Placed), Vec::new());
            let Some(referral) = self.refer(&stay.family, asked_at - Duration::minutes(80), end) else {
                continue;
            };
            if earlier {
                self.refused_elsewhere(&stay.family, &referral, asked_at - Duration::minutes(70));
            }
            self.hold(self.position, &referral, claim, course);
        }
    }

    /// A hold at another shelter that came to nothing within the hour.
    fn refused_elsewhere(&mut self, family: &Family, referral: &Referral, asked_at: Moment) {
        let other = self.random.below(self.demo.shelters.len());
        let Some(shelter) = self.demo.shelters.get(other) else {
            return;
        };
        if other == self.position {
            return;
        }
        let empty = vec![Occupancy::default(); shelter.shelter.rooms.len()];
        let Some(claim) = place(shelter, family, &empty, &[], self.random) else {
            return;
        };
        let course = unanswered_or_declined(self.random, asked_at);
        self.hold(other, referral, claim, course);
    }

    /// Holds of the past month that ended without an arrival.
    fn failures(&mut self, last_at: Moment) {
        let empty = vec![Occupancy::default(); self.shelter.shelter.rooms.len()];
        // The first shelters show each end once; beyond them it is left to chance.
        let sure = match self.position % 6 {
            1 => Some(HoldState::Released),
            2 => Some(HoldState::NoShow),
            4 => Some(HoldState::Declined),
            5 => Some(HoldState::Expired),
            _ => None,
        };
        let more = self.random.events(0.7);
        let ends = [
            HoldState::Declined,
            HoldState::Declined,
            HoldState::Expired,
            HoldState::Released,
            HoldState::NoShow,
        ];
        let mut states: Vec<HoldState> = sure.into_iter().collect();
        for _ in 0..more {
            states.extend(self.random.pick(&ends));
        }
        for state in states {
            let Some((family, claim)) = self.somebody(&empty, &[]) else {
                continue;
            };
            let asked_at = last_at - Duration::minutes(self.random.between(26 * 60, 27 * 24 * 60));
            let course = failed(self.random, state, asked_at);
            let closed_at = course
                .ended_at
                .map(|at| at + Duration::minutes(self.random.between(20, 300)));
            let (outcome, reasons) = match state {
                HoldState::Declined => (Outcome::Unmet, vec![UnmetReason::NoCapacity]),
                HoldState::Expired => (Outcome::Unmet, vec![UnmetReason::NoAnswer]),
                HoldState::NoShow => (Outcome::Unmet, vec![UnmetReason::HerChoice]),
                _ => (Outcome::Withdrawn, Vec::new()),
            };
            let end = (closed_at, Some(outcome), reasons);
            let Some(referral) = self.refer(&family, asked_at, end) else {
                continue;
            };
            self.hold(self.position, &referral, claim, course);
        }
    }

    /// What is open at this moment, and who came since the last report.
    fn today(&mut self, current: &mut [Line], last_at: Moment) {
        let now = self.demo.now;
        let mut held: Vec<(usize, Held)> = Vec::new();
        let since = (now - last_at).num_minutes();
        if since > 40 && self.random.chance(0.25) {
            let at = last_at + Duration::minutes(self.random.between(5, since - 5));
            self.arrived_since(current, at);
        }
        let wanted = match self.position % 6 {
            0 => vec![HoldState::Asked],
            3 => vec![HoldState::Accepted],
            4 if self.random.chance(0.5) => vec![HoldState::Accepted, HoldState::Asked],
            _ => Vec::new(),
        };
        for state in wanted {
            let states: Vec<Occupancy> = current.iter().map(|line| line.state).collect();
            let Some((family, claim)) = self.somebody(&states, &held) else {
                continue;
            };
            let course = if state == HoldState::Asked {
                let asked_at = now - Duration::minutes(self.random.between(3, 35));
                let expires_at = asked_at + Duration::minutes(90);
                Course {
                    state,
                    asked_at,
                    expires_at,
                    accepted_at: None,
                    ended_at: None,
                    reason: None,
                }
            } else {
                let asked_at = now - Duration::minutes(self.random.between(90, 400));
                let accepted_at = asked_at + Duration::minutes(self.random.between(5, 50));
                let expires_at = accepted_at + Duration::hours(15);
                Course {
                    state,
                    asked_at,
                    expires_at,
                    accepted_at: Some(accepted_at),
                    ended_at: None,
                    reason: None,
                }
            };
            let Some(referral) = self.refer(&family, course.asked_at, (None, None, Vec::new())) else {
                continue;
            };
            held.push((
                claim.room,
                Held {
                    beds: claim.beds,
                    cots: claim.cots,
                },
            ));
            self.hold(self.position, &referral, claim, course);
        }
    }

    /// The wave that runs now asks this shelter too, if it is one of those and has the room. These have no other hold.
    fn asked_together(&mut self, current: &[Line]) {
        if !WAVE_AT.contains(&self.position) {
            return;
        }
        let states: Vec<Occupancy> = current.iter().map(|line| line.state).collect();
        let Some((family, referral, mut random)) = wave(self.demo) else {
            return;
        };
        let Some(claim) = place(self.shelter, &family, &states, &[], &mut random) else {
            return;
        };
        let asked_at = self.demo.now - ASKED_BEFORE;
        let course = Course {
            state: HoldState::Asked,
            asked_at,
            expires_at: asked_at + Duration::minutes(ASK_MINUTES),
            accepted_at: None,
            ended_at: None,
            reason: None,
        };
        self.hold(self.position, &referral, claim, course);
        if let Some(hold) = self.holds.last_mut() {
            hold.wave_id = Some(referral.id.0.into());
        }
    }

    fn arrived_since(&mut self, current: &mut [Line], at: Moment) {
        let states: Vec<Occupancy> = current.iter().map(|line| line.state).collect();
        let Some((family, claim)) = self.somebody(&states, &[]) else {
            return;
        };
        let accepted_at = at - Duration::minutes(self.random.between(60, 300));
        let course = Course {
            state: HoldState::Arrived,
            asked_at: accepted_at - Duration::minutes(self.random.between(5, 40)),
            expires_at: accepted_at + Duration::hours(15),
            accepted_at: Some(accepted_at),
            ended_at: Some(at),
            reason: None,
        };
        let end = (Some(at), Some(Outcome::Placed), Vec::new());
        let Some(referral) = self.refer(&family, course.asked_at, end) else {
            return;
        };
        if let Some(line) = current.get_mut(claim.room) {
            line.state.occupied_beds += claim.beds;
            line.state.occupied_cots += claim.cots;
        }
        self.hold(self.position, &referral, claim, course);
    }

    /// A household that this shelter takes and has room for.
    pub(super) fn somebody(&mut self, states: &[Occupancy], held: &[(usize, Held)]) -> Option<(Family, Spot)> {
        for _ in 0..40 {
            let family = Family::drawn(self.random);
            if let Some(claim) = place(self.shelter, &family, states, held, self.random) {
                return Some((family, claim));
            }
        }
        None
    }

    pub(super) fn refer(
        &mut self,
        family: &Family,
        asked_at: Moment,
        end: (Option<Moment>, Option<Outcome>, Vec<UnmetReason>),
    ) -> Option<Referral> {
        let district = self.random.pick(&self.demo.districts)?.clone();
        let search = family.search(&self.shelter.shelter.rules.admits, &district, self.random)?;
        let created_at = asked_at - Duration::minutes(self.random.between(3, 25));
        let referral = referral(self.demo, search, created_at, end, self.random)?;
        self.referrals.push(referral.clone());
        Some(referral)
    }

    pub(super) fn hold(&mut self, position: usize, referral: &Referral, claim: Spot, course: Course) {
        let Some(shelter) = self.demo.shelters.get(position) else {
            return;
        };
        let Some(room) = shelter.shelter.rooms.get(claim.room) else {
            return;
        };
        let id = self.random.uuid(course.asked_at);
        let policy = policy_of(&course);
        let next_step_at = (course.state == HoldState::Asked)
            .then(|| policy.step_after(course.asked_at, self.demo.now))
            .flatten();
        self.holds.push(Hold {
            id: id.into(),
            referral_id: referral.id,
            shelter_id: shelter.shelter.id,
            organisation_id: referral.organisation_id,
            user_id: referral.user_id,
            state: course.state,
            beds: claim.beds,
            cots: claim.cots,
            asked_at: course.asked_at,
            expires_at: course.expires_at,
            accepted_at: course.accepted_at,
            ended_at: course.ended_at,
            reason: course.reason.map(str::to_owned),
            needs_confirmation: false,
            note: None,
            // Asked alone: a wave of its own.
            wave_id: Some(id.into()),
            policy,
            next_step_at,
            extensions: 0,
            version: 1,
            starts_on: None,
            starts_at: None,
            excluded: referral.search.excluded.clone(),
            lines: vec![Claim {
                room_id: room.id,
                beds: claim.beds,
                cots: claim.cots,
            }],
        });
    }
}

/// The policy a hold of this course was asked under: its time to answer is known while it waits.
pub(super) fn policy_of(course: &Course) -> Policy {
    let minutes = match course.accepted_at {
        None => (course.expires_at - course.asked_at).num_minutes(),
        Some(_) => 60,
    };
    Policy::asking(u16::try_from(minutes).unwrap_or(60))
}

pub(super) fn referral(
    demo: &Demo,
    search: Search,
    created_at: Moment,
    (closed_at, outcome, unmet_reasons): (Option<Moment>, Option<Outcome>, Vec<UnmetReason>),
    random: &mut Random,
) -> Option<Referral> {
    let (user_id, organisation_id): (UserId, OrganisationId) = *random.pick(&demo.officers)?;
    Some(Referral {
        id: random.uuid(created_at).into(),
        code: random.code(),
        organisation_id,
        user_id,
        search,
        created_at,
        closed_at,
        outcome,
        unmet_reasons,
        waiting_since: None,
        place_found: None,
    })
}
