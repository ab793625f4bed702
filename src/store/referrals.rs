//! Referrals: households' shapes under random codes.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use entity::{hold, referral};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, UpdateMany,
};
use uuid::Uuid;

use super::convert::{code, code_opt, day, json, known_to, millis, moment, to_json};
use super::period_figures::Cases;
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::CaseScope;
use crate::domain::cases::{Demand, PlaceFound, Referral};
use crate::domain::exclusion::Excluded;
use crate::domain::holds::{HoldState, Outcome, UnmetReason};
use crate::domain::household::{Household, Need, Search, Urgency};
use crate::domain::id::{Moment, ReferralId};

pub(super) fn active(row: &Referral) -> referral::ActiveModel {
    referral::ActiveModel {
        id: Set(row.id.0),
        code: Set(row.code.clone()),
        organisation_id: Set(row.organisation_id.0),
        user_id: Set(row.user_id.0),
        household: Set(to_json(&row.search.household)),
        needs: Set(to_json(&row.search.needs)),
        languages: Set(to_json(&row.search.languages)),
        from_district: Set(row.search.from_district.clone()),
        urgency: Set(row.search.urgency.to_string()),
        earliest_date: Set(row.search.earliest_date.map(|d| d.to_string())),
        rooms_apart_ok: Set(row.search.rooms_apart_ok),
        created_at: Set(millis(row.created_at)),
        closed_at: Set(row.closed_at.map(millis)),
        outcome: Set(row.outcome.map(|o| o.to_string())),
        unmet_reasons: Set(Some(to_json(&row.unmet_reasons))),
        waiting_since: Set(row.waiting_since.map(millis)),
        place_shelter_id: Set(row.place_found.map(|place| place.shelter_id.0)),
        place_found_at: Set(row.place_found.map(|place| millis(place.at))),
        excluded: Set(to_json(&row.search.excluded)),
    }
}

pub async fn insert(tx: &Tx, row: &Referral) -> Result<(), StoreError> {
    referral::Entity::insert(active(row))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The condition of [`CaseScope::covers_referral`]; `None` where the scope covers none.
fn within(scope: &CaseScope) -> Option<Condition> {
    let CaseScope::Organisation { own, .. } = scope else {
        return None;
    };
    let known = known_to(scope, referral::Column::Excluded, referral::Column::UserId);
    Some(known.add(referral::Column::OrganisationId.eq(own.0)))
}

/// A referral of the officer's own organisation. A manager sees holds, not referrals.
pub async fn get(db: &impl Reads, scope: &CaseScope, id: ReferralId) -> Result<Option<Referral>, StoreError> {
    let Some(within) = within(scope) else {
        return Ok(None);
    };
    let row = referral::Entity::find_by_id(id.0)
        .filter(within)
        .one(db.connection())
        .await?;
    row.map(referral_of).transpose()
}

/// Takes the lock of an officer's referral until the transaction ends, so that one household never holds two places.
/// `false` if there is no such referral in the scope.
pub async fn lock(tx: &Tx, scope: &CaseScope, id: ReferralId) -> Result<bool, StoreError> {
    let Some(within) = within(scope) else {
        return Ok(false);
    };
    let done = referral::Entity::update_many()
        .col_expr(referral::Column::Code, Expr::col(referral::Column::Code))
        .filter(referral::Column::Id.eq(id.0))
        .filter(within)
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Open referrals for which no hold claims a place at `now`, the oldest first; none from which an office is kept.
pub async fn without_hold(db: &impl Reads, now: Moment, limit: u64) -> Result<Vec<Referral>, StoreError> {
    let held = hold::Entity::find()
        .select_only()
        .column(hold::Column::ReferralId)
        .filter(hold::Column::State.is_in([HoldState::Asked.to_string(), HoldState::Accepted.to_string()]))
        .filter(hold::Column::ExpiresAt.gt(millis(now)))
        .into_query();
    let rows = referral::Entity::find()
        .filter(referral::Column::ClosedAt.is_null())
        .filter(referral::Column::Excluded.eq(to_json(&Excluded::default())))
        .filter(referral::Column::Id.not_in_subquery(held))
        .order_by_asc(referral::Column::CreatedAt)
        .order_by_asc(referral::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(referral_of).collect()
}

/// Takes the lock of the referral of a hold that has already passed the scope. Whoever changes a hold takes this first and
/// the shelter's after it, so that two changes of one case never wait for each other.
pub async fn lock_of_hold(tx: &Tx, id: ReferralId) -> Result<(), StoreError> {
    referral::Entity::update_many()
        .col_expr(referral::Column::Code, Expr::col(referral::Column::Code))
        .filter(referral::Column::Id.eq(id.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Referrals by id for printing holds that already passed the scope.
pub async fn of_holds(db: &impl Reads, ids: &[ReferralId]) -> Result<Vec<Referral>, StoreError> {
    let rows = referral::Entity::find()
        .filter(referral::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .all(db.connection())
        .await?;
    rows.into_iter().map(referral_of).collect()
}

pub async fn page(
    db: &impl Reads,
    scope: &CaseScope,
    before: Option<Moment>,
    limit: u64,
) -> Result<Vec<Referral>, StoreError> {
    let Some(within) = within(scope) else {
        return Ok(Vec::new());
    };
    let mut select = referral::Entity::find().filter(within);
    if let Some(before) = before {
        select = select.filter(referral::Column::CreatedAt.lt(millis(before)));
    }
    let rows = select
        .order_by_desc(referral::Column::CreatedAt)
        .order_by_desc(referral::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(referral_of).collect()
}

/// Closes an open referral, which ends its waiting; `false` if it was closed already.
pub async fn close(
    tx: &Tx,
    id: ReferralId,
    outcome: Outcome,
    reasons: &[UnmetReason],
    now: Moment,
) -> Result<bool, StoreError> {
    let done = not_waiting(referral::Entity::update_many())
        .col_expr(referral::Column::ClosedAt, Expr::value(Some(millis(now))))
        .col_expr(referral::Column::Outcome, Expr::value(Some(outcome.to_string())))
        .col_expr(referral::Column::UnmetReasons, Expr::value(Some(to_json(&reasons))))
        .filter(referral::Column::Id.eq(id.0))
        .filter(referral::Column::ClosedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Puts an open referral on the waiting list, if it is not on it already.
pub async fn begin_waiting(tx: &Tx, id: ReferralId, now: Moment) -> Result<bool, StoreError> {
    let done = referral::Entity::update_many()
        .col_expr(referral::Column::WaitingSince, Expr::value(Some(millis(now))))
        .filter(referral::Column::Id.eq(id.0))
        .filter(referral::Column::ClosedAt.is_null())
        .filter(referral::Column::WaitingSince.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Takes a referral off the waiting list; `false` if it was not on it.
pub async fn end_waiting(tx: &Tx, id: ReferralId) -> Result<bool, StoreError> {
    let done = not_waiting(referral::Entity::update_many())
        .filter(referral::Column::Id.eq(id.0))
        .filter(referral::Column::WaitingSince.is_not_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

fn not_waiting(update: UpdateMany<referral::Entity>) -> UpdateMany<referral::Entity> {
    update
        .col_expr(referral::Column::WaitingSince, Expr::value(None::<i64>))
        .col_expr(referral::Column::PlaceShelterId, Expr::value(None::<Uuid>))
        .col_expr(referral::Column::PlaceFoundAt, Expr::value(None::<i64>))
}

/// Everybody who waits for a place, of all organisations.
pub async fn waiting(db: &impl Reads) -> Result<Vec<Referral>, StoreError> {
    let rows = referral::Entity::find()
        .filter(referral::Column::WaitingSince.is_not_null())
        .all(db.connection())
        .await?;
    rows.into_iter().map(referral_of).collect()
}

/// Changes which place somebody who waits is told of, from `was` to `place`; `false` if it is not (any more) as the
/// caller saw it. Of several nodes that find the same place at once, one tells of it.
pub async fn set_place(
    tx: &Tx,
    id: ReferralId,
    was: Option<PlaceFound>,
    place: Option<PlaceFound>,
) -> Result<bool, StoreError> {
    let as_seen = match was {
        Some(was) => Condition::all()
            .add(referral::Column::PlaceShelterId.eq(was.shelter_id.0))
            .add(referral::Column::PlaceFoundAt.eq(millis(was.at))),
        None => Condition::all().add(referral::Column::PlaceShelterId.is_null()),
    };
    let done = referral::Entity::update_many()
        .col_expr(
            referral::Column::PlaceShelterId,
            Expr::value(place.map(|place| place.shelter_id.0)),
        )
        .col_expr(
            referral::Column::PlaceFoundAt,
            Expr::value(place.map(|place| millis(place.at))),
        )
        .filter(referral::Column::Id.eq(id.0))
        .filter(referral::Column::WaitingSince.is_not_null())
        .filter(as_seen)
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Referrals closed within `from..to` because no place was found.
pub async fn unmet(db: &impl Reads, cases: Cases<'_>, from: Moment, to: Moment) -> Result<Vec<Referral>, StoreError> {
    let rows = referral::Entity::find()
        .filter(cases.only(referral::Column::Id))
        .filter(referral::Column::Outcome.eq(Outcome::Unmet.to_string()))
        .filter(referral::Column::ClosedAt.gte(millis(from)))
        .filter(referral::Column::ClosedAt.lt(millis(to)))
        .all(db.connection())
        .await?;
    rows.into_iter().map(referral_of).collect()
}

/// What was looked for.
pub struct Shape {
    pub at: Moment,
    pub from_district: String,
    pub household: Household,
    pub needs: BTreeSet<Need>,
}

/// What was looked for since `since`, open and closed. One statement; nothing else of the referral leaves the database.
pub async fn shapes(db: &impl Reads, cases: Cases<'_>, since: Moment) -> Result<Vec<Shape>, StoreError> {
    let rows: Vec<(i64, String, String, String)> = referral::Entity::find()
        .select_only()
        .columns([
            referral::Column::CreatedAt,
            referral::Column::FromDistrict,
            referral::Column::Household,
            referral::Column::Needs,
        ])
        .filter(cases.only(referral::Column::Id))
        .filter(referral::Column::CreatedAt.gte(millis(since)))
        .into_tuple()
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|(at, from_district, household, needs)| {
            Ok(Shape {
                at: moment(at),
                from_district,
                household: json("referral", "household", &household)?,
                needs: json("referral", "needs", &needs)?,
            })
        })
        .collect()
}

pub async fn demand(db: &impl Reads, from: Moment, to: Moment) -> Result<Demand, StoreError> {
    use sea_orm::PaginatorTrait;
    let opened = referral::Entity::find()
        .filter(referral::Column::CreatedAt.gte(millis(from)))
        .filter(referral::Column::CreatedAt.lt(millis(to)))
        .count(db.connection())
        .await?;
    let rows: Vec<(Option<String>, Option<String>)> = referral::Entity::find()
        .select_only()
        .columns([referral::Column::Outcome, referral::Column::UnmetReasons])
        .filter(referral::Column::ClosedAt.gte(millis(from)))
        .filter(referral::Column::ClosedAt.lt(millis(to)))
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut closed = Vec::with_capacity(rows.len());
    for (outcome, reasons) in rows {
        if let Some(outcome) = outcome {
            let reasons = reasons.map_or(Ok(Vec::new()), |text| json("referral", "unmet_reasons", &text))?;
            closed.push((code("referral", "outcome", &outcome)?, reasons));
        }
    }
    Ok(Demand { opened, closed })
}

fn referral_of(row: referral::Model) -> Result<Referral, StoreError> {
    let earliest: Option<NaiveDate> = row
        .earliest_date
        .as_deref()
        .map(|d| day("referral", "earliest_date", d))
        .transpose()?;
    let urgency: Urgency = code("referral", "urgency", &row.urgency)?;
    Ok(Referral {
        id: row.id.into(),
        organisation_id: row.organisation_id.into(),
        user_id: row.user_id.into(),
        search: Search {
            household: json("referral", "household", &row.household)?,
            needs: json("referral", "needs", &row.needs)?,
            languages: json("referral", "languages", &row.languages)?,
            from_district: row.from_district,
            avoid_districts: std::collections::BTreeSet::new(),
            excluded: json("referral", "excluded", &row.excluded)?,
            urgency,
            earliest_date: earliest,
            rooms_apart_ok: row.rooms_apart_ok,
        },
        created_at: moment(row.created_at),
        closed_at: row.closed_at.map(moment),
        outcome: code_opt("referral", "outcome", row.outcome.as_deref())?,
        unmet_reasons: row
            .unmet_reasons
            .map_or(Ok(Vec::new()), |t| json("referral", "unmet_reasons", &t))?,
        waiting_since: row.waiting_since.map(moment),
        place_found: (row.place_shelter_id.zip(row.place_found_at)).map(|(shelter, at)| PlaceFound {
            shelter_id: shelter.into(),
            at: moment(at),
        }),
        code: row.code,
    })
}
