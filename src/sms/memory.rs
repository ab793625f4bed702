//! Text messages that go nowhere, for tests: they read what was sent, and say beforehand which sendings fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::SmsFailure;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub gateway: String,
    pub number: String,
    pub text: String,
}

/// Clones share one box.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Sent>,
    failures: VecDeque<SmsFailure>,
}

impl Memory {
    /// What was sent so far, oldest first. One whose failure was `uncertain` is among them: it did arrive.
    pub fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The next sending fails so; several calls queue up.
    pub fn fail_next(&self, failure: SmsFailure) {
        self.lock().failures.push_back(failure);
    }

    pub(super) fn send(&self, gateway: &str, number: &str, text: &str) -> Result<String, SmsFailure> {
        let mut inner = self.lock();
        let failure = inner.failures.pop_front();
        if failure.as_ref().is_none_or(|failure| failure.uncertain) {
            inner.sent.push(Sent {
                gateway: gateway.to_owned(),
                number: number.to_owned(),
                text: text.to_owned(),
            });
        }
        failure.map_or_else(|| Ok("kept in memory".to_owned()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A test that panicked while holding the box has already failed; what the box holds is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
