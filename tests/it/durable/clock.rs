//! DUR-3: the clock set under a running service. Back: what was promised stays promised, what was sent is not sent again,
//! and it is noticed. Forward: what has ended by that clock has ended, once.

use chrono::Duration;
use serde_json::json;

use crate::harness::country::search;
use crate::harness::{Harness, on_both};

on_both! {
    async fn a_clock_set_back_unmakes_nothing(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let referral = country.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let body = json!({"shelter_id": country.shelter.id});
        let hold = country.officer.post_once(&path, "the-key-of-the-hold", &body).await.expect(201);
        let held = || h.services.availability().availability.national.counts.held;
        assert!(h.jobs.watch_clock().await.unwrap());
        h.clock.advance(-Duration::hours(1));
        assert!(!h.jobs.watch_clock().await.unwrap(), "it is noticed");
        assert_eq!(h.services.clock_behind().await.unwrap(), Some(Duration::hours(1)));
        // Nobody is signed out, the hold claims its bed, and its key has its answer.
        country.officer.get("/api/v1/me").await.expect(200);
        assert_eq!(held(), 1);
        let again = country.officer.post_once(&path, "the-key-of-the-hold", &body).await.expect(201);
        assert_eq!(again["id"], hold["id"]);
        // A report of now seems older than the one in force: it is kept, and says that it does not count.
        let now = h.report(&country.shelter, &[1, 1]);
        let receipt = country.manager.post_once(&country.path("/reports"), "report-of-before", &now).await.expect(201);
        assert_eq!(receipt["applied"], json!(false));
        let accept = format!("/api/v1/holds/{}/accept", hold["id"].as_str().unwrap());
        country.manager.post(&accept, &json!({})).await.expect(200);
        assert_eq!(held(), 1);
        for check in h.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{}", check.name);
        }
        // Right again: reports count as ever.
        h.clock.advance(Duration::hours(1) + Duration::seconds(1));
        assert!(h.jobs.watch_clock().await.unwrap());
        let now = h.report(&country.shelter, &[1, 1]);
        let receipt = country.manager.post_once(&country.path("/reports"), "report-of-after", &now).await.expect(201);
        assert_eq!(receipt["applied"], json!(true));
    }

    async fn a_clock_set_forward_ends_what_ends_once(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let referral = country.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let body = json!({"shelter_id": country.shelter.id});
        let hold = country.officer.post_once(&path, "the-key-of-the-hold", &body).await.expect(201);
        let held = || h.services.availability().availability.national.counts.held;
        let schedule = crate::stage::schedule_body();
        country.admin.post("/api/v1/digest-schedules", &schedule).await.expect(201);
        h.clock.advance(Duration::days(1));
        assert_eq!(held(), 0, "its deadline has passed");
        let made = h.jobs.run_due().await.unwrap();
        assert_eq!(h.jobs.expire_due().await.unwrap(), 1);
        // Set back: what has ended does not begin again, and no digest is made twice.
        h.clock.advance(-Duration::days(1));
        assert_eq!((held(), h.jobs.expire_due().await.unwrap(), h.jobs.run_due().await.unwrap()), (0, 0, 0));
        let person = h.signed_in(&country.officer.user).await;
        let stands = person.get(&format!("/api/v1/holds/{}", hold["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(stands["state"], json!("expired"));
        h.clock.advance(Duration::days(1));
        assert_eq!((made, h.jobs.run_due().await.unwrap()), (1, 0), "one for its day");
        for check in h.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{}", check.name);
        }
    }
}
