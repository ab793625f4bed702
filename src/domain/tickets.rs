//! Links by which somebody chooses a password, once: the first administrator, who was invited, who forgot. Whoever has the
//! link may use it, so it is short-lived; a second factor stays as it is.

use chrono::Duration;

use super::codes::codes;
use super::id::{Moment, TicketId, UserId};

codes! {
    TicketKind {
        /// Makes the first administrator.
        First,
        Invitation,
        Reset,
    }
}

impl TicketKind {
    /// How long it may be used.
    pub fn lasts(self) -> Duration {
        match self {
            Self::First | Self::Invitation => Duration::hours(72),
            Self::Reset => Duration::minutes(30),
        }
    }
}

/// Most resets one account is written to about within [`RESETS_WITHIN`], so that nobody's mailbox is filled by strangers.
pub const MOST_RESETS: u64 = 3;
pub const RESETS_WITHIN: Duration = Duration::hours(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub id: TicketId,
    pub kind: TicketKind,
    /// Whose it is; nobody's for the first administrator, who has no account yet.
    pub user_id: Option<UserId>,
    /// The administrator who invited.
    pub made_by: Option<UserId>,
    pub created_at: Moment,
    pub expires_at: Moment,
    /// When it was used, or another took its place.
    pub used_at: Option<Moment>,
}

impl Ticket {
    pub fn is_open(&self, now: Moment) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    #[test]
    fn it_is_open_until_it_is_used_or_too_old() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 6, 0, 0).unwrap();
        let ticket = Ticket {
            id: TicketId(uuid::Uuid::nil()),
            kind: TicketKind::Reset,
            user_id: None,
            made_by: None,
            created_at: now,
            expires_at: now + TicketKind::Reset.lasts(),
            used_at: None,
        };
        assert!(ticket.is_open(now + Duration::minutes(30) - Duration::milliseconds(1)));
        assert!(!ticket.is_open(now + Duration::minutes(30)));
        let used = Ticket {
            used_at: Some(now),
            ..ticket
        };
        assert!(!used.is_open(now));
        assert_eq!(TicketKind::Invitation.lasts(), Duration::hours(72));
    }
}
