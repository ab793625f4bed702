//! The timeline of cases: rows that are written once.

use entity::case_event;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::convert::{code, json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{HoldId, Moment, ReferralId};
use crate::domain::timeline::{CaseEvent, EventKind, in_order};

pub(super) fn active(row: &CaseEvent) -> case_event::ActiveModel {
    case_event::ActiveModel {
        id: Set(row.id.0),
        referral_id: Set(row.referral_id.0),
        hold_id: Set(row.hold_id.map(|id| id.0)),
        shelter_id: Set(row.shelter_id.map(|id| id.0)),
        at: Set(millis(row.at)),
        kind: Set(row.kind.to_string()),
        detail: Set(to_json(&row.detail)),
    }
}

pub async fn insert(tx: &Tx, rows: &[CaseEvent]) -> Result<(), StoreError> {
    if !rows.is_empty() {
        case_event::Entity::insert_many(rows.iter().map(active))
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// All that happened to a referral, in order.
pub async fn of_referral(db: &impl Reads, id: ReferralId) -> Result<Vec<CaseEvent>, StoreError> {
    read(db, Condition::all().add(case_event::Column::ReferralId.eq(id.0))).await
}

/// What happened to one hold, in order.
pub async fn of_hold(db: &impl Reads, id: HoldId) -> Result<Vec<CaseEvent>, StoreError> {
    read(db, Condition::all().add(case_event::Column::HoldId.eq(id.0))).await
}

/// Whether this has happened to the referral since `since`.
pub async fn has_been(db: &impl Reads, id: ReferralId, kind: EventKind, since: Moment) -> Result<bool, StoreError> {
    let found = case_event::Entity::find()
        .filter(case_event::Column::ReferralId.eq(id.0))
        .filter(case_event::Column::Kind.eq(kind.to_string()))
        .filter(case_event::Column::At.gte(millis(since)))
        .count(db.connection())
        .await?;
    Ok(found > 0)
}

async fn read(db: &impl Reads, condition: Condition) -> Result<Vec<CaseEvent>, StoreError> {
    let rows = case_event::Entity::find()
        .filter(condition)
        .order_by_asc(case_event::Column::At)
        .all(db.connection())
        .await?;
    let events: Result<Vec<CaseEvent>, StoreError> = rows.into_iter().map(event_of).collect();
    events.map(in_order)
}

fn event_of(row: case_event::Model) -> Result<CaseEvent, StoreError> {
    Ok(CaseEvent {
        id: row.id.into(),
        referral_id: row.referral_id.into(),
        hold_id: row.hold_id.map(Uuid::into),
        shelter_id: row.shelter_id.map(Uuid::into),
        at: moment(row.at),
        kind: code("case_event", "kind", &row.kind)?,
        detail: json("case_event", "detail", &row.detail)?,
    })
}
