//! Sessions from signing in to their end, and what every answer carries.

use std::io::Read;

use chrono::Duration;
use panoh::domain::accounts::{Role, session_minutes};
use serde_json::json;

use crate::harness::client::Person;
use crate::harness::country::PASSWORD;
use crate::harness::{Harness, on_both};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn status(person: &Person) -> u16 {
    person.get("/api/v1/me").await.status
}

on_both! {
    async fn a_browser_gets_a_cookie_and_a_program_a_token(h: Harness) {
        h.country().await;
        let body = json!({"email": " Officer@NUR.example ", "password": PASSWORD}).to_string();
        let browser = h.http.send("POST", "/api/v1/session", &[JSON, ("sec-fetch-site", "same-origin")], body.as_bytes()).await;
        let told = browser.expect(200);
        assert!(told.get("token").is_none(), "{told}");
        assert_eq!(told["user"]["role"], "officer");
        let all: Vec<&str> = browser.headers.get_all("set-cookie").filter_map(|value| value.to_str().ok()).collect();
        let cookie = all.iter().find(|value| value.starts_with("__Host-panoh=")).unwrap();
        let (value, flags) = cookie.split_once("; ").unwrap();
        let mut flags: Vec<&str> = flags.split("; ").collect();
        flags.sort_unstable();
        assert_eq!(flags, ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]);
        let token = value.strip_prefix("__Host-panoh=pnh_").unwrap();
        assert!(token.len() >= 43, "256 bits");
        let with = [("cookie", value)];
        assert_eq!(h.http.send("GET", "/api/v1/me", &with, b"").await.status, 200);

        let program = h.http.send("POST", "/api/v1/session", &[JSON], body.as_bytes()).await.expect(200);
        assert!(program["token"].as_str().unwrap().starts_with("pnh_"));

        let out = h.http.send("DELETE", "/api/v1/session", &with, b"").await;
        assert_eq!(out.status, 204);
        assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
        // Neither the cookie of the known browser nor what waits in its storage.
        assert_eq!(out.header("clear-site-data"), Some("\"cache\""));
        assert_eq!(h.http.send("GET", "/api/v1/me", &with, b"").await.status, 401);
    }

    async fn nobody_learns_who_has_an_account(h: Harness) {
        let country = h.country().await;
        let off = h.person(Role::Committee, "gone@example.tj", None, &[]).await;
        let change = json!({"name": "Gone", "role": "committee", "language": "ru", "disabled": true});
        country.admin.put(&format!("/api/v1/users/{}", off.user.id), &change).await.expect(200);
        let mut answers = Vec::new();
        for (email, password) in [
            ("officer@nur.example", "not the password at all"),
            ("nobody@nur.example", "not the password at all"),
            ("gone@example.tj", PASSWORD),
            ("officer@nur.example\u{0}", PASSWORD),
            ("", PASSWORD),
            ("officer@nur.example", ""),
            ("officer@nur.example", &"x".repeat(129)),
        ] {
            let body = json!({"email": email, "password": password});
            let answer = h.http.json("POST", "/api/v1/session", &body).await;
            assert!(answer.header("set-cookie").is_none());
            answers.push((answer.status, answer.text()));
        }
        assert_eq!(answers[0].0, 401);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    async fn sessions_end_when_unused_and_when_old(h: Harness) {
        let country = h.country().await;
        for role in [Role::Manager, Role::Officer, Role::Committee, Role::Admin] {
            let (idle, absolute) = session_minutes(role);
            let user = &country.of(role).user;
            let person = h.signed_in(user).await;
            h.clock.advance(Duration::minutes(idle) - Duration::milliseconds(1));
            assert_eq!(status(&person).await, 200, "{role}: used just in time");
            h.clock.advance(Duration::minutes(idle) - Duration::milliseconds(1));
            assert_eq!(status(&person).await, 200, "{role}: the use counted");
            h.clock.advance(Duration::minutes(idle));
            assert_eq!(status(&person).await, 401, "{role}: unused for {idle} minutes");
            h.clock.advance(-Duration::minutes(idle));

            let person = h.signed_in(user).await;
            let start = h.clock.now();
            let step = Duration::minutes(idle / 2);
            while h.clock.now() + step < start + Duration::minutes(absolute) {
                h.clock.advance(step);
                assert_eq!(status(&person).await, 200, "{role}");
            }
            h.clock.set(start + Duration::minutes(absolute) - Duration::milliseconds(1));
            assert_eq!(status(&person).await, 200, "{role}: one more");
            h.clock.set(start + Duration::minutes(absolute));
            assert_eq!(status(&person).await, 401, "{role}: {absolute} minutes old, though in use");
        }
    }

    async fn rights_that_go_are_gone_at_the_next_request(h: Harness) {
        let country = h.country().await;
        let node = h.another_node().await;
        let (officer, admin) = (&country.officer, &country.admin);
        let path = format!("/api/v1/users/{}", officer.user.id);
        let change = |role: &str, disabled: bool| json!({"name": "O", "role": role, "organisation_id": country.nur.id, "language": "ru", "disabled": disabled});
        assert_eq!(status(officer).await, 200);
        node.authenticate(&officer.token).await.unwrap();
        admin.put(&path, &change("committee", false)).await.expect(200);
        assert_eq!(status(officer).await, 401, "the old session knows the old role");
        // On another node within a second.
        h.clock.advance(Duration::seconds(1));
        assert!(node.authenticate(&officer.token).await.is_err());

        let again = h.signed_in(&panoh::domain::accounts::User { role: Role::Committee, ..officer.user.clone() }).await;
        assert_eq!(again.get("/api/v1/referrals").await.status, 403);
        assert_eq!(again.get("/api/v1/statistics/supplies").await.status, 200);
        admin.put(&path, &change("committee", true)).await.expect(200);
        // Told apart from a session that has ended: what a device keeps for a closed account is to go.
        let closed = again.get("/api/v1/me").await;
        assert_eq!((closed.status, closed.code().as_str()), (401, "account_disabled"));
        admin.put(&path, &change("committee", false)).await.expect(200);
        assert_eq!(again.get("/api/v1/me").await.code(), "not_signed_in", "and no longer once it is open again");
        assert_eq!(admin.put(&format!("/api/v1/users/{}", admin.user.id), &json!({"name": "A", "role": "committee", "language": "ru"})).await.code(), "last_admin");

        let manager = &country.manager;
        let other = h.signed_in(&manager.user).await;
        assert_eq!(manager.delete("/api/v1/session").await.status, 204);
        assert_eq!((status(manager).await, status(&other).await), (401, 200), "only the one that signed out");
    }

    async fn one_sees_where_one_is_signed_in_and_ends_it(h: Harness) {
        let country = h.country().await;
        let (manager, stranger) = (&country.manager, &country.other_manager);
        let phone = [JSON, ("user-agent", "Mozilla/5.0 (Linux; Android 10; K) Chrome/138.0.0.0 Mobile Safari/537.36")];
        let body = json!({"email": manager.user.email, "password": PASSWORD}).to_string();
        h.clock.advance(Duration::minutes(1));
        h.http.send("POST", "/api/v1/session", &phone, body.as_bytes()).await.expect(200);
        let third = h.signed_in(&manager.user).await;
        let list = manager.get("/api/v1/me/sessions").await.expect(200)["items"].as_array().unwrap().clone();
        let current: Vec<bool> = list.iter().map(|row| row["current"] == true).collect();
        assert_eq!(current.iter().filter(|current| **current).count(), 1);
        assert!(list.len() == 3 && current[2], "newest first");
        let on_phone = list.iter().find(|row| row["client"] == "Chrome, Android").unwrap();
        assert_eq!(on_phone["origin"], "127.0.0.1");
        let path = format!("/api/v1/me/sessions/{}", on_phone["id"].as_str().unwrap());
        assert_eq!(stranger.delete(&path).await.status, 404, "somebody else's");
        assert_eq!(manager.delete(&path).await.status, 204);
        assert_eq!(manager.delete(&path).await.status, 404, "it has ended");
        assert_eq!(manager.delete("/api/v1/me/sessions").await.status, 204);
        assert_eq!((status(manager).await, status(&third).await, status(stranger).await), (200, 401, 200));
        // What has idled too long is no session, though it was never ended.
        let idle = h.signed_in(&manager.user).await;
        h.clock.advance(Duration::minutes(59));
        assert_eq!(status(manager).await, 200);
        h.clock.advance(Duration::minutes(2));
        assert_eq!(status(&idle).await, 401);
        assert_eq!(manager.get("/api/v1/me/sessions").await.expect(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn another_password_ends_what_was_signed_in_with_the_old(h: Harness) {
        let country = h.country().await;
        let (manager, node) = (&country.manager, h.another_node().await);
        let other = h.signed_in(&manager.user).await;
        node.authenticate(&other.token).await.unwrap();
        let change = async |current: &str, password: &str| {
            manager.put("/api/v1/me/password", &json!({"current": current, "password": password})).await
        };
        let fault = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        assert_eq!(change(PASSWORD, "fourteen signs").await.faults(), fault("password", "too_short"), "she has no second factor");
        assert_eq!(change(PASSWORD, "manager manager manager").await.faults(), fault("password", "too_common"));
        assert_eq!(change("not the password at all", "a walk through the orchard").await.faults(), fault("current", "wrong"));
        let answer = change(PASSWORD, "a walk through the orchard").await;
        let told = answer.expect(200);
        assert_eq!((status(manager).await, status(&other).await), (401, 401));
        h.clock.advance(Duration::seconds(1));
        assert!(node.authenticate(&other.token).await.is_err(), "nor on another node");
        let renewed = Person { token: told["token"].as_str().unwrap().to_owned(), ..manager.clone() };
        assert_eq!(status(&renewed).await, 200);
        let sign_in = async |password: &str| h.http.json("POST", "/api/v1/session", &json!({"email": manager.user.email, "password": password})).await.status;
        assert_eq!((sign_in(PASSWORD).await, sign_in("a walk through the orchard").await), (401, 200));
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().iter().map(|letter| letter.to.clone()).collect::<Vec<_>>(), std::slice::from_ref(&manager.user.email), "she is told");
        // In a browser the new token comes as a cookie alone.
        let headers = [JSON, ("sec-fetch-site", "same-origin")];
        let body = json!({"current": "a walk through the orchard", "password": PASSWORD}).to_string();
        let answer = renewed.send("PUT", "/api/v1/me/password", &headers, body.as_bytes()).await;
        assert!(answer.expect(200).get("token").is_none() && answer.header("set-cookie").unwrap().starts_with("__Host-panoh=pnh_"));
    }

    async fn a_stolen_session_does_not_guess_the_password(h: Harness) {
        let country = h.country().await;
        let guess = async || {
            let body = json!({"current": "x".repeat(9), "password": "a walk through the orchard"});
            country.manager.put("/api/v1/me/password", &body).await
        };
        for _ in 0..6 {
            assert_eq!(guess().await.status, 422);
        }
        let early = guess().await;
        assert_eq!((early.status, early.header("retry-after")), (429, Some("60")));
    }

    async fn writes_come_from_our_own_pages(h: Harness) {
        let country = h.country().await;
        let send = async |method: &str, path: &str, extra: &[(&str, &str)]| {
            let headers = [&[JSON, ("host", "panoh.example")], extra].concat();
            country.committee.send(method, path, &headers, br#"{"language": "ru"}"#).await
        };
        let bad: [&[(&str, &str)]; 7] = [
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://panoh.example")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://panoh.example.evil.example")],
            &[("origin", "null")],
        ];
        for extra in bad {
            let answer = send("PUT", "/api/v1/me/language", extra).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "cross_origin"), "{extra:?}");
            assert_eq!(send("GET", "/api/v1/me", extra).await.status, 200, "reading harms nobody: no page of theirs sees it");
            assert_eq!(send("POST", "/api/v1/session", extra).await.code(), "cross_origin", "{extra:?}");
        }
        let good: [&[(&str, &str)]; 3] = [&[("sec-fetch-site", "same-origin")], &[("origin", "https://panoh.example")], &[]];
        for extra in good {
            assert_eq!(send("PUT", "/api/v1/me/language", extra).await.status, 204, "{extra:?}");
        }
    }

    async fn every_answer_carries_the_headers(h: Harness) {
        let country = h.country().await;
        let admin = &country.admin;
        let long = vec![b'x'; 70 * 1024];
        let answers = [
            (200, admin.get("/api/v1/me").await),
            (200, admin.get("/api/openapi.json").await),
            (200, admin.get("/api/docs").await),
            (200, admin.get("/healthz").await),
            (200, admin.get("/readyz").await),
            (204, admin.send("PUT", "/api/v1/me/language", &[JSON], br#"{"language": "ru"}"#).await),
            (400, admin.send("POST", "/api/v1/users", &[JSON], b"{").await),
            (401, h.http.send("GET", "/api/v1/me", &[], b"").await),
            (403, country.officer.get("/api/v1/users").await),
            (404, admin.get("/api/v1/nothing").await),
            (404, admin.get("/api/nothing").await),
            (404, admin.get("/assets/nothing.js").await),
            (404, admin.get("/../../etc/passwd.txt").await),
            (404, admin.get(&format!("/api/v1/digests/{}", admin.user.id)).await),
            (405, admin.send("PATCH", "/api/v1/me", &[], b"").await),
            (405, h.http.send("POST", "/", &[], b"").await),
            (405, h.http.send("DELETE", "/reports/anything", &[], b"").await),
            (413, admin.send("POST", "/api/v1/users", &[JSON], &long).await),
            (415, admin.send("POST", "/api/v1/users", &[], b"{}").await),
            (422, admin.send("POST", "/api/v1/users", &[JSON], b"{}").await),
        ];
        for (status, answer) in answers {
            assert_eq!(answer.status, status, "{}", answer.text());
            for name in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "cross-origin-opener-policy",
                "cross-origin-resource-policy", "cross-origin-embedder-policy", "permissions-policy", "strict-transport-security", "cache-control"] {
                assert!(answer.header(name).is_some(), "{status} lacks {name}");
            }
            let csp = answer.header("content-security-policy").unwrap();
            assert!(!csp.contains("unsafe") && !csp.contains("http"), "{csp}");
            for part in ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
                "require-trusted-types-for 'script'"] {
                assert!(csp.split("; ").any(|one| one == part), "{part} in {csp}");
            }
            assert!(answer.header("access-control-allow-origin").is_none());
            assert!(answer.header("server").is_none());
            if status >= 400 {
                assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", answer.text());
            }
        }
        // The web app's page, where it is built; the same headers or a plain not found.
        let page = h.http.send("GET", "/", &[], b"").await;
        assert!(matches!(page.status, 200 | 404) && page.header("content-security-policy").is_some());
        assert_eq!(h.http.send("DEBUG", "/", &[], b"").await.header("allow"), Some("GET, HEAD"));
    }
}

on_both! {
    async fn answers_are_compressed_for_who_can_read_it_and_events_never(h: Harness) {
        let country = h.country().await;
        let path = format!("/api/v1/shelters/{}/state", country.shelter.id);
        let plain = country.manager.get(&path).await;
        assert_eq!(plain.header("content-encoding"), None);
        let packed = country.manager.send("GET", &path, &[("accept-encoding", "gzip, br")], b"").await;
        assert_eq!((packed.status, packed.header("content-encoding")), (200, Some("gzip")));
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text());
        assert!(packed.body.len() * 2 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
        let stream = country.manager.send("GET", "/api/v1/availability/stream", &[("accept-encoding", "gzip")], b"").await;
        assert_eq!((stream.status, stream.header("content-encoding")), (200, Some("identity")));
    }
}
