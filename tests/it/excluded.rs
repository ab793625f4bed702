//! Offices that a case is kept from: their shelters are not suggested, asked or told, and their people find nothing of it.

use chrono::Duration;
use panoh::domain::accounts::{Organisation, Role};
use panoh::services::Event;
use panoh::services::plans::PlanWish;
use panoh::store::letters;
use serde_json::{Value, json};

use crate::harness::client::Person;
use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

const UNKNOWN: &str = "01a0ffff-0000-7000-8000-00000000ffff";

/// What an officer asks for, kept from these offices.
fn kept_from(offices: &[&Organisation]) -> Value {
    let mut body = search(&[7]);
    body["exclude_organisations"] = offices.iter().map(|office| json!(office.id)).collect();
    body
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Both shelters empty, and the organisation of the second.
async fn set(h: &Harness) -> (Country, Organisation) {
    let country = h.country().await;
    h.report_all_empty(&country).await;
    let all = h.services.organisations().await.unwrap();
    let mehr = all.into_iter().find(|row| row.code == "MEHR").unwrap();
    (country, mehr)
}

async fn open(who: &Person, body: &Value) -> String {
    text(&who.post("/api/v1/referrals", body).await.expect(201)["id"])
}

/// Shelters named anywhere in an answer.
fn codes(answer: &Value) -> Vec<&'static str> {
    let told = answer.to_string();
    ["TJ-DU-01", "TJ-SU-01"]
        .into_iter()
        .filter(|code| told.contains(&format!("\"shelter_code\":\"{code}\"")))
        .collect()
}

async fn ask(h: &Harness, who: &Person, referral: &str, body: &Value) -> crate::harness::client::Answer {
    let key = format!("ask-{}", h.services.ids.uuid(h.services.now()));
    who.post_once(&format!("/api/v1/referrals/{referral}/holds"), &key, body)
        .await
}

on_both! {
    async fn its_shelters_are_never_suggested_or_asked(h: Harness) {
        let (c, mehr) = set(&h).await;
        let open_to_all = c.officer.post("/api/v1/suggestions", &search(&[7])).await.expect(200);
        assert_eq!(codes(&open_to_all), ["TJ-DU-01", "TJ-SU-01"]);
        let body = kept_from(&[&mehr]);
        assert_eq!(codes(&c.officer.post("/api/v1/suggestions", &body).await.expect(200)), ["TJ-DU-01"]);
        // Not among the misfits either, nor in their number.
        let mut large = body.clone();
        large["household"]["children"] = json!(vec![json!({"age": 7, "sex": "female"}); 12]);
        let misfits = c.officer.post("/api/v1/suggestions", &large).await.expect(200);
        assert_eq!(codes(&misfits), ["TJ-DU-01"], "{misfits}");
        assert!(misfits["misfit_counts"].as_array().unwrap().iter().all(|count| count["shelters"] == 1), "{misfits}");
        let later = { let mut later = body.clone(); later["earliest_date"] = json!((h.clock.now() + Duration::days(3)).date_naive()); later };
        assert_eq!(codes(&c.officer.post("/api/v1/suggestions", &later).await.expect(200)), ["TJ-DU-01"], "for a later date");
        let referral = open(&c.officer, &body).await;
        let shown = c.officer.get(&format!("/api/v1/referrals/{referral}")).await.expect(200);
        assert_eq!(shown["exclude_organisations"], json!([mehr.id]));
        assert_eq!(codes(&c.officer.get(&format!("/api/v1/referrals/{referral}/suggestions")).await.expect(200)), ["TJ-DU-01"]);
        // Named outright it is not asked, and is none of the next.
        let named = ask(&h, &c.officer, &referral, &json!({"shelter_id": c.other_shelter.id})).await;
        assert_eq!((named.status, named.code().as_str()), (409, "no_bed_left"));
        assert_eq!(codes(&named.json()), ["TJ-DU-01"]);
        let wave = ask(&h, &c.officer, &referral, &json!({"wave": 5, "ask_minutes": 60})).await.expect(201);
        assert_eq!((&wave["size"], codes(&wave)), (&json!(1), vec!["TJ-DU-01"]));
        // Nobody answers: the clock finds no next shelter, though one is empty.
        for _ in 0..6 {
            h.clock.advance(Duration::minutes(10));
            h.services.escalate_due().await.unwrap();
        }
        let (officer, theirs) = (h.signed_in(&c.officer.user).await, h.signed_in(&c.other_manager.user).await);
        let timeline = officer.get(&format!("/api/v1/referrals/{referral}/timeline")).await;
        assert!(!timeline.text().contains("TJ-SU-01"), "{}", timeline.text());
        assert_eq!(theirs.get("/api/v1/holds").await.expect(200)["items"], json!([]));
    }

    async fn a_place_there_is_no_place_for_who_waits(h: Harness) {
        let (c, mehr) = set(&h).await;
        let full = json!({"observed_at": h.clock.now(), "rooms": c.shelter.rooms.iter().map(|room|
            json!({"room_id": room.id, "occupied_beds": room.beds, "occupied_cots": room.cots})).collect::<Vec<_>>()});
        c.manager.post_once(&c.path("/reports"), "all-full-1", &full).await.expect(201);
        let kept = open(&c.officer, &kept_from(&[&mehr])).await;
        c.officer.post(&format!("/api/v1/referrals/{kept}/wait"), &json!({})).await.expect(200);
        assert_eq!(h.services.tell_waiting().await.unwrap(), 0);
        let plain = open(&c.officer, &search(&[7])).await;
        c.officer.post(&format!("/api/v1/referrals/{plain}/wait"), &json!({})).await.expect(200);
        assert_eq!(h.services.tell_waiting().await.unwrap(), 1, "who may go there is told");
        assert_eq!(c.officer.get(&format!("/api/v1/referrals/{kept}")).await.expect(200)["place_found"], Value::Null);
        // No operator's plan places her: operators may work there, too.
        let plan = h.services.draft_plan(PlanWish { waiting: true, ..PlanWish::default() }).await.unwrap();
        let planned: Vec<String> = plan.seekers.iter().filter_map(|seeker| seeker.referral).map(|id| id.to_string()).collect();
        assert_eq!(planned, [plain]);
    }

    async fn the_own_office_named_leaves_the_case_to_her_alone(h: Harness) {
        let (c, _) = set(&h).await;
        let colleague = h.person(Role::Officer, "colleague@nur.example", Some(&c.nur), &[]).await;
        let mut watch = h.services.watch();
        let referral = open(&c.officer, &kept_from(&[&c.nur])).await;
        let shared = open(&c.officer, &search(&[7])).await;
        let wave = ask(&h, &c.officer, &referral, &json!({"wave": 5})).await.expect(201);
        assert_eq!(codes(&wave), ["TJ-SU-01"], "not the own office's shelter");
        let hold = text(&wave["holds"][0]["id"]);
        let items = |list: Value| list["items"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect::<Vec<_>>();
        assert_eq!(items(colleague.get("/api/v1/referrals").await.expect(200)), std::slice::from_ref(&shared));
        assert_eq!(items(c.officer.get("/api/v1/referrals").await.expect(200)), [shared, referral.clone()]);
        assert_eq!(items(colleague.get("/api/v1/holds").await.expect(200)), [""; 0]);
        assert_eq!(items(c.officer.get("/api/v1/holds").await.expect(200)), std::slice::from_ref(&hold));
        let calls = [
            ("GET", "/referrals/{id}", &referral, json!(null)),
            ("GET", "/referrals/{id}/suggestions", &referral, json!(null)),
            ("GET", "/referrals/{id}/timeline", &referral, json!(null)),
            ("POST", "/referrals/{id}/wait", &referral, json!({})),
            ("DELETE", "/referrals/{id}/wait", &referral, json!(null)),
            ("POST", "/referrals/{id}/close", &referral, json!({"outcome": "unmet", "reasons": ["no_capacity"]})),
            ("POST", "/referrals/{id}/holds", &referral, json!({"wave": 1})),
            ("GET", "/holds/{id}", &hold, json!(null)),
            ("GET", "/holds/{id}/timeline", &hold, json!(null)),
            ("GET", "/holds/{id}/handover?reason=on%20the%20road", &hold, json!(null)),
            ("POST", "/holds/{id}/release", &hold, json!({"reason": "her_choice"})),
            ("POST", "/holds/{id}/extend", &hold, json!({})),
        ];
        for (method, path, id, body) in calls {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let mut answers = Vec::new();
            for id in [id.as_str(), UNKNOWN] {
                let key = format!("key-{}", h.services.ids.uuid(h.services.now()));
                let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
                let answer = colleague.send(method, &format!("/api/v1{}", path.replace("{id}", id)), &headers, body.as_bytes()).await;
                answers.push((answer.status, answer.body));
            }
            assert_eq!(answers[0].0, 404, "{method} {path}");
            assert_eq!(answers[0], answers[1], "{method} {path}");
        }
        // The events: hers, and the shelter's; not her colleague's.
        let (hers, theirs) = (crate::harness::actor(&c.officer), crate::harness::actor(&colleague));
        let mut heard = 0;
        while let Ok(event) = watch.try_recv() {
            if let Event::Hold(hold) = event {
                heard += 1;
                assert!(hers.case_scope().covers_hold(&hold));
                assert!(!theirs.case_scope().covers_hold(&hold));
            }
        }
        assert!(heard > 0);
        assert_eq!(c.officer.get(&format!("/api/v1/holds/{hold}")).await.expect(200)["state"], "asked");
    }

    async fn its_people_see_no_hold_and_get_no_letter_wherever_they_work(h: Harness) {
        let (c, _) = set(&h).await;
        let police = h.organisation("MIL").await;
        // Lent to the other organisation's shelter, and to the operators.
        let lent = h.person(Role::Manager, "lent@mil.example", Some(&police), &[c.other_shelter.id]).await;
        h.person(Role::Admin, "operator@mil.example", Some(&police), &[]).await;
        let referral = open(&c.officer, &kept_from(&[&police])).await;
        let asked = ask(&h, &c.officer, &referral, &json!({"shelter_id": c.other_shelter.id, "ask_minutes": 60})).await.expect(201);
        let hold = text(&asked["id"]);
        let state = format!("/api/v1/shelters/{}/state", c.other_shelter.id);
        assert_eq!(c.other_manager.get(&state).await.expect(200)["holds"].as_array().unwrap().len(), 1);
        assert_eq!(lent.get(&state).await.expect(200)["holds"], json!([]));
        assert_eq!(lent.get("/api/v1/holds").await.expect(200)["items"], json!([]));
        let accept = |id: &str| format!("/api/v1/holds/{id}/accept");
        let (theirs, unknown) = (lent.post(&accept(&hold), &json!({})).await, lent.post(&accept(UNKNOWN), &json!({})).await);
        assert_eq!((theirs.status, theirs.body), (404, unknown.body));
        // Reminded, and then the operators: whoever is of that office is not among those written to.
        for _ in 0..5 {
            h.clock.advance(Duration::minutes(10));
            h.services.escalate_due().await.unwrap();
        }
        let told = letters::of_hold(&h.services.store, hold.parse::<uuid::Uuid>().unwrap().into()).await.unwrap();
        let mut to: Vec<&str> = told.iter().map(|letter| letter.address.as_str()).collect();
        to.sort_unstable();
        to.dedup();
        assert_eq!(to, ["admin@example.tj", "manager@mehr.example"]);
        c.other_manager.post(&accept(&hold), &json!({})).await.expect(200);
    }

    async fn what_is_no_office_is_refused_and_officers_choose_by_name(h: Harness) {
        let (c, mehr) = set(&h).await;
        let mut body = search(&[7]);
        body["exclude_organisations"] = json!([mehr.id, UNKNOWN]);
        let answer = c.officer.post("/api/v1/referrals", &body).await;
        assert_eq!((answer.status, answer.faults()), (422, vec![("exclude_organisations[1]".to_owned(), "unknown".to_owned())]));
        body["exclude_organisations"] = json!([mehr.id, mehr.id]);
        let answer = c.officer.post("/api/v1/suggestions", &body).await;
        assert_eq!(answer.faults(), [("exclude_organisations[1]".to_owned(), "duplicate".to_owned())]);
        let many: Vec<String> = (0..11).map(|n| UNKNOWN.replace("ffff-", &format!("ff{n:02}-"))).collect();
        body["exclude_organisations"] = json!(many);
        for path in ["/api/v1/referrals", "/api/v1/suggestions"] {
            let answer = c.officer.post(path, &body).await;
            assert_eq!((answer.status, answer.faults()), (422, vec![("exclude_organisations".to_owned(), "too_many".to_owned())]));
        }
        let named = c.officer.get("/api/v1/organisations").await.expect(200);
        let fields = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert!(named["items"].as_array().unwrap().iter().all(|row| fields(row) == ["id", "name"]), "{named}");
        let whole = c.admin.get("/api/v1/organisations").await.expect(200);
        assert_eq!(whole["items"][0]["code"], "MEHR");
        assert_eq!(c.manager.get("/api/v1/organisations").await.code(), "not_your_role");
    }
}
