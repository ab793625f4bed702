//! Transfer plans: who sends what to whom, what that costs, and what must be bought.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Faults, Page, Paging, id, if_match, query};
use super::problem::Problem;
use super::referrals::created;
use super::transfer_sheet::{TransferPlanOut, TransferPlanSummaryOut};
use crate::domain::redistribution::{EditLine, MOST_LINES, Settings};
use crate::services::once::Once;
use crate::services::transfer_plans::TransferPlanView;

/// Largest body of an edit: 10,000 lines of less than two hundred bytes each.
const LIMIT: usize = 2 * 1024 * 1024;
/// Codes in one list of the body.
const MOST_CODES: usize = 500;

/// What a plan is to reach and what journeys cost. Money is in the smallest units of the pack's currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferPlanBody {
    /// Item codes; without them all items.
    #[serde(default)]
    pub items: Vec<String>,
    /// Region codes; without them the whole country.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Days of cover that everybody is to have, 1 to 180.
    #[serde(default = "target_days")]
    pub target_days: u16,
    /// Days until shelters are supplied again, for which a donor keeps what it may use, 0 to 365.
    #[serde(default = "next_delivery_days")]
    pub next_delivery_days: u16,
    /// Of each vehicle that goes from one shelter to another, 0 to 10,000,000.
    #[serde(default = "journey_minor")]
    pub journey_minor: i64,
    /// Of each tonne and kilometre, 0 to 10,000.
    #[serde(default = "km_tonne_minor")]
    pub km_tonne_minor: i64,
    /// What a vehicle carries, 1 to 100,000; without it one vehicle carries everything.
    #[serde(default)]
    pub vehicle_kg: Option<i64>,
}

fn target_days() -> u16 {
    14
}

fn next_delivery_days() -> u16 {
    30
}

fn journey_minor() -> i64 {
    20_000
}

fn km_tonne_minor() -> i64 {
    300
}

impl TransferPlanBody {
    /// # Errors
    /// 422 with every field that is out of its range.
    pub fn parse(self) -> Result<Settings, Problem> {
        let mut faults = Faults::default();
        for (field, codes) in [("items", &self.items), ("regions", &self.regions)] {
            if codes.len() > MOST_CODES {
                faults.add(field, "too_many", format!("at most {MOST_CODES}"));
            }
        }
        faults.within("target_days", self.target_days, 1, 180);
        faults.within("next_delivery_days", self.next_delivery_days, 0, 365);
        faults.within("journey_minor", self.journey_minor, 0, 10_000_000);
        faults.within("km_tonne_minor", self.km_tonne_minor, 0, 10_000);
        if let Some(kg) = self.vehicle_kg {
            faults.within("vehicle_kg", kg, 1, 100_000);
        }
        faults.done()?;
        Ok(Settings {
            items: self.items,
            regions: self.regions,
            target_days: self.target_days,
            next_delivery_days: self.next_delivery_days,
            journey_minor: self.journey_minor,
            km_tonne_minor: self.km_tonne_minor,
            vehicle_kg: self.vehicle_kg,
        })
    }
}

impl From<&Settings> for TransferPlanBody {
    fn from(settings: &Settings) -> Self {
        let settings = settings.clone();
        Self {
            items: settings.items,
            regions: settings.regions,
            target_days: settings.target_days,
            next_delivery_days: settings.next_delivery_days,
            journey_minor: settings.journey_minor,
            km_tonne_minor: settings.km_tonne_minor,
            vehicle_kg: settings.vehicle_kg,
        }
    }
}

fn print(view: &TransferPlanView) -> String {
    serde_json::to_string(&TransferPlanOut::from(view)).unwrap_or_default()
}

fn tagged(view: &TransferPlanView) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("ETag", format!("\"{}\"", view.plan.version)))
        .content_type("application/json")
        .body(print(view))
}

/// Plan who sends what to whom: the cheapest transfers that cover what is needed from what is spare. Nothing moves until
/// the plan is applied.
#[utoipa::path(post, path = "/api/v1/plans/transfers", tag = "supplies", request_body = TransferPlanBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = TransferPlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn make(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<TransferPlanBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.key();
    let settings = body.value.parse()?;
    let once = Once { key, print };
    Ok(created(
        state.services.make_transfer_plan(&who.0, settings, once).await?,
    ))
}

/// Plans, newest first.
#[utoipa::path(get, path = "/api/v1/plans/transfers", tag = "supplies", params(Paging),
    responses((status = 200, body = Page<TransferPlanSummaryOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    _who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<TransferPlanSummaryOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.transfer_plans(paging.moment()?, limit).await?;
    let items: Vec<TransferPlanSummaryOut> = rows.iter().map(TransferPlanSummaryOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| {
        row.created_at.timestamp_millis().to_string()
    })))
}

/// One plan; its ETag is what an edit sends back as `If-Match`.
#[utoipa::path(get, path = "/api/v1/plans/transfers/{id}", tag = "supplies", params(("id" = Uuid, Path)),
    responses((status = 200, body = TransferPlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, _who: SignedIn, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(tagged(&state.services.transfer_plan(id(&path)?).await?))
}

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanLineBody {
    /// Shelters of the plan.
    pub from: Uuid,
    pub to: Uuid,
    pub item: String,
    /// 0 leaves the line out.
    pub packs: i64,
}

/// The plan's lines, whole: those not named are gone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanLinesBody {
    pub lines: Vec<PlanLineBody>,
}

/// Put other lines in the place of a plan's own. Nobody gives more than it could spare when the plan was made, or gets
/// more than it needed then.
#[utoipa::path(put, path = "/api/v1/plans/transfers/{id}", tag = "supplies", request_body = PlanLinesBody,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was read")),
    responses((status = 200, body = TransferPlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn edit(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<PlanLinesBody, LIMIT>,
) -> Result<HttpResponse, Problem> {
    let (plan, version) = (id(&path)?, if_match(&request)?);
    if body.value.lines.len() > MOST_LINES {
        return Err(Problem::field("lines", "too_many", format!("at most {MOST_LINES}")));
    }
    let lines: Vec<EditLine> = (body.value.lines.iter())
        .map(|line| EditLine {
            from: line.from.into(),
            to: line.to.into(),
            item: line.item.clone(),
            packs: line.packs,
        })
        .collect();
    Ok(tagged(
        &state.services.edit_transfer_plan(&who.0, plan, version, &lines).await?,
    ))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyTransfersBody {
    /// Local day by which everything is to have arrived, today to a year ahead.
    pub due_on: NaiveDate,
}

/// Turn a plan into approved transfers, all or none. 409 `plan_outdated` names the lines that their donor can no longer
/// spare.
#[utoipa::path(post, path = "/api/v1/plans/transfers/{id}/apply", tag = "supplies", request_body = ApplyTransfersBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = TransferPlanOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn apply(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ApplyTransfersBody>,
) -> Result<HttpResponse, Problem> {
    let plan = id(&path)?;
    let once = Once {
        key: body.required_key()?,
        print,
    };
    Ok(created(
        state
            .services
            .apply_transfer_plan(&who.0, plan, body.value.due_on, once)
            .await?,
    ))
}
