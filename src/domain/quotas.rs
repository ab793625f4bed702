//! How often one person may do in a day what shows much of the country, or of one shelter, to who does it often: nobody who
//! does the work needs more, and whoever collects does. It must not know who is told.

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;

use super::codes::codes;
use super::id::{Moment, UserId};

codes! {
    QuotaKind {
        /// Lists of places that fit a household.
        Searches,
        /// Shelters asked for a place.
        Holds,
        /// Contacts for the way to a shelter.
        Handovers,
        /// Addresses and contacts, read by those who run the shelter.
        ConfidentialReads,
        /// Questions for shelters that are none: counted, not limited.
        Canaries,
    }
}

/// How much of each one person has in a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    pub searches: u32,
    pub holds: u32,
    pub handovers: u32,
    pub confidential_reads: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            searches: 300,
            holds: 60,
            handovers: 5,
            confidential_reads: 20,
        }
    }
}

/// Where a count stands against its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Well,
    /// From four fifths on.
    Near,
    Reached,
}

impl Quotas {
    /// The most of this kind in a day; `None` for what is not limited.
    pub fn limit(&self, kind: QuotaKind) -> Option<u32> {
        match kind {
            QuotaKind::Searches => Some(self.searches),
            QuotaKind::Holds => Some(self.holds),
            QuotaKind::Handovers => Some(self.handovers),
            QuotaKind::ConfidentialReads => Some(self.confidential_reads),
            QuotaKind::Canaries => None,
        }
    }

    pub fn standing(&self, kind: QuotaKind, count: u32) -> Standing {
        match self.limit(kind) {
            Some(limit) if count >= limit => Standing::Reached,
            Some(limit) if u64::from(count) * 5 >= u64::from(limit) * 4 => Standing::Near,
            _ => Standing::Well,
        }
    }

    /// Whether this many are more than the day allows.
    pub fn exceeds(&self, kind: QuotaKind, count: u32) -> bool {
        self.limit(kind).is_some_and(|limit| count > limit)
    }

    /// What is to be told when a count grows: the standing it has come to, if that is another than before.
    pub fn news(&self, kind: QuotaKind, before: u32, count: u32) -> Option<Standing> {
        let now = self.standing(kind, count);
        (now > self.standing(kind, before)).then_some(now)
    }
}

/// What somebody did on a local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub user: UserId,
    pub kind: QuotaKind,
    pub day: NaiveDate,
    pub count: u32,
    /// When the last was counted.
    pub at: Moment,
}

/// Seconds until the next local day begins, at least 1: when what is used up is given anew. A midnight that the clocks
/// leave out is over when the day's first hour is.
pub fn seconds_to_midnight(now: Moment, zone: Tz) -> u64 {
    let tomorrow = now.with_timezone(&zone).date_naive() + Days::new(1);
    let begins = tomorrow
        .and_time(NaiveTime::MIN)
        .and_local_timezone(zone)
        .earliest()
        .map_or(now + chrono::Duration::hours(24), |at| at.to_utc());
    u64::try_from((begins - now).num_seconds()).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    #[test]
    fn four_fifths_are_near_and_the_limit_is_reached_once_each() {
        let quotas = Quotas::default();
        let told: Vec<(u32, Standing)> = (1..=8)
            .filter_map(|n| Some((n, quotas.news(QuotaKind::Handovers, n - 1, n)?)))
            .collect();
        assert_eq!(told, [(4, Standing::Near), (5, Standing::Reached)]);
        assert!(!quotas.exceeds(QuotaKind::Handovers, 5) && quotas.exceeds(QuotaKind::Handovers, 6));
        // Counted ten at a time, neither is passed over.
        assert_eq!(quotas.news(QuotaKind::Searches, 230, 240), Some(Standing::Near));
        assert_eq!(quotas.news(QuotaKind::Searches, 235, 305), Some(Standing::Reached));
        assert_eq!(quotas.news(QuotaKind::Canaries, 0, 1_000_000), None);
    }

    #[test]
    fn the_day_ends_at_local_midnight() {
        let zone = chrono_tz::Asia::Dushanbe;
        let at = |h, m, s| Utc.with_ymd_and_hms(2026, 11, 22, h, m, s).unwrap();
        assert_eq!(seconds_to_midnight(at(18, 59, 59), zone), 1);
        assert_eq!(seconds_to_midnight(at(19, 0, 0), zone), 86_400);
        // The clocks of Beirut spring over midnight.
        let beirut = Utc.with_ymd_and_hms(2026, 3, 28, 21, 0, 0).unwrap();
        assert!(seconds_to_midnight(beirut, chrono_tz::Asia::Beirut) > 0);
    }
}
