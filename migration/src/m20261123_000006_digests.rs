//! Digests of any rhythm for readers who agreed to them: what a schedule may say, how a reader joins and leaves, figures
//! of closed days and periods, and what people want to hear of between digests.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// On SQLite too: a table is made anew under its old name, which only the connection that did it knows at once.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let added = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        for table in [day_figures(), period_figures(), alert_choice(), alert()] {
            manager.create_table(table).await?;
        }
        letters(manager).await?;
        // Who was told of what is for each person to know: the table `alert` says it.
        let told = Table::alter().table("stock").drop_column("told_on").to_owned();
        manager.alter_table(told).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// SQLite adds one column at a time.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        // What the cadence needs beside the hour, as JSON: a weekday, a day of the month, a cron line.
        ("digest_schedule", text_null("rule")),
        ("digest_schedule", string_null("expires_on")),
        ("digest_schedule", boolean("attach_csv").default(false).to_owned()),
        ("digest_schedule", boolean("attach_xlsx").default(false).to_owned()),
        // The newest period of whose trouble the administrators were told.
        ("digest_schedule", string_null("alarmed_period")),
        ("digest_recipient", string("kind").default("person").to_owned()),
        ("digest_recipient", string("state").default("active").to_owned()),
        ("digest_recipient", uuid_null("added_by")),
        ("digest_recipient", uuid_null("approved_by")),
        ("digest_recipient", big_integer_null("approved_at")),
        ("digest_recipient", big_integer_null("confirmed_at")),
        ("digest_recipient", big_integer_null("ended_at")),
        ("digest", string("kind").default("due").to_owned()),
        ("digest", uuid_null("made_by")),
        ("digest_part", text_null("csv")),
        ("digest_part", binary_null("xlsx")),
    ]
}

/// Beds of a region at the end of a local day, as they were known then; the empty region is the whole country.
fn day_figures() -> TableCreateStatement {
    Table::create()
        .table("day_figures")
        .col(string("day"))
        .col(string("region"))
        .col(text("content"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("day").col("region"))
        .to_owned()
}

/// People counted over a closed period, and what of it is published: frozen together, so that no later correction
/// publishes a second table that differs from the first by a few people.
fn period_figures() -> TableCreateStatement {
    Table::create()
        .table("period_figures")
        .col(string("period"))
        .col(text("counts"))
        .col(text("published"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("period"))
        .to_owned()
}

/// What somebody wants to be told of between digests, and when not to be written to.
fn alert_choice() -> TableCreateStatement {
    Table::create()
        .table("alert_choice")
        .col(uuid("user_id"))
        .col(text("kinds"))
        .col(string_null("region"))
        .col(integer_null("quiet_from"))
        .col(integer_null("quiet_until"))
        .col(big_integer("version"))
        .primary_key(Index::create().col("user_id"))
        .foreign_key(ForeignKey::create().from("alert_choice", "user_id").to("user", "id"))
        .to_owned()
}

/// That somebody was told of what befell a subject: once a day, on however many nodes. Several subjects may be one event
/// to them.
fn alert() -> TableCreateStatement {
    Table::create()
        .table("alert")
        .col(uuid("user_id"))
        .col(string("kind"))
        .col(string("subject"))
        .col(string("day"))
        .col(string("event"))
        .col(big_integer("at"))
        // Since when it stands no more.
        .col(big_integer_null("over_at"))
        .primary_key(Index::create().col("user_id").col("kind").col("subject").col("day"))
        .foreign_key(ForeignKey::create().from("alert", "user_id").to("user", "id"))
        .to_owned()
}

/// A letter may be for a reader of a schedule, and a notice about the country and nothing in it. The table is made anew:
/// neither database can change a check in the same way.
async fn letters(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(letter()).await?;
    let kept = "id, digest_id, hold_id, referral_id, shelter_id, notice, subject, html, text, via, address, name, language, \
                state, attempts, next_attempt_at, lease_owner, lease_until, answer, sent_at, created_at";
    let db = manager.get_connection();
    db.execute_unprepared(&format!("INSERT INTO letter_new ({kept}) SELECT {kept} FROM letter"))
        .await?;
    manager.drop_table(Table::drop().table("letter").to_owned()).await?;
    manager
        .rename_table(Table::rename().table("letter_new", "letter").to_owned())
        .await
}

fn letter() -> TableCreateStatement {
    let about = |column: &str, table: &str| {
        ForeignKey::create()
            .from("letter_new", column.to_owned())
            .to(table.to_owned(), "id")
            .to_owned()
    };
    Table::create()
        .table("letter_new")
        .col(uuid("id"))
        .col(uuid_null("digest_id"))
        .col(uuid_null("hold_id"))
        .col(uuid_null("referral_id"))
        .col(uuid_null("shelter_id"))
        // A reader who left is forgotten; the letter stays.
        .col(uuid_null("recipient_id"))
        .col(string_null("notice"))
        .col(text_null("subject"))
        .col(text_null("html"))
        .col(text_null("text"))
        .col(string("via"))
        .col(string("address"))
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
        .foreign_key(&mut about("digest_id", "digest"))
        .foreign_key(&mut about("hold_id", "hold"))
        .foreign_key(&mut about("referral_id", "referral"))
        .foreign_key(&mut about("shelter_id", "shelter"))
        // It is about one thing at most; only a digest goes without words of its own, and only by mail.
        .check(Expr::cust(
            "(CASE WHEN digest_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN hold_id IS NULL THEN 0 ELSE 1 END) \
             + (CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN shelter_id IS NULL THEN 0 ELSE 1 END) <= 1 \
             AND (digest_id IS NULL) = (notice IS NOT NULL) AND (digest_id IS NULL OR via = 'mail') \
             AND (notice IS NULL) = (subject IS NULL) AND (notice IS NULL) = (html IS NULL) \
             AND (notice IS NULL) = (text IS NULL)",
        ))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, columns: &[&str]| {
        let mut index = Index::create();
        index.name(name).table("letter");
        for column in columns {
            index.col((*column).to_owned());
        }
        index
    };
    vec![
        index("uq_letter_digest_id_address", &["digest_id", "address"])
            .unique()
            .to_owned(),
        // One notice of a kind for one hold and address, whoever tries to send another.
        index("uq_letter_hold_id_notice_address", &["hold_id", "notice", "address"])
            .unique()
            .to_owned(),
        index("ix_letter_referral_id", &["referral_id"]),
        index("ix_letter_shelter_id", &["shelter_id"]),
        index("ix_letter_recipient_id", &["recipient_id"]),
        index("ix_letter_state_next_attempt_at", &["state", "next_attempt_at"]),
        // What was on every shelf a week ago is asked by each digest: the newest count of each item by then.
        Index::create()
            .name("ix_stock_count_shelter_id_item_observed_at")
            .table("stock_count")
            .col("shelter_id")
            .col("item")
            .col("observed_at")
            .col("received_at")
            .to_owned(),
    ]
}
