//! Text messages that were taken: by which id a gateway knows them, what became of them, and never their words.

use entity::inbound_text as inbound;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult};

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, PhoneId, ReportId};
use crate::domain::texts::Outcome;

/// By which a message is known: the gateway's name and the id it gave.
#[derive(Debug, Clone, Copy)]
pub struct MessageKey<'a> {
    pub gateway: &'a str,
    pub id: &'a str,
}

/// A message taken before.
pub struct Earlier {
    pub phone_id: PhoneId,
    pub received_at: Moment,
    pub words_hash: String,
    pub outcome: Outcome,
    /// Empty if nothing was answered.
    pub answer: String,
}

fn earlier_of(row: inbound::Model) -> Result<Earlier, StoreError> {
    Ok(Earlier {
        phone_id: row.phone_id.into(),
        received_at: moment(row.received_at),
        words_hash: row.words_hash,
        outcome: code("inbound_text", "outcome", &row.outcome)?,
        answer: row.answer,
    })
}

/// Claims a message for this transaction. `None`: it is new; a twin that asks for it waits for this one to end. `Some`: it
/// was taken before.
pub async fn claim(
    tx: &Tx,
    key: MessageKey<'_>,
    phone: PhoneId,
    words_hash: &str,
    now: Moment,
) -> Result<Option<Earlier>, StoreError> {
    let row = inbound::ActiveModel {
        gateway: Set(key.gateway.to_owned()),
        message_id: Set(key.id.to_owned()),
        phone_id: Set(phone.0),
        received_at: Set(millis(now)),
        words_hash: Set(words_hash.to_owned()),
        outcome: Set(Outcome::Refused.to_string()),
        answer: Set(String::new()),
        report_id: Set(None),
    };
    let inserted = inbound::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([inbound::Column::Gateway, inbound::Column::MessageId])
                .do_nothing()
                .to_owned(),
        )
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    if matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(None);
    }
    let found = inbound::Entity::find_by_id((key.gateway.to_owned(), key.id.to_owned()))
        .one(tx.connection())
        .await?;
    found.ok_or(StoreError::Stale).and_then(earlier_of).map(Some)
}

/// Writes down what became of a message claimed in this transaction.
pub async fn settle(
    tx: &Tx,
    key: MessageKey<'_>,
    outcome: Outcome,
    answer: &str,
    report: Option<ReportId>,
) -> Result<(), StoreError> {
    inbound::Entity::update_many()
        .col_expr(inbound::Column::Outcome, Expr::value(outcome.to_string()))
        .col_expr(inbound::Column::Answer, Expr::value(answer))
        .col_expr(inbound::Column::ReportId, Expr::value(report.map(|id| id.0)))
        .filter(inbound::Column::Gateway.eq(key.gateway))
        .filter(inbound::Column::MessageId.eq(key.id))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// What a telephone sent from `since` on, the newest first; at most `most`.
pub async fn recent(db: &impl Reads, phone: PhoneId, since: Moment, most: u64) -> Result<Vec<Earlier>, StoreError> {
    let rows = inbound::Entity::find()
        .filter(inbound::Column::PhoneId.eq(phone.0))
        .filter(inbound::Column::ReceivedAt.gte(millis(since)))
        .order_by_desc(inbound::Column::ReceivedAt)
        .order_by_desc(inbound::Column::MessageId)
        .limit(most)
        .all(db.connection())
        .await?;
    rows.into_iter().map(earlier_of).collect()
}

/// Forgets messages that came before `before`.
pub async fn purge(tx: &Tx, before: Moment) -> Result<u64, StoreError> {
    let done = inbound::Entity::delete_many()
        .filter(inbound::Column::ReceivedAt.lt(millis(before)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
