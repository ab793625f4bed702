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
use crate::domain::shelters::Shelter;

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

/// By what a shelter's reading is told from a later one: its version, and how many of its holds are open. Whatever changes
/// what is placed there bumps the version under [`lock`], but for the release of those who were asked in vain, which takes
/// no lock there: while the version stands, holds only become fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub version: i64,
    pub open_holds: i64,
}

/// The views asked for, by code, with the claims that are active at `now`. Five statements however many shelters.
pub async fn load(db: &impl Reads, which: Which<'_>, now: Moment) -> Result<Vec<ShelterView>, StoreError> {
    Ok(load_marked(db, which, now).await?.0)
}

/// The same, and how to tell whether they have changed since. The versions are read before anything else: what is read is
/// never older than its mark says.
pub async fn load_marked(
    db: &impl Reads,
    which: Which<'_>,
    now: Moment,
) -> Result<(Vec<ShelterView>, HashMap<ShelterId, Mark>), StoreError> {
    let ids: Option<Vec<Uuid>> = match which {
        Which::All => None,
        Which::Ids(ids) => Some(ids.iter().map(|id| id.0).collect()),
    };
    let rows = heads(db, ids.as_deref()).await?;
    let heads: Heads = rows.iter().map(|row| (row.shelter_id, head_of(row.clone()))).collect();
    let shelters = shelters::list(db, &ShelterScope::All, which).await?;
    let (views, open) = drawn(db, shelters, ids.as_deref(), &heads, now).await?;
    let mark = |row: &shelter_state::Model| {
        let open_holds = open.get(&row.shelter_id).copied().unwrap_or(0);
        let version = row.version;
        (ShelterId(row.shelter_id), Mark { version, open_holds })
    };
    Ok((views, rows.iter().map(mark).collect()))
}

/// The view of a shelter that is locked, whose newest report the lock has told.
pub async fn under_lock(tx: &Tx, id: ShelterId, head: &Head, now: Moment) -> Result<Option<ShelterView>, StoreError> {
    let shelters = shelters::list(tx, &ShelterScope::All, Which::Ids(&[id])).await?;
    let heads = HashMap::from([(id.0, head.clone())]);
    let (mut views, _) = drawn(tx, shelters, Some(&[id.0]), &heads, now).await?;
    Ok(views.pop())
}

type Heads = HashMap<Uuid, Head>;

async fn drawn(
    db: &impl Reads,
    shelters: Vec<Shelter>,
    ids: Option<&[Uuid]>,
    heads: &Heads,
    now: Moment,
) -> Result<(Vec<ShelterView>, HashMap<Uuid, i64>), StoreError> {
    let mut states = states(db, ids).await?;
    let (mut claims, open) = claims(db, ids, now).await?;
    let views = shelters
        .into_iter()
        .map(|shelter| {
            let head = heads.get(&shelter.id.0);
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
                observed_at: head.and_then(|head| head.observed_at),
                operating: head.is_none_or(|head| head.operating),
                shelter,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok((views, open))
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

async fn heads(db: &impl Reads, ids: Option<&[Uuid]>) -> Result<Vec<shelter_state::Model>, StoreError> {
    let rows = shelter_state::Entity::find()
        .filter(only(shelter_state::Column::ShelterId, ids))
        .all(db.connection())
        .await?;
    Ok(rows)
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

type Claims = HashMap<Uuid, Vec<ActiveClaim>>;
/// Shelter, room, hold, beds, cots, when it ends and when it starts.
type Line = (Uuid, Uuid, Uuid, i32, i32, i64, Option<i64>);

/// The claims of each room at `now`, and how many holds of each shelter are open, those past their deadline among them.
async fn claims(
    db: &impl Reads,
    ids: Option<&[Uuid]>,
    now: Moment,
) -> Result<(Claims, HashMap<Uuid, i64>), StoreError> {
    let rows: Vec<Line> = hold_line::Entity::find()
        .select_only()
        .column(hold::Column::ShelterId)
        .columns([hold_line::Column::RoomId, hold_line::Column::HoldId])
        .columns([hold_line::Column::Beds, hold_line::Column::Cots])
        .columns([hold::Column::ExpiresAt, hold::Column::StartsAt])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(only(hold::Column::ShelterId, ids))
        .filter(hold::Column::State.is_in(open()))
        .order_by_asc(hold_line::Column::HoldId)
        .into_tuple()
        .all(db.connection())
        .await?;
    let (mut by_room, mut open): (Claims, HashMap<Uuid, i64>) = Default::default();
    let mut last = None;
    for (shelter, room, hold, beds, cots, expires_at, starts_at) in rows {
        // The lines of one hold come together.
        if last.replace(hold) != Some(hold) {
            *open.entry(shelter).or_default() += 1;
        }
        if expires_at <= millis(now) {
            continue;
        }
        by_room.entry(room).or_default().push(ActiveClaim {
            hold_id: HoldId(hold),
            beds: count(beds),
            cots: count(cots),
            expires_at: moment(expires_at),
            starts_at: starts_at.map(moment),
        });
    }
    Ok((by_room, open))
}

/// The states of holds that have not ended.
pub(super) fn open() -> [String; 2] {
    [HoldState::Asked, HoldState::Accepted].map(|state| state.to_string())
}
