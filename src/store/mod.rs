//! The only room that names sea_orm or the tables: rows in and out of domain types. It holds no rule and no clock, and
//! does not know who the user is: reads take a scope.

pub mod accounts;
pub mod alerts;
pub mod approvals;
pub mod audit;
pub mod balance;
pub mod bulk;
pub mod confidential;
pub mod copies;
pub mod day_figures;
pub mod devices;
pub mod digests;
pub mod events;
pub mod factors;
pub mod facts;
pub mod failures;
pub mod history;
pub mod holds;
pub mod idempotency;
pub mod imports;
pub mod instance;
pub mod items;
pub mod leases;
pub mod letters;
pub mod movements;
pub mod nodes;
pub mod period_figures;
pub mod phones;
pub mod plans;
pub mod purge;
pub mod quotas;
pub mod readers;
pub mod referrals;
pub mod reminders;
pub mod reports;
pub mod requests;
pub mod sealed;
pub mod sessions;
pub mod shelters;
pub mod stock;
pub mod tally;
pub mod texts;
pub mod tickets;
pub mod tokens;
pub mod transfers;
pub mod usage;
pub mod views;
pub mod ways;

mod convert;
mod errors;
mod together;

pub use errors::StoreError;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migration::MigratorTrait;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Connection, Row};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use together::{Pen, Turn};

/// The database, and on SQLite the one pen: writers queue here rather than at the file's lock.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    pen: Option<Arc<Pen>>,
}

/// A write transaction. Dropped without `commit`, nothing of it happened.
pub struct Tx {
    // Dropped before the turn ends.
    tx: DatabaseTransaction,
    turn: Option<Turn>,
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
            // SQLite itself ends a transaction whose disk is full or fails, and the driver still counts it: such a connection
            // would refuse every transaction from then on. Another is opened in its place.
            .map_sqlx_sqlite_before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(5))
                    .pragma("secure_delete", "ON")
            })
            .map_sqlx_postgres_opts(|options| options.options(nodes::LINE));
        if let Some(folder) = url.strip_prefix("sqlite:").and_then(|path| Path::new(path).parent()) {
            std::fs::create_dir_all(folder)
                .map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())))?;
        }
        let db = Database::connect(options)
            .await
            .map_err(|error| errors::opening(url, error))?;
        Ok(Self {
            db,
            pen: sqlite.then(Pen::new),
        })
    }

    pub fn is_sqlite(&self) -> bool {
        self.pen.is_some()
    }

    /// Begins a write. SQLite takes its write lock at once (a deferred one fails when two readers turn writers);
    /// PostgreSQL runs at READ COMMITTED and takes row locks.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.begin_write(false).await
    }

    /// Begins a write that may share its commit with others of its kind, on SQLite: it sees what they wrote before any of
    /// it is certain. So whoever answers from what it read, and not from what it committed, ends it with `rollback`,
    /// which waits until that is certain; a refusal may just be returned.
    pub async fn begin_together(&self) -> Result<Tx, StoreError> {
        self.begin_write(true).await
    }

    async fn begin_write(&self, together: bool) -> Result<Tx, StoreError> {
        let turn = match &self.pen {
            Some(pen) => Some(pen.turn(together).await?),
            None => None,
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with(options, turn).await
    }

    /// In a task of its own: somebody who goes away while a transaction begins would leave it open on the connection, for
    /// whoever uses that next.
    async fn begin_with(&self, options: TransactionOptions, turn: Option<Turn>) -> Result<Tx, StoreError> {
        let db = self.db.clone();
        let begun = tokio::spawn(async move {
            let within = match &turn {
                Some(turn) => turn.within().await?,
                None => None,
            };
            let tx = match within {
                Some(tx) => tx,
                None => db.begin_with_options(options).await?,
            };
            Ok(Tx { tx, turn })
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
        if !self.is_sqlite() {
            return Ok(Vec::new());
        }
        let pool = self.db.get_sqlite_connection_pool();
        let mut taken = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            taken.push(pool.acquire().await?);
        }
        let mut values = Vec::new();
        for connection in &mut taken {
            let row = sqlx::query(sql).fetch_one(&mut **connection).await?;
            // Unchecked: SQLite hands any value out as text.
            values.push(row.try_get_unchecked(0)?);
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
            // It waits for as long as the migrations take, which go another way.
            tx.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0")
                .await?;
            tx.execute_unprepared("SELECT pg_advisory_xact_lock(7206531)").await?;
            migration::Migrator::up(&self.db, None).await?;
            tx.commit().await?;
        } else {
            migration::Migrator::up(&self.db, None).await?;
        }
        Ok(())
    }

    /// Names of migrations that have not been applied. One that a newer release has applied is no trouble: nodes of both
    /// serve side by side until all are replaced (docs/NODES.md).
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let applied = migration::Migrator::get_migration_models(&self.db).await?;
        let known = migration::Migrator::migrations();
        let names = known.iter().map(|migration| migration.name().to_owned());
        Ok(names
            .filter(|name| applied.iter().all(|row| row.version != *name))
            .collect())
    }

    pub async fn close(self) {
        if let Err(error) = self.db.close().await {
            tracing::warn!(%error, "closing the database");
        }
    }
}

impl Tx {
    /// Returns when what was written is on the disk.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.turn {
            Some(turn) => turn.commit(self.tx).await,
            None => self.tx.commit().await.map_err(StoreError::from),
        }
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.turn {
            Some(turn) => turn.rollback(self.tx).await,
            None => self.tx.rollback().await.map_err(StoreError::from),
        }
    }
}

fn with_create(url: &str) -> String {
    if url.contains('?') {
        url.to_owned()
    } else {
        format!("{url}?mode=rwc")
    }
}
