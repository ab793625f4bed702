//! Supply requests. Whoever ends one holds the lock of its shelter.

use entity::supply_request;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::convert::{code, day, millis, moment, unreadable};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::ShelterScope;
use crate::domain::id::SupplyRequestId;
use crate::domain::requests::{Closing, RequestState, SupplyRequest};

pub async fn insert(tx: &Tx, row: &SupplyRequest) -> Result<(), StoreError> {
    supply_request::Entity::insert(supply_request::ActiveModel {
        id: Set(row.id.0),
        code: Set(row.code.clone()),
        shelter_id: Set(row.shelter.0),
        item: Set(row.item.clone()),
        quantity: Set(row.quantity),
        priority: Set(row.priority.to_string()),
        needed_by: Set(row.needed_by.to_string()),
        reason: Set(row.reason.to_string()),
        state: Set(row.state().to_string()),
        created_by: Set(row.created_by.0),
        created_at: Set(millis(row.created_at)),
        closed_at: Set(row.closed.map(|(_, at)| millis(at))),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Writes how a request has ended, if it has not ended before.
pub async fn close(tx: &Tx, row: &SupplyRequest) -> Result<(), StoreError> {
    let done = supply_request::Entity::update_many()
        .col_expr(supply_request::Column::State, Expr::value(row.state().to_string()))
        .col_expr(
            supply_request::Column::ClosedAt,
            Expr::value(row.closed.map(|(_, at)| millis(at))),
        )
        .filter(supply_request::Column::Id.eq(row.id.0))
        .filter(supply_request::Column::State.eq(RequestState::Open.to_string()))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

fn within(scope: &ShelterScope) -> Condition {
    match scope {
        ShelterScope::All => Condition::all(),
        ShelterScope::Only(ids) => {
            Condition::all().add(supply_request::Column::ShelterId.is_in(ids.iter().map(|id| id.0)))
        }
    }
}

pub async fn get(
    db: &impl Reads,
    scope: &ShelterScope,
    id: SupplyRequestId,
) -> Result<Option<SupplyRequest>, StoreError> {
    let condition = within(scope).add(supply_request::Column::Id.eq(id.0));
    Ok(read(db, condition, Some(1)).await?.pop())
}

/// These, whoever they belong to, in no order.
pub async fn of_ids(db: &impl Reads, ids: &[SupplyRequestId]) -> Result<Vec<SupplyRequest>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let condition = Condition::all().add(supply_request::Column::Id.is_in(ids.iter().map(|id| id.0)));
    read(db, condition, None).await
}

/// Requests in the scope, newest first, in one of these states (in any if there are none), those before `before`.
pub async fn page(
    db: &impl Reads,
    scope: &ShelterScope,
    states: &[RequestState],
    before: Option<SupplyRequestId>,
    limit: u64,
) -> Result<Vec<SupplyRequest>, StoreError> {
    let mut condition = within(scope);
    if !states.is_empty() {
        let states = states.iter().map(ToString::to_string);
        condition = condition.add(supply_request::Column::State.is_in(states));
    }
    if let Some(before) = before {
        condition = condition.add(supply_request::Column::Id.lt(before.0));
    }
    read(db, condition, Some(limit)).await
}

async fn read(db: &impl Reads, condition: Condition, limit: Option<u64>) -> Result<Vec<SupplyRequest>, StoreError> {
    let rows = supply_request::Entity::find()
        .filter(condition)
        .order_by_desc(supply_request::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(request_of).collect()
}

fn request_of(row: supply_request::Model) -> Result<SupplyRequest, StoreError> {
    let how = match code("supply_request", "state", &row.state)? {
        RequestState::Open => None,
        RequestState::Met => Some(Closing::Met),
        RequestState::Withdrawn => Some(Closing::Withdrawn),
        RequestState::Refused => Some(Closing::Refused),
    };
    if how.is_some() != row.closed_at.is_some() {
        return Err(unreadable("supply_request", "state", &row.state));
    }
    Ok(SupplyRequest {
        id: row.id.into(),
        code: row.code,
        shelter: row.shelter_id.into(),
        item: row.item,
        quantity: row.quantity,
        priority: code("supply_request", "priority", &row.priority)?,
        needed_by: day("supply_request", "needed_by", &row.needed_by)?,
        reason: code("supply_request", "reason", &row.reason)?,
        created_by: row.created_by.into(),
        created_at: moment(row.created_at),
        closed: how.zip(row.closed_at.map(moment)),
    })
}
