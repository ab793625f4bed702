//! Programs' tokens: only a hash of each, beside the program's account.

use entity::api_token;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::convert::{json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::User;
use crate::domain::id::{Moment, TokenId, UserId};
use crate::domain::tokens::ApiToken;

pub async fn insert(tx: &Tx, row: &ApiToken, token_hash: &str) -> Result<(), StoreError> {
    api_token::Entity::insert(api_token::ActiveModel {
        id: Set(row.id.0),
        token_hash: Set(token_hash.to_owned()),
        user_id: Set(row.user_id.0),
        scopes: Set(to_json(&row.scopes)),
        created_by: Set(row.created_by.map(|id| id.0)),
        created_at: Set(millis(row.created_at)),
        expires_at: Set(millis(row.expires_at)),
        last_used_at: Set(None),
        revoked_at: Set(None),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Every token, newest first.
pub async fn all(db: &impl Reads) -> Result<Vec<ApiToken>, StoreError> {
    let rows = api_token::Entity::find()
        .order_by_desc(api_token::Column::CreatedAt)
        .order_by_desc(api_token::Column::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(token_of).collect()
}

pub async fn by_hash(db: &impl Reads, token_hash: &str) -> Result<Option<ApiToken>, StoreError> {
    let row = api_token::Entity::find()
        .filter(api_token::Column::TokenHash.eq(token_hash))
        .one(db.connection())
        .await?;
    row.map(token_of).transpose()
}

pub async fn touch(db: &impl Reads, id: TokenId, now: Moment) -> Result<(), StoreError> {
    api_token::Entity::update_many()
        .col_expr(api_token::Column::LastUsedAt, Expr::value(Some(millis(now))))
        .filter(api_token::Column::Id.eq(id.0))
        .exec(db.connection())
        .await?;
    Ok(())
}

/// `false` if there is no such token, or it was revoked before.
pub async fn revoke(tx: &Tx, id: TokenId, now: Moment) -> Result<bool, StoreError> {
    let done = api_token::Entity::update_many()
        .col_expr(api_token::Column::RevokedAt, Expr::value(Some(millis(now))))
        .filter(api_token::Column::Id.eq(id.0))
        .filter(api_token::Column::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

pub async fn find(db: &impl Reads, id: TokenId) -> Result<Option<ApiToken>, StoreError> {
    let row = api_token::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(token_of).transpose()
}

/// The accounts of programs, by id.
pub async fn programs(db: &impl Reads) -> Result<Vec<User>, StoreError> {
    super::accounts::of_kind(db, "program").await
}

fn token_of(row: api_token::Model) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.id.into(),
        user_id: UserId(row.user_id),
        scopes: json("api_token", "scopes", &row.scopes)?,
        created_by: row.created_by.map(UserId),
        created_at: moment(row.created_at),
        expires_at: moment(row.expires_at),
        last_used_at: row.last_used_at.map(moment),
        revoked_at: row.revoked_at.map(moment),
    })
}
