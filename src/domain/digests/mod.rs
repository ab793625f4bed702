//! Digests: when one is due, and what stands in it. Numbers and codes only; which words and which picture they become
//! is for `letters`, and how they travel for `mail`.

mod compose;
mod content;
mod exceptions;
mod input;
mod people;
#[cfg(test)]
pub(crate) mod sample;
mod schedule;
#[cfg(test)]
mod schedule_cadence_tests;
mod schedule_rule;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod schedule_year_tests;
mod span;
#[cfg(test)]
mod tests;

pub use compose::compose;
pub use content::{
    Change, Content, Course, Exception, Means, Overdue, Quality, RegionLine, Reporting, Silent, Standard, StandardLine,
    Step, SupplyCover, SupplyLine, Transfers, Trend, TrendPoint, VERSION,
};
pub use exceptions::{Exceptions, MOST_EXCEPTIONS};
pub use input::{DigestInput, Previous, RegionInput, ShelterCounts, SilentShelter, Supply, Totals, TransferInput};
pub use people::{Answers, ChangeLine, Count, Month, People, ReasonLine, Referrals, RegionAnswers, RegionPeople};
pub use schedule::{
    DELAYED_AFTER, Mark, OVERDUE_AFTER, Period, Schedule, latest_period, next_periods, overdue, period_due,
};
pub use schedule_rule::{Cadence, LAST_DAY, Rule};
pub use span::{first_day, whole_months};
