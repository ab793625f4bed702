//! The only room that names sea_orm or the tables: rows in and out of domain types. It holds no rule and no clock, and
//! does not know who the user is: reads take a scope.

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod balance;
pub mod bulk;
pub mod confidential;
pub mod day_figures;
pub mod digests;
pub mod events;
pub mod facts;
pub mod history;
pub mod holds;
pub mod idempotency;
pub mod imports;
pub mod items;
pub mod leases;
pub mod letters;
pub mod movements;
pub mod period_figures;
pub mod phones;
pub mod plans;
pub mod readers;
pub mod referrals;
pub mod reminders;
pub mod reports;
pub mod requests;
pub mod shelters;
pub mod stock;
pub mod texts;
pub mod transfers;
pub mod usage;
pub mod views;
pub mod ways;

mod convert;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migration::MigratorTrait;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Row};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or check constraint refused the row.
    #[error("the row stands against another: {0}")]
    Conflict(String),
    /// The row is not (any more) as the writer believed.
    #[error("the row has changed since it was read")]
    Stale,
    #[error("the database cannot be reached or written: {0}")]
    Unavailable(String),
    /// A stored value that no version of this program writes.
    #[error("unreadable value in {table}.{column}: {value}")]
    Unreadable {
        table: &'static str,
        column: &'static str,
        value: String,
    },
    #[error("database: {0}")]
    Database(String),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(what) | SqlErr::ForeignKeyConstraintViolation(what)) =
            error.sql_err()
        {
            return Self::Conflict(what);
        }
        let text = error.to_string();
        if matches!(error, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) || is_passing(&text) {
            Self::Unavailable(text)
        } else {
            Self::Database(text)
        }
    }
}

/// Troubles of the machine rather than of the statement: worth another try.
fn is_passing(text: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "database is locked",
        "disk is full",
        "readonly database",
        "disk I/O error",
        "unable to open database",
        "terminating connection",
        "the database system is",
        "Connection refused",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// The database, and on SQLite the one pen: writers queue here rather than at the file's lock.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    pen: Option<Arc<Semaphore>>,
}

/// A write transaction. Dropped without `commit`, nothing of it happened.
pub struct Tx {
    tx: DatabaseTransaction,
    _pen: Option<OwnedSemaphorePermit>,
}

/// Where a read goes: to the pool, or inside a transaction.
pub trait Reads: Send + Sync {
    type Connection: ConnectionTrait;
    fn connection(&self) -> &Self::Connection;
}

impl Reads for Store {
    type Connection = DatabaseConnection;
    fn connection(&self) -> &DatabaseConnection {
        &self.db
    }
}

impl Reads for Tx {
    type Connection = DatabaseTransaction;
    fn connection(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Store {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://…`.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let sqlite = url.starts_with("sqlite:");
        let mut options = ConnectOptions::new(if sqlite { with_create(url) } else { url.to_owned() });
        options
            .sqlx_logging(false)
            .acquire_timeout(Duration::from_secs(10))
            // A connection used a moment ago is not asked first whether it lives: that would double every read.
            .test_before_acquire_if_idle_for(Duration::from_secs(1))
            .max_connections(if sqlite { 6 } else { 16 })
            .map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(5))
                    .pragma("secure_delete", "ON")
            });
        if let Some(folder) = url.strip_prefix("sqlite:").and_then(|path| Path::new(path).parent()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())))?;
        }
        let db = Database::connect(options).await?;
        Ok(Self {
            db,
            pen: sqlite.then(|| Arc::new(Semaphore::new(1))),
        })
    }

    pub fn is_sqlite(&self) -> bool {
        self.pen.is_some()
    }

    /// Begins a write. SQLite takes its write lock at once (a deferred one fails when two readers turn writers);
    /// PostgreSQL runs at READ COMMITTED and takes row locks.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let pen = match &self.pen {
            Some(pen) => Some(
                Arc::clone(pen)
                    .acquire_owned()
                    .await
                    .map_err(|e| StoreError::Unavailable(e.to_string()))?,
            ),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with(options, pen).await
    }

    /// In a task of its own: somebody who goes away while a transaction begins would leave it open on the connection, for
    /// whoever uses that next.
    async fn begin_with(
        &self,
        options: TransactionOptions,
        pen: Option<OwnedSemaphorePermit>,
    ) -> Result<Tx, StoreError> {
        let db = self.db.clone();
        let begun = tokio::spawn(async move {
            let tx = db.begin_with_options(options).await?;
            Ok(Tx { tx, _pen: pen })
        });
        begun.await.map_err(|e| StoreError::Unavailable(e.to_string()))?
    }

    /// Begins a read of several statements that all see the database at one moment. Nothing is to be written in it.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let options = match self.is_sqlite() {
            // A deferred transaction of SQLite is one snapshot from its first read on.
            true => TransactionOptions::default(),
            false => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        self.begin_with(options, None).await
    }

    /// Tells of every statement that runs from now on, for those who count them.
    pub fn on_statement(&mut self, hear: impl Fn() + Send + Sync + 'static) {
        self.db.set_metric_callback(move |_| hear());
    }

    /// What SQLite answers to a `PRAGMA`, once for each connection of the pool: all of them are taken at once. Nothing on
    /// PostgreSQL.
    pub async fn pragma(&self, sql: &'static str) -> Result<Vec<String>, StoreError> {
        let told = |e: sqlx::Error| StoreError::Unavailable(e.to_string());
        if !self.is_sqlite() {
            return Ok(Vec::new());
        }
        let pool = self.db.get_sqlite_connection_pool();
        let mut taken = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            taken.push(pool.acquire().await.map_err(told)?);
        }
        let mut values = Vec::new();
        for connection in &mut taken {
            let row = sqlx::query(sql).fetch_one(&mut **connection).await.map_err(told)?;
            // Unchecked: SQLite hands any value out as text.
            values.push(row.try_get_unchecked(0).map_err(told)?);
        }
        Ok(values)
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        self.db.ping().await.map_err(StoreError::from)
    }

    /// Applies what is pending. On PostgreSQL under an advisory lock, since the migrator takes none.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        if self.db.get_database_backend() == DbBackend::Postgres {
            let tx = self.db.begin().await?;
            tx.execute_unprepared("SELECT pg_advisory_xact_lock(7206531)").await?;
            migration::Migrator::up(&self.db, None).await?;
            tx.commit().await?;
        } else {
            migration::Migrator::up(&self.db, None).await?;
        }
        Ok(())
    }

    /// Names of migrations that have not been applied.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let pending = migration::Migrator::get_pending_migrations(&self.db).await?;
        Ok(pending.iter().map(|m| m.name().to_owned()).collect())
    }

    pub async fn close(self) {
        if let Err(error) = self.db.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }
}

impl Tx {
    pub async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await.map_err(StoreError::from)
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        self.tx.rollback().await.map_err(StoreError::from)
    }
}

fn with_create(url: &str) -> String {
    if url.contains('?') {
        url.to_owned()
    } else {
        format!("{url}?mode=rwc")
    }
}
