//! Notifications: subscribing, what arrives at the browser, and what becomes of one that does not.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::jobs::Jobs;
use panoh::mail::Mailer;
use serde_json::{Value, json};

use super::{at, country, of_shelter};
use crate::harness::country::Country;
use crate::harness::{Harness, on_both, pusher};
use crate::push_service::{Browser, PushServer, claims};

const PATH: &str = "/api/v1/me/push";

/// The jobs of this service, with a push service of the test's own.
fn jobs(h: &Harness, server: &PushServer) -> Jobs {
    Jobs {
        services: h.services.clone(),
        mailer: Mailer::Memory(h.mail.clone()),
        sms: panoh::sms::Sender::Memory(h.texts.clone()),
        pusher: pusher().standing_for_all(server.url.parse().unwrap()),
    }
}

async fn deliver(jobs: &Jobs) {
    while jobs.deliver_next().await.unwrap() {}
}

/// Of the letters about her shelter that go to browsers: state and the other side's answer.
async fn pushed(h: &Harness, c: &Country) -> Vec<(String, Option<String>)> {
    let all = of_shelter(h, c.shelter.id).await;
    let to_browsers = all
        .into_iter()
        .filter(|row| row.via == panoh::domain::outbox::Via::Push);
    to_browsers.map(|row| (row.state, row.answer)).collect()
}

async fn ids(h: &Harness, c: &Country) -> Vec<String> {
    let list = h.signed_in(&c.manager.user).await.get(PATH).await.expect(200);
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

fn changed(field: &[&str], to: Value) -> Value {
    let mut body = Browser::new(9).subscription();
    match field {
        [one] => body[*one] = to,
        [one, two, ..] => body[*one][*two] = to,
        [] => {}
    }
    body
}

on_both! {
    async fn a_reminder_reaches_the_browser_and_only_it_can_read_it(h: Harness) {
        let c = country(&h).await;
        let (server, browser) = (PushServer::start().await, Browser::new(1));
        let key = c.manager.get(PATH).await.expect(200)["public_key"].as_str().unwrap().to_owned();
        c.manager.post(PATH, &browser.subscription()).await.expect(201);
        let jobs = jobs(&h, &server);
        for (time, said) in [("09:00", 1), ("12:00", 2), ("15:00", 2)] {
            h.clock.set(at(22, time));
            jobs.remind_due().await.unwrap();
            deliver(&jobs).await;
            assert_eq!(server.received().len(), said, "{time}");
        }
        let received = server.received();
        assert_eq!(browser.open(&received[0]), json!({"text": "Ежедневный отчёт ещё не поступил."}));
        let head = |name: &str| received[0].head[name].clone();
        assert_eq!((received[0].path.as_str(), head("ttl").as_str(), head("urgency").as_str()), ("/send/1", "14400", "normal"));
        assert_eq!((head("content-encoding").as_str(), head("content-type").as_str()), ("aes128gcm", "application/octet-stream"));
        assert_eq!(received[0].head["topic"], received[1].head["topic"], "the newer takes the older's place");
        assert!(head("topic").len() <= 32);
        let (claims, under) = claims(&received[0]);
        assert_eq!(under, key, "signed under the key the browser subscribed with");
        assert_eq!(claims, json!({"aud": "https://push.example", "exp": (at(22, "09:00") + Duration::hours(12)).timestamp(), "sub": "mailto:panoh@demo.example"}));
        assert_ne!(received[0].body, received[1].body, "sealed anew each time");
        assert_eq!(received[0].body.len(), received[1].body.len());
        assert!(pushed(&h, &c).await.iter().all(|(state, answer)| state == "sent" && answer.as_deref() == Some("201 Created")));
    }

    async fn a_browser_that_is_gone_is_forgotten_and_trouble_is_tried_again(h: Harness) {
        let c = country(&h).await;
        let server = PushServer::start().await;
        for number in [1, 2, 3, 4] {
            c.manager.post(PATH, &Browser::new(number).subscription()).await.expect(201);
        }
        let before = ids(&h, &c).await;
        let jobs = jobs(&h, &server);
        for status in ["410 Gone", "429 Too Many Requests", "302 Found", "404 Not Found"] {
            server.next(status);
        }
        h.clock.set(at(22, "09:00"));
        jobs.remind_due().await.unwrap();
        deliver(&jobs).await;
        assert_eq!(server.received().len(), 4, "no redirect is followed");
        let states = |all: &[(String, Option<String>)]| all.iter().map(|(state, _)| state.clone()).collect::<Vec<_>>();
        assert_eq!(states(&pushed(&h, &c).await), ["dead", "queued", "dead", "dead"]);
        // What is gone is gone; a service that refuses says nothing of the browser.
        assert_eq!(ids(&h, &c).await, [before[1].clone(), before[2].clone()]);
        server.next("503 Service Unavailable");
        for minutes in [2, 8] {
            h.clock.advance(Duration::minutes(minutes));
            deliver(&jobs).await;
        }
        assert_eq!((server.received().len(), states(&pushed(&h, &c).await)), (6, ["dead", "sent", "dead", "dead"].map(str::to_owned).to_vec()));
        let answers = pushed(&h, &c).await;
        assert!(answers.iter().all(|(_, answer)| !answer.as_deref().unwrap_or_default().contains("push.example")), "{answers:?}");
    }

    async fn signing_out_keeps_the_browser_and_a_closed_account_ends_it(h: Harness) {
        let c = country(&h).await;
        let (server, browser) = (PushServer::start().await, Browser::new(1));
        c.manager.post(PATH, &browser.subscription()).await.expect(201);
        c.manager.delete("/api/v1/session").await.expect(204);
        assert_eq!(ids(&h, &c).await.len(), 1);
        let jobs = jobs(&h, &server);
        h.clock.set(at(22, "09:00"));
        jobs.remind_due().await.unwrap();
        let admin = h.signed_in(&c.admin.user).await;
        let body = json!({"name": "gone", "role": "manager", "organisation_id": c.nur.id, "shelter_ids": [c.shelter.id], "language": "ru", "disabled": true});
        admin.put(&format!("/api/v1/users/{}", c.manager.user.id), &body).await.expect(200);
        deliver(&jobs).await;
        assert_eq!(server.received().len(), 0);
        assert_eq!(pushed(&h, &c).await, [("dropped".to_owned(), None)]);
    }

    async fn every_fault_of_a_subscription_names_its_field(h: Harness) {
        let c = country(&h).await;
        for (field, value, code) in [
            (&["endpoint"][..], json!("http://push.example/1"), "malformed"),
            (&["endpoint"], json!("https://push.example:22/1"), "malformed"),
            (&["endpoint"], json!("x"), "malformed"),
            (&["endpoint"], json!("https://169.254.169.254/latest"), "not_allowed"),
            (&["endpoint"], json!("https://push.example.evil.example/1"), "not_allowed"),
            (&["endpoint"], json!("https://localhost/1"), "not_allowed"),
            (&["keys", "p256dh"], json!("AAAA"), "malformed"),
            (&["keys", "p256dh"], json!("BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "malformed"),
            (&["keys", "auth"], json!("AAAA"), "malformed"),
        ] {
            let answer = c.manager.post(PATH, &changed(field, value.clone())).await;
            assert_eq!((answer.status, answer.faults()), (422, vec![(field.join("."), code.to_owned())]), "{value}");
        }
        let answer = c.manager.post(PATH, &json!({"endpoint": "x", "keys": {"p256dh": "", "auth": ""}})).await;
        let faults: Vec<String> = answer.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!((answer.status, faults), (422, vec!["endpoint".to_owned(), "keys.p256dh".to_owned(), "keys.auth".to_owned()]));
        assert_eq!(c.manager.post(PATH, &changed(&["colour"], json!("teal"))).await.status, 422);
        assert_eq!(ids(&h, &c).await.len(), 0);
    }

    async fn five_browsers_each_once_and_nobody_else_s(h: Harness) {
        let c = country(&h).await;
        let add = |number: u8| { let c = &c; async move { c.manager.post(PATH, &Browser::new(number).subscription()).await } };
        let first = add(1).await.expect(201);
        assert_eq!(add(1).await.expect(201), first, "the same browser again");
        for number in [2, 3, 4, 5] {
            add(number).await.expect(201);
        }
        let sixth = add(6).await;
        assert_eq!((sixth.status, sixth.code().as_str()), (409, "too_many_browsers"));
        assert_eq!(add(5).await.status, 201, "one of the five is no sixth");
        // Under one key one answer.
        let path = format!("{PATH}/{}", first["id"].as_str().unwrap());
        assert_eq!(c.other_manager.delete(&path).await.status, 404);
        c.manager.delete(&path).await.expect(204);
        assert_eq!(c.manager.delete(&path).await.status, 404);
        let body = Browser::new(6).subscription();
        let once = c.manager.post_once(PATH, "browser-1", &body).await.expect(201);
        assert_eq!(c.manager.post_once(PATH, "browser-1", &body).await.expect(201), once);
        assert_eq!(ids(&h, &c).await.len(), 5);
        // Another manager signs in at the same browser: from now on it is hers.
        let hers = c.other_manager.post(PATH, &Browser::new(2).subscription()).await.expect(201);
        assert_eq!(ids(&h, &c).await.len(), 4);
        let list = c.other_manager.get(PATH).await.expect(200);
        assert_eq!(list["items"][0]["id"], hers["id"]);
        // Nothing of an address lies readable in the database.
        for role in [Role::Officer, Role::Committee, Role::Admin] {
            assert_eq!(c.of(role).get(PATH).await.status, 403, "{role}");
        }
        let file = std::fs::read(h.dir.path().join("panoh.db")).unwrap_or_default();
        assert!(!file.windows(12).any(|bytes| bytes == b"push.example"));
    }
}
