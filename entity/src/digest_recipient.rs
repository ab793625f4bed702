//! Who receives a schedule, in which language.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "digest_recipient")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub schedule_id: Uuid,
    pub email: String,
    pub name: String,
    pub language: String,
    pub kind: String,
    pub state: String,
    pub added_by: Option<Uuid>,
    pub approved_by: Option<Uuid>,
    pub approved_at: Option<i64>,
    pub confirmed_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
