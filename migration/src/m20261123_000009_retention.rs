//! What stays of cases that are purged: sums, and beds taken since the last report. On PostgreSQL no column that holds
//! words is sampled for the planner: its statistics would keep words of rows that are gone.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns that hold words, or what a household is like.
const WORDS: [(&str, &[&str]); 7] = [
    (
        "referral",
        &[
            "code",
            "household",
            "needs",
            "languages",
            "from_district",
            "unmet_reasons",
            "excluded",
        ],
    ),
    ("hold", &["reason", "note"]),
    ("case_event", &["detail"]),
    ("letter", &["subject", "html", "text"]),
    ("idempotency", &["answer"]),
    ("plan", &["content"]),
    ("inbound_text", &["answer"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(tally()).await?;
        manager.create_table(arrival()).await?;
        let index = Index::create()
            .name("ix_arrival_shelter_id")
            .table("arrival")
            .col("shelter_id")
            .to_owned();
        manager.create_index(index).await?;
        let index = Index::create()
            .name("ix_referral_closed_at")
            .table("referral")
            .col("closed_at")
            .if_not_exists()
            .to_owned();
        manager.create_index(index).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            let db = manager.get_connection();
            for (table, columns) in WORDS {
                for column in columns {
                    db.execute_unprepared(&format!("ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0"))
                        .await?;
                }
            }
        }
        Ok(())
    }
}

/// Sums of one kind, over one subject and one day or month, as JSON.
fn tally() -> TableCreateStatement {
    Table::create()
        .table("tally")
        .col(string("kind"))
        .col(string("subject"))
        .col(string("period"))
        .col(text("content"))
        .primary_key(Index::create().col("kind").col("subject").col("period"))
        .to_owned()
}

fn arrival() -> TableCreateStatement {
    Table::create()
        .table("arrival")
        .col(uuid("id"))
        .col(uuid("shelter_id"))
        .col(uuid("room_id"))
        .col(big_integer("at"))
        .col(integer("beds"))
        .col(integer("cots"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("arrival", "shelter_id").to("shelter", "id"))
        .foreign_key(ForeignKey::create().from("arrival", "room_id").to("room", "id"))
        .check(Expr::cust("beds >= 0 AND cots >= 0"))
        .to_owned()
}
