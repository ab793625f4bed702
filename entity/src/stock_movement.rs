//! What came into a shelter's stock or left it, signed, append-only.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock_movement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub shelter_id: Uuid,
    pub item: String,
    pub kind: String,
    pub change: i64,
    pub expires_on: Option<String>,
    pub source: Option<String>,
    pub transfer_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub moved_at: i64,
    pub recorded_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
