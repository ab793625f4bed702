//! Counts: packs and units, dates of expiry, what is kept back, and the count that is ten times the usual.

use chrono::Duration;
use serde_json::{Value, json};

use super::of;
use crate::harness::{Harness, on_both};

fn faults(named: &[(&str, &str)]) -> Vec<(String, String)> {
    named
        .iter()
        .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
        .collect()
}

on_both! {
    async fn packs_and_units_are_added_exactly(h: Harness) {
        let c = h.country().await;
        let pack = i64::from(h.services.pack.item("soap").unwrap().pack_size);
        assert!(pack > 1, "else nothing is shown");
        let body = json!({"stock": [{"item": "soap", "packs": 3, "on_hand": 2}, {"item": "flour", "on_hand": 10_000_000}]});
        c.manager.put(&c.path("/stock"), &body).await.expect(200);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 3 * pack + 2);
        assert_eq!(of(&c.manager, &c, "flour").await["on_hand"], 10_000_000);
        h.clock.advance(Duration::minutes(5));
        let mut report = h.report(&c.shelter, &[]);
        report["stock"] = json!([{"item": "soap", "packs": 1, "on_hand": 0}]);
        c.manager.post_once(&c.path("/reports"), "a-report-of-packs", &report).await.expect(201);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], pack);
        let most = 10_000_000 / pack;
        for (line, field) in [
            (json!({"item": "soap", "packs": most + 1, "on_hand": 0}), "stock[0].packs"),
            (json!({"item": "soap", "packs": most, "on_hand": pack}), "stock[0].packs"),
            (json!({"item": "soap", "packs": -1, "on_hand": pack}), "stock[0].packs"),
            (json!({"item": "soap", "packs": 10_000_000, "on_hand": 10_000_000}), "stock[0].packs"),
            (json!({"item": "soap", "on_hand": 10_000_001}), "stock[0].on_hand"),
            (json!({"item": "soap", "on_hand": 1, "minimum": -1}), "stock[0].minimum"),
        ] {
            let refused = c.manager.put(&c.path("/stock"), &json!({"stock": [line]})).await;
            assert_eq!((refused.status, refused.faults()), (422, faults(&[(field, "out_of_range")])), "{line}");
        }
        let many: Vec<Value> = (0..501).map(|_| json!({"item": "soap", "on_hand": 1})).collect();
        let refused = c.manager.put(&c.path("/stock"), &json!({"stock": many})).await.faults();
        assert!(refused.contains(&("stock".to_owned(), "too_many".to_owned())), "{refused:?}");
    }

    async fn dated_units_and_what_is_kept_back_stay_until_said_otherwise(h: Harness) {
        let c = h.country().await;
        let put = async |line: Value| {
            h.clock.advance(Duration::minutes(1));
            c.manager.put(&c.path("/stock"), &json!({"stock": [line]})).await
        };
        let lots = json!([{"expires_on": "2027-03-01", "units": 4}, {"expires_on": "2026-12-24", "units": 5}]);
        put(json!({"item": "rice", "on_hand": 12, "lots": lots, "minimum": 6})).await.expect(200);
        let rice = of(&c.manager, &c, "rice").await;
        let sorted = json!([{"expires_on": "2026-12-24", "units": 5}, {"expires_on": "2027-03-01", "units": 4}]);
        assert_eq!((&rice["lots"], &rice["minimum"], &rice["on_hand"]), (&sorted, &json!(6), &json!(12)));
        // What is gone is taken to be what expired first; nobody has said that the minimum is another.
        put(json!({"item": "rice", "on_hand": 6})).await.expect(200);
        let rice = of(&c.manager, &c, "rice").await;
        let left = json!([{"expires_on": "2026-12-24", "units": 2}, {"expires_on": "2027-03-01", "units": 4}]);
        assert_eq!((&rice["lots"], &rice["minimum"]), (&left, &json!(6)));
        put(json!({"item": "rice", "on_hand": 6, "lots": [], "minimum": 0})).await.expect(200);
        let rice = of(&c.manager, &c, "rice").await;
        assert_eq!((&rice["lots"], &rice["minimum"]), (&json!([]), &json!(0)));
        let day = |day: &str, units: i64| json!({"expires_on": day, "units": units});
        for (lots, field, code) in [
            (json!([day("2027-01-01", 4), day("2027-01-02", 3)]), "stock[0].lots", "more_than_on_hand"),
            (json!([day("2027-01-01", 1), day("2027-01-01", 1)]), "stock[0].lots[1].expires_on", "duplicate"),
            (json!([day("2027-01-01", 0)]), "stock[0].lots[0].units", "out_of_range"),
            (json!([day("1890-01-01", 1)]), "stock[0].lots[0].expires_on", "out_of_range"),
        ] {
            let refused = put(json!({"item": "rice", "on_hand": 6, "lots": lots})).await;
            assert_eq!((refused.status, refused.faults()), (422, faults(&[(field, code)])), "{lots}");
        }
    }

    async fn ten_times_the_usual_is_asked_once(h: Harness) {
        let c = h.country().await;
        let put = async |on_hand: i64, sure: bool| {
            h.clock.advance(Duration::hours(20));
            let line = json!({"item": "soap", "on_hand": on_hand, "sure": sure});
            h.signed_in(&c.manager.user).await.put(&c.path("/stock"), &json!({"stock": [line]})).await
        };
        // Nothing is usual yet, nor where there was nothing.
        put(0, false).await.expect(200);
        put(40, false).await.expect(200);
        put(30, false).await.expect(200);
        put(2, false).await.expect(200);
        put(300, false).await.expect(422);
        // Nearly used up is no reason to ask about what was usual before.
        put(299, false).await.expect(200);
        put(30, false).await.expect(200);
        let asked = put(400, false).await;
        assert_eq!((asked.status, asked.faults()), (422, faults(&[("stock[0].on_hand", "unusual")])));
        let manager = h.signed_in(&c.manager.user).await;
        assert_eq!(of(&manager, &c, "soap").await["on_hand"], 30, "nothing is taken before she has said so");
        put(400, true).await.expect(200);
        let manager = h.signed_in(&c.manager.user).await;
        assert_eq!(of(&manager, &c, "soap").await["on_hand"], 400);
        // A report is kept on a phone and may come late: it is taken, and says so.
        h.clock.advance(Duration::minutes(30));
        let mut report = h.report(&c.shelter, &[]);
        report["stock"] = json!([{"item": "flour", "on_hand": 5}, {"item": "soap", "on_hand": 4000}]);
        let told = manager.post_once(&c.path("/reports"), "report-of-4000", &report).await.expect(201);
        assert_eq!(told["warnings"], json!([{"code": "unusual_change", "field": "stock[1].on_hand"}]));
        assert_eq!(of(&manager, &c, "soap").await["on_hand"], 4000);
    }

    async fn administrators_read_any_shelter_and_count_none(h: Harness) {
        let c = h.country().await;
        c.manager.put(&c.path("/stock"), &json!({"stock": [{"item": "soap", "on_hand": 9}]})).await.expect(200);
        assert_eq!(of(&c.admin, &c, "soap").await["on_hand"], 9);
        c.admin.get(&c.path("/movements")).await.expect(200);
        for (who, status) in [(&c.other_manager, 404), (&c.officer, 403), (&c.committee, 403)] {
            assert_eq!(who.get(&c.path("/stock")).await.status, status);
            assert_eq!(who.get(&c.path("/movements")).await.status, status);
        }
        let refused = c.admin.put(&c.path("/stock"), &json!({"stock": []})).await;
        assert_eq!(refused.code(), "not_your_role");
    }
}
