//! A shelter: what an administrator edits. `version` counts the edits.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shelter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub organisation_id: Uuid,
    pub district: String,
    pub region: String,
    pub kind: String,
    pub location_policy: String,
    pub sector: Option<String>,
    pub intake_from: Option<i32>,
    pub intake_to: Option<i32>,
    pub longest_stay_days: Option<i32>,
    #[sea_orm(column_type = "Text")]
    pub languages: String,
    #[sea_orm(column_type = "Text")]
    pub services: String,
    #[sea_orm(column_type = "Text")]
    pub rules: String,
    pub report_due: i32,
    pub report_interval_hours: i32,
    pub version: i64,
    pub created_at: i64,
    pub canary: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
