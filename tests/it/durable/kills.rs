//! DUR-2 and OFF-2: the program killed while eight clients write, and PostgreSQL as if its power had failed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::clients::{BEDS, Clients, HOUSES, World, state_after};
use super::history::{Told, What, contradiction};
use super::node::{Node, until};
use crate::digests::stage::sql_at;
use crate::harness::postgres::OwnCluster;
use crate::harness::{Database, Harness, on_both};

/// From the start of the process until it can serve.
const RESTART: Duration = Duration::from_secs(5);
/// Long past what anything here takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn kills() -> usize {
    std::env::var("KILLS").map_or(10, |kills| kills.parse().unwrap())
}

/// What ends, so that nobody had time to put anything in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Node,
    /// While it starts.
    NodeAtStart,
    Postgres,
}

impl Blow {
    fn number(at: usize, cluster: bool) -> Self {
        match at % 5 {
            1 | 3 if cluster => Self::Postgres,
            4 => Self::NodeAtStart,
            _ => Self::Node,
        }
    }
}

/// Kills, and serves again; the longest time that took.
async fn blows(node: &mut Node, clients: &Clients, mut cluster: Option<&mut OwnCluster>) -> Duration {
    let mut longest = Duration::ZERO;
    for at in 0..kills() {
        // Another moment each time: so many answers after the last blow.
        let (before, wanted) = (clients.answered(), 5 + at * 7 % 31);
        until("answers", PATIENCE, async || clients.answered() >= before + wanted).await;
        let blow = Blow::number(at, cluster.is_some());
        match (blow, &mut cluster) {
            (Blow::Postgres, Some(cluster)) => cluster.order("restart -m immediate"),
            _ => node.kill(),
        }
        clients.starts_anew();
        if blow == Blow::NodeAtStart {
            drop(node.start());
            tokio::time::sleep(Duration::from_millis(u64::try_from(at * 37 % 400).unwrap())).await;
            node.kill();
        }
        let begin = std::time::Instant::now();
        if blow != Blow::Postgres {
            node.serve().await;
        }
        let client = panoh::web::client().unwrap();
        let ready = node.url("/readyz");
        let serves = async || {
            client
                .get(&ready)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        };
        until("ready", PATIENCE, serves).await;
        longest = longest.max(begin.elapsed());
    }
    let before = clients.answered();
    until("answers at last", PATIENCE, async || clients.answered() >= before + 50).await;
    longest
}

async fn run(h: Harness, mut cluster: Option<OwnCluster>) {
    let world = World::found(&h).await;
    let mut node = Node::on(&h);
    node.serve().await;
    let clients = world.work(&node);
    let longest = blows(&mut node, &clients, cluster.as_mut()).await;
    let told = clients.rest().await;
    node.stop();
    verify(&h, &told).await;
    let (clean, said) = node.run(&["check"]);
    assert!(clean, "{said}");
    if h.database == Database::Sqlite {
        assert_eq!(sql_at(&h.database_url, "PRAGMA integrity_check").await, [["ok"]]);
    }
    let again = told.iter().filter(|told| told.tries > 1).count();
    let found = told.iter().filter(|told| told.found).count();
    println!(
        "{:?}: {} kills, {} acknowledged, {again} asked again, {found} of them done before the kill; ready after {longest:?} at most",
        h.database,
        kills(),
        told.len(),
    );
    assert!(longest < RESTART, "ready after {longest:?}");
}

/// The log of the clients against the database: all that was acknowledged is there, once, and no bed was sold twice.
async fn verify(h: &Harness, told: &[Told]) {
    for house in 0..HOUSES {
        assert_eq!(contradiction(told, house, usize::from(BEDS)), None);
    }
    let done = |what: fn(&What) -> bool| told.iter().filter(|told| told.done && what(&told.what)).count();
    let count = async |sql: &str| -> usize { sql_at(&h.database_url, sql).await[0][0].parse().unwrap() };
    // Each house reported once before.
    let first = count("SELECT CAST(COUNT(*) AS text) FROM shelter").await;
    let reports = count("SELECT CAST(COUNT(*) AS text) FROM report").await;
    assert_eq!(reports - first, done(|what| *what == What::Report), "reports");
    let referrals = count("SELECT CAST(COUNT(*) AS text) FROM referral").await;
    assert_eq!(referrals, done(|what| *what == What::Refer), "referrals");
    let bookings = count("SELECT CAST(COUNT(*) AS text) FROM stock_movement").await;
    assert_eq!(bookings, done(|what| matches!(what, What::Receipt(_))), "bookings");
    let units: u32 = told
        .iter()
        .map(|told| if let What::Receipt(units) = told.what { units } else { 0 })
        .sum();
    let shelved = count("SELECT CAST(CAST(SUM(on_hand) AS bigint) AS text) FROM stock").await;
    assert_eq!(shelved, usize::try_from(units).unwrap(), "units on the shelves");
    // Each hold, in the state that it was last told to be in.
    let mut last: BTreeMap<String, &What> = BTreeMap::new();
    for told in told.iter().filter(|told| told.done && !told.hold.is_empty()) {
        last.insert(told.hold.replace('-', ""), &told.what);
    }
    let id = if h.database == Database::Sqlite {
        "lower(hex(id))"
    } else {
        "replace(id::text, '-', '')"
    };
    let stored = sql_at(&h.database_url, &format!("SELECT {id}, state FROM hold")).await;
    assert_eq!(stored.len(), last.len(), "holds");
    for row in stored {
        assert_eq!(
            last.get(&row[0]).map(|what| state_after(what)),
            Some(row[1].as_str()),
            "{}",
            row[0]
        );
    }
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_on_sqlite() {
    run(Harness::start(Database::Sqlite).await, None).await;
}

#[actix_web::test]
async fn nothing_acknowledged_is_lost_on_postgres() {
    let cluster = OwnCluster::start();
    run(Harness::start_on(&cluster).await, Some(cluster)).await;
}

/// Sends one request and returns the answer; `then` happens between its first byte and the rest.
fn answer_to(port: u16, token: &str, path: &str, body: &Value, then: impl FnOnce()) -> (String, Value) {
    let mut line = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let body = body.to_string();
    write!(
        line,
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: the-key-of-this-one\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut first = [0];
    line.read_exact(&mut first).unwrap();
    then();
    let mut rest = String::new();
    line.read_to_string(&mut rest).unwrap();
    let _ = line.shutdown(Shutdown::Both);
    let (head, body) = rest.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, serde_json::from_str(body).unwrap())
}

on_both! {
    /// OFF-2. It is killed when its answer is on its way, which the client does not get to see; the repetition finds it.
    async fn an_answer_that_was_lost_is_given_again(h: Harness) {
        use panoh::clock::Clock;
        h.clock.set(Clock::System.now());
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let mut node = Node::on(&h);
        node.serve().await;
        let (port, token) = (node.port(), country.manager.token.clone());
        let (path, body) = (country.path("/reports"), h.report(&country.shelter, &[2, 1]));
        let lost = answer_to(port, &token, &path, &body, || node.kill());
        node.serve().await;
        let again = answer_to(port, &token, &path, &body, || ());
        assert_eq!(lost.0, "201");
        assert_eq!(again, lost, "to the letter what it was");
        let reports = sql_at(&h.database_url, "SELECT CAST(COUNT(*) AS text) FROM report").await;
        assert_eq!(reports, [["3"]], "two of before, and this one");
        let other = json!({"observed_at": Clock::System.now(), "rooms": body["rooms"]});
        assert_eq!(answer_to(port, &token, &path, &other, || ()).0, "422", "the key was used");
    }
}
