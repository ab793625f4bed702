//! Who may not, and what cannot be.

use panoh::domain::accounts::Role;
use serde_json::{Value, json};

use super::Scene;
use crate::harness::{Harness, on_both};

fn fault(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}

on_both! {
    async fn each_step_is_one_side_s_and_a_stranger_s_none(h: Harness) {
        let scene = Scene::new(&h).await;
        let c = &scene.c;
        let far = h.shelter("TJ-KT-01", &c.nur, "TJ-KT-01", c.shelter.rooms.clone()).await;
        let stranger = h.person(Role::Manager, "stranger@nur.example", Some(&c.nur), &[far.id]).await;
        let (approved, sent) = (scene.approve(5).await, scene.dispatch(5).await);
        let cancel = json!({"reason": "not_needed"});
        let theirs = |answer: crate::harness::client::Answer| (answer.status, answer.code());
        let side = (409, "not_your_side".to_owned());
        assert_eq!(theirs(scene.step(&c.other_manager, &approved, "dispatch", &scene.soap(5)).await), side);
        assert_eq!(theirs(scene.step(&c.manager, &sent, "receive", &scene.soap(5)).await), side);
        assert_eq!(theirs(scene.step(&c.other_manager, &sent, "cancel", &cancel).await), side);
        assert_eq!(theirs(scene.step(&c.admin, &sent, "cancel", &cancel).await), side);
        let role = (403, "not_your_role".to_owned());
        for (who, step, body) in [
            (&c.admin, "dispatch", scene.soap(5)), (&c.admin, "receive", scene.soap(5)), (&c.manager, "approve", json!({})),
            (&c.committee, "cancel", cancel.clone()), (&c.officer, "cancel", cancel.clone()),
        ] {
            assert_eq!(theirs(scene.step(who, &approved, step, &body).await), role, "{step}");
        }
        let nothing = (404, "not_found".to_owned());
        assert_eq!(theirs(scene.get(&stranger, &sent).await), nothing);
        for (step, body) in [("dispatch", scene.soap(5)), ("receive", scene.soap(5)), ("cancel", cancel)] {
            for id in [&approved, &sent] {
                assert_eq!(theirs(scene.step(&stranger, id, step, &body).await), nothing, "{step}");
            }
        }
        assert_eq!(stranger.get("/api/v1/transfers").await.expect(200)["items"], json!([]));
        assert_eq!(c.officer.get("/api/v1/transfers").await.code(), "not_your_role");
        assert_eq!(scene.on_hand().await, (95, 0));
        // The committee reads codes, and may do nothing.
        let read = scene.get(&c.committee, &sent).await.expect(200);
        assert_eq!((&read["from"]["code"], &read["may"]), (&json!("TJ-DU-01"), &json!([])));
        assert!(read["from"]["name"].is_null() && read["from"]["shelter_id"].is_null() && read["to"]["name"].is_null());
        assert!(!c.committee.get("/api/v1/transfers").await.text().contains(&c.shelter.name));
    }

    async fn a_transfer_that_cannot_be_is_refused_by_its_field(h: Harness) {
        let scene = Scene::new(&h).await;
        let c = &scene.c;
        let asked = json!({"shelter_id": c.other_shelter.id, "item": scene.soap, "quantity": 4, "priority": "high",
            "needed_by": scene.day(5), "reason": "season"});
        let asked = scene.post(&c.other_manager, "/supply-requests", &asked).await.expect(201)["id"].clone();
        let soap = || json!([{"item": scene.soap, "quantity": 1}]);
        let with = |name: &str, value: Value| {
            let mut body = scene.body(soap());
            body[name] = value;
            body
        };
        for (body, field, code) in [
            (with("to_shelter", json!(c.shelter.id)), "to_shelter", "duplicate"),
            (with("to_shelter", json!(c.nur.id)), "to_shelter", "unknown"),
            (with("from_shelter", json!(c.nur.id)), "from_shelter", "unknown"),
            (with("due_on", json!("2026-11-21")), "due_on", "out_of_range"),
            (with("due_on", json!(scene.day(366))), "due_on", "out_of_range"),
            (with("lines", json!([])), "lines", "out_of_range"),
            (with("lines", json!([{"item": "unobtainium", "quantity": 1}])), "lines[0].item", "unknown"),
            (with("lines", json!([{"item": scene.soap, "quantity": 0}])), "lines[0].quantity", "out_of_range"),
            (with("lines", json!([{"item": scene.soap, "quantity": 0, "packs": 10_000_001}])), "lines[0].packs", "out_of_range"),
            (with("lines", json!([{"item": scene.rice, "quantity": 1, "request_id": asked}])), "lines[0].request_id", "unknown"),
            (with("lines", json!([{"item": scene.soap, "quantity": 1, "request_id": c.nur.id}])), "lines[0].request_id", "unknown"),
        ] {
            let answer = scene.post(&c.admin, "/transfers", &body).await;
            assert_eq!((answer.status, answer.faults()), (422, fault(field, code)), "{body}");
        }
        // Not hers to give, whether it exists or not.
        let other = json!({"from_shelter": c.other_shelter.id, "to_shelter": c.shelter.id, "due_on": scene.day(1), "lines": soap()});
        assert_eq!(scene.post(&c.manager, "/transfers", &other).await.faults(), fault("from_shelter", "unknown"));
        // Whole packs and single units are one number.
        let pack = i64::from(h.services.pack.items[0].pack_size);
        let made = scene.post(&c.manager, "/transfers", &scene.body(json!([{"item": scene.soap, "quantity": 2, "packs": 3}]))).await.expect(201);
        assert_eq!(made["lines"][0]["quantity"], 3 * pack + 2);
    }

    async fn more_than_was_agreed_or_is_there_does_not_leave(h: Harness) {
        let scene = Scene::new(&h).await;
        let c = &scene.c;
        let id = scene.approve(120).await;
        for (units, code) in [(121, "out_of_range"), (101, "not_enough"), (-1, "out_of_range")] {
            let answer = scene.step(&c.manager, &id, "dispatch", &scene.soap(units)).await;
            assert_eq!((answer.status, answer.faults()), (422, fault("lines[0].quantity", code)), "{units}");
        }
        assert_eq!(scene.step(&c.manager, &id, "dispatch", &scene.soap(0)).await.faults(), fault("lines", "required"));
        assert_eq!(scene.on_hand().await, (100, 0));
        scene.step(&c.manager, &id, "dispatch", &scene.soap(100)).await.expect(200);
        for (told, field, code) in [
            (json!([{"item": scene.soap, "quantity": 101}]), "lines[0].quantity", "out_of_range"),
            (json!([{"item": scene.soap, "quantity": 99}]), "lines[0].difference", "required"),
            (json!([{"item": scene.soap, "quantity": 100, "difference": "lost"}]), "lines[0].difference", "not_allowed"),
            (json!([{"item": scene.rice, "quantity": 1}]), "lines[0].item", "unknown"),
        ] {
            let answer = scene.step(&c.other_manager, &id, "receive", &json!({"lines": told})).await;
            assert_eq!(answer.status, 422);
            assert!(answer.faults().contains(&fault(field, code)[0]), "{}", answer.text());
        }
        assert_eq!(scene.on_hand().await, (0, 0));
    }

    async fn a_request_ends_once_by_its_own_side(h: Harness) {
        let scene = Scene::new(&h).await;
        let c = &scene.c;
        let body = |shelter: Value| json!({"shelter_id": shelter, "item": scene.soap, "quantity": 4, "packs": 0, "priority": "normal",
            "needed_by": scene.day(0), "reason": "other"});
        let theirs = scene.post(&c.manager, "/supply-requests", &body(json!(c.other_shelter.id))).await;
        assert_eq!((theirs.status, theirs.faults()), (422, fault("shelter_id", "unknown")));
        let retired = json!({"retired": true});
        c.admin.put_at(&format!("/api/v1/items/{}", scene.rice), 0, &retired).await.expect(200);
        let mut rice = body(json!(c.shelter.id));
        rice["item"] = json!(scene.rice);
        assert_eq!(scene.post(&c.manager, "/supply-requests", &rice).await.faults(), fault("item", "retired"));
        let mut ids = Vec::new();
        for _ in 0..2 {
            let made = scene.post(&c.manager, "/supply-requests", &body(json!(c.shelter.id))).await.expect(201);
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        let close = async |who, id: &str, how: &str| scene.post(who, &format!("/supply-requests/{id}/{how}"), &json!({})).await;
        assert_eq!(close(&c.other_manager, &ids[0], "withdraw").await.status, 404);
        assert_eq!(close(&c.admin, &ids[0], "withdraw").await.status, 403);
        assert_eq!(close(&c.manager, &ids[0], "withdraw").await.expect(200)["state"], "withdrawn");
        assert_eq!(close(&c.admin, &ids[1], "refuse").await.expect(200)["state"], "refused");
        for id in &ids {
            let again = close(&c.admin, id, "refuse").await;
            assert_eq!((again.status, again.code().as_str()), (409, "wrong_state"));
        }
        assert_eq!(c.other_manager.get("/api/v1/supply-requests").await.expect(200)["items"], json!([]));
        let all = c.committee.get("/api/v1/supply-requests?state=withdrawn,refused").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
        assert!(all["items"][0]["shelter_id"].is_null() && all["items"][0]["may"] == json!([]));
    }
}
