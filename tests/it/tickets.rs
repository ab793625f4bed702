//! Links by which somebody chooses a password: by mail or from the terminal, once, and not for long.

use chrono::Duration;
use panoh::app::Epoch;
use panoh::config::Config;
use panoh::domain::accounts::{AccountState, Role};
use panoh::domain::factors::SecondFactor;
use panoh::services::approvals::Accepted;
use panoh::services::people::UserDraft;
use panoh::services::tickets::Chosen;
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::country::PASSWORD;
use crate::harness::{Database, Doorway, Harness, actor, on_both};

const NEW: &str = "a walk through the orchard";

async fn look(h: &Harness, token: &str) -> Answer {
    h.http
        .json("POST", "/api/v1/tickets/look", &json!({"token": token}))
        .await
}

async fn choose(h: &Harness, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    h.http.json("POST", "/api/v1/tickets/use", &body).await
}

async fn sign_in(h: &Harness, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    h.http.json("POST", "/api/v1/session", &body).await
}

/// Sends what is due; the tokens in the letters to this address, oldest first.
async fn links(h: &Harness, to: &str) -> Vec<String> {
    while h.jobs.deliver_next().await.unwrap() {}
    let letters = h.mail.sent().into_iter().filter(|letter| letter.to == to);
    letters.filter_map(|letter| link_of(&letter.raw)).collect()
}

fn link_of(raw: &[u8]) -> Option<String> {
    let letter = mail_parser::MessageParser::default().parse(raw)?;
    let text = letter.body_text(0)?;
    let token: String = text.split_once("/welcome#")?.1.split_whitespace().next()?.to_owned();
    assert!(
        letter.body_html(0)?.contains(&format!("/welcome#{token}")),
        "both parts lead to the same page"
    );
    Some(token)
}

fn new_user(email: &str, role: &str) -> Value {
    json!({"email": email, "name": "Parvona Saidova", "role": role, "language": "ru"})
}

on_both! {
    async fn who_is_invited_chooses_a_password_once(h: Harness) {
        let country = h.country().await;
        let admin = &country.admin;
        let made = admin.post("/api/v1/users", &new_user("new@example.tj", "committee")).await.expect(201);
        assert_eq!((&made["state"], &made["has_factor"], &made["last_sign_in_at"]), (&json!("invited"), &json!(false), &Value::Null));
        let open = admin.get("/api/v1/invitations").await.expect(200);
        assert_eq!((&open["items"][0]["email"], &open["items"][0]["made_by_name"]), (&json!("new@example.tj"), &json!("admin")));
        assert_eq!(sign_in(&h, "new@example.tj", "").await.code(), "wrong_credentials");
        let token = links(&h, "new@example.tj").await.pop().unwrap();
        assert!(token.len() >= 43, "256 bits");

        let welcome = look(&h, &token).await.expect(200);
        assert_eq!(welcome, json!({"kind": "invitation", "email": "new@example.tj", "name": "Parvona Saidova", "role": "committee",
            "language": "ru", "needs_factor": false, "shortest_password": 15}));
        // Where a second factor is asked for, eight characters are enough.
        let strict = h.node(Doorway { second_factor: SecondFactor::Required, ..Doorway::default() }).await;
        let welcome = strict.look_at_link(&token).await.unwrap();
        assert_eq!((welcome.needs_factor, welcome.shortest_password), (true, 8));
        for (password, code) in [("fourteen signs", "too_short"), ("passwordpassword", "too_common"), ("parvona.saidova", "too_common"), (&*"x y z ".repeat(30), "too_long")] {
            assert_eq!(choose(&h, &token, password).await.faults(), [("password".to_owned(), code.to_owned())]);
        }
        let with_email = json!({"token": token, "password": NEW, "email": "mine@example.tj"});
        assert_eq!(h.http.json("POST", "/api/v1/tickets/use", &with_email).await.faults()[0].0, "email");
        assert_eq!(choose(&h, &token, NEW).await.status, 204);
        for answer in [look(&h, &token).await, choose(&h, &token, "another walk, up the hill").await] {
            assert_eq!((answer.status, answer.code().as_str()), (404, "no_such_link"));
        }
        sign_in(&h, "new@example.tj", NEW).await.expect(200);
        let users = admin.get("/api/v1/users").await.expect(200);
        let row = users["items"].as_array().unwrap().iter().find(|row| row["email"] == "new@example.tj").unwrap();
        assert_eq!(row["state"], "active");
        assert!(row["last_sign_in_at"].is_string());
        assert_eq!(admin.get("/api/v1/invitations").await.expect(200)["items"], json!([]));
        let again = admin.post_once("/api/v1/invitations", "invite-once", &json!({"user_id": row["id"]})).await;
        assert_eq!((again.status, again.code().as_str()), (409, "not_invited"));
    }

    async fn a_newer_invitation_ends_the_older_and_three_days_end_it(h: Harness) {
        let admin = &h.country().await.admin;
        let made = admin.post_once("/api/v1/users", "make-once", &new_user("new@example.tj", "admin")).await.expect(201);
        assert_eq!(admin.post_once("/api/v1/users", "make-once", &new_user("new@example.tj", "admin")).await.expect(201), made, "asked twice, made once");
        let body = json!({"user_id": made["id"]});
        admin.post_once("/api/v1/invitations", "invite-once", &body).await.expect(201);
        admin.post_once("/api/v1/invitations", "invite-once", &body).await.expect(201);
        assert_eq!(admin.post("/api/v1/invitations", &body).await.faults(), [("Idempotency-Key".to_owned(), "required".to_owned())]);
        // The letter of the first was not sent yet, and never is.
        let tokens = links(&h, "new@example.tj").await;
        assert_eq!(tokens.len(), 1);
        h.clock.advance(Duration::hours(72) - Duration::milliseconds(1));
        look(&h, &tokens[0]).await.expect(200);
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(look(&h, &tokens[0]).await.status, 404);
        let later = h.signed_in(&admin.user).await;
        later.post_once("/api/v1/invitations", "invite-again", &body).await.expect(201);
        let newest = links(&h, "new@example.tj").await.pop().unwrap();
        look(&h, &newest).await.expect(200);
        // Whose account is closed has no use for it.
        let change = json!({"name": "N", "role": "committee", "language": "ru", "disabled": true});
        later.put(&format!("/api/v1/users/{}", made["id"].as_str().unwrap()), &change).await.expect(200);
        assert_eq!(choose(&h, &newest, NEW).await.status, 404);
    }

    async fn who_forgot_gets_a_letter_and_nobody_else_learns_it(h: Harness) {
        let country = h.country().await;
        let officer = &country.officer;
        let statements = |h: &Harness| h.statements.load(std::sync::atomic::Ordering::SeqCst);
        let mut answers = Vec::new();
        for email in ["officer@nur.example", "nobody@nur.example"] {
            let before = statements(&h);
            let answer = h.http.json("POST", "/api/v1/resets", &json!({"email": email})).await;
            assert_eq!(statements(&h), before, "nothing is looked up before the answer");
            answers.push((answer.status, answer.text(), format!("{:?}", answer.headers)));
        }
        assert_eq!(answers[0].0, 202);
        assert_eq!(answers[0], answers[1]);
        assert_eq!(h.jobs.answer_resets().await.unwrap(), 1);
        let token = links(&h, "officer@nur.example").await.pop().unwrap();
        assert_eq!(h.mail.sent().len(), 1);
        let welcome = look(&h, &token).await.expect(200);
        assert_eq!((&welcome["kind"], &welcome["email"]), (&json!("reset"), &json!("officer@nur.example")));

        // Strangers have made her wait; the letter lets her begin anew.
        let wrong = "x".repeat(129);
        for _ in 0..6 {
            sign_in(&h, "officer@nur.example", &wrong).await;
        }
        assert_eq!(sign_in(&h, "officer@nur.example", PASSWORD).await.code(), "wait");
        assert_eq!(officer.get("/api/v1/me").await.status, 200);
        assert_eq!(choose(&h, &token, NEW).await.status, 204);
        assert_eq!(officer.get("/api/v1/me").await.status, 401, "sessions of before are over");
        sign_in(&h, "officer@nur.example", NEW).await.expect(200);
        assert_eq!(sign_in(&h, "officer@nur.example", PASSWORD).await.status, 401);
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().len(), 2, "she is told");
        assert_eq!(h.mail.sent()[1].to, "officer@nur.example");
    }

    async fn a_reset_lasts_half_an_hour_and_three_an_hour_are_enough(h: Harness) {
        h.country().await;
        let ask = async || {
            h.http.json("POST", "/api/v1/resets", &json!({"email": " Officer@nur.example "})).await.expect(202);
            h.jobs.answer_resets().await.unwrap()
        };
        assert_eq!(ask().await, 1);
        let first = links(&h, "officer@nur.example").await.pop().unwrap();
        assert_eq!(ask().await, 1);
        let tokens = links(&h, "officer@nur.example").await;
        assert_eq!(look(&h, &first).await.status, 404, "the newer ends the older");
        h.clock.advance(Duration::minutes(30) - Duration::milliseconds(1));
        look(&h, &tokens[1]).await.expect(200);
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(choose(&h, &tokens[1], NEW).await.code(), "no_such_link");
        assert_eq!((ask().await, ask().await), (1, 0));
        h.clock.advance(Duration::minutes(31));
        assert_eq!(ask().await, 1);
        // The one that waited too long to be sent is not sent at all.
        h.clock.advance(Duration::minutes(30));
        assert_eq!(links(&h, "officer@nur.example").await.len(), 2);
    }

    async fn two_at_once_use_a_link_once(h: Harness) {
        h.country().await;
        let (_, token) = crate::stage::invited(&h, "invited@example.tj").await;
        let node = h.another_node().await;
        let chosen = |password: &str| panoh::services::tickets::Chosen {
            password: password.to_owned(),
            email: None,
            name: None,
            origin: String::new(),
        };
        let (one, other) = tokio::join!(h.services.use_link(&token, chosen(NEW)), node.use_link(&token, chosen("another walk, up the hill")));
        assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    }

    async fn the_first_administrator_comes_by_a_link_and_nobody_after(h: Harness) {
        let first = h.services.first_link().await.unwrap().unwrap();
        let second = h.services.first_link().await.unwrap().unwrap();
        let token = |link: &str| link.split_once("/welcome#").unwrap().1.to_owned();
        assert_eq!(look(&h, &token(&first)).await.status, 404, "a newer start ends the link of the older");
        let token = token(&second);
        assert_eq!(look(&h, &token).await.expect(200)["kind"], "first");
        assert_eq!(choose(&h, &token, NEW).await.faults(), [("email".to_owned(), "required".to_owned())]);
        let whole = json!({"token": token, "password": NEW, "email": "first@example.tj", "name": "A. Karimova"});
        assert_eq!(h.http.json("POST", "/api/v1/tickets/use", &whole).await.status, 204);
        assert_eq!(h.http.json("POST", "/api/v1/tickets/use", &whole).await.status, 404);
        let signed_in = sign_in(&h, "first@example.tj", NEW).await.expect(200);
        assert_eq!(signed_in["user"]["role"], "admin");
        assert!(h.services.first_link().await.unwrap().is_none());
    }

    async fn the_database_holds_no_link_and_another_key_makes_none(h: Harness) {
        let admin = &h.country().await.admin;
        admin.post("/api/v1/users", &new_user("new@example.tj", "committee")).await.expect(201);
        let token = links(&h, "new@example.tj").await.pop().unwrap();
        for entry in std::fs::read_dir(h.dir.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
            assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "the link is in a file of the database");
        }
        for bad in ["", "x", &token[1..], &format!("{token}A"), &"x".repeat(5000)] {
            assert_eq!(look(&h, bad).await.code(), "no_such_link");
        }
    }

    async fn what_a_restored_database_would_revive_is_ended(h: Harness) {
        let country = h.country().await;
        let person = h.signed_in(&country.admin.user).await;
        country.admin.post("/api/v1/users", &new_user("new@example.tj", "committee")).await.expect(201);
        let token = links(&h, "new@example.tj").await.pop().unwrap();
        h.services.ask_reset("officer@nur.example");
        h.jobs.answer_resets().await.unwrap();
        assert!(!h.services.is_restored(None, None).await.unwrap(), "the first start of all");
        let start = h.services.new_start();
        h.services.name_start(&start).await.unwrap();
        assert!(!h.services.is_restored(Some(&start), None).await.unwrap());
        // Killed after the database had the name, and before it was on record.
        assert!(!h.services.is_restored(Some("the one before"), Some(&start)).await.unwrap());
        assert!(h.services.is_restored(Some("the one before"), Some("another")).await.unwrap());
        for other in [None, Some("an older start")] {
            assert!(h.services.is_restored(other, None).await.unwrap());
        }
        assert!(h.services.end_everything("restored").await.unwrap() >= 9);
        assert_eq!(person.get("/api/v1/me").await.status, 401);
        assert_eq!(look(&h, &token).await.status, 404);
        assert_eq!(h.mail.sent().len(), 1);
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().len(), 1, "the letter that waited is not sent");
        sign_in(&h, "officer@nur.example", PASSWORD).await.expect(200);
        assert!(h.person(Role::Committee, "x@example.tj", None, &[]).await.get("/api/v1/me").await.status == 200);
    }

    async fn a_short_password_does_not_follow_into_a_role_without_a_second_factor(h: Harness) {
        let country = h.country().await;
        let strict = h.node(Doorway { second_factor: SecondFactor::Required, ..Doorway::default() }).await;
        let person = country.officer.user.clone();
        let draft = |role, shelters| UserDraft { email: String::new(), name: "Parvona".to_owned(), role, organisation_id: person.organisation_id,
            shelters, language: "ru".to_owned(), disabled: false };
        let admin = actor(&country.admin);
        // From one role with a second factor to another: nothing is too short.
        strict.change_user(&admin, person.id, draft(Role::Committee, vec![])).await.unwrap();
        assert_eq!(links(&h, &person.email).await, Vec::<String>::new());
        sign_in(&h, &person.email, PASSWORD).await.expect(200);
        let changed = strict.change_user(&admin, person.id, draft(Role::Manager, vec![country.shelter.id])).await.unwrap();
        assert!(matches!(changed, Accepted::Done(account) if account.state == AccountState::Invited));
        assert_eq!(sign_in(&h, &person.email, PASSWORD).await.code(), "wrong_credentials", "it has ended");
        let log = h.signed_in(&country.admin.user).await.get("/api/v1/audit?action=user.change&limit=1").await.expect(200);
        assert!(log["items"][0]["detail"].to_string().contains("password_ended"), "{log}");
        let token = links(&h, &person.email).await.pop().unwrap();
        assert_eq!(strict.look_at_link(&token).await.unwrap().shortest_password, 15);
        let chosen = |password: &str| Chosen { password: password.to_owned(), email: None, name: None, origin: String::new() };
        assert!(strict.use_link(&token, chosen("vN4#kq9z")).await.is_err());
        strict.use_link(&token, chosen(NEW)).await.unwrap();
        sign_in(&h, &person.email, NEW).await.expect(200);
        // A manager has a long one already.
        strict.change_user(&admin, person.id, draft(Role::Committee, vec![])).await.unwrap();
        sign_in(&h, &person.email, NEW).await.expect(200);
        // Closed with the change: no letter, and an invitation once it is opened.
        strict.change_user(&admin, person.id, UserDraft { disabled: true, ..draft(Role::Manager, vec![country.shelter.id]) }).await.unwrap();
        strict.change_user(&admin, person.id, draft(Role::Manager, vec![country.shelter.id])).await.unwrap();
        assert_eq!(links(&h, &person.email).await, [token]);
        let invite = h.signed_in(&country.admin.user).await.post_once("/api/v1/invitations", "once-more", &json!({"user_id": person.id})).await;
        invite.expect(201);
        assert_eq!(links(&h, &person.email).await.len(), 2);
    }

    async fn a_database_from_a_backup_brings_nobody_back(h: Harness) {
        let config = Config { data_dir: h.dir.path().to_owned(), ..Config::default() };
        let Some(epoch) = Epoch::begin(&h.services, &config).await.unwrap() else {
            // Other nodes go on meanwhile: there it is ended by hand.
            assert_eq!(h.database, Database::Postgres);
            return;
        };
        let person = h.person(Role::Committee, "x@example.tj", None, &[]).await;
        let (original, copy) = (h.dir.path().join("panoh.db"), h.dir.path().join("backup.db"));
        std::fs::copy(&original, &copy).unwrap();
        std::fs::copy(original.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
        // The service stops and starts again: she is still signed in.
        epoch.renew().await.unwrap();
        Epoch::begin(&h.services, &config).await.unwrap();
        assert_eq!(person.get("/api/v1/me").await.status, 200);
        let restored = h.node_on(&format!("sqlite://{}?mode=rwc", copy.display()), Doorway::default()).await;
        restored.authenticate(&person.token).await.unwrap();
        Epoch::begin(&restored, &config).await.unwrap();
        assert!(restored.authenticate(&person.token).await.is_err());
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(h.dir.path().join("panoh.start")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
