//! What was known at a past moment, drawn from the reports, arrivals and holds of that time.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{arrival, hold, hold_line, report, report_line};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait};
use uuid::Uuid;

use super::convert::{count, millis, moment};
use super::reports::line_of;
use super::shelters::{self, Which};
use super::{Reads, StoreError};
use crate::domain::accounts::ShelterScope;
use crate::domain::availability::ShelterView;
use crate::domain::chance::Seen;
use crate::domain::holds::HoldState;
use crate::domain::id::{HoldId, Moment, RoomId, ShelterId};
use crate::domain::logbook::Line;
use crate::domain::reports::Channel;
use crate::domain::rooms::{ActiveClaim, Held, Occupancy, RoomView};

/// The shelters as they were known at `at`: each by its newest report of that time with the arrivals since, its rooms as
/// large as that report says, and the holds that claimed beds then. Imported reports count as known when observed; with
/// a `night`, those of imports count by the day they tell of, whatever the hour at which it ended where they come from.
/// A shelter without a report by then is there with no observation.
pub async fn as_of(db: &impl Reads, at: Moment, night: Option<NaiveDate>) -> Result<Vec<ShelterView>, StoreError> {
    let shelters = shelters::list(db, &ShelterScope::All, Which::All).await?;
    let heads = heads(db, at, night).await?;
    let ordered: HashMap<Uuid, i64> = heads.values().map(|row| (row.shelter_id, row.ordered_at)).collect();
    let mut lines = lines(db, heads.values().map(|row| row.id).collect()).await?;
    let arrived = arrived(db, at, &ordered).await?;
    let mut claims = claims(db, at).await?;
    Ok(shelters
        .into_iter()
        .map(|mut shelter| {
            let head = heads.get(&shelter.id.0);
            let rooms = shelter
                .rooms
                .iter_mut()
                .map(|room| {
                    let line = lines.remove(&room.id);
                    if let Some(line) = &line {
                        (room.beds, room.cots) = (line.beds, line.cots);
                    }
                    let mut state = line.as_ref().map_or(Occupancy::default(), |line| line.state);
                    if let Some(taken) = arrived.get(&room.id) {
                        state.occupied_beds = state.occupied_beds.saturating_add(taken.beds);
                        state.occupied_cots = state.occupied_cots.saturating_add(taken.cots);
                    }
                    RoomView {
                        room: room.clone(),
                        state,
                        planned_exit: (line.and_then(|line| line.planned_exit))
                            .filter(|_| !arrived.contains_key(&room.id)),
                        claims: claims.remove(&room.id).unwrap_or_default(),
                    }
                })
                .collect();
            ShelterView {
                rooms,
                observed_at: head.map(|row| std::cmp::min(moment(row.observed_at), moment(row.received_at))),
                operating: head.is_none_or(|row| row.operating),
                shelter,
            }
        })
        .collect())
}

async fn heads(
    db: &impl Reads,
    at: Moment,
    night: Option<NaiveDate>,
) -> Result<HashMap<Uuid, report::Model>, StoreError> {
    let imported = Condition::all()
        .add(report::Column::Channel.eq(Channel::Import.to_string()))
        .add(match night {
            Some(night) => report::Column::Day.lte(night.to_string()),
            None => report::Column::OrderedAt.lte(millis(at)),
        });
    let told = Condition::all()
        .add(report::Column::Channel.ne(Channel::Import.to_string()))
        .add(report::Column::OrderedAt.lte(millis(at)))
        .add(report::Column::ReceivedAt.lte(millis(at)));
    let known = Condition::any().add(imported).add(told);
    let newest = Query::select()
        .column(report::Column::ShelterId)
        .expr(Expr::col(report::Column::OrderedAt).max())
        .from(report::Entity)
        .cond_where(known.clone())
        .group_by_col(report::Column::ShelterId)
        .to_owned();
    let pair = Expr::tuple([
        Expr::col(report::Column::ShelterId),
        Expr::col(report::Column::OrderedAt),
    ]);
    let rows = report::Entity::find()
        .filter(known)
        .filter(pair.in_subquery(newest))
        .all(db.connection())
        .await?;
    let mut by_shelter: HashMap<Uuid, report::Model> = HashMap::with_capacity(rows.len());
    for row in rows {
        // Two reports of one instant: the one made later counts.
        let newer = by_shelter
            .get(&row.shelter_id)
            .is_none_or(|old| (row.received_at, row.id) > (old.received_at, old.id));
        if newer {
            by_shelter.insert(row.shelter_id, row);
        }
    }
    Ok(by_shelter)
}

async fn lines(db: &impl Reads, reports: Vec<Uuid>) -> Result<HashMap<RoomId, Line>, StoreError> {
    let mut by_room = HashMap::new();
    for chunk in reports.chunks(5000) {
        let rows = report_line::Entity::find()
            .filter(report_line::Column::ReportId.is_in(chunk.iter().copied()))
            .all(db.connection())
            .await?;
        for row in rows {
            let line = line_of(row)?;
            by_room.insert(line.room_id, line);
        }
    }
    Ok(by_room)
}

async fn arrived(
    db: &impl Reads,
    at: Moment,
    ordered: &HashMap<Uuid, i64>,
) -> Result<HashMap<RoomId, Held>, StoreError> {
    let rows: Vec<(Uuid, i32, i32, Uuid, Option<i64>)> = hold_line::Entity::find()
        .select_only()
        .columns([
            hold_line::Column::RoomId,
            hold_line::Column::Beds,
            hold_line::Column::Cots,
        ])
        .columns([hold::Column::ShelterId, hold::Column::EndedAt])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(hold::Column::State.eq(HoldState::Arrived.to_string()))
        .filter(hold::Column::EndedAt.lte(millis(at)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let of_gone: Vec<(Uuid, i32, i32, Uuid, Option<i64>)> = arrival::Entity::find()
        .select_only()
        .columns([arrival::Column::RoomId, arrival::Column::Beds, arrival::Column::Cots])
        .columns([arrival::Column::ShelterId, arrival::Column::At])
        .filter(arrival::Column::At.lte(millis(at)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_room: HashMap<RoomId, Held> = HashMap::new();
    for (room, beds, cots, shelter, ended_at) in rows.into_iter().chain(of_gone) {
        if ended_at.is_some_and(|ended| ordered.get(&shelter).is_none_or(|ordered| ended > *ordered)) {
            let held = by_room.entry(room.into()).or_default();
            held.beds = held.beds.saturating_add(count(beds));
            held.cots = held.cots.saturating_add(count(cots));
        }
    }
    Ok(by_room)
}

async fn claims(db: &impl Reads, at: Moment) -> Result<HashMap<RoomId, Vec<ActiveClaim>>, StoreError> {
    let rows: Vec<(Uuid, Uuid, i32, i32, i64, Option<i64>)> = hold_line::Entity::find()
        .select_only()
        .columns([hold_line::Column::RoomId, hold_line::Column::HoldId])
        .columns([hold_line::Column::Beds, hold_line::Column::Cots])
        .columns([hold::Column::ExpiresAt, hold::Column::StartsAt])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(hold::Column::AskedAt.lte(millis(at)))
        .filter(hold::Column::ExpiresAt.gt(millis(at)))
        .filter(
            Condition::any()
                .add(hold::Column::EndedAt.is_null())
                .add(hold::Column::EndedAt.gt(millis(at))),
        )
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_room: HashMap<RoomId, Vec<ActiveClaim>> = HashMap::new();
    for (room, hold, beds, cots, expires_at, starts_at) in rows {
        by_room.entry(room.into()).or_default().push(ActiveClaim {
            hold_id: HoldId(hold),
            beds: count(beds),
            cots: count(cots),
            expires_at: moment(expires_at),
            starts_at: starts_at.map(moment),
        });
    }
    Ok(by_room)
}

/// What each report from `since` on said of the whole shelter, in the order of time. Reports of a closed shelter are left
/// out: they say nothing of places that come and go.
pub async fn told(
    db: &impl Reads,
    which: Which<'_>,
    since: Moment,
) -> Result<HashMap<ShelterId, Vec<Seen>>, StoreError> {
    let mut select = report::Entity::find()
        .select_only()
        .columns([report::Column::ShelterId])
        .columns([report::Column::OrderedAt])
        .columns([report::Column::FreeBeds, report::Column::OccupiedBeds])
        .filter(report::Column::OrderedAt.gte(millis(since)))
        .filter(report::Column::Operating.eq(true));
    if let Which::Ids(ids) = which {
        select = select.filter(report::Column::ShelterId.is_in(ids.iter().map(|id| id.0)));
    }
    let rows: Vec<(Uuid, i64, i32, i32)> = select
        .order_by_asc(report::Column::OrderedAt)
        .order_by_asc(report::Column::ReceivedAt)
        .order_by_asc(report::Column::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    let beds = |n: i32| u32::try_from(n).unwrap_or(0);
    let mut by_shelter: HashMap<ShelterId, Vec<Seen>> = HashMap::new();
    for (shelter, at, free, occupied) in rows {
        by_shelter.entry(ShelterId(shelter)).or_default().push(Seen {
            at: moment(at),
            free: beds(free),
            places: beds(free) + beds(occupied),
        });
    }
    Ok(by_shelter)
}
