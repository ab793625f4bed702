//! Referrals, holds, idempotency and the audit chain.

use sea_orm_migration::{prelude::*, schema::*};

use crate::append_only;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(referral()).await?;
        manager.create_table(hold()).await?;
        manager.create_table(hold_line()).await?;
        manager.create_table(idempotency()).await?;
        manager.create_table(audit()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        append_only(manager, "audit").await?;
        Ok(())
    }
}

fn referral() -> TableCreateStatement {
    Table::create()
        .table("referral")
        .col(uuid("id"))
        .col(string("code"))
        .col(uuid("organisation_id"))
        .col(uuid("user_id"))
        .col(text("household"))
        .col(text("needs"))
        .col(text("languages"))
        .col(string("from_district"))
        .col(string("urgency"))
        .col(string_null("earliest_date"))
        .col(boolean("rooms_apart_ok"))
        .col(big_integer("created_at"))
        .col(big_integer_null("closed_at"))
        .col(string_null("outcome"))
        .col(text_null("unmet_reasons"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("referral", "organisation_id")
                .to("organisation", "id"),
        )
        .to_owned()
}

fn hold() -> TableCreateStatement {
    Table::create()
        .table("hold")
        .col(uuid("id"))
        .col(uuid("referral_id"))
        .col(uuid("shelter_id"))
        .col(uuid("organisation_id"))
        .col(uuid("user_id"))
        .col(string("state"))
        .col(integer("beds"))
        .col(integer("cots"))
        .col(boolean("needs_confirmation"))
        .col(big_integer("asked_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("accepted_at"))
        .col(big_integer_null("ended_at"))
        .col(string_null("reason"))
        .col(string_null("note"))
        .col(big_integer("version"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("hold", "referral_id").to("referral", "id"))
        .foreign_key(ForeignKey::create().from("hold", "shelter_id").to("shelter", "id"))
        .check(Expr::cust("beds >= 0 AND cots >= 0 AND beds + cots > 0"))
        .to_owned()
}

fn hold_line() -> TableCreateStatement {
    Table::create()
        .table("hold_line")
        .col(uuid("hold_id"))
        .col(uuid("room_id"))
        .col(integer("beds"))
        .col(integer("cots"))
        .primary_key(Index::create().col("hold_id").col("room_id"))
        .foreign_key(ForeignKey::create().from("hold_line", "hold_id").to("hold", "id"))
        .foreign_key(ForeignKey::create().from("hold_line", "room_id").to("room", "id"))
        .check(Expr::cust("beds >= 0 AND cots >= 0"))
        .to_owned()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(uuid("user_id"))
        .col(string("key"))
        .col(string("route"))
        .col(string("body_hash"))
        .col(text("answer"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("key"))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit")
        .col(big_integer("seq"))
        .col(big_integer("at"))
        .col(uuid_null("actor_id"))
        .col(string("role"))
        .col(string("origin"))
        .col(string("action"))
        .col(string("object_type"))
        .col(string("object_id"))
        .col(text("detail"))
        .col(string("prev_hash"))
        .col(string("hash"))
        .primary_key(Index::create().col("seq"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("uq_referral_code")
            .table("referral")
            .col("code")
            .unique()
            .to_owned(),
        Index::create()
            .name("ix_referral_organisation_id_created_at")
            .table("referral")
            .col("organisation_id")
            .col("created_at")
            .to_owned(),
        Index::create()
            .name("ix_referral_created_at")
            .table("referral")
            .col("created_at")
            .to_owned(),
        // To the deadline, or SQLite looks for one shelter's active holds among those of the whole country.
        Index::create()
            .name("ix_hold_shelter_id_state_expires_at")
            .table("hold")
            .col("shelter_id")
            .col("state")
            .col("expires_at")
            .to_owned(),
        Index::create()
            .name("ix_hold_referral_id")
            .table("hold")
            .col("referral_id")
            .to_owned(),
        Index::create()
            .name("ix_hold_organisation_id_asked_at")
            .table("hold")
            .col("organisation_id")
            .col("asked_at")
            .to_owned(),
        Index::create()
            .name("ix_hold_state_expires_at")
            .table("hold")
            .col("state")
            .col("expires_at")
            .to_owned(),
        Index::create()
            .name("ix_hold_line_room_id")
            .table("hold_line")
            .col("room_id")
            .to_owned(),
    ]
}
