//! DUR-5: told to stop under load, the program finishes what it accepted, lets go of those who listen, loses and doubles no
//! letter, and ends in peace within a bound.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use futures::future::join_all;
use panoh::clock::Clock;
use panoh::domain::outbox::Recipient;
use panoh::services::schedules::ScheduleDraft;
use serde_json::Value;

use crate::backup::{lay_key, program};
use crate::digests::server::MailServer;
use crate::digests::stage::{admin, sql_at};
use crate::harness::country::Country;
use crate::harness::readers::{active_reader, add_schedule};
use crate::harness::{Harness, on_both};

const READERS: usize = 40;
/// Unanswered streams alone would keep it for twenty seconds.
const BOUND: Duration = Duration::from_secs(15);

struct Node {
    child: Child,
    address: String,
}

impl Node {
    fn start(h: &Harness, mail: &MailServer) -> Self {
        let dir = h.dir.path();
        std::fs::write(dir.join("panoh.toml"), "[rates]\nper_address = 0\nper_account = 0\n").unwrap();
        let mut command = program(&h.database_url, dir, &["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("PANOH_CONFIG", dir.join("panoh.toml"))
            .env("PANOH_MAIL", format!("smtp://127.0.0.1:{}", mail.port))
            .env("PANOH_SECOND_FACTOR", "off")
            .env("PANOH_LOG", "info")
            .env("PANOH_LOG_FORMAT", "json");
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let address = log.by_ref().find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            line["fields"]["address"].as_str().map(str::to_owned)
        });
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || log.for_each(drop));
        Self {
            child,
            address: address.expect("it serves"),
        }
    }

    fn tell_to_stop(&self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
    }

    /// Waits for its end; how long that took.
    async fn end(&mut self) -> Duration {
        let begin = Instant::now();
        until("the end", async || self.child.try_wait().unwrap().is_some()).await;
        assert!(self.child.wait().unwrap().success(), "it ends in peace");
        begin.elapsed()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The node is another process: nothing tells us, so we look.
async fn until(what: &str, mut so_far: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !so_far().await {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} never came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Letters that wait for as many readers.
async fn letters_wait(h: &Harness) {
    let at = chrono::NaiveTime::from_hms_opt(8, 30, 0).unwrap();
    let schedule = add_schedule(&h.services, &admin(), ScheduleDraft::daily("Daily", at)).await;
    for n in 0..READERS {
        active_reader(
            &h.services,
            Recipient::named(schedule, &format!("reader{n}@gov.example"), "Reader", "en"),
        )
        .await;
    }
    h.clock.set(Clock::System.now());
    assert_eq!(h.services.run_due().await.unwrap(), 1);
}

/// A request of which the second half of the body is still to come.
fn half_a_report(node: &Node, path: &str, token: &str, body: &[u8]) -> TcpStream {
    let mut line = TcpStream::connect(&node.address).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: panoh\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         idempotency-key: half-a-report\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    line.write_all(head.as_bytes()).unwrap();
    line.write_all(&body[..body.len() / 2]).unwrap();
    line
}

fn listening(node: &Node, token: &str) -> TcpStream {
    let mut line = TcpStream::connect(&node.address).unwrap();
    let head =
        format!("GET /api/v1/availability/stream HTTP/1.1\r\nhost: panoh\r\nauthorization: Bearer {token}\r\n\r\n");
    line.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 15];
    line.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    line
}

/// Reports as fast as they are answered, until no answer comes: how many were acknowledged, and how many sent.
async fn load(h: &Harness, c: &Country, node: &Node, worker: usize) -> (usize, usize) {
    let client = panoh::web::client().unwrap();
    let url = format!("http://{}{}", node.address, c.path("/reports"));
    let mut acknowledged = 0;
    for n in 0.. {
        h.clock.set(Clock::System.now());
        let sent = client
            .post(&url)
            .bearer_auth(&c.manager.token)
            .header("content-type", "application/json")
            .header("idempotency-key", format!("load-{worker}-{n}"))
            .body(h.report(&c.shelter, &[1, 2]).to_string());
        match sent.send().await {
            Ok(answer) => {
                assert_eq!(answer.status(), 201);
                // The whole of it.
                answer.text().await.unwrap();
                acknowledged += 1;
            }
            Err(_) => return (acknowledged, n + 1),
        }
    }
    unreachable!()
}

on_both! {
    async fn told_to_stop_it_finishes_what_it_accepted(h: Harness) {
        h.clock.set(Clock::System.now() - chrono::Duration::days(2));
        let c = h.country().await;
        letters_wait(&h).await;
        let c = Country { manager: h.signed_in(&c.manager.user).await, ..c };
        lay_key(h.dir.path(), 7);
        let mail = MailServer::start();
        mail.pace(40);
        let mut node = Node::start(&h, &mail);
        let (path, body) = (c.path("/reports"), h.report(&c.shelter, &[0, 1]).to_string().into_bytes());
        let mut streams: Vec<TcpStream> = (0..3).map(|_| listening(&node, &c.manager.token)).collect();
        let mut half = half_a_report(&node, &path, &c.manager.token, &body);
        let stop = async {
            until("a few letters", async || mail.count() >= 5).await;
            node.tell_to_stop();
            // It was accepted before; what is missing comes after.
            tokio::time::sleep(Duration::from_millis(300)).await;
            half.write_all(&body[body.len() / 2..]).unwrap();
        };
        let (loads, ()) = futures::join!(join_all((0..4).map(|worker| load(&h, &c, &node, worker))), stop);
        let took = node.end().await;
        assert!(took < BOUND, "{took:?}");
        let mut answer = String::new();
        half.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
        for stream in &mut streams {
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
        let (acknowledged, sent) = loads.iter().fold((0, 0), |(a, s), (acknowledged, sent)| (a + acknowledged, s + sent));
        assert!(acknowledged >= 4, "it was not under load");
        let stored: usize = sql_at(&h.database_url, "SELECT CAST(COUNT(*) AS text) FROM report").await[0][0].parse().unwrap();
        assert!((acknowledged + 1..=sent + 1).contains(&stored), "{acknowledged} acknowledged, {stored} stored, {sent} sent");

        // What the server took is noted, and nothing is left in a hand that is gone.
        let count = async |what: &str| sql_at(&h.database_url, &format!("SELECT CAST(COUNT(*) AS text) FROM letter WHERE {what}")).await[0][0].clone();
        assert_eq!(count("state = 'sent'").await, mail.count().to_string());
        assert!(mail.count() < READERS, "it stopped among them");
        assert_eq!(count("state = 'queued' AND lease_owner IS NOT NULL").await, "0");
        let mut next = Node::start(&h, &mail);
        until("the last letter", async || mail.count() >= READERS).await;
        next.tell_to_stop();
        next.end().await;
        let mut readers: BTreeMap<String, usize> = BTreeMap::new();
        mail.arrived().into_iter().flat_map(|letter| letter.to).for_each(|to| *readers.entry(to).or_default() += 1);
        assert!(readers.len() == READERS && readers.values().all(|n| *n == 1), "each reader once: {readers:?}");
    }
}

/// Nobody listens, nothing waits: it goes at once.
#[actix_web::test]
async fn at_rest_it_stops_at_once() {
    let h = Harness::start(crate::harness::Database::Sqlite).await;
    lay_key(h.dir.path(), 7);
    let mail = MailServer::start();
    let mut node = Node::start(&h, &mail);
    let idle = TcpStream::connect(&node.address).unwrap();
    node.tell_to_stop();
    assert!(node.end().await < Duration::from_secs(10));
    drop(idle);
    assert!(
        Path::new(&h.dir.path().join("panoh.start")).exists(),
        "what is copied from now on is told apart"
    );
}
