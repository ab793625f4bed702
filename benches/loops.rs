//! `make bench`: what the main work costs, beside the bare framework and the bare databases doing the same in the same
//! run on the same machine. Ratios are what counts; figures of two machines do not compare.
//!
//! `make bench ARGS="--shelters 50,500 --seconds 3 --json"`; `cargo bench --bench loops -- ranking` for the ranking alone,
//! `-- mail` for the letters, `-- telling` for whether the time of an answer tells who has an account, `-- day` for a whole
//! national day pressed into minutes, `-- page` for docs/PERFORMANCE.md from what was measured last.

#[path = "loops/bare.rs"]
mod bare;
#[path = "loops/contended.rs"]
mod contended;
#[path = "loops/day.rs"]
mod day;
#[path = "loops/jobs.rs"]
mod jobs;
#[path = "loops/kept.rs"]
mod kept;
#[path = "loops/load.rs"]
mod load;
#[path = "loops/mail.rs"]
mod mail;
#[path = "loops/measure.rs"]
mod measure;
#[path = "loops/page.rs"]
mod page;
#[path = "loops/plans.rs"]
mod plans;
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
    /// Sizes of the country to measure at; for the day the last of them counts.
    #[arg(long, value_delimiter = ',', default_value = "50,500,5000")]
    shelters: Vec<u32>,
    /// How long each figure is measured, after a warm-up of a fifth of it.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Clients at once.
    #[arg(long, default_value_t = 16)]
    clients: u32,
    /// How long the day takes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// The day on PostgreSQL; without it on SQLite.
    #[arg(long)]
    postgres: bool,
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
    /// A whole national day pressed into minutes.
    Day,
    /// Writes docs/PERFORMANCE.md from what was measured last.
    Page,
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(bare::SERVE) {
        let content_type = arguments.next().ok_or("no content type")?;
        let body = std::fs::read(arguments.next().ok_or("no file")?)?;
        return bare::serve(content_type, body.into());
    }
    let options = Options::parse();
    if let Some(Only::Page) = options.only {
        return page::write();
    }
    let circumstances = kept::circumstances()?;
    let mut table = Table::new(!options.json);
    // One thread: the clients must not take both cores from the server they measure.
    let measured = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(options, &mut table));
    // Also what was measured before something failed.
    table.finish(&circumstances)?;
    measured
}

async fn run(options: Options, table: &mut Table) -> Outcome<()> {
    // Below target, not in /tmp, which may lie in memory, where a commit costs nothing.
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder)?;
    let fresh = || tempfile::tempdir_in(&folder);
    let setting = Setting {
        clients: options.clients,
        measured: Duration::from_secs(options.seconds),
    };
    match options.only {
        Some(Only::Ranking) => ranking::run(&options.shelters, setting.measured, table),
        Some(Only::Mail) => {
            writes::make_durable()?;
            mail::thousand(fresh()?.path(), table).await
        }
        Some(Only::Telling) => telling::whether_time_tells(fresh()?.path(), table).await,
        Some(Only::Day) => {
            let wish = day::Wish {
                shelters: options.shelters.last().copied().unwrap_or(5000),
                minutes: options.minutes,
                postgres: options.postgres,
            };
            day::run(&wish, fresh()?.path(), table).await
        }
        Some(Only::Page) => page::write(),
        None if options.bare => measure::bare_alone(&setting, fresh()?.path(), table).await,
        None => {
            for shelters in &options.shelters {
                at_size(&setting, *shelters, fresh()?.path(), table).await?;
                on_postgres(&setting, *shelters, fresh()?.path(), table).await?;
            }
            table.growth();
            ranking::run(&options.shelters, setting.measured, table)?;
            jobs::import(fresh()?.path(), table).await?;
            plans::all(fresh()?.path(), table)?;
            mail::thousand(fresh()?.path(), table).await?;
            telling::whether_time_tells(fresh()?.path(), table).await
        }
    }
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
    table.section(&format!("{shelters} shelters, PostgreSQL"), shelters);
    writes::make_durable()?;
    let database = postgres::create_database();
    let program = Program::start(dir, shelters, Some(database.url()))?;
    table.cost("seeded and ready after", program.ready_after.as_secs_f64(), "s");
    writes::gather_statistics(database.url()).await?;
    let rows = writes::reports(setting, &program, table).await?;
    let empty = postgres::create_database();
    let bare = bare::postgres_reports(empty.url(), rows, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare PostgreSQL transaction", setting.clients, &bare);
    writes::holds(setting, &program, table).await?;
    let empty = postgres::create_database();
    let bare = bare::postgres_reports(empty.url(), writes::HOLD_ROWS, setting.clients, setting.measured).await?;
    table.beside("the same rows, bare PostgreSQL transaction", setting.clients, &bare);
    let empty = postgres::create_database();
    let update = contended::by_pgbench(empty.url(), dir, setting.clients, setting.measured).await?;
    table.beside("PostgreSQL's own conditional update, pgbench", setting.clients, &update);
    table.fact("memory afterwards", program.memory_mb()?, "MB");
    Ok(())
}
