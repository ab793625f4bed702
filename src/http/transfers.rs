//! Transfers of supplies between shelters, and the steps that each side takes.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::NothingBody;
use super::parse::{Page, Paging, id, query, states};
use super::problem::Problem;
use super::referrals::created;
use super::stock::LotOut;
use crate::domain::stock::{Lot, Lots};
use crate::domain::supplies::MAX_ON_HAND;
use crate::domain::transfers::{Arrival, CancelReason, Difference, Line, RawLine, Sending};
use crate::services::once::Once;
use crate::services::transfers::{Act, End, TransferView, TransferWish};

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferEndOut {
    /// Not for the committee.
    pub shelter_id: Option<Uuid>,
    pub code: String,
    /// Not for the committee.
    pub name: Option<String>,
    pub district: String,
}

impl From<&End> for TransferEndOut {
    fn from(end: &End) -> Self {
        Self {
            shelter_id: end.id.map(|id| id.0),
            code: end.code.clone(),
            name: end.name.clone(),
            district: end.district.clone(),
        }
    }
}

/// One item; quantities are whole units.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferLineOut {
    pub item: String,
    /// What was agreed.
    pub quantity: i64,
    pub dispatched: Option<i64>,
    pub received: Option<i64>,
    /// Why less arrived than was sent: `lost`, `damaged`, `miscounted`, `not_loaded` or `other`.
    pub difference: Option<String>,
    /// Sent and not received, once it is received.
    pub missing: i64,
    /// Units with a date of expiry among those sent.
    pub lots: Vec<LotOut>,
    pub request_code: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferOut {
    pub id: Uuid,
    pub code: String,
    pub version: i64,
    pub from: TransferEndOut,
    pub to: TransferEndOut,
    /// `proposed`, `approved`, `dispatched`, `received` or `cancelled`.
    pub state: String,
    /// Local day by which it is to have arrived.
    pub due_on: NaiveDate,
    /// Approved or on its way, and its day has passed.
    pub overdue: bool,
    pub plan_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub approved_at: Option<DateTime<Utc>>,
    pub dispatched_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub cancel_reason: Option<String>,
    pub lines: Vec<TransferLineOut>,
    /// The steps that the reader may take now: `approve`, `dispatch`, `receive`, `cancel`.
    pub may: Vec<String>,
}

impl From<&TransferView> for TransferOut {
    fn from(view: &TransferView) -> Self {
        let row = &view.transfer;
        Self {
            id: row.id.0,
            code: row.code.clone(),
            version: row.version,
            from: (&view.from).into(),
            to: (&view.to).into(),
            state: row.state().to_string(),
            due_on: row.due_on,
            overdue: view.overdue,
            plan_id: row.plan.map(|id| id.0),
            created_at: row.created_at,
            approved_at: row.course.approved_at(),
            dispatched_at: row.course.dispatched_at(),
            ended_at: row.course.ended_at(),
            cancel_reason: row.course.cancel_reason().map(|reason| reason.to_string()),
            lines: row.lines.iter().map(|line| line_out(line, view)).collect(),
            may: view.may.iter().map(ToString::to_string).collect(),
        }
    }
}

fn line_out(line: &Line, view: &TransferView) -> TransferLineOut {
    let sent = line.sent.as_ref();
    let arrived = sent.and_then(|sent| sent.arrived);
    let lots = sent.into_iter().flat_map(|sent| sent.lots.iter());
    TransferLineOut {
        item: line.item.clone(),
        quantity: line.quantity,
        dispatched: sent.map(|sent| sent.units),
        received: arrived.map(|arrived| arrived.units),
        difference: arrived
            .and_then(|arrived| arrived.difference)
            .map(|why| why.to_string()),
        missing: line.missing(),
        lots: lots
            .map(|lot| LotOut {
                expires_on: lot.expires_on,
                units: lot.units,
            })
            .collect(),
        request_code: line.request.and_then(|id| view.requests.get(&id).cloned()),
    }
}

fn print(view: &TransferView) -> String {
    serde_json::to_string(&TransferOut::from(view)).unwrap_or_default()
}

/// Which transfers or requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatesQuery {
    /// Only these states, by commas.
    pub state: Option<String>,
    /// Most items of the answer, 1 to 50.
    pub limit: Option<u64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl StatesQuery {
    /// The states asked for, and the page.
    pub fn parse<T: std::str::FromStr>(request: &HttpRequest) -> Result<(Vec<T>, Paging), Problem> {
        let asked: Self = query(request)?;
        let paging = Paging {
            limit: asked.limit,
            cursor: asked.cursor,
        };
        Ok((states(asked.state.as_deref())?, paging))
    }
}

/// Transfers, newest first: a manager's of the own shelters at either end, an operator's and the committee's of all.
#[utoipa::path(get, path = "/api/v1/transfers", tag = "supplies", params(StatesQuery),
    responses((status = 200, body = Page<TransferOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<web::Json<Page<TransferOut>>, Problem> {
    let (states, paging) = StatesQuery::parse(&request)?;
    let limit = paging.limit()?;
    let rows = state.services.transfers(&who.0, &states, paging.id()?, limit).await?;
    let items: Vec<TransferOut> = rows.iter().map(TransferOut::from).collect();
    Ok(web::Json(Page::cut(items, limit, |row| row.id.to_string())))
}

/// One transfer.
#[utoipa::path(get, path = "/api/v1/transfers/{id}", tag = "supplies", params(("id" = Uuid, Path)),
    responses((status = 200, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
) -> Result<web::Json<TransferOut>, Problem> {
    let view = state.services.transfer(&who.0, id(&path)?).await?;
    Ok(web::Json(TransferOut::from(&view)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferLineBody {
    /// Item code of the catalogue.
    pub item: String,
    /// Whole units beside the packs, 0 to 10,000,000.
    pub quantity: i64,
    /// Whole packs; both together 1 to 10,000,000 units.
    #[serde(default)]
    pub packs: i64,
    /// An open request of the recipient for this item that is answered by it.
    #[serde(default)]
    pub request_id: Option<Uuid>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    pub from_shelter: Uuid,
    pub to_shelter: Uuid,
    /// Local day by which it is to have arrived, today to a year ahead.
    pub due_on: NaiveDate,
    /// 1 to 100 items, each once.
    pub lines: Vec<TransferLineBody>,
}

impl From<TransferBody> for TransferWish {
    fn from(body: TransferBody) -> Self {
        let line = |line: TransferLineBody| RawLine {
            item: line.item,
            quantity: line.quantity,
            packs: line.packs,
            request: line.request_id.map(Into::into),
        };
        Self {
            from: body.from_shelter.into(),
            to: body.to_shelter.into(),
            due_on: body.due_on,
            lines: body.lines.into_iter().map(line).collect(),
        }
    }
}

/// Propose a transfer: an operator between any shelters, a manager from the own one.
#[utoipa::path(post, path = "/api/v1/transfers", tag = "supplies", request_body = TransferBody,
    params(("Idempotency-Key" = String, Header, description = "a fresh random key for each new transfer")),
    responses((status = 201, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn propose(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<TransferBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let once = Once { key, print };
    Ok(created(
        state.services.propose_transfer(&who.0, body.value.into(), once).await?,
    ))
}

async fn moved(
    state: &State,
    who: &SignedIn,
    path: &str,
    act: Act,
    once: Once<TransferView>,
) -> Result<HttpResponse, Problem> {
    let answer = state.services.move_transfer(&who.0, id(path)?, act, once).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(answer))
}

/// An operator approves it: the donor is asked to send it.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/approve", tag = "supplies", request_body = NothingBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn approve(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    moved(&state, &who, &path, Act::Approve, Once { key, print }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchLineBody {
    pub item: String,
    /// Whole units that leave: at most what was agreed, and what is on hand.
    pub quantity: i64,
    /// Those among them that expire on a date; the rest is what would expire first.
    #[serde(default)]
    pub lots: Vec<LotOut>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchBody {
    /// Each item of the transfer once, with 0 for what does not go; at least one unit in all.
    pub lines: Vec<DispatchLineBody>,
}

impl DispatchBody {
    fn parse(self) -> Result<Vec<Sending>, Problem> {
        let mut faults = super::parse::Faults::default();
        for (at, line) in self.lines.iter().enumerate() {
            for (of, lot) in line.lots.iter().enumerate() {
                faults.within(&format!("lines[{at}].lots[{of}].units"), lot.units, 1, MAX_ON_HAND);
            }
        }
        faults.done()?;
        let lot = |lot: LotOut| Lot {
            expires_on: lot.expires_on,
            units: lot.units,
        };
        let line = |line: DispatchLineBody| Sending {
            item: line.item,
            units: line.quantity,
            lots: Lots::new(line.lots.into_iter().map(lot)),
        };
        Ok(self.lines.into_iter().map(line).collect())
    }
}

/// The donor has sent it: what it says leaves its stock.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/dispatch", tag = "supplies", request_body = DispatchBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn dispatch(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<DispatchBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let act = Act::Dispatch(body.value.parse()?);
    moved(&state, &who, &path, act, Once { key, print }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveLineBody {
    pub item: String,
    /// Whole units that arrived, at most what was sent.
    pub quantity: i64,
    /// Why there are fewer, if there are: `lost`, `damaged`, `miscounted`, `not_loaded` or `other`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub difference: Option<Difference>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveBody {
    /// Each item of the transfer once.
    pub lines: Vec<ReceiveLineBody>,
}

/// The recipient has it: what arrived is in its stock, and of what did not it says why.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/receive", tag = "supplies", request_body = ReceiveBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn receive(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<ReceiveBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    let line = |line: ReceiveLineBody| Arrival {
        item: line.item,
        units: line.quantity,
        difference: line.difference,
    };
    let act = Act::Receive(body.value.lines.into_iter().map(line).collect());
    moved(&state, &who, &path, act, Once { key, print }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelBody {
    /// `not_needed`, `cannot_spare`, `no_transport`, `entered_in_error`, `turned_back` or `other`.
    #[schema(value_type = String)]
    pub reason: CancelReason,
}

/// End it: before dispatch by an operator or either side; after it by the donor alone, to whose stock everything returns.
#[utoipa::path(post, path = "/api/v1/transfers/{id}/cancel", tag = "supplies", request_body = CancelBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each step")),
    responses((status = 200, body = TransferOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn cancel(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<CancelBody>,
) -> Result<HttpResponse, Problem> {
    let key = body.required_key()?;
    moved(&state, &who, &path, Act::Cancel(body.value.reason), Once { key, print }).await
}
