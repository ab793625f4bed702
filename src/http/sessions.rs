//! Where one is signed in, the browsers that are known, and another password.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::{self, SignedIn};
use super::body::Body;
use super::client::client;
use super::parse::{Page, id};
use super::problem::Problem;
use super::session::{RenewedOut, renewed};
use crate::services::devices::DeviceView;
use crate::services::sessions::{NewPassword, SessionView};

#[derive(Serialize, ToSchema)]
pub struct SessionOut {
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Which browser on which system, `Firefox, Android`; empty where it is not known.
    pub client: String,
    /// The network address it was opened from.
    pub origin: String,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl From<SessionView> for SessionOut {
    fn from(view: SessionView) -> Self {
        let row = view.session;
        Self {
            id: row.id.0,
            current: view.current,
            client: row.client,
            origin: row.origin,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// Where one is signed in.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "session",
    responses((status = 200, body = Page<SessionOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<web::Json<Page<SessionOut>>, Problem> {
    let rows = state.services.sessions(&who.0).await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(SessionOut::from).collect())))
}

/// End one of one's sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn end(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    state.services.end_session(&who.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all of one's sessions but this one.
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "session",
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn end_others(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, Problem> {
    state.services.end_other_sessions(&who.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Serialize, ToSchema)]
pub struct DeviceOut {
    pub id: Uuid,
    /// Whether the request comes from it.
    pub current: bool,
    pub client: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
}

impl From<DeviceView> for DeviceOut {
    fn from(view: DeviceView) -> Self {
        let row = view.device;
        Self {
            id: row.id.0,
            current: view.current,
            client: row.client,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Browsers one signed in from before. From them one gets in while strangers guess at the password; they give no other right.
#[utoipa::path(get, path = "/api/v1/me/devices", tag = "session",
    responses((status = 200, body = Page<DeviceOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn devices(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<DeviceOut>>, Problem> {
    let token = access::device(&request);
    let rows = state.services.devices(&who.0, token.as_deref()).await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(DeviceOut::from).collect())))
}

/// Know a browser no more.
#[utoipa::path(delete, path = "/api/v1/me/devices/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn forget_device(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    state.services.forget_device(&who.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The password of today.
    pub current: String,
    /// 15 to 128 characters; 8 are enough for who cannot sign in without a second factor.
    pub password: String,
}

/// Choose another password. All other sessions end; this one goes on under a new token.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "session", request_body = PasswordBody,
    responses((status = 200, body = RenewedOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change_password(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
    body: Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let new = NewPassword {
        current: body.value.current,
        password: body.value.password,
        client: client(&request),
    };
    let opened = state.services.change_password(&who.0, new).await?;
    Ok(renewed(&request, opened))
}
