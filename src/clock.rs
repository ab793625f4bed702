//! The one place that asks what time it is. Everything else is told (`now` is an argument).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, Utc};

use crate::domain::id::Moment;

/// Tells the time in whole milliseconds: what a row can hold, so nothing changes on its way through the database.
#[derive(Clone)]
pub enum Clock {
    System,
    /// A clock that tests move by hand.
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn set_to(moment: Moment) -> Self {
        Self::Set(Arc::new(AtomicI64::new(moment.timestamp_millis())))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Moment {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Set(millis) => DateTime::from_timestamp_millis(millis.load(Ordering::SeqCst)).unwrap_or_default(),
        }
    }

    /// Moves a set clock forward; a system clock does not let itself be moved.
    pub fn advance(&self, by: chrono::Duration) {
        if let Self::Set(millis) = self {
            millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }

    /// Sets a set clock; a system clock does not let itself be set.
    pub fn set(&self, moment: Moment) {
        if let Self::Set(millis) = self {
            millis.store(moment.timestamp_millis(), Ordering::SeqCst);
        }
    }
}

/// How long something takes, whatever the clock is set to meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
