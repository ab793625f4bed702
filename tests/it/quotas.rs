//! What one person may do in a day, whatever the node, and who hears of it; and shelters that nobody should ask for.

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::quotas::Quotas;
use panoh::services::Services;
use panoh::sms;
use serde_json::{Value, json};

use crate::harness::client::{Answer, Http, Person};
use crate::harness::country::search;
use crate::harness::gateways::gateways;
use crate::harness::{Harness, on_both};
use crate::records::raw;
use crate::stage::Stage;

/// The same people at the door of a node.
async fn at(services: Services, person: &Person) -> Person {
    let http = Http::with(&services, gateways(sms::Sender::Memory(sms::Memory::default()))).await;
    Person { http, ..person.clone() }
}

async fn letters(h: &Harness, kind: &str) -> usize {
    raw(h, &format!("SELECT address FROM letter WHERE notice = '{kind}'"))
        .await
        .unwrap()
        .len()
}

fn refused(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "quota_reached"),
        "{}",
        answer.text()
    );
    // Half past eleven in the morning until midnight.
    assert_eq!(answer.header("retry-after"), Some("45000"));
}

async fn codes(h: &Harness, admin: &Person) -> Vec<Value> {
    let _ = h;
    let told = admin.get("/api/v1/troubles").await.expect(200);
    told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["code"], row["quota"], row["name"], row["count"]]))
        .collect()
}

on_both! {
    async fn searches_are_counted_for_the_day_and_told_of(h: Harness) {
        let c = h.country().await;
        h.report_all_empty(&c).await;
        let small = Quotas { searches: 20, ..Quotas::default() };
        let node = h.services.clone().with_quotas(small);
        let officer = at(node.clone(), &c.officer).await;
        let admin = at(node, &c.admin).await;
        let asked = search(&[7]);
        let ask = || officer.post("/api/v1/suggestions", &asked);
        for _ in 0..15 {
            ask().await.expect(200);
        }
        assert_eq!((letters(&h, "quota_near").await, codes(&h, &admin).await), (0, Vec::new()));
        ask().await.expect(200);
        assert_eq!(codes(&h, &admin).await, [json!(["quota_near", "searches", "officer", 16])]);
        for _ in 16..20 {
            ask().await.expect(200);
        }
        refused(&ask().await);
        assert_eq!(codes(&h, &admin).await, [json!(["quota_reached", "searches", "officer", 20])]);
        assert_eq!((letters(&h, "quota_near").await, letters(&h, "quota_reached").await), (1, 1));
        // The suggestions of a referral are searches too; another person has a day of her own.
        let referral = c.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/suggestions", referral["id"].as_str().unwrap());
        refused(&officer.get(&path).await);
        at(h.services.clone().with_quotas(small), &c.other_officer).await.post("/api/v1/suggestions", &search(&[7])).await.expect(200);
        // A node that has just started learns it within ten.
        let other = at(h.another_node().await.with_quotas(small), &c.officer).await;
        let mut answered = 0;
        while other.post("/api/v1/suggestions", &asked).await.status == 200 {
            answered += 1;
            assert!(answered < 10, "{answered} more than the quota");
        }
        // At midnight where the country is the day begins anew.
        h.clock.advance(Duration::seconds(45_000));
        let officer = Person { token: h.signed_in(&c.officer.user).await.token, ..officer.clone() };
        officer.post("/api/v1/suggestions", &search(&[7])).await.expect(200);
    }

    async fn holds_are_counted_as_they_are_made(h: Harness) {
        let c = h.country().await;
        h.report_all_empty(&c).await;
        let node = h.services.clone().with_quotas(Quotas { holds: 2, ..Quotas::default() });
        let officer = at(node, &c.officer).await;
        let mut statuses = Vec::new();
        for n in 0..3 {
            let referral = officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
            let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
            let ask = json!({"shelter_id": c.shelter.id});
            let key = format!("hold-number-{n}");
            let answer = officer.post_once(&path, &key, &ask).await;
            statuses.push(answer.status);
            // The answer that is kept under a key is given again and counts no more.
            assert_eq!(officer.post_once(&path, &key, &ask).await.status, answer.status);
            if n == 2 {
                refused(&answer);
            }
        }
        assert_eq!(statuses, [201, 201, 429]);
        assert_eq!(c.officer.get("/api/v1/holds").await.expect(200)["items"].as_array().unwrap().len(), 2);
    }

    async fn a_shelter_s_contact_is_read_so_often_on_all_nodes_together(h: Harness) {
        let c = h.country().await;
        let nodes = [at(h.services.clone(), &c.manager).await, at(h.another_node().await, &c.manager).await];
        let path = c.path("/confidential?reason=asked%20by%20phone");
        let answers = join_all((0..26).map(|n| nodes[n % 2].get(&path))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
        answers.iter().filter(|answer| answer.status != 200).for_each(refused);
        let log = c.admin.get("/api/v1/audit?action=confidential.read&limit=50").await.expect(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 20);
        assert_eq!((letters(&h, "quota_near").await, letters(&h, "quota_reached").await), (1, 1));
    }

    async fn a_canary_is_nowhere_and_tells_who_asks_for_it(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let picture = |person: &Person| { let person = person.clone(); async move {
            let mut seen = person.get("/api/v1/availability").await.expect(200);
            seen.as_object_mut().unwrap().retain(|name, _| name != "version" && name != "as_of");
            seen
        }};
        let before = (picture(&c.admin).await, picture(&c.officer).await);
        let mut body = stage.body(&h, "POST", "/shelters").unwrap();
        body["canary"] = json!(true);
        let canary = c.admin.post("/api/v1/shelters", &body).await.expect(201);
        assert_eq!(canary["canary"], true);
        let id = canary["id"].as_str().unwrap();
        h.services.redraw_board().await.unwrap();
        assert_eq!((picture(&c.admin).await, picture(&c.officer).await), before);
        // The administrator keeps it like any other, but cannot make a shelter of it, nor it of a shelter.
        let path = format!("/api/v1/shelters/{id}");
        assert!(c.admin.get("/api/v1/shelters").await.text().contains(id));
        assert_eq!(c.admin.get(&path).await.expect(200)["canary"], true);
        body["name"] = json!("Another");
        assert_eq!(c.admin.put_at(&path, 1, &body).await.expect(200)["name"], "Another");
        assert_eq!(c.admin.put_at(&path, 1, &body).await.code(), "stale");
        body["canary"] = json!(false);
        assert_eq!(c.admin.put_at(&path, 2, &body).await.faults(), [("canary".to_owned(), "not_allowed".to_owned())]);
        assert_eq!(codes(&h, &c.admin).await, Vec::<Value>::new());
        // Nobody else sees it, and whoever asks is answered as for an id that never was.
        let unknown = "/api/v1/shelters/01a0ffff-0000-7000-8000-00000000ffff";
        for rest in ["", "/state", "/confidential?reason=asked%20by%20phone", "/stock", "/reports"] {
            let (trap, nothing) = (c.manager.get(&format!("{path}{rest}")).await, c.manager.get(&format!("{unknown}{rest}")).await);
            assert_eq!((trap.status, trap.text()), (404, nothing.text()), "{rest}");
        }
        let suggested = c.officer.post("/api/v1/suggestions", &search(&[])).await.expect(200);
        assert!(!suggested.to_string().contains(id));
        let ask = format!("/api/v1/referrals/{}/holds", stage.referral);
        let trap = c.officer.post_once(&ask, "of-a-canary", &json!({"shelter_id": id})).await;
        let nothing = c.officer.post_once(&ask, "of-nothing", &json!({"shelter_id": "01a0ffff-0000-7000-8000-00000000ffff"})).await;
        assert_eq!((trap.status, trap.text()), (422, nothing.text()));
        // A body that names one is refused in the same words as one that names nothing.
        for at in ["from_shelter", "to_shelter", "shelter_id"] {
            let route = if at == "shelter_id" { "/supply-requests" } else { "/transfers" };
            let refused = async |named: &str| {
                let mut body = stage.body(&h, "POST", route).unwrap();
                body[at] = json!(named);
                c.manager.post_once(&format!("/api/v1{route}"), &format!("{at}-{named}"), &body).await
            };
            let (trap, nothing) = (refused(id).await, refused("01a0ffff-0000-7000-8000-00000000ffff").await);
            assert_eq!((trap.status, trap.text()), (422, nothing.text()), "{at}");
        }
        let mut told = codes(&h, &c.admin).await;
        told.sort_by_key(ToString::to_string);
        assert_eq!(told, [json!(["canary_touched", null, "manager", 8]), json!(["canary_touched", null, "officer", 1])]);
        assert_eq!(letters(&h, "canary_touched").await, 2, "one to each administrator");
        let log = c.admin.get("/api/v1/audit?action=canary.touched").await.expect(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 9);
        assert!(h.services.check().await.unwrap().iter().all(|check| check.broken == 0));
    }
}
