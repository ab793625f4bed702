//! Whole tables for `panoh check`: nothing is filtered, so that nothing is overlooked.

use std::collections::HashMap;

use entity::{digest, letter};
use sea_orm::{ColumnTrait, EntityTrait, QuerySelect};
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

/// How many letters of each digest go to each recipient.
pub async fn letters(db: &impl Reads) -> Result<HashMap<(Uuid, String), i64>, StoreError> {
    let rows: Vec<(Uuid, String, i64)> = letter::Entity::find()
        .select_only()
        .columns([letter::Column::DigestId, letter::Column::Email])
        .expr_as(letter::Column::Id.count(), "n")
        .group_by(letter::Column::DigestId)
        .group_by(letter::Column::Email)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(digest, email, n)| ((digest, email), n))
        .collect())
}
