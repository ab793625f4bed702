//! What this node counts of itself and of the outbox, in the words of Prometheus: for alarms, so of few figures, each cheap,
//! and nothing of a person, a case or a shelter in any of them. Where it is served is `http`'s business.

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::Services;
use super::errors::Refused;
use crate::domain::id::Moment;
use crate::store::letters;

type Labels = [(&'static str, &'static str); 1];

/// The figures, kept for as long as the process lives.
pub struct Meter {
    registry: Registry,
    deliveries: Family<Labels, Counter>,
    letters: Family<Labels, Gauge>,
    oldest_queued: Gauge,
    digest_overdue: Gauge,
    database_up: Gauge,
    last_turn: Gauge,
}

impl Meter {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("panoh");
        let (deliveries, letters) = (Family::default(), Family::default());
        let gauges: [Gauge; 4] = Default::default();
        let [oldest_queued, digest_overdue, database_up, last_turn] = &gauges;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        registry.register(
            "deliveries",
            "Deliveries this node has settled, by what became of the letter",
            Family::clone(&deliveries),
        );
        registry.register(
            "letters",
            "Letters that wait (queued) and that were given up (dead)",
            Family::clone(&letters),
        );
        registry.register_with_unit(
            "letter_oldest_queued",
            "Age of the oldest letter that waits",
            Unit::Seconds,
            oldest_queued.clone(),
        );
        registry.register(
            "digest_overdue",
            "Schedules whose digest should have been made and was not",
            digest_overdue.clone(),
        );
        registry.register(
            "database_up",
            "Whether the database answered just now",
            database_up.clone(),
        );
        registry.register_with_unit(
            "jobs_last_turn_timestamp",
            "When this node last looked for what is due",
            Unit::Seconds,
            last_turn.clone(),
        );
        let [oldest_queued, digest_overdue, database_up, last_turn] = gauges;
        Self {
            registry,
            deliveries,
            letters,
            oldest_queued,
            digest_overdue,
            database_up,
            last_turn,
        }
    }

    /// A delivery was settled; `action` as the audit calls it, `letter.sent`.
    pub(super) fn letter(&self, action: &'static str) {
        let outcome = action.strip_prefix("letter.").unwrap_or(action);
        self.deliveries.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A turn of the jobs has ended.
    pub fn turned(&self, now: Moment) {
        self.last_turn.set(now.timestamp());
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
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
        self.meter.database_up.set(i64::from(answered.is_ok()));
        let mut text = String::new();
        encode(&mut text, &self.meter.registry).map_err(|e| Refused::Unexpected(e.to_string()))?;
        Ok(text)
    }

    /// Two statements, whatever there is.
    async fn measure(&self) -> Result<(), Refused> {
        let now = self.now();
        let unsent = letters::unsent(&self.store).await?;
        let of = |state: &str| unsent.iter().find(|(name, ..)| name == state);
        for state in ["queued", "dead"] {
            let count = of(state).map_or(0, |(_, count, _)| *count);
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.meter.letters.get_or_create(&[("state", state)]).set(count);
        }
        let age = of("queued").map_or(0, |(.., oldest)| (now - *oldest).num_seconds().max(0));
        self.meter.oldest_queued.set(age);
        let overdue = self.digests_overdue(now).await?;
        self.meter
            .digest_overdue
            .set(i64::try_from(overdue).unwrap_or(i64::MAX));
        Ok(())
    }
}
