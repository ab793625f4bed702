//! Reports that a phone has kept for a while: they are judged by the day on which they were written.

use chrono::{Duration, TimeZone, Utc};
use serde_json::json;

use crate::harness::{Harness, on_both};

on_both! {
    async fn an_exit_of_the_day_on_which_it_was_written_is_taken_after_midnight(h: Harness) {
        let c = h.country().await;
        // Ten to midnight in Dushanbe, and forty minutes later.
        let written = Utc.with_ymd_and_hms(2026, 11, 22, 18, 50, 0).unwrap();
        h.clock.set(written + Duration::minutes(40));
        let manager = h.signed_in(&c.manager.user).await;
        let mut body = h.report(&c.shelter, &[1, 2]);
        body["observed_at"] = json!(written);
        let exit = |date: &str| json!([{"room_id": c.shelter.rooms[0].id, "date": date}]);
        body["planned_exits"] = exit("2026-11-21");
        let refused = manager.post_once(&c.path("/reports"), "too-early1", &body).await;
        assert_eq!((refused.status, refused.faults()), (422, vec![("planned_exits[0].date".to_owned(), "out_of_range".to_owned())]));
        body["planned_exits"] = exit("2026-11-22");
        assert_eq!(manager.post_once(&c.path("/reports"), "midnight-1", &body).await.expect(201)["applied"], true);
        // A clock that nobody believes is judged by the day of arrival.
        body["observed_at"] = json!(written - Duration::days(30));
        let suspect = manager.post_once(&c.path("/reports"), "suspect-01", &body).await;
        assert_eq!(suspect.status, 422, "{}", suspect.text());
    }
}
