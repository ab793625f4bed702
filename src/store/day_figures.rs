//! The day book's rows: one a day for the country, under the empty region, and one for each region. A row is written once.
//! A day of which nothing is known has a row that says so, so that it is not looked for again. What a day is worth is not
//! this room's business.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use entity::day_figures;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, TryInsertResult};

use super::convert::{day as parsed, json, millis, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::daybook::{Day, Evening};
use crate::domain::id::Moment;

/// The region under which the whole country stands.
const COUNTRY: &str = "";

fn row(day: NaiveDate, region: &str, figures: Option<Day>, now: Moment) -> day_figures::ActiveModel {
    day_figures::ActiveModel {
        day: Set(day.to_string()),
        region: Set(region.to_owned()),
        content: Set(to_json(&figures)),
        created_at: Set(millis(now)),
    }
}

/// Writes an evening down; `false` if it is written already. Another transaction that writes the same waits for this one.
pub async fn write(tx: &Tx, day: NaiveDate, evening: &Evening, now: Moment) -> Result<bool, StoreError> {
    let columns = [day_figures::Column::Day, day_figures::Column::Region];
    let written = day_figures::Entity::insert(row(day, COUNTRY, Some(evening.national), now))
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    if !matches!(written, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(false);
    }
    let regions: Vec<_> = (evening.regions.iter())
        .map(|(code, figures)| row(day, code, Some(*figures), now))
        .collect();
    if !regions.is_empty() {
        day_figures::Entity::insert_many(regions)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(true)
}

/// Writes down that nothing is known of these evenings; those that are written already stay.
pub async fn write_unknown(tx: &Tx, days: &[NaiveDate], now: Moment) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    let columns = [day_figures::Column::Day, day_figures::Column::Region];
    day_figures::Entity::insert_many(days.iter().map(|day| row(*day, COUNTRY, None, now)))
        .on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The days from `since` on that have their row.
pub async fn written(db: &impl Reads, since: NaiveDate) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let days: Vec<String> = day_figures::Entity::find()
        .select_only()
        .column(day_figures::Column::Day)
        .filter(day_figures::Column::Day.gte(since.to_string()))
        .filter(day_figures::Column::Region.eq(COUNTRY))
        .into_tuple()
        .all(db.connection())
        .await?;
    days.iter().map(|text| parsed("day_figures", "day", text)).collect()
}

/// The evenings of `from..=to` of which something is known.
pub async fn read(db: &impl Reads, from: NaiveDate, to: NaiveDate) -> Result<BTreeMap<NaiveDate, Evening>, StoreError> {
    let rows = day_figures::Entity::find()
        .filter(day_figures::Column::Day.between(from.to_string(), to.to_string()))
        .all(db.connection())
        .await?;
    let mut days: BTreeMap<NaiveDate, Evening> = BTreeMap::new();
    for row in rows {
        let Some(figures) = json::<Option<Day>>("day_figures", "content", &row.content)? else {
            continue;
        };
        let evening = days.entry(parsed("day_figures", "day", &row.day)?).or_default();
        if row.region == COUNTRY {
            evening.national = figures;
        } else {
            evening.regions.insert(row.region, figures);
        }
    }
    Ok(days)
}

/// Forgets the evenings from `since` on, so that they are worked out again: a table has told of nights that were not known.
pub async fn forget(tx: &Tx, since: NaiveDate) -> Result<(), StoreError> {
    day_figures::Entity::delete_many()
        .filter(day_figures::Column::Day.gte(since.to_string()))
        .exec(tx.connection())
        .await?;
    Ok(())
}
