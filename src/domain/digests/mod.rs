//! Digests: when one is due, and what stands in it. Numbers and codes only; which words and which picture they become
//! is for `letters`, and how they travel for `mail`.

mod compose;
mod content;
mod exceptions;
mod input;
#[cfg(test)]
pub(crate) mod sample;
mod schedule;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;
mod unmet;

pub use compose::compose;
pub use content::{
    Change, Content, Count, DemandLine, Exception, Overdue, Quality, RegionLine, Reporting, Silent, Standard,
    SupplyCover, SupplyLine, Transfers, Trend, TrendPoint, Unmet, UnmetLine,
};
pub use exceptions::{Exceptions, MOST_EXCEPTIONS};
pub use input::{
    DayPoint, Demand, DigestInput, Previous, RegionInput, ShelterCounts, SilentShelter, Supply, Totals, TransferInput,
    UnmetInput,
};
pub use schedule::{Cadence, DELAYED_AFTER, Period, Schedule, latest_period, next_sends, period_due};
pub use unmet::SMALLEST_COUNT;
