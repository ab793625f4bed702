//! A household's shape and needs under a random code. Districts to avoid are never stored.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub organisation_id: Uuid,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Text")]
    pub household: String,
    #[sea_orm(column_type = "Text")]
    pub needs: String,
    #[sea_orm(column_type = "Text")]
    pub languages: String,
    pub from_district: String,
    pub urgency: String,
    pub earliest_date: Option<String>,
    pub rooms_apart_ok: bool,
    pub created_at: i64,
    pub closed_at: Option<i64>,
    pub outcome: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub unmet_reasons: Option<String>,
    /// Since when it waits for a place; none if it does not.
    pub waiting_since: Option<i64>,
    /// The place it was told of last, while that place is there.
    pub place_shelter_id: Option<Uuid>,
    pub place_found_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub excluded: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
