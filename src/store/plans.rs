//! Plans of every kind, each whole in one row.

use entity::plan;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::convert::{code, json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, PlanId};
use crate::domain::plans::{Content, StoredPlan};

pub async fn insert<D: Content>(tx: &Tx, row: &StoredPlan<D>) -> Result<(), StoreError> {
    plan::Entity::insert(plan::ActiveModel {
        id: Set(row.id.0),
        created_by: Set(row.created_by.0),
        created_at: Set(millis(row.created_at)),
        state: Set(row.state.to_string()),
        version: Set(row.version),
        content: Set(to_json(&row.draft)),
        kind: Set(D::KIND.to_owned()),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// Writes a plan if it is still at the version that was read.
pub async fn update<D: Content>(tx: &Tx, row: &StoredPlan<D>) -> Result<(), StoreError> {
    let done = plan::Entity::update_many()
        .col_expr(plan::Column::State, Expr::value(row.state.to_string()))
        .col_expr(plan::Column::Content, Expr::value(to_json(&row.draft)))
        .col_expr(plan::Column::Version, Expr::value(row.version + 1))
        .filter(plan::Column::Id.eq(row.id.0))
        .filter(plan::Column::Version.eq(row.version))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// Takes the lock of a plan until the transaction ends; `false` if there is none.
pub async fn lock<D: Content>(tx: &Tx, id: PlanId) -> Result<bool, StoreError> {
    let done = plan::Entity::update_many()
        .col_expr(plan::Column::State, Expr::col(plan::Column::State))
        .filter(plan::Column::Id.eq(id.0))
        .filter(plan::Column::Kind.eq(D::KIND))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

pub async fn get<D: Content>(db: &impl Reads, id: PlanId) -> Result<Option<StoredPlan<D>>, StoreError> {
    let row = plan::Entity::find_by_id(id.0)
        .filter(plan::Column::Kind.eq(D::KIND))
        .one(db.connection())
        .await?;
    row.map(plan_of).transpose()
}

/// The newest plans made before `before`.
pub async fn page<D: Content>(
    db: &impl Reads,
    before: Option<Moment>,
    limit: u64,
) -> Result<Vec<StoredPlan<D>>, StoreError> {
    let mut select = plan::Entity::find().filter(plan::Column::Kind.eq(D::KIND));
    if let Some(before) = before {
        select = select.filter(plan::Column::CreatedAt.lt(millis(before)));
    }
    let rows = select
        .order_by_desc(plan::Column::CreatedAt)
        .order_by_desc(plan::Column::Id)
        .limit(limit)
        .all(db.connection())
        .await?;
    rows.into_iter().map(plan_of).collect()
}

fn plan_of<D: Content>(row: plan::Model) -> Result<StoredPlan<D>, StoreError> {
    Ok(StoredPlan {
        id: row.id.into(),
        created_by: row.created_by.into(),
        created_at: moment(row.created_at),
        state: code("plan", "state", &row.state)?,
        version: row.version,
        draft: json("plan", "content", &row.content)?,
    })
}
