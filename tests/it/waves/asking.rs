//! Who is asked, what the answer says, and what both sides read of it, through the door.

use panoh::domain::accounts::Role;
use panoh::domain::rooms::RoomKind;
use serde_json::{Value, json};

use super::Scene;
use crate::harness::client::Person;
use crate::harness::country::{Country, room, search};
use crate::harness::{Harness, on_both};
use crate::model::land::word;
use crate::races::{assert_sound, refer, woman_with};

/// The country with three more shelters that fit, and who runs them.
async fn country(h: &Harness) -> (Country, Vec<Person>) {
    let country = h.country().await;
    h.report_all_empty(&country).await;
    let mut managers = Vec::new();
    for at in 2..5 {
        let code = format!("TJ-DU-0{at}");
        let shelter = h
            .shelter(&code, &country.nur, "TJ-DU-01", vec![room("1", RoomKind::Shared, 4, 0)])
            .await;
        let email = format!("manager{at}@nur.example");
        let manager = h.person(Role::Manager, &email, Some(&country.nur), &[shelter.id]).await;
        let path = format!("/api/v1/shelters/{}/reports", shelter.id);
        manager
            .post_once(&path, &format!("first-report-{at}"), &h.report(&shelter, &[]))
            .await
            .expect(201);
        managers.push(manager);
    }
    (country, managers)
}

async fn referral(who: &Person) -> String {
    let made = who.post("/api/v1/referrals", &search(&[])).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn kinds(timeline: &Value) -> Vec<&str> {
    timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect()
}

on_both! {
    async fn a_wave_of_three_asks_three(h: Harness) {
        let (country, _) = country(&h).await;
        let found = country.officer.post("/api/v1/suggestions", &search(&[])).await.expect(200);
        let advice = &found["wave"];
        assert!((1..=5).contains(&advice["size"].as_u64().unwrap()), "{found}");
        assert!((15..=60).contains(&advice["ask_minutes"].as_u64().unwrap()), "{found}");
        let id = referral(&country.officer).await;
        let path = format!("/api/v1/referrals/{id}/holds");
        let wave = country.officer.post_once(&path, "wave-0001", &json!({"wave": 3})).await.expect(201);
        assert_eq!(wave["size"], 3);
        let holds = wave["holds"].as_array().unwrap();
        let best: Vec<_> = found["suggestions"].as_array().unwrap()[..3].iter().map(|row| &row["shelter_id"]).collect();
        assert_eq!(holds.iter().map(|hold| &hold["shelter_id"]).collect::<Vec<_>>(), best, "the three best, best first");
        for hold in holds {
            assert_eq!((&hold["wave_id"], &hold["state"], &hold["expires_at"]), (&wave["wave_id"], &json!("asked"), &wave["answer_by"]));
            assert_eq!((&hold["extensions_left"], &hold["extendable_until"]), (&json!(2), &wave["answer_by"]));
        }
        // The same key again is the same wave, and no other can be asked beside it.
        let again = country.officer.post_once(&path, "wave-0001", &json!({"wave": 3})).await;
        assert_eq!((again.status, again.json()), (201, wave.clone()));
        let another = country.officer.post_once(&path, "wave-0002", &json!({"wave": 2})).await;
        assert_eq!((another.status, another.code().as_str()), (409, "hold_active"));
        assert_eq!(country.officer.get("/api/v1/holds").await.expect(200)["items"].as_array().unwrap().len(), 3);
        assert_sound(&h.services).await;
    }

    async fn both_sides_read_the_same_timeline(h: Harness) {
        let (country, _) = country(&h).await;
        let id = referral(&country.officer).await;
        let path = format!("/api/v1/referrals/{id}/holds");
        let wave = country.officer.post_once(&path, "wave-0001", &json!({"wave": 5, "ask_minutes": 30})).await.expect(201);
        let own = wave["holds"].as_array().unwrap().iter().find(|hold| hold["shelter_id"] == json!(country.shelter.id)).unwrap();
        let hold = own["id"].as_str().unwrap();
        h.clock.advance(chrono::Duration::minutes(2));
        country.manager.post(&format!("/api/v1/holds/{hold}/accept"), &json!({})).await.expect(200);
        let all = country.officer.get(&format!("/api/v1/referrals/{id}/timeline")).await.expect(200);
        let told = kinds(&all);
        assert_eq!(told[..2], ["opened", "wave_asked"]);
        assert_eq!(told[2..7], ["asked"; 5]);
        assert_eq!(told[7..], ["accepted", "released", "released", "released", "released"]);
        assert_eq!(all["items"][1]["detail"], json!({"size": 5, "until": wave["answer_by"]}));
        let path = format!("/api/v1/holds/{hold}/timeline");
        let (theirs, ours) = (country.manager.get(&path).await.expect(200), country.officer.get(&path).await.expect(200));
        assert_eq!(theirs, ours);
        assert_eq!(kinds(&theirs), ["asked", "accepted"]);
        let codes = theirs["items"].as_array().unwrap().iter().map(|item| &item["shelter_code"]);
        assert!(codes.into_iter().all(|code| *code == json!(country.shelter.code)), "{theirs}");
        // A loser learns that it is settled, and not by whom.
        let loser = wave["holds"].as_array().unwrap().iter().find(|hold| hold["shelter_id"] == json!(country.other_shelter.id)).unwrap();
        let loser = loser["id"].as_str().unwrap();
        let view = country.other_manager.get(&format!("/api/v1/holds/{loser}")).await.expect(200);
        assert_eq!((&view["state"], &view["reason"], &view["extensions_left"]), (&json!("released"), &json!("placed_elsewhere"), &json!(0)));
        let theirs = country.other_manager.get(&format!("/api/v1/holds/{loser}/timeline")).await;
        assert_eq!(kinds(&theirs.expect(200)), ["asked", "released"]);
        assert!(!theirs.text().contains(&country.shelter.code), "{}", theirs.text());
        assert_eq!(country.other_manager.get(&path).await.status, 404);
        let late = country.other_manager.post(&format!("/api/v1/holds/{loser}/accept"), &json!({})).await;
        assert_eq!((late.status, late.code().as_str()), (409, "hold_ended"));
    }

    async fn what_cannot_be_asked_is_refused_by_its_field(h: Harness) {
        let (country, _) = country(&h).await;
        let path = format!("/api/v1/referrals/{}/holds", referral(&country.officer).await);
        let wrong = [
            (json!({}), "shelter_id", "required"),
            (json!({"wave": 0}), "wave", "out_of_range"),
            (json!({"wave": 6}), "wave", "out_of_range"),
            (json!({"wave": 2, "shelter_id": country.shelter.id}), "wave", "not_allowed"),
            (json!({"wave": 2, "ask_minutes": 4}), "ask_minutes", "out_of_range"),
            (json!({"wave": 2, "ask_minutes": 1441}), "ask_minutes", "out_of_range"),
            (json!({"wave": 2, "avoid_districts": ["TJ-XX-01"]}), "avoid_districts[0]", "unknown"),
        ];
        for (at, (body, field, code)) in wrong.into_iter().enumerate() {
            let answer = country.officer.post_once(&path, &format!("wrong-00{at}"), &body).await;
            assert_eq!((answer.status, answer.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{body}");
        }
        let hold = country.officer.post_once(&path, "right-001", &json!({"wave": 1})).await.expect(201)["holds"][0]["id"].clone();
        let release = format!("/api/v1/holds/{}/release", hold.as_str().unwrap());
        let answer = country.officer.post(&release, &json!({"reason": "placed_elsewhere"})).await;
        assert_eq!(answer.faults(), [("reason".to_owned(), "not_allowed".to_owned())]);
    }

    async fn districts_to_avoid_are_not_asked_now_or_later(h: Harness) {
        let (country, _) = country(&h).await;
        let path = format!("/api/v1/referrals/{}/holds", referral(&country.officer).await);
        let body = json!({"wave": 5, "avoid_districts": ["TJ-DU-01"]});
        let wave = country.officer.post_once(&path, "wave-0001", &body).await.expect(201);
        assert_eq!((&wave["size"], &wave["holds"][0]["shelter_id"]), (&json!(1), &json!(country.other_shelter.id)));
        h.clock.advance(chrono::Duration::minutes(14));
        h.jobs.escalate_due().await.unwrap();
        assert_eq!(country.officer.get("/api/v1/holds").await.expect(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn fewer_are_asked_where_fewer_fit_and_none_where_none_does(h: Harness) {
        let scene = Scene::new(h.database, 2).await;
        assert_eq!(scene.wave(5).await.1.len(), 2);
        // Two houses of four beds, one of them held by her: three more women fit twice.
        for _ in 0..3 {
            assert_eq!(scene.wave(2).await.1.len(), 2);
        }
        let referral = refer(scene.services(), &scene.officer, woman_with(&[])).await;
        assert_eq!(word(&scene.ask(referral, 2).await.unwrap_err()), "no_bed_left");
        assert_eq!(scene.timeline(referral).await, ["opened"], "nothing of it is left");
        assert_sound(scene.services()).await;
    }
}
