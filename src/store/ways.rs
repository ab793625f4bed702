//! Ways to reach somebody beside mail: connected phones, and browsers that show notifications.

use entity::{phone, push_subscription};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{millis, moment};
use super::sealed::Sealed;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, UserId};
use crate::domain::outbox::Via;

/// A browser, without its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browser {
    pub id: Uuid,
    pub user_id: UserId,
    pub created_at: Moment,
}

/// The phones and browsers of these people, in the order in which they came.
pub async fn of_people(db: &impl Reads, people: &[UserId]) -> Result<Vec<(UserId, Via, Uuid)>, StoreError> {
    let ids = || people.iter().map(|id| id.0);
    let phones: Vec<(Uuid, Uuid)> = phone::Entity::find()
        .select_only()
        .columns([phone::Column::UserId, phone::Column::Id])
        .filter(phone::Column::UserId.is_in(ids()))
        .filter(phone::Column::ConnectedAt.is_not_null())
        .order_by_asc(phone::Column::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    let browsers: Vec<(Uuid, Uuid)> = push_subscription::Entity::find()
        .select_only()
        .columns([push_subscription::Column::UserId, push_subscription::Column::Id])
        .filter(push_subscription::Column::UserId.is_in(ids()))
        .order_by_asc(push_subscription::Column::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    let phones = phones.into_iter().map(|(user, id)| (user.into(), Via::Sms, id));
    Ok(phones
        .chain(browsers.into_iter().map(|(user, id)| (user.into(), Via::Push, id)))
        .collect())
}

pub async fn insert_browser(tx: &Tx, row: Browser, endpoint_hash: &str, sealed: Sealed) -> Result<(), StoreError> {
    push_subscription::Entity::insert(push_subscription::ActiveModel {
        id: Set(row.id),
        user_id: Set(row.user_id.0),
        endpoint_hash: Set(endpoint_hash.to_owned()),
        key_id: Set(sealed.key_id),
        nonce: Set(sealed.nonce),
        subscription: Set(sealed.ciphertext),
        created_at: Set(millis(row.created_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Somebody's browsers, oldest first.
pub async fn browsers(db: &impl Reads, user: UserId) -> Result<Vec<Browser>, StoreError> {
    let rows = push_subscription::Entity::find()
        .filter(push_subscription::Column::UserId.eq(user.0))
        .order_by_asc(push_subscription::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.iter().map(browser_of).collect())
}

pub async fn count_browsers(db: &impl Reads, user: UserId) -> Result<u64, StoreError> {
    Ok(push_subscription::Entity::find()
        .filter(push_subscription::Column::UserId.eq(user.0))
        .count(db.connection())
        .await?)
}

/// The browser of this address, hashed under each key, with what is sealed of it.
pub async fn browser_at(db: &impl Reads, endpoint_hashes: &[String]) -> Result<Option<(Browser, Sealed)>, StoreError> {
    let row = push_subscription::Entity::find()
        .filter(push_subscription::Column::EndpointHash.is_in(endpoint_hashes))
        .one(db.connection())
        .await?;
    Ok(row.map(with_sealed))
}

/// A browser, with what is sealed of it.
pub async fn browser(db: &impl Reads, id: Uuid) -> Result<Option<(Browser, Sealed)>, StoreError> {
    let row = push_subscription::Entity::find_by_id(id).one(db.connection()).await?;
    Ok(row.map(with_sealed))
}

/// Ends a subscription of this person's, or of whoever has it. `false` if there is none such.
pub async fn remove_browser(tx: &Tx, id: Uuid, of: Option<UserId>) -> Result<bool, StoreError> {
    let mut delete = push_subscription::Entity::delete_many().filter(push_subscription::Column::Id.eq(id));
    if let Some(user) = of {
        delete = delete.filter(push_subscription::Column::UserId.eq(user.0));
    }
    Ok(delete.exec(tx.connection()).await?.rows_affected > 0)
}

fn browser_of(row: &push_subscription::Model) -> Browser {
    Browser {
        id: row.id,
        user_id: row.user_id.into(),
        created_at: moment(row.created_at),
    }
}

fn with_sealed(row: push_subscription::Model) -> (Browser, Sealed) {
    let browser = browser_of(&row);
    let sealed = Sealed {
        key_id: row.key_id,
        nonce: row.nonce,
        ciphertext: row.subscription,
    };
    (browser, sealed)
}
