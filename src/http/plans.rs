//! Placement plans for the operator: shapes, labels and codes; nothing that another organisation has noted.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Page, Paging, id, if_match, query};
use super::placement::PlacementBody;
use super::problem::Problem;
use super::referrals::created;
use crate::domain::plans::{Assignment, Draft, Left, MOST_HOUSEHOLDS, StoredPlan};
use crate::services::once::Once;
use crate::services::plans::Edit;

/// Largest body of a wish or an edit: 2,000 households of some hundred bytes each. Everything else stays at 64 kB.
const LIMIT: usize = 2 * 1024 * 1024;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssignmentOut {
    /// Position among the plan's households, from 0.
    pub household: usize,
    pub label: String,
    /// Of a referral: one that was there before, or the one opened when the plan was applied.
    pub referral_code: Option<String>,
    pub shelter_id: Uuid,
    pub shelter_code: String,
    pub district: String,
    pub region: String,
    pub distance_km: f64,
    /// On the way.
    pub minutes: f64,
    /// Of block rooms, units.
    pub beds: u32,
    pub cots: u32,
    pub rooms: usize,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanReasonOut {
    /// A misfit's code, or `taken_by_others`: it fitted before the plan gave those places away.
    pub reason: String,
    /// How many shelters it rules out.
    pub shelters: u32,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnplacedOut {
    /// Position among the plan's households, from 0.
    pub household: usize,
    pub label: String,
    pub referral_code: Option<String>,
    /// The most frequent first; empty for a household that lost its place by an edit.
    pub reasons: Vec<PlanReasonOut>,
}

/// A plan without its rows, for lists.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanSummaryOut {
    pub id: Uuid,
    pub version: i64,
    /// `draft` or `applied`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    /// How many are to be placed.
    pub households: usize,
    pub placed: usize,
    /// How far the plan may be from the best there is, as a share of its minutes, proved: 0.003 is 0.3 %. 1 where it is
    /// not proved that nobody more could be placed.
    pub bound_gap: f64,
    pub total_km: f64,
    /// The shelter that is to be empty afterwards.
    pub empty_shelter: Option<Uuid>,
}

impl From<&StoredPlan> for PlanSummaryOut {
    fn from(plan: &StoredPlan) -> Self {
        Self {
            id: plan.id.0,
            version: plan.version,
            state: plan.state.to_string(),
            created_at: plan.created_at,
            households: plan.draft.seekers.len(),
            placed: plan.draft.assignments.len(),
            bound_gap: plan.draft.gap(),
            total_km: plan.draft.total_km(),
            empty_shelter: plan.draft.empty_shelter.map(|id| id.0),
        }
    }
}

/// Who goes where, and who has no place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DraftOut {
    /// How many are to be placed.
    pub households: usize,
    pub placed: usize,
    /// As in the list of plans.
    pub bound_gap: f64,
    pub total_km: f64,
    pub empty_shelter: Option<Uuid>,
    pub assignments: Vec<AssignmentOut>,
    pub unplaced: Vec<UnplacedOut>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanOut {
    pub id: Uuid,
    pub version: i64,
    /// `draft` or `applied`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    #[serde(flatten)]
    pub draft: DraftOut,
}

impl From<&StoredPlan> for PlanOut {
    fn from(plan: &StoredPlan) -> Self {
        Self {
            id: plan.id.0,
            version: plan.version,
            state: plan.state.to_string(),
            created_at: plan.created_at,
            draft: (&plan.draft).into(),
        }
    }
}

impl From<&Draft> for DraftOut {
    fn from(draft: &Draft) -> Self {
        let seeker = |household: usize| draft.seekers.get(household);
        let label = |household| seeker(household).map(|row| row.label.clone()).unwrap_or_default();
        let code = |household| seeker(household).and_then(|row| row.referral_code.clone());
        let assigned = |one: &Assignment| AssignmentOut {
            household: one.household,
            label: label(one.household),
            referral_code: code(one.household),
            shelter_id: one.shelter_id.0,
            shelter_code: one.shelter_code.clone(),
            district: one.district.clone(),
            region: one.region.clone(),
            distance_km: one.distance_km,
            minutes: one.minutes,
            beds: one.allocation.beds(),
            cots: one.allocation.cots(),
            rooms: one.allocation.lines.len(),
        };
        let counted = |(reason, shelters): &(String, u32)| PlanReasonOut {
            reason: reason.clone(),
            shelters: *shelters,
        };
        let left = |one: &Left| UnplacedOut {
            household: one.household,
            label: label(one.household),
            referral_code: code(one.household),
            reasons: one.reasons.iter().map(counted).collect(),
        };
        Self {
            households: draft.seekers.len(),
            placed: draft.assignments.len(),
            bound_gap: draft.gap(),
            total_km: draft.total_km(),
            empty_shelter: draft.empty_shelter.map(|id| id.0),
            assignments: draft.assignments.iter().map(assigned).collect(),
            unplaced: draft.unplaced.iter().map(left).collect(),
        }
    }
}

fn print(plan: &StoredPlan) -> String {
    serde_json::to_string(&PlanOut::from(plan)).unwrap_or_default()
}

/// Plan places for many households at once, over the whole country. Nothing is held until the plan is applied. The
/// body may have 2 MB.
#[utoipa::path(post, path = "/api/v1/plans/placement", tag = "plans", request_body = PlacementBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = PlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn make(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<PlacementBody, LIMIT>,
) -> Result<HttpResponse, Problem> {
    let key = body.key();
    let wish = body.value.parse()?;
    Ok(created(
        state.services.make_plan(&who.0, wish, Once { key, print }).await?,
    ))
}

/// Plans, newest first.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", params(Paging),
    responses((status = 200, body = Page<PlanSummaryOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    _who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<PlanSummaryOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.plans(paging.moment()?, limit).await?;
    let items: Vec<PlanSummaryOut> = rows.iter().map(PlanSummaryOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| {
        row.created_at.timestamp_millis().to_string()
    })))
}

/// One plan; its ETag is what an edit sends back as `If-Match`.
#[utoipa::path(get, path = "/api/v1/plans/{id}", tag = "plans", params(("id" = Uuid, Path)),
    responses((status = 200, body = PlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, _who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(tagged(&state.services.plan(id(&path)?).await?))
}

fn tagged(plan: &StoredPlan) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", format!("\"{}\"", plan.version)))
        .content_type("application/json")
        .body(print(plan))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditBody {
    /// Position among the plan's households, from 0.
    pub household: usize,
    /// Where it is to go instead; `null` takes its place away.
    pub shelter_id: Option<Uuid>,
}

/// What is to change. Households that are not named stay where they are.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditsBody {
    pub assignments: Vec<EditBody>,
}

/// Move households of a plan to other shelters, or take their places away. All edits or none; the exact fit decides,
/// beside everybody else of the plan.
#[utoipa::path(put, path = "/api/v1/plans/{id}", tag = "plans", request_body = EditsBody,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = PlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn edit(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<EditsBody, LIMIT>,
) -> Result<HttpResponse, Problem> {
    let (plan, version) = (id(&path)?, if_match(&request)?);
    let edits = &body.value.assignments;
    if edits.len() > MOST_HOUSEHOLDS {
        return Err(Problem::field(
            "assignments",
            "too_many",
            format!("at most {MOST_HOUSEHOLDS}"),
        ));
    }
    let mut named = std::collections::BTreeSet::new();
    if let Some(at) = edits.iter().position(|edit| !named.insert(edit.household)) {
        return Err(Problem::field(
            format!("assignments[{at}].household"),
            "duplicate",
            "named twice",
        ));
    }
    let edits: Vec<Edit> = edits
        .iter()
        .map(|edit| Edit {
            household: edit.household,
            shelter: edit.shelter_id.map(Into::into),
        })
        .collect();
    Ok(tagged(&state.services.edit_plan(&who.0, plan, version, &edits).await?))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyBody {
    /// Who takes care of the plan's own households; without it the administrator's own organisation.
    #[serde(default)]
    pub organisation_id: Option<Uuid>,
}

/// Turn a plan into holds, all or none. 409 `plan_outdated` names the assignments whose place is gone.
#[utoipa::path(post, path = "/api/v1/plans/{id}/apply", tag = "plans", request_body = ApplyBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = PlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn apply(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ApplyBody>,
) -> Result<HttpResponse, Problem> {
    let plan = id(&path)?;
    let key = body.required_key()?;
    let organisation = body.value.organisation_id.map(Into::into);
    let once = Once { key, print };
    Ok(created(
        state.services.apply_plan(&who.0, plan, organisation, once).await?,
    ))
}
