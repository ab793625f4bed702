//! What our work is compared with: the framework and the databases doing the same thing with nothing of ours in between.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use sqlx::{AssertSqlSafe, Pool, Postgres, Sqlite};
use tokio::task::JoinSet;

use crate::Outcome;
use crate::load::Figures;

/// First argument of this very program when it is to be the bare server.
pub const SERVE: &str = "serve-bytes";

/// An actix-web server in a process of its own, as the real one is, that answers any request with the bytes of a file.
pub struct BareServer {
    pub address: SocketAddr,
    process: Child,
}

impl BareServer {
    pub fn start(body: &Path, content_type: &str) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([SERVE, content_type])
            .arg(body)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut address)?;
        Ok(Self {
            address: address.trim().parse()?,
            process,
        })
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process behind `BareServer`. Ends by being killed.
#[expect(clippy::print_stdout, reason = "tells its address to the process that started it")]
pub fn serve(content_type: String, body: web::Bytes) -> Outcome<()> {
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (content_type, body) = (content_type.clone(), body.clone());
            // Takes the request's body in, as we must: actix closes a connection whose body nobody has read.
            let answer = move |_: web::Bytes| {
                let (content_type, body) = (content_type.clone(), body.clone());
                async move { HttpResponse::Ok().content_type(content_type).body(body) }
            };
            App::new().default_service(web::route().to(answer))
        })
        .bind("127.0.0.1:0")?;
        println!("{}", server.addrs().first().ok_or("bound to nothing")?);
        server.run().await?;
        Ok(())
    })
}

/// How many rows a report writes: the report itself, a line per room, a line per item, an audit entry, its key.
#[derive(Debug, Clone, Copy)]
pub struct ReportRows {
    pub rooms: usize,
    pub items: usize,
}

const TABLES: &[&str] = &[
    "CREATE TABLE report (id BIGINT PRIMARY KEY, shelter TEXT NOT NULL, observed_at BIGINT NOT NULL, note TEXT NOT NULL)",
    "CREATE TABLE report_line (report BIGINT NOT NULL REFERENCES report (id), n BIGINT NOT NULL, room TEXT NOT NULL, \
     occupied BIGINT NOT NULL, cots BIGINT NOT NULL, PRIMARY KEY (report, n))",
    "CREATE TABLE stock_line (report BIGINT NOT NULL REFERENCES report (id), n BIGINT NOT NULL, item TEXT NOT NULL, \
     on_hand BIGINT NOT NULL, unit BIGINT NOT NULL, PRIMARY KEY (report, n))",
    "CREATE TABLE audit (id BIGINT PRIMARY KEY, actor TEXT NOT NULL, at BIGINT NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE idempotency (id BIGINT PRIMARY KEY, key TEXT NOT NULL, at BIGINT NOT NULL, answer TEXT NOT NULL)",
];

/// The statements of one bare report; placeholders are `$1, $2, …`, which both databases understand.
struct Statements {
    report: &'static str,
    lines: String,
    stock: String,
    audit: &'static str,
    key: &'static str,
}

impl Statements {
    fn new(rows: ReportRows) -> Self {
        Self {
            report: "INSERT INTO report VALUES ($1, $2, $3, $4)",
            lines: many_rows("report_line", rows.rooms, 5),
            stock: many_rows("stock_line", rows.items, 5),
            audit: "INSERT INTO audit VALUES ($1, $2, $3, $4)",
            key: "INSERT INTO idempotency VALUES ($1, $2, $3, $4)",
        }
    }
}

fn many_rows(table: &str, rows: usize, columns: usize) -> String {
    let row = |n: usize| {
        let places: Vec<String> = (1..=columns).map(|at| format!("${}", n * columns + at)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {table} VALUES {}", rows.join(", "))
}

/// An identifier or hash of the usual length.
const FILLER: &str = "0193a5b2-7c4e-7d1a-9b3f-5e8d2c6a4f10";

/// One bare report as a transaction on one kind of database; the two differ in types only, hence a macro.
macro_rules! bare_report {
    ($name:ident, $database:ty, $begin:literal) => {
        async fn $name(pool: &Pool<$database>, sql: &Statements, rows: ReportRows, id: i64) -> Result<(), sqlx::Error> {
            let mut transaction = pool.begin_with($begin).await?;
            sqlx::query(sql.report)
                .bind(id)
                .bind(FILLER)
                .bind(id)
                .bind("")
                .execute(&mut *transaction)
                .await?;
            for (text, count) in [(&sql.lines, rows.rooms), (&sql.stock, rows.items)] {
                if count == 0 {
                    continue;
                }
                let mut query = sqlx::query(AssertSqlSafe(text.clone()));
                for n in 0..i64::try_from(count).unwrap_or(0) {
                    query = query.bind(id).bind(n).bind(FILLER).bind(n).bind(1_i64);
                }
                query.execute(&mut *transaction).await?;
            }
            for text in [sql.audit, sql.key] {
                sqlx::query(text)
                    .bind(id)
                    .bind(FILLER)
                    .bind(id)
                    .bind(FILLER)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        }
    };
}
bare_report!(report_on_sqlite, Sqlite, "BEGIN IMMEDIATE");
bare_report!(report_on_postgres, Postgres, "BEGIN");

/// Reports into a fresh SQLite file through one writer, WAL and `synchronous=FULL` as in the service.
pub async fn sqlite_reports(dir: &Path, rows: ReportRows, clients: u32, measured: Duration) -> Outcome<Figures> {
    let file = dir.join(format!("bare-{}-{}.db", rows.rooms, rows.items));
    let pool = sqlite(&file, measured * 4).await?;
    let figures = repeat(clients, measured, {
        let (pool, sql) = (pool.clone(), Arc::new(Statements::new(rows)));
        move |id| {
            let (pool, sql) = (pool.clone(), Arc::clone(&sql));
            async move { report_on_sqlite(&pool, &sql, rows, id).await }
        }
    })
    .await?;
    pool.close().await;
    Ok(figures)
}

/// One connection to a fresh file with the tables, and the durability of the service.
async fn sqlite(file: &Path, patience: Duration) -> Outcome<Pool<Sqlite>> {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(patience)
        .connect_with(options)
        .await?;
    for table in TABLES {
        sqlx::query(*table).execute(&pool).await?;
    }
    Ok(pool)
}

/// So many reports of one room, a thousand to a transaction, each table in one statement of a hundred rows.
pub async fn sqlite_inserts(dir: &Path, rows: usize) -> Outcome<Duration> {
    let pool = sqlite(&dir.join("bare-inserts.db"), Duration::from_secs(60)).await?;
    let (report, line) = (many_rows("report", 100, 4), many_rows("report_line", 100, 5));
    let begin = Instant::now();
    for thousand in 0..rows.div_ceil(1000) {
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        for hundred in 0..10 {
            let first = i64::try_from(thousand * 1000 + hundred * 100)?;
            let (mut heads, mut lines) = (
                sqlx::query(AssertSqlSafe(report.clone())),
                sqlx::query(AssertSqlSafe(line.clone())),
            );
            for id in first..first + 100 {
                heads = heads.bind(id).bind(FILLER).bind(id).bind("");
                lines = lines.bind(id).bind(1_i64).bind(FILLER).bind(id).bind(1_i64);
            }
            heads.execute(&mut *transaction).await?;
            lines.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    let took = begin.elapsed();
    pool.close().await;
    Ok(took)
}

/// Reports into an empty PostgreSQL database, a connection for each client.
pub async fn postgres_reports(url: &str, rows: ReportRows, clients: u32, measured: Duration) -> Outcome<Figures> {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(clients)
        .connect(url)
        .await?;
    for table in TABLES {
        sqlx::query(*table).execute(&pool).await?;
    }
    let figures = repeat(clients, measured, {
        let (pool, sql) = (pool.clone(), Arc::new(Statements::new(rows)));
        move |id| {
            let (pool, sql) = (pool.clone(), Arc::clone(&sql));
            async move { report_on_postgres(&pool, &sql, rows, id).await }
        }
    })
    .await?;
    pool.close().await;
    Ok(figures)
}

/// Lets so many clients do a thing over and over, each time with a number nobody else has.
async fn repeat<A, F>(clients: u32, measured: Duration, act: A) -> Outcome<Figures>
where
    A: Fn(i64) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), sqlx::Error>> + Send,
{
    let next = Arc::new(AtomicU64::new(1));
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..clients {
        let (next, act) = (Arc::clone(&next), act.clone());
        running.spawn(async move {
            let mut latencies = Vec::new();
            while begin.elapsed() < measured {
                let started = Instant::now();
                act(i64::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(i64::MAX)).await?;
                latencies.push(u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, sqlx::Error>(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = running.join_next().await {
        all.extend(done??);
    }
    Ok(Figures::of(all, begin.elapsed().as_secs_f64()))
}
