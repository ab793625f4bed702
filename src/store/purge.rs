//! Removing what is kept no longer: rows first, then what is left of them in the files. When that is due is not this
//! room's business.

use entity::{
    arrival, case_event, challenge, failure, hold, hold_line, known_device, letter, plan, quota, referral, session,
    shelter_state, ticket,
};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::sqlx::{self, AssertSqlSafe, Row};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationTrait,
};
use uuid::Uuid;

use super::convert::{day, millis, moment};
use super::{Reads, Store, StoreError, Tx, instance};
use crate::domain::holds::HoldState;
use crate::domain::id::{Moment, ReferralId};

/// Tables from which rows are purged: those that PostgreSQL writes anew.
const PURGED: [&str; 17] = [
    "referral",
    "hold",
    "hold_line",
    "case_event",
    "letter",
    "idempotency",
    "plan",
    "inbound_text",
    "phone",
    "session",
    "ticket",
    "challenge",
    "failure",
    "known_device",
    "quota",
    "arrival",
    "tally",
];
const LAST_PURGE: &str = "purged_on";
const TO_COMPACT: &str = "to_compact";

/// How a purge stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// The local day of the last one.
    pub last: Option<chrono::NaiveDate>,
    /// Whether rows were removed that may be left in the files.
    pub to_compact: bool,
}

pub async fn progress(db: &impl Reads) -> Result<Progress, StoreError> {
    let last = instance::get(db, LAST_PURGE).await?;
    Ok(Progress {
        last: last.map(|text| day("instance", "value", &text)).transpose()?,
        to_compact: instance::get(db, TO_COMPACT).await?.is_some_and(|value| value == "yes"),
    })
}

/// Takes the lock of the purge until the transaction ends, and notes that the files are to be cleaned after it.
pub async fn lock(tx: &Tx) -> Result<(), StoreError> {
    instance::put(tx, TO_COMPACT, "yes").await
}

pub async fn done_on(tx: &Tx, today: chrono::NaiveDate) -> Result<(), StoreError> {
    instance::put(tx, LAST_PURGE, &today.to_string()).await
}

pub async fn compacted(tx: &Tx) -> Result<(), StoreError> {
    instance::put(tx, TO_COMPACT, "no").await
}

/// Locks cases that are to go: closed before `closed`, or opened before `opened` and not held by anything at `now`. At most
/// `most`, each with the time at which it was opened.
pub async fn due_cases(
    tx: &Tx,
    closed: Moment,
    opened: Moment,
    now: Moment,
    most: u64,
) -> Result<Vec<(ReferralId, Moment)>, StoreError> {
    let running = hold::Entity::find()
        .select_only()
        .column(hold::Column::ReferralId)
        .filter(hold::Column::State.is_in([HoldState::Asked.to_string(), HoldState::Accepted.to_string()]))
        .filter(hold::Column::ExpiresAt.gt(millis(now)))
        .into_query();
    let forgotten = Condition::all()
        .add(referral::Column::ClosedAt.is_null())
        .add(referral::Column::CreatedAt.lt(millis(opened)))
        .add(referral::Column::Id.not_in_subquery(running));
    let rows: Vec<(Uuid, i64)> = referral::Entity::find()
        .select_only()
        .columns([referral::Column::Id, referral::Column::CreatedAt])
        .filter(
            Condition::any()
                .add(referral::Column::ClosedAt.lt(millis(closed)))
                .add(forgotten),
        )
        .order_by_asc(referral::Column::Id)
        .limit(most)
        .lock_exclusive()
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, at)| (id.into(), moment(at))).collect())
}

/// Removes cases with everything of theirs. Their lock is held.
pub async fn remove_cases(tx: &Tx, ids: &[ReferralId]) -> Result<(), StoreError> {
    let ids = || ids.iter().map(|id| id.0);
    let db = tx.connection();
    let about = Condition::any()
        .add(letter::Column::ReferralId.is_in(ids()))
        .add(letter::Column::HoldId.in_subquery(holds_of(ids().collect())));
    letter::Entity::delete_many().filter(about).exec(db).await?;
    case_event::Entity::delete_many()
        .filter(case_event::Column::ReferralId.is_in(ids()))
        .exec(db)
        .await?;
    hold_line::Entity::delete_many()
        .filter(hold_line::Column::HoldId.in_subquery(holds_of(ids().collect())))
        .exec(db)
        .await?;
    hold::Entity::delete_many()
        .filter(hold::Column::ReferralId.is_in(ids()))
        .exec(db)
        .await?;
    referral::Entity::delete_many()
        .filter(referral::Column::Id.is_in(ids()))
        .exec(db)
        .await?;
    Ok(())
}

fn holds_of(referrals: Vec<Uuid>) -> SelectStatement {
    hold::Entity::find()
        .select_only()
        .column(hold::Column::Id)
        .filter(hold::Column::ReferralId.is_in(referrals))
        .into_query()
}

/// Keeps the beds that arrivals of these cases took since their shelters reported last, and forgets those that have been
/// reported over. `new_id` names the rows.
pub async fn keep_arrivals(tx: &Tx, ids: &[ReferralId], mut new_id: impl FnMut() -> Uuid) -> Result<(), StoreError> {
    let db = tx.connection();
    type Row = (Uuid, Uuid, Option<i64>, i32, i32);
    let rows: Vec<Row> = hold_line::Entity::find()
        .select_only()
        .columns([hold::Column::ShelterId])
        .columns([hold_line::Column::RoomId])
        .columns([hold::Column::EndedAt])
        .columns([hold_line::Column::Beds, hold_line::Column::Cots])
        .join(JoinType::InnerJoin, hold_line::Relation::Hold.def())
        .filter(hold::Column::State.eq(HoldState::Arrived.to_string()))
        .filter(hold::Column::ReferralId.is_in(ids.iter().map(|id| id.0)))
        .into_tuple()
        .all(db)
        .await?;
    let kept: Vec<arrival::ActiveModel> = rows
        .into_iter()
        .filter_map(|(shelter, room, at, beds, cots)| {
            Some(arrival::ActiveModel {
                id: Set(new_id()),
                shelter_id: Set(shelter),
                room_id: Set(room),
                at: Set(at?),
                beds: Set(beds),
                cots: Set(cots),
            })
        })
        .collect();
    if !kept.is_empty() {
        arrival::Entity::insert_many(kept).exec_without_returning(db).await?;
    }
    let reported = shelter_state::Entity::find()
        .select_only()
        .expr(Expr::val(1))
        .filter(
            Expr::col((shelter_state::Entity, shelter_state::Column::ShelterId))
                .eq(Expr::col((arrival::Entity, arrival::Column::ShelterId))),
        )
        .filter(
            Expr::col((shelter_state::Entity, shelter_state::Column::OrderedAt))
                .gte(Expr::col((arrival::Entity, arrival::Column::At))),
        )
        .into_query();
    arrival::Entity::delete_many()
        .filter(Expr::exists(reported))
        .exec(db)
        .await?;
    Ok(())
}

/// Up to when each other kind of row goes.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    pub now: Moment,
    /// Plans with households, by when they were made.
    pub plans: Moment,
    /// Sessions and links, by when they ended.
    pub ended: Moment,
    pub failures: Moment,
    /// The first local day that stays.
    pub quotas: chrono::NaiveDate,
    pub notices: Moment,
    pub letters: Moment,
}

/// Removes what is over of everything that is no case; how many rows.
pub async fn remove_ended(tx: &Tx, ends: Ends) -> Result<u64, StoreError> {
    let db = tx.connection();
    let (now, ended) = (millis(ends.now), millis(ends.ended));
    let mut gone = plan::Entity::delete_many()
        .filter(plan::Column::Kind.eq("placement"))
        .filter(plan::Column::CreatedAt.lt(millis(ends.plans)))
        .exec(db)
        .await?
        .rows_affected;
    gone += session::Entity::delete_many()
        .filter(
            Condition::any()
                .add(session::Column::ExpiresAt.lt(ended))
                .add(session::Column::RevokedAt.lt(ended)),
        )
        .exec(db)
        .await?
        .rows_affected;
    gone += ticket::Entity::delete_many()
        .filter(
            Condition::any()
                .add(ticket::Column::ExpiresAt.lt(ended))
                .add(ticket::Column::UsedAt.lt(ended)),
        )
        .exec(db)
        .await?
        .rows_affected;
    gone += challenge::Entity::delete_many()
        .filter(challenge::Column::ExpiresAt.lt(now))
        .exec(db)
        .await?
        .rows_affected;
    gone += known_device::Entity::delete_many()
        .filter(known_device::Column::ExpiresAt.lt(now))
        .exec(db)
        .await?
        .rows_affected;
    gone += failure::Entity::delete_many()
        .filter(failure::Column::LastAt.lt(millis(ends.failures)))
        .filter(failure::Column::WaitUntil.lt(now))
        .exec(db)
        .await?
        .rows_affected;
    gone += quota::Entity::delete_many()
        .filter(quota::Column::Day.lt(ends.quotas.to_string()))
        .exec(db)
        .await?
        .rows_affected;
    Ok(gone + remove_letters(tx, ends).await?)
}

/// Letters that wait are not among them.
async fn remove_letters(tx: &Tx, ends: Ends) -> Result<u64, StoreError> {
    let notices = Condition::all()
        .add(letter::Column::DigestId.is_null())
        .add(letter::Column::RecipientId.is_null())
        .add(letter::Column::CreatedAt.lt(millis(ends.notices)));
    let old = letter::Column::CreatedAt.lt(millis(ends.letters));
    let done = letter::Entity::delete_many()
        .filter(Condition::any().add(notices).add(old))
        .filter(letter::Column::State.ne("queued"))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

impl Store {
    /// Takes what was removed out of the files as well. `false` if somebody reads in the way: then it comes again.
    ///
    /// SQLite overwrites what it removes (`secure_delete`), but a page that was put in order may keep a copy in its gap, and
    /// the write-ahead log keeps every page as it was: so the file is written anew and the log cut to nothing. PostgreSQL
    /// keeps the bytes of removed rows in their pages even after a plain `VACUUM`: so the tables are written anew.
    pub async fn compact(&self) -> Result<bool, StoreError> {
        if self.is_sqlite() {
            let _turn = match &self.pen {
                Some(pen) => Some(pen.turn(false).await?),
                None => None,
            };
            self.db.execute_unprepared("VACUUM").await?;
            let pool = self.db.get_sqlite_connection_pool();
            let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
            let busy: i64 = row.try_get(0)?;
            return Ok(busy == 0);
        }
        let pool = self.db.get_postgres_connection_pool();
        let mut connection = pool.acquire().await?;
        // Whoever waits for the table waits behind this, so it does not wait long itself.
        sqlx::query("SET lock_timeout = '10s'")
            .execute(&mut *connection)
            .await?;
        let mut whole = true;
        for table in PURGED {
            let sql = format!("VACUUM (FULL, ANALYZE) {table}");
            let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await;
            if let Err(error) = done {
                tracing::warn!(table, %error, "not written anew; it comes again");
                whole = false;
            }
        }
        sqlx::query("RESET lock_timeout").execute(&mut *connection).await?;
        Ok(whole)
    }
}
