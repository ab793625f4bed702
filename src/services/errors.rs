//! Why a use case was refused. Sorted once here; told by `http` as a problem document, and by the CLI as a line.

use super::factors::proof::PasskeyChallenge;
use crate::domain::errors::FieldError;
use crate::domain::factors::Way;
use crate::domain::ranking::Suggestion;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("not signed in")]
    Unauthenticated,
    /// The bearer's account has been closed: what her device keeps for her is to go.
    #[error("this account is closed")]
    AccountDisabled,
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// The password is right and not enough.
    #[error("a second factor is needed")]
    SecondFactorNeeded {
        ways: Vec<Way>,
        /// For a passkey to sign, where she has one.
        passkey: Option<Box<PasskeyChallenge>>,
    },
    #[error("this code counts for nothing")]
    WrongCode,
    /// Only for whoever has proved a moment ago who they are.
    #[error("prove again who you are")]
    ProofNeeded { ways: Vec<Way> },
    /// What was to prove it, by this way, proves nothing.
    #[error("this proves nothing")]
    NotProved(Way),
    #[error("set up a second factor first")]
    FactorNotSetUp,
    #[error("too many attempts; wait a little")]
    TooManyAttempts,
    /// What one person may do in a day is used up; how many seconds until it is given anew.
    #[error("what you may do in a day is used up")]
    QuotaReached { seconds: u64 },
    /// Too many failed before: when to try again.
    #[error("too many failed attempts; try again later")]
    Wait(chrono::Duration),
    /// A link that was never made, was used, or is too old.
    #[error("this link is not valid any more")]
    NoSuchLink,
    /// Also what a foreign id gets: nobody learns that it exists.
    #[error("not found")]
    NotFound,
    #[error("some fields cannot be taken")]
    Invalid(Vec<FieldError>),
    /// The thing is not in a state that allows this.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String },
    #[error("no bed is left for this household")]
    NoBedLeft { next: Vec<Suggestion> },
    /// Some households of a plan do not fit any more where they were to go: their positions among its households.
    #[error("places of this plan are gone")]
    PlanOutdated { households: Vec<usize> },
    /// Donors of a plan can no longer spare what it takes from them.
    #[error("some lines of this plan are gone")]
    LinesOutdated { lines: Vec<FieldError> },
    /// What takes two people was asked of one.
    #[error("somebody else has to do this")]
    SamePerson,
    /// A table that names shelters, without another's word that it may be made.
    #[error("somebody else has to agree first")]
    ApprovalNeeded,
    #[error("changed since it was read")]
    Stale,
    #[error("this Idempotency-Key was used for another request")]
    KeyReused,
    /// More passwords wait to be checked than a node takes.
    #[error("too much at once; try again in a moment")]
    Busy,
    #[error("the service cannot reach its database")]
    Unavailable,
    #[error("unexpected: {0}")]
    Unexpected(String),
}

impl Refused {
    pub fn invalid(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, detail)])
    }

    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            detail: detail.into(),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            StoreError::Unavailable(cause) => {
                tracing::error!(cause, "database unavailable");
                Self::Unavailable
            }
            StoreError::Conflict(cause) => {
                tracing::warn!(cause, "constraint refused a row");
                Self::conflict("conflict", "this stands against something already stored")
            }
            other => Self::Unexpected(other.to_string()),
        }
    }
}
