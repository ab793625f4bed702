//! Referrals and holds as they are kept: a household's way from the first question to a bed.

use chrono::NaiveDate;

use super::escalation::{Policy, Step};
use super::exclusion::Excluded;
use super::fit::Claim;
use super::holds::{DeclineReason, HoldState, MOST_EXTENSIONS, Outcome, UnmetReason};
use super::household::Search;
use super::id::{HoldId, Moment, OrganisationId, ReferralId, ShelterId, UserId, WaveId};

#[derive(Debug, Clone)]
pub struct Referral {
    pub id: ReferralId,
    pub code: String,
    pub organisation_id: OrganisationId,
    pub user_id: UserId,
    /// The household and what it asks for; districts to avoid are always empty here.
    pub search: Search,
    pub created_at: Moment,
    pub closed_at: Option<Moment>,
    pub outcome: Option<Outcome>,
    pub unmet_reasons: Vec<UnmetReason>,
    /// Since when it waits for a place; `None` if it does not.
    pub waiting_since: Option<Moment>,
    /// Where a place was found while it waited, for as long as that place is there.
    pub place_found: Option<PlaceFound>,
}

/// A place that somebody who waits has been told of. Nothing is held: that is hers to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceFound {
    pub shelter_id: ShelterId,
    pub at: Moment,
}

/// Referrals opened or closed within `from..to`: the demand of a period. Nothing of the household is read.
pub struct Demand {
    pub opened: u64,
    pub closed: Vec<(Outcome, Vec<UnmetReason>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub referral_id: ReferralId,
    /// Asked together: of the holds of one wave at most one is accepted.
    pub wave_id: Option<WaveId>,
    pub shelter_id: ShelterId,
    pub organisation_id: OrganisationId,
    pub user_id: UserId,
    pub state: HoldState,
    pub beds: u16,
    pub cots: u16,
    pub needs_confirmation: bool,
    pub asked_at: Moment,
    pub expires_at: Moment,
    pub accepted_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    /// Why it was declined or released, as a code.
    pub reason: Option<String>,
    pub note: Option<String>,
    /// What follows while nobody answers, as it was when the shelter was asked.
    pub policy: Policy,
    /// When the next step of the policy is due; `None` once it is answered or all steps are taken.
    pub next_step_at: Option<Moment>,
    /// How often it has been prolonged.
    pub extensions: u8,
    pub version: i64,
    /// The local date she is expected from, and the instant at which that date begins; `None` if at once.
    pub starts_on: Option<NaiveDate>,
    pub starts_at: Option<Moment>,
    /// Its referral's: offices that may know nothing of it.
    pub excluded: Excluded,
    pub lines: Vec<Claim>,
}

impl Hold {
    /// Whether it claims beds at `now`: a hold past its deadline counts nowhere from that very instant.
    pub fn is_active(&self, now: Moment) -> bool {
        matches!(self.state, HoldState::Asked | HoldState::Accepted) && self.expires_at > now
    }
    /// The step of its policy that is due at `now`; none once it is answered or its time is over.
    pub fn step_due(&self, now: Moment) -> Option<Step> {
        let due = self.next_step_at.filter(|due| *due <= now)?;
        let waits = self.state == HoldState::Asked && self.expires_at > now;
        waits.then(|| self.policy.step_at(self.asked_at, due)).flatten()
    }

    /// How often it may still be prolonged at `now`.
    pub fn extensions_left(&self, now: Moment) -> u8 {
        if self.is_active(now) {
            MOST_EXTENSIONS.saturating_sub(self.extensions)
        } else {
            0
        }
    }
}

/// The shelters that have declined one of these holds, or let their time to answer pass, and have not reported since:
/// asked again for the same household they would only cost it time. One that declined for what the household is stays
/// out; no report changes that. `reported_at` says when a shelter's figures were true.
pub fn turned_down(holds: &[Hold], now: Moment, reported_at: impl Fn(ShelterId) -> Option<Moment>) -> Vec<ShelterId> {
    let for_good = [
        DeclineReason::CannotMeetNeeds,
        DeclineReason::SafetyRisk,
        DeclineReason::ConflictWithResident,
    ]
    .map(<&str>::from);
    holds
        .iter()
        .filter(|hold| {
            let turned = match hold.state {
                HoldState::Declined => hold.ended_at,
                HoldState::Asked | HoldState::Expired if hold.accepted_at.is_none() => Some(hold.expires_at),
                _ => None,
            };
            let stays_so = || {
                hold.state == HoldState::Declined && for_good.iter().any(|code| hold.reason.as_deref() == Some(code))
            };
            turned.is_some_and(|at| {
                at <= now && (stays_so() || reported_at(hold.shelter_id).is_none_or(|told| told <= at))
            })
        })
        .map(|hold| hold.shelter_id)
        .collect()
}
