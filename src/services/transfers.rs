//! Transfers between shelters: made, read, and moved on step by step. Locks in this order: the transfer's row, then the one
//! shelter whose shelf the step changes, the audit last.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::telling::Telling;
use crate::domain::accounts::{Actor, Role, ShelterScope};
use crate::domain::calendar;
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, PlanId, ShelterId, SupplyRequestId, TransferId};
use crate::domain::outbox::NoticeKind;
use crate::domain::requests::SupplyRequest;
use crate::domain::transfers::{
    Arrival, CancelReason, Course, LATEST_DUE, Line, Party, RawLine, Sending, Transfer, TransferRefused, TransferState,
    TransferStep, check_told,
};
use crate::store::shelters::{self, Which};
use crate::store::{Reads, Tx, requests, stock, transfers, views};

/// A transfer as somebody asks for it.
#[derive(Debug, Clone)]
pub struct TransferWish {
    pub from: ShelterId,
    pub to: ShelterId,
    /// Local day.
    pub due_on: NaiveDate,
    pub lines: Vec<RawLine>,
}

/// What is to go where, checked.
#[derive(Debug, Clone)]
pub struct TransferDraft {
    pub from: ShelterId,
    pub to: ShelterId,
    /// Local day.
    pub due_on: NaiveDate,
    /// Each item once, nothing sent yet.
    pub lines: Vec<Line>,
}

/// A step, with what is told of it.
#[derive(Debug, Clone)]
pub enum Act {
    Approve,
    Dispatch(Vec<Sending>),
    Receive(Vec<Arrival>),
    Cancel(CancelReason),
}

impl Act {
    fn step(&self) -> TransferStep {
        match self {
            Self::Approve => TransferStep::Approve,
            Self::Dispatch(_) => TransferStep::Dispatch,
            Self::Receive(_) => TransferStep::Receive,
            Self::Cancel(_) => TransferStep::Cancel,
        }
    }

    /// Whose shelf it changes.
    fn shelf(&self, transfer: &Transfer) -> Option<ShelterId> {
        match self {
            Self::Approve => None,
            Self::Dispatch(_) => Some(transfer.from),
            Self::Receive(_) => Some(transfer.to),
            Self::Cancel(_) => (transfer.state() == TransferState::Dispatched).then_some(transfer.from),
        }
    }
}

/// A shelter as far as its supplies concern the reader.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// Not for the committee, which reads codes.
    pub id: Option<ShelterId>,
    pub name: Option<String>,
    pub code: String,
    pub district: String,
}

/// A transfer as its reader sees it.
#[derive(Debug, Clone)]
pub struct TransferView {
    pub transfer: Transfer,
    pub from: End,
    pub to: End,
    /// Codes of the requests that it answers.
    pub requests: HashMap<SupplyRequestId, String>,
    /// The steps that the reader may take now.
    pub may: Vec<TransferStep>,
    pub overdue: bool,
}

impl From<TransferRefused> for Refused {
    fn from(refused: TransferRefused) -> Self {
        match refused {
            TransferRefused::WrongState(state) => Self::conflict("wrong_state", format!("it is {state}")),
            TransferRefused::NotYourSide => Self::conflict("not_your_side", "this step is another's to take"),
            TransferRefused::Lines(errors) => Self::Invalid(errors),
        }
    }
}

impl Services {
    /// Transfers the actor may read, newest first, in one of these states or in any.
    pub async fn transfers(
        &self,
        actor: &Actor,
        states: &[TransferState],
        before: Option<TransferId>,
        limit: u64,
    ) -> Result<Vec<TransferView>, Refused> {
        let rows = transfers::page(&self.store, &actor.supply_scope(), states, before, limit).await?;
        self.transfer_views(&self.store, rows, actor, self.now()).await
    }

    pub async fn transfer(&self, actor: &Actor, id: TransferId) -> Result<TransferView, Refused> {
        let row = transfers::get(&self.store, &actor.supply_scope(), id).await?;
        let rows = row.into_iter().collect();
        let mut views = self.transfer_views(&self.store, rows, actor, self.now()).await?;
        views.pop().ok_or(Refused::NotFound)
    }

    /// Proposes a transfer: an operator any, a manager one from the own shelter.
    pub async fn propose_transfer(
        &self,
        actor: &Actor,
        wish: TransferWish,
        once: Once<TransferView>,
    ) -> Result<String, Refused> {
        let draft = self.draft_transfer(actor, wish).await?;
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        check_requests(&tx, &draft).await?;
        let mut telling = self.telling(now);
        let made = self
            .create_transfers(&tx, actor, vec![draft], None, &mut telling)
            .await?;
        let view = self.transfer_views(&tx, made, actor, now).await?.pop();
        let answer = claimed.keep(&tx, &view.ok_or(Refused::NotFound)?).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Writes new transfers: those of a plan are approved, since whoever applies a plan has decided; others are proposed.
    /// The caller has checked the drafts, and finishes what is to be told.
    pub(super) async fn create_transfers(
        &self,
        tx: &Tx,
        actor: &Actor,
        drafts: Vec<TransferDraft>,
        plan: Option<PlanId>,
        telling: &mut Telling,
    ) -> Result<Vec<Transfer>, Refused> {
        let now = telling.now;
        let made: Vec<Transfer> = (drafts.into_iter())
            .map(|draft| Transfer {
                id: TransferId(self.ids.uuid(now)),
                code: self.ids.code(),
                from: draft.from,
                to: draft.to,
                due_on: draft.due_on,
                plan,
                created_by: actor.user_id,
                created_at: now,
                course: plan.map_or(Course::Proposed, |_| Course::Approved { at: now }),
                lines: draft.lines,
                told: 0,
                version: 1,
            })
            .collect();
        transfers::insert(tx, &made).await?;
        for row in &made {
            let detail = json!({"from": row.from, "to": row.to, "plan": plan,
                "items": by_item(row, |line| Some(line.quantity))});
            telling.entry(Some(actor), "transfer.create", ("transfer", row.id.to_string()), detail);
        }
        if plan.is_some() {
            // One letter for each donor, however many transfers of hers there are.
            let donors: BTreeSet<ShelterId> = made.iter().map(|row| row.from).collect();
            for donor in donors {
                telling.notice_of_transfer(donor, NoticeKind::TransferApproved);
            }
        }
        Ok(made)
    }

    /// Takes a step. What it changes on a shelf is booked with it or not at all; of several at once exactly one goes
    /// through, and the others find the state that it left.
    pub async fn move_transfer(
        &self,
        actor: &Actor,
        id: TransferId,
        act: Act,
        once: Once<TransferView>,
    ) -> Result<String, Refused> {
        self.check_act(&act)?;
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let before = transfers::lock(&tx, &actor.supply_scope(), id).await?;
        let before = before.ok_or(Refused::NotFound)?;
        let (step, party) = (act.step(), Party::of(actor, &before));
        before.allows(step, party)?;
        let shelf = act.shelf(&before);
        if let Some(shelter) = shelf {
            views::lock(&tx, shelter).await?.ok_or(Refused::NotFound)?;
        }
        // The clock is read under the locks: whoever waited for them is judged by when the turn came.
        let now = self.now();
        let (mut after, changes) = match act {
            Act::Approve => (before.approve(party, now)?, Vec::new()),
            Act::Dispatch(sending) => {
                let items: Vec<&str> = before.lines.iter().map(|line| line.item.as_str()).collect();
                let shelf = stock::of_items(&tx, before.from, &items).await?;
                before.dispatch(party, &sending, &shelf, now)?
            }
            Act::Receive(arrivals) => before.receive(party, &arrivals, now)?,
            Act::Cancel(reason) => before.cancel(party, reason, now)?,
        };
        if let Some(shelter) = shelf.filter(|_| !changes.is_empty()) {
            let by = (shelter, Some(actor.user_id));
            self.move_stock(&tx, by, &changes, "lines", now).await?;
        }
        transfers::update(&tx, &after).await?;
        after.version += 1;
        let mut telling = self.telling(now);
        self.tell_of_step(actor, step, &after, &mut telling);
        if step == TransferStep::Receive {
            self.close_met(&tx, actor, &after, &mut telling).await?;
        }
        let view = self.transfer_views(&tx, vec![after], actor, now).await?.pop();
        let answer = claimed.keep(&tx, &view.ok_or(Refused::NotFound)?).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    fn tell_of_step(&self, actor: &Actor, step: TransferStep, after: &Transfer, telling: &mut Telling) {
        let sent = |line: &Line| line.sent.as_ref().map(|sent| sent.units);
        let arrived = |line: &Line| Some(line.sent.as_ref()?.arrived?.units);
        let detail = match step {
            TransferStep::Approve => json!(null),
            TransferStep::Dispatch => json!({"items": by_item(after, sent)}),
            TransferStep::Receive => json!({"items": by_item(after, arrived)}),
            TransferStep::Cancel => {
                json!({"reason": after.course.cancel_reason(), "returned": by_item(after, sent)})
            }
        };
        let action = format!("transfer.{step}");
        telling.entry(Some(actor), &action, ("transfer", after.id.to_string()), detail);
        match step {
            TransferStep::Approve => telling.notice_of_transfer(after.from, NoticeKind::TransferApproved),
            TransferStep::Dispatch => telling.notice_of_transfer(after.to, NoticeKind::TransferDispatched),
            TransferStep::Receive | TransferStep::Cancel => {}
        }
    }

    /// Transfers with what their reader sees of them; one statement however many.
    async fn transfer_views(
        &self,
        db: &impl Reads,
        rows: Vec<Transfer>,
        actor: &Actor,
        now: Moment,
    ) -> Result<Vec<TransferView>, Refused> {
        let answers = rows.iter().flat_map(|row| &row.lines).filter_map(|line| line.request);
        let ids: Vec<SupplyRequestId> = answers.collect();
        let codes: HashMap<SupplyRequestId, String> = (requests::of_ids(db, &ids).await?.into_iter())
            .map(|request| (request.id, request.code))
            .collect();
        let today = calendar::local_date(self.pack.time_zone, now);
        let seen = |transfer: Transfer| {
            let party = Party::of(actor, &transfer);
            let answered = transfer.lines.iter().filter_map(|line| line.request);
            TransferView {
                from: self.end(transfer.from, actor),
                to: self.end(transfer.to, actor),
                requests: answered.filter_map(|id| Some((id, codes.get(&id)?.clone()))).collect(),
                may: transfer.steps(party),
                overdue: transfer.is_overdue(today),
                transfer,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// A shelter, from the board.
    pub(super) fn end(&self, id: ShelterId, actor: &Actor) -> End {
        let board = self.board.current();
        let Some(shelter) = board.get(id).map(|view| &view.shelter) else {
            return End::default();
        };
        let known = actor.role != Role::Committee;
        End {
            id: known.then_some(id),
            name: known.then(|| shelter.name.clone()),
            code: shelter.code.clone(),
            district: shelter.district.clone(),
        }
    }

    async fn draft_transfer(&self, actor: &Actor, wish: TransferWish) -> Result<TransferDraft, Refused> {
        let catalogue = self
            .catalogue_with(wish.lines.iter().map(|line| line.item.as_str()))
            .await?;
        let (lines, mut errors) = match Line::parse(&wish.lines, &catalogue) {
            Ok(lines) => (lines, Vec::new()),
            Err(errors) => (Vec::new(), errors),
        };
        let ends = shelters::list(&self.store, &ShelterScope::All, Which::Ids(&[wish.from, wish.to])).await?;
        let is_known = |id: ShelterId| ends.iter().any(|row| row.id == id);
        let may_give = actor.role == Role::Admin || actor.own_shelters().covers(wish.from);
        if !may_give || !is_known(wish.from) {
            errors.push(FieldError::new("from_shelter", "unknown", "no such shelter"));
        }
        if wish.from == wish.to {
            errors.push(FieldError::new("to_shelter", "duplicate", "where it comes from"));
        } else if !is_known(wish.to) {
            errors.push(FieldError::new("to_shelter", "unknown", "no such shelter"));
        }
        errors.extend(self.check_day("due_on", wish.due_on, LATEST_DUE));
        self.faultless(actor, &[wish.from, wish.to], errors).await?;
        Ok(TransferDraft {
            from: wish.from,
            to: wish.to,
            due_on: wish.due_on,
            lines,
        })
    }

    /// A local day from today on.
    pub(super) fn check_day(&self, field: &str, day: NaiveDate, most: u64) -> Option<FieldError> {
        let today = calendar::local_date(self.pack.time_zone, self.now());
        let latest = today.checked_add_days(Days::new(most)).unwrap_or(NaiveDate::MAX);
        let detail = || format!("{today} to {latest}");
        (!(today..=latest).contains(&day)).then(|| FieldError::new(field, "out_of_range", detail()))
    }

    /// What is wrong whatever the transfer is: told before its state.
    fn check_act(&self, act: &Act) -> Result<(), Refused> {
        let catalogue = self.catalogue();
        let errors = match act {
            Act::Approve | Act::Cancel(_) => Vec::new(),
            Act::Dispatch(lines) => check_told(lines.iter().map(|line| (line.item.as_str(), line.units)), &catalogue),
            Act::Receive(lines) => check_told(lines.iter().map(|line| (line.item.as_str(), line.units)), &catalogue),
        };
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }
}

/// The requests that a transfer answers are the recipient's, open, and for the same item.
async fn check_requests(tx: &Tx, draft: &TransferDraft) -> Result<(), Refused> {
    let ids: Vec<SupplyRequestId> = draft.lines.iter().filter_map(|line| line.request).collect();
    let known = requests::of_ids(tx, &ids).await?;
    let is_answered = |line: &Line, request: &SupplyRequest| {
        Some(request.id) == line.request
            && request.shelter == draft.to
            && request.item == line.item
            && request.closed.is_none()
    };
    let wrong = (draft.lines.iter().enumerate())
        .filter(|(_, line)| line.request.is_some() && !known.iter().any(|request| is_answered(line, request)));
    let errors: Vec<FieldError> = wrong
        .map(|(at, _)| {
            let detail = "no open request of the recipient for this item";
            FieldError::new(format!("lines[{at}].request_id"), "unknown", detail)
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refused::Invalid(errors))
    }
}

fn by_item(transfer: &Transfer, units: impl Fn(&Line) -> Option<i64>) -> BTreeMap<&str, i64> {
    let lines = transfer.lines.iter();
    lines
        .filter_map(|line| Some((line.item.as_str(), units(line)?)))
        .collect()
}
