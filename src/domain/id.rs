//! Typed identifiers: a room's id cannot be passed where a shelter's is wanted.
//! Where the values come from is not this room's business (see `crate::ids`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(value: Uuid) -> Self {
                Self(value)
            }
        }
    )+};
}

ids!(
    OrganisationId,
    UserId,
    SessionId,
    ShelterId,
    RoomId,
    ReportId,
    ReferralId,
    HoldId,
    WaveId,
    EventId,
    PlanId,
    ScheduleId,
    RecipientId,
    DigestId,
    LetterId,
    PhoneId,
    TicketId,
    DeviceId,
    MovementId,
    SupplyRequestId,
    TransferId,
    ApprovalId,
    TokenId,
    FactorId,
    ChallengeId,
);

/// An instant in UTC. The domain never asks what time it is; it is told.
pub type Moment = chrono::DateTime<chrono::Utc>;
