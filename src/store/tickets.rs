//! Links to choose a password by: of the tokens only the hashes are here.

use entity::ticket;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, TicketId, UserId};
use crate::domain::tickets::{Ticket, TicketKind};

pub async fn insert(tx: &Tx, row: &Ticket, token_hash: &str) -> Result<(), StoreError> {
    ticket::Entity::insert(ticket::ActiveModel {
        id: Set(row.id.0),
        token_hash: Set(token_hash.to_owned()),
        kind: Set(row.kind.to_string()),
        user_id: Set(row.user_id.map(|id| id.0)),
        made_by: Set(row.made_by.map(|id| id.0)),
        created_at: Set(millis(row.created_at)),
        expires_at: Set(millis(row.expires_at)),
        used_at: Set(row.used_at.map(millis)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

pub async fn by_token(db: &impl Reads, token_hash: &str) -> Result<Option<Ticket>, StoreError> {
    one(db, ticket::Column::TokenHash.eq(token_hash)).await
}

/// The ticket, if its link is still the one that this token makes.
pub async fn with_token(db: &impl Reads, id: TicketId, token_hash: &str) -> Result<Option<Ticket>, StoreError> {
    let same = ticket::Column::Id
        .eq(id.0)
        .and(ticket::Column::TokenHash.eq(token_hash));
    one(db, same).await
}

async fn one(db: &impl Reads, which: Expr) -> Result<Option<Ticket>, StoreError> {
    let row = ticket::Entity::find().filter(which).one(db.connection()).await?;
    row.map(ticket_of).transpose()
}

fn ticket_of(row: ticket::Model) -> Result<Ticket, StoreError> {
    Ok(Ticket {
        id: row.id.into(),
        kind: code("ticket", "kind", &row.kind)?,
        user_id: row.user_id.map(UserId),
        made_by: row.made_by.map(UserId),
        created_at: moment(row.created_at),
        expires_at: moment(row.expires_at),
        used_at: row.used_at.map(moment),
    })
}

/// Uses it up. `false` if somebody was quicker.
pub async fn use_up(tx: &Tx, id: TicketId, now: Moment) -> Result<bool, StoreError> {
    Ok(end(tx, ticket::Column::Id.eq(id.0), now).await? > 0)
}

/// Ends what may still be used of this kind by this person; by nobody in particular for the first administrator.
pub async fn end_older(tx: &Tx, kind: TicketKind, user: Option<UserId>, now: Moment) -> Result<(), StoreError> {
    let whose = match user {
        Some(id) => ticket::Column::UserId.eq(id.0),
        None => ticket::Column::UserId.is_null(),
    };
    end(tx, whose.and(ticket::Column::Kind.eq(kind.to_string())), now).await?;
    Ok(())
}

/// Ends whatever may still be used by this person.
pub async fn end_of(tx: &Tx, user: UserId, now: Moment) -> Result<(), StoreError> {
    end(tx, ticket::Column::UserId.eq(user.0), now).await?;
    Ok(())
}

/// Ends every one there is; how many there were.
pub async fn end_all(tx: &Tx, now: Moment) -> Result<u64, StoreError> {
    end(tx, Expr::value(true), now).await
}

async fn end(tx: &Tx, which: Expr, now: Moment) -> Result<u64, StoreError> {
    let done = ticket::Entity::update_many()
        .col_expr(ticket::Column::UsedAt, Expr::value(Some(millis(now))))
        .filter(which)
        .filter(ticket::Column::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Those of a kind that may still be used, newest first.
pub async fn open(db: &impl Reads, kind: TicketKind, now: Moment) -> Result<Vec<Ticket>, StoreError> {
    let rows = ticket::Entity::find()
        .filter(ticket::Column::Kind.eq(kind.to_string()))
        .filter(ticket::Column::UsedAt.is_null())
        .filter(ticket::Column::ExpiresAt.gt(millis(now)))
        .order_by_desc(ticket::Column::CreatedAt)
        .order_by_desc(ticket::Column::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(ticket_of).collect()
}

/// How many of this kind were made for this person since then.
pub async fn count_since(db: &impl Reads, kind: TicketKind, user: UserId, since: Moment) -> Result<u64, StoreError> {
    Ok(ticket::Entity::find()
        .filter(ticket::Column::Kind.eq(kind.to_string()))
        .filter(ticket::Column::UserId.eq(user.0))
        .filter(ticket::Column::CreatedAt.gt(millis(since)))
        .count(db.connection())
        .await?)
}
