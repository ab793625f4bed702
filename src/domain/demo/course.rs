//! How one hold of the past went: when it was asked, answered and ended, and why.

use chrono::Duration;

use super::super::holds::{DeclineReason, HoldState, ReleaseReason};
use super::super::id::Moment;
use super::random::Random;

/// Times and end of one hold.
pub(super) struct Course {
    pub state: HoldState,
    pub asked_at: Moment,
    pub expires_at: Moment,
    pub accepted_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    pub reason: Option<&'static str>,
}

pub(super) fn unanswered_or_declined(random: &mut Random, asked_at: Moment) -> Course {
    let expires_at = asked_at + Duration::minutes(60);
    if random.chance(0.35) {
        let (ended_at, state) = (Some(expires_at), HoldState::Expired);
        return Course {
            state,
            asked_at,
            expires_at,
            accepted_at: None,
            ended_at,
            reason: None,
        };
    }
    let reasons = [
        DeclineReason::Full,
        DeclineReason::Full,
        DeclineReason::CannotMeetNeeds,
        DeclineReason::SafetyRisk,
        DeclineReason::Staffing,
        DeclineReason::ConflictWithResident,
    ];
    let reason = random.pick(&reasons).copied().unwrap_or(DeclineReason::Full);
    Course {
        state: HoldState::Declined,
        asked_at,
        expires_at,
        accepted_at: None,
        ended_at: Some(asked_at + Duration::minutes(random.between(3, 55))),
        reason: Some(reason.into()),
    }
}

/// A hold that ended in this state, which is one without an arrival.
pub(super) fn failed(random: &mut Random, state: HoldState, asked_at: Moment) -> Course {
    match state {
        HoldState::Released | HoldState::NoShow => {
            let accepted_at = asked_at + Duration::minutes(random.between(5, 50));
            let reasons = [
                ReleaseReason::FoundElsewhere,
                ReleaseReason::HerChoice,
                ReleaseReason::UnsafeTravel,
            ];
            let reason = random.pick(&reasons).copied().unwrap_or(ReleaseReason::Other);
            let hours = if state == HoldState::NoShow {
                random.between(10, 13)
            } else {
                random.between(1, 9)
            };
            Course {
                state,
                asked_at,
                expires_at: accepted_at + Duration::hours(14),
                accepted_at: Some(accepted_at),
                ended_at: Some(accepted_at + Duration::hours(hours)),
                reason: (state == HoldState::Released).then(|| reason.into()),
            }
        }
        HoldState::Expired => {
            let expires_at = asked_at + Duration::minutes(60);
            let ended_at = Some(expires_at);
            Course {
                state,
                asked_at,
                expires_at,
                accepted_at: None,
                ended_at,
                reason: None,
            }
        }
        _ => {
            let mut course = unanswered_or_declined(random, asked_at);
            while course.state != HoldState::Declined {
                course = unanswered_or_declined(random, asked_at);
            }
            course
        }
    }
}
