//! What is somebody else's is nothing: not found, byte for byte as if it had never been.

use panoh::domain::accounts::Role;
use panoh::domain::rooms::RoomKind;
use panoh::http::matrix::{MATRIX, Who};
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::harness::country::room;
use crate::harness::{Harness, on_both};
use crate::stage::Stage;

const UNKNOWN: &str = "01a0ffff-0000-7000-8000-00000000ffff";

/// Ids under this route that are not the role's own.
fn foreign(stage: &Stage, path: &str, role: Role) -> Vec<String> {
    match (path.split('/').nth(1).unwrap(), role) {
        ("shelters", Role::Manager) => vec![stage.country.other_shelter.id.to_string()],
        ("referrals", Role::Officer) => vec![stage.other_referral.clone()],
        ("supply-requests", Role::Manager) => vec![stage.other_request.clone()],
        ("me", Role::Manager) => vec![stage.other_phone.clone()],
        ("holds", Role::Officer | Role::Manager) => vec![stage.other_hold.clone()],
        _ => Vec::new(),
    }
}

/// Every number anywhere in a value, by its path.
fn numbers(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Number(_) => out.push(path.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| numbers(item, path, out)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, inner)| numbers(inner, &format!("{path}.{name}"), out)),
        _ => {}
    }
}

on_both! {
    async fn another_s_an_unknown_and_a_malformed_id_are_one_answer(h: Harness) {
        let stage = Stage::set(&h).await;
        let mut tried = 0;
        for row in MATRIX.iter().filter(|row| row.path.contains("{id}")) {
            // Open to anybody with the link: an id that it is not for is nothing, too.
            let by_link = ["/readers/{id}/confirm", "/letters/{id}/unsubscribe"].contains(&row.path);
            assert!(by_link || row.who != Who::Anybody, "{} is open to anybody", row.path);
            let method = row.method.as_str();
            let body = stage.body(&h, method, row.path).map(|body| body.to_string()).unwrap_or_default();
            for role in Role::iter().filter(|role| row.who.admits(*role)) {
                let mut ids = vec![UNKNOWN.to_owned(), "1".to_owned(), "%00".to_owned(), "%FF".to_owned(), "x".repeat(300), "..%2f".to_owned(), UNKNOWN.to_uppercase(), "null".to_owned()];
                ids.extend(foreign(&stage, row.path, role));
                let mut answers = Vec::new();
                for id in &ids {
                    let answer = stage.call(&h, stage.country.of(role), method, &stage.path_with(row.path, id), body.as_bytes()).await;
                    answers.push((answer.status, answer.text(), format!("{:?}", answer.headers.get("content-type"))));
                    tried += 1;
                }
                assert_eq!(answers[0].0, 404, "{method} {} as {role}: {}", row.path, answers[0].1);
                for (id, answer) in ids.iter().zip(&answers) {
                    assert_eq!(answer, &answers[0], "{method} {} as {role} with {id:.40}", row.path);
                }
            }
        }
        assert!(tried > 200, "{tried}");
        // Nothing of the others' has moved.
        assert_eq!(stage.country.other_officer.get(&format!("/api/v1/holds/{}", stage.other_hold)).await.expect(200)["state"], "asked");
        // A body cannot reach what a path cannot.
        let theirs = json!({"letter_id": UNKNOWN}).to_string();
        let answer = stage.call(&h, &stage.country.admin, "POST", &stage.path("/digests/{id}/resend"), theirs.as_bytes()).await;
        assert_eq!(answer.status, 404);
        let path = format!("/api/v1/digest-schedules/{UNKNOWN}/recipients/{}", stage.recipient);
        assert_eq!(stage.country.admin.delete(&path).await.status, 404);
    }

    async fn a_stranger_of_any_role_finds_nothing_of_anybody_s(h: Harness) {
        let stage = Stage::set(&h).await;
        let office = h.organisation("SABO").await;
        let shelter = h.shelter("TJ-KT-01", &office, "TJ-DU-01", vec![room("one", RoomKind::Shared, 4, 0)]).await;
        let strangers = [
            h.person(Role::Manager, "manager@sabo.example", Some(&office), &[shelter.id]).await,
            h.person(Role::Officer, "officer@sabo.example", Some(&office), &[]).await,
        ];
        let mut tried = std::collections::BTreeSet::new();
        for who in &strangers {
            let role = who.user.role;
            for row in MATRIX.iter().filter(|row| row.path.contains("{id}") && row.who.admits(role) && row.who != Who::Anybody) {
                let method = row.method.as_str();
                let body = stage.body(&h, method, row.path).map(|body| body.to_string()).unwrap_or_default();
                let mut answers = Vec::new();
                for id in [stage.id(row.path), UNKNOWN.to_owned()] {
                    let answer = stage.call(&h, who, method, &stage.path_with(row.path, &id), body.as_bytes()).await;
                    answers.push((answer.status, answer.body));
                }
                assert_eq!(answers[0].0, 404, "{method} {} as {role}: {}", row.path, String::from_utf8_lossy(&answers[0].1));
                assert_eq!(answers[0], answers[1], "{method} {} as {role}", row.path);
                tried.insert(row.path.split('/').nth(1).unwrap());
            }
        }
        for room in ["shelters", "referrals", "holds", "transfers", "supply-requests", "me"] {
            assert!(tried.contains(room), "{room} is not among {tried:?}");
        }
    }

    async fn lists_hold_only_one_s_own(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let ids = |list: Value| list["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(ids(c.manager.get("/api/v1/shelters").await.expect(200)), [c.shelter.id.to_string()]);
        assert_eq!(ids(c.admin.get("/api/v1/shelters").await.expect(200)).len(), 2);
        assert_eq!(ids(c.manager.get("/api/v1/holds").await.expect(200)), std::slice::from_ref(&stage.hold));
        assert_eq!(ids(c.other_manager.get("/api/v1/holds").await.expect(200)), std::slice::from_ref(&stage.other_hold));
        assert_eq!(ids(c.officer.get("/api/v1/holds").await.expect(200)), std::slice::from_ref(&stage.hold));
        assert_eq!(ids(c.other_officer.get("/api/v1/referrals").await.expect(200)), std::slice::from_ref(&stage.other_referral));
        let log = c.manager.get("/api/v1/audit").await.expect(200);
        let own = log["items"].as_array().unwrap();
        assert!(!own.is_empty() && own.iter().all(|row| row["object_id"] == c.shelter.id.to_string()), "{log}");
    }

    async fn officers_see_bands_and_never_rooms(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let picture = c.officer.get("/api/v1/availability").await.expect(200);
        let mut found = Vec::new();
        numbers(&picture, "", &mut found);
        found.retain(|path| path != ".version" && !path.contains(".shelters."));
        assert_eq!(found, Vec::<String>::new(), "{picture}");
        assert_eq!(picture["national"]["band"], "6_plus");
        for path in ["/state", "/reports", "/stock", "/confidential?reason=curious"] {
            assert_eq!(c.officer.get(&c.path(path)).await.code(), "not_your_role");
        }
        let search = stage.body(&h, "POST", "/suggestions").unwrap();
        let taken = c.officer.post_once(&format!("/api/v1/referrals/{}/holds", stage.referral), "again-001", &json!({"shelter_id": c.shelter.id})).await;
        let answers = [
            picture.to_string(),
            taken.text(),
            c.officer.post("/api/v1/suggestions", &search).await.text(),
            c.officer.get(&format!("/api/v1/referrals/{}/suggestions", stage.referral)).await.text(),
            c.officer.get("/api/v1/referrals").await.text(),
            c.officer.get("/api/v1/holds").await.text(),
            c.officer.get(&format!("/api/v1/holds/{}", stage.hold)).await.text(),
        ];
        for answer in answers {
            for label in ["kabud", "sabz", "yak", "xona", "room_id", "free_beds", "occupied"] {
                assert!(!answer.contains(&format!("\"{label}\"")), "{label} in {answer}");
            }
            for room in c.shelter.rooms.iter().chain(&c.other_shelter.rooms) {
                assert!(!answer.contains(&room.id.to_string()));
            }
        }
        // The shelter's own people do see the rooms of a hold.
        assert!(c.manager.get("/api/v1/holds").await.text().contains("\"label\""));
    }
}
