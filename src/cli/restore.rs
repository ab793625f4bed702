//! `panoh restore`: a backup is looked through where it harms nobody, made to forget what must not come back to life, and
//! only then put in the database's place. What stood there is set aside, never removed.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::backup::Kind;
use super::{postgres, say, say_json};
use crate::app::{self, Fault};
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::store::{Store, copies};

#[derive(Args)]
pub struct RestoreArgs {
    /// A file that `panoh backup` made
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Put it in the place of a database that is there, which is set aside
    #[arg(long)]
    force: bool,
    /// The key of its time is lost for good: restore it although some rows cannot be opened
    #[arg(long)]
    lost_key: bool,
    #[arg(long)]
    json: bool,
}

/// What was found and done.
#[derive(Serialize)]
struct Restored {
    database: &'static str,
    /// Migrations that it lacked.
    migrated: usize,
    /// Rows that are sealed, and how many of them no key opens.
    sealed: usize,
    closed: usize,
    /// Sessions, links, challenges and waiting letters.
    ended: u64,
    /// Names of the checks that something breaks.
    broken: Vec<&'static str>,
    /// What stood in its place.
    set_aside: Option<String>,
}

pub async fn run(args: RestoreArgs, config: &Config) -> Result<(), Fault> {
    let (found, configured) = (kind_of(&args.from)?, Kind::of(config));
    if found != configured {
        return Err(format!(
            "{}: a backup of {}, and the configured database is {}",
            args.from.display(),
            found.name(),
            configured.name()
        )
        .into());
    }
    let key_file = config.key_file();
    if !key_file.is_file() {
        return Err(format!(
            "{}: the key file is not there, and is not in the backup: bring it back to its place first",
            key_file.display()
        )
        .into());
    }
    let restored = match found {
        Kind::Sqlite => file(&args, config).await,
        Kind::Postgres => dump(&args, config).await,
    }?;
    tell(&args, &restored)
}

fn tell(args: &RestoreArgs, restored: &Restored) -> Result<(), Fault> {
    if args.json {
        return say_json(restored);
    }
    say(&format!(
        "restored {}: {} migrations applied, {} of {} sealed rows open",
        args.from.display(),
        restored.migrated,
        restored.sealed - restored.closed,
        restored.sealed
    ))?;
    say(&format!(
        "{} sessions, links and waiting letters were ended; digests whose hour has passed are not made again (send them by hand)",
        restored.ended
    ))?;
    if !restored.broken.is_empty() {
        say(&format!(
            "broken in it as in what it was made of: {}; see `panoh check`",
            restored.broken.join(", ")
        ))?;
    }
    match &restored.set_aside {
        Some(name) => say(&format!(
            "what stood there before is kept as {name}: remove it when all is well"
        )),
        None => Ok(()),
    }
}

/// What a file is a backup of.
fn kind_of(file: &Path) -> Result<Kind, Fault> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    let mut head = Vec::new();
    let opened = File::open(file).map_err(|e| told(&e))?;
    opened.take(16).read_to_end(&mut head).map_err(|e| told(&e))?;
    match head.as_slice() {
        b"SQLite format 3\0" => Ok(Kind::Sqlite),
        head if head.starts_with(b"PGDMP") => Ok(Kind::Postgres),
        _ => Err(told(&"neither a database of SQLite nor a dump of PostgreSQL: no backup of ours").into()),
    }
}

/// Looks through a database that was brought back, and lets it forget what must not come back to life.
async fn settle(config: &Config, lost_key: bool) -> Result<Restored, Fault> {
    let store = Store::connect(&config.database_url()).await?;
    let applied = store.applied_migrations().await?;
    if applied.is_empty() {
        return Err("the backup holds no database of Panoh".into());
    }
    let unknown = Store::unknown(&applied);
    if !unknown.is_empty() {
        return Err(format!(
            "the backup is of a newer Panoh (it has {}): restore it with that version or a later one",
            unknown.join(", ")
        )
        .into());
    }
    let migrated = store.pending_migrations().await?.len();
    store.migrate().await?;
    store.close().await;
    let services = app::services(config).await?;
    let (sealed, closed) = services.closed_rows().await?;
    if closed > 0 && !lost_key {
        services.store.close().await;
        return Err(format!(
            "{closed} of {sealed} sealed rows do not open with {}: bring the key file of that time, or say --lost-key",
            config.key_file().display()
        )
        .into());
    }
    let checks = services.check().await?;
    let ended = services.settle_restored().await?;
    services.store.close().await;
    Ok(Restored {
        database: Kind::of(config).name(),
        migrated,
        sealed,
        closed,
        ended,
        broken: checks.iter().filter(|row| row.broken > 0).map(|row| row.name).collect(),
        set_aside: None,
    })
}

/// A file of SQLite: copied beside the database's place, settled there, and moved into it in one step.
async fn file(args: &RestoreArgs, config: &Config) -> Result<Restored, Fault> {
    let place = copies::sqlite_file(&config.database_url())?;
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", place.display());
    if place.exists() && !args.force {
        return Err(told(&"there is a database already: say --force to set it aside").into());
    }
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new(".")).to_owned();
    fs::create_dir_all(&folder).map_err(|e| told(&e))?;
    if let Some(fault) = copies::fault_of_file(&args.from).await? {
        return Err(format!("{}: damaged: {fault}", args.from.display()).into());
    }
    // On the same disk, so that it moves in one step; it goes with whatever fails.
    let beside = tempfile::Builder::new().prefix(".panoh-restore-").tempdir_in(&folder);
    let beside = beside.map_err(|e| told(&e))?;
    let copy = beside.path().join("panoh.db");
    fs::copy(&args.from, &copy).map_err(|e| told(&e))?;
    let there = Config {
        database_url: Some(Secret::new(format!("sqlite:{}", copy.display()))),
        ..config.clone()
    };
    let mut restored = settle(&there, args.lost_key).await?;
    if !copies::fold_up(&copy).await? {
        return Err(told(&"the restored copy is still in use").into());
    }
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).map_err(|e| told(&e))?;
    let owner = fs::metadata(&folder).map_err(|e| told(&e))?;
    // As root it is made for whoever owns the folder; others own both.
    if let Err(error) = chown(&copy, Some(owner.uid()), Some(owner.gid())) {
        tracing::debug!(%error, "the owner stays");
    }
    File::open(&copy)
        .and_then(|copy| copy.sync_all())
        .map_err(|e| told(&e))?;
    restored.set_aside = set_aside(&place).await?;
    fs::rename(&copy, &place).map_err(|e| told(&e))?;
    File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| told(&e))?;
    Ok(restored)
}

/// Gives the database that is there a second name. Under its first it goes on being there until another takes its place.
async fn set_aside(place: &Path) -> Result<Option<String>, Fault> {
    if !place.exists() {
        return Ok(None);
    }
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", place.display());
    match copies::fold_up(place).await {
        Ok(true) => {}
        Ok(false) => return Err(told(&"somebody has this database open: stop the service first").into()),
        Err(error) => tracing::warn!(%error, "the database that is there is not sound; it is set aside as it is"),
    }
    let stamp = Clock::System.now().format("%Y%m%dT%H%M%SZ");
    let aside = PathBuf::from(format!("{}.before-{stamp}", place.display()));
    fs::hard_link(place, &aside).map_err(|e| told(&e))?;
    // Of a damaged one the log may be left: it belongs to it, and must not be taken for the new one's.
    for ending in ["-wal", "-shm", "-journal"] {
        let (from, to) = (
            format!("{}{ending}", place.display()),
            format!("{}{ending}", aside.display()),
        );
        if Path::new(&from).exists() {
            fs::rename(&from, &to).map_err(|e| told(&e))?;
        }
    }
    Ok(Some(aside.display().to_string()))
}

/// A dump of PostgreSQL: what is there is set aside within the database, and put back if anything fails.
async fn dump(args: &RestoreArgs, config: &Config) -> Result<Restored, Fault> {
    let url = config.database_url();
    let address = postgres::Address::of(&url)?;
    let from = args.from.to_str().ok_or("not a path in UTF-8")?;
    // Before anything is touched: the dump can be read, and the program for it is there.
    let list = postgres::run("pg_restore", None, &["--list", from]).await?;
    if !list.contains("seaql_migrations") {
        return Err(format!("{from}: the backup holds no database of Panoh").into());
    }
    let others = copies::others(&url).await?;
    let store = Store::connect(&url).await?;
    let tables = store.tables().await?;
    if tables > 0 && !args.force {
        return Err(format!(
            "{}: there are {tables} tables already: say --force to set them aside",
            address.place()
        )
        .into());
    }
    if others > 0 {
        return Err(format!(
            "{}: {others} others are connected to this database: stop the nodes first",
            address.place()
        )
        .into());
    }
    let stamp = Clock::System.now().format("%Y%m%dt%H%M%S");
    let aside = format!("{}{stamp}", copies::SET_ASIDE);
    store.set_aside(&aside).await?;
    tracing::info!(schema = aside, "what stood there is set aside");
    let arguments = [
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        from,
    ];
    let done = match postgres::run("pg_restore", Some(&address), &arguments).await {
        Ok(_) => settle(config, args.lost_key).await,
        Err(fault) => Err(fault),
    };
    let kept = match (&done, tables) {
        // Nothing worth keeping stood there.
        (Ok(_), 0) => store.forget_aside(&aside).await.map(|()| None),
        (Ok(_), _) => Ok(Some(format!("schema {aside}"))),
        (Err(_), _) => store.put_back(&aside).await.map(|()| None),
    };
    store.close().await;
    match (done, kept) {
        (Ok(restored), Ok(set_aside)) => Ok(Restored { set_aside, ..restored }),
        (Err(fault), Ok(_)) => Err(fault),
        (done, Err(error)) => {
            let why = done
                .err()
                .map_or_else(String::new, |fault| format!(" (after: {fault})"));
            Err(format!("schema {aside} could not be put back, {error}{why}: rename it to public by hand").into())
        }
    }
}
