//! The audit log, for administrators and, of their own shelters, managers.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::parse::{Page, Paging, query};
use super::problem::Problem;

#[derive(Debug, Serialize, ToSchema)]
pub struct AuditOut {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: Option<Uuid>,
    pub role: String,
    pub action: String,
    pub object_type: String,
    pub object_id: String,
    /// Codes and ids as JSON text, never content.
    pub detail: String,
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Paging),
    responses((status = 200, body = Page<AuditOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<AuditOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.audit_log(&who.0, paging.number()?, limit).await?;
    let items: Vec<AuditOut> = rows
        .into_iter()
        .map(|row| AuditOut {
            seq: row.entry.seq,
            at: row.entry.at,
            actor: row.entry.actor_id.map(|id| id.0),
            role: row.entry.role,
            action: row.entry.action,
            object_type: row.entry.object_type,
            object_id: row.entry.object_id,
            detail: row.entry.detail,
        })
        .collect();
    Ok(web::Json(Page::cut(items, limit, |row| row.seq.to_string())))
}
