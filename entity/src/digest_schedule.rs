//! When a digest is due, in whose civil time, and for which part of the country.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "digest_schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub cadence: String,
    pub at_minute: i32,
    pub zone: String,
    pub region: Option<String>,
    pub active: bool,
    pub last_period: Option<String>,
    /// What the cadence needs beside the hour, as JSON.
    #[sea_orm(column_type = "Text", nullable)]
    pub rule: Option<String>,
    /// The last local day on which it sends.
    pub expires_on: Option<String>,
    pub attach_csv: bool,
    pub attach_xlsx: bool,
    pub alarmed_period: Option<String>,
    pub version: i64,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
