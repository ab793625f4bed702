//! Guessing at passwords: after a few failures each further try costs a wait that doubles. Counted apart for an account as
//! strangers try it, for each browser its owner used before, and for each network address.

use core::net::IpAddr;

use chrono::Duration;

use super::id::Moment;

/// How many failures are free, and how long the wait after them becomes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub free: u32,
    pub longest: Duration,
}

/// With one account, from one browser known to it or from all others together.
pub const WITH_ACCOUNT: Patience = Patience {
    free: 5,
    longest: Duration::hours(1),
};

/// From one network address, behind which there may be many people.
pub const FROM_ADDRESS: Patience = Patience {
    free: 50,
    longest: Duration::minutes(15),
};

/// The wait after the first failure that is not free.
const FIRST_WAIT: Duration = Duration::minutes(1);
/// Failures are forgotten when there was none for so long.
const FORGOTTEN_AFTER: Duration = Duration::hours(24);
/// From so many failures with one account on, administrators hear of it.
pub const ATTACK: u32 = 10;

/// What is on record of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    pub failures: u32,
    pub last_at: Moment,
    /// Before then there is no other try.
    pub wait_until: Moment,
}

impl Tries {
    /// The record after one more failure at `now`.
    ///
    /// # Errors
    /// When it is too early for another try: how long is still to wait.
    pub fn another(self, patience: Patience, now: Moment) -> Result<Self, Duration> {
        if now < self.wait_until {
            return Err(self.wait_until - now);
        }
        let before = match now - self.last_at < FORGOTTEN_AFTER {
            true => self.failures,
            false => 0,
        };
        let failures = before.saturating_add(1);
        Ok(Self {
            failures,
            last_at: now,
            wait_until: now + wait_after(failures, patience),
        })
    }
}

/// How long after so many failures the next try must wait.
pub fn wait_after(failures: u32, patience: Patience) -> Duration {
    if failures <= patience.free {
        return Duration::zero();
    }
    // An hour is reached after six doublings; more would be too much for the arithmetic.
    let doublings = (failures - patience.free - 1).min(20);
    (FIRST_WAIT * (1 << doublings)).min(patience.longest)
}

/// What failures from an address are counted by: the address, or the network that one household or office has of IPv6.
/// `None` for what is no address of anybody in particular: this machine, such as a proxy that does not say for whom it asks.
pub fn network(origin: &str) -> Option<String> {
    match origin.parse().ok()? {
        IpAddr::V4(address) if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => network(&mapped.to_string()),
            None if address.is_loopback() => None,
            None => {
                let [a, b, c, d, ..] = address.segments();
                Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};

    fn start() -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 23, 6, 0, 0).unwrap()
    }

    fn none() -> Tries {
        Tries {
            failures: 0,
            last_at: start(),
            wait_until: start(),
        }
    }

    #[test]
    fn five_are_free_then_a_minute_that_doubles_to_an_hour() {
        let minutes: Vec<i64> = (1..=14).map(|n| wait_after(n, WITH_ACCOUNT).num_minutes()).collect();
        assert_eq!(minutes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(wait_after(50, FROM_ADDRESS).num_minutes(), 0);
        assert_eq!(wait_after(51, FROM_ADDRESS).num_minutes(), 1);
        assert_eq!(wait_after(u32::MAX, FROM_ADDRESS).num_minutes(), 15);
    }

    #[test]
    fn too_early_is_told_and_not_counted() {
        let mut tries = none();
        for _ in 0..6 {
            tries = tries.another(WITH_ACCOUNT, start()).unwrap();
        }
        assert_eq!(tries.another(WITH_ACCOUNT, start()), Err(Duration::minutes(1)));
        let later = start() + Duration::minutes(1);
        assert_eq!(tries.another(WITH_ACCOUNT, later).unwrap().failures, 7);
    }

    #[test]
    fn a_quiet_day_forgets() {
        let mut tries = none();
        for _ in 0..6 {
            tries = tries.another(WITH_ACCOUNT, start()).unwrap();
        }
        let almost = start() + Duration::hours(24) - Duration::milliseconds(1);
        assert_eq!(tries.another(WITH_ACCOUNT, almost).unwrap().failures, 7);
        assert_eq!(
            tries
                .another(WITH_ACCOUNT, start() + Duration::hours(24))
                .unwrap()
                .failures,
            1
        );
    }

    #[test]
    fn an_address_is_one_household_and_this_machine_is_nobody() {
        assert_eq!(network("203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(network("::ffff:203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        for nobody in ["127.0.0.1", "::1", "", "cli"] {
            assert_eq!(network(nobody), None, "{nobody}");
        }
    }
}
