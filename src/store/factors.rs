//! Second factors, their recovery codes, and what passkeys are asked to sign. Secrets come here sealed or hashed.

use entity::{challenge, factor, recovery_code, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::convert::{code, millis, moment};
use super::sealed::Sealed;
use super::{Reads, StoreError, Tx};
use crate::domain::factors::FactorKind;
use crate::domain::id::{ChallengeId, FactorId, Moment, UserId};

pub struct Factor {
    pub id: FactorId,
    pub user_id: UserId,
    pub kind: FactorKind,
    pub name: String,
    /// Keyed hash of a passkey's credential id.
    pub lookup: Option<String>,
    /// The secret of its codes, or a passkey's public half.
    pub sealed: Sealed,
    /// None while it is being set up: it counts for nothing yet.
    pub confirmed_at: Option<Moment>,
    pub created_at: Moment,
    pub last_used_at: Option<Moment>,
}

fn factor_of(row: factor::Model) -> Result<Factor, StoreError> {
    Ok(Factor {
        id: row.id.into(),
        user_id: row.user_id.into(),
        kind: code("factor", "kind", &row.kind)?,
        name: row.name,
        lookup: row.lookup,
        sealed: Sealed {
            key_id: row.key_id,
            nonce: row.nonce,
            ciphertext: row.ciphertext,
        },
        confirmed_at: row.confirmed_at.map(moment),
        created_at: moment(row.created_at),
        last_used_at: row.last_used_at.map(moment),
    })
}

/// Holds the factors of one person until the transaction ends, so that no two changes count them at once. (A changed row
/// locks on both databases.)
pub async fn lock(tx: &Tx, owner: UserId) -> Result<(), StoreError> {
    user::Entity::update_many()
        .col_expr(user::Column::CreatedAt, Expr::col(user::Column::CreatedAt))
        .filter(user::Column::Id.eq(owner.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

pub async fn insert(tx: &Tx, row: &Factor) -> Result<(), StoreError> {
    factor::Entity::insert(factor::ActiveModel {
        id: Set(row.id.0),
        user_id: Set(row.user_id.0),
        kind: Set(row.kind.to_string()),
        name: Set(row.name.clone()),
        lookup: Set(row.lookup.clone()),
        key_id: Set(row.sealed.key_id.clone()),
        nonce: Set(row.sealed.nonce.clone()),
        ciphertext: Set(row.sealed.ciphertext.clone()),
        last_step: Set(0),
        confirmed_at: Set(row.confirmed_at.map(millis)),
        created_at: Set(millis(row.created_at)),
        last_used_at: Set(row.last_used_at.map(millis)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// What somebody proves herself with, the oldest first.
pub async fn of_user(db: &impl Reads, owner: UserId) -> Result<Vec<Factor>, StoreError> {
    let rows = factor::Entity::find()
        .filter(factor::Column::UserId.eq(owner.0))
        .filter(factor::Column::ConfirmedAt.is_not_null())
        .order_by_asc(factor::Column::CreatedAt)
        .order_by_asc(factor::Column::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(factor_of).collect()
}

/// Whether somebody has a second factor.
pub async fn has(db: &impl Reads, owner: UserId) -> Result<bool, StoreError> {
    let found = factor::Entity::find()
        .filter(factor::Column::UserId.eq(owner.0))
        .filter(factor::Column::ConfirmedAt.is_not_null());
    Ok(found.count(db.connection()).await? > 0)
}

/// One that its owner began to set up after `since` and has not confirmed.
pub async fn unconfirmed(
    db: &impl Reads,
    owner: UserId,
    id: FactorId,
    since: Moment,
) -> Result<Option<Factor>, StoreError> {
    let row = factor::Entity::find_by_id(id.0)
        .filter(factor::Column::UserId.eq(owner.0))
        .filter(factor::Column::ConfirmedAt.is_null())
        .filter(factor::Column::CreatedAt.gt(millis(since)))
        .one(db.connection())
        .await?;
    row.map(factor_of).transpose()
}

/// From now on it counts; the code of `step` is used up. `false` if it counted already.
pub async fn confirm(tx: &Tx, id: FactorId, step: i64, now: Moment) -> Result<bool, StoreError> {
    let done = factor::Entity::update_many()
        .col_expr(factor::Column::ConfirmedAt, Expr::value(Some(millis(now))))
        .col_expr(factor::Column::LastUsedAt, Expr::value(Some(millis(now))))
        .col_expr(factor::Column::LastStep, Expr::value(step))
        .filter(factor::Column::Id.eq(id.0))
        .filter(factor::Column::ConfirmedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes the code of `step`, or the signature of that count: each counts once, wherever it is shown. `false` if it or a
/// later one was taken before, or the factor is gone.
pub async fn take(tx: &Tx, id: FactorId, step: i64, now: Moment) -> Result<bool, StoreError> {
    let done = factor::Entity::update_many()
        .col_expr(factor::Column::LastStep, Expr::value(step))
        .col_expr(factor::Column::LastUsedAt, Expr::value(Some(millis(now))))
        .filter(factor::Column::Id.eq(id.0))
        .filter(factor::Column::ConfirmedAt.is_not_null())
        .filter(factor::Column::LastStep.lt(step))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Writes down the use of a passkey that counts nothing. `false` if it is gone.
pub async fn used(tx: &Tx, id: FactorId, now: Moment) -> Result<bool, StoreError> {
    let done = factor::Entity::update_many()
        .col_expr(factor::Column::LastUsedAt, Expr::value(Some(millis(now))))
        .filter(factor::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// `false` if somebody has no such confirmed factor.
pub async fn delete(tx: &Tx, owner: UserId, id: FactorId) -> Result<bool, StoreError> {
    let done = factor::Entity::delete_many()
        .filter(factor::Column::Id.eq(id.0))
        .filter(factor::Column::UserId.eq(owner.0))
        .filter(factor::Column::ConfirmedAt.is_not_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Forgets what somebody began to set up and did not confirm.
pub async fn forget_unconfirmed(tx: &Tx, owner: UserId) -> Result<(), StoreError> {
    factor::Entity::delete_many()
        .filter(factor::Column::UserId.eq(owner.0))
        .filter(factor::Column::ConfirmedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Forgets every factor and recovery code of somebody. Tells how many factors there were.
pub async fn delete_all(tx: &Tx, owner: UserId) -> Result<u64, StoreError> {
    let done = factor::Entity::delete_many()
        .filter(factor::Column::UserId.eq(owner.0))
        .exec(tx.connection())
        .await?;
    challenge::Entity::delete_many()
        .filter(challenge::Column::UserId.eq(owner.0))
        .exec(tx.connection())
        .await?;
    forget_codes(tx, owner).await?;
    Ok(done.rows_affected)
}

/// Forgets all recovery codes of somebody.
pub async fn forget_codes(tx: &Tx, owner: UserId) -> Result<(), StoreError> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::UserId.eq(owner.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Puts these hashes in the place of all recovery codes of somebody.
pub async fn replace_codes(tx: &Tx, owner: UserId, hashes: &[String], now: Moment) -> Result<(), StoreError> {
    forget_codes(tx, owner).await?;
    if hashes.is_empty() {
        return Ok(());
    }
    let rows = hashes.iter().map(|hash| recovery_code::ActiveModel {
        user_id: Set(owner.0),
        code_hash: Set(hash.clone()),
        created_at: Set(millis(now)),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Hashes of the recovery codes that are left.
pub async fn codes_left(db: &impl Reads, owner: UserId) -> Result<Vec<String>, StoreError> {
    Ok(recovery_code::Entity::find()
        .select_only()
        .column(recovery_code::Column::CodeHash)
        .filter(recovery_code::Column::UserId.eq(owner.0))
        .filter(recovery_code::Column::UsedAt.is_null())
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Takes a recovery code. `false` if it was taken before.
pub async fn take_code(tx: &Tx, owner: UserId, hash: &str, now: Moment) -> Result<bool, StoreError> {
    let done = recovery_code::Entity::update_many()
        .col_expr(recovery_code::Column::UsedAt, Expr::value(Some(millis(now))))
        .filter(recovery_code::Column::UserId.eq(owner.0))
        .filter(recovery_code::Column::CodeHash.eq(hash))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Something for a passkey to sign.
pub struct Challenge {
    pub id: ChallengeId,
    pub user_id: UserId,
    /// What a signature of it does; good for nothing else.
    pub purpose: &'static str,
    /// What is needed to check the signature, in JSON.
    pub state: String,
    pub expires_at: Moment,
}

/// Keeps a challenge, and forgets those of everybody that nobody answered in time.
pub async fn insert_challenge(tx: &Tx, row: &Challenge, now: Moment) -> Result<(), StoreError> {
    challenge::Entity::delete_many()
        .filter(challenge::Column::ExpiresAt.lte(millis(now)))
        .exec(tx.connection())
        .await?;
    challenge::Entity::insert(challenge::ActiveModel {
        id: Set(row.id.0),
        user_id: Set(row.user_id.0),
        purpose: Set(row.purpose.to_owned()),
        state: Set(row.state.clone()),
        expires_at: Set(millis(row.expires_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Takes a challenge away: whoever comes second gets none. `None` also if it is another's, for something else or too old.
pub async fn take_challenge(
    tx: &Tx,
    id: ChallengeId,
    owner: UserId,
    purpose: &str,
    now: Moment,
) -> Result<Option<String>, StoreError> {
    let row = challenge::Entity::find_by_id(id.0)
        .filter(challenge::Column::UserId.eq(owner.0))
        .filter(challenge::Column::Purpose.eq(purpose))
        .filter(challenge::Column::ExpiresAt.gt(millis(now)))
        .one(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let done = challenge::Entity::delete_by_id(id.0).exec(tx.connection()).await?;
    Ok((done.rows_affected == 1).then_some(row.state))
}

/// Forgets everything that a passkey was asked to sign; how many there were.
pub async fn forget_challenges(tx: &Tx) -> Result<u64, StoreError> {
    let done = challenge::Entity::delete_many().exec(tx.connection()).await?;
    Ok(done.rows_affected)
}
