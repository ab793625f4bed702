//! One's own second factors and recovery codes. What is shown once is answered once and kept nowhere.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::{COOKIE, SignedIn};
use super::body::Body;
use super::parse::{Faults, id};
use super::problem::Problem;
use super::proof::{LONGEST_CODE, NothingBody, token_for};
use super::session::cookie;
use crate::services::factors::proof::PasskeyChallenge;
use crate::services::factors::{Confirmed, FactorView};

/// Longest name of a factor, in characters.
const LONGEST_NAME: usize = 60;

#[derive(Serialize, ToSchema)]
pub struct FactorOut {
    pub id: Uuid,
    /// `totp` or `passkey`.
    pub kind: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl From<FactorView> for FactorOut {
    fn from(row: FactorView) -> Self {
        Self {
            id: row.id.0,
            kind: row.kind.to_string(),
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct FactorsOut {
    /// Whether one's role must have a second factor.
    pub required: bool,
    pub items: Vec<FactorOut>,
    pub recovery_codes_left: usize,
    /// Whether passkeys can be used at this service's address.
    pub passkeys_offered: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorBody {
    /// By which its owner tells it from others: 1 to 60 characters.
    pub name: String,
}

impl FactorBody {
    fn name(&self) -> Result<String, Problem> {
        let mut faults = Faults::default();
        let name = faults.text("name", &self.name, 1, LONGEST_NAME);
        faults.done()?;
        Ok(name)
    }
}

/// A QR code to be drawn.
#[derive(Serialize, ToSchema)]
pub struct QrOut {
    /// Modules along a side; leave four more empty around it.
    pub size: i32,
    /// The dark modules as the `d` of an SVG path, a module one unit wide.
    pub path: String,
}

#[derive(Serialize, ToSchema)]
pub struct NewTotpOut {
    pub id: Uuid,
    /// The secret in Base32, to be typed where no camera can read the code.
    pub secret: String,
    pub uri: String,
    pub qr: QrOut,
}

/// What a passkey is to sign.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChallengeOut {
    pub challenge_id: Uuid,
    /// What `navigator.credentials` takes, its bytes in base64url.
    #[schema(value_type = Object)]
    pub options: Value,
}

impl From<PasskeyChallenge> for ChallengeOut {
    fn from(challenge: PasskeyChallenge) -> Self {
        Self {
            challenge_id: challenge.id,
            options: challenge.options,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeBody {
    /// The six digits that the app shows.
    pub code: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialBody {
    /// The credential as the browser's `toJSON` gives it, whatever else that holds.
    #[schema(value_type = Object)]
    pub credential: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub struct ConfirmedOut {
    /// With the first factor: ten codes that each stand in for it once. They are shown this once.
    pub recovery_codes: Option<Vec<String>>,
    /// With the first factor, for programs only: the token to send from now on. A browser gets it as its cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesOut {
    pub recovery_codes: Vec<String>,
}

/// One's second factors.
#[utoipa::path(get, path = "/api/v1/me/factors", tag = "session",
    responses((status = 200, body = FactorsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<web::Json<FactorsOut>, Problem> {
    let own = state.services.own_factors(&who.0).await?;
    Ok(web::Json(FactorsOut {
        required: own.required,
        items: own.items.into_iter().map(FactorOut::from).collect(),
        recovery_codes_left: own.recovery_codes_left,
        passkeys_offered: own.passkeys_offered,
    }))
}

/// Begin to set up an authenticator app. It counts once a code of it confirms it, within a quarter of an hour.
#[utoipa::path(post, path = "/api/v1/me/factors/totp", tag = "session", request_body = FactorBody,
    responses((status = 201, body = NewTotpOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_totp(state: web::Data<State>, who: SignedIn, body: Body<FactorBody>) -> Result<HttpResponse, Problem> {
    let made = state.services.add_totp(&who.0, body.value.name()?).await?;
    Ok(HttpResponse::Created().json(NewTotpOut {
        id: made.id.0,
        qr: qr(&made.uri)?,
        secret: made.secret,
        uri: made.uri,
    }))
}

/// Confirm an authenticator app by a code that it shows.
#[utoipa::path(post, path = "/api/v1/me/factors/{id}/confirm", tag = "session", request_body = CodeBody,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ConfirmedOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn confirm_totp(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
    path: web::Path<String>,
    body: Body<CodeBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let code = faults.text("code", &body.value.code, 1, LONGEST_CODE);
    faults.done()?;
    let done = state.services.confirm_totp(&who.0, id(&path)?, &code).await?;
    Ok(confirmed(&request, done))
}

/// Begin to set up a passkey.
#[utoipa::path(post, path = "/api/v1/me/factors/passkey", tag = "session", request_body = FactorBody,
    responses((status = 201, body = ChallengeOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_passkey(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<FactorBody>,
) -> Result<HttpResponse, Problem> {
    let challenge = state.services.add_passkey(&who.0, body.value.name()?).await?;
    Ok(HttpResponse::Created().json(ChallengeOut::from(challenge)))
}

/// Confirm a passkey by what it signed; `id` is the challenge's.
#[utoipa::path(post, path = "/api/v1/me/factors/passkey/{id}/confirm", tag = "session", request_body = CredentialBody,
    params(("id" = Uuid, Path)),
    responses((status = 200, body = ConfirmedOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn confirm_passkey(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
    path: web::Path<String>,
    body: Body<CredentialBody>,
) -> Result<HttpResponse, Problem> {
    let credential = Value::Object(body.value.credential);
    let done = state.services.confirm_passkey(&who.0, id(&path)?, credential).await?;
    Ok(confirmed(&request, done))
}

/// Remove a second factor.
#[utoipa::path(delete, path = "/api/v1/me/factors/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn remove(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    state.services.remove_factor(&who.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Make new recovery codes; those of before count no longer.
#[utoipa::path(post, path = "/api/v1/me/recovery-codes", tag = "session", request_body = NothingBody,
    responses((status = 201, body = RecoveryCodesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn new_recovery_codes(
    state: web::Data<State>,
    who: SignedIn,
    _body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let recovery_codes = state.services.new_recovery_codes(&who.0).await?;
    Ok(HttpResponse::Created().json(RecoveryCodesOut { recovery_codes }))
}

fn confirmed(request: &HttpRequest, done: Confirmed) -> HttpResponse {
    let answer = ConfirmedOut {
        recovery_codes: done.recovery_codes,
        token: done.session.as_ref().and_then(|renewed| token_for(request, renewed)),
    };
    let mut response = HttpResponse::Ok();
    if let Some(renewed) = done.session {
        response.cookie(cookie(COOKIE, renewed.token));
    }
    response.json(answer)
}

/// A QR code that a camera reads from a worn screen.
fn qr(text: &str) -> Result<QrOut, Problem> {
    let code =
        QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| Problem::bad_request("too_long", "too long"))?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let dark = (x..size).take_while(|x| code.get_module(*x, y)).count();
            let run = i32::try_from(dark).unwrap_or(0);
            if run > 0 {
                path.push_str(&format!("M{x} {y}h{run}v1h-{run}z"));
            }
            x += run + 1;
        }
    }
    Ok(QrOut { size, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_draws_the_dark_modules_and_no_others() {
        let text = "otpauth://totp/Panoh:o%40nur.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Panoh";
        let out = qr(text).unwrap();
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let mut drawn = vec![vec![false; 200]; 200];
        for run in out.path.split_terminator('z') {
            let (at, rest) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (length, back) = rest.split_once("v1h-").unwrap();
            assert_eq!(length, back);
            let (x, y, length): (usize, usize, usize) =
                (x.parse().unwrap(), y.parse().unwrap(), length.parse().unwrap());
            drawn[y][x..x + length].fill(true);
        }
        for (y, row) in drawn.iter().enumerate() {
            for (x, dark) in row.iter().enumerate() {
                let (x, y) = (i32::try_from(x).unwrap(), i32::try_from(y).unwrap());
                assert_eq!(*dark, code.get_module(x, y), "{x} {y}");
            }
        }
    }
}
