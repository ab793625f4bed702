//! Browsers from which somebody signed in before: of the tokens only the hashes are here.

use entity::known_device;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::convert::{millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::Device;
use crate::domain::id::{DeviceId, Moment, UserId};

pub async fn insert(tx: &Tx, row: &Device, token_hash: &str) -> Result<(), StoreError> {
    known_device::Entity::insert(known_device::ActiveModel {
        id: Set(row.id.0),
        user_id: Set(row.user_id.0),
        token_hash: Set(token_hash.to_owned()),
        client: Set(row.client.clone()),
        created_at: Set(millis(row.created_at)),
        last_used_at: Set(millis(row.last_used_at)),
        expires_at: Set(millis(row.expires_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// The device of this person with this token, if it is still known.
pub async fn find(db: &impl Reads, user: UserId, token_hash: &str, now: Moment) -> Result<Option<Device>, StoreError> {
    let row = known_device::Entity::find()
        .filter(known_device::Column::UserId.eq(user.0))
        .filter(known_device::Column::TokenHash.eq(token_hash))
        .filter(known_device::Column::ExpiresAt.gt(millis(now)))
        .one(db.connection())
        .await?;
    Ok(row.map(device_of))
}

/// Whether anybody signed in before by a browser with this token.
pub async fn is_known(db: &impl Reads, token_hash: &str) -> Result<bool, StoreError> {
    let known = known_device::Entity::find()
        .filter(known_device::Column::TokenHash.eq(token_hash))
        .count(db.connection())
        .await?;
    Ok(known > 0)
}

fn device_of(row: known_device::Model) -> Device {
    Device {
        id: row.id.into(),
        user_id: row.user_id.into(),
        client: row.client,
        created_at: moment(row.created_at),
        last_used_at: moment(row.last_used_at),
        expires_at: moment(row.expires_at),
    }
}

pub async fn renew(tx: &Tx, row: &Device) -> Result<(), StoreError> {
    known_device::Entity::update_many()
        .col_expr(known_device::Column::Client, Expr::value(row.client.clone()))
        .col_expr(known_device::Column::LastUsedAt, Expr::value(millis(row.last_used_at)))
        .col_expr(known_device::Column::ExpiresAt, Expr::value(millis(row.expires_at)))
        .filter(known_device::Column::Id.eq(row.id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Somebody's devices that are still known, the one used last first.
pub async fn of_user(db: &impl Reads, user: UserId, now: Moment) -> Result<Vec<Device>, StoreError> {
    let rows = known_device::Entity::find()
        .filter(known_device::Column::UserId.eq(user.0))
        .filter(known_device::Column::ExpiresAt.gt(millis(now)))
        .order_by_desc(known_device::Column::LastUsedAt)
        .order_by_desc(known_device::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(device_of).collect())
}

/// Forgets these devices of somebody; how many there were.
pub async fn remove(tx: &Tx, user: UserId, ids: &[DeviceId]) -> Result<u64, StoreError> {
    let done = known_device::Entity::delete_many()
        .filter(known_device::Column::UserId.eq(user.0))
        .filter(known_device::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Forgets all devices of somebody.
pub async fn remove_all(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    known_device::Entity::delete_many()
        .filter(known_device::Column::UserId.eq(user.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets the device of somebody with this token, too old or not.
pub async fn forget_token(tx: &Tx, user: UserId, token_hash: &str) -> Result<(), StoreError> {
    known_device::Entity::delete_many()
        .filter(known_device::Column::UserId.eq(user.0))
        .filter(known_device::Column::TokenHash.eq(token_hash))
        .exec(tx.connection())
        .await?;
    Ok(())
}
