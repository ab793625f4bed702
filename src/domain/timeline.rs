//! What happened to a referral, step by step, as both sides may read it. Nothing of the household and no note is told: a
//! kind, a time, a code.
//! It must not know who may read it, or how it is kept.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::holds::HoldState;
use super::id::{EventId, HoldId, Moment, ReferralId, ShelterId};

/// What happened; of things that happened at one instant, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, EnumString, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum EventKind {
    Opened,
    /// It waits for a place to appear.
    Waiting,
    PlaceFound,
    /// Several shelters were asked at once.
    WaveAsked,
    /// Nobody had answered: one more shelter was to be asked.
    NextAsked,
    Asked,
    Reminded,
    OperatorTold,
    /// A report has left the hold without its beds.
    AtRisk,
    Extended,
    Accepted,
    Declined,
    Released,
    Expired,
    NoShow,
    Arrived,
    Closed,
}

impl EventKind {
    /// The event by which a hold comes into this state.
    pub fn of(state: HoldState) -> Self {
        match state {
            HoldState::Asked => Self::Asked,
            HoldState::Accepted => Self::Accepted,
            HoldState::Arrived => Self::Arrived,
            HoldState::Declined => Self::Declined,
            HoldState::Expired => Self::Expired,
            HoldState::Released => Self::Released,
            HoldState::NoShow => Self::NoShow,
        }
    }
}

/// The little that a kind does not say by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Code of the reason, of the outcome, or `no_bed_left` where nobody else could be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many shelters a wave asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u8>,
    /// The deadline that follows from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

impl Detail {
    pub fn reason(code: impl Into<String>) -> Self {
        Self {
            reason: Some(code.into()),
            ..Self::default()
        }
    }

    pub fn until(deadline: Moment) -> Self {
        Self {
            until: Some(deadline),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEvent {
    pub id: EventId,
    pub referral_id: ReferralId,
    /// Of one hold; `None` where it concerns the referral as a whole, which no shelter reads.
    pub hold_id: Option<HoldId>,
    pub shelter_id: Option<ShelterId>,
    pub at: Moment,
    pub kind: EventKind,
    pub detail: Detail,
}

/// Puts events into the order in which they are told: by time, then by kind.
pub fn in_order(mut events: Vec<CaseEvent>) -> Vec<CaseEvent> {
    events.sort_by_key(|event| (event.at, event.kind, event.id));
    events
}
