//! Transfers with their lines. What a step may do is the domain's to say; whoever writes one holds its row's lock.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use entity::{transfer, transfer_line};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};
use uuid::Uuid;

use super::convert::{code, code_opt, day, json, millis, moment, to_json, unreadable};
use super::shelters::Which;
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::ShelterScope;
use crate::domain::id::{Moment, ShelterId, SupplyRequestId, TransferId};
use crate::domain::requests::Answered;
use crate::domain::stock::Lots;
use crate::domain::transfers::{Arrived, Course, Line, Sent, Transfer, TransferState};

mod awaited;

pub use awaited::{OnTheWay, answered, on_the_way};

/// Rows written in one statement: SQLite takes 32,766 values.
const TOGETHER: usize = 500;

/// Writes new transfers.
pub async fn insert(tx: &Tx, rows: &[Transfer]) -> Result<(), StoreError> {
    for some in rows.chunks(TOGETHER) {
        transfer::Entity::insert_many(some.iter().map(active))
            .exec_without_returning(tx.connection())
            .await?;
    }
    let lines: Vec<transfer_line::ActiveModel> = rows.iter().flat_map(line_rows).collect();
    for some in lines.chunks(TOGETHER) {
        transfer_line::Entity::insert_many(some.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Writes what a step has made of a transfer that was read under its lock.
pub async fn update(tx: &Tx, row: &Transfer) -> Result<(), StoreError> {
    let (course, moment) = (&row.course, |at: Option<Moment>| Expr::value(at.map(millis)));
    let reason = course.cancel_reason().map(|reason| reason.to_string());
    let done = transfer::Entity::update_many()
        .col_expr(transfer::Column::State, Expr::value(row.state().to_string()))
        .col_expr(transfer::Column::ApprovedAt, moment(course.approved_at()))
        .col_expr(transfer::Column::DispatchedAt, moment(course.dispatched_at()))
        .col_expr(transfer::Column::EndedAt, moment(course.ended_at()))
        .col_expr(transfer::Column::CancelReason, Expr::value(reason))
        .col_expr(transfer::Column::Version, Expr::value(row.version + 1))
        .filter(transfer::Column::Id.eq(row.id.0))
        .filter(transfer::Column::Version.eq(row.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Err(StoreError::Stale);
    }
    use transfer_line::Column;
    transfer_line::Entity::insert_many(line_rows(row))
        .on_conflict(
            OnConflict::columns([Column::TransferId, Column::Item])
                .update_columns([Column::Dispatched, Column::Received, Column::Difference, Column::Lots])
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn active(row: &Transfer) -> transfer::ActiveModel {
    transfer::ActiveModel {
        id: Set(row.id.0),
        code: Set(row.code.clone()),
        from_shelter: Set(row.from.0),
        to_shelter: Set(row.to.0),
        state: Set(row.state().to_string()),
        due_on: Set(row.due_on.to_string()),
        plan_id: Set(row.plan.map(|id| id.0)),
        created_by: Set(row.created_by.0),
        created_at: Set(millis(row.created_at)),
        approved_at: Set(row.course.approved_at().map(millis)),
        dispatched_at: Set(row.course.dispatched_at().map(millis)),
        ended_at: Set(row.course.ended_at().map(millis)),
        cancel_reason: Set(row.course.cancel_reason().map(|reason| reason.to_string())),
        told: Set(i32::from(row.told)),
        version: Set(row.version),
    }
}

fn line_rows(row: &Transfer) -> impl Iterator<Item = transfer_line::ActiveModel> + use<'_> {
    row.lines.iter().map(|line| {
        let sent = line.sent.as_ref();
        let arrived = sent.and_then(|sent| sent.arrived);
        transfer_line::ActiveModel {
            transfer_id: Set(row.id.0),
            item: Set(line.item.clone()),
            quantity: Set(line.quantity),
            dispatched: Set(sent.map(|sent| sent.units)),
            received: Set(arrived.map(|arrived| arrived.units)),
            difference: Set(arrived
                .and_then(|arrived| arrived.difference)
                .map(|why| why.to_string())),
            lots: Set(sent.map_or_else(|| to_json(&Lots::default()), |sent| to_json(&sent.lots))),
            request_id: Set(line.request.map(|id| id.0)),
        }
    })
}

/// Transfers that begin or end at one of these shelters.
fn within(scope: &ShelterScope) -> Condition {
    match scope {
        ShelterScope::All => Condition::all(),
        ShelterScope::Only(ids) => {
            let ids = || ids.iter().map(|id| id.0);
            Condition::any()
                .add(transfer::Column::FromShelter.is_in(ids()))
                .add(transfer::Column::ToShelter.is_in(ids()))
        }
    }
}

/// Takes the lock of a transfer in the scope until the transaction ends, and reads it; `None` if there is none.
pub async fn lock(tx: &Tx, scope: &ShelterScope, id: TransferId) -> Result<Option<Transfer>, StoreError> {
    let done = transfer::Entity::update_many()
        .col_expr(transfer::Column::State, Expr::col(transfer::Column::State))
        .filter(transfer::Column::Id.eq(id.0))
        .filter(within(scope))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Ok(None);
    }
    get(tx, scope, id).await
}

pub async fn get(db: &impl Reads, scope: &ShelterScope, id: TransferId) -> Result<Option<Transfer>, StoreError> {
    let condition = Condition::all().add(within(scope)).add(transfer::Column::Id.eq(id.0));
    Ok(read(db, condition, 1).await?.pop())
}

/// Transfers in the scope, newest first, in one of these states (in any if there are none), those before `before`.
pub async fn page(
    db: &impl Reads,
    scope: &ShelterScope,
    states: &[TransferState],
    before: Option<TransferId>,
    limit: u64,
) -> Result<Vec<Transfer>, StoreError> {
    let mut condition = Condition::all().add(within(scope));
    if !states.is_empty() {
        condition = condition.add(in_states(states));
    }
    if let Some(before) = before {
        condition = condition.add(transfer::Column::Id.lt(before.0));
    }
    read(db, condition, limit).await
}

fn in_states(states: &[TransferState]) -> Expr {
    transfer::Column::State.is_in(states.iter().map(ToString::to_string))
}

/// Promised or on their way, with nobody at the end of it yet.
fn awaited() -> Expr {
    in_states(&[TransferState::Approved, TransferState::Dispatched])
}

/// Transfers of a shelter at either end that are promised or on their way.
pub async fn awaited_of(db: &impl Reads, shelter: ShelterId) -> Result<Vec<Transfer>, StoreError> {
    let condition = Condition::all()
        .add(within(&ShelterScope::Only(vec![shelter])))
        .add(awaited());
    read(db, condition, 1000).await
}

/// Transfers promised or on their way whose due day was before `today`, the longest overdue last.
pub async fn overdue(db: &impl Reads, today: NaiveDate, limit: u64) -> Result<Vec<Transfer>, StoreError> {
    let condition = Condition::all()
        .add(awaited())
        .add(transfer::Column::DueOn.lt(today.to_string()));
    read(db, condition, limit).await
}

/// Transfers that were sent or ended after `from` and by `to`.
pub async fn moved(db: &impl Reads, from: Moment, to: Moment) -> Result<Vec<Transfer>, StoreError> {
    let within = |column: transfer::Column| {
        Condition::all()
            .add(column.gt(millis(from)))
            .add(column.lte(millis(to)))
    };
    let condition = Condition::any()
        .add(within(transfer::Column::DispatchedAt))
        .add(within(transfer::Column::EndedAt));
    read(db, condition, 10_000).await
}

/// Transfers of which somebody is to be told: those awaited that have taken `n` steps and whose due day is at most
/// `until[n]`.
pub async fn to_chase(db: &impl Reads, until: &[NaiveDate], limit: u64) -> Result<Vec<Transfer>, StoreError> {
    let mut steps = Condition::any();
    for (told, until) in (0_i32..).zip(until) {
        let step = Condition::all()
            .add(transfer::Column::Told.eq(told))
            .add(transfer::Column::DueOn.lte(until.to_string()));
        steps = steps.add(step);
    }
    read(db, Condition::all().add(awaited()).add(steps), limit).await
}

/// Takes the next step of telling people of a transfer; `false` if another has taken it or nothing is awaited any more.
pub async fn claim_chase(tx: &Tx, row: &Transfer) -> Result<bool, StoreError> {
    let done = transfer::Entity::update_many()
        .col_expr(transfer::Column::Told, Expr::value(i32::from(row.told) + 1))
        .filter(transfer::Column::Id.eq(row.id.0))
        .filter(transfer::Column::Told.eq(i32::from(row.told)))
        .filter(awaited())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

async fn read(db: &impl Reads, condition: Condition, limit: u64) -> Result<Vec<Transfer>, StoreError> {
    let rows = transfer::Entity::find()
        .filter(condition)
        .order_by_desc(transfer::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = transfer_line::Entity::find()
        .filter(transfer_line::Column::TransferId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(transfer_line::Column::Item)
        .all(db.connection())
        .await?;
    let mut by_transfer: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for line in lines {
        by_transfer.entry(line.transfer_id).or_default().push(line_of(line)?);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_transfer.remove(&row.id).unwrap_or_default();
            transfer_of(row, lines)
        })
        .collect()
}

fn line_of(row: transfer_line::Model) -> Result<Line, StoreError> {
    let difference = code_opt("transfer_line", "difference", row.difference.as_deref())?;
    let sent = match row.dispatched {
        None => None,
        Some(units) => Some(Sent {
            units,
            lots: json("transfer_line", "lots", &row.lots)?,
            arrived: row.received.map(|units| Arrived { units, difference }),
        }),
    };
    Ok(Line {
        item: row.item,
        quantity: row.quantity,
        request: row.request_id.map(Uuid::into),
        sent,
    })
}

fn transfer_of(row: transfer::Model, lines: Vec<Line>) -> Result<Transfer, StoreError> {
    let state = code("transfer", "state", &row.state)?;
    let reason = code_opt("transfer", "cancel_reason", row.cancel_reason.as_deref())?;
    let [approved_at, dispatched_at, ended_at] =
        [row.approved_at, row.dispatched_at, row.ended_at].map(|at| at.map(moment));
    let course = match (state, approved_at, dispatched_at, ended_at, reason) {
        (TransferState::Proposed, ..) => Course::Proposed,
        (TransferState::Approved, Some(at), ..) => Course::Approved { at },
        (TransferState::Dispatched, Some(approved_at), Some(at), ..) => Course::Dispatched { approved_at, at },
        (TransferState::Received, Some(approved_at), Some(dispatched_at), Some(at), _) => Course::Received {
            approved_at,
            dispatched_at,
            at,
        },
        (TransferState::Cancelled, approved_at, dispatched_at, Some(at), Some(reason)) => Course::Cancelled {
            approved_at,
            dispatched_at,
            at,
            reason,
        },
        _ => return Err(unreadable("transfer", "state", &row.state)),
    };
    Ok(Transfer {
        id: row.id.into(),
        from: row.from_shelter.into(),
        to: row.to_shelter.into(),
        due_on: day("transfer", "due_on", &row.due_on)?,
        plan: row.plan_id.map(Uuid::into),
        created_by: row.created_by.into(),
        created_at: moment(row.created_at),
        course,
        lines,
        told: u8::try_from(row.told).unwrap_or(u8::MAX),
        version: row.version,
        code: row.code,
    })
}
