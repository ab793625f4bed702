//! The audit chain's rows. The entry is hashed in `domain`; here it gets its place in the chain.

use entity::audit;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::convert::{millis, moment, unreadable};
use super::{Reads, StoreError, Tx};
use crate::domain::audit::{Entry, GENESIS, link};
use crate::domain::id::{Moment, UserId};
use crate::domain::logbook::Chained;

/// Appends entries to the chain as part of the transaction. Called last, since the chain's head is one for all writers.
pub async fn append(tx: &Tx, entries: Vec<Entry>) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    if tx.connection().get_database_backend() == DbBackend::Postgres {
        tx.connection()
            .execute_unprepared("SELECT pg_advisory_xact_lock(7206532)")
            .await?;
    }
    let head: Option<(i64, String)> = audit::Entity::find()
        .select_only()
        .columns([audit::Column::Seq, audit::Column::Hash])
        .order_by_desc(audit::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(tx.connection())
        .await?;
    let (mut seq, mut prev) = match head {
        Some((seq, hash)) => (seq, bytes(&hash)?),
        None => (0, GENESIS),
    };
    let mut rows = Vec::with_capacity(entries.len());
    for mut entry in entries {
        seq += 1;
        entry.seq = seq;
        let hash = link(prev, &entry);
        rows.push(audit::ActiveModel {
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

/// The next entries after `after`, in order: what verifying reads, page by page.
pub async fn after(db: &impl Reads, after: i64, limit: u64) -> Result<Vec<Chained>, StoreError> {
    let rows = audit::Entity::find()
        .filter(audit::Column::Seq.gt(after))
        .order_by_asc(audit::Column::Seq)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(stored_of).collect()
}

/// The newest entries before `before`, newest first; of the given objects only, if any are given.
pub async fn newest(
    db: &impl Reads,
    objects: Option<&[String]>,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Chained>, StoreError> {
    let mut select = audit::Entity::find().order_by_desc(audit::Column::Seq).limit(limit);
    if let Some(objects) = objects {
        select = select.filter(audit::Column::ObjectId.is_in(objects));
    }
    if let Some(before) = before {
        select = select.filter(audit::Column::Seq.lt(before));
    }
    select.all(db.connection()).await?.into_iter().map(stored_of).collect()
}

fn stored_of(row: audit::Model) -> Result<Chained, StoreError> {
    Ok(Chained {
        prev: bytes(&row.prev_hash)?,
        hash: bytes(&row.hash)?,
        entry: Entry {
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

fn bytes(text: &str) -> Result<[u8; 32], StoreError> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map_err(|_| unreadable("audit", "hash", text))?;
    Ok(out)
}

/// How often somebody did something since `since`.
pub async fn count_of(db: &impl Reads, actor: UserId, action: &str, since: Moment) -> Result<u64, StoreError> {
    Ok(audit::Entity::find()
        .filter(audit::Column::ActorId.eq(actor.0))
        .filter(audit::Column::Action.eq(action))
        .filter(audit::Column::At.gt(millis(since)))
        .count(db.connection())
        .await?)
}
