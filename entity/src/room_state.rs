//! A room as the newest report and the arrivals since say.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "room_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    pub shelter_id: Uuid,
    pub occupied_beds: i32,
    pub occupied_cots: i32,
    pub out_of_service_beds: i32,
    pub out_of_service_reason: Option<String>,
    pub planned_exit: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
