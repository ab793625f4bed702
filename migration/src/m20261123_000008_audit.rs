//! The audit in several streams, so that writers need not wait for each other, and its anchors. What there is becomes the
//! beginning of stream 0, byte for byte.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// All or nothing, and on one connection: another of SQLite's would still see the table that was dropped.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(audit()).await?;
        let db = manager.get_connection();
        db.execute_unprepared(
            "INSERT INTO audit_streams (stream, seq, at, actor_id, role, origin, action, object_type, object_id, detail, \
             prev_hash, hash) SELECT 0, seq, at, actor_id, role, origin, action, object_type, object_id, detail, \
             prev_hash, hash FROM audit",
        )
        .await?;
        db.execute_unprepared("DROP TABLE audit").await?;
        if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
            db.execute_unprepared("DROP FUNCTION audit_append_only()").await?;
        }
        let renamed = Table::rename().table("audit_streams", "audit").to_owned();
        manager.rename_table(renamed).await?;
        for (name, columns) in [
            ("ix_audit_at", vec!["at"]),
            ("ix_audit_object_id_at", vec!["object_id", "at"]),
            ("ix_audit_actor_id_at", vec!["actor_id", "at"]),
        ] {
            let mut index = Index::create().name(name).table("audit").to_owned();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        manager.create_table(audit_anchor()).await?;
        for table in ["audit", "audit_anchor"] {
            super::append_only(manager, table).await?;
        }
        Ok(())
    }
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table("audit_streams")
        .col(integer("stream"))
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
        .primary_key(Index::create().name("pk_audit").col("stream").col("seq"))
        .to_owned()
}

/// The newest entry of every stream at one moment, each anchor bound to the one before.
fn audit_anchor() -> TableCreateStatement {
    Table::create()
        .table("audit_anchor")
        .col(big_integer("number"))
        .col(big_integer("at"))
        // The lines that are hashed.
        .col(text("text"))
        .col(string("seal"))
        .primary_key(Index::create().col("number"))
        .to_owned()
}
