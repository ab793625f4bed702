//! Programs' tokens: shown once, held to their scopes, dead when they end or are revoked, and named in the audit.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::services::errors::Refused;
use panoh::store::{accounts, letters};
use serde_json::{Value, json};

use crate::harness::client::Person;
use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

fn reporter(c: &Country) -> Value {
    json!({"name": "Import of Nur", "role": "manager", "organisation_id": c.nur.id, "shelter_ids": [c.shelter.id],
        "scopes": ["write:shelters", "read:shelters", "read:shelters"], "days": 30})
}

/// Makes a token and gives its bearer, with what was told.
async fn made(h: &Harness, c: &Country, body: &Value) -> (Person, Value) {
    let told = c.admin.post("/api/v1/tokens", body).await.expect(201);
    let bearer = Person {
        user: c.manager.user.clone(),
        token: told["token"].as_str().unwrap().to_owned(),
        http: h.http.clone(),
    };
    (bearer, told)
}

on_both! {
    async fn a_program_acts_under_its_own_name_within_its_scopes(h: Harness) {
        let c = h.country().await;
        let (program, told) = made(&h, &c, &reporter(&c)).await;
        assert_eq!(told["scopes"], json!(["read:shelters", "write:shelters"]));
        assert!(program.token.starts_with("pnh_p.") && program.token.len() >= 49, "256 bits");
        let list = c.admin.get("/api/v1/tokens").await.expect(200);
        assert_eq!((&list["items"][0]["id"], &list["items"][0]["created_by_name"]), (&told["id"], &json!("admin")));
        assert!(!list.to_string().contains(&program.token), "shown once");
        program.post_once(&c.path("/reports"), "by-program-1", &h.report(&c.shelter, &[1])).await.expect(201);
        assert_eq!(program.get(&c.path("/state")).await.expect(200)["reported_by"], "Import of Nur");
        let elsewhere = format!("/api/v1/shelters/{}/state", c.other_shelter.id);
        assert_eq!(program.get(&elsewhere).await.status, 404, "not its shelter");
        assert_eq!(program.get("/api/v1/holds").await.code(), "not_in_scope");
        for path in ["/confidential?reason=to%20know", "/confidential"] {
            assert_eq!(program.get(&c.path(path)).await.code(), "people_only");
        }
        assert_eq!(program.get("/api/v1/users").await.code(), "not_your_role");
        let log = c.admin.get("/api/v1/audit?limit=50").await.expect(200);
        let by = |action: &str| log["items"].as_array().unwrap().iter().find(|row| row["action"] == action).unwrap().clone();
        assert_eq!(by("token.create")["actor"], json!(c.admin.user.id));
        assert_eq!((&by("report.receive")["actor"], &by("report.receive")["role"]), (&told["program_id"], &json!("manager")));
        assert!(!log.to_string().contains(&program.token));
        assert!(c.admin.get("/api/v1/tokens").await.expect(200)["items"][0]["last_used_at"].is_string());
    }

    async fn it_is_nobody_s_account(h: Harness) {
        let c = h.country().await;
        h.report_all_empty(&c).await;
        let (_, told) = made(&h, &c, &reporter(&c)).await;
        let id = told["program_id"].as_str().unwrap();
        assert!(!c.admin.get("/api/v1/users").await.text().contains(id));
        let address = format!("program:{id}");
        for (email, password) in [(address.as_str(), ""), (address.as_str(), "a long walk by the Varzob")] {
            let answer = h.http.send("POST", "/api/v1/session", &[("content-type", "application/json")], json!({"email": email, "password": password}).to_string().as_bytes()).await;
            assert_eq!(answer.status, 401);
        }
        assert!(accounts::credentials(&h.services.store, &address).await.unwrap().is_none());
        let body = json!({"name": "Risen", "role": "admin", "language": "ru"});
        assert_eq!(c.admin.put(&format!("/api/v1/users/{id}"), &body).await.status, 404);
        assert_eq!(c.admin.post(&format!("/api/v1/users/{id}/factors/reset"), &json!({"reason": "lost"})).await.status, 404);
        // A hold is asked of the shelter: its manager hears of it, its program does not.
        let referral = c.officer.post("/api/v1/referrals", &search(&[7])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let hold = c.officer.post_once(&path, "held-0001", &json!({"shelter_id": c.shelter.id})).await.expect(201);
        let told = letters::of_hold(&h.services.store, hold["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into()).await.unwrap();
        let to: Vec<&str> = told.iter().map(|letter| letter.address.as_str()).collect();
        assert_eq!(to, ["manager@nur.example"]);
    }

    async fn it_ends_by_itself_or_at_once_on_every_node(h: Harness) {
        let c = h.country().await;
        let node = h.another_node().await;
        let (program, told) = made(&h, &c, &reporter(&c)).await;
        assert!(node.authenticate(&program.token).await.is_ok());
        assert_eq!(program.get(&c.path("/state")).await.status, 200);
        let path = format!("/api/v1/tokens/{}", told["id"].as_str().unwrap());
        assert_eq!(c.admin.delete(&path).await.status, 204);
        assert_eq!(program.get(&c.path("/state")).await.code(), "not_signed_in", "at once");
        h.clock.advance(Duration::seconds(1));
        assert!(matches!(node.authenticate(&program.token).await, Err(Refused::Unauthenticated)), "within a second");
        assert_eq!(c.admin.delete(&path).await.status, 204, "twice is no trouble");
        let (program, told) = made(&h, &c, &reporter(&c)).await;
        assert_eq!(program.get(&c.path("/state")).await.status, 200);
        h.clock.advance(Duration::days(30) - Duration::seconds(2));
        assert_eq!(program.get(&c.path("/state")).await.status, 200, "no idle time ends it");
        h.clock.advance(Duration::seconds(1));
        assert_eq!(program.get(&c.path("/state")).await.status, 200);
        h.clock.advance(Duration::seconds(1));
        assert_eq!(program.get(&c.path("/state")).await.code(), "not_signed_in");
        let admin = h.signed_in(&c.admin.user).await;
        let revocations = admin.get("/api/v1/audit?limit=50").await.text().matches("token.revoke").count();
        assert_eq!(revocations, 1);
        assert_eq!(admin.get("/api/v1/tokens").await.expect(200)["items"][0]["expires_at"], told["expires_at"]);
    }

    async fn what_no_program_may_have_is_refused_by_its_field(h: Harness) {
        let c = h.country().await;
        let with = |field: &str, value: Value| {
            let mut body = reporter(&c);
            body[field] = value;
            body
        };
        for (body, field, code) in [
            (with("role", json!("admin")), "role", "not_allowed"),
            (with("scopes", json!([])), "scopes", "required"),
            (with("scopes", json!(["read:shelters", "write:users"])), "scopes[1]", "unknown_value"),
            (with("scopes", json!(["read:referrals"])), "scopes[0]", "unknown_value"),
            (with("scopes", json!(vec!["read:shelters"; 61])), "scopes", "too_many"),
            (with("shelter_ids", json!([])), "shelter_ids", "required"),
            (with("days", json!(0)), "days", "out_of_range"),
            (with("days", json!(366)), "days", "out_of_range"),
            (with("name", json!("a\u{202e}b")), "name", "control_character"),
            (with("token", json!("mine")), "token", "unknown_field"),
        ] {
            let answer = c.admin.post("/api/v1/tokens", &body).await;
            assert_eq!(answer.status, 422, "{field}: {}", answer.text());
            assert!(answer.faults().contains(&(field.to_owned(), code.to_owned())), "{field}: {:?}", answer.faults());
        }
        let admin = panoh::services::tokens::TokenDraft { name: "Root".to_owned(), role: Role::Admin, organisation_id: None,
            shelters: Vec::new(), scopes: Vec::new(), days: 1 };
        assert!(matches!(h.services.add_token(None, admin).await, Err(Refused::Invalid(_))), "nor at the command line");
        assert_eq!(c.admin.get("/api/v1/tokens").await.expect(200)["items"], json!([]));
    }
}
