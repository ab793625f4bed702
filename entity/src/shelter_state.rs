//! What the newest report says of the shelter as a whole. Bumping `version` is the lock of everything placed in it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shelter_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub shelter_id: Uuid,
    pub report_id: Option<Uuid>,
    pub observed_at: Option<i64>,
    pub ordered_at: Option<i64>,
    pub reported_by: Option<String>,
    pub operating: bool,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
