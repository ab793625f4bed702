//! The audit's rows: streams of entries, and the anchors over them. An entry is hashed in `domain`; here it gets its place.

use std::collections::{HashMap, HashSet};

use entity::{audit, audit_anchor, user};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::convert::{millis, moment, unreadable};
use super::{Reads, StoreError, Tx};
use crate::domain::audit::{Anchor, Entry, Head, Link, STREAMS, genesis, link};
use crate::domain::id::{Moment, UserId};
use crate::domain::logbook::{Chained, Wanted};

/// The first of the advisory locks of PostgreSQL, one for each stream, then one for the anchors.
const LOCKS: i64 = 7_206_540;

/// Appends entries to a stream as part of the transaction. Called last: until the transaction ends, nobody else writes to
/// that stream.
pub async fn append(tx: &Tx, entries: Vec<Entry>) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let stream = take_stream(tx).await?;
    let head: Option<(i64, String)> = audit::Entity::find()
        .select_only()
        .columns([audit::Column::Seq, audit::Column::Hash])
        .filter(audit::Column::Stream.eq(i32::from(stream)))
        .order_by_desc(audit::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(tx.connection())
        .await?;
    let (mut seq, mut prev) = match head {
        Some((seq, hash)) => (seq, bytes(&hash)?),
        None => (0, genesis(stream)),
    };
    let mut rows = Vec::with_capacity(entries.len());
    for mut entry in entries {
        seq += 1;
        entry.seq = seq;
        let hash = link(prev, &entry);
        rows.push(audit::ActiveModel {
            stream: Set(i32::from(stream)),
            seq: Set(seq),
            at: Set(millis(entry.at)),
            actor_id: Set(entry.actor_id.map(|id| id.0)),
            role: Set(entry.role),
            origin: Set(entry.origin),
            action: Set(entry.action),
            object_type: Set(entry.object_type),
            object_id: Set(entry.object_id),
            detail: Set(entry.detail),
            prev_hash: Set(hex::encode(prev)),
            hash: Set(hex::encode(hash)),
        });
        prev = hash;
    }
    for chunk in rows.chunks(1000) {
        audit::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// The first stream that nobody writes to, kept for this transaction; where all are taken, the turn at one of them. SQLite
/// has one writer, who takes the first.
async fn take_stream(tx: &Tx) -> Result<u16, StoreError> {
    if tx.connection().get_database_backend() != DbBackend::Postgres {
        return Ok(0);
    }
    // The rows are tried one after another, and none after the first that was free.
    let free = format!(
        "SELECT n FROM generate_series(0, {}) AS n WHERE pg_try_advisory_xact_lock({LOCKS} + n) LIMIT 1",
        STREAMS - 1
    );
    if let Some(stream) = number(tx, free).await? {
        return Ok(stream);
    }
    let turn =
        format!("SELECT n FROM (SELECT pg_backend_pid() % {STREAMS} AS n) AS mine, pg_advisory_xact_lock({LOCKS} + n)");
    Ok(number(tx, turn).await?.unwrap_or(0))
}

async fn number(tx: &Tx, sql: String) -> Result<Option<u16>, StoreError> {
    let row = tx
        .connection()
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    let found: Option<i32> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(found.and_then(|n| u16::try_from(n).ok()))
}

/// The next entries after one, by stream and number: what verifying reads, page by page.
pub async fn after(db: &impl Reads, stream: i32, seq: i64, limit: u64) -> Result<Vec<Chained>, StoreError> {
    let rest = Condition::any()
        .add(audit::Column::Stream.gt(stream))
        .add(audit::Column::Stream.eq(stream).and(audit::Column::Seq.gt(seq)));
    let rows = audit::Entity::find()
        .filter(rest)
        .order_by_asc(audit::Column::Stream)
        .order_by_asc(audit::Column::Seq)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(stored_of).collect()
}

/// The newest entries of those wanted, newest first.
pub async fn newest(db: &impl Reads, wanted: &Wanted, limit: u64) -> Result<Vec<Chained>, StoreError> {
    let select = audit::Entity::find()
        .filter(condition(wanted))
        .order_by_desc(audit::Column::At)
        .order_by_desc(audit::Column::Stream)
        .order_by_desc(audit::Column::Seq)
        .limit(limit);
    select.all(db.connection()).await?.into_iter().map(stored_of).collect()
}

fn condition(wanted: &Wanted) -> Condition {
    use audit::Column::{Action, ActorId, At, ObjectId, ObjectType, Seq, Stream};
    let older = wanted.before.map(|place| {
        let (at, stream) = (millis(place.at), i32::from(place.stream));
        At.lt(at).or(At
            .eq(at)
            .and(Stream.lt(stream).or(Stream.eq(stream).and(Seq.lt(place.seq)))))
    });
    Condition::all()
        .add_option(wanted.objects.as_ref().map(|ids| ObjectId.is_in(ids)))
        .add_option(wanted.action.as_ref().map(|action| Action.eq(action)))
        .add_option(wanted.actor.map(|id| ActorId.eq(id.0)))
        .add_option(wanted.object_type.as_ref().map(|kind| ObjectType.eq(kind)))
        .add_option(wanted.object.as_ref().map(|id| ObjectId.eq(id)))
        .add_option(wanted.from.map(|from| At.gte(millis(from))))
        .add_option(wanted.to.map(|to| At.lt(millis(to))))
        .add_option(older)
}

/// Names of those who acted, for a page of entries.
pub async fn names(db: &impl Reads, rows: &[Chained]) -> Result<HashMap<UserId, String>, StoreError> {
    let ids: HashSet<Uuid> = rows
        .iter()
        .filter_map(|row| row.entry.actor_id)
        .map(|id| id.0)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named: Vec<(Uuid, String)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::Name])
        .filter(user::Column::Id.is_in(ids))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(named.into_iter().map(|(id, name)| (UserId(id), name)).collect())
}

fn stored_of(row: audit::Model) -> Result<Chained, StoreError> {
    Ok(Chained {
        prev: bytes(&row.prev_hash)?,
        hash: bytes(&row.hash)?,
        entry: Entry {
            stream: stream_of(row.stream)?,
            seq: row.seq,
            at: moment(row.at),
            actor_id: row.actor_id.map(UserId),
            role: row.role,
            origin: row.origin,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            detail: row.detail,
        },
    })
}

fn stream_of(stored: i32) -> Result<u16, StoreError> {
    u16::try_from(stored).map_err(|_| unreadable("audit", "stream", &stored.to_string()))
}

fn bytes(text: &str) -> Result<Link, StoreError> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map_err(|_| unreadable("audit", "hash", text))?;
    Ok(out)
}

/// An anchor as it is kept. `None` for the anchor where its text cannot be read.
pub struct StoredAnchor {
    pub number: i64,
    pub at: Moment,
    pub anchor: Option<Anchor>,
    pub seal: Link,
}

fn anchor_of(row: &audit_anchor::Model) -> Result<StoredAnchor, StoreError> {
    Ok(StoredAnchor {
        number: row.number,
        at: moment(row.at),
        anchor: Anchor::read(&format!("{}seal {}\n", row.text, row.seal)),
        seal: bytes(&row.seal)?,
    })
}

/// Keeps other nodes from anchoring until the transaction ends.
pub async fn lock_anchors(tx: &Tx) -> Result<(), StoreError> {
    if tx.connection().get_database_backend() == DbBackend::Postgres {
        let sql = format!("SELECT pg_advisory_xact_lock({})", LOCKS + i64::from(STREAMS));
        tx.connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct HeadRow {
    stream: i32,
    seq: i64,
    hash: String,
}

/// The newest entry of each stream, by stream, all as of one moment.
pub async fn heads(db: &impl Reads) -> Result<Vec<Head>, StoreError> {
    let newest = Query::select()
        .column(audit::Column::Stream)
        .expr(Expr::col(audit::Column::Seq).max())
        .from(audit::Entity)
        .group_by_col(audit::Column::Stream)
        .take();
    let place = Expr::tuple([Expr::col(audit::Column::Stream), Expr::col(audit::Column::Seq)]);
    let rows: Vec<HeadRow> = audit::Entity::find()
        .select_only()
        .columns([audit::Column::Stream, audit::Column::Seq, audit::Column::Hash])
        .filter(place.in_subquery(newest))
        .order_by_asc(audit::Column::Stream)
        .into_model()
        .all(db.connection())
        .await?;
    let heads = rows.into_iter().map(|row| {
        Ok(Head {
            stream: stream_of(row.stream)?,
            seq: row.seq,
            hash: bytes(&row.hash)?,
        })
    });
    heads.collect()
}

pub async fn insert_anchor(tx: &Tx, anchor: &Anchor) -> Result<(), StoreError> {
    audit_anchor::Entity::insert(audit_anchor::ActiveModel {
        number: Set(anchor.number),
        at: Set(millis(anchor.at)),
        text: Set(anchor.text()),
        seal: Set(hex::encode(anchor.seal())),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// The next anchors after one, in order.
pub async fn anchors_after(db: &impl Reads, number: i64, limit: u64) -> Result<Vec<StoredAnchor>, StoreError> {
    let rows = audit_anchor::Entity::find()
        .filter(audit_anchor::Column::Number.gt(number))
        .order_by_asc(audit_anchor::Column::Number)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.iter().map(anchor_of).collect()
}

/// The newest anchors before one, newest first.
pub async fn newest_anchors(db: &impl Reads, before: Option<i64>, limit: u64) -> Result<Vec<StoredAnchor>, StoreError> {
    let rows = audit_anchor::Entity::find()
        .filter(Condition::all().add_option(before.map(|number| audit_anchor::Column::Number.lt(number))))
        .order_by_desc(audit_anchor::Column::Number)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.iter().map(anchor_of).collect()
}
