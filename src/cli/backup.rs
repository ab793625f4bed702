//! `panoh backup`: one file with all of the database as it stood at one moment, made while others go on. The key is not in
//! it: whoever finds the file finds no address.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::{postgres, say, say_json};
use crate::app::Fault;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::id::Moment;
use crate::store::{Store, StoreError, copies, instance};

/// Under which name the database keeps when it was last backed up.
const LAST: &str = "backup";

#[derive(Args)]
pub struct BackupArgs {
    /// A file that is not there yet; or a folder, in which one is named after the moment
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Keep only so many of the folder's backups, the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    #[arg(long)]
    json: bool,
}

/// What a backup is of, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub fn of(config: &Config) -> Self {
        match config.database_url().starts_with("sqlite:") {
            true => Self::Sqlite,
            false => Self::Postgres,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Sqlite => "db",
            Self::Postgres => "dump",
        }
    }
}

#[derive(Serialize)]
struct Made {
    file: PathBuf,
    bytes: u64,
    database: &'static str,
    removed: Vec<PathBuf>,
    /// What is not in it, and has to be kept elsewhere.
    key_file: PathBuf,
}

pub async fn run(args: BackupArgs, config: &Config) -> Result<(), Fault> {
    let (kind, now) = (Kind::of(config), Clock::System.now());
    let (folder, file) = place(&args, kind, now)?;
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
    // Written beside its place, and there only when it is whole; readable by its owner alone.
    let fresh = NamedTempFile::new_in(&folder).map_err(|e| told(&e))?;
    match kind {
        Kind::Sqlite => copy(config, fresh.path()).await,
        Kind::Postgres => dump(config, fresh.path()).await,
    }?;
    fresh.as_file().sync_all().map_err(|e| told(&e))?;
    fresh.persist_noclobber(&file).map_err(|e| told(&e.error))?;
    fs::File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| told(&e))?;
    if let Err(error) = note(config, now).await {
        tracing::warn!(%error, "the backup is made, and the database could not take note of it");
    }
    let removed = match args.keep {
        Some(keep) => thin_out(&folder, kind, usize::from(keep))?,
        None => Vec::new(),
    };
    let bytes = fs::metadata(&file).map_err(|e| told(&e))?.len();
    let key_file = config.key_file();
    let made = Made {
        file,
        bytes,
        database: kind.name(),
        removed,
        key_file,
    };
    if args.json {
        return say_json(&made);
    }
    say(&format!(
        "{}: {} kB of {}",
        made.file.display(),
        made.bytes.div_ceil(1000),
        made.database
    ))?;
    for gone in &made.removed {
        say(&format!("removed {}", gone.display()))?;
    }
    say(&format!(
        "The key is not in it. Without {} nobody opens addresses, telephones and second factors: keep a copy of it elsewhere than the backups.",
        made.key_file.display()
    ))
}

/// When the database was last backed up, as it says itself.
pub async fn last(store: &Store) -> Result<Option<Moment>, StoreError> {
    let kept = instance::get(store, LAST).await?;
    Ok(kept.and_then(|text| text.parse().ok()))
}

/// The folder and the file in it that the backup is to be.
fn place(args: &BackupArgs, kind: Kind, now: Moment) -> Result<(PathBuf, PathBuf), Fault> {
    if args.to.is_dir() {
        let name = format!("panoh-{}.{}", now.format("%Y%m%dT%H%M%SZ"), kind.ending());
        return Ok((args.to.clone(), args.to.join(name)));
    }
    if args.keep.is_some() {
        return Err(format!("--keep is for a folder, and {} is none", args.to.display()).into());
    }
    if args.to.exists() {
        return Err(format!(
            "{} is there already: name a file that is not, or a folder",
            args.to.display()
        )
        .into());
    }
    let parent = args.to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new(".")).to_owned();
    if !folder.is_dir() {
        return Err(format!("{}: there is no such folder", folder.display()).into());
    }
    Ok((folder, args.to.clone()))
}

/// The database as it is: nothing is migrated, made or removed.
pub async fn open(config: &Config) -> Result<Store, Fault> {
    let url = config.database_url();
    if Kind::of(config) == Kind::Sqlite {
        let file = copies::sqlite_file(&url)?;
        if !file.is_file() {
            return Err(format!("{}: there is no database", file.display()).into());
        }
    }
    Ok(Store::connect(&url).await?)
}

async fn copy(config: &Config, to: &Path) -> Result<(), Fault> {
    let store = open(config).await?;
    store.copy_into(to).await?;
    store.close().await;
    match copies::fault_of_file(to).await? {
        None => Ok(()),
        Some(fault) => Err(format!("the copy is not sound, so neither may be the database: {fault}").into()),
    }
}

async fn dump(config: &Config, to: &Path) -> Result<(), Fault> {
    let address = postgres::Address::of(&config.database_url())?;
    let path = to.to_str().ok_or("not a path in UTF-8")?;
    let (file, aside) = (
        format!("--file={path}"),
        format!("--exclude-schema={}*", copies::SET_ASIDE),
    );
    let arguments = [
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        &aside,
        &file,
    ];
    postgres::run("pg_dump", Some(&address), &arguments).await?;
    // A dump whose list can be read was written to its end.
    postgres::run("pg_restore", None, &["--list", path]).await.map(drop)
}

async fn note(config: &Config, now: Moment) -> Result<(), StoreError> {
    let store = Store::connect(&config.database_url()).await?;
    let tx = store.begin().await?;
    instance::put(&tx, LAST, &now.to_rfc3339()).await?;
    tx.commit().await?;
    store.close().await;
    Ok(())
}

/// Removes the folder's older backups of this kind.
fn thin_out(folder: &Path, kind: Kind, keep: usize) -> Result<Vec<PathBuf>, Fault> {
    let mut backups: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_ours(path, kind))
        .collect();
    // Named after their moments: the order of names is theirs.
    backups.sort();
    backups.truncate(backups.len().saturating_sub(keep));
    for old in &backups {
        fs::remove_file(old).map_err(|e| format!("{}: {e}", old.display()))?;
    }
    Ok(backups)
}

/// Whether a file is called as we call backups: nothing else is removed.
fn is_ours(path: &Path, kind: Kind) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let moment = name
        .strip_prefix("panoh-")
        .and_then(|rest| rest.strip_suffix(kind.ending()))
        .and_then(|rest| rest.strip_suffix("Z."));
    moment.is_some_and(|moment| {
        moment.len() == 15
            && moment
                .chars()
                .enumerate()
                .all(|(at, c)| if at == 8 { c == 'T' } else { c.is_ascii_digit() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_older_backups_go() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "panoh-20261101T000000Z.db",
            "panoh-20261102T000000Z.db",
            "panoh-20261103T000000Z.db",
            "panoh-20261101T000000Z.dump",
            "panoh.db",
            "panoh-before-the-move.db",
            "notes.txt",
        ];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let removed = thin_out(folder.path(), Kind::Sqlite, 2).unwrap();
        assert_eq!(removed, [folder.path().join(names[0])]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), names.len() - 1);
        assert!(thin_out(folder.path(), Kind::Sqlite, 2).unwrap().is_empty());
    }
}
