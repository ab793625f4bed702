//! Supplies: the operators' own items, what moves in and out of a shelter's stock, requests and transfers.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            item(),
            item_name(),
            supply_request(),
            transfer(),
            transfer_line(),
            stock_movement(),
        ] {
            manager.create_table(table).await?;
        }
        stock(manager).await?;
        let kind = Table::alter()
            .table("plan")
            .add_column(string("kind").default("placement"))
            .to_owned();
        manager.alter_table(kind).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        super::append_only(manager, "stock_movement").await
    }
}

/// What operators add to the country pack's catalogue or change of it. A row is never removed, only retired.
fn item() -> TableCreateStatement {
    Table::create()
        .table("item")
        .col(string("code"))
        .col(text("content"))
        .col(big_integer_null("retired_at"))
        .col(big_integer("version"))
        .col(big_integer("changed_at"))
        .primary_key(Index::create().col("code"))
        .to_owned()
}

/// A spelling, folded, that somebody has confirmed to mean an item.
fn item_name() -> TableCreateStatement {
    Table::create()
        .table("item_name")
        .col(string("name"))
        .col(string("item"))
        .col(uuid("confirmed_by"))
        .col(big_integer("confirmed_at"))
        .primary_key(Index::create().col("name"))
        .foreign_key(ForeignKey::create().from("item_name", "confirmed_by").to("user", "id"))
        .to_owned()
}

/// What came or went between two counts, signed. A count needs no row here: it says what is there.
fn stock_movement() -> TableCreateStatement {
    Table::create()
        .table("stock_movement")
        .col(uuid("id"))
        .col(uuid("shelter_id"))
        .col(string("item"))
        .col(string("kind"))
        .col(big_integer("change"))
        .col(string_null("expires_on"))
        .col(string_null("source"))
        .col(uuid_null("transfer_id"))
        .col(uuid_null("user_id"))
        .col(big_integer("moved_at"))
        .col(big_integer("recorded_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("stock_movement", "shelter_id")
                .to("shelter", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("stock_movement", "transfer_id")
                .to("transfer", "id"),
        )
        .check(Expr::cust(
            "(kind IN ('receipt', 'transfer_in', 'returned') AND change > 0) \
             OR (kind IN ('issue', 'write_off', 'transfer_out') AND change < 0)",
        ))
        .check(Expr::cust(
            "(kind IN ('transfer_in', 'transfer_out', 'returned')) = (transfer_id IS NOT NULL)",
        ))
        .to_owned()
}

fn supply_request() -> TableCreateStatement {
    Table::create()
        .table("supply_request")
        .col(uuid("id"))
        .col(string("code"))
        .col(uuid("shelter_id"))
        .col(string("item"))
        .col(big_integer("quantity"))
        .col(string("priority"))
        .col(string("needed_by"))
        .col(string("reason"))
        .col(string("state"))
        .col(uuid("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer_null("closed_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("supply_request", "shelter_id")
                .to("shelter", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("supply_request", "created_by")
                .to("user", "id"),
        )
        .check(Expr::cust("quantity > 0"))
        .check(Expr::cust("state IN ('open', 'met', 'withdrawn', 'refused')"))
        .check(Expr::cust("(state = 'open') = (closed_at IS NULL)"))
        .to_owned()
}

fn transfer() -> TableCreateStatement {
    Table::create()
        .table("transfer")
        .col(uuid("id"))
        .col(string("code"))
        .col(uuid("from_shelter"))
        .col(uuid("to_shelter"))
        .col(string("state"))
        .col(string("due_on"))
        .col(uuid_null("plan_id"))
        .col(uuid("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer_null("approved_at"))
        .col(big_integer_null("dispatched_at"))
        .col(big_integer_null("ended_at"))
        .col(string_null("cancel_reason"))
        .col(integer("told").default(0))
        .col(big_integer("version"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("transfer", "from_shelter")
                .to("shelter", "id"),
        )
        .foreign_key(ForeignKey::create().from("transfer", "to_shelter").to("shelter", "id"))
        .foreign_key(ForeignKey::create().from("transfer", "plan_id").to("plan", "id"))
        .foreign_key(ForeignKey::create().from("transfer", "created_by").to("user", "id"))
        .check(Expr::cust("from_shelter <> to_shelter"))
        .check(Expr::cust(
            "state IN ('proposed', 'approved', 'dispatched', 'received', 'cancelled')",
        ))
        .check(Expr::cust(
            "(state IN ('received', 'cancelled')) = (ended_at IS NOT NULL) \
             AND (state = 'cancelled') = (cancel_reason IS NOT NULL)",
        ))
        .to_owned()
}

/// One item of a transfer. What was sent and has not arrived is missing: nothing else is booked for it.
fn transfer_line() -> TableCreateStatement {
    Table::create()
        .table("transfer_line")
        .col(uuid("transfer_id"))
        .col(string("item"))
        .col(big_integer("quantity"))
        .col(big_integer_null("dispatched"))
        .col(big_integer_null("received"))
        .col(string_null("difference"))
        .col(text("lots"))
        .col(uuid_null("request_id"))
        .primary_key(Index::create().col("transfer_id").col("item"))
        .foreign_key(
            ForeignKey::create()
                .from("transfer_line", "transfer_id")
                .to("transfer", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("transfer_line", "request_id")
                .to("supply_request", "id"),
        )
        .check(Expr::cust(
            "quantity > 0 AND (dispatched IS NULL OR dispatched BETWEEN 0 AND quantity) \
             AND (received IS NULL OR received BETWEEN 0 AND dispatched)",
        ))
        .to_owned()
}

/// `on_hand` is what the newest count said and what moved since; `observed_at` the newest of both.
async fn stock(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [
        // Null for an item that was received and never counted.
        big_integer_null("counted"),
        big_integer_null("counted_at"),
        // Units with a date of expiry among those on hand, as JSON.
        text("lots").default("[]").to_owned(),
        // What the shelter never gives away.
        big_integer("minimum").default(0).to_owned(),
        // What was learned of its use, as JSON.
        text_null("learned"),
        // Day on which operators were last told that it runs out.
        string_null("told_on"),
    ] {
        let add = Table::alter().table("stock").add_column(column).to_owned();
        manager.alter_table(add).await?;
    }
    let db = manager.get_connection();
    db.execute_unprepared("UPDATE stock SET counted = on_hand, counted_at = observed_at")
        .await?;
    Ok(())
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
        index(
            "ix_stock_movement_shelter_id_item_moved_at",
            "stock_movement",
            &["shelter_id", "item", "moved_at"],
        ),
        index(
            "ix_stock_movement_shelter_id_id",
            "stock_movement",
            &["shelter_id", "id"],
        ),
        index("ix_stock_movement_moved_at", "stock_movement", &["moved_at"]),
        index("uq_supply_request_code", "supply_request", &["code"])
            .unique()
            .to_owned(),
        index("ix_supply_request_state", "supply_request", &["state", "created_at"]),
        index("ix_supply_request_shelter_id", "supply_request", &["shelter_id"]),
        index("uq_transfer_code", "transfer", &["code"]).unique().to_owned(),
        index("ix_transfer_state", "transfer", &["state", "due_on"]),
        index("ix_transfer_from_shelter", "transfer", &["from_shelter"]),
        index("ix_transfer_to_shelter", "transfer", &["to_shelter"]),
        index("ix_transfer_line_request_id", "transfer_line", &["request_id"]),
    ]
}
