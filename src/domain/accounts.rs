//! People at work: their roles, and what a role lets them reach. Rights are types: a read of shelter data takes a scope,
//! and only an actor yields one.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::id::{Moment, OrganisationId, SessionId, ShelterId, UserId};

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    Manager,
    Officer,
    Committee,
    Admin,
}

/// Who is asking. Made at the door from a session, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub user_id: UserId,
    pub role: Role,
    pub name: String,
    pub organisation_id: Option<OrganisationId>,
    /// The shelters a manager runs; empty for everybody else.
    pub shelters: Vec<ShelterId>,
    /// From where the request came, for the audit: a network address, or `cli`.
    pub origin: String,
}

/// Which shelters' own data (rooms, state, reports, stock) an actor may read or change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelterScope {
    All,
    Only(Vec<ShelterId>),
}

impl ShelterScope {
    pub fn covers(&self, id: ShelterId) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

/// Which cases (referrals and holds) an actor may see: an officer those of the own organisation, a manager the holds on
/// the own shelters, nobody else any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseScope {
    Organisation(OrganisationId),
    Shelters(Vec<ShelterId>),
    Nothing,
}

impl CaseScope {
    /// Whether a hold of `organisation` on `shelter` lies in this scope.
    pub fn covers(&self, organisation: OrganisationId, shelter: ShelterId) -> bool {
        match self {
            Self::Organisation(own) => *own == organisation,
            Self::Shelters(ids) => ids.contains(&shelter),
            Self::Nothing => false,
        }
    }
}

impl Actor {
    /// Facts of the shelter itself: its rooms, rules and reporting. An administrator keeps them for everybody.
    pub fn shelter_scope(&self) -> ShelterScope {
        match self.role {
            Role::Admin => ShelterScope::All,
            Role::Manager => ShelterScope::Only(self.shelters.clone()),
            Role::Officer | Role::Committee => ShelterScope::Only(Vec::new()),
        }
    }

    /// What only those who run the shelter touch: reports, stock, state, confidential data.
    pub fn own_shelters(&self) -> ShelterScope {
        match self.role {
            Role::Manager => ShelterScope::Only(self.shelters.clone()),
            _ => ShelterScope::Only(Vec::new()),
        }
    }

    /// Whose supply requests and transfers one reads: operators and the committee everybody's, a manager the own.
    pub fn supply_scope(&self) -> ShelterScope {
        match self.role {
            Role::Admin | Role::Committee => ShelterScope::All,
            Role::Manager => ShelterScope::Only(self.shelters.clone()),
            Role::Officer => ShelterScope::Only(Vec::new()),
        }
    }

    pub fn case_scope(&self) -> CaseScope {
        match (self.role, self.organisation_id) {
            (Role::Officer, Some(organisation)) => CaseScope::Organisation(organisation),
            (Role::Manager, _) => CaseScope::Shelters(self.shelters.clone()),
            _ => CaseScope::Nothing,
        }
    }
}

/// Longest password taken, in characters: nothing is truncated.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Shortest password without a second factor, in characters.
pub const PASSWORD_MIN_CHARS: usize = 15;

/// How long a session lives: idle and in all, in minutes. The more a role sees, the shorter.
pub fn session_minutes(role: Role) -> (i64, i64) {
    match role {
        Role::Manager => (60, 24 * 60),
        Role::Officer => (30, 12 * 60),
        Role::Committee | Role::Admin => (15, 8 * 60),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub id: OrganisationId,
    pub code: String,
    pub name: String,
    pub operates: bool,
    pub refers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub organisation_id: Option<OrganisationId>,
    pub language: String,
    pub disabled: bool,
    pub shelters: Vec<ShelterId>,
}

impl User {
    /// Whether what comes from this account's telephones and browsers counts, and goes to them.
    pub fn may_report(&self) -> bool {
        !self.disabled && self.role == Role::Manager
    }
}

/// What signing in needs to know; the hash goes nowhere else.
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Moment,
    pub last_seen_at: Moment,
    pub expires_at: Moment,
}
