//! Which reminders of a day's report were sent: each step of a shelter's day is a row, and so is taken once.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use entity::{reminder, shelter_manager, shelter_state};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult};
use uuid::Uuid;

use super::convert::{millis, moment, unreadable};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, ShelterId};
use crate::domain::reminders::{Step, Taken};

/// Takes a step for this transaction; `false` if it is taken. Another transaction that takes the same step waits for this one.
pub async fn claim(tx: &Tx, shelter: ShelterId, taken: Taken) -> Result<bool, StoreError> {
    let columns = [
        reminder::Column::ShelterId,
        reminder::Column::Day,
        reminder::Column::Step,
    ];
    let inserted = reminder::Entity::insert(active(shelter, taken))
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0))
}

/// Writes down steps that nobody else takes.
pub async fn insert(tx: &Tx, shelter: ShelterId, all: &[Taken]) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    reminder::Entity::insert_many(all.iter().map(|taken| active(shelter, *taken)))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn active(shelter: ShelterId, taken: Taken) -> reminder::ActiveModel {
    reminder::ActiveModel {
        shelter_id: Set(shelter.0),
        day: Set(taken.day.to_string()),
        step: Set(taken.step as i32),
        at: Set(millis(taken.at)),
    }
}

/// The steps taken for the reports of `day` and after, by shelter.
pub async fn since(db: &impl Reads, day: NaiveDate) -> Result<HashMap<ShelterId, Vec<Taken>>, StoreError> {
    grouped(db, reminder::Column::Day.gte(day.to_string())).await
}

/// The steps taken at exactly this moment, by shelter: those of one look.
pub async fn taken_at(db: &impl Reads, at: Moment) -> Result<HashMap<ShelterId, Vec<Taken>>, StoreError> {
    grouped(db, reminder::Column::At.eq(millis(at))).await
}

async fn grouped(
    db: &impl Reads,
    filter: sea_orm::sea_query::Expr,
) -> Result<HashMap<ShelterId, Vec<Taken>>, StoreError> {
    let rows = reminder::Entity::find()
        .filter(filter)
        .order_by_asc(reminder::Column::At)
        .all(db.connection())
        .await?;
    let mut all: HashMap<ShelterId, Vec<Taken>> = HashMap::new();
    for row in rows {
        let taken = Taken {
            day: row.day.parse().map_err(|_| unreadable("reminder", "day", &row.day))?,
            step: Step::from_repr(row.step).ok_or_else(|| unreadable("reminder", "step", &row.step.to_string()))?,
            at: moment(row.at),
        };
        all.entry(row.shelter_id.into()).or_default().push(taken);
    }
    Ok(all)
}

/// Forgets what was sent for the reports of days before this one.
pub async fn purge(tx: &Tx, before: NaiveDate) -> Result<u64, StoreError> {
    let gone = reminder::Entity::delete_many()
        .filter(reminder::Column::Day.lt(before.to_string()))
        .exec(tx.connection())
        .await?;
    Ok(gone.rows_affected)
}

/// The shelters that somebody runs; of the others nobody is asked to report.
pub async fn managed(db: &impl Reads) -> Result<HashSet<ShelterId>, StoreError> {
    let ids: Vec<Uuid> = shelter_manager::Entity::find()
        .select_only()
        .column(shelter_manager::Column::ShelterId)
        .distinct()
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(ids.into_iter().map(ShelterId).collect())
}

/// When the newest report of each of these was true; who never reported is left out.
pub async fn observed(db: &impl Reads, ids: &[ShelterId]) -> Result<HashMap<ShelterId, Moment>, StoreError> {
    let rows: Vec<(Uuid, Option<i64>)> = shelter_state::Entity::find()
        .select_only()
        .columns([shelter_state::Column::ShelterId, shelter_state::Column::ObservedAt])
        .filter(shelter_state::Column::ShelterId.is_in(ids.iter().map(|id| id.0)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let reported = rows.into_iter().filter_map(|(id, at)| Some((id.into(), moment(at?))));
    Ok(reported.collect())
}
