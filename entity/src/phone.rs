//! A telephone that somebody reports with; its number is sealed, and hashed under a key to find it by.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phone")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    /// Until it is connected: what it must send, and by when.
    pub code_hash: Option<String>,
    pub code_until: Option<i64>,
    pub number_hash: Option<String>,
    pub key_id: Option<String>,
    pub nonce: Option<Vec<u8>>,
    pub number: Option<Vec<u8>>,
    /// The gateway it last wrote through.
    pub gateway: Option<String>,
    pub created_at: i64,
    pub connected_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
