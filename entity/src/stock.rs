//! What is on hand of an item, by the newest count and what moved since.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shelter_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub item: String,
    pub on_hand: i64,
    /// The newest of count and movements.
    pub observed_at: i64,
    pub counted: Option<i64>,
    pub counted_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub lots: String,
    pub minimum: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub learned: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
