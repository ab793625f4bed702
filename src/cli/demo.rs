//! `panoh demo`: invented shelters, on loopback only.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tempfile::TempDir;
use uuid::Uuid;

use super::{say, say_json};
use crate::app::{self, Fault};
use crate::config::{Config, Secret};
use crate::domain::accounts::Role;
use crate::domain::demo::{Demo, PASSWORD};
use crate::services::Services;

#[derive(Args)]
pub struct DemoArgs {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder to keep the demo in; without it a temporary one that goes when the demo stops
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How many shelters to invent
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    shelters: u32,
    /// The same seed invents the same country
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON line when ready
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Ready {
    url: String,
    accounts: Vec<Account>,
    mail_dir: PathBuf,
}

#[derive(Serialize)]
struct Account {
    role: Role,
    email: String,
    password: &'static str,
    organisation: Option<String>,
    shelter_ids: Vec<Uuid>,
}

/// Most accounts printed; a large demo has thousands of managers.
const MOST_ACCOUNTS: usize = 60;

pub async fn run(args: DemoArgs, mut config: Config) -> Result<(), Fault> {
    let temporary = match &args.dir {
        Some(_) => None,
        None => Some(TempDir::with_prefix("panoh-demo-")?),
    };
    let folder = match (&args.dir, &temporary) {
        (Some(folder), _) => std::path::absolute(folder)?,
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => return Err("no folder".into()),
    };
    std::fs::create_dir_all(&folder)?;
    if config.database_url.is_none() {
        config.database_url = Some(Secret::new(format!("sqlite:{}", folder.join("panoh.db").display())));
    }
    config.key_file = Some(folder.join("panoh.key"));
    let mail_dir = folder.join("mail");
    config.mail = Some(Secret::new(format!("folder:{}", mail_dir.display())));
    crate::store::Store::connect(&config.database_url())
        .await?
        .migrate()
        .await?;
    // Bound first, so that letters carry the address people will open.
    let listener =
        std::net::TcpListener::bind(("127.0.0.1", args.port)).map_err(|e| format!("port {}: {e}", args.port))?;
    let address = listener.local_addr()?;
    drop(listener);
    config.public_url = format!("http://{address}");
    let services = app::services(&config).await?;
    if !services.has_users().await? {
        seed(&services, &args).await?;
    }
    let mailer = app::mailer(&config.mail())?;
    let ready = Ready {
        url: config.public_url.clone(),
        accounts: accounts(&services).await?,
        mail_dir,
    };
    let running = app::start(services, mailer, &address.to_string(), config.workers)?;
    tell(&ready, args.json)?;
    running.until_told().await
}

async fn seed(services: &Services, args: &DemoArgs) -> Result<(), Fault> {
    let plan: Demo = services.demo_plan(args.seed, usize::try_from(args.shelters)?)?;
    let bar = ProgressBar::new(u64::from(args.shelters)).with_style(ProgressStyle::with_template(
        "inventing shelters {bar:30} {pos}/{len} {eta}",
    )?);
    services
        .seed_demo(&plan, |done| bar.set_position(u64::try_from(done).unwrap_or(0)))
        .await?;
    bar.finish_and_clear();
    Ok(())
}

async fn accounts(services: &Services) -> Result<Vec<Account>, Fault> {
    let organisations = services.organisations().await?;
    let mut users = services.users().await?;
    users.sort_by_key(|user| (std::cmp::Reverse(user.role), user.email.clone()));
    Ok(users
        .into_iter()
        .take(MOST_ACCOUNTS)
        .map(|user| Account {
            role: user.role,
            organisation: organisations
                .iter()
                .find(|row| Some(row.id) == user.organisation_id)
                .map(|row| row.name.clone()),
            email: user.email,
            password: PASSWORD,
            shelter_ids: user.shelters.iter().map(|id| id.0).collect(),
        })
        .collect())
}

fn tell(ready: &Ready, json: bool) -> Result<(), Fault> {
    if json {
        return say_json(ready);
    }
    say(&format!("\n  Panoh, a demo with invented shelters: {}\n", ready.url))?;
    say(&format!("  Password of every account: {PASSWORD}\n"))?;
    let mut shown = Vec::new();
    for account in &ready.accounts {
        let of_role = shown.iter().filter(|role| **role == account.role).count();
        if of_role < 2 {
            shown.push(account.role);
            let place = account.organisation.as_deref().unwrap_or("");
            say(&format!(
                "  {:<10} {:<34} {place}",
                account.role.to_string(),
                account.email
            ))?;
        }
    }
    say(&format!("\n  Letters are written to {}", ready.mail_dir.display()))?;
    say("  Stop with Ctrl+C.\n")
}
