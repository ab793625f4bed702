//! Organisations, accounts, sessions and shelters.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(organisation()).await?;
        manager.create_table(user()).await?;
        manager.create_table(shelter()).await?;
        manager.create_table(shelter_manager()).await?;
        manager.create_table(session()).await?;
        manager.create_table(shelter_confidential()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn organisation() -> TableCreateStatement {
    Table::create()
        .table("organisation")
        .col(uuid("id"))
        .col(string("code"))
        .col(string("name"))
        .col(boolean("operates"))
        .col(boolean("refers"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn user() -> TableCreateStatement {
    Table::create()
        .table("user")
        .col(uuid("id"))
        .col(string("email"))
        .col(string("name"))
        .col(string("role"))
        .col(uuid_null("organisation_id"))
        .col(string("language"))
        .col(string("password_hash"))
        .col(big_integer_null("disabled_at"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("user", "organisation_id")
                .to("organisation", "id"),
        )
        .to_owned()
}

fn shelter() -> TableCreateStatement {
    Table::create()
        .table("shelter")
        .col(uuid("id"))
        .col(string("code"))
        .col(string("name"))
        .col(uuid("organisation_id"))
        .col(string("district"))
        .col(string("region"))
        .col(string("kind"))
        .col(string("location_policy"))
        .col(string_null("sector"))
        .col(integer_null("intake_from"))
        .col(integer_null("intake_to"))
        .col(integer_null("longest_stay_days"))
        .col(text("languages"))
        .col(text("services"))
        .col(text("rules"))
        .col(integer("report_due"))
        .col(integer("report_interval_hours"))
        .col(big_integer("version"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("shelter", "organisation_id")
                .to("organisation", "id"),
        )
        .check(Expr::cust("report_interval_hours > 0"))
        .check(Expr::cust("report_due >= 0 AND report_due < 1440"))
        .to_owned()
}

fn shelter_manager() -> TableCreateStatement {
    Table::create()
        .table("shelter_manager")
        .col(uuid("user_id"))
        .col(uuid("shelter_id"))
        .primary_key(Index::create().col("user_id").col("shelter_id"))
        .foreign_key(ForeignKey::create().from("shelter_manager", "user_id").to("user", "id"))
        .foreign_key(
            ForeignKey::create()
                .from("shelter_manager", "shelter_id")
                .to("shelter", "id"),
        )
        .to_owned()
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(uuid("id"))
        .col(string("token_hash"))
        .col(uuid("user_id"))
        .col(big_integer("created_at"))
        .col(big_integer("last_seen_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("revoked_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("session", "user_id").to("user", "id"))
        .to_owned()
}

fn shelter_confidential() -> TableCreateStatement {
    Table::create()
        .table("shelter_confidential")
        .col(uuid("shelter_id"))
        .col(string("key_id"))
        .col(binary("nonce"))
        .col(binary("ciphertext"))
        .col(big_integer("version"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("shelter_id"))
        .foreign_key(
            ForeignKey::create()
                .from("shelter_confidential", "shelter_id")
                .to("shelter", "id"),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("uq_organisation_code")
            .table("organisation")
            .col("code")
            .unique()
            .to_owned(),
        Index::create()
            .name("uq_user_email")
            .table("user")
            .col("email")
            .unique()
            .to_owned(),
        Index::create()
            .name("uq_shelter_code")
            .table("shelter")
            .col("code")
            .unique()
            .to_owned(),
        Index::create()
            .name("ix_shelter_organisation_id")
            .table("shelter")
            .col("organisation_id")
            .to_owned(),
        Index::create()
            .name("ix_shelter_manager_shelter_id")
            .table("shelter_manager")
            .col("shelter_id")
            .to_owned(),
        Index::create()
            .name("uq_session_token_hash")
            .table("session")
            .col("token_hash")
            .unique()
            .to_owned(),
        Index::create()
            .name("ix_session_user_id")
            .table("session")
            .col("user_id")
            .to_owned(),
    ]
}
