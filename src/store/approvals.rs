//! Approvals, and the administrators whose number they go by.

use entity::{approval, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, code_opt, json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::Role;
use crate::domain::approvals::{Approval, Decision};
use crate::domain::id::{ApprovalId, Moment, UserId};

pub async fn insert(tx: &Tx, row: &Approval) -> Result<(), StoreError> {
    approval::Entity::insert(approval::ActiveModel {
        id: Set(row.id.0),
        kind: Set(row.kind.to_string()),
        object_id: Set(row.object_id.clone()),
        detail: Set(to_json(&row.detail)),
        asked_by: Set(row.asked_by.0),
        asked_at: Set(millis(row.asked_at)),
        expires_at: Set(millis(row.expires_at)),
        decided_by: Set(row.decided_by.map(|id| id.0)),
        decided_at: Set(row.decided_at.map(millis)),
        outcome: Set(row.decision.map(|decision| decision.to_string())),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

pub async fn find(db: &impl Reads, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
    let row = approval::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(approval_of).transpose()
}

/// Those asked for since `since`, newest first; of one asker only, if one is given.
pub async fn since(
    db: &impl Reads,
    asker: Option<UserId>,
    since: Moment,
    limit: u64,
) -> Result<Vec<Approval>, StoreError> {
    let mut select = approval::Entity::find().filter(approval::Column::AskedAt.gte(millis(since)));
    if let Some(asker) = asker {
        select = select.filter(approval::Column::AskedBy.eq(asker.0));
    }
    let rows = select
        .order_by_desc(approval::Column::AskedAt)
        .order_by_desc(approval::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(approval_of).collect()
}

/// Those of this object that nobody has answered, whether or not their time is over.
pub async fn unanswered(db: &impl Reads, object_id: &str) -> Result<Vec<Approval>, StoreError> {
    let rows = approval::Entity::find()
        .filter(approval::Column::ObjectId.eq(object_id))
        .filter(approval::Column::Outcome.is_null())
        .all(db.connection())
        .await?;
    rows.into_iter().map(approval_of).collect()
}

/// Whether one that was asked for at this moment still waits for an answer.
pub async fn waits(db: &impl Reads, asked_at: Moment, now: Moment) -> Result<bool, StoreError> {
    let found = approval::Entity::find()
        .filter(approval::Column::AskedAt.eq(millis(asked_at)))
        .filter(approval::Column::ExpiresAt.gt(millis(now)))
        .filter(approval::Column::Outcome.is_null())
        .one(db.connection())
        .await?;
    Ok(found.is_some())
}

/// Writes what was decided. `false` if it did not stand at `from` any more: somebody was quicker.
pub async fn advance(tx: &Tx, from: Option<Decision>, row: &Approval) -> Result<bool, StoreError> {
    use approval::Column::{DecidedAt, DecidedBy, Id, Outcome};
    let as_seen = match from {
        Some(decision) => Outcome.eq(decision.to_string()),
        None => Outcome.is_null(),
    };
    let done = approval::Entity::update_many()
        .col_expr(DecidedBy, Expr::value(row.decided_by.map(|id| id.0)))
        .col_expr(DecidedAt, Expr::value(row.decided_at.map(millis)))
        .col_expr(Outcome, Expr::value(row.decision.map(|decision| decision.to_string())))
        .filter(Id.eq(row.id.0))
        .filter(as_seen)
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

fn approval_of(row: approval::Model) -> Result<Approval, StoreError> {
    Ok(Approval {
        id: row.id.into(),
        kind: code("approval", "kind", &row.kind)?,
        object_id: row.object_id,
        detail: json("approval", "detail", &row.detail)?,
        asked_by: row.asked_by.into(),
        asked_at: moment(row.asked_at),
        expires_at: moment(row.expires_at),
        decided_by: row.decided_by.map(Into::into),
        decided_at: row.decided_at.map(moment),
        decision: code_opt("approval", "outcome", row.outcome.as_deref())?,
    })
}

/// Every administrator who may sign in, their rows locked in the order of their ids until the transaction ends: two who
/// take each other's role away at once do so one after the other. SQLite has one writer anyway.
pub async fn lock_administrators(tx: &Tx) -> Result<Vec<UserId>, StoreError> {
    let ids: Vec<Uuid> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Role.eq(Role::Admin.to_string()))
        .filter(user::Column::DisabledAt.is_null())
        .filter(user::Column::Kind.eq("person"))
        .order_by_asc(user::Column::Id)
        .lock_exclusive()
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(UserId).collect())
}
