//! EML-1: three nodes on one PostgreSQL, as processes of the program that is built, killed again and again while they make
//! a run and send it. Ten times; as often as `KILLS` says in `make soak`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use panoh::clock::Clock;

use super::page::parse;
use super::server::Arrived;
use super::stage::{Stage, ZONE};
use crate::harness::{Database, Harness};

const READERS: usize = 200;
const NODES: usize = 3;
/// Long past what anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A node; killed with this value if not before.
struct Node(Child);

impl Node {
    /// Starts one and waits until it serves.
    fn start(stage: &Stage, dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("PANOH_DATABASE_URL", &stage.h.database_url)
            .env("PANOH_MAIL", format!("smtp://127.0.0.1:{}", stage.server.port))
            .env("PANOH_MAIL_FROM", "panoh@demo.example")
            .env("PANOH_DATA_DIR", dir)
            .env("PANOH_WORKERS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let serves = log.by_ref().map_while(Result::ok).any(|line| line.contains("serving"));
        assert!(serves, "a node did not start");
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || log.for_each(drop));
        Self(child)
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Tells it to finish what it has in hand, and waits until it has.
    fn stop(mut self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success());
        assert!(self.0.wait().unwrap().success(), "it stops in peace");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the world has come so far. The nodes are other processes: nothing tells us, so we look.
async fn until(what: &str, mut so_far: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !so_far().await {
        assert!(begin.elapsed() < PATIENCE, "{what} never came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A schedule with readers, and its hour is past by the clock of the machine.
async fn stage() -> Stage {
    let h = Harness::start(Database::Postgres).await;
    let stage = Stage::open(h, Clock::System.now() - chrono::Duration::days(3));
    let schedule = stage.schedule((8, 30), ZONE).await;
    stage
        .recipient(schedule.id, "reader0@gov.example", "Reader", "en")
        .await;
    let same = "name, kind, state, added_by, approved_by, approved_at, confirmed_at, ended_at, created_at";
    stage
        .execute(&format!(
            "INSERT INTO digest_recipient (id, schedule_id, email, language, {same}) \
             SELECT gen_random_uuid(), schedule_id, 'reader' || n || '@gov.example', \
             (ARRAY['tg', 'ru', 'en'])[1 + n % 3], {same} FROM digest_recipient, generate_series(1, {}) AS n",
            READERS - 1
        ))
        .await;
    // Slow enough that a kill finds letters in hand.
    stage.server.pace(15);
    stage
}

/// Whose letters are in the hands of nodes that are gone.
async fn in_hand(stage: &Stage) -> BTreeSet<String> {
    let rows = stage
        .sql("SELECT address FROM letter WHERE state = 'queued' AND lease_owner IS NOT NULL")
        .await;
    rows.into_iter().flatten().collect()
}

#[actix_web::test]
async fn killed_nodes_lose_no_letter_and_double_none_but_what_they_had_in_hand() {
    let kills: usize = std::env::var("KILLS").map_or(10, |kills| kills.parse().unwrap());
    let stage = stage().await;
    let dir = stage.h.dir.path().join("nodes");
    let (mut killed, mut held) = (0, BTreeSet::new());
    // So many letters go out between two kills that all are sent among the letters of the run.
    let gap = READERS * 4 / 5 / kills.max(1);
    loop {
        let mut nodes: Vec<Node> = (0..NODES).map(|_| Node::start(&stage, &dir)).collect();
        while killed < kills && !nodes.is_empty() {
            let (before, wanted) = (stage.server.count(), killed * 7 % (gap + 1));
            // Some die while the run is made or just after, before any letter; if those in hand are all that is left, no other
            // will come.
            let ends = async || {
                let free = "SELECT CAST(COUNT(*) AS text) FROM letter WHERE state = 'queued' AND lease_owner IS NULL";
                stage.server.count() >= before + wanted || (before > 0 && stage.number(free).await == 0)
            };
            until("the next letter", ends).await;
            nodes.remove(killed % nodes.len()).kill();
            killed += 1;
        }
        if killed == kills && !nodes.is_empty() {
            let free = "SELECT CAST((SELECT COUNT(*) FROM digest) AS text), \
                        CAST(COUNT(*) AS text) FROM letter WHERE state = 'queued' AND lease_owner IS NULL";
            let all_taken = async || stage.sql(free).await == [["1", "0"]];
            until("the last letter", all_taken).await;
        }
        nodes.into_iter().for_each(Node::stop);
        held.extend(in_hand(&stage).await);
        // An hour passes: by the database's clock the leases of the dead are over.
        stage
            .execute("UPDATE letter SET lease_until = lease_until - 3600000 WHERE lease_until IS NOT NULL")
            .await;
        let open = stage
            .number("SELECT CAST(COUNT(*) AS text) FROM letter WHERE state = 'queued'")
            .await;
        let made = stage.number("SELECT CAST(COUNT(*) AS text) FROM digest").await;
        if killed == kills && open == 0 && made > 0 {
            break;
        }
    }
    let arrived = stage.server.arrived();
    let doubled = verify(&stage, &arrived, &held).await;
    println!(
        "{kills} kills, {READERS} readers: {} arrived, {doubled} of them again, {} were in hand",
        arrived.len(),
        held.len()
    );
}

/// One run, each reader's letter there and settled, and again only what a node had in hand when it was killed, to the byte.
/// How many came again.
async fn verify(stage: &Stage, arrived: &[Arrived], held: &BTreeSet<String>) -> usize {
    let runs = stage
        .sql("SELECT CAST(COUNT(*) AS text), CAST(COUNT(DISTINCT period) AS text) FROM digest")
        .await;
    assert_eq!(runs, [["1", "1"]]);
    let states = stage
        .sql("SELECT state, CAST(COUNT(*) AS text) FROM letter WHERE digest_id IS NOT NULL GROUP BY state")
        .await;
    assert_eq!(states, [["sent".to_owned(), READERS.to_string()]]);
    let mut by_reader: BTreeMap<&str, Vec<&Arrived>> = BTreeMap::new();
    for letter in arrived {
        assert_eq!(letter.to.len(), 1, "one reader a letter");
        by_reader.entry(&letter.to[0]).or_default().push(letter);
    }
    assert_eq!(by_reader.len(), READERS, "nobody is missing");
    let mut ids = BTreeSet::new();
    let mut doubled = 0;
    for (reader, letters) in by_reader {
        let id = parse(&letters[0].raw).message_id().unwrap().to_owned();
        assert!(ids.insert(id), "a Message-ID for each");
        assert!(
            letters.iter().all(|letter| *letter == letters[0]),
            "the same to the byte: {reader}"
        );
        assert!(
            letters.len() == 1 || held.contains(reader),
            "{reader} was in nobody's hand"
        );
        doubled += letters.len() - 1;
    }
    assert!(stage.services().verify_audit().await.unwrap().intact);
    doubled
}
