//! Tokens by which programs act, for administrators.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::matrix::scopes;
use super::parse::{Faults, Page, id};
use super::problem::Problem;
use crate::domain::accounts::Role;
use crate::domain::tokens::{MOST_DAYS, MOST_SCOPES};
use crate::services::tokens::{TokenDraft, TokenView};

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOut {
    pub id: Uuid,
    /// The program's account, as the audit names it.
    pub program_id: Uuid,
    pub name: String,
    /// `manager`, `officer` or `committee`.
    pub role: String,
    pub organisation_id: Option<Uuid>,
    pub shelter_ids: Vec<Uuid>,
    /// `read:` or `write:` and the first word of a path, such as `read:statistics`.
    pub scopes: Vec<String>,
    /// None if it was made at the command line.
    pub created_by_name: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// In the answer that made it, and never again: send it as `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl From<TokenView> for TokenOut {
    fn from(view: TokenView) -> Self {
        let TokenView {
            row,
            program,
            created_by_name,
        } = view;
        Self {
            id: row.id.0,
            program_id: program.id.0,
            name: program.name,
            role: program.role.to_string(),
            organisation_id: program.organisation_id.map(|id| id.0),
            shelter_ids: program.shelters.iter().map(|id| id.0).collect(),
            scopes: row.scopes,
            created_by_name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            token: None,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// Of the program.
    pub name: String,
    /// `manager`, `officer` or `committee`; no program is an administrator.
    #[schema(value_type = String)]
    pub role: Role,
    /// Whose cases an officer's program sees.
    #[serde(default)]
    pub organisation_id: Option<Uuid>,
    /// The shelters a manager's program reports for.
    #[serde(default)]
    pub shelter_ids: Vec<Uuid>,
    /// At least one that a route asks this role for.
    pub scopes: Vec<String>,
    /// How long it is good, 1 to 365.
    pub days: u16,
}

/// Most shelters of one program.
const MOST_SHELTERS: usize = 50;

impl TokenBody {
    fn parse(self) -> Result<TokenDraft, Problem> {
        let mut faults = Faults::default();
        if self.shelter_ids.len() > MOST_SHELTERS {
            faults.add("shelter_ids", "too_many", format!("at most {MOST_SHELTERS}"));
        }
        let draft = TokenDraft {
            name: faults.text("name", &self.name, 1, 120),
            role: self.role,
            organisation_id: self.organisation_id.map(Into::into),
            shelters: self.shelter_ids.into_iter().map(Into::into).collect(),
            scopes: granted(&mut faults, self.role, &self.scopes),
            days: faults.within("days", self.days, 1, MOST_DAYS),
        };
        faults.done()?;
        Ok(draft)
    }
}

/// The scopes asked for, each once and in order; those that nothing asks this role for are faults.
pub fn granted(faults: &mut Faults, role: Role, asked: &[String]) -> Vec<String> {
    if asked.is_empty() {
        faults.add("scopes", "required", "at least one");
    }
    if asked.len() > MOST_SCOPES {
        faults.add("scopes", "too_many", format!("at most {MOST_SCOPES}"));
        return Vec::new();
    }
    let known = scopes(role);
    for (at, scope) in asked.iter().enumerate() {
        if !known.contains(scope) {
            let detail = "nothing asks this role for it";
            faults.add(format!("scopes[{at}]"), "unknown_value", detail);
        }
    }
    let all: BTreeSet<&String> = asked.iter().collect();
    all.into_iter().cloned().collect()
}

/// Every token, newest first, those that ended among them.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = Page<TokenOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> Result<web::Json<Page<TokenOut>>, Problem> {
    let rows = state.services.tokens().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(TokenOut::from).collect())))
}

/// Make a token for a program. It is shown in this answer and never again, so no answer is kept under an
/// Idempotency-Key: made twice by mistake, one is revoked.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenBody,
    responses((status = 201, body = TokenOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<TokenBody>) -> Result<HttpResponse, Problem> {
    let draft = body.value.parse()?;
    let (view, token) = state.services.add_token(Some(&who.0), draft).await?;
    let answer = TokenOut {
        token: Some(token),
        ..TokenOut::from(view)
    };
    Ok(HttpResponse::Created().json(answer))
}

/// Revoke a token: at once on this node, within a second on others.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = Uuid, Path)),
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn revoke(state: web::Data<State>, who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    state.services.revoke_token(Some(&who.0), id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
