//! Many rows at once, for imports and for the demo country. What is written is the same as one by one.

use entity::{
    case_event, hold, hold_line, referral, report, report_line, room, room_state, shelter, shelter_state, stock,
    stock_count,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, ExprTrait, IntoActiveModel, Iterable};

use super::convert::millis;
use super::{Reads, StoreError, Tx, events, holds, referrals, reports, shelters};
use crate::domain::cases::{Hold, Referral};
use crate::domain::id::Moment;
use crate::domain::logbook::Report;
use crate::domain::shelters::Shelter;
use crate::domain::stock::{Movement, Stock};
use crate::domain::timeline::CaseEvent;

/// SQLite takes 32,766 values in one statement, PostgreSQL 65,535: rows go in chunks below the smaller.
const VALUES: usize = 30_000;

/// How many rows of a table go into one statement: counted from its columns, so that a new one is never forgotten.
fn at_once<E: EntityTrait>() -> usize {
    (VALUES / E::Column::iter().count().max(1)).max(1)
}

async fn insert<A>(tx: &Tx, rows: Vec<A>) -> Result<(), StoreError>
where
    A: ActiveModelTrait + Send + Clone,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    for chunk in rows.chunks(at_once::<A::Entity>()) {
        A::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

pub async fn insert_shelters(tx: &Tx, rows: &[Shelter], now: Moment) -> Result<(), StoreError> {
    insert(
        tx,
        rows.iter()
            .map(|row| shelters::active(row, now))
            .collect::<Vec<shelter::ActiveModel>>(),
    )
    .await?;
    insert(
        tx,
        rows.iter()
            .map(|row| shelters::never_reported(row.id))
            .collect::<Vec<shelter_state::ActiveModel>>(),
    )
    .await?;
    let each_room = || {
        rows.iter()
            .flat_map(|row| row.rooms.iter().enumerate().map(move |(at, room)| (row.id, at, room)))
    };
    let rooms: Vec<room::ActiveModel> = each_room()
        .map(|(shelter, at, room)| shelters::room_active(shelter, room, at))
        .collect();
    insert(tx, rooms).await?;
    let states: Vec<room_state::ActiveModel> = each_room()
        .map(|(shelter, _, room)| shelters::empty_state(shelter, room.id))
        .collect();
    insert(tx, states).await
}

/// Reports and their lines as history; what they make current is written by `set_current`.
pub async fn insert_reports(tx: &Tx, rows: &[Report]) -> Result<(), StoreError> {
    insert(
        tx,
        rows.iter().map(reports::active).collect::<Vec<report::ActiveModel>>(),
    )
    .await?;
    let lines: Vec<report_line::ActiveModel> = rows
        .iter()
        .flat_map(|row| row.lines.iter().map(|line| reports::line_active(row.id, line)))
        .collect();
    insert(tx, lines).await
}

/// Makes each report its shelter's current state (the newest one per shelter is for the caller to choose), with its
/// lines' room sizes, and arrivals already added.
pub async fn set_current(tx: &Tx, rows: &[Report]) -> Result<(), StoreError> {
    let heads = rows.iter().map(|row| shelter_state::ActiveModel {
        shelter_id: Set(row.shelter_id.0),
        report_id: Set(Some(row.id.0)),
        observed_at: Set(Some(millis(row.seen_at()))),
        ordered_at: Set(Some(millis(row.ordered_at))),
        reported_by: Set(Some(row.reported_by.clone())),
        operating: Set(row.operating),
        version: Set(1),
    });
    let heads: Vec<shelter_state::ActiveModel> = heads.collect();
    for chunk in heads.chunks(at_once::<shelter_state::Entity>()) {
        use shelter_state::Column as C;
        shelter_state::Entity::insert_many(chunk.to_vec())
            .on_conflict(
                OnConflict::column(C::ShelterId)
                    .update_columns([C::ReportId, C::ObservedAt, C::OrderedAt, C::ReportedBy, C::Operating])
                    // So that other nodes find it.
                    .value(C::Version, Expr::col((shelter_state::Entity, C::Version)).add(1))
                    .to_owned(),
            )
            .exec_without_returning(tx.connection())
            .await?;
    }
    let states: Vec<room_state::ActiveModel> = rows
        .iter()
        .flat_map(|row| row.lines.iter().map(|line| reports::state_active(row.shelter_id, line)))
        .collect();
    for chunk in states.chunks(at_once::<room_state::Entity>()) {
        use room_state::Column as C;
        room_state::Entity::insert_many(chunk.to_vec())
            .on_conflict(
                OnConflict::column(C::RoomId)
                    .update_columns([
                        C::OccupiedBeds,
                        C::OccupiedCots,
                        C::OutOfServiceBeds,
                        C::OutOfServiceReason,
                        C::PlannedExit,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

pub async fn insert_referrals(tx: &Tx, rows: &[Referral]) -> Result<(), StoreError> {
    insert(
        tx,
        rows.iter()
            .map(referrals::active)
            .collect::<Vec<referral::ActiveModel>>(),
    )
    .await
}

pub async fn insert_holds(tx: &Tx, rows: &[Hold]) -> Result<(), StoreError> {
    insert(tx, rows.iter().map(holds::active).collect::<Vec<hold::ActiveModel>>()).await?;
    let lines: Vec<hold_line::ActiveModel> = rows
        .iter()
        .flat_map(|row| row.lines.iter().map(|line| holds::line_active(row.id, line)))
        .collect();
    insert(tx, lines).await
}

pub async fn insert_events(tx: &Tx, rows: &[CaseEvent]) -> Result<(), StoreError> {
    insert(
        tx,
        rows.iter()
            .map(events::active)
            .collect::<Vec<case_event::ActiveModel>>(),
    )
    .await
}

/// Stock counts as history, and the newest of each item as what is on hand. `ids` names the counts.
pub async fn insert_stock(tx: &Tx, counts: &[(uuid::Uuid, Stock)]) -> Result<(), StoreError> {
    let rows: Vec<stock_count::ActiveModel> = counts
        .iter()
        .map(|(id, count)| stock_count::ActiveModel {
            id: Set(*id),
            shelter_id: Set(count.shelter_id.0),
            report_id: Set(None),
            user_id: Set(None),
            item: Set(count.item.clone()),
            on_hand: Set(count.on_hand),
            observed_at: Set(millis(count.observed_at)),
            received_at: Set(millis(count.observed_at)),
        })
        .collect();
    insert(tx, rows).await?;
    let mut newest: std::collections::BTreeMap<(uuid::Uuid, &str), &Stock> = std::collections::BTreeMap::new();
    for (_, count) in counts {
        let slot = newest.entry((count.shelter_id.0, &count.item)).or_insert(count);
        if count.observed_at >= slot.observed_at {
            *slot = count;
        }
    }
    let rows: Vec<stock::ActiveModel> = newest.into_values().map(super::stock::active).collect();
    insert(tx, rows).await
}

/// What came and went between the counts.
pub async fn insert_movements(tx: &Tx, rows: &[Movement]) -> Result<(), StoreError> {
    for chunk in rows.chunks(at_once::<entity::stock_movement::Entity>()) {
        super::stock::insert_movements(tx, chunk).await?;
    }
    Ok(())
}

/// Sets rooms' sizes to what the newest import says.
pub async fn resize_rooms(tx: &Tx, sizes: &[(crate::domain::id::RoomId, u16, u16)]) -> Result<(), StoreError> {
    use sea_orm::sea_query::Expr;
    use sea_orm::{ColumnTrait, QueryFilter};
    for (room, beds, cots) in sizes {
        room::Entity::update_many()
            .col_expr(room::Column::Beds, Expr::value(i32::from(*beds)))
            .col_expr(room::Column::Cots, Expr::value(i32::from(*cots)))
            .filter(room::Column::Id.eq(room.0))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}
