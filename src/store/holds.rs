//! Holds and the rooms they claim.

use std::collections::HashMap;

use entity::{hold, hold_line, referral};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::convert::{code, count, day, json, known_to, millis, moment, to_json};
use super::period_figures::Cases;
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::CaseScope;
use crate::domain::cases::Hold;
use crate::domain::fit::Claim;
use crate::domain::holds::HoldState;
use crate::domain::id::{HoldId, Moment, ReferralId, ShelterId};

pub(super) fn active(row: &Hold) -> hold::ActiveModel {
    hold::ActiveModel {
        id: Set(row.id.0),
        referral_id: Set(row.referral_id.0),
        shelter_id: Set(row.shelter_id.0),
        organisation_id: Set(row.organisation_id.0),
        user_id: Set(row.user_id.0),
        state: Set(row.state.to_string()),
        beds: Set(i32::from(row.beds)),
        cots: Set(i32::from(row.cots)),
        needs_confirmation: Set(row.needs_confirmation),
        asked_at: Set(millis(row.asked_at)),
        expires_at: Set(millis(row.expires_at)),
        accepted_at: Set(row.accepted_at.map(millis)),
        ended_at: Set(row.ended_at.map(millis)),
        reason: Set(row.reason.clone()),
        note: Set(row.note.clone()),
        wave_id: Set(row.wave_id.map(|id| id.0)),
        policy: Set(to_json(&row.policy)),
        next_step_at: Set(row.next_step_at.map(millis)),
        extensions: Set(i32::from(row.extensions)),
        version: Set(row.version),
        starts_on: Set(row.starts_on.map(|day| day.to_string())),
        starts_at: Set(row.starts_at.map(millis)),
        excluded: Set(to_json(&row.excluded)),
    }
}

pub(super) fn line_active(hold: HoldId, line: &Claim) -> hold_line::ActiveModel {
    hold_line::ActiveModel {
        hold_id: Set(hold.0),
        room_id: Set(line.room_id.0),
        beds: Set(i32::from(line.beds)),
        cots: Set(i32::from(line.cots)),
    }
}

pub async fn insert(tx: &Tx, row: &Hold) -> Result<(), StoreError> {
    hold::Entity::insert(active(row))
        .exec_without_returning(tx.connection())
        .await?;
    hold_line::Entity::insert_many(row.lines.iter().map(|line| line_active(row.id, line)))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes a hold's new state if it is still at the version that was read.
pub async fn update(tx: &Tx, row: &Hold) -> Result<(), StoreError> {
    let done = hold::Entity::update_many()
        .col_expr(hold::Column::State, Expr::value(row.state.to_string()))
        .col_expr(hold::Column::ExpiresAt, Expr::value(millis(row.expires_at)))
        .col_expr(hold::Column::AcceptedAt, Expr::value(row.accepted_at.map(millis)))
        .col_expr(hold::Column::EndedAt, Expr::value(row.ended_at.map(millis)))
        .col_expr(hold::Column::Reason, Expr::value(row.reason.clone()))
        .col_expr(hold::Column::Note, Expr::value(row.note.clone()))
        .col_expr(hold::Column::NextStepAt, Expr::value(row.next_step_at.map(millis)))
        .col_expr(hold::Column::Extensions, Expr::value(i32::from(row.extensions)))
        .col_expr(hold::Column::Version, Expr::value(row.version + 1))
        .filter(hold::Column::Id.eq(row.id.0))
        .filter(hold::Column::Version.eq(row.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// The condition of [`CaseScope::covers_hold`]; `None` where the scope covers none.
fn within(scope: &CaseScope) -> Option<Condition> {
    let owned = match scope {
        CaseScope::Organisation { own, .. } => hold::Column::OrganisationId.eq(own.0),
        CaseScope::Shelters { ids, .. } => hold::Column::ShelterId.is_in(ids.iter().map(|id| id.0)),
        CaseScope::Nothing => return None,
    };
    Some(known_to(scope, hold::Column::Excluded, hold::Column::UserId).add(owned))
}

pub async fn get(db: &impl Reads, scope: &CaseScope, id: HoldId) -> Result<Option<Hold>, StoreError> {
    let Some(condition) = within(scope) else {
        return Ok(None);
    };
    Ok(read(db, condition.add(hold::Column::Id.eq(id.0)), 1).await?.pop())
}

/// A hold, whoever it belongs to: for letters about it, and for what the service itself does.
pub async fn any(db: &impl Reads, id: HoldId) -> Result<Option<Hold>, StoreError> {
    Ok(read(db, Condition::all().add(hold::Column::Id.eq(id.0)), 1)
        .await?
        .pop())
}

/// Those of these holds that there are, whoever they belong to.
pub async fn of_ids(db: &impl Reads, ids: &[HoldId]) -> Result<Vec<Hold>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let condition = Condition::all().add(hold::Column::Id.is_in(ids.iter().map(|id| id.0)));
    read(db, condition, u64::try_from(ids.len()).unwrap_or(u64::MAX)).await
}

/// Holds in the scope, newest first, asked before `before`.
pub async fn page(
    db: &impl Reads,
    scope: &CaseScope,
    before: Option<Moment>,
    limit: u64,
) -> Result<Vec<Hold>, StoreError> {
    let Some(mut condition) = within(scope) else {
        return Ok(Vec::new());
    };
    if let Some(before) = before {
        condition = condition.add(hold::Column::AskedAt.lt(millis(before)));
    }
    read(db, condition, limit).await
}

pub async fn of_referrals(db: &impl Reads, ids: &[ReferralId]) -> Result<Vec<Hold>, StoreError> {
    let condition = Condition::all().add(hold::Column::ReferralId.is_in(ids.iter().map(|id| id.0)));
    read(db, condition, 1000).await
}

/// Holds of a shelter that claim beds at `now`.
pub async fn active_of(db: &impl Reads, shelter: ShelterId, now: Moment) -> Result<Vec<Hold>, StoreError> {
    let condition = Condition::all()
        .add(hold::Column::ShelterId.eq(shelter.0))
        .add(hold::Column::State.is_in(open_states()))
        .add(hold::Column::ExpiresAt.gt(millis(now)));
    read(db, condition, 10_000).await
}

/// Holds whose deadline has passed and that nobody has ended.
pub async fn overdue(db: &impl Reads, now: Moment, limit: u64) -> Result<Vec<Hold>, StoreError> {
    let condition = Condition::all()
        .add(hold::Column::State.is_in(open_states()))
        .add(hold::Column::ExpiresAt.lte(millis(now)));
    read(db, condition, limit).await
}

/// Holds that wait for an answer and have a step of their policy due.
pub async fn due_steps(db: &impl Reads, now: Moment, limit: u64) -> Result<Vec<Hold>, StoreError> {
    let condition = Condition::all()
        .add(hold::Column::NextStepAt.lte(millis(now)))
        .add(hold::Column::State.eq(HoldState::Asked.to_string()))
        .add(hold::Column::ExpiresAt.gt(millis(now)));
    read(db, condition, limit).await
}

/// Holds whose time ran out after `since` without an answer, for households that are still open and hold nothing else.
pub async fn unanswered(
    db: &impl Reads,
    since: Moment,
    now: Moment,
) -> Result<Vec<(HoldId, ReferralId, ShelterId)>, StoreError> {
    let active = hold::Entity::find()
        .select_only()
        .column(hold::Column::ReferralId)
        .filter(hold::Column::State.is_in(open_states()))
        .filter(hold::Column::ExpiresAt.gt(millis(now)))
        .into_query();
    let open = referral::Entity::find()
        .select_only()
        .column(referral::Column::Id)
        .filter(referral::Column::ClosedAt.is_null())
        .into_query();
    let rows: Vec<(Uuid, Uuid, Uuid)> = hold::Entity::find()
        .select_only()
        .columns([hold::Column::Id, hold::Column::ReferralId, hold::Column::ShelterId])
        .filter(hold::Column::State.is_in([HoldState::Asked.to_string(), HoldState::Expired.to_string()]))
        .filter(hold::Column::AcceptedAt.is_null())
        .filter(hold::Column::ExpiresAt.gt(millis(since)))
        .filter(hold::Column::ExpiresAt.lte(millis(now)))
        .filter(hold::Column::ReferralId.in_subquery(open))
        .filter(hold::Column::ReferralId.not_in_subquery(active))
        .order_by_asc(hold::Column::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    let typed = |(hold, referral, shelter): (Uuid, Uuid, Uuid)| (hold.into(), referral.into(), shelter.into());
    Ok(rows.into_iter().map(typed).collect())
}

fn open_states() -> [String; 2] {
    [HoldState::Asked.to_string(), HoldState::Accepted.to_string()]
}

/// A shelter was asked.
pub struct Ask {
    pub shelter_id: ShelterId,
    pub at: Moment,
    /// A decline is an answer; an ask that ran out, was taken back, or still waits is none.
    pub answered: bool,
    /// For how long it let wait.
    pub minutes: f64,
}

/// What shelters were asked since `since`, as it stands at `now`.
pub async fn asks(db: &impl Reads, cases: Cases<'_>, since: Moment, now: Moment) -> Result<Vec<Ask>, StoreError> {
    type Row = (Uuid, String, i64, i64, Option<i64>, Option<i64>);
    let rows: Vec<Row> = hold::Entity::find()
        .select_only()
        .columns([hold::Column::ShelterId, hold::Column::State])
        .columns([hold::Column::AskedAt, hold::Column::ExpiresAt])
        .columns([hold::Column::AcceptedAt, hold::Column::EndedAt])
        .filter(cases.only(hold::Column::ReferralId))
        .filter(hold::Column::AskedAt.gte(millis(since)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let ask = |(shelter, state, asked, expires, accepted, ended): Row| {
        let declined = state == HoldState::Declined.to_string();
        let answered = accepted.or(ended.filter(|_| declined));
        let until = answered.unwrap_or_else(|| ended.unwrap_or_else(|| millis(now)).min(expires));
        #[expect(clippy::cast_precision_loss, reason = "minutes, not identifiers")]
        let minutes = (until - asked) as f64 / 60_000.0;
        Ask {
            shelter_id: shelter.into(),
            at: moment(asked),
            answered: answered.is_some(),
            minutes,
        }
    };
    Ok(rows.into_iter().map(ask).collect())
}

/// Every hold with its lines, in pages that no statement's limit cuts.
pub(super) async fn every(db: &impl Reads) -> Result<Vec<Hold>, StoreError> {
    let mut all: Vec<Hold> = Vec::new();
    loop {
        let mut condition = Condition::all();
        if let Some(last) = all.last() {
            condition = condition.add(
                Condition::any()
                    .add(hold::Column::AskedAt.lt(millis(last.asked_at)))
                    .add(
                        Condition::all()
                            .add(hold::Column::AskedAt.eq(millis(last.asked_at)))
                            .add(hold::Column::Id.lt(last.id.0)),
                    ),
            );
        }
        let page = read(db, condition, 5000).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn read(db: &impl Reads, condition: Condition, limit: u64) -> Result<Vec<Hold>, StoreError> {
    let rows = hold::Entity::find()
        .filter(condition)
        .order_by_desc(hold::Column::AskedAt)
        .order_by_desc(hold::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = hold_line::Entity::find()
        .filter(hold_line::Column::HoldId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(hold_line::Column::RoomId)
        .all(db.connection())
        .await?;
    let mut by_hold: HashMap<Uuid, Vec<Claim>> = HashMap::new();
    for line in lines {
        let claim = Claim {
            room_id: line.room_id.into(),
            beds: count(line.beds),
            cots: count(line.cots),
        };
        by_hold.entry(line.hold_id).or_default().push(claim);
    }
    rows.into_iter()
        .map(|row| {
            let lines = by_hold.remove(&row.id).unwrap_or_default();
            hold_of(row, lines)
        })
        .collect()
}

fn hold_of(row: hold::Model, lines: Vec<Claim>) -> Result<Hold, StoreError> {
    let starts_on = row.starts_on.as_deref();
    Ok(Hold {
        id: row.id.into(),
        referral_id: row.referral_id.into(),
        shelter_id: row.shelter_id.into(),
        organisation_id: row.organisation_id.into(),
        user_id: row.user_id.into(),
        state: code("hold", "state", &row.state)?,
        beds: count(row.beds),
        cots: count(row.cots),
        needs_confirmation: row.needs_confirmation,
        asked_at: moment(row.asked_at),
        expires_at: moment(row.expires_at),
        accepted_at: row.accepted_at.map(moment),
        ended_at: row.ended_at.map(moment),
        reason: row.reason,
        note: row.note,
        wave_id: row.wave_id.map(Uuid::into),
        policy: json("hold", "policy", &row.policy)?,
        next_step_at: row.next_step_at.map(moment),
        extensions: u8::try_from(row.extensions).unwrap_or(u8::MAX),
        version: row.version,
        starts_on: starts_on.map(|text| day("hold", "starts_on", text)).transpose()?,
        starts_at: row.starts_at.map(moment),
        excluded: json("hold", "excluded", &row.excluded)?,
        lines,
    })
}
