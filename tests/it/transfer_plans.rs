//! Transfer plans through the door, on both databases: made from a request and a full shelf, edited, applied once, and
//! refused whole when a donor can no longer spare it.

use serde_json::{Value, json};

use crate::harness::country::Country;
use crate::harness::{Harness, on_both};

const PLANS: &str = "/api/v1/plans/transfers";

/// The first shelter asks for flour; the other has plenty.
async fn shortage(h: &Harness) -> Country {
    let country = h.country().await;
    h.report_all_empty(&country).await;
    let asked = json!({"shelter_id": country.shelter.id, "item": "flour", "quantity": 120, "priority": "urgent",
        "needed_by": h.clock.now().date_naive(), "reason": "running_out"});
    country
        .manager
        .post_once("/api/v1/supply-requests", "flour-asked", &asked)
        .await
        .expect(201);
    count(&country, 500).await;
    country
}

async fn count(country: &Country, flour: i64) {
    let path = format!("/api/v1/shelters/{}/stock", country.other_shelter.id);
    let stock = json!({"stock": [{"item": "flour", "on_hand": flour, "sure": true}]});
    country.other_manager.put(&path, &stock).await.expect(200);
}

async fn made(country: &Country) -> Value {
    country
        .admin
        .post(PLANS, &json!({"items": ["flour"]}))
        .await
        .expect(201)
}

fn path(plan: &Value) -> String {
    format!("{PLANS}/{}", plan["id"].as_str().unwrap())
}

fn apply(h: &Harness) -> Value {
    json!({"due_on": h.clock.now().date_naive() + chrono::Days::new(3)})
}

async fn transfers(country: &Country) -> Vec<Value> {
    let listed = country.admin.get("/api/v1/transfers").await.expect(200);
    listed["items"].as_array().unwrap().clone()
}

on_both! {
    async fn a_plan_becomes_approved_transfers_once(h: Harness) {
        let country = shortage(&h).await;
        let plan = made(&country).await;
        assert_eq!(plan["journeys"][0]["lines"], json!([{"item": "flour", "packs": 3, "quantity": 150, "expiring": 0}]));
        assert_eq!(plan["journeys"][0]["from"]["shelter_id"], json!(country.other_shelter.id));
        assert_eq!((&plan["purchases"], &plan["bound_gap"]), (&json!([]), &json!(0.0)));
        assert_eq!(country.committee.get(&path(&plan)).await.expect(200)["created_by_name"], plan["created_by_name"]);

        let to = format!("{}/apply", path(&plan));
        let first = country.admin.post_once(&to, "apply-plan-1", &apply(&h)).await.expect(201);
        assert_eq!(first["state"], "applied");
        assert_eq!(country.admin.post_once(&to, "apply-plan-1", &apply(&h)).await.expect(201), first);
        let problem = country.admin.post_once(&to, "apply-plan-2", &apply(&h)).await.expect(409);
        assert_eq!(problem["code"], "plan_applied");
        let made = transfers(&country).await;
        assert_eq!(made.len(), 1);
        assert_eq!((&made[0]["state"], &made[0]["plan_id"]), (&json!("approved"), &plan["id"]));
        assert!(made[0]["lines"][0]["request_code"].is_string(), "it answers the request");
        // What is promised is needed no more.
        let next = country.admin.post(PLANS, &json!({})).await.expect(201);
        assert_eq!((&next["journeys"], &next["purchases"]), (&json!([]), &json!([])));
    }

    async fn a_plan_whose_donor_lacks_what_it_gives_is_refused_whole(h: Harness) {
        let country = shortage(&h).await;
        let plan = made(&country).await;
        count(&country, 149).await;
        let to = format!("{}/apply", path(&plan));
        let problem = country.admin.post_once(&to, "apply-plan-1", &apply(&h)).await.expect(409);
        assert_eq!(problem["code"], "plan_outdated");
        assert_eq!(problem["errors"][0]["field"], "journeys[0].lines[0].packs");
        assert!(transfers(&country).await.is_empty());
        count(&country, 150).await;
        country.admin.post_once(&to, "apply-plan-2", &apply(&h)).await.expect(201);
    }

    async fn an_edit_stays_within_what_is_spare_and_needed(h: Harness) {
        let country = shortage(&h).await;
        let plan = made(&country).await;
        let line = |packs: i64| {
            json!({"lines": [{"from": country.other_shelter.id, "to": country.shelter.id, "item": "flour", "packs": packs}]})
        };
        let problem = country.admin.put_at(&path(&plan), 1, &line(4)).await.expect(422);
        assert_eq!(problem["errors"][0]["field"], "lines[0].packs");
        country.admin.put_at(&path(&plan), 7, &line(2)).await.expect(412);
        let edited = country.admin.put_at(&path(&plan), 1, &line(2)).await.expect(200);
        assert_eq!((&edited["version"], &edited["bound_gap"]), (&json!(2), &Value::Null));
        assert_eq!(edited["purchases"][0]["packs"], 1);
        let none = country.admin.put_at(&path(&plan), 2, &line(0)).await.expect(200);
        assert_eq!(none["journeys"], json!([]));
        let problem = country.admin.post_once(&format!("{}/apply", path(&plan)), "apply-plan-1", &apply(&h)).await.expect(409);
        assert_eq!(problem["code"], "plan_empty");
    }

    async fn what_nobody_can_spare_is_to_be_bought(h: Harness) {
        let country = shortage(&h).await;
        count(&country, 60).await;
        let plan = made(&country).await;
        assert_eq!(plan["moved_packs"], 1);
        assert_eq!(plan["purchases"][0]["quantity"], 100);
        assert_eq!(plan["purchases"][0]["shelter_code"], json!(country.shelter.code));
        assert_eq!((&plan["purchases_total_minor"], &plan["unpriced"]), (&Value::Null, &json!(1)));
    }

    async fn a_wrong_setting_is_named(h: Harness) {
        let country = shortage(&h).await;
        for (body, field) in [
            (json!({"items": ["gold"]}), "items[0]"),
            (json!({"regions": ["XX"]}), "regions[0]"),
            (json!({"target_days": 0}), "target_days"),
            (json!({"journey_minor": -1}), "journey_minor"),
            (json!({"vehicle_kg": 20}), "vehicle_kg"),
            (json!({"surprise": 1}), "surprise"),
        ] {
            let problem = country.admin.post(PLANS, &body).await.expect(422);
            assert_eq!(problem["errors"][0]["field"], field, "{body}");
        }
    }
}
