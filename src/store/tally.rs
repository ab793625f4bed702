//! Sums that are kept of cases that are gone. What is summed, and which case it came from, is not this room's business.

use entity::tally;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::convert::{json, to_json};
use super::{Reads, StoreError, Tx};

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Tally {
    /// People of a month that is not closed yet.
    People,
    /// How a shelter answered what it was asked on a local day.
    Answers,
    /// What was looked for from a region on a local day.
    Demand,
}

/// The sums of a kind from the period `from` on, each with its subject.
pub async fn since<T: DeserializeOwned>(
    db: &impl Reads,
    kind: Tally,
    from: &str,
) -> Result<Vec<(String, T)>, StoreError> {
    let rows = tally::Entity::find()
        .filter(tally::Column::Kind.eq(<&str>::from(kind)))
        .filter(tally::Column::Period.gte(from))
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.subject, json("tally", "content", &row.content)?)))
        .collect()
}

/// The sum of one subject and period.
pub async fn of<T: DeserializeOwned>(
    db: &impl Reads,
    kind: Tally,
    subject: &str,
    period: &str,
) -> Result<Option<T>, StoreError> {
    let row = tally::Entity::find_by_id((<&str>::from(kind).to_owned(), subject.to_owned(), period.to_owned()))
        .one(db.connection())
        .await?;
    row.map(|row| json("tally", "content", &row.content)).transpose()
}

/// Writes a sum in the place of the one before. Whoever does so holds the lock of the purge (`super::purge::lock`).
pub async fn put<T: Serialize>(tx: &Tx, kind: Tally, subject: &str, period: &str, sum: &T) -> Result<(), StoreError> {
    let row = tally::ActiveModel {
        kind: Set(<&str>::from(kind).to_owned()),
        subject: Set(subject.to_owned()),
        period: Set(period.to_owned()),
        content: Set(to_json(sum)),
    };
    let key = [tally::Column::Kind, tally::Column::Subject, tally::Column::Period];
    tally::Entity::insert(row)
        .on_conflict(
            OnConflict::columns(key)
                .update_column(tally::Column::Content)
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Forgets the sums of a kind of the periods before `before`.
pub async fn forget(tx: &Tx, kind: Tally, before: &str) -> Result<u64, StoreError> {
    let done = tally::Entity::delete_many()
        .filter(tally::Column::Kind.eq(<&str>::from(kind)))
        .filter(tally::Column::Period.lt(before))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}
