//! The audit log, for administrators and, of their own shelters, managers; its anchors, and whether it holds.

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::NothingBody;
use super::parse::{Faults, Page, Paging, query};
use super::problem::Problem;
use crate::domain::id::UserId;
use crate::domain::logbook::{Place, Wanted};
use crate::services::anchors::AnchorView;
use crate::services::audit::Verdict;

#[derive(Debug, Serialize, ToSchema)]
pub struct AuditOut {
    /// Entries are numbered within their stream.
    pub stream: u16,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: Option<Uuid>,
    /// As it is now; none where the service itself acted.
    pub actor_name: Option<String>,
    pub role: String,
    pub action: String,
    pub object_type: String,
    pub object_id: String,
    /// Codes and ids as JSON text, never content.
    pub detail: String,
}

/// Which entries: all of what is given holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Such as `handover.read`.
    pub action: Option<String>,
    /// Who acted.
    pub actor_id: Option<Uuid>,
    /// Such as `shelter`.
    pub object_type: Option<String>,
    pub object_id: Option<String>,
    /// Not before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Most items of the answer, 1 to 50.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl AuditQuery {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let mut text = |field: &str, value: &Option<String>| {
            let value = value.as_deref()?;
            Some(faults.text(field, value, 1, 80))
        };
        let wanted = Wanted {
            objects: None,
            action: text("action", &self.action),
            actor: self.actor_id.map(UserId),
            object_type: text("object_type", &self.object_type),
            object: text("object_id", &self.object_id),
            from: self.from,
            to: self.to,
            before: self.cursor.as_deref().map(place).transpose()?,
        };
        faults.done()?;
        Ok(wanted)
    }
}

/// Where a page ended: the last entry's time in milliseconds, stream and number.
fn place(cursor: &str) -> Result<Place, Problem> {
    let mut numbers = cursor.splitn(3, '.').map(str::parse::<i64>);
    let mut next = || numbers.next().and_then(Result::ok);
    let read = |at: Option<i64>, stream: Option<i64>, seq: Option<i64>| {
        Some(Place {
            at: DateTime::from_timestamp_millis(at?)?,
            stream: u16::try_from(stream?).ok()?,
            seq: seq?,
        })
    };
    read(next(), next(), next()).ok_or_else(|| Problem::field("cursor", "malformed", "a cursor as it was given"))
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<AuditOut>>, Problem> {
    let asked: AuditQuery = query(&request)?;
    let limit = Paging {
        limit: asked.limit,
        cursor: None,
    }
    .limit()?;
    let log = state.services.audit_log(&who.0, asked.wanted()?, limit).await?;
    let items = log.rows.into_iter().map(|row| AuditOut {
        stream: row.entry.stream,
        seq: row.entry.seq,
        at: row.entry.at,
        actor: row.entry.actor_id.map(|id| id.0),
        actor_name: row.entry.actor_id.and_then(|id| log.names.get(&id).cloned()),
        role: row.entry.role,
        action: row.entry.action,
        object_type: row.entry.object_type,
        object_id: row.entry.object_id,
        detail: row.entry.detail,
    });
    Ok(web::Json(Page::cut(items.collect(), limit, |row| {
        format!("{}.{}.{}", row.at.timestamp_millis(), row.stream, row.seq)
    })))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AnchorOut {
    pub number: i64,
    pub at: DateTime<Utc>,
    /// As it is sent to people outside; none where what is stored is no anchor any more.
    pub text: Option<String>,
    /// Entries up to it.
    pub entries: Option<i64>,
    /// SHA-256 of the text without its last line.
    pub seal: String,
}

impl From<AnchorView> for AnchorOut {
    fn from(view: AnchorView) -> Self {
        Self {
            number: view.number,
            at: view.at,
            text: view.text,
            entries: view.entries,
            seal: view.seal,
        }
    }
}

/// The anchors over the audit, newest first: to be held against those that people outside were sent.
#[utoipa::path(get, path = "/api/v1/audit/anchors", tag = "audit", params(Paging),
    responses((status = 200, body = Page<AnchorOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn anchors(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<Page<AnchorOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.anchors(paging.number()?, limit).await?;
    let items: Vec<AnchorOut> = rows.into_iter().map(AnchorOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| row.number.to_string())))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BrokenOut {
    pub stream: u16,
    pub seq: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictOut {
    /// Walked over; up to the first broken one, if any.
    pub entries: u64,
    pub anchors: i64,
    pub intact: bool,
    /// The first entry that is missing, changed, or not the one that was anchored.
    pub first_broken: Option<BrokenOut>,
    /// The first anchor that is missing or changed.
    pub broken_anchor: Option<i64>,
}

impl From<Verdict> for VerdictOut {
    fn from(verdict: Verdict) -> Self {
        Self {
            entries: verdict.entries,
            anchors: verdict.anchors,
            intact: verdict.intact,
            first_broken: verdict.first_broken.map(|broken| BrokenOut {
                stream: broken.stream,
                seq: broken.seq,
            }),
            broken_anchor: verdict.broken_anchor,
        }
    }
}

/// Walk the whole audit now. It goes on record, with what was found.
#[utoipa::path(post, path = "/api/v1/audit/verify", tag = "audit", request_body = NothingBody,
    responses((status = 200, body = VerdictOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn verify(
    state: web::Data<State>,
    who: SignedIn,
    _body: Body<NothingBody>,
) -> Result<web::Json<VerdictOut>, Problem> {
    Ok(web::Json(state.services.verify_on_record(Some(&who.0)).await?.into()))
}
