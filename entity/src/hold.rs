//! A claim on rooms or beds with a deadline. The beds it holds are derived from it, never counted elsewhere.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub referral_id: Uuid,
    pub shelter_id: Uuid,
    pub organisation_id: Uuid,
    pub user_id: Uuid,
    pub state: String,
    pub beds: i32,
    pub cots: i32,
    pub needs_confirmation: bool,
    pub asked_at: i64,
    pub expires_at: i64,
    pub accepted_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
