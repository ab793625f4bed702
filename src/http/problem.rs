//! Errors as `application/problem+json` with a stable `code`. Causes go to the log; a 500 says nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::factors::ChallengeOut;
use super::search::SuggestionOut;
use crate::domain::errors::FieldError;
use crate::domain::factors::Way;
use crate::services::errors::Refused;

/// One field that cannot be taken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Path of the field, `rooms[0].occupied_beds`.
    pub field: String,
    pub code: String,
    pub detail: String,
}

/// RFC 9457, with a stable `code` and the fields at fault.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub code: String,
    pub detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// With `no_bed_left`: the next places that fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestions: Option<Vec<SuggestionOut>>,
    /// With `second_factor_needed` and `proof_needed`: by what one can prove who one is, `password`, `totp`, `passkey` or
    /// `recovery_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ways: Option<Vec<String>>,
    /// With `second_factor_needed`, where a passkey is among them: what it is to sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Box<ChallengeOut>>,
    /// Seconds until another try makes sense.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            suggestions: None,
            ways: None,
            passkey: None,
            retry_after: None,
        }
    }

    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here that you may see.",
        )
    }

    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub fn field(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        vec![FieldError::new(field, code, detail)].into()
    }
}

impl Problem {
    /// The same, with the seconds until another try makes sense.
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same faults, of fields below this one.
    pub fn under(mut self, parent: &str) -> Self {
        for error in &mut self.errors {
            error.field = format!("{parent}.{}", error.field);
        }
        self
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_fields",
            "Some fields cannot be taken as they are.",
        );
        problem.errors = errors
            .into_iter()
            .map(|e| FieldProblem {
                field: e.field,
                code: e.code.to_owned(),
                detail: e.detail,
            })
            .collect();
        problem
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let text = refused.to_string();
        match refused {
            Refused::Unauthenticated => Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first."),
            Refused::AccountDisabled => Self::new(StatusCode::UNAUTHORIZED, "account_disabled", text),
            Refused::WrongCredentials => Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", text),
            Refused::SecondFactorNeeded { ways, passkey } => {
                let mut problem = Self::new(StatusCode::UNAUTHORIZED, "second_factor_needed", text);
                problem.ways = Some(words(&ways));
                problem.passkey = passkey.map(|challenge| Box::new(ChallengeOut::from(*challenge)));
                problem
            }
            Refused::WrongCode => Self::new(StatusCode::UNAUTHORIZED, "wrong_code", text),
            Refused::ProofNeeded { ways } => {
                let mut problem = Self::new(StatusCode::FORBIDDEN, "proof_needed", text);
                problem.ways = Some(words(&ways));
                problem
            }
            Refused::NotProved(Way::Password) => Self::new(StatusCode::FORBIDDEN, "wrong_password", text),
            Refused::NotProved(_) => Self::new(StatusCode::FORBIDDEN, "wrong_code", text),
            Refused::FactorNotSetUp => Self::new(StatusCode::FORBIDDEN, "factor_not_set_up", text),
            Refused::TooManyAttempts => Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", text),
            Refused::QuotaReached { seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "quota_reached", text).after(seconds)
            }
            Refused::Wait(wait) => {
                let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "wait", text);
                // Rounded up: who comes back at that second is let in.
                problem.retry_after = u64::try_from((wait.num_milliseconds() + 999) / 1000).ok();
                problem
            }
            Refused::NoSuchLink => Self::new(StatusCode::NOT_FOUND, "no_such_link", text),
            Refused::NotFound => Self::not_found(),
            Refused::Invalid(errors) => errors.into(),
            Refused::Conflict { code, detail } => Self::new(StatusCode::CONFLICT, code, detail),
            Refused::NoBedLeft { next } => {
                let mut problem = Self::new(
                    StatusCode::CONFLICT,
                    "no_bed_left",
                    "Somebody was quicker: no bed is left here.",
                );
                problem.suggestions = Some(next.iter().map(SuggestionOut::from).collect());
                problem
            }
            Refused::LinesOutdated { lines } => {
                let title = "Some lines of this plan can no longer be spared: nothing was approved.";
                let mut problem = Self::new(StatusCode::CONFLICT, "plan_outdated", title);
                problem.errors = Self::from(lines).errors;
                problem
            }
            Refused::PlanOutdated { households } => {
                let mut problem = Self::new(
                    StatusCode::CONFLICT,
                    "plan_outdated",
                    "Some places of this plan are gone: nothing was held.",
                );
                problem.errors = households
                    .iter()
                    .map(|household| FieldProblem {
                        field: format!("households[{household}]"),
                        code: "place_gone".to_owned(),
                        detail: "it does not fit any more where it was to go".to_owned(),
                    })
                    .collect();
                problem
            }
            Refused::SamePerson => Self::new(
                StatusCode::FORBIDDEN,
                "same_person",
                "It takes a second administrator: you asked for this yourself.",
            ),
            Refused::ApprovalNeeded => Self::new(
                StatusCode::FORBIDDEN,
                "approval_needed",
                "This table names shelters: somebody else has to approve it first.",
            ),
            Refused::Stale => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "It was changed since you read it.",
            ),
            Refused::KeyReused => Self::field("Idempotency-Key", "key_reused", "used before for another request"),
            Refused::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text),
            Refused::Unavailable => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service will be back in a moment.",
            ),
            Refused::Unexpected(cause) => {
                tracing::error!(cause, "unexpected");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "unexpected",
                    "Something went wrong on our side.",
                )
            }
        }
    }
}

fn words(ways: &[Way]) -> Vec<String> {
    ways.iter().map(ToString::to_string).collect()
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code()).json(self);
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let unavailable = self.status == StatusCode::SERVICE_UNAVAILABLE.as_u16();
        if let Some(seconds) = self.retry_after.or(unavailable.then_some(5)) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
