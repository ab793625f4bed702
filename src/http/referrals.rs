//! Referrals: a household's shape under a random code, from opening to closing.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::{HoldOut, NothingBody};
use super::household::HouseholdBody;
use super::parse::{Faults, Page, Paging, id, query};
use super::problem::Problem;
use super::search::{SearchBody, SuggestionsOut, limit};
use crate::domain::holds::{Outcome, UnmetReason};
use crate::services::once::Once;
use crate::services::placement::ReferralView;

/// A hint: it knows no districts to avoid. Suggestions say what is there now.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceFoundOut {
    pub shelter_code: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralOut {
    pub id: Uuid,
    /// Random; all that is ever said of her on the telephone.
    pub code: String,
    pub household: HouseholdBody,
    pub needs: Vec<String>,
    pub languages: Vec<String>,
    pub from_district: String,
    /// Whose people see nothing of it.
    pub exclude_organisations: Vec<Uuid>,
    pub urgency: String,
    pub earliest_date: Option<NaiveDate>,
    pub rooms_apart_ok: bool,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    /// `placed`, `unmet` or `withdrawn`.
    pub outcome: Option<String>,
    pub unmet_reasons: Vec<String>,
    /// Since when it waits for a place; none if it does not.
    pub waiting_since: Option<DateTime<Utc>>,
    /// A place found while it waited, for as long as that place is there. Nothing is held.
    pub place_found: Option<PlaceFoundOut>,
    /// Newest first.
    pub holds: Vec<HoldOut>,
}

impl From<&ReferralView> for ReferralOut {
    fn from(view: &ReferralView) -> Self {
        let (row, search) = (&view.referral, &view.referral.search);
        Self {
            id: row.id.0,
            code: row.code.clone(),
            household: HouseholdBody::from(&search.household),
            needs: search.needs.iter().map(ToString::to_string).collect(),
            languages: search.languages.iter().cloned().collect(),
            from_district: search.from_district.clone(),
            exclude_organisations: search.excluded.iter().map(|id| id.0).collect(),
            urgency: search.urgency.to_string(),
            earliest_date: search.earliest_date,
            rooms_apart_ok: search.rooms_apart_ok,
            created_at: row.created_at,
            closed_at: row.closed_at,
            outcome: row.outcome.map(|o| o.to_string()),
            unmet_reasons: row.unmet_reasons.iter().map(ToString::to_string).collect(),
            waiting_since: row.waiting_since,
            place_found: (row.place_found.zip(view.place_code.clone())).map(|(place, shelter_code)| PlaceFoundOut {
                shelter_code,
                at: place.at,
            }),
            holds: view.holds.iter().map(HoldOut::from).collect(),
        }
    }
}

fn print(view: &ReferralView) -> String {
    serde_json::to_string(&ReferralOut::from(view)).unwrap_or_default()
}

/// A kept or fresh answer, already printed.
pub(super) fn created(body: String) -> HttpResponse {
    HttpResponse::Created().content_type("application/json").body(body)
}

/// Open a referral.
#[utoipa::path(post, path = "/api/v1/referrals", tag = "placement", request_body = SearchBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = ReferralOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn open(state: web::Data<State>, who: SignedIn, body: Body<SearchBody>) -> Result<HttpResponse, Problem> {
    let key = body.key();
    body.value.limit()?;
    let search = body.value.parse()?;
    Ok(created(
        state.services.refer(&who.0, search, Once { key, print }).await?,
    ))
}

/// Referrals of the own organisation, newest first.
#[utoipa::path(get, path = "/api/v1/referrals", tag = "placement", params(Paging),
    responses((status = 200, body = Page<ReferralOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<ReferralOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.referrals(&who.0, paging.moment()?, limit).await?;
    let items: Vec<ReferralOut> = rows.iter().map(ReferralOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| {
        row.created_at.timestamp_millis().to_string()
    })))
}

/// One referral with its holds.
#[utoipa::path(get, path = "/api/v1/referrals/{id}", tag = "placement", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReferralOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<ReferralOut>, Problem> {
    Ok(web::Json(ReferralOut::from(
        &state.services.referral(&who.0, id(&path)?).await?,
    )))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuggestQuery {
    /// Districts to avoid, comma between; used and never stored.
    pub avoid: Option<String>,
    /// 1 to 50.
    pub limit: Option<u64>,
}

/// Ranked places for a stored referral.
#[utoipa::path(get, path = "/api/v1/referrals/{id}/suggestions", tag = "placement",
    params(("id" = Uuid, Path), SuggestQuery),
    responses((status = 200, body = SuggestionsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn suggestions(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<SuggestionsOut>, Problem> {
    let asked: SuggestQuery = query(&request)?;
    let avoid = asked
        .avoid
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|code| !code.is_empty());
    let avoid = avoid.map(str::to_owned).collect();
    state.services.count_search(&who.0).await?;
    let found = state
        .services
        .suggest_for(&who.0, id(&path)?, avoid, limit(asked.limit)?)
        .await?;
    Ok(web::Json(SuggestionsOut::from(&found)))
}

/// Put an open referral without a hold on the waiting list: its officer is told when a fitting place appears. A hold or
/// the closing takes it off.
#[utoipa::path(post, path = "/api/v1/referrals/{id}/wait", tag = "placement", params(("id" = Uuid, Path)),
    request_body = NothingBody, responses((status = 200, body = ReferralOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn wait(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    _body: Body<NothingBody>,
) -> Result<web::Json<ReferralOut>, Problem> {
    let view = state.services.wait(&who.0, id(&path)?).await?;
    Ok(web::Json(ReferralOut::from(&view)))
}

/// Take a referral off the waiting list.
#[utoipa::path(delete, path = "/api/v1/referrals/{id}/wait", tag = "placement", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReferralOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn stop_waiting(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<ReferralOut>, Problem> {
    let view = state.services.stop_waiting(&who.0, id(&path)?).await?;
    Ok(web::Json(ReferralOut::from(&view)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// `unmet` or `withdrawn`; an arrival closes as `placed` by itself.
    #[schema(value_type = String)]
    pub outcome: Outcome,
    /// `no_capacity`, `admission_rule`, `distance`, `no_answer`, `her_choice`, `safety`, `other`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub reasons: Vec<UnmetReason>,
}

/// Close a referral without a place.
#[utoipa::path(post, path = "/api/v1/referrals/{id}/close", tag = "placement", params(("id" = Uuid, Path)),
    request_body = CloseBody, responses((status = 200, body = ReferralOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn close(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<CloseBody>,
) -> Result<web::Json<ReferralOut>, Problem> {
    let CloseBody { outcome, mut reasons } = body.value;
    reasons.sort_unstable();
    reasons.dedup();
    let mut faults = Faults::default();
    match outcome {
        Outcome::Placed => faults.add("outcome", "not_allowed", "an arrival closes a referral as placed"),
        Outcome::Unmet if reasons.is_empty() => faults.add("reasons", "required", "why no place was found"),
        Outcome::Unmet | Outcome::Withdrawn => {}
    }
    faults.done()?;
    let view = state
        .services
        .close_referral(&who.0, id(&path)?, outcome, reasons)
        .await?;
    Ok(web::Json(ReferralOut::from(&view)))
}
