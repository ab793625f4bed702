//! What came and went, as its readers are told of it.

use entity::{stock_movement, transfer, user};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeMap;
use uuid::Uuid;

use super::convert::{code, day, moment};
use super::{Reads, StoreError};
use crate::domain::id::{MovementId, ShelterId};
use crate::domain::stock::{Booked, Movement};

/// A shelter's movements, the newest first, from below the id `before`: ids are in the order of time. At most three
/// statements.
pub async fn page(
    db: &impl Reads,
    shelter: ShelterId,
    before: Option<MovementId>,
    limit: u64,
) -> Result<Vec<Booked>, StoreError> {
    let mut select = stock_movement::Entity::find()
        .filter(stock_movement::Column::ShelterId.eq(shelter.0))
        .order_by_desc(stock_movement::Column::Id)
        .limit(limit);
    if let Some(before) = before {
        select = select.filter(stock_movement::Column::Id.lt(before.0));
    }
    let rows = select.all(db.connection()).await?;
    let codes: BTreeMap<Uuid, String> = transfer::Entity::find()
        .select_only()
        .columns([transfer::Column::Id, transfer::Column::Code])
        .filter(transfer::Column::Id.is_in(rows.iter().filter_map(|row| row.transfer_id)))
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    let names: BTreeMap<Uuid, String> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::Name])
        .filter(user::Column::Id.is_in(rows.iter().filter_map(|row| row.user_id)))
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    let booked = |row: stock_movement::Model| {
        Ok(Booked {
            transfer_code: row.transfer_id.and_then(|id| codes.get(&id).cloned()),
            by: row.user_id.and_then(|id| names.get(&id).cloned()),
            movement: movement(row)?,
        })
    };
    rows.into_iter().map(booked).collect()
}

fn movement(row: stock_movement::Model) -> Result<Movement, StoreError> {
    Ok(Movement {
        id: row.id.into(),
        shelter_id: row.shelter_id.into(),
        item: row.item,
        kind: code("stock_movement", "kind", &row.kind)?,
        change: row.change,
        expires_on: row
            .expires_on
            .as_deref()
            .map(|text| day("stock_movement", "expires_on", text))
            .transpose()?,
        source: row.source,
        transfer_id: row.transfer_id.map(Into::into),
        user_id: row.user_id.map(Into::into),
        moved_at: moment(row.moved_at),
        recorded_at: moment(row.recorded_at),
    })
}
