//! Holds that start on a later date, referrals that wait for a place, and an index for what was closed without one.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more in one statement.
        let columns = [
            // The local date she is expected from, and the instant at which that date begins there.
            ("hold", string_null("starts_on")),
            ("hold", big_integer_null("starts_at")),
            ("referral", big_integer_null("waiting_since")),
            ("referral", uuid_null("place_shelter_id")),
            ("referral", big_integer_null("place_found_at")),
        ];
        for (table, column) in columns {
            let change = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(change).await?;
        }
        for (name, columns) in [
            ("ix_referral_waiting_since", ["waiting_since"].as_slice()),
            ("ix_referral_outcome_closed_at", ["outcome", "closed_at"].as_slice()),
        ] {
            let mut index = Index::create().name(name).table("referral").to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
