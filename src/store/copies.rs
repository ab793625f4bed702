//! What backup, restore and the doctor ask of a database as a whole: a copy of it, whether it is sound, which program it
//! is of, and who else is in it. It must not know where copies are kept or what a restored one must forget.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use entity::audit;
use migration::MigratorTrait;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Row};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QuerySelect, Statement, TransactionTrait};

use super::convert::moment;
use super::errors::is_taken;
use super::{Store, StoreError};
use crate::domain::id::Moment;

/// Where the tables of Panoh lie in PostgreSQL.
const SCHEMA: &str = "public";
/// How schemas that a restore has set aside are called; the time follows.
pub const SET_ASIDE: &str = "panoh_before_";
/// How long somebody else's hand on a file is waited for.
const BRIEFLY: Duration = Duration::from_millis(500);

/// Connections of the pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    pub open: u32,
    pub idle: u32,
    pub most: u32,
}

/// The file behind a `sqlite:` address.
///
/// # Errors
/// An address that is none, or of no file.
pub fn sqlite_file(url: &str) -> Result<PathBuf, StoreError> {
    let options = SqliteConnectOptions::from_str(url)?;
    Ok(options.get_filename().to_owned())
}

/// What is wrong with a database file, looked at without touching it; `None`: it is sound.
///
/// # Errors
/// A file that cannot be read.
pub async fn fault_of_file(file: &Path) -> Result<Option<String>, StoreError> {
    // Immutable: nothing is laid beside it, so it may lie on a medium that cannot be written.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .immutable(true);
    let mut db = options.connect().await?;
    let fault = fault_of(&mut db).await;
    db.close().await?;
    // A page that cannot be read at all is a fault of the file like any other.
    Ok(fault.unwrap_or_else(|error| Some(error.to_string())))
}

async fn fault_of(db: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query("PRAGMA integrity_check(1)").fetch_one(&mut *db).await?;
    let verdict: String = row.try_get(0)?;
    if verdict != "ok" {
        return Ok(Some(verdict));
    }
    let stray = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *db).await?;
    let table = stray.map(|row| row.try_get::<String, _>(0)).transpose()?;
    Ok(table.map(|table| format!("a row of {table} refers to one that is not there")))
}

/// Brings all of a database into its one file, if nobody else has it open; `false` if somebody has.
///
/// # Errors
/// A file that is no sound database.
pub async fn fold_up(file: &Path) -> Result<bool, StoreError> {
    // Leaving WAL takes the file for oneself, and empties the log into it.
    let options = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BRIEFLY)
        .journal_mode(SqliteJournalMode::Delete);
    match options.connect().await {
        Ok(db) => {
            db.close().await?;
            Ok(true)
        }
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How many others are connected to a PostgreSQL database. Asked before anything else: a pool's own connections would count.
///
/// # Errors
/// The database's.
pub async fn others(url: &str) -> Result<i64, StoreError> {
    let options = PgConnectOptions::from_str(url)?;
    let mut db = options.connect().await?;
    let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let row = sqlx::query(sql).fetch_one(&mut db).await?;
    let others = row.try_get(0)?;
    db.close().await?;
    Ok(others)
}

impl Store {
    /// Writes all of an SQLite database, as it stands at one moment, into an empty file. Others write meanwhile.
    ///
    /// # Errors
    /// The database's, and a path that is no text.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let path = file
            .to_str()
            .ok_or_else(|| StoreError::Unavailable(format!("{}: not a path in UTF-8", file.display())))?;
        let copy = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
        self.db.execute_raw(copy).await?;
        Ok(())
    }

    /// Whether SQLite finds its pages whole; of PostgreSQL nothing is asked, which has tools of its own.
    ///
    /// # Errors
    /// The database's.
    pub async fn quick_fault(&self) -> Result<Option<String>, StoreError> {
        if !self.is_sqlite() {
            return Ok(None);
        }
        let verdict = self.text("PRAGMA quick_check(1)").await?.unwrap_or_default();
        Ok((verdict != "ok").then_some(verdict))
    }

    /// The first column of the first row, which is a text.
    async fn text(&self, sql: &str) -> Result<Option<String>, StoreError> {
        let row = self.db.query_one_raw(Statement::from_string(self.kind(), sql)).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    fn kind(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Names of migrations that were applied, in their order. None: the database is not one of ours, or is new.
    ///
    /// # Errors
    /// The database's.
    pub async fn applied_migrations(&self) -> Result<Vec<String>, StoreError> {
        let there = match self.kind() {
            DbBackend::Postgres => "SELECT CAST(to_regclass('seaql_migrations') AS text)",
            _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
        };
        if self.text(there).await?.is_none_or(|name| name.is_empty()) {
            return Ok(Vec::new());
        }
        let names = Statement::from_string(self.kind(), "SELECT version FROM seaql_migrations ORDER BY version");
        let rows = self.db.query_all_raw(names).await?;
        Ok(rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<_, _>>()?)
    }

    /// Those of `applied` that this program does not know: a newer one has made them.
    pub fn unknown(applied: &[String]) -> Vec<String> {
        let known = migration::Migrator::migrations();
        let is_known = |name: &&String| known.iter().any(|row| row.name() == name.as_str());
        applied.iter().filter(|name| !is_known(name)).cloned().collect()
    }

    /// How many tables there are in a PostgreSQL database where ours would be.
    ///
    /// # Errors
    /// The database's.
    pub async fn tables(&self) -> Result<i64, StoreError> {
        let sql = format!("SELECT COUNT(*) FROM pg_tables WHERE schemaname = '{SCHEMA}'");
        self.number(&sql).await
    }

    async fn number(&self, sql: &str) -> Result<i64, StoreError> {
        let row = self.db.query_one_raw(Statement::from_string(self.kind(), sql)).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0))
    }

    /// Sets all tables of a PostgreSQL database aside under another name, and makes room for others.
    ///
    /// # Errors
    /// The database's: an account that owns neither, or a name that is taken.
    pub async fn set_aside(&self, name: &str) -> Result<(), StoreError> {
        let tx = self.db.begin().await?;
        tx.execute_unprepared(&format!(
            "ALTER SCHEMA {SCHEMA} RENAME TO {name}; CREATE SCHEMA {SCHEMA}"
        ))
        .await?;
        Ok(tx.commit().await?)
    }

    /// Puts what was set aside back into its place, and whatever is there goes.
    ///
    /// # Errors
    /// The database's.
    pub async fn put_back(&self, name: &str) -> Result<(), StoreError> {
        let tx = self.db.begin().await?;
        tx.execute_unprepared(&format!(
            "DROP SCHEMA {SCHEMA} CASCADE; ALTER SCHEMA {name} RENAME TO {SCHEMA}"
        ))
        .await?;
        Ok(tx.commit().await?)
    }

    /// Removes what was set aside: only where it was empty.
    ///
    /// # Errors
    /// The database's: something is in it.
    pub async fn forget_aside(&self, name: &str) -> Result<(), StoreError> {
        self.db.execute_unprepared(&format!("DROP SCHEMA {name}")).await?;
        Ok(())
    }

    /// What PostgreSQL says of a setting.
    ///
    /// # Errors
    /// The database's, and a setting that it does not have.
    pub async fn setting(&self, name: &str) -> Result<String, StoreError> {
        let shown = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT current_setting($1)", [name.into()]);
        let row = self.db.query_one_raw(shown).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// The clock of the machine that the database runs on.
    ///
    /// # Errors
    /// The database's.
    pub async fn clock(&self) -> Result<Moment, StoreError> {
        let millis = match self.kind() {
            DbBackend::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
            _ => "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
        };
        Ok(moment(self.number(millis).await?))
    }

    /// When the newest thing happened that is on record.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest(&self) -> Result<Option<Moment>, StoreError> {
        let at: Option<Option<i64>> = audit::Entity::find()
            .select_only()
            .expr_as(audit::Column::At.max(), "at")
            .into_tuple()
            .one(&self.db)
            .await?;
        Ok(at.flatten().map(moment))
    }

    pub fn pool(&self) -> PoolUse {
        macro_rules! used {
            ($pool:expr) => {{
                let pool = $pool;
                PoolUse {
                    open: pool.size(),
                    idle: u32::try_from(pool.num_idle()).unwrap_or(0),
                    most: pool.options().get_max_connections(),
                }
            }};
        }
        match self.is_sqlite() {
            true => used!(self.db.get_sqlite_connection_pool()),
            false => used!(self.db.get_postgres_connection_pool()),
        }
    }
}
