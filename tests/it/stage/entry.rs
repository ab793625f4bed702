//! Ways in: a second session, a browser that is known, and two people who were invited.

use panoh::domain::accounts::{DEVICE_LASTS, Device, Role};
use panoh::domain::id::DeviceId;
use panoh::services::people::UserDraft;
use panoh::store::devices;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::client::Person;
use crate::harness::country::PASSWORD;
use crate::stage::factors::passkey;

pub struct Entry {
    /// Another session and a known browser of the manager's.
    pub session: String,
    pub device: String,
    /// What somebody's invitation carries.
    pub link: String,
    /// Somebody else who was invited.
    pub invited: String,
}

impl Entry {
    /// The id that stands in a route's path.
    pub fn id(&self, path: &str) -> Option<String> {
        match path {
            "/me/sessions/{id}" => Some(self.session.clone()),
            "/me/devices/{id}" => Some(self.device.clone()),
            _ => None,
        }
    }

    /// A body the route takes.
    pub fn body(&self, method: &str, path: &str) -> Option<Value> {
        let body = match (method, path) {
            ("POST", "/session") => json!({"email": "spare@example.tj", "password": PASSWORD, "code": null,
                "recovery_code": null, "passkey": passkey()}),
            ("PUT", "/me/password") => json!({"current": PASSWORD, "password": "another walk, up the hill"}),
            ("POST", "/resets") => json!({"email": "spare@example.tj"}),
            ("POST", "/tickets/look") => json!({"token": self.link}),
            ("POST", "/tickets/use") => json!({"token": self.link, "password": "a walk through the orchard"}),
            ("POST", "/invitations") => json!({"user_id": self.invited}),
            _ => return None,
        };
        Some(body)
    }

    pub async fn set(h: &Harness, manager: &Person) -> Self {
        let other = h.signed_in(&manager.user).await;
        let sessions = other.get("/api/v1/me/sessions").await.expect(200);
        let current = sessions["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["current"] == true);
        let (first, link) = invited(h, "invited@example.tj").await;
        assert_ne!(first, String::new());
        let now = h.clock.now();
        let device = Device {
            id: DeviceId(h.services.ids.uuid(now)),
            user_id: manager.user.id,
            client: "Firefox, Android".to_owned(),
            created_at: now,
            last_used_at: now,
            expires_at: now + DEVICE_LASTS,
        };
        let tx = h.services.store.begin().await.unwrap();
        devices::insert(&tx, &device, "a hash of nothing").await.unwrap();
        tx.commit().await.unwrap();
        Self {
            session: current.unwrap()["id"].as_str().unwrap().to_owned(),
            device: device.id.to_string(),
            link,
            invited: invited(h, "asked@example.tj").await.0,
        }
    }
}

/// Somebody who has no password yet: the account's id, and what the link carries.
pub async fn invited(h: &Harness, email: &str) -> (String, String) {
    let draft = UserDraft {
        email: email.to_owned(),
        name: "Parvona Saidova".to_owned(),
        role: Role::Committee,
        organisation_id: None,
        shelters: Vec::new(),
        language: "tg".to_owned(),
        disabled: false,
    };
    let (user, link) = h.services.add_user_by_hand(draft).await.unwrap();
    (user.id.to_string(), link.split_once('#').unwrap().1.to_owned())
}
