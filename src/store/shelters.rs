//! Shelters and their rooms: what an administrator edits.

use std::collections::HashMap;

use entity::{room, room_state, shelter, shelter_state};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::convert::{code, count, json, millis, minutes, time, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::ShelterScope;
use crate::domain::id::{Moment, RoomId, ShelterId};
use crate::domain::rooms::Room;
use crate::domain::shelters::Shelter;

/// Which shelters to read.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    All,
    Ids(&'a [ShelterId]),
}

pub(super) fn within(scope: &ShelterScope) -> Condition {
    match scope {
        ShelterScope::All => Condition::all(),
        ShelterScope::Only(ids) => Condition::all().add(shelter::Column::Id.is_in(ids.iter().map(|id| id.0))),
    }
}

/// Shelters in the scope with their rooms, by code, but for canaries. Two statements however many there are.
pub async fn list(db: &impl Reads, scope: &ShelterScope, which: Which<'_>) -> Result<Vec<Shelter>, StoreError> {
    let mut condition = within(scope).add(shelter::Column::Canary.eq(false));
    if let Which::Ids(ids) = which {
        condition = condition.add(shelter::Column::Id.is_in(ids.iter().map(|id| id.0)));
    }
    let all = matches!((which, scope), (Which::All, ShelterScope::All));
    with_rooms(db, condition, all).await
}

/// What those who keep this scope see: a canary is seen by who keeps all.
fn kept(scope: &ShelterScope) -> Condition {
    match scope {
        ShelterScope::All => Condition::all(),
        ShelterScope::Only(_) => within(scope).add(shelter::Column::Canary.eq(false)),
    }
}

/// Whether this is the id of a canary.
pub async fn is_canary(db: &impl Reads, id: ShelterId) -> Result<bool, StoreError> {
    let found = shelter::Entity::find_by_id(id.0)
        .filter(shelter::Column::Canary.eq(true))
        .one(db.connection())
        .await?;
    Ok(found.is_some())
}

async fn with_rooms(db: &impl Reads, condition: Condition, all: bool) -> Result<Vec<Shelter>, StoreError> {
    let rows = shelter::Entity::find()
        .filter(condition)
        .order_by_asc(shelter::Column::Code)
        .all(db.connection())
        .await?;
    let mut select = room::Entity::find().filter(room::Column::RetiredAt.is_null());
    if !all {
        select = select.filter(room::Column::ShelterId.is_in(rows.iter().map(|row| row.id)));
    }
    let rooms = select
        .order_by_asc(room::Column::Position)
        .order_by_asc(room::Column::Id)
        .all(db.connection())
        .await?;
    let mut by_shelter: HashMap<Uuid, Vec<Room>> = HashMap::with_capacity(rows.len());
    for row in rooms {
        by_shelter.entry(row.shelter_id).or_default().push(room_of(row)?);
    }
    rows.into_iter()
        .map(|row| {
            let rooms = by_shelter.remove(&row.id).unwrap_or_default();
            shelter_of(row, rooms)
        })
        .collect()
}

/// One page of the shelters in the scope, by code, after `after`.
pub async fn page(
    db: &impl Reads,
    scope: &ShelterScope,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Shelter>, StoreError> {
    use sea_orm::QuerySelect;
    let mut condition = kept(scope);
    if let Some(after) = after {
        condition = condition.add(shelter::Column::Code.gt(after));
    }
    let ids: Vec<Uuid> = shelter::Entity::find()
        .select_only()
        .column(shelter::Column::Id)
        .filter(condition)
        .order_by_asc(shelter::Column::Code)
        .limit(limit)
        .into_tuple()
        .all(db.connection())
        .await?;
    with_rooms(db, Condition::all().add(shelter::Column::Id.is_in(ids)), false).await
}

pub async fn get(db: &impl Reads, scope: &ShelterScope, id: ShelterId) -> Result<Option<Shelter>, StoreError> {
    if !scope.covers(id) {
        return Ok(None);
    }
    let condition = kept(scope).add(shelter::Column::Id.eq(id.0));
    Ok(with_rooms(db, condition, false).await?.pop())
}

pub async fn insert(tx: &Tx, row: &Shelter, now: Moment) -> Result<(), StoreError> {
    shelter::Entity::insert(active(row, now))
        .exec_without_returning(tx.connection())
        .await?;
    // Without a state nothing can be locked, reported, held or sent there: to all of them a canary is an unknown id.
    if !row.canary {
        shelter_state::Entity::insert(never_reported(row.id))
            .exec_without_returning(tx.connection())
            .await?;
    }
    for (position, room) in row.rooms.iter().enumerate() {
        insert_room(tx, row.id, room, position).await?;
    }
    Ok(())
}

pub(super) fn active(row: &Shelter, now: Moment) -> shelter::ActiveModel {
    shelter::ActiveModel {
        id: Set(row.id.0),
        code: Set(row.code.clone()),
        name: Set(row.name.clone()),
        organisation_id: Set(row.organisation_id.0),
        district: Set(row.district.clone()),
        region: Set(row.region.clone()),
        kind: Set(row.kind.to_string()),
        location_policy: Set(row.location_policy.to_string()),
        sector: Set(row.sector.clone()),
        intake_from: Set(row.intake.map(|(from, _)| minutes(from))),
        intake_to: Set(row.intake.map(|(_, to)| minutes(to))),
        longest_stay_days: Set(row.longest_stay_days.map(i32::from)),
        languages: Set(to_json(&row.languages)),
        services: Set(to_json(&row.services)),
        rules: Set(to_json(&row.rules)),
        report_due: Set(minutes(row.report_due)),
        report_interval_hours: Set(i32::from(row.report_interval_hours)),
        version: Set(row.version),
        created_at: Set(millis(now)),
        canary: Set(row.canary),
    }
}

pub(super) fn never_reported(id: ShelterId) -> shelter_state::ActiveModel {
    shelter_state::ActiveModel {
        shelter_id: Set(id.0),
        report_id: Set(None),
        observed_at: Set(None),
        ordered_at: Set(None),
        reported_by: Set(None),
        operating: Set(true),
        version: Set(0),
    }
}

pub(super) fn room_active(shelter: ShelterId, room: &Room, position: usize) -> room::ActiveModel {
    room::ActiveModel {
        id: Set(room.id.0),
        shelter_id: Set(shelter.0),
        label: Set(room.label.clone()),
        kind: Set(room.kind.to_string()),
        beds: Set(i32::from(room.beds)),
        cots: Set(i32::from(room.cots)),
        step_free: Set(room.step_free),
        sleeps: Set(room.sleeps.map(i32::from)),
        position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
        retired_at: Set(None),
    }
}

pub(super) fn empty_state(shelter: ShelterId, room: RoomId) -> room_state::ActiveModel {
    room_state::ActiveModel {
        room_id: Set(room.0),
        shelter_id: Set(shelter.0),
        occupied_beds: Set(0),
        occupied_cots: Set(0),
        out_of_service_beds: Set(0),
        out_of_service_reason: Set(None),
        planned_exit: Set(None),
    }
}

async fn insert_room(tx: &Tx, shelter: ShelterId, room: &Room, position: usize) -> Result<(), StoreError> {
    room::Entity::insert(room_active(shelter, room, position))
        .exec_without_returning(tx.connection())
        .await?;
    room_state::Entity::insert(empty_state(shelter, room.id))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes an edited shelter if nobody edited it since `row.version`; `Stale` if somebody did. `before` says which rooms
/// are new and which are gone.
pub async fn update(tx: &Tx, before: &Shelter, row: &Shelter, now: Moment) -> Result<(), StoreError> {
    let mut model = active(row, now);
    model.version = Set(row.version + 1);
    model.id = sea_orm::ActiveValue::NotSet;
    model.created_at = sea_orm::ActiveValue::NotSet;
    let done = shelter::Entity::update_many()
        .set(model)
        .filter(shelter::Column::Id.eq(row.id.0))
        .filter(shelter::Column::Version.eq(row.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        return Err(StoreError::Stale);
    }
    for (position, room) in row.rooms.iter().enumerate() {
        if before.rooms.iter().any(|old| old.id == room.id) {
            let mut model = room_active(row.id, room, position);
            model.id = sea_orm::ActiveValue::NotSet;
            room::Entity::update_many()
                .set(model)
                .filter(room::Column::Id.eq(room.id.0))
                .exec(tx.connection())
                .await?;
        } else {
            insert_room(tx, row.id, room, position).await?;
        }
    }
    let gone = before
        .rooms
        .iter()
        .filter(|old| !row.rooms.iter().any(|room| room.id == old.id))
        .map(|old| old.id.0);
    room::Entity::update_many()
        .col_expr(room::Column::RetiredAt, Expr::value(Some(millis(now))))
        .filter(room::Column::Id.is_in(gone))
        .exec(tx.connection())
        .await?;
    Ok(())
}

pub(super) fn room_of(row: room::Model) -> Result<Room, StoreError> {
    Ok(Room {
        id: row.id.into(),
        kind: code("room", "kind", &row.kind)?,
        label: row.label,
        beds: count(row.beds),
        cots: count(row.cots),
        step_free: row.step_free,
        sleeps: row.sleeps.and_then(|n| u8::try_from(n).ok()),
    })
}

fn shelter_of(row: shelter::Model, rooms: Vec<Room>) -> Result<Shelter, StoreError> {
    Ok(Shelter {
        id: row.id.into(),
        organisation_id: row.organisation_id.into(),
        kind: code("shelter", "kind", &row.kind)?,
        location_policy: code("shelter", "location_policy", &row.location_policy)?,
        intake: row
            .intake_from
            .zip(row.intake_to)
            .map(|(from, to)| (time(from), time(to))),
        longest_stay_days: row.longest_stay_days.map(count),
        languages: json("shelter", "languages", &row.languages)?,
        services: json("shelter", "services", &row.services)?,
        rules: json("shelter", "rules", &row.rules)?,
        report_due: time(row.report_due),
        report_interval_hours: count(row.report_interval_hours),
        code: row.code,
        name: row.name,
        district: row.district,
        region: row.region,
        sector: row.sector,
        canary: row.canary,
        version: row.version,
        rooms,
    })
}
