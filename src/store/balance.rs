//! What moved and what was on its way, summed over the country: what the national balance and `panoh check` are drawn from.

use std::collections::BTreeMap;

use entity::{stock_movement, transfer, transfer_line};
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::convert::{code, code_opt, millis};
use super::{Reads, StoreError};
use crate::domain::balance::Moved;
use crate::domain::id::Moment;
use crate::domain::stock::MovementKind;

/// What was booked after `after` and by `by`, by item, kind and source.
pub async fn moved(db: &impl Reads, after: Moment, by: Moment) -> Result<Vec<Moved>, StoreError> {
    use stock_movement::Column;
    let rows: Vec<(String, String, Option<String>, i64)> = stock_movement::Entity::find()
        .select_only()
        .columns([Column::Item, Column::Kind, Column::Source])
        .expr_as(units(Column::Change), "units")
        .filter(Column::RecordedAt.gt(millis(after)))
        .filter(Column::RecordedAt.lte(millis(by)))
        .group_by(Column::Item)
        .group_by(Column::Kind)
        .group_by(Column::Source)
        .into_tuple()
        .all(db.connection())
        .await?;
    let moved = |(item, kind, source, change): (String, String, Option<String>, i64)| {
        let kind = code("stock_movement", "kind", &kind)?;
        // Of a write-off the source is why, which a balance does not tell apart.
        let source = source.filter(|_| kind == MovementKind::Receipt);
        Ok(Moved {
            item,
            kind,
            source: code_opt("stock_movement", "source", source.as_deref())?,
            change,
        })
    };
    rows.into_iter().map(moved).collect()
}

/// PostgreSQL sums 64-bit integers to its decimals.
fn units(column: impl ColumnTrait) -> Expr {
    column.sum().cast_as(Alias::new("bigint"))
}

/// Units that were on their way at `at`, by item.
pub async fn in_transit(db: &impl Reads, at: Moment) -> Result<BTreeMap<String, i64>, StoreError> {
    use transfer::Column;
    let then = Condition::all().add(Column::DispatchedAt.lte(millis(at))).add(
        Condition::any()
            .add(Column::EndedAt.is_null())
            .add(Column::EndedAt.gt(millis(at))),
    );
    lines(db, then, units(transfer_line::Column::Dispatched)).await
}

/// Units that had been sent and were not among what was received after `after` and by `by`, by item.
pub async fn missing(db: &impl Reads, after: Moment, by: Moment) -> Result<BTreeMap<String, i64>, StoreError> {
    use transfer::Column;
    let then = Condition::all()
        .add(Column::State.eq("received"))
        .add(Column::EndedAt.gt(millis(after)))
        .add(Column::EndedAt.lte(millis(by)));
    let gap = Expr::col(transfer_line::Column::Dispatched).sub(Expr::col(transfer_line::Column::Received));
    lines(db, then, gap.sum().cast_as(Alias::new("bigint"))).await
}

async fn lines(db: &impl Reads, of: Condition, sum: Expr) -> Result<BTreeMap<String, i64>, StoreError> {
    let transfers = transfer::Entity::find()
        .select_only()
        .column(transfer::Column::Id)
        .filter(of)
        .into_query();
    let rows: Vec<(String, Option<i64>)> = transfer_line::Entity::find()
        .select_only()
        .column(transfer_line::Column::Item)
        .expr_as(sum, "units")
        .filter(transfer_line::Column::TransferId.in_subquery(transfers))
        .group_by(transfer_line::Column::Item)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|(item, units)| (item, units.unwrap_or(0)))
        .collect())
}

/// A line of a transfer beside what was booked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// `proposed` and so on; empty where something is booked for a line that is not there.
    pub state: String,
    pub dispatched: i64,
    pub received: i64,
    /// Booked at the donor: what left (0 or more), and what came back.
    pub left: i64,
    pub returned: i64,
    /// Booked at the recipient.
    pub arrived: i64,
    /// Booked at any other shelter.
    pub astray: i64,
}

/// Every line of every transfer with what was booked for it. Three statements.
pub async fn carried(db: &impl Reads) -> Result<Vec<Carried>, StoreError> {
    let transfers = transfer::Entity::find().all(db.connection()).await?;
    let ends: BTreeMap<Uuid, transfer::Model> = transfers.into_iter().map(|row| (row.id, row)).collect();
    let mut all: BTreeMap<(Uuid, String), Carried> = BTreeMap::new();
    for line in transfer_line::Entity::find().all(db.connection()).await? {
        let carried = Carried {
            state: ends
                .get(&line.transfer_id)
                .map_or_else(String::new, |row| row.state.clone()),
            dispatched: line.dispatched.unwrap_or(0),
            received: line.received.unwrap_or(0),
            ..Carried::default()
        };
        all.insert((line.transfer_id, line.item), carried);
    }
    use stock_movement::Column;
    let booked: Vec<(Uuid, String, Uuid, String, i64)> = stock_movement::Entity::find()
        .select_only()
        .columns([Column::TransferId, Column::Item, Column::ShelterId, Column::Kind])
        .expr_as(units(Column::Change), "units")
        .filter(Column::TransferId.is_not_null())
        .group_by(Column::TransferId)
        .group_by(Column::Item)
        .group_by(Column::ShelterId)
        .group_by(Column::Kind)
        .into_tuple()
        .all(db.connection())
        .await?;
    for (id, item, shelter, kind, change) in booked {
        let row = all.entry((id, item)).or_default();
        let (donor, recipient) = match ends.get(&id) {
            Some(ends) => (shelter == ends.from_shelter, shelter == ends.to_shelter),
            None => (false, false),
        };
        match code("stock_movement", "kind", &kind)? {
            MovementKind::TransferOut if donor => row.left -= change,
            MovementKind::Returned if donor => row.returned += change,
            MovementKind::TransferIn if recipient => row.arrived += change,
            _ => row.astray += 1,
        }
    }
    Ok(all.into_values().collect())
}
