//! What one person asked for and another must agree to.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "approval")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub object_id: String,
    #[sea_orm(column_type = "Text")]
    pub detail: String,
    pub asked_by: Uuid,
    pub asked_at: i64,
    pub expires_at: i64,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<i64>,
    pub outcome: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
