//! What both shelters of the stage ask for, and what is on its way between them.

use chrono::Duration;
use panoh::domain::id::Moment;
use serde_json::json;

use super::id_of;
use crate::harness::Harness;
use crate::harness::country::Country;

/// The item that is asked for and sent.
pub fn item(h: &Harness) -> String {
    h.services.pack.items[0].code.clone()
}

/// Requests of both shelters, and transfers between them at three stages.
pub struct Supplies {
    pub requests: [String; 2],
    pub transfers: [String; 3],
}

impl Supplies {
    pub async fn set(h: &Harness, c: &Country) -> Self {
        let sides = [(&c.manager, &c.shelter), (&c.other_manager, &c.other_shelter)];
        let mut requests = Vec::new();
        for (manager, shelter) in sides {
            let counted = json!({"stock": [{"item": item(h), "on_hand": 500, "lots": [{"expires_on": "2027-05-01", "units": 9}]}]});
            let path = format!("/api/v1/shelters/{}/stock", shelter.id);
            manager.put(&path, &counted).await.expect(200);
            let body = json!({"shelter_id": shelter.id, "item": item(h), "quantity": 4, "priority": "normal",
                "needed_by": (h.services.now() + Duration::days(9)).date_naive(), "reason": "running_out"});
            let key = format!("request-{}", shelter.id);
            requests.push(id_of(
                &manager
                    .post_once("/api/v1/supply-requests", &key, &body)
                    .await
                    .expect(201),
            ));
        }
        let mut transfers = Vec::new();
        for (at, (from, to)) in [(sides[0], sides[1]), (sides[0], sides[1]), (sides[1], sides[0])]
            .into_iter()
            .enumerate()
        {
            let body = json!({"from_shelter": from.1.id, "to_shelter": to.1.id,
                "due_on": (h.services.now() + Duration::days(3)).date_naive(),
                "lines": [{"item": item(h), "quantity": 3}]});
            let id = id_of(
                &c.admin
                    .post_once("/api/v1/transfers", &format!("transfer-{at}"), &body)
                    .await
                    .expect(201),
            );
            let step = |step: &str| {
                (
                    format!("/api/v1/transfers/{id}/{step}"),
                    format!("transfer-{at}-{step}"),
                )
            };
            if at > 0 {
                let (path, key) = step("approve");
                c.admin.post_once(&path, &key, &json!({})).await.expect(200);
            }
            if at > 1 {
                let (path, key) = step("dispatch");
                let sent = json!({"lines": [{"item": item(h), "quantity": 3}]});
                from.0.post_once(&path, &key, &sent).await.expect(200);
            }
            transfers.push(id);
        }
        Self {
            requests: requests.try_into().unwrap(),
            transfers: transfers.try_into().unwrap(),
        }
    }
}

/// One that moves two packs of flour, which the one shelter asks for and the other can spare.
pub async fn transfer_plan(country: &Country, now: Moment) -> String {
    let asked = json!({"shelter_id": country.shelter.id, "item": "flour", "quantity": 100, "priority": "normal",
        "needed_by": now.date_naive(), "reason": "season"});
    country
        .manager
        .post_once("/api/v1/supply-requests", "flour-for-a-plan", &asked)
        .await
        .expect(201);
    let path = format!("/api/v1/shelters/{}/stock", country.other_shelter.id);
    let counted = json!({"stock": [{"item": "flour", "on_hand": 500}]});
    country.other_manager.put(&path, &counted).await.expect(200);
    id_of(
        &country
            .admin
            .post("/api/v1/plans/transfers", &json!({}))
            .await
            .expect(201),
    )
}
