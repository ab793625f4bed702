//! One item of a transfer: what was agreed, sent and received.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: String,
    pub quantity: i64,
    pub dispatched: Option<i64>,
    pub received: Option<i64>,
    /// Why less arrived than was sent.
    pub difference: Option<String>,
    /// Units with a date of expiry among those sent.
    #[sea_orm(column_type = "Text")]
    pub lots: String,
    pub request_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::transfer::Entity",
        from = "Column::TransferId",
        to = "super::transfer::Column::Id"
    )]
    Transfer,
}

impl ActiveModelBehavior for ActiveModel {}
