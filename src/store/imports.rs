//! What an import asks before it writes: which reports are there already, and how new each shelter's newest is.

use std::collections::HashMap;

use entity::{report, report_line, shelter_state};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{millis, moment};
use super::reports::line_of;
use super::{Reads, StoreError};
use crate::domain::id::{Moment, ShelterId};
use crate::domain::logbook::Line;
use crate::domain::reports::Channel;

/// What an earlier import said of a shelter at an instant; of several, the last one.
#[derive(Debug, Clone)]
pub struct Known {
    pub operating: bool,
    pub lines: Vec<Line>,
}

/// Imported reports that were true within `from..=to`.
pub async fn known(
    db: &impl Reads,
    from: Moment,
    to: Moment,
) -> Result<HashMap<(ShelterId, Moment), Known>, StoreError> {
    let rows = report::Entity::find()
        .filter(report::Column::OrderedAt.gte(millis(from)))
        .filter(report::Column::OrderedAt.lte(millis(to)))
        .filter(report::Column::Channel.eq(Channel::Import.to_string()))
        .order_by_asc(report::Column::ReceivedAt)
        .order_by_asc(report::Column::Id)
        .all(db.connection())
        .await?;
    let mut place: HashMap<Uuid, (ShelterId, Moment)> = HashMap::with_capacity(rows.len());
    let mut known: HashMap<(ShelterId, Moment), (Uuid, Known)> = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = (row.shelter_id.into(), moment(row.observed_at));
        place.insert(row.id, key);
        known.insert(
            key,
            (
                row.id,
                Known {
                    operating: row.operating,
                    lines: Vec::new(),
                },
            ),
        );
    }
    let ids: Vec<Uuid> = place.keys().copied().collect();
    for chunk in ids.chunks(5000) {
        let lines = report_line::Entity::find()
            .filter(report_line::Column::ReportId.is_in(chunk.iter().copied()))
            .all(db.connection())
            .await?;
        for row in lines {
            let report = row.report_id;
            if let Some((newest, known)) = place.get(&report).and_then(|key| known.get_mut(key))
                && *newest == report
            {
                known.lines.push(line_of(row)?);
            }
        }
    }
    Ok(known.into_iter().map(|(key, (_, known))| (key, known)).collect())
}

/// How new the newest report of each shelter is, by the time that orders reports.
pub async fn heads(db: &impl Reads) -> Result<HashMap<ShelterId, Moment>, StoreError> {
    let rows: Vec<(Uuid, Option<i64>)> = shelter_state::Entity::find()
        .select_only()
        .columns([shelter_state::Column::ShelterId, shelter_state::Column::OrderedAt])
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, at)| Some((id.into(), moment(at?))))
        .collect())
}
