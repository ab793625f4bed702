//! What a database says when it does not do as it was asked, sorted by what can be done about it: the row is to blame, the
//! machine is (worth another try), or we are. By the codes of SQLite and PostgreSQL, never by their words.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError, SqlxSqliteError};

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
        let passes = match &error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => passes(cause),
            _ => false,
        };
        if passes {
            Self::Unavailable(error.to_string())
        } else {
            Self::Database(error.to_string())
        }
    }
}

impl From<SqlxError> for StoreError {
    fn from(error: SqlxError) -> Self {
        if passes(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Database(error.to_string())
        }
    }
}

/// Whether somebody else has a SQLite file to himself.
pub(super) fn is_taken(error: &SqlxError) -> bool {
    let told = error.as_database_error();
    let file = told.filter(|told| told.try_downcast_ref::<SqlxSqliteError>().is_some());
    let code: Option<u32> = file.and_then(|told| told.code()?.parse().ok());
    code.is_some_and(|extended| matches!(extended & 0xff, BUSY | LOCKED))
}

/// Of a database that cannot be opened: a file by its name. An address of PostgreSQL may hold a password and is not said.
pub(super) fn opening(url: &str, error: DbErr) -> StoreError {
    let told = StoreError::from(error);
    match (url.strip_prefix("sqlite:"), told) {
        (Some(file), StoreError::Unavailable(why)) => {
            let file = file.trim_start_matches("//").split('?').next().unwrap_or(file);
            StoreError::Unavailable(format!(
                "{file}: {why}; the file and its folder must be readable and writable"
            ))
        }
        (_, told) => told,
    }
}

/// Whether it is a trouble of the machine, or of the line to the database, rather than of the statement.
fn passes(error: &SqlxError) -> bool {
    match error {
        SqlxError::Database(told) => told_by_database(told.as_ref()),
        // A connection that broke, or that a transaction before this one left in a state of its own: the pool drops it.
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed
        | SqlxError::BeginFailed
        | SqlxError::InvalidSavePointStatement => true,
        _ => false,
    }
}

fn told_by_database(error: &dyn DatabaseError) -> bool {
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<SqlxSqliteError>().is_some() {
        code.parse().is_ok_and(passes_in_sqlite)
    } else {
        passes_in_postgres(&code)
    }
}

const BUSY: u32 = 5;
const LOCKED: u32 = 6;

/// By <https://sqlite.org/rescode.html>: the low byte of an extended code is the primary one.
fn passes_in_sqlite(extended: u32) -> bool {
    const NO_MEMORY: u32 = 7;
    const READ_ONLY: u32 = 8;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;
    const PROTOCOL: u32 = 15;
    matches!(
        extended & 0xff,
        BUSY | LOCKED | NO_MEMORY | READ_ONLY | IO | FULL | CANNOT_OPEN | PROTOCOL
    )
}

/// By the table of SQLSTATE in PostgreSQL's appendix A: classes by their first two characters.
fn passes_in_postgres(state: &str) -> bool {
    const CLASSES: [&str; 3] = [
        // The line, what the server has (disk, memory, connections), and errors of its system.
        "08", "53", "58",
    ];
    const STATES: [&str; 9] = [
        "25006", // the server is for reading only: a standby, or one that was made so
        "40001", // a serialisation that failed
        "40P01", // a deadlock
        "55P03", // a lock that was not to be had
        "57014", // cancelled, as by a time limit
        "57P01", // the server shuts down
        "57P02", // another session crashed
        "57P03", // it starts, stops or recovers
        "57P05", // the session was idle for too long
    ];
    state.get(..2).is_some_and(|class| CLASSES.contains(&class)) || STATES.contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        // SQLITE_FULL, _READONLY, _READONLY_DBMOVED, _IOERR, _IOERR_WRITE, _BUSY, _BUSY_SNAPSHOT, _CANTOPEN, _LOCKED.
        for code in [13, 8, 1032, 10, 778, 5, 517, 14, 6] {
            assert!(passes_in_sqlite(code), "{code}");
        }
        // SQLITE_ERROR, _CORRUPT, _CONSTRAINT_CHECK, _MISMATCH, _NOTADB.
        for code in [1, 11, 275, 20, 26] {
            assert!(!passes_in_sqlite(code), "{code}");
        }
        for state in [
            "08006", "53100", "53200", "53300", "57P01", "57P02", "57P03", "58030", "40P01", "25006",
        ] {
            assert!(passes_in_postgres(state), "{state}");
        }
        // A syntax error, a check, a wrong number, an error within, a database that was dropped, and nothing.
        for state in ["42601", "23514", "22003", "XX000", "57P04", ""] {
            assert!(!passes_in_postgres(state), "{state}");
        }
    }

    #[test]
    fn a_broken_line_is_worth_another_try() {
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let of = |cause: SqlxError| StoreError::from(DbErr::Exec(RuntimeErr::SqlxError(cause.into())));
        assert!(matches!(of(SqlxError::Io(broken)), StoreError::Unavailable(_)));
        assert!(matches!(of(SqlxError::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(matches!(of(SqlxError::RowNotFound), StoreError::Database(_)));
        let conn = DbErr::Conn(RuntimeErr::Internal("no such host".to_owned()));
        assert!(matches!(StoreError::from(conn), StoreError::Unavailable(_)));
    }
}
