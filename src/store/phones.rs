//! Telephones that people report with: numbers sealed, and hashed to be found by.

use entity::phone;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::convert::{millis, moment};
use super::sealed::Sealed;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, PhoneId, UserId};

pub struct Phone {
    pub id: PhoneId,
    pub user_id: UserId,
    /// While it waits for its code: until when.
    pub code_until: Option<Moment>,
    /// Once it is connected.
    pub number: Option<Sealed>,
    /// The gateway it last wrote through.
    pub gateway: Option<String>,
    pub created_at: Moment,
    pub connected_at: Option<Moment>,
}

fn phone_of(row: phone::Model) -> Phone {
    let sealed = match (row.key_id, row.nonce, row.number) {
        (Some(key_id), Some(nonce), Some(ciphertext)) => Some(Sealed {
            key_id,
            nonce,
            ciphertext,
        }),
        _ => None,
    };
    Phone {
        id: row.id.into(),
        user_id: row.user_id.into(),
        code_until: row.code_until.map(moment),
        number: sealed,
        gateway: row.gateway,
        created_at: moment(row.created_at),
        connected_at: row.connected_at.map(moment),
    }
}

/// A telephone that is to send this code.
pub async fn insert(
    tx: &Tx,
    id: PhoneId,
    user: UserId,
    code_hash: &str,
    until: Moment,
    now: Moment,
) -> Result<(), StoreError> {
    phone::Entity::insert(phone::ActiveModel {
        id: Set(id.0),
        user_id: Set(user.0),
        code_hash: Set(Some(code_hash.to_owned())),
        code_until: Set(Some(millis(until))),
        number_hash: Set(None),
        key_id: Set(None),
        nonce: Set(None),
        number: Set(None),
        gateway: Set(None),
        created_at: Set(millis(now)),
        connected_at: Set(None),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Somebody's telephones, the oldest first.
pub async fn of_user(db: &impl Reads, user: UserId) -> Result<Vec<Phone>, StoreError> {
    let rows = phone::Entity::find()
        .filter(phone::Column::UserId.eq(user.0))
        .order_by_asc(phone::Column::CreatedAt)
        .order_by_asc(phone::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(phone_of).collect())
}

pub async fn get(db: &impl Reads, id: PhoneId) -> Result<Option<Phone>, StoreError> {
    let row = phone::Entity::find_by_id(id.0).one(db.connection()).await?;
    Ok(row.map(phone_of))
}

/// The telephone of this number, hashed under each key.
pub async fn by_number(db: &impl Reads, number_hashes: &[String]) -> Result<Option<Phone>, StoreError> {
    let row = phone::Entity::find()
        .filter(phone::Column::NumberHash.is_in(number_hashes))
        .one(db.connection())
        .await?;
    Ok(row.map(phone_of))
}

/// The telephone that this code is waited for from.
pub async fn by_code(db: &impl Reads, code_hash: &str) -> Result<Option<Phone>, StoreError> {
    let row = phone::Entity::find()
        .filter(phone::Column::CodeHash.eq(code_hash))
        .one(db.connection())
        .await?;
    Ok(row.map(phone_of))
}

/// Writes down by which gateway it wrote, and so holds its row until the transaction ends: one message of a telephone is
/// taken at a time. `false` if it is connected no longer.
pub async fn wrote(tx: &Tx, id: PhoneId, number_hashes: &[String], gateway: &str) -> Result<bool, StoreError> {
    let done = phone::Entity::update_many()
        .col_expr(phone::Column::Gateway, Expr::value(Some(gateway)))
        .filter(phone::Column::Id.eq(id.0))
        .filter(phone::Column::NumberHash.is_in(number_hashes))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// What a telephone that sent its code becomes.
pub struct Connection<'a> {
    pub code_hash: &'a str,
    pub number_hash: &'a str,
    pub number: Sealed,
    pub gateway: &'a str,
}

/// Connects a telephone and uses its code up. `false` if the code is used already.
pub async fn connect(tx: &Tx, id: PhoneId, with: Connection<'_>, now: Moment) -> Result<bool, StoreError> {
    let done = phone::Entity::update_many()
        .col_expr(phone::Column::CodeHash, Expr::value(None::<String>))
        .col_expr(phone::Column::CodeUntil, Expr::value(None::<i64>))
        .col_expr(phone::Column::NumberHash, Expr::value(Some(with.number_hash)))
        .col_expr(phone::Column::KeyId, Expr::value(Some(with.number.key_id)))
        .col_expr(phone::Column::Nonce, Expr::value(Some(with.number.nonce)))
        .col_expr(phone::Column::Number, Expr::value(Some(with.number.ciphertext)))
        .col_expr(phone::Column::Gateway, Expr::value(Some(with.gateway)))
        .col_expr(phone::Column::ConnectedAt, Expr::value(Some(millis(now))))
        .filter(phone::Column::Id.eq(id.0))
        .filter(phone::Column::CodeHash.eq(with.code_hash))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets a telephone and the messages it sent. `false` if it is not this user's.
pub async fn delete(tx: &Tx, user: UserId, id: PhoneId) -> Result<bool, StoreError> {
    let done = phone::Entity::delete_many()
        .filter(phone::Column::Id.eq(id.0))
        .filter(phone::Column::UserId.eq(user.0))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets telephones whose code ran out before `before` without being sent; of one user, or of everybody.
pub async fn forget_codes(tx: &Tx, user: Option<UserId>, before: Moment) -> Result<u64, StoreError> {
    let mut delete = phone::Entity::delete_many().filter(phone::Column::CodeUntil.lt(millis(before)));
    if let Some(user) = user {
        delete = delete.filter(phone::Column::UserId.eq(user.0));
    }
    Ok(delete.exec(tx.connection()).await?.rows_affected)
}
