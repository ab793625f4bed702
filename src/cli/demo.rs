//! `panoh demo`: invented shelters, on loopback only.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tempfile::TempDir;
use uuid::Uuid;

use super::{say, say_json};
use crate::app::{self, Fault};
use crate::config::{Config, Rates, Secret, SmsGateway};
use crate::domain::accounts::{Role, User};
use crate::domain::demo::{Demo, PASSWORD};
use crate::domain::factors::SecondFactor;
use crate::services::Services;
use crate::services::texts::Inbound;

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
    /// A text message to the gateway, lacking `from`, `id` and `text`.
    sms_url: String,
}

#[derive(Serialize)]
struct Account {
    role: Role,
    email: String,
    password: &'static str,
    organisation: Option<String>,
    shelter_ids: Vec<Uuid>,
    /// The invented telephone that the account reports with.
    phone: Option<String>,
}

/// The demo's gateway, and what it proves itself with: no secret, for whoever reaches it is on this machine.
const GATEWAY: &str = "demo";
const SECRET: &str = "only-on-this-machine";
/// How many managers have a telephone.
const PHONES: usize = 9;
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
    // Its passwords are printed, and nobody but this machine reaches it.
    config.second_factor = SecondFactor::Off;
    let services = app::services(&config).await?;
    if config.sms_gateways.is_empty() {
        config.sms_gateways.push(gateway());
    }
    if !services.has_users().await? {
        seed(&services, &args).await?;
        connect_phones(&services).await?;
    }
    let mailer = app::mailer(&config.mail())?;
    let ready = Ready {
        url: config.public_url.clone(),
        accounts: accounts(&services).await?,
        mail_dir,
        sms_url: format!(
            "{}/api/v1/channels/sms?gateway={GATEWAY}&secret={SECRET}",
            config.public_url
        ),
    };
    let sms = app::gateways(&config)?;
    config.listen = address.to_string();
    // On loopback, for one person and for those who measure it.
    config.rates = Rates::none();
    let running = app::start(services, mailer, sms, &config)?;
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

/// A gateway that anybody on this machine can play, since a demo listens on loopback alone.
fn gateway() -> SmsGateway {
    let some = |text: &str| Some(text.to_owned());
    SmsGateway {
        name: GATEWAY.to_owned(),
        preset: None,
        secret: Some(Secret::new(SECRET)),
        message_id: some("form:id"),
        from: some("form:from"),
        text: some("form:text"),
        proof: some("query:secret"),
        reply: some("text"),
        numbers: vec!["+992000000000".to_owned()],
        send: None,
    }
}

async fn people(services: &Services) -> Result<Vec<User>, Fault> {
    let accounts = services.users().await?;
    Ok(accounts.into_iter().map(|account| account.user).collect())
}

/// The managers who have a telephone, each with its invented number.
async fn with_phones(services: &Services) -> Result<Vec<(User, String)>, Fault> {
    let mut managers = people(services).await?;
    managers.retain(|user| user.role == Role::Manager);
    managers.sort_by(|a, b| a.email.cmp(&b.email));
    let numbers = (1..=PHONES).map(|n| format!("+9920000000{n:02}"));
    Ok(managers.into_iter().zip(numbers).collect())
}

async fn connect_phones(services: &Services) -> Result<(), Fault> {
    for (user, number) in with_phones(services).await? {
        let made = services.add_phone_of(&user.email).await?;
        let code = Inbound {
            gateway: GATEWAY.to_owned(),
            message_id: made.id.to_string(),
            from: number,
            text: made.code,
        };
        services.take_text(&code).await?;
    }
    Ok(())
}

async fn accounts(services: &Services) -> Result<Vec<Account>, Fault> {
    let organisations = services.organisations().await?;
    let phones = with_phones(services).await?;
    let mut users = people(services).await?;
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
            phone: phones
                .iter()
                .find(|(owner, _)| owner.id == user.id)
                .map(|(_, number)| number.clone()),
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
    if let Some((account, number)) = ready.accounts.iter().find_map(|a| Some((a, a.phone.as_ref()?))) {
        say(&format!(
            "\n  A text message of {} (`=` says that nothing has changed):",
            account.email
        ))?;
        say(&format!(
            "  curl -d id=$RANDOM --data-urlencode from={number} --data-urlencode text== '{}'",
            ready.sms_url
        ))?;
    }
    say(&format!("\n  Letters are written to {}", ready.mail_dir.display()))?;
    say("  Stop with Ctrl+C.\n")
}
