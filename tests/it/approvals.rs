//! What takes two people: one asks, another answers, and nothing happens in between; and the last administrator stays one.

use chrono::Duration;
use mail_parser::MimeHeaders;
use panoh::domain::accounts::Role;
use panoh::domain::approvals::Export;
use panoh::domain::id::{ApprovalId, UserId};
use panoh::services::Services;
use panoh::services::approvals::ApprovalView;
use panoh::services::errors::Refused;
use panoh::services::once::Once;
use panoh::services::people::UserDraft;
use panoh::store::{accounts, factors};
use serde_json::{Value, json};

use crate::factors::{begin, confirm};
use crate::harness::client::Person;
use crate::harness::country::Country;
use crate::harness::{Harness, actor, on_both};

struct Scene {
    c: Country,
    second: Person,
    /// Somebody who is no administrator yet.
    rising: Person,
}

impl Scene {
    async fn set(h: &Harness) -> Self {
        Self {
            c: h.country().await,
            second: h.person(Role::Admin, "second@example.tj", None, &[]).await,
            rising: h.person(Role::Committee, "rising@example.tj", None, &[]).await,
        }
    }

    fn path(&self) -> String {
        format!("/api/v1/users/{}", self.rising.user.id)
    }

    /// The first administrator asks that she be one, too.
    async fn ask(&self) -> String {
        let answer = self.c.admin.put(&self.path(), &account("admin")).await.expect(202);
        answer["approval_id"].as_str().unwrap().to_owned()
    }
}

fn account(role: &str) -> Value {
    json!({"name": "Rising", "role": role, "language": "ru"})
}

async fn answer(who: &Person, id: &str, how: &str) -> crate::harness::client::Answer {
    who.post(&format!("/api/v1/approvals/{id}/{how}"), &json!({})).await
}

async fn role_of(h: &Harness, id: UserId) -> (Role, bool) {
    let user = accounts::user(&h.services.store, id).await.unwrap().unwrap();
    (user.role, user.disabled)
}

/// Actions on accounts and approvals on record, newest first, with what they say.
async fn record(admin: &Person) -> Vec<(String, Value)> {
    let log = admin.get("/api/v1/audit?limit=50").await.expect(200);
    let items = log["items"].as_array().unwrap().clone();
    let of = |row: &Value| {
        let detail = match &row["detail"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            other => other.clone(),
        };
        (row["action"].as_str().unwrap().to_owned(), detail)
    };
    let of_accounts = |row: &&Value| ["user", "approval"].iter().any(|kind| row["object_type"] == *kind);
    items.iter().filter(of_accounts).map(of).collect()
}

fn once() -> Once<ApprovalView> {
    Once {
        key: None,
        print: |view| view.row.id.to_string(),
    }
}

fn code(refused: &Refused) -> &str {
    match refused {
        Refused::Conflict { code, .. } => code,
        _ => "another",
    }
}

on_both! {
    async fn somebody_else_makes_an_administrator(h: Harness) {
        let s = Scene::set(&h).await;
        let id = s.ask().await;
        assert_eq!(role_of(&h, s.rising.user.id).await, (Role::Committee, false), "nothing has changed");
        assert_eq!(s.rising.get("/api/v1/me").await.status, 200, "her sessions go on");
        let mine = s.c.admin.get("/api/v1/approvals").await.expect(200)["items"][0].clone();
        assert_eq!((&mine["kind"], &mine["object_name"], &mine["outcome"], &mine["may_decide"]), (&json!("admin_role"), &json!("Rising"), &Value::Null, &json!(false)));
        assert_eq!(s.second.get("/api/v1/approvals").await.expect(200)["items"][0]["may_decide"], true);
        assert_eq!(s.c.committee.get("/api/v1/approvals").await.expect(200)["items"], json!([]));
        for how in ["approve", "refuse"] {
            let own = answer(&s.c.admin, &id, how).await;
            assert_eq!((own.status, own.code().as_str()), (403, "same_person"));
        }
        assert_eq!(s.c.admin.put(&s.path(), &account("admin")).await.code(), "already_asked");
        assert_eq!(answer(&s.second, &id, "approve").await.expect(200)["outcome"], "approved");
        assert_eq!(role_of(&h, s.rising.user.id).await, (Role::Admin, false));
        assert_eq!(s.rising.get("/api/v1/me").await.status, 401, "her sessions have ended");
        assert_eq!(answer(&s.second, &id, "refuse").await.code(), "not_waiting");
        let record = record(&s.second).await;
        let of = |action: &str| record.iter().find(|(other, _)| other == action).map(|(_, detail)| detail.clone());
        assert_eq!(of("user.change").unwrap()["approval"], json!(id));
        assert_eq!(of("approval.approve").unwrap()["asked_by"], json!(s.c.admin.user.id));
        assert_eq!(of("approval.ask").unwrap()["alone"], false);
    }

    async fn refused_expired_or_asked_by_one_who_is_gone_it_does_not_happen(h: Harness) {
        let s = Scene::set(&h).await;
        let id = s.ask().await;
        assert_eq!(answer(&s.second, &id, "refuse").await.expect(200)["outcome"], "refused");
        assert_eq!(answer(&s.second, &id, "approve").await.code(), "not_waiting");
        let id = s.ask().await;
        h.clock.advance(Duration::hours(24));
        let (admin, second) = (h.signed_in(&s.c.admin.user).await, h.signed_in(&s.second.user).await);
        assert_eq!(admin.get("/api/v1/approvals").await.expect(200)["items"][0]["outcome"], "expired");
        assert_eq!(answer(&second, &id, "approve").await.code(), "not_waiting");
        let id = admin.put(&s.path(), &account("admin")).await.expect(202)["approval_id"].as_str().unwrap().to_owned();
        let gone = json!({"name": "Gone", "role": "committee", "language": "ru"});
        second.put(&format!("/api/v1/users/{}", admin.user.id), &gone).await.expect(200);
        let third = h.person(Role::Admin, "third@example.tj", None, &[]).await;
        assert_eq!(answer(&third, &id, "approve").await.code(), "asker_gone");
        assert_eq!(role_of(&h, s.rising.user.id).await.0, Role::Committee);
    }

    async fn a_new_or_reopened_administrator_waits_as_well(h: Harness) {
        let s = Scene::set(&h).await;
        let closed = json!({"name": "Rising", "role": "admin", "language": "ru", "disabled": true});
        s.c.admin.put(&s.path(), &closed).await.expect(200);
        let id = s.ask().await;
        assert_eq!(role_of(&h, s.rising.user.id).await, (Role::Admin, true), "still closed");
        answer(&s.second, &id, "approve").await.expect(200);
        assert_eq!(role_of(&h, s.rising.user.id).await, (Role::Admin, false));
        let body = json!({"email": "new@example.tj", "name": "New", "role": "admin", "language": "ru"});
        let id = s.c.admin.post("/api/v1/users", &body).await.expect(202)["approval_id"].as_str().unwrap().to_owned();
        let find = async || accounts::credentials(&h.services.store, "new@example.tj").await.unwrap().map(|found| found.user.role);
        assert_eq!(find().await, None, "nobody yet");
        answer(&s.second, &id, "approve").await.expect(200);
        assert_eq!(find().await, Some(Role::Admin));
    }

    async fn one_administrator_alone_needs_nobody_and_it_is_on_record(h: Harness) {
        let c = h.country().await;
        let rising = h.person(Role::Committee, "rising@example.tj", None, &[]).await;
        let reset = c.admin.post(&format!("/api/v1/users/{}/factors/reset", rising.user.id), &json!({"reason": "met her"})).await;
        reset.expect(202);
        assert_eq!(rising.get("/api/v1/me").await.status, 401, "her sessions have ended");
        c.admin.put(&format!("/api/v1/users/{}", rising.user.id), &account("admin")).await.expect(200);
        assert_eq!(role_of(&h, rising.user.id).await.0, Role::Admin);
        let record = record(&c.admin).await;
        assert_eq!(record[0], ("user.change".to_owned(), json!({"role": "admin", "disabled": false, "shelters": [], "alone": true})));
        assert_eq!((record[1].0.as_str(), record[2].0.as_str()), ("user.factors_reset", "approval.ask"));
        assert_eq!(record[2].1["alone"], true);
        // Now there are two.
        let other = h.person(Role::Committee, "other@example.tj", None, &[]).await;
        c.admin.put(&format!("/api/v1/users/{}", other.user.id), &account("admin")).await.expect(202);
    }

    async fn a_reset_of_factors_waits_and_then_ends_her_sessions(h: Harness) {
        let s = Scene::set(&h).await;
        let (app, codes) = begin(&s.rising).await;
        let done = confirm(&h, &s.rising, &app, &codes).await.expect(200);
        // The first factor gives the session another token.
        let rising = Person { token: done["token"].as_str().unwrap().to_owned(), ..s.rising.clone() };
        let has_factor = async || factors::has(&h.services.store, s.rising.user.id).await.unwrap();
        let path = format!("{}/factors/reset", s.path());
        let numbered = s.c.admin.post(&path, &json!({"reason": "she rang from 900 12 34 56"})).await;
        assert_eq!(numbered.faults(), [("reason".to_owned(), "looks_like_a_number".to_owned())]);
        let asked = s.c.admin.post(&path, &json!({"reason": "lost in Khujand, she rang from the office"})).await.expect(202);
        let id = asked["approval_id"].as_str().unwrap();
        assert!(has_factor().await, "not yet");
        assert_eq!(rising.get("/api/v1/me").await.status, 200);
        assert_eq!(answer(&s.c.admin, id, "approve").await.code(), "same_person");
        let shown = s.second.get("/api/v1/approvals").await.expect(200)["items"][0].clone();
        assert_eq!((&shown["kind"], &shown["detail"]["reason"]), (&json!("factor_reset"), &json!("lost in Khujand, she rang from the office")));
        answer(&s.second, id, "approve").await.expect(200);
        assert!(!has_factor().await);
        assert_eq!(rising.get("/api/v1/me").await.status, 401);
    }

    async fn an_export_that_names_a_shelter_is_made_once_by_who_asked(h: Harness) {
        let s = Scene::set(&h).await;
        h.report_all_empty(&s.c).await;
        let path = s.c.path("/stock/export");
        assert_eq!(s.c.manager.get(&path).await.status, 200, "her own");
        assert_eq!(s.c.admin.get(&path).await.code(), "approval_needed");
        let body = json!({"kind": "export", "what": format!("stock:{}", s.c.shelter.id)});
        let id = s.c.admin.post("/api/v1/approvals", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let with = |id: &str| format!("{path}?approval={id}");
        assert_eq!(s.c.admin.get(&with(&id)).await.code(), "approval_needed", "not approved yet");
        assert_eq!(answer(&s.c.admin, &id, "approve").await.code(), "same_person");
        answer(&s.second, &id, "approve").await.expect(200);
        assert_eq!(s.second.get(&with(&id)).await.code(), "approval_needed", "another's");
        let elsewhere = format!("/api/v1/shelters/{}/stock/export?approval={id}", s.c.other_shelter.id);
        assert_eq!(s.c.admin.get(&elsewhere).await.code(), "approval_needed", "of another shelter");
        // Twice at the same time: once.
        let (asker, export) = (actor(&s.c.admin), Export::Stock(s.c.shelter.id));
        let approval = Some(ApprovalId(id.parse().unwrap()));
        let node = h.another_node().await;
        let (a, b) = tokio::join!(h.services.use_export(&asker, export, approval), node.use_export(&asker, export, approval));
        assert_eq!([a, b].iter().filter(|done| done.is_ok()).count(), 1);
        assert_eq!(s.c.admin.get(&with(&id)).await.code(), "approval_needed", "used");
        assert_eq!(s.c.admin.get("/api/v1/approvals").await.expect(200)["items"][0]["outcome"], "used");
        let id = s.c.admin.post("/api/v1/approvals", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        answer(&s.second, &id, "approve").await.expect(200);
        h.clock.advance(Duration::hours(1));
        let admin = h.signed_in(&s.c.admin.user).await;
        assert_eq!(admin.get(&with(&id)).await.code(), "approval_needed", "too late");
        for what in ["users", "stock:1", &format!("shelters:{}", s.c.shelter.id)] {
            let refused = admin.post("/api/v1/approvals", &json!({"kind": "export", "what": what})).await;
            assert_eq!(refused.faults(), [("what".to_owned(), "unknown_value".to_owned())], "{what}");
        }
        let committee = h.signed_in(&s.c.committee.user).await;
        assert_eq!(committee.post("/api/v1/approvals", &body).await.status, 404, "not the Committee's to see");
    }

    async fn a_digest_whose_tables_name_shelters_is_approved_first(h: Harness) {
        let s = Scene::set(&h).await;
        h.report_all_empty(&s.c).await;
        let schedule = s.c.admin.post("/api/v1/digest-schedules", &crate::stage::schedule_body()).await.expect(201);
        assert!(schedule["id"].is_string());
        // Two days without a report: both are named.
        h.clock.advance(Duration::days(2));
        assert!(h.jobs.run_due().await.unwrap() > 0);
        let digest = h.services.digests(None, 1).await.unwrap().remove(0).digest.id;
        let (committee, second) = (h.signed_in(&s.c.committee.user).await, h.signed_in(&s.second.user).await);
        let path = format!("/api/v1/digests/{digest}/export?format=csv");
        assert_eq!(committee.get(&path).await.code(), "approval_needed");
        let body = json!({"kind": "export", "what": format!("digest:{digest}")});
        let id = committee.post("/api/v1/approvals", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        assert_eq!(committee.get("/api/v1/approvals").await.expect(200)["items"][0]["may_decide"], false);
        assert_eq!(answer(&committee, &id, "approve").await.code(), "not_your_role");
        answer(&second, &id, "approve").await.expect(200);
        let table = committee.get(&format!("{path}&approval={id}")).await;
        assert!(table.text().contains("TJ-SU-01"), "{}", table.text());
        assert_eq!(committee.get(&format!("{path}&approval={id}")).await.code(), "approval_needed");
    }

    async fn a_test_letter_carries_no_table_that_takes_two(h: Harness) {
        let s = Scene::set(&h).await;
        h.report_all_empty(&s.c).await;
        let mut body = crate::stage::schedule_body();
        for table in ["attach_csv", "attach_xlsx"] {
            body[table] = json!(true);
        }
        let schedule = s.c.admin.post("/api/v1/digest-schedules", &body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/digest-schedules/{schedule}/test");
        let tables = async || {
            while h.jobs.deliver_next().await.unwrap() {}
            let raw = h.mail.sent().pop().unwrap().raw;
            mail_parser::MessageParser::default().parse(&raw).unwrap().attachments().filter_map(|part| part.attachment_name()).filter(|name| !name.ends_with(".png")).count()
        };
        s.c.admin.post_once(&path, "all-reported", &json!({})).await.expect(202);
        assert_eq!(tables().await, 2, "all have reported: nobody is named");
        h.clock.advance(Duration::days(2));
        let admin = h.signed_in(&s.c.admin.user).await;
        let digest = admin.post_once(&path, "some-silent", &json!({})).await.expect(202)["digest_id"].as_str().unwrap().to_owned();
        assert_eq!(tables().await, 0, "it would name the silent ones");
        let export = admin.get(&format!("/api/v1/digests/{digest}/export?format=csv")).await;
        assert_eq!(export.code(), "approval_needed");
    }

    async fn the_others_are_written_to_while_it_waits(h: Harness) {
        let s = Scene::set(&h).await;
        h.person(Role::Admin, "third@example.tj", None, &[]).await;
        let id = s.ask().await;
        while h.jobs.deliver_next().await.unwrap() {}
        let mut sent = h.mail.sent();
        sent.sort_by(|a, b| a.to.cmp(&b.to));
        let to: Vec<&str> = sent.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, ["second@example.tj", "third@example.tj"], "not to who asks");
        let letter = mail_parser::MessageParser::default().parse(&sent[0].raw).unwrap();
        let text = letter.body_text(0).unwrap();
        assert!(text.contains("два администратора") && !text.contains("Rising") && !text.contains(&id), "{text}");
        // Answered before it is sent, a letter is not sent; one of another approval is.
        answer(&s.second, &id, "refuse").await.expect(200);
        let id = s.ask().await;
        answer(&s.second, &id, "refuse").await.expect(200);
        h.clock.advance(Duration::minutes(1));
        let reset = s.c.admin.post(&format!("{}/factors/reset", s.path()), &json!({"reason": "lost it"})).await;
        reset.expect(202);
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().len(), 4, "of three, one was overtaken");
        // One that nobody answers waits for a day only.
        s.ask().await;
        h.clock.advance(Duration::hours(24));
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(h.mail.sent().len(), 4);
    }

    async fn of_two_answers_at_once_one_counts(h: Harness) {
        let s = Scene::set(&h).await;
        let third = h.person(Role::Admin, "third@example.tj", None, &[]).await;
        let node = h.another_node().await;
        for _ in 0..4 {
            let id = ApprovalId(s.ask().await.parse().unwrap());
            let (b, d) = (actor(&s.second), actor(&third));
            let (yes, no) = tokio::join!(
                h.services.answer_approval(&b, id, true, once()),
                node.answer_approval(&d, id, false, once())
            );
            assert_eq!(usize::from(yes.is_ok()) + usize::from(no.is_ok()), 1, "{yes:?} {no:?}");
            let lost = yes.as_ref().err().or(no.as_ref().err()).unwrap();
            assert_eq!(code(lost), "not_waiting");
            let role = role_of(&h, s.rising.user.id).await.0;
            assert_eq!(role == Role::Admin, yes.is_ok());
            s.c.admin.put(&s.path(), &account("committee")).await.expect(200);
        }
    }

    async fn two_who_take_each_other_s_role_away_leave_one(h: Harness) {
        let c = h.country().await;
        let node = h.another_node().await;
        for round in 0..6 {
            let email = format!("second{round}@example.tj");
            let second = h.person(Role::Admin, &email, None, &[]).await;
            let drop = async |services: &Services, by: &Person, whom: &Person| {
                let draft = UserDraft { email: String::new(), name: "Was".to_owned(), role: Role::Committee, organisation_id: None,
                    shelters: Vec::new(), language: "ru".to_owned(), disabled: false };
                services.change_user(&actor(by), whom.user.id, draft).await
            };
            let (a, b) = tokio::join!(drop(&h.services, &c.admin, &second), drop(&node, &second, &c.admin));
            assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "round {round}: {a:?} {b:?}");
            let lost = a.as_ref().err().or(b.as_ref().err()).unwrap();
            assert_eq!(code(lost), "last_admin");
            let left: Vec<UserId> = h.services.users().await.unwrap().into_iter().filter(|row| row.user.role == Role::Admin && !row.user.disabled).map(|row| row.user.id).collect();
            assert_eq!(left.len(), 1);
            // The first is an administrator again for the next round, by hand.
            let tx = h.services.store.begin().await.unwrap();
            let mut first = accounts::user(&tx, c.admin.user.id).await.unwrap().unwrap();
            first.role = Role::Admin;
            accounts::update_user(&tx, &first, h.services.now()).await.unwrap();
            let mut other = accounts::user(&tx, second.user.id).await.unwrap().unwrap();
            other.role = Role::Committee;
            accounts::update_user(&tx, &other, h.services.now()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}
