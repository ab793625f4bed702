//! A thousand letters of one digest, from a run that is due to what a mail server on loopback has taken. The program is a
//! command in a process of its own; its start and the making of the run are in the figure.

use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::program::{self, Program};
use crate::smtp::SmtpServer;
use crate::table::Table;
use crate::{Outcome, postgres};

const LETTERS: usize = 1000;

pub async fn thousand(dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section("a digest for 1,000 readers, 50 shelters", 0);
    let file = dir.join("sqlite");
    std::fs::create_dir(&file)?;
    let url = format!("sqlite://{}", file.join("panoh.db").display());
    drop(Program::start(&file, 50, None)?);
    let mut db = SqliteConnection::connect(&url).await?;
    for sql in readers(
        "randomblob(16)",
        "(WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 1000) SELECT i FROM t)",
    ) {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await?;
    }
    db.close().await?;
    table.fact("made and handed over, SQLite", send(&file, &url).await?, "s");

    let database = postgres::create_database();
    let file = dir.join("postgres");
    std::fs::create_dir(&file)?;
    drop(Program::start(&file, 50, Some(database.url()))?);
    let mut db = PgConnection::connect(database.url()).await?;
    for sql in readers("gen_random_uuid()", "(SELECT generate_series(1, 1000) AS i)") {
        sqlx::query(AssertSqlSafe(sql)).execute(&mut db).await?;
    }
    db.close().await?;
    table.fact(
        "made and handed over, PostgreSQL",
        send(&file, database.url()).await?,
        "s",
    );
    Ok(())
}

/// One schedule of the demo, due at once, with a thousand more readers; the others rest.
fn readers(id: &str, numbers: &str) -> [String; 5] {
    let same = "name, language, kind, state, added_by, approved_by, approved_at, confirmed_at, ended_at, created_at";
    let one = "(SELECT * FROM digest_recipient WHERE state = 'active' ORDER BY id LIMIT 1)";
    [
        format!(
            "INSERT INTO digest_recipient (id, schedule_id, email, {same}) \
             SELECT {id}, schedule_id, 'reader' || n.i || '@example.tj', {same} FROM {one} AS r, {numbers} AS n"
        ),
        "UPDATE digest_schedule SET active = FALSE".to_owned(),
        format!(
            "UPDATE digest_schedule SET active = TRUE, last_period = '2000-01-01' \
             WHERE id IN (SELECT schedule_id FROM {one} AS r)"
        ),
        // The demo has made the newest run already: its period is free for another.
        format!(
            "UPDATE digest SET period = '1999-' || CAST(created_at AS TEXT) \
             WHERE schedule_id IN (SELECT schedule_id FROM {one} AS r)"
        ),
        "UPDATE letter SET state = 'dropped' WHERE state = 'queued'".to_owned(),
    ]
}

/// Seconds until the server has them all.
async fn send(dir: &Path, database: &str) -> Outcome<f64> {
    let server = SmtpServer::start().await;
    let (dir, mail) = (dir.to_owned(), format!("smtp://{}", server.address));
    let database = database.to_owned();
    let run = tokio::task::spawn_blocking(move || {
        let environment = [("PANOH_MAIL", mail.as_str()), ("PANOH_DATABASE_URL", database.as_str())];
        program::run_in(&dir, &["digest", "run", "--json"], &environment)
    });
    let (told, took) = run.await??;
    let (sent, arrived) = (told.get("delivered").and_then(Value::as_u64), server.received().len());
    if arrived < LETTERS {
        return Err(format!("{arrived} letters arrived; the program says {sent:?}").into());
    }
    Ok(took.as_secs_f64())
}
