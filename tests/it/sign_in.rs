//! Signing in while somebody guesses: what strangers are told, how long they wait, and that the owner gets in all the same.

use std::rc::Rc;

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::services::errors::Refused;
use panoh::services::sign_in::Attempt;
use serde_json::json;

use crate::harness::client::Answer;
use crate::harness::country::PASSWORD;
use crate::harness::{Harness, on_both};

const JSON: (&str, &str) = ("content-type", "application/json");
const BROWSER: (&str, &str) = ("sec-fetch-site", "same-origin");
const EMAIL: &str = "officer@nur.example";
/// Wrong without looking: it costs the test no hash.
const WRONG: &str = "more than a hundred and twenty-eight characters are nobody's password: more than a hundred and twenty-eight characters are nobody's password";

async fn attempt(h: &Harness, email: &str, password: &str, headers: &[(&str, &str)]) -> Answer {
    let body = json!({"email": email, "password": password}).to_string();
    let all = [&[JSON], headers].concat();
    h.http.send("POST", "/api/v1/session", &all, body.as_bytes()).await
}

/// An attempt from a network address of its own.
fn from(origin: &str, email: &str, password: &str) -> Attempt {
    Attempt {
        email: email.to_owned(),
        password: password.to_owned(),
        origin: origin.to_owned(),
        ..Attempt::default()
    }
}

/// The cookie of this name, as a browser would send it back.
fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let all = answer
        .headers
        .get_all("set-cookie")
        .filter_map(|value| value.to_str().ok());
    let found = all
        .filter_map(|value| value.split(';').next())
        .find(|pair| pair.starts_with(&format!("{name}=")));
    found.map(str::to_owned)
}

on_both! {
    async fn a_wait_grows_from_the_sixth_failure_and_is_the_same_for_nobody(h: Harness) {
        h.country().await;
        let mut told = Vec::new();
        for email in [EMAIL, "nobody@nur.example"] {
            let mut answers = Vec::new();
            for _ in 0..6 {
                answers.push(attempt(&h, email, "not the password at all", &[]).await);
            }
            assert!(answers.iter().all(|answer| answer.code() == "wrong_credentials"), "{email}");
            let hashes = h.services.hashing.done();
            // The right password is not looked at either.
            for (wait, after) in [("60", 60), ("120", 120), ("240", 240)] {
                let early = attempt(&h, email, PASSWORD, &[]).await;
                assert_eq!((early.status, early.code().as_str(), early.header("retry-after")), (429, "wait", Some(wait)), "{email}");
                told.push(early.text());
                h.clock.advance(Duration::seconds(after));
                assert_eq!(attempt(&h, email, "wrong again and again", &[]).await.code(), "wrong_credentials");
            }
            assert_eq!(h.services.hashing.done() - hashes, 3, "no hash is spent on who has to wait");
        }
        assert_eq!(told[..3], told[3..], "an account and none are told the same");
        // Another node has not forgotten, nor would this one after a restart.
        let node = h.another_node().await;
        let refused = node.sign_in(&from("", EMAIL, PASSWORD)).await;
        assert!(matches!(refused, Err(Refused::Wait(wait)) if wait == Duration::minutes(1)), "seven of eight minutes are over");
        h.clock.advance(Duration::minutes(1));
        node.sign_in(&from("", EMAIL, PASSWORD)).await.unwrap();
        // The owner was there: all is forgotten.
        for _ in 0..5 {
            attempt(&h, EMAIL, WRONG, &[]).await;
        }
        assert_eq!(attempt(&h, EMAIL, PASSWORD, &[]).await.status, 200);
    }

    async fn guesses_at_once_are_counted_one_by_one(h: Harness) {
        h.country().await;
        let node = h.another_node().await;
        let all = (0..24).map(|n| {
            let services = if n % 2 == 0 { &h.services } else { &node };
            async move { services.sign_in(&from("", EMAIL, "not the password at all")).await.err().unwrap() }
        });
        let refusals = futures::future::join_all(all).await;
        let wrong = refusals.iter().filter(|refused| matches!(refused, Refused::WrongCredentials)).count();
        let waits = refusals.iter().filter(|refused| matches!(refused, Refused::Wait(_))).count();
        assert_eq!((wrong, waits), (6, 18), "{refusals:?}");
    }

    async fn who_was_there_before_gets_in_while_strangers_guess(h: Harness) {
        h.country().await;
        let first = attempt(&h, EMAIL, PASSWORD, &[BROWSER]).await;
        let known = cookie(&first, "__Host-panoh-device").unwrap();
        let all: Vec<&str> = first.headers.get_all("set-cookie").filter_map(|value| value.to_str().ok()).collect();
        let flags = all.iter().find(|value| value.contains("-device")).unwrap();
        for flag in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=34560000"] {
            assert!(flags.contains(flag), "{flags}");
        }
        for _ in 0..6 {
            attempt(&h, EMAIL, WRONG, &[]).await;
        }
        assert_eq!(attempt(&h, EMAIL, PASSWORD, &[]).await.status, 429);
        let of_another = attempt(&h, "manager@nur.example", PASSWORD, &[BROWSER]).await;
        let foreign = cookie(&of_another, "__Host-panoh-device").unwrap();
        for (bad, why) in [("__Host-panoh-device=pnh_invented", "invented"), (foreign.as_str(), "somebody else's")] {
            assert_eq!(attempt(&h, EMAIL, PASSWORD, &[("cookie", bad), BROWSER]).await.status, 429, "{why}");
        }
        let again = attempt(&h, EMAIL, PASSWORD, &[("cookie", &known), BROWSER]).await;
        assert_eq!(again.status, 200);
        assert_eq!(cookie(&again, "__Host-panoh-device").unwrap(), known, "renewed");
        // Who has stolen it may not guess for ever.
        for _ in 0..6 {
            assert_eq!(attempt(&h, EMAIL, WRONG, &[("cookie", &known)]).await.status, 401);
        }
        assert_eq!(attempt(&h, EMAIL, PASSWORD, &[("cookie", &known)]).await.status, 429);
    }

    async fn two_of_one_house_share_a_browser_and_an_invented_token_is_not_taken_over(h: Harness) {
        let country = h.country().await;
        let first = attempt(&h, EMAIL, PASSWORD, &[BROWSER, ("user-agent", "Mozilla/5.0 (Android 14) Firefox/140.0")]).await;
        let known = cookie(&first, "__Host-panoh-device").unwrap();
        let second = attempt(&h, "manager@nur.example", PASSWORD, &[BROWSER, ("cookie", &known)]).await;
        assert_eq!(cookie(&second, "__Host-panoh-device").unwrap(), known);
        let devices = country.officer.send("GET", "/api/v1/me/devices", &[("cookie", &known)], b"").await.expect(200);
        assert_eq!((devices["items"].as_array().unwrap().len(), &devices["items"][0]["current"]), (1, &json!(true)));
        assert_eq!(devices["items"][0]["client"], "Firefox, Android");
        let fixed = "__Host-panoh-device=pnh_I4know4this4and4will4come4back4with4it4later";
        let third = attempt(&h, EMAIL, PASSWORD, &[BROWSER, ("cookie", fixed)]).await;
        assert_ne!(cookie(&third, "__Host-panoh-device").unwrap(), fixed);
        // A program keeps nothing.
        assert_eq!(cookie(&attempt(&h, EMAIL, PASSWORD, &[]).await, "__Host-panoh-device"), None);

        let id = devices["items"][0]["id"].as_str().unwrap();
        assert_eq!(country.manager.delete(&format!("/api/v1/me/devices/{id}")).await.status, 404);
        assert_eq!(country.officer.delete(&format!("/api/v1/me/devices/{id}")).await.status, 204);
        for _ in 0..6 {
            attempt(&h, EMAIL, WRONG, &[]).await;
        }
        assert_eq!(attempt(&h, EMAIL, PASSWORD, &[BROWSER, ("cookie", &known)]).await.status, 429, "known no more");
    }

    async fn an_address_that_tries_everybody_waits_and_others_do_not(h: Harness) {
        h.country().await;
        for n in 0..51 {
            let refused = h.services.sign_in(&from("203.0.113.7", &format!("{n}@nur.example"), WRONG)).await;
            assert!(matches!(refused, Err(Refused::WrongCredentials)), "{n}");
        }
        let refused = h.services.sign_in(&from("203.0.113.7", EMAIL, PASSWORD)).await;
        assert!(matches!(refused, Err(Refused::Wait(_))));
        h.services.sign_in(&from("203.0.113.8", EMAIL, PASSWORD)).await.unwrap();
        // Right ones are not held against an address: a whole town may sit behind it.
        h.clock.advance(Duration::minutes(1));
        for _ in 0..3 {
            h.services.sign_in(&from("203.0.113.7", EMAIL, PASSWORD)).await.unwrap();
        }
    }

    async fn administrators_hear_of_an_attack_once_a_day(h: Harness) {
        let country = h.country().await;
        let attack = async |email: &str| for _ in 0..10 {
            h.clock.advance(Duration::hours(1));
            let refused = h.services.sign_in(&from("", email, WRONG)).await;
            assert!(matches!(refused, Err(Refused::WrongCredentials)));
        };
        attack(EMAIL).await;
        let attacks = h.services.attacks().await.unwrap();
        let whose: Vec<_> = attacks.iter().map(|attack| (attack.user.as_ref().map(|(id, _)| *id), attack.failures)).collect();
        assert_eq!(whose, [(Some(country.officer.user.id), 10)]);
        while h.jobs.deliver_next().await.unwrap() {}
        let sent = h.mail.sent();
        assert_eq!(sent.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["admin@example.tj"]);
        let troubles = h.signed_in(&country.admin.user).await.get("/api/v1/troubles").await.expect(200);
        let shown = &troubles["items"][0];
        assert_eq!((&shown["code"], &shown["name"], &shown["count"]), (&json!("sign_in_attack"), &json!("officer"), &json!(10)));
        attack("nobody@nur.example").await;
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().len(), 2, "the next day begins at midnight in Dushanbe");
        let entries = h.signed_in(&country.admin.user).await.get("/api/v1/audit?limit=50").await.expect(200);
        let told = entries["items"].as_array().unwrap().iter().filter(|row| row["action"] == "session.attack").count();
        assert_eq!(told, 2);
    }

    async fn whoever_is_refused_has_cost_one_hash(h: Harness) {
        let country = h.country().await;
        let off = h.person(Role::Committee, "gone@example.tj", None, &[]).await;
        let change = json!({"name": "Gone", "role": "committee", "language": "ru", "disabled": true});
        country.admin.put(&format!("/api/v1/users/{}", off.user.id), &change).await.expect(200);
        crate::stage::invited(&h, "invited@example.tj").await;
        for (email, password) in [(EMAIL, "not the password at all"), ("nobody@nur.example", PASSWORD), ("gone@example.tj", PASSWORD), ("invited@example.tj", PASSWORD), ("invited@example.tj", "")] {
            let before = h.services.hashing.done();
            let refused = h.services.sign_in(&from("", email, password)).await;
            assert!(matches!(refused, Err(Refused::WrongCredentials)), "{email}");
            assert_eq!(h.services.hashing.done() - before, 1, "{email}");
        }
    }

    async fn a_flood_of_sign_ins_starves_nobody(h: Harness) {
        let country = h.country().await;
        let answered = Rc::new(std::cell::Cell::new(0_usize));
        let flood = futures::future::join_all((0..120).map(|n| {
            let answered = Rc::clone(&answered);
            let h = &h;
            async move {
                let answer = attempt(h, &format!("{n}@nur.example"), "not the password at all", &[]).await;
                answered.set(answered.get() + 1);
                answer
            }
        }));
        let others = async {
            // The flood is in the queue by now.
            while h.services.hashing.done() == 0 {
                tokio::task::yield_now().await;
            }
            let me = country.manager.get("/api/v1/me").await;
            let board = country.officer.get("/api/v1/availability").await;
            assert_eq!((me.status, board.status), (200, 200));
            answered.get()
        };
        let (answers, before) = tokio::join!(flood, others);
        let busy = answers.iter().filter(|answer| answer.status == 503).count();
        let wrong = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(busy + wrong, 120);
        let turned_away = answers.iter().filter(|answer| answer.status == 503);
        let told: std::collections::BTreeSet<_> = turned_away.map(|answer| (answer.code(), answer.header("retry-after").is_some())).collect();
        assert_eq!(told, [("busy".to_owned(), true)].into(), "{busy} were turned away");
        assert!(before < busy + wrong / 2, "others were answered after {before} of the flood");
        assert!(h.services.hashing.most_at_once() <= 2, "{} at once", h.services.hashing.most_at_once());
    }
}
