//! A text message that was taken: what became of it, and the hash of its words.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_text")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub gateway: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: String,
    pub phone_id: Uuid,
    pub received_at: i64,
    pub words_hash: String,
    pub outcome: String,
    #[sea_orm(column_type = "Text")]
    pub answer: String,
    pub report_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
