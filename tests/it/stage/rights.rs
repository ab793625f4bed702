//! Accounts, what waits for a second person, and a program's token.

use serde_json::{Value, json};

use super::id_of;
use crate::harness::client::Person;
use crate::harness::country::Country;

pub struct Rights {
    /// What the second administrator asks for and the first may approve, or refuse.
    approved: String,
    refused: String,
    /// By which the first administrator may export the first shelter's stock, once.
    pub export: String,
    token: String,
}

impl Rights {
    pub async fn set(country: &Country, second: &Person) -> Self {
        let (own, other) = (country.shelter.id.to_string(), country.other_shelter.id.to_string());
        let export = asked_export(&country.admin, &own).await;
        let approve = format!("/api/v1/approvals/{export}/approve");
        second.post(&approve, &json!({})).await.expect(200);
        let token = country.admin.post("/api/v1/tokens", &token_body(country)).await;
        Self {
            approved: asked_export(second, &own).await,
            refused: asked_export(second, &other).await,
            export,
            token: id_of(&token.expect(201)),
        }
    }

    /// The id that stands in a route's path.
    pub fn id(&self, path: &str) -> String {
        match path {
            "/tokens/{id}" => self.token.clone(),
            "/approvals/{id}/refuse" => self.refused.clone(),
            _ => self.approved.clone(),
        }
    }
}

/// A body that a route takes. `None` for routes without one.
pub fn body(c: &Country, method: &str, path: &str) -> Option<Value> {
    Some(match (method, path) {
        ("POST", "/users") => json!({"email": "new@example.tj", "name": "New", "role": "manager",
                "organisation_id": c.nur.id, "shelter_ids": [c.shelter.id], "language": "ru"}),
        ("PUT", "/users/{id}") => json!({"name": "Spare", "role": "manager", "organisation_id": c.nur.id,
                "shelter_ids": [c.shelter.id], "language": "ru", "disabled": false}),
        ("POST", "/users/{id}/factors/reset") => json!({"reason": "she lost her telephone"}),
        ("POST", "/approvals/{id}/approve" | "/approvals/{id}/refuse") => json!({}),
        ("POST", "/tokens") => token_body(c),
        _ => return None,
    })
}

fn token_body(c: &Country) -> Value {
    json!({"name": "Import", "role": "manager", "organisation_id": c.nur.id, "shelter_ids": [c.shelter.id],
        "scopes": ["write:shelters", "read:shelters"], "days": 30})
}

/// An approval of a shelter's stock as a table, asked for.
async fn asked_export(who: &Person, shelter: &str) -> String {
    let body = json!({"kind": "export", "what": format!("stock:{shelter}")});
    id_of(&who.post("/api/v1/approvals", &body).await.expect(201))
}
