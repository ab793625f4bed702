//! Schedules, digests and the outbox of letters.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(digest_schedule()).await?;
        manager.create_table(digest_recipient()).await?;
        manager.create_table(digest()).await?;
        manager.create_table(digest_part()).await?;
        manager.create_table(letter()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn digest_schedule() -> TableCreateStatement {
    Table::create()
        .table("digest_schedule")
        .col(uuid("id"))
        .col(string("name"))
        .col(string("cadence"))
        .col(integer("at_minute"))
        .col(string("zone"))
        .col(string_null("region"))
        .col(boolean("active"))
        .col(string_null("last_period"))
        .col(big_integer("version"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .check(Expr::cust("at_minute >= 0 AND at_minute < 1440"))
        .to_owned()
}

fn digest_recipient() -> TableCreateStatement {
    Table::create()
        .table("digest_recipient")
        .col(uuid("id"))
        .col(uuid("schedule_id"))
        .col(string("email"))
        .col(string("name"))
        .col(string("language"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("digest_recipient", "schedule_id")
                .to("digest_schedule", "id"),
        )
        .to_owned()
}

fn digest() -> TableCreateStatement {
    Table::create()
        .table("digest")
        .col(uuid("id"))
        .col(uuid("schedule_id"))
        .col(string("period"))
        .col(big_integer("as_of"))
        .col(text("content"))
        .col(boolean("delayed"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("digest", "schedule_id")
                .to("digest_schedule", "id"),
        )
        .to_owned()
}

fn digest_part() -> TableCreateStatement {
    Table::create()
        .table("digest_part")
        .col(uuid("digest_id"))
        .col(string("language"))
        .col(string("subject"))
        .col(text("html"))
        .col(text("text"))
        .col(binary("chart"))
        .col(string("chart_alt"))
        .primary_key(Index::create().col("digest_id").col("language"))
        .foreign_key(ForeignKey::create().from("digest_part", "digest_id").to("digest", "id"))
        .to_owned()
}

fn letter() -> TableCreateStatement {
    Table::create()
        .table("letter")
        .col(uuid("id"))
        .col(uuid("digest_id"))
        .col(string("email"))
        .col(string("name"))
        .col(string("language"))
        .col(string("state"))
        .col(integer("attempts"))
        .col(big_integer("next_attempt_at"))
        .col(uuid_null("lease_owner"))
        .col(big_integer_null("lease_until"))
        .col(string_null("answer"))
        .col(big_integer_null("sent_at"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("letter", "digest_id").to("digest", "id"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("uq_digest_recipient_schedule_id_email")
            .table("digest_recipient")
            .col("schedule_id")
            .col("email")
            .unique()
            .to_owned(),
        Index::create()
            .name("uq_digest_schedule_id_period")
            .table("digest")
            .col("schedule_id")
            .col("period")
            .unique()
            .to_owned(),
        Index::create()
            .name("uq_letter_digest_id_email")
            .table("letter")
            .col("digest_id")
            .col("email")
            .unique()
            .to_owned(),
        Index::create()
            .name("ix_letter_state_next_attempt_at")
            .table("letter")
            .col("state")
            .col("next_attempt_at")
            .to_owned(),
    ]
}
