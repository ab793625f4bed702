//! Waves of holds with the policy each was asked under, the timeline of a case, and letters that belong to no digest.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Holds of before were asked under these deadlines; no step follows for them.
const POLICY_BEFORE: &str =
    r#"{"ask_minutes":60,"arrive_hours":12,"remind_after":null,"next_after":null,"operator_after":null}"#;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// On SQLite too: a table is made anew under its old name, which only the connection that did it knows at once.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        hold_columns(manager).await?;
        manager.create_table(case_event()).await?;
        told_before(manager).await?;
        unchanging(manager).await?;
        letters(manager).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Each earlier hold is a wave of its own.
async fn hold_columns(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = [
        uuid_null("wave_id"),
        text("policy").default(POLICY_BEFORE).to_owned(),
        big_integer_null("next_step_at"),
        integer("extensions").default(0).to_owned(),
    ];
    for column in columns {
        manager
            .alter_table(Table::alter().table("hold").add_column(column).to_owned())
            .await?;
    }
    let db = manager.get_connection();
    db.execute_unprepared("UPDATE hold SET wave_id = id").await?;
    Ok(())
}

fn case_event() -> TableCreateStatement {
    Table::create()
        .table("case_event")
        .col(uuid("id"))
        .col(uuid("referral_id"))
        .col(uuid_null("hold_id"))
        .col(uuid_null("shelter_id"))
        .col(big_integer("at"))
        .col(string("kind"))
        .col(text("detail"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("case_event", "referral_id")
                .to("referral", "id"),
        )
        .foreign_key(ForeignKey::create().from("case_event", "hold_id").to("hold", "id"))
        .to_owned()
}

/// What is known of cases from before there were timelines.
async fn told_before(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let (id, reason) = match manager.get_database_backend() {
        DbBackend::Postgres => ("gen_random_uuid()", "json_build_object('reason', reason)::text"),
        _ => ("randomblob(16)", "json_object('reason', reason)"),
    };
    let detail = format!("CASE WHEN reason IS NULL THEN '{{}}' ELSE {reason} END");
    let of_hold = "referral_id, id, shelter_id";
    for (what, table) in [
        ("id, NULL, NULL, created_at, 'opened', '{}'".to_owned(), "referral"),
        (
            "id, NULL, NULL, closed_at, 'closed', '{}'".to_owned(),
            "referral WHERE closed_at IS NOT NULL",
        ),
        (format!("{of_hold}, asked_at, 'asked', '{{}}'"), "hold"),
        (
            format!("{of_hold}, accepted_at, 'accepted', '{{}}'"),
            "hold WHERE accepted_at IS NOT NULL",
        ),
        (
            format!("{of_hold}, ended_at, state, {detail}"),
            "hold WHERE ended_at IS NOT NULL",
        ),
    ] {
        db.execute_unprepared(&format!(
            "INSERT INTO case_event (id, referral_id, hold_id, shelter_id, at, kind, detail) SELECT {id}, {what} FROM {table}"
        ))
        .await?;
    }
    Ok(())
}

/// The database itself refuses to change what was told. Rows may be removed: they go with their referral.
async fn unchanging(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let sql = match manager.get_database_backend() {
        DbBackend::Postgres => {
            "CREATE FUNCTION case_event_no_update() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'case_event is never changed'; END $$;\
             CREATE TRIGGER case_event_no_update BEFORE UPDATE ON case_event \
             FOR EACH STATEMENT EXECUTE FUNCTION case_event_no_update();"
        }
        _ => {
            "CREATE TRIGGER case_event_no_update BEFORE UPDATE ON case_event \
             BEGIN SELECT RAISE(ABORT, 'case_event is never changed'); END;"
        }
    };
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}

/// A letter carries a digest or is a notice with its own frozen words, about a hold or about a referral. The table is made anew: neither database can drop
/// `NOT NULL` and add a check in the same way.
async fn letters(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.create_table(letter()).await?;
    let kept = "id, digest_id, email, name, language, state, attempts, next_attempt_at, lease_owner, lease_until, \
                answer, sent_at, created_at";
    let db = manager.get_connection();
    db.execute_unprepared(&format!("INSERT INTO letter_new ({kept}) SELECT {kept} FROM letter"))
        .await?;
    manager.drop_table(Table::drop().table("letter").to_owned()).await?;
    manager
        .rename_table(Table::rename().table("letter_new", "letter").to_owned())
        .await
}

fn letter() -> TableCreateStatement {
    Table::create()
        .table("letter_new")
        .col(uuid("id"))
        .col(uuid_null("digest_id"))
        .col(uuid_null("hold_id"))
        .col(uuid_null("referral_id"))
        .col(string_null("notice"))
        .col(text_null("subject"))
        .col(text_null("html"))
        .col(text_null("text"))
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
        .foreign_key(ForeignKey::create().from("letter_new", "digest_id").to("digest", "id"))
        .foreign_key(ForeignKey::create().from("letter_new", "hold_id").to("hold", "id"))
        .foreign_key(
            ForeignKey::create()
                .from("letter_new", "referral_id")
                .to("referral", "id"),
        )
        // Of these three it has exactly one.
        .check(Expr::cust(
            "((digest_id IS NOT NULL AND hold_id IS NULL AND referral_id IS NULL) \
             OR (digest_id IS NULL AND hold_id IS NOT NULL AND referral_id IS NULL) \
             OR (digest_id IS NULL AND hold_id IS NULL AND referral_id IS NOT NULL)) \
             AND (digest_id IS NULL) = (notice IS NOT NULL) \
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
        index("ix_hold_next_step_at", "hold", &["next_step_at"]),
        index("ix_case_event_referral_id_at", "case_event", &["referral_id", "at"]),
        index("ix_case_event_hold_id", "case_event", &["hold_id"]),
        index("uq_letter_digest_id_email", "letter", &["digest_id", "email"])
            .unique()
            .to_owned(),
        // One notice of a kind for one hold and person, whoever tries to send another.
        index(
            "uq_letter_hold_id_notice_email",
            "letter",
            &["hold_id", "notice", "email"],
        )
        .unique()
        .to_owned(),
        index("ix_letter_referral_id", "letter", &["referral_id"]),
        index(
            "ix_letter_state_next_attempt_at",
            "letter",
            &["state", "next_attempt_at"],
        ),
    ]
}
