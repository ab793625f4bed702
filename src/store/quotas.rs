//! How often somebody did something on a local day.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{quota, user};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, day, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, UserId};
use crate::domain::quotas::{Counted, QuotaKind};

/// Adds to a count and tells what it is now. The row stays locked until the transaction ends, so that two at once are
/// counted one after the other.
pub async fn add(
    tx: &Tx,
    user: UserId,
    kind: QuotaKind,
    day: NaiveDate,
    more: u32,
    now: Moment,
) -> Result<u32, StoreError> {
    let more = i32::try_from(more).unwrap_or(i32::MAX);
    let row = quota::ActiveModel {
        user_id: Set(user.0),
        kind: Set(kind.to_string()),
        day: Set(day.to_string()),
        count: Set(more),
        at: Set(millis(now)),
    };
    let columns = [quota::Column::UserId, quota::Column::Kind, quota::Column::Day];
    let added = OnConflict::columns(columns)
        .value(
            quota::Column::Count,
            Expr::col((quota::Entity, quota::Column::Count)).add(more),
        )
        .update_column(quota::Column::At)
        .to_owned();
    let row = quota::Entity::insert(row)
        .on_conflict(added)
        .exec_with_returning(tx.connection())
        .await?;
    Ok(u32::try_from(row.count).unwrap_or(0))
}

/// What was counted of this kind on this day or later, by whom, oldest count first, with the names of those counted.
pub async fn since(db: &impl Reads, from: NaiveDate) -> Result<Vec<(Counted, String)>, StoreError> {
    let rows = quota::Entity::find()
        .filter(quota::Column::Day.gte(from.to_string()))
        .order_by_asc(quota::Column::At)
        .all(db.connection())
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
    let named: Vec<(Uuid, String)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::Name])
        .filter(user::Column::Id.is_in(ids))
        .into_tuple()
        .all(db.connection())
        .await?;
    let names: HashMap<Uuid, String> = named.into_iter().collect();
    let counted = rows.into_iter().map(|row| {
        let name = names.get(&row.user_id).cloned().unwrap_or_default();
        let counted = Counted {
            user: UserId(row.user_id),
            kind: code("quota", "kind", &row.kind)?,
            day: day("quota", "day", &row.day)?,
            count: u32::try_from(row.count).unwrap_or(0),
            at: moment(row.at),
        };
        Ok((counted, name))
    });
    counted.collect()
}
