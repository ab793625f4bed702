//! Ways to reach people beside mail: their telephones and browsers, what came in by text message, and which reminders of
//! the daily report were sent.

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
        for table in [phone(), inbound_text(), push_subscription(), reminder()] {
            manager.create_table(table).await?;
        }
        letters(manager).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// A telephone of somebody who reports. Until it has sent its code it has no number. The number is kept sealed, and as a
/// keyed hash to find it by.
fn phone() -> TableCreateStatement {
    Table::create()
        .table("phone")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(string_null("code_hash"))
        .col(big_integer_null("code_until"))
        .col(string_null("number_hash"))
        .col(string_null("key_id"))
        .col(binary_null("nonce"))
        .col(binary_null("number"))
        .col(string_null("gateway"))
        .col(big_integer("created_at"))
        .col(big_integer_null("connected_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("phone", "user_id").to("user", "id"))
        .check(Expr::cust(
            "(number_hash IS NULL) = (connected_at IS NULL) AND (number_hash IS NULL) = (number IS NULL) \
             AND (number_hash IS NULL) = (nonce IS NULL) AND (number_hash IS NULL) = (key_id IS NULL) \
             AND (number_hash IS NOT NULL OR (code_hash IS NOT NULL AND code_until IS NOT NULL))",
        ))
        .to_owned()
}

/// A text message that was taken, so that the same one twice is one. Its words are not kept, only their hash.
fn inbound_text() -> TableCreateStatement {
    Table::create()
        .table("inbound_text")
        .col(string("gateway"))
        .col(string("message_id"))
        .col(uuid("phone_id"))
        .col(big_integer("received_at"))
        .col(string("words_hash"))
        .col(string("outcome"))
        .col(text("answer"))
        .col(uuid_null("report_id"))
        .primary_key(Index::create().col("gateway").col("message_id"))
        .foreign_key(
            ForeignKey::create()
                .from("inbound_text", "phone_id")
                .to("phone", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create()
                .from("inbound_text", "report_id")
                .to("report", "id"),
        )
        .to_owned()
}

/// A browser that shows reminders. Its address at the push service is kept sealed.
fn push_subscription() -> TableCreateStatement {
    Table::create()
        .table("push_subscription")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(string("endpoint_hash"))
        .col(string("key_id"))
        .col(binary("nonce"))
        .col(binary("subscription"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("push_subscription", "user_id")
                .to("user", "id"),
        )
        .to_owned()
}

/// That a shelter was reminded of a day's report, or the operators told of it: each step of a day once.
fn reminder() -> TableCreateStatement {
    Table::create()
        .table("reminder")
        .col(uuid("shelter_id"))
        .col(string("day"))
        .col(integer("step"))
        .col(big_integer("at"))
        .primary_key(Index::create().col("shelter_id").col("day").col("step"))
        .foreign_key(ForeignKey::create().from("reminder", "shelter_id").to("shelter", "id"))
        .to_owned()
}

/// A letter goes by mail, as a text message or to a browser, and may be about a shelter's report. The table is made
/// anew: neither database can change a check in the same way.
async fn letters(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(letter()).await?;
    let kept = "id, digest_id, hold_id, referral_id, notice, subject, html, text, name, language, state, attempts, \
                next_attempt_at, lease_owner, lease_until, answer, sent_at, created_at";
    let db = manager.get_connection();
    db.execute_unprepared(&format!(
        "INSERT INTO letter_new ({kept}, via, address) SELECT {kept}, 'mail', email FROM letter"
    ))
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
        // It is about exactly one thing; only a digest goes without words of its own, and only by mail.
        .check(Expr::cust(
            "(CASE WHEN digest_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN hold_id IS NULL THEN 0 ELSE 1 END) \
             + (CASE WHEN referral_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN shelter_id IS NULL THEN 0 ELSE 1 END) = 1 \
             AND (digest_id IS NULL) = (notice IS NOT NULL) AND (digest_id IS NULL OR via = 'mail') \
             AND (notice IS NULL) = (subject IS NULL) AND (notice IS NULL) = (html IS NULL) \
             AND (notice IS NULL) = (text IS NULL)",
        ))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: &str, columns: &[&str]| {
        let mut index = Index::create();
        index.name(name).table(table.to_owned());
        for column in columns {
            index.col((*column).to_owned());
        }
        index
    };
    vec![
        index("uq_phone_number_hash", "phone", &["number_hash"])
            .unique()
            .to_owned(),
        index("uq_phone_code_hash", "phone", &["code_hash"]).unique().to_owned(),
        index("ix_phone_user_id", "phone", &["user_id"]),
        index("ix_inbound_text_phone_id", "inbound_text", &["phone_id", "received_at"]),
        index(
            "uq_push_subscription_endpoint_hash",
            "push_subscription",
            &["endpoint_hash"],
        )
        .unique()
        .to_owned(),
        index("ix_push_subscription_user_id", "push_subscription", &["user_id"]),
        index("uq_letter_digest_id_address", "letter", &["digest_id", "address"])
            .unique()
            .to_owned(),
        // One notice of a kind for one hold and address, whoever tries to send another.
        index(
            "uq_letter_hold_id_notice_address",
            "letter",
            &["hold_id", "notice", "address"],
        )
        .unique()
        .to_owned(),
        index("ix_letter_referral_id", "letter", &["referral_id"]),
        index("ix_letter_shelter_id", "letter", &["shelter_id"]),
        index(
            "ix_letter_state_next_attempt_at",
            "letter",
            &["state", "next_attempt_at"],
        ),
    ]
}
