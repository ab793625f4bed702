//! Stock by the newest count, and every count made.

use std::collections::BTreeMap;

use entity::{stock, stock_count};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::convert::{millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, ReportId, ShelterId, UserId};
use crate::domain::stock::{Count, Stock};

/// Writes counts; the current stock moves only forward in time.
pub async fn put(
    tx: &Tx,
    shelter: ShelterId,
    report: Option<ReportId>,
    user: Option<UserId>,
    counts: &[Count],
    observed_at: Moment,
    received_at: Moment,
) -> Result<(), StoreError> {
    if counts.is_empty() {
        return Ok(());
    }
    let rows = counts.iter().map(|count| stock_count::ActiveModel {
        id: Set(count.id),
        shelter_id: Set(shelter.0),
        report_id: Set(report.map(|id| id.0)),
        user_id: Set(user.map(|id| id.0)),
        item: Set(count.item.clone()),
        on_hand: Set(count.on_hand),
        observed_at: Set(millis(observed_at)),
        received_at: Set(millis(received_at)),
    });
    stock_count::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    let rows = counts.iter().map(|count| stock::ActiveModel {
        shelter_id: Set(shelter.0),
        item: Set(count.item.clone()),
        on_hand: Set(count.on_hand),
        observed_at: Set(millis(observed_at)),
    });
    let newer = Expr::col((stock::Entity, stock::Column::ObservedAt)).lte(millis(observed_at));
    stock::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([stock::Column::ShelterId, stock::Column::Item])
                .update_columns([stock::Column::OnHand, stock::Column::ObservedAt])
                .action_and_where(newer)
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub async fn of_shelter(db: &impl Reads, shelter: ShelterId) -> Result<Vec<Stock>, StoreError> {
    let rows = stock::Entity::find()
        .filter(stock::Column::ShelterId.eq(shelter.0))
        .order_by_asc(stock::Column::Item)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(stock_of).collect())
}

/// Everything counted anywhere: what the national shortages are drawn from.
pub async fn all(db: &impl Reads) -> Result<Vec<Stock>, StoreError> {
    let rows = stock::Entity::find()
        .order_by_asc(stock::Column::ShelterId)
        .order_by_asc(stock::Column::Item)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(stock_of).collect())
}

/// Everything counted anywhere as it was known at `at`: the newest count of each item of each shelter by then.
pub async fn known(db: &impl Reads, at: Moment) -> Result<Vec<Stock>, StoreError> {
    let by_then = Condition::all()
        .add(stock_count::Column::ObservedAt.lte(millis(at)))
        .add(stock_count::Column::ReceivedAt.lte(millis(at)));
    let newest = Query::select()
        .columns([stock_count::Column::ShelterId, stock_count::Column::Item])
        .expr(Expr::col(stock_count::Column::ObservedAt).max())
        .from(stock_count::Entity)
        .cond_where(by_then.clone())
        .group_by_columns([stock_count::Column::ShelterId, stock_count::Column::Item])
        .to_owned();
    let triple = Expr::tuple([
        Expr::col(stock_count::Column::ShelterId),
        Expr::col(stock_count::Column::Item),
        Expr::col(stock_count::Column::ObservedAt),
    ]);
    let rows = stock_count::Entity::find()
        .filter(by_then)
        .filter(triple.in_subquery(newest))
        .order_by_asc(stock_count::Column::ReceivedAt)
        .order_by_asc(stock_count::Column::Id)
        .all(db.connection())
        .await?;
    // Two counts of one instant: the one written down later counts.
    let by_place: BTreeMap<(Uuid, String), Stock> = rows
        .into_iter()
        .map(|row| {
            let known = Stock {
                shelter_id: row.shelter_id.into(),
                item: row.item.clone(),
                on_hand: row.on_hand,
                observed_at: moment(row.observed_at),
            };
            ((row.shelter_id, row.item), known)
        })
        .collect();
    Ok(by_place.into_values().collect())
}

fn stock_of(row: stock::Model) -> Stock {
    Stock {
        shelter_id: row.shelter_id.into(),
        item: row.item,
        on_hand: row.on_hand,
        observed_at: moment(row.observed_at),
    }
}
