//! The telephones a manager reports with.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::id;
use super::problem::Problem;
use crate::services::phones::PhoneView;

#[derive(Serialize, ToSchema)]
pub struct PhoneOut {
    pub id: Uuid,
    /// `waiting` for its code, or `connected`.
    pub state: String,
    /// The last two digits of its number, once it is connected.
    pub ending: Option<String>,
    pub created_at: DateTime<Utc>,
    pub connected_at: Option<DateTime<Utc>>,
    /// While it waits: until when the code can be sent.
    pub code_until: Option<DateTime<Utc>>,
}

impl From<PhoneView> for PhoneOut {
    fn from(row: PhoneView) -> Self {
        let state = if row.connected_at.is_some() {
            "connected"
        } else {
            "waiting"
        };
        Self {
            id: row.id.0,
            state: state.to_owned(),
            ending: row.ending,
            created_at: row.created_at,
            connected_at: row.connected_at,
            code_until: row.code_until,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct PhonesOut {
    pub items: Vec<PhoneOut>,
    /// Numbers that take messages; none where no gateway is declared.
    pub send_to: Vec<String>,
}

/// The telephones one reports with.
#[utoipa::path(get, path = "/api/v1/me/phones", tag = "session",
    responses((status = 200, body = PhonesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<web::Json<PhonesOut>, Problem> {
    let rows = state.services.phones(&who.0).await?;
    Ok(web::Json(PhonesOut {
        items: rows.into_iter().map(PhoneOut::from).collect(),
        send_to: state.sms.numbers(),
    }))
}

/// Nothing is said: whose telephone it is shows by where the code comes from.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPhoneBody {}

#[derive(Serialize, ToSchema)]
pub struct PhoneCodeOut {
    pub id: Uuid,
    /// Eight digits to be sent from the telephone, once, to one of `send_to`.
    pub code: String,
    pub code_until: DateTime<Utc>,
    pub send_to: Vec<String>,
}

/// Make a code that connects the telephone it is sent from.
#[utoipa::path(post, path = "/api/v1/me/phones", tag = "session", request_body = NewPhoneBody,
    responses((status = 201, body = PhoneCodeOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, _body: Body<NewPhoneBody>) -> Result<HttpResponse, Problem> {
    let made = state.services.add_phone(&who.0).await?;
    Ok(HttpResponse::Created().json(PhoneCodeOut {
        id: made.id.0,
        code: made.code,
        code_until: made.until,
        send_to: state.sms.numbers(),
    }))
}

/// Forget a telephone.
#[utoipa::path(delete, path = "/api/v1/me/phones/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn remove(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let phone = id(&path)?;
    state.services.remove_phone(&who.0, phone).await?;
    Ok(HttpResponse::NoContent().finish())
}
