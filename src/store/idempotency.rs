//! The answer once given under a user's Idempotency-Key.

use entity::idempotency;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};

use super::convert::millis;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, UserId};

pub struct Answer {
    pub route: String,
    pub body_hash: String,
    pub body: String,
}

/// Claims the key for this transaction. `None`: it is ours; another transaction that asks for the same key waits for this
/// one to end. `Some`: it was used before, and this was the answer.
pub async fn claim(
    tx: &Tx,
    user: UserId,
    key: &str,
    route: &str,
    body_hash: &str,
    now: Moment,
) -> Result<Option<Answer>, StoreError> {
    let row = idempotency::ActiveModel {
        user_id: Set(user.0),
        key: Set(key.to_owned()),
        route: Set(route.to_owned()),
        body_hash: Set(body_hash.to_owned()),
        answer: Set(String::new()),
        created_at: Set(millis(now)),
    };
    let inserted = idempotency::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([idempotency::Column::UserId, idempotency::Column::Key])
                .do_nothing()
                .to_owned(),
        )
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    // A row that was there already is reported as none inserted, not as a conflict.
    if matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(None);
    }
    let found = idempotency::Entity::find_by_id((user.0, key.to_owned()))
        .one(tx.connection())
        .await?;
    let row = found.ok_or(StoreError::Stale)?;
    Ok(Some(Answer {
        route: row.route,
        body_hash: row.body_hash,
        body: row.answer,
    }))
}

/// Keeps the answer under the key claimed in this transaction.
pub async fn keep(tx: &Tx, user: UserId, key: &str, body: &str) -> Result<(), StoreError> {
    idempotency::Entity::update_many()
        .col_expr(idempotency::Column::Answer, Expr::value(body))
        .filter(idempotency::Column::UserId.eq(user.0))
        .filter(idempotency::Column::Key.eq(key))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets answers given before `before`.
pub async fn purge(tx: &Tx, before: Moment) -> Result<u64, StoreError> {
    let done = idempotency::Entity::delete_many()
        .filter(idempotency::Column::CreatedAt.lt(millis(before)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
