//! Reports as they came, and the state they lead to.

use std::collections::HashMap;

use entity::{arrival, hold, hold_line, report, report_line, room, room_state, shelter_state};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use uuid::Uuid;

use super::convert::{code, code_opt, count, day, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::holds::HoldState;
use crate::domain::id::{Moment, ReportId, RoomId, ShelterId, UserId};
use crate::domain::logbook::{Head, Line, Report, Sums};
use crate::domain::rooms::{Held, Occupancy};

pub async fn insert(tx: &Tx, row: &Report) -> Result<(), StoreError> {
    report::Entity::insert(active(row))
        .exec_without_returning(tx.connection())
        .await?;
    if !row.lines.is_empty() {
        report_line::Entity::insert_many(row.lines.iter().map(|line| line_active(row.id, line)))
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

pub(super) fn active(row: &Report) -> report::ActiveModel {
    report::ActiveModel {
        id: Set(row.id.0),
        shelter_id: Set(row.shelter_id.0),
        user_id: Set(row.user_id.map(|id| id.0)),
        reported_by: Set(row.reported_by.clone()),
        channel: Set(row.channel.to_string()),
        observed_at: Set(millis(row.observed_at)),
        received_at: Set(millis(row.received_at)),
        ordered_at: Set(millis(row.ordered_at)),
        day: Set(row.day.to_string()),
        clock_suspect: Set(row.clock_suspect),
        applied: Set(row.applied),
        operating: Set(row.operating),
        beds: Set(sum(row.sums.beds)),
        occupied_beds: Set(sum(row.sums.occupied)),
        free_beds: Set(sum(row.sums.free)),
        note: Set(row.note.clone()),
    }
}

pub(super) fn line_active(report: ReportId, line: &Line) -> report_line::ActiveModel {
    report_line::ActiveModel {
        report_id: Set(report.0),
        room_id: Set(line.room_id.0),
        beds: Set(i32::from(line.beds)),
        cots: Set(i32::from(line.cots)),
        occupied_beds: Set(i32::from(line.state.occupied_beds)),
        occupied_cots: Set(i32::from(line.state.occupied_cots)),
        out_of_service_beds: Set(i32::from(line.state.out_of_service_beds)),
        out_of_service_reason: Set(line.state.out_of_service_reason.map(|r| r.to_string())),
        planned_exit: Set(line.planned_exit.map(|d| d.to_string())),
    }
}

/// Makes the report the current state: `states` are its lines with the arrivals since added.
pub async fn apply(tx: &Tx, row: &Report, states: &[Line]) -> Result<(), StoreError> {
    shelter_state::Entity::update_many()
        .col_expr(shelter_state::Column::ReportId, Expr::value(Some(row.id.0)))
        .col_expr(
            shelter_state::Column::ObservedAt,
            Expr::value(Some(millis(row.seen_at()))),
        )
        .col_expr(
            shelter_state::Column::OrderedAt,
            Expr::value(Some(millis(row.ordered_at))),
        )
        .col_expr(
            shelter_state::Column::ReportedBy,
            Expr::value(Some(row.reported_by.clone())),
        )
        .col_expr(shelter_state::Column::Operating, Expr::value(row.operating))
        .filter(shelter_state::Column::ShelterId.eq(row.shelter_id.0))
        .exec(tx.connection())
        .await?;
    if states.is_empty() {
        return Ok(());
    }
    let rows = states.iter().map(|line| state_active(row.shelter_id, line));
    room_state::Entity::insert_many(rows)
        .on_conflict(
            sea_orm::sea_query::OnConflict::column(room_state::Column::RoomId)
                .update_columns([
                    room_state::Column::OccupiedBeds,
                    room_state::Column::OccupiedCots,
                    room_state::Column::OutOfServiceBeds,
                    room_state::Column::OutOfServiceReason,
                    room_state::Column::PlannedExit,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub(super) fn state_active(shelter: ShelterId, line: &Line) -> room_state::ActiveModel {
    room_state::ActiveModel {
        room_id: Set(line.room_id.0),
        shelter_id: Set(shelter.0),
        occupied_beds: Set(i32::from(line.state.occupied_beds)),
        occupied_cots: Set(i32::from(line.state.occupied_cots)),
        out_of_service_beds: Set(i32::from(line.state.out_of_service_beds)),
        out_of_service_reason: Set(line.state.out_of_service_reason.map(|r| r.to_string())),
        planned_exit: Set(line.planned_exit.map(|d| d.to_string())),
    }
}

/// An arrival moves what was held into what is occupied.
pub async fn occupy(tx: &Tx, room: RoomId, taken: Held) -> Result<(), StoreError> {
    room_state::Entity::update_many()
        .col_expr(
            room_state::Column::OccupiedBeds,
            Expr::col(room_state::Column::OccupiedBeds).add(i32::from(taken.beds)),
        )
        .col_expr(
            room_state::Column::OccupiedCots,
            Expr::col(room_state::Column::OccupiedCots).add(i32::from(taken.cots)),
        )
        .col_expr(room_state::Column::PlannedExit, Expr::value(None::<String>))
        .filter(room_state::Column::RoomId.eq(room.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// What arrived in each room of the shelter after `since`.
pub async fn arrivals_since(
    db: &impl Reads,
    shelter: ShelterId,
    since: Moment,
) -> Result<HashMap<RoomId, Held>, StoreError> {
    let rows: Vec<(Uuid, i32, i32)> = hold_line::Entity::find()
        .select_only()
        .columns([
            hold_line::Column::RoomId,
            hold_line::Column::Beds,
            hold_line::Column::Cots,
        ])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(hold::Column::ShelterId.eq(shelter.0))
        .filter(hold::Column::State.eq(HoldState::Arrived.to_string()))
        .filter(hold::Column::EndedAt.gt(millis(since)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let of_gone: Vec<(Uuid, i32, i32)> = arrival::Entity::find()
        .select_only()
        .columns([arrival::Column::RoomId, arrival::Column::Beds, arrival::Column::Cots])
        .filter(arrival::Column::ShelterId.eq(shelter.0))
        .filter(arrival::Column::At.gt(millis(since)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_room: HashMap<RoomId, Held> = HashMap::new();
    for (room, beds, cots) in rows.into_iter().chain(of_gone) {
        let held = by_room.entry(room.into()).or_default();
        held.beds = held.beds.saturating_add(count(beds));
        held.cots = held.cots.saturating_add(count(cots));
    }
    Ok(by_room)
}

pub async fn head(db: &impl Reads, shelter: ShelterId) -> Result<Head, StoreError> {
    let row = shelter_state::Entity::find_by_id(shelter.0)
        .one(db.connection())
        .await?;
    Ok(row.map_or_else(Head::default, head_of))
}

pub(super) fn head_of(row: shelter_state::Model) -> Head {
    Head {
        report_id: row.report_id.map(ReportId),
        observed_at: row.observed_at.map(moment),
        ordered_at: row.ordered_at.map(moment),
        reported_by: row.reported_by,
        operating: row.operating,
    }
}

/// A report with the same words as one already stored for that shelter at that instant (imports ask).
pub async fn at(db: &impl Reads, shelter: ShelterId, observed_at: Moment) -> Result<Option<ReportId>, StoreError> {
    let id: Option<Uuid> = report::Entity::find()
        .select_only()
        .column(report::Column::Id)
        .filter(report::Column::ShelterId.eq(shelter.0))
        .filter(report::Column::ObservedAt.eq(millis(observed_at)))
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(id.map(ReportId))
}

/// One page of a shelter's reports, newest first, before `before`. Two statements.
pub async fn page(
    db: &impl Reads,
    shelter: ShelterId,
    before: Option<Moment>,
    limit: u64,
) -> Result<Vec<Report>, StoreError> {
    let mut select = report::Entity::find().filter(report::Column::ShelterId.eq(shelter.0));
    if let Some(before) = before {
        select = select.filter(report::Column::OrderedAt.lt(millis(before)));
    }
    let heads = select
        .order_by_desc(report::Column::OrderedAt)
        .order_by_desc(report::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    let lines = report_line::Entity::find()
        .filter(report_line::Column::ReportId.is_in(heads.iter().map(|row| row.id)))
        .all(db.connection())
        .await?;
    let mut by_report: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for line in lines {
        by_report.entry(line.report_id).or_default().push(line_of(line)?);
    }
    heads
        .into_iter()
        .map(|row| {
            let lines = by_report.remove(&row.id).unwrap_or_default();
            report_of(row, lines)
        })
        .collect()
}

/// One report of a shelter, with its lines.
pub async fn one(db: &impl Reads, shelter: ShelterId, id: ReportId) -> Result<Option<Report>, StoreError> {
    let row = report::Entity::find_by_id(id.0)
        .filter(report::Column::ShelterId.eq(shelter.0))
        .one(db.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let lines = report_line::Entity::find()
        .filter(report_line::Column::ReportId.eq(id.0))
        .all(db.connection())
        .await?;
    let lines = lines.into_iter().map(line_of).collect::<Result<_, _>>()?;
    report_of(row, lines).map(Some)
}

/// Labels of all rooms a shelter ever had, for printing its history.
pub async fn room_labels(db: &impl Reads, shelter: ShelterId) -> Result<HashMap<RoomId, String>, StoreError> {
    let rows: Vec<(Uuid, String)> = room::Entity::find()
        .select_only()
        .columns([room::Column::Id, room::Column::Label])
        .filter(room::Column::ShelterId.eq(shelter.0))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, label)| (id.into(), label)).collect())
}

pub(super) fn line_of(row: report_line::Model) -> Result<Line, StoreError> {
    let reason = row.out_of_service_reason.as_deref();
    Ok(Line {
        room_id: row.room_id.into(),
        beds: count(row.beds),
        cots: count(row.cots),
        state: Occupancy {
            occupied_beds: count(row.occupied_beds),
            occupied_cots: count(row.occupied_cots),
            out_of_service_beds: count(row.out_of_service_beds),
            out_of_service_reason: code_opt("report_line", "out_of_service_reason", reason)?,
        },
        planned_exit: row
            .planned_exit
            .as_deref()
            .map(|d| day("report_line", "planned_exit", d))
            .transpose()?,
    })
}

fn report_of(row: report::Model, lines: Vec<Line>) -> Result<Report, StoreError> {
    Ok(Report {
        id: row.id.into(),
        shelter_id: row.shelter_id.into(),
        user_id: row.user_id.map(UserId),
        channel: code("report", "channel", &row.channel)?,
        day: day("report", "day", &row.day)?,
        reported_by: row.reported_by,
        observed_at: moment(row.observed_at),
        received_at: moment(row.received_at),
        ordered_at: moment(row.ordered_at),
        clock_suspect: row.clock_suspect,
        applied: row.applied,
        operating: row.operating,
        sums: Sums {
            beds: back(row.beds),
            occupied: back(row.occupied_beds),
            free: back(row.free_beds),
        },
        note: row.note,
        lines,
    })
}

fn sum(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn back(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// When the newest report of all arrived: ids begin with the time that they were made.
pub async fn newest_arrival(db: &impl Reads) -> Result<Option<Moment>, StoreError> {
    let at: Option<i64> = report::Entity::find()
        .select_only()
        .column(report::Column::ReceivedAt)
        .order_by_desc(report::Column::Id)
        .limit(1)
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(at.map(moment))
}
