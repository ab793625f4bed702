//! DOS-1: clients that never finish what they say are closed, and so are those that never read what they are sent; others
//! are answered meanwhile. With short patience here; with the real one under `SLOW_CLIENTS=real`, as `make soak` does.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use futures::future::join_all;
use panoh::http::Patience;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{Database, Harness, Serving, state};

/// How long the longest may take, and how long somebody else's request.
const CLOSED: Duration = Duration::from_secs(35);
const ANSWERED: Duration = Duration::from_secs(2);
/// Of each kind.
const CLIENTS: usize = 15;

/// Says one more byte every little while, for as long as it is let; what it was told, and when the line was closed.
async fn drip(serving: &Serving, begun: &'static str) -> (String, Duration) {
    let begin = Instant::now();
    let mut line = TcpStream::connect(serving.address).await.unwrap();
    line.write_all(begun.as_bytes()).await.unwrap();
    let (mut hears, mut says) = line.split();
    let dripping = async {
        while says.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut heard = Vec::new();
    tokio::select! {
        // A line that is reset has told what it had to tell.
        _ = hears.read_to_end(&mut heard) => {}
        () = dripping => {}
    }
    (String::from_utf8_lossy(&heard).into_owned(), begin.elapsed())
}

/// Says nothing more.
async fn withhold(serving: &Serving, begun: &'static str) -> (String, Duration) {
    let begin = Instant::now();
    let mut line = TcpStream::connect(serving.address).await.unwrap();
    line.write_all(begun.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let _ = line.read_to_end(&mut heard).await;
    (String::from_utf8_lossy(&heard).into_owned(), begin.elapsed())
}

const HEAD: &str = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ";
const BODY: &str =
    "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{";

#[actix_web::test]
async fn who_never_finishes_is_closed_and_holds_up_nobody() {
    let h = Harness::start(Database::Sqlite).await;
    let real = std::env::var("SLOW_CLIENTS").is_ok_and(|how| how == "real");
    let short = state(&h.services).patience;
    let (patience, bound) = match real {
        true => (Patience::default(), CLOSED),
        // Beside its patience the server gives a line five seconds to take in what it was told.
        false => (short, Duration::from_secs(10)),
    };
    let serving = h.serve_with(patience);
    let slow = join_all((0..CLIENTS).flat_map(|_| [HEAD, BODY]).map(async |begun| {
        let (dripped, withheld) = futures::join!(drip(&serving, begun), withhold(&serving, begun));
        [dripped, withheld]
    }));
    let client = panoh::web::client().unwrap();
    let others = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let begin = Instant::now();
            assert_eq!(client.get(serving.url("/healthz")).send().await.unwrap().status(), 200);
            longest = longest.max(begin.elapsed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest
    };
    let (ended, others) = futures::join!(slow, others);
    let ended: Vec<_> = ended.into_iter().flatten().collect();
    let last = ended.iter().map(|(_, after)| *after).max().unwrap();
    println!(
        "{} slow clients closed after {last:?} at most, others answered after {others:?}",
        ended.len()
    );
    assert!(last < bound, "closed after {last:?}");
    assert!(others < ANSWERED, "answered after {others:?}");
    for (heard, _) in ended {
        assert!(heard.starts_with("HTTP/1.1 408") || heard.is_empty(), "{heard}");
    }
}

#[actix_web::test]
async fn who_never_reads_the_stream_holds_up_nobody() {
    let h = Harness::start(Database::Sqlite).await;
    let country = h.country().await;
    h.report_all_empty(&country).await;
    let serving = h.serve();
    let ask = format!(
        "GET /api/v1/availability/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        country.officer.token
    );
    let mut never_read = Vec::new();
    for _ in 0..CLIENTS {
        let mut line = TcpStream::connect(serving.address).await.unwrap();
        line.write_all(ask.as_bytes()).await.unwrap();
        never_read.push(line);
    }
    let mut reads = TcpStream::connect(serving.address).await.unwrap();
    reads.write_all(ask.as_bytes()).await.unwrap();
    let mut heard = String::new();
    for turn in 0..30 {
        let path = country.path("/reports");
        let body = h.report(&country.shelter, &[turn % 3]);
        country
            .manager
            .post_once(&path, &format!("report-of-turn-{turn}"), &body)
            .await
            .expect(201);
        let version = format!("{{\"version\":{}}}", h.services.board.current().version);
        let mut more = [0; 4096];
        while !heard.contains(&version) {
            let read = tokio::time::timeout(ANSWERED, reads.read(&mut more))
                .await
                .expect("an event in time")
                .unwrap();
            assert!(read > 0, "the stream goes on");
            heard.push_str(&String::from_utf8_lossy(&more[..read]));
        }
    }
    drop(never_read);
}

#[actix_web::test]
async fn who_never_reads_an_answer_is_closed() {
    let h = Harness::start(Database::Sqlite).await;
    let patience = match std::env::var("SLOW_CLIENTS").is_ok_and(|how| how == "real") {
        true => Patience::default(),
        false => state(&h.services).patience,
    };
    let serving = h.serve_with(patience);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut line = socket.connect(serving.address).await.unwrap();
    // More than the system keeps for a line.
    let asked = "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200);
    line.write_all(asked.as_bytes()).await.unwrap();
    tokio::time::sleep(patience.reader + Duration::from_secs(3)).await;
    let mut heard = Vec::new();
    let end = tokio::time::timeout(CLOSED, line.read_to_end(&mut heard)).await;
    let end = end.expect("the line was closed");
    assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}
