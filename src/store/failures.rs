//! Failed sign-ins, by the keyed hash of whom or what they are counted.

use entity::failure;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder};

use super::convert::{millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::Moment;
use crate::domain::sign_in::Tries;

/// The record of a subject, which nobody else changes before this transaction ends.
pub async fn lock(tx: &Tx, subject: &str, now: Moment) -> Result<Tries, StoreError> {
    let fresh = failure::ActiveModel {
        subject: Set(subject.to_owned()),
        failures: Set(0),
        last_at: Set(millis(now)),
        wait_until: Set(millis(now)),
    };
    failure::Entity::insert(fresh)
        .on_conflict(OnConflict::column(failure::Column::Subject).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    // A changed row locks on both databases.
    let row = failure::Entity::update_many()
        .col_expr(failure::Column::Failures, Expr::col(failure::Column::Failures))
        .filter(failure::Column::Subject.eq(subject))
        .exec_with_returning(tx.connection())
        .await?
        .pop()
        .ok_or(StoreError::Stale)?;
    Ok(tries_of(&row))
}

fn tries_of(row: &failure::Model) -> Tries {
    Tries {
        failures: u32::try_from(row.failures).unwrap_or(0),
        last_at: moment(row.last_at),
        wait_until: moment(row.wait_until),
    }
}

pub async fn keep(tx: &Tx, subject: &str, tries: &Tries) -> Result<(), StoreError> {
    let failures = i32::try_from(tries.failures).unwrap_or(i32::MAX);
    failure::Entity::update_many()
        .col_expr(failure::Column::Failures, Expr::value(failures))
        .col_expr(failure::Column::LastAt, Expr::value(millis(tries.last_at)))
        .col_expr(failure::Column::WaitUntil, Expr::value(millis(tries.wait_until)))
        .filter(failure::Column::Subject.eq(subject))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Takes one failure back, and the wait it brought.
pub async fn take_back(tx: &Tx, subject: &str, wait_until: Moment) -> Result<(), StoreError> {
    failure::Entity::update_many()
        .col_expr(failure::Column::Failures, Expr::col(failure::Column::Failures).sub(1))
        .filter(failure::Column::Subject.eq(subject))
        .filter(failure::Column::Failures.gt(0))
        .exec(tx.connection())
        .await?;
    failure::Entity::update_many()
        .col_expr(failure::Column::WaitUntil, Expr::value(0_i64))
        .filter(failure::Column::Subject.eq(subject))
        .filter(failure::Column::WaitUntil.eq(millis(wait_until)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

pub async fn forget(tx: &Tx, subject: &str) -> Result<(), StoreError> {
    failure::Entity::delete_many()
        .filter(failure::Column::Subject.eq(subject))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Subjects with so many failures, the last of them since then; the most tried first.
pub async fn attacked(db: &impl Reads, at_least: u32, since: Moment) -> Result<Vec<(String, Tries)>, StoreError> {
    let at_least = i32::try_from(at_least).unwrap_or(i32::MAX);
    let rows = failure::Entity::find()
        .filter(failure::Column::Failures.gte(at_least))
        .filter(failure::Column::LastAt.gt(millis(since)))
        .order_by_desc(failure::Column::Failures)
        .order_by_asc(failure::Column::Subject)
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.subject.clone(), tries_of(&row)))
        .collect())
}
