//! One dated file per change. Each names its tables itself: yesterday's migration must not change with today's entities.

use sea_orm_migration::prelude::*;

mod m20261122_000001_people;
mod m20261122_000002_places;
mod m20261122_000003_placements;
mod m20261122_000004_digests;
mod m20261123_000001_waves;
mod m20261123_000002_waiting;
mod m20261123_000003_plans;
mod m20261123_000004_ways;
mod m20261123_000005_supplies;
mod m20261123_000006_digests;
mod m20261123_000007_security;
mod m20261123_000008_audit;
mod m20261123_000009_retention;

pub use sea_orm_migration::MigratorTrait;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_people::Migration),
            Box::new(m20261122_000002_places::Migration),
            Box::new(m20261122_000003_placements::Migration),
            Box::new(m20261122_000004_digests::Migration),
            Box::new(m20261123_000001_waves::Migration),
            Box::new(m20261123_000002_waiting::Migration),
            Box::new(m20261123_000003_plans::Migration),
            Box::new(m20261123_000004_ways::Migration),
            Box::new(m20261123_000005_supplies::Migration),
            Box::new(m20261123_000006_digests::Migration),
            Box::new(m20261123_000007_security::Migration),
            Box::new(m20261123_000008_audit::Migration),
            Box::new(m20261123_000009_retention::Migration),
        ]
    }
}

/// Makes the database itself refuse to change or remove a row of `table`.
async fn append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    match manager.get_database_backend() {
        sea_orm_migration::sea_orm::DbBackend::Postgres => {
            db.execute_unprepared(&format!(
                "CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$;\
                 CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only();"
            ))
            .await?;
        }
        _ => {
            for verb in ["UPDATE", "DELETE"] {
                let name = format!("{table}_no_{}", verb.to_lowercase());
                db.execute_unprepared(&format!(
                    "CREATE TRIGGER {name} BEFORE {verb} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
                ))
                .await?;
            }
        }
    }
    Ok(())
}
