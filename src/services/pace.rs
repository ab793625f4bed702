//! How often strangers may try something, kept in memory: of one who is known by name a few times, of all together more
//! often. A node that starts anew has forgotten; what must not be forgotten is counted in the database.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;

use crate::domain::id::Moment;

/// What is counted of those without an account.
#[derive(Default)]
pub struct Strangers {
    /// Codes sent from numbers that are not connected.
    pub codes: Pace<5, 300>,
    /// Requests of gateways that did not prove themselves, as far as they are put on record.
    pub forgeries: Pace<30, 60>,
}

/// What those with an account were refused, as far as it is put on record.
pub type Denials = Pace<10, 600, 1>;

/// Names that wait to be looked after in the next turn: each once, and no more than can be.
#[derive(Default)]
pub struct Line {
    waiting: Mutex<Vec<String>>,
}

/// Most names that wait in a [`Line`].
const LONGEST_LINE: usize = 200;

impl Line {
    pub fn push(&self, name: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < LONGEST_LINE && !waiting.iter().any(|other| other == name) {
            waiting.push(name.to_owned());
        }
    }

    pub fn drain(&self) -> Vec<String> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// At most `OF_ONE` of each who, and `OF_ALL` of all, in so many minutes.
#[derive(Default)]
pub struct Pace<const OF_ONE: usize, const OF_ALL: usize, const MINUTES: i64 = 60> {
    seen: Mutex<VecDeque<(Moment, String)>>,
}

impl<const OF_ONE: usize, const OF_ALL: usize, const MINUTES: i64> Pace<OF_ONE, OF_ALL, MINUTES> {
    /// Counts this try if it is within the limits; `false` if it is not.
    pub fn admit(&self, who: &str, now: Moment) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen
            .front()
            .is_some_and(|(at, _)| *at <= now - Duration::minutes(MINUTES))
        {
            seen.pop_front();
        }
        if seen.len() >= OF_ALL || seen.iter().filter(|(_, other)| other == who).count() >= OF_ONE {
            return false;
        }
        seen.push_back((now, who.to_owned()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Pace};
    use chrono::{Duration, TimeZone, Utc};

    #[test]
    fn a_line_takes_each_once_and_is_never_too_long() {
        let line = Line::default();
        for n in 0..300 {
            line.push(&(n / 2).to_string());
        }
        assert_eq!(line.drain().len(), 150);
        assert!(line.drain().is_empty());
        for n in 0..300 {
            line.push(&n.to_string());
        }
        assert_eq!(line.drain().len(), 200);
    }

    #[test]
    fn a_few_of_one_more_of_all_and_anew_after_an_hour() {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap();
        let pace = Pace::<2, 3>::default();
        let tries = ["a", "a", "a", "b", "c"].map(|who| pace.admit(who, now));
        assert_eq!(tries, [true, true, false, true, false]);
        assert!(pace.admit("a", now + Duration::hours(1)));
    }
}
