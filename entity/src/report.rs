//! A daily report, append-only. `ordered_at` decides which is newest.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub shelter_id: Uuid,
    pub user_id: Option<Uuid>,
    pub reported_by: String,
    pub channel: String,
    pub observed_at: i64,
    pub received_at: i64,
    pub ordered_at: i64,
    pub day: String,
    pub clock_suspect: bool,
    pub applied: bool,
    pub operating: bool,
    pub beds: i32,
    pub occupied_beds: i32,
    pub free_beds: i32,
    pub note: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
