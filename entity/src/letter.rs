//! One digest or one notice for one recipient, with what became of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Of a digest; its words are those of the digest's part in this language.
    pub digest_id: Option<Uuid>,
    /// Of a notice: the hold, the referral or the shelter it is about, its kind, and its words as they were frozen.
    pub hold_id: Option<Uuid>,
    pub referral_id: Option<Uuid>,
    pub shelter_id: Option<Uuid>,
    /// The reader of a schedule whom it is for.
    pub recipient_id: Option<Uuid>,
    /// The link it carries; it is filled in when the letter is sent.
    pub ticket_id: Option<Uuid>,
    pub notice: Option<String>,
    pub subject: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub html: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub text: Option<String>,
    pub via: String,
    /// A mail address, or the id of the phone or the subscription.
    pub address: String,
    pub name: String,
    pub language: String,
    pub state: String,
    pub attempts: i32,
    pub next_attempt_at: i64,
    pub lease_owner: Option<Uuid>,
    pub lease_until: Option<i64>,
    pub answer: Option<String>,
    pub sent_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
