//! DUR-3: a disk that is full, a database that cannot be written, one that is gone, and one that has no connection left: a
//! 503 that says when to come again, nothing done by halves, and all is well when the trouble is over, without a restart.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use futures::future::join_all;
use panoh::store::{Reads, StoreError};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::node::{Node, until};
use crate::digests::stage::sql_at;
use crate::harness::client::{Answer, Http};
use crate::harness::country::Country;
use crate::harness::postgres::OwnCluster;
use crate::harness::{Database, Doorway, Harness, on_both, state};

/// Until all is well again.
const RECOVERY: Duration = Duration::from_secs(5);

fn unavailable(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "unavailable"),
        "{}",
        answer.text()
    );
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}

/// Reports of the first shelter that were taken, each under a key of its own.
struct Reporter<'a> {
    country: &'a Country,
    body: Value,
    asked: std::cell::Cell<usize>,
    taken: std::cell::Cell<usize>,
}

impl<'a> Reporter<'a> {
    async fn of(h: &Harness, country: &'a Country) -> Self {
        h.report_all_empty(country).await;
        Self {
            country,
            body: h.report(&country.shelter, &[1, 1]),
            asked: 0.into(),
            taken: 2.into(),
        }
    }

    async fn report(&self) -> Answer {
        self.asked.set(self.asked.get() + 1);
        let key = format!("report-number-{}", self.asked.get());
        let path = self.country.path("/reports");
        let answer = self.country.manager.post_once(&path, &key, &self.body).await;
        self.taken.set(self.taken.get() + usize::from(answer.status == 201));
        answer
    }

    /// What was taken is there and nothing else, and every invariant holds.
    async fn verify(&self, h: &Harness) {
        let stored = sql_at(&h.database_url, "SELECT CAST(COUNT(*) AS text) FROM report").await;
        assert_eq!(stored, [[self.taken.get().to_string()]]);
        for check in h.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{}", check.name);
        }
    }
}

/// A small disk of its own; gone with this value.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and it says so, where nobody may mount one.
    fn of_megabytes(size: u32) -> Option<Self> {
        let place = tempfile::tempdir().unwrap().keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"])
            .arg(&place)
            .output()
            .unwrap();
        if mounted.status.success() {
            return Some(Self(place));
        }
        fs::remove_dir(&place).unwrap();
        println!(
            "NOT RUN: only root may mount a disk: {}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        None
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn for_reading_only(&self) {
        let remounted = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(remounted.success());
    }

    /// Writes until nothing more goes on it.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = File::create(&ballast).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = fs::remove_dir(&self.0);
    }
}

#[actix_web::test]
async fn a_full_disk_refuses_what_it_cannot_keep() {
    let Some(disk) = Disk::of_megabytes(12) else { return };
    let h = Harness::start_in(disk.path()).await;
    let country = h.country().await;
    let reporter = Reporter::of(&h, &country).await;
    for _ in 0..2 {
        let ballast = disk.fill();
        // What the log has room for already is still taken.
        let mut refused = 0;
        while refused < 12 {
            let answers = join_all((0..6).map(|_| reporter.report())).await;
            for answer in answers.iter().filter(|answer| answer.status != 201) {
                unavailable(answer);
                refused += 1;
            }
            assert!(reporter.taken.get() < 2_000, "the disk is not full");
        }
        // Whoever reads is answered.
        country.officer.get("/api/v1/availability").await.expect(200);
        country.manager.get(&country.path("/state")).await.expect(200);
        fs::remove_file(ballast).unwrap();
        for _ in 0..12 {
            reporter.report().await.expect(201);
        }
    }
    reporter.verify(&h).await;
}

#[actix_web::test]
async fn what_is_for_reading_only_is_said_so() {
    let Some(disk) = Disk::of_megabytes(12) else { return };
    let h = Harness::start_in(disk.path()).await;
    let country = h.country().await;
    let reporter = Reporter::of(&h, &country).await;
    let file = disk.path().join("panoh.db");
    let reading = h
        .node_on(&format!("sqlite://{}?mode=ro", file.display()), Doorway::default())
        .await;
    let door = Http::of(state(&reading)).await;
    let manager = crate::harness::client::Person {
        http: door,
        ..country.manager.clone()
    };
    manager.get("/api/v1/me").await.expect(200);
    let path = country.path("/reports");
    unavailable(&manager.post_once(&path, "a-key-for-this", &reporter.body).await);
    reporter.verify(&h).await;
    reading.store.close().await;
    // A service that cannot write at all does not start.
    let node = Node::on(&h);
    drop(country);
    drop(h.http);
    h.services.store.close().await;
    disk.for_reading_only();
    let (started, said) = node.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(!started && said.contains("panoh.db") && said.contains("read"), "{said}");
}

#[actix_web::test]
async fn a_database_that_is_gone_is_waited_for() {
    let mut cluster = OwnCluster::start();
    let h = Harness::start_on(&cluster).await;
    let country = h.country().await;
    let reporter = Reporter::of(&h, &country).await;
    cluster.order("stop -m fast");
    let (asked, ready) = futures::join!(
        join_all((0..20).map(|_| reporter.report())),
        h.http.send("GET", "/readyz", &[], b"")
    );
    asked.iter().for_each(unavailable);
    unavailable(&ready);
    assert_eq!(h.http.send("GET", "/healthz", &[], b"").await.status, 200);
    cluster.order("start");
    let well = async || reporter.report().await.status == 201;
    until("a report is taken", RECOVERY, well).await;
    // As if its power had failed, while it is written to.
    let (answers, ()) = futures::join!(join_all((0..20).map(|_| reporter.report())), async {
        cluster.order("restart -m immediate");
    });
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        unavailable(answer);
    }
    until("a report is taken", RECOVERY, well).await;
    let path = country.path("/reports");
    // Not known to have been done: asked again under the same keys, each is done once.
    for number in 1..=reporter.asked.get() {
        let key = format!("report-number-{number}");
        country.manager.post_once(&path, &key, &reporter.body).await.expect(201);
    }
    reporter.taken.set(reporter.asked.get() + 2);
    reporter.verify(&h).await;
}

on_both! {
    async fn no_connection_left_is_a_503(h: Harness) {
        let country = h.country().await;
        let reporter = Reporter::of(&h, &country).await;
        let history = country.path("/reports");
        let pool = if h.database == Database::Sqlite { 6 } else { 16 };
        let taken = join_all((0..pool).map(|_| h.services.store.snapshot())).await;
        let (first, second) = futures::join!(reporter.report(), country.manager.get(&history));
        unavailable(&first);
        unavailable(&second);
        drop(taken);
        reporter.report().await.expect(201);
        reporter.verify(&h).await;
    }
}

/// As PostgreSQL tells them, not as a table of codes has them.
#[actix_web::test]
async fn troubles_of_postgres_are_told_from_faults_of_ours() {
    let h = Harness::start(Database::Postgres).await;
    let raised = async |state: &str| {
        let sql = format!("DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$");
        let told = h.services.store.connection().execute_unprepared(&sql).await;
        StoreError::from(told.unwrap_err())
    };
    for state in [
        "53100", "53200", "53300", "57P01", "57P02", "57P03", "08006", "58030", "40P01", "25006",
    ] {
        assert!(matches!(raised(state).await, StoreError::Unavailable(_)), "{state}");
    }
    for state in ["42601", "XX000", "22003"] {
        assert!(matches!(raised(state).await, StoreError::Database(_)), "{state}");
    }
}
