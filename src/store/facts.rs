//! Whole tables for `panoh check`: nothing is filtered, so that nothing is overlooked.

use std::collections::HashMap;

use entity::{digest, letter};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Reads, StoreError};
use crate::domain::cases::Hold;

/// Every hold with its lines.
pub async fn holds(db: &impl Reads) -> Result<Vec<Hold>, StoreError> {
    super::holds::every(db).await
}

/// How many runs there are of each schedule's period.
pub async fn runs(db: &impl Reads) -> Result<HashMap<(Uuid, String), i64>, StoreError> {
    let rows: Vec<(Uuid, String, i64)> = digest::Entity::find()
        .select_only()
        .columns([digest::Column::ScheduleId, digest::Column::Period])
        .expr_as(digest::Column::Id.count(), "n")
        .group_by(digest::Column::ScheduleId)
        .group_by(digest::Column::Period)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(schedule, period, n)| ((schedule, period), n))
        .collect())
}

/// How many letters of each digest, and of each kind of notice about a hold, go to each recipient. Other notices are not among
/// them: a place that comes again is told again, and so is a report that is missing again, and each day has its anchor.
pub async fn letters(
    db: &impl Reads,
) -> Result<HashMap<(Option<Uuid>, Option<Uuid>, Option<String>, String), i64>, StoreError> {
    let columns = [
        letter::Column::DigestId,
        letter::Column::HoldId,
        letter::Column::Notice,
        letter::Column::Address,
    ];
    let mut select = letter::Entity::find()
        .select_only()
        .filter(
            Condition::any()
                .add(letter::Column::DigestId.is_not_null())
                .add(letter::Column::HoldId.is_not_null()),
        )
        .columns(columns)
        .expr_as(letter::Column::Id.count(), "n");
    for column in columns {
        select = select.group_by(column);
    }
    type Row = (Option<Uuid>, Option<Uuid>, Option<String>, String, i64);
    let rows: Vec<Row> = select.into_tuple().all(db.connection()).await?;
    Ok(rows
        .into_iter()
        .map(|(digest, hold, notice, email, n)| ((digest, hold, notice, email), n))
        .collect())
}
