//! How nodes on one PostgreSQL hear of each other's commits: words sent by NOTIFY, an ear that listens, and the look that finds what
//! nobody was told of. On SQLite, which one process has to itself, none of it is used. It must not know what a word says.

use std::collections::HashMap;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use super::views::{Mark, open};
use super::{Reads, Store, StoreError};
use crate::domain::id::ShelterId;

const CHANNEL: &str = "panoh";

/// Most bytes of one word; PostgreSQL takes fewer than 8,000.
pub const LONGEST_WORD: usize = 7_900;

/// What the database does of its own about a node that is gone without a word: after some ten seconds without a sign of life
/// it ends the line and with it a transaction under way, whose locks others wait for; after a minute also one that lives
/// and does nothing.
pub(super) const LINE: [(&str, &str); 5] = [
    ("tcp_keepalives_idle", "4"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
    ("idle_in_transaction_session_timeout", "60000"),
];

/// Sends a word to all nodes, this one among them. Never inside a transaction that writes: those that notify commit one
/// after another. Nothing is lost with a word, so its commit does not wait for the disk.
pub async fn tell(store: &Store, word: &str) -> Result<(), StoreError> {
    let db = store.connection();
    let sql = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [CHANNEL.into(), word.into()]);
    db.query_one_raw(statement).await?;
    Ok(())
}

/// A connection that listens.
pub struct Ear(PgListener);

impl Ear {
    pub async fn open(store: &Store) -> Result<Self, StoreError> {
        let pool = store.connection().get_postgres_connection_pool();
        let mut ear = Self(PgListener::connect_with(pool).await?);
        ear.listen().await?;
        Ok(ear)
    }

    /// Begins to listen, or asks whether the line still stands.
    pub async fn listen(&mut self) -> Result<(), StoreError> {
        Ok(self.0.listen(CHANNEL).await?)
    }

    /// The next word; `None` when the line was cut, and what was said meanwhile is lost. A wait that is given up loses nothing.
    pub async fn hear(&mut self) -> Result<Option<String>, StoreError> {
        let heard = self.0.try_recv().await?;
        Ok(heard.map(|word| word.payload().to_owned()))
    }
}

/// The marks of all shelters.
pub struct Look {
    /// A number that grows with each change.
    pub total: i64,
    pub marks: HashMap<ShelterId, Mark>,
}

/// Looks at the marks of all shelters, if anything at all has changed since the look that found `before`. One statement, which
/// sees the database at one moment; whatever releases holds without their shelter's lock bumps another shelter's version.
pub async fn look(store: &Store, before: i64) -> Result<Option<Look>, StoreError> {
    let sql = "WITH whole AS (SELECT CAST(COALESCE(SUM(version), 0) + COUNT(*) AS BIGINT) AS total FROM shelter_state) \
               SELECT s.shelter_id, s.version, COALESCE(h.open, 0), whole.total \
               FROM whole CROSS JOIN shelter_state AS s \
               LEFT JOIN (SELECT shelter_id, COUNT(*) AS open FROM hold WHERE state IN ($1, $2) GROUP BY shelter_id) AS h \
               ON h.shelter_id = s.shelter_id WHERE whole.total <> $3";
    let db = store.connection();
    let [asked, accepted] = open();
    let values = [asked.into(), accepted.into(), before.into()];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
        .await?;
    let mut found = None;
    for row in rows {
        let look = found.get_or_insert_with(|| Look {
            total: before,
            marks: HashMap::new(),
        });
        let id: Uuid = row.try_get_by_index(0)?;
        let (version, open_holds) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        look.total = row.try_get_by_index(3)?;
        look.marks.insert(ShelterId(id), Mark { version, open_holds });
    }
    Ok(found)
}
