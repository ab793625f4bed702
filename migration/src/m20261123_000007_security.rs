//! Safe against an insider: second factors, known devices, invitations, tokens of programs, approvals by a second person,
//! daily quotas, shelters that only an eavesdropper asks for, and offices that may not see a case.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let added = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        for table in [
            factor(),
            recovery_code(),
            challenge(),
            ticket(),
            known_device(),
            failure(),
            api_token(),
            approval(),
            quota(),
            instance(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// SQLite adds one column at a time.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        // A person, or a program that acts by a token and under its own name.
        ("user", string("kind").default("person").to_owned()),
        // When the second factor was proved in this session; none if it never was.
        ("session", big_integer_null("factor_at")),
        // When whoever bears it last proved who they are.
        ("session", big_integer("proved_at").default(0).to_owned()),
        // Which browser on which system, in coarse words.
        ("session", string("client").default("").to_owned()),
        ("session", string("origin").default("").to_owned()),
        // No shelter: whoever asks for it is looking for something else.
        ("shelter", boolean("canary").default(false).to_owned()),
        // The link that a letter carries. The link itself is made when the letter is sent and is kept nowhere.
        ("letter", uuid_null("ticket_id")),
        // Ids of organisations whose people may neither see the case nor be asked to take it, as JSON.
        ("referral", text("excluded").default("[]").to_owned()),
        // The same of its holds, so that no read of a hold need ask its referral.
        ("hold", text("excluded").default("[]").to_owned()),
    ]
}

fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "user_id")
        .to("user", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

/// A second factor: the secret of a one-time code, or a passkey's public half, sealed.
fn factor() -> TableCreateStatement {
    Table::create()
        .table("factor")
        .col(uuid("id"))
        .col(uuid("user_id"))
        // `totp` or `passkey`.
        .col(string("kind"))
        .col(string("name"))
        // Keyed hash of a passkey's credential id.
        .col(string_null("lookup"))
        .col(string("key_id"))
        .col(binary("nonce"))
        .col(binary("ciphertext"))
        // The newest time step whose code was taken: a code counts once.
        .col(big_integer("last_step").default(0))
        .col(big_integer_null("confirmed_at"))
        .col(big_integer("created_at"))
        .col(big_integer_null("last_used_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(&mut of_user("factor"))
        .to_owned()
}

fn recovery_code() -> TableCreateStatement {
    Table::create()
        .table("recovery_code")
        .col(uuid("user_id"))
        .col(string("code_hash"))
        .col(big_integer("created_at"))
        .col(big_integer_null("used_at"))
        .primary_key(Index::create().col("user_id").col("code_hash"))
        .foreign_key(&mut of_user("recovery_code"))
        .to_owned()
}

/// What a passkey was asked to sign; taken once, by removing the row.
fn challenge() -> TableCreateStatement {
    Table::create()
        .table("challenge")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(string("purpose"))
        .col(text("state"))
        .col(big_integer("expires_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(&mut of_user("challenge"))
        .to_owned()
}

/// A link that lets somebody choose a password: the first administrator, an invitation, a reset. Used once.
fn ticket() -> TableCreateStatement {
    Table::create()
        .table("ticket")
        .col(uuid("id"))
        .col(string("token_hash").unique_key())
        .col(string("kind"))
        .col(uuid_null("user_id"))
        .col(uuid_null("made_by"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(&mut of_user("ticket"))
        .to_owned()
}

/// A browser from which somebody signed in before: it gets in while strangers guess at the account. Several people may
/// share one.
fn known_device() -> TableCreateStatement {
    Table::create()
        .table("known_device")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(string("token_hash"))
        .col(string("client"))
        .col(big_integer("created_at"))
        .col(big_integer("last_used_at"))
        .col(big_integer("expires_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(&mut of_user("known_device"))
        .to_owned()
}

/// Failed sign-ins of a subject (an account, an account from one device, an address), by a keyed hash, so that an account
/// that does not exist looks like one that does.
fn failure() -> TableCreateStatement {
    Table::create()
        .table("failure")
        .col(string("subject"))
        .col(integer("failures"))
        .col(big_integer("last_at"))
        .col(big_integer("wait_until"))
        .primary_key(Index::create().col("subject"))
        .to_owned()
}

/// By which a program acts as its own account.
fn api_token() -> TableCreateStatement {
    Table::create()
        .table("api_token")
        .col(uuid("id"))
        .col(string("token_hash").unique_key())
        .col(uuid("user_id"))
        .col(text("scopes"))
        .col(uuid_null("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("last_used_at"))
        .col(big_integer_null("revoked_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(&mut of_user("api_token"))
        .to_owned()
}

/// What one asked for and another must agree to.
fn approval() -> TableCreateStatement {
    Table::create()
        .table("approval")
        .col(uuid("id"))
        .col(string("kind"))
        .col(string("object_id"))
        .col(text("detail"))
        .col(uuid("asked_by"))
        .col(big_integer("asked_at"))
        .col(big_integer("expires_at"))
        .col(uuid_null("decided_by"))
        .col(big_integer_null("decided_at"))
        // `approved`, `refused` or `used`.
        .col(string_null("outcome"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("approval", "asked_by").to("user", "id"))
        .foreign_key(ForeignKey::create().from("approval", "decided_by").to("user", "id"))
        .to_owned()
}

/// How often somebody did something on a local day.
fn quota() -> TableCreateStatement {
    Table::create()
        .table("quota")
        .col(uuid("user_id"))
        .col(string("kind"))
        .col(string("day"))
        .col(integer("count"))
        // When it was last counted.
        .col(big_integer("at"))
        .primary_key(Index::create().col("user_id").col("kind").col("day"))
        .foreign_key(&mut of_user("quota"))
        .to_owned()
}

/// What the database says of itself, by name.
fn instance() -> TableCreateStatement {
    Table::create()
        .table("instance")
        .col(string("name"))
        .col(text("value"))
        .primary_key(Index::create().col("name"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: &str, columns: &[&'static str]| {
        let mut index = Index::create().name(name).table(table.to_owned()).to_owned();
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("ix_factor_user_id", "factor", &["user_id"]),
        index("ux_factor_lookup", "factor", &["lookup"]).unique().to_owned(),
        index("ix_challenge_expires_at", "challenge", &["expires_at"]),
        index("ix_ticket_user_id", "ticket", &["user_id"]),
        index(
            "ux_known_device_user_id_token_hash",
            "known_device",
            &["user_id", "token_hash"],
        )
        .unique()
        .to_owned(),
        index("ix_api_token_user_id", "api_token", &["user_id"]),
        index("ix_approval_asked_at", "approval", &["asked_at"]),
    ]
}
