//! Referrals and holds as they are kept: a household's way from the first question to a bed.

use super::fit::Claim;
use super::holds::{HoldState, Outcome, UnmetReason};
use super::household::Search;
use super::id::{HoldId, Moment, OrganisationId, ReferralId, ShelterId, UserId};

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
    pub version: i64,
    pub lines: Vec<Claim>,
}

impl Hold {
    /// Whether it claims beds at `now`: a hold past its deadline counts nowhere from that very instant.
    pub fn is_active(&self, now: Moment) -> bool {
        matches!(self.state, HoldState::Asked | HoldState::Accepted) && self.expires_at > now
    }
}
