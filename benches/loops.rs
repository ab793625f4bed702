//! `make bench`: what the main work costs, beside the bare framework and the bare databases doing the same in the same
//! run on the same machine. Ratios are what counts; figures of two machines do not compare.
//!
//! `make bench ARGS="--shelters 50,500 --seconds 3 --json"`; `cargo bench --bench loops -- ranking` for the ranking alone,
//! `-- mail` for the letters, `-- telling` for whether the time of an answer tells who has an account.

#[path = "loops/bare.rs"]
mod bare;
#[path = "loops/jobs.rs"]
mod jobs;
#[path = "loops/load.rs"]
mod load;
#[path = "loops/mail.rs"]
mod mail;
#[path = "loops/measure.rs"]
mod measure;
#[expect(dead_code, reason = "shared with the integration tests, which use more of it")]
#[path = "../tests/it/harness/postgres.rs"]
mod postgres;
#[path = "loops/program.rs"]
mod program;
#[path = "loops/ranking.rs"]
mod ranking;
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "shared with the tests, which use more of it"
)]
#[path = "../tests/support/smtp.rs"]
mod smtp;
#[path = "loops/table.rs"]
mod table;
#[path = "loops/telling.rs"]
mod telling;
#[path = "loops/writes.rs"]
mod writes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use measure::Setting;
use program::Program;
use table::Table;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about = "Measures the main work beside its limits")]
struct Options {
    /// Only this.
    only: Option<Only>,
    /// Sizes of the country to measure at.
    #[arg(long, value_delimiter = ',', default_value = "50,500,5000")]
    shelters: Vec<u32>,
    /// How long each figure is measured, after a warm-up of a fifth of it.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    clients: u32,
    /// The comparisons alone, without the program.
    #[arg(long)]
    bare: bool,
    /// One JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// Passed by cargo; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Only {
    /// The ranking in memory, on one thread.
    Ranking,
    /// A thousand letters to a mail server.
    Mail,
    /// Whether the time of an answer tells who has an account.
    Telling,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(bare::SERVE) {
        let content_type = arguments.next().ok_or("no content type")?;
        let body = std::fs::read(arguments.next().ok_or("no file")?)?;
        return bare::serve(content_type, body.into());
    }
    let options = Options::parse();
    if let Some(Only::Ranking) = options.only {
        return ranking::run(&options.shelters, Duration::from_secs(options.seconds));
    }
    // One thread: the clients must not take both cores from the server they measure.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(options))
}

async fn run(options: Options) -> Outcome<()> {
    // Below target, not in /tmp, which may lie in memory, where a commit costs nothing.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder)?;
    let setting = Setting {
        clients: options.clients,
        measured: Duration::from_secs(options.seconds),
    };
    let mut table = Table::new(!options.json);
    if let Some(Only::Mail) = options.only {
        writes::make_durable()?;
        let dir = tempfile::tempdir_in(&folder)?;
        mail::thousand(dir.path(), &mut table).await?;
    } else if let Some(Only::Telling) = options.only {
        let dir = tempfile::tempdir_in(&folder)?;
        telling::whether_time_tells(dir.path(), &mut table).await?;
    } else if options.bare {
        let dir = tempfile::tempdir_in(&folder)?;
        measure::bare_alone(&setting, dir.path(), &mut table).await?;
    } else {
        for shelters in &options.shelters {
            let dir = tempfile::tempdir_in(&folder)?;
            at_size(&setting, *shelters, dir.path(), &mut table).await?;
        }
        let shelters = options.shelters.first().copied().unwrap_or(50);
        let dir = tempfile::tempdir_in(&folder)?;
        on_postgres(&setting, shelters, dir.path(), &mut table).await?;
        let dir = tempfile::tempdir_in(&folder)?;
        jobs::import(dir.path(), &mut table).await?;
        let dir = tempfile::tempdir_in(&folder)?;
        mail::thousand(dir.path(), &mut table).await?;
        let dir = tempfile::tempdir_in(&folder)?;
        telling::whether_time_tells(dir.path(), &mut table).await?;
        table.growth();
    }
    table.finish()
}

async fn at_size(setting: &Setting, shelters: u32, dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section(&format!("{shelters} shelters, SQLite"), shelters);
    let seeded = Program::start(dir, shelters, None)?.ready_after;
    table.cost("seeded and ready after", seeded.as_secs_f64(), "s");
    table.cost(
        "start to first answer",
        Program::first_answer_after(dir, shelters)?.as_secs_f64() * 1000.0,
        "ms",
    );
    let program = Program::start(dir, shelters, None)?;
    table.cost("memory at rest", program.memory_mb()?, "MB");
    measure::availability(setting, &program, dir, table).await?;
    measure::suggestions(setting, &program, dir, table).await?;
    jobs::digest(&program, table).await?;
    let rows = writes::reports(setting, &program, table).await?;
    let bare = bare::sqlite_reports(dir, rows, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare SQLite transaction", setting.clients, &bare);
    writes::holds(setting, &program, table).await?;
    let bare = bare::sqlite_reports(dir, writes::HOLD_ROWS, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare SQLite transaction", setting.clients, &bare);
    table.fact("memory afterwards", program.memory_mb()?, "MB");
    Ok(())
}

async fn on_postgres(setting: &Setting, shelters: u32, dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section(&format!("{shelters} shelters, PostgreSQL"), 0);
    writes::make_durable()?;
    let database = postgres::create_database();
    let program = Program::start(dir, shelters, Some(database.url()))?;
    let rows = writes::reports(setting, &program, table).await?;
    let empty = postgres::create_database();
    let bare = bare::postgres_reports(empty.url(), rows, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare PostgreSQL transaction", setting.clients, &bare);
    writes::holds(setting, &program, table).await?;
    let empty = postgres::create_database();
    let bare = bare::postgres_reports(empty.url(), writes::HOLD_ROWS, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare PostgreSQL transaction", setting.clients, &bare);
    Ok(())
}
