//! The command line. Answers go to standard output, what happens to standard error; status 0 only on success.

mod backup;
mod demo;
mod doctor;
mod evaluate;
mod evaluate_forecast;
mod evaluate_names;
mod evaluate_use;
mod import;
mod key;
pub mod logging;
mod look;
mod manage;
mod plan;
mod plan_transfers;
mod postgres;
mod purge;
mod restore;
mod simulate;
mod sms;
mod token;
mod transfers_bench;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::app::{self, Fault};
use crate::config::{Config, Secret};

#[derive(Parser)]
#[command(
    name = "panoh",
    version,
    about = "Coordination of shelter beds and supplies for women and children fleeing violence"
)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command takes; they win over the environment and the file.
#[derive(Args)]
struct Settings {
    /// Configuration file (TOML)
    #[arg(long, global = true, env = "PANOH_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://…`
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Folder of the database, the key and the letters
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, the web app and the jobs
    Serve {
        /// Address and port, such as 127.0.0.1:8080
        #[arg(long)]
        listen: Option<String>,
    },
    /// Serve invented shelters on loopback, with a sign-in for each role
    Demo(demo::DemoArgs),
    /// Bring the database's tables up to date
    Migrate,
    /// Copy the whole database into one file while others use it; the key is not in it
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database; the service must not run
    Restore(restore::RestoreArgs),
    /// Look whether everything that the service needs is as it should be
    Doctor(doctor::DoctorArgs),
    /// Check every invariant over the stored data
    Check {
        #[arg(long)]
        json: bool,
    },
    /// Accounts
    #[command(subcommand)]
    User(manage::UserCommand),
    /// Tokens by which programs act
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Sessions
    #[command(subcommand)]
    Sessions(manage::SessionsCommand),
    /// Read tables from elsewhere
    Import(import::ImportArgs),
    /// Score a model on real data; nothing is stored
    #[command(subcommand)]
    Evaluate(evaluate::EvaluateCommand),
    /// Digests
    #[command(subcommand)]
    Digest(look::DigestCommand),
    /// Places for many households at once
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// National and regional totals as they were known at a moment
    Availability(look::AvailabilityArgs),
    /// The key that seals confidential fields
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Remove what was kept for as long as it may be
    Purge(purge::PurgeArgs),
    /// The audit chain
    #[command(subcommand)]
    Audit(look::AuditCommand),
    /// Compare ways of finding a place on the same invented days
    Simulate(simulate::SimulateArgs),
    /// Try a text message: what it would do and what is answered
    Sms(sms::SmsArgs),
    /// Print the OpenAPI document
    Openapi,
}

/// How often a new start is named.
const RENEWAL: Duration = Duration::from_secs(3600);

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match cli.settings.read() {
        Ok(config) => config,
        Err(fault) => return failed(&fault),
    };
    start_log(&config);
    let done = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli.command, config)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => failed(&fault),
    }
}

impl Settings {
    fn read(&self) -> Result<Config, Fault> {
        let mut config = Config::read(self.config.as_deref(), std::env::vars())?;
        if let Some(folder) = &self.data_dir {
            config.data_dir.clone_from(folder);
        }
        if let Some(url) = &self.database {
            config.database_url = Some(Secret::new(url));
        }
        Ok(config)
    }
}

async fn run(command: Command, mut config: Config) -> Result<(), Fault> {
    match command {
        Command::Serve { listen } => {
            if let Some(listen) = listen {
                config.listen = listen;
            }
            serve(&config).await
        }
        Command::Demo(args) => demo::run(args, config).await,
        Command::Migrate => {
            let store = crate::store::Store::connect(&config.database_url()).await?;
            let pending = store.pending_migrations().await?;
            store.migrate().await?;
            say(&format!("applied {}", pending.len()))
        }
        Command::Backup(args) => backup::run(args, &config).await,
        Command::Restore(args) => restore::run(args, &config).await,
        Command::Doctor(args) => doctor::run(&args, &config).await,
        Command::Check { json } => look::check(&app::services(&config).await?, json).await,
        Command::User(command) => manage::user(command, &app::services(&config).await?).await,
        Command::Token(command) => token::run(command, &app::services(&config).await?).await,
        Command::Sessions(command) => manage::sessions(command, &app::services(&config).await?).await,
        Command::Import(command) => Ok(import::run(&app::services(&config).await?, command).await?),
        Command::Evaluate(command) => Ok(evaluate::run(command)?),
        Command::Digest(command) => look::digest(command, &config).await,
        Command::Plan(command) => plan::run(command, &config).await,
        Command::Availability(args) => look::availability(args, &app::services(&config).await?).await,
        Command::Key(command) => key::run(command, &config).await,
        Command::Purge(args) => purge::run(args, &app::services(&config).await?).await,
        Command::Audit(command) => look::audit(command, &app::services(&config).await?).await,
        Command::Simulate(args) => simulate::run(&args, &config),
        Command::Sms(args) => sms::run(args, &app::services(&config).await?).await,
        Command::Openapi => write(crate::http::docs::openapi().as_bytes()),
    }
}

async fn serve(config: &Config) -> Result<(), Fault> {
    let services = app::services(config).await?;
    let epoch = app::Epoch::begin(&services, config).await?;
    let mailer = app::mailer(&config.mail())?;
    let sms = app::gateways(config)?;
    let mut running = app::start(services.clone(), mailer, sms, config)?;
    if let Some(listen) = &config.metrics_listen {
        running = running.with_metrics(&services, listen)?;
    }
    tracing::info!(address = %running.address, metrics = ?running.metrics_address(), "serving");
    if let Some(link) = services.first_link().await? {
        say(&format!("First administrator: {link}"))?;
    }
    let Some(epoch) = epoch else {
        return running.until_told().await;
    };
    tokio::select! {
        done = running.until_told() => done?,
        () = renew_hourly(&epoch) => {}
    }
    // What is copied from a service at rest is told from what was copied while it ran.
    epoch.renew().await
}

/// Never ends.
async fn renew_hourly(epoch: &app::Epoch) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        if let Err(fault) = epoch.renew().await {
            tracing::error!(%fault, "no new start was named; it comes again");
        }
    }
}

fn start_log(config: &Config) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| logging::OneLine::to(std::io::stderr()));
    let started = if config.log_format == "json" {
        log.json().try_init()
    } else {
        log.try_init()
    };
    // A log that somebody else has started is a log too.
    drop(started);
}

fn failed(fault: &Fault) -> ExitCode {
    let line = format!("panoh: {fault}\n");
    drop(std::io::stderr().write_all(line.as_bytes()));
    ExitCode::FAILURE
}

/// One line to standard output.
fn say(line: &str) -> Result<(), Fault> {
    write(format!("{line}\n").as_bytes())
}

fn write(bytes: &[u8]) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// One JSON document to standard output.
fn say_json(value: &impl Serialize) -> Result<(), Fault> {
    say(&serde_json::to_string(value)?)
}
