//! How long what is stored is kept. It must not know where it lies or how it is removed; docs/DATA.md says the same for
//! each column, and a test compares the two.

use chrono::{Duration, NaiveDate, NaiveTime};

use super::id::Moment;

/// The hour of the local day from which on a day's purge is made: few people write then.
pub const FROM: NaiveTime = NaiveTime::MIN.overflowing_add_signed(Duration::hours(3)).0;
/// A referral that nobody closed goes so long after it was opened, unless a hold of it still runs.
pub const NEVER_CLOSED: Duration = Duration::days(90);
/// Sessions and links to choose a password, after they ended or were used.
pub const ENDED: Duration = Duration::days(7);
/// Failed sign-ins, after the last of them.
pub const FAILURES: Duration = Duration::days(30);
/// Daily counts of what somebody did.
pub const QUOTAS: Duration = Duration::days(31);
/// Notices that belong to no case, after they were made.
pub const NOTICES: Duration = Duration::days(90);
/// Letters of digests: until then the link to leave works that stands in them.
pub const LETTERS: Duration = Duration::days(3 * 365);

/// For how many days at most a case is kept after it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(u8);

impl Retention {
    pub const SHORTEST: u8 = 7;
    pub const LONGEST: u8 = 90;

    /// `None` below [`Self::SHORTEST`] and above [`Self::LONGEST`].
    pub fn of_days(days: u8) -> Option<Self> {
        (Self::SHORTEST..=Self::LONGEST).contains(&days).then_some(Self(days))
    }

    pub fn days(self) -> u8 {
        self.0
    }

    /// What was closed before goes in a purge at `now`. The next purge is a day away, and what would be too old by then goes
    /// today.
    pub fn closed_before(self, now: Moment) -> Moment {
        now - Duration::days(i64::from(self.0) - 1)
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self(30)
    }
}

/// Whether a day's purge is to be made on the local day `today` at the time `time`; `last` is the day of the last one. One
/// that was missed is made up for at any hour.
pub fn is_due(last: Option<NaiveDate>, today: NaiveDate, time: NaiveTime) -> bool {
    match last {
        None => true,
        Some(last) if last >= today => false,
        Some(last) => time >= FROM || last.succ_opt().is_none_or(|next| next < today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    #[test]
    fn a_purge_is_made_once_a_night_and_made_up_for_at_any_hour() {
        assert!(is_due(None, day(5), at(1)));
        assert!(!is_due(Some(day(4)), day(5), at(2)));
        assert!(is_due(Some(day(4)), day(5), at(3)));
        assert!(!is_due(Some(day(5)), day(5), at(23)));
        assert!(is_due(Some(day(3)), day(5), at(0)));
        assert!(!is_due(Some(day(6)), day(5), at(9)), "a clock that was set back");
    }

    #[test]
    fn nothing_is_ever_older_than_its_days() {
        assert_eq!(Retention::of_days(6), None);
        assert_eq!(Retention::of_days(91), None);
        let week = Retention::of_days(7).unwrap();
        let now = "2026-11-22T22:00:00Z".parse().unwrap();
        // The next purge comes a day later: what is closed by then for seven days is closed for six today.
        assert_eq!(now - week.closed_before(now), Duration::days(6));
    }
}
