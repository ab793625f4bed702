//! Requests and transfers, from what a shelter asks for to what has arrived.

mod chase;
mod course;
mod races;
mod refusals;

use chrono::{Days, NaiveDate};
use panoh::domain::calendar;
use panoh::domain::id::ShelterId;
use panoh::store::stock;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::client::{Answer, Person};
use crate::harness::country::Country;

/// Two shelters that have counted: a hundred of each of two items at the first, none at the other.
pub struct Scene<'h> {
    pub h: &'h Harness,
    pub c: Country,
    pub soap: String,
    pub rice: String,
}

impl<'h> Scene<'h> {
    pub async fn new(h: &'h Harness) -> Self {
        let items = &h.services.pack.items;
        let scene = Self {
            h,
            c: h.country().await,
            soap: items[0].code.clone(),
            rice: items[1].code.clone(),
        };
        scene.count(&scene.c.manager, scene.c.shelter.id, 100).await;
        scene.count(&scene.c.other_manager, scene.c.other_shelter.id, 0).await;
        scene
    }

    async fn count(&self, who: &Person, shelter: ShelterId, units: i64) {
        let body = json!({"stock": [{"item": self.soap, "on_hand": units}, {"item": self.rice, "on_hand": units}]});
        who.put(&format!("/api/v1/shelters/{shelter}/stock"), &body)
            .await
            .expect(200);
        // What moves is booked after the count it changes.
        self.h.clock.advance(chrono::Duration::minutes(1));
    }

    /// A local day, from today.
    pub fn day(&self, n: u64) -> NaiveDate {
        calendar::local_date(self.h.services.pack.time_zone, self.h.services.now()) + Days::new(n)
    }

    /// A POST under a key of its own.
    pub async fn post(&self, who: &Person, path: &str, body: &Value) -> Answer {
        let key = format!("key-{}", self.h.services.ids.uuid(self.h.services.now()));
        who.post_once(&format!("/api/v1{path}"), &key, body).await
    }

    pub fn body(&self, lines: Value) -> Value {
        json!({"from_shelter": self.c.shelter.id, "to_shelter": self.c.other_shelter.id, "due_on": self.day(2), "lines": lines})
    }

    /// A transfer of soap from the first shelter to the other, as the operator proposes it.
    pub async fn propose(&self, units: i64) -> String {
        let body = self.body(json!([{"item": self.soap, "quantity": units}]));
        let made = self.post(&self.c.admin, "/transfers", &body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn approve(&self, units: i64) -> String {
        let id = self.propose(units).await;
        self.step(&self.c.admin, &id, "approve", &json!({})).await.expect(200);
        id
    }

    pub async fn dispatch(&self, units: i64) -> String {
        let id = self.approve(units).await;
        self.step(&self.c.manager, &id, "dispatch", &self.soap(units))
            .await
            .expect(200);
        id
    }

    pub async fn step(&self, who: &Person, id: &str, step: &str, body: &Value) -> Answer {
        self.post(who, &format!("/transfers/{id}/{step}"), body).await
    }

    pub async fn get(&self, who: &Person, id: &str) -> Answer {
        who.get(&format!("/api/v1/transfers/{id}")).await
    }

    /// So much soap, as either side tells it.
    pub fn soap(&self, units: i64) -> Value {
        json!({"lines": [{"item": self.soap, "quantity": units}]})
    }

    /// Soap on hand at both ends.
    pub async fn on_hand(&self) -> (i64, i64) {
        let mut all = [0; 2];
        for (units, shelter) in all.iter_mut().zip([&self.c.shelter, &self.c.other_shelter]) {
            let rows = stock::of_items(&self.h.services.store, shelter.id, &[&self.soap])
                .await
                .unwrap();
            *units = rows.get(&self.soap).map_or(0, |row| row.on_hand);
        }
        (all[0], all[1])
    }
}
