//! People at work: their roles, and what a role lets them reach. Rights are types: a read of shelter data takes a scope,
//! and only an actor yields one.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::codes::codes;
use super::errors::FieldError;
use super::id::{DeviceId, Moment, OrganisationId, SessionId, ShelterId, UserId};
use super::tokens::PROGRAM_ADDRESS;

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

impl Role {
    /// Whether who has this role signs in with a second factor.
    pub fn needs_factor(self) -> bool {
        self != Self::Manager
    }
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
    pub by: Bearer,
}

/// By what an actor came in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bearer {
    /// Nothing that a request brings: the command line, or the service itself in somebody's name.
    #[default]
    Nothing,
    Session {
        id: SessionId,
        /// When whoever bears it last proved who they are.
        proved_at: Moment,
        /// Whether a second factor has yet to be set up before anything else may be done.
        enrolling: bool,
    },
    /// A program's token, with what it may do: `read:` or `write:` and the first word of a path.
    Token { scopes: Vec<String> },
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
/// the own shelters, nobody else any; and of these none that is kept from the office the actor works for
/// ([`super::exclusion`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseScope {
    Organisation {
        own: OrganisationId,
        officer: UserId,
    },
    Shelters {
        ids: Vec<ShelterId>,
        /// For whom the manager works.
        office: Option<OrganisationId>,
    },
    Nothing,
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
            (Role::Officer, Some(own)) => CaseScope::Organisation {
                own,
                officer: self.user_id,
            },
            (Role::Manager, office) => CaseScope::Shelters {
                ids: self.shelters.clone(),
                office,
            },
            _ => CaseScope::Nothing,
        }
    }
}

/// Longest password taken, in characters: nothing is truncated.
pub const PASSWORD_MAX_CHARS: usize = 128;
/// Shortest password without a second factor, in characters.
pub const PASSWORD_MIN_CHARS: usize = 15;
/// Shortest password of somebody who cannot sign in without a second factor, in characters.
pub const PASSWORD_MIN_WITH_FACTOR: usize = 8;

/// The shortest password an account may have, in characters. A second factor that its owner may take away again does not
/// make up for a short one.
pub fn shortest_password(factor_is_required: bool) -> usize {
    match factor_is_required {
        true => PASSWORD_MIN_WITH_FACTOR,
        false => PASSWORD_MIN_CHARS,
    }
}

/// What is wrong with a password of so many characters.
///
/// # Errors
/// `too_short` or `too_long`, of the field `password`.
pub fn check_length(chars: usize, shortest: usize) -> Result<(), FieldError> {
    if chars < shortest {
        let detail = format!("at least {shortest} characters");
        Err(FieldError::new("password", "too_short", detail))
    } else if chars > PASSWORD_MAX_CHARS {
        let detail = format!("at most {PASSWORD_MAX_CHARS} characters");
        Err(FieldError::new("password", "too_long", detail))
    } else {
        Ok(())
    }
}

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
    /// Whether this is a program's account: nobody signs in to it or writes to it.
    pub fn is_program(&self) -> bool {
        self.email.starts_with(PROGRAM_ADDRESS)
    }

    /// Whether what comes from this account's telephones and browsers counts, and goes to them.
    pub fn may_report(&self) -> bool {
        !self.disabled && self.role == Role::Manager
    }
}

codes! {
    /// How far an account has come.
    AccountState {
        /// Its owner has not chosen a password yet.
        Invited,
        Active,
        Disabled,
    }
}

/// An account as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    pub state: AccountState,
    /// Whether a second factor has been set up.
    pub has_factor: bool,
    /// As far as sessions are still on record.
    pub last_sign_in_at: Option<Moment>,
}

/// What signing in needs to know; the hash goes nowhere else.
pub struct Credentials {
    pub user: User,
    pub password_hash: String,
}

/// How long a browser stays known after it was last used.
pub const DEVICE_LASTS: chrono::Duration = chrono::Duration::days(400);
/// Most browsers known of one account; the one unused for longest goes.
pub const MOST_DEVICES: usize = 20;

/// A browser from which somebody signed in before. It gives no right: its owner gets in from it while strangers guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub user_id: UserId,
    /// Which browser on which system, in coarse words.
    pub client: String,
    pub created_at: Moment,
    pub last_used_at: Moment,
    pub expires_at: Moment,
}

#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub created_at: Moment,
    pub last_seen_at: Moment,
    pub expires_at: Moment,
    /// When whoever bears it last proved who they are.
    pub proved_at: Moment,
    /// When the second factor was proved in it; none if it never was.
    pub factor_at: Option<Moment>,
    /// Which browser on which system, in coarse words.
    pub client: String,
    /// The network address it was opened from.
    pub origin: String,
}
