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
    pub wave_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub policy: String,
    pub next_step_at: Option<i64>,
    pub extensions: i32,
    pub version: i64,
    /// The local date she is expected from, and the instant at which that date begins; none if at once.
    pub starts_on: Option<String>,
    pub starts_at: Option<i64>,
    /// Its referral's excluded organisations: ids as JSON.
    #[sea_orm(column_type = "Text")]
    pub excluded: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
