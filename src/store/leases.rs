//! Leases on letters: taken several at a time, judged by the database's own clock, and settled in one write. A node whose
//! clock is wrong so neither takes what another has in hand nor keeps what it lost.

use chrono::Duration;
use entity::{digest, letter};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, LockBehavior, LockType, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::convert::millis;
use super::letters::letter_of;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{DigestId, LetterId, Moment, ScheduleId};
use crate::domain::outbox::{Delivery, DigestKind, Letter};

/// By which clock leases run out.
#[derive(Debug, Clone, Copy)]
pub enum LeaseClock {
    /// The database's: one for all nodes.
    Database,
    /// One that stands at this moment, for those who move the time by hand.
    Set(Moment),
}

impl LeaseClock {
    /// Milliseconds since 1970, as SQL.
    fn now(self, db: &impl ConnectionTrait) -> SimpleExpr {
        match self {
            Self::Set(moment) => Expr::value(millis(moment)),
            Self::Database if db.get_database_backend() == DbBackend::Postgres => {
                Expr::cust("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")
            }
            Self::Database => Expr::cust("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"),
        }
    }
}

/// Letters that are due at `now` and in nobody's hands.
fn free(db: &impl ConnectionTrait, now: Moment, clock: LeaseClock) -> Condition {
    Condition::all()
        .add(letter::Column::State.eq("queued"))
        .add(letter::Column::NextAttemptAt.lte(millis(now)))
        .add(
            Condition::any()
                .add(letter::Column::LeaseUntil.is_null())
                .add(Expr::col(letter::Column::LeaseUntil).lte(clock.now(db))),
        )
}

/// Whether any letter is to be taken.
pub async fn any_free(db: &impl Reads, now: Moment, clock: LeaseClock) -> Result<bool, StoreError> {
    let found: Option<Uuid> = letter::Entity::find()
        .select_only()
        .column(letter::Column::Id)
        .filter(free(db.connection(), now, clock))
        .limit(1)
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(found.is_some())
}

/// Takes the leases of the next letters that are due, at most `most` of them, for so long. Two takers never get the same:
/// SQLite has one writer, and on PostgreSQL a row that somebody is taking is passed over.
pub async fn take(
    tx: &Tx,
    owner: Uuid,
    most: u64,
    now: Moment,
    clock: LeaseClock,
    lasts: Duration,
) -> Result<Vec<Letter>, StoreError> {
    let db = tx.connection();
    // Picked first and changed by their ids: PostgreSQL may look a limited subquery up again for each row, and take more.
    let rows = letter::Entity::find()
        .filter(free(db, now, clock))
        .order_by_asc(letter::Column::NextAttemptAt)
        .order_by_asc(letter::Column::Id)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    letter::Entity::update_many()
        .col_expr(letter::Column::LeaseOwner, Expr::value(Some(owner)))
        .col_expr(letter::Column::LeaseUntil, clock.now(db).add(lasts.num_milliseconds()))
        .col_expr(letter::Column::Attempts, Expr::col(letter::Column::Attempts).add(1))
        .filter(letter::Column::Id.is_in(rows.iter().map(|row| row.id)))
        .exec(db)
        .await?;
    let taken = rows.into_iter().map(|row| {
        let mut letter = letter_of(row)?;
        letter.attempts += 1;
        Ok(letter)
    });
    taken.collect()
}

/// What became of one leased letter.
pub struct Outcome<'a> {
    pub id: LetterId,
    pub owner: Uuid,
    pub delivery: &'a Delivery,
}

/// Ends the leases that are still their owner's, and says which letters those are. A letter that was dropped while it was
/// in hand is sent if it was sent, and otherwise stays dropped.
pub async fn settle(tx: &Tx, all: &[Outcome<'_>], now: Moment) -> Result<Vec<LetterId>, StoreError> {
    let ours = all.iter().map(|outcome| {
        Condition::all()
            .add(letter::Column::Id.eq(outcome.id.0))
            .add(letter::Column::LeaseOwner.eq(outcome.owner))
    });
    let ids: Vec<Uuid> = letter::Entity::find()
        .select_only()
        .column(letter::Column::Id)
        .filter(ours.fold(Condition::any(), Condition::add))
        .lock_exclusive()
        .into_tuple()
        .all(tx.connection())
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (mut states, mut answers, mut next, mut sent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for outcome in all.iter().filter(|outcome| ids.contains(&outcome.id.0)) {
        let id = outcome.id.0;
        let answer = match outcome.delivery {
            Delivery::Sent { answer } => {
                states.push((id, "sent"));
                sent.push((id, millis(now)));
                Some(answer)
            }
            Delivery::Dead { answer } => {
                states.push((id, "dead"));
                Some(answer)
            }
            Delivery::Retry { answer, at } => {
                next.push((id, millis(*at)));
                Some(answer)
            }
            Delivery::Dropped => {
                states.push((id, "dropped"));
                None
            }
        };
        answers.extend(answer.map(|answer| (id, answer.as_str())));
    }
    let mut update = letter::Entity::update_many()
        .col_expr(letter::Column::LeaseOwner, Expr::value(None::<Uuid>))
        .col_expr(letter::Column::LeaseUntil, Expr::value(None::<i64>));
    for (column, value) in [
        (letter::Column::State, by_id(letter::Column::State, states)),
        (letter::Column::Answer, by_id(letter::Column::Answer, answers)),
        (
            letter::Column::NextAttemptAt,
            by_id(letter::Column::NextAttemptAt, next),
        ),
        (letter::Column::SentAt, by_id(letter::Column::SentAt, sent)),
    ] {
        if let Some(value) = value {
            update = update.col_expr(column, value);
        }
    }
    update
        .filter(letter::Column::Id.is_in(ids.iter().copied()))
        .exec(tx.connection())
        .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// For each of these letters its value, for all others what stands in the column; nothing if there are none.
fn by_id<V: Into<sea_orm::Value>>(column: letter::Column, values: Vec<(Uuid, V)>) -> Option<SimpleExpr> {
    if values.is_empty() {
        return None;
    }
    let case = values.into_iter().fold(CaseStatement::new(), |case, (id, value)| {
        case.case(Expr::col(letter::Column::Id).eq(id), Expr::value(value))
    });
    Some(case.finally(Expr::col(column)).into())
}

/// Drops the letters of older due digests of the schedule that have not gone out yet to those who get this one; which.
/// One that is in somebody's hands this moment may still go out.
pub async fn supersede(
    tx: &Tx,
    schedule: ScheduleId,
    newer: DigestId,
    answer: &str,
) -> Result<Vec<LetterId>, StoreError> {
    let older = digest::Entity::find()
        .select_only()
        .column(digest::Column::Id)
        .filter(digest::Column::ScheduleId.eq(schedule.0))
        .filter(digest::Column::Kind.eq(DigestKind::Due.to_string()))
        .filter(digest::Column::Id.ne(newer.0))
        .into_query();
    let readers = letter::Entity::find()
        .select_only()
        .column(letter::Column::Address)
        .filter(letter::Column::DigestId.eq(newer.0))
        .into_query();
    let ids: Vec<Uuid> = letter::Entity::find()
        .select_only()
        .column(letter::Column::Id)
        .filter(letter::Column::State.eq("queued"))
        .filter(letter::Column::DigestId.in_subquery(older))
        .filter(letter::Column::Address.in_subquery(readers))
        .order_by_asc(letter::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx.connection())
        .await?;
    for part in ids.chunks(1000) {
        letter::Entity::update_many()
            .col_expr(letter::Column::State, Expr::value("dropped"))
            .col_expr(letter::Column::Answer, Expr::value(Some(answer)))
            .filter(letter::Column::Id.is_in(part.iter().copied()))
            .exec(tx.connection())
            .await?;
    }
    Ok(ids.into_iter().map(Into::into).collect())
}
