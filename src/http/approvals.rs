//! What waits for a second person: asking for an export or a reset of second factors, and answering.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::NothingBody;
use super::parse::{Faults, Page, id, note};
use super::problem::Problem;
use super::referrals::created;
use crate::domain::approvals::{Detail, Export};
use crate::domain::id::{ApprovalId, UserId};
use crate::services::approvals::ApprovalView;
use crate::services::once::Once;

/// More about what is asked for, as far as the kind has it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalDetailOut {
    /// Why second factors are to be reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of the account that is to be an administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether that account is made only then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_account: Option<bool>,
}

impl From<Detail> for ApprovalDetailOut {
    fn from(detail: Detail) -> Self {
        let account = detail.account.map(|account| (account.email, account.is_new));
        let (email, new_account) = account.unzip();
        Self {
            reason: detail.reason,
            email,
            new_account,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalOut {
    pub id: Uuid,
    /// `admin_role`, `export` or `factor_reset`.
    pub kind: String,
    /// Id of the account, or what is exported: `digest:<id>` or `stock:<shelter's id>`.
    pub object_id: String,
    /// What the person, the digest's schedule or the shelter is called.
    pub object_name: String,
    pub detail: ApprovalDetailOut,
    pub asked_by_name: String,
    pub asked_at: DateTime<Utc>,
    /// Until when it may be answered.
    pub expires_at: DateTime<Utc>,
    pub decided_by_name: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    /// `approved`, `refused`, `used` (an export that was made) or `expired`; none while it waits.
    pub outcome: Option<String>,
    /// Whether whoever reads this may answer it.
    pub may_decide: bool,
}

impl From<ApprovalView> for ApprovalOut {
    fn from(view: ApprovalView) -> Self {
        let outcome = view.row.outcome(view.now);
        let row = view.row;
        Self {
            id: row.id.0,
            kind: row.kind.to_string(),
            object_id: row.object_id,
            object_name: row.detail.name.clone(),
            detail: row.detail.into(),
            asked_by_name: view.asked_by_name,
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            decided_by_name: view.decided_by_name,
            decided_at: row.decided_at,
            outcome: outcome.map(|outcome| outcome.to_string()),
            may_decide: view.may_decide,
        }
    }
}

fn print(view: &ApprovalView) -> String {
    serde_json::to_string(&ApprovalOut::from(view.clone())).unwrap_or_default()
}

/// What was asked for waits for another administrator.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WaitsOut {
    pub approval_id: Uuid,
}

impl From<ApprovalId> for WaitsOut {
    fn from(id: ApprovalId) -> Self {
        Self { approval_id: id.0 }
    }
}

/// Whether an answer, as it was printed and kept, says that something waits.
pub(super) fn is_waiting(answer: &str) -> bool {
    serde_json::from_str::<WaitsOut>(answer).is_ok()
}

fn print_id(id: &ApprovalId) -> String {
    serde_json::to_string(&WaitsOut::from(*id)).unwrap_or_default()
}

/// 202: nothing has changed yet.
pub(super) fn waits(id: ApprovalId) -> HttpResponse {
    HttpResponse::Accepted().json(WaitsOut::from(id))
}

/// What was asked for in the last 30 days, newest first, at most 200. Who is no administrator sees the own.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "approvals",
    responses((status = 200, body = Page<ApprovalOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<web::Json<Page<ApprovalOut>>, Problem> {
    let rows = state.services.approvals(&who.0).await?;
    Ok(web::Json(Page::whole(
        rows.into_iter().map(ApprovalOut::from).collect(),
    )))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalBody {
    /// `export`.
    pub kind: String,
    /// Which: `digest:<id>`, or `stock:<id>` of a shelter.
    pub what: String,
}

/// Ask for an export that names shelters. Once another administrator has approved, it may be made once within an hour.
#[utoipa::path(post, path = "/api/v1/approvals", tag = "approvals", request_body = ApprovalBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = ApprovalOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn ask(state: web::Data<State>, who: SignedIn, body: Body<ApprovalBody>) -> Result<HttpResponse, Problem> {
    let once = Once { key: body.key(), print };
    let mut faults = Faults::default();
    if body.value.kind != "export" {
        faults.add("kind", "unknown_value", "export");
    }
    let what: Option<Export> = body.value.what.parse().ok();
    if what.is_none() {
        faults.add("what", "unknown_value", "digest:<id> or stock:<id>");
    }
    faults.done()?;
    let what = what.ok_or_else(Problem::not_found)?;
    Ok(created(state.services.ask_export(&who.0, what, once).await?))
}

/// Approve what another asked for: it happens at once.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/approve", tag = "approvals", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each answer")),
    responses((status = 200, body = ApprovalOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn approve(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    answer(&state, &who, &path, &body, true).await
}

/// Refuse what another asked for.
#[utoipa::path(post, path = "/api/v1/approvals/{id}/refuse", tag = "approvals", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each answer")),
    responses((status = 200, body = ApprovalOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn refuse(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    answer(&state, &who, &path, &body, false).await
}

async fn answer(
    state: &State,
    who: &SignedIn,
    path: &str,
    body: &Body<NothingBody>,
    approves: bool,
) -> Result<HttpResponse, Problem> {
    let once = Once { key: body.key(), print };
    let answer = state
        .services
        .answer_approval(&who.0, id(path)?, approves, once)
        .await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(answer))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorResetBody {
    /// How one knows that it is really she who asks, 3 to 200 characters.
    pub reason: String,
}

/// Ask that somebody's second factors be taken away, since the telephone is lost: another administrator approves, then her
/// sessions end and she sets up new ones.
#[utoipa::path(post, path = "/api/v1/users/{id}/factors/reset", tag = "approvals", request_body = FactorResetBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 202, body = WaitsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn reset_factors(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<FactorResetBody>,
) -> Result<HttpResponse, Problem> {
    let user: UserId = id(&path)?;
    let once = Once {
        key: body.key(),
        print: print_id,
    };
    let mut faults = Faults::default();
    if body.value.reason.trim().chars().count() < 3 {
        faults.add("reason", "too_short", "at least 3 characters");
    }
    // It goes on record for good, so it says as little of anybody as a remark may.
    let reason = note(&mut faults, "reason", &body.value.reason);
    faults.done()?;
    let answer = state.services.ask_factor_reset(&who.0, user, reason, once).await?;
    Ok(HttpResponse::Accepted().content_type("application/json").body(answer))
}

/// An approval's id in a query.
pub(super) fn approval_in(text: Option<&str>) -> Result<Option<ApprovalId>, Problem> {
    let parse = |text: &str| Uuid::try_parse(text).map(ApprovalId);
    (text.map(parse).transpose()).map_err(|_| Problem::field("approval", "malformed", "the id of an approval"))
}
