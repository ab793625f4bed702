//! Proving again who one is, for what asks for a fresh proof. The session goes on under another token.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::{COOKIE, SignedIn, is_browser};
use super::body::Body;
use super::factors::ChallengeOut;
use super::parse::Faults;
use super::problem::Problem;
use super::session::cookie;
use crate::services::factors::proof::Renewed;
use crate::services::sign_in::{Attempt, PasskeyAnswer};

/// Longest code taken as it is typed, in characters.
pub(super) const LONGEST_CODE: usize = 40;

/// What a passkey signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyBody {
    pub challenge_id: Uuid,
    /// The credential as the browser's `toJSON` gives it, whatever else that holds.
    #[schema(value_type = Object)]
    pub credential: Map<String, Value>,
}

impl From<PasskeyBody> for PasskeyAnswer {
    fn from(body: PasskeyBody) -> Self {
        Self {
            challenge_id: body.challenge_id,
            credential: Value::Object(body.credential),
        }
    }
}

/// One of these: the password for whoever has no second factor; for everybody else what proves that.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    #[serde(default)]
    pub password: Option<String>,
    /// What an authenticator app shows.
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub recovery_code: Option<String>,
    #[serde(default)]
    pub passkey: Option<PasskeyBody>,
}

#[derive(Serialize, ToSchema)]
pub struct ProofAnswer {
    pub expires_at: DateTime<Utc>,
    /// For programs only: the token to send from now on. A browser gets it as its cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Prove again who one is.
#[utoipa::path(post, path = "/api/v1/session/proof", tag = "session", request_body = ProofBody,
    responses((status = 200, body = ProofAnswer), (status = "4XX", body = super::problem::Problem)))]
pub async fn prove(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
    body: Body<ProofBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    let mut faults = Faults::default();
    for (field, given) in [("code", &body.code), ("recovery_code", &body.recovery_code)] {
        faults.text(field, given.as_deref().unwrap_or(""), 0, LONGEST_CODE);
    }
    if body.password.is_none() && body.code.is_none() && body.recovery_code.is_none() && body.passkey.is_none() {
        faults.add("code", "required", "one of password, code, recovery_code and passkey");
    }
    faults.done()?;
    let attempt = Attempt {
        password: body.password.unwrap_or_default(),
        code: body.code,
        recovery_code: body.recovery_code,
        passkey: body.passkey.map(PasskeyAnswer::from),
        ..Attempt::default()
    };
    let renewed = state.services.prove_again(&who.0, &attempt).await?;
    let answer = ProofAnswer {
        expires_at: renewed.expires_at,
        token: token_for(&request, &renewed),
    };
    Ok(HttpResponse::Ok().cookie(cookie(COOKIE, renewed.token)).json(answer))
}

/// The token as it stands in an answer to a program; a browser's is in its cookie alone.
pub(super) fn token_for(request: &HttpRequest, renewed: &Renewed) -> Option<String> {
    (!is_browser(request)).then(|| renewed.token.clone())
}

/// Nothing is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingBody {}

/// Ask for something that a passkey signs as a proof.
#[utoipa::path(post, path = "/api/v1/session/proof/passkey", tag = "session", request_body = NothingBody,
    responses((status = 200, body = ChallengeOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn challenge(
    state: web::Data<State>,
    who: SignedIn,
    _body: Body<NothingBody>,
) -> Result<web::Json<ChallengeOut>, Problem> {
    Ok(web::Json(state.services.proof_by_passkey(&who.0).await?.into()))
}
