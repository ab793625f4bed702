//! Reports by text message: through each gateway's own shape, from a telephone that was connected by its code.

mod gateways;
mod phones;
mod reports;
mod sending;

use panoh::domain::id::ShelterId;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::client::{Answer, Person};
use crate::harness::country::Country;
use crate::harness::gateways::SECRET;

/// The manager's telephone.
pub const HERS: &str = "+992900000001";
/// One that nobody has connected.
pub const STRANGE: &str = "+992900000009";

/// A country in which both shelters have reported and the manager's telephone is connected.
pub struct Line<'a> {
    pub h: &'a Harness,
    pub country: Country,
}

impl<'a> Line<'a> {
    pub async fn open(h: &'a Harness) -> Self {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let line = Self { h, country };
        line.connect(&line.country.manager, HERS).await;
        line.later(1);
        line
    }

    pub async fn connect(&self, person: &Person, number: &str) -> String {
        connect(self.h, person, number).await
    }

    /// Moves the clock: no two messages come in one instant.
    pub fn later(&self, minutes: i64) {
        self.h
            .clock
            .set(self.h.clock.now() + chrono::Duration::minutes(minutes));
    }

    pub async fn message(&self, id: &str, from: &str, text: &str) -> Answer {
        message(self.h, id, from, text).await
    }

    pub async fn says(&self, from: &str, text: &str) -> Option<String> {
        says(self.h, from, text).await
    }

    pub async fn state(&self) -> Value {
        // A fresh session: the clock goes further than one lasts.
        let manager = self.h.signed_in(&self.country.manager.user).await;
        manager.get(&self.country.path("/state")).await.expect(200)
    }

    /// Occupied beds, room by room, as the manager's page shows them.
    pub async fn occupied(&self) -> Vec<i64> {
        let state = self.state().await;
        let rooms = state["rooms"].as_array().unwrap();
        rooms
            .iter()
            .map(|room| room["occupied_beds"].as_i64().unwrap())
            .collect()
    }

    pub async fn history(&self, shelter: ShelterId) -> Vec<Value> {
        let path = format!("/api/v1/shelters/{shelter}/reports");
        let person = if shelter == self.country.shelter.id {
            &self.country.manager
        } else {
            &self.country.other_manager
        };
        let person = self.h.signed_in(&person.user).await;
        person.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// How often each action was put on record.
    pub async fn recorded(&self, action: &str) -> usize {
        let admin = self.h.signed_in(&self.country.admin.user).await;
        let log = admin.get("/api/v1/audit?limit=50").await.expect(200);
        let rows = log["items"].as_array().unwrap();
        rows.iter().filter(|row| row["action"] == action).count()
    }
}

/// Connects a telephone by sending its code.
pub async fn connect(h: &Harness, person: &Person, number: &str) -> String {
    let made = person.post("/api/v1/me/phones", &json!({})).await.expect(201);
    let said = says(h, number, made["code"].as_str().unwrap()).await;
    assert!(said.is_some(), "the code of {number} was not taken");
    made["id"].as_str().unwrap().to_owned()
}

/// A message under this id, as the gateway of the tests' own shape tells of it.
pub async fn message(h: &Harness, id: &str, from: &str, text: &str) -> Answer {
    let path = format!("/api/v1/channels/sms?gateway=plain&secret={SECRET}");
    h.http
        .json("POST", &path, &json!({"id": id, "from": from, "text": text}))
        .await
}

/// Sends a new message and tells the reply; a second goes by.
pub async fn says(h: &Harness, from: &str, text: &str) -> Option<String> {
    let id = h.services.ids.uuid(h.clock.now()).to_string();
    let answer = message(h, &id, from, text).await.expect(200);
    h.clock.set(h.clock.now() + chrono::Duration::seconds(1));
    answer["reply"].as_str().map(str::to_owned)
}
