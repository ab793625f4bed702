//! Rooms, reports and stock.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(shelter_state()).await?;
        manager.create_table(room()).await?;
        manager.create_table(room_state()).await?;
        manager.create_table(report()).await?;
        manager.create_table(report_line()).await?;
        manager.create_table(stock()).await?;
        manager.create_table(stock_count()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn shelter_state() -> TableCreateStatement {
    Table::create()
        .table("shelter_state")
        .col(uuid("shelter_id"))
        .col(uuid_null("report_id"))
        .col(big_integer_null("observed_at"))
        .col(big_integer_null("ordered_at"))
        .col(string_null("reported_by"))
        .col(boolean("operating"))
        .col(big_integer("version"))
        .primary_key(Index::create().col("shelter_id"))
        .foreign_key(
            ForeignKey::create()
                .from("shelter_state", "shelter_id")
                .to("shelter", "id"),
        )
        .to_owned()
}

fn room() -> TableCreateStatement {
    Table::create()
        .table("room")
        .col(uuid("id"))
        .col(uuid("shelter_id"))
        .col(string("label"))
        .col(string("kind"))
        .col(integer("beds"))
        .col(integer("cots"))
        .col(boolean("step_free"))
        .col(integer_null("sleeps"))
        .col(integer("position"))
        .col(big_integer_null("retired_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("room", "shelter_id").to("shelter", "id"))
        .check(Expr::cust("beds >= 0 AND beds <= 10000"))
        .check(Expr::cust("cots >= 0 AND cots <= 1000"))
        .to_owned()
}

fn room_state() -> TableCreateStatement {
    Table::create()
        .table("room_state")
        .col(uuid("room_id"))
        .col(uuid("shelter_id"))
        .col(integer("occupied_beds"))
        .col(integer("occupied_cots"))
        .col(integer("out_of_service_beds"))
        .col(string_null("out_of_service_reason"))
        .col(string_null("planned_exit"))
        .primary_key(Index::create().col("room_id"))
        .foreign_key(ForeignKey::create().from("room_state", "room_id").to("room", "id"))
        .check(Expr::cust("occupied_beds >= 0 AND occupied_beds <= 100000"))
        .check(Expr::cust("occupied_cots >= 0 AND occupied_cots <= 10000"))
        .check(Expr::cust("out_of_service_beds >= 0 AND out_of_service_beds <= 10000"))
        .to_owned()
}

fn report() -> TableCreateStatement {
    Table::create()
        .table("report")
        .col(uuid("id"))
        .col(uuid("shelter_id"))
        .col(uuid_null("user_id"))
        .col(string("reported_by"))
        .col(string("channel"))
        .col(big_integer("observed_at"))
        .col(big_integer("received_at"))
        .col(big_integer("ordered_at"))
        .col(string("day"))
        .col(boolean("clock_suspect"))
        .col(boolean("applied"))
        .col(boolean("operating"))
        .col(integer("beds"))
        .col(integer("occupied_beds"))
        .col(integer("free_beds"))
        .col(string_null("note"))
        .primary_key(Index::create().col("id"))
        .foreign_key(ForeignKey::create().from("report", "shelter_id").to("shelter", "id"))
        .to_owned()
}

fn report_line() -> TableCreateStatement {
    Table::create()
        .table("report_line")
        .col(uuid("report_id"))
        .col(uuid("room_id"))
        .col(integer("beds"))
        .col(integer("cots"))
        .col(integer("occupied_beds"))
        .col(integer("occupied_cots"))
        .col(integer("out_of_service_beds"))
        .col(string_null("out_of_service_reason"))
        .col(string_null("planned_exit"))
        .primary_key(Index::create().col("report_id").col("room_id"))
        .foreign_key(ForeignKey::create().from("report_line", "report_id").to("report", "id"))
        .foreign_key(ForeignKey::create().from("report_line", "room_id").to("room", "id"))
        .check(Expr::cust("occupied_beds >= 0"))
        .check(Expr::cust("occupied_cots >= 0"))
        .check(Expr::cust("out_of_service_beds >= 0"))
        .to_owned()
}

fn stock() -> TableCreateStatement {
    Table::create()
        .table("stock")
        .col(uuid("shelter_id"))
        .col(string("item"))
        .col(big_integer("on_hand"))
        .col(big_integer("observed_at"))
        .primary_key(Index::create().col("shelter_id").col("item"))
        .foreign_key(ForeignKey::create().from("stock", "shelter_id").to("shelter", "id"))
        .check(Expr::cust("on_hand >= 0"))
        .to_owned()
}

fn stock_count() -> TableCreateStatement {
    Table::create()
        .table("stock_count")
        .col(uuid("id"))
        .col(uuid("shelter_id"))
        .col(uuid_null("report_id"))
        .col(uuid_null("user_id"))
        .col(string("item"))
        .col(big_integer("on_hand"))
        .col(big_integer("observed_at"))
        .col(big_integer("received_at"))
        .primary_key(Index::create().col("id"))
        .foreign_key(
            ForeignKey::create()
                .from("stock_count", "shelter_id")
                .to("shelter", "id"),
        )
        .check(Expr::cust("on_hand >= 0"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("ix_room_shelter_id")
            .table("room")
            .col("shelter_id")
            .to_owned(),
        Index::create()
            .name("ix_room_state_shelter_id")
            .table("room_state")
            .col("shelter_id")
            .to_owned(),
        Index::create()
            .name("ix_report_shelter_id_ordered_at")
            .table("report")
            .col("shelter_id")
            .col("ordered_at")
            .to_owned(),
        Index::create()
            .name("ix_report_ordered_at")
            .table("report")
            .col("ordered_at")
            .to_owned(),
        // Not by item: the counts of one report lie together, on one page and not on twenty.
        Index::create()
            .name("ix_stock_count_shelter_id_observed_at")
            .table("stock_count")
            .col("shelter_id")
            .col("observed_at")
            .to_owned(),
    ]
}
