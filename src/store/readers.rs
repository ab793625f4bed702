//! Who reads a schedule's digests, and the newest letter to each.

use std::collections::HashMap;

use entity::{digest_recipient, letter};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, millis, moment};
use super::letters::letter_of;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{RecipientId, ScheduleId};
use crate::domain::outbox::Letter;
use crate::domain::readers::{Recipient, RecipientState};

pub async fn of_schedule(db: &impl Reads, schedule: ScheduleId) -> Result<Vec<Recipient>, StoreError> {
    let rows = digest_recipient::Entity::find()
        .filter(digest_recipient::Column::ScheduleId.eq(schedule.0))
        .order_by_asc(digest_recipient::Column::Email)
        .all(db.connection())
        .await?;
    rows.into_iter().map(recipient_of).collect()
}

pub async fn find(db: &impl Reads, id: RecipientId) -> Result<Option<Recipient>, StoreError> {
    let row = digest_recipient::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(recipient_of).transpose()
}

pub async fn count(db: &impl Reads, schedule: ScheduleId) -> Result<u64, StoreError> {
    let of = digest_recipient::Entity::find().filter(digest_recipient::Column::ScheduleId.eq(schedule.0));
    Ok(of.count(db.connection()).await?)
}

fn recipient_of(row: digest_recipient::Model) -> Result<Recipient, StoreError> {
    Ok(Recipient {
        id: row.id.into(),
        schedule_id: row.schedule_id.into(),
        email: row.email,
        name: row.name,
        language: row.language,
        kind: code("digest_recipient", "kind", &row.kind)?,
        state: code("digest_recipient", "state", &row.state)?,
        added_by: row.added_by.map(Into::into),
        approved_by: row.approved_by.map(Into::into),
        approved_at: row.approved_at.map(moment),
        confirmed_at: row.confirmed_at.map(moment),
        ended_at: row.ended_at.map(moment),
        created_at: moment(row.created_at),
    })
}

pub async fn insert(tx: &Tx, row: &Recipient) -> Result<(), StoreError> {
    digest_recipient::Entity::insert(digest_recipient::ActiveModel {
        id: Set(row.id.0),
        schedule_id: Set(row.schedule_id.0),
        email: Set(row.email.clone()),
        name: Set(row.name.clone()),
        language: Set(row.language.clone()),
        kind: Set(row.kind.to_string()),
        state: Set(row.state.to_string()),
        added_by: Set(row.added_by.map(|id| id.0)),
        approved_by: Set(row.approved_by.map(|id| id.0)),
        approved_at: Set(row.approved_at.map(millis)),
        confirmed_at: Set(row.confirmed_at.map(millis)),
        ended_at: Set(row.ended_at.map(millis)),
        created_at: Set(millis(row.created_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Writes where a reader stands now. `false` if the row has gone, or was not in the state `from`: somebody was quicker.
pub async fn advance(tx: &Tx, from: RecipientState, row: &Recipient) -> Result<bool, StoreError> {
    use digest_recipient::Column::{ApprovedAt, ApprovedBy, ConfirmedAt, EndedAt, Id, State};
    let done = digest_recipient::Entity::update_many()
        .col_expr(State, Expr::value(row.state.to_string()))
        .col_expr(ApprovedBy, Expr::value(row.approved_by.map(|id| id.0)))
        .col_expr(ApprovedAt, Expr::value(row.approved_at.map(millis)))
        .col_expr(ConfirmedAt, Expr::value(row.confirmed_at.map(millis)))
        .col_expr(EndedAt, Expr::value(row.ended_at.map(millis)))
        .filter(Id.eq(row.id.0))
        .filter(State.eq(from.to_string()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

pub async fn delete(tx: &Tx, schedule: ScheduleId, id: RecipientId) -> Result<bool, StoreError> {
    let done = digest_recipient::Entity::delete_many()
        .filter(digest_recipient::Column::Id.eq(id.0))
        .filter(digest_recipient::Column::ScheduleId.eq(schedule.0))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// The newest letter of a digest to each of these readers.
pub async fn newest_letters(
    db: &impl Reads,
    readers: &[RecipientId],
) -> Result<HashMap<RecipientId, Letter>, StoreError> {
    let of_readers = || {
        letter::Entity::find()
            .filter(letter::Column::DigestId.is_not_null())
            .filter(letter::Column::RecipientId.is_in(readers.iter().map(|id| id.0)))
    };
    let newest: Vec<(Uuid, i64)> = of_readers()
        .select_only()
        .column(letter::Column::RecipientId)
        .expr_as(letter::Column::CreatedAt.max(), "newest")
        .group_by(letter::Column::RecipientId)
        .into_tuple()
        .all(db.connection())
        .await?;
    let rows = of_readers()
        .filter(letter::Column::CreatedAt.is_in(newest.into_iter().map(|(_, at)| at)))
        .order_by_asc(letter::Column::CreatedAt)
        .order_by_asc(letter::Column::Id)
        .all(db.connection())
        .await?;
    let mut by_reader = HashMap::new();
    for row in rows {
        let letter = letter_of(row)?;
        if let Some(id) = letter.recipient {
            by_reader.insert(id, letter);
        }
    }
    Ok(by_reader)
}
