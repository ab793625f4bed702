//! Telephones: connected by a code from the telephone itself, and whose messages count.

use chrono::Duration;
use panoh::domain::accounts::Role;
use serde_json::{Value, json};

use super::{HERS, Line, STRANGE};
use crate::harness::client::Person;
use crate::harness::{Harness, on_both};

async fn phones(person: &Person) -> Vec<Value> {
    let told = person.get("/api/v1/me/phones").await.expect(200);
    assert_eq!(told["send_to"], json!(["+992440000001"]));
    told["items"].as_array().unwrap().clone()
}

async fn code(person: &Person) -> String {
    let made = person.post("/api/v1/me/phones", &json!({})).await.expect(201);
    assert_eq!(made["send_to"], json!(["+992440000001"]));
    let code = made["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    code
}

on_both! {
    async fn a_code_connects_the_telephone_it_comes_from(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let line = Line { h: &h, country };
        let manager = &line.country.manager;
        let made = code(manager).await;
        let waiting = phones(manager).await;
        assert_eq!((&waiting[0]["state"], &waiting[0]["ending"]), (&json!("waiting"), &json!(null)));
        // Grouped as people type it; the reply says how to write.
        let typed = format!("{} {}", &made[..4], &made[4..]);
        assert_eq!(line.says("tel:+992 90 000-00-01", &typed).await.unwrap(), "Этот телефон подключён. Пример: 0 0");
        let connected = phones(manager).await;
        assert_eq!((&connected[0]["state"], &connected[0]["ending"]), (&json!("connected"), &json!("01")));
        assert!(line.says("00992900000001", "=").await.unwrap().starts_with("Принято"));
        // It is used up.
        assert_eq!(line.says(STRANGE, &made).await, None);
        assert_eq!(line.recorded("phone.code").await, 1);
        // Removed, it is a stranger's.
        let id = connected[0]["id"].as_str().unwrap();
        assert_eq!(manager.delete(&format!("/api/v1/me/phones/{id}")).await.status, 204);
        assert_eq!(manager.delete(&format!("/api/v1/me/phones/{id}")).await.status, 404);
        assert_eq!(line.says(HERS, "=").await, None);
        assert_eq!((phones(manager).await.len(), line.recorded("phone.remove").await), (0, 1));
    }

    async fn codes_run_out_and_are_few(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let line = Line { h: &h, country };
        let manager = &line.country.manager;
        let late = code(manager).await;
        h.clock.set(h.clock.now() + Duration::minutes(15));
        assert_eq!(line.says(HERS, &late).await, None);
        assert_eq!(phones(manager).await.len(), 0);
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(code(manager).await);
        }
        assert_eq!(manager.post("/api/v1/me/phones", &json!({})).await.code(), "too_many_codes");
        for (n, made) in codes.iter().enumerate() {
            assert!(line.says(&format!("+99290000010{n}"), made).await.is_some());
        }
        assert_eq!(manager.post("/api/v1/me/phones", &json!({})).await.code(), "too_many_phones");
        assert_eq!(phones(manager).await.len(), 3);
        // Nobody else's are seen or removed.
        let id = phones(manager).await[0]["id"].as_str().unwrap().to_owned();
        let other = &line.country.other_manager;
        assert_eq!((phones(other).await.len(), other.delete(&format!("/api/v1/me/phones/{id}")).await.status), (0, 404));
    }

    async fn a_number_moves_only_by_a_new_code(h: Harness) {
        let line = Line::open(&h).await;
        let other = &line.country.other_manager;
        let made = code(other).await;
        assert!(line.says(HERS, &made).await.is_some());
        assert_eq!((phones(&line.country.manager).await.len(), phones(other).await.len()), (0, 1));
        assert_eq!((line.recorded("phone.moved").await, line.recorded("phone.connect").await), (1, 2));
        assert!(line.says(HERS, "1 2").await.unwrap().contains("xona: 2"), "it speaks for its new owner's shelter");
        assert_eq!(line.occupied().await, [0, 0]);
    }

    async fn who_is_not_known_is_answered_nothing(h: Harness) {
        let line = Line::open(&h).await;
        let empty = line.message("s-1", STRANGE, "=").await;
        for (id, from, text) in [("s-2", STRANGE, "?"), ("s-3", STRANGE, "12345678"), ("s-4", "PANOH", "="), ("s-5", "12", "=")] {
            let answer = line.message(id, from, text).await;
            assert_eq!((answer.status, &answer.body), (200, &empty.body), "{from} {text}");
        }
        assert_eq!(empty.text(), "{\"reply\":null}");
        // Guessing ends after five tries: then even the right code is not looked at from there.
        for _ in 0..5 {
            assert_eq!(line.says(STRANGE, "11111111").await, None);
        }
        let made = code(&line.country.other_manager).await;
        assert_eq!(line.says(STRANGE, &made).await, None);
        assert!(line.says("+992900000010", &made).await.is_some());
    }

    async fn a_telephone_of_somebody_who_may_not_report_does_nothing(h: Harness) {
        let line = Line::open(&h).await;
        let c = &line.country;
        let before = line.history(c.shelter.id).await.len();
        let path = format!("/api/v1/users/{}", c.manager.user.id);
        let account = |role: &str, disabled: bool| json!({"name": "Manager", "role": role, "organisation_id": c.nur.id,
            "shelter_ids": if role == "manager" { vec![c.shelter.id] } else { Vec::new() }, "language": "ru", "disabled": disabled});
        let waiting = code(&c.manager).await;
        c.admin.put(&path, &account("manager", true)).await.expect(200);
        assert_eq!(line.says(HERS, "2 4").await, None);
        assert_eq!(line.says("+992900000011", &waiting).await, None, "nor does her code connect another");
        c.admin.put(&path, &account("committee", false)).await.expect(200);
        assert_eq!(line.says(HERS, "2 4").await, None);
        c.admin.put(&path, &account("manager", false)).await.expect(200);
        let manager = h.signed_in(&c.manager.user).await;
        let history = manager.get(&c.path("/reports")).await.expect(200);
        assert_eq!(history["items"].as_array().unwrap().len(), before);
        assert!(line.says(HERS, "2 4").await.unwrap().starts_with("Принято"));
        let nowhere = h.person(Role::Manager, "nowhere@nur.example", Some(&c.nur), &[]).await;
        line.connect(&nowhere, "+992900000012").await;
        assert_eq!(line.says("+992900000012", "=").await.unwrap(), "За вами не закреплены комнаты. Обратитесь к администратору.");
    }
}
