//! Tokens by which programs act: each is an account of its own, with a role, a reach and a few scopes, for a year at most.
//! It must not know which routes there are.

use super::id::{Moment, TokenId, UserId};

/// Longest life of a token, in days.
pub const MOST_DAYS: u16 = 365;
/// Most scopes of one token.
pub const MOST_SCOPES: usize = 60;

/// What stands where people have their mail address; nothing can be sent to it, and nobody signs in with it.
pub const PROGRAM_ADDRESS: &str = "program:";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    /// The program's account.
    pub user_id: UserId,
    /// `read:` or `write:` and the first word of a path.
    pub scopes: Vec<String>,
    pub created_by: Option<UserId>,
    pub created_at: Moment,
    pub expires_at: Moment,
    pub last_used_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
}

impl ApiToken {
    /// Whether it lets its bearer in.
    pub fn is_good(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Duration, TimeZone, Utc};
    use uuid::Uuid;

    #[test]
    fn a_token_is_good_until_it_ends_or_is_revoked() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).unwrap();
        let token = ApiToken {
            id: TokenId(Uuid::nil()),
            user_id: UserId(Uuid::nil()),
            scopes: Vec::new(),
            created_by: None,
            created_at: now,
            expires_at: now + Duration::days(1),
            last_used_at: None,
            revoked_at: None,
        };
        assert!(token.is_good(now));
        assert!(!token.is_good(now + Duration::days(1)));
        let revoked = ApiToken {
            revoked_at: Some(now),
            ..token
        };
        assert!(!revoked.is_good(now));
    }
}
