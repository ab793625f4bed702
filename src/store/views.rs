//! Shelters as the placement sees them at once: rooms, state, and the claims of active holds. The snapshot is loaded
//! from here, and a hold is decided on the same shape read inside its transaction.

use std::collections::HashMap;

use entity::{hold, hold_line, room_state, shelter_state};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use uuid::Uuid;

use super::convert::{code_opt, count, day, millis, moment};
use super::reports::head_of;
use super::shelters::{self, Which};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::ShelterScope;
use crate::domain::availability::ShelterView;
use crate::domain::holds::HoldState;
use crate::domain::id::{HoldId, Moment, ShelterId};
use crate::domain::logbook::Head;
use crate::domain::rooms::{ActiveClaim, Occupancy, RoomView};

/// Takes the lock under which everything is placed in one shelter, until the transaction ends, and tells what its newest
/// report is; `None` if there is no such shelter. (`FOR UPDATE` would be silently dropped by SQLite's builder; a changed
/// row locks on both.)
pub async fn lock(tx: &Tx, id: ShelterId) -> Result<Option<Head>, StoreError> {
    let row = shelter_state::Entity::update_many()
        .col_expr(
            shelter_state::Column::Version,
            Expr::col(shelter_state::Column::Version).add(1),
        )
        .filter(shelter_state::Column::ShelterId.eq(id.0))
        .exec_with_returning(tx.connection())
        .await?
        .pop();
    Ok(row.map(head_of))
}

/// The views asked for, by code, with the claims that are active at `now`. Five statements however many shelters.
pub async fn load(db: &impl Reads, which: Which<'_>, now: Moment) -> Result<Vec<ShelterView>, StoreError> {
    let shelters = shelters::list(db, &ShelterScope::All, which).await?;
    let ids: Option<Vec<Uuid>> = match which {
        Which::All => None,
        Which::Ids(_) => Some(shelters.iter().map(|s| s.id.0).collect()),
    };
    let mut heads = heads(db, ids.as_deref()).await?;
    let mut states = states(db, ids.as_deref()).await?;
    let mut claims = claims(db, ids.as_deref(), now).await?;
    shelters
        .into_iter()
        .map(|shelter| {
            let head = heads.remove(&shelter.id.0);
            let rooms = shelter
                .rooms
                .iter()
                .map(|room| {
                    let (state, planned_exit) = match states.remove(&room.id.0) {
                        Some(row) => state_of(&row)?,
                        None => (Occupancy::default(), None),
                    };
                    let claims = claims.remove(&room.id.0).unwrap_or_default();
                    Ok(RoomView {
                        room: room.clone(),
                        state,
                        planned_exit,
                        claims,
                    })
                })
                .collect::<Result<Vec<_>, StoreError>>()?;
            Ok(ShelterView {
                rooms,
                observed_at: head.as_ref().and_then(|row| row.observed_at).map(moment),
                operating: head.as_ref().is_none_or(|row| row.operating),
                shelter,
            })
        })
        .collect()
}

pub async fn one(db: &impl Reads, id: ShelterId, now: Moment) -> Result<Option<ShelterView>, StoreError> {
    Ok(load(db, Which::Ids(&[id]), now).await?.pop())
}

fn only(column: impl ColumnTrait, ids: Option<&[Uuid]>) -> Condition {
    match ids {
        None => Condition::all(),
        Some(ids) => Condition::all().add(column.is_in(ids.iter().copied())),
    }
}

async fn heads(db: &impl Reads, ids: Option<&[Uuid]>) -> Result<HashMap<Uuid, shelter_state::Model>, StoreError> {
    let rows = shelter_state::Entity::find()
        .filter(only(shelter_state::Column::ShelterId, ids))
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.shelter_id, row)).collect())
}

async fn states(db: &impl Reads, ids: Option<&[Uuid]>) -> Result<HashMap<Uuid, room_state::Model>, StoreError> {
    let rows = room_state::Entity::find()
        .filter(only(room_state::Column::ShelterId, ids))
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.room_id, row)).collect())
}

fn state_of(row: &room_state::Model) -> Result<(Occupancy, Option<chrono::NaiveDate>), StoreError> {
    let state = Occupancy {
        occupied_beds: count(row.occupied_beds),
        occupied_cots: count(row.occupied_cots),
        out_of_service_beds: count(row.out_of_service_beds),
        out_of_service_reason: code_opt(
            "room_state",
            "out_of_service_reason",
            row.out_of_service_reason.as_deref(),
        )?,
    };
    let exit = row
        .planned_exit
        .as_deref()
        .map(|text| day("room_state", "planned_exit", text))
        .transpose()?;
    Ok((state, exit))
}

async fn claims(
    db: &impl Reads,
    ids: Option<&[Uuid]>,
    now: Moment,
) -> Result<HashMap<Uuid, Vec<ActiveClaim>>, StoreError> {
    let active = [HoldState::Asked, HoldState::Accepted].map(|state| state.to_string());
    let rows: Vec<(Uuid, Uuid, i32, i32, i64, Option<i64>)> = hold_line::Entity::find()
        .select_only()
        .columns([hold_line::Column::RoomId, hold_line::Column::HoldId])
        .columns([hold_line::Column::Beds, hold_line::Column::Cots])
        .columns([hold::Column::ExpiresAt, hold::Column::StartsAt])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(only(hold::Column::ShelterId, ids))
        .filter(hold::Column::State.is_in(active))
        .filter(hold::Column::ExpiresAt.gt(millis(now)))
        .order_by_asc(hold_line::Column::HoldId)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_room: HashMap<Uuid, Vec<ActiveClaim>> = HashMap::new();
    for (room, hold, beds, cots, expires_at, starts_at) in rows {
        by_room.entry(room).or_default().push(ActiveClaim {
            hold_id: HoldId(hold),
            beds: count(beds),
            cots: count(cots),
            expires_at: moment(expires_at),
            starts_at: starts_at.map(moment),
        });
    }
    Ok(by_room)
}
