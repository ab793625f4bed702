//! Cron lines: what is taken is taken again as it stands, and its slots come one after another.
#![no_main]

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Utc};
use libfuzzer_sys::fuzz_target;
use panoh::domain::digests::{Cadence, Period, Rule, Schedule, latest_period, next_periods};

const ZONES: [chrono_tz::Tz; 4] = [
    chrono_tz::Asia::Dushanbe,
    chrono_tz::America::Toronto,
    chrono_tz::Pacific::Apia,
    chrono_tz::Africa::Cairo,
];

fuzz_target!(|data: &[u8]| {
    let Some((head, line)) = data.split_at_checked(4) else { return };
    let Ok(line) = std::str::from_utf8(line) else { return };
    let rule = Rule { cron: Some(line.to_owned()), ..Rule::default() };
    let Ok(rule) = Cadence::Cron.check(rule, None) else { return };
    assert_eq!(Cadence::Cron.check(rule.clone(), None).ok().as_ref(), Some(&rule), "taken again as it stands");
    // Hours from 2000 to 2068.
    let hours = i64::from(u32::from_le_bytes([head[0], head[1], head[2], 0]) % 600_000);
    let now: DateTime<Utc> = DateTime::from_timestamp(946_684_800 + hours * 3600, 0).expect("a time");
    let schedule = Schedule {
        cadence: Cadence::Cron,
        rule,
        at: NaiveTime::MIN,
        zone: ZONES[usize::from(head[3] % 4)],
        region: None,
        expires_on: None,
        holidays: Arc::default(),
    };
    let next = next_periods(&schedule, now, 5);
    assert!(next.len() <= 5);
    let mut before = now;
    for period in &next {
        assert!(period.due > before, "{next:?} after {now}");
        before = period.due;
        told(&schedule, period);
    }
    assert!(next.windows(2).all(|pair| pair[0].key() < pair[1].key()), "{next:?}");
    if let Some(latest) = latest_period(&schedule, now) {
        assert!(latest.due <= now);
        assert!(next.first().is_none_or(|next| latest.key() < next.key()));
        told(&schedule, &latest);
    }
});

fn told(schedule: &Schedule, period: &Period) {
    assert_eq!(Period::date_of(&period.key()), Some(period.date));
    let span = schedule.covers(period);
    assert!(span.from <= span.to && span.to <= period.date, "{span:?} of {period:?}");
}
