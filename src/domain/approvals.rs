//! What takes two people: one asks, another agrees within a day. It must not know how an approval is stored, or what is
//! done once it is given.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::accounts::{Role, User};
use super::codes::codes;
use super::id::{ApprovalId, DigestId, Moment, OrganisationId, ShelterId, UserId};

codes! {
    ApprovalKind {
        /// Somebody becomes an administrator.
        AdminRole,
        /// A table that names shelters other than the asker's own leaves the house.
        Export,
        /// Somebody's second factors are taken away, so that new ones can be set up.
        FactorReset,
    }
    /// What became of it, as it is stored; one that nobody answered has none.
    Decision {
        Approved,
        Refused,
        /// Approved, and the one export made.
        Used,
    }
    /// What is to be seen of it.
    Outcome {
        Approved,
        Refused,
        Used,
        Expired,
    }
}

/// How long an answer is waited for, in hours.
pub const ANSWER_HOURS: i64 = 24;
/// How long an approved export may be made, in hours from the approval.
pub const EXPORT_HOURS: i64 = 1;

/// A table that names shelters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Of a digest: it names the shelters that have not reported.
    Digest(DigestId),
    /// A shelter's stock.
    Stock(ShelterId),
}

impl std::fmt::Display for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(id) => write!(f, "digest:{id}"),
            Self::Stock(id) => write!(f, "stock:{id}"),
        }
    }
}

impl std::str::FromStr for Export {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, id) = text.split_once(':').ok_or(())?;
        let id = Uuid::try_parse(id).map_err(|_| ())?;
        match kind {
            "digest" => Ok(Self::Digest(id.into())),
            "stock" => Ok(Self::Stock(id.into())),
            _ => Err(()),
        }
    }
}

/// The account as it is to be once approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub email: String,
    pub organisation_id: Option<OrganisationId>,
    pub language: String,
    /// Whether it is made then.
    pub is_new: bool,
    /// Whether it was closed when this was asked for, and is opened then.
    #[serde(default)]
    pub was_disabled: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What the person, the digest or the shelter is called.
    pub name: String,
    #[serde(default)]
    pub reason: Option<String>,
    /// Of [`ApprovalKind::AdminRole`].
    #[serde(default)]
    pub account: Option<Account>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub id: ApprovalId,
    pub kind: ApprovalKind,
    /// Id of the account, or the printed [`Export`].
    pub object_id: String,
    pub detail: Detail,
    pub asked_by: UserId,
    pub asked_at: Moment,
    pub expires_at: Moment,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Moment>,
    pub decision: Option<Decision>,
}

/// Why it cannot be decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecidable {
    /// Whoever asked does not also answer.
    SamePerson,
    /// Answered already, or its time is over.
    NotWaiting,
}

impl Approval {
    pub fn asked(
        id: ApprovalId,
        (kind, object_id): (ApprovalKind, String),
        detail: Detail,
        by: UserId,
        now: Moment,
    ) -> Self {
        Self {
            id,
            kind,
            object_id,
            detail,
            asked_by: by,
            asked_at: now,
            expires_at: now + Duration::hours(ANSWER_HOURS),
            decided_by: None,
            decided_at: None,
            decision: None,
        }
    }

    /// What it has come to at `now`; `None` while it waits for an answer.
    pub fn outcome(&self, now: Moment) -> Option<Outcome> {
        match self.decision {
            Some(Decision::Refused) => Some(Outcome::Refused),
            Some(Decision::Used) => Some(Outcome::Used),
            Some(Decision::Approved) if self.kind == ApprovalKind::Export && !self.is_usable(now) => {
                Some(Outcome::Expired)
            }
            Some(Decision::Approved) => Some(Outcome::Approved),
            None => (now >= self.expires_at).then_some(Outcome::Expired),
        }
    }

    /// Whether this administrator may answer it.
    pub fn may_be_decided_by(&self, who: UserId, now: Moment) -> bool {
        self.asked_by != who && self.outcome(now).is_none()
    }

    /// # Errors
    /// [`Undecidable`]; nothing has changed then.
    pub fn decide(&mut self, who: UserId, approves: bool, now: Moment) -> Result<(), Undecidable> {
        if self.asked_by == who {
            return Err(Undecidable::SamePerson);
        }
        if self.outcome(now).is_some() {
            return Err(Undecidable::NotWaiting);
        }
        self.settle(
            who,
            if approves {
                Decision::Approved
            } else {
                Decision::Refused
            },
            now,
        );
        Ok(())
    }

    /// Answered by whoever asked, where there is nobody else who could.
    pub fn settle(&mut self, who: UserId, decision: Decision, now: Moment) {
        self.decided_by = Some(who);
        self.decided_at = Some(now);
        self.decision = Some(decision);
    }

    /// Whether its asker may make this export now.
    pub fn allows(&self, who: UserId, export: Export, now: Moment) -> bool {
        self.kind == ApprovalKind::Export
            && self.asked_by == who
            && self.object_id == export.to_string()
            && self.decision == Some(Decision::Approved)
            && self.is_usable(now)
    }

    fn is_usable(&self, now: Moment) -> bool {
        self.decided_at
            .is_some_and(|at| now < at + Duration::hours(EXPORT_HOURS))
    }
}

/// Whether a change of an account makes an administrator of somebody who is none: also by opening a closed account that
/// was one.
pub fn makes_admin(before: Option<&User>, after: &User) -> bool {
    is_admin(after) && !before.is_some_and(is_admin)
}

fn is_admin(user: &User) -> bool {
    user.role == Role::Admin && !user.disabled
}

/// Whether a change takes an administrator away.
pub fn unmakes_admin(before: &User, after: &User) -> bool {
    is_admin(before) && !is_admin(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn person(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn at(hour: i64) -> Moment {
        chrono::Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).unwrap() + Duration::hours(hour)
    }

    fn export() -> Export {
        Export::Digest(DigestId(Uuid::from_u128(7)))
    }

    fn asked() -> Approval {
        let object = (ApprovalKind::Export, export().to_string());
        Approval::asked(
            ApprovalId(Uuid::from_u128(9)),
            object,
            Detail::default(),
            person(1),
            at(0),
        )
    }

    #[test]
    fn whoever_asked_does_not_answer_and_another_answers_once_within_a_day() {
        let mut row = asked();
        assert_eq!(row.decide(person(1), true, at(1)), Err(Undecidable::SamePerson));
        assert_eq!(row.decide(person(1), false, at(1)), Err(Undecidable::SamePerson));
        assert!(!row.may_be_decided_by(person(1), at(1)));
        assert_eq!(row.decide(person(2), true, at(24)), Err(Undecidable::NotWaiting));
        assert_eq!(row.outcome(at(24)), Some(Outcome::Expired));
        assert_eq!(row.outcome(at(23)), None);
        assert_eq!(row.decide(person(2), true, at(23)), Ok(()));
        assert_eq!(row.decide(person(3), false, at(23)), Err(Undecidable::NotWaiting));
    }

    #[test]
    fn an_export_is_made_by_its_asker_within_the_hour() {
        let mut row = asked();
        assert!(!row.allows(person(1), export(), at(1)));
        row.decide(person(2), true, at(1)).unwrap();
        assert!(row.allows(person(1), export(), at(1)));
        assert!(!row.allows(person(2), export(), at(1)));
        let other = Export::Stock(ShelterId(Uuid::from_u128(7)));
        assert!(!row.allows(person(1), other, at(1)));
        assert!(!row.allows(person(1), export(), at(2)));
        assert_eq!(row.outcome(at(2)), Some(Outcome::Expired));
        row.settle(person(1), Decision::Used, at(1));
        assert!(!row.allows(person(1), export(), at(1)));
        assert_eq!(export().to_string().parse(), Ok(export()));
        assert_eq!(other.to_string().parse(), Ok(other));
        assert!("users:1".parse::<Export>().is_err());
    }

    #[test]
    fn an_administrator_is_made_by_role_or_by_opening_a_closed_account() {
        let user = |role, disabled| User {
            id: person(1),
            email: String::new(),
            name: String::new(),
            role,
            organisation_id: None,
            language: String::new(),
            disabled,
            shelters: Vec::new(),
        };
        let admin = user(Role::Admin, false);
        assert!(makes_admin(None, &admin));
        assert!(makes_admin(Some(&user(Role::Committee, false)), &admin));
        assert!(makes_admin(Some(&user(Role::Admin, true)), &admin));
        assert!(!makes_admin(Some(&admin), &admin));
        assert!(!makes_admin(
            Some(&user(Role::Officer, false)),
            &user(Role::Admin, true)
        ));
        assert!(unmakes_admin(&admin, &user(Role::Admin, true)));
        assert!(unmakes_admin(&admin, &user(Role::Officer, false)));
        assert!(!unmakes_admin(&user(Role::Admin, true), &user(Role::Officer, true)));
    }
}
