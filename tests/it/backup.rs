//! DUR-4: a backup made while others write is whole wherever it is restored, and brings nothing back to life; whatever
//! stands in the way of a restore leaves everything as it was.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chrono::{Duration, NaiveTime};
use futures::future::join_all;
use panoh::clock::Clock;
use panoh::domain::outbox::Recipient;
use panoh::services::schedules::ScheduleDraft;
use panoh::store::Store;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::checks::Raw;
use crate::digests::stage::{admin, sql_at};
use crate::harness::country::Country;
use crate::harness::readers::{active_reader, add_schedule};
use crate::harness::{Database, Doorway, Harness, on_both, postgres};
use crate::races::assert_sound;

/// The program on a database, with a folder for everything else.
pub fn program(url: &str, dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("PANOH_DATABASE_URL", url)
        .env("PANOH_DATA_DIR", dir)
        .env("PANOH_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What it says: its answer, or its complaint.
pub fn told(mut command: Command) -> Result<String, String> {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// A folder with the key of the harness in it.
pub fn folder_with_key() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    lay_key(folder.path(), 7);
    folder
}

pub fn lay_key(folder: &Path, byte: u8) {
    let file = folder.join("panoh.key");
    std::fs::write(&file, hex::encode([byte; 32])).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Somewhere else: nothing is there yet.
struct Elsewhere {
    folder: TempDir,
    url: String,
    _postgres: Option<postgres::PrivateDatabase>,
}

impl Elsewhere {
    fn new(database: Database) -> Self {
        let folder = folder_with_key();
        let postgres = (database == Database::Postgres).then(postgres::create_database);
        let url = match &postgres {
            Some(made) => made.url().to_owned(),
            None => format!("sqlite:{}", folder.path().join("panoh.db").display()),
        };
        Self {
            folder,
            url,
            _postgres: postgres,
        }
    }

    fn restore(&self, from: &Path, more: &[&str]) -> Result<Value, String> {
        let arguments = [&["restore", from.to_str().unwrap(), "--json"], more].concat();
        let said = told(program(&self.url, self.folder.path(), &arguments))?;
        Ok(serde_json::from_str(&said).unwrap())
    }

    async fn counts(&self) -> BTreeMap<String, i64> {
        counts(&self.url).await
    }
}

/// Rows of every table.
async fn counts(url: &str) -> BTreeMap<String, i64> {
    let tables = match url.starts_with("postgres:") {
        true => "SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = 'public'",
        false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    };
    let tables = sql_at(url, tables).await;
    let count = |row: &Vec<String>| format!("SELECT '{0}', CAST(COUNT(*) AS text) FROM \"{0}\"", row[0]);
    let all: Vec<String> = tables.iter().map(count).collect();
    let rows = sql_at(url, &all.join(" UNION ALL ")).await;
    rows.into_iter()
        .map(|row| (row[0].clone(), row[1].parse().unwrap()))
        .collect()
}

/// A country with something sealed and something reported, by the machine's own clock: that is the program's.
async fn country(h: &Harness) -> Country {
    h.clock.set(Clock::System.now() - Duration::days(2));
    let country = h.country().await;
    h.report_all_empty(&country).await;
    let contact = json!({"address": "Kuchai Rudaki 1", "contact_name": "Zarina", "contact_phone": "+992 900 00 00 00",
        "meeting_point": "by the fountain"});
    country
        .manager
        .put(&country.path("/confidential"), &contact)
        .await
        .expect(204);
    country
}

fn backup(h: &Harness, folder: &Path) -> PathBuf {
    let said = told(program(
        &h.database_url,
        h.dir.path(),
        &["backup", folder.to_str().unwrap(), "--json"],
    ))
    .unwrap();
    let made: Value = serde_json::from_str(&said).unwrap();
    let file = PathBuf::from(made["file"].as_str().unwrap());
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "its owner's alone");
    assert!(made["key_file"].as_str().unwrap().ends_with("panoh.key"));
    file
}

on_both! {
    async fn made_while_others_write_it_is_whole_elsewhere(h: Harness) {
        let c = country(&h).await;
        lay_key(h.dir.path(), 7);
        h.clock.set(Clock::System.now());
        let kept = tempfile::tempdir().unwrap();
        let manager = h.signed_in(&c.manager.user).await;
        let reports = async || counts(&h.database_url).await["report"];
        let (before, path) = (reports().await, c.path("/reports"));
        let mut child = program(&h.database_url, h.dir.path(), &["backup", kept.path().to_str().unwrap()]).spawn().unwrap();
        let mut written = 0;
        while child.try_wait().unwrap().is_none() {
            let some = (written..written + 2).map(|n| (format!("under-load-{n}"), h.report(&c.shelter, &[n % 3])));
            let some: Vec<_> = some.collect();
            let answers = join_all(some.iter().map(|(key, body)| manager.post_once(&path, key, body))).await;
            answers.iter().for_each(|answer| drop(answer.expect(201)));
            written += 2;
        }
        assert!(child.wait().unwrap().success());
        assert!(written >= 2, "it was not made under load: {written}");
        let file = std::fs::read_dir(kept.path()).unwrap().next().unwrap().unwrap().path();

        let there = Elsewhere::new(h.database);
        let said = there.restore(&file, &[]).unwrap();
        assert_eq!((said["broken"].as_array().unwrap().len(), &said["closed"], &said["set_aside"]), (0, &json!(0), &Value::Null), "{said}");
        let restored = there.counts().await;
        assert!(restored["report"] >= before && restored["report"] <= reports().await, "of one moment");
        let lines = sql_at(&there.url, "SELECT CAST(COUNT(*) AS text) FROM report r WHERE NOT EXISTS (SELECT 1 FROM report_line l WHERE l.report_id = r.id)").await;
        assert_eq!(lines, [["0"]], "no report without its lines");
        let node = h.node_on(&there.url, Doorway::default()).await;
        assert_sound(&node).await;
        node.store.close().await;
        told(program(&there.url, there.folder.path(), &["check"])).unwrap();
    }

    async fn a_restored_backup_holds_the_same_and_revives_nothing(h: Harness) {
        let c = country(&h).await;
        lay_key(h.dir.path(), 7);
        // Due each day at this minute; of none of the past days there is a run.
        let at = (Clock::System.now() - Duration::minutes(1)).with_timezone(&chrono_tz::Asia::Dushanbe).time();
        let at = NaiveTime::from_hms_opt(chrono::Timelike::hour(&at), chrono::Timelike::minute(&at), 0).unwrap();
        let id = add_schedule(&h.services, &admin(), ScheduleDraft::daily("Daily", at)).await;
        active_reader(&h.services, Recipient::named(id, "reader@gov.example", "Reader", "en")).await;
        let ask = json!({"email": "officer@nur.example"});
        h.http.json("POST", "/api/v1/resets", &ask).await;
        h.jobs.answer_resets().await.unwrap();
        h.clock.set(Clock::System.now() - Duration::minutes(5));
        let token = h.signed_in(&c.admin.user).await.token;
        let waiting = "SELECT CAST(COUNT(*) AS text) FROM letter WHERE state = 'queued'";
        assert_ne!(sql_at(&h.database_url, waiting).await, [["0"]], "something waits");
        let (kept, before) = (tempfile::tempdir().unwrap(), counts(&h.database_url).await);
        let file = backup(&h, kept.path());
        // After the backup the digest goes out.
        h.clock.set(Clock::System.now());
        assert_eq!(h.services.run_due().await.unwrap(), 1);

        let there = Elsewhere::new(h.database);
        let said = there.restore(&file, &[]).unwrap();
        assert!(said["ended"].as_u64().unwrap() >= 8 && said["sealed"].as_u64().unwrap() >= 1, "{said}");
        let mut after = there.counts().await;
        // Who ended everything, and how much of it, is on record.
        *after.get_mut("audit").unwrap() -= 1;
        assert_eq!(after, before);
        let node = h.node_on(&there.url, Doorway::default()).await;
        h.services.authenticate(&token).await.unwrap();
        assert!(node.authenticate(&token).await.is_err(), "nobody comes back");
        assert_eq!(node.run_due().await.unwrap(), 0, "the digest is not made again");
        assert!(node.next_letters(100).await.unwrap().is_empty(), "and no letter goes");
        assert!(node.troubles().await.unwrap().is_empty());
        h.clock.advance(Duration::days(1));
        assert_eq!(node.run_due().await.unwrap(), 1, "the next one is");
        node.store.close().await;
    }

    async fn what_stands_in_the_way_leaves_everything_as_it_was(h: Harness) {
        let c = country(&h).await;
        lay_key(h.dir.path(), 7);
        let kept = tempfile::tempdir().unwrap();
        let file = backup(&h, kept.path());
        let there = Elsewhere::new(h.database);
        there.restore(&file, &[]).unwrap();
        // What is to be lost by nobody's mistake.
        Raw(there.url.clone()).run("UPDATE shelter SET name = 'As it was'").await;
        let before = there.counts().await;
        let refuses = async |from: &Path, more: &[&str], words: &str| {
            let refused = there.restore(from, more).unwrap_err();
            assert!(refused.contains(words), "{refused}");
            assert_eq!(there.counts().await, before, "{words}");
            assert_eq!(sql_at(&there.url, "SELECT DISTINCT name FROM shelter").await, [["As it was"]], "{words}");
        };
        refuses(&file, &[], "--force").await;
        lay_key(there.folder.path(), 8);
        refuses(&file, &["--force"], "sealed rows do not open").await;
        std::fs::remove_file(there.folder.path().join("panoh.key")).unwrap();
        refuses(&file, &["--force"], "key file is not there").await;
        assert!(!there.folder.path().join("panoh.key").exists(), "none is made");
        lay_key(there.folder.path(), 7);

        let damaged = kept.path().join("damaged");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.truncate(bytes.len() * 2 / 3);
        std::fs::write(&damaged, &bytes).unwrap();
        let words = if h.database == Database::Sqlite { "damaged" } else { "pg_restore" };
        refuses(&damaged, &["--force"], words).await;
        std::fs::write(&damaged, "not a backup at all").unwrap();
        refuses(&damaged, &["--force"], "no backup of ours").await;

        Raw(h.database_url.clone()).run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 1)").await;
let later = tempfile::tempdir().unwrap();
        let newer = backup(&h, later.path());
        refuses(&newer, &["--force"], "m29991231_000001_later").await;

        let node = Store::connect(&there.url).await.unwrap();
        node.ping().await.unwrap();
        refuses(&file, &["--force"], if h.database == Database::Sqlite { "stop the service" } else { "stop the nodes" }).await;
        node.close().await;

        let said = there.restore(&file, &["--force"]).unwrap();
        assert_eq!(sql_at(&there.url, "SELECT DISTINCT name FROM shelter ORDER BY name").await.len(), 2, "{said}");
        assert_eq!(sql_at(&there.url, &format!("SELECT name FROM shelter WHERE code = '{}'", c.shelter.code)).await[0][0], c.shelter.name);
        let aside = said["set_aside"].as_str().unwrap();
        let old = match aside.strip_prefix("schema ") {
            Some(schema) => sql_at(&there.url, &format!("SELECT DISTINCT name FROM {schema}.shelter")).await,
            None => sql_at(&format!("sqlite:{aside}"), "SELECT DISTINCT name FROM shelter").await,
        };
        assert_eq!(old, [["As it was"]], "kept beside");
        // A database that was restored is backed up and restored like any other, and what was set aside is not in it.
        let again = told(program(&there.url, there.folder.path(), &["backup", kept.path().join("again").to_str().unwrap()]));
        again.unwrap();
        Elsewhere::new(h.database).restore(&kept.path().join("again"), &[]).unwrap();
    }
}

#[test]
fn a_backup_overwrites_nothing_and_makes_no_database() {
    let folder = folder_with_key();
    let url = format!("sqlite:{}", folder.path().join("panoh.db").display());
    let to = folder.path().join("kept.db");
    let backup = |to: &Path| told(program(&url, folder.path(), &["backup", to.to_str().unwrap()]));
    assert!(backup(&to).unwrap_err().contains("there is no database"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the key alone");
    told(program(&url, folder.path(), &["check"])).unwrap();
    backup(&to).unwrap();
    assert!(backup(&to).unwrap_err().contains("is there already"));
    assert!(
        backup(&folder.path().join("no/such/place"))
            .unwrap_err()
            .contains("no such folder")
    );
    let kept = told(program(
        &url,
        folder.path(),
        &["backup", to.to_str().unwrap(), "--keep", "3"],
    ));
    assert!(kept.unwrap_err().contains("--keep is for a folder"));
}
