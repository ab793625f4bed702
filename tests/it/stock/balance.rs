//! The national balance: what came, what went and what is there, day by day, closes to the unit.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Harness, on_both};
use crate::races::assert_sound;

const PATH: &str = "/api/v1/statistics/supplies/balance";

fn of<'a>(balance: &'a Value, item: &str) -> &'a Value {
    let items = balance["items"].as_array().unwrap();
    items.iter().find(|row| row["item"] == item).unwrap()
}

/// Opening, donated, bought, from the state, other, issued, used, written off, closing.
fn figures(row: &Value) -> [i64; 9] {
    [
        "opening",
        "donated",
        "bought",
        "from_state",
        "other",
        "issued",
        "used",
        "written_off",
        "closing",
    ]
    .map(|name| row[name].as_i64().unwrap())
}

on_both! {
    async fn each_day_begins_where_the_day_before_ended(h: Harness) {
        let c = h.country().await;
        let mut keys = 0;
        let mut book = async |first: bool, body: Value| {
            h.clock.advance(Duration::minutes(1));
            keys += 1;
            let (who, shelter) = if first { (&c.manager, &c.shelter) } else { (&c.other_manager, &c.other_shelter) };
            let who = h.signed_in(&who.user).await;
            let path = format!("/api/v1/shelters/{}/movements", shelter.id);
            who.post_once(&path, &format!("booking-number-{keys}"), &body).await.expect(201);
        };
        let count = async |first: bool, on_hand: i64| {
            h.clock.advance(Duration::minutes(1));
            let (who, shelter) = if first { (&c.manager, &c.shelter) } else { (&c.other_manager, &c.other_shelter) };
            let who = h.signed_in(&who.user).await;
            let body = json!({"stock": [{"item": "soap", "on_hand": on_hand, "sure": true}]});
            who.put(&format!("/api/v1/shelters/{}/stock", shelter.id), &body).await.expect(200);
        };
        let receipt = |source: &str, n: i64| json!({"kind": "receipt", "source": source, "lines": [{"item": "soap", "quantity": n}]});
        count(true, 100).await;
        count(false, 50).await;
        h.clock.advance(Duration::days(1));
        let second = h.services.now().date_naive();
        book(true, receipt("donation", 20)).await;
        book(false, receipt("purchase", 7)).await;
        book(false, receipt("state", 5)).await;
        book(true, receipt("other", 1)).await;
        book(true, json!({"kind": "issue", "lines": [{"item": "soap", "quantity": 30}]})).await;
        book(false, json!({"kind": "write_off", "source": "expired", "lines": [{"item": "soap", "quantity": 2}]})).await;
        count(true, 80).await;
        h.clock.advance(Duration::days(1));
        let third = h.services.now().date_naive();
        // Somebody found a box.
        count(false, 72).await;
        let committee = h.signed_in(&c.committee.user).await;
        let ask = async |from, to| committee.get(&format!("{PATH}?from={from}&to={to}")).await.expect(200);
        let day = ask(second, second).await;
        assert_eq!(figures(of(&day, "soap")), [150, 20, 7, 5, 1, 30, 11, 2, 140]);
        let next = ask(third, third).await;
        assert_eq!(figures(of(&next, "soap")), [140, 0, 0, 0, 0, 0, -12, 0, 152]);
        let whole = committee.get(PATH).await.expect(200);
        assert_eq!(figures(of(&whole, "soap")), [0, 20, 7, 5, 1, 30, -151, 2, 152]);
        for balance in [&day, &next, &whole] {
            let soap = of(balance, "soap");
            assert_eq!((&soap["closes"], &soap["in_transit_closing"], &soap["missing_in_transit"]), (&json!(true), &json!(0), &json!(0)));
        }
        assert_sound(&h.services).await;
        // A count that comes late does not rewrite what was known.
        let mut report = h.report(&c.shelter, &[]);
        report["observed_at"] = json!(h.services.now() - Duration::hours(20));
        report["stock"] = json!([{"item": "soap", "on_hand": 60}]);
        let manager = h.signed_in(&c.manager.user).await;
        manager.post_once(&c.path("/reports"), "a-late-report", &report).await.expect(201);
        assert_eq!(ask(second, second).await["items"], day["items"]);
        assert_eq!(figures(of(&ask(third, third).await, "soap")), [140, 0, 0, 0, 0, 0, 8, 0, 132]);
    }

    async fn what_cannot_be_asked_is_named(h: Harness) {
        let c = h.country().await;
        for (query, field, code) in [
            ("from=2026-11-02&to=2026-11-01", "to", "out_of_range"),
            ("from=2020-11-02&to=2026-11-01", "from", "out_of_range"),
            ("from=x", "from", "wrong_type"),
            ("since=2026-11-02", "since", "unknown_field"),
        ] {
            let refused = c.admin.get(&format!("{PATH}?{query}")).await;
            assert_eq!((refused.status, refused.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{query}");
        }
        assert_eq!(c.admin.get(PATH).await.expect(200)["items"], json!([]));
    }
}
