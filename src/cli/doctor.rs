//! `panoh doctor`: one line for each thing that the service needs, with what to do about what is amiss. It makes and changes
//! nothing, and says nothing that may not be read aloud.

mod database;

use std::net::ToSocketAddrs;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use reqwest::Url;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::backup::{self, Kind};
use super::{postgres, say, say_json};
use crate::app::{self, Fault, keys};
use crate::config::Config;
use crate::domain::factors::SecondFactor;
use crate::machine;
use crate::store::copies;

#[derive(Args)]
pub struct DoctorArgs {
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// It serves, and somebody should look.
    Warning,
    /// It does not serve, or loses something.
    Fault,
}

#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: State,
    says: String,
    /// What to do, where something is to be done.
    todo: Option<String>,
}

fn ok(name: &'static str, says: impl Into<String>) -> Finding {
    let says = says.into();
    Finding {
        name,
        state: State::Ok,
        says,
        todo: None,
    }
}

fn warning(name: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Finding {
    let todo = Some(todo.into());
    Finding {
        state: State::Warning,
        todo,
        ..ok(name, says)
    }
}

fn fault(name: &'static str, says: impl Into<String>, todo: impl Into<String>) -> Finding {
    Finding {
        state: State::Fault,
        ..warning(name, says, todo)
    }
}

/// For whatever answers over a network.
const PATIENCE: Duration = Duration::from_secs(5);
/// Free room below which the disk is a worry, and a trouble.
const LITTLE: u64 = 2_000_000_000;
const NONE_LEFT: u64 = 200_000_000;
pub async fn run(args: &DoctorArgs, config: &Config) -> Result<(), Fault> {
    let found = look(config).await;
    if args.json {
        say_json(&found)?;
    } else {
        for row in &found {
            let mark = match row.state {
                State::Ok => "ok     ",
                State::Warning => "WARNING",
                State::Fault => "FAULT  ",
            };
            say(&format!("{mark} {:<14} {}", row.name, row.says))?;
            if let Some(todo) = &row.todo {
                say(&format!("{:22} -> {todo}", ""))?;
            }
        }
    }
    match found.iter().filter(|row| row.state == State::Fault).count() {
        0 => Ok(()),
        n => Err(format!("{n} faults").into()),
    }
}

async fn look(config: &Config) -> Vec<Finding> {
    let mut found = vec![settings(config), key_file(config)];
    match backup::open(config).await {
        Err(error) => found.push(fault(
            "database",
            error.to_string(),
            "start it, or mend database_url; `panoh serve` makes a new SQLite file",
        )),
        Ok(store) => {
            found.extend(database::look(config, &store).await);
            store.close().await;
        }
    }
    found.push(disk(config));
    found.push(zone(config));
    found.push(mail(config).await);
    found.push(address(config).await);
    if Kind::of(config) == Kind::Postgres && postgres::find("pg_dump").is_none() {
        let todo = "install PostgreSQL's client programs (Debian: postgresql-client)";
        found.push(warning(
            "pg_dump",
            "not on this machine: `panoh backup` cannot work",
            todo,
        ));
    }
    found
}

fn settings(config: &Config) -> Finding {
    let told = |why: Fault| fault("settings", why.to_string(), "mend it: `panoh serve` will not start");
    if let Err(why) = app::gateways(config) {
        return told(why);
    }
    if let Err(why) = config.listen.to_socket_addrs() {
        return told(format!("listen: {why}").into());
    }
    if config.second_factor == SecondFactor::Off {
        return warning(
            "settings",
            "second_factor is off",
            "turn it on before others than this machine are let in",
        );
    }
    if config.anchor_to.is_empty() {
        let todo = "name two people outside, so that nobody can change the record unseen";
        return warning("settings", "the audit's anchors go to nobody (anchor_to)", todo);
    }
    ok("settings", format!("listens on {}", config.listen))
}

fn key_file(config: &Config) -> Finding {
    let file = config.key_file();
    if !file.exists() {
        let todo = "`panoh serve` makes one for a new database; for one that is there bring back its own";
        return fault("key file", format!("{} is not there", file.display()), todo);
    }
    match keys::read(&file) {
        Ok(keys) => ok(
            "key file",
            format!("{}, {} keys, its owner's alone", file.display(), keys.len()),
        ),
        Err(why) => fault("key file", why.to_string(), "mend it: nothing sealed can be opened"),
    }
}

fn disk(config: &Config) -> Finding {
    let file = match Kind::of(config) {
        Kind::Sqlite => copies::sqlite_file(&config.database_url()).ok(),
        Kind::Postgres => None,
    };
    let size = file
        .as_deref()
        .and_then(|file| file.metadata().ok())
        .map_or(0, |file| file.len());
    let folder = file.as_deref().and_then(Path::parent).unwrap_or(&config.data_dir);
    let Some(free) = machine::free_bytes(folder) else {
        return warning(
            "disk",
            format!("{}: nobody says how much is free", folder.display()),
            "is the folder there, and `df`?",
        );
    };
    let says = format!("{} MB free in {}", free / 1_000_000, folder.display());
    let todo = "make room: without it nothing is taken, and the nightly purge writes the database anew";
    if free < NONE_LEFT {
        fault("disk", says, todo)
    } else if free < LITTLE || free < 2 * size {
        warning("disk", says, todo)
    } else {
        ok("disk", says)
    }
}

fn zone(config: &Config) -> Finding {
    match app::pack(config) {
        Ok(pack) => ok(
            "time zone",
            format!("{}, rules of {}", pack.time_zone, chrono_tz::IANA_TZDB_VERSION),
        ),
        Err(why) => fault("time zone", why.to_string(), "mend the country pack"),
    }
}

/// Only whether somebody answers there: no letter is begun.
async fn mail(config: &Config) -> Finding {
    let setting = config.mail();
    if let Some(folder) = setting.strip_prefix("folder:") {
        return warning(
            "mail",
            format!("letters are laid into {folder}"),
            "name a mail server (mail), or nobody reads them",
        );
    }
    let server = match app::mailer(&setting).and(app::mail_server(&setting)) {
        Ok(server) => server,
        Err(why) => return fault("mail", why.to_string(), "mend it: `panoh serve` will not start"),
    };
    let place = (server.host.as_str(), server.port());
    let says = format!("{}:{}", place.0, place.1);
    let todo = "letters wait until it answers: look at its name, its port and the firewall";
    match timeout(PATIENCE, TcpStream::connect(place)).await {
        Ok(Ok(_)) => ok("mail", format!("{says} answers")),
        Ok(Err(why)) => warning("mail", format!("{says}: {why}"), todo),
        Err(_) => warning(
            "mail",
            format!("{says} does not answer within {} s", PATIENCE.as_secs()),
            todo,
        ),
    }
}

/// The address in letters: of https, and known to the DNS.
async fn address(config: &Config) -> Finding {
    let base = &config.public_url;
    let Ok(url) = Url::parse(base) else {
        return fault(
            "public_url",
            format!("{base}: no address"),
            "such as https://panoh.example",
        );
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if loopback {
        return warning(
            "public_url",
            format!("{base} leads to this machine alone"),
            "the address by which people reach it",
        );
    }
    if url.scheme() != "https" {
        return fault(
            "public_url",
            format!("{base} is not https"),
            "put a proxy with TLS in front: browsers keep no session without",
        );
    }
    let found = timeout(PATIENCE, tokio::net::lookup_host((host.as_str(), port))).await;
    if found.is_ok_and(|found| found.is_ok_and(|mut all| all.next().is_some())) {
        return ok("public_url", format!("{base} is known to the DNS"));
    }
    let says = format!("{host} is not known to the DNS");
    warning("public_url", says, "links in letters lead nowhere")
}
