//! Setting up the first factor, adding others, removing them.

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::accounts::Role;
use panoh::domain::factors::SecondFactor;
use panoh::http::matrix::{MATRIX, PREFIX};
use panoh::mail::Mailer;
use panoh::sms;
use serde_json::json;
use strum::IntoEnumIterator;

use super::{Door, actions, begin, confirm, enrol, mail_of, told};
use crate::harness::country::PASSWORD;
use crate::harness::gateways::gateways;
use crate::harness::{Harness, on_both};

/// What a session that has yet to set up its factor may do.
const EARLY: [&str; 8] = [
    "DELETE /session",
    "GET /me",
    "PUT /me/language",
    "GET /me/factors",
    "POST /me/factors/totp",
    "POST /me/factors/{id}/confirm",
    "POST /me/factors/passkey",
    "POST /me/factors/passkey/{id}/confirm",
];

const UNKNOWN: &str = "01a0ffff-0000-7000-8000-00000000ffff";

on_both! {
    async fn all_but_managers_set_one_up_before_anything_else(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        for role in Role::iter() {
            let user = &country.of(role).user;
            let person = door.by_password(user).await;
            let must = role != Role::Manager;
            assert_eq!(person.get("/api/v1/me").await.expect(200)["must_set_up_factor"], must, "{role}");
            assert_eq!(person.get("/api/v1/me/factors").await.expect(200)["required"], must);
            for row in MATRIX.iter().filter(|row| row.who.admits(role) && row.who != panoh::http::matrix::Who::Anybody) {
                let name = format!("{} {}", row.method, row.path);
                assert_eq!(row.early, EARLY.contains(&name.as_str()), "{name}");
                if row.early || role == Role::Manager {
                    continue;
                }
                let path = format!("{PREFIX}{}", row.path.replace("{id}", UNKNOWN).replace("{recipient}", UNKNOWN));
                let answer = person.send(row.method.as_str(), &path, &[("content-type", "application/json")], b"{}").await;
                assert_eq!(told(&answer), (403, "factor_not_set_up".to_owned()), "{name} as {role}");
            }
        }
        // One signs in by a password, is told, sets it up, and goes on under another token.
        let user = &country.officer.user;
        let signed_in = door.sign_in(user, json!({})).await.expect(200);
        assert_eq!(signed_in["user"]["must_set_up_factor"], true);
        let person = door.person(user, signed_in["token"].as_str().unwrap());
        let (factor, codes) = begin(&person).await;
        let path = format!("/api/v1/me/factors/{factor}/confirm");
        let wrong = person.post(&path, &json!({"code": "000000"})).await;
        assert_eq!(wrong.faults(), [("code".to_owned(), "wrong_code".to_owned())]);
        assert_eq!(person.get("/api/v1/me/factors").await.expect(200)["items"], json!([]), "it counts for nothing yet");
        let done = confirm(&h, &person, &factor, &codes).await.expect(200);
        assert_eq!(person.get("/api/v1/me").await.status, 401, "the old token is nobody's");
        let person = door.person(user, done["token"].as_str().unwrap());
        assert_eq!(person.get("/api/v1/me").await.expect(200)["must_set_up_factor"], false);
        person.get("/api/v1/referrals").await.expect(200);
        let own = person.get("/api/v1/me/factors").await.expect(200);
        assert_eq!((own["items"].as_array().unwrap().len(), &own["recovery_codes_left"]), (1, &json!(10)));
        assert_eq!((&own["items"][0]["kind"], &own["items"][0]["name"]), (&json!("totp"), &json!("my telephone")));
        assert_eq!(told(&confirm(&h, &person, &factor, &codes).await).0, 404, "once");
        let actions = actions(&h).await;
        for action in ["factor.begin", "factor.add"] {
            assert_eq!(actions.iter().filter(|told| *told == action).count(), 1, "{actions:?}");
        }
        let mail = mail_of(&h, user).await;
        assert!(matches!(&mail[..], [one] if one.contains("добавлен второй способ")), "{mail:?}");
    }

    async fn a_browser_is_given_the_new_token_as_its_cookie(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let person = door.by_password(&country.admin.user).await;
        let (factor, codes) = begin(&person).await;
        let body = json!({"code": codes.at(h.clock.now())}).to_string();
        let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let path = format!("/api/v1/me/factors/{factor}/confirm");
        let answer = person.send("POST", &path, &headers, body.as_bytes()).await;
        assert!(answer.expect(200).get("token").is_none());
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-panoh=pnh_") && cookie.contains("HttpOnly"), "{cookie}");
        let value = cookie.split("; ").next().unwrap();
        assert_eq!(door.http.send("GET", "/api/v1/users", &[("cookie", value)], b"").await.status, 200);
    }

    async fn a_session_by_password_ends_when_a_factor_is_set_up(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let user = &country.manager.user;
        // A manager need not have one.
        let (one, other) = (door.by_password(user).await, door.by_password(user).await);
        one.get("/api/v1/shelters").await.expect(200);
        other_node.services.authenticate(&other.token).await.unwrap();
        let (factor, codes) = begin(&one).await;
        let done = confirm(&h, &one, &factor, &codes).await.expect(200);
        assert_eq!(other.get("/api/v1/me").await.status, 401);
        h.clock.advance(Duration::seconds(1));
        assert!(other_node.services.authenticate(&other.token).await.is_err(), "on other nodes within a second");
        let one = door.person(user, done["token"].as_str().unwrap());
        one.get("/api/v1/shelters").await.expect(200);
        // One that slips in while the factor is set up is no better.
        assert_eq!(door.by_password(user).await.get("/api/v1/me").await.status, 401);
        // She may do without again, and her recovery codes go with the last factor.
        assert_eq!(one.delete(&format!("/api/v1/me/factors/{factor}")).await.status, 204);
        let own = one.get("/api/v1/me/factors").await.expect(200);
        assert_eq!((&own["items"], &own["recovery_codes_left"]), (&json!([]), &json!(0)));
        door.by_password(user).await.get("/api/v1/me").await.expect(200);
        let mail = mail_of(&h, user).await;
        assert!(mail.len() == 2 && mail[1].contains("удалён второй способ"), "{mail:?}");
    }

    async fn the_last_factor_stays_where_one_is_required(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let first = enrol(&h, &door, &country.officer.user).await;
        let mine = |factor: &str| format!("/api/v1/me/factors/{factor}");
        assert_eq!(told(&first.person.delete(&mine(&first.factor)).await), (409, "last_factor".to_owned()));
        let (second, codes) = begin(&first.person).await;
        let added = confirm(&h, &first.person, &second, &codes).await.expect(200);
        assert_eq!((&added["recovery_codes"], added.get("token")), (&json!(null), None), "only with the first");
        // Another's is nothing to her.
        let stranger = enrol(&h, &door, &country.other_officer.user).await;
        assert_eq!(told(&stranger.person.delete(&mine(&second)).await).0, 404);
        // Both at once, on two nodes: one stays.
        let there = other_node.person(&country.officer.user, &first.person.token);
        let (one, other) = (mine(&first.factor), mine(&second));
        let answers = join_all([first.person.delete(&one), there.delete(&other)]).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        let left = first.person.get("/api/v1/me/factors").await.expect(200);
        assert_eq!(left["items"].as_array().unwrap().len(), 1);
    }

    async fn what_is_begun_is_finished_soon_or_not_at_all(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let person = door.by_password(&country.officer.user).await;
        let (late, codes) = begin(&person).await;
        h.clock.advance(Duration::minutes(15));
        assert_eq!(told(&confirm(&h, &person, &late, &codes).await).0, 404, "a quarter of an hour later");
        let (former, codes) = begin(&person).await;
        let (factor, newer) = begin(&person).await;
        assert_eq!(told(&confirm(&h, &person, &former, &codes).await).0, 404, "another was begun");
        // Twice at once is once: one set of recovery codes, one token.
        let answers = join_all([confirm(&h, &person, &factor, &newer), confirm(&h, &person, &factor, &newer)]).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        let done = answers.iter().find(|answer| answer.status == 200).unwrap().json();
        let person = door.person(&country.officer.user, done["token"].as_str().unwrap());
        for number in 2..=10 {
            let (factor, codes) = begin(&person).await;
            assert_eq!(confirm(&h, &person, &factor, &codes).await.status, 200, "{number}");
        }
        for path in ["/api/v1/me/factors/totp", "/api/v1/me/factors/passkey"] {
            let answer = person.post(path, &json!({"name": "one too many"})).await;
            assert_eq!(told(&answer), (409, "too_many_factors".to_owned()));
        }
        for name in ["", "x\u{202e}", &"x".repeat(61)] {
            assert_eq!(person.post("/api/v1/me/factors/totp", &json!({"name": name})).await.status, 422);
        }
    }

    async fn off_is_for_this_machine_alone(h: Harness) {
        let gateways = gateways(sms::Sender::Memory(sms::Memory::default()));
        assert_eq!(h.services.second_factor, SecondFactor::Off);
        let config = panoh::config::Config { listen: "0.0.0.0:0".to_owned(), ..Default::default() };
        let refused = panoh::app::start(h.services.clone(), Mailer::Memory(h.mail.clone()), gateways, &config);
        let refused = refused.err().expect("refused").to_string();
        assert!(refused.contains("second_factor"), "{refused}");
        // Whoever has one proves it even where nobody must.
        let country = h.country().await;
        let enrolled = enrol(&h, &Door::with(&h, Default::default()).await, &country.admin.user).await;
        let body = json!({"email": enrolled.person.user.email, "password": PASSWORD});
        assert_eq!(told(&h.http.json("POST", "/api/v1/session", &body).await), (401, "second_factor_needed".to_owned()));
    }
}
