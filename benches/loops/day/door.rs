//! The lines to the server, shared by all who ask as by a proxy, and what came of each request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::Outcome;
use crate::load::{self, Connection, Figures};

/// Lines open at once, as a proxy keeps them. Who finds none free waits, and the wait counts.
const LINES: usize = 64;
/// The server closes a line after 75 s without a request; ours are let go earlier.
const KEPT: Duration = Duration::from_secs(50);
/// So many of what went wrong are told in words.
const TOLD: usize = 10;
/// The status of a request that was never answered.
const UNANSWERED: u16 = 0;

/// One thing that somebody asks.
pub struct Call<'a> {
    /// As it is told in the table.
    pub route: &'static str,
    pub signed: &'a str,
    pub method: &'static str,
    pub path: String,
    pub body: Option<Value>,
    /// All else is an error.
    pub expected: &'static [u16],
}

#[derive(Default)]
struct Route {
    /// Microseconds.
    latencies: Vec<u32>,
    statuses: BTreeMap<u16, u64>,
}

#[derive(Default)]
struct Told {
    routes: BTreeMap<&'static str, Route>,
    troubles: Vec<String>,
    errors: u64,
    requests: u64,
}

pub struct Door {
    address: SocketAddr,
    idle: Mutex<Vec<(Connection, Instant)>>,
    places: Semaphore,
    told: Mutex<Told>,
    keys: AtomicU64,
    /// Heard by the dashboards.
    pub events: AtomicU64,
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Door {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            idle: Mutex::default(),
            places: Semaphore::new(LINES),
            told: Mutex::default(),
            keys: AtomicU64::new(1),
            events: AtomicU64::default(),
        }
    }

    /// A line of its own, for an answer without an end.
    pub async fn line(&self) -> Outcome<Connection> {
        Connection::open(self.address).await
    }

    /// Asks, counts from when it was due, and gives the answer if it is one of those expected.
    pub async fn ask(&self, call: Call<'_>, due: Instant) -> Option<(u16, Value)> {
        let answered = self.exchange(&call).await;
        let micros = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
        let (status, body) = match answered {
            Ok(answer) => answer,
            Err(error) => (UNANSWERED, error.to_string().into_bytes()),
        };
        let expected = call.expected.contains(&status);
        let mut told = locked(&self.told);
        told.requests += 1;
        let route = told.routes.entry(call.route).or_default();
        route.latencies.push(micros);
        *route.statuses.entry(status).or_insert(0) += 1;
        if expected {
            drop(told);
            return Some((status, serde_json::from_slice(&body).unwrap_or_default()));
        }
        drop(told);
        self.trouble(&format!(
            "{} was answered {status}: {}",
            call.route,
            String::from_utf8_lossy(&body)
        ));
        None
    }

    /// Something went wrong that no status tells, or one that does.
    pub fn trouble(&self, what: &str) {
        let mut told = locked(&self.told);
        told.errors += 1;
        if told.troubles.len() < TOLD {
            told.troubles.push(what.chars().take(300).collect());
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Outcome<(u16, Vec<u8>)> {
        let mut headers = vec![call.signed.to_owned()];
        if call.method == "POST" {
            let n = self.keys.fetch_add(1, Ordering::Relaxed);
            let run = std::process::id();
            headers.push(format!("Idempotency-Key: {run:08x}-0000-4000-8000-{n:012x}"));
        }
        if call.signed.is_empty() {
            headers.remove(0);
        }
        let (mut bytes, body) = (Vec::new(), call.body.as_ref().map(Value::to_string));
        load::request(
            call.method,
            &call.path,
            &headers,
            body.as_deref().unwrap_or_default(),
            &mut bytes,
        );
        let _place = self.places.acquire().await?;
        let mut line = match self.kept() {
            Some(line) => line,
            None => self.line().await?,
        };
        let (status, body) = line.ask(&bytes).await?;
        let answer = (status, body.to_vec());
        locked(&self.idle).push((line, Instant::now()));
        Ok(answer)
    }

    fn kept(&self) -> Option<Connection> {
        let mut idle = locked(&self.idle);
        idle.retain(|(_, since)| since.elapsed() < KEPT);
        idle.pop().map(|(line, _)| line)
    }

    pub fn requests(&self) -> u64 {
        locked(&self.told).requests
    }

    pub fn errors(&self) -> u64 {
        locked(&self.told).errors
    }

    pub fn troubles(&self) -> Vec<String> {
        locked(&self.told).troubles.clone()
    }

    /// What is told of each route, the slowest hundredth and all statuses.
    pub fn routes(&self, seconds: f64) -> Vec<(&'static str, Figures)> {
        let told = std::mem::take(&mut locked(&self.told).routes);
        let routes = told.into_iter().map(|(name, route)| {
            let mut figures = Figures::of(route.latencies, seconds);
            figures.statuses = route.statuses;
            (name, figures)
        });
        routes.collect()
    }
}
