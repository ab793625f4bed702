//! Schedules and frozen digests with their letters.

use std::collections::HashMap;

use entity::{digest, digest_part, digest_recipient, digest_schedule, letter};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{millis, moment};
use super::letters::letter_of;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{DigestId, Moment, RecipientId, ScheduleId};
use crate::domain::outbox::{Digest, Letter, Part, Recipient, StoredSchedule as Schedule};

pub async fn schedules(db: &impl Reads) -> Result<Vec<Schedule>, StoreError> {
    let rows = digest_schedule::Entity::find()
        .order_by_asc(digest_schedule::Column::Name)
        .order_by_asc(digest_schedule::Column::Id)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(schedule_of).collect())
}

pub async fn schedule(db: &impl Reads, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
    Ok(digest_schedule::Entity::find_by_id(id.0)
        .one(db.connection())
        .await?
        .map(schedule_of))
}

pub async fn insert_schedule(tx: &Tx, row: &Schedule) -> Result<(), StoreError> {
    digest_schedule::Entity::insert(digest_schedule::ActiveModel {
        id: Set(row.id.0),
        name: Set(row.name.clone()),
        cadence: Set(row.cadence.clone()),
        at_minute: Set(i32::from(row.at_minute)),
        zone: Set(row.zone.clone()),
        region: Set(row.region.clone()),
        active: Set(row.active),
        last_period: Set(row.last_period.clone()),
        version: Set(row.version),
        created_at: Set(millis(row.created_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

pub async fn update_schedule(tx: &Tx, row: &Schedule) -> Result<(), StoreError> {
    let done = digest_schedule::Entity::update_many()
        .col_expr(digest_schedule::Column::Name, Expr::value(row.name.clone()))
        .col_expr(digest_schedule::Column::Cadence, Expr::value(row.cadence.clone()))
        .col_expr(digest_schedule::Column::AtMinute, Expr::value(i32::from(row.at_minute)))
        .col_expr(digest_schedule::Column::Zone, Expr::value(row.zone.clone()))
        .col_expr(digest_schedule::Column::Region, Expr::value(row.region.clone()))
        .col_expr(digest_schedule::Column::Active, Expr::value(row.active))
        .col_expr(digest_schedule::Column::Version, Expr::value(row.version + 1))
        .filter(digest_schedule::Column::Id.eq(row.id.0))
        .filter(digest_schedule::Column::Version.eq(row.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// Notes that the period has its run.
pub async fn set_last_period(tx: &Tx, id: ScheduleId, period: &str) -> Result<(), StoreError> {
    digest_schedule::Entity::update_many()
        .col_expr(digest_schedule::Column::LastPeriod, Expr::value(Some(period)))
        .filter(digest_schedule::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

pub async fn recipients(db: &impl Reads, schedule: ScheduleId) -> Result<Vec<Recipient>, StoreError> {
    let rows = digest_recipient::Entity::find()
        .filter(digest_recipient::Column::ScheduleId.eq(schedule.0))
        .order_by_asc(digest_recipient::Column::Email)
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Recipient {
            id: row.id.into(),
            schedule_id: row.schedule_id.into(),
            email: row.email,
            name: row.name,
            language: row.language,
        })
        .collect())
}

pub async fn insert_recipient(tx: &Tx, row: &Recipient, now: Moment) -> Result<(), StoreError> {
    digest_recipient::Entity::insert(digest_recipient::ActiveModel {
        id: Set(row.id.0),
        schedule_id: Set(row.schedule_id.0),
        email: Set(row.email.clone()),
        name: Set(row.name.clone()),
        language: Set(row.language.clone()),
        created_at: Set(millis(now)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

pub async fn delete_recipient(tx: &Tx, schedule: ScheduleId, id: RecipientId) -> Result<bool, StoreError> {
    let done = digest_recipient::Entity::delete_many()
        .filter(digest_recipient::Column::Id.eq(id.0))
        .filter(digest_recipient::Column::ScheduleId.eq(schedule.0))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Freezes a run: its numbers, its wording per language, and a letter for each recipient. `Conflict` if the period
/// already has one.
pub async fn freeze(tx: &Tx, row: &Digest, parts: &[Part], letters: &[Letter]) -> Result<(), StoreError> {
    digest::Entity::insert(digest::ActiveModel {
        id: Set(row.id.0),
        schedule_id: Set(row.schedule_id.0),
        period: Set(row.period.clone()),
        as_of: Set(millis(row.as_of)),
        content: Set(row.content.clone()),
        delayed: Set(row.delayed),
        created_at: Set(millis(row.created_at)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    for part in parts {
        digest_part::Entity::insert(digest_part::ActiveModel {
            digest_id: Set(row.id.0),
            language: Set(part.language.clone()),
            subject: Set(part.subject.clone()),
            html: Set(part.html.clone()),
            text: Set(part.text.clone()),
            chart: Set(part.chart.clone()),
            chart_alt: Set(part.chart_alt.clone()),
        })
        .exec_without_returning(tx.connection())
        .await?;
    }
    super::letters::insert(tx, letters, row.created_at).await
}

pub async fn digests(db: &impl Reads, before: Option<Moment>, limit: u64) -> Result<Vec<Digest>, StoreError> {
    let mut select = digest::Entity::find();
    if let Some(before) = before {
        select = select.filter(digest::Column::CreatedAt.lt(millis(before)));
    }
    let rows = select
        .order_by_desc(digest::Column::CreatedAt)
        .order_by_desc(digest::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(digest_of).collect())
}

pub async fn digest(db: &impl Reads, id: DigestId) -> Result<Option<Digest>, StoreError> {
    Ok(digest::Entity::find_by_id(id.0)
        .one(db.connection())
        .await?
        .map(digest_of))
}

/// The newest digest of a schedule: what the next one is compared with.
pub async fn newest(db: &impl Reads, schedule: ScheduleId) -> Result<Option<Digest>, StoreError> {
    let row = digest::Entity::find()
        .filter(digest::Column::ScheduleId.eq(schedule.0))
        .order_by_desc(digest::Column::Period)
        .limit(1)
        .one(db.connection())
        .await?;
    Ok(row.map(digest_of))
}

pub async fn part(db: &impl Reads, id: DigestId, language: &str) -> Result<Option<Part>, StoreError> {
    let row = digest_part::Entity::find_by_id((id.0, language.to_owned()))
        .one(db.connection())
        .await?;
    Ok(row.map(|row| Part {
        language: row.language,
        subject: row.subject,
        html: row.html,
        text: row.text,
        chart: row.chart,
        chart_alt: row.chart_alt,
    }))
}

pub async fn letters(db: &impl Reads, digest: DigestId) -> Result<Vec<Letter>, StoreError> {
    let rows = letter::Entity::find()
        .filter(letter::Column::DigestId.eq(digest.0))
        .order_by_asc(letter::Column::Address)
        .all(db.connection())
        .await?;
    rows.into_iter().map(letter_of).collect()
}

/// How many letters of each digest are in each state.
pub async fn letter_states(
    db: &impl Reads,
    digests: &[DigestId],
) -> Result<HashMap<DigestId, HashMap<String, u64>>, StoreError> {
    let rows: Vec<(Uuid, String, i64)> = letter::Entity::find()
        .select_only()
        .columns([letter::Column::DigestId, letter::Column::State])
        .expr_as(letter::Column::Id.count(), "n")
        .filter(letter::Column::DigestId.is_in(digests.iter().map(|id| id.0)))
        .group_by(letter::Column::DigestId)
        .group_by(letter::Column::State)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_digest: HashMap<DigestId, HashMap<String, u64>> = HashMap::new();
    for (digest, state, n) in rows {
        by_digest
            .entry(digest.into())
            .or_default()
            .insert(state, u64::try_from(n).unwrap_or(0));
    }
    Ok(by_digest)
}

fn schedule_of(row: digest_schedule::Model) -> Schedule {
    Schedule {
        id: row.id.into(),
        name: row.name,
        cadence: row.cadence,
        at_minute: super::convert::count(row.at_minute),
        zone: row.zone,
        region: row.region,
        active: row.active,
        last_period: row.last_period,
        version: row.version,
        created_at: moment(row.created_at),
    }
}

fn digest_of(row: digest::Model) -> Digest {
    Digest {
        id: row.id.into(),
        schedule_id: row.schedule_id.into(),
        period: row.period,
        as_of: moment(row.as_of),
        content: row.content,
        delayed: row.delayed,
        created_at: moment(row.created_at),
    }
}
