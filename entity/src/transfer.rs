//! Supplies on their way from one shelter to another.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub from_shelter: Uuid,
    pub to_shelter: Uuid,
    pub state: String,
    /// Day by which it is to have arrived.
    pub due_on: String,
    pub plan_id: Option<Uuid>,
    pub created_by: Uuid,
    pub created_at: i64,
    pub approved_at: Option<i64>,
    pub dispatched_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub cancel_reason: Option<String>,
    /// How many steps were taken to tell people that it is overdue.
    pub told: i32,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
