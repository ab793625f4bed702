//! Sixty days around the change of the clocks, looked at every half hour: one run for each local day, none twice.

use chrono::{Duration, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use panoh::domain::id::Moment;

use super::stage::Stage;
use crate::harness::{Harness, on_both};

/// Zone, hour of the schedule, first day: the hour is one that the change leaves out or shows twice.
const CASES: [(&str, (u32, u32), &str); 4] = [
    ("Europe/Berlin", (2, 30), "2026-02-27"),
    ("Europe/Berlin", (2, 30), "2026-09-25"),
    ("America/Havana", (0, 15), "2026-02-07"),
    ("America/Havana", (0, 15), "2026-10-02"),
];
const DAYS: u64 = 60;

on_both! {
    async fn each_local_day_has_one_digest_whatever_the_clocks_do(h: Harness) {
        let stage = Stage::open(h, "2026-02-01T00:00:00Z".parse::<Moment>().unwrap());
        let mut all = 0;
        for (zone, (hour, minute), first) in CASES {
            let tz: Tz = zone.parse().unwrap();
            let first: NaiveDate = first.parse().unwrap();
            let noon = |day: NaiveDate| {
                day.and_time(NaiveTime::from_hms_opt(12, 0, 0).unwrap()).and_local_timezone(tz).unwrap().to_utc()
            };
            let (begin, end) = (noon(first), noon(first + chrono::Days::new(DAYS)));
            stage.execute("UPDATE digest_schedule SET active = FALSE").await;
            stage.clock().set(begin);
            let schedule = stage.schedule((hour, minute), zone).await;
            // Half an hour at a time on the two days around the change, four hours on the others.
            let mut now = begin;
            let mut offset = 0;
            let mut changes = 0;
            while now <= end {
                stage.clock().set(now);
                stage.jobs.run_due().await.unwrap();
                let shown = now.with_timezone(&tz).naive_local() - now.naive_utc();
                let soon = (now + Duration::hours(24)).with_timezone(&tz).naive_local() - (now + Duration::hours(24)).naive_utc();
                changes += usize::from(now > begin && shown.num_seconds() != offset);
                offset = shown.num_seconds();
                now += if shown == soon { Duration::hours(4) } else { Duration::minutes(30) };
            }
            assert_eq!(changes, 1, "{zone} from {first}: the clocks change once");
            let periods = stage
                .sql("SELECT d.period FROM digest d JOIN digest_schedule s ON s.id = d.schedule_id WHERE s.active ORDER BY d.period")
                .await;
            let expected: Vec<Vec<String>> = (1..=DAYS).map(|n| vec![(first + chrono::Days::new(n)).to_string()]).collect();
            assert_eq!(periods, expected, "{zone}");
            all += expected.len();
            assert_eq!(stage.sql("SELECT period FROM digest").await.len(), all, "and nobody else's");
            let kept = stage.services().schedule(schedule.id).await.unwrap().last_period;
            assert_eq!(kept, Some((first + chrono::Days::new(DAYS)).to_string()));
        }
    }
}
