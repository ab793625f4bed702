//! How much of an item a resident uses in a day, learned from counts and movements. It must not know what is on hand.

use serde::{Deserialize, Serialize};

use super::id::Moment;

/// What was learned of an item in one shelter. Rates are millionths of a unit per person and night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learned {
    pub rate: u64,
    /// With nine in ten the true rate lies between `low` and `high`.
    pub low: u64,
    pub high: u64,
    /// Spans between two counts that it rests on.
    pub spans: u32,
    pub at: Moment,
}
