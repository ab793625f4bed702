//! A transfer from the request to the last unit of it: what each side sees, and what is on the shelves after each step.

use panoh::store::shelters::Which;
use panoh::store::transfers::{self, OnTheWay};
use serde_json::{Value, json};

use super::Scene;
use crate::harness::{Harness, on_both};

async fn on_the_way(scene: &Scene<'_>) -> [OnTheWay; 2] {
    let all = transfers::on_the_way(&scene.h.services.store, Which::All)
        .await
        .unwrap();
    [scene.c.shelter.id, scene.c.other_shelter.id]
        .map(|id| all.get(&(id, scene.soap.clone())).copied().unwrap_or_default())
}

async fn request(scene: &Scene<'_>) -> Value {
    scene.c.other_manager.get("/api/v1/supply-requests").await.expect(200)["items"][0].clone()
}

on_both! {
    async fn from_the_request_to_a_receipt_with_a_difference(h: Harness) {
        let scene = Scene::new(&h).await;
        let c = &scene.c;
        let asked = json!({"shelter_id": c.other_shelter.id, "item": scene.soap, "quantity": 40, "priority": "urgent",
            "needed_by": scene.day(5), "reason": "running_out"});
        let asked = scene.post(&c.other_manager, "/supply-requests", &asked).await.expect(201);
        assert_eq!((&asked["state"], &asked["promised"], &asked["may"]), (&json!("open"), &json!(0), &json!(["withdraw"])));

        let body = scene.body(json!([{"item": scene.soap, "quantity": 30, "request_id": asked["id"]}, {"item": scene.rice, "quantity": 5}]));
        let made = scene.post(&c.admin, "/transfers", &body).await.expect(201);
        let id = made["id"].as_str().unwrap();
        assert_eq!((&made["state"], &made["may"]), (&json!("proposed"), &json!(["approve", "cancel"])));
        assert_eq!(made["lines"][0]["request_code"], asked["code"]);
        assert_eq!(request(&scene).await["promised"], 0, "a proposal promises nothing");
        let both = json!({"lines": [{"item": scene.soap, "quantity": 25}, {"item": scene.rice, "quantity": 0}]});
        let early = scene.step(&c.manager, id, "dispatch", &both).await;
        assert_eq!((early.status, early.code().as_str()), (409, "wrong_state"));

        scene.step(&c.admin, id, "approve", &json!({})).await.expect(200);
        let [here, there] = on_the_way(&scene).await;
        assert_eq!((here.promised, there.expected, there.coming), (30, 30, 0));
        assert_eq!(request(&scene).await["promised"], 30);
        assert_eq!(scene.get(&c.manager, id).await.expect(200)["may"], json!(["dispatch", "cancel"]));
        assert_eq!(scene.on_hand().await, (100, 0), "approval moves nothing");

        h.clock.advance(chrono::Duration::minutes(3));
        let sent = scene.step(&c.manager, id, "dispatch", &both).await.expect(200);
        assert_eq!((&sent["state"], &sent["lines"][0]["dispatched"], &sent["lines"][1]["dispatched"]), (&json!("dispatched"), &json!(25), &json!(0)));
        let [here, there] = on_the_way(&scene).await;
        assert_eq!((here.promised, there.expected, there.coming), (0, 0, 25));
        assert_eq!((scene.on_hand().await, &request(&scene).await["promised"]), ((75, 0), &json!(25)));
        assert_eq!(scene.get(&c.other_manager, id).await.expect(200)["may"], json!(["receive"]));

        h.clock.advance(chrono::Duration::minutes(5));
        let told = json!({"lines": [{"item": scene.rice, "quantity": 0}, {"item": scene.soap, "quantity": 24, "difference": "damaged"}]});
        let done = scene.step(&c.other_manager, id, "receive", &told).await.expect(200);
        let line = &done["lines"][0];
        assert_eq!((&done["state"], &line["received"], &line["missing"], &line["difference"]), (&json!("received"), &json!(24), &json!(1), &json!("damaged")));
        assert_eq!((scene.on_hand().await, on_the_way(&scene).await), ((75, 24), [OnTheWay::default(); 2]));
        let open = request(&scene).await;
        assert_eq!((&open["state"], &open["received"], &open["promised"]), (&json!("open"), &json!(24), &json!(0)));

        // The rest of what was asked for meets it.
        let rest = scene.body(json!([{"item": scene.soap, "quantity": 16, "request_id": asked["id"]}]));
        let rest = scene.post(&c.manager, "/transfers", &rest).await.expect(201)["id"].as_str().unwrap().to_owned();
        scene.step(&c.admin, &rest, "approve", &json!({})).await.expect(200);
        scene.step(&c.manager, &rest, "dispatch", &scene.soap(16)).await.expect(200);
        scene.step(&c.other_manager, &rest, "receive", &scene.soap(16)).await.expect(200);
        let met = request(&scene).await;
        assert_eq!((&met["state"], &met["received"], &met["may"]), (&json!("met"), &json!(40), &json!([])));
        assert!(met["closed_at"].is_string());
        assert_eq!(scene.on_hand().await, (59, 40));

        let log = c.admin.get("/api/v1/audit").await.expect(200);
        let actions: Vec<&str> = log["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
        for action in ["supply_request.open", "supply_request.met", "transfer.create", "transfer.approve", "transfer.dispatch", "transfer.receive"] {
            assert!(actions.contains(&action), "{action} in {actions:?}");
        }
        for check in h.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{check:?}");
        }
    }

    async fn what_turns_back_is_on_the_shelf_again(h: Harness) {
        let scene = Scene::new(&h).await;
        let id = scene.dispatch(30).await;
        assert_eq!(scene.on_hand().await, (70, 0));
        let back = scene.step(&scene.c.manager, &id, "cancel", &json!({"reason": "turned_back"})).await.expect(200);
        assert_eq!((&back["state"], &back["cancel_reason"], &back["may"]), (&json!("cancelled"), &json!("turned_back"), &json!([])));
        assert_eq!((scene.on_hand().await, on_the_way(&scene).await), ((100, 0), [OnTheWay::default(); 2]));
        // A count after it stands for itself.
        h.clock.advance(chrono::Duration::minutes(3));
        scene.count(&scene.c.manager, scene.c.shelter.id, 90).await;
        assert_eq!(scene.on_hand().await.0, 90);
    }

    async fn a_step_sent_twice_is_taken_once(h: Harness) {
        let scene = Scene::new(&h).await;
        let id = scene.approve(30).await;
        let path = format!("/api/v1/transfers/{id}/dispatch");
        let first = scene.c.manager.post_once(&path, "the-same-key", &scene.soap(30)).await;
        let again = scene.c.manager.post_once(&path, "the-same-key", &scene.soap(30)).await;
        assert_eq!((first.status, first.text()), (200, again.text()));
        assert_eq!(scene.on_hand().await, (70, 0));
        let other = scene.c.manager.post_once(&path, "the-same-key", &scene.soap(29)).await;
        assert_eq!(other.faults(), [("Idempotency-Key".to_owned(), "key_reused".to_owned())]);
        let required = [("Idempotency-Key".to_owned(), "required".to_owned())];
        for (step, body) in [("approve", json!({})), ("dispatch", scene.soap(1)), ("receive", scene.soap(1)), ("cancel", json!({"reason": "other"}))] {
            let who = if step == "approve" { &scene.c.admin } else { &scene.c.manager };
            assert_eq!(who.post(&format!("/api/v1/transfers/{id}/{step}"), &body).await.faults(), required, "{step}");
        }
        assert_eq!(scene.c.admin.post("/api/v1/transfers", &scene.body(json!([{"item": scene.soap, "quantity": 1}]))).await.faults(), required);
    }

    async fn lists_go_by_state_and_page_by_page(h: Harness) {
        let scene = Scene::new(&h).await;
        let mut made = Vec::new();
        for _ in 0..4 {
            made.push(scene.propose(1).await);
        }
        scene.step(&scene.c.admin, &made[1], "approve", &json!({})).await.expect(200);
        let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let admin = &scene.c.admin;
        let first = admin.get("/api/v1/transfers?limit=3").await.expect(200);
        // All of one instant: none is lost between pages.
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = admin.get(&format!("/api/v1/transfers?limit=3&cursor={cursor}")).await.expect(200);
        let all = [ids(&first), ids(&second)].concat();
        assert_eq!(all, made.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(ids(&admin.get("/api/v1/transfers?state=approved,dispatched").await.expect(200)), [made[1].clone()]);
        assert_eq!(ids(&admin.get("/api/v1/transfers?state=proposed").await.expect(200)).len(), 3);
        for (query, field, code) in [("state=lost", "state", "unknown_value"), ("cursor=x", "cursor", "malformed"), ("limit=0", "limit", "out_of_range")] {
            for path in ["transfers", "supply-requests"] {
                let answer = admin.get(&format!("/api/v1/{path}?{query}")).await;
                assert_eq!((answer.status, answer.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{path} {query}");
            }
        }
    }
}
