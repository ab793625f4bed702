//! Links to choose a password by: invitations, resets, the first administrator.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::{SignedIn, origin};
use super::body::Body;
use super::parse::{Faults, Page};
use super::problem::Problem;
use crate::domain::id::UserId;
use crate::services::errors::Refused;
use crate::services::once::Once;
use crate::services::tickets::{Chosen, Invitation, Welcome};

/// Longest token looked at: ours have 43 characters.
const LONGEST_TOKEN: usize = 100;

#[derive(Serialize, ToSchema)]
pub struct InvitationOut {
    pub user_id: Uuid,
    pub email: String,
    pub name: String,
    pub made_by_name: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl From<&Invitation> for InvitationOut {
    fn from(row: &Invitation) -> Self {
        Self {
            user_id: row.user.id.0,
            email: row.user.email.clone(),
            name: row.user.name.clone(),
            made_by_name: row.made_by_name.clone(),
            created_at: row.ticket.created_at,
            expires_at: row.ticket.expires_at,
        }
    }
}

fn print(row: &Invitation) -> String {
    serde_json::to_string(&InvitationOut::from(row)).unwrap_or_default()
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationBody {
    pub user_id: Uuid,
}

/// Send somebody a new invitation by mail: 72 hours, one use. The older one dies.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "people", request_body = InvitationBody,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 201, body = InvitationOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn invite(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<InvitationBody>,
) -> Result<HttpResponse, Problem> {
    let once = Once {
        key: body.required_key()?,
        print,
    };
    let answer = state.services.invite(&who.0, UserId(body.value.user_id), once).await?;
    Ok(HttpResponse::Created()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(answer))
}

/// Invitations that may still be used.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people",
    responses((status = 200, body = Page<InvitationOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn invitations(state: web::Data<State>) -> Result<web::Json<Page<InvitationOut>>, Problem> {
    let rows = state.services.invitations().await?;
    Ok(web::Json(Page::whole(rows.iter().map(InvitationOut::from).collect())))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetBody {
    pub email: String,
}

/// Ask for a new password. Always the same answer, at once; if there is such an account, a letter with a link follows: 30
/// minutes, one use.
#[utoipa::path(post, path = "/api/v1/resets", tag = "session", request_body = ResetBody,
    responses((status = 202), (status = "4XX", body = super::problem::Problem)))]
pub async fn ask_reset(state: web::Data<State>, body: Body<ResetBody>) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let email = faults.email("email", &body.value.email);
    faults.done()?;
    state.services.ask_reset(&email);
    Ok(HttpResponse::Accepted().finish())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookBody {
    /// What stands behind `#` in the link.
    pub token: String,
}

#[derive(Serialize, ToSchema)]
pub struct WelcomeOut {
    /// `first`, `invitation` or `reset`.
    pub kind: String,
    /// Empty for the first administrator, who tells it.
    pub email: String,
    pub name: String,
    pub role: String,
    pub language: String,
    /// Whether a second factor is to be set up at the first sign-in.
    pub needs_factor: bool,
    /// Of the password, in characters.
    pub shortest_password: usize,
}

impl From<Welcome> for WelcomeOut {
    fn from(row: Welcome) -> Self {
        Self {
            kind: row.kind.to_string(),
            email: row.email,
            name: row.name,
            role: row.role.to_string(),
            language: row.language,
            needs_factor: row.needs_factor,
            shortest_password: row.shortest_password,
        }
    }
}

/// What a link is for.
#[utoipa::path(post, path = "/api/v1/tickets/look", tag = "session", request_body = LookBody,
    responses((status = 200, body = WelcomeOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn look(state: web::Data<State>, body: Body<LookBody>) -> Result<web::Json<WelcomeOut>, Problem> {
    check(&body.value.token)?;
    Ok(web::Json(state.services.look_at_link(&body.value.token).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseBody {
    /// What stands behind `#` in the link.
    pub token: String,
    /// At most 128 characters; how few is told by the link.
    pub password: String,
    /// The first administrator's; of no other link.
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
}

/// Choose a password by a link, and use the link up. One signs in afterwards as ever.
#[utoipa::path(post, path = "/api/v1/tickets/use", tag = "session", request_body = UseBody,
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn use_up(
    state: web::Data<State>,
    request: HttpRequest,
    body: Body<UseBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    check(&body.token)?;
    let mut faults = Faults::default();
    let chosen = Chosen {
        email: body.email.map(|email| faults.email("email", &email)),
        name: body.name.map(|name| faults.text("name", &name, 1, 120)),
        password: body.password,
        origin: origin(&request),
    };
    faults.done()?;
    state.services.use_link(&body.token, chosen).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn check(token: &str) -> Result<(), Problem> {
    match token.len() <= LONGEST_TOKEN {
        true => Ok(()),
        false => Err(Refused::NoSuchLink.into()),
    }
}
