//! A report: what is taken in each room and when that was true. Its limits, its place in the order of reports, what
//! it changes and what it should make somebody ask.
//! It must not know how reports arrive or where they are kept.

mod judge;
mod lines;

pub use judge::{
    CLOCK_AHEAD, CLOCK_BEHIND, Clock, Stamp, Warning, WarningCode, holds_at_risk, is_ready, is_unusual,
    judge_observed_at, local_day, supersedes, warnings,
};
pub use lines::{Arrival, MAX_COUNT, RawLine, ReportLine, parse_lines, state_after};

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

/// How a report came in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Channel {
    Web,
    Api,
    Sms,
    Import,
}
