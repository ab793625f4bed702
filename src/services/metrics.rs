//! What this node counts of itself and of the outbox, in the words of Prometheus: for alarms, so of few figures, each cheap,
//! and nothing of a person, a case or a shelter in any of them. Where it is served is `http`'s business.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use super::errors::Refused;
use super::{Event, Services};
use crate::domain::id::Moment;
use crate::machine::Usage;
use crate::store::{letters, sessions};

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges<const N: usize> = Family<Labels<N>, Gauge>;
type Times = Family<Labels<1>, Histogram, fn() -> Histogram>;

/// Upper bounds of the durations that are told apart, in seconds: the bars of the main work lie among them.
const BOUNDS: [f64; 7] = [0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 20.0];

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

/// The figures, kept for as long as the process lives.
pub struct Meter {
    registry: Registry,
    /// The process itself, under the names that every program uses.
    process: Registry,
    requests: Counters<2>,
    times: Times,
    cases: Counters<1>,
    reports: Counters<1>,
    deliveries: Counters<1>,
    letters: Gauges<1>,
    pool: Gauges<1>,
    now: Now,
}

/// What is looked up when somebody asks.
#[derive(Default)]
struct Now {
    oldest_queued: Gauge,
    digest_overdue: Gauge,
    database_up: Gauge,
    last_turn: Gauge,
    board_version: Gauge,
    board_drawn: Gauge,
    sessions: Gauge,
    watchers: Gauge,
    memory: Gauge,
    cpu: Counter<f64, AtomicU64>,
    started: Gauge,
    open_files: Gauge,
    most_files: Gauge,
}

impl Meter {
    pub fn new() -> Self {
        let mut own = Registry::with_prefix("panoh");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        own.register("build", "The program that runs", version);
        let now = Now::default();
        now.register(&mut own);
        let mut process = Registry::with_prefix("process");
        now.register_process(&mut process);
        Self {
            requests: told(
                &mut own,
                "http_requests",
                "Requests answered, by route and class of status",
            ),
            times: {
                let times = Times::new_with_constructor(histogram);
                let help = "Until the head of the answer, by route";
                own.register_with_unit("http_request_duration", help, Unit::Seconds, times.clone());
                times
            },
            cases: told(
                &mut own,
                "case_events",
                "What happened to referrals and holds on this node, by kind; no_bed_left: nobody was asked",
            ),
            reports: told(&mut own, "reports", "Reports this node has taken, by the way they came"),
            deliveries: told(
                &mut own,
                "deliveries",
                "Deliveries this node has settled, by what became of the letter",
            ),
            letters: told(
                &mut own,
                "letters",
                "Letters that wait (queued) and that were given up (dead)",
            ),
            pool: told(
                &mut own,
                "database_connections",
                "Connections to the database, in use and idle, and how many there may be",
            ),
            registry: own,
            process,
            now,
        }
    }

    /// A request was answered. `route` is a pattern, never what somebody typed.
    pub fn request(&self, route: String, status: u16, took: Duration) {
        let class = format!("{}xx", status / 100);
        self.requests
            .get_or_create(&[("route", route.clone()), ("status", class)])
            .inc();
        self.times
            .get_or_create(&[("route", route)])
            .observe(took.as_secs_f64());
    }

    /// Something that this node's own commits have brought about.
    pub(super) fn event(&self, event: &Event, now: Moment) {
        match event {
            Event::Availability(version) => {
                self.now.board_version.set(i64::try_from(*version).unwrap_or(i64::MAX));
                self.now.board_drawn.set(now.timestamp());
            }
            Event::Hold(_) | Event::Place(_) | Event::Over => {}
        }
    }

    /// Something happened to a case.
    pub(super) fn case(&self, kind: impl ToString) {
        self.cases.get_or_create(&[("kind", kind.to_string())]).inc();
    }

    /// A report was taken.
    pub(super) fn report(&self, channel: impl ToString) {
        self.reports.get_or_create(&[("channel", channel.to_string())]).inc();
    }

    /// A delivery was settled; `action` as the audit calls it, `letter.sent`.
    pub(super) fn letter(&self, action: &'static str) {
        let outcome = action.strip_prefix("letter.").unwrap_or(action);
        self.deliveries.get_or_create(&[("outcome", outcome.to_owned())]).inc();
    }

    /// A turn of the jobs has ended.
    pub fn turned(&self, now: Moment) {
        self.now.last_turn.set(now.timestamp());
    }

    fn print(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &self.process)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

/// A family that is told under this name.
fn told<F: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> F {
    let family = F::default();
    registry.register(name, help, family.clone());
    family
}

impl Now {
    fn register(&self, own: &mut Registry) {
        own.register_with_unit(
            "letter_oldest_queued",
            "Age of the oldest letter that waits",
            Unit::Seconds,
            self.oldest_queued.clone(),
        );
        for (name, help, gauge) in [
            (
                "digest_overdue",
                "Schedules whose digest should have been made and was not",
                &self.digest_overdue,
            ),
            (
                "database_up",
                "Whether the database answered just now",
                &self.database_up,
            ),
            (
                "board_version",
                "How often this node has drawn its board",
                &self.board_version,
            ),
            (
                "sessions",
                "Sessions that have neither ended nor run out, of all nodes",
                &self.sessions,
            ),
            (
                "watchers",
                "Pages that listen to this node for what happens",
                &self.watchers,
            ),
        ] {
            own.register(name, help, gauge.clone());
        }
        for (name, help, gauge) in [
            (
                "jobs_last_turn_timestamp",
                "When this node last looked for what is due",
                &self.last_turn,
            ),
            (
                "board_drawn_timestamp",
                "When this node last drew its board",
                &self.board_drawn,
            ),
        ] {
            own.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        }
    }

    fn register_process(&self, process: &mut Registry) {
        process.register_with_unit("resident_memory", "Memory in use", Unit::Bytes, self.memory.clone());
        process.register_with_unit(
            "start_time",
            "When the process started, since 1970",
            Unit::Seconds,
            self.started.clone(),
        );
        process.register_with_unit("cpu", "Processor time used", Unit::Seconds, self.cpu.clone());
        process.register(
            "open_fds",
            "Files and connections that are open",
            self.open_files.clone(),
        );
        process.register("max_fds", "How many may be", self.most_files.clone());
    }

    fn look(&self) {
        let used = Usage::now();
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.memory.set(whole(used.memory_bytes));
        self.started.set(whole(used.started_at_seconds));
        // The machine counts; here it is only told.
        self.cpu.inner().store(used.cpu_seconds.to_bits(), Ordering::Relaxed);
        self.open_files.set(whole(used.open_files));
        self.most_files.set(whole(used.most_files));
    }
}

impl Services {
    /// All figures as text. With the database away it says that, and of the rest what was known last.
    ///
    /// # Errors
    /// None but of printing.
    pub async fn metrics(&self) -> Result<String, Refused> {
        let answered = self.measure().await;
        if let Err(error) = &answered {
            tracing::warn!(%error, "no figures from the database");
        }
        let meter = &self.meter;
        meter.now.database_up.set(i64::from(answered.is_ok()));
        meter
            .now
            .watchers
            .set(i64::try_from(self.events.receiver_count()).unwrap_or(i64::MAX));
        let pool = self.store.pool();
        for (state, count) in [
            ("used", pool.open.saturating_sub(pool.idle)),
            ("idle", pool.idle),
            ("most", pool.most),
        ] {
            meter
                .pool
                .get_or_create(&[("state", state.to_owned())])
                .set(i64::from(count));
        }
        meter.now.look();
        meter.print().map_err(|e| Refused::Unexpected(e.to_string()))
    }

    /// Three statements, whatever there is.
    async fn measure(&self) -> Result<(), Refused> {
        let now = self.now();
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let unsent = letters::unsent(&self.store).await?;
        let of = |state: &str| unsent.iter().find(|(name, ..)| name == state);
        for state in ["queued", "dead"] {
            let count = of(state).map_or(0, |(_, count, _)| *count);
            self.meter
                .letters
                .get_or_create(&[("state", state.to_owned())])
                .set(whole(count));
        }
        let age = of("queued").map_or(0, |(.., oldest)| (now - *oldest).num_seconds().max(0));
        self.meter.now.oldest_queued.set(age);
        let overdue = self.digests_overdue(now).await?;
        self.meter
            .now
            .digest_overdue
            .set(i64::try_from(overdue).unwrap_or(i64::MAX));
        let open = sessions::open(&self.store, now).await?;
        self.meter.now.sessions.set(whole(open));
        Ok(())
    }
}
