//! What the database says of itself, by name: what was last done, and what was last found.

use entity::instance;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, TryInsertResult};

use super::{Reads, StoreError, Tx};

pub async fn get(db: &impl Reads, name: &str) -> Result<Option<String>, StoreError> {
    let row = instance::Entity::find_by_id(name.to_owned())
        .one(db.connection())
        .await?;
    Ok(row.map(|row| row.value))
}

pub async fn put(tx: &Tx, name: &str, value: &str) -> Result<(), StoreError> {
    let replace = OnConflict::column(instance::Column::Name)
        .update_column(instance::Column::Value)
        .to_owned();
    instance::Entity::insert(active(name, value))
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub async fn remove(tx: &Tx, name: &str) -> Result<(), StoreError> {
    instance::Entity::delete_by_id(name.to_owned())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Takes `value` under this name for the transaction; `false` if it, or what comes after it in the order of texts, was taken.
/// Another transaction that takes the same waits for this one.
pub async fn claim(tx: &Tx, name: &str, value: &str) -> Result<bool, StoreError> {
    let first = instance::Entity::insert(active(name, value))
        .on_conflict(OnConflict::column(instance::Column::Name).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    if matches!(first, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(true);
    }
    let newer = instance::Entity::update_many()
        .col_expr(instance::Column::Value, Expr::value(value))
        .filter(instance::Column::Name.eq(name))
        .filter(Expr::col(instance::Column::Value).lt(value))
        .exec(tx.connection())
        .await?;
    Ok(newer.rows_affected > 0)
}

fn active(name: &str, value: &str) -> instance::ActiveModel {
    instance::ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    }
}
