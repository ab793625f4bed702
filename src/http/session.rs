//! Signing in and out; who am I.

use actix_web::cookie::{self, Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::{self, COOKIE, DEVICE_COOKIE, SignedIn};
use super::body::Body;
use super::client::client;
use super::problem::Problem;
use super::proof::PasskeyBody;
use crate::domain::accounts::DEVICE_LASTS;
use crate::services;
use crate::services::people::Me;
use crate::services::sign_in::{Attempt, PasskeyAnswer};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInBody {
    pub email: String,
    pub password: String,
    /// What an authenticator app shows, where a second factor is asked for.
    #[serde(default)]
    pub code: Option<String>,
    /// In its place: a recovery code.
    #[serde(default)]
    pub recovery_code: Option<String>,
    /// Or what a passkey signed.
    #[serde(default)]
    pub passkey: Option<PasskeyBody>,
}

#[derive(Serialize, ToSchema)]
pub struct SignInAnswer {
    pub user: MeOut,
    pub expires_at: chrono::DateTime<chrono::Utc>,
    /// For programs only (requests without `Sec-Fetch-Site`): send it as `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct OrganisationRef {
    pub id: Uuid,
    pub code: String,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub struct ShelterRef {
    pub id: Uuid,
    pub code: String,
}

#[derive(Serialize, ToSchema)]
pub struct MeOut {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    /// `manager`, `officer`, `committee` or `admin`.
    pub role: String,
    pub language: String,
    /// IANA name of the country's zone, in which times are shown.
    pub time_zone: String,
    pub organisation: Option<OrganisationRef>,
    pub shelters: Vec<ShelterRef>,
    /// Whether a second factor must be set up before anything else can be done.
    pub must_set_up_factor: bool,
}

impl From<Me> for MeOut {
    fn from(me: Me) -> Self {
        Self {
            id: me.user.id.0,
            email: me.user.email,
            name: me.user.name,
            role: me.user.role.to_string(),
            language: me.user.language,
            time_zone: me.time_zone.to_owned(),
            organisation: me.organisation.map(|o| OrganisationRef {
                id: o.id.0,
                code: o.code,
                name: o.name,
            }),
            shelters: me
                .shelters
                .into_iter()
                .map(|(id, code)| ShelterRef { id: id.0, code })
                .collect(),
            must_set_up_factor: me.must_set_up_factor,
        }
    }
}

/// Sign in. Sets the session cookie; a program gets a bearer token beside it.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignInBody,
    responses((status = 200, body = SignInAnswer), (status = "4XX", body = super::problem::Problem)))]
pub async fn open(
    state: web::Data<State>,
    request: HttpRequest,
    body: Body<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    if body.email.chars().count() > 254
        || body.password.is_empty()
        || body.email.trim().is_empty()
        || body.email.contains('\0')
    {
        return Err(crate::services::errors::Refused::WrongCredentials.into());
    }
    let attempt = Attempt {
        email: body.email,
        password: body.password,
        code: body.code,
        recovery_code: body.recovery_code,
        passkey: body.passkey.map(PasskeyAnswer::from),
        device: access::device(&request),
        from_browser: access::is_browser(&request),
        origin: access::origin(&request),
        client: client(&request),
    };
    let signed_in = state.services.sign_in(&attempt).await?;
    let actor = state.services.authenticate(&signed_in.token).await?;
    let me = state.services.me(&actor).await?;
    let answer = SignInAnswer {
        user: me.into(),
        expires_at: signed_in.expires_at,
        token: (!access::is_browser(&request)).then(|| signed_in.token.clone()),
    };
    let mut response = HttpResponse::Ok();
    if let Some(device) = signed_in.device {
        let mut kept = cookie(DEVICE_COOKIE, device);
        kept.set_max_age(cookie::time::Duration::days(DEVICE_LASTS.num_days()));
        response.cookie(kept);
    }
    Ok(response.cookie(cookie(COOKIE, signed_in.token)).json(answer))
}

/// A new token in the place of the one that asked.
#[derive(Serialize, ToSchema)]
pub struct RenewedOut {
    pub expires_at: chrono::DateTime<chrono::Utc>,
    /// For programs only, as at sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Answers with a new token, in the cookie or beside it.
pub fn renewed(request: &HttpRequest, opened: services::access::SignedIn) -> HttpResponse {
    let answer = RenewedOut {
        expires_at: opened.expires_at,
        token: (!access::is_browser(request)).then(|| opened.token.clone()),
    };
    HttpResponse::Ok().cookie(cookie(COOKIE, opened.token)).json(answer)
}

/// Sign out: ends the session and clears the cookie.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn close(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, Problem> {
    state.services.sign_out(&who.0).await?;
    let mut gone = cookie(COOKIE, String::new());
    gone.make_removal();
    // Pages that were left, ready to come back. Not the cookies: the browser stays known, which gives no right. Not the
    // storage: reports that no line has carried yet wait in it.
    Ok(HttpResponse::NoContent()
        .insert_header(("Clear-Site-Data", "\"cache\""))
        .cookie(gone)
        .finish())
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, body = MeOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn me(state: web::Data<State>, who: SignedIn) -> Result<web::Json<MeOut>, Problem> {
    Ok(web::Json(state.services.me(&who.0).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageBody {
    /// Language code of the country pack.
    pub language: String,
}

/// Choose the language of screens and mail.
#[utoipa::path(put, path = "/api/v1/me/language", tag = "session", request_body = LanguageBody,
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn set_language(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<LanguageBody>,
) -> Result<HttpResponse, Problem> {
    state.services.set_language(&who.0, &body.value.language).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) fn cookie(name: &'static str, token: String) -> Cookie<'static> {
    Cookie::build(name, token)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .finish()
}
