//! What comes and goes: booked once, all lines or none, first expired first out, and told to the unit.

use chrono::Duration;
use futures::future::join_all;
use serde_json::{Value, json};

use super::of;
use crate::harness::{Harness, on_both};
use crate::races::assert_sound;

fn line(item: &str, quantity: i64) -> Value {
    json!({"item": item, "quantity": quantity})
}

on_both! {
    async fn what_comes_and_goes_adds_to_the_count(h: Harness) {
        let c = h.country().await;
        let path = c.path("/movements");
        let book = async |key: &str, body: Value| {
            h.clock.advance(Duration::minutes(1));
            c.manager.post_once(&path, key, &body).await
        };
        c.manager.put(&c.path("/stock"), &json!({"stock": [{"item": "rice", "on_hand": 10}]})).await.expect(200);
        let pack = i64::from(h.services.pack.item("rice").unwrap().pack_size);
        let dated = json!({"item": "rice", "quantity": 1, "packs": 2, "expires_on": "2027-01-31"});
        let told = book("receipt-01", json!({"kind": "receipt", "source": "donation", "lines": [dated, line("soap", 7)]}))
            .await.expect(201);
        let units = 2 * pack + 1;
        assert_eq!(told["stock"][0]["on_hand"], 10 + units);
        assert_eq!((&told["stock"][1]["item"], &told["stock"][1]["on_hand"]), (&json!("soap"), &json!(7)));
        assert_eq!(told["stock"][1]["counted_at"], Value::Null, "received, and never counted");
        // Dated units go first, though the others came earlier.
        let told = book("issue-01", json!({"kind": "issue", "lines": [line("rice", units + 1)]})).await.expect(201);
        assert_eq!((&told["stock"][0]["on_hand"], &told["stock"][0]["lots"]), (&json!(9), &json!([])));
        book("loss-0001", json!({"kind": "write_off", "source": "damaged", "lines": [line("rice", 4), line("rice", 5)]})).await.expect(201);
        assert_eq!(of(&c.manager, &c, "rice").await["on_hand"], 0);
        let history = c.manager.get(&path).await.expect(200);
        let rows: Vec<(&Value, &Value, &Value)> =
            history["items"].as_array().unwrap().iter().map(|row| (&row["item"], &row["kind"], &row["change"])).collect();
        let ought = [
            ("rice", "write_off", -5), ("rice", "write_off", -4), ("rice", "issue", -1), ("rice", "issue", -units),
            ("soap", "receipt", 7), ("rice", "receipt", units),
        ];
        let ought: Vec<_> = ought.map(|(item, kind, change)| (json!(item), json!(kind), json!(change))).into();
        assert_eq!(rows, ought.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
        let last = &history["items"][5];
        assert_eq!((&last["source"], &last["expires_on"], &last["by"]), (&json!("donation"), &json!("2027-01-31"), &json!("manager")));
        // Page by page it is the same.
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = c.manager.get(&format!("{path}?limit=2{cursor}")).await.expect(200);
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(json!(paged), history["items"]);
        let malformed = c.manager.get(&format!("{path}?cursor=1")).await;
        assert_eq!(malformed.faults(), [("cursor".to_owned(), "malformed".to_owned())]);
        assert_sound(&h.services).await;
    }

    async fn a_count_that_is_later_stands_and_one_that_is_late_is_added_to(h: Harness) {
        let c = h.country().await;
        let then = h.services.now();
        let issue = json!({"kind": "issue", "lines": [line("soap", 5)]});
        c.manager.put(&c.path("/stock"), &json!({"stock": [line_of_count(20)]})).await.expect(200);
        // In the same millisecond as the count that it changes, and counted again in it.
        c.manager.post_once(&c.path("/movements"), "issue-of-5", &issue).await.expect(201);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 15);
        c.manager.put(&c.path("/stock"), &json!({"stock": [line_of_count(14)]})).await.expect(200);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 14);
        h.clock.advance(Duration::minutes(50));
        c.manager.post_once(&c.path("/movements"), "issue-of-5-more", &issue).await.expect(201);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 9);
        // Written on a phone between the two, and sent only now.
        let mut report = h.report(&c.shelter, &[]);
        report["observed_at"] = json!(then + Duration::minutes(20));
        report["stock"] = json!([line_of_count(30)]);
        c.manager.post_once(&c.path("/reports"), "a-late-report", &report).await.expect(201);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 25);
        assert_sound(&h.services).await;
    }

    async fn all_lines_are_booked_or_none_and_each_fault_is_named(h: Harness) {
        let c = h.country().await;
        c.manager.put(&c.path("/stock"), &json!({"stock": [line_of_count(5)]})).await.expect(200);
        let issue = |lines: Value| json!({"kind": "issue", "lines": lines});
        let receipt = |lines: Value| json!({"kind": "receipt", "source": "state", "lines": lines});
        let cases = [
            (issue(json!([line("soap", 2), line("soap", 4)])), "lines[1].quantity", "not_enough"),
            (issue(json!([line("flour", 1)])), "lines[0].quantity", "not_enough"),
            (issue(json!([])), "lines", "required"),
            (issue(json!([line("soap", 0)])), "lines[0].quantity", "out_of_range"),
            (issue(json!([line("soap", -1)])), "lines[0].quantity", "out_of_range"),
            (issue(json!([line("gold", 1)])), "lines[0].item", "unknown"),
            (issue(json!([{"quantity": 1}])), "lines[0].item", "required"),
            (receipt(json!([line("soap", 9_999_999)])), "lines[0].quantity", "out_of_range"),
            (receipt(json!([{"item": "soap", "quantity": 1, "expires_on": "3000-01-01"}])), "lines[0].expires_on", "out_of_range"),
            (json!({"kind": "receipt", "lines": [line("soap", 1)]}), "source", "required"),
            (json!({"kind": "receipt", "source": "lost", "lines": [line("soap", 1)]}), "source", "unknown_value"),
            (json!({"kind": "write_off", "source": "donation", "lines": [line("soap", 1)]}), "source", "unknown_value"),
            (json!({"kind": "issue", "source": "other", "lines": [line("soap", 1)]}), "source", "not_allowed"),
            (json!({"kind": "transfer_in", "source": "other", "lines": [line("soap", 1)]}), "kind", "unknown_value"),
        ];
        for (body, field, code) in cases {
            let refused = c.manager.post_once(&c.path("/movements"), "one-key-for-all", &body).await;
            assert_eq!((refused.status, refused.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{body}");
        }
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 5);
        assert_eq!(c.manager.get(&c.path("/movements")).await.expect(200)["items"], json!([]));
        let keyless = c.manager.post(&c.path("/movements"), &issue(json!([line("soap", 1)]))).await;
        assert_eq!(keyless.faults(), [("Idempotency-Key".to_owned(), "required".to_owned())]);
    }

    async fn a_kit_is_booked_as_what_is_in_it(h: Harness) {
        let c = h.country().await;
        let catalogue = h.services.catalogue();
        let kit = catalogue.kits().iter().find(|kit| kit.lines.len() > 1).unwrap();
        let body = json!({"kind": "receipt", "source": "donation", "lines": [{"kit": kit.code, "quantity": 3}, line("soap", 1)]});
        let told = c.manager.post_once(&c.path("/movements"), "three-kits", &body).await.expect(201);
        for (item, units) in &kit.lines {
            let row = told["stock"].as_array().unwrap().iter().find(|row| row["item"] == *item).unwrap();
            assert_eq!(row["on_hand"], 3 * units + i64::from(item == "soap"), "{item}");
        }
        let issue = json!({"kind": "issue", "lines": [line("soap", 1), {"kit": kit.code, "quantity": 4}]});
        let refused = c.manager.post_once(&c.path("/movements"), "four-kits", &issue).await;
        assert_eq!(refused.status, 422);
        assert!(refused.faults().iter().all(|fault| *fault == ("lines[1].quantity".to_owned(), "not_enough".to_owned())));
        for (line, field, code) in [
            (json!({"kit": kit.code, "quantity": 1, "packs": 1}), "lines[0].packs", "not_allowed"),
            (json!({"kit": kit.code, "quantity": 1, "expires_on": "2027-01-01"}), "lines[0].expires_on", "not_allowed"),
            (json!({"kit": kit.code, "quantity": 0}), "lines[0].quantity", "out_of_range"),
            (json!({"kit": kit.code, "quantity": 10_000_001}), "lines[0].quantity", "out_of_range"),
            (json!({"kit": kit.code, "item": "soap", "quantity": 1}), "lines[0].kit", "not_allowed"),
            (json!({"kit": "soap", "quantity": 1}), "lines[0].kit", "unknown"),
        ] {
            let body = json!({"kind": "receipt", "source": "other", "lines": [line]});
            let refused = c.manager.post_once(&c.path("/movements"), "a-wrong-kit", &body).await;
            assert_eq!((refused.status, refused.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{body}");
        }
        assert_sound(&h.services).await;
    }

    async fn twenty_under_one_key_are_one_and_under_their_own_no_more_than_there_is(h: Harness) {
        let c = h.country().await;
        let path = c.path("/movements");
        c.manager.put(&c.path("/stock"), &json!({"stock": [line_of_count(12)]})).await.expect(200);
        let issue = json!({"kind": "issue", "lines": [line("soap", 1)]});
        let answers = join_all((0..20).map(|_| c.manager.post_once(&path, "one-key-for-all", &issue))).await;
        assert!(answers.iter().all(|answer| answer.status == 201 && answer.text() == answers[0].text()));
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 11);
        let keys: Vec<String> = (0..20).map(|n| format!("key-number-{n}")).collect();
        let answers = join_all(keys.iter().map(|key| c.manager.post_once(&path, key, &issue))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 11);
        assert_eq!(answers.iter().filter(|answer| answer.faults() == [("lines[0].quantity".to_owned(), "not_enough".to_owned())]).count(), 9);
        assert_eq!(of(&c.manager, &c, "soap").await["on_hand"], 0);
        assert_sound(&h.services).await;
    }
}

fn line_of_count(on_hand: i64) -> Value {
    json!({"item": "soap", "on_hand": on_hand})
}
