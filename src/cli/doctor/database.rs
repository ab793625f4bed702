//! The doctor's look at the database: whether it answers, keeps what it acknowledges, is whole, is of this program, and what
//! waits in it.

use chrono::TimeDelta;
use strum::IntoEnumIterator;

use super::{Finding, State, fault, ok, warning};
use crate::app::{Fault, keys};
use crate::cli::backup::{self, Kind};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::id::Moment;
use crate::store::{Store, letters, sealed};

/// Apart by more than this, holds end at other times on one machine than on another.
const APART: TimeDelta = TimeDelta::seconds(2);
/// Nothing that was written lies further ahead than this.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// A daily backup is missed after this.
const BACKUP_AGE: TimeDelta = TimeDelta::hours(26);
/// What each connection to SQLite answers: of a disk that cannot keep a log beside the file the first says so.
const PRAGMAS: [(&str, &str); 5] = [
    ("PRAGMA journal_mode", "wal"),
    ("PRAGMA synchronous", "2"),
    ("PRAGMA foreign_keys", "1"),
    ("PRAGMA busy_timeout", "5000"),
    ("PRAGMA secure_delete", "1"),
];
const LETTER_AGE: TimeDelta = TimeDelta::minutes(15);

pub(super) async fn look(config: &Config, store: &Store) -> Vec<Finding> {
    let mut found = Vec::new();
    let troubled = |name, why: &dyn std::fmt::Display| fault(name, why.to_string(), "see the database's own log");
    match store.ping().await {
        Ok(()) => found.push(ok("database", format!("{} answers", Kind::of(config).name()))),
        Err(why) => return vec![troubled("database", &why)],
    }
    found.push(durability(store).await);
    let whole = migrations(store).await;
    let usable = whole.state != State::Fault;
    found.push(whole);
    match store.quick_fault().await {
        Ok(None) if store.is_sqlite() => found.push(ok("integrity", "every page is whole")),
        Ok(None) => {}
        Ok(Some(broken)) => found.push(fault(
            "integrity",
            broken,
            "stop the service and restore the newest backup (docs/OPERATIONS.md)",
        )),
        Err(why) => found.push(troubled("integrity", &why)),
    }
    if usable {
        found.push(clock(store).await.unwrap_or_else(|why| troubled("clock", &why)));
        found.push(
            seals(config, store)
                .await
                .unwrap_or_else(|why| troubled("sealed rows", &why)),
        );
        found.push(outbox(store).await.unwrap_or_else(|why| troubled("letters", &why)));
        found.push(last_backup(store).await.unwrap_or_else(|why| troubled("backup", &why)));
    }
    found
}

/// Whether what is committed is on the disk when it is acknowledged.
async fn durability(store: &Store) -> Finding {
    let mut loose = Vec::new();
    if store.is_sqlite() {
        for (sql, wanted) in PRAGMAS {
            match store.pragma(sql).await {
                Ok(answers) if answers.iter().all(|answer| answer == wanted) => {}
                Ok(answers) => loose.push(format!("{sql} = {}", answers.join(", "))),
                Err(why) => loose.push(why.to_string()),
            }
        }
    } else {
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            match store.setting(name).await {
                Ok(value) if value == "off" => loose.push(format!("{name} = off")),
                Ok(_) => {}
                Err(why) => loose.push(why.to_string()),
            }
        }
    }
    if loose.is_empty() {
        return ok("durability", "what is committed is on the disk");
    }
    fault(
        "durability",
        loose.join(", "),
        "turn it on: what was acknowledged can be lost at a power cut",
    )
}

async fn migrations(store: &Store) -> Finding {
    let applied = match store.applied_migrations().await {
        Ok(applied) => applied,
        Err(why) => return fault("migrations", why.to_string(), "see the database's own log"),
    };
    let unknown = Store::unknown(&applied);
    if !unknown.is_empty() {
        let says = format!("the database is of a newer Panoh: {}", unknown.join(", "));
        return fault("migrations", says, "run that version or a later one");
    }
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => ok("migrations", format!("all {} applied", applied.len())),
        Ok(pending) => fault(
            "migrations",
            format!("it lacks {}", pending.join(", ")),
            "back it up, then run `panoh migrate`",
        ),
        Err(why) => fault("migrations", why.to_string(), "see the database's own log"),
    }
}

async fn clock(store: &Store) -> Result<Finding, Fault> {
    let before = Clock::System.now();
    let theirs = store.clock().await?;
    let after = Clock::System.now();
    let apart = (before - theirs).max(theirs - after).max(TimeDelta::zero());
    let todo = "keep both machines by NTP (chrony, systemd-timesyncd)";
    if apart > APART {
        let says = format!("{} s apart from the database's", apart.num_seconds());
        return Ok(fault("clock", says, todo));
    }
    if let Some(newest) = store.newest().await?
        && newest > after + AHEAD
    {
        let says = format!("{after} is before the newest entry on record, {newest}");
        return Ok(fault(
            "clock",
            says,
            "set it right: reports would be taken for late ones",
        ));
    }
    Ok(ok("clock", format!("{after}, as the database's")))
}

async fn seals(config: &Config, store: &Store) -> Result<Finding, Fault> {
    let kept: Vec<String> = keys::names(&config.key_file()).unwrap_or_default();
    let (mut all, mut closed) = (0, 0);
    for place in sealed::Place::iter() {
        for (key, rows) in sealed::count(store, place).await? {
            all += rows;
            closed += if kept.contains(&key) { 0 } else { rows };
        }
    }
    Ok(match closed {
        0 => ok("sealed rows", format!("{all}, under keys that are in the key file")),
        _ => fault(
            "sealed rows",
            format!("{closed} of {all} are under a key that is not in the key file"),
            "bring back the key file of their time",
        ),
    })
}

async fn outbox(store: &Store) -> Result<Finding, Fault> {
    let unsent = letters::unsent(store).await?;
    let of = |state: &str| unsent.iter().find(|(name, ..)| name == state);
    let age = of("queued").map_or(TimeDelta::zero(), |(.., oldest)| Clock::System.now() - *oldest);
    let (waiting, dead) = (of("queued").map_or(0, |row| row.1), of("dead").map_or(0, |row| row.1));
    if age > LETTER_AGE {
        let says = format!("{waiting} wait, the oldest for {} minutes", age.num_minutes());
        return Ok(warning(
            "letters",
            says,
            "is the service running, and does the mail server take them? (`Troubles` in the app)",
        ));
    }
    if dead > 0 {
        return Ok(warning(
            "letters",
            format!("{dead} were given up"),
            "`Digests` in the app says which and why",
        ));
    }
    Ok(ok("letters", format!("{waiting} wait")))
}

async fn last_backup(store: &Store) -> Result<Finding, Fault> {
    const TODO: &str = "`panoh backup FOLDER` each day (ops/panoh-backup.timer)";
    let now: Moment = Clock::System.now();
    Ok(match backup::last(store).await? {
        None => warning("backup", "there was none", TODO),
        Some(at) if now - at > BACKUP_AGE => warning(
            "backup",
            format!("the last was {} hours ago", (now - at).num_hours()),
            TODO,
        ),
        Some(at) => ok("backup", format!("the last was at {at}")),
    })
}
