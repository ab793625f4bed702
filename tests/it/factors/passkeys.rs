//! Passkeys, by an authenticator in software: what they sign counts once, at our address, for whom it was asked.

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::accounts::User;
use serde_json::{Value, json};

use super::authenticator::Authenticator;
use super::{Door, enrol, forgive, told};
use crate::harness::client::Person;
use crate::harness::{Doorway, Harness, on_both};

const ADD: &str = "/api/v1/me/factors/passkey";

async fn set_up(person: &Person, key: &Authenticator) -> crate::harness::client::Answer {
    let asked = person.post(ADD, &json!({"name": "my key"})).await.expect(201);
    let path = format!("{ADD}/{}/confirm", asked["challenge_id"].as_str().unwrap());
    person
        .post(&path, &json!({"credential": key.create(&asked["options"])}))
        .await
}

/// What a browser is asked to sign after the password.
async fn asked(door: &Door, user: &User) -> Value {
    let needed = door.sign_in(user, json!({})).await;
    assert_eq!(told(&needed), (401, "second_factor_needed".to_owned()));
    needed.json()["passkey"].clone()
}

fn signed(key: &Authenticator, asked: &Value) -> Value {
    json!({"passkey": {"challenge_id": asked["challenge_id"], "credential": key.sign(&asked["options"])}})
}

fn wrong_code() -> (u16, String) {
    (401, "wrong_code".to_owned())
}

on_both! {
    async fn a_passkey_signs_in_and_its_answer_counts_once(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let (user, key) = (&country.officer.user, Authenticator::new(1));
        let done = set_up(&door.by_password(user).await, &key).await.expect(200);
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        let person = door.person(user, done["token"].as_str().unwrap());
        let own = person.get("/api/v1/me/factors").await.expect(200);
        assert_eq!((&own["items"][0]["kind"], &own["passkeys_offered"]), (&json!("passkey"), &json!(true)));
        let asked = asked(&door, user).await;
        assert_eq!(asked["options"]["publicKey"]["rpId"], "localhost");
        let answer = signed(&key, &asked);
        let answers = join_all((0..4).map(|n| [&door, &other_node][n % 2].sign_in(user, answer.clone()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        assert_eq!(told(&door.sign_in(user, answer).await), wrong_code());
    }

    async fn a_signature_is_good_for_what_was_asked_and_nothing_else(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let (user, key) = (&country.officer.user, Authenticator::new(1));
        let done = set_up(&door.by_password(user).await, &key).await.expect(200);
        let person = door.person(user, done["token"].as_str().unwrap());
        let theirs = Authenticator::new(2);
        set_up(&door.by_password(&country.admin.user).await, &theirs).await.expect(200);
        let bent = |bend: fn(&mut Authenticator)| {
            let mut key = Authenticator::new(1);
            bend(&mut key);
            key
        };
        let wrong = [
            ("another key under this id", key.forged(3)),
            ("another's passkey", Authenticator::new(2)),
            ("a page elsewhere", bent(|key| key.origin = "https://panoh.evil.example".to_owned())),
            ("another port of this machine", bent(|key| key.origin = "http://localhost:9090".to_owned())),
            ("another service", bent(|key| key.rp_id = "evil.example".to_owned())),
            ("nobody proved to the key who he is", bent(|key| key.flags = 1)),
            ("nobody was there", bent(|key| key.flags = 0)),
        ];
        for (why, key) in &wrong {
            forgive(&h).await;
            let asked = asked(&door, user).await;
            assert_eq!(told(&door.sign_in(user, signed(key, &asked)).await), wrong_code(), "{why}");
            // Right or wrong: a challenge is answered once.
            assert_eq!(told(&door.sign_in(user, signed(&Authenticator::new(1), &asked)).await), wrong_code(), "after {why}");
        }
        for nonsense in [json!({}), json!({"id": "x"}), json!({"id": 5, "rawId": [], "response": "x", "type": {}})] {
            forgive(&h).await;
            let asked = asked(&door, user).await;
            let body = json!({"passkey": {"challenge_id": asked["challenge_id"], "credential": nonsense}});
            assert_eq!(told(&door.sign_in(user, body).await), wrong_code());
        }
        forgive(&h).await;
        // What was asked of somebody else, or for something else.
        let of_admin = asked(&door, &country.admin.user).await;
        assert_eq!(told(&door.sign_in(user, signed(&key, &of_admin)).await), wrong_code());
        let for_proof = person.post("/api/v1/session/proof/passkey", &json!({})).await.expect(200);
        assert_eq!(told(&door.sign_in(user, signed(&key, &for_proof)).await), wrong_code());
        let proof = signed(&key, &for_proof);
        let proved = person.post("/api/v1/session/proof", &proof).await.expect(200);
        let person = door.person(user, proved["token"].as_str().unwrap());
        assert_eq!(told(&person.post("/api/v1/session/proof", &proof).await), (403, "wrong_code".to_owned()), "once");
        // Five minutes, and no longer.
        let late = asked(&door, user).await;
        h.clock.advance(Duration::minutes(5));
        assert_eq!(told(&door.sign_in(user, signed(&key, &late)).await), wrong_code());
        let in_time = asked(&door, user).await;
        h.clock.advance(Duration::minutes(5) - Duration::milliseconds(1));
        door.sign_in(user, signed(&key, &in_time)).await.expect(200);
    }

    async fn a_copy_shows_by_its_count(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let (user, mut key) = (&country.officer.user, Authenticator::new(1));
        key.counter = 7;
        set_up(&door.by_password(user).await, &key).await.expect(200);
        for (counter, taken) in [(8, true), (8, false), (7, false), (9, true), (0, false), (3, false)] {
            key.counter = counter;
            let answer = door.sign_in(user, signed(&key, &asked(&door, user).await)).await;
            assert_eq!(answer.status == 200, taken, "{counter}: {}", answer.text());
        }
    }

    async fn a_passkey_is_set_up_once_by_who_was_asked(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let key = Authenticator::new(1);
        let officer = door.by_password(&country.officer.user).await;
        let admin = door.by_password(&country.admin.user).await;
        let asked = officer.post(ADD, &json!({"name": "my key"})).await.expect(201);
        let path = format!("{ADD}/{}/confirm", asked["challenge_id"].as_str().unwrap());
        let credential = json!({"credential": key.create(&asked["options"])});
        assert_eq!(told(&admin.post(&path, &credential).await).0, 404, "another's challenge");
        let mut evil = Authenticator::new(1);
        evil.origin = "https://panoh.evil.example".to_owned();
        let refused = officer.post(&path, &json!({"credential": evil.create(&asked["options"])})).await;
        assert_eq!(refused.faults(), [("credential".to_owned(), "not_valid".to_owned())]);
        assert_eq!(told(&officer.post(&path, &credential).await).0, 404, "a challenge is answered once");
        assert_eq!(set_up(&officer, &key).await.status, 200);
        // The same key for somebody else: an id that stands for two people proves neither.
        assert_eq!(told(&set_up(&admin, &key).await), (409, "passkey_known".to_owned()));
        let needed = door.sign_in(&country.admin.user, json!({})).await.expect(200);
        assert_eq!(needed["user"]["must_set_up_factor"], true, "nothing was set up");
        assert_eq!(told(&admin.post("/api/v1/session/proof/passkey", &json!({})).await).0, 403);
        let with_app = enrol(&h, &door, &country.admin.user).await;
        assert_eq!(told(&with_app.person.post("/api/v1/session/proof/passkey", &json!({})).await), (409, "no_passkey".to_owned()));
    }

    async fn where_the_address_is_a_number_there_are_none(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let (user, key) = (&country.officer.user, Authenticator::new(1));
        let done = set_up(&door.by_password(user).await, &key).await.expect(200);
        let numbered = Door::with(&h, Doorway { public_url: "http://127.0.0.1:8080", ..Doorway::default() }).await;
        let needed = numbered.sign_in(user, json!({})).await;
        assert_eq!((told(&needed), &needed.json()["ways"]), ((401, "second_factor_needed".to_owned()), &json!(["recovery_code"])));
        assert!(needed.json().get("passkey").is_none());
        let code = json!({"recovery_code": done["recovery_codes"][0]});
        let signed_in = numbered.sign_in(user, code).await.expect(200);
        let person = numbered.person(user, signed_in["token"].as_str().unwrap());
        assert_eq!(person.get("/api/v1/me/factors").await.expect(200)["passkeys_offered"], false);
        assert_eq!(told(&person.post(ADD, &json!({"name": "x"})).await), (409, "no_passkeys_here".to_owned()));
    }
}
