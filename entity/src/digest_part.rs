//! A digest as written in one language, frozen with the run.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "digest_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub language: String,
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub html: String,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    pub chart: Vec<u8>,
    pub chart_alt: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub csv: Option<String>,
    pub xlsx: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
