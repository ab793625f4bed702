//! Schedules and frozen digests with their letters.

use std::collections::HashMap;

use entity::{digest, digest_part, digest_schedule, letter};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, day, millis, moment};
use super::letters::letter_of;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{DigestId, Moment, ScheduleId};
use crate::domain::outbox::{Attach, Digest, DigestKind, Letter, Part, StoredSchedule as Schedule};

pub async fn schedules(db: &impl Reads) -> Result<Vec<Schedule>, StoreError> {
    let rows = digest_schedule::Entity::find()
        .order_by_asc(digest_schedule::Column::Name)
        .order_by_asc(digest_schedule::Column::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(schedule_of).collect()
}

pub async fn schedule(db: &impl Reads, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
    let row = digest_schedule::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(schedule_of).transpose()
}

pub async fn insert_schedule(tx: &Tx, row: &Schedule) -> Result<(), StoreError> {
    digest_schedule::Entity::insert(digest_schedule::ActiveModel {
        id: Set(row.id.0),
        name: Set(row.name.clone()),
        cadence: Set(row.cadence.clone()),
        rule: Set(row.rule.clone()),
        expires_on: Set(row.expires_on.map(|day| day.to_string())),
        attach_csv: Set(row.attach.csv),
        attach_xlsx: Set(row.attach.xlsx),
        alarmed_period: Set(row.alarmed_period.clone()),
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
        .col_expr(digest_schedule::Column::Rule, Expr::value(row.rule.clone()))
        .col_expr(
            digest_schedule::Column::ExpiresOn,
            Expr::value(row.expires_on.map(|day| day.to_string())),
        )
        .col_expr(digest_schedule::Column::AttachCsv, Expr::value(row.attach.csv))
        .col_expr(digest_schedule::Column::AttachXlsx, Expr::value(row.attach.xlsx))
        .col_expr(
            digest_schedule::Column::LastPeriod,
            Expr::value(row.last_period.clone()),
        )
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

/// Notes that the administrators are told of the trouble with this period. `false` if they were told of it, or of a later
/// one, before.
pub async fn claim_alarm(tx: &Tx, id: ScheduleId, period: &str) -> Result<bool, StoreError> {
    let alarmed = digest_schedule::Column::AlarmedPeriod;
    let done = digest_schedule::Entity::update_many()
        .col_expr(alarmed, Expr::value(Some(period)))
        .filter(digest_schedule::Column::Id.eq(id.0))
        .filter(Condition::any().add(alarmed.is_null()).add(alarmed.lt(period)))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
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
        kind: Set(row.kind.to_string()),
        made_by: Set(row.made_by.map(|id| id.0)),
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
            csv: Set(part.csv.clone()),
            xlsx: Set(part.xlsx.clone()),
        })
        .exec_without_returning(tx.connection())
        .await?;
    }
    super::letters::insert(tx, letters, row.created_at).await
}

/// Which digests of a list: of one schedule, of one kind, made before an instant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub schedule: Option<ScheduleId>,
    pub kind: Option<DigestKind>,
    pub before: Option<Moment>,
}

impl From<Option<Moment>> for Wanted {
    fn from(before: Option<Moment>) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }
}

/// Newest first.
pub async fn digests(db: &impl Reads, wanted: Wanted, limit: u64) -> Result<Vec<Digest>, StoreError> {
    use digest::Column::{CreatedAt, Kind, ScheduleId};
    let conditions = [
        wanted.before.map(|before| CreatedAt.lt(millis(before))),
        wanted.schedule.map(|schedule| ScheduleId.eq(schedule.0)),
        wanted.kind.map(|kind| Kind.eq(kind.to_string())),
    ];
    let select = conditions
        .into_iter()
        .flatten()
        .fold(digest::Entity::find(), QueryFilter::filter);
    let rows = select
        .order_by_desc(digest::Column::CreatedAt)
        .order_by_desc(digest::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(digest_of).collect()
}

pub async fn digest(db: &impl Reads, id: DigestId) -> Result<Option<Digest>, StoreError> {
    let row = digest::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(digest_of).transpose()
}

/// The newest digest of a schedule that was made because its time had come: what the next one is compared with.
pub async fn newest(db: &impl Reads, schedule: ScheduleId) -> Result<Option<Digest>, StoreError> {
    let row = digest::Entity::find()
        .filter(digest::Column::ScheduleId.eq(schedule.0))
        .filter(digest::Column::Kind.eq(DigestKind::Due.to_string()))
        .order_by_desc(digest::Column::Period)
        .limit(1)
        .one(db.connection())
        .await?;
    row.map(digest_of).transpose()
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
        csv: row.csv,
        xlsx: row.xlsx,
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

fn schedule_of(row: digest_schedule::Model) -> Result<Schedule, StoreError> {
    Ok(Schedule {
        id: row.id.into(),
        name: row.name,
        cadence: row.cadence,
        at_minute: super::convert::count(row.at_minute),
        zone: row.zone,
        region: row.region,
        active: row.active,
        rule: row.rule,
        expires_on: (row.expires_on.as_deref())
            .map(|text| day("digest_schedule", "expires_on", text))
            .transpose()?,
        attach: Attach {
            csv: row.attach_csv,
            xlsx: row.attach_xlsx,
        },
        alarmed_period: row.alarmed_period,
        last_period: row.last_period,
        version: row.version,
        created_at: moment(row.created_at),
    })
}

fn digest_of(row: digest::Model) -> Result<Digest, StoreError> {
    Ok(Digest {
        id: row.id.into(),
        schedule_id: row.schedule_id.into(),
        period: row.period,
        as_of: moment(row.as_of),
        content: row.content,
        delayed: row.delayed,
        kind: code("digest", "kind", &row.kind)?,
        made_by: row.made_by.map(Into::into),
        created_at: moment(row.created_at),
    })
}
