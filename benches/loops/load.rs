//! A load generator for HTTP/1.1 on loopback: keep-alive, no pipelining, as little work per request as possible, so that
//! it measures the server and not itself. It knows nothing of what it asks for.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Outcome;

#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Each connection asks again as soon as it is answered.
    Unbounded,
    /// So many requests a second over all connections. A request that had to wait for the answer before it counts from
    /// when it was due: a server that stalls is charged for all whom it kept waiting.
    PerSecond(u32),
}

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: u32,
    pub pace: Pace,
    /// Asked but not counted.
    pub warm_up: Duration,
    pub measured: Duration,
}

#[derive(Debug, Default)]
pub struct Figures {
    seconds: f64,
    /// Microseconds, ascending.
    latencies: Vec<u32>,
    pub statuses: BTreeMap<u16, u64>,
}

impl Figures {
    pub fn of(mut latencies: Vec<u32>, seconds: f64) -> Self {
        latencies.sort_unstable();
        Self {
            seconds,
            latencies,
            statuses: BTreeMap::new(),
        }
    }

    pub fn requests(&self) -> usize {
        self.latencies.len()
    }

    pub fn per_second(&self) -> f64 {
        self.requests() as f64 / self.seconds
    }

    /// Milliseconds within which this share (0 to 1) was answered.
    pub fn within_ms(&self, share: f64) -> f64 {
        let rank = ((self.latencies.len() as f64 * share).ceil() as usize).saturating_sub(1);
        self.latencies
            .get(rank)
            .map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }

    /// A benchmark of refusals is none.
    pub fn all_answered(self, expected: &[u16]) -> Outcome<Self> {
        if !self.statuses.is_empty() && self.statuses.keys().all(|status| expected.contains(status)) {
            return Ok(self);
        }
        Err(format!(
            "answers by status, where all should be {expected:?}: {:?}",
            self.statuses
        )
        .into())
    }

    /// Milliseconds of the slowest.
    pub fn longest_ms(&self) -> f64 {
        self.within_ms(1.0)
    }

    pub fn answered(&self, status: u16) -> u64 {
        self.statuses.get(&status).copied().unwrap_or(0)
    }
}

/// `write` puts the n-th request, head and body, into the empty buffer it is given; where it leaves it empty there is
/// nothing more to ask.
pub async fn run<W>(load: Load, write: W) -> Outcome<Figures>
where
    W: Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
{
    let begin = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..load.connections {
        clients.spawn(one_client(load, client, begin, write.clone()));
    }
    let counted_from = begin + load.warm_up;
    let (mut all, mut statuses, mut last) = (Vec::new(), BTreeMap::new(), counted_from);
    while let Some(done) = clients.join_next().await {
        let (latencies, seen, ended) = done??;
        all.extend(latencies);
        last = last.max(ended);
        for (status, count) in seen {
            *statuses.entry(status).or_insert(0) += count;
        }
    }
    let mut figures = Figures::of(all, (last - counted_from).min(load.measured).as_secs_f64());
    figures.statuses = statuses;
    Ok(figures)
}

/// Microseconds of each answer, answers by status, and when the last one came.
type Told = (Vec<u32>, BTreeMap<u16, u64>, Instant);

async fn one_client<W>(load: Load, client: u32, begin: Instant, write: W) -> Outcome<Told>
where
    W: Fn(u64, &mut Vec<u8>),
{
    let mut connection = Connection::open(load.address).await?;
    let counted_from = begin + load.warm_up;
    let end = counted_from + load.measured;
    let mut request = Vec::with_capacity(4096);
    let mut latencies = Vec::new();
    let mut statuses = BTreeMap::new();
    let mut free_since = begin;
    for turn in 0_u64.. {
        let number = turn * u64::from(load.connections) + u64::from(client);
        let due = match load.pace {
            Pace::Unbounded => Instant::now(),
            Pace::PerSecond(rate) => {
                let due = begin + Duration::from_secs_f64(number as f64 / f64::from(rate));
                tokio::time::sleep_until(due.into()).await;
                // The timer's own lateness is nobody's fault but ours.
                if free_since > due { due } else { Instant::now() }
            }
        };
        if due >= end {
            break;
        }
        request.clear();
        write(number, &mut request);
        if request.is_empty() {
            break;
        }
        let (status, _) = connection.ask(&request).await?;
        let done = Instant::now();
        free_since = done;
        if due >= counted_from && (done < end || matches!(load.pace, Pace::PerSecond(_))) {
            latencies.push(u32::try_from((done - due).as_micros()).unwrap_or(u32::MAX));
        }
        *statuses.entry(status).or_insert(0) += 1;
    }
    Ok((latencies, statuses, free_since))
}

/// One line to the server, kept open from request to request.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(1 << 14);
        Ok(Self { stream, buffer })
    }

    /// The status and the body of a whole answer. Only answers with a length can be measured.
    pub async fn ask(&mut self, request: &[u8]) -> Outcome<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let text = std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?;
        let status = status(text)?;
        let length = match content_length(text) {
            Some(length) => length,
            None if status == 204 || status == 304 => 0,
            None => return Err(format!("an answer without a length: {text}").into()),
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection within an answer".into());
            }
        }
        Ok((status, self.buffer.get(head..head + length).unwrap_or_default()))
    }

    /// Asks for an answer without an end, and tells its status; what comes is heard with [`Self::more`].
    pub async fn listen(&mut self, request: &[u8]) -> Outcome<u16> {
        self.stream.write_all(request).await?;
        let head = self.head().await?;
        let status = status(std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?)?;
        self.buffer.drain(..head);
        Ok(status)
    }

    /// What has come since it was last asked for, at least a byte; nothing once the server has closed the line.
    pub async fn more(&mut self) -> Outcome<Vec<u8>> {
        if self.buffer.is_empty() {
            self.stream.read_buf(&mut self.buffer).await?;
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    /// Reads until the head of an answer is whole, and tells how long it is.
    async fn head(&mut self) -> Outcome<usize> {
        self.buffer.clear();
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                return Ok(end + 4);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

fn status(head: &str) -> Outcome<u16> {
    Ok(head.get(9..12).unwrap_or_default().parse()?)
}

fn content_length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    })
}

/// The bytes of a request; `headers` are whole lines without their line ends.
pub fn request(method: &str, path: &str, headers: &[String], body: &str, into: &mut Vec<u8>) {
    into.extend_from_slice(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").as_bytes());
    for header in headers {
        into.extend_from_slice(header.as_bytes());
        into.extend_from_slice(b"\r\n");
    }
    if !body.is_empty() {
        into.extend_from_slice(
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()).as_bytes(),
        );
    }
    into.extend_from_slice(b"\r\n");
    into.extend_from_slice(body.as_bytes());
}
