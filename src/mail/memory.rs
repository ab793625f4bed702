//! Mail that goes nowhere, for tests: they read what was sent, and say beforehand which sendings fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Answer, MailFailure};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub from: String,
    pub to: String,
    pub raw: Vec<u8>,
}

/// Clones share one box.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Sent>,
    failures: VecDeque<MailFailure>,
    refused: Vec<(String, MailFailure)>,
}

impl Memory {
    /// What was sent so far, oldest first. A letter whose failure was `uncertain` is among them: it did arrive.
    pub fn sent(&self) -> Vec<Sent> {
        self.lock().sent.clone()
    }

    /// The next sending fails so; several calls queue up.
    pub fn fail_next(&self, failure: MailFailure) {
        self.lock().failures.push_back(failure);
    }

    /// Every sending to this recipient fails so.
    pub fn refuse(&self, to: &str, failure: MailFailure) {
        self.lock().refused.push((to.to_owned(), failure));
    }

    pub(super) fn send(&self, from: &str, to: &str, raw: &[u8]) -> Result<Answer, MailFailure> {
        let mut inner = self.lock();
        let refused = inner
            .refused
            .iter()
            .find(|(who, _)| who == to)
            .map(|(_, failure)| failure.clone());
        let failure = match refused {
            Some(failure) => Some(failure),
            None => inner.failures.pop_front(),
        };
        if failure.as_ref().is_none_or(|failure| failure.uncertain) {
            inner.sent.push(Sent {
                from: from.to_owned(),
                to: to.to_owned(),
                raw: raw.to_vec(),
            });
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Answer {
                text: "kept in memory".to_owned(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A test that panicked while holding the box has already failed; what the box holds is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
