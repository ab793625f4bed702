//! What operators say of items, and the spellings that were confirmed to mean one. Nothing here is ever deleted.

use std::collections::BTreeMap;

use entity::{item, item_name};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::convert::{json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::catalogue::Written;
use crate::domain::id::{Moment, UserId};

fn written(row: item::Model) -> Result<Written, StoreError> {
    Ok(Written {
        said: json("item", "content", &row.content)?,
        code: row.code,
        retired_at: row.retired_at.map(moment),
        version: row.version,
    })
}

/// Everything that operators say, by code.
pub async fn all(db: &impl Reads) -> Result<Vec<Written>, StoreError> {
    let rows = item::Entity::find()
        .order_by_asc(item::Column::Code)
        .all(db.connection())
        .await?;
    rows.into_iter().map(written).collect()
}

pub async fn one(db: &impl Reads, code: &str) -> Result<Option<Written>, StoreError> {
    let row = item::Entity::find_by_id(code).one(db.connection()).await?;
    row.map(written).transpose()
}

pub async fn insert(tx: &Tx, row: &Written, now: Moment) -> Result<(), StoreError> {
    item::Entity::insert(item::ActiveModel {
        code: Set(row.code.clone()),
        content: Set(to_json(&row.said)),
        retired_at: Set(row.retired_at.map(millis)),
        version: Set(row.version),
        changed_at: Set(millis(now)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Writes a row whose version is one above the one it replaces.
///
/// # Errors
/// `Stale` if that is not the stored one.
pub async fn update(tx: &Tx, row: &Written, now: Moment) -> Result<(), StoreError> {
    let done = item::Entity::update_many()
        .col_expr(item::Column::Content, Expr::value(to_json(&row.said)))
        .col_expr(item::Column::RetiredAt, Expr::value(row.retired_at.map(millis)))
        .col_expr(item::Column::Version, Expr::value(row.version))
        .col_expr(item::Column::ChangedAt, Expr::value(millis(now)))
        .filter(item::Column::Code.eq(row.code.as_str()))
        .filter(item::Column::Version.eq(row.version - 1))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Err(StoreError::Stale);
    }
    Ok(())
}

/// Every confirmed spelling with its item.
pub async fn names(db: &impl Reads) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = item_name::Entity::find().all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.item)).collect())
}

/// Confirms a spelling; the last word on it counts.
pub async fn put_name(tx: &Tx, name: &str, item: &str, by: UserId, now: Moment) -> Result<(), StoreError> {
    use item_name::Column;
    item_name::Entity::insert(item_name::ActiveModel {
        name: Set(name.to_owned()),
        item: Set(item.to_owned()),
        confirmed_by: Set(by.0),
        confirmed_at: Set(millis(now)),
    })
    .on_conflict(
        OnConflict::column(Column::Name)
            .update_columns([Column::Item, Column::ConfirmedBy, Column::ConfirmedAt])
            .to_owned(),
    )
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}
