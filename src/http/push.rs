//! The browsers in which a manager is shown reminders.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::id;
use super::problem::Problem;
use super::referrals::created;
use crate::services::once::Once;
use crate::services::pushes::BrowserDraft;

#[derive(Serialize, ToSchema)]
pub struct BrowserOut {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct PushOut {
    /// `applicationServerKey` to subscribe under: 65 bytes in base64url.
    pub public_key: String,
    /// Oldest first.
    pub items: Vec<BrowserOut>,
}

/// A browser's subscription: `endpoint` and `keys` of `PushSubscription.toJSON`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrowserBody {
    /// https, at a push service that is on the list of this installation.
    pub endpoint: String,
    pub keys: BrowserKeys,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrowserKeys {
    /// 65 bytes in base64url: an uncompressed point of P-256.
    pub p256dh: String,
    /// 16 bytes in base64url.
    pub auth: String,
}

#[derive(Serialize, ToSchema)]
pub struct BrowserAdded {
    pub id: Uuid,
}

/// The own browsers that show reminders.
#[utoipa::path(get, path = "/api/v1/me/push", tag = "reminders",
    responses((status = 200, body = PushOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<web::Json<PushOut>, Problem> {
    let (public_key, rows) = state.services.browsers(&who.0).await?;
    let items = rows.iter().map(|row| BrowserOut {
        id: row.id,
        created_at: row.created_at,
    });
    Ok(web::Json(PushOut {
        public_key,
        items: items.collect(),
    }))
}

/// Show reminders in this browser; at most five of one person. Asking again changes nothing.
#[utoipa::path(post, path = "/api/v1/me/push", tag = "reminders", request_body = BrowserBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = BrowserAdded), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<BrowserBody>) -> Result<HttpResponse, Problem> {
    let key = body.key();
    let draft = BrowserDraft {
        endpoint: body.value.endpoint,
        p256dh: body.value.keys.p256dh,
        auth: body.value.keys.auth,
    };
    let print = |id: &Uuid| json!({"id": id}).to_string();
    Ok(created(
        state.services.add_browser(&who.0, &draft, Once { key, print }).await?,
    ))
}

/// Show no more reminders in one of the own browsers.
#[utoipa::path(delete, path = "/api/v1/me/push/{id}", tag = "reminders", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn remove(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    state.services.remove_browser(&who.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
