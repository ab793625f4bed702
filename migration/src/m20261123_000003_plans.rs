//! Placement plans: kept whole as text, so that one can be removed without a trace in other tables.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let plan = Table::create()
            .table("plan")
            .col(uuid("id"))
            .col(uuid("created_by"))
            .col(big_integer("created_at"))
            .col(string("state"))
            .col(big_integer("version"))
            .col(text("content"))
            .primary_key(Index::create().col("id"))
            .foreign_key(ForeignKey::create().from("plan", "created_by").to("user", "id"))
            .check(Expr::cust("state IN ('draft', 'applied')"))
            .to_owned();
        manager.create_table(plan).await?;
        let by_time = Index::create()
            .name("plan_created_at")
            .table("plan")
            .col("created_at")
            .to_owned();
        manager.create_index(by_time).await
    }
}
