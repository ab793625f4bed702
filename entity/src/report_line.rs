//! One room's line of a report, with the room's size at that time.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub room_id: Uuid,
    pub beds: i32,
    pub cots: i32,
    pub occupied_beds: i32,
    pub occupied_cots: i32,
    pub out_of_service_beds: i32,
    pub out_of_service_reason: Option<String>,
    pub planned_exit: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::report::Entity",
        from = "Column::ReportId",
        to = "super::report::Column::Id"
    )]
    Report,
}

impl ActiveModelBehavior for ActiveModel {}
