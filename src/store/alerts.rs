//! Of which supplies the operators were told on which day. What is told is not this room's business.

use chrono::NaiveDate;
use entity::stock;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{Reads, StoreError, Tx};
use crate::domain::id::ShelterId;

/// Writes down that the operators are told of these items today; `false` if another has told of all of them. The caller
/// holds the shelter's lock.
pub async fn claim(tx: &Tx, shelter: ShelterId, items: &[String], today: NaiveDate) -> Result<bool, StoreError> {
    if items.is_empty() {
        return Ok(false);
    }
    let done = stock::Entity::update_many()
        .col_expr(stock::Column::ToldOn, Expr::value(today.to_string()))
        .filter(stock::Column::ShelterId.eq(shelter.0))
        .filter(stock::Column::Item.is_in(items.iter().map(String::as_str)))
        .filter(stock::Column::ToldOn.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// These are critical no more. The caller holds the shelter's lock.
pub async fn clear(tx: &Tx, shelter: ShelterId, items: &[String]) -> Result<(), StoreError> {
    if items.is_empty() {
        return Ok(());
    }
    stock::Entity::update_many()
        .col_expr(stock::Column::ToldOn, Expr::value(None::<String>))
        .filter(stock::Column::ShelterId.eq(shelter.0))
        .filter(stock::Column::Item.is_in(items.iter().map(String::as_str)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether something that was told of on this day was not cleared since.
pub async fn any_of(db: &impl Reads, day: NaiveDate) -> Result<bool, StoreError> {
    let told = stock::Entity::find().filter(stock::Column::ToldOn.eq(day.to_string()));
    Ok(told.count(db.connection()).await? > 0)
}
