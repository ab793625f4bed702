//! A schedule with a reader at each step, and a digest that was sent.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::domain::id::{RecipientId, ScheduleId};
use panoh::domain::readers::Recipient;
use panoh::store::digests;
use serde_json::{Value, json};

use super::id_of;
use crate::harness::Harness;
use crate::harness::client::Person;
use crate::harness::country::Country;
use crate::harness::readers::active_reader;

pub struct Readers {
    /// Another administrator.
    pub second: Person,
    pub schedule: String,
    /// Waits for the approval of another administrator than the one who named it.
    pub recipient: String,
    /// Was approved and has not confirmed, and what its link proves.
    pub asked: String,
    pub confirm: String,
    pub digest: String,
    /// To an active reader, and what its link proves.
    pub letter: String,
    pub leave: String,
}

impl Readers {
    pub async fn set(h: &Harness, country: &Country) -> Self {
        let schedule = country.admin.post("/api/v1/digest-schedules", &schedule_body()).await;
        let schedule = id_of(&schedule.expect(201));
        let path = format!("/api/v1/digest-schedules/{schedule}/recipients");
        let second = h.person(Role::Admin, "second@example.tj", None, &[]).await;
        let to = json!({"email": "minister@example.tj", "language": "tg"});
        let recipient = id_of(&second.post(&path, &to).await.expect(201));
        let to = json!({"email": "secretary@example.tj", "language": "ru", "kind": "group"});
        let asked = id_of(&second.post(&path, &to).await.expect(201));
        let approve = format!("{path}/{asked}/approve");
        let approved = country.admin.post_once(&approve, "approve-one", &json!({})).await;
        approved.expect(200);
        let asked_id: RecipientId = asked.parse::<uuid::Uuid>().unwrap().into();
        let confirm = h.services.confirm_url(asked_id, h.clock.now() + Duration::days(3));
        let of: ScheduleId = schedule.parse::<uuid::Uuid>().unwrap().into();
        active_reader(&h.services, Recipient::named(of, "committee@example.tj", "", "en")).await;
        // The next morning's digest is made; then it is the same morning again for everybody's session.
        let before = h.clock.now();
        h.clock.set(before + Duration::days(1));
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        h.clock.set(before);
        let digest = h.services.digests(None, 1).await.unwrap().remove(0).digest.id;
        let letter = digests::letters(&h.services.store, digest).await.unwrap().remove(0);
        Self {
            second,
            schedule,
            recipient,
            asked,
            confirm: query_of(&confirm),
            digest: digest.to_string(),
            leave: query_of(&h.services.unsubscribe_url(&letter).unwrap()),
            letter: letter.id.to_string(),
        }
    }
}

/// The query of an address, with its mark.
fn query_of(url: &str) -> String {
    url[url.find('?').unwrap()..].to_owned()
}

pub fn schedule_body() -> Value {
    json!({"name": "Morning", "cadence": "daily", "time": "08:30", "zone": "Asia/Dushanbe", "region": null, "active": true})
}
