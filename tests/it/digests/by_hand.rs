//! A digest sent by hand: to the asker as a test, or to all readers now. The schedule's own runs know nothing of it.

use chrono::{Duration, NaiveTime};
use panoh::domain::accounts::Role;
use panoh::domain::id::ScheduleId;
use panoh::domain::readers::{Recipient, RecipientState};
use panoh::services::schedules::ScheduleDraft;
use panoh::store::readers;
use serde_json::{Value, json};

use super::stage::{admin, deliver_all, sql_at};
use crate::harness::client::Person;
use crate::harness::readers::{active_reader, add_schedule};
use crate::harness::{Harness, on_both};

struct Office {
    h: Harness,
    admin: Person,
    schedule: ScheduleId,
}

impl Office {
    /// With two readers, and a third who has not confirmed.
    async fn open(h: Harness) -> Self {
        let person = h.person(Role::Admin, "first@example.tj", None, &[]).await;
        let draft = ScheduleDraft::daily("Daily", NaiveTime::from_hms_opt(8, 30, 0).unwrap());
        let schedule = add_schedule(&h.services, &admin(), draft).await;
        for (email, language) in [("anna@gov.example", "en"), ("nina@gov.example", "ru")] {
            active_reader(&h.services, Recipient::named(schedule, email, "Reader", language)).await;
        }
        let waits = active_reader(&h.services, Recipient::named(schedule, "waits@gov.example", "", "tg")).await;
        let waiting = Recipient {
            state: RecipientState::WaitingConfirmation,
            ..waits
        };
        let tx = h.services.store.begin().await.unwrap();
        assert!(readers::advance(&tx, RecipientState::Active, &waiting).await.unwrap());
        tx.commit().await.unwrap();
        Self {
            h,
            admin: person,
            schedule,
        }
    }

    fn path(&self, act: &str) -> String {
        format!("/api/v1/digest-schedules/{}/{act}", self.schedule)
    }

    async fn mailed(&self) -> Vec<String> {
        let before = self.h.mail.sent().len();
        deliver_all(&self.h.jobs).await;
        let mut to: Vec<String> = self
            .h
            .mail
            .sent()
            .into_iter()
            .skip(before)
            .map(|letter| letter.to)
            .collect();
        to.sort();
        to
    }

    async fn last_period(&self) -> Option<String> {
        self.h.services.schedule(self.schedule).await.unwrap().last_period
    }

    async fn digest(&self, id: &Value) -> Value {
        self.admin
            .get(&format!("/api/v1/digests/{}?language=en", id.as_str().unwrap()))
            .await
            .expect(200)
    }
}

on_both! {
    async fn a_test_goes_to_the_asker_alone(h: Harness) {
        let office = Office::open(h).await;
        let last = office.last_period().await;
        let sent = office.admin.post_once(&office.path("test"), "test-one", &json!({"language": "en"})).await.expect(202);
        assert_eq!(sent["letters"], 1);
        assert_eq!(office.admin.post_once(&office.path("test"), "test-one", &json!({"language": "en"})).await.expect(202), sent);
        assert_eq!(office.mailed().await, ["first@example.tj"]);
        let raw = String::from_utf8(office.h.mail.sent().pop().unwrap().raw).unwrap();
        assert!(!raw.contains("List-Unsubscribe"), "there is no list to leave");
        let digest = office.digest(&sent["digest_id"]).await;
        assert_eq!((&digest["kind"], &digest["made_by_name"], &digest["period"]), (&json!("test"), &json!("first"), &json!("2026-11-22T11:30:00")));
        let letter = &digest["letters_list"][0];
        assert_eq!((&letter["address"], &letter["recipient_id"], &letter["state"]), (&json!("first@example.tj"), &Value::Null, &json!("sent")));
        assert_eq!(office.last_period().await, last);
        let refused = office.admin.post_once(&office.path("test"), "test-two", &json!({"language": "xx"})).await;
        assert_eq!(refused.faults(), [("language".to_owned(), "unknown".to_owned())]);
        let keyless = office.admin.post(&office.path("test"), &json!({})).await;
        assert_eq!(keyless.faults()[0].0, "Idempotency-Key");
    }

    async fn now_goes_to_every_active_reader_and_moves_nothing(h: Harness) {
        let office = Office::open(h).await;
        let last = office.last_period().await;
        let sent = office.admin.post_once(&office.path("send"), "send-one", &json!({})).await.expect(202);
        assert_eq!(sent["letters"], 2);
        assert_eq!(office.mailed().await, ["anna@gov.example", "nina@gov.example"]);
        assert_eq!(office.last_period().await, last);
        office.h.clock.advance(Duration::minutes(4));
        assert_eq!(office.admin.post_once(&office.path("send"), "send-two", &json!({})).await.code(), "just_sent");
        office.h.clock.advance(Duration::minutes(2));
        office.admin.post_once(&office.path("send"), "send-three", &json!({})).await.expect(202);
        // The next morning's digest is compared with the morning's before, not with what was sent by hand.
        office.h.clock.advance(Duration::days(1));
        assert_eq!(office.h.jobs.run_due().await.unwrap(), 1);
        let newest = office.h.services.digests(None, 1).await.unwrap().remove(0).digest;
        assert_eq!(newest.period, "2026-11-23");
        assert_eq!(panoh::store::digests::newest(&office.h.services.store, office.schedule).await.unwrap().unwrap().id, newest.id);
        let told = sql_at(&office.h.database_url, "SELECT action FROM audit WHERE object_type = 'digest' ORDER BY seq").await.concat();
        assert_eq!(told, ["digest.send", "digest.send", "digest.make"]);
    }

    async fn without_readers_nothing_is_made(h: Harness) {
        let office = Office::open(h).await;
        for reader in readers::of_schedule(&office.h.services.store, office.schedule).await.unwrap() {
            office.h.services.remove_recipient(&admin(), office.schedule, reader.id).await.unwrap();
        }
        assert_eq!(office.admin.post_once(&office.path("send"), "send-one", &json!({})).await.code(), "no_readers");
        assert!(office.h.services.digests(None, 1).await.unwrap().is_empty());
    }

    async fn the_list_is_of_one_schedule_or_kind_page_by_page(h: Harness) {
        let office = Office::open(h).await;
        let other = add_schedule(&office.h.services, &admin(), ScheduleDraft::daily("Other", NaiveTime::from_hms_opt(9, 0, 0).unwrap())).await;
        office.admin.post_once(&office.path("test"), "test-one", &json!({})).await.expect(202);
        office.h.clock.advance(Duration::days(1));
        assert_eq!(office.h.jobs.run_due().await.unwrap(), 2);
        let admin = office.h.signed_in(&office.admin.user).await;
        let list = async |query: &str| {
            let list = admin.get(&format!("/api/v1/digests?{query}")).await.expect(200);
            let rows = list["items"].as_array().unwrap().iter();
            rows.map(|row| format!("{} {}", row["schedule_name"].as_str().unwrap(), row["kind"].as_str().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(list("").await.len(), 3);
        assert_eq!(list("kind=test").await, ["Daily test"]);
        assert_eq!(list(&format!("schedule_id={other}")).await, ["Other due"]);
        assert_eq!(list(&format!("schedule_id={}&kind=due", office.schedule)).await, ["Daily due"]);
        assert_eq!(list(&format!("schedule_id={}&kind=now", office.schedule)).await, Vec::<String>::new());
        for (query, field) in [("kind=soon", "kind"), ("schedule_id=1", "schedule_id"), ("limit=0", "limit"), ("of=1", "of")] {
            let answer = admin.get(&format!("/api/v1/digests?{query}")).await;
            assert_eq!((answer.status, answer.faults()[0].0.as_str()), (422, field), "{query}");
        }
    }
}
