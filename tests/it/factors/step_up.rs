//! What asks for a fresh proof of identity, and how one is given.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::http::matrix::{MATRIX, PREFIX};
use serde_json::json;
use strum::IntoEnumIterator;

use super::{Door, actions, enrol, told};
use crate::harness::client::Person;
use crate::harness::country::PASSWORD;
use crate::harness::{Harness, on_both};

/// What must ask for it, whatever else does.
const FRESH: [&str; 16] = [
    "GET /shelters/{id}/confidential",
    "PUT /shelters/{id}/confidential",
    "GET /holds/{id}/handover",
    "POST /me/factors/totp",
    "POST /me/factors/{id}/confirm",
    "POST /me/factors/passkey",
    "POST /me/factors/passkey/{id}/confirm",
    "DELETE /me/factors/{id}",
    "POST /me/recovery-codes",
    "PUT /me/password",
    "POST /users",
    "PUT /users/{id}",
    "POST /users/{id}/factors/reset",
    "POST /approvals/{id}/approve",
    "POST /approvals/{id}/refuse",
    "POST /tokens",
];

const UNKNOWN: &str = "01a0ffff-0000-7000-8000-00000000ffff";
const PROOF: &str = "/api/v1/session/proof";

/// Twenty minutes in which the session is not idle.
async fn work_on(h: &Harness, people: &[&Person]) {
    for _ in 0..2 {
        h.clock.advance(Duration::minutes(10));
        for person in people {
            person.get("/api/v1/me").await.expect(200);
        }
    }
}

on_both! {
    async fn what_is_confidential_asks_for_a_fresh_proof(h: Harness) {
        let country = h.country().await;
        for name in FRESH {
            let row = MATRIX.iter().find(|row| format!("{} {}", row.method, row.path) == name);
            assert!(row.is_some_and(|row| row.fresh), "{name}");
        }
        work_on(&h, &country.everybody()).await;
        let mut tried = 0;
        for row in MATRIX.iter().filter(|row| row.fresh) {
            for role in Role::iter().filter(|role| row.who.admits(*role)) {
                let path = format!("{PREFIX}{}", row.path.replace("{id}", UNKNOWN));
                let answer = country.of(role).send(row.method.as_str(), &path, &[("content-type", "application/json")], b"{}").await;
                assert_eq!(told(&answer), (403, "proof_needed".to_owned()), "{} as {role}", row.path);
                assert_eq!(answer.json()["ways"], json!(["password"]));
                tried += 1;
            }
        }
        assert!(tried >= FRESH.len());
    }

    async fn a_proof_gives_another_token_and_stands_a_quarter_of_an_hour(h: Harness) {
        let country = h.country().await;
        let node = h.another_node().await;
        let manager = &country.manager;
        let read = country.path("/confidential?reason=asked%20by%20phone");
        let place = json!({"address": "Kuchai Rudaki 1", "contact_name": "Zarina", "contact_phone": "+992 900 00 00 00", "meeting_point": "by the fountain"});
        manager.put(&country.path("/confidential"), &place).await.expect(204);
        work_on(&h, &[manager]).await;
        assert_eq!(told(&manager.get(&read).await), (403, "proof_needed".to_owned()));
        node.authenticate(&manager.token).await.unwrap();
        for (body, refusal) in [
            (json!({"password": "not the password at all"}), (403, "wrong_password".to_owned())),
            (json!({"password": ""}), (403, "proof_needed".to_owned())),
            (json!({"code": "123456"}), (403, "proof_needed".to_owned())),
            (json!({}), (422, "invalid_fields".to_owned())),
        ] {
            assert_eq!(told(&manager.post(PROOF, &body).await), refusal, "{body}");
        }
        assert_eq!(told(&manager.get(&read).await), (403, "proof_needed".to_owned()), "nothing was proved");
        let proved = manager.post(PROOF, &json!({"password": PASSWORD})).await.expect(200);
        let again = Person { token: proved["token"].as_str().unwrap().to_owned(), ..manager.clone() };
        again.get(&read).await.expect(200);
        assert_eq!(manager.get("/api/v1/me").await.status, 401, "the old token is nobody's");
        h.clock.advance(Duration::seconds(1));
        assert!(node.authenticate(&manager.token).await.is_err(), "on other nodes within a second");
        node.authenticate(&again.token).await.unwrap();
        h.clock.advance(Duration::minutes(15) - Duration::seconds(1));
        again.get(&read).await.expect(200);
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(told(&again.get(&read).await), (403, "proof_needed".to_owned()));
        let actions = actions(&h).await;
        for (action, times) in [("session.proof", 1), ("proof.refused", 1)] {
            assert_eq!(actions.iter().filter(|told| *told == action).count(), times, "{action}");
        }
        // A session does not live longer for it.
        let first = json!(again.post(PROOF, &json!({"password": PASSWORD})).await.expect(200)["expires_at"]);
        assert_eq!(first, proved["expires_at"]);
    }

    async fn whoever_has_a_factor_proves_that(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let enrolled = enrol(&h, &door, &country.admin.user).await;
        let person = &enrolled.person;
        work_on(&h, &[person]).await;
        let make = json!({"email": "x@example.tj"});
        let needed = person.post("/api/v1/users", &make).await;
        assert_eq!((told(&needed), &needed.json()["ways"]), ((403, "proof_needed".to_owned()), &json!(["totp", "recovery_code"])));
        assert_eq!(told(&person.post(PROOF, &json!({"password": PASSWORD})).await), (403, "proof_needed".to_owned()), "a password is not enough");
        assert_eq!(told(&person.post(PROOF, &json!({"code": "000000"})).await), (403, "wrong_code".to_owned()));
        let code = json!({"code": enrolled.codes.at(h.clock.now())});
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let proved = person.send("POST", PROOF, &headers, code.to_string().as_bytes()).await;
        assert!(proved.expect(200).get("token").is_none(), "a browser has it as its cookie alone");
        let cookie = proved.header("set-cookie").unwrap().split("; ").next().unwrap().to_owned();
        let token = cookie.strip_prefix("__Host-panoh=").unwrap();
        let person = door.person(&country.admin.user, token);
        assert_eq!(person.post("/api/v1/users", &make).await.status, 422, "let in, and its body looked at");
        assert_eq!(told(&person.post(PROOF, &code).await), (403, "wrong_code".to_owned()), "a code counts once");
        let proved = person.post(PROOF, &json!({"recovery_code": enrolled.recovery[3]})).await.expect(200);
        assert!(proved["token"].as_str().is_some());
    }
}
