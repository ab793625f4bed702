//! Sessions: of the tokens only the hashes are here.

use entity::{session, user};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::convert::{millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::Session;
use crate::domain::id::{Moment, SessionId, UserId};

pub async fn insert(tx: &Tx, row: &Session, token_hash: &str) -> Result<(), StoreError> {
    session::Entity::insert(session::ActiveModel {
        id: Set(row.id.0),
        token_hash: Set(token_hash.to_owned()),
        user_id: Set(row.user_id.0),
        created_at: Set(millis(row.created_at)),
        last_seen_at: Set(millis(row.last_seen_at)),
        expires_at: Set(millis(row.expires_at)),
        revoked_at: Set(None),
        factor_at: Set(row.factor_at.map(millis)),
        proved_at: Set(millis(row.proved_at)),
        client: Set(row.client.clone()),
        origin: Set(row.origin.clone()),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// A session that has not been revoked; whether it is still in time is for the caller to say.
pub async fn by_token(db: &impl Reads, token_hash: &str) -> Result<Option<Session>, StoreError> {
    let row = session::Entity::find()
        .filter(session::Column::TokenHash.eq(token_hash))
        .filter(session::Column::RevokedAt.is_null())
        .one(db.connection())
        .await?;
    Ok(row.map(session_of))
}

pub async fn find(db: &impl Reads, id: SessionId) -> Result<Option<Session>, StoreError> {
    let row = session::Entity::find_by_id(id.0).one(db.connection()).await?;
    Ok(row.map(session_of))
}

fn session_of(row: session::Model) -> Session {
    Session {
        id: row.id.into(),
        user_id: row.user_id.into(),
        created_at: moment(row.created_at),
        last_seen_at: moment(row.last_seen_at),
        expires_at: moment(row.expires_at),
        proved_at: moment(row.proved_at),
        factor_at: row.factor_at.map(moment),
        client: row.client,
        origin: row.origin,
    }
}

/// Whether this is the token of a session of an account that is disabled now.
pub async fn bore_disabled(db: &impl Reads, token_hash: &str) -> Result<bool, StoreError> {
    let found: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column(user::Column::DisabledAt)
        .join(
            JoinType::InnerJoin,
            session::Entity::belongs_to(user::Entity)
                .from(session::Column::UserId)
                .to(user::Column::Id)
                .into(),
        )
        .filter(session::Column::TokenHash.eq(token_hash))
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(found.flatten().is_some())
}

pub async fn touch(db: &impl Reads, id: SessionId, now: Moment) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(millis(now)))
        .filter(session::Column::Id.eq(id.0))
        .exec(db.connection())
        .await?;
    Ok(())
}

/// A session whose bearer has proved who she is: it goes on under another token. `false` if it has ended meanwhile.
pub async fn renew(tx: &Tx, id: SessionId, token_hash: &str, by_factor: bool, now: Moment) -> Result<bool, StoreError> {
    let mut update = session::Entity::update_many()
        .col_expr(session::Column::TokenHash, Expr::value(token_hash))
        .col_expr(session::Column::ProvedAt, Expr::value(millis(now)));
    if by_factor {
        update = update.col_expr(session::Column::FactorAt, Expr::value(Some(millis(now))));
    }
    let done = update
        .filter(session::Column::Id.eq(id.0))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends this session of somebody. `false` if there was none to end.
pub async fn revoke(tx: &Tx, user: UserId, id: SessionId, now: Moment) -> Result<bool, StoreError> {
    let own = session::Column::UserId.eq(user.0).and(session::Column::Id.eq(id.0));
    Ok(revoke_where(tx, own, now).await? > 0)
}

pub async fn revoke_of(tx: &Tx, user: UserId, now: Moment) -> Result<u64, StoreError> {
    revoke_where(tx, session::Column::UserId.eq(user.0), now).await
}

/// Ends all sessions of somebody but one; how many there were.
pub async fn revoke_others(tx: &Tx, user: UserId, but: SessionId, now: Moment) -> Result<u64, StoreError> {
    let others = session::Column::UserId.eq(user.0).and(session::Column::Id.ne(but.0));
    revoke_where(tx, others, now).await
}

/// Ends every session there is; how many there were.
pub async fn revoke_all(tx: &Tx, now: Moment) -> Result<u64, StoreError> {
    revoke_where(tx, Expr::value(true), now).await
}

async fn revoke_where(tx: &Tx, which: Expr, now: Moment) -> Result<u64, StoreError> {
    let done = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(Some(millis(now))))
        .filter(which)
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// How many sessions have neither been revoked nor come to their end.
pub async fn open(db: &impl Reads, now: Moment) -> Result<u64, StoreError> {
    let open = session::Entity::find()
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(millis(now)));
    Ok(open.count(db.connection()).await?)
}

/// The sessions of somebody that have neither been revoked nor come to their end, newest first.
pub async fn of_user(db: &impl Reads, user: UserId, now: Moment) -> Result<Vec<Session>, StoreError> {
    let rows = session::Entity::find()
        .filter(session::Column::UserId.eq(user.0))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(millis(now)))
        .order_by_desc(session::Column::CreatedAt)
        .order_by_desc(session::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(session_of).collect())
}
