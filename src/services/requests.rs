//! Supply requests: a shelter asks, withdraws, or is refused; a request is met by what arrives. Whoever ends one holds the
//! lock of its shelter.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::telling::Telling;
use super::transfers::End;
use crate::domain::accounts::{Actor, Role};
use crate::domain::errors::FieldError;
use crate::domain::id::{ShelterId, SupplyRequestId};
use crate::domain::requests::{Answered, Closing, LATEST_NEED, Priority, RequestReason, RequestState, SupplyRequest};
use crate::domain::transfers::{Transfer, in_units};
use crate::store::{Reads, Tx, requests, transfers, views};

/// What a shelter asks for.
#[derive(Debug, Clone)]
pub struct RequestDraft {
    pub shelter: ShelterId,
    pub item: String,
    /// Units beside the packs.
    pub quantity: i64,
    pub packs: i64,
    pub priority: Priority,
    /// Local day.
    pub needed_by: NaiveDate,
    pub reason: RequestReason,
}

/// A request as its reader sees it.
#[derive(Debug, Clone)]
pub struct RequestView {
    pub request: SupplyRequest,
    pub shelter: End,
    pub answered: Answered,
    /// How the reader may end it now.
    pub may: Vec<Closing>,
}

impl Services {
    /// Requests the actor may read, newest first, in one of these states or in any.
    pub async fn supply_requests(
        &self,
        actor: &Actor,
        states: &[RequestState],
        before: Option<SupplyRequestId>,
        limit: u64,
    ) -> Result<Vec<RequestView>, Refused> {
        let rows = requests::page(&self.store, &actor.supply_scope(), states, before, limit).await?;
        self.request_views(&self.store, rows, actor).await
    }

    /// Asks for an item for the own shelter.
    pub async fn request_supplies(
        &self,
        actor: &Actor,
        draft: RequestDraft,
        once: Once<RequestView>,
    ) -> Result<String, Refused> {
        self.catalogue_with([draft.item.as_str()]).await?;
        let units = self.check_request(actor, &draft).await?;
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let request = SupplyRequest {
            id: SupplyRequestId(self.ids.uuid(now)),
            code: self.ids.code(),
            shelter: draft.shelter,
            item: draft.item,
            quantity: units,
            priority: draft.priority,
            needed_by: draft.needed_by,
            reason: draft.reason,
            created_by: actor.user_id,
            created_at: now,
            closed: None,
        };
        requests::insert(&tx, &request).await?;
        let mut telling = self.telling(now);
        let detail = json!({"shelter": request.shelter, "item": request.item, "quantity": request.quantity,
            "priority": request.priority});
        let object = ("supply_request", request.id.to_string());
        telling.entry(Some(actor), "supply_request.open", object, detail);
        let view = self.request_views(&tx, vec![request], actor).await?.pop();
        let answer = claimed.keep(&tx, &view.ok_or(Refused::NotFound)?).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Ends a request: the shelter withdraws it, or an operator refuses it. Transfers that answer it go on.
    pub async fn close_request(
        &self,
        actor: &Actor,
        id: SupplyRequestId,
        how: Closing,
        once: Once<RequestView>,
    ) -> Result<String, Refused> {
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let scope = actor.supply_scope();
        let seen = requests::get(&tx, &scope, id).await?.ok_or(Refused::NotFound)?;
        views::lock(&tx, seen.shelter).await?.ok_or(Refused::NotFound)?;
        // Again under the lock: what arrived meanwhile may have met it.
        let request = requests::get(&tx, &scope, id).await?.ok_or(Refused::NotFound)?;
        let mut telling = self.telling(self.now());
        let ended = request.close(how, telling.now);
        let ended = ended.map_err(|state| Refused::conflict("wrong_state", format!("it is {state}")))?;
        end(&tx, actor, &ended, how, &mut telling).await?;
        let view = self.request_views(&tx, vec![ended], actor).await?.pop();
        let answer = claimed.keep(&tx, &view.ok_or(Refused::NotFound)?).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Ends the requests that a receipt has met. The caller holds the lock of the recipient, whose requests these are, and
    /// has written the receipt.
    pub(super) async fn close_met(
        &self,
        tx: &Tx,
        actor: &Actor,
        received: &Transfer,
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let ids: Vec<SupplyRequestId> = received.lines.iter().filter_map(|line| line.request).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let answered = transfers::answered(tx, &ids).await?;
        for request in requests::of_ids(tx, &ids).await? {
            let arrived = answered.get(&request.id).map_or(0, |answered| answered.received);
            if request.is_met_by(arrived)
                && let Ok(met) = request.close(Closing::Met, telling.now)
            {
                end(tx, actor, &met, Closing::Met, telling).await?;
            }
        }
        Ok(())
    }

    /// Requests with what their reader sees of them; one statement however many.
    async fn request_views(
        &self,
        db: &impl Reads,
        rows: Vec<SupplyRequest>,
        actor: &Actor,
    ) -> Result<Vec<RequestView>, Refused> {
        let ids: Vec<SupplyRequestId> = rows.iter().map(|row| row.id).collect();
        let answered: HashMap<SupplyRequestId, Answered> = transfers::answered(db, &ids).await?;
        let seen = |request: SupplyRequest| RequestView {
            shelter: self.end(request.shelter, actor),
            answered: answered.get(&request.id).copied().unwrap_or_default(),
            may: match actor.role {
                _ if request.closed.is_some() => Vec::new(),
                Role::Manager => vec![Closing::Withdrawn],
                Role::Admin => vec![Closing::Refused],
                Role::Committee | Role::Officer => Vec::new(),
            },
            request,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// How many units are asked for.
    async fn check_request(&self, actor: &Actor, draft: &RequestDraft) -> Result<i64, Refused> {
        let mut errors = Vec::new();
        if !actor.own_shelters().covers(draft.shelter) {
            errors.push(FieldError::new("shelter_id", "unknown", "no shelter of yours"));
        }
        let asked = (draft.packs, draft.quantity);
        let catalogue = self.catalogue();
        let units = in_units(str::to_owned, &draft.item, asked, &catalogue, &mut errors);
        if catalogue.item(&draft.item).is_some_and(|item| item.retired) {
            errors.push(FieldError::new(
                "item",
                "retired",
                "no longer kept; what is left may still be sent",
            ));
        }
        errors.extend(self.check_day("needed_by", draft.needed_by, LATEST_NEED));
        self.faultless(actor, &[draft.shelter], errors).await?;
        Ok(units)
    }
}

async fn end(
    tx: &Tx,
    actor: &Actor,
    ended: &SupplyRequest,
    how: Closing,
    telling: &mut Telling,
) -> Result<(), Refused> {
    requests::close(tx, ended).await?;
    let object = ("supply_request", ended.id.to_string());
    telling.entry(
        Some(actor),
        &format!("supply_request.{how}"),
        object,
        json!({"shelter": ended.shelter}),
    );
    Ok(())
}
