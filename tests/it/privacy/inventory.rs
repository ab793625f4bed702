//! docs/DATA.md accounts for every column of both databases, and for no other.

use std::collections::{BTreeMap, BTreeSet};

use panoh::store::sealed::Place;
use strum::IntoEnumIterator;

use crate::digests::stage::sql_at;
use crate::harness::{Database, Harness, on_both};

/// What is said of a table.
#[derive(Debug, Default)]
struct Told {
    kept: String,
    read_by: String,
    /// By column: what it is for.
    columns: BTreeMap<String, String>,
    sealed: BTreeSet<String>,
}

fn document() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/DATA.md")).unwrap()
}

/// Each `### \`table\`` with its `Kept:` and `Read by:` lines and its rows `| \`column\` | what for | sealed |`.
fn told(text: &str) -> BTreeMap<String, Told> {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    let mut table = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("### `") {
            table = name.trim_end_matches('`').to_owned();
            assert!(
                all.insert(table.clone(), Told::default()).is_none(),
                "{table} stands there twice"
            );
        }
        let Some(entry) = all.get_mut(&table) else { continue };
        if let Some(kept) = line.strip_prefix("Kept: ") {
            entry.kept = kept.to_owned();
        }
        if let Some(readers) = line.strip_prefix("Read by: ") {
            entry.read_by = readers.to_owned();
        }
        let Some(row) = line.strip_prefix("| `") else { continue };
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for column in cells[0].split(", ").map(|name| name.trim_matches('`').to_owned()) {
            if cells[2] == "sealed" {
                entry.sealed.insert(column.clone());
            }
            assert!(
                entry.columns.insert(column, cells[1].to_owned()).is_none(),
                "{table}: {row} stands there twice"
            );
        }
    }
    all
}

/// The columns of every table, as the database has them.
async fn schema(h: &Harness) -> BTreeMap<String, BTreeSet<String>> {
    let sql = match h.database {
        Database::Sqlite => {
            "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
        Database::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in sql_at(&h.database_url, sql).await {
        all.entry(row[0].clone()).or_default().insert(row[1].clone());
    }
    all.remove("seaql_migrations");
    all
}

on_both! {
    async fn every_stored_column_has_its_purpose_its_time_and_its_readers(h: Harness) {
        let told = told(&document());
        let schema = schema(&h).await;
        assert_eq!(told.keys().collect::<Vec<_>>(), schema.keys().collect::<Vec<_>>());
        for (table, columns) in &schema {
            let said = &told[table];
            assert_eq!(said.columns.keys().collect::<BTreeSet<_>>(), columns.iter().collect(), "{table}");
            assert!(!said.kept.is_empty() && !said.read_by.is_empty(), "{table}");
            assert!(said.columns.values().all(|purpose| purpose.len() > 2), "{table}");
        }
    }

    async fn every_table_with_sealed_rows_is_known_to_the_rotation(h: Harness) {
        let schema = schema(&h).await;
        let with_key: BTreeSet<&str> = schema.iter().filter(|(_, columns)| columns.contains("key_id")).map(|(table, _)| table.as_str()).collect();
        assert_eq!(with_key, Place::iter().map(Place::table).collect());
        let told = told(&document());
        let said: BTreeSet<&str> = told.iter().filter(|(_, table)| !table.sealed.is_empty()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(said, with_key);
    }
}
