//! Codes of an app and recovery codes: each counts once, wherever and however often it is shown.

use chrono::Duration;
use futures::future::join_all;
use serde_json::json;

use super::{Door, actions, enrol, mail_of, told};
use crate::digests::stage::sql_at;
use crate::harness::{Harness, on_both};

fn wrong_code() -> (u16, String) {
    (401, "wrong_code".to_owned())
}

on_both! {
    async fn a_password_is_not_enough(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let user = &country.officer.user;
        let needed = door.sign_in(user, json!({})).await;
        assert_eq!(told(&needed), (401, "second_factor_needed".to_owned()));
        assert_eq!((&needed.json()["ways"], needed.json().get("passkey")), (&json!(["totp", "recovery_code"]), None));
        assert!(needed.header("set-cookie").is_none_or(|cookie| !cookie.contains("pnh_")), "no session yet");
        for code in ["000000", "", "abcdef"] {
            assert_eq!(told(&door.sign_in(user, json!({"code": code})).await), wrong_code(), "{code:?}");
        }
        // Of a factor nobody is told whose password is wrong.
        let body = json!({"email": user.email, "password": "not the password at all", "code": enrolled.codes.at(h.clock.now())});
        let guessed = door.http.json("POST", "/api/v1/session", &body).await;
        assert_eq!((guessed.status, guessed.json().get("ways")), (401, None));
        assert!(!["second_factor_needed", "wrong_code"].contains(&guessed.code().as_str()));
        let signed_in = door.sign_in(user, json!({"code": enrolled.codes.at(h.clock.now())})).await.expect(200);
        assert_eq!(signed_in["user"]["must_set_up_factor"], false);
        assert_eq!(actions(&h).await.iter().filter(|action| *action == "proof.refused").count(), 3);
    }

    async fn a_code_is_guessed_no_faster_than_a_password(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let user = &country.officer.user;
        // Asking what is needed is no guess, and forgives none.
        for n in 0..6 {
            assert_eq!(told(&door.sign_in(user, json!({})).await).1, "second_factor_needed");
            assert_eq!(told(&[&door, &other_node][n % 2].sign_in(user, json!({"code": "000000"})).await), wrong_code());
        }
        let right = || json!({"code": enrolled.codes.at(h.clock.now())});
        for door in [&door, &other_node] {
            let waits = door.sign_in(user, right()).await;
            assert_eq!((told(&waits), waits.header("retry-after")), ((429, "wait".to_owned()), Some("60")));
        }
        let path = "/api/v1/session/proof";
        for _ in 0..6 {
            assert_eq!(told(&enrolled.person.post(path, &json!({"code": "000000"})).await), (403, "wrong_code".to_owned()));
        }
        assert_eq!(told(&enrolled.person.post(path, &right()).await), (429, "wait".to_owned()), "in a session neither");
        h.clock.advance(Duration::minutes(1));
        enrolled.person.post(path, &right()).await.expect(200);
        h.clock.advance(Duration::seconds(30));
        other_node.sign_in(user, right()).await.expect(200);
    }

    async fn a_code_counts_once_even_at_once_and_on_two_nodes(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let user = &country.officer.user;
        let code = json!({"code": enrolled.codes.at(h.clock.now())});
        let tries = (0..6).map(|n| [&door, &other_node][n % 2].sign_in(user, code.clone()));
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| told(answer) == wrong_code()));
        h.clock.advance(Duration::seconds(15));
        assert_eq!(told(&other_node.sign_in(user, code).await), wrong_code(), "nor later in its time");
    }

    async fn a_code_may_be_a_step_early_or_late_but_never_older_than_the_last(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let user = &country.officer.user;
        h.clock.advance(Duration::minutes(5));
        let at = |seconds: i64| json!({"code": enrolled.codes.at(h.clock.now() + Duration::seconds(seconds))});
        for (seconds, taken) in [(-60, false), (60, false), (-30, true), (30, true), (0, false)] {
            let answer = door.sign_in(user, at(seconds)).await;
            assert_eq!(answer.status == 200, taken, "{seconds}: {}", answer.text());
        }
    }

    async fn the_code_that_confirmed_a_factor_is_used_up(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let confirming = enrolled.codes.at(h.clock.now() - Duration::seconds(30));
        assert_eq!(told(&door.sign_in(&country.officer.user, json!({"code": confirming})).await), wrong_code());
    }

    async fn recovery_codes_count_once_each(h: Harness) {
        let country = h.country().await;
        let (door, other_node) = (Door::required(&h).await, Door::required(&h).await);
        let mine = enrol(&h, &door, &country.officer.user).await;
        let theirs = enrol(&h, &door, &country.admin.user).await;
        let user = &country.officer.user;
        let unique: std::collections::BTreeSet<_> = mine.recovery.iter().chain(&theirs.recovery).collect();
        assert_eq!(unique.len(), 20);
        assert_eq!(told(&door.sign_in(user, json!({"recovery_code": theirs.recovery[0]})).await), wrong_code());
        for wrong in ["", "AAAA-AAAA-AAAA", "x", "\u{0}"] {
            assert_eq!(told(&door.sign_in(user, json!({"recovery_code": wrong})).await), wrong_code(), "{wrong:?}");
        }
        // As people type.
        let typed = json!({"recovery_code": mine.recovery[0].to_lowercase().replace('-', " ")});
        let tries = (0..4).map(|n| [&door, &other_node][n % 2].sign_in(user, typed.clone()));
        let answers = join_all(tries).await;
        let signed_in: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(signed_in.len(), 1, "{answers:?}");
        let person = door.person(user, signed_in[0].json()["token"].as_str().unwrap());
        assert_eq!(person.get("/api/v1/me/factors").await.expect(200)["recovery_codes_left"], 9);
        assert_eq!(actions(&h).await.iter().filter(|action| *action == "recovery_code.use").count(), 1);
        let mail = mail_of(&h, user).await;
        assert_eq!(mail.iter().filter(|text| text.contains("резервный код")).count(), 1, "{mail:?}");
        // New ones take the place of all of them.
        let made = person.post("/api/v1/me/recovery-codes", &json!({})).await.expect(201);
        assert_eq!(made["recovery_codes"].as_array().unwrap().len(), 10);
        assert_eq!(told(&door.sign_in(user, json!({"recovery_code": mine.recovery[1]})).await), wrong_code());
        door.sign_in(user, json!({"recovery_code": made["recovery_codes"][9]})).await.expect(200);
    }

    async fn nothing_secret_is_readable_in_the_database(h: Harness) {
        let country = h.country().await;
        let door = Door::required(&h).await;
        let enrolled = enrol(&h, &door, &country.officer.user).await;
        let hashes = sql_at(&h.database_url, "SELECT code_hash FROM recovery_code").await;
        assert_eq!(hashes.len(), 10);
        for row in &hashes {
            assert!(row[0].starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{row:?}");
        }
        let factor = panoh::store::factors::of_user(&h.services.store, country.officer.user.id).await.unwrap().pop().unwrap();
        let secret = enrolled.codes.secret();
        let plain = crate::factors::bytes(&secret);
        assert!(!factor.sealed.ciphertext.windows(4).any(|window| plain.windows(4).any(|other| other == window)));
        let codes = enrolled.recovery.iter().map(|code| code.replace('-', ""));
        let log = panoh::store::audit::after(&h.services.store, 0, 0, 10_000).await.unwrap();
        let log = format!("{:?}", log.iter().map(|stored| &stored.entry).collect::<Vec<_>>());
        for word in codes.chain([secret, enrolled.codes.at(h.clock.now() - Duration::seconds(30))]) {
            assert!(!log.contains(&word), "{word} in the audit");
        }
    }
}
